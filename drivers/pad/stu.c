#include "drivers/pad/stu.h"

#include <stdio.h>
#include <string.h>

static int be16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

static void le16(uint8_t *p, int v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static enum rc head(const uint8_t *p, size_t len, uint8_t id, size_t want, struct err *e)
{
    if (len < want)
        return err_set(e, RC_PROTOCOL, "pad report %02x: %zu bytes instead of %zu", id, len, want);
    if (p[0] != id)
        return err_set(e, RC_PROTOCOL, "pad report %02x: the answer is report %02x", id, p[0]);
    return RC_OK;
}

enum rc stu_capability_read(const uint8_t *p, size_t len, struct stu_capability *out, struct err *e)
{
    TRY(head(p, len, STU_CAPABILITY, len == 11 ? 11 : 15, e));
    struct stu_capability c = {.max_x = be16(p + 1),
                               .max_y = be16(p + 3),
                               .max_pressure = be16(p + 5),
                               .width = be16(p + 7),
                               .height = be16(p + 9)};
    if (len >= 15) { /* the old ones end here */
        c.rate = p[11];
        c.resolution = be16(p + 12);
        c.encodings = p[14];
    }
    if (c.max_x < 100 || c.max_y < 100 || c.max_pressure < 1 || c.width < 16 || c.height < 16 ||
        c.width > 4096 || c.height > 4096)
        return err_set(e, RC_PROTOCOL, "pad report 09: %d x %d units and %d x %d dots cannot be", c.max_x,
                       c.max_y, c.width, c.height);
    *out = c;
    return RC_OK;
}

enum rc stu_status_read(const uint8_t *p, size_t len, struct stu_status *out, struct err *e)
{
    TRY(head(p, len, STU_STATUS, 3, e));
    *out = (struct stu_status){p[1], p[2]};
    return RC_OK;
}

/* ---- the pen ---- */

bool stu_is_plain(uint8_t id)
{
    return id == STU_PEN || id == STU_PEN_OPTION || id == STU_PEN_TIMED;
}

bool stu_is_secret(uint8_t id)
{
    return id == STU_PEN_SECRET || id == STU_SECRET_OPTION || id == STU_SECRET_TIMED;
}

static struct stu_sample six(const uint8_t *p)
{
    return (struct stu_sample){.x = be16(p + 2),
                               .y = be16(p + 4),
                               .pressure = be16(p) & 0x0fff,
                               .near = p[0] & 0x80,
                               .down = (p[0] & 0x70) != 0};
}

static void number(struct stu_sample *s, int option, int v)
{
    if (option == 1) {
        s->time = (uint16_t)v;
        s->timed = true;
    } else if (option == 2) {
        s->sequence = (uint16_t)v;
        s->numbered = true;
    }
}

static struct stu_sample ten(const uint8_t *p)
{
    struct stu_sample s = six(p);
    number(&s, 1, be16(p + 6));
    number(&s, 2, be16(p + 8));
    return s;
}

enum rc stu_sample_read(const uint8_t *p, size_t len, int option, struct stu_sample *out, struct err *e)
{
    uint8_t id = len ? p[0] : 0;
    if (!stu_is_plain(id))
        return err_set(e, RC_PROTOCOL, "pad report %02x is no pen", id);
    TRY(head(p, len, id, id == STU_PEN_TIMED ? 11 : id == STU_PEN_OPTION ? 9 : 7, e));
    *out = id == STU_PEN_TIMED ? ten(p + 1) : six(p + 1);
    if (id == STU_PEN_OPTION)
        number(out, option, be16(p + 7));
    return RC_OK;
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)be16(p) << 16 | (uint32_t)be16(p + 2);
}

enum rc stu_secret_read(const struct stu_secret *s, struct stu_sample out[2], size_t *n, struct err *e)
{
    uint8_t id = s->len ? s->p[0] : 0;
    if (!stu_is_secret(id))
        return err_set(e, RC_PROTOCOL, "pad report %02x is no encrypted pen", id);
    TRY(head(s->p, s->len, id, id == STU_SECRET_OPTION ? 21 : 17, e));
    uint32_t session = be32(s->block + (id == STU_SECRET_TIMED ? 12 : 0));
    if (session != s->session)
        return err_code(e, RC_PROTOCOL, "PAD_CRYPTO", 0, "a pen report of another session");
    if (id == STU_SECRET_TIMED) {
        out[0] = ten(s->block);
        *n = 1;
        return RC_OK;
    }
    for (size_t i = 0; i < 2; i++) {
        out[i] = six(s->block + 4 + 6 * i);
        if (id == STU_SECRET_OPTION)
            number(&out[i], s->option, be16(s->p + 17 + 2 * i));
    }
    *n = 2;
    return RC_OK;
}

/* ---- words ---- */

void stu_text_read(const uint8_t *p, size_t len, char *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 1; i < len && n + 1 < cap && p[i] > 0x20 && p[i] < 0x7f; i++)
        out[n++] = (char)p[i];
    out[n] = '\0';
}

void stu_model_read(const uint8_t *p, size_t len, char out[10])
{
    stu_text_read(p, len < 10 ? len : 10, out, 10);
}

size_t stu_start(uint8_t out[5], uint32_t session)
{
    out[0] = STU_START;
    for (int i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(session >> (24 - 8 * i));
    return 5;
}

static void rect(uint8_t *out, const struct stu_rect *r)
{
    le16(out, r->left);
    le16(out + 2, r->top);
    le16(out + 4, r->right);
    le16(out + 6, r->bottom);
}

size_t stu_area(uint8_t out[11], uint8_t encoding, const struct stu_rect *r)
{
    out[0] = STU_AREA;
    out[1] = encoding;
    out[2] = 1;
    rect(out + 3, r);
    return 11;
}

size_t stu_writing(uint8_t out[9], const struct stu_rect *r)
{
    out[0] = STU_WRITING;
    rect(out + 1, r);
    return 9;
}

size_t stu_block(uint8_t out[256], const uint8_t *p, size_t len)
{
    memset(out, 0, 256);
    out[0] = STU_BLOCK;
    le16(out + 1, (int)len);
    memcpy(out + 3, p, len);
    return 256;
}

/* ---- encryption of the second generation ---- */

bool stu_suite_parse(const char *word, struct stu_suite *out)
{
    struct stu_suite s = {0};
    char padding[8] = "", rest = 0;
    if (sscanf(word, "AES-%3d/RSA-%4d/%7[A-Z0-9]%c", &s.aes, &s.rsa, padding, &rest) != 3)
        return false;
    s.padding = strcmp(padding, "OAEP") == 0 ? 2 : strcmp(padding, "PKCS1") == 0 ? 1 : 0;
    if ((s.aes != 128 && s.aes != 192 && s.aes != 256) || !s.padding ||
        (s.rsa != 1024 && s.rsa != 1536 && s.rsa != 2048))
        return false;
    *out = s;
    return true;
}

size_t stu_cipher_command(uint8_t out[68], enum stu_cipher command, uint8_t param, uint8_t index)
{
    memset(out, 0, 68);
    out[0] = STU_CIPHER;
    out[1] = (uint8_t)command;
    out[2] = param;
    out[3] = index;
    return 68;
}

size_t stu_cipher_type(uint8_t out[68], const struct stu_suite *s)
{
    return stu_cipher_command(out, STU_SET_TYPE, (uint8_t)((s->aes - 128) / 64),
                              (uint8_t)(s->padding << 6 | (s->rsa - 1024) / 512));
}

size_t stu_cipher_block(uint8_t out[68], enum stu_param what, struct bytes data)
{
    stu_cipher_command(out, STU_SET_BLOCK, (uint8_t)what, (uint8_t)data.len);
    memcpy(out + 4, data.p, data.len);
    return 68;
}

enum rc stu_cipher_status_read(const uint8_t *p, size_t len, struct stu_cipher_status *out, struct err *e)
{
    TRY(head(p, len, STU_CIPHER_STATUS, 9, e));
    *out = (struct stu_cipher_status){.aes = 128 + 64 * p[1],
                                      .rsa = 1024 + 512 * (p[2] & 63),
                                      .padding = p[2] >> 6,
                                      .e = p[4],
                                      .n = p[5],
                                      .c = p[6],
                                      .result = p[7]};
    return RC_OK;
}

enum rc stu_cipher_read(struct bytes report, enum stu_param what, uint8_t *out, size_t cap, size_t *at,
                        struct err *e)
{
    const uint8_t *p = report.p;
    TRY(head(p, report.len, STU_CIPHER, 4, e));
    size_t n = p[3];
    if (p[1] != STU_GET_BLOCK || p[2] != what || n == 0 || n > STU_PARAM_MAX || 4 + n > report.len ||
        *at + n > cap)
        return err_code(e, RC_PROTOCOL, "PAD_CRYPTO", (int64_t)n, "block %d of the pad's key is none", what);
    memcpy(out + *at, p + 4, n);
    *at += n;
    return RC_OK;
}
