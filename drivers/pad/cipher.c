#include "drivers/pad/cipher.h"

#include <string.h>

#include "common/base/arena.h"

#define WORDS_MAX 6
#define KEY_POLLS 100 /* the pad encrypts its key itself; 5 s at most */

static bool second(const struct pad_link *p)
{
    return pad_has(p, HID_FEATURE, STU_CIPHER) && pad_has(p, HID_FEATURE, STU_CIPHER_STATUS);
}

static bool first(const struct pad_link *p)
{
    return pad_has(p, HID_FEATURE, STU_DH_PRIME) && pad_has(p, HID_FEATURE, STU_DH_BASE) &&
           pad_has(p, HID_FEATURE, STU_HOST_KEY) && pad_has(p, HID_FEATURE, STU_PAD_KEY);
}

static size_t words_of(const struct pad_link *p, const struct jval *profile, const char *out[WORDS_MAX])
{
    const struct jval *list = jval_get(profile, "encryption");
    size_t n = 0;
    for (size_t i = 0; list && list->kind == JV_ARR && i < list->n && n < WORDS_MAX; i++)
        if (list->items[i].kind == JV_STR)
            out[n++] = list->items[i].s;
    if (n == 0)
        out[n++] = second(p) ? "AES-256/RSA-2048/OAEP" : first(p) ? "v1" : "none";
    return n;
}

static enum rc refused(struct err *e, int64_t detail, const char *why)
{
    return err_code(e, RC_PROTOCOL, "PAD_CRYPTO", detail, "%s", why);
}

/* ---- second generation ---- */

static enum rc ask(struct pad_link *p, struct stu_cipher_status *out, struct err *e)
{
    uint8_t report[17] = {0};
    size_t got = 0;
    TRY(pad_get(p, STU_CIPHER_STATUS, report, sizeof(report), &got, e));
    return stu_cipher_status_read(report, got, out, e);
}

/* RC_UNSUPPORTED: this pad does not take the suite. */
static enum rc set_suite(struct pad_link *p, const struct stu_suite *s, struct err *e)
{
    uint8_t report[68];
    struct stu_cipher_status now;
    TRY(pad_set(p, report, stu_cipher_type(report, s), e));
    TRY(ask(p, &now, e));
    if (now.result != 0 || now.aes != s->aes || now.rsa != s->rsa || now.padding != s->padding)
        return err_code(e, RC_UNSUPPORTED, "PAD_CRYPTO", now.result,
                        "the pad does not know AES-%d with RSA-%d", s->aes, s->rsa);
    return RC_OK;
}

static enum rc send_key(struct pad_link *p, const struct pad_rsa *k, struct err *e)
{
    static const uint8_t exponent[] = {0x01, 0x00, 0x01};
    uint8_t report[68], modulus[PAD_RSA_MAX];
    struct stu_cipher_status now;
    TRY(pad_rsa_modulus(k, modulus, e));
    TRY(pad_set(p, report, stu_cipher_block(report, STU_RSA_E, BYTES(exponent, sizeof(exponent))), e));
    for (size_t at = 0; at < pad_rsa_len(k); at += STU_PARAM_MAX)
        TRY(pad_set(p, report, stu_cipher_block(report, STU_RSA_N, BYTES(modulus + at, STU_PARAM_MAX)), e));
    TRY(ask(p, &now, e));
    if (now.e != STU_PARAM_READY || now.n != STU_PARAM_READY || now.result != 0)
        return refused(e, now.result, "the pad does not take our RSA key");
    return RC_OK;
}

static enum rc fetch_key(struct pad_link *p, size_t len, uint8_t out[PAD_RSA_MAX], struct err *e)
{
    uint8_t report[68];
    struct stu_cipher_status now = {.c = STU_PARAM_BUSY};
    TRY(pad_set(p, report, stu_cipher_command(report, STU_MAKE_KEY, 0, 0), e));
    for (int i = 0; i < KEY_POLLS; i++) {
        TRY(ask(p, &now, e));
        if (now.result != 0 || now.c != STU_PARAM_BUSY)
            break;
        pad_settle(p, PAD_POLL_MS);
    }
    if (now.result != 0 || now.c != STU_PARAM_READY)
        return refused(e, now.result ? now.result : now.c, "the pad makes no key");
    size_t at = 0, got = 0;
    for (uint8_t i = 0; at < len; i++) {
        TRY(pad_set(p, report, stu_cipher_command(report, STU_GET_BLOCK, STU_RSA_C, i), e));
        memset(report, 0, sizeof(report));
        TRY(pad_get(p, STU_CIPHER, report, sizeof(report), &got, e));
        TRY(stu_cipher_read(BYTES(report, got), STU_RSA_C, out, len, &at, e));
    }
    return RC_OK;
}

static enum rc take_key(struct pad_cipher *c, struct pad_rsa *k, const struct stu_suite *s,
                        const uint8_t *cipher, struct err *e)
{
    uint8_t plain[PAD_RSA_MAX];
    size_t n = 0, len = (size_t)s->aes / 8;
    TRY(pad_rsa_open(k, (enum pad_padding)s->padding, BYTES(cipher, pad_rsa_len(k)), plain, &n, e));
    if (n >= len) { /* the key is the end of it */
        memcpy(c->key, plain + n - len, len);
        c->len = len;
    }
    wipe(plain, sizeof(plain));
    return n >= len ? RC_OK : refused(e, (int64_t)n, "the pad's key is too short");
}

static enum rc agree_second(struct pad_link *p, struct pad_cipher *c, const char *word, struct err *e)
{
    struct stu_suite s;
    uint8_t cipher[PAD_RSA_MAX];
    if (!stu_suite_parse(word, &s) || !second(p))
        return err_code(e, RC_UNSUPPORTED, "PAD_CRYPTO", 0, "the pad has no encryption %s", word);
    TRY(set_suite(p, &s, e));
    if (c->spare && pad_rsa_len(c->spare) != (size_t)s.rsa / 8) {
        pad_rsa_free(c->spare);
        c->spare = NULL;
    }
    if (!c->spare)
        TRY(pad_rsa_new((unsigned)s.rsa, &c->spare, e));
    TRY(send_key(p, c->spare, e));
    struct pad_rsa *k = c->spare; /* from here on it belongs to this signature alone */
    c->spare = NULL;
    enum rc rc = fetch_key(p, pad_rsa_len(k), cipher, e);
    if (rc == RC_OK)
        rc = take_key(c, k, &s, cipher, e);
    pad_rsa_free(k);
    return rc;
}

/* ---- first generation ---- */

static enum rc whole(struct pad_link *p, uint8_t id, uint8_t *out, size_t len, struct err *e)
{
    uint8_t report[1 + PAD_DH_LEN] = {0};
    size_t got = 0;
    TRY(pad_get(p, id, report, 1 + len, &got, e));
    if (got != 1 + len || report[0] != id)
        return err_set(e, RC_PROTOCOL, "pad report %02x: %zu bytes instead of %zu", id, got, 1 + len);
    memcpy(out, report + 1, len);
    return RC_OK;
}

static enum rc agree_first(struct pad_link *p, struct pad_cipher *c, struct err *e)
{
    uint8_t prime[PAD_DH_LEN], base[2], secret[PAD_DH_LEN], theirs[PAD_DH_LEN];
    uint8_t report[1 + PAD_DH_LEN] = {STU_HOST_KEY};
    static const uint8_t nothing[PAD_DH_LEN];
    struct stu_status now;
    if (!first(p))
        return err_code(e, RC_UNSUPPORTED, "PAD_CRYPTO", 0, "the pad has no encryption v1");
    TRY(whole(p, STU_DH_PRIME, prime, sizeof(prime), e));
    TRY(whole(p, STU_DH_BASE, base, sizeof(base), e));
    if (memcmp(prime, nothing, sizeof(prime)) == 0)
        return err_code(e, RC_UNSUPPORTED, "PAD_CRYPTO", 0, "the pad's encryption is switched off");
    TRY(pad_dh_ours(prime, base, secret, report + 1, e));
    enum rc rc = pad_order(p, report, sizeof(report), e);
    if (rc == RC_OK)
        rc = pad_wait(p, &now, e); /* it calculates */
    if (rc == RC_OK)
        rc = whole(p, STU_PAD_KEY, theirs, sizeof(theirs), e);
    if (rc == RC_OK)
        rc = pad_dh_common(prime, secret, theirs, c->key, e);
    wipe(secret, sizeof(secret));
    c->len = rc == RC_OK ? PAD_DH_LEN : 0;
    return rc;
}

/* ---- both ---- */

static enum rc agree_one(struct pad_link *p, struct pad_cipher *c, const char *word, struct err *e)
{
    pad_cipher_forget(c);
    c->word = word;
    if (strcmp(word, "none") == 0)
        return RC_OK;
    enum rc rc = strcmp(word, "v1") == 0 ? agree_first(p, c, e) : agree_second(p, c, word, e);
    if (rc != RC_OK)
        pad_cipher_forget(c);
    return rc;
}

/* Once more with a new key when the agreement fails; the next word of the row only when the pad does not know
 * this one. */
enum rc pad_cipher_agree(struct pad_link *p, struct pad_cipher *c, const struct jval *profile, struct err *e)
{
    const char *words[WORDS_MAX];
    size_t n = words_of(p, profile, words);
    enum rc rc = RC_UNSUPPORTED;
    for (size_t i = 0; i < n && rc == RC_UNSUPPORTED; i++) {
        rc = agree_one(p, c, words[i], e);
        if (rc == RC_PROTOCOL)
            rc = agree_one(p, c, words[i], e);
    }
    if (rc == RC_UNSUPPORTED || rc == RC_PROTOCOL)
        return err_code(e, RC_PROTOCOL, "PAD_CRYPTO", e ? e->detail : 0, "no key was agreed on with the pad");
    return rc;
}

enum rc pad_cipher_prepare(struct pad_link *p, struct pad_cipher *c, const struct jval *profile,
                           struct err *e)
{
    const char *words[WORDS_MAX];
    struct stu_suite s;
    if (c->spare || !second(p) || words_of(p, profile, words) == 0 || !stu_suite_parse(words[0], &s))
        return RC_OK;
    return pad_rsa_new((unsigned)s.rsa, &c->spare, e);
}

enum rc pad_cipher_read(const struct pad_link *p, const struct pad_cipher *c, struct bytes report,
                        struct stu_sample out[2], size_t *n, struct err *e)
{
    const uint8_t *b = report.p;
    uint8_t block[PAD_BLOCK];
    *n = 0;
    if (report.len == 0)
        return RC_OK;
    if (c->len == 0) {
        if (stu_is_secret(b[0]))
            return refused(e, b[0], "the pad encrypts though no key was agreed on");
        if (!stu_is_plain(b[0]))
            return RC_OK;
        TRY(stu_sample_read(b, report.len, p->option, out, e));
        *n = 1;
        return RC_OK;
    }
    if (!stu_is_secret(b[0])) /* what comes in clear is nobody's signature here */
        return RC_OK;
    if (report.len < 1 + PAD_BLOCK)
        return err_set(e, RC_PROTOCOL, "pad report %02x: %zu bytes", b[0], report.len);
    TRY(pad_aes_open(BYTES(c->key, c->len), b + 1, block, e));
    const struct stu_secret s = {b, report.len, block, c->session, p->option};
    enum rc rc = stu_secret_read(&s, out, n, e);
    wipe(block, sizeof(block));
    return rc;
}

void pad_cipher_forget(struct pad_cipher *c)
{
    wipe(c->key, sizeof(c->key));
    c->len = 0;
    c->session = 0;
    c->word = "none";
}

void pad_cipher_free(struct pad_cipher *c)
{
    pad_cipher_forget(c);
    pad_rsa_free(c->spare);
    c->spare = NULL;
}
