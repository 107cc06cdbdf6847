/* What a document says about its holder and itself beside the printed zone: DG7, DG11, DG12 (ICAO
 * 9303-10 4.7). Each element may be missing; the tag list in front is a hint that nobody needs. */
#include "drivers/card/lds.h"

#include <stddef.h>
#include <string.h>

static enum rc bad(struct err *e, const char *name, const char *why)
{
    return err_code(e, RC_PROTOCOL, "FILE_BAD", 0, "%s: %s", name, why);
}

static enum rc outer(const char *name, const uint8_t *p, size_t len, struct tlv *out, struct err *e)
{
    struct err why = {0};
    if (tlv_read(p, len, out, &why) != RC_OK)
        return bad(e, name, why.text);
    return out->tag == lds_by_name(name)->tag ? RC_OK : bad(e, name, "another file");
}

/* Dates are 8 digits as text, or 4 bytes BCD in the first edition; times 14 digits or 7 bytes. */
static void date(const struct tlv *t, char *out, size_t digits)
{
    bool packed = t->len == digits / 2;
    if (!packed && t->len != digits)
        return;
    for (size_t i = 0; i < digits; i++) {
        uint8_t d = packed ? (uint8_t)('0' + (i % 2 ? t->v[i / 2] & 15 : t->v[i / 2] >> 4)) : t->v[i];
        if (d < '0' || d > '9') {
            out[0] = 0;
            return;
        }
        out[i] = (char)d;
    }
    out[digits] = 0;
}

struct row {
    uint32_t tag;
    size_t member;
    size_t digits; /* a date with so many; 0: bytes */
};

static enum rc fill(const char *name, const struct tlv *in, const struct row *rows, size_t n, void *out,
                    struct err *e)
{
    struct tlv t;
    struct err why = {0};
    for (size_t at = 0;;) {
        enum rc rc = tlv_next(in->v, in->len, &at, &t, &why);
        if (rc == RC_NOT_FOUND)
            return RC_OK;
        if (rc != RC_OK)
            return bad(e, name, why.text);
        for (size_t i = 0; i < n; i++) {
            if (rows[i].tag != t.tag)
                continue;
            void *to = (char *)out + rows[i].member;
            if (rows[i].digits)
                date(&t, to, rows[i].digits);
            else
                *(struct bytes *)to = BYTES(t.v, t.len);
        }
    }
}

#define H(m) offsetof(struct lds_holder, m)
enum rc lds_dg11(const uint8_t *p, size_t len, struct lds_holder *out, struct err *e)
{
    static const struct row rows[] = {
        {0x5F0E, H(full_name), 0},   {0x5F10, H(personal_number), 0}, {0x5F2B, H(birth_date), 8},
        {0x5F11, H(birth_place), 0}, {0x5F42, H(address), 0},         {0x5F12, H(telephone), 0},
        {0x5F13, H(profession), 0},  {0x5F14, H(title), 0},           {0x5F15, H(summary), 0},
        {0x5F18, H(custody), 0},
    };
    struct tlv dg;
    struct lds_holder h = {0};
    TRY(outer("DG11", p, len, &dg, e));
    TRY(fill("DG11", &dg, rows, COUNT(rows), &h, e));
    *out = h;
    return RC_OK;
}

#define I(m) offsetof(struct lds_issue, m)
enum rc lds_dg12(const uint8_t *p, size_t len, struct lds_issue *out, struct err *e)
{
    static const struct row rows[] = {
        {0x5F19, I(authority), 0}, {0x5F26, I(date), 8},  {0x5F1B, I(endorsements), 0},
        {0x5F1C, I(exit_tax), 0},  {0x5F55, I(made), 14}, {0x5F56, I(system), 0},
    };
    struct tlv dg;
    struct lds_issue x = {0};
    TRY(outer("DG12", p, len, &dg, e));
    TRY(fill("DG12", &dg, rows, COUNT(rows), &x, e));
    *out = x;
    return RC_OK;
}

/* 67 { 02 count, 5F43 picture ... }: the first one. */
enum rc lds_dg7(const uint8_t *p, size_t len, struct lds_picture *out, struct err *e)
{
    struct tlv dg, t;
    struct lds_size size;
    TRY(outer("DG7", p, len, &dg, e));
    if (tlv_find(dg.v, dg.len, 0x5F43, &t, NULL) != RC_OK || t.len == 0)
        return bad(e, "DG7", "no picture of a signature");
    struct lds_picture picture = {.p = t.v, .len = t.len, .offset = (size_t)(t.v - p), .faces = 1};
    if (lds_picture_size(t.v, t.len, &size, NULL) != RC_OK)
        return bad(e, "DG7", "the picture is neither JPEG nor JPEG 2000");
    picture.kind = size.kind;
    picture.width = size.width;
    picture.height = size.height;
    *out = picture;
    return RC_OK;
}
