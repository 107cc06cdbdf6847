/* configs/registry.conf (JSON). Paths are relative to the folder where the program runs. */
#ifndef PRIDVOR_REGISTRY_CONF_H
#define PRIDVOR_REGISTRY_CONF_H

#include "common/base/json.h"

struct listen_conf {
    const char *host; /* numeric */
    int64_t port;     /* 0: the system chooses; logged at start */
};
/* For those who work here. */
struct desk_conf {
    const char *host;
    int64_t port;
    const char *pages;      /* folder of the page's files; NULL: the API alone */
    const char *cert, *key; /* that browsers trust; NULL: those of tls */
};
struct tls_files {
    const char *ca, *cert, *key;
};
struct smtp_conf {
    const char *url;                       /* smtp://host:25, smtp://host:587, smtps://host:465 */
    const char *from;                      /* sender's address; the name is the institution's */
    const char *user, *password_file, *ca; /* optional */
    const char *starttls; /* "required" (default), "none": only for a server on the same machine */
    const char *unknown;  /* "hold" (default), "repeat": where the receiver drops a Message-ID seen before */
    int64_t timeout_ms;   /* 0: a minute for each answer, ten for the last */
};
struct sms_conf {
    const char *url;  /* template: {to} {text} {coding} {id} {token} {report} */
    const char *body; /* template of a POST, JSON when it begins with a brace; none: GET */
    const char *token_file, *ca, *report_url; /* optional; report_url: where the gateway finds /sms/... */
    const char *unknown; /* "hold" (default), "repeat": where the gateway honours Idempotency-Key */
    bool transliterate; /* always letters of the GSM alphabet; else only when the text needs too many parts */
    int64_t parts;      /* 0: 2 */
    int64_t timeout_ms; /* 0: a minute */
};
/* Zero stands for the default. */
struct login_conf {
    int64_t memory_kib, passes, lanes;   /* Argon2id: 19456, 2, 1 */
    int64_t idle_minutes, session_hours; /* 30, 10 */
    int64_t reset_hours;                 /* a one-time code lives so long: 24 */
    bool totp_required;                  /* who has no TOTP cannot log in */
};
struct registry_conf {
    const char *db;        /* libpq connection string */
    const char *configs;   /* services, holidays, terms, i18n */
    const char *pin_key;   /* 32 random bytes; made at the first start */
    const char *blobs;     /* folder of received files; made when missing */
    int64_t blobs_free_mb; /* files are put off while its disk has less; 0: 1024 */
    int64_t blobs_day_mb;  /* what one terminal or one account may bring within a day; 0: 2048 */
    struct listen_conf terminals, public;
    struct desk_conf *desk; /* NULL: no desk */
    struct tls_files tls;
    int64_t intake_connections, deadline_ms; /* 0: 1 and 10000 */
    const char *public_url;                  /* of the status pages, for messages; or NULL */
    struct smtp_conf *smtp;                  /* NULL: no e-mail goes out */
    struct sms_conf *sms;
    int64_t retry_unit_ms; /* 0: a minute */
    struct login_conf login;
};

MUST enum rc registry_conf_load(struct arena *a, const char *path, struct registry_conf *out, struct err *e);
/* The key of the PIN verifiers. With create it is made when the file is missing. */
MUST enum rc pin_key_load(const char *path, bool create, uint8_t out[32], struct err *e);
void login_conf_default(struct login_conf *c);
/* HMAC-SHA256 over "code:pin". */
void pin_verifier(uint8_t out[32], const uint8_t key[32], const char *code, const char *pin);

#endif
