/* Workflow definitions: all of ours hold; each kind of broken one is refused with its sentence; the refusals
 * that people read; the printed ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fs.h"
#include "common/model/workflow.h"

static struct arena *arena;
static struct workflows w;
static struct catalog catalog;
static char dir[] = "/tmp/pridvor-workflow-XXXXXX";

static int setup(void **state)
{
    struct err e = {0};
    (void)state;
    arena = arena_new();
    if (workflows_load(arena, "configs", &w, &e) != RC_OK ||
        catalog_load(arena, "configs", &catalog, &e) != RC_OK) {
        fprintf(stderr, "%s\n", e.text);
        return -1;
    }
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    rmdir(dir);
    arena_free(arena);
    return 0;
}

static void all_hold(void **state)
{
    struct err e = {0};
    (void)state;
    assert_int_equal(w.n, 6);
    assert_int_equal(workflow_services(&w, &catalog, &e), RC_OK);
    assert_true(workflow_ended(&w, "closed"));
    assert_false(workflow_ended(&w, "issued"));
    assert_false(workflow_ended(&w, "nowhere"));
    assert_int_equal(workflow_flag(&w, "nothing"), 0);
    assert_int_equal(workflow_role(&w, "nobody"), 0);
}

/* Every sentence and label stands in three languages. */
static void words_are_whole(void **state)
{
    (void)state;
    const struct wf_words *lists[] = {&w.roles, &w.flags, &w.needs, &w.refusals};
    for (size_t k = 0; k < COUNT(lists); k++)
        for (size_t i = 0; i < lists[k]->n; i++)
            for (int l = 0; l < LANG_COUNT; l++)
                assert_true(*lists[k]->items[i].name.t[l]);
    for (size_t i = 0; i < w.n; i++)
        for (size_t k = 0; k < w.items[i].n_actions; k++)
            for (int l = 0; l < LANG_COUNT; l++)
                assert_true(*w.items[i].actions[k].label.t[l]);
}

static const char *replaced(const char *text, const char *find, const char *put)
{
    const char *at = strstr(text, find);
    assert_non_null(at);
    return arena_fmt(arena, "%.*s%s%s", (int)(at - text), text, put, at + strlen(find));
}

static enum rc try_text(const char *text, const char **said)
{
    struct workflow f;
    struct err e = {0};
    const char *file = arena_fmt(arena, "%s/x.json", dir);
    assert_int_equal(fs_write(file, text, strlen(text), 0644, &e), RC_OK);
    enum rc rc = workflow_read(arena, &w, file, &f, &e);
    if (rc == RC_OK)
        rc = workflow_check(&w, &f, &e);
    unlink(file);
    const char *at = strstr(e.text, "x.json: ");
    *said = arena_str(arena, at ? at + 8 : e.text);
    return rc;
}

#define TAKE "\"id\": \"take\""
static const struct broken {
    const char *flow, *find, *put, *said;
} broken[] = {
    {"simple", "\"roles\": [\"approver\"]", "\"roles\": [\"aprover\"]",
     "actions.extend.roles: unknown: \"aprover\""},
    {"simple", "\"roles\": [\"approver\"]", "\"roles\": []", "action extend: nobody may do it"},
    {"simple", "\"from\": [\"registered\"]", "\"from\": []", "action take starts from no state"},
    {"simple", "\"to\": \"answered\"", "\"to\": \"answred\"",
     "actions.sign_answer.to: unknown state \"answred\""},
    {"simple", "\"to\": \"answered\"", "\"to\": \"issued\"",
     "actions.sign_answer.to: not among the workflow's states: \"issued\""},
    {"simple", "\"start\": \"draft\"", "\"start\": \"submitted\"", "start: submitted is not a start"},
    {"simple", "\"start\": \"draft\"", "\"start\": \"waiting\"",
     "start: not among the workflow's states: \"waiting\""},
    {"simple", "\"set_flags\": [\"extended\"]", "\"set_flags\": [\"longer\"]",
     "actions.extend.set_flags: unknown flag \"longer\""},
    {"simple", "\"set_flags\": [\"extended\"]", "\"set_flags\": [\"sealed\"]",
     "actions.extend.set_flags: not among the workflow's flags: \"sealed\""},
    {"simple", "\"set_flags\": [\"extended\"]",
     "\"set_flags\": [\"extended\"], \"clear_flags\": [\"extended\"]",
     "action extend sets and clears the same flag"},
    {"simple", "\"message\": \"received\"", "\"message\": \"recieved\"",
     "actions.register.notify.message: unknown message \"recieved\""},
    {"simple", "\"who\": \"applicant\"", "\"who\": \"everybody\"",
     "actions.register.notify.who: unknown: \"everybody\""},
    {"simple", "\"stop_term\"]", "\"stop_clock\"]", "actions.forward.effects: unknown: \"stop_clock\""},
    {"simple", "\"needs\": [\"reason\", \"fields\"]", "\"needs\": [\"luck\"]",
     "actions.return.needs: unknown: \"luck\""},
    {"field", "\"term\": \"og27.answer\"", "\"term\": \"og27.anwser\"",
     "actions.contest.term: unknown term \"og27.anwser\""},
    {"field", ",\n      \"term\": \"og27.answer\"", "",
     "actions.contest.term: goes with the effect \"sub_term\""},
    {"field", "\"needs\": [\"term_rule\", \"document\"]", "\"needs\": [\"document\"]",
     "actions.legal_step.needs: the term is given, so it needs \"term_rule\""},
    {"search", "case.found in ['yes', 'partial']", "case.found in ['yes', 'some']",
     "actions.approve.guard: case.found is never \"some\""},
    {"search", "case.found == 'no'", "case.lost == 'no'",
     "actions.answer_none.guard: unknown fact \"case.lost\""},
    {"simple", "not flags.extended and", "not flags.urgent and",
     "actions.extend.guard: not among the workflow's flags: \"urgent\""},
    {"simple", "\"guard\": \"case.delivered\"", "\"guard\": \"case.delivered and\"",
     "actions.close.guard: condition \"case.delivered and\": a value or a name is missing at column 19"},
    {"simple", TAKE, "\"id\": \"submit\"", "actions.submit.id: given twice: \"submit\""},
    {"simple", "\"why\": \"a person becomes responsible\"", "\"because\": \"x\"",
     "actions[2].because: unknown member"},
    {"simple", "\"do\": \"close\"", "\"do\": \"shut\"", "timers.auto_close.do: unknown action \"shut\""},
    {"simple", "\"do\": \"close\"", "\"do\": \"reassign\"",
     "timer auto_close: the system may not do reassign"},
    {"simple", "\"in\": [\"answered\"], \"do\": \"close\"", "\"in\": [\"decided\"], \"do\": \"close\"",
     "timer auto_close runs in a state where close cannot be done"},
    {"simple", "\"in\": [\"answered\"], \"do\": \"close\"",
     "\"in\": [\"returned\"], \"do\": \"continue_without\"",
     "timer auto_close: nobody gives the reason that continue_without needs"},
    {"simple", ", \"do\": \"close\"", "", "timer auto_close does nothing"},
    {"simple", "\"of\": \"entered\", \"state\": \"answered\"", "\"of\": \"entered\"",
     "timers.auto_close.when.state: goes with \"entered\""},
    /* The graph. */
    {"simple", "\"to\": \"returned\"", "\"to\": \"in_work\"", "state returned is never reached"},
    {"simple", "not flags.extended and case.before_due", "case.before_due and not case.before_due",
     "action extend can never be done: its condition never holds"},
    {"simple", "\"from\": [\"answered\"],\n      \"to\": \"closed\",\n      \"roles\": [\"clerk\", \"head\"]",
     "\"from\": [\"closed\"],\n      \"to\": \"answered\",\n      \"roles\": [\"clerk\", \"head\"]",
     "action not_collected leaves the end closed"},
    {"auto", "\"roles\": [\"head\", \"approver\"]", "\"roles\": [\"head\", \"system\"]",
     "action review_no needs a legal basis: a person decides, never the system"},
    {"simple", "\"guard\": \"not case.delivered\"", "\"guard\": \"case.delivered\"",
     "answered may wait for the citizen for ever: nothing without them leads to an end; reached by submit, "
     "register, take, draft_answer, sign_answer"},
    {"opinions", "not flags.two_person or not actor.is_author", "not flags.two_person",
     NULL}, /* still refuse: holds */
};

static void broken_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(broken); i++) {
        struct err e = {0};
        const struct broken *b = &broken[i];
        char *text;
        size_t len;
        const char *said, *file = arena_fmt(arena, "configs/workflow/%s.json", b->flow);
        assert_int_equal(fs_read(arena, file, 1 << 20, &text, &len, &e), RC_OK);
        enum rc rc = try_text(replaced(text, b->find, b->put), &said);
        if (!b->said) {
            assert_string_equal(said, "");
            assert_int_equal(rc, RC_OK);
            continue;
        }
        assert_string_equal(said, b->said);
        assert_int_equal(rc, RC_BAD_FIELD);
    }
}

/* Small ones of our own, for shapes that ours do not have. */
#define HEAD                                                                                                 \
    "{\"id\":\"x\",\"version\":1,\"name\":{\"ro\":\"x\",\"hu\":\"x\",\"en\":\"x\"},"                         \
    "\"use_for\":{\"ro\":\"x\",\"hu\":\"x\",\"en\":\"x\"},\"start\":\"draft\",\"states\":"
#define ACT(id, from, to, roles, more)                                                                       \
    "{\"id\":\"" id "\",\"label\":{\"ro\":\"x\",\"hu\":\"x\",\"en\":\"x\"},\"from\":[\"" from                \
    "\"],\"to\":\"" to "\",\"roles\":[\"" roles "\"],\"why\":\"x\"" more "}"

static const struct {
    const char *text, *said;
} shapes[] = {
    {HEAD "[\"draft\",\"closed\"],\"flags\":[],\"actions\":[" ACT("a", "draft", "closed", "clerk", "") "]}",
     ""},
    {HEAD "[\"draft\",\"in_work\"],\"flags\":[],\"actions\":[" ACT("a", "draft", "in_work", "clerk", "") "]}",
     "none of its states is an end"},
    {HEAD "[\"draft\",\"in_work\",\"closed\"],\"flags\":[],\"actions\":[" ACT(
         "a", "draft", "in_work", "clerk", "") "," ACT("b", "draft", "closed", "clerk", "") "]}",
     "dead end: in_work has no way to an end; reached by a"},
    /* In work by one way it can be closed, by the other it is marked and cannot. */
    {HEAD "[\"draft\",\"in_work\",\"closed\"],\"flags\":[\"urgent\"],\"actions\":[" ACT(
         "a", "draft", "in_work", "clerk",
         "") "," ACT("mark", "draft", "in_work", "clerk",
                     ",\"set_flags\":[\"urgent\"]") "," ACT("b", "in_work", "closed", "clerk",
                                                            ",\"guard\":\"not flags.urgent\"") "]}",
     "dead end: in_work marked urgent has no way to an end; reached by mark"},
    /* A fee is due or not for good: guards may not wait for it to change. */
    {HEAD "[\"draft\",\"in_work\",\"closed\"],\"flags\":[],\"actions\":[" ACT(
         "a", "draft", "in_work", "clerk", "") "," ACT("b", "in_work", "closed", "clerk",
                                                       ",\"guard\":\"case.fee_due\"") "]}",
     "dead end: in_work has no way to an end; reached by a"},
    {HEAD "[\"draft\",\"in_work\",\"returned\",\"closed\"],\"flags\":[],\"actions\":[" ACT(
         "a", "draft", "in_work", "clerk", "") "," ACT("b", "in_work", "returned", "clerk",
                                                       "") "," ACT("c", "returned", "in_work", "clerk",
                                                                   "") "," ACT("d", "draft", "closed",
                                                                               "clerk", "") "]}",
     "loop without exit: in_work -> returned -> in_work; reached by a"},
    {HEAD "[\"draft\",\"in_work\",\"closed\"],\"flags\":[],\"actions\":[" ACT(
         "a", "draft", "in_work", "clerk", "") "," ACT("b", "in_work", "in_work", "clerk",
                                                       "") "," ACT("d", "draft", "closed", "clerk", "") "]}",
     "loop without exit: in_work -> in_work; reached by a"},
    {HEAD "[\"draft\",\"in_work\",\"closed\"],\"flags\":[],\"actions\":[" ACT(
         "a", "draft", "in_work", "clerk", "") "," ACT("b", "in_work", "closed", "applicant", "") "]}",
     "in_work may wait for the citizen for ever: nothing without them leads to an end; reached by a"},
    {HEAD "[\"draft\",\"draft\",\"closed\"],\"flags\":[],\"actions\":[]}", "states: given twice: \"draft\""},
    {HEAD "[\"draft\",\"closed\"],\"flags\":[],\"actions\":[]}", "state closed is never reached"},
};

static void shapes_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(shapes); i++) {
        const char *said;
        enum rc rc = try_text(shapes[i].text, &said);
        assert_string_equal(said, shapes[i].said);
        assert_int_equal(rc, *shapes[i].said ? RC_BAD_FIELD : RC_OK);
    }
}

static struct workflow_case a_case(const char *flow, const char *st)
{
    return (struct workflow_case){
        .flow = workflow_find(&w, flow), .state = st, .version = 7, .department = "registratura"};
}

static const char *why_not(const struct workflow_case *c, const struct workflow_actor *who,
                           const char *action, enum lang l)
{
    size_t n;
    const struct workflow_choice *list = workflow_actions(arena, &w, c, who, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].action->id, action) == 0)
            return list[i].allowed ? "" : list[i].why_not.t[l];
    return NULL;
}

static void refusals_say_why(void **state)
{
    (void)state;
    struct workflow_case c = a_case("simple", "in_work");
    struct workflow_actor clerk = {.id = "ana", .roles = workflow_role(&w, "clerk")};
    struct workflow_actor signer = {.id = "dan", .roles = workflow_role(&w, "approver"), .is_author = true};
    struct workflow_actor stranger = {.id = "ion", .abroad = workflow_role(&w, "clerk")};
    assert_string_equal(why_not(&c, &clerk, "draft_answer", LANG_EN), "");
    assert_string_equal(why_not(&c, &clerk, "extend", LANG_RO),
                        "Acest pas îl face: Conducătorul care semnează.");
    assert_string_equal(why_not(&c, &stranger, "draft_answer", LANG_HU),
                        "Az ügy nem tartozik az Ön illetékességéhez.");
    assert_string_equal(why_not(&c, &clerk, "take", LANG_EN),
                        "The case is “In work”. “Take” is possible from: Registered.");
    assert_string_equal(why_not(&c, &signer, "extend", LANG_EN), "The first due day is over.");
    c.flags = workflow_flag(&w, "extended");
    struct err e = {0};
    assert_int_equal(workflow_fact(&w, &c.facts, "case.before_due", "true", &e), RC_OK);
    assert_string_equal(why_not(&c, &signer, "extend", LANG_EN), "Not while the case is marked “Extended”.");
    c = a_case("simple", "decided");
    c.flags = workflow_flag(&w, "two_person");
    assert_string_equal(why_not(&c, &signer, "sign_answer", LANG_EN),
                        "You prepared the decision: somebody else signs.");
    signer.is_author = false;
    assert_string_equal(why_not(&c, &signer, "sign_answer", LANG_EN), "");
}

static void facts_are_named(void **state)
{
    struct workflow_facts facts = {{0}};
    struct err e = {0};
    (void)state;
    assert_int_equal(workflow_fact(&w, &facts, "case.found", "partial", &e), RC_OK);
    assert_int_equal(workflow_fact(&w, &facts, "case.found", NULL, &e), RC_OK);
    assert_int_equal(workflow_fact(&w, &facts, "case.found", "maybe", &e), RC_BAD_FIELD);
    assert_string_equal(e.path, "case.found");
    assert_int_equal(workflow_fact(&w, &facts, "case.delivered", "1", &e), RC_BAD_FIELD);
    assert_int_equal(workflow_fact(&w, &facts, "case.delivered", NULL, &e), RC_BAD_FIELD);
    assert_int_equal(workflow_fact(&w, &facts, "case.nothing", "true", &e), RC_BAD_FIELD);
    assert_int_equal(workflow_fact(&w, &facts, "actor.is_author", "true", &e), RC_BAD_FIELD);
}

static void apply_in_order(void **state)
{
    struct workflow_case c = a_case("simple", "in_work");
    struct workflow_actor clerk = {.id = "ana", .roles = workflow_role(&w, "clerk")};
    struct workflow_actor nobody = {.id = "ion"};
    struct workflow_given given[] = {{"reason", "alt birou"}, {"department", "urbanism"}};
    struct workflow_act act = {.action = "reassign", .who = &nobody, .version = 6};
    struct workflow_done done = {.now.version = -1};
    struct err e = {0};
    (void)state;
    assert_int_equal(workflow_apply(arena, &w, &c, &act, &done, &e), RC_DENIED);
    act.who = &clerk;
    assert_int_equal(workflow_apply(arena, &w, &c, &act, &done, &e), RC_CONFLICT);
    assert_string_equal(workflow_refusal(arena, &w, &c, &act).t[LANG_EN],
                        "Somebody worked on the case meanwhile. See what changed.");
    act.version = 7;
    assert_int_equal(workflow_apply(arena, &w, &c, &act, &done, &e), RC_BAD_FIELD);
    assert_string_equal(e.path, "reason");
    assert_string_equal(workflow_refusal(arena, &w, &c, &act).t[LANG_RO], "Lipsește: motivul.");
    assert_int_equal(done.now.version, -1);
    act.given = given;
    act.n_given = COUNT(given);
    c.assignee = "ana";
    assert_int_equal(workflow_apply(arena, &w, &c, &act, &done, &e), RC_OK);
    assert_string_equal(done.now.state, "registered");
    assert_string_equal(done.now.department, "urbanism");
    assert_null(done.now.assignee);
    assert_int_equal(done.now.version, 8);
    assert_string_equal(done.effects[0].id, "assign");
    act.action = "fly";
    assert_int_equal(workflow_apply(arena, &w, &c, &act, &done, &e), RC_NOT_FOUND);
    struct workflow_case next = done.now;
    act = (struct workflow_act){.action = "take", .who = &clerk, .version = 8};
    assert_int_equal(workflow_apply(arena, &w, &next, &act, &done, &e), RC_OK);
    assert_string_equal(done.now.assignee, "ana");
    assert_string_equal(done.now.department, "urbanism");
}

static void timers_tick(void **state)
{
    struct workflow_case c = a_case("simple", "in_work");
    struct workflow_done done;
    struct err e = {0};
    (void)state;
    assert_int_equal(workflow_tick(arena, &w, &c, "late", &done, &e), RC_OK);
    assert_true(done.now.flags == workflow_flag(&w, "late"));
    assert_int_equal(done.n_notices, 2);
    assert_string_equal(done.notices[1].message, "late");
    struct workflow_case next = done.now;
    assert_int_equal(workflow_tick(arena, &w, &next, "late", &done, &e), RC_OK);
    assert_int_equal(done.n_notices, 0); /* never told twice */
    assert_int_equal(done.now.version, next.version);
    assert_int_equal(workflow_tick(arena, &w, &c, "auto_close", &done, &e), RC_STATE);
    assert_int_equal(workflow_tick(arena, &w, &c, "noon", &done, &e), RC_NOT_FOUND);
    c = a_case("simple", "answered");
    assert_int_equal(workflow_tick(arena, &w, &c, "auto_close", &done, &e), RC_STATE); /* not delivered */
    assert_int_equal(workflow_fact(&w, &c.facts, "case.delivered", "true", &e), RC_OK);
    assert_int_equal(workflow_tick(arena, &w, &c, "auto_close", &done, &e), RC_OK);
    assert_string_equal(done.now.state, "closed");
}

static void paths_are_said(void **state)
{
    struct err e = {0};
    (void)state;
    for (size_t i = 0; i < w.n; i++) {
        BUF_SCOPE(out);
        BUF_SCOPE(dot);
        assert_int_equal(workflow_paths(&w, &w.items[i], &out, &e), RC_OK);
        workflow_dot(&w, &w.items[i], LANG_RO, &dot);
        assert_non_null(strstr(out.p, "    1. draft -submit-> submitted"));
        assert_non_null(strstr(out.p, "\nloops, each as often as it takes:\n    1. "));
        assert_memory_equal(dot.p, "digraph", 7);
    }
    BUF_SCOPE(out);
    assert_int_equal(workflow_paths(&w, workflow_find(&w, "search"), &out, &e), RC_OK);
    assert_non_null(strstr(out.p, "in_work -return-> returned -continue_without-> in_work\n"));
    assert_non_null(strstr(out.p, "\n18 ways, 11 loops, 11 states, 23 actions, 80 places"));
}

/* A service whose workflow is none, or does not bear its flag. */
static void services_must_fit(void **state)
{
    struct flag_rule flag = {"urgent", NULL};
    struct service s = {.id = "x.y", .workflow = "sample"};
    struct catalog c = {.services = &s, .n = 1};
    struct err e = {0};
    (void)state;
    assert_int_equal(workflow_services(&w, &c, &e), RC_BAD_FIELD);
    assert_non_null(strstr(e.text, "service x.y: workflow: there is no workflow \"sample\""));
    s.workflow = "simple";
    s.flags = &flag;
    s.n_flags = 1;
    assert_int_equal(workflow_services(&w, &c, &e), RC_BAD_FIELD);
    assert_non_null(strstr(e.text, "workflow simple does not bear the flag \"urgent\""));
    struct service letter = {.id = "info.newsletter", .workflow = "simple"}; /* auto.json has a rule for it */
    c.services = &letter;
    assert_int_equal(workflow_services(&w, &c, &e), RC_BAD_FIELD);
    assert_non_null(strstr(e.text, "info.newsletter is no service of this workflow"));
    letter.workflow = "auto";
    assert_int_equal(workflow_services(&w, &c, &e), RC_BAD_FIELD);
    assert_non_null(strstr(e.text, "info.newsletter does not ask sub.channel"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_hold),           cmocka_unit_test(words_are_whole),
        cmocka_unit_test(broken_are_refused), cmocka_unit_test(shapes_are_judged),
        cmocka_unit_test(refusals_say_why),   cmocka_unit_test(facts_are_named),
        cmocka_unit_test(apply_in_order),     cmocka_unit_test(timers_tick),
        cmocka_unit_test(paths_are_said),     cmocka_unit_test(services_must_fit),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
