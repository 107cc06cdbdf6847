#include "firmware/config.h"

#include "common/model/submission.h"

#include <string.h>

static const char *const driver_names[] = {"card", "print", "pad", "scan", "office", NULL};

static const struct jfield driver_fields[] = {
    JF_WORD(struct driver_conf, name, J_REQ, driver_names),
    JF_STRS(struct driver_conf, argv, n_argv, J_REQ, 32),
    JF_STRS(struct driver_conf, env, n_env, 0, 64),
    JF_STR(struct driver_conf, match, 0, 0, 120),
    JF_STR(struct driver_conf, transport, 0, 0, 16),
    JF_STR(struct driver_conf, env_file, 0, 0, 500),
};
static JDESC(driver_desc, struct driver_conf, driver_fields);

static const struct jfield register_fields[] = {
    JF_STR(struct register_conf, host, J_REQ, 1, 255),
    JF_STR(struct register_conf, server_name, J_REQ, 1, 255),
    JF_INT(struct register_conf, port, J_REQ, 1, 65535),
    JF_STR(struct register_conf, ca, J_REQ, 1, 500),
    JF_STR(struct register_conf, cert, J_REQ, 1, 500),
    JF_STR(struct register_conf, key, J_REQ, 1, 500),
};
static JDESC(register_desc, struct register_conf, register_fields);

static const struct jfield kiosk_fields[] = {
    JF_STR(struct kiosk_conf, terminal, J_REQ, 1, 32),
    JF_STR(struct kiosk_conf, institution, J_REQ, 1, 64),
    JF_INT(struct kiosk_conf, port, 0, 0, 65535),
    JF_STR(struct kiosk_conf, ui_dir, J_REQ, 1, 500),
    JF_STR(struct kiosk_conf, configs, J_REQ, 1, 500),
    JF_STR(struct kiosk_conf, institutions, J_REQ, 1, 500),
    JF_STR(struct kiosk_conf, run_dir, J_REQ, 1, 500),
    JF_STR(struct kiosk_conf, queue, J_REQ, 1, 480),
    JF_STR(struct kiosk_conf, queue_key, J_REQ, 1, 480),
    JF_INT(struct kiosk_conf, queue_max_bytes, 0, 1 << 20, 1ll << 32),
    JF_INT(struct kiosk_conf, idle_s, 0, 1, 3600),
    JF_INT(struct kiosk_conf, warn_s, 0, 1, 600),
    JF_INT(struct kiosk_conf, done_s, 0, 1, 600),
    JF_INT(struct kiosk_conf, answer_ms, 0, 100, 30000),
    JF_INT(struct kiosk_conf, ppmm_x1000, 0, 500, 20000),
    JF_INT(struct kiosk_conf, roll_mm, 0, 1000, 500000),
    JF_INT(struct kiosk_conf, roll_near_mm, 0, 0, 100000),
    JF_INT(struct kiosk_conf, near_end_mm, 0, 100, 20000),
    JF_INT(struct kiosk_conf, page_grace_ms, 0, 100, 60000),
    JF_BOOL(struct kiosk_conf, card_keep, 0),
    JF_STRS(struct kiosk_conf, card_proof, n_card_proof, 0, 24),
    JF_STRS(struct kiosk_conf, services, n_services, 0, 64),
    JF_STR(struct kiosk_conf, status_url, J_REQ, 1, 200),
    {"register", J_OBJ, J_REQ, offsetof(struct kiosk_conf, reg), 0, 0, 0, &register_desc, NULL},
    JF_ARR(struct kiosk_conf, drivers, n_drivers, 0, 8, &driver_desc),
};
JDESC(kiosk_conf_desc, struct kiosk_conf, kiosk_fields);

static void fallback(int64_t *v, int64_t def)
{
    if (*v == 0)
        *v = def;
}

/* A word with a slip in it would turn every card away. */
static enum rc check_proof(const struct kiosk_conf *c, struct err *e)
{
    for (size_t i = 0; i < c->n_card_proof; i++) {
        const char *const *w = passive_words;
        while (*w && strcmp(*w, c->card_proof[i]) != 0)
            w++;
        if (!*w || submission_disproves(*w))
            return err_at(e, RC_BAD_FIELD, "card_proof", "%.24s is no word that can prove a card",
                          c->card_proof[i]);
    }
    return RC_OK;
}

enum rc config_load(struct arena *a, const char *path, struct kiosk_conf *out, struct err *e)
{
    struct kiosk_conf c = {0};
    TRY(json_load(a, &kiosk_conf_desc, path, &c, e));
    for (size_t i = 0; i < c.n_drivers; i++)
        if (c.drivers[i].n_argv == 0)
            return err_at(e, RC_BAD_FIELD, "drivers.argv", "%s: driver %s has no program", path,
                          c.drivers[i].name);
    TRY(check_proof(&c, e));
    fallback(&c.idle_s, 60);
    fallback(&c.warn_s, 30);
    fallback(&c.done_s, 20);
    fallback(&c.page_grace_ms, 15000);
    fallback(&c.answer_ms, 3000);
    fallback(&c.roll_mm, 80000); /* 80 mm paper, 80 m long */
    fallback(&c.near_end_mm, 2500);
    fallback(&c.ppmm_x1000, 3210); /* 27 inch, 1080 pixels across 336 mm */
    *out = c;
    return RC_OK;
}
