/* The slot: our own chip, or an external one behind vpcd. */
#include "tests/devices/reader.h"

#include <stdlib.h>
#include <string.h>

#ifndef PRIDVOR_CARDS
#define PRIDVOR_CARDS "tests/devices/cards"
#endif
enum { E_MUTE = 0xFE };

bool slot_present(const struct reader *r)
{
    return r->source == FROM_CARD || (r->source == FROM_VPCD && vpcd_connected(r->vpcd));
}

/* "A" is a file of the card folder; a name with a slash is a file of its own. */
static struct card *load(const char *name, GString *why)
{
    const char *folder = g_getenv("PRIDVOR_CARDS");
    g_autofree char *path = strchr(name, '/')
                                ? g_strdup(name)
                                : g_strdup_printf("%s/%s.json", folder ? folder : PRIDVOR_CARDS, name);
    struct err e = {0};
    struct card *c = NULL;
    if (card_new(path, &c, &e) != RC_OK)
        g_string_assign(why, e.text);
    return c;
}

static struct chip *chip_of(struct reader *r, const char *name, GString *why)
{
    for (size_t i = 0; i < COUNT(r->chips); i++) {
        struct chip *k = &r->chips[i];
        if (k->card && strcmp(k->name, name) == 0)
            return k;
        if (k->card)
            continue;
        k->card = load(name, why);
        if (!k->card)
            return NULL;
        k->name = g_strdup(name);
        return k;
    }
    g_string_assign(why, "too many different cards");
    return NULL;
}

static void change(struct reader *r)
{
    r->powered = false;
    buf_reset(&r->chain);
    buf_reset(&r->rest);
    if (r->busy) {
        slot_cancel(r);
        reader_fail(r, E_MUTE);
    }
    reader_notify(r, true);
}

bool slot_insert(struct reader *r, const char *name, GString *why)
{
    struct chip *k = NULL;
    bool external = strcmp(name, "vpcd") == 0;
    if (external && !r->vpcd) {
        g_string_assign(why, "started without --vpcd");
        return false;
    }
    if (!external && !(k = chip_of(r, name, why)))
        return false;
    if (k)
        card_reset(k->card);
    r->chip = k;
    r->source = external ? FROM_VPCD : FROM_CARD;
    if (slot_present(r))
        change(r);
    return true;
}

void slot_remove(struct reader *r)
{
    bool was = slot_present(r);
    if (r->source == FROM_CARD)
        card_reset(r->chip->card);
    if (r->source == FROM_VPCD)
        vpcd_power(r->vpcd, false);
    r->source = FROM_NOWHERE;
    r->chip = NULL;
    if (was)
        change(r);
}

/* A fresh chip from the file: the wrong CANs are forgotten. */
bool slot_renew(struct reader *r)
{
    g_autoptr(GString) why = g_string_new(NULL);
    struct card *c = r->chip ? load(r->chip->name, why) : NULL;
    if (!c)
        return false;
    card_free(r->chip->card);
    r->chip->card = c;
    change(r);
    return true;
}

void slot_power(struct reader *r, bool on)
{
    if (r->source == FROM_VPCD) {
        vpcd_power(r->vpcd, on); /* the ATR comes later */
        return;
    }
    if (r->source == FROM_NOWHERE)
        return;
    card_reset(r->chip->card);
    if (!on)
        return;
    r->atrlen = card_atr(r->chip->card, r->atr);
    if (r->other_len) {
        memcpy(r->atr, r->other_atr, r->other_len);
        r->atrlen = r->other_len;
    }
    reader_power_done(r, true);
}

void slot_transmit(struct reader *r, const uint8_t *apdu, size_t len)
{
    if (r->source == FROM_VPCD) {
        vpcd_transmit(r->vpcd, apdu, len);
        return;
    }
    uint8_t *out = malloc(CARD_RESP_MAX);
    size_t n = card_apdu(r->chip->card, apdu, len, out, CARD_RESP_MAX);
    buf_add(&r->answer, out, n);
    free(out);
    reader_xfr_done(r);
}

void slot_cancel(struct reader *r)
{
    if (r->source == FROM_VPCD)
        vpcd_cancel(r->vpcd);
}

void slot_vpcd_change(struct reader *r, bool connected)
{
    (void)connected;
    if (r->source == FROM_VPCD)
        change(r);
}

void slot_vpcd_atr(struct reader *r, const uint8_t *atr, size_t len)
{
    r->atrlen = len > sizeof r->atr ? sizeof r->atr : len;
    memcpy(r->atr, atr, r->atrlen);
    reader_power_done(r, r->atrlen > 0);
}

void slot_vpcd_answer(struct reader *r, const uint8_t *p, size_t len)
{
    buf_add(&r->answer, p, len);
    reader_xfr_done(r);
}
