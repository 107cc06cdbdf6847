/* What steps do outside the file: letters that wait for paper, the notice board, a place that goes on, an act
 * that no longer holds. */
#include "backend/case_priv.h"
#include "backend/doc.h"
#include "backend/people.h"
#include "backend/public.h"
#include "tests/db/case_steps.h"

static const char *search_case(const char *service)
{
    struct work w = rig_begin(&rig);
    const char *id =
        new_case("hall-1", service, rig_answers(w.a, catalog_find(&rig.house.catalog, service), 0));
    rig_end(&w);
    return id;
}

static int listed(const char *q)
{
    struct work w = rig_begin(&rig);
    struct db_result *r = NULL;
    struct db_param p[] = {DB_STR("{hall-1}"), DB_STR("{\"\"}"),
                           DB_STR("due"),      DB_STR("false"),
                           DB_STR(""),         DB_STR("00000000-0000-0000-0000-000000000000"),
                           DB_STR("50")};
    assert_int_equal(work_sql(&w, strcmp(q, "print") == 0 ? SQL_DESK_PRINT : SQL_DESK_ATTENTION, p, &r, &e),
                     RC_OK);
    int n = db_rows(r);
    db_result_free(r);
    rig_end(&w);
    return n;
}

static enum rc printed(const char *who, const char *document)
{
    struct work w = rig_begin(&rig);
    struct actor a;
    rig_actor(&w, who, &a);
    enum rc rc = case_printed(&w, &a, document, NULL, &e);
    snprintf(sentence, sizeof(sentence), "%s", w.say.t[LANG_EN] ? w.say.t[LANG_EN] : "");
    rig_end(&w);
    return rc;
}

static const char *signed_paper(const char *id)
{
    static char out[40];
    char sql[200];
    snprintf(sql, sizeof(sql), "SELECT id FROM document WHERE case_id = '%s' AND signed_at IS NOT NULL", id);
    snprintf(out, sizeof(out), "%s", Q(sql));
    return out;
}

static void a_letter_waits_for_paper(void **state)
{
    (void)state;
    const char *id = search_case("cs.birth_certificate");
    assert_int_equal(listed("print"), 0);
    DOES("clerk", id, "take", NULL, 0);
    DOES("clerk", id, "search", GIVEN({"search_result", "yes"}));
    DOES("officer", id, "approve", GIVEN({"legal_basis", "HG 255/2024"}));
    if (strcmp(of_case(id, "facts->>'case.fee_due'"), "true") == 0)
        DOES("clerk", id, "pay", NULL, 0);
    DOES("officer", id, "issue", NULL, 0);
    assert_int_equal(listed("print"), 1);
    const char *paper = signed_paper(id);
    assert_int_equal(printed("other", paper), RC_DENIED);
    assert_int_equal(listed("print"), 1);
    assert_int_equal(printed("clerk", paper), RC_OK);
    assert_int_equal(listed("print"), 0);
    assert_int_equal(printed("clerk", paper), RC_STATE);
    assert_string_equal(sentence, "This letter does not wait for paper.");
    assert_string_equal(
        of_case(id,
                "(SELECT string_agg(act || actor, ',') FROM case_event v WHERE v.case_id = c.id AND act = "
                "'printed')"),
        "printedclerk");
    DOES("clerk", id, "reprint", GIVEN({"reason", "S-a blocat hârtia."}));
    assert_int_equal(listed("print"), 1);
    assert_int_equal(printed("clerk", paper), RC_OK);
}

static size_t on_board(struct case_notice **list)
{
    static struct work w;
    size_t n;
    if (w.a)
        rig_end(&w);
    w = rig_begin(&rig);
    assert_int_equal(case_board(&w, "hall-1", list, &n, &e), RC_OK);
    return n;
}

static void a_notice_hangs_from_day_to_day(void **state)
{
    (void)state;
    static const char car[] =
        "{\"place.landmark\":\"Parc\",\"land\":\"public\",\"who.wants_answer\":\"yes\",\"who.last_name\":"
        "\"Pop\","
        "\"who.first_name\":\"Ana\",\"who.email\":\"ana@example.ro\",\"danger\":\"no\"}";
    const char *id = new_case("hall-1", "complaint.abandoned_vehicle", car);
    struct case_notice *list;
    int64_t then = rig_now;

    DOES("field", id, "plan", NULL, 0);
    draft_of(id, "clerk");
    DOES("clerk", id, "legal_step", GIVEN({"term_rule", "l421.notice"}, {"document", "draft"}));
    assert_int_equal(on_board(&list), 1);
    assert_string_equal(list[0].rule, "l421.notice");
    assert_string_equal(list[0].service->id, "complaint.abandoned_vehicle");
    assert_int_equal(date_cmp(list[0].from, date_of_ms(rig_now)), 0);
    assert_string_equal(
        of_case(id, "(SELECT (b.to_day = t.due)::text FROM notice b, case_term t WHERE b.case_id = c.id AND "
                    "t.case_id = c.id AND t.rule = 'l421.notice')"),
        "true");
    rig_now += (int64_t)40 * 86400000;
    assert_int_equal(on_board(&list), 0);
    rig_now = then;
    assert_int_equal(on_board(&list), 1);
    DOES("citizen", id, "withdraw", NULL, 0); /* what it held is let go */
    assert_int_equal(on_board(&list), 0);
}

/* Who waits longest is next. */
static void a_place_goes_on(void **state)
{
    (void)state;
    const char *holds = search_case("parking.place"), *first = search_case("parking.place"),
               *second = search_case("parking.place"), *third = search_case("parking.place");
    char sql[300];

    snprintf(sql, sizeof(sql),
             "UPDATE casefile SET state = 'waiting', facts = facts || '{\"case.place_free\": \"false\"}' "
             "WHERE id IN ('%s', '%s')",
             first, second);
    Q(sql);
    snprintf(sql, sizeof(sql),
             "UPDATE casefile SET registered_at = registered_at - interval '1 day' WHERE id = '%s'", first);
    Q(sql);
    snprintf(sql, sizeof(sql), "UPDATE casefile SET state = 'issued' WHERE id = '%s'", holds);
    Q(sql);
    snprintf(sql, sizeof(sql),
             "UPDATE casefile SET state = 'registered', email = 'ana@example.ro', facts = facts || "
             "'{\"case.place_free\": \"false\", "
             "\"case.rule_result\": \"pass\"}' WHERE id = '%s'",
             third);
    Q(sql);
    DOES("system", third, "rule_wait", NULL, 0); /* behind the two that came before */
    snprintf(
        sql, sizeof(sql),
        "SELECT vars::jsonb->>'rank' FROM owed_message WHERE request_id IN ('%s', (SELECT request_id FROM "
        "casefile WHERE id = '%s')) AND message = 'waiting_list'",
        third, third);
    assert_string_equal(Q(sql), "3");
    int before = listed("attention");
    DOES("clerk", holds, "expire", NULL, 0);
    assert_string_equal(of_case(first, "attention || (facts->>'case.place_free')"), "staff_place_freetrue");
    assert_string_equal(of_case(second, "facts->>'case.place_free'"), "false");
    assert_int_equal(listed("attention"), before + 1);
    DOES("clerk", first, "place_found", NULL, 0);
    assert_string_equal(of_case(first, "state"), "decided");
}

static enum rc places(const char *institution, const char *service, int64_t n)
{
    struct work w = rig_begin(&rig);
    struct case_places x = {institution, service, n};
    enum rc rc = case_places_set(&w, &actor_system, &x, &e);
    rig_end(&w);
    return rc;
}

/* What a rule of data lets pass goes on by itself; how many places there are is said by the institution. */
static void a_rule_says_yes(void **state)
{
    (void)state;
    struct work w = rig_begin(&rig);
    const char *letter = new_case("hall-2", "info.newsletter",
                                  rig_answers(w.a, catalog_find(&rig.house.catalog, "info.newsletter"), 0));
    assert_string_equal(of_case(letter, "state || (facts->>'case.rule_result')"), "decidedpass");
    assert_string_equal(of_case(letter, "(NOT 'no_match' = ANY (flags))::text"), "true");

    const char *car = rig_answers(w.a, catalog_find(&rig.house.catalog, "parking.place"), 0);
    assert_int_equal(places("hall-2", "petition.general", 1), RC_BAD_FIELD);
    assert_int_equal(places("nowhere", "parking.place", 1), RC_BAD_FIELD);
    assert_int_equal(places("hall-2", "parking.place", -1), RC_BAD_FIELD);
    assert_int_equal(places("hall-2", "parking.place", 1), RC_OK);
    assert_string_equal(Q("SELECT detail FROM audit WHERE act = 'places'"), "parking.place: 1");
    const char *one = new_case("hall-2", "parking.place", car),
               *two = new_case("hall-2", "parking.place", car);
    assert_string_equal(of_case(one, "state || (facts->>'case.rule_result')"), "in_workreview");
    assert_int_equal(step("other", one, "review_wait", GIVEN({"reason", "x"})), RC_STATE);
    assert_string_equal(sentence, "A place is free.");
    DOES("other", one, "review_yes", GIVEN({"reason", "Domiciliu și mașină proprie."}));
    assert_int_equal(step("other", two, "review_yes", GIVEN({"reason", "x"})), RC_STATE);
    assert_string_equal(sentence, "No place is free.");
    DOES("other", two, "review_wait", GIVEN({"reason", "Îndeplinește condițiile."}));
    const char *three = new_case("hall-2", "parking.place", car);
    DOES("other", three, "review_wait", GIVEN({"reason", "Îndeplinește condițiile."}));
    assert_string_equal(of_case(two, "state"), "waiting");
    assert_string_equal(Q("SELECT string_agg(vars::jsonb->>'rank', ',' ORDER BY id) FROM owed_message WHERE "
                          "message = 'waiting_list' AND request_id IN (SELECT id FROM casefile WHERE "
                          "institution = 'hall-2')"),
                        "1,2");
    /* more places: the line goes on in its order */
    assert_int_equal(step("other", two, "place_found", NULL, 0), RC_STATE);
    assert_int_equal(places("hall-2", "parking.place", 2), RC_OK);
    assert_int_equal(step("other", three, "place_found", NULL, 0), RC_STATE);
    DOES("other", two, "place_found", NULL, 0);
    assert_int_equal(step("other", three, "place_found", NULL, 0), RC_STATE);
    /* and one that is let go goes to who waits */
    const char *four = new_case("hall-2", "parking.place", car);
    DOES("other", one, "pay", NULL, 0);
    DOES("citizen", one, "expire", NULL, 0);
    assert_int_equal(step("other", four, "review_yes", GIVEN({"reason", "x"})), RC_STATE);
    DOES("other", three, "place_found", NULL, 0);
    rig_end(&w);
}

/* Who looks at a case waits for nobody who gives a place just then, and nobody waits for who looks. */
static void looking_locks_nothing(void **state)
{
    (void)state;
    struct work w = rig_begin(&rig), other = w;
    struct db_sync *giver SCOPED(db_sync_closep) = NULL;
    struct actor who;
    struct casefile c;
    const struct workflow_choice *list;
    size_t n;

    assert_int_equal(places("hall-2", "parking.place", 1), RC_OK);
    const char *car = rig_answers(w.a, catalog_find(&rig.house.catalog, "parking.place"), 0);
    const char *id = new_case("hall-2", "parking.place", car);
    assert_int_equal(db_sync_open(rig.pg.conninfo, &giver, &e), RC_OK);
    other.db = giver;
    assert_int_equal(work_begin(&other, &e), RC_OK);
    assert_int_equal(case_lock(&other, id, NULL, &e), RC_OK);
    assert_int_equal(db_sync_script(rig.db, "SET lock_timeout = '500ms'", &e), RC_OK);
    rig_actor(&w, "other", &who);
    assert_int_equal(case_get(&w, id, false, &c, &e), RC_OK);
    assert_int_equal(case_choices(&w, &who, &c, &list, &n, &e), RC_OK);
    assert_true(n > 0);
    assert_int_equal(step("other", id, "review_wait", GIVEN({"reason", "x"})), RC_UNAVAILABLE);
    assert_int_equal(db_sync_script(rig.db, "SET lock_timeout = 0", &e), RC_OK);
    assert_int_equal(work_end(&other, RC_OK, &e), RC_OK);
    Q("DELETE FROM place_stock");
    rig_end(&w);
}

/* The same without a person in between, for a service whose rule passes. */
static void a_rule_puts_in_line(void **state)
{
    (void)state;
    struct work w = rig_begin(&rig);
    struct workflow *flow =
        (struct workflow *)(uintptr_t)workflow_find(&rig.house.workflows, "auto"); /* the rig's own copy */
    struct jval *meta = flow->meta, *other = NULL;
    const char *car = rig_answers(w.a, catalog_find(&rig.house.catalog, "parking.place"), 0);
    static const char rules[] = "{\"rules\":{\"parking.place\":{\"if\":\"second != 'nobody'\"}}}";

    assert_int_equal(jval_parse(w.a, rules, strlen(rules), &other, &e), RC_OK);
    flow->meta = other;
    assert_int_equal(places("hall-2", "parking.place", 3), RC_OK);
    const char *one = new_case("hall-2", "parking.place", car),
               *two = new_case("hall-2", "parking.place", car);
    assert_string_equal(of_case(one, "state"), "decided");
    assert_string_equal(of_case(two, "state"), "waiting");
    flow->meta = meta;
    Q("DELETE FROM place_stock");
    rig_end(&w);
}

/* What was issued no longer holds: nobody can take it from the page any more, and the story says so. */
static void a_revoked_act_is_gone(void **state)
{
    (void)state;
    const char *id = search_case("public.event");
    struct visit_begin b = {.request_id = id, .lang = LANG_EN};
    char token[2 * VISIT_TOKEN + 1], sql[200];
    struct work w = rig_begin(&rig);
    struct public_view view;
    struct visit v;

    snprintf(sql, sizeof(sql), "UPDATE casefile SET state = 'decided' WHERE id = '%s'", id);
    Q(sql);
    draft_of(id, "clerk");
    snprintf(sql, sizeof(sql),
             "UPDATE casefile SET facts = facts || '{\"case.fee_paid\": \"true\"}' WHERE id = '%s'", id);
    Q(sql);
    struct casefile c;
    struct document made;
    struct actor mayor;
    rig_actor(&w, "mayor", &mayor);
    assert_int_equal(case_get(&w, id, false, &c, &e), RC_OK);
    struct doc_effect f = {.c = &c, .action = "issue"};
    assert_int_equal(doc_render_case(&w, &mayor, &f, &made, &e), RC_OK);
    DOES("clerk", id, "issue", NULL, 0);
    assert_int_equal(visit_begin(&w, &b, token, &e), RC_OK);
    assert_int_equal(visit_get(&w, token, NULL, VISIT_MINUTES, &v, &e), RC_OK);
    assert_int_equal(public_view(&w, &v, &view, &e), RC_OK);
    assert_int_equal(view.n_documents, 1);
    int waiting = listed("print");
    assert_true(waiting > 0);
    DOES("mayor", id, "revoke", GIVEN({"reason", "Nu s-au respectat condițiile."}, {"legal_basis", "HCL 1"}));
    assert_int_equal(public_view(&w, &v, &view, &e), RC_OK);
    assert_int_equal(view.n_documents, 0);
    assert_string_equal(view.events[view.n_events - 1].text,
                        "The document that was issued is no longer valid");
    assert_string_equal(view.events[view.n_events - 1].more, "Nu s-au respectat condițiile.");
    assert_int_equal(listed("print"), waiting - 1); /* nor is it printed any more */
    rig_end(&w);
}

/* A birth certificate that is wanted this way, issued. */
static const char *issued_case(const char *how)
{
    struct work w = rig_begin(&rig);
    const struct service *s = catalog_find(&rig.house.catalog, "cs.birth_certificate");
    const char *wanted = arena_fmt(w.a, "\"delivery.how\":\"%s\"", how), *answers = NULL;

    for (unsigned seed = 0; seed < 3 && (!answers || !strstr(answers, wanted)); seed++)
        answers = rig_answers(w.a, s, seed);
    assert_non_null(strstr(answers, wanted));
    const char *id = new_case("hall-1", s->id, answers);
    DOES("clerk", id, "take", NULL, 0);
    DOES("clerk", id, "search", GIVEN({"search_result", "yes"}));
    DOES("officer", id, "approve", GIVEN({"legal_basis", "HG 255/2024"}));
    if (strcmp(of_case(id, "facts->>'case.fee_due'"), "true") == 0)
        DOES("clerk", id, "pay", NULL, 0);
    DOES("officer", id, "issue", NULL, 0);
    rig_end(&w);
    return id;
}

static const char *ready_told(const char *id)
{
    return of_case(id,
                   "(SELECT coalesce(string_agg(message, ',' ORDER BY m.id), '') FROM owed_message m WHERE "
                   "m.request_id = c.id AND message LIKE 'ready%')");
}

static void view_of(struct work *w, const char *id, enum lang lang, struct public_view *out)
{
    struct visit_begin b = {.request_id = id, .lang = lang};
    char token[2 * VISIT_TOKEN + 1];
    struct visit v;

    assert_int_equal(visit_begin(w, &b, token, &e), RC_OK);
    assert_int_equal(visit_get(w, token, NULL, VISIT_MINUTES, &v, &e), RC_OK);
    assert_int_equal(public_view(w, &v, out, &e), RC_OK);
}

/* Who wanted it by post or e-mail is not asked to come for it, nor reminded to. */
static void it_comes_as_it_was_wanted(void **state)
{
    static const struct {
        const char *how, *told, *later, *says;
        bool waits;
    } rows[] = {
        {"pickup", "ready", "ready,ready",
         "Collect it at: Civil status, Hall One. Bring your identity document.", true},
        {"post", "ready_post", "ready_post", "We send it by post, to the address in your request.", false},
        {"email", "ready_email", "ready_email",
         "Download it from the page of your request, with the code and PIN on the receipt.", false},
    };
    char ids[COUNT(rows)][40];
    int64_t then = rig_now;
    struct public_view view;
    (void)state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(ids[i], sizeof(ids[i]), "%s", issued_case(rows[i].how));
        assert_string_equal(ready_told(ids[i]), rows[i].told);
        struct work w = rig_begin(&rig);
        view_of(&w, ids[i], LANG_EN, &view);
        assert_string_equal(view.ready, rows[i].says);
        assert_int_equal(date_valid(view.kept.by), rows[i].waits);
        assert_int_equal(*view.kept.why != 0, rows[i].waits);
        rig_end(&w);
    }
    rig_now += (int64_t)15 * 86400000;
    while (ring() > 0)
        ;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(ready_told(ids[i]), rows[i].later);
    rig_now = then;
}

static const char *told(const char *who)
{
    char sql[300];
    snprintf(sql, sizeof(sql),
             "SELECT coalesce(string_agg(message || ' ' || lang, ',' ORDER BY id), '') FROM owed_message "
             "WHERE recipient = "
             "'%s@primarie.example'",
             who);
    return Q(sql);
}

static enum rc mail_of(const char *account, const char *address, enum lang lang)
{
    struct people_email m = {account, address, lang};
    return people_email(rig.db, &m, "test", &e);
}

static void digest(void)
{
    struct work w = rig_begin(&rig);
    if (case_staff_digest(&w, &e) != RC_OK)
        fail_msg("%s", e.text);
    rig_end(&w);
}

/* Who stands in hears of it, on that day; nothing is handed to anybody once it has ended. */
static void away_or_ended(struct work *w, const struct actor *head, const char *id, struct date day)
{
    struct case_delegation d = {"clerk2", "clerk", "Concediu", day, day};
    int64_t away;

    assert_int_equal(mail_of("clerk", "clerk@primarie.example", LANG_RO), RC_OK);
    rig_now = case_ms(day, 9 * 60);
    assert_int_equal(case_delegate(w, head, &d, &away, &e), RC_OK);
    digest();
    assert_string_equal(told("clerk2"), "staff_assigned hu,staff_digest hu,staff_digest hu");
    assert_string_equal(told("clerk"), "staff_digest ro");
    assert_int_equal(case_delegate_end(w, head, away, &e), RC_OK);
    DOES("citizen", id, "withdraw", NULL, 0);
    struct case_step over = {id, atoll(of_case(id, "version")), NULL};
    assert_int_equal(case_assign(w, head, &over, "clerk", NULL, &e), RC_STATE);
    assert_string_equal(w->say.t[LANG_EN], "The case has ended.");
    assert_string_equal(told("clerk"), "staff_digest ro");
}

/* Colleagues hear of their work: what is theirs, what is asked, and once a working day what is near. */
static void colleagues_are_told(void **state)
{
    (void)state;
    static const char event[] =
        "{\"who.kind\":\"person\",\"who.last_name\":\"Pop\",\"who.first_name\":\"Ion\","
        "\"event.name\":\"Târg\",\"event.from\":\"2026-12-20\",\"event.to\":\"2026-12-21\"}";
    int64_t then = rig_now;
    struct work w = rig_begin(&rig);
    struct actor head;

    assert_int_equal(mail_of("clerk2", "not an address", LANG_RO), RC_BAD_FIELD);
    assert_int_equal(mail_of("nobody", "x@primarie.example", LANG_RO), RC_NOT_FOUND);
    assert_int_equal(mail_of("clerk2", "clerk2@primarie.example", LANG_HU), RC_OK);
    assert_int_equal(mail_of("police", "police@primarie.example", LANG_RO), RC_OK);
    assert_int_equal(mail_of("roads", "roads@primarie.example", LANG_RO), RC_OK);
    assert_int_equal(mail_of("roads", "", LANG_RO), RC_OK);
    const char *id = new_case("hall-1", "petition.general", petition);
    rig_actor(&w, "head", &head);
    struct case_step s = {id, 1, NULL};
    assert_int_equal(case_assign(&w, &head, &s, "clerk2", NULL, &e), RC_OK);
    assert_string_equal(told("clerk2"), "staff_assigned hu");
    DOES("clerk2", id, "take", NULL, 0); /* one's own act is no news */
    assert_string_equal(told("clerk2"), "staff_assigned hu");
    assert_string_equal(
        Q("SELECT (position('Kov' in vars) = 0 AND vars::jsonb->>'institution' = 'Egy')::text FROM "
          "owed_message WHERE message = 'staff_assigned'"),
        "true");
    const char *fair = new_case("hall-1", "public.event", event);
    DOES("clerk", fair, "take", NULL, 0);
    DOES("clerk", fair, "ask_opinions", NULL, 0);
    assert_string_equal(told("police"), "staff_opinion ro");
    assert_string_equal(told("roads"), "");
    /* near, on a Monday at nine */
    struct date due;
    assert_true(date_parse(of_case(id, "due::text"), &due));
    while (date_weekday(due) != 1)
        due = date_add(due, -1);
    rig_now = case_ms(due, 6 * 60);
    digest();
    assert_string_equal(told("clerk2"), "staff_assigned hu");
    rig_now = case_ms(due, 9 * 60);
    digest();
    digest();
    assert_string_equal(told("clerk2"), "staff_assigned hu,staff_digest hu");
    rig_now = case_ms(date_add(due, -1), 9 * 60); /* Sunday */
    digest();
    assert_string_equal(told("clerk2"), "staff_assigned hu,staff_digest hu");
    rig_now = case_ms(date_add(due, 1), 9 * 60);
    digest();
    assert_string_equal(told("clerk2"), "staff_assigned hu,staff_digest hu,staff_digest hu");
    away_or_ended(&w, &head, id, date_add(due, 2));
    rig_now = then;
    rig_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_letter_waits_for_paper), cmocka_unit_test(a_notice_hangs_from_day_to_day),
        cmocka_unit_test(a_place_goes_on),          cmocka_unit_test(a_rule_says_yes),
        cmocka_unit_test(looking_locks_nothing),    cmocka_unit_test(a_rule_puts_in_line),
        cmocka_unit_test(a_revoked_act_is_gone),    cmocka_unit_test(it_comes_as_it_was_wanted),
        cmocka_unit_test(colleagues_are_told),
    };
    return cmocka_run_group_tests(tests, steps_setup, steps_teardown);
}
