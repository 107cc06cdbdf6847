/* ESC/POS codec: golden bytes, the demultiplexer under every split, bad input. */
#include "drivers/print/profile.h"
#include "drivers/rows.h"

#include "common/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static unsigned cases;

/* ---- what is sent ---- */

static void same_bytes(struct buf *b, const char *hex)
{
    uint8_t want[256];
    size_t n = 0;
    assert_true(hex_decode(want, sizeof want, &n, hex));
    assert_int_equal(b->len, n);
    assert_memory_equal(b->p, want, n);
    buf_reset(b);
    cases++;
}

static void golden(void **state)
{
    (void)state;
    BUF_SCOPE(b);
    static const uint8_t dots[6] = {0xf0, 0x0f, 0x81, 0x18, 0xff, 0x00};
    escpos_init(&b);
    same_bytes(&b, "1b40");
    escpos_asb(&b, ESCPOS_ASB_ALL);
    same_bytes(&b, "1d61 0e");
    for (uint8_t n = 1; n <= 4; n++)
        escpos_ask(&b, n);
    same_bytes(&b, "100401 100402 100403 100404");
    escpos_recover(&b, 2);
    same_bytes(&b, "100502");
    escpos_image(&b, &(struct escpos_picture){dots, 16, 3, ESCPOS_RASTER});
    same_bytes(&b, "1d763000 0200 0300 f00f 8118 ff00");
    escpos_image(&b, &(struct escpos_picture){dots, 12, 1, ESCPOS_RASTER});
    same_bytes(&b, "1d763000 0200 0100 f00f");
    escpos_image(&b, &(struct escpos_picture){dots, 16, 3, ESCPOS_GRAPHICS});
    same_bytes(&b, "1d284c1000 3070300101 31 1000 0300 f00f 8118 ff00 1d284c0200 3032");
    escpos_feed_only(&b, 300);
    same_bytes(&b, "1b4aff 1b4a2d");
    escpos_feed_cut(&b, false, 0);
    same_bytes(&b, "1d564200");
    escpos_feed_cut(&b, true, 0);
    same_bytes(&b, "1d564100");
    escpos_cut_here(&b, false);
    same_bytes(&b, "1d5601");
    escpos_cut_here(&b, true);
    same_bytes(&b, "1d5600");
    escpos_info(&b, 67);
    same_bytes(&b, "1d4943");
    escpos_present(&b, 12);
    same_bytes(&b, "1d65030c");
    escpos_retract(&b);
    same_bytes(&b, "1d6502");
    escpos_ask_roll(&b);
    same_bytes(&b, "1de1");
    escpos_process_id(&b, "A1b2");
    same_bytes(&b, "1d28480600 3030 41316232");
}

static void slices(void **state)
{
    (void)state;
    static const int rows[] = {0, 1, 254, 255, 256, 510, 511, 1200};
    uint8_t *bits = calloc(1200, 72);
    assert_non_null(bits);
    for (size_t i = 0; i < COUNT(rows); i++, cases++) {
        BUF_SCOPE(b);
        int seen = 0;
        escpos_image(&b, &(struct escpos_picture){bits, 576, rows[i], ESCPOS_RASTER});
        for (size_t at = 0; at < b.len;) {
            const uint8_t *p = (const uint8_t *)b.p + at;
            int n = p[6];
            assert_memory_equal(p, "\x1d\x76\x30\x00\x48\x00", 6);
            assert_true(n >= 1 && n <= ESCPOS_SLICE && p[7] == 0);
            seen += n;
            at += 8 + (size_t)n * 72;
            assert_true(at <= b.len);
        }
        assert_int_equal(seen, rows[i]);
    }
    /* the widest slice by GS ( L, and what is too wide for its two length bytes by GS 8 L */
    BUF_SCOPE(b);
    escpos_image(&b, &(struct escpos_picture){bits, 576, 255, ESCPOS_GRAPHICS});
    assert_int_equal(b.len, 5 + 10 + 255 * 72 + 7);
    assert_memory_equal(b.p, "\x1d\x28\x4c\xc2\x47\x30\x70\x30\x01\x01\x31\x40\x02\xff\x00", 15);
    buf_reset(&b);
    free(bits);
    bits = calloc(255, 260);
    assert_non_null(bits);
    escpos_image(&b, &(struct escpos_picture){bits, 2080, 255, ESCPOS_GRAPHICS});
    assert_int_equal(b.len, 7 + 10 + 255 * 260 + 7);
    assert_memory_equal(b.p, "\x1d\x38\x4c\x06\x03\x01\x00\x30\x70\x30\x01\x01\x31\x20\x08\xff\x00", 17);
    free(bits);
}

static void ids_and_pictures(void **state)
{
    (void)state;
    assert_true(escpos_id_ok("A1b2") && escpos_id_ok("    ") && escpos_id_ok("~~~~"));
    static const char *const bad[] = {"", "A", "A1b", "A1b22", "A1b\n", "A1b\x7f", "A1\xc8\x99"};
    for (size_t i = 0; i < COUNT(bad); i++, cases++)
        assert_false(escpos_id_ok(bad[i]));
    uint8_t dots[] = {0x10, 0x04, 0x01, 0x10, 0x05, 0x02, 0x10, 0x14, 0x10, 0x10, 0x04, 0x03};
    assert_int_equal(escpos_defuse(dots, sizeof dots), 4);
    for (size_t i = 0; i + 1 < sizeof dots; i++, cases++)
        assert_false(dots[i] == 0x10 && (dots[i + 1] == 0x04 || dots[i + 1] == 0x05 || dots[i + 1] == 0x14));
    assert_int_equal(escpos_defuse(dots, sizeof dots), 0);
    assert_int_equal(dots[1], 0x0c); /* one dot more, beside the black one */
}

/* ---- what comes back ---- */

/* Events as text: a<4 bytes> s<n>:<byte> i<id> g<text> c<6 bytes> r<digits>. */
static void tell(const struct escpos_event *ev, struct buf *out)
{
    char hex[2 * ESCPOS_BLOCK_MAX + 1];
    hex_encode(hex, ev->data, ev->len);
    static const char kinds[] = {'a', 's', 'i', 'g', 'c', 'r'};
    buf_chr(out, kinds[ev->kind]);
    if (ev->kind == ESCPOS_STATUS)
        buf_fmt(out, "%d:", ev->n);
    buf_fmt(out, "%s ", hex);
}

static void take_all(struct escpos_demux *d, struct buf *out)
{
    struct escpos_event ev;
    while (escpos_next(d, &ev))
        tell(&ev, out);
}

static const struct {
    const char *asked, *in, *events;
    unsigned noise;
} table[] = {
    /* what the manuals show */
    {"", "10000000", "a10000000 ", 0},
    {"", "18000f00", "a18000f00 ", 0},
    {"", "3c000000", "a3c000000 ", 0}, /* cover open, offline, drawer */
    {"01", "16", "s1:16 ", 0},
    {"01020304", "12121212", "s1:12 s2:12 s3:12 s4:12 ", 0},
    {"", "37224131623200", "i41316232 ", 0},
    {"", "5f4550534f4e00", "g4550534f4e ", 0},
    {"14", "100f21000000", "c100f21000000 ", 0},
    {"e1", "353130636d", "r353130 ", 0},
    {"e1", "3330636d12", "r3330 s0:12 ", 0},
    /* digits are status bytes when no length is awaited, or when what follows is none */
    {"", "3212", "s0:32 s0:12 ", 0},
    {"02e1", "3212", "s2:32 s0:12 ", 0},
    {"02e1", "3235636d12", "r3235 s2:12 ", 0},
    {"e1", "37224131623200", "i41316232 ", 0},
    {"e1", "3130636e12", "s0:12 ", 4},
    {"e1", "3132333435363738636d", "r32333435363738 ", 1},
    /* the same first bytes, other questions */
    {"", "100f0100", "a100f0100 ", 0},
    {"14", "10000000", "a10000000 ", 0},
    {"1401", "100f0102030412", "c100f01020304 s1:12 ", 0},
    /* unasked: image data held 10 04 01 */
    {"", "12", "s0:12 ", 0},
    {"02", "1216", "s2:12 s0:16 ", 0},
    /* one inside or right behind another */
    {"01", "1000000012", "a10000000 s1:12 ", 0},
    {"01", "10001210000000", "s1:12 a10000000 ", 2},
    {"", "1010000000", "a10000000 ", 1},
    {"", "372241316232003722433364340010000000", "i41316232 i43336434 a10000000 ", 0},
    {"01", "37224112", "s1:12 ", 3},
    {"", "3722413162320012", "i41316232 s0:12 ", 0},
    {"", "373722413162320012", "i41316232 s0:12 ", 1},
    /* not ours */
    {"", "ff80057f", "", 4},
    {"", "00000000", "", 4},
    {"", "372141316232003724333333330012", "s0:12 ", 0}, /* other functions of GS ( H */
    {"", "372241310012", "s0:12 ", 0},                   /* too short to be an id */
    {"", "13ff", "", 2},
    {"", "5f01", "", 2},
};

static void tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++, cases++) {
        struct escpos_demux d = {0};
        uint8_t in[64], asked[8];
        size_t n = 0, m = 0;
        BUF_SCOPE(out);
        buf_str(&out, "");
        assert_true(hex_decode(in, sizeof in, &n, table[i].in));
        assert_true(hex_decode(asked, sizeof asked, &m, table[i].asked));
        for (size_t k = 0; k < m; k++)
            escpos_asked(&d, asked[k]);
        for (size_t k = 0; k < n; k++) {
            escpos_put(&d, in[k]);
            take_all(&d, &out);
        }
        if (strcmp(out.p, table[i].events) != 0 || d.noise != table[i].noise)
            fail_msg("%s: '%s' noise %u, expected '%s' noise %u", table[i].in, out.p, d.noise,
                     table[i].events, table[i].noise);
    }
}

/* A printer's day: blocks, answers, noise. */
static size_t day(uint8_t *out, size_t cap)
{
    static const char *const parts[] = {
        "10000000",       "18000c00", "12", "16",           "37224131623200", "37214100",
        "5f4550534f4e00", "ff00",     "10", "3722",         "5f41",           "100f21000000",
        "3230636d",       "3730636d", "1a", "372240402000", "10001000"};
    size_t n = 0;
    while (n + 16 < cap) {
        size_t len = 0;
        assert_true(hex_decode(out + n, cap - n, &len, parts[(size_t)random() % COUNT(parts)]));
        n += len;
        if (random() % 9 == 0)
            out[n++] = (uint8_t)random();
    }
    return n;
}

static void run(const uint8_t *in, size_t n, size_t most, struct buf *out)
{
    struct escpos_demux d = {0};
    for (uint8_t q = 1; q <= 4; q++)
        escpos_asked(&d, q);
    escpos_asked(&d, ESCPOS_CUSTOM_FULL);
    escpos_asked(&d, ESCPOS_CUSTOM_ROLL);
    for (size_t at = 0; at < n;) {
        size_t piece = 1 + (most > 1 ? (size_t)random() % most : 0);
        size_t room = ESCPOS_BLOCK_MAX - d.len;
        piece = piece < room ? piece : room;
        piece = piece < n - at ? piece : n - at;
        for (size_t k = 0; k < piece; k++)
            escpos_put(&d, in[at + k]);
        at += piece;
        take_all(&d, out);
    }
    buf_fmt(out, "noise %u", d.noise);
}

static void every_split(void **state)
{
    (void)state;
    static uint8_t in[512];
    srandom(20261122);
    for (int round = 0; round < 300; round++) {
        size_t n = day(in, 40 + (size_t)round);
        BUF_SCOPE(whole);
        run(in, n, 1, &whole);
        for (size_t most = 2; most <= 64; most *= 2, cases++) {
            BUF_SCOPE(split);
            run(in, n, most, &split);
            assert_string_equal(split.p, whole.p);
        }
    }
}

/* Whatever comes, the state stays small and the next real block is understood. */
static void recovers(void **state)
{
    (void)state;
    srandom(7);
    for (int round = 0; round < 2000; round++, cases++) {
        struct escpos_demux d = {0};
        BUF_SCOPE(out);
        for (int i = 0; i < 200; i++) {
            escpos_put(&d, (uint8_t)random());
            if (random() % 4)
                take_all(&d, &out);
            assert_true(d.len <= ESCPOS_BLOCK_MAX);
        }
        for (int i = 0; i < 2 * ESCPOS_BLOCK_MAX; i++) { /* no block goes over an FF */
            escpos_put(&d, 0xff);
            take_all(&d, &out);
        }
        buf_reset(&out);
        for (const char *p = "\x37\x22"
                             "A1b2";
             *p; p++)
            escpos_put(&d, (uint8_t)*p);
        escpos_put(&d, 0);
        take_all(&d, &out);
        assert_string_equal(out.p, "i41316232 ");
    }
}

/* ---- what it means ---- */

static struct escpos_status after(const char *hex, size_t questions)
{
    struct escpos_demux d = {0};
    struct escpos_status s = {0};
    struct escpos_event ev;
    uint8_t in[64];
    size_t n = 0;
    for (uint8_t q = 1; q <= questions; q++)
        escpos_asked(&d, q);
    assert_true(hex_decode(in, sizeof in, &n, hex));
    for (size_t i = 0; i < n; i++) {
        escpos_put(&d, in[i]);
        while (escpos_next(&d, &ev))
            escpos_merge(&s, &ev);
    }
    cases++;
    return s;
}

static struct escpos_status custom(const char *hex)
{
    struct escpos_demux d = {0};
    struct escpos_status s = {0};
    struct escpos_event ev;
    uint8_t in[16];
    size_t n = 0;
    escpos_asked(&d, ESCPOS_CUSTOM_FULL);
    assert_true(hex_decode(in, sizeof in, &n, hex));
    for (size_t i = 0; i < n; i++) {
        escpos_put(&d, in[i]);
        while (escpos_next(&d, &ev))
            escpos_merge(&s, &ev);
    }
    cases++;
    return s;
}

/* ---- profiles ---- */

static void names(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct device_rows *rows = ARENA_NEW(a, struct device_rows);
    struct err e = {0};
    const char *root = getenv("PRIDVOR_SOURCE");
    if (rows_load(a, arena_fmt(a, "%s/configs/devices", root ? root : "."), "print", rows, &e) != RC_OK)
        fail_msg("%s", e.text);
    static const struct {
        uint16_t vid;
        const char *model;
        int dots, dpi;
        bool id, presenter;
    } who[] = {
        {0x04b8, "TM-T88V", 512, 180, true, false},   {0x04b8, "TM-T88V-i", 512, 180, true, false},
        {0x04b8, "TM-T88VI", 512, 180, true, false},  {0x04b8, "TM-T88III", 512, 180, false, false},
        {0x04b8, "TM-T20III", 576, 203, true, false}, {0x04b8, "tm-t20ii", 576, 203, true, false},
        {0x04b8, "TM-m30III", 576, 203, true, false}, {0x04b8, "TM-T70II", 512, 180, false, false},
        {0x04b8, "TM-L90", 576, 203, false, false},   {0x0dd4, "KPM180H", 640, 203, false, true},
        {0x0dd4, "VKP80III", 640, 203, false, true},  {0x0519, "TSP800", 832, 203, false, false},
        {0x1d90, "CT-S651", 640, 203, false, false},  {0x1504, "SRP-S300", 640, 203, false, false},
        {0x0aa7, "TH230+", 576, 203, false, false},
    };
    for (size_t i = 0; i < COUNT(who); i++, cases++) {
        struct printer_profile p;
        const struct device_row *row = printer_row_for(rows->row, rows->n, who[i].vid, who[i].model);
        if (!row)
            fail_msg("no row for %s", who[i].model);
        printer_profile(row, &p);
        if (p.paper.dots != who[i].dots || p.paper.dpi != who[i].dpi || p.process_id != who[i].id ||
            p.presenter != who[i].presenter)
            fail_msg("%s is taken for %s", who[i].model, row->name);
    }
    assert_null(printer_row_for(rows->row, rows->n, 0x04b8, "TM-X99"));
    assert_null(printer_row_for(rows->row, rows->n, 0x0483, "TM-T88V")); /* a clone that says so */
    const char *last = "";
    int models = 0;
    for (size_t i = 0; i < rows->n; i++) {
        struct printer_profile p;
        printer_profile(&rows->row[i], &p);
        assert_int_equal(p.paper.dots % 8, 0);
        models += strcmp(last, rows->row[i].name) != 0;
        last = rows->row[i].name;
    }
    print_message("profiles: %zu rows\n", rows->n);
    assert_true(models >= 20);
    static const char id[] = "MFG:EPSON;CMD:ESC/POS; MDL:TM-T88V;CLS:PRINTER;MODEL:other;X";
    char out[64];
    printer_id_value(id, sizeof id - 1, "MDL", out, sizeof out);
    assert_string_equal(out, "TM-T88V");
    printer_id_value(id, sizeof id - 1, "SN", out, sizeof out);
    assert_string_equal(out, "");
    printer_id_value(id, sizeof id - 1, "CMD", out, 4);
    assert_string_equal(out, "ESC");
    printer_id_value(id, 0, "MDL", out, sizeof out);
    assert_string_equal(out, "");
}

static void meanings(void **state)
{
    (void)state;
    struct escpos_status s = after("12121212", 4);
    assert_int_equal(s.seen, 0x1e);
    assert_false(s.offline || s.cover || s.paper_end || s.near_end || s.error || escpos_paper_out(&s));
    s = after("1a161212", 4);
    assert_true(s.offline && s.cover && !escpos_paper_out(&s) && !escpos_failed(&s));
    s = after("1a32127e", 4);
    assert_true(s.offline && s.stopped && s.paper_end && s.near_end && escpos_paper_out(&s));
    s = after("1212121e", 4);
    assert_true(s.near_end && !s.paper_end);
    s = after("1a521a12", 4);
    assert_true(s.error && s.cutter && !escpos_failed(&s));
    s = after("1a523212", 4);
    assert_true(s.unrecoverable && escpos_failed(&s));
    s = after("1a525212", 4);
    assert_true(s.recoverable && escpos_failed(&s));
    s = after("38000000", 0);
    assert_true(s.offline && s.cover && s.seen == 1);
    s = after("18000f00", 0);
    assert_true(s.offline && s.near_end && s.paper_end && escpos_paper_out(&s));
    s = after("18080000", 0);
    assert_true(s.cutter && !escpos_failed(&s));
    s = after("18000f00 10000300", 0);
    assert_true(!s.offline && s.near_end && !escpos_paper_out(&s));
    s = custom("100f21000000");
    assert_true(s.paper_end && s.ticket && escpos_paper_out(&s) && s.seen == ESCPOS_SEEN_CUSTOM);
    s = custom("100f44000000");
    assert_true(s.near_end && !s.paper_end && !s.ticket);
    s = custom("100f00024000");
    assert_true(s.cover && s.recoverable && escpos_failed(&s));
    s = custom("100f00000001");
    assert_true(s.cutter && !escpos_failed(&s));
    struct escpos_demux unasked = {.custom = true}; /* the second copy of an answer is no ASB block */
    struct escpos_event ev = {.kind = ESCPOS_ASB};
    for (size_t i = 0; i < 6; i++)
        escpos_put(&unasked, (const uint8_t[]){0x10, 0x0f, 0x20, 0, 0, 0}[i]);
    assert_true(escpos_next(&unasked, &ev) && ev.kind == ESCPOS_CUSTOM);
    s = after("1e", 0); /* nobody asked: it may mean anything */
    assert_int_equal(s.seen, 0);
}

static int finish(void **state)
{
    (void)state;
    print_message("escpos: %u cases\n", cases);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),   cmocka_unit_test(slices),      cmocka_unit_test(ids_and_pictures),
        cmocka_unit_test(tables),   cmocka_unit_test(every_split), cmocka_unit_test(recovers),
        cmocka_unit_test(meanings), cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, finish);
}
