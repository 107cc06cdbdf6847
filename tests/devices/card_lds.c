/* The logical data structure of the chip: 9303-10, files of the MF and of the LDS1 eMRTD application. */
#include "tests/devices/card_priv.h"

#include <string.h>

#define OID_PACE_GM "04007F000702020402" /* 0.4.0.127.0.7.2.2.4.2, the cipher follows */
#define OID_CA_ECDH "04007F000702020302" /* 0.4.0.127.0.7.2.2.3.2, the cipher follows */

void card_add_file(struct card *c, uint16_t fid, bool app, const struct buf *content)
{
    must(c->nfiles < FILES_MAX ? 0 : -1);
    c->files[c->nfiles++] = (struct file){.fid = fid,
                                          .sfi = fid == 0x2F01 ? 0x01 : (uint8_t)(fid & 0x1F),
                                          .app = app,
                                          .open = !app,
                                          .p = arena_dup(c->a, content->p, content->len),
                                          .len = content->len};
}

static void put_oid(struct buf *b, const char *prefix, uint8_t last)
{
    uint8_t v[16];
    size_t n = hexbytes(prefix, v, sizeof v);
    v[n] = last;
    tlv(b, 0x06, v, n + 1);
}

/* PACEInfo ::= SEQUENCE { protocol, version 2, parameterId } (9303-11 9.2.1) */
void card_access_infos(struct card *c, struct buf *set)
{
    BUF_SCOPE(info);
    put_oid(&info, OID_PACE_GM, c->cipher->c);
    tlv_int(&info, 2);
    tlv_int(&info, (unsigned)c->curve->id);
    tlv_buf(set, 0x30, &info);
}

static void build_mf(struct card *c)
{
    if (c->conf.pace) {
        BUF_SCOPE(set);
        BUF_SCOPE(file);
        card_access_infos(c, &set);
        tlv_buf(&file, 0x31, &set);
        card_add_file(c, 0x011C, false, &file);
    }
    if (c->conf.extended) { /* EF.ATR/INFO: 7F66 { longest command, longest answer } */
        BUF_SCOPE(sizes);
        BUF_SCOPE(file);
        uint8_t max[2] = {(uint8_t)(c->conf.extended >> 8), (uint8_t)c->conf.extended};
        tlv(&sizes, 0x02, max, 2);
        tlv(&sizes, 0x02, max, 2);
        tlv_hex(&file, 0x47, "F3F1E0");
        tlv_buf(&file, 0x7F66, &sizes);
        card_add_file(c, 0x2F01, false, &file);
    }
}

static void build_com(struct card *c)
{
    BUF_SCOPE(com);
    BUF_SCOPE(file);
    tlv(&com, 0x5F01, "0107", 4);
    tlv(&com, 0x5F36, "040000", 6);
    tlv_hex(&com, 0x5C, c->conf.pace ? "61756E" : "6175");
    tlv_buf(&file, 0x60, &com);
    card_add_file(c, 0x011E, true, &file);
}

static void build_dg1(struct card *c)
{
    BUF_SCOPE(mrz);
    BUF_SCOPE(file);
    tlv(&mrz, 0x5F1F, c->mrz, 90);
    tlv_buf(&file, 0x61, &mrz);
    card_add_file(c, 0x0101, true, &file);
}

/* ISO/IEC 19794-5:2005: record header 14, facial information 20, image information 12, the picture. */
static void face_record(struct card *c, struct buf *out)
{
    unsigned w, h;
    BUF_SCOPE(jpeg);
    face_jpeg(&jpeg, (int)c->conf.look, &w, &h);
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
    put_be(out, 0x0100, 2);                               /* full frontal, JPEG */
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
    card_add_file(c, 0x0102, true, &file);
}

/* 6E { SET { PACEInfo, ChipAuthenticationInfo, ChipAuthenticationPublicKeyInfo } } (9303-11 9.2) */
static void build_dg14(struct card *c)
{
    BUF_SCOPE(set);
    BUF_SCOPE(ca);
    BUF_SCOPE(pk);
    BUF_SCOPE(infos);
    BUF_SCOPE(file);
    /* SET OF in DER order: chip authentication sorts before PACE, the long key comes last */
    put_oid(&ca, OID_CA_ECDH, c->cipher->c);
    tlv_int(&ca, 1);
    tlv_int(&ca, 1); /* key id */
    tlv_buf(&set, 0x30, &ca);
    card_access_infos(c, &set);

    mbedtls_ecp_point q;
    mbedtls_ecp_group g;
    mbedtls_ecp_point_init(&q);
    mbedtls_ecp_group_init(&g);
    fixed_key(c->mrz, c->curve, &g, &c->ca_key, &q);
    put_oid(&pk, "04007F0007020201", 2);
    spki(&pk, c->curve, &q, true);
    tlv_int(&pk, 1);
    tlv_buf(&set, 0x30, &pk);
    mbedtls_ecp_point_free(&q);
    mbedtls_ecp_group_free(&g);

    tlv_buf(&infos, 0x31, &set);
    tlv_buf(&file, 0x6E, &infos);
    card_add_file(c, 0x010E, true, &file);
}

void lds_build(struct card *c)
{
    build_mf(c);
    build_com(c);
    build_dg1(c);
    build_dg2(c);
    if (c->conf.pace)
        build_dg14(c);
    BUF_SCOPE(sod);
    sod_build(c, &sod);
    card_add_file(c, 0x011D, true, &sod);
}
