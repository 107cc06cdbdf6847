/* T=1 and PPS against the worked examples; T=0 against a small card; rates and times by hand. */
#include "tests/unit/card_golden.h"

#include "drivers/card/pps.h"
#include "drivers/card/t0.h"
#include "drivers/card/t1.h"

#include <stdio.h>
#include <string.h>

/* ---- blocks ---- */

static void same_block(const struct jval *v)
{
    static const char *const kinds[] = {"I", "R", "S"}, *const names[] = {"RESYNCH", "IFS", "ABORT", "WTX"},
                             *const errors[] = {"none", "edc_or_parity", "other"};
    struct octets o = hex_in(v, "block");
    struct t1_block b;
    struct err e = {0};
    uint8_t out[T1_BLOCK_MAX];
    if (jval_bool(v, "corrupted", false)) {
        assert_int_equal(t1_decode(o.p, o.n, T1_LRC, &b, &e), RC_PROTOCOL);
        assert_int_equal(e.detail, T1_EDC_OR_PARITY);
        return;
    }
    if (t1_decode(o.p, o.n, T1_LRC, &b, &e) != RC_OK)
        fail_msg("%s: %s", gold_str(v, "block"), e.text);
    assert_string_equal(kinds[b.kind], gold_str(v, "type"));
    assert_octets(b.inf, b.len, gold_str(v, "inf"));
    if (b.kind == T1_I) {
        assert_int_equal(b.seq, jval_int(v, "ns", -1));
        assert_int_equal(b.more, jval_int(v, "more", -1));
    } else if (b.kind == T1_R) {
        assert_int_equal(b.seq, jval_int(v, "nr", -1));
        assert_string_equal(errors[b.error], gold_str(v, "error"));
    } else {
        char name[32];
        snprintf(name, sizeof name, "%s %s", names[b.s], b.response ? "response" : "request");
        assert_string_equal(name, gold_str(v, "name"));
    }
    assert_octets(out, t1_encode(&b, T1_LRC, out), gold_str(v, "block"));
}

static void blocks(void **state)
{
    (void)state;
    static const char *const lists[] = {"logged_exchanges", "derived_scenarios"};
    const struct jval *single = gold("t1.json", "framing_examples");
    unsigned n = 0;
    for (size_t i = 0; i < single->n; i++, n++)
        same_block(&single->items[i]);
    for (size_t l = 0; l < COUNT(lists); l++) {
        const struct jval *list = gold("t1.json", lists[l]);
        for (size_t i = 0; i < list->n; i++) {
            const struct jval *in = gold_in(&list->items[i], "blocks");
            for (size_t k = 0; k < in->n; k++, n++)
                same_block(&in->items[k]);
        }
    }
    print_message("%u blocks\n", n);
}

static void bad_blocks(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "T=1: a block whose check bytes are wrong",
        "T=1: a block whose length is not what it says",
        "T=1: a block that is too short",
        "T=1: a block that is too short",
        "T=1: a block with the reserved length 255",
        "T=1: an R-block with reserved bits",
        "T=1: an S-block of unknown kind",
        "T=1: an S-block of the wrong length",
        "T=1: an information field size of 0 or 255",
        "T=1: an information field size of 0 or 255",
        "T=1: an R-block with information",
        "T=1: a block for another node address",
    };
    const struct jval *list = gold("t1.json", "invalid_blocks_derived");
    assert_int_equal(list->n, COUNT(texts));
    for (size_t i = 0; i < list->n; i++) {
        struct octets o = hex_in(&list->items[i], "block");
        struct t1_block b;
        struct err e = {0};
        assert_int_equal(t1_decode(o.p, o.n, T1_LRC, &b, &e), RC_PROTOCOL);
        assert_string_equal(e.text, texts[i]);
    }
}

static void crcs(void **state)
{
    (void)state;
    uint8_t out[T1_BLOCK_MAX];
    struct t1_block b = {.kind = T1_I, .inf = (const uint8_t *)"123456789", .len = 9}, back;
    for (enum t1_edc edc = T1_CRC; edc <= T1_CRC_INVERTED; edc++) {
        size_t n = t1_encode(&b, edc, out);
        assert_int_equal(n, 14);
        assert_int_equal(t1_decode(out, n, edc, &back, NULL), RC_OK);
        for (size_t i = 0; i < n * 8; i++) {
            out[i / 8] ^= (uint8_t)(1 << i % 8);
            assert_int_equal(t1_decode(out, n, edc, &back, NULL), RC_PROTOCOL);
            out[i / 8] ^= (uint8_t)(1 << i % 8);
        }
    }
}

/* ---- scenarios ---- */

struct play {
    const struct jval *blocks;
    size_t at;
    unsigned waits[8], n;
};

static enum rc play(void *self, const uint8_t *out, size_t len, unsigned wtx, struct t1_frame *in,
                    struct err *e)
{
    struct play *p = self;
    (void)e;
    if (p->at + 1 >= p->blocks->n)
        fail_msg("a block too many");
    const struct jval *to = &p->blocks->items[p->at++], *from = &p->blocks->items[p->at++];
    assert_string_equal(gold_str(to, "direction"), "to_card");
    assert_string_equal(gold_str(from, "direction"), "to_reader");
    assert_octets(out, len, gold_str(to, "block"));
    struct octets o = hex_in(from, "block");
    memcpy(in->p, o.p, o.n);
    in->len = o.n;
    if (p->n < COUNT(p->waits))
        p->waits[p->n++] = wtx;
    return RC_OK;
}

static void scenarios(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t ifsc, ifsd;
        bool second; /* begins with N(S) = 1 */
        const char *cmd[2], *answer[2];
        enum rc rc;
        uint8_t ifsc_after;
    } rows[] = {
        {"two commands, sequence bit alternates",
         254,
         0,
         false,
         {"00A4040007A0000002471001", "00B0000008"},
         {"9000", "01020304050607089000"},
         RC_OK,
         254},
        {"reader announces IFSD 254", 254, 254, false, {"00A4040007A0000002471001"}, {"9000"}, RC_OK, 254},
        {"card changes IFSC to 16 before answering",
         254,
         0,
         false,
         {"00A4040007A0000002471001"},
         {"9000"},
         RC_OK,
         16},
        {"command chained, IFSC 8", 8, 0, false, {"00A4040007A0000002471001"}, {"9000"}, RC_OK, 8},
        {"command chained in three blocks, IFSC 4",
         4,
         0,
         false,
         {"00A4040007A0000002471001"},
         {"9000"},
         RC_OK,
         4},
        {"response chained by the card", 254, 0, false, {"00B0000008"}, {"01020304050607089000"}, RC_OK, 254},
        {"waiting time extension", 254, 0, false, {"00A4040007A0000002471001"}, {"9000"}, RC_OK, 254},
        {"waiting time extension twice", 254, 0, false, {"00A4040007A0000002471001"}, {"9000"}, RC_OK, 254},
        {"waiting time extension inside a response chain",
         254,
         0,
         false,
         {"00B0000008"},
         {"01020304050607089000"},
         RC_OK,
         254},
        {"card answer damaged, repeated on request",
         254,
         0,
         false,
         {"00B0000008"},
         {"01020304050607089000"},
         RC_OK,
         254},
        {"card asks for a repeat of the command",
         254,
         0,
         false,
         {"00B0000008"},
         {"01020304050607089000"},
         RC_OK,
         254},
        {"S(WTX) request damaged", 254, 0, false, {"00B0000008"}, {"01020304050607089000"}, RC_OK, 254},
        {"resynchronisation after three failures",
         254,
         0,
         true,
         {"00B0000008"},
         {"01020304050607089000"},
         RC_OK,
         254},
        {"card aborts a command chain", 8, 0, false, {"00A4040007A0000002471001"}, {NULL}, RC_DEVICE, 8},
    };
    const struct jval *list = gold("t1.json", "derived_scenarios");
    assert_int_equal(list->n, COUNT(rows));
    for (size_t i = 0; i < list->n; i++) {
        struct play p = {.blocks = gold_in(&list->items[i], "blocks")};
        struct t1 t = {.block = play, .self = &p};
        assert_string_equal(gold_str(&list->items[i], "name"), rows[i].name);
        t1_begin(&t, rows[i].ifsc, rows[i].ifsd, T1_LRC);
        t.ns = t.nr = rows[i].second;
        for (size_t k = 0; k < 2 && rows[i].cmd[k]; k++) {
            struct octets o = hex(rows[i].cmd[k]);
            uint8_t out[300];
            struct err e = {0};
            struct t1_apdu a = {.cmd = o.p, .len = o.n, .out = out, .cap = sizeof out};
            assert_int_equal(t1_exchange(&t, &a, &e), rows[i].rc);
            if (rows[i].rc == RC_OK)
                assert_octets(out, a.got, rows[i].answer[k]);
            else
                assert_string_equal(e.code, "CARD_ABORT");
        }
        assert_int_equal(p.at, p.blocks->n);
        assert_int_equal(t.ifsc, rows[i].ifsc_after);
        if (rows[i].rc != RC_OK)
            assert_true(t.ns); /* the note: the next command has N(S) = 1 */
        if (strcmp(rows[i].name, "waiting time extension") == 0)
            assert_true(p.waits[0] == 1 && p.waits[1] == 5);
    }
}

/* A list of answers; what was sent is kept. */
struct list {
    const char *const *answers;
    char sent[24][2 * T1_BLOCK_MAX + 1];
    unsigned n;
};

static enum rc next_answer(void *self, const uint8_t *out, size_t len, unsigned wtx, struct t1_frame *in,
                           struct err *e)
{
    struct list *l = self;
    (void)wtx;
    (void)e;
    assert_true(l->n < COUNT(l->sent));
    for (size_t i = 0; i < len; i++)
        snprintf(l->sent[l->n] + 2 * i, 3, "%02X", out[i]);
    const char *text = l->answers[l->n++];
    assert_non_null(text);
    struct octets o = hex(*text == '!' ? text + 1 : text);
    memcpy(in->p, o.p, o.n);
    in->len = o.n;
    in->parity = *text == '!';
    return RC_OK;
}

/* Everything a card may do in between. sent and answers alternate. */
static void turns(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t ifsc, ifsd;
        const char *sent[16], *answers[16];
        const char *got, *code; /* of the answer, or the failure */
    } rows[] = {
        {"mute, then the answer again",
         254,
         0,
         {"00000500B0000008BD", "00820082"},
         {"", "000002900092"},
         "9000",
         NULL},
        {"parity, then the answer again",
         254,
         0,
         {"00000500B0000008BD", "00810081"},
         {"!0000", "000002900092"},
         "9000",
         NULL},
        {"the answer with the old number",
         254,
         0,
         {"00000500B0000008BD", "00820082"},
         {"0040029000D2", "000002900092"},
         "9000",
         NULL},
        {"the acknowledgement of a chain is damaged",
         8,
         0,
         {"00200800A4040007A000002F", "00810081", "0040040247100110"},
         {"00900091", "00900090", "000002900092"},
         "9000",
         NULL},
        {"the card never saw the command",
         254,
         0,
         {"00000500B0000008BD", "00820082", "00000500B0000008BD"},
         {"", "00800080", "000002900092"},
         "9000",
         NULL},
        {"the acknowledgement in a chain of answers is lost",
         254,
         0,
         {"00000500B0000008BD", "00900090", "00900090"},
         {"0020010120", "00810081", "0040029000D2"},
         "019000",
         NULL},
        {"IFS is not known: after three tries it is left",
         254,
         254,
         {"00C101FE3E", "00C101FE3E", "00C101FE3E", "00C000C0", "00000500B0000008BD"},
         {"00820082", "00820082", "00820082", "00E000E0", "000002900092"},
         "9000",
         NULL},
        {"only the device may resynchronise",
         254,
         0,
         {"00000500B0000008BD", "00820082"},
         {"00C000C0", "000002900092"},
         "9000",
         NULL},
        {"a card gone for good",
         254,
         0,
         {"00000500B0000008BD", "00820082", "00820082", "00C000C0", "00C000C0", "00C000C0"},
         {"", "", "", "", "", ""},
         NULL,
         "CARD_MUTE"},
        {"an answer in the middle of the command",
         8,
         0,
         {"00200800A4040007A000002F", "00820082", "00820082", "00C000C0", "00200800A4040007A000002F",
          "0040040247100110"},
         {"000002900092", "000002900092", "000002900092", "00E000E0", "00900090", "000002900092"},
         "9000",
         NULL},
        {"an abort in a chain of answers",
         254,
         0,
         {"00000500B0000008BD", "00900090", "00E200E2"},
         {"0020010120", "00C200C2", "00900090"},
         NULL,
         "CARD_ABORT"},
        {"an empty answer block",
         254,
         0,
         {"00000500B0000008BD", "00900090"},
         {"00200020", "0040029000D2"},
         "9000",
         NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct list l = {.answers = rows[i].answers};
        struct t1 t = {.block = next_answer, .self = &l};
        struct octets o = hex(rows[i].ifsc == 8 ? "00A4040007A0000002471001" : "00B0000008");
        uint8_t out[300];
        struct err e = {0};
        struct t1_apdu a = {.cmd = o.p, .len = o.n, .out = out, .cap = sizeof out};
        t1_begin(&t, rows[i].ifsc, rows[i].ifsd, T1_LRC);
        enum rc rc = t1_exchange(&t, &a, &e);
        unsigned n = 0;
        for (; n < COUNT(rows[i].sent) && rows[i].sent[n]; n++)
            if (n >= l.n || strcmp(l.sent[n], rows[i].sent[n]) != 0)
                fail_msg("%s: block %u is %s, not %s", rows[i].what, n, n < l.n ? l.sent[n] : "none",
                         rows[i].sent[n]);
        assert_int_equal(n, l.n);
        if (rows[i].code)
            assert_string_equal(e.code, rows[i].code);
        else {
            assert_int_equal(rc, RC_OK);
            assert_octets(out, a.got, rows[i].got);
        }
    }
}

/* S(IFS) of the card between a piece and its acknowledgement, then the smaller pieces. */
static void smaller(void **state)
{
    (void)state;
    static const char *const answers[] = {"00C10102C2", "00900090", "00800080",
                                          "0000029000"
                                          "92"};
    struct list l = {.answers = answers};
    struct t1 t = {.block = next_answer, .self = &l};
    struct octets o = hex("00A4040007A0000002471001");
    uint8_t out[300];
    struct err e = {0};
    struct t1_apdu a = {.cmd = o.p, .len = o.n, .out = out, .cap = sizeof out};
    t1_begin(&t, 8, 0, T1_LRC);
    assert_int_equal(t1_exchange(&t, &a, &e), RC_OK);
    assert_string_equal(l.sent[0], "00200800A4040007A000002F");
    assert_string_equal(l.sent[1], "00E10102E2");
    assert_string_equal(l.sent[2], "006002024727");
    assert_string_equal(l.sent[3], "000002100113");
    assert_true(t.ns && t.nr);
}

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
    static const char *const bad[] = {"",
                                      "FF",
                                      "FF11",
                                      "FF119679",
                                      "FF11957B",
                                      "FF109679",
                                      "FE119679",
                                      "FF119678"
                                      "00",
                                      "FF2100DE",
                                      "FF81"
                                      "7E"};
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
    a = atr("3B8041"
            "0A"
            "+"); /* TC2 is of T=0 even behind a TD1 of T=1 */
    assert_int_equal(a.wi, 10);
    a = atr("3B8081"
            "71"
            "20"
            "45"
            "01"
            "+");
    assert_true(a.crc);
    assert_int_equal(a.ifsc, 32);
    a = atr("3B8081"
            "B1"
            "10"
            "25"
            "31"
            "FE"
            "45"
            "+"); /* the first group for T=1 counts */
    assert_int_equal(a.ifsc, 16);
    assert_int_equal(a.tb3, 0x25);
    a = atr("3B80"
            "8011"
            "FE"
            "+");
    assert_int_equal(a.first, 0);
    assert_int_equal(a.protocols, 3);
    assert_int_equal(pps_protocol(&a, 3), 1);
    assert_int_equal(pps_protocol(&a, 1), 0);
    a = atr("3BC0"
            "FF"
            "8131FE45+"); /* TC1 = 255: the least guard time, 11 etu in T=1 */
    struct atr b = atr("3BC0"
                       "00"
                       "8131FE45+");
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
        {"00A40000000002"
         "3F00",
         3, true, 2, 0},
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
                                      "00B00000"
                                      "0001",
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
         "6F00"
         "AB9000",
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

static int end(void **state)
{
    (void)state;
    gold_free();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks),          cmocka_unit_test(bad_blocks), cmocka_unit_test(crcs),
        cmocka_unit_test(scenarios),       cmocka_unit_test(turns),      cmocka_unit_test(smaller),
        cmocka_unit_test(negotiation),     cmocka_unit_test(rates),      cmocka_unit_test(times),
        cmocka_unit_test(interface_bytes), cmocka_unit_test(forms),      cmocka_unit_test(t0_turns),
        cmocka_unit_test(envelope),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
