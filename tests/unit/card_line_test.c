/* What follows from an ATR: PPS, rates, times, parameters; T=0 against a small card; the rows for readers. */
#include "tests/unit/card_golden.h"

#include "common/base/arena.h"
#include "drivers/card/ccid.h"
#include "drivers/card/pps.h"
#include "drivers/card/t0.h"
#include "drivers/rows.h"
#include "drivers/bus/match.h"

#include <stdio.h>
#include <string.h>

/* ---- PPS, rates, times ---- */

static void negotiation(void **state)
{
    (void)state;
    const struct jval *list = gold("t1.json", "pps");
    for (size_t i = 0; i < list->n; i++) {
        struct octets q = hex_in(&list->items[i], "request");
        const char *answer = jval_str(&list->items[i], "response", NULL);
        uint8_t ta1 = q.p[1] & 0x10 ? q.p[2] : PPS_DEFAULT, out[PPS_MAX], is = 0;
        assert_octets(out, pps_request(q.p[1] & 0x0F, ta1, out), gold_str(&list->items[i], "request"));
        struct octets r = answer ? hex(answer) : q;
        assert_int_equal(pps_answer(q.p, r.p, r.n, &is, NULL), RC_OK);
        assert_int_equal(is, ta1);
    }
    struct octets q = hex("FF119678"), r = hex("FF01FE");
    uint8_t is = 0;
    assert_int_equal(pps_answer(q.p, r.p, r.n, &is, NULL), RC_OK); /* the card keeps to the default */
    assert_int_equal(is, PPS_DEFAULT);
    static const char *const bad[] = {"",         "FF",       "FF11",       "FF119679", "FF11957B",
                                      "FF109679", "FE119679", "FF11967800", "FF2100DE", "FF817E"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        r = hex(bad[i]);
        assert_int_equal(pps_answer(q.p, r.p, r.n, &is, NULL), RC_PROTOCOL);
    }
}

/* "..+": the check byte is put behind. */
static struct atr atr(const char *text)
{
    char head[80];
    snprintf(head, sizeof head, "%.*s", (int)strcspn(text, "+"), text);
    struct octets o = hex(head);
    if (strchr(text, '+')) {
        for (size_t i = o.p[o.n] = 1; i < o.n; i++)
            o.p[o.n] ^= o.p[i];
        o.p[o.n++] ^= 1;
    }
    struct atr a;
    struct err e = {0};
    if (atr_parse(o.p, o.n, &a, &e) != RC_OK)
        fail_msg("%s: %s", text, e.text);
    return a;
}

#define CEI "3BDF96008131FE4580738421E05569780000808307900024"

static void rates(void **state)
{
    (void)state;
    struct atr a = atr(CEI);
    static const uint32_t list[] = {10753, 125000, 250000, 344086};
    bool ok;
    struct pps_reader r = {.clock_khz = 4000, .max_rate = 344105};
    assert_int_equal(pps_rate(0x96, 4000), 250000);
    assert_int_equal(pps_choose(&a, &r, 0, &ok), 0x96);
    assert_int_equal(pps_choose(&a, &r, 1, &ok), 0x99); /* 20 */
    assert_int_equal(pps_choose(&a, &r, 2, &ok), 0x95);
    assert_int_equal(pps_choose(&a, &r, 9, &ok), PPS_DEFAULT);
    r.rates = list;
    r.n = COUNT(list);
    assert_int_equal(pps_choose(&a, &r, 1, &ok), 0x95);
    r.max_rate = 200000;
    assert_int_equal(pps_choose(&a, &r, 0, &ok), 0x95);
    r.max_rate = 9600;
    assert_int_equal(pps_choose(&a, &r, 0, &ok), PPS_DEFAULT);
    for (unsigned ta1 = 0; ta1 < 256; ta1++) {
        a.ta1 = (int)ta1;
        r = (struct pps_reader){.clock_khz = 4000, .max_rate = 1000000};
        uint8_t got = pps_choose(&a, &r, 0, &ok);
        assert_true(ok && pps_rate(got, 4000) >= pps_rate(PPS_DEFAULT, 4000));
        assert_true(pps_rate((uint8_t)ta1, 4000) || got == PPS_DEFAULT); /* reserved F or D */
    }
    assert_int_equal(pps_protocol(&a, 3), 1);
    assert_int_equal(pps_protocol(&a, 1), -1);
}

static void times(void **state)
{
    (void)state;
    struct atr a = atr(CEI);
    assert_in_range(pps_t1_ms(&a, PPS_DEFAULT, 4000, 1), 3700, 3850); /* facts: about 3.8 s and 2.5 s */
    assert_in_range(pps_t1_ms(&a, 0x96, 4000, 1), 2450, 2550);
    assert_true(pps_t1_ms(&a, 0x96, 4000, 5) > 8000);
    a = atr("3B0290AA");
    assert_in_range(pps_t0_ms(&a, PPS_DEFAULT, 4000), 3900, 4000); /* 3 x 892.8 ms, 291 ms, 1 s */
}

/* What the bytes behind TD mean. */
static void interface_bytes(void **state)
{
    (void)state;
    struct atr a = atr("3B9096918131FE45+"); /* TA1, TA2 = 81: T=1 only, not changeable */
    assert_int_equal(a.specific, 1);
    assert_false(a.implicit);
    bool ok;
    struct pps_reader slow = {.clock_khz = 4000, .max_rate = 20000}, fast = {.clock_khz = 4000};
    assert_int_equal(pps_choose(&a, &fast, 3, &ok), 0x96);
    assert_true(ok);
    (void)pps_choose(&a, &slow, 0, &ok);
    assert_false(ok);
    a.implicit = true;
    assert_int_equal(pps_choose(&a, &slow, 0, &ok), PPS_DEFAULT);
    assert_true(ok);
    a = atr("3B80801F03+"); /* T=0 and global bytes of T=15: a check byte all the same */
    assert_int_equal(a.protocols, 1);
    assert_int_equal(a.supply, 3);
    struct octets o = hex("3B80801F03");
    assert_int_equal(atr_parse(o.p, o.n, &a, NULL), RC_DEVICE);
    o = hex("3B808F8F");
    assert_int_equal(atr_parse(o.p, o.n, &a, NULL), RC_DEVICE); /* T=15 in TD1 */
    a = atr("3B8000");                                          /* T=0 said aloud: none */
    assert_int_equal(a.wi, 10);
    a = atr("3B80410A+"); /* TC2 is of T=0 even behind a TD1 of T=1 */
    assert_int_equal(a.wi, 10);
    a = atr("3B808171204501+");
    assert_true(a.crc);
    assert_int_equal(a.ifsc, 32);
    a = atr("3B8081B1102531FE45+"); /* the first group for T=1 counts */
    assert_int_equal(a.ifsc, 16);
    assert_int_equal(a.tb3, 0x25);
    a = atr("3B808011FE+");
    assert_int_equal(a.first, 0);
    assert_int_equal(a.protocols, 3);
    assert_int_equal(pps_protocol(&a, 3), 1);
    assert_int_equal(pps_protocol(&a, 1), 0);
    a = atr("3BC0FF8131FE45+"); /* TC1 = 255: the least guard time, 11 etu in T=1 */
    struct atr b = atr("3BC0008131FE45+");
    assert_true(pps_t1_ms(&a, PPS_DEFAULT, 4000, 1) < pps_t1_ms(&b, PPS_DEFAULT, 4000, 1));
}

/* ---- T=0 ---- */

static void forms(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int form;
        bool wide;
        size_t nc, ne;
    } rows[] = {
        {"00A40000", 1, false, 0, 0},
        {"00B0000008", 2, false, 0, 8},
        {"00B0000000", 2, false, 0, 256},
        {"00A4000C023F00", 3, false, 2, 0},
        {"00A40000023F0000", 4, false, 2, 256},
        {"00B00000000100", 2, true, 0, 256},
        {"00B00000000000", 2, true, 0, 65536},
        {"00A400000000023F00", 3, true, 2, 0},
        {"00A400000000023F000000", 4, true, 2, 65536},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct octets o = hex(rows[i].bytes);
        struct t0_command c;
        assert_int_equal(t0_command(o.p, o.n, &c, NULL), RC_OK);
        assert_int_equal(c.form, rows[i].form);
        assert_int_equal(c.wide, rows[i].wide);
        assert_int_equal(c.nc, rows[i].nc);
        assert_int_equal(c.ne, rows[i].ne);
    }
    static const char *const bad[] = {"",
                                      "00A400",
                                      "00A4000002AA",
                                      "00A4000002AABBCCDD",
                                      "00B000000001",
                                      "00A400000000",
                                      "00A40000000002AA"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct octets o = hex(bad[i]);
        struct t0_command c;
        assert_int_equal(t0_command(o.p, o.n, &c, NULL), RC_PROTOCOL);
    }
}

/* sent, answer, sent, answer ... */
struct script {
    const char *const *step;
    size_t at;
};

static enum rc scripted(void *self, const uint8_t *out, size_t len, uint8_t *in, size_t *got, struct err *e)
{
    struct script *s = self;
    (void)e;
    assert_non_null(s->step[s->at]);
    assert_octets(out, len, s->step[s->at++]);
    struct octets o = hex(s->step[s->at++]);
    memcpy(in, o.p, o.n);
    *got = o.n;
    return RC_OK;
}

static void t0_turns(void **state)
{
    (void)state;
    static const struct {
        const char *cmd, *got, *step[12];
    } rows[] = {
        {"00A40000", "9000", {"00A4000000", "9000"}},
        {"00B0000004", "010203049000", {"00B0000004", "010203049000"}},
        {"00B0000004", "01029000", {"00B0000004", "6C02", "00B0000002", "01029000"}},
        {"00B0000000", "01029000", {"00B0000000", "6C02", "00B0000002", "01029000"}},
        {"00B0000004", "6A82", {"00B0000004", "6A82"}},
        {"00A4000C023F00", "9000", {"00A4000C023F00", "9000"}},
        {"00A4000C023F00", "6104", {"00A4000C023F00", "6104"}},
        {"00A40000023F0000", "6F009000", {"00A40000023F00", "6102", "00C0000002", "6F009000"}},
        {"00A40000023F0001", "6F6101", {"00A40000023F00", "6102", "00C0000001", "6F6101"}},
        {"00A40000023F0000",
         "6F00AB9000",
         {"00A40000023F00", "6102", "00C0000002", "6F006101", "00C0000001", "AB9000"}},
        {"00A40000023F0000",
         "6F9000",
         {"00A40000023F00", "9000", "00C0000000", "6C01", "00C0000001", "6F9000"}},
        {"00A40000023F0000", "9000", {"00A40000023F00", "9000", "00C0000000", "6D00"}},
        {"0CA40000023F0000", "6F9000", {"0CA40000023F00", "6101", "00C0000001", "6F9000"}},
        {"00B0000004", "010203049000", {"00B0000004", "6060010203049000"}}, /* NULL slipped through */
        {"00B0000004", "010203049000", {"00B0000004", "60B0010203049000"}},
        {"00B0000004", "6A82", {"00B0000004", "60606A82"}},
        {"00A4000C023F00", "9000", {"00A4000C023F00", "609000"}},
        {"00B00000000004", "010203049000", {"00B0000004", "010203049000"}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct script s = {.step = rows[i].step};
        struct t0 t = {.tpdu = scripted, .self = &s};
        struct octets o = hex(rows[i].cmd);
        uint8_t out[600];
        struct err e = {0};
        struct t0_apdu a = {.cmd = o.p, .len = o.n, .out = out, .cap = sizeof out};
        if (t0_exchange(&t, &a, &e) != RC_OK)
            fail_msg("%s: %s", rows[i].cmd, e.text);
        assert_octets(out, a.got, rows[i].got);
        assert_null(s.step[s.at]);
    }
}

/* 300 bytes travel in two envelopes; 400 come back in two pieces. */
static unsigned envelopes_seen;
static enum rc enveloped(void *self, const uint8_t *out, size_t len, uint8_t *in, size_t *got, struct err *e)
{
    (void)e;
    uint8_t *back = self;
    *got = 2;
    memcpy(in, "\x90\x00", 2);
    if (out[1] == 0xC2) {
        memcpy(back + envelopes_seen, out + 5, len - 5);
        envelopes_seen += out[4];
        if (envelopes_seen == 309)
            memcpy(in, "\x61\x00", 2);
        return RC_OK;
    }
    assert_int_equal(out[1], 0xC0);
    *got = (out[4] ? out[4] : 256) + 2u;
    memset(in, 0x5A, *got);
    memcpy(in + *got - 2, out[4] ? "\x90\x00" : "\x61\x90", 2);
    return RC_OK;
}

static void envelope(void **state)
{
    (void)state;
    uint8_t cmd[309] = {0x0C, 0x2A, 0, 0, 0, 1, 44}, back[600], out[600];
    for (size_t i = 7; i < 307; i++)
        cmd[i] = (uint8_t)i;
    struct t0 t = {.tpdu = enveloped, .self = back};
    struct t0_apdu a = {.cmd = cmd, .len = sizeof cmd, .out = out, .cap = sizeof out};
    struct err e = {0};
    if (t0_exchange(&t, &a, &e) != RC_OK)
        fail_msg("%s", e.text);
    assert_memory_equal(back, cmd, sizeof cmd);
    assert_int_equal(a.got, 256 + 144 + 2);
}

/* ---- rows of configs/devices ---- */

static bool among(const char *word, const char *const *words)
{
    while (*words && strcmp(*words, word) != 0)
        words++;
    return *words;
}

/* Every word in them is one the driver knows: a typing error would be a quirk that does nothing. */
static void rows(void **state)
{
    (void)state;
    static const char *const quirks[] = {"off_first", "no_notices", "no_pps", "no_parameters", NULL},
                             *const members[] = {"apdu_ms",     "cap_ms",   "power_on_ms", "level",
                                                 "max_message", "max_rate", "max_ifsd",    "volts",
                                                 "slots",       "refuse",   "transport",   NULL};
    ARENA_SCOPE(a);
    struct device_rows *r = ARENA_NEW(a, struct device_rows);
    struct err e = {0};
    unsigned special = 0;
    if (rows_load(a, "configs/devices", "card", r, &e) != RC_OK)
        fail_msg("%s", e.text);
    for (size_t i = 0; i < r->n; i++) {
        const struct device_row *row = &r->row[i];
        special += row->quirks_n > 0 || row->profile;
        for (size_t q = 0; q < row->quirks_n; q++)
            if (!among(row->quirks[q], quirks))
                fail_msg("%s: quirk %s", row->name, row->quirks[q]);
        for (size_t m = 0; row->profile && m < row->profile->n; m++)
            if (!among(row->profile->names[m], members))
                fail_msg("%s: %s", row->name, row->profile->names[m]);
    }
    print_message("%zu rows for readers, %u of them with something special\n", r->n, special);
    assert_true(special >= 26);
}

/* Readers whose interface is of class FF, with the descriptor of a CCID: a row takes them all the same. */
static void makers_class(void **state)
{
    (void)state;
    static const struct {
        uint16_t vid, pid, bcd;
        const char *name;
    } list[] = {
        {0x04E6, 0x5111, 0x0632, "SCM SCR331-DI / SDI010"},
        {0x04E6, 0x5121, 0x0727, "SCM SCR331-DI / SDI010"},
        {0x04E6, 0xE003, 0x0510, "CCID reader with an interface class of its maker"},
        {0x046A, 0x003E, 0x0601, "CCID reader with an interface class of its maker"},
        {0x04E6, 0x511A, 0x0203, "CCID reader with an interface class of its maker"},
        {0x04E6, 0x5291, 0x0102, "CCID reader with an old firmware"},
    };
    ARENA_SCOPE(a);
    struct device_rows *r = ARENA_NEW(a, struct device_rows);
    struct err e = {0};
    if (rows_load(a, "configs/devices", "card", r, &e) != RC_OK)
        fail_msg("%s", e.text);
    for (size_t i = 0; i < COUNT(list); i++) {
        struct bus_id id = {.vid = list[i].vid, .pid = list[i].pid, .bcd = list[i].bcd};
        for (int cls = 0x0B; cls <= 0xFF; cls += 0xF4) {
            struct bus_interface face = {.cls = (uint8_t)cls};
            size_t n = 0;
            while (n < r->n && !match_row(&r->match[n], &id, &face))
                n++;
            assert_true(n < r->n);
            assert_string_equal(r->row[n].name, list[i].name);
        }
    }
}

/* The structures of SetParameters (CCID 6.1.7). */
static void parameters(void **state)
{
    (void)state;
    uint8_t p[7];
    struct atr a = atr(CEI);
    assert_octets(p, ccid_parameters(&a, 1, 0x96, p), "9610004500FE00");
    a = atr("3B1F9680738421E055697800008083079000");
    assert_octets(p, ccid_parameters(&a, 0, 0x96, p), "9600000A00");
    a = atr("3BC0FF8171204501+");
    assert_octets(p, ccid_parameters(&a, 1, 0x11, p), "1111FF45002000");
    a.bytes[0] = 0x3F;
    assert_octets(p, ccid_parameters(&a, 1, 0x11, p), "1113FF45002000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(negotiation), cmocka_unit_test(rates),
                                       cmocka_unit_test(times),       cmocka_unit_test(interface_bytes),
                                       cmocka_unit_test(forms),       cmocka_unit_test(t0_turns),
                                       cmocka_unit_test(envelope),    cmocka_unit_test(rows),
                                       cmocka_unit_test(parameters),  cmocka_unit_test(makers_class)};
    return cmocka_run_group_tests(tests, NULL, gold_end);
}
