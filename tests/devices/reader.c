/* The reader as a row of vdev: start, stop, words, state. */
#include "tests/devices/reader.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* DIR/csca: the certificate that all our cards go back to, for whoever is to trust them. */
static void write_csca(const char *dir)
{
    g_autofree char *folder = g_build_filename(dir, "csca", NULL);
    g_autofree char *path = g_build_filename(folder, "csca-pridvor-demo.cer", NULL);
    BUF_SCOPE(cert);
    card_csca_make(&cert);
    if (g_mkdir_with_parents(folder, 0755) != 0 || !g_file_set_contents(path, cert.p, (gssize)cert.len, NULL))
        fprintf(stderr, "vdev: %s cannot be written\n", path);
}

static void *start(struct vdev *v, const struct vdev_opts *o)
{
    struct reader *r = calloc(1, sizeof *r);
    const char *level = g_getenv("PRIDVOR_READER_LEVEL"), *slots = g_getenv("PRIDVOR_READER_SLOTS");
    g_autoptr(GString) why = g_string_new(NULL);
    r->v = v;
    r->noise = 1;
    r->abort_control = r->abort_bulk = -1;
    reader_set_level(LEVEL_EXTENDED);
    for (unsigned l = 0; level && reader_level_name(l); l++)
        if (strcmp(level, reader_level_name(l)) == 0)
            reader_set_level(l);
    if (slots && *slots >= '1' && *slots <= '4')
        reader_set_slots((unsigned)(*slots - '0'));
    if (o->vpcd_port && !(r->vpcd = vpcd_new(r, o->vpcd_port))) {
        free(r);
        return NULL;
    }
    write_csca(o->dir);
    const char *first = o->card ? o->card : r->vpcd ? "vpcd" : NULL;
    if (first && !slot_insert(r, first, why)) {
        fprintf(stderr, "vdev: card %s: %s\n", first, why->str);
        vpcd_free(r->vpcd);
        free(r);
        return NULL;
    }
    return r;
}

static void stop(void *user)
{
    struct reader *r = user;
    reader_forget(r);
    vpcd_free(r->vpcd);
    for (size_t i = 0; i < COUNT(r->chips); i++) {
        card_free(r->chips[i].card);
        g_free(r->chips[i].name);
    }
    buf_free(&r->in);
    buf_free(&r->chain);
    buf_free(&r->rest);
    buf_free(&r->old);
    buf_free(&r->answer);
    buf_free(&r->line.command);
    buf_free(&r->line.answer);
    free(r);
}

/* Power comes and goes with the plug; a port reset does the same. */
static void power_cycle(struct reader *r)
{
    reader_forget(r);
    slot_power(r, false);
    r->powered = false;
}

static void power(void *user, bool on)
{
    struct reader *r = user;
    power_cycle(r);
    if (on)
        reader_notify(r, slot_present(r));
}

static void reset(void *user)
{
    struct reader *r = user;
    power_cycle(r);
    usb_in_flush(vdev_usb(r->v), EP_IN);
    usb_in_flush(vdev_usb(r->v), EP_INT);
    reader_notify(r, true);
}

static void halt_cleared(void *user, uint8_t ep)
{
    struct reader *r = user;
    if (ep == EP_OUT)
        buf_reset(&r->in);
}

/* ---- words ---- */

static bool word_insert(struct reader *r, int n, char **w, GString *reply)
{
    if (n != 2 || slot_present(r)) {
        g_string_assign(reply, n != 2 ? "which card?" : "there is a card in the slot");
        return false;
    }
    return slot_insert(r, w[1], reply);
}

static bool word_remove(struct reader *r, int n, char **w, GString *reply)
{
    (void)n;
    (void)w;
    bool was = slot_present(r);
    slot_remove(r);
    if (!was)
        g_string_assign(reply, "no card");
    return was;
}

static bool word_swap(struct reader *r, int n, char **w, GString *reply)
{
    if (n != 2) {
        g_string_assign(reply, "which card?");
        return false;
    }
    slot_remove(r);
    return slot_insert(r, w[1], reply);
}

static bool word_renew(struct reader *r, int n, char **w, GString *reply)
{
    (void)n;
    (void)w;
    g_string_assign(reply, "no card of ours");
    if (!slot_renew(r))
        return false;
    g_string_truncate(reply, 0);
    return true;
}

static bool number(const char *text, unsigned *out)
{
    char *end;
    unsigned long v = strtoul(text, &end, 10);
    if (end == text || *end || v >= UINT_MAX)
        return false;
    *out = (unsigned)v;
    return true;
}

static bool word_delay(struct reader *r, int n, char **w, GString *reply)
{
    if (n == 2 && number(w[1], &r->delay_ms))
        return true;
    g_string_assign(reply, "delay MS");
    return false;
}

static bool word_level(struct reader *r, int n, char **w, GString *reply)
{
    (void)r;
    for (unsigned l = 0; n == 2 && reader_level_name(l); l++)
        if (strcmp(w[1], reader_level_name(l)) == 0) {
            reader_set_level(l);
            return true;
        }
    g_string_assign(reply, "level short|extended|whole|tpdu; seen by the host at the next plug");
    return false;
}

/* atr HEX: the card answers so from the next power-on; atr own: as it is. */
static bool word_atr(struct reader *r, int n, char **w, GString *reply)
{
    size_t len = n == 2 ? strlen(w[1]) / 2 : 0;
    if (n == 2 && strcmp(w[1], "own") == 0) {
        r->other_len = 0;
        return true;
    }
    if (len < 2 || len > sizeof r->other_atr || strlen(w[1]) % 2) {
        g_string_assign(reply, "atr HEX|own");
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        char two[3] = {w[1][2 * i], w[1][2 * i + 1], 0};
        r->other_atr[i] = (uint8_t)strtoul(two, NULL, 16);
    }
    r->other_len = len;
    return true;
}

/* volts N: the card starts at that voltage only (1: 5 V, 2: 3 V, 3: 1.8 V; 0: at each). */
static bool word_volts(struct reader *r, int n, char **w, GString *reply)
{
    unsigned v;
    if (n == 2 && number(w[1], &v) && v <= 3) {
        r->volts = (uint8_t)v;
        return true;
    }
    g_string_assign(reply, "volts 0|1|2|3");
    return false;
}

/* slot N: the card is carried over into that slot. */
static bool word_slot(struct reader *r, int n, char **w, GString *reply)
{
    unsigned place;
    if (n != 2 || !number(w[1], &place) || place >= reader_slots()) {
        g_string_assign(reply, "slot N; the number of slots is set at the start");
        return false;
    }
    g_autofree char *name = r->chip ? g_strdup(r->chip->name) : NULL;
    slot_remove(r);
    r->place = (uint8_t)place;
    return !name || slot_insert(r, name, reply);
}

static bool word_counters(struct reader *r, int n, char **w, GString *reply)
{
    g_string_append_printf(reply,
                           "\"apdus\":%" G_GUINT64_FORMAT ",\"bytes_to_card\":%" G_GUINT64_FORMAT
                           ",\"bytes_from_card\":%" G_GUINT64_FORMAT ",\"frames\":%" G_GUINT64_FORMAT
                           ",\"time_extensions\":%" G_GUINT64_FORMAT ",\"power_ons\":%" G_GUINT64_FORMAT
                           ",\"aborts\":%" G_GUINT64_FORMAT ",\"blocks\":%" G_GUINT64_FORMAT
                           ",\"pps\":%" G_GUINT64_FORMAT,
                           r->apdus, r->bytes_to_card, r->bytes_from_card, r->frames, r->extensions,
                           r->power_ons, r->aborts, r->blocks, r->pps);
    if (n == 2 && strcmp(w[1], "reset") == 0)
        r->apdus = r->bytes_to_card = r->bytes_from_card = r->frames = r->extensions = r->power_ons =
            r->aborts = r->blocks = r->pps = 0;
    return true;
}

static const struct {
    const char *word;
    bool (*run)(struct reader *r, int n, char **w, GString *reply);
} words[] = {
    {"insert", word_insert}, {"remove", word_remove},     {"remove_card", word_remove},
    {"swap", word_swap},     {"renew", word_renew},       {"delay", word_delay},
    {"level", word_level},   {"counters", word_counters}, {"atr", word_atr},
    {"volts", word_volts},   {"slot", word_slot},
};

/* garbage on|off|3: for ever, no more, the next three answers. */
static bool fault_word(struct reader *r, enum fault f, int n, char **w, GString *reply)
{
    unsigned times = UINT_MAX;
    if (n == 2 && (strcmp(w[1], "on") == 0 || strcmp(w[1], "off") == 0))
        times = w[1][1] == 'n' ? UINT_MAX : 0;
    else if (n != 2 || !number(w[1], &times)) {
        g_string_printf(reply, "%s on|off|COUNT", fault_name(f));
        return false;
    }
    r->faults[f] = times;
    return true;
}

static bool command(void *user, int n, char **w, GString *reply)
{
    struct reader *r = user;
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(w[0], words[i].word) == 0)
            return words[i].run(r, n, w, reply);
    for (unsigned f = 0; f < FAULT_COUNT; f++)
        if (strcmp(w[0], fault_name(f)) == 0)
            return fault_word(r, f, n, w, reply);
    return false;
}

static void state(void *user, GString *m)
{
    struct reader *r = user;
    g_string_append_printf(m, "\"card\":");
    vdev_quote(m, !slot_present(r) ? "" : r->chip ? r->chip->name : "vpcd");
    g_string_append_printf(m, ",\"powered\":%s,\"busy\":%s,\"level\":\"%s\",\"delay\":%u,\"faults\":[",
                           r->powered ? "true" : "false", r->busy ? "true" : "false",
                           reader_level_name(reader_level()), r->delay_ms);
    const char *comma = "";
    for (unsigned f = 0; f < FAULT_COUNT; f++)
        if (r->faults[f]) {
            g_string_append_printf(m, "%s\"%s\"", comma, fault_name(f));
            comma = ",";
        }
    g_string_append(m, "],");
    word_counters(r, 1, NULL, m);
}

static const struct usb_model usb = {
    .control = reader_control, .out = reader_out, .halt_cleared = halt_cleared, .reset = reset};

const struct vmodel reader_model = {.name = "reader",
                                    .desc = &reader_desc,
                                    .usb = &usb,
                                    .start = start,
                                    .stop = stop,
                                    .power = power,
                                    .command = command,
                                    .state = state};
