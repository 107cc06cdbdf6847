/* Every day that a person is shown carries its calculation in three languages, and follows a new holiday. */
#include "tests/db/case_steps.h"

#include "backend/case_priv.h"

enum { DAY_MS = 86400000 };

static const char event[] = "{\"who.kind\":\"person\",\"who.last_name\":\"Pop\",\"who.first_name\":\"Ion\","
                            "\"event.name\":\"Târg\",\"event.from\":\"2027-12-20\",\"event.to\":"
                            "\"2027-12-21\"}";
static const char car[] =
    "{\"place.landmark\":\"Parc\",\"land\":\"public\",\"who.wants_answer\":\"yes\",\"who.last_name\":"
    "\"Pop\",\"who.first_name\":\"Ana\",\"who.email\":\"ana@example.ro\",\"danger\":\"%s\"}";

/* Each day stands in its sentence, in each language. */
static void all_explained(const char *table, const char *id)
{
    struct work w = rig_begin(&rig);
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(id)};
    const char *sql = arena_fmt(w.a,
                                "SELECT due, calc->>'ro', calc->>'hu', calc->>'en', length(why->>'ro') > 10 "
                                "FROM %s WHERE case_id = $1::uuid",
                                table);

    assert_int_equal(db_sync_query(rig.db, sql, p, 1, &r, &e), RC_OK);
    assert_true(db_rows(r) > 0);
    for (int i = 0; i < db_rows(r); i++) {
        struct date due;
        assert_true(date_parse(db_text(r, i, 0), &due));
        assert_string_equal(db_text(r, i, 4), "t");
        for (int k = 0; k < LANG_COUNT; k++)
            if (!strstr(db_text(r, i, 1 + k), date_said(w.a, due, (enum lang)k)))
                fail_msg("%s: %s is not in \"%s\"", table, db_text(r, i, 0), db_text(r, i, 1 + k));
    }
    rig_end(&w);
}

static void recount(void)
{
    struct work w = rig_begin(&rig);
    int moved;
    assert_int_equal(case_recompute_terms(&w, &moved, &e), RC_OK);
    rig_end(&w);
}

static void off(const char *day)
{
    char sql[200];
    snprintf(sql, sizeof(sql),
             "INSERT INTO holiday (day, name, at, by) VALUES ('%s', 'Liber', '2026-01-15', 'x') "
             "ON CONFLICT (day) DO UPDATE SET withdrawn_at = NULL, withdrawn_by = NULL",
             day);
    Q(sql);
    recount();
}

static void on_again(void)
{
    Q("DELETE FROM holiday");
    recount();
}

static void what_is_asked_of_others(void **state)
{
    (void)state;
    char answers[300], day[12];
    const char *fair = new_case("hall-1", "public.event", event);

    DOES("clerk", fair, "take", NULL, 0);
    DOES("clerk", fair, "ask_opinions", NULL, 0);
    all_explained("case_task", fair);
    snprintf(day, sizeof(day), "%s",
             of_case(fair, "(SELECT min(due) FROM case_task t WHERE t.case_id = c.id)"));
    off(day);
    assert_string_equal(of_case(fair, "(SELECT count(DISTINCT due) FROM case_task t WHERE t.case_id = c.id)"),
                        "1");
    all_explained("case_task", fair);
    all_explained("case_term", fair);
    on_again();
    all_explained("case_task", fair);

    snprintf(answers, sizeof(answers), car, "no");
    const char *calm = new_case("hall-1", "complaint.abandoned_vehicle", answers);
    DOES("field", calm, "plan", NULL, 0);
    all_explained("case_task", calm);
#define SAME "(SELECT (t.due = c.due)::text FROM case_task t WHERE t.case_id = c.id)"
    assert_string_equal(of_case(calm, SAME), "true");
    DOES("mayor", calm, "extend", GIVEN({"reason", "Vreme rea."}));
    assert_string_equal(of_case(calm, SAME), "true"); /* the visit has the case's days */
    all_explained("case_task", calm);
    snprintf(day, sizeof(day), "%s", of_case(calm, "due::text"));
    off(day);
    assert_string_equal(of_case(calm, SAME), "true");
    all_explained("case_task", calm);
    on_again();

    snprintf(answers, sizeof(answers), car, "yes");
    const char *urgent = new_case("hall-1", "complaint.abandoned_vehicle", answers);
    DOES("field", urgent, "plan", NULL, 0);
    all_explained("case_task", urgent);
    assert_string_equal(
        of_case(urgent, "(SELECT (t.due - (t.asked_at AT TIME ZONE 'Europe/Bucharest')::date)::text FROM "
                        "case_task t WHERE t.case_id = c.id)"),
        "1");
}

static void a_correction_has_its_day(void **state)
{
    (void)state;
    const char *id = new_case("hall-1", "petition.general", petition);
    char day[12], sql[300];
#define RETURN(x) "(SELECT " x " FROM case_term t WHERE t.case_id = c.id AND t.rule = 'policy.return')"
    DOES("clerk", id, "take", NULL, 0);
    DOES("clerk", id, "return", GIVEN({"reason", "Strada?"}, {"fields", "pet.subject"}));
    all_explained("case_term", id);
    snprintf(day, sizeof(day), "%s", of_case(id, RETURN("due::text")));
    snprintf(
        sql, sizeof(sql),
        "SELECT vars::jsonb->>'until' FROM owed_message WHERE message = 'question' AND request_id = '%s'",
        id);
    assert_string_equal(Q(sql), day); /* what the letter says is what the desk shows */
    snprintf(day, sizeof(day), "%s", of_case(id, RETURN("due::text")));
    off(day);
    snprintf(sql, sizeof(sql), RETURN("(due > '%s' AND ended_on IS NULL)::text"), day);
    assert_string_equal(of_case(id, sql), "true");
    all_explained("case_term", id);
    on_again();
    DOES("clerk", id, "continue_without", GIVEN({"reason", "A sunat."}));
    assert_string_equal(of_case(id, RETURN("(ended_on IS NOT NULL)::text")), "true");
    assert_string_equal(of_case(id, "(due IS NOT NULL)::text"), "true"); /* the law's goes on */
}

/* Kept until the last day is over, told once, and no longer a matter of days once it is paid. */
static void an_offer_has_its_day(void **state)
{
    (void)state;
    struct work w = rig_begin(&rig);
    const char *answers = rig_answers(w.a, catalog_find(&rig.house.catalog, "parking.place"), 0);
    const char *id[3];
    int64_t then = rig_now;
    struct date due;
#define OFFER(x) "(SELECT " x " FROM case_term t WHERE t.case_id = c.id AND t.rule = 'policy.offer')"
    for (size_t i = 0; i < 3; i++) {
        id[i] = new_case("hall-1", "parking.place", answers);
        DOES("clerk", id[i], "review_yes", GIVEN({"reason", "Se potrivește."}));
        assert_string_equal(of_case(id[i], "state"), "decided");
        assert_string_equal(of_case(id[i], OFFER("count(*)")), "1");
        all_explained("case_term", id[i]);
    }
    rig_end(&w);
    assert_true(date_parse(of_case(id[0], OFFER("due::text")), &due));
    rig_now = case_ms(due, 23 * 60 + 59); /* the last minute of the last day */
    ring();
    assert_string_equal(of_case(id[0], "state"), "decided");
    DOES("clerk", id[1], "pay", NULL, 0);
    const char *paid = arena_str(rig.arena, of_case(id[1], "state"));
    rig_now = case_ms(date_add(due, 1), 8 * 60);
    ring();
    assert_string_equal(of_case(id[0], "state"), "closed");
    assert_string_equal(of_case(id[1], "state"), paid);
    assert_string_equal(of_case(id[2], "state"), "closed");
    rig_now = then;
}

/* OG 27/2002 art. 6^1: five days. Later it goes all the same, and everybody can see that it was late. */
static void a_late_forward_says_so(void **state)
{
    (void)state;
    int64_t then = rig_now;
    struct date last;

    for (int late = 0; late < 2; late++) {
        const char *id = new_case("hall-1", "petition.general", petition);
        struct work w = rig_begin(&rig);
        struct casefile c;
        struct date day;
        struct tr say;
        assert_true(date_parse(of_case(id, "(SELECT late_after::text FROM case_term t WHERE t.case_id = c.id "
                                           "AND rule = 'og27.forward')"),
                               &last));
        rig_now = case_ms(date_add(last, late), late ? 1 : 23 * 60 + 59); /* the last minute, the next one */
        assert_int_equal(case_get(&w, id, false, &c, &e), RC_OK);
        const struct wf_action *forward = workflow_action(c.flow, "forward"),
                               *take = workflow_action(c.flow, "take");
        assert_int_equal(case_warning(&w, &c, take, &day, &say, &e), RC_OK);
        assert_false(date_valid(day));
        assert_int_equal(case_warning(&w, &c, forward, &day, &say, &e), RC_OK);
        assert_int_equal(date_valid(day), late);
        for (int i = 0; late && i < LANG_COUNT; i++) {
            assert_non_null(strstr(say.t[i], date_said(w.a, last, (enum lang)i)));
        }
        rig_end(&w);
        DOES("registrar", id, "forward", GIVEN({"institution", "hall-2"}, {"reason", "Strada este acolo."}));
        char iso[11];
        date_iso(iso, last);
        assert_string_equal(of_case(id, "(SELECT coalesce(given->>'late_since', '-') FROM case_event v WHERE "
                                        "v.case_id = c.id AND act = 'forward')"),
                            late ? iso : "-");
        /* No technicality for the citizen, and the other house begins at its own day. */
        char sql[500];
        snprintf(
            sql, sizeof(sql),
            "SELECT count(*) FROM owed_message WHERE request_id = '%s' AND (message = 'late' OR position("
            "'%s' in vars) > 0)",
            id, "late");
        assert_string_equal(Q(sql), "0");
        snprintf(sql, sizeof(sql),
                 "SELECT (n.filed_on = (to_timestamp(%lld / 1000) AT TIME ZONE 'Europe/Bucharest')::date AND "
                 "t.began_on = n.filed_on AND t.due >= n.filed_on + 30)::text FROM case_link l JOIN casefile "
                 "n ON n.id = l.other JOIN case_term t ON t.case_id = n.id AND t.main WHERE l.case_id = '%s'",
                 (long long)rig_now, id);
        assert_string_equal(Q(sql), "true");
        rig_now = then;
    }
}

/* Nobody is called up the tree on a day off; how long it is late counts all the same. */
static void delays_go_up_on_working_days(void **state)
{
    (void)state;
    int64_t then = rig_now;

    for (int i = 0; i < 7; i++) {
        rig_now = then + (int64_t)i * DAY_MS;
        const char *id = new_case("hall-1", "petition.general", petition);
        char sql[500];
        snprintf(
            sql, sizeof(sql),
            "SELECT count(*) FROM case_timer t JOIN casefile c ON c.id = t.case_id, LATERAL (SELECT (t.at "
            "AT TIME ZONE 'Europe/Bucharest')::date AS day) x WHERE c.id = '%s' AND t.timer LIKE "
            "'escalate.%%' AND extract(isodow FROM day) < 6 AND day > c.late_after",
            id);
        assert_string_equal(Q(sql), "3");
    }
    rig_now = then;
}

static void withdrawn(void)
{
    Q("UPDATE holiday SET withdrawn_at = now(), withdrawn_by = 'x', recomputed_at = NULL");
    recount();
}

/* On the late list, marked, asking for attention, told how far up. */
static const char *marks(const char *id)
{
    char sql[200], iso[11];
    date_iso(iso, date_of_ms(rig_now));
    snprintf(sql, sizeof(sql),
             "concat(late_after < '%s', ' ', 'late' = ANY (flags), ' ', attention, ' ', escalated)", iso);
    return of_case(id, sql);
}

static int late_letters(const char *id)
{
    char sql[200];
    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM owed_message WHERE request_id = '%s' AND message = 'late'", id);
    return atoi(Q(sql));
}

/* The last day becomes a day off after it was over: nobody is late, and everybody can see why. Taken back,
 * the case is late again, and who was told of that day hears it once; that another day was missed is news. */
static void a_day_declared_backwards(void **state)
{
    (void)state;
    int64_t then = rig_now;
    const char *id = new_case("hall-1", "petition.general", petition);
    struct date last;
    char day[11];

    assert_true(date_parse(of_case(id, "late_after::text"), &last));
    date_iso(day, last);
    DOES("clerk", id, "take", NULL, 0);
    rig_now = case_ms(date_add(last, 1), 12 * 60);
    ring();
    assert_string_equal(marks(id), "t t staff_late 1");
    assert_int_equal(late_letters(id), 1);
    off(day);
    assert_string_equal(marks(id), "f f  0");
#define LIFTED(x) "(SELECT " x " FROM case_event v WHERE v.case_id = c.id AND act = 'late_lifted' AND public)"
    assert_string_equal(of_case(id, LIFTED("count(*)")), "1");
    assert_string_equal(of_case(id, LIFTED("min(given->>'before')")), day);
    assert_string_equal(of_case(id, LIFTED("(min(given->>'due') = c.due::text)::text")), "true");
    struct work w = rig_begin(&rig);
    struct casefile c;
    assert_int_equal(case_get(&w, id, false, &c, &e), RC_OK);
    assert_false(c.late);
    assert_true(c.days_left >= 0);
    rig_end(&w);
    ring();
    assert_string_equal(marks(id), "f f staff_due_soon 0"); /* nobody is called before the new day */
    withdrawn();
    assert_string_equal(of_case(id, "late_after::text"), day);
    ring();
    assert_string_equal(marks(id), "t t staff_late 1");
    assert_int_equal(late_letters(id), 1);
    ring();
    recount();
    ring();
    assert_string_equal(marks(id), "t t staff_late 1");
    assert_int_equal(late_letters(id), 1);
    off(day);
    assert_true(date_parse(of_case(id, "late_after::text"), &last));
    rig_now = case_ms(date_add(last, 1), 12 * 60);
    ring();
    assert_int_equal(late_letters(id), 2);
    withdrawn();
    ring();
    assert_string_equal(marks(id), "t t staff_late 1");
    assert_int_equal(late_letters(id), 2);
    rig_now = then;
    on_again();
}

/* It comes down with the term that it serves, and says why; without one it has a rule of its own. */
static void a_notice_has_its_day(void **state)
{
    (void)state;
    char answers[300], sql[600], day[12];
    snprintf(answers, sizeof(answers), car, "no");
    const char *id = new_case("hall-1", "complaint.abandoned_vehicle", answers);

    DOES("field", id, "plan", NULL, 0);
    draft_of(id, "clerk");
    /* The first hangs ten free days; a rule that is over today gives no day. */
    DOES("clerk", id, "legal_step", GIVEN({"term_rule", "l421.notice"}, {"document", "draft"}));
    DOES("clerk", id, "legal_step", GIVEN({"term_rule", "l60.declare_before"}, {"document", "draft"}));
#define NOTICES                                                                                              \
    "(SELECT count(*) FROM notice n JOIN case_term t ON t.id = n.term AND t.due = n.to_day AND t.rule = "    \
    "n.rule WHERE n.case_id = c.id AND t.calc ? 'hu')"
    assert_string_equal(of_case(id, NOTICES), "2");
    assert_string_equal(of_case(id,
                                "(SELECT string_agg(rule, ' ' ORDER BY id) FROM notice n WHERE n.case_id = "
                                "c.id)"),
                        "l421.notice policy.notice");
    all_explained("case_term", id);
    snprintf(day, sizeof(day), "%s",
             of_case(id, "(SELECT to_day FROM notice n WHERE n.case_id = c.id AND rule = 'l421.notice')"));
    off(day);
    snprintf(sql, sizeof(sql),
             "(SELECT (to_day > '%s')::text FROM notice n WHERE n.case_id = c.id AND rule = 'l421.notice')",
             day);
    assert_string_equal(of_case(id, sql), "true");
    assert_string_equal(of_case(id, NOTICES), "2");
    all_explained("case_term", id);
    on_again();
    assert_string_equal(of_case(id, NOTICES), "2");
}

/* The desk says who hears of a delay next, on which day and why; the timer rings on that day. */
static struct date explained_call(const char *id, const char *role)
{
    struct work w = rig_begin(&rig);
    struct casefile c;
    struct case_escalation *list;
    struct date day;
    size_t n;

    assert_int_equal(case_get(&w, id, false, &c, &e), RC_OK);
    assert_int_equal(case_escalations(&w, &c, &list, &n, &e), RC_OK);
    assert_true(n > 0);
    assert_string_equal(list[0].late->role, role);
    day = list[0].term.due;
    for (int k = 0; k < LANG_COUNT; k++) {
        assert_non_null(strstr(list[0].term.calc.t[k], date_said(w.a, day, (enum lang)k)));
        assert_non_null(strstr(list[0].term.calc.t[k], date_said(w.a, c.late_after, (enum lang)k)));
    }
    char sql[300], iso[11];
    date_iso(iso, day);
    snprintf(
        sql, sizeof(sql),
        "(SELECT (at AT TIME ZONE 'Europe/Bucharest')::date FROM case_timer t WHERE t.case_id = c.id AND "
        "done_at IS NULL AND timer = 'escalate.%lld')",
        (long long)list[0].late->level);
    assert_string_equal(of_case(id, sql), iso);
    rig_end(&w);
    return day;
}

static void a_call_upwards_has_its_day(void **state)
{
    (void)state;
    int64_t then = rig_now;
    const char *id = new_case("hall-1", "petition.general", petition);
    struct date first = explained_call(id, "head");
    char day[11];

    date_iso(day, first); /* the case's own day stays; the call must not come on the day off */
    off(day);
    struct date moved = explained_call(id, "head");
    assert_true(date_cmp(moved, first) > 0);
    rig_now = case_ms(moved, 12 * 60);
    ring();
    /* Around a long holiday two calls fall on one day. */
    bool both = strcmp(of_case(id, "escalated"), "2") == 0;
    assert_true(both || strcmp(of_case(id, "escalated"), "1") == 0);
    explained_call(id, both ? "county" : "approver");
    rig_now = then;
    on_again();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_of_others),      cmocka_unit_test(a_correction_has_its_day),
        cmocka_unit_test(an_offer_has_its_day),         cmocka_unit_test(a_late_forward_says_so),
        cmocka_unit_test(delays_go_up_on_working_days), cmocka_unit_test(a_notice_has_its_day),
        cmocka_unit_test(a_call_upwards_has_its_day),   cmocka_unit_test(a_day_declared_backwards),
    };
    return cmocka_run_group_tests(tests, steps_setup, steps_teardown);
}
