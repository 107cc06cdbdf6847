/* configs/kiosk.conf: who this terminal is, where its files are, which drivers it runs. JSON by descriptor;
 * relative paths are relative to the working directory of kioskd. */
#ifndef PRIDVOR_CONFIG_H
#define PRIDVOR_CONFIG_H

#include "common/base/json.h"

struct driver_conf {
    const char *name;  /* card print pad scan office: the key of the device in the local API */
    const char **argv; /* argv[0] is searched in PATH when it has no slash */
    size_t n_argv;
    const char **env; /* KEY=VALUE, added to kioskd's own */
    size_t n_env;
    const char *match;     /* this unit and no other: usb:VID:PID[:SERIAL], serial:TEXT or a port; "": any */
    const char *transport; /* another way to the device, "pcsc"; "": the driver's own */
    const char *env_file;  /* lines KEY=VALUE, read again at each start of the driver; may be missing */
};
struct register_conf {
    const char *host, *server_name;
    int64_t port;
    const char *ca, *cert, *key; /* PEM files */
};
struct kiosk_conf {
    const char *terminal;    /* "K07", the CN of the terminal's certificate */
    const char *institution; /* id in the institutions file */
    int64_t port;            /* page and local API on 127.0.0.1 */
    const char *ui_dir, *configs, *institutions, *run_dir;
    const char *queue, *queue_key;
    int64_t queue_max_bytes;
    int64_t idle_s; /* quiet time before the warning */
    int64_t warn_s; /* time to answer it */
    int64_t done_s; /* quiet time on the receipt page */
    int64_t
        answer_ms; /* how long the citizen waits for the register before the receipt becomes provisional */
    int64_t ppmm_x1000;    /* screen: pixels per millimetre, times 1000 */
    const char **services; /* ids offered, in this order; empty: all of the kiosk channel */
    size_t n_services;
    int64_t roll_mm;       /* a full roll of receipt paper */
    int64_t roll_near_mm;  /* what is left of it when the near-end sensor speaks; 0: not measured */
    int64_t near_end_mm;   /* what is left when the printer begins to say "near end" */
    int64_t page_grace_ms; /* how long a session waits for a page that died */
    bool card_keep; /* a card taken out in the middle means nothing; false: asked at once, then wiped */
    /* With which words of passive authentication a card counts as read; empty: with all but those that prove
     * a change. A card with another one counts as typed, its verdict goes along. */
    const char **card_proof;
    size_t n_card_proof;
    const char *status_url; /* the receipt code is put behind it */
    struct register_conf reg;
    struct driver_conf *drivers;
    size_t n_drivers;
};
extern const struct jdesc kiosk_conf_desc;

/* Decodes and fills in defaults. */
MUST enum rc config_load(struct arena *a, const char *path, struct kiosk_conf *out, struct err *e);

#endif
