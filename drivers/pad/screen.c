#include "drivers/pad/screen.h"

#include <string.h>

#include <zlib.h>

#include "common/base/clock.h"
#include "common/base/text.h"

static bool light(uint32_t rgb)
{
    return (rgb >> 16 & 255) * 3 + (rgb >> 8 & 255) * 6 + (rgb & 255) > 1280;
}

static void row_mono(const struct picture *q, int y, struct buf *out)
{
    bool on = light(q->on), off = light(q->off);
    for (int x = 0; x < q->bits->w; x += 8) {
        unsigned byte = 0;
        for (int i = 0; i < 8; i++)
            byte |= (unsigned)(bitmap_get(q->bits, x + i, y) ? on : off) << (7 - i);
        buf_chr(out, (char)byte);
    }
}

static void row_rgb16(const struct picture *q, int y, struct buf *out)
{
    for (int x = 0; x < q->bits->w; x++) {
        uint32_t c = bitmap_get(q->bits, x, y) ? q->on : q->off;
        unsigned v = (c >> 8 & 0xf800) | (c >> 5 & 0x07e0) | (c >> 3 & 0x001f);
        buf_add(out, (const uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8)}, 2);
    }
}

static void row_bgr24(const struct picture *q, int y, struct buf *out)
{
    for (int x = 0; x < q->bits->w; x++) {
        uint32_t c = bitmap_get(q->bits, x, y) ? q->on : q->off;
        buf_add(out, (const uint8_t[]){(uint8_t)c, (uint8_t)(c >> 8), (uint8_t)(c >> 16)}, 3);
    }
}

static void pack(struct buf *b)
{
    uLongf n = compressBound((uLong)b->len);
    BUF_SCOPE(out);
    uint8_t *room = NULL;
    for (size_t i = 0; i < n; i += 64)
        buf_add(&out, (const uint8_t[64]){0}, 64);
    room = (uint8_t *)out.p;
    if (compress2(room, &n, (const Bytef *)b->p, (uLong)b->len, Z_BEST_COMPRESSION) != Z_OK)
        return;
    buf_reset(b);
    buf_add(b, room, n);
}

void pad_encode(const struct picture *q, uint8_t encoding, struct buf *out)
{
    for (int y = 0; y < q->bits->h; y++) {
        if (encoding == STU_ENC_BGR24)
            row_bgr24(q, y, out);
        else if (encoding == STU_ENC_RGB16)
            row_rgb16(q, y, out);
        else
            row_mono(q, y, out);
    }
    if (encoding == STU_ENC_ZLIB)
        pack(out);
}

void pad_encodings(struct pad_link *p, const struct jval *profile)
{
    static const struct {
        const char *word;
        int can;
    } rows[] = {
        {"1bit", STU_CAN_MONO}, {"16bit", STU_CAN_RGB16}, {"24bit", STU_CAN_BGR24}, {"zlib", STU_CAN_ZLIB}};
    const struct jval *list = jval_get(profile, "encodings");
    int can = p->cap.encodings & (STU_CAN_MONO | STU_CAN_RGB16 | STU_CAN_BGR24), listed = 0;
    for (size_t i = 0; list && list->kind == JV_ARR && i < list->n; i++)
        for (size_t k = 0; k < COUNT(rows); k++)
            if (list->items[i].kind == JV_STR && strcmp(list->items[i].s, rows[k].word) == 0)
                listed |= rows[k].can;
    /* Old pads say nothing of their encodings. Packed pictures need the pad's word and the row's. */
    can = can ? can : listed & ~STU_CAN_ZLIB;
    can = can ? can : STU_CAN_MONO;
    bool zlib = (listed & STU_CAN_ZLIB) && (p->cap.encodings & STU_CAN_ZLIB);
    p->colour = can & STU_CAN_RGB16 ? STU_ENC_RGB16 : can & STU_CAN_BGR24 ? STU_ENC_BGR24 : STU_ENC_MONO;
    p->text = can & STU_CAN_MONO ? zlib ? STU_ENC_ZLIB : STU_ENC_MONO : p->colour;
    p->colour = p->colour == STU_ENC_MONO ? p->text : p->colour;
    uint16_t size = 0;
    p->out = jval_bool(profile, "bulk", false) ? bus_endpoint(p->bus, BUS_BULK, false, &size) : 0;
    if (!p->out && jval_bool(profile, "bulk", false))
        p->out = bus_endpoint(p->bus, BUS_INTERRUPT, false, &size);
}

static enum rc by_report(struct pad_link *p, const struct buf *b, struct err *e)
{
    uint8_t block[256];
    for (size_t at = 0; at < b->len; at += STU_BLOCK_MAX) {
        size_t n = b->len - at < STU_BLOCK_MAX ? b->len - at : STU_BLOCK_MAX;
        TRY(pad_set(p, block, stu_block(block, (const uint8_t *)b->p + at, n), e));
    }
    return RC_OK;
}

static enum rc by_bulk(struct pad_link *p, const struct buf *b, int64_t until, struct err *e)
{
    uint8_t block[3 + STU_BULK_MAX];
    for (size_t at = 0; at < b->len; at += STU_BULK_MAX) {
        size_t n = b->len - at < STU_BULK_MAX ? b->len - at : STU_BULK_MAX;
        block[0] = STU_BLOCK;
        block[1] = (uint8_t)n;
        block[2] = (uint8_t)(n >> 8);
        memcpy(block + 3, b->p + at, n);
        TRY(bus_write(p->bus, p->out, block, 3 + n, until, e));
    }
    return RC_OK;
}

struct screen {
    struct pad_link *p;
    struct buf shown; /* what is hashed: its hash so far and the next piece */
    int64_t until;
    bool parts;
};

/* One hash over everything without keeping the pictures: each step hashes the step before and the new bytes.
 */
static void note(struct screen *s, const void *p, size_t len)
{
    uint8_t hash[SHA256_LEN];
    buf_add(&s->shown, p, len);
    sha256(hash, s->shown.p, s->shown.len);
    buf_reset(&s->shown);
    buf_add(&s->shown, hash, sizeof(hash));
}

static enum rc send(struct screen *s, const struct picture *q, uint8_t encoding, struct err *e)
{
    struct pad_link *p = s->p;
    BUF_SCOPE(bytes);
    uint8_t head[11] = {STU_IMAGE}, way = (uint8_t)(encoding | (p->out ? STU_ENC_BULK : 0));
    const struct stu_rect r = {q->x, q->y, q->x + q->bits->w - 1, q->y + q->bits->h - 1};
    head[1] = way;
    size_t n = s->parts ? stu_area(head, way, &r) : 2;
    if (mono_ms() >= s->until)
        return err_code(e, RC_TIMEOUT, "PAD_GRAPHICS", 0, "the screen took more than %d ms", PAD_IMAGE_MS);
    pad_encode(q, encoding, &bytes);
    TRY(pad_order(p, head, n, e));
    enum rc rc = p->out ? by_bulk(p, &bytes, s->until, e) : by_report(p, &bytes, e);
    if (rc != RC_OK) {
        struct err quiet = {0};
        enum rc gone = rc == RC_LINK_LOST || rc == RC_CANCELLED ? rc : pad_set1(p, STU_IMAGE_END, 1, &quiet);
        return gone == RC_LINK_LOST ? gone : rc;
    }
    struct stu_status now;
    TRY(pad_order(p, (const uint8_t[]){STU_IMAGE_END, 0}, 2, e));
    TRY(pad_wait(p, &now, e));
    note(s, head, n);
    note(s, bytes.p, bytes.len);
    return RC_OK;
}

/* A pad that does not take pictures by its OUT endpoint, though its row says so, gets them by reports. */
static enum rc draw(struct screen *s, const struct picture *q, uint8_t encoding, struct err *e)
{
    enum rc rc = send(s, q, encoding, e);
    if (rc == RC_OK || rc == RC_LINK_LOST || rc == RC_CANCELLED || !s->p->out)
        return rc;
    s->p->out = 0;
    return send(s, q, encoding, e);
}

enum rc pad_show(struct pad_link *p, struct arena *a, const struct face *f, char shown[SIGNATURE_HEX],
                 struct err *e)
{
    struct screen s = {.p = p, .until = mono_ms() + PAD_IMAGE_MS, .parts = pad_has(p, HID_FEATURE, STU_AREA)};
    const struct screen_size size = {p->cap.width, p->cap.height, false};
    enum rc rc = RC_OK;
    note(&s, "pridvor.pad.screen.1", 20);
    if (!s.parts) {
        const struct picture whole = {face_whole(a, f, &size), 0, 0, 0x000000, 0xffffff};
        rc = draw(&s, &whole, p->text, e);
    }
    for (size_t i = 0; s.parts && rc == RC_OK && i < f->n; i++) {
        const struct picture *q = &f->part[i];
        bool plain = q->on == 0x000000 && q->off == 0xffffff;
        rc = draw(&s, q, plain ? p->text : p->colour, e);
    }
    if (rc == RC_OK)
        hex_encode(shown, (const uint8_t *)s.shown.p, SHA256_LEN);
    buf_free(&s.shown);
    return rc;
}
