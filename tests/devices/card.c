/* One chip from one JSON file. */
#include "tests/devices/card_priv.h"

#include "common/base/json.h"

#include <stdlib.h>
#include <string.h>

static const char *const sexes[] = {"F", "M", "<", NULL};
static const struct jfield person_fields[] = {
    JF_STR(struct person, document_code, J_REQ, 1, 2),
    JF_STR(struct person, issuing_state, J_REQ, 1, 3),
    JF_STR(struct person, nationality, J_REQ, 1, 3),
    JF_STR(struct person, document_number, J_REQ, 1, 9),
    JF_STR(struct person, cnp, 0, 0, 13),
    JF_STR(struct person, last_name, J_REQ, 1, 120),
    JF_STR(struct person, first_name, J_REQ, 1, 120),
    JF_WORD(struct person, sex, J_REQ, sexes),
    JF_STR(struct person, birth_date, J_REQ, 10, 10),
    JF_STR(struct person, expiry_date, J_REQ, 10, 10),
};
static JDESC(person_desc, struct person, person_fields);

static const struct jfield conf_fields[] = {
    JF_STR(struct conf, about, 0, 0, 400),
    JF_OBJ(struct conf, person, J_REQ, &person_desc),
    JF_STR(struct conf, mrz, J_REQ, 90, 92),
    JF_STR(struct conf, can, 0, 0, 16),
    JF_STR(struct conf, curve, 0, 0, 20),
    JF_STR(struct conf, cipher, 0, 0, 10),
    JF_STR(struct conf, atr, J_REQ, 4, 66),
    JF_STR(struct conf, signer, J_REQ, 1, 20),
    JF_BOOL(struct conf, pace, J_REQ),
    JF_BOOL(struct conf, bac, J_REQ),
    JF_BOOL(struct conf, explicit_ec, 0),
    JF_STR(struct conf, mapping, 0, 2, 3),
    JF_STR(struct conf, security, 0, 3, 6),
    JF_STR(struct conf, signed_pace, 0, 4, 5),
    JF_STR(struct conf, ca, 0, 4, 8),
    JF_STR(struct conf, ca_curve, 0, 0, 20),
    JF_STR(struct conf, aa, 0, 3, 6),
    JF_STR(struct conf, pin, 0, 4, 4),
    JF_STR(struct conf, address, 0, 1, 200),
    JF_BOOL(struct conf, clone, 0),
    JF_BOOL(struct conf, unlisted, 0),
    JF_BOOL(struct conf, extras, 0),
    JF_BOOL(struct conf, jp2, 0),
    JF_BOOL(struct conf, ca_id, 0),
    JF_INT(struct conf, dg2, 0, 0, 80000),
    JF_INT(struct conf, offers, 0, 0, 20),
    JF_INT(struct conf, can_tries, 0, 0, 100),
    JF_INT(struct conf, can_delay_ms, 0, 0, 10000),
    JF_INT(struct conf, busy_ms, 0, 0, 60000),
    JF_INT(struct conf, extended, 0, 0, 65535),
    JF_INT(struct conf, look, 0, 0, 100),
};
static JDESC(conf_desc, struct conf, conf_fields);

static void kernel_random(void *ctx, void *p, size_t n)
{
    must(noise(ctx, p, n));
}

/* SplitMix64: good enough to look random, the same every time. */
static void seeded_random(void *ctx, void *p, size_t n)
{
    uint64_t *s = ctx;
    uint8_t *out = p;
    for (size_t i = 0; i < n; i++) {
        uint64_t z = (*s += 0x9E3779B97F4A7C15u);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        out[i] = (uint8_t)(z ^ (z >> 31));
    }
}

void card_random(struct card *c, void (*fn)(void *ctx, void *p, size_t n), void *ctx)
{
    c->rnd = fn ? fn : kernel_random;
    c->rnd_ctx = ctx;
}

void card_seed(struct card *c, uint64_t seed)
{
    c->seed = seed;
    card_random(c, seeded_random, &c->seed);
}

/* The file shows the printed zone for the reader's convenience; it must be the one its person gives. */
static enum rc check_mrz(struct card *c, struct err *e)
{
    TRY(card_mrz_make(&c->conf.person, c->mrz, c->mrz_info, e));
    char flat[93];
    size_t n = 0;
    for (const char *p = c->conf.mrz; *p; p++)
        if (*p != '\n')
            flat[n++] = *p;
    flat[n] = 0;
    if (strcmp(flat, c->mrz) != 0)
        return err_at(e, RC_BAD_FIELD, "mrz", "the person gives %.30s / %.30s / %.30s", c->mrz, c->mrz + 30,
                      c->mrz + 60);
    return RC_OK;
}

static enum rc personalise(struct card *c, const char *path, struct err *e)
{
    TRY(json_load(c->a, &conf_desc, path, &c->conf, e));
    if (!c->conf.person.cnp)
        c->conf.person.cnp = "";
    TRY(check_mrz(c, e));
    if (!curve_named(c->conf.signer) && strcmp(c->conf.signer, "RSA-PSS") != 0)
        return err_at(e, RC_BAD_FIELD, "signer", "unknown curve");
    if (c->conf.pace) {
        c->curve = curve_named(c->conf.curve ? c->conf.curve : "");
        c->cipher = cipher_named(c->conf.cipher ? c->conf.cipher : "");
        if (!c->curve || !c->cipher)
            return err_at(e, RC_BAD_FIELD, "curve", "PACE needs a known curve and cipher");
        group_load(&c->grp, c->curve);
    }
    const char *ca = c->conf.ca ? c->conf.ca : c->conf.pace ? c->conf.cipher : "none";
    const struct curve *ca_curve = c->conf.ca_curve ? curve_named(c->conf.ca_curve) : c->curve;
    c->ca = cipher_named(ca);
    if (c->ca && !ca_curve)
        return err_at(e, RC_BAD_FIELD, "ca_curve", "chip authentication needs a known curve");
    if (c->ca)
        group_load(&c->ca_grp, ca_curve);
    lds_build(c);
    return RC_OK;
}

enum rc card_new(const char *path, struct card **out, struct err *e)
{
    struct card *c SCOPED(card_freep) = calloc(1, sizeof *c);
    must(c ? 0 : -1);
    c->a = arena_new();
    group_init(&c->grp);
    group_init(&c->ca_grp);
    mbedtls_mpi_init(&c->ca_key);
    elem_init(&c->pace.gen);
    mbedtls_mpi_init(&c->pace.mapping);
    card_random(c, NULL, NULL);
    TRY(personalise(c, path, e));
    *out = c;
    c = NULL;
    return RC_OK;
}

void card_free(struct card *c)
{
    if (!c)
        return;
    card_reset(c);
    elem_free(&c->pace.gen);
    mbedtls_mpi_free(&c->pace.mapping);
    group_free(&c->grp);
    group_free(&c->ca_grp);
    mbedtls_mpi_free(&c->ca_key);
    arena_free(c->a);
    wipe(c, sizeof *c);
    free(c);
}

void card_freep(struct card **c)
{
    card_free(*c);
}

void card_reset(struct card *c)
{
    sm_drop(c);
    c->app = APP_MF;
    c->ef = NULL;
}

size_t card_atr(const struct card *c, uint8_t out[CARD_ATR_MAX])
{
    return hexbytes(c->conf.atr, out, CARD_ATR_MAX);
}

const uint8_t *card_file(const struct card *c, uint16_t fid, size_t *len)
{
    for (size_t i = 0; i < c->nfiles; i++)
        if (c->files[i].fid == fid) {
            *len = c->files[i].len;
            return c->files[i].p;
        }
    return NULL;
}

void card_put_file(struct card *c, uint16_t fid, const void *p, size_t len)
{
    for (size_t i = 0; i < c->nfiles; i++)
        if (c->files[i].fid == fid) {
            c->files[i].p = arena_dup(c->a, p, len);
            c->files[i].len = len;
        }
}

void card_drop_file(struct card *c, uint16_t fid)
{
    for (size_t i = 0; i < c->nfiles; i++)
        if (c->files[i].fid == fid)
            c->files[i].fid = c->files[i].sfi = 0;
}

struct manners *card_manners(struct card *c)
{
    return &c->odd;
}

const uint8_t *card_csca(const struct card *c, size_t *len)
{
    *len = c->csca_len;
    return c->csca;
}

const char *card_mrz(const struct card *c)
{
    return c->mrz;
}
