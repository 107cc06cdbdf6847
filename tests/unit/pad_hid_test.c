/* What a pad says of itself (HID report descriptors), its encrypted reports and key blocks, and the one hash
 * that binds a signature. */
#include "common/model/signature.h"
#include "drivers/pad/crypto_pad.h"
#include "drivers/pad/digitizer.h"
#include "drivers/pad/face.h"

#include "common/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static unsigned cases;

static size_t bytes(uint8_t out[512], const char *hex)
{
    size_t n = 0;
    assert_true(hex_decode(out, 512, &n, hex));
    return n;
}

/* Vendor page FF0D: 01 in (6), 03 (4), 09 (16) features. */
#define STU                                                                                                  \
    "06 0dff 0901 a101 1500 26 ff00 7508 8501 0901 9506 8102 8503 0903 9504 b102 8509 0909 9510 b102 c0"
#define DIGITIZER                                                                                            \
    "050d 0902 a101 8501 0920 a100 1500 2501 7501 9503 0942 0944 0932 8102 9505 8103 0501 7510 9501 26 "     \
    "6054 "                                                                                                  \
    "0930 8102 26 bc34 0931 8102 050d 26 ff07 0930 8102 c0 c0"
/* A mouse of the HID appendix: relative. */
#define MOUSE                                                                                                \
    "0501 0902 a101 0901 a100 0509 1901 2903 1500 2501 9503 7501 8102 9501 7505 8101 0501 0930 0931 1581 "   \
    "257f "                                                                                                  \
    "7508 9502 8106 c0 c0"
/* An absolute pointer without report ids: three buttons, x and y of 15 bits. */
#define POINTER                                                                                              \
    "0501 0902 a101 0901 a100 0509 1901 2903 1500 2501 9503 7501 8102 9501 7505 8103 0501 0930 0931 1500 "   \
    "26 "                                                                                                    \
    "ff7f 7510 9502 8102 c0 c0"

/* A finger: contact, x and y of 12 bits, in a collection of its own. Ten of them come before the pen. */
#define FINGER                                                                                               \
    "0509 050d 0922 a102 1500 2501 7501 9501 0942 8102 9507 8103 7508 0951 26 ff00 9501 8102 0501 26 ff0f "  \
    "7510 0930 8102 0931 8102 050d 0948 8102 0949 8102 0930 8102 093f 8102 0934 8102 0938 8102 0947 8102 "   \
    "c0 "
#define FINGERS                                                                                              \
    "050d 0904 a101 8502 " FINGER FINGER FINGER FINGER FINGER FINGER FINGER FINGER FINGER FINGER "c0 "

static void lengths(void **state)
{
    (void)state;
    uint8_t p[512];
    static struct hid_map m;
    struct err e = {0};
    assert_int_equal(hid_parse(p, bytes(p, STU), &m, &e), RC_OK);
    assert_int_equal(m.application, 0xFF0D0001);
    assert_int_equal(hid_length(&m, HID_INPUT, 1), 7);
    assert_int_equal(hid_length(&m, HID_FEATURE, 3), 5);
    assert_int_equal(hid_length(&m, HID_FEATURE, 9), 17);
    assert_int_equal(hid_length(&m, HID_FEATURE, 1), 0);
    assert_int_equal(hid_length(&m, HID_OUTPUT, 3), 0);
    assert_int_equal(hid_parse(p, bytes(p, MOUSE), &m, &e), RC_OK);
    assert_int_equal(hid_length(&m, HID_INPUT, 0), 3);
    cases += 8;
}

static void broken(void **state)
{
    (void)state;
    static const char *const rows[] = {"",
                                       "05",
                                       "26 ff",
                                       "c0",
                                       "a101",
                                       "8500",
                                       "b4",
                                       "27 ffffff",
                                       "fe",
                                       "fe05",
                                       "fe0200",
                                       "86 0001",
                                       "7508 97 ffffffff 8102",
                                       "a101 a101 a101 a101 a101 a101 a101 a101 a101",
                                       "a4a4a4a4a4"};
    static struct hid_map m;
    uint8_t p[512];
    for (size_t i = 0; i < COUNT(rows); i++, cases++) {
        struct err e = {0};
        if (hid_parse(p, bytes(p, rows[i]), &m, &e) != RC_PROTOCOL)
            fail_msg("accepted: %s", rows[i]);
    }
    size_t n = 0;
    for (unsigned i = 0; i < 200; i++) { /* more reports than there may be */
        memcpy(p + n, (const uint8_t[]){0x85, (uint8_t)(i + 1)}, 2);
        n += 2;
        if (n + 4 > sizeof p)
            break;
    }
    struct err e = {0};
    assert_int_equal(hid_parse(p, n, &m, &e), RC_OK); /* ids alone are no reports */
    assert_int_equal(m.n, 0);
}

static void pens(void **state)
{
    (void)state;
    uint8_t p[512], r[512];
    static struct hid_map m;
    struct digitizer d;
    struct stu_capability cap;
    struct stu_sample s;
    struct err e = {0};
    assert_int_equal(hid_parse(p, bytes(p, DIGITIZER), &m, &e), RC_OK);
    assert_int_equal(digitizer_find(&m, &d, &cap, &e), RC_OK);
    assert_true(cap.max_x == 21600 && cap.max_y == 13500 && cap.max_pressure == 2047);
    assert_true(digitizer_sample(&m, &d, BYTES(r, bytes(r, "01 05 1027 2003 ff01")), &s));
    assert_true(s.down && s.near && s.x == 10000 && s.y == 800 && s.pressure == 511);
    assert_true(digitizer_sample(&m, &d, BYTES(r, bytes(r, "01 04 ffff ffff ffff")), &s));
    assert_true(!s.down && s.near && s.x == 21600 && s.y == 13500 && s.pressure == 2047);
    assert_false(digitizer_sample(&m, &d, BYTES(r, bytes(r, "02 04 ffff ffff ffff")), &s));
    assert_false(digitizer_sample(&m, &d, BYTES(r, bytes(r, "01 04 ffff ffff")), &s));
    assert_int_equal(hid_parse(p, bytes(p, MOUSE), &m, &e), RC_OK);
    assert_int_equal(digitizer_find(&m, &d, &cap, &e), RC_UNSUPPORTED);
    assert_int_equal(hid_parse(p, bytes(p, STU), &m, &e), RC_OK);
    assert_int_equal(digitizer_find(&m, &d, &cap, &e), RC_UNSUPPORTED);
    assert_int_equal(hid_parse(p, bytes(p, POINTER), &m, &e), RC_OK);
    assert_int_equal(digitizer_find(&m, &d, &cap, &e), RC_OK);
    assert_true(cap.max_x == 32767 && cap.max_pressure == 1);
    assert_true(digitizer_sample(&m, &d, BYTES(r, bytes(r, "01 0001 0002")), &s));
    assert_true(s.down && s.x == 256 && s.y == 512 && s.pressure == 1);
    cases += 10;
}

/* Fingers and a pen in one descriptor: the pen signs, with its pressure, wherever its report stands. */
static void pen_before_fingers(void **state)
{
    (void)state;
    static const char *const orders[] = {FINGERS DIGITIZER, DIGITIZER FINGERS};
    static struct hid_map m;
    uint8_t p[1024];
    for (size_t i = 0; i < COUNT(orders); i++) {
        struct digitizer d;
        struct stu_capability cap;
        struct err e = {0};
        size_t n = 0;
        assert_true(hex_decode(p, sizeof p, &n, orders[i]));
        assert_int_equal(hid_parse(p, n, &m, &e), RC_OK);
        assert_int_equal(digitizer_find(&m, &d, &cap, &e), RC_OK);
        assert_int_equal(d.x.report, 1);
        assert_true(cap.max_x == 21600 && cap.max_y == 13500 && cap.max_pressure == 2047);
        cases++;
    }
}

static void secrets(void **state)
{
    (void)state;
    uint8_t p[512], block[512];
    struct stu_sample s[2];
    struct err e = {0};
    size_t n = 0;
    size_t len = bytes(p, "33 00000000000000000000000000000000");
    bytes(block, "9155 0102 0304 fffe 1234 0000 cafe0001");
    struct stu_secret x = {p, len, block, 0xcafe0001, 3};
    assert_int_equal(stu_secret_read(&x, s, &n, &e), RC_OK);
    assert_true(n == 1 && s[0].timed && s[0].numbered && s[0].sequence == 0x1234 && s[0].x == 0x102);
    x.session = 1;
    assert_int_equal(stu_secret_read(&x, s, &n, &e), RC_PROTOCOL);
    assert_string_equal(e.code, "PAD_CRYPTO");
    len = bytes(p, "31 00000000000000000000000000000000 0007 0008");
    bytes(block, "cafe0001 9155 0102 0304 8000 0506 0708");
    x = (struct stu_secret){p, len, block, 0xcafe0001, 2};
    assert_int_equal(stu_secret_read(&x, s, &n, &e), RC_OK);
    assert_true(n == 2 && s[0].sequence == 7 && s[1].sequence == 8 && !s[1].down && s[1].x == 0x506);
    struct stu_suite suite;
    assert_true(stu_suite_parse("AES-256/RSA-2048/OAEP", &suite));
    assert_int_equal(stu_cipher_type(p, &suite), 68);
    assert_memory_equal(p, "\x40\x01\x02\x82", 4);
    static const char *const bad[] = {"",
                                      "none",
                                      "v1",
                                      "AES-256",
                                      "AES-512/RSA-2048/OAEP",
                                      "AES-256/RSA-4096/OAEP",
                                      "AES-256/RSA-2048/OAEPX",
                                      "AES-256/RSA-2048/NONE"};
    for (size_t i = 0; i < COUNT(bad); i++, cases++)
        assert_false(stu_suite_parse(bad[i], &suite));
    uint8_t prime[16], ours[16], secret[16], out[16];
    static const uint8_t base[2] = {0, 5};
    memset(prime, 0xff, 16);
    prime[15] = 0x61;
    assert_int_equal(pad_dh_ours(prime, base, secret, ours, &e), RC_OK);
    assert_int_equal(pad_dh_common(prime, secret, ours, out, &e), RC_OK);
    static const uint8_t degenerate[16] = {[15] = 1};
    assert_int_equal(pad_dh_common(prime, secret, degenerate, out, &e), RC_PROTOCOL);
    assert_int_equal(pad_dh_common(prime, secret, prime, out, &e), RC_PROTOCOL);
    cases += 6;
}

/* Computed by hand from the header's words with another program. */
static void binds(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    BUF_SCOPE(b);
    BUF_SCOPE(svg);
    struct err e = {0};
    struct jval *v = NULL;
    static const char text[] = "[[[1,2,3,0],[4,5,6,5]],[[7,8,9,10]]]";
    char out[SIGNATURE_HEX], other[SIGNATURE_HEX];
    char zero[SIGNATURE_HEX], one[SIGNATURE_HEX];
    memset(zero, '0', sizeof zero);
    memset(one, '1', sizeof one);
    zero[64] = one[64] = 0;
    assert_int_equal(jval_parse(a, text, strlen(text), &v, &e), RC_OK);
    const struct ink ink = {9600, 6000, 1023, v};
    assert_int_equal(signature_bytes(&ink, &b, &e), RC_OK);
    assert_int_equal(b.len, 4 + 4 * 4 + 2 * 4 + 3 * 16);
    assert_int_equal(signature_bind(out, one, BYTES(b.p, b.len), zero, &e), RC_OK);
    assert_string_equal(out, "5cad582c401aab54a54ab4aebd8108ee89a37a62e84dfa4e56c150ba3506405e");
    assert_int_equal(signature_bind(out, "", BYTES(b.p, b.len), zero, &e), RC_OK);
    assert_string_equal(out, "355cbef9da8ffc800bbe76d9d7edc73a47bc2996c595a3f4afa875cae081b3d8");
    b.p[30] ^= 1;
    assert_int_equal(signature_bind(other, "", BYTES(b.p, b.len), zero, &e), RC_OK);
    assert_string_not_equal(out, other);
    assert_int_equal(signature_bind(out, "12", BYTES(b.p, b.len), zero, &e), RC_BAD_FIELD);
    assert_int_equal(signature_bind(out, "", BYTES(b.p, b.len), "", &e), RC_BAD_FIELD);
    assert_int_equal(signature_svg(&ink, &svg, &e), RC_OK);
    assert_non_null(strstr(svg.p, "</svg>"));
    static const char *const bad[] = {
        "[]", "{}", "[1]", "[[1]]", "[[[1,2,3]]]", "[[[1,2,3,-4]]]", "[[[1,2,3,\"4\"]]]"};
    for (size_t i = 0; i < COUNT(bad); i++, cases++) {
        buf_reset(&svg);
        assert_int_equal(jval_parse(a, bad[i], strlen(bad[i]), &v, &e), RC_OK);
        const struct ink wrong = {9600, 6000, 1023, v};
        assert_int_equal(signature_svg(&wrong, &svg, &e), RC_BAD_FIELD);
    }
    cases += 8;
}

/* Whatever the text, everything stands on the screen, buttons apart from the line, and a tap finds its
 * button. */
static const char long_title[] = "Autorizație pentru ocuparea temporară a domeniului public cu "
                                 "materiale de construcții și schele, pe durata lucrărilor";

static void faces(void **state)
{
    (void)state;
    static const struct screen_size sizes[] = {
        {320, 200, false}, {396, 100, false}, {640, 480, false}, {800, 480, true}};
    static const char *const titles[] = {"", "Adeverință", long_title};
    for (size_t i = 0; i < COUNT(sizes); i++)
        for (size_t t = 0; t < COUNT(titles); t++, cases++) {
            ARENA_SCOPE(a);
            struct face f;
            struct err e = {0};
            const struct face_text text = {titles[t], "Ștefania-Alexandrina Țăndărescu-Kőszegi-Popovici",
                                           "7f3a 90c1 22be 41d0", "hu", true};
            assert_int_equal(face_make(a, &text, &sizes[i], &f, &e), RC_OK);
            for (size_t k = 0; k < f.n; k++)
                assert_true(f.part[k].x >= 0 && f.part[k].y >= 0 &&
                            f.part[k].x + f.part[k].bits->w <= sizes[i].w &&
                            f.part[k].y + f.part[k].bits->h <= sizes[i].h);
            for (int k = 0; k < FACE_BUTTONS; k++) {
                const struct stu_rect *r = &f.button[k];
                assert_int_equal(face_hit(&f, (r->left + r->right) / 2, (r->top + r->bottom) / 2), k);
                assert_true(r->top > f.writing.bottom || r->left > f.writing.right);
            }
            assert_true(f.writing.bottom - f.writing.top >= sizes[i].h / 5);
            assert_int_equal(face_hit(&f, 5, (f.writing.top + f.writing.bottom) / 2), -1);
        }
}

static int finish(void **state)
{
    (void)state;
    print_message("pad hid: %u cases\n", cases);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lengths), cmocka_unit_test(broken),
                                       cmocka_unit_test(pens),    cmocka_unit_test(pen_before_fingers),
                                       cmocka_unit_test(secrets), cmocka_unit_test(binds),
                                       cmocka_unit_test(faces)};
    return cmocka_run_group_tests(tests, NULL, finish);
}
