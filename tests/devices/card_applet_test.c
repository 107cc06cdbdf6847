/* The chip against the worked examples of ICAO 9303-11, against an independent terminal, and its SOD against
 * OpenSSL. */
#include "tests/devices/card_terminal.h"

#include "common/base/fs.h"
#include "common/base/json.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct card *open_card(const char *path)
{
    struct err e = {0};
    struct card *c = NULL;
    if (card_new(path, &c, &e) != RC_OK)
        fail_msg("%s: %s", path, e.text);
    return c;
}

static size_t direct(void *ctx, const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
    return card_apdu(ctx, in, len, out, cap);
}

static struct terminal terminal_of(struct card *c)
{
    return (struct terminal){.send = direct, .ctx = c, .curve = c->curve, .cipher = c->cipher};
}

/* ---- worked examples ---- */

struct script {
    uint8_t bytes[128];
    size_t at, n;
};

static void scripted(void *ctx, void *p, size_t n)
{
    struct script *s = ctx;
    assert_true(s->at + n <= s->n);
    memcpy(p, s->bytes + s->at, n);
    s->at += n;
}

static void replay(const char *card, const char *golden)
{
    struct err e = {0};
    struct jval *g;
    ARENA_SCOPE(a);
    struct card *c SCOPED(card_freep) = open_card(card);
    assert_int_equal(jval_load(a, golden, &g, &e), RC_OK);
    struct script s = {.at = 0};
    s.n = hexbytes(jval_str(g, "random", ""), s.bytes, sizeof s.bytes);
    card_random(c, scripted, &s);
    uint8_t com[64], in[256], want[256], out[512];
    size_t n = hexbytes(jval_str(g, "ef_com", ""), com, sizeof com);
    card_put_file(c, 0x011E, com, n);
    const char *access = jval_str(g, "ef_card_access", NULL);
    if (access) {
        size_t len = 0;
        const uint8_t *f = card_file(c, 0x011C, &len);
        n = hexbytes(access, want, sizeof want);
        assert_int_equal(n, len);
        assert_memory_equal(want, f, n);
    }
    const struct jval *steps = jval_get(g, "apdus");
    for (size_t i = 0; i < steps->n; i++) {
        size_t cmd = hexbytes(jval_str(&steps->items[i], "command", ""), in, sizeof in);
        size_t exp = hexbytes(jval_str(&steps->items[i], "response", ""), want, sizeof want);
        size_t got = card_apdu(c, in, cmd, out, sizeof out);
        if (got != exp || memcmp(out, want, exp) != 0)
            fail_msg("%s: answer differs (%zu bytes, SW %02X%02X)", jval_str(&steps->items[i], "step", ""),
                     got, out[got - 2], out[got - 1]);
    }
    assert_int_equal(s.at, s.n);
}

static void pace_example(void **state)
{
    (void)state;
    replay("tests/golden/cards/icao_g1.json", "tests/golden/card_pace_g1.json");
}

static void bac_example(void **state)
{
    (void)state;
    replay("tests/golden/cards/icao_d.json", "tests/golden/card_bac_d.json");
}

/* ---- whole sessions ---- */

static void same_file(struct terminal *t, struct card *c, uint16_t fid, size_t chunk)
{
    size_t len = 0;
    const uint8_t *f = card_file(c, fid, &len);
    BUF_SCOPE(got);
    assert_non_null(f);
    assert_int_equal(term_read(t, fid, chunk, &got), 0x9000);
    assert_int_equal(got.len, len);
    assert_memory_equal(got.p, f, len);
}

static void read_all(struct terminal *t, struct card *c, size_t chunk)
{
    assert_int_equal(term_select_app(t), 0x9000);
    same_file(t, c, 0x011E, chunk);
    same_file(t, c, 0x0101, chunk);
    same_file(t, c, 0x0102, chunk);
    same_file(t, c, 0x011D, chunk);
    if (c->conf.pace)
        same_file(t, c, 0x010E, chunk);
}

static void sessions(void **state)
{
    static const struct {
        const char *card, *password;
        uint8_t ref;
        size_t chunk;
    } rows[] = {
        {"A", "123456", TERM_CAN, 223}, {"A", "123456", TERM_CAN, 2000}, {"A", NULL, TERM_MRZ, 128},
        {"B", "654321", TERM_CAN, 223}, {"B", NULL, TERM_MRZ, 100},      {"C", NULL, 0, 231},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char path[64];
        snprintf(path, sizeof path, "tests/devices/cards/%s.json", rows[i].card);
        struct card *c SCOPED(card_freep) = open_card(path);
        card_seed(c, 7);
        struct terminal t = terminal_of(c);
        uint16_t sw;
        if (rows[i].ref) {
            same_file(&t, c, 0x011C, 64);
            sw = term_pace(&t, rows[i].ref, rows[i].password ? rows[i].password : c->mrz_info);
        } else {
            assert_int_equal(term_select(&t, 0x011C), 0x6A82);
            assert_int_equal(term_select_app(&t), 0x9000);
            sw = term_bac(&t, c->mrz_info);
        }
        assert_int_equal(sw, 0x9000);
        read_all(&t, c, rows[i].chunk);
        size_t dg2 = 0;
        card_file(c, 0x0102, &dg2);
        print_message("card %s: %u APDUs in pieces of %zu, DG2 %zu bytes\n", rows[i].card, t.apdus,
                      rows[i].chunk, dg2);
    }
}

static void chip_authentication(void **state)
{
    static const char *const cards[][2] = {{"tests/devices/cards/A.json", "123456"},
                                           {"tests/devices/cards/B.json", "654321"}};
    (void)state;
    for (size_t i = 0; i < COUNT(cards); i++) {
        struct card *c SCOPED(card_freep) = open_card(cards[i][0]);
        struct terminal t = terminal_of(c);
        BUF_SCOPE(dg14);
        assert_int_equal(term_pace(&t, TERM_CAN, cards[i][1]), 0x9000);
        assert_int_equal(term_select_app(&t), 0x9000);
        assert_int_equal(term_read(&t, 0x010E, 200, &dg14), 0x9000);
        assert_int_equal(term_chip_auth(&t, (const uint8_t *)dg14.p, dg14.len), 0x9000);
        same_file(&t, c, 0x0101, 95);
    }
}

static void odd_instruction(void **state)
{
    (void)state;
    struct card *c SCOPED(card_freep) = open_card("tests/devices/cards/A.json");
    struct terminal t = terminal_of(c);
    size_t len = 0;
    const uint8_t *f = card_file(c, 0x0102, &len);
    assert_int_equal(term_pace(&t, TERM_CAN, "123456"), 0x9000);
    assert_int_equal(term_select_app(&t), 0x9000);
    BUF_SCOPE(by_sfi);
    BUF_SCOPE(by_fid);
    assert_int_equal(term_hex(&t, "00B10002045402102022", &by_sfi), 0x9000); /* DG2 at 0x1020, 32 bytes */
    assert_int_equal(by_sfi.len, 34);
    assert_memory_equal(by_sfi.p, "\x53\x20", 2);
    assert_memory_equal(by_sfi.p + 2, f + 0x1020, 32);
    assert_int_equal(term_hex(&t, "00B10102045402102022", &by_fid), 0x9000);
    assert_memory_equal(by_fid.p, by_sfi.p, 34);
    BUF_SCOPE(even);
    assert_int_equal(term_hex(&t, "00B0820010", &even), 0x9000);
    assert_memory_equal(even.p, f, 16);
    assert_int_equal(term_hex(&t, "00B0810060", NULL), 0x6282); /* DG1 has 95 bytes */
    assert_int_equal(term_hex(&t, "00B0816000", NULL), 0x6B00);
    assert_int_equal(term_hex(&t, "00B08200E7", NULL),
                     0x6700); /* its protected form does not fit a short answer */
}

/* ---- what is refused ---- */

static void wrong_can(void **state)
{
    (void)state;
    struct card *a SCOPED(card_freep) = open_card("tests/devices/cards/A.json");
    struct terminal t = terminal_of(a);
    for (unsigned left = 4; left > 0; left--) {
        card_reset(a);
        assert_int_equal(term_pace(&t, TERM_CAN, "111111"), 0x63C0 + left);
        assert_true(card_busy_ms(a) >= 300);
    }
    card_reset(a);
    assert_int_equal(term_pace(&t, TERM_CAN, "123456"), 0x9000); /* one try was left; the counter is new */
    card_reset(a);
    assert_int_equal(term_pace(&t, TERM_CAN, "12345"), 0x63C4);
    for (int i = 0; i < 4; i++)
        term_pace(&t, TERM_CAN, "000000");
    assert_int_equal(term_pace(&t, TERM_CAN, "123456"), 0x6983);
    assert_int_equal(term_pace(&t, TERM_MRZ, a->mrz_info), 0x9000); /* the other password still opens */

    struct card *b SCOPED(card_freep) = open_card("tests/devices/cards/B.json");
    t = terminal_of(b);
    for (int i = 0; i < 12; i++)
        assert_int_equal(term_pace(&t, TERM_CAN, "111111"), 0x6300);
    assert_int_equal(term_pace(&t, TERM_CAN, "654321"), 0x9000);
}

static void wrong_mrz(void **state)
{
    (void)state;
    struct card *c SCOPED(card_freep) = open_card("tests/devices/cards/C.json");
    struct terminal t = terminal_of(c);
    assert_int_equal(term_bac(&t, c->mrz_info), 0x6985); /* not before the application is selected */
    assert_int_equal(term_select_app(&t), 0x9000);
    assert_int_equal(term_bac(&t, "XX105533<15106273310214"), 0x6300);
    assert_int_equal(term_bac(&t, c->mrz_info), 0x9000);
}

static void no_access(void **state)
{
    static const struct {
        const char *apdu;
        uint16_t sw;
    } rows[] = {
        {"00A4020C020101", 0x6A82}, /* the MF has no DG1 */
        {"00B0000010", 0x6986},     /* nothing selected */
        {"00A4040C07A0000002471001", 0x9000},
        {"00A4020C020101", 0x6982},
        {"00B0810010", 0x6982},
        {"00B10001045402000010", 0x6982},
        {"0022C1A40F800A04007F00070202040202830102", 0x6985}, /* PACE inside the application */
        {"00A4000C023F00", 0x9000},
        {"0022C1A40F800A04007F00070202040204830102", 0x6A80},       /* another cipher */
        {"0022C1A412800A04007F0007020204020283010284010C", 0x6A80}, /* another curve */
        {"0022C1A40F800A04007F00070202040202830103", 0x6A88},       /* a PIN */
        {"10860000027C0000", 0x6985},
        {"00A4040C06A00000024710", 0x6A82},
        {"00CA000000", 0x6D00},
        {"80A4000C023F00", 0x6E00},
        {"00A4000C033F00", 0x6700},
        {"00A4", 0x6700},
        {"0CB081000D9701048E08000000000000000000", 0x6987},
    };
    (void)state;
    struct card *c SCOPED(card_freep) = open_card("tests/devices/cards/A.json");
    struct terminal t = terminal_of(c);
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint16_t sw = term_hex(&t, rows[i].apdu, NULL);
        if (sw != rows[i].sw)
            fail_msg("%s: %04X instead of %04X", rows[i].apdu, sw, rows[i].sw);
    }
}

/* Each of these ends the session with an answer in clear; afterwards nothing is readable. */
static void broken_messages(void **state)
{
    static const struct {
        const char *apdu;
        uint16_t sw;
    } rows[] = {
        {"0CB081000D9701048E08000000000000000000", 0x6988}, /* wrong MAC */
        {"0CB0810003970104", 0x6987},                       /* Lc without Le, no MAC at all */
        {"0CB08100039701048E", 0x6987},
        {"0CB0810004DEADBEEF00", 0x6988}, /* no objects */
        {"00B0810004", 0x6982},           /* in clear */
    };
    (void)state;
    struct card *c SCOPED(card_freep) = open_card("tests/devices/cards/B.json");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct terminal t = terminal_of(c);
        uint8_t raw[64];
        card_reset(c);
        assert_int_equal(term_pace(&t, TERM_CAN, "654321"), 0x9000);
        assert_int_equal(term_select_app(&t), 0x9000);
        assert_int_equal(term_select(&t, 0x0101), 0x9000);
        size_t n = hexbytes(rows[i].apdu, raw, sizeof raw), got;
        uint8_t out[300];
        got = card_apdu(c, raw, n, out, sizeof out);
        assert_int_equal(got, 2);
        if ((out[0] << 8 | out[1]) != rows[i].sw)
            fail_msg("%s: %02X%02X instead of %04X", rows[i].apdu, out[0], out[1], rows[i].sw);
        assert_int_equal(term_hex(&t, "00B0000004", NULL), 0x6987); /* the channel is gone */
    }
}

static void bad_points(void **state)
{
    struct err e = {0};
    struct jval *g;
    ARENA_SCOPE(a);
    (void)state;
    assert_int_equal(jval_load(a, "tests/golden/card_pace_g1.json", &g, &e), RC_OK);
    struct card *c SCOPED(card_freep) = open_card("tests/devices/cards/A.json");
    struct terminal t = terminal_of(c);
    char off_curve[300];
    snprintf(off_curve, sizeof off_curve, "10860000457C438141%s00", jval_str(g, "off_curve", ""));
    const char *const rows[] = {off_curve, "10860000057C0381010000", "10860000027C0000", "10860000007C00"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        card_reset(c);
        assert_int_equal(term_hex(&t, "0022C1A40F800A04007F00070202040202830102", NULL), 0x9000);
        assert_int_equal(term_hex(&t, "10860000027C0000", NULL), 0x9000);
        assert_true(term_hex(&t, rows[i], NULL) >= 0x6700);
        assert_int_not_equal(term_hex(&t, "10860000027C0000", NULL), 0x9000); /* the run is over */
    }
}

/* Damaged commands of every kind, with and without a session: always an answer, never access. */
static void random_commands(void **state)
{
    static const char *const seeds[] = {"00A4040C07A0000002471001",
                                        "0022C1A40F800A04007F00070202040202830102",
                                        "10860000067C0481020400",
                                        "0CB081000D9701048E08000000000000000000",
                                        "0CB10002138508000000000000000097010F8E08000000000000000000",
                                        "00B10002045402102022",
                                        "00820000280011",
                                        "00A4000C000002011C0000"};
    (void)state;
    struct card *c SCOPED(card_freep) = open_card("tests/devices/cards/A.json");
    uint32_t r = 1;
    card_seed(c, 1);
    for (int i = 0; i < 20000; i++) {
        uint8_t in[64], out[300];
        size_t n = hexbytes(seeds[i % COUNT(seeds)], in, sizeof in);
        for (int k = 0; k < i % 4; k++) {
            r = r * 1664525u + 1013904223u;
            in[(r >> 8) % n] = (uint8_t)(r >> 24);
        }
        r = r * 1664525u + 1013904223u;
        n = r % 8 == 0 ? (r >> 16) % (n + 1) : n;
        size_t got = card_apdu(c, in, n, out, sizeof out);
        assert_true(got >= 2 && got <= sizeof out);
        assert_false(c->access || c->sm.on);
    }
}

/* ---- the SOD, seen by OpenSSL ---- */

static int run_openssl(const char *const argv[])
{
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(126);
        execvp("openssl", (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void signature_holds(const char *dir, const char *name)
{
    struct err e = {0};
    struct tlv cms;
    char path[64], in[128], out[128], root[128], pem[128];
    snprintf(path, sizeof path, "tests/devices/cards/%s.json", name);
    struct card *c SCOPED(card_freep) = open_card(path);
    size_t len, rootlen;
    const uint8_t *sod = card_file(c, 0x011D, &len), *csca = card_csca(c, &rootlen);
    assert_true(tlv_find(sod, len, 0x77, &cms));
    snprintf(in, sizeof in, "%s/%s.cms", dir, name);
    snprintf(out, sizeof out, "%s/%s.lds", dir, name);
    snprintf(root, sizeof root, "%s/%s.der", dir, name);
    snprintf(pem, sizeof pem, "%s/%s.pem", dir, name);
    assert_int_equal(fs_write(in, cms.p, cms.len, 0600, &e), RC_OK);
    assert_int_equal(fs_write(root, csca, rootlen, 0600, &e), RC_OK);
    const char *verify[] = {"openssl", "cms",       "-verify", "-inform", "DER", "-in",
                            in,        "-noverify", "-out",    out,       NULL};
    int rc = run_openssl(verify);
    if (rc == 127)
        skip();
    assert_int_equal(rc, 0);
    const char *convert[] = {"openssl", "x509", "-inform", "DER", "-in", root, "-out", pem, NULL};
    assert_int_equal(run_openssl(convert), 0);
    const char *chain[] = {"openssl", "cms", "-verify",  "-inform", "DER",  "-in", in,
                           "-CAfile", pem,   "-purpose", "any",     "-out", out,   NULL};
    if (!c->conf.explicit_ec) /* OpenSSL 3 builds no chain over explicit parameters */
        assert_int_equal(run_openssl(chain), 0);

    ARENA_SCOPE(a);
    char *object;
    size_t n, dg;
    uint8_t md[32];
    assert_int_equal(fs_read(a, out, 4096, &object, &n, &e), RC_OK);
    static const uint16_t groups[] = {0x0101, 0x0102, 0x010E};
    for (size_t i = 0; i < COUNT(groups); i++) {
        const uint8_t *f = card_file(c, groups[i], &dg);
        if (!f)
            continue;
        hash(MBEDTLS_MD_SHA256, md, f, dg);
        assert_non_null(memmem(object, n, md, sizeof md));
    }
    unlink(in), unlink(out), unlink(root), unlink(pem);
}

static void security_object(void **state)
{
    (void)state;
    char dir[] = "/tmp/pridvor-sod-XXXXXX";
    assert_non_null(mkdtemp(dir));
    signature_holds(dir, "A");
    signature_holds(dir, "B");
    signature_holds(dir, "C");
    rmdir(dir);
}

static void same_every_time(void **state)
{
    (void)state;
    struct card *a SCOPED(card_freep) = open_card("tests/devices/cards/A.json");
    struct card *b SCOPED(card_freep) = open_card("tests/devices/cards/A.json");
    size_t n, m;
    const uint8_t *p = card_file(a, 0x011D, &n), *q = card_file(b, 0x011D, &m);
    assert_int_equal(n, m);
    assert_memory_equal(p, q, n);
    uint8_t x[64], y[64], set[64];
    size_t len = hexbytes("0022C1A40F800A04007F00070202040202830102", set, sizeof set);
    struct card *both[] = {a, b};
    for (int i = 0; i < 2; i++) {
        card_seed(both[i], 42);
        uint8_t ok[2], nonce[8];
        assert_int_equal(card_apdu(both[i], set, len, ok, sizeof ok), 2);
        hexbytes("10860000027C0000", nonce, sizeof nonce);
        assert_int_equal(card_apdu(both[i], nonce, 8, i ? y : x, 64), 22);
    }
    assert_memory_equal(x, y, 22);
}

/* DG2 holds a JPEG that begins and ends as one, with the size that the record says. */
static void portrait(void **state)
{
    (void)state;
    for (char name = 'A'; name <= 'C'; name++) {
        char path[64];
        snprintf(path, sizeof path, "tests/devices/cards/%c.json", name);
        struct card *c SCOPED(card_freep) = open_card(path);
        size_t n;
        const uint8_t *f = card_file(c, 0x0102, &n);
        const uint8_t *face = memmem(f, n,
                                     "FAC\0"
                                     "010\0",
                                     8);
        assert_non_null(face);
        size_t record = (size_t)(face[8] << 24 | face[9] << 16 | face[10] << 8 | face[11]);
        assert_int_equal(face + record - f, n);
        const uint8_t *jpeg = face + 46;
        assert_true(record - 46 >= 15000 && record - 46 <= 20000);
        assert_memory_equal(jpeg, "\xFF\xD8\xFF", 3);
        assert_memory_equal(f + n - 2, "\xFF\xD9", 2);
        const char *dump = getenv("PRIDVOR_PORTRAITS");
        struct err e = {0};
        snprintf(path, sizeof path, "%s/%c.jpg", dump ? dump : "", name);
        if (dump)
            assert_int_equal(fs_write(path, jpeg, record - 46, 0644, &e), RC_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pace_example),    cmocka_unit_test(bac_example),
        cmocka_unit_test(sessions),        cmocka_unit_test(chip_authentication),
        cmocka_unit_test(odd_instruction), cmocka_unit_test(wrong_can),
        cmocka_unit_test(wrong_mrz),       cmocka_unit_test(no_access),
        cmocka_unit_test(broken_messages), cmocka_unit_test(bad_points),
        cmocka_unit_test(same_every_time), cmocka_unit_test(portrait),
        cmocka_unit_test(random_commands), cmocka_unit_test(security_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
