/* Work whose person is away, gone or elsewhere: it shows, and who has to see to it hears of it once. */
#include "tests/db/case_steps.h"

#include "backend/case_priv.h"
#include "backend/people.h"

static void look_round(void)
{
    struct work w = rig_begin(&rig);
    if (case_unheld(&w, &e) != RC_OK)
        fail_msg("%s", e.text);
    rig_end(&w);
}

/* Mark, times written down, letters to this colleague about somebody's work. */
static const char *unheld(const char *id, const char *head)
{
    char sql[400];
    look_round();
    look_round();
    snprintf(
        sql, sizeof(sql),
        "concat(attention, ' ', (SELECT count(*) FROM case_event v WHERE v.case_id = c.id AND act = "
        "'unheld'), ' ', (SELECT count(*) FROM owed_message WHERE message = 'staff_unheld' AND recipient "
        "= '%s@primarie.example'))",
        head);
    return of_case(id, sql);
}

static int64_t away(const char *who, const char *instead, int days)
{
    struct work w = rig_begin(&rig);
    struct date today = date_of_ms(rig_now);
    struct case_delegation d = {who, instead, "Boală", today, date_add(today, days)};
    struct actor self;
    int64_t id;

    rig_actor(&w, who, &self);
    assert_int_equal(case_delegate(&w, &self, &d, &id, &e), RC_OK);
    rig_end(&w);
    return id;
}

static void back(const char *who, int64_t id)
{
    struct work w = rig_begin(&rig);
    struct actor self;
    rig_actor(&w, who, &self);
    assert_int_equal(case_delegate_end(&w, &self, id, &e), RC_OK);
    rig_end(&w);
}

static void mail(const char *who)
{
    char address[60];
    snprintf(address, sizeof(address), "%s@primarie.example", who);
    assert_int_equal(people_email(rig.db, &(struct people_email){who, address, LANG_RO}, "test", &e), RC_OK);
}

/* Who answers for it is away, and the stand-in falls ill, or is gone: the work shows, and the head hears of
 * it once; whoever is there again takes the mark away. */
static void no_work_waits_unseen(void **state)
{
    (void)state;
    struct work w = rig_begin(&rig);
    struct actor head;
    int64_t first, second;
    const char *id = new_case("hall-1", "petition.general", petition);

    rig_actor(&w, "head", &head);
    mail("head");
    mail("mayor");
    DOES("clerk", id, "take", NULL, 0);
    first = away("clerk", "clerk2", 5);
    assert_string_equal(unheld(id, "head"), " 0 0"); /* clerk2 is there */
    second = away("clerk2", "registrar", 2);
    assert_string_equal(unheld(id, "head"), "staff_unheld 1 1");
    assert_string_equal(unheld(id, "mayor"), "staff_unheld 1 0");
    assert_string_equal(Q("SELECT (vars::jsonb->>'colleague' <> '')::text FROM owed_message WHERE message = "
                          "'staff_unheld'"),
                        "true");
    back("clerk2", second);
    assert_string_equal(unheld(id, "head"), " 1 1");
    Q("UPDATE account SET disabled_at = now() WHERE name = 'clerk2'");
    assert_string_equal(unheld(id, "head"), "staff_unheld 2 2"); /* another absence is news */
    Q("UPDATE account SET disabled_at = NULL WHERE name = 'clerk2'");
    back("clerk", first); /* ended early: it is the clerk's own again */
    assert_string_equal(unheld(id, "head"), " 2 2");
    assert_string_equal(Q("SELECT count(*) FROM owed_message WHERE message = 'staff_unheld'"), "2");

    /* The account is closed. A colleague who does something is not disturbed by the mark. */
    Q("UPDATE account SET disabled_at = now() WHERE name = 'clerk'");
    Q("UPDATE casefile SET attention = 'staff_late' WHERE assignee = 'clerk' AND closed_at IS NULL");
    int64_t version = atoll(of_case(id, "version"));
    assert_string_equal(unheld(id, "head"), "staff_unheld 3 3");
    assert_int_equal(atoll(of_case(id, "version")), version);
    DOES("mayor", id, "extend", GIVEN({"reason", "Cercetare."}));
    assert_string_equal(unheld(id, "head"), "staff_unheld 3 3");
    struct case_step s = {id, atoll(of_case(id, "version")), NULL};
    assert_int_equal(case_assign(&w, &head, &s, "clerk2", NULL, &e), RC_OK);
    assert_string_equal(unheld(id, "head"), " 3 3");
    Q("UPDATE account SET disabled_at = NULL WHERE name = 'clerk'");

    /* Works in another office now. */
    Q("UPDATE account_role SET revoked_at = now() WHERE account = 'clerk2'");
    rig_user(&rig, "clerk2", "clerk", "hall-1", "taxe");
    assert_string_equal(unheld(id, "head"), "staff_unheld 4 4");
    Q("UPDATE account_role SET revoked_at = now() WHERE account = 'clerk2'");
    rig_user(&rig, "clerk2", "clerk", "hall-1", "");
    assert_string_equal(unheld(id, "head"), " 4 4");

    /* The head is away, too: who stands in for the head hears of it, and without one the mayor. */
    first = away("clerk2", "clerk", 5);
    Q("UPDATE account SET disabled_at = now() WHERE name = 'clerk'");
    second = away("head", "mayor", 1);
    assert_string_equal(unheld(id, "head"), "staff_unheld 5 4");
    assert_string_equal(unheld(id, "mayor"), "staff_unheld 5 1");
    back("head", second);
    Q("UPDATE account SET disabled_at = NULL WHERE name = 'clerk'");
    DOES("citizen", id, "withdraw", NULL, 0); /* nobody is needed any more */
    back("clerk2", first);
    rig_end(&w);
}

static void moved_to(const char *role)
{
    Q("UPDATE account_role SET revoked_at = now() WHERE account = 'clerk2'");
    rig_user(&rig, "clerk2", role, "hall-1", "");
}

/* Who looks on at the old place works on nothing; what is late is late again for whoever is there. */
static void only_casework_holds_work(void **state)
{
    (void)state;
    const char *id = new_case("hall-1", "petition.general", petition);

    DOES("clerk2", id, "take", NULL, 0);
    moved_to("auditor");
    assert_string_equal(unheld(id, "nobody"), "staff_unheld 1 0");
    Q("UPDATE casefile SET flags = flags || '{late}' WHERE assignee = 'clerk2' AND closed_at IS NULL");
    moved_to("clerk");
    assert_string_equal(unheld(id, "nobody"), "staff_late 1 0");
}

/* What the citizen put right is still to be read when somebody is there again, by whichever way. */
static void a_correction_is_not_forgotten(void **state)
{
    (void)state;
    struct work w = rig_begin(&rig);
    struct actor head;
    const char *id = new_case("hall-1", "petition.general", petition);

    rig_actor(&w, "head", &head);
    DOES("clerk2", id, "take", NULL, 0);
    DOES("clerk2", id, "return", GIVEN({"reason", "Strada?"}, {"fields", "pet.subject"}));
    Q("UPDATE casefile SET state = 'in_work', attention = 'staff_correction' WHERE state = 'returned'");
    moved_to("auditor");
    assert_string_equal(unheld(id, "nobody"), "staff_unheld 1 0");
    moved_to("clerk");
    assert_string_equal(unheld(id, "nobody"), "staff_correction 1 0");
    moved_to("auditor");
    assert_string_equal(unheld(id, "nobody"), "staff_unheld 1 0");
    struct case_step s = {id, atoll(of_case(id, "version")), NULL};
    assert_int_equal(case_assign(&w, &head, &s, "clerk", NULL, &e), RC_OK);
    assert_string_equal(unheld(id, "nobody"), "staff_correction 1 0");
    moved_to("clerk");
    rig_end(&w);
}

/* Who may look below one institution does not work for another. */
static void below_is_below(void **state)
{
    (void)state;
    const char *id = new_case("hall-1", "petition.general", petition);

    DOES("clerk2", id, "take", NULL, 0);
    moved_to("auditor");
    Q("INSERT INTO account_role (account, role, reach, institution, department, granted_by) VALUES "
      "('clerk2', 'approver', 'below', 'hall-2', '', 'test')");
    assert_string_equal(unheld(id, "nobody"), "staff_unheld 1 0");
    Q("UPDATE account_role SET institution = 'county' WHERE account = 'clerk2' AND reach = 'below'");
    assert_string_equal(unheld(id, "nobody"), " 1 0");
    Q("UPDATE account_role SET institution = 'hall-1' WHERE account = 'clerk2' AND reach = 'below'");
    assert_string_equal(unheld(id, "nobody"), " 1 0");
    moved_to("clerk");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_work_waits_unseen), cmocka_unit_test(only_casework_holds_work),
        cmocka_unit_test(a_correction_is_not_forgotten), cmocka_unit_test(below_is_below)};
    return cmocka_run_group_tests(tests, steps_setup, steps_teardown);
}
