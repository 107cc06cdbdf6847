/* Every fault at every transfer of a job, on printers of all makes: one completion with the outcome that is
 * true, never two receipts from one command, and the next receipt is whole. PRIDVOR_CAMPAIGN=full takes every
 * transfer for every make; the usual run takes every transfer for four makes and every third for the others.
 */
#include "tests/devices/print_campaign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LINES                                                                                                \
    "\"lines\":[{\"style\":\"title\",\"text\":\"Cluj\"},{\"style\":\"number\",\"text\":\"15/22.11.2026\"},"  \
    "{\"style\":\"text\",\"text\":\"Cererea: Copie\"}]}"
#define PRINT "{\"process_id\":\"A1b2\",\"lang\":\"ro\"," LINES
#define COPY "{\"process_id\":\"A1b3\",\"lang\":\"ro\",\"copy\":true," LINES

static const struct {
    const char *make, *proof;
    bool every;
} makes[] = {
    {"tm-t20iii", "L2", true},  {"tm-t88v", "L2", false},  {"tm-t88iii", "L1", false},
    {"custom-kpm", "L3", true}, {"star", "L1", false},     {"112mm", "L1", false},
    {"58mm", "L1", true},       {"graphics", "L1", false}, {"clone-no-status", "L0", true},
};
static unsigned cases, by_outcome[4], by_fault[FAULTS];
static unsigned wrong;
static double ink_of_one, ink_of_copy;

#define bad(...)                                                                                             \
    do {                                                                                                     \
        print_message("  WRONG " __VA_ARGS__);                                                               \
        print_message("\n");                                                                                 \
        wrong++;                                                                                             \
    } while (0)

struct before {
    int tickets;
};

static struct before look(const struct rig *r)
{
    return (struct before){rig_printer(r)->paper.tickets};
}

/* Tickets since then that are a whole receipt (the blade may have left dirt out of garbled bytes). */
static int whole(const struct rig *r, struct before b, double ink)
{
    const struct paper *p = &rig_printer(r)->paper;
    int n = 0;
    for (int t = b.tickets + 1; t <= p->tickets; t++) {
        double is = (double)p->inks[t % 64];
        n += is > 0.85 * ink && is < 1.2 * ink;
    }
    return n;
}

static bool exact(const struct rig *r, double ink)
{
    const struct paper *p = &rig_printer(r)->paper;
    return (double)p->inks[p->tickets % 64] == ink;
}

static int inked(const struct rig *r, struct before b)
{
    const struct paper *p = &rig_printer(r)->paper;
    int n = p->inked;
    for (int t = b.tickets + 1; t <= p->tickets; t++)
        n += p->inks[t % 64] > 0;
    return n;
}

static const char *proof_of(const struct result *r)
{
    const char *at = r->data.p ? strstr(r->data.p, "\"proof\":\"") : NULL;
    return at ? at + 9 : "??";
}

static bool blind(enum fault f)
{
    return f == FAULT_GARBLE || f == FAULT_LOST;
}

/* Time for the buffer to print on; without a blade the hand tears. */
static void settle(struct rig *r, int64_t ms)
{
    rig_rest(r, ms);
    if (!rig_printer(r)->kind->cutter)
        rig_tear(r);
}

static void judge(struct rig *r, const struct result *is, struct before b, const char *what)
{
    enum fault f = FAULT_NONE;
    for (size_t i = 0; i < FAULTS; i++)
        if (strstr(what, fault_names[i]))
            f = (enum fault)i;
    int n = whole(r, b, ink_of_one);
    const char *proof = proof_of(is);
    bool l0 = strncmp(proof, "L0", 2) == 0; /* it promises nothing but that the bytes went out */
    bool proved = is->outcome == O_DONE && (strncmp(proof, "L2", 2) == 0 || strncmp(proof, "L3", 2) == 0);
    if (n > 1)
        bad("%s: printed %d times", what, n);
    if (is->completion == C_INTERNAL)
        bad("%s: no completion (%s)", what, is->text);
    if (proved && n != 1 && !blind(f))
        bad("%s: %s, but nothing whole is on paper", what, proof);
    if (is->outcome == O_DONE && n != 1 && strcmp(is->code, "CUTTER") != 0 && !blind(f) && !l0)
        bad("%s: done (%s %.2s) and %d whole", what, is->code, proof, n);
    if (is->outcome == O_NOT_DONE && inked(r, b) > 0)
        bad("%s: not done, and something is on paper", what);
    if (f == FAULT_UNPLUG && is->completion != C_LINK_LOST && is->completion != C_OK)
        bad("%s: %s", what, completion_word(is->completion));
    if (f == FAULT_LATE && is->completion != C_OK)
        bad("%s: %s %s", what, completion_word(is->completion), is->code);
    by_outcome[is->outcome]++;
}

static bool once_more(struct rig *r, bool strict, const char *what)
{
    struct result out;
    ARENA_SCOPE(a);
    struct before b = look(r);
    rig_run(r, "print", COPY, a, &out);
    settle(r, 30000);
    int n = whole(r, b, ink_of_copy);
    /* Without a blade the last rows of what was torn off hang on. */
    bool alone = n == 1 && exact(r, ink_of_copy);
    bool good = out.outcome == O_DONE && (alone || !rig_printer(r)->kind->cutter);
    if (n > 1)
        bad("%s: the copy came %d times", what, n);
    if (strict && !good)
        bad("%s: then %s %s %s %s, %d whole, ink %d of %d", what, completion_word(out.completion), out.code,
            outcome_word(out.outcome), out.text, n,
            (int)rig_printer(r)->paper.inks[rig_printer(r)->paper.tickets % 64], (int)ink_of_copy);
    buf_free(&out.data);
    return good;
}

/* After the mending a person asks for the receipt again: it comes once, whole and marked. A printer that says
 * nothing of its troubles may need a second asking. */
static void again(struct rig *r, enum fault f, int level, const char *what)
{
    rig_mend(r);
    if (f == FAULT_CUTTER)
        rig_tear(r);
    settle(r, 20000);
    bool strict = !blind(f);
    if (!once_more(r, strict && level > 0, what) && level == 0)
        once_more(r, strict, what);
}

static void one(size_t m, enum fault f, unsigned k)
{
    char what[96];
    struct result out;
    ARENA_SCOPE(a);
    snprintf(what, sizeof what, "%s, %s at transfer %u", makes[m].make, fault_names[f], k);
    struct rig *r = rig_new(makes[m].make, k * 31 + (unsigned)f);
    settle(r, 5000);
    struct before b = look(r);
    rig_fault(r, f, k);
    rig_run(r, "print", PRINT, a, &out);
    settle(r, 60000); /* the buffer prints on; nothing may come twice */
    judge(r, &out, b, what);
    again(r, f, makes[m].proof[1] - '0', what);
    buf_free(&out.data);
    rig_free(r);
    cases++;
    by_fault[f]++;
}

static double ink(const char *make, const char *args, const char *proof, unsigned *transfers)
{
    struct result out;
    ARENA_SCOPE(a);
    struct rig *r = rig_new(make, 1);
    rig_fault(r, FAULT_NONE, 0);
    rig_run(r, "print", args, a, &out);
    *transfers = rig_transfers(r);
    settle(r, 20000);
    const struct paper *p = &rig_printer(r)->paper;
    if (out.completion != C_OK || out.outcome != O_DONE || strncmp(proof_of(&out), proof, 2) != 0)
        bad("%s: %s %s %s %s", make, completion_word(out.completion), out.code, out.text, out.data.p);
    assert_true(p->tickets == 1 ||
                strcmp(args, COPY) == 0); /* a first job that is a copy cuts off what may hang */
    double n = (double)p->inks[p->tickets];
    assert_int_equal(rig_printer(r)->bad + rig_printer(r)->unknown + rig_printer(r)->text_bytes, 0);
    buf_free(&out.data);
    rig_free(r);
    return n;
}

static void campaign(void **state)
{
    (void)state;
    const char *full = getenv("PRIDVOR_CAMPAIGN");
    for (size_t m = 0; m < sizeof makes / sizeof makes[0]; m++) {
        unsigned n = 0, all = 0;
        ink_of_copy = ink(makes[m].make, COPY, makes[m].proof, &n);
        ink_of_one = ink(makes[m].make, PRINT, makes[m].proof, &n);
        unsigned step = makes[m].every || full ? 1 : 3, had = cases;
        for (enum fault f = FAULT_UNPLUG; f < FAULTS; f++)
            for (unsigned k = 1 + (unsigned)f % step; k <= n; k += step)
                one(m, f, k);
        all = cases - had;
        print_message("%-16s %3u transfers a job, %4u cases\n", makes[m].make, n, all);
    }
    print_message("print campaign: %u cases; %u done, %u not done, %u partial, %u unknown\n", cases,
                  by_outcome[0], by_outcome[1], by_outcome[2], by_outcome[3]);
    assert_int_equal(wrong, 0);
    assert_true(cases > 500);
    assert_true(by_outcome[1] > 0 && by_outcome[2] > 0 && by_outcome[3] > 0);
}

/* ---- the mouth of a presenter ---- */

static void says(const struct result *r, const char *code, const char *part)
{
    if (r->completion != C_OK || r->outcome != O_DONE || strcmp(r->code, code) != 0 ||
        !strstr(r->data.p, part))
        fail_msg("%s %s %s %s, expected %s %s", completion_word(r->completion), r->code,
                 outcome_word(r->outcome), r->data.p, code, part);
}

static void presenter(void **state)
{
    (void)state;
    static const struct {
        int64_t take_ms;
        const char *code, *part;
        int taken, retracted;
    } hands[] = {
        {0, "", "\"proof\":\"L1\"", 1, 0}, /* gone before the sensor was looked at: nobody knows */
        {600, "", "\"proof\":\"L3\"", 1, 0},
        {20000, "", "\"taken\":true,\"retracted\":false", 1, 0},
        {-1, "TICKET_NOT_TAKEN", "\"proof\":\"L2\"", 0, 1},
        {-1, "TICKET_NOT_TAKEN", "\"taken\":false,\"retracted\":true", 0, 1},
    };
    for (size_t i = 0; i < sizeof hands / sizeof hands[0]; i++) {
        struct result out;
        ARENA_SCOPE(a);
        struct rig *r = rig_new("custom-kpm", 1);
        rig_take_after(r, hands[i].take_ms);
        rig_run(r, "print", PRINT, a, &out);
        says(&out, hands[i].code, hands[i].part);
        assert_int_equal(rig_events(r, "presented"), hands[i].take_ms != 0);
        assert_int_equal(rig_printer(r)->taken, hands[i].taken);
        assert_int_equal(rig_printer(r)->retracted, hands[i].retracted);
        buf_free(&out.data);
        rig_free(r);
    }
}

/* The session ends while the ticket is offered: it goes back at once. One that hangs there at a wipe, or
 * before somebody else's job, too. */
static void left_behind(void **state)
{
    (void)state;
    struct result out;
    ARENA_SCOPE(a);
    struct rig *r = rig_new("custom-kpm", 1);
    rig_take_after(r, -1);
    rig_run(r, "status", "{}", a, &out);
    says(&out, "", "\"mouth\":\"empty\"");
    buf_free(&out.data);
    rig_end_session_after(r, 4000);
    int64_t began = rig_now();
    rig_run(r, "print", PRINT, a, &out);
    says(&out, "TICKET_NOT_TAKEN", "\"retracted\":true");
    assert_true(rig_now() - began < 10000);
    buf_free(&out.data);
    /* stuck in the mouth: said, refused, and taken back as soon as that works */
    rig_jam(r, true);
    rig_run(r, "print", PRINT, a, &out);
    says(&out, "TICKET_NOT_TAKEN", "\"retracted\":false");
    buf_free(&out.data);
    rig_run(r, "print", PRINT, a, &out);
    assert_string_equal(out.code, "TICKET_IN_THROAT");
    assert_int_equal(out.outcome, O_NOT_DONE);
    buf_free(&out.data);
    assert_int_equal(rig_printer(r)->mouth, MOUTH_OFFERED);
    rig_jam(r, false);
    rig_wipe(r);
    assert_int_equal(rig_printer(r)->mouth, MOUTH_EMPTY);
    assert_int_equal(rig_printer(r)->retracted, 2);
    rig_run(r, "retract", "{}", a, &out);
    assert_int_equal(out.completion, C_OK);
    buf_free(&out.data);
    rig_free(r);
}

/* What the status says it can prove, and what a printer that says nothing gets. */
static void levels(void **state)
{
    (void)state;
    static const struct {
        const char *make, *row, *proof;
    } who[] = {{"tm-t20iii", "\"row\":\"Epson TM-T20III\"", "\"proof\":\"L2\""},
               {"tm-t88v", "\"row\":\"Epson TM-T88V\"", "\"dots\":512,\"dpi\":180"},
               {"tm-t88iii", "\"row\":\"Epson TM-T88III\"", "\"proof\":\"L1\""},
               {"custom-kpm", "\"row\":\"CUSTOM KPM180H kiosk printer\"", "\"proof\":\"L3\""},
               {"112mm", "\"printer\":\"TSP800\"", "\"dots\":832"},
               {"clone-no-status", "\"answers\":false", "\"proof\":\"L0\""}};
    for (size_t i = 0; i < sizeof who / sizeof who[0]; i++) {
        struct result out;
        ARENA_SCOPE(a);
        struct rig *r = rig_new(who[i].make, 1);
        rig_run(r, "status", "{}", a, &out);
        says(&out, "", who[i].row);
        says(&out, "", who[i].proof);
        buf_free(&out.data);
        rig_free(r);
    }
    /* One that promised much and falls mute: before the job L0 is all there is to say, after it "unknown". */
    struct result out;
    ARENA_SCOPE(a);
    struct rig *r = rig_new("tm-t20iii", 1);
    rig_fault(r, FAULT_MUTE, 1);
    rig_run(r, "print", PRINT, a, &out);
    assert_string_equal(out.code, "PROCESS_ID_MISSING");
    assert_int_equal(out.outcome, O_UNKNOWN);
    assert_non_null(strstr(out.data.p, "\"proof\":\"L0\""));
    buf_free(&out.data);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(presenter), cmocka_unit_test(left_behind),
                                       cmocka_unit_test(levels), cmocka_unit_test(campaign)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
