#include "backend/conf.h"

#include <stdio.h>
#include <string.h>

#include "common/base/crypto.h"
#include "common/base/fs.h"

enum { MINUTE_MS = 60000 };

static const struct jfield listen_fields[] = {
    JF_STR(struct listen_conf, host, J_REQ, 1, 64),
    JF_INT(struct listen_conf, port, J_REQ, 0, 65535),
};
static JDESC(listen_desc, struct listen_conf, listen_fields);

static const struct jfield desk_fields[] = {
    JF_STR(struct desk_conf, host, J_REQ, 1, 64), JF_INT(struct desk_conf, port, J_REQ, 0, 65535),
    JF_STR(struct desk_conf, pages, 0, 0, 1024),  JF_STR(struct desk_conf, cert, 0, 0, 1024),
    JF_STR(struct desk_conf, key, 0, 0, 1024),
};
static JDESC(desk_desc, struct desk_conf, desk_fields);

static const struct jfield tls_fields[] = {
    JF_STR(struct tls_files, ca, J_REQ, 1, 1024),
    JF_STR(struct tls_files, cert, J_REQ, 1, 1024),
    JF_STR(struct tls_files, key, J_REQ, 1, 1024),
};
static JDESC(tls_desc, struct tls_files, tls_fields);

static const char *const starttls_words[] = {"required", "none", NULL};
static const char *const unknown_words[] = {"hold", "repeat", NULL};
static const struct jfield smtp_fields[] = {
    JF_STR(struct smtp_conf, url, J_REQ, 1, 512),
    JF_STR(struct smtp_conf, from, J_REQ, 3, 254),
    JF_STR(struct smtp_conf, user, 0, 0, 254),
    JF_STR(struct smtp_conf, password_file, 0, 0, 1024),
    JF_STR(struct smtp_conf, ca, 0, 0, 1024),
    JF_WORD(struct smtp_conf, starttls, 0, starttls_words),
    JF_WORD(struct smtp_conf, unknown, 0, unknown_words),
    JF_INT(struct smtp_conf, timeout_ms, 0, 0, 600000),
};
static JDESC(smtp_desc, struct smtp_conf, smtp_fields);

static const struct jfield sms_fields[] = {
    JF_STR(struct sms_conf, url, J_REQ, 1, 2048),      JF_STR(struct sms_conf, body, 0, 0, 4096),
    JF_STR(struct sms_conf, token_file, 0, 0, 1024),   JF_STR(struct sms_conf, ca, 0, 0, 1024),
    JF_STR(struct sms_conf, report_url, 0, 0, 512),    JF_WORD(struct sms_conf, unknown, 0, unknown_words),
    JF_BOOL(struct sms_conf, transliterate, 0),        JF_INT(struct sms_conf, parts, 0, 0, 10),
    JF_INT(struct sms_conf, timeout_ms, 0, 0, 600000),
};
static JDESC(sms_desc, struct sms_conf, sms_fields);

static const struct jfield login_fields[] = {
    JF_INT(struct login_conf, memory_kib, 0, 0, 1048576), JF_INT(struct login_conf, passes, 0, 0, 100),
    JF_INT(struct login_conf, lanes, 0, 0, 16),           JF_INT(struct login_conf, idle_minutes, 0, 0, 1440),
    JF_INT(struct login_conf, session_hours, 0, 0, 168),  JF_INT(struct login_conf, reset_hours, 0, 0, 168),
    JF_BOOL(struct login_conf, totp_required, 0),
};
static JDESC(login_desc, struct login_conf, login_fields);

static const struct jfield conf_fields[] = {
    JF_STR(struct registry_conf, db, J_REQ | J_PD, 1, 1024),
    JF_STR(struct registry_conf, configs, J_REQ, 1, 1024),
    JF_STR(struct registry_conf, pin_key, J_REQ, 1, 1024),
    JF_STR(struct registry_conf, blobs, J_REQ, 1, 1024),
    JF_OBJ(struct registry_conf, terminals, J_REQ, &listen_desc),
    JF_OBJ(struct registry_conf, public, J_REQ, &listen_desc),
    JF_OBJP(struct registry_conf, desk, 0, &desk_desc),
    JF_OBJ(struct registry_conf, tls, J_REQ, &tls_desc),
    JF_INT(struct registry_conf, intake_connections, 0, 0, 8),
    JF_INT(struct registry_conf, deadline_ms, 0, 0, 600000),
    JF_STR(struct registry_conf, public_url, 0, 0, 512),
    JF_OBJP(struct registry_conf, smtp, 0, &smtp_desc),
    JF_OBJP(struct registry_conf, sms, 0, &sms_desc),
    JF_OBJ(struct registry_conf, login, 0, &login_desc),
    JF_INT(struct registry_conf, retry_unit_ms, 0, 0, 3600000),
    JF_INT(struct registry_conf, blobs_free_mb, 0, 0, 1 << 30),
    JF_INT(struct registry_conf, blobs_day_mb, 0, 0, 1 << 30),
};
static JDESC(conf_desc, struct registry_conf, conf_fields);

void login_conf_default(struct login_conf *c)
{
    const struct {
        int64_t *value, standard;
    } rows[] = {
        {&c->memory_kib, 19456}, {&c->passes, 2},         {&c->lanes, 1},
        {&c->idle_minutes, 30},  {&c->session_hours, 10}, {&c->reset_hours, 24},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        if (*rows[i].value == 0)
            *rows[i].value = rows[i].standard;
}

enum rc registry_conf_load(struct arena *a, const char *path, struct registry_conf *out, struct err *e)
{
    TRY(json_load(a, &conf_desc, path, out, e));
    login_conf_default(&out->login);
    if (out->deadline_ms == 0)
        out->deadline_ms = 10000;
    if (out->blobs_free_mb == 0)
        out->blobs_free_mb = 1024;
    if (out->blobs_day_mb == 0)
        out->blobs_day_mb = 2048;
    if (out->retry_unit_ms == 0)
        out->retry_unit_ms = MINUTE_MS;
    if (out->smtp && out->smtp->timeout_ms == 0)
        out->smtp->timeout_ms = MINUTE_MS;
    if (out->sms && out->sms->timeout_ms == 0)
        out->sms->timeout_ms = MINUTE_MS;
    if (out->sms && out->sms->parts == 0)
        out->sms->parts = 2;
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
        enum rc rc = fs_write(path, fresh, sizeof(fresh), 0600, e);
        wipe(fresh, sizeof(fresh));
        TRY(rc);
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
