/* configs/registry.conf (JSON). Paths are relative to the folder where the program runs. */
#ifndef PRIDVOR_REGISTRY_CONF_H
#define PRIDVOR_REGISTRY_CONF_H

#include "common/base/json.h"

struct listen_conf {
    const char *host; /* numeric */
    int64_t port;     /* 0: the system chooses; logged at start */
};
struct tls_files {
    const char *ca, *cert, *key;
};
struct registry_conf {
    const char *db;      /* libpq connection string */
    const char *configs; /* services, holidays, terms, i18n */
    const char *pin_key; /* 32 random bytes; made at the first start */
    const char *blobs;   /* folder of received files; made when missing */
    struct listen_conf terminals, public;
    struct tls_files tls;
    int64_t intake_connections, deadline_ms; /* 0: 1 and 10000 */
};

MUST enum rc registry_conf_load(struct arena *a, const char *path, struct registry_conf *out, struct err *e);
/* The key of the PIN verifiers. With create it is made when the file is missing. */
MUST enum rc pin_key_load(const char *path, bool create, uint8_t out[32], struct err *e);
/* HMAC-SHA256 over "code:pin". */
void pin_verifier(uint8_t out[32], const uint8_t key[32], const char *code, const char *pin);

#endif
