/* The card driver as a process, over the reader model below the unmodified libusb. Every scenario: exactly
 * one completion, the right code and outcome, and the next read is good again. */
#include "tests/devices/card_rig.h"

#include "common/base/clock.h"
#include "common/base/crypto.h"
#include "common/base/text.h"
#include "tests/devices/card.h"

#include <stdio.h>

/* ---- what is read ----------------------------------------------------------------------------------------
 */

static void check_file(struct card *c, const struct jval *file)
{
    static const struct {
        const char *name;
        uint16_t fid;
    } ids[] = {{"COM", 0x011E}, {"DG1", 0x0101}, {"DG2", 0x0102}, {"DG14", 0x010E}, {"SOD", 0x011D}};
    for (size_t i = 0; i < COUNT(ids); i++) {
        if (strcmp(jval_str(file, "name", ""), ids[i].name) != 0)
            continue;
        size_t n = 0;
        const uint8_t *p = card_file(c, ids[i].fid, &n);
        uint8_t hash[SHA256_LEN];
        char hex[65];
        assert_non_null(p);
        sha256(hash, p, n);
        hex_encode(hex, hash, sizeof hash);
        assert_int_equal(jval_int(file, "size", 0), n);
        assert_string_equal(jval_str(file, "sha256", ""), hex);
        return;
    }
    fail_msg("file %s", jval_str(file, "name", "?"));
}

static void check_card(const struct frame *f, const char *name, const char *access)
{
    ARENA_SCOPE(a);
    struct card *c SCOPED(card_freep) = NULL;
    struct err e = {0};
    struct jval *json = NULL;
    const char *path = arena_fmt(a, "tests/devices/cards/%s.json", name);
    if (card_new(path, &c, &e) != RC_OK || jval_load(a, path, &json, &e) != RC_OK)
        fail_msg("%s", e.text);
    const struct jval *files = jval_get(f->data, "files"), *who = jval_get(f->data, "identity"),
                      *person = jval_get(json, "person");
    assert_non_null(files);
    for (size_t i = 0; i < files->n; i++)
        check_file(c, &files->items[i]);
    assert_int_equal(files->n,
                     jval_bool(json, "pace", false) ? 5 : 4); /* no DG14 without chip authentication */
    static const char *const same[] = {"document_number", "birth_date", "expiry_date", "sex", "cnp",
                                       "nationality"};
    for (size_t i = 0; i < COUNT(same); i++)
        assert_string_equal(jval_str(who, same[i], "?"), jval_str(person, same[i], "!"));
    assert_string_equal(jval_str(f->data, "access", ""), access);
    assert_int_equal(k.identities, 1);
    const struct jval *passive = jval_get(f->data, "passive"), *chip = jval_get(f->data, "chip");
    assert_string_equal(jval_str(passive, "verdict", "?"), "valid");
    assert_string_equal(jval_str(chip, "verdict", "?"),
                        jval_bool(json, "pace", false) ? "genuine" : "not_offered");
    print_message("  card %s %s %s %s: %lld APDUs, %lld B out, %lld B in, %lld ms, card %lld ms\n", name,
                  access, jval_str(f->data, "pace_protocol", ""), jval_str(f->data, "curve", ""),
                  (long long)jval_int(f->data, "apdus", 0), (long long)jval_int(f->data, "bytes_out", 0),
                  (long long)jval_int(f->data, "bytes_in", 0), (long long)jval_int(f->data, "ms", 0),
                  (long long)jval_int(f->data, "card_ms", 0));
}

static void cards_at(const char *level)
{
    struct frame f;
    print_message("%s\n", level);
    up_at_level(level, "A");
    f = expect(CAN_A, "ok", "");
    check_card(&f, "A", "PACE");
    f = expect(MRZ_A, "ok", "");
    check_card(&f, "A", "PACE");
    vcmd("remove");
    vcmd("insert B");
    f = expect(CAN_B, "ok", "");
    check_card(&f, "B", "PACE");
    vcmd("remove");
    vcmd("insert C");
    f = expect(MRZ_C, "ok", "");
    check_card(&f, "C", "BAC");
    down();
}

static void cards(void **state)
{
    (void)state;
    cards_at("short");
    cards_at("extended");
    cards_at("whole");
}

/* A copy is read, and called by its name; the address needs its PIN. */
static void copies_and_address(void **state)
{
    (void)state;
    struct frame f;
    up("F-clone");
    f = expect("{\"can\":\"444444\"}", "ok", "");
    assert_string_equal(jval_str(jval_get(f.data, "chip"), "verdict", "?"), "failed");
    assert_string_equal(jval_str(jval_get(f.data, "passive"), "verdict", "?"), "valid");
    vcmd("remove");
    vcmd("insert I");
#define EDATA(pin) "{\"can\":\"666666\",\"pin\":\"" pin "\",\"want\":[\"EDATA\"]}"
    f = expect(EDATA("5093"), "ok", "");
    assert_non_null(strstr(jval_str(f.data, "address", ""), "Mihai Viteazul"));
    f = expect(EDATA("0000"), "user-needed", "PIN_WRONG");
    assert_int_equal(f.detail, 2);
    assert_null(strstr(f.text, "0000"));
    /* Another document than the one that was meant: its PIN is not tried. */
    expect("{\"can\":\"666666\",\"document\":\"XX204815\",\"pin\":\"0000\",\"want\":[\"EDATA\"]}",
           "user-needed", "CARD_SWAPPED");
    f = expect(EDATA("0000"), "user-needed", "PIN_WRONG");
    assert_int_equal(f.detail, 1);
    f = expect("{\"can\":\"666666\",\"want\":[\"DG1\"]}", "ok", "");
    assert_null(jval_get(f.data, "address"));
    vcmd("remove");
    vcmd("insert A");
    expect("{\"can\":\"123456\",\"pin\":\"5093\",\"want\":[\"EDATA\"]}", "unsupported", "NO_ADDRESS");
    down();
}

static void secrets(void **state)
{
    (void)state;
    struct frame f;
    up("A");
    for (int left = 4; left >= 3; left--) {
        f = expect("{\"can\":\"111111\"}", "user-needed", "CAN_WRONG");
        assert_int_equal(f.detail, left);
    }
    good(DG1_A);
    for (int i = 0; i < 4; i++)
        expect("{\"can\":\"111111\"}", "user-needed", "CAN_WRONG");
    f.detail = 9;
    kdrv_do(&k, "read", "{\"can\":\"111111\"}", 0, &f); /* the fifth in a row blocks */
    expect(CAN_A, "unsupported", "PACE_BLOCKED");
    vcmd("remove");
    vcmd("insert B");
    f = expect("{\"can\":\"111111\"}", "user-needed", "CAN_WRONG");
    assert_int_equal(f.detail, -1); /* this chip keeps it to itself */
    good("{\"can\":\"654321\",\"want\":[\"DG1\"]}");
    vcmd("remove");
    vcmd("insert C");
    expect(CAN_A, "unsupported", "PACE_UNSUPPORTED");
    f = expect(
        "{\"mrz\":{\"document_number\":\"XX105533\",\"birth_date\":\"510628\",\"expiry_date\":\"310214\"}}",
        "user-needed", "CAN_WRONG");
    good(MRZ_C);
    vcmd("remove");
    expect(CAN_A, "user-needed", "CARD_ABSENT");
    down();
}

/* ---- words -----------------------------------------------------------------------------------------------
 */

static void requests(void **state)
{
    (void)state;
    struct frame f;
    static const struct {
        const char *verb, *args, *completion;
    } bad[] = {
        {"read", "{}", "bad-request"},
        {"read", "{\"can\":\"12345\"}", "bad-request"},
        {"read", "{\"can\":\"12345a\"}", "bad-request"},
        {"read", "{\"can\":123456}", "bad-request"},
        {"read", "{\"can\":\"123456\",\"foo\":1}", "bad-request"},
        {"read", "{\"can\":\"123456\",\"want\":[\"DG99\"]}", "bad-request"},
        {"read", "{\"can\":\"123456\",\"want\":[\"EDATA\"]}", "bad-request"},
        {"read", "{\"can\":\"123456\",\"pin\":\"1234\"}", "bad-request"},
        {"read", "{\"can\":\"123456\",\"pin\":\"12345\",\"want\":[\"EDATA\"]}", "bad-request"},
        {"read",
         "{\"mrz\":{\"document_number\":\"cj1\",\"birth_date\":\"900101\",\"expiry_date\":\"350101\"}}",
         "bad-request"},
        {"read", "{\"mrz\":{}}", "bad-request"},
        {"print", "{}", "unsupported"},
        {"finish", "{}", "unsupported"},
        {"cancel", "{\"target\":5}", "bad-sequence"},
    };
    up("A");
    for (size_t i = 0; i < COUNT(bad); i++, cases++) {
        assert_string_equal(kdrv_do(&k, bad[i].verb, bad[i].args, 0, &f), bad[i].completion);
        assert_string_equal(f.outcome, "not-done");
    }
    kdrv_line(&k, "{\"id\":1,\"verb\":");
    kdrv_line(&k, "");
    kdrv_line(&k, "{\"id\":0,\"verb\":\"read\"}");
    assert_string_equal(kdrv_do(&k, "status", "{}", 0, &f), "ok");
    assert_true(jval_bool(f.data, "present", false));
    BUF_SCOPE(huge);
    buf_fmt(&huge, "{\"id\":77,\"verb\":\"read\",\"args\":{\"can\":\"");
    while (huge.len < 300 * 1024)
        buf_str(&huge, "1111111111111111");
    buf_str(&huge, "\"}}");
    kdrv_line(&k, huge.p);
    good(DG1_A);
    down();
}

/* While a card takes its time: ping is answered, a second command is refused, cancel ends it. */
static void busy_and_cancel(void **state)
{
    (void)state;
    struct frame f;
    up("A");
    vcmd("delay 150");
    int64_t id = kdrv_send(&k, "read", CAN_A, 0);
    kdrv_line(&k, "{\"id\":7,\"verb\":\"status\"}");
    assert_true(kdrv_completion(&k, 7, &f, 20000));
    assert_string_equal(f.completion, "busy");
    kdrv_line(&k, "{\"id\":8,\"verb\":\"ping\"}");
    do
        assert_true(kdrv_frame(&k, &f, 20000));
    while (strcmp(f.kind, "state") != 0);
    assert_string_equal(f.activity, "busy");
    char cancel[96];
    snprintf(cancel, sizeof cancel, "{\"id\":9,\"verb\":\"cancel\",\"args\":{\"target\":%lld}}",
             (long long)id);
    kdrv_line(&k, cancel);
    assert_true(kdrv_completion(&k, 9, &f, 20000));
    assert_string_equal(f.completion, "ok");
    assert_true(kdrv_completion(&k, id, &f, 20000));
    assert_string_equal(f.completion, "cancelled");
    assert_string_equal(f.outcome, "not-done");
    vcmd("delay 0");
    good(DG1_A);
    vcmd("delay 300"); /* the deadline of the command */
    assert_string_equal(kdrv_do(&k, "read", CAN_A, 900, &f), "timeout");
    vcmd("delay 0");
    good(DG1_A);
    cases += 4;
    down();
}

/* ---- presence --------------------------------------------------------------------------------------------
 */

static void seen(unsigned inserted, unsigned removed)
{
    struct frame f;
    while (k.inserted < inserted || k.removed < removed)
        assert_true(kdrv_frame(&k, &f, 20000));
}

static void presence(void **state)
{
    (void)state;
    int64_t worst = 0;
    struct frame f;
    up(NULL);
    vcmd("insert A"); /* the model draws its chip the first time */
    seen(1, 0);
    vcmd("remove");
    seen(1, 1);
    k.inserted = k.removed = 0;
    for (int i = 0; i < 10; i++, cases++) {
        unsigned before = k.inserted;
        int64_t at = mono_ms();
        vcmd("insert A");
        while (k.inserted == before)
            assert_true(kdrv_frame(&k, &f, 20000));
        worst = mono_ms() - at > worst ? mono_ms() - at : worst;
        before = k.removed;
        vcmd("remove");
        while (k.removed == before)
            assert_true(kdrv_frame(&k, &f, 20000));
    }
    print_message("card in -> event: at most %lld ms\n", (long long)worst);
    vcmd("insert A"); /* the aim is 300 ms; a test never measures */
    seen(11, 10);
    vcmd("swap B"); /* out and in between two looks: two events */
    seen(12, 11);
    kdrv_drain(&k, 500); /* and no more */
    assert_int_equal(k.inserted, 12);
    assert_int_equal(k.removed, 11);
    good("{\"can\":\"654321\",\"want\":[\"DG1\"]}");
    down();
}

static unsigned apdus_of(const char *args)
{
    struct frame f = expect(args, "ok", "");
    return (unsigned)jval_int(f.data, "apdus", 0);
}

/* The card is pulled after every APDU in turn. */
static void pulled(void **state)
{
    (void)state;
    char script[64];
    up("A");
    unsigned n = apdus_of(CAN_A);
    for (unsigned i = 0; i < n; i++) {
        snprintf(script, sizeof script, "script after %u apdu remove", i + 1);
        vcmd(script);
        struct frame f = {0};
        const char *is = kdrv_do(&k, "read", CAN_A, 0, &f);
        /* after the last one there is nothing left to lose */
        bool last = i + 1 == n;
        if (!(strcmp(f.code, "CARD_REMOVED") == 0 && strcmp(is, "user-needed") == 0) &&
            !(last && strcmp(is, "ok") == 0))
            fail_msg("pulled after %u APDUs: %s %s (%s)", i + 1, is, f.code, f.text);
        assert_int_equal(k.completions, 1);
        cases++;
        vcmd("insert A");
    }
    good(CAN_A);
    print_message("pulled after each of %u APDUs\n", n);
    down();
}

/* Another card of the same kind (same ATR) takes its place after every APDU. */
static void swapped(void **state)
{
    (void)state;
    char script[64];
    up("A");
    unsigned n = apdus_of(DG1_A), seen = 0;
    for (unsigned i = 0; i + 1 < n; i++) {
        snprintf(script, sizeof script, "script after %u apdu swap B", i + 1);
        vcmd(script);
        struct frame f = {0};
        const char *is = kdrv_do(&k, "read", DG1_A, 0, &f);
        bool removed = strcmp(f.code, "CARD_REMOVED") == 0;
        seen += strcmp(f.code, "CARD_SWAPPED") == 0;
        if ((strcmp(f.code, "CARD_SWAPPED") != 0 && !removed) || strcmp(is, "user-needed") != 0)
            fail_msg("swapped after %u APDUs: %s %s (%s)", i + 1, is, f.code, f.text);
        assert_int_equal(k.completions, 1);
        cases++;
        vcmd("swap A");
    }
    good(CAN_A);
    print_message("swapped after each of %u APDUs, %u times called by its name\n", n - 1, seen);
    down();
}

/* ---- link ------------------------------------------------------------------------------------------------
 */

static double transfers(void)
{
    return vdev_num(&v, "transfers");
}

static bool unplug_after(unsigned i, const char *args)
{
    char script[64];
    struct frame f = {0};
    snprintf(script, sizeof script, "script after %u transfers unplug", i);
    vcmd(script);
    const char *is = kdrv_do(&k, "read", args, 0, &f);
    bool gone = strcmp(is, "link-lost") == 0 && strcmp(f.code, "LINK_LOST") == 0;
    if (!gone && strcmp(is, "ok") != 0 && strcmp(is, "no-device") != 0)
        fail_msg("unplugged after %u transfers: %s %s (%s)", i, is, f.code, f.text);
    assert_int_equal(k.completions, 1);
    cases++;
    vdev_cmd(&v, "unplug", NULL, 0); /* when the read was over before */
    assert_true(kdrv_link(&k, "absent", 30000));
    vcmd("plug");
    if (!kdrv_link(&k, "up", 30000))
        fail_msg("not up again after %u transfers: %s %s", i, k.link, k.text);
    return gone;
}

/* The reader is unplugged after every USB transfer of a read; of the long one with the picture after every
 * tenth. */
static void unplugged(void **state)
{
    (void)state;
    up("A");
    double before = transfers();
    good(DG1_A);
    unsigned n = (unsigned)(transfers() - before), lost = 0;
    for (unsigned i = 1; i <= n; i++)
        lost += unplug_after(i, DG1_A);
    before = transfers();
    good(CAN_A);
    unsigned all = (unsigned)(transfers() - before);
    for (unsigned i = n; i < all; i += 10)
        lost += unplug_after(i, CAN_A);
    good(DG1_A);
    print_message("unplugged after each of %u and after every tenth of %u transfers: %u times link-lost\n", n,
                  all, lost);
    assert_true(lost * 10 > (n + (all - n) / 10) * 8);
    down();
}

/* ---- nonsense --------------------------------------------------------------------------------------------
 */

/* One strike after so many answers. `ok`: the read must succeed all the same. */
static void struck_after(unsigned at, const char *fault, const char *times, const char *completion,
                         const char *code)
{
    char script[96];
    snprintf(script, sizeof script, "script after %u apdu %s %s", at, fault, times);
    vcmd(script);
    struct frame f = {0};
    const char *is = kdrv_do(&k, "read", CAN_A, 0, &f);
    if (strcmp(is, completion) != 0 || strcmp(f.code, code) != 0 || k.completions != 1)
        fail_msg("%s %s after %u APDUs: %s %s (%s)", fault, times, at, is, f.code, f.text);
    cases++;
    snprintf(script, sizeof script, "%s off", fault);
    vcmd(script);
    good(DG1_A);
}

static void struck(const char *fault, const char *times, bool ok, const char *completion, const char *code)
{
    static const unsigned at[] = {1, 3, 5, 8, 10};
    for (size_t i = 0; i < COUNT(at); i++)
        struck_after(at[i], fault, times, ok ? "ok" : completion, code);
    print_message("  %-8s %-3s %s\n", fault, times, ok ? "ok" : completion);
}

static void nonsense(void **state)
{
    (void)state;
    up("A");
    struck("stale", "1", true, "", "");
    struck("stale", "on", true, "", "");
    struck("empty", "on", true, "", "");
    struck("twice", "on", true, "", "");
    struck("joined", "on", true, "", "");
    struck("pieces", "on", true, "", "");
    struck("notify", "on", true, "", "");
    struck("short", "1", true, "", ""); /* the second attempt, from a reset */
    struck("long", "1", true, "", "");
    struck("garbage", "1", true, "", "");
    struck("short", "on", false, "protocol", "");
    struck("garbage", "on", false, "protocol", "");
    struck("mute", "1", false, "device-error", "CARD_MUTE");
    struck("hardware", "1", false, "device-error", "READER_HARDWARE");
    struck("badslot", "1", true, "", "");
    down();
}

/* Nobody answers. Each waits to its ceiling; at every other moment of a read, with a clock of its own, in
 * reader_campaign_test.c. */
static void silence(void **state)
{
    (void)state;
    rig_profile("{\"apdu_ms\":6000,\"cap_ms\":12000}");
    up("A");
    struck_after(3, "silent", "1", "ok", "");
    struck_after(8, "silent", "on", "timeout", "");
    struck_after(5, "endless", "1", "timeout", "APDU_CAP");
    down();
    rig_profile("{}");
}

/* A machine so busy that the reader's side stands still, again and again: that is no silence. */
static void stands_still(void **state)
{
    (void)state;
    struct frame f = {0};
    up("A");
    int64_t id = kdrv_send(&k, "read", CAN_A, 0);
    for (unsigned stops = 0; stops < 3; stops++) {
        for (unsigned before = k.progress; k.progress == before;)
            assert_true(kdrv_frame(&k, &f, 20000));
        kill(v.pid, SIGSTOP);
        usleep(1500 * 1000);
        kill(v.pid, SIGCONT);
    }
    assert_true(kdrv_completion(&k, id, &f, 20000));
    if (strcmp(f.completion, "ok") != 0)
        fail_msg("the reader stood still: %s %s (%s)", f.completion, f.code, f.text);
    cases++;
    down();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cards),           cmocka_unit_test(copies_and_address),
        cmocka_unit_test(secrets),         cmocka_unit_test(requests),
        cmocka_unit_test(busy_and_cancel), cmocka_unit_test(presence),
        cmocka_unit_test(pulled),          cmocka_unit_test(swapped),
        cmocka_unit_test(unplugged),       cmocka_unit_test(nonsense),
        cmocka_unit_test(silence),         cmocka_unit_test(stands_still),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, rig_begin, rig_finish);
}
