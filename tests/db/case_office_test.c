/* Cases in the office: absence, opinions, days, lateness, two pairs of eyes, restricted access. */
#include "tests/db/case_steps.h"

#include "backend/case_priv.h"
#include "backend/sealed.h"

/* A day off is declared, and what is due is counted anew; how many cases moved. */
static int declare_off(const char *day)
{
    char sql[200];
    int moved = 0;

    snprintf(sql, sizeof(sql),
             "INSERT INTO holiday (day, name, at, by) VALUES ('%s', 'Zi liberă', '2026-01-15', "
             "'admin')",
             day);
    Q(sql);
    struct work w = rig_begin(&rig);
    assert_int_equal(case_recompute_terms(&w, &moved, &e), RC_OK);
    rig_end(&w);
    return moved;
}

static void who_stands_in_works(void **state)
{
    (void)state;
    struct work w = rig_begin(&rig);
    struct actor head, clerk, mayor, instead;
    int64_t one, two;
    struct date today = date_of_ms(rig_now);
    struct case_delegation d = {"clerk", "clerk2", "Concediu", today, date_add(today, 3)};

    rig_actor(&w, "head", &head);
    rig_actor(&w, "clerk", &clerk);
    rig_actor(&w, "mayor", &mayor);
    rig_actor(&w, "clerk2", &instead);
    assert_int_equal(case_delegate(&w, &head, &d, &one, &e), RC_OK);
    struct case_delegation self = {"clerk", "clerk", "x", today, today},
                           past = {"clerk", "clerk2", "x", date_add(today, -5), date_add(today, -4)},
                           foreign = {"clerk", "other", "x", today, today},
                           boss = {"mayor", "head", "Concediu", today, today};
    assert_int_equal(case_delegate(&w, &head, &self, &two, &e), RC_BAD_FIELD);
    assert_int_equal(case_delegate(&w, &head, &past, &two, &e), RC_BAD_FIELD);
    assert_int_equal(case_delegate(&w, &head, &foreign, &two, &e), RC_BAD_FIELD);
    assert_int_equal(case_delegate(&w, &clerk, &boss, &two, &e), RC_DENIED);
    /* of who has no place in the casework nobody else decides */
    rig_user(&rig, "auditor", "auditor", "hall-1", "");
    struct case_delegation audits = {"auditor", "clerk2", "x", today, today};
    assert_int_equal(case_delegate(&w, &clerk, &audits, &two, &e), RC_DENIED);
    const char *id = new_case("hall-1", "petition.general", petition);
    struct case_step s = {id, 1, NULL};
    assert_int_equal(case_assign(&w, &clerk, &s, "clerk", NULL, &e), RC_DENIED);
    assert_int_equal(case_assign(&w, &head, &s, "other", NULL, &e), RC_BAD_FIELD);
    assert_int_equal(case_assign(&w, &head, &s, "nobody", NULL, &e), RC_BAD_FIELD);
    assert_int_equal(case_assign(&w, &head, &s, "clerk", NULL, &e), RC_OK);
    assert_string_equal(of_case(id, "assignee"), "clerk2");
    DOES("clerk2", id, "take", NULL, 0);
    draft_of(id, "clerk2");
    DOES("clerk2", id, "draft_answer", GIVEN({"document", "draft"}));
    assert_int_equal(step("head", id, "sign_answer", NULL, 0), RC_DENIED);
    /* who signs hands the pen on alone */
    assert_int_equal(case_delegate(&w, &head, &boss, &two, &e), RC_DENIED);
    assert_int_equal(case_delegate(&w, &mayor, &boss, &two, &e), RC_OK);
    DOES("head", id, "sign_answer", NULL, 0);
    assert_int_equal(case_delegate_end(&w, &mayor, two, &e), RC_OK);
    assert_int_equal(case_delegate_end(&w, &mayor, two, &e), RC_NOT_FOUND);
    Q("UPDATE account SET disabled_at = now() WHERE name = 'clerk'"); /* the absence outlives it */
    assert_int_equal(case_delegate_end(&w, &instead, one, &e), RC_DENIED);
    assert_int_equal(case_delegate_end(&w, &head, one, &e), RC_OK);
    Q("UPDATE account SET disabled_at = NULL WHERE name = 'clerk'");
    rig_end(&w);
}

static const char *event_answers = "{\"who.kind\":\"person\",\"who.last_name\":\"Pop\",\"who.first_name\":"
                                   "\"Ion\",\"event.name\":\"Târg\",\"event.from\":"
                                   "\"2026-12-20\",\"event.to\":\"2026-12-21\"}";

static void opinions_run_beside(void **state)
{
    (void)state;
    const char *id = new_case("hall-1", "public.event", event_answers);
    struct work w = rig_begin(&rig);
    struct actor police, roads, clerk;
    struct casefile c;
    int64_t then = rig_now;
    char sql[200];

    rig_actor(&w, "police", &police);
    rig_actor(&w, "roads", &roads);
    rig_actor(&w, "clerk", &clerk);
    DOES("clerk", id, "take", NULL, 0);
    DOES("clerk", id, "ask_opinions", NULL, 0);
    assert_string_equal(of_case(id, "(SELECT string_agg(department, ',' ORDER BY department) FROM case_task "
                                    "t WHERE t.case_id = c.id)"),
                        "drumuri,mediu,politia_locala,urbanism");
    assert_int_equal(step("mayor", id, "approve", GIVEN({"legal_basis", "HCL"})), RC_STATE);
    assert_string_equal(sentence, "Opinions are still missing.");
    snprintf(sql, sizeof(sql),
             "SELECT id FROM case_task WHERE case_id = '%s' AND department = 'politia_locala'", id);
    struct case_opinion no = {atoll(Q(sql)), "negative", "Strada este închisă."};
    assert_int_equal(case_get(&w, id, false, &c, &e), RC_OK);
    struct case_step s = {id, c.version, NULL};
    struct case_opinion odd = {no.task, "done", "x"}, silent = {no.task, "negative", ""},
                        alien = {no.task + 999, "positive", "x"};
    assert_int_equal(case_opinion(&w, &roads, &s, &no, NULL, &e), RC_DENIED);
    assert_int_equal(case_opinion(&w, &clerk, &s, &no, NULL, &e), RC_DENIED);
    assert_int_equal(case_opinion(&w, &police, &s, &odd, NULL, &e), RC_BAD_FIELD);
    assert_int_equal(case_opinion(&w, &police, &s, &silent, NULL, &e), RC_BAD_FIELD);
    assert_int_equal(case_opinion(&w, &police, &s, &alien, NULL, &e), RC_BAD_FIELD);
    assert_int_equal(case_opinion(&w, &police, &s, &no, &c, &e), RC_OK);
    s.version = c.version;
    assert_int_equal(case_opinion(&w, &police, &s, &no, NULL, &e), RC_STATE);
    /* Who was asked may look in, who was not may not. */
    assert_int_equal(case_may(&w, &police, "case.view", &c, NULL, &e), RC_OK);
    assert_int_equal(case_may(&w, &police, "answer.sign", &c, NULL, &e), RC_DENIED);
    /* The others are silent: after their day nobody is waited for any more. */
    struct date last;
    assert_true(date_parse(of_case(id, "(SELECT max(due) FROM case_task t WHERE t.case_id = c.id)"), &last));
    rig_now = case_ms(date_add(last, 1), 12 * 60);
    assert_true(ring() > 0);
    assert_string_equal(of_case(id, "(NOT 'waits_opinion' = ANY (flags))::text"), "true");
    assert_int_equal(step("mayor", id, "approve", GIVEN({"legal_basis", "HCL"})), RC_STATE);
    assert_string_equal(sentence, "A binding opinion is negative.");
    rig_now = then;
    rig_end(&w);
}

static void a_new_holiday_moves_days(void **state)
{
    (void)state;
    const char *id = new_case("hall-1", "petition.general", petition);
    char due[12];
    int moved = 0;

    snprintf(due, sizeof(due), "%s", of_case(id, "due::text"));
    moved = declare_off(due);
    assert_true(moved >= 1);
    char later[80];
    snprintf(later, sizeof(later), "(due > '%s')::text", due);
    assert_string_equal(of_case(id, later), "true");
    assert_string_equal(
        of_case(id,
                "(SELECT given->>'before' FROM case_event v WHERE v.case_id = c.id AND act = 'terms_moved')"),
        due);
    assert_string_equal(
        of_case(id, "(SELECT (due = c.due)::text FROM case_term t WHERE t.case_id = c.id AND main)"), "true");
    assert_string_equal(Q("SELECT count(*) FROM holiday WHERE recomputed_at IS NULL"), "0");
    struct work again = rig_begin(&rig);
    assert_int_equal(case_recompute_terms(&again, &moved, &e), RC_OK);
    assert_int_equal(moved, 0);
    rig_end(&again);
    Q("DELETE FROM holiday");
    struct work back = rig_begin(&rig);
    assert_int_equal(case_recompute_terms(&back, &moved, &e), RC_OK);
    rig_end(&back);
    assert_string_equal(of_case(id, "due::text"), due);
}

/* Working days of those who are asked follow it, too: silence must not count too early. */
static void a_new_holiday_moves_opinions(void **state)
{
    (void)state;
    const char *id = new_case("hall-1", "public.event", event_answers);
    char due[12], sql[300];
    int moved = 0;

    DOES("clerk", id, "take", NULL, 0);
    DOES("clerk", id, "ask_opinions", NULL, 0);
    snprintf(due, sizeof(due), "%s",
             of_case(id, "(SELECT min(due)::text FROM case_task t WHERE t.case_id = c.id)"));
    moved = declare_off(due);
    snprintf(
        sql, sizeof(sql),
        "(SELECT bool_and(due > '%s' AND late_after = due)::text FROM case_task t WHERE t.case_id = c.id)",
        due);
    assert_string_equal(of_case(id, sql), "true");
    snprintf(sql, sizeof(sql),
             "(SELECT bool_and(at::date > '%s')::text FROM case_timer t WHERE t.case_id = c.id AND done_at "
             "IS NULL AND timer "
             "LIKE 'opinion%%')",
             due);
    const char *rings = of_case(id, sql);
    assert_true(strcmp(rings, "true") == 0 || strcmp(rings, "") == 0);
    Q("DELETE FROM holiday");
    struct work back = rig_begin(&rig);
    assert_int_equal(case_recompute_terms(&back, &moved, &e), RC_OK);
    rig_end(&back);
    assert_string_equal(of_case(id, "(SELECT min(due)::text FROM case_task t WHERE t.case_id = c.id)"), due);
}

static void late_goes_up_the_tree(void **state)
{
    (void)state;
    int64_t then = rig_now;
    const char *id = new_case("hall-1", "petition.general", petition);

    DOES("clerk", id, "take", NULL, 0);
    rig_now += (int64_t)28 * 86400000;
    ring();
    assert_string_equal(of_case(id, "attention || escalated"), "staff_due_soon0");
    rig_now += (int64_t)9 * 86400000;
    ring();
    assert_string_equal(of_case(id, "attention || (escalated >= 1)::text || ('late' = ANY (flags))::text"),
                        "staff_latetruetrue");
    rig_now += (int64_t)25 * 86400000;
    ring();
    assert_string_equal(of_case(id, "escalated::text"), "3");
    assert_string_equal(of_case(id, "(SELECT string_agg(given->>'role', ',' ORDER BY id) FROM case_event v "
                                    "WHERE v.case_id = c.id AND act = 'escalated')"),
                        "head,approver,county");
    assert_string_equal(
        of_case(id, "(SELECT string_agg(message, ',') FROM owed_message m WHERE m.request_id = c.id)"),
        "late");
    assert_int_equal(ring(), 0);
    assert_int_equal(step("mayor", id, "extend", GIVEN({"reason", "x"})), RC_STATE);
    assert_string_equal(sentence, "The first due day is over.");
    rig_now = then;
}

static void more_time_with_a_reason(void **state)
{
    (void)state;
    const char *id = new_case("hall-1", "petition.general", petition);

    DOES("clerk", id, "take", NULL, 0);
    DOES("mayor", id, "extend", GIVEN({"reason", "Anchetă la fața locului."}));
    assert_string_equal(of_case(id, "(due - filed_on >= 45)::text || (SELECT count(*) FROM case_term t WHERE "
                                    "t.case_id = c.id AND main)"),
                        "true1");
    assert_int_equal(step("mayor", id, "extend", GIVEN({"reason", "x"})), RC_STATE);
    assert_string_equal(sentence, "Not while the case is marked “Extended”.");
    DOES("citizen", id, "withdraw", NULL, 0);
    assert_string_equal(
        of_case(id, "state || (closed_at IS NOT NULL)::text || (dispose_after > filed_on + 3600)::text"),
        "withdrawntruetrue");
}

static void two_pairs_of_eyes(void **state)
{
    (void)state;
    struct work w = rig_begin(&rig);
    const char *id = new_case("hall-1", "info.public_544",
                              rig_answers(w.a, catalog_find(&rig.house.catalog, "info.public_544"), 0));

    rig_end(&w);
    rig_user(&rig, "both", "head", "hall-1", "");
    rig_user(&rig, "both", "approver", "hall-1", "");
    DOES("both", id, "take", NULL, 0);
    draft_of(id, "both");
    DOES("both", id, "draft_answer", GIVEN({"document", "draft"}));
    assert_int_equal(step("both", id, "sign_answer", NULL, 0), RC_STATE);
    assert_string_equal(sentence, "You prepared the decision: somebody else signs.");
    DOES("mayor", id, "sign_answer", NULL, 0);
}

static void a_sealed_case_asks_why(void **state)
{
    (void)state;
    const char *id = new_case("hall-1", "petition.general", petition);
    struct work w = rig_begin(&rig);
    struct actor head, clerk, mayor;
    struct casefile c;
    struct case_step s = {id, 1, "Victimă."}, none = {id, 1, NULL};
    char sql[200];
    BUF_SCOPE(row);

    rig_actor(&w, "head", &head);
    rig_actor(&w, "clerk", &clerk);
    rig_actor(&w, "mayor", &mayor);
    assert_int_equal(case_seal(&w, &clerk, &s, true, NULL, &e), RC_DENIED);
    assert_int_equal(case_seal(&w, &head, &none, true, NULL, &e), RC_BAD_FIELD);
    assert_int_equal(case_seal(&w, &head, &s, true, &c, &e), RC_OK);
    assert_int_equal(case_may(&w, &clerk, "case.view", &c, NULL, &e), RC_DENIED);
    assert_string_equal(e.code, "REASON_NEEDED");
    assert_string_equal(w.say.t[LANG_EN], "Access to this case is restricted: give a reason.");
    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM audit WHERE request_id = '%s' AND act = 'sealed case opened'", id);
    assert_string_equal(Q(sql), "0");
    assert_int_equal(case_may(&w, &clerk, "case.view", &c, "A sunat solicitanta.", &e), RC_OK);
    assert_string_equal(Q(sql), "1");
    case_json(&w, &c, false, &row);
    assert_null(strstr(row.p, "Kov"));
    s.version = c.version;
    assert_int_equal(case_seal(&w, &head, &s, false, NULL, &e), RC_DENIED);
    assert_int_equal(case_seal(&w, &mayor, &s, false, NULL, &e), RC_OK);
    rig_end(&w);
}

static void a_complaint_is_contested_once(void **state)
{
    (void)state;
    struct work w = rig_begin(&rig);
    struct actor clerk;
    struct casefile c;
    static const char car[] =
        "{\"place.landmark\":\"Parc\",\"land\":\"public\",\"who.wants_answer\":\"yes\",\"who.last_name\":"
        "\"Pop\","
        "\"who.first_name\":\"Ana\",\"who.email\":\"ana@example.ro\",\"danger\":\"yes\"}";
    const char *id = new_case("hall-1", "complaint.abandoned_vehicle", car);

    rig_actor(&w, "clerk", &clerk);
    assert_string_equal(of_case(id, "array_to_string(flags, ',')"), "urgent");
    DOES("field", id, "plan", NULL, 0);
    assert_int_equal(step("field", id, "resolve", GIVEN({"outcome_code", "gone"}, {"document", "draft"})),
                     RC_STATE);
    assert_string_equal(sentence, "The evidence is missing: a note and a photo of the place.");
    assert_int_equal(case_get(&w, id, false, &c, &e), RC_OK);
    struct case_step s = {id, c.version, NULL};
    struct workflow_given yes = {"case.evidence", "true"}, odd = {"case.evidence", "maybe"},
                          other = {"case.fee_paid", "true"};
    assert_int_equal(case_fact(&w, &clerk, &s, &odd, NULL, &e), RC_BAD_FIELD);
    assert_int_equal(case_fact(&w, &clerk, &s, &other, NULL, &e), RC_BAD_FIELD);
    assert_int_equal(case_fact(&w, &clerk, &s, &yes, NULL, &e), RC_OK);
    draft_of(id, "clerk");
    DOES("field", id, "resolve", GIVEN({"outcome_code", "gone"}, {"document", "draft"}));
    DOES("head", id, "answer", NULL, 0);
    assert_string_equal(of_case(id, "(SELECT string_agg(rule, ',' ORDER BY id) FROM case_term t WHERE "
                                    "t.case_id = c.id AND ended_on IS NULL)"),
                        "policy.contest");
    DOES("citizen", id, "contest", GIVEN({"reason", "Mașina este tot acolo."}));
    assert_string_equal(of_case(id, "state || (due IS NOT NULL)::text || attention"),
                        "in_worktruestaff_contested");
    rig_end(&w);
}

static void a_child_is_seen_to_the_same_day(void **state)
{
    (void)state;
    static const char minors[] = "{\"place.landmark\":\"Gară\",\"minors\":\"yes\",\"who.wants_answer\":"
                                 "\"no\",\"aggressive\":\"no\",\"health\":\"no\"}";
    const char *id = new_case("hall-1", "complaint.begging", minors);

    assert_string_equal(of_case(id, "state || ' ' || array_to_string(flags, ',')"),
                        "in_work urgent,child_protection,no_answer");
    assert_string_equal(of_case(id, "(SELECT kind || department || (due = c.filed_on)::text FROM case_task t "
                                    "WHERE t.case_id = c.id)"),
                        "childasistenta_socialatrue");
}

static const char *code_of(const char *id)
{
    char sql[300];
    snprintf(sql, sizeof(sql),
             "SELECT vars::jsonb->>'code' FROM owed_message WHERE request_id = '%s' AND message = 'optin' "
             "ORDER BY id "
             "DESC LIMIT 1",
             id);
    return Q(sql);
}

/* Five guesses, then another code; what was guessed is counted although nothing happened. */
static void a_code_is_not_guessed(void **state)
{
    (void)state;
    struct work w = rig_begin(&rig);
    const char *id = new_case("hall-1", "info.newsletter",
                              rig_answers(w.a, catalog_find(&rig.house.catalog, "info.newsletter"), 0));
    char good[8], bad[8];
    int64_t then = rig_now;

    rig_end(&w);
    if (strcmp(of_case(id, "state"), "in_work") == 0)
        DOES("clerk", id, "review_yes", GIVEN({"reason", "Adresa este bună."}));
    snprintf(good, sizeof(good), "%s", code_of(id));
    assert_int_equal(strlen(good), 6);
    snprintf(bad, sizeof(bad), "%s", good);
    bad[5] = bad[5] == '9' ? '0' : (char)(bad[5] + 1);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(step("citizen", id, "confirm", GIVEN({"code", bad})), RC_BAD_FIELD);
        assert_string_equal(e.path, "code");
        assert_string_equal(sentence,
                            i < 4 ? "That is not the code."
                                  : "That is not the code, and after five tries it is no longer good. Ask "
                                    "for another one.");
    }
    assert_int_equal(step("citizen", id, "confirm", GIVEN({"code", good})), RC_BAD_FIELD);
    assert_string_equal(sentence, "The code is no longer good. Ask for another one.");
    assert_string_equal(
        of_case(id, "(SELECT string_agg(detail, ',' ORDER BY id) FROM audit a WHERE a.request_id = "
                    "c.id AND act = 'wrong code')"),
        "1 of 5,2 of 5,3 of 5,4 of 5,5 of 5");
    assert_string_equal(of_case(id, "(position('"
                                    "confirm.mark' in facts::text) = 0)::text || state"),
                        "truedecided");
    /* too old */
    DOES("citizen", id, "new_code", NULL, 0);
    rig_now += (int64_t)49 * 3600000;
    assert_int_equal(step("citizen", id, "confirm", GIVEN({"code", code_of(id)})), RC_BAD_FIELD);
    DOES("clerk", id, "new_code", NULL, 0);
    DOES("citizen", id, "new_code", NULL, 0);
    DOES("citizen", id, "new_code", NULL, 0);
    assert_int_equal(step("citizen", id, "new_code", NULL, 0), RC_STATE);
    snprintf(good, sizeof(good), "%s", code_of(id));
    DOES("citizen", id, "confirm", GIVEN({"code", good}));
    assert_string_equal(of_case(id, "facts->>'case.confirmed'"), "true");
    assert_int_equal(step("citizen", id, "confirm", GIVEN({"code", good})), RC_STATE);
    rig_now = then;
}

static void signed_as(const char *id, const char *kind)
{
    struct work w = rig_begin(&rig);
    struct sealed_at at = {id, "signature"};
    const char *text = arena_fmt(w.a, "{\"kind\":\"%s\"}", kind);
    struct bytes sealed;
    assert_int_equal(
        sealed_request_seal(w.a, &rig.house.request_key, &at, BYTES(text, strlen(text)), &sealed, &e), RC_OK);
    struct db_param p[] = {DB_STR(id), case_bytea(w.a, sealed)};
    assert_int_equal(db_sync_query(rig.db, "UPDATE request SET signature = $2 WHERE request_id = $1::uuid", p,
                                   2, NULL, &e),
                     RC_OK);
    rig_end(&w);
}

/* A petition that nobody stands behind is marked, and filing is the first thing proposed; nothing files it.
 */
static void an_anonymous_petition_is_noticed(void **state)
{
    (void)state;
    static const char
        nameless
            [] = "{\"who.kind\":\"person\",\"who.email\":\"x@example.ro\",\"pet.subject\":\"Câini\"}",
    nowhere[] = "{\"who.kind\":\"person\",\"who.last_name\":\"Pop\",\"pet.subject\":\"Câini\"}",
    full[] =
        "{\"who.kind\":\"person\",\"who.last_name\":\"Pop\",\"who.email\":\"p@example.ro\",\"pet.subject\":"
        "\"Zgomot\"}",
    by_post[] = "{\"who.kind\":\"person\",\"who.last_name\":\"Pop\",\"who.address\":\"Str. Mare 1\","
                "\"pet.subject\":\"Apă\"}";
    const struct {
        const char *answers, *kind, *attention;
    } rows[] = {{nameless, "pad", "staff_unsigned"},
                {nowhere, "pad", "staff_unsigned"},
                {full, "none", "staff_unsigned"},
                {by_post, "pad", ""},
                {full, "pad", ""}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rig_request q = {
            .institution = "hall-1", .service = "petition.general", .answers = rows[i].answers};
        const struct workflow_choice *may;
        struct work w = rig_begin(&rig);
        struct actor registrar;
        struct casefile c;
        char id[37];
        size_t n;
        rig_request(&rig, &q, id);
        signed_as(id, rows[i].kind);
        assert_int_equal(rig_open(&rig), 1);
        assert_int_equal(case_get(&w, id, false, &c, &e), RC_OK);
        bool marked = *rows[i].attention;
        if (strcmp(c.attention, rows[i].attention) != 0 || strcmp(c.state, "registered") != 0)
            fail_msg("row %zu: %s %s", i, c.attention, c.state);
        assert_int_equal((c.bits & workflow_flag(&rig.house.workflows, "unidentified")) != 0, marked);
        rig_actor(&w, "registrar", &registrar);
        assert_int_equal(case_choices(&w, &registrar, &c, &may, &n, &e), RC_OK);
        assert_int_equal(strcmp(may[0].action->id, "file") == 0, marked);
        rig_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_stands_in_works),
        cmocka_unit_test(opinions_run_beside),
        cmocka_unit_test(a_new_holiday_moves_days),
        cmocka_unit_test(a_new_holiday_moves_opinions),
        cmocka_unit_test(late_goes_up_the_tree),
        cmocka_unit_test(more_time_with_a_reason),
        cmocka_unit_test(two_pairs_of_eyes),
        cmocka_unit_test(a_sealed_case_asks_why),
        cmocka_unit_test(a_complaint_is_contested_once),
        cmocka_unit_test(a_child_is_seen_to_the_same_day),
        cmocka_unit_test(a_code_is_not_guessed),
        cmocka_unit_test(an_anonymous_petition_is_noticed),
    };
    return cmocka_run_group_tests(tests, steps_setup, steps_teardown);
}
