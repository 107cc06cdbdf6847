/* A reader of TPDU level: PPS, parameters, T=1 and T=0 by the driver, against the card's end in
 * reader_tpdu.c. Faults on the line are mended by the protocol: the reading succeeds all the same, or ends
 * with the right word. */
#include "tests/devices/card_rig.h"

#include <stdio.h>

static const char t0_atr[] = "3B1F9680738421E0556978000080830790"
                             "00";

static struct frame timed(const char *what, const char *args)
{
    vcmd("counters reset");
    struct frame f = expect(args, "ok", "");
    print_message("  %s: %lld APDUs, %lld B in, %.0f blocks, %.0f PPS, %lld ms\n", what,
                  (long long)jval_int(f.data, "apdus", 0), (long long)jval_int(f.data, "bytes_in", 0),
                  vdev_num(&v, "blocks"), vdev_num(&v, "pps"), (long long)jval_int(f.data, "ms", 0));
    return f;
}

static void protocols(void **state)
{
    (void)state;
    up_at_level("tpdu", "A");
    timed("T=1, TA1=96", CAN_A);
    assert_int_equal(vdev_num(&v, "pps"), 1);
    vcmd("remove");
    vcmd("insert C"); /* offers T=0 first, T=1 second: PPS chooses */
    timed("T=1 by PPS", MRZ_C);
    assert_int_equal(vdev_num(&v, "pps"), 1);
    vcmd("remove");
    char line[96];
    snprintf(line, sizeof line, "atr %s", t0_atr);
    vcmd(line);
    vcmd("insert A");
    timed("T=0, TA1=96", CAN_A);
    assert_int_equal(vdev_num(&v, "pps"), 1);
    vcmd("nulls on");
    good(DG1_A);
    vcmd("nulls off");
    vcmd("atr 3B8F8081"
         "31FE45"
         "80738421E05569780000808307900099"); /* wrong check byte */
    expect(CAN_A, "device-error", "ATR_BAD");
    vcmd("atr 3B9F11"
         "91"
         "81"
         "31"
         "FE45"
         "80738421E0556978000080830790"
         "00"
         "B4"); /* TA2: T=1 only */
    vcmd("counters reset");
    kdrv_do(&k, "read", DG1_A, 0, &(struct frame){0});
    assert_int_equal(vdev_num(&v, "pps"), 0);
    down();
}

/* Simulators and old cards: an ATR that is wrong in itself. The reader speaks the protocol and took it. */
static void odd_atr(void **state)
{
    (void)state;
    static const char *const atrs[] = {"3B8F8081"
                                       "31FE45"
                                       "80738421E05569780000808307900099", /* wrong check byte */
                                       "3BFF",                             /* cut off */
                                       "3B00", "3B8A8001", "3F0F0102"};
    up_at_level("short", "A");
    for (size_t i = 0; i < COUNT(atrs); i++) {
        char line[96];
        snprintf(line, sizeof line, "atr %s", atrs[i]);
        vcmd("remove");
        vcmd(line);
        vcmd("insert A");
        good(DG1_A);
    }
    down();
}

/* The card says it is fast and is not: one step back, then another, and it is remembered. */
static void slower(void **state)
{
    (void)state;
    up_at_level("tpdu", "A");
    vcmd("fast on");
    vcmd("counters reset");
    struct frame f = expect(DG1_A, "ok", "");
    double first = vdev_num(&v, "power_ons");
    (void)f;
    assert_true(first > 1);
    vcmd("counters reset");
    good(DG1_A);
    assert_int_equal(vdev_num(&v, "power_ons"), 1);
    print_message("  a card that lies about its rate: %.0f power-ons, then one\n", first);
    vcmd("fast off");
    down();
    up_at_level("tpdu", "A");
    vcmd("refuse on"); /* the card keeps to the default rate */
    good(DG1_A);
    down();
}

/* A reader that does not choose by itself: 5 V, 3 V, 1.8 V until the card answers. */
static void voltages(void **state)
{
    (void)state;
    up_at_level("tpdu", "A");
    for (int volts = 1; volts <= 3; volts++) {
        char line[16];
        snprintf(line, sizeof line, "volts %d", volts);
        vcmd(line);
        vcmd("counters reset");
        good(DG1_A);
        assert_int_equal(vdev_num(&v, "power_ons"), volts);
    }
    vcmd("mute on");
    expect(DG1_A, "device-error", "CARD_MUTE");
    vcmd("mute off");
    down();
}

/* One fault in each block of a reading in turn. */
static void line_faults(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        bool ok;
        const char *completion, *code;
    } faults[] = {
        {"lrc", true, "", ""},  {"sequence", true, "", ""}, {"parity", true, "", ""},
        {"wtx", true, "", ""},  {"ifs", true, "", ""},      {"deaf", true, "", ""},
        {"mute", true, "", ""}, {"stale", true, "", ""},    {"abort", false, "device-error", "CARD_ABORT"},
    };
    char script[64];
    up_at_level("tpdu", "A");
    vcmd("counters reset");
    good(DG1_A);
    unsigned blocks = (unsigned)vdev_num(&v, "blocks");
    for (size_t i = 0; i < COUNT(faults); i++) {
        unsigned struck = 0;
        for (unsigned k_at = 1; k_at + 1 < blocks; k_at++) {
            snprintf(script, sizeof script, "script after %u blocks %s 1", k_at, faults[i].fault);
            vcmd(script);
            struct frame f = {0};
            const char *is = kdrv_do(&k, "read", DG1_A, 0, &f);
            bool as_said = faults[i].ok ? strcmp(is, "ok") == 0
                                        : strcmp(is, "ok") == 0 || (strcmp(is, faults[i].completion) == 0 &&
                                                                    strcmp(f.code, faults[i].code) == 0);
            if (!as_said || k.completions != 1)
                fail_msg("%s at block %u: %s %s (%s)", faults[i].fault, k_at, is, f.code, f.text);
            cases++;
            struck++;
            snprintf(script, sizeof script, "%s off", faults[i].fault);
            vcmd(script);
        }
        print_message("  %-8s at %u of %u blocks\n", faults[i].fault, struck, blocks);
    }
    good(CAN_A);
    vcmd("lrc on"); /* never a good block */
    expect(DG1_A, "device-error", "CARD_MUTE");
    vcmd("lrc off");
    good(DG1_A);
    down();
    rig_profile("{\"cap_ms\":2500}"); /* sooner than the ceiling of blocks */
    up_at_level("tpdu", "A");
    vcmd("wtx on"); /* more time again and again */
    expect(DG1_A, "timeout", "APDU_CAP");
    vcmd("wtx off");
    down();
    rig_profile("{}");
}

/* The card lies in the third slot of four; then somebody puts it into another. */
static void slots(void **state)
{
    (void)state;
    setenv("PRIDVOR_READER_SLOTS", "4", 1);
    static const char *const levels[] = {"tpdu", "extended"};
    for (size_t i = 0; i < COUNT(levels); i++) {
        struct frame f;
        up_at_level(levels[i], "A");
        good(DG1_A);
        for (int slot = 3; slot >= 0; slot--) {
            char line[32];
            unsigned before = k.inserted;
            snprintf(line, sizeof line, "slot %d", slot);
            vcmd(line);
            while (k.inserted == before)
                assert_true(kdrv_frame(&k, &f, 5000));
            good(DG1_A);
            assert_string_equal(kdrv_do(&k, "status", "{}", 0, &f), "ok");
            assert_int_equal(jval_int(f.data, "slot", -1), slot);
            assert_int_equal(jval_int(f.data, "slots", -1), 4);
        }
        vcmd("remove");
        expect(DG1_A, "user-needed", "CARD_ABSENT");
        down();
    }
    unsetenv("PRIDVOR_READER_SLOTS");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protocols), cmocka_unit_test(odd_atr),     cmocka_unit_test(slower),
        cmocka_unit_test(voltages),  cmocka_unit_test(line_faults), cmocka_unit_test(slots),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, rig_begin, rig_finish);
}
