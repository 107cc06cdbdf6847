#include "backend/conf.h"

#include <stdio.h>
#include <string.h>

#include "common/base/crypto.h"
#include "common/base/fs.h"

static const struct jfield listen_fields[] = {
    JF_STR(struct listen_conf, host, J_REQ, 1, 64),
    JF_INT(struct listen_conf, port, J_REQ, 0, 65535),
};
static JDESC(listen_desc, struct listen_conf, listen_fields);

static const struct jfield tls_fields[] = {
    JF_STR(struct tls_files, ca, J_REQ, 1, 1024),
    JF_STR(struct tls_files, cert, J_REQ, 1, 1024),
    JF_STR(struct tls_files, key, J_REQ, 1, 1024),
};
static JDESC(tls_desc, struct tls_files, tls_fields);

static const struct jfield conf_fields[] = {
    JF_STR(struct registry_conf, db, J_REQ | J_PD, 1, 1024),
    JF_STR(struct registry_conf, configs, J_REQ, 1, 1024),
    JF_STR(struct registry_conf, pin_key, J_REQ, 1, 1024),
    JF_STR(struct registry_conf, blobs, J_REQ, 1, 1024),
    JF_OBJ(struct registry_conf, terminals, J_REQ, &listen_desc),
    JF_OBJ(struct registry_conf, public, J_REQ, &listen_desc),
    JF_OBJ(struct registry_conf, tls, J_REQ, &tls_desc),
    JF_INT(struct registry_conf, intake_connections, 0, 0, 8),
    JF_INT(struct registry_conf, deadline_ms, 0, 0, 600000),
};
static JDESC(conf_desc, struct registry_conf, conf_fields);

enum rc registry_conf_load(struct arena *a, const char *path, struct registry_conf *out, struct err *e)
{
    TRY(json_load(a, &conf_desc, path, out, e));
    if (out->deadline_ms == 0)
        out->deadline_ms = 10000;
    return RC_OK;
}

enum rc pin_key_load(const char *path, bool create, uint8_t out[32], struct err *e)
{
    ARENA_SCOPE(a);
    char *text;
    size_t len;

    if (create && !fs_exists(path)) {
        uint8_t fresh[32];
        TRY(rnd_bytes(fresh, sizeof(fresh), e));
        TRY(fs_write(path, fresh, sizeof(fresh), 0600, e));
    }
    TRY(fs_read(a, path, 64, &text, &len, e));
    if (len != 32)
        return err_set(e, RC_BAD_FIELD, "%s: has %zu bytes, needs 32", path, len);
    memcpy(out, text, 32);
    return RC_OK;
}

void pin_verifier(uint8_t out[32], const uint8_t key[32], const char *code, const char *pin)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "%s:%s", code, pin);
    hmac_sha256(out, key, 32, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
    wipe(text, sizeof(text));
}
