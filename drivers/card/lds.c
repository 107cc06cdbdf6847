#include "drivers/card/lds.h"

#include <string.h>

static const struct lds_file files[] = {
    {"COM", 0x011E, 0x60, 0},   {"SOD", 0x011D, 0x77, 0},   {"DG1", 0x0101, 0x61, 1},
    {"DG2", 0x0102, 0x75, 2},   {"DG3", 0x0103, 0x63, 3},   {"DG4", 0x0104, 0x76, 4},
    {"DG5", 0x0105, 0x65, 5},   {"DG6", 0x0106, 0x66, 6},   {"DG7", 0x0107, 0x67, 7},
    {"DG8", 0x0108, 0x68, 8},   {"DG9", 0x0109, 0x69, 9},   {"DG10", 0x010A, 0x6A, 10},
    {"DG11", 0x010B, 0x6B, 11}, {"DG12", 0x010C, 0x6C, 12}, {"DG13", 0x010D, 0x6D, 13},
    {"DG14", 0x010E, 0x6E, 14}, {"DG15", 0x010F, 0x6F, 15}, {"DG16", 0x0110, 0x70, 16},
};

const struct lds_file *lds_by_name(const char *name)
{
    for (size_t i = 0; i < COUNT(files); i++)
        if (strcmp(files[i].name, name) == 0)
            return &files[i];
    return NULL;
}

const struct lds_file *lds_by_tag(uint32_t tag)
{
    for (size_t i = 0; i < COUNT(files); i++)
        if (files[i].tag == tag)
            return &files[i];
    return NULL;
}

/* Whatever is wrong with a file's bytes is FILE_BAD; the text keeps the reason and names the file. */
static enum rc bad(struct err *e, const char *name, const struct err *why)
{
    return err_code(e, RC_PROTOCOL, "FILE_BAD", 0, "%s: %s", name, why->text);
}

static enum rc bad_text(struct err *e, const char *name, const char *why)
{
    return err_code(e, RC_PROTOCOL, "FILE_BAD", 0, "%s: %s", name, why);
}

enum rc lds_length(const struct lds_file *f, const uint8_t *p, size_t len, size_t *total, struct err *e)
{
    struct err why = {0};
    struct tlv t;
    if (tlv_head(p, len, &t, &why) != RC_OK)
        return bad(e, f->name, &why);
    if (t.tag != f->tag)
        return err_code(e, RC_PROTOCOL, "FILE_BAD", 0, "%s: starts with tag %X instead of %X", f->name,
                        (unsigned)t.tag, (unsigned)f->tag);
    if (t.len + t.head > LDS_FILE_MAX)
        return err_code(e, RC_PROTOCOL, "FILE_BAD", 0, "%s: says it has %zu bytes", f->name, t.len + t.head);
    *total = t.head + t.len;
    return RC_OK;
}

/* The value of the outermost object, which must be the whole file. */
static enum rc outer(const char *name, uint32_t tag, const uint8_t *p, size_t len, struct tlv *out,
                     struct err *e)
{
    struct err why = {0};
    struct tlv t;
    if (tlv_read(p, len, &t, &why) != RC_OK)
        return bad(e, name, &why);
    if (t.tag != tag)
        return err_code(e, RC_PROTOCOL, "FILE_BAD", 0, "%s: starts with tag %X instead of %X", name,
                        (unsigned)t.tag, (unsigned)tag);
    if (t.head + t.len != len)
        return err_code(e, RC_PROTOCOL, "FILE_BAD", 0, "%s: %zu bytes behind its end", name,
                        len - t.head - t.len);
    *out = t;
    return RC_OK;
}

static enum rc inner(const char *name, uint32_t tag, const struct tlv *in, struct tlv *out, struct err *e)
{
    struct err why = {0};
    struct tlv t;
    if (tlv_find(in->v, in->len, tag, &t, &why) != RC_OK)
        return bad(e, name, &why);
    *out = t;
    return RC_OK;
}

enum rc lds_com(const uint8_t *p, size_t len, struct lds_com *out, struct err *e)
{
    struct tlv com, version, list;
    TRY(outer("COM", 0x60, p, len, &com, e));
    TRY(inner("COM", 0x5F01, &com, &version, e));
    TRY(inner("COM", 0x5C, &com, &list, e));
    if (version.len != 4)
        return bad_text(e, "COM", "the version has not 4 characters");
    struct lds_com c = {0};
    memcpy(c.version, version.v, 4);
    for (size_t i = 0; i < list.len; i++) {
        const struct lds_file *f = lds_by_tag(list.v[i]);
        if (f && f->fid >= 0x0101 && f->fid <= 0x0110)
            c.groups |= 1u << (f->fid & 0xFF);
    }
    *out = c;
    return RC_OK;
}

enum rc lds_dg1(const uint8_t *p, size_t len, struct mrz *out, struct err *e)
{
    struct tlv dg, text;
    struct err why = {0};
    TRY(outer("DG1", 0x61, p, len, &dg, e));
    TRY(inner("DG1", 0x5F1F, &dg, &text, e));
    if (mrz_parse((const char *)text.v, text.len, out, NULL, &why) != RC_OK)
        return bad(e, "DG1", &why);
    return RC_OK;
}

static unsigned be(const uint8_t *p, int n)
{
    unsigned v = 0;
    while (n-- > 0)
        v = v << 8 | *p++;
    return v;
}

/* ISO 19794-5:2005: general header 14, facial information 20, 8 for each feature point, image information 12.
 */
static enum rc face(const uint8_t *file, const struct tlv *block, struct lds_picture *out, struct err *e)
{
    const uint8_t *p = block->v;
    if (block->len < 14 || memcmp(p, "FAC", 4) != 0)
        return bad_text(e, "DG2", "no face record (FAC)");
    size_t record = be(p + 8, 4);
    out->faces = be(p + 12, 2);
    if (record > block->len || record < 14 + 20 + 12 || out->faces == 0)
        return bad_text(e, "DG2", "the face record has a wrong length");
    size_t face_len = be(p + 14, 4), points = be(p + 18, 2);
    if (face_len > record - 14 || face_len < 20 + 12 + points * 8)
        return bad_text(e, "DG2", "the face has a wrong length");
    const uint8_t *image = p + 14 + 20 + points * 8;
    struct lds_size own;
    bool known = lds_picture_size(image + 12, face_len - 20 - points * 8 - 12, &own, NULL) == RC_OK;
    if (!known && image[1] > 1)
        return bad_text(e, "DG2", "the picture is neither JPEG nor JPEG 2000");
    out->kind = image[1] == 0 ? PICTURE_JPEG : PICTURE_JPEG2000;
    out->width = be(image + 2, 2);
    out->height = be(image + 4, 2);
    if (known) {
        out->kind = own.kind;
        out->width = own.width;
        out->height = own.height;
    }
    out->p = image + 12;
    out->len = face_len - 20 - points * 8 - 12;
    out->offset = (size_t)(out->p - file);
    return RC_OK;
}

enum rc lds_dg2(const uint8_t *p, size_t len, struct lds_picture *out, struct err *e)
{
    struct tlv dg, group, one, block;
    TRY(outer("DG2", 0x75, p, len, &dg, e));
    TRY(inner("DG2", 0x7F61, &dg, &group, e));
    TRY(inner("DG2", 0x7F60, &group, &one, e));
    if (tlv_find(one.v, one.len, 0x5F2E, &block, NULL) != RC_OK)
        TRY(inner("DG2", 0x7F2E, &one, &block, e));
    struct lds_picture picture = {0};
    TRY(face(p, &block, &picture, e));
    *out = picture;
    return RC_OK;
}

static enum rc security_set(const char *name, const uint8_t *p, size_t len, struct security_infos *out,
                            struct err *e)
{
    struct security_infos all = {0};
    struct tlv set, seq;
    struct err why = {0};
    TRY(outer(name, 0x31, p, len, &set, e));
    for (size_t at = 0;;) {
        enum rc rc = tlv_next(set.v, set.len, &at, &seq, &why);
        if (rc == RC_NOT_FOUND)
            break;
        if (rc != RC_OK)
            return bad(e, name, &why);
        struct tlv oid;
        if (seq.tag != 0x30 || tlv_read(seq.v, seq.len, &oid, NULL) != RC_OK || oid.tag != 0x06)
            return bad_text(e, name, "a security info that does not start with an OID");
        if (all.n == SECURITY_INFOS_MAX)
            return bad_text(e, name, "too many security infos");
        size_t used = oid.head + oid.len;
        all.info[all.n++] = (struct security_info){oid.v, oid.len, seq.v + used, seq.len - used};
    }
    *out = all;
    return RC_OK;
}

enum rc lds_security_infos(const uint8_t *p, size_t len, struct security_infos *out, struct err *e)
{
    return security_set("CardAccess", p, len, out, e);
}

enum rc lds_dg14(const uint8_t *p, size_t len, struct security_infos *out, struct err *e)
{
    struct tlv dg;
    TRY(outer("DG14", 0x6E, p, len, &dg, e));
    return security_set("DG14", dg.v, dg.len, out, e);
}
