/* CCID descriptors and frames, ATR, APDU: worked examples, and the sentence for each kind of bad input. */
#include "tests/unit/card_golden.h"

#include "drivers/card/apdu.h"
#include "drivers/card/atr.h"
#include "drivers/card/ccid.h"
#include "drivers/card/tlv.h"

#include <string.h>

static void readers(void **state)
{
    (void)state;
    const struct jval *list = gold("ccid.json", "readers");
    for (size_t i = 0; i < list->n; i++) {
        const struct jval *r = &list->items[i], *f = gold_in(r, "fields");
        struct octets o = hex_in(r, "descriptor");
        struct ccid_class c;
        struct err e = {0};
        if (ccid_class_parse(o.p, o.n, &c, &e) != RC_OK)
            fail_msg("%s: %s", gold_str(r, "name"), e.text);
        assert_int_equal(c.slots, jval_int(r, "slots", -1));
        assert_string_equal(ccid_level_name(c.level), gold_str(r, "exchange_level"));
        assert_int_equal(c.max_message, jval_int(f, "dwMaxCCIDMessageLength", -1));
        assert_int_equal(c.max_ifsd, jval_int(f, "dwMaxIFSD", -1));
        assert_int_equal(c.features, jval_int(f, "dwFeatures", -1));
        assert_int_equal(c.clock_khz, jval_int(f, "dwDefaultClock", -1));
        assert_int_equal(c.max_rate, jval_int(f, "dwMaxDataRate", -1));
        assert_int_equal(c.voltages, jval_int(f, "bVoltageSupport", -1));
        assert_int_equal(c.protocols, jval_int(f, "dwProtocols", -1));
        assert_int_equal(c.busy_slots, jval_int(f, "bMaxCCIDBusySlots", -1));
    }
    print_message("%zu readers\n", list->n);
}

static void bad_descriptors(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "CCID class descriptor: 53 bytes instead of 54",
        "CCID class descriptor: bLength is 53 instead of 54",
        "CCID class descriptor: type 24 instead of 21",
        "CCID class descriptor: more than one exchange level (30000)",
        "CCID class descriptor: messages of 9 bytes, the header alone has 10",
        "CCID class descriptor: 0 bytes instead of 54",
    };
    const struct jval *list = gold("ccid.json", "invalid_derived");
    assert_int_equal(list->n, COUNT(texts));
    for (size_t i = 0; i < list->n; i++) {
        struct octets o = hex_in(&list->items[i], "descriptor");
        struct ccid_class c;
        struct err e = {0};
        assert_int_equal(ccid_class_parse(o.p, o.n, &c, &e), RC_PROTOCOL);
        assert_string_equal(e.text, texts[i]);
        if (o.n != 54 || o.p[44] != 9)
            continue;
        o.p[44] = 10; /* header only: an extended APDU would be cut into pieces of nothing */
        assert_int_equal(ccid_class_parse(o.p, o.n, &c, &e), RC_PROTOCOL);
        o.p[44] = 11;
        assert_int_equal(ccid_class_parse(o.p, o.n, &c, &e), RC_OK);
    }
}

static void frames(void **state)
{
    (void)state;
    uint8_t out[64];
    size_t len = 0;
    struct ccid_out m = {.type = CCID_XFR_BLOCK,
                         .slot = 1,
                         .seq = 0xFE,
                         .word = {2, 0x10, 0},
                         .data = (const uint8_t *)"\x00\x84\x00\x00\x08",
                         .len = 5};
    assert_int_equal(ccid_encode(&m, out, sizeof out, &len, NULL), RC_OK);
    assert_octets(out, len, "6F0500000001FE0210000084000008");
    struct err e = {0};
    assert_int_equal(ccid_encode(&m, out, 14, &len, &e), RC_TOO_BIG);
    assert_string_equal(e.text, "a CCID frame with 5 bytes does not fit into 14");
    static const struct {
        const char *bytes;
        enum ccid_card card;
        bool failed, extension;
        uint8_t error;
        size_t len;
    } good[] = {
        {"80020000000007000000"
         "9000",
         CCID_ACTIVE, false, false, 0, 2},
        {"81000000000007010000", CCID_INACTIVE, false, false, 0, 0},
        {"8100000000000742FE00", CCID_ABSENT, true, false, 0xFE, 0},
        {"80000000000007800A00", CCID_ACTIVE, false, true, 10, 0},
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        struct octets o = hex(good[i].bytes);
        struct ccid_in in;
        assert_int_equal(ccid_decode(o.p, o.n, &in, NULL), RC_OK);
        assert_int_equal(in.seq, 7);
        assert_int_equal(in.card, good[i].card);
        assert_int_equal(in.failed, good[i].failed);
        assert_int_equal(in.extension, good[i].extension);
        assert_int_equal(in.error, good[i].error);
        assert_int_equal(in.len, good[i].len);
    }
}

static void bad_frames(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *text;
    } rows[] = {
        {"", "CCID: a frame of 0 bytes, the header has 10"},
        {"800200000000070000", "CCID: a frame of 9 bytes, the header has 10"},
        {"8003000000000700000090"
         "00",
         "CCID: the frame says 3 bytes, 2 came"},
        {"8001000000000700000090"
         "00",
         "CCID: the frame says 1 bytes, 2 came"},
        {"50000000000007000000", "CCID: a frame of unknown type 50"},
        {"85000000000007000000", "CCID: a frame of unknown type 85"},
        {"81000000000007030000", "CCID: card status 3 does not exist"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct octets o = hex(rows[i].bytes);
        struct ccid_in in;
        struct err e = {0};
        assert_int_equal(ccid_decode(o.p, o.n, &in, &e), RC_PROTOCOL);
        assert_string_equal(e.text, rows[i].text);
    }
    struct octets o = hex("80FFFFFFFF");
    struct err e = {0};
    size_t total = 0;
    assert_int_equal(ccid_expect(o.p, 5, 271, &total, &e), RC_PROTOCOL);
    assert_string_equal(e.text, "CCID: a frame that says 4294967295 bytes, at most 271 are possible");
    o = hex("80050100000007");
    assert_int_equal(ccid_expect(o.p, o.n, 271, &total, NULL), RC_OK);
    assert_int_equal(total, 271);
    assert_int_equal(ccid_expect(o.p, 4, 271, &total, NULL), RC_OK);
    assert_int_equal(total, 0);
}

static void failures(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum rc rc;
        const char *code, *text;
    } rows[] = {
        {"8000000000000741FE00", RC_DEVICE, "CARD_MUTE", "power-on: the card does not answer (FE)"},
        {"8000000000000742FE00", RC_USER, "CARD_REMOVED", "power-on: the card is gone"},
        {"8000000000000741FB00", RC_DEVICE, "READER_HARDWARE",
         "power-on: the reader reports a hardware error (FB)"},
        {"8000000000000741F800", RC_DEVICE, "ATR_BAD", "power-on: bad TS in the ATR (F8)"},
        {"8000000000000741F700", RC_DEVICE, "ATR_BAD", "power-on: bad check byte in the ATR (F7)"},
        {"8000000000000741F600", RC_UNSUPPORTED, "PROTOCOL_UNSUPPORTED",
         "power-on: the card's protocol is not supported (F6)"},
        {"8000000000000741E000", RC_BUSY, NULL, "power-on: the slot is busy (E0)"},
        {"8000000000000741BB00", RC_UNSUPPORTED, "READER_EMV_MODE",
         "power-on: the reader is set to payment cards (EMV mode) (BB)"},
        {"80000000000007411100", RC_PROTOCOL, NULL, "power-on: the reader refuses (11)"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct octets o = hex(rows[i].bytes);
        struct ccid_in in;
        struct err e = {0};
        assert_int_equal(ccid_decode(o.p, o.n, &in, NULL), RC_OK);
        assert_int_equal(ccid_fail(&e, &in, "power-on"), rows[i].rc);
        assert_string_equal(e.text, rows[i].text);
        if (rows[i].code)
            assert_string_equal(e.code, rows[i].code);
        else
            assert_null(e.code);
    }
}

static void notices(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        unsigned slot;
        bool ok, present, changed, hardware;
        const char *text;
    } rows[] = {
        {"5003", 0, true, true, true, false, NULL},
        {"5002", 0, true, false, true, false, NULL},
        {"5001", 0, true, true, false, false, NULL},
        {"500C", 1, true, true, true, false, NULL},
        {"50000003", 8, true, true, true, false, NULL},
        {"5003", 4, true, false, false, false, NULL}, /* covers four slots only */
        {"51000701", 0, true, false, false, true, NULL},
        {"50", 0, false, false, false, false, "CCID notice: 1 bytes"},
        {"", 0, false, false, false, false, "CCID notice: 0 bytes"},
        {"8003", 0, false, false, false, false, "CCID notice: unknown type 80"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct octets o = hex(rows[i].bytes);
        struct ccid_notice n = {0};
        struct err e = {0};
        assert_int_equal(ccid_notice_decode(o.p, o.n, rows[i].slot, &n, &e),
                         rows[i].ok ? RC_OK : RC_PROTOCOL);
        assert_int_equal(n.present, rows[i].present);
        assert_int_equal(n.changed, rows[i].changed);
        assert_int_equal(n.hardware_error, rows[i].hardware);
        if (rows[i].text)
            assert_string_equal(e.text, rows[i].text);
    }
}

static int value_or(const struct jval *v, const char *name, int none)
{
    const char *s = jval_str(v, name, NULL);
    return s ? hex(s).p[0] : none;
}

static void atrs(void **state)
{
    (void)state;
    const struct jval *list = gold("atr.json", "atr");
    for (size_t i = 0; i < list->n; i++) {
        const struct jval *v = &list->items[i];
        struct octets o = hex_in(v, "atr");
        struct atr a;
        struct err e = {0};
        if (atr_parse(o.p, o.n, &a, &e) != RC_OK)
            fail_msg("%s: %s", gold_str(v, "atr"), e.text);
        assert_int_equal(a.ta1, value_or(v, "TA1", -1));
        assert_int_equal(a.tb1, value_or(v, "TB1", -1));
        assert_int_equal(a.tc1, value_or(v, "TC1", -1));
        assert_int_equal(a.ifsc, value_or(v, "TA3", 32));
        assert_int_equal(a.tb3, value_or(v, "TB3", 0x4D));
        assert_int_equal(a.first, 1);
        assert_int_equal(a.protocols, 2);
        assert_octets(a.hist, a.hist_len, gold_str(v, "historical"));
    }
    struct octets ro = hex_in(&list->items[0], "atr");
    struct atr a;
    assert_int_equal(atr_parse(ro.p, ro.n, &a, NULL), RC_OK);
    assert_true(a.chaining && a.wide && a.info);
}

static void bad_atrs(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *text;
    } rows[] = {
        {"", "ATR: 0 bytes"},
        {"3B", "ATR: 1 bytes"},
        {"3C00", "ATR: starts with 3C, not 3B or 3F"},
        {"3B80", "ATR: interface bytes are cut off"},
        {"3BF0110081", "ATR: interface bytes are cut off"},
        {"3B02AA", "ATR: 3 bytes, its own words say 4"},
        {"3B02AABBCC", "ATR: 5 bytes, its own words say 4"},
        {"3B808131FE458C", "ATR: the check byte is wrong"},
        {"3B808131FE45", "ATR: 6 bytes, its own words say 7"},
        {"3B80818181818181818181818181818181818181818181818181818181818181818181",
         "ATR: 35 bytes, at most 33 are allowed"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct octets o = hex(rows[i].bytes);
        struct atr a;
        struct err e = {0};
        assert_int_equal(atr_parse(o.p, o.n, &a, &e), RC_DEVICE);
        assert_string_equal(e.code, "ATR_BAD");
        assert_string_equal(e.text, rows[i].text);
    }
}

static void commands(void **state)
{
    (void)state;
    static uint8_t data[300];
    static const struct {
        struct apdu c;
        const char *head;
        size_t len;
    } rows[] = {
        {{0x00, 0x84, 0, 0, NULL, 0, 8, false}, "0084000008", 5},
        {{0x00, 0xB0, 0, 0, NULL, 0, 256, false}, "00B0000000", 5},
        {{0x00, 0xB0, 0, 0, NULL, 0, 0, false}, "00B0000000", 5},
        {{0x00, 0xB0, 0, 0, NULL, 0, 257, false}, "00B00000000101", 7},
        {{0x00, 0xB0, 0, 0, NULL, 0, 65536, false}, "00B00000000000", 7},
        {{0x00, 0xB0, 0, 0, NULL, 0, 16, true}, "00B00000000010", 7},
        {{0x00, 0xA4, 0, 0x0C, data, 2, -1, false}, "00A4000C02", 7},
        {{0x00, 0x86, 0, 0, data, 255, 256, false}, "00860000FF", 261},
        {{0x00, 0x86, 0, 0, data, 256, -1, false}, "00860000000100", 263},
        {{0x00, 0x86, 0, 0, data, 256, 256, false}, "00860000000100", 265},
        {{0x00, 0x44, 0, 0, NULL, 0, -1, false}, "00440000", 4},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t out[400];
        size_t len = 0;
        struct octets head = hex(rows[i].head);
        assert_int_equal(apdu_encode(&rows[i].c, out, sizeof out, &len, NULL), RC_OK);
        assert_int_equal(len, rows[i].len);
        assert_memory_equal(out, head.p, head.n);
        struct err e = {0};
        assert_int_equal(apdu_encode(&rows[i].c, out, rows[i].len - 1, &len, &e), RC_TOO_BIG);
    }
}

static void answers(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *text;
    } bad[] = {{"", "an answer of 0 bytes has no status word"},
               {"90", "an answer of 1 bytes has no status word"},
               {"0000", "the answer ends with 0000, which is no status word"},
               {"9000FF", "the answer ends with 00FF, which is no status word"}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct octets o = hex(bad[i].bytes);
        struct answer a;
        struct err e = {0};
        assert_int_equal(answer_decode(o.p, o.n, &a, &e), RC_PROTOCOL);
        assert_string_equal(e.text, bad[i].text);
    }
    static const struct {
        uint16_t sw;
        enum rc rc;
        const char *code;
        int64_t detail;
        const char *text;
    } words[] = {
        {0x63C2, RC_USER, "CAN_WRONG", 2, "x: verification failed, tries left (63C2)"},
        {0x6300, RC_USER, "CAN_WRONG", -1, "x: verification failed (6300)"},
        {0x6983, RC_UNSUPPORTED, "PACE_BLOCKED", 0, "x: authentication blocked (6983)"},
        {0x6988, RC_PROTOCOL, "SM_BROKEN", 0, "x: secure messaging objects wrong (6988)"},
        {0x6A82, RC_NOT_FOUND, NULL, 0, "x: file or application not found (6A82)"},
        {0x6CFF, RC_TOO_BIG, NULL, 0, "x: wrong Le (6CFF)"},
        {0x6789, RC_DEVICE, NULL, 0, "x: unknown error (6789)"},
        {0x9000, RC_PROTOCOL, NULL, 0, "x: unexpected status 9000"},
        {0x1234, RC_PROTOCOL, NULL, 0, "x: not a status word (1234)"},
    };
    for (size_t i = 0; i < COUNT(words); i++) {
        struct err e = {0};
        assert_int_equal(sw_fail(&e, words[i].sw, "x"), words[i].rc);
        assert_string_equal(e.text, words[i].text);
        assert_int_equal(e.detail, words[i].detail);
        assert_true(words[i].code ? e.code && strcmp(e.code, words[i].code) == 0 : !e.code);
    }
    for (unsigned sw = 0; sw <= 0xFFFF; sw++)
        assert_non_null(sw_row((uint16_t)sw));
}

static void objects(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        uint32_t tag;
        size_t len;
        const char *text;
    } rows[] = {
        {"5F1F0141", 0x5F1F, 1, NULL},
        {"7F498101AA", 0x7F49, 1, NULL},
        {"DFFF7F00", 0xDFFF7F, 0, NULL},
        {"04820001AA", 0x04, 1, NULL},
        {"04840000000155", 0x04, 1, NULL},
        {"DFFFFF7F00", 0, 0, "TLV: a tag of more than 3 bytes"},
        {"5F", 0, 0, "TLV: the tag is cut off"},
        {"0402AA", 0, 0, "TLV: object 4 says 2 bytes, 1 are there"},
        {"0480AA0000", 0, 0, "TLV: an indefinite length"},
        {"0485", 0, 0, "TLV: a length of 5 bytes"},
        {"0482AA", 0, 0, "TLV: the length is cut off"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct octets o = hex(rows[i].bytes);
        struct tlv t = {0};
        struct err e = {0};
        enum rc rc = tlv_read(o.p, o.n, &t, &e);
        assert_int_equal(rc, rows[i].text ? RC_PROTOCOL : RC_OK);
        if (rows[i].text)
            assert_string_equal(e.text, rows[i].text);
        assert_int_equal(t.tag, rows[i].tag);
        assert_int_equal(t.len, rows[i].len);
    }
    uint8_t room[300], big[260] = {0};
    struct tlv_out b = {.p = room, .cap = sizeof room};
    tlv_put(&b, 0x7F49, big, 260);
    assert_false(b.full);
    assert_octets(room, 5, "7F49820104");
    tlv_put(&b, 0x04, big, 40);
    assert_true(b.full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers),    cmocka_unit_test(bad_descriptors), cmocka_unit_test(frames),
        cmocka_unit_test(bad_frames), cmocka_unit_test(failures),        cmocka_unit_test(notices),
        cmocka_unit_test(atrs),       cmocka_unit_test(bad_atrs),        cmocka_unit_test(commands),
        cmocka_unit_test(answers),    cmocka_unit_test(objects),
    };
    return cmocka_run_group_tests(tests, NULL, gold_end);
}
