/* Every kind of document: which way it opens, what its chip proves, what its signature is worth; copies are
 * refused; manners of real cards; and answers that are lost, garbled or forged at every step. */
#include "tests/devices/card_direct.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static unsigned cases;

static struct emrtd *good(const char *what)
{
    struct err e = {0};
    line_reset();
    struct emrtd *m = line_reading();
    cases++;
    if (emrtd_read(m, &e) != RC_OK)
        fail_msg("%s: %s %s", what, e.code ? e.code : "", e.text);
    line_same_files(m);
    assert_false(m->sm.open); /* keys are gone */
    return m;
}

static const struct kind {
    const char *card, *access, *pace, *curve, *method, *chip, *passive;
} kinds[] = {
    {"A", "PACE", "ECDH-GM-AES-128", "brainpoolP256r1", "CA", "genuine", "valid"},
    {"B", "PACE", "ECDH-GM-AES-256", "secp256r1", "CA", "genuine", "valid"},
    {"C", "BAC", "", "", "none", "not_offered", "valid"},
    {"D", "PACE", "ECDH-IM-AES-192", "brainpoolP384r1", "CA", "genuine", "valid"},
    {"E", "PACE", "DH-GM-AES-128", "MODP 2048/256", "CA", "genuine", "valid"},
    {"F", "PACE", "ECDH-GM-AES-128", "secp256r1", "AA", "genuine", "valid"},
    {"G", "PACE", "ECDH-GM-3DES", "secp256r1", "CA", "genuine", "valid"},
    {"H", "BAC", "", "", "AA", "genuine", "valid"},
    {"I", "PACE", "ECDH-GM-AES-256", "brainpoolP256r1", "CA", "genuine", "valid"},
    {"M", "PACE", "ECDH-CAM-AES-128", "secp256r1", "CAM", "genuine", "valid"},
    {"M-bare", "PACE", "ECDH-CAM-AES-128", "secp256r1", "CA", "genuine", "valid"},
    {"M-broken", "PACE", "ECDH-CAM-AES-128", "secp256r1", "CA", "genuine", "valid"},
    {"N", "PACE", "DH-IM-AES-256", "MODP 1024/160", "none", "not_offered", "valid"},
    {"A-clone", "PACE", "ECDH-GM-AES-128", "brainpoolP256r1", "CA", "failed", "valid"},
    {"F-clone", "PACE", "ECDH-GM-AES-128", "secp256r1", "AA", "failed", "valid"},
    {"G-clone", "PACE", "ECDH-GM-3DES", "secp256r1", "none", "failed", "valid"},
    {"H-clone", "BAC", "", "", "AA", "failed", "valid"},
    {"M-clone", "PACE", "ECDH-CAM-AES-128", "secp256r1", "CAM", "failed", "valid"},
    {"M-forged", "PACE", "ECDH-CAM-AES-128", "secp256r1", "CA", "failed", "valid"},
    {"A-hides", "PACE", "ECDH-GM-AES-128", "brainpoolP256r1", "CA", "not_checked", "valid"},
    {"A-other", "PACE", "ECDH-GM-AES-128", "brainpoolP256r1", "CA", "not_checked", "valid"},
    {"M-hides", "PACE", "ECDH-CAM-AES-128", "secp256r1", "CAM", "not_checked", "valid"},
    {"R", "PACE", "ECDH-GM-AES-128", "brainpoolP256r1", "CA", "genuine", "valid"},
};

static void same(const char *card, const char *what, const char *is, const char *want)
{
    if (strcmp(is, want) != 0)
        fail_msg("card %s: %s is %s instead of %s", card, what, is, want);
}

static void check_kind(const struct kind *k, const struct emrtd *m)
{
    const struct emrtd_result *r = &m->result;
    same(k->card, "access", r->access, k->access);
    same(k->card, "pace", r->pace, k->pace);
    same(k->card, "curve", r->curve, k->curve);
    if (strcmp(trust_word(r->passive.word), k->passive) != 0)
        fail_msg("card %s: passive %s (%s)", k->card, trust_word(r->passive.word), r->passive.reason);
    if (strcmp(chip_verdict_word(r->chip), k->chip) != 0)
        fail_msg("card %s: chip %s (%s)", k->card, chip_verdict_word(r->chip), r->chip_why);
    same(k->card, "method", r->chip_method, k->method);
    assert_non_null(line_file(m, "DG1"));
    assert_non_null(line_file(m, "DG2"));
    assert_non_null(line_file(m, "SOD"));
}

static void documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        line_begin(kinds[i].card);
        struct emrtd *m = good(kinds[i].card);
        check_kind(&kinds[i], m);
        print_message("  %-8s %-4s %-16s %-15s %-4s %-11s %3u APDUs, %u resets\n", kinds[i].card,
                      m->result.access, m->result.pace, m->result.curve, m->result.chip_method,
                      chip_verdict_word(m->result.chip), line.apdus, line.resets);
        line_end();
    }
}

/* EF.CardAccess taken out on the way: the document would open with the weaker BAC. DG14 tells. */
static void pace_hidden(void **state)
{
    (void)state;
    line_begin("A");
    card_drop_file(line.card, 0x011C);
    line.by_zone = true;
    struct emrtd *m = good("EF.CardAccess is gone");
    same("A", "access", m->result.access, "BAC");
    same("A", "chip", chip_verdict_word(m->result.chip), "not_checked");
    assert_non_null(strstr(m->result.chip_why, "EF.CardAccess hides"));
    line_end();
}

/* Another picture, and another DG14: its key may still be proved, but it is not the one that was signed. */
static void exchanged_files(void **state)
{
    (void)state;
    static const struct {
        uint16_t fid;
        const char *chip;
    } rows[] = {{0x0102, "genuine"}, {0x010E, "failed"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t n = 0;
        line_begin("B");
        const uint8_t *file = card_file(line.card, rows[i].fid, &n);
        uint8_t *p = malloc(n);
        memcpy(p, file, n);
        p[n - 1] ^= 1; /* of DG14: the domain parameters in the copy of PACEInfo */
        card_put_file(line.card, rows[i].fid, p, n);
        free(p);
        struct emrtd *m = good("an exchanged file");
        same("B", "passive", trust_word(m->result.passive.word), "hash_differs");
        same("B", "chip", chip_verdict_word(m->result.chip), rows[i].chip);
        line_end();
    }
}

/* Without country certificates nobody is known: then only the signer of the security object may vouch for the
 * key of the mapping, and a forger's EF.CardSecurity proves nothing. */
static void nobody_known(void **state)
{
    (void)state;
    static const struct {
        const char *card, *method, *chip;
    } rows[] = {{"M", "CAM", "genuine"}, {"M-forged", "CA", "failed"}, {"M-clone", "CAM", "failed"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err e = {0};
        line_begin(rows[i].card);
        line_reset();
        struct emrtd *m = line_reading();
        m->trust = NULL;
        assert_int_equal(emrtd_read(m, &e), RC_OK);
        same(rows[i].card, "passive", trust_word(m->result.passive.word), "signer_unknown");
        same(rows[i].card, "method", m->result.chip_method, rows[i].method);
        same(rows[i].card, "chip", chip_verdict_word(m->result.chip), rows[i].chip);
        line_end();
        cases++;
    }
}

/* A signed message that does not call itself a security object, as some states write it: not judged, and not
 * called a forgery either. */
static void other_content(void **state)
{
    (void)state;
    static const uint8_t lds[] = {0x06, 0x06, 0x67, 0x81, 0x08, 0x01, 0x01, 0x01};
    size_t n = 0, found = 0;
    line_begin("A");
    const uint8_t *file = card_file(line.card, 0x011D, &n);
    uint8_t *p = malloc(n);
    memcpy(p, file, n);
    for (size_t i = 0; i + sizeof lds <= n; i++)
        if (memcmp(p + i, lds, sizeof lds) == 0) {
            p[i + sizeof lds - 1] = 0x7F;
            found++;
        }
    card_put_file(line.card, 0x011D, p, n);
    free(p);
    assert_int_equal(found, 2); /* the type, and the signed attribute that repeats it */
    struct emrtd *m = good("another content");
    same("A", "passive", trust_word(m->result.passive.word), "not_checked");
    assert_non_null(strstr(m->result.passive.reason, "no security object"));
    line_end();
}

static void manners(void **state)
{
    (void)state;
    static const char *const cards[] = {"A", "C", "E", "G", "I", "M"};
    for (size_t i = 0; i < COUNT(cards); i++) {
        line_begin(cards[i]);
        good("first");
        line.no_sfi = true;
        good("no short identifiers");
        line.no_sfi = false;
        line.exact = true;
        good("6Cxx");
        line.exact = false;
        for (size_t limit = 250; limit >= 112; limit -= 46) {
            line.limit = limit;
            if (strcmp(cards[i], "E") != 0) /* its keys alone are longer */
                good("6700 above a limit");
        }
        line.limit = 0;
        line.pieces = 100;
        good("61xx");
        line.pieces = 0;
        line.no_wide = line.joins = true;
        line.pieces = 200; /* long keys come back by 61xx */
        good("no extended length after all");
        line.no_wide = line.joins = false;
        line.pieces = 0;
        line.bare = true;
        good("errors in clear");
        line_end();
    }
}

/* Manners of the chip itself, one by one and all together. */
static void chips(void **state)
{
    (void)state;
    static const char *const cards[] = {"A", "B", "C", "E", "G", "M", "P"};
    static const struct {
        const char *what;
        struct manners odd;
        unsigned most; /* APDUs; 0: as many as it likes */
    } rows[] = {
        {"no short identifiers in the LDS", {.no_sfi = true}, 0},
        {"refuses more than there is", {.strict = true}, 130},
        {"9000 outside", {.outer_ok = true}, 0},
        {"padded files", {.padded = true}, 0},
        {"long lengths", {.long_form = true}, 0},
        {"DO 87 to odd INS", {.odd_87 = true}, 0},
        {"no MF", {.no_mf = true}, 0},
        {"FCI", {.fci = true}, 0},
        {"warnings behind the data", {.warns = true}, 0},
        {"all of it", {true, true, true, false, true, true, true, true, true, true}, 0},
    };
    for (size_t i = 0; i < COUNT(cards); i++) {
        line_begin(cards[i]);
        for (size_t n = 0; n < COUNT(rows); n++) {
            *card_manners(line.card) = rows[n].odd;
            struct emrtd *m = good(rows[n].what);
            assert_non_null(line_file(m, "SOD"));
            assert_non_null(line_file(m, "DG2"));
            if (strcmp(trust_word(m->result.passive.word), "valid") != 0 || m->result.chip == CHIP_FAILED ||
                (rows[n].most && line.apdus > rows[n].most))
                fail_msg("%s, card %s: %s, chip %s, %u APDUs", rows[n].what, cards[i],
                         trust_word(m->result.passive.word), chip_verdict_word(m->result.chip), line.apdus);
        }
        line_end();
    }
}

/* A picture nobody can fetch, files in other lengths than they need: the holder is known all the same. */
static void unread_picture(void **state)
{
    (void)state;
    static const struct {
        uint16_t fid;
        const char *bytes;
        size_t len;
    } rows[] = {{0x0102, "\x75\x83\x20\x00\x00", 5},
                {0x0102, "\x76\x03\x00\x00\x00", 5},
                {0x0102, "\x75\x82\x40\x00\x7F", 5},
                {0x011E, "\x60\x84\x7F\xFF\xFF\xFF", 6}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        line_begin("A");
        card_put_file(line.card, rows[i].fid, rows[i].bytes, rows[i].len);
        struct emrtd *m = good("a file that cannot be read");
        assert_non_null(line_file(m, "DG1"));
        assert_null(line_file(m, rows[i].fid == 0x0102 ? "DG2" : "COM"));
        same("A", "passive", trust_word(m->result.passive.word), "valid");
        same("A", "chip", chip_verdict_word(m->result.chip), "genuine");
        line_end();
    }
    static uint8_t big[40004] = {0x75, 0x82, 0x9C, 0x40};
    struct emrtd *m = NULL;
    line_begin("A"); /* a picture behind 32 kB, on a card that reads so far, and one that does not */
    card_put_file(line.card, 0x0102, big, sizeof big);
    for (int far = 1; far >= 0; far--) {
        card_manners(line.card)->no_far = !far;
        m = good("odd INS");
        assert_true(m->result.has_mrz);
        assert_int_equal(line_file(m, "DG2") != NULL, far);
    }
    line_end();
    uint8_t dg1[100] = {0x61, 0x83, 0, 0, 95, 0x5F, 0x1F, 0x82, 0, 90};
    line_begin("A");
    memcpy(dg1 + 10, card_mrz(line.card), 90);
    card_put_file(line.card, 0x0101, dg1, 100);
    m = good("long lengths in DG1");
    assert_string_equal(m->result.mrz.number, "XX204815");
    line_end();
}

/* Keys of 256 bytes, and neither long commands nor pieces: the way out is the printed zone. */
static void long_keys(void **state)
{
    (void)state;
    struct err e = {0};
    line_begin("E");
    line.no_wide = true;
    line_reset();
    struct emrtd *m = line_reading();
    cases++;
    assert_int_equal(emrtd_read(m, &e), RC_UNSUPPORTED);
    assert_string_equal(e.code, "PACE_UNSUPPORTED");
    line_end();
}

/* EF.COM lists what is not there, or not for us; in clear and sealed. */
static void com_lies(void **state)
{
    (void)state;
    for (int bare = 0; bare < 2; bare++) {
        line_begin("A");
        card_put_file(line.card, 0x011E,
                      "\x60\x1B\x5F\x01\x04"
                      "0107\x5F\x36\x06"
                      "040000\x5C\x08\x61\x75\x63\x6B\x6C\x6D\x6E\x6F",
                      29);
        line.bare = bare;
        struct emrtd *m = good("EF.COM lists more");
        same("A", "chip", chip_verdict_word(m->result.chip), "genuine");
        line_end();
    }
}

/* ---- the address behind the PIN ---- */

static enum rc address(const char *pin, struct emrtd **out, struct err *e)
{
    line_reset();
    *out = line_reading();
    (*out)->secret.pin = pin;
    (*out)->want_address = true;
    cases++;
    return emrtd_read(*out, e);
}

static void pin(void **state)
{
    (void)state;
    struct emrtd *m;
    struct err e = {0};
    line_begin("I");
    assert_int_equal(address("5093", &m, &e), RC_OK);
    assert_string_equal(m->result.address, "jud. Cluj, mun. Turda, str. Mihai Viteazul nr. 3, ap. 12");
    m = good("without");
    assert_null(m->result.address);
    for (int left = 2; left >= 1; left--) {
        e = (struct err){0};
        assert_int_equal(address("4321", &m, &e), RC_USER);
        assert_string_equal(e.code, "PIN_WRONG");
        assert_int_equal(e.detail, left);
        assert_true(m->result.has_mrz); /* the rest was read */
    }
    e = (struct err){0};
    assert_int_equal(address("4321", &m, &e), RC_UNSUPPORTED);
    assert_string_equal(e.code, "PIN_BLOCKED");
    e = (struct err){0};
    assert_int_equal(address("5093", &m, &e), RC_UNSUPPORTED);
    assert_string_equal(e.code, "PIN_BLOCKED");
    assert_null(strstr(e.text, "5093"));
    line_end();
}

/* ---- at every step ---- */

static bool every(void)
{
    return getenv("PRIDVOR_CAMPAIGN") != NULL;
}

/* One bend at each answer in turn. The reading ends in a good result or with a sentence; nothing forged is in
 * it; the next one is good. */
static void bend_all(const char *card, enum bend bend, const struct kind *k)
{
    line_begin(card);
    good(card);
    unsigned n = line.apdus, healed = 0, refused = 0, step = every() ? 1 : n / 8 + 1;
    for (unsigned i = 1; i <= n; i += i < 18 ? 1 : step) {
        struct err e = {0};
        line_reset();
        line.at = i;
        line.bend = bend;
        struct emrtd *m = line_reading();
        enum rc rc = emrtd_read(m, &e);
        cases++;
        assert_true(rc == RC_OK || e.text[0]);
        healed += rc == RC_OK;
        refused += rc != RC_OK;
        if (rc == RC_OK)
            line_same_files(m);
        if (rc == RC_OK && m->result.chip == CHIP_GENUINE && strcmp(k->chip, "genuine") != 0)
            fail_msg("a copy is called genuine, answer %u", i);
        if (bend == BEND_PULLED && rc != RC_USER)
            fail_msg("pulled at %u: %s", i, rc_name(rc));
        if (bend == BEND_LOST && rc != RC_OK)
            fail_msg("card %s, answer %u lost: %s", card, i, e.text);
    }
    good(card);
    print_message("  %-8s bend %d: %u answers, %u good in the end, %u refused\n", card, bend, n, healed,
                  refused);
    line_end();
}

static void campaign(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++)
        for (enum bend bend = BEND_LOST; bend <= BEND_STATUS; bend++)
            if (every() || (i + bend) % 8 == 0)
                bend_all(kinds[i].card, bend, &kinds[i]);
    print_message("documents: %u readings\n", cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents),
        cmocka_unit_test(pace_hidden),
        cmocka_unit_test(exchanged_files),
        cmocka_unit_test(nobody_known),
        cmocka_unit_test(other_content),
        cmocka_unit_test(manners),
        cmocka_unit_test(chips),
        cmocka_unit_test(unread_picture),
        cmocka_unit_test(com_lies),
        cmocka_unit_test(long_keys),
        cmocka_unit_test(pin),
        cmocka_unit_test(campaign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
