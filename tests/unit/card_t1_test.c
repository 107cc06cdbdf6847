/* T=1: blocks and exchanges against the worked examples, and what a card may do in between. */
#include "tests/unit/card_golden.h"

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

static const struct expected {
    const char *name;
    uint8_t ifsc, ifsd;
    bool second; /* begins with N(S) = 1 */
    const char *cmd[2], *answer[2];
    enum rc rc;
    uint8_t ifsc_after;
} expected[] = {
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

static void scenarios(void **state)
{
    (void)state;
    const struct jval *list = gold("t1.json", "derived_scenarios");
    assert_int_equal(list->n, COUNT(expected));
    for (size_t i = 0; i < list->n; i++) {
        struct play p = {.blocks = gold_in(&list->items[i], "blocks")};
        struct t1 t = {.block = play, .self = &p};
        assert_string_equal(gold_str(&list->items[i], "name"), expected[i].name);
        t1_begin(&t, expected[i].ifsc, expected[i].ifsd, T1_LRC);
        t.ns = t.nr = expected[i].second;
        for (size_t k = 0; k < 2 && expected[i].cmd[k]; k++) {
            struct octets o = hex(expected[i].cmd[k]);
            uint8_t out[300];
            struct err e = {0};
            struct t1_apdu a = {.cmd = o.p, .len = o.n, .out = out, .cap = sizeof out};
            assert_int_equal(t1_exchange(&t, &a, &e), expected[i].rc);
            if (expected[i].rc == RC_OK)
                assert_octets(out, a.got, expected[i].answer[k]);
            else
                assert_string_equal(e.code, "CARD_ABORT");
        }
        assert_int_equal(p.at, p.blocks->n);
        assert_int_equal(t.ifsc, expected[i].ifsc_after);
        if (expected[i].rc != RC_OK)
            assert_true(t.ns); /* the note: the next command has N(S) = 1 */
        if (strcmp(expected[i].name, "waiting time extension") == 0)
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

static const struct exchange {
    const char *what;
    uint8_t ifsc, ifsd;
    const char *sent[16], *answers[16];
    const char *got, *code; /* of the answer, or the failure */
} exchanges[] = {
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

/* Everything a card may do in between. sent and answers alternate. */
static void turns(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(exchanges); i++) {
        struct list l = {.answers = exchanges[i].answers};
        struct t1 t = {.block = next_answer, .self = &l};
        struct octets o = hex(exchanges[i].ifsc == 8 ? "00A4040007A0000002471001" : "00B0000008");
        uint8_t out[300];
        struct err e = {0};
        struct t1_apdu a = {.cmd = o.p, .len = o.n, .out = out, .cap = sizeof out};
        t1_begin(&t, exchanges[i].ifsc, exchanges[i].ifsd, T1_LRC);
        enum rc rc = t1_exchange(&t, &a, &e);
        unsigned n = 0;
        for (; n < COUNT(exchanges[i].sent) && exchanges[i].sent[n]; n++)
            if (n >= l.n || strcmp(l.sent[n], exchanges[i].sent[n]) != 0)
                fail_msg("%s: block %u is %s, not %s", exchanges[i].what, n, n < l.n ? l.sent[n] : "none",
                         exchanges[i].sent[n]);
        assert_int_equal(n, l.n);
        if (exchanges[i].code)
            assert_string_equal(e.code, exchanges[i].code);
        else {
            assert_int_equal(rc, RC_OK);
            assert_octets(out, a.got, exchanges[i].got);
        }
    }
}

/* S(IFS) of the card between a piece and its acknowledgement, then the smaller pieces. */
static void smaller(void **state)
{
    (void)state;
    static const char *const answers[] = {"00C10102C2", "00900090", "00800080", "000002900092"};
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(blocks), cmocka_unit_test(bad_blocks),
                                       cmocka_unit_test(crcs),   cmocka_unit_test(scenarios),
                                       cmocka_unit_test(turns),  cmocka_unit_test(smaller)};
    return cmocka_run_group_tests(tests, NULL, gold_end);
}
