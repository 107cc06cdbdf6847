/* Files that not every document has: DG7, DG11, DG12 (9303-10 4.7), and the address of the Romanian card
 * behind its PIN (seen, not specified). Also a picture in JPEG 2000. */
#include "tests/devices/card_priv.h"

#include <stdio.h>
#include <string.h>

static void text(struct buf *b, unsigned tag, const char *s)
{
    tlv(b, tag, s, strlen(s));
}

static void dg7(struct card *c)
{
    unsigned w, h;
    BUF_SCOPE(picture);
    BUF_SCOPE(in);
    BUF_SCOPE(file);
    face_jpeg(&picture, 1, &w, &h);
    tlv_int(&in, 1);
    tlv_buf(&in, 0x5F43, &picture);
    tlv_buf(&file, 0x67, &in);
    card_add_file(c, 0x0107, APP_LDS, &file);
}

static void dg11(struct card *c)
{
    char date[9];
    const char *b = c->conf.person.birth_date;
    BUF_SCOPE(in);
    BUF_SCOPE(file);
    snprintf(date, sizeof date, "%.4s%.2s%.2s", b, b + 5, b + 8);
    tlv_hex(&in, 0x5C, "5F0E5F105F2B5F115F42");
    text(&in, 0x5F0E, "POPESCU<<ANA<MARIA");
    text(&in, 0x5F10, c->conf.person.cnp);
    text(&in, 0x5F2B, date);
    text(&in, 0x5F11, "CLUJ-NAPOCA<ROU");
    text(&in, 0x5F42, "STR. MIHAI VITEAZUL 3<TURDA<CJ");
    tlv_buf(&file, 0x6B, &in);
    card_add_file(c, 0x010B, APP_LDS, &file);
}

static void dg12(struct card *c)
{
    BUF_SCOPE(in);
    BUF_SCOPE(file);
    tlv_hex(&in, 0x5C, "5F195F26");
    text(&in, 0x5F19, "SPCLEP CLUJ-NAPOCA");
    tlv_hex(&in, 0x5F26, "20240520"); /* BCD, as the first edition had it */
    tlv_buf(&file, 0x6C, &in);
    card_add_file(c, 0x010C, APP_LDS, &file);
}

/* SEQUENCE of context-tagged UTF-8, a part between commas each. */
static void edata(struct card *c)
{
    BUF_SCOPE(in);
    BUF_SCOPE(file);
    unsigned tag = 0x80;
    for (const char *p = c->conf.address, *end; *p; p = *end ? end + 2 : end) {
        end = strstr(p, ", ");
        end = end ? end : p + strlen(p);
        tlv(&in, tag++, p, (size_t)(end - p));
    }
    tlv_buf(&file, 0x30, &in);
    card_add_file(c, 0x0106, APP_EDATA, &file);
}

void lds_extras(struct card *c)
{
    if (c->conf.extras) {
        dg7(c);
        dg11(c);
        dg12(c);
    }
    if (c->conf.pin)
        edata(c);
}

/* ISO 15444-1 A.5.1: start, image and tile size, then nothing that anybody would draw. */
void face_jp2(struct buf *out, unsigned *width, unsigned *height)
{
    *width = 240;
    *height = 320;
    put_be(out, 0xFF4F, 2);
    put_be(out, 0xFF51, 2);
    put_be(out, 38 + 3 * 3, 2);
    put_be(out, 0, 2);
    put_be(out, *width, 4);
    put_be(out, *height, 4);
    put_be(out, 0, 4);
    put_be(out, 0, 4);
    put_be(out, *width, 4);
    put_be(out, *height, 4);
    put_be(out, 0, 4);
    put_be(out, 0, 4);
    put_be(out, 3, 2);
    for (int i = 0; i < 3; i++)
        put_be(out, 0x070101, 3);
    for (unsigned i = 0; i < 12000; i++)
        buf_chr(out, (char)((i * 31 + i / 7) % 251));
    put_be(out, 0xFFD9, 2);
}
