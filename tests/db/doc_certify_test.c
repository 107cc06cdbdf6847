/* Certified copies through registryd, several at once, of papers as large as they may be: neither a paper nor
 * its copy is ever whole in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "backend/store.h"
#include "backend/zip.h"
#include "common/base/pdf.h"
#include "tests/db/slow.h"

enum {
    AT_ONCE = 4,
    LARGE = STORE_FILE_MAX - (64 << 10),
    SHEETS = 20,
    EACH_KB = 2 << 10, /* of registryd's memory: fonts, cairo's part of the new file */
    SHEET_W = 2480,    /* A4 at 300 dpi */
    SHEET_H = 3508,
};

static struct desk_rig rig;
static struct browser ana;

static struct store_place place(void)
{
    static char dir[300];
    snprintf(dir, sizeof dir, "%s/blobs", rig.s.dir);
    return (struct store_place){dir, 1};
}

static int setup(void **state)
{
    (void)state;
    if (!desk_rig_make(&rig))
        exit(77);
    desk_hand(&rig, &ana, "ana", "clerk", "uat-1");
    assert_int_equal(desk_post(&ana, "/api/register/entries",
                               "{\"direction\":\"in\",\"service\":\"petition.general\",\"correspondent\":"
                               "\"Câmpean Ion\",\"subject\":\"Gard\"}",
                               NULL),
                     200);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    desk_leave(&ana);
    desk_rig_free(&rig);
    return 0;
}

static void noise(uint8_t *p, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525U + 1013904223U;
        p[i] = (uint8_t)(seed >> 24);
    }
}

/* As the kiosk files it: so many sheets, together nearly as large as a file may be. */
static void scan(struct buf *out, uint32_t seed)
{
    static const uint8_t head[] = {0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0, 40, 0, 30, 1, 1,
                                   0x11, 0,    0xFF, 0xDA, 0, 8,  1, 1, 0,  0, 63, 0};
    struct pdf_page pages[SHEETS];
    struct err e = {0};
    const size_t len = LARGE / SHEETS;

    for (size_t i = 0; i < SHEETS; i++) {
        uint8_t *jpeg = arena_alloc(rig.a, len);
        noise(jpeg, len, seed + (uint32_t)i);
        memcpy(jpeg, head, sizeof head);
        pages[i] =
            (struct pdf_page){.data = BYTES(jpeg, len), .width = 30, .height = 40, .channels = 1, .dpi = 100};
    }
    const struct pdf_doc doc = {"Hârtie", "ro", 1795334400000, pages, SHEETS};
    assert_int_equal(pdf_write(&doc, out, &e), RC_OK);
}

static void chunk(struct buf *b, const char *type, const void *p, size_t n)
{
    const uint8_t len[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    size_t at = b->len + 4;

    buf_add(b, len, 4);
    buf_str(b, type);
    buf_add(b, p, n);
    uint32_t c = crc32_of(b->p + at, n + 4);
    const uint8_t sum[4] = {(uint8_t)(c >> 24), (uint8_t)(c >> 16), (uint8_t)(c >> 8), (uint8_t)c};
    buf_add(b, sum, 4);
}

/* A sheet in colour: 26 MB of dots, of which the first 4.9 are noise. */
static void picture(struct buf *out, uint32_t seed)
{
    const uint8_t head[13] = {0, 0, SHEET_W >> 8, SHEET_W & 255, 0, 0, SHEET_H >> 8, SHEET_H & 255, 8, 2, 0,
                              0, 0};
    const size_t row = 3 * SHEET_W + 1, len = row * SHEET_H;
    uLongf packed = compressBound(len);
    uint8_t *raw = calloc(1, len), *z = malloc(packed);

    for (size_t i = 0; i < (size_t)LARGE / row - 5; i++)
        noise(raw + i * row + 1, row - 1, seed + (uint32_t)i);
    assert_int_equal(compress2(z, &packed, raw, len, 1), Z_OK);
    buf_add(out, "\x89PNG\r\n\x1A\n", 8);
    chunk(out, "IHDR", head, sizeof head);
    for (size_t at = 0; at < packed; at += 8192)
        chunk(out, "IDAT", z + at, packed - at < 8192 ? packed - at : 8192);
    chunk(out, "IEND", "", 0);
    free(raw);
    free(z);
}

/* Another's PDF, which lies inside the copy as it is. */
static void foreign(struct buf *out, uint32_t seed)
{
    uint8_t *b = malloc(LARGE);

    noise(b, LARGE, seed);
    buf_str(out, "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n2 0 obj<</Length 0>>stream\n");
    buf_add(out, b, LARGE);
    buf_str(out, "\nendstream endobj\nstartxref\n9\n%%EOF\n");
    free(b);
}

static const struct sort {
    const char *type;
    void (*make)(struct buf *out, uint32_t seed);
    const char *tool, *says; /* of the copy */
} sorts[] = {
    {"application/pdf", scan, "pdfimages -list %s | grep -c jpeg", "20"},
    {"image/png", picture, "pdfimages -list %s", "2480  3508  rgb     3   8  image"},
    {"application/pdf", foreign, "qpdf --list-attachments %s", "original.pdf"},
};

static const char *ask_tool(const struct buf *pdf, const char *tool)
{
    char name[320], cmd[700];
    static char said[4000];

    snprintf(name, sizeof name, "%s/copy.pdf", rig.s.dir);
    FILE *f = fopen(name, "w");
    assert_int_equal(fwrite(pdf->p, 1, pdf->len, f), pdf->len);
    fclose(f);
    const char *place_of = strstr(tool, "%s");
    snprintf(cmd, sizeof cmd, "%.*s%s%s 2>&1", (int)(place_of - tool), tool, name, place_of + 2);
    f = popen(cmd, "r");
    said[fread(said, 1, sizeof said - 1, f)] = 0;
    pclose(f);
    return said;
}

/* The copy's own document; what came with the parent is in it. */
static void looked_at(const struct sort *t, const struct slow *r, const struct buf *said)
{
    char path[80];
    BUF_SCOPE(pdf);

    if (strncmp(r->text, "HTTP/1.1 200", 12) != 0)
        fail_msg("%s: %s%s", t->type, r->text, said->p);
    snprintf(path, sizeof path, "/api/documents/%.36s", strstr(said->p, "\"id\":\"") + 6);
    assert_int_equal(desk_get(&ana, path, &pdf), 200);
    assert_true(pdf.len > LARGE - (200 << 10));
    if (!strstr(ask_tool(&pdf, t->tool), t->says))
        fail_msg("%s: %s", t->type, ask_tool(&pdf, t->tool));
    if (t->make != scan) /* whose pictures are noise */
        assert_non_null(strstr(ask_tool(&pdf, "qpdf --check %s"), "No syntax"));
}

static void gather(struct slow *r, const char *p, size_t n)
{
    buf_add(r->user, p, n);
}

/* So many clicks together; the most that registryd took more, in KB. */
static long clicks(const struct sort *t, int n, uint32_t seed)
{
    struct slow r[AT_ONCE] = {0};
    struct buf said[AT_ONCE] = {0};
    const char *path[AT_ONCE];
    const struct store_place at = place();
    struct err e = {0};

    for (int i = 0; i < n; i++) {
        BUF_SCOPE(b);
        char hex[STORE_HEX];
        t->make(&b, seed + 1000 * (uint32_t)i);
        assert_true(b.len <= STORE_FILE_MAX);
        assert_int_equal(store_put(&at, BYTES(b.p, b.len), hex, &e), RC_OK);
        path[i] = arena_fmt(rig.a, "%s/certify", slow_document(&rig, t->type, hex, (int)b.len));
    }
    long before = server_rss_kb(&rig.s);
    slow_peak_begin(&rig);
    for (int i = 0; i < n; i++) {
        r[i] = (struct slow){.take = gather, .user = &said[i]};
        slow_ask(&r[i], &ana, path[i], "");
    }
    for (int i = 0; i < n; i++)
        slow_take(&r[i], SIZE_MAX - 1);
    long most = slow_peak_kb(&rig);
    for (int i = 0; i < n; i++) {
        tclient_close(&r[i].c);
        looked_at(t, &r[i], &said[i]);
        buf_free(&said[i]);
    }
    assert_true(slow_wait_open(&rig, 0));
    return most - before;
}

static void several_large_papers_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sorts); i++)
        clicks(&sorts[i], AT_ONCE, 1 + (uint32_t)i); /* what threads and fonts cost once is paid */
    for (size_t i = 0; i < COUNT(sorts); i++) {
        long kb = clicks(&sorts[i], AT_ONCE, 500000 + (uint32_t)i);
        print_message("%d copies at once, 5 MB each (%s): %ld KB more\n", AT_ONCE, sorts[i].tool, kb);
        assert_true(kb < AT_ONCE * EACH_KB + KEPT_BACK_MB * 1024);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_large_papers_at_once),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
