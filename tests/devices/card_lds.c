/* The logical data structure of the chip: 9303-10, files of the MF and of the LDS1 eMRTD application. */
#include "tests/devices/card_priv.h"

#include <string.h>

void card_add_file(struct card *c, uint16_t fid, int app, const struct buf *content)
{
    must(c->nfiles < FILES_MAX ? 0 : -1);
    c->files[c->nfiles++] = (struct file){.fid = fid,
                                          .sfi = fid == 0x2F01 ? 0x01 : (uint8_t)(fid & 0x1F),
                                          .app = app,
                                          .open = app == APP_MF,
                                          .p = arena_dup(c->a, content->p, content->len),
                                          .len = content->len};
}

/* PACEInfo ::= SEQUENCE { protocol, version 2, parameterId } (9303-11 9.2.1) */
void card_access_infos(struct card *c, struct buf *set)
{
    uint8_t oid[10];
    protocol_oid(c, 4, oid);
    for (int64_t i = 0; i <= c->conf.offers; i++) { /* those in front: parameters that nobody knows */
        BUF_SCOPE(info);
        tlv(&info, 0x06, oid, sizeof oid);
        tlv_int(&info, 2);
        tlv_int(&info, i < c->conf.offers ? 100 + (unsigned)i : (unsigned)c->curve->id);
        tlv_buf(set, 0x30, &info);
    }
}

/* A card whose EF.CardAccess is not what was signed: AES-256 over brainpoolP512r1 beside it, or instead. */
void card_signed_infos(struct card *c, struct buf *set)
{
    const char *how = c->conf.signed_pace ? c->conf.signed_pace : "same";
    if (strcmp(how, "same") == 0 || strcmp(how, "more") == 0)
        card_access_infos(c, set);
    if (strcmp(how, "more") == 0 || strcmp(how, "other") == 0)
        tlv_hex(set, 0x30, "060A04007F00070202040204020102020111");
}

static void build_mf(struct card *c)
{
    if (c->conf.pace) {
        BUF_SCOPE(set);
        BUF_SCOPE(file);
        card_access_infos(c, &set);
        tlv_buf(&file, 0x31, &set);
        card_add_file(c, 0x011C, APP_MF, &file);
    }
    if (c->conf.extended) { /* EF.ATR/INFO: 7F66 { longest command, longest answer } */
        BUF_SCOPE(sizes);
        BUF_SCOPE(file);
        uint8_t max[2] = {(uint8_t)(c->conf.extended >> 8), (uint8_t)c->conf.extended};
        tlv(&sizes, 0x02, max, 2);
        tlv(&sizes, 0x02, max, 2);
        tlv_hex(&file, 0x47, "F3F1E0");
        tlv_buf(&file, 0x7F66, &sizes);
        card_add_file(c, 0x2F01, APP_MF, &file);
    }
}

static bool hidden(const struct card *c, uint16_t fid)
{
    return c->conf.unlisted && (fid == 0x010E || fid == 0x010F);
}

static void build_com(struct card *c)
{
    static const uint8_t tags[] = {0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68,
                                   0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70};
    BUF_SCOPE(list);
    BUF_SCOPE(com);
    BUF_SCOPE(file);
    for (size_t i = 0; i < c->nfiles; i++) {
        uint16_t fid = c->files[i].fid;
        if (c->files[i].app == APP_LDS && fid >= 0x0101 && fid <= 0x0110 && !hidden(c, fid))
            buf_chr(&list, (char)tags[fid - 0x0101]);
    }
    tlv(&com, 0x5F01, "0107", 4);
    tlv(&com, 0x5F36, "040000", 6);
    tlv_buf(&com, 0x5C, &list);
    tlv_buf(&file, 0x60, &com);
    card_add_file(c, 0x011E, APP_LDS, &file);
}

static void build_dg1(struct card *c)
{
    BUF_SCOPE(mrz);
    BUF_SCOPE(file);
    tlv(&mrz, 0x5F1F, c->mrz, 90);
    tlv_buf(&file, 0x61, &mrz);
    card_add_file(c, 0x0101, APP_LDS, &file);
}

#define DG2_AROUND 96 /* bytes of DG2 that are no picture, about */

/* ISO/IEC 19794-5:2005: record header 14, facial information 20, image information 12, the picture. */
static void face_record(struct card *c, struct buf *out)
{
    unsigned w, h;
    BUF_SCOPE(jpeg);
    if (c->conf.jp2)
        face_jp2(&jpeg, &w, &h);
    else
        face_jpeg(&jpeg, (int)c->conf.look, &w, &h);
    while (jpeg.len + DG2_AROUND < (size_t)c->conf.dg2)
        buf_chr(&jpeg, 0); /* behind the end of the picture: some issuers fill up, too */
    buf_add(out,
            "FAC\0"
            "010\0",
            8);
    put_be(out, (uint32_t)(14 + 20 + 12 + jpeg.len), 4);
    put_be(out, 1, 2);
    put_be(out, (uint32_t)(20 + 12 + jpeg.len), 4);
    put_be(out, 0, 2);                                    /* no feature points */
    put_be(out, c->conf.person.sex[0] == 'F' ? 2 : 1, 1); /* 1 male, 2 female */
    put_be(out, 0, 2);                                    /* eye and hair colour: not said */
    put_be(out, 0, 3);                                    /* feature mask */
    put_be(out, 0, 2);                                    /* expression */
    put_be(out, 0, 3);                                    /* pose */
    put_be(out, 0, 3);                                    /* its uncertainty */
    put_be(out, c->conf.jp2 ? 0x0101 : 0x0100, 2);        /* full frontal, JPEG or JPEG 2000 */
    put_be(out, w, 2);
    put_be(out, h, 2);
    put_be(out, 0x0102, 2); /* RGB 24 bit; photograph from a digital camera */
    put_be(out, 0, 2);
    put_be(out, 0, 2);
    buf_add(out, jpeg.p, jpeg.len);
}

/* 75 { 7F61 { 02 count, 7F60 { A1 header, 5F2E record } } } */
static void build_dg2(struct card *c)
{
    BUF_SCOPE(header);
    BUF_SCOPE(record);
    BUF_SCOPE(one);
    BUF_SCOPE(group);
    BUF_SCOPE(outer);
    BUF_SCOPE(file);
    tlv_hex(&header, 0x80, "0101"); /* ICAO header version */
    tlv_hex(&header, 0x81, "02");   /* facial features */
    tlv_hex(&header, 0x82, "00");
    tlv_hex(&header, 0x87, "0101"); /* format owner ISO/IEC JTC 1/SC 37 */
    tlv_hex(&header, 0x88, "0008"); /* format type: face image */
    face_record(c, &record);
    tlv_buf(&one, 0xA1, &header);
    tlv_buf(&one, 0x5F2E, &record);
    tlv_int(&group, 1);
    tlv_buf(&group, 0x7F60, &one);
    tlv_buf(&outer, 0x7F61, &group);
    tlv_buf(&file, 0x75, &outer);
    card_add_file(c, 0x0102, APP_LDS, &file);
}

/* 6E { SET { PACEInfo, ChipAuthenticationInfo, ChipAuthenticationPublicKeyInfo, ... } } (9303-11 9.2) */
static void build_dg14(struct card *c)
{
    BUF_SCOPE(set);
    BUF_SCOPE(infos);
    BUF_SCOPE(file);
    chip_infos(c, &set);
    if (c->conf.pace)
        card_signed_infos(c, &set);
    if (set.len == 0)
        return;
    tlv_buf(&infos, 0x31, &set);
    tlv_buf(&file, 0x6E, &infos);
    card_add_file(c, 0x010E, APP_LDS, &file);
}

static void build_dg15(struct card *c)
{
    BUF_SCOPE(key);
    BUF_SCOPE(file);
    if (!c->conf.aa || strcmp(c->conf.aa, "none") == 0)
        return;
    chip_dg15(c, &key);
    tlv_buf(&file, 0x6F, &key);
    card_add_file(c, 0x010F, APP_LDS, &file);
}

void lds_build(struct card *c)
{
    build_mf(c);
    build_dg1(c);
    build_dg2(c);
    build_dg14(c);
    build_dg15(c);
    lds_extras(c);
    build_com(c);
    BUF_SCOPE(sod);
    sod_build(c, &sod);
    card_add_file(c, 0x011D, APP_LDS, &sod);
    if (c->conf.mapping && strcmp(c->conf.mapping, "CAM") == 0 && !security_is(c, "none")) {
        BUF_SCOPE(security);
        card_security_build(c, &security);
        card_add_file(c, 0x011D, APP_MF, &security);
        c->files[c->nfiles - 1].open = false; /* after PACE */
    }
    for (size_t i = 0; i < c->nfiles; i++)
        if (c->files[i].app == APP_LDS && hidden(c, c->files[i].fid))
            c->files[i].fid = c->files[i].sfi = 0;
}
