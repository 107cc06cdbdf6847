/* Accounts, roles and the question why, by the administrator's own commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "backend/migrate.h"
#include "backend/people.h"
#include "common/base/fs.h"
#include "tests/db/pgcluster.h"
#include "tests/db/said.h"

static struct pgcluster pg;
static char said[8192];

static int setup(void **state)
{
    struct err e = {0};
    (void)state;
    if (!pgcluster_make(&pg))
        exit(77);
    pgcluster_database(&pg, "people");
    if (migrate(pg.conninfo, NULL, &e) != RC_OK)
        return -1;
    pgcluster_query(&pg,
                    "INSERT INTO institution (id, parent, kind, name_ro, name_hu, name_en) VALUES "
                    "('county', NULL, 'county', 'J', 'J', 'J'), ('hall-1', 'county', 'town_hall', 'P', 'P', "
                    "'P'), ('hall-2', 'county', 'town_hall', 'Q', 'Q', 'Q')");
    pgcluster_query(
        &pg,
        "INSERT INTO request SELECT '01890000-0000-7000-8000-000000000001', now(), now(), 15, 1, " SQL_TODAY
        ", NULL, 2026, false, 'hall-1', 'general', 'ABCD-EFGH-JK', 'K01', "
        "'complaint.abandoned_vehicle', 'kiosk', 'ro', '', '', '{}', '{}'");
    /* A paper moved to another office, one under seal, and one whose request came before (15 has no case
     * yet). */
    pgcluster_query(
        &pg, "INSERT INTO casefile (id, registered_at, entered_at, n, service_version, "
             "workflow_version, year, filed_on, institution, register, service, workflow, state, "
             "department, channel, lang, sealed, request_id) SELECT ('01890000-0000-7000-8000-0000000001' "
             "|| n)::uuid, now(), now(), n, 1, 1, 2026, " SQL_TODAY ", 'hall-1', 'petitions', "
             "'petition.general', 'simple', 'in_work', o, 'paper', 'ro', n = 22, f FROM (VALUES (21, "
             "'roads', NULL), (22, '', NULL), (23, '', '01890000-0000-7000-8000-000000000002'::uuid)) "
             "AS x (n, o, f)");
    /* One number in two registers and in two town halls. */
    pgcluster_query(&pg, "INSERT INTO casefile (id, registered_at, entered_at, n, service_version, "
                         "workflow_version, year, filed_on, institution, register, service, workflow, state, "
                         "department, channel, lang, sealed) SELECT ('01890000-0000-7000-8000-0000000003' "
                         "|| x)::uuid, now(), now(), 30, 1, 1, 2026, " SQL_TODAY ", i, r, "
                         "'petition.general', 'simple', 'in_work', '', 'paper', 'ro', false FROM (VALUES "
                         "(10, 'hall-1', 'petitions'), (11, 'hall-1', 'general'), (12, 'hall-2', "
                         "'petitions')) AS x (x, i, r)");
    pgcluster_query(&pg, "UPDATE casefile SET registered_at = '2026-03-05 12:00Z' WHERE n IN (21, 30)");
    pgcluster_query(
        &pg,
        "INSERT INTO request SELECT '01890000-0000-7000-8000-000000000002', now(), now(), 16, 1, " SQL_TODAY
        ", NULL, 2026, false, 'hall-2', 'general', 'ABCD-EFGH-JL', 'K01', "
        "'complaint.abandoned_vehicle', 'kiosk', 'ro', '', '', '{}', '{}'");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pgcluster_free(&pg);
    return 0;
}

/* Runs registryctl; its exit code, what it says in said. */
static int ctl(const char *words)
{
    char line[1200];
    const char *build = getenv("PRIDVOR_BUILD");

    snprintf(line, sizeof(line), "%s/backend/registryctl %s --db '%s' 2>&1", build ? build : "build", words,
             pg.conninfo);
    FILE *f = popen(line, "r");
    assert_non_null(f);
    said[fread(said, 1, sizeof(said) - 1, f)] = 0;
    int status = pclose(f);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* As it stands on the slip. */
static void by_number(void **state)
{
    (void)state;
    static const struct said rows[] = {
        {"user add nora --institution hall-1 --full-name 'Nora'", 0, ""},
        {"user role nora clerk --institution hall-1", 0, "granted"},
        {"why nora case.view 'PET 22/2026'", 0, "sealed"}, /* as it is printed */
        {"why nora case.view 'PET 21/5.3.2026'", 0, "allowed: nora has role clerk for hall-1"},
        {"why nora case.view PET 21/05.03.2026", 0, "allowed: nora has role clerk for hall-1"},
        {"why nora case.view 21/05.03.2026", 0, "allowed: nora has role clerk for hall-1"},
        {"why nora case.view 15/2026", 0, "allowed: nora has role clerk for hall-1"}, /* no case yet */
        {"why nora case.view 21/06.03.2026", 1, "no case 21/06.03.2026"},
        {"why nora case.view 'CS 21/05.03.2026'", 1, "no case CS 21/05.03.2026"},
        {"why nora case.view 'PET 21/2025'", 1, "no case PET 21/2025"},
        {"why nora case.view 30/2026", 1,
         "hall-1/general/2026/30  30/05.03.2026\nhall-1/petitions/2026/30  PET 30/05.03.2026\n"
         "hall-2/petitions/2026/30  PET 30/05.03.2026\n"},
        {"why nora case.view 30/2026", 1, "number of 3 cases: say which"},
        {"why nora case.view 'PET 30/2026' --institution hall-2", 0, "belongs to hall-2"},
        {"why nora case.view 'PET 30/2026' --institution hall-9", 1, "no case PET 30/2026"},
    };
    said_each(rows, COUNT(rows), ctl, said);
}

static void every_command(void **state)
{
    (void)state;
    static const struct said rows[] = {
        {"user list", 0, ""},
        {"user add ana --institution hall-1 --full-name 'Ana Pop' --by root", 0, "no role and no password"},
        {"user add ana --institution hall-1 --full-name 'Ana Pop'", 1, "exists"},
        {"user add dan --institution hall-9 --full-name 'Dan'", 1, "no institution hall-9"},
        {"user add \"x'; DROP TABLE account; --\" --institution hall-1 --full-name D", 1, ""},
        {"user add Ana --institution hall-1 --full-name D", 1, ""},
        {"user add", 2, "missing"},
        {"why ana case.view ABCD-EFGH-JK", 0, "denied: case.view is open to"},
        {"user role ana clerk --institution hall-1 --department urbanism", 0, "granted"},
        {"user role ana clerk --institution hall-1 --department urbanism", 1, "held already"},
        {"why ana case.view ABCD-EFGH-JK", 0,
         "denied: ana has role clerk for department urbanism of hall-1, but the record belongs to department "
         "politia_locala of hall-1"},
        {"user role ana clerk --institution hall-1", 0, "granted"},
        {"why ana case.view hall-1/general/2026/15", 0, "allowed: ana has role clerk for hall-1"},
        {"why ana case.view 01890000-0000-7000-8000-000000000001", 0, "allowed"},
        {"why ana case.view 01890000-0000-7000-8000-000000000121", 0,
         "allowed: ana has role clerk for hall-1"},
        {"why ana case.view hall-1/petitions/2026/21", 0, "allowed: ana has role clerk for hall-1"},
        {"why ana case.view hall-1/petitions/2026/22", 0, "denied: "},
        {"why ana case.view 01890000-0000-7000-8000-000000000122", 0, "sealed"},
        {"why ana case.view ABCD-EFGH-JL", 0, "allowed: ana has role clerk for hall-1"}, /* where it is now */
        {"why ana case.view hall-1/petitions/2026/24", 1, "no case hall-1/petitions/2026/24"},
        {"why ana case.view hall-1/petitions/2026/99999999999", 1, "no case"},
        {"why ana answer.sign ABCD-EFGH-JK", 0, "denied: answer.sign is open to approver"},
        {"why ana fly ABCD-EFGH-JK", 0, "no action fly"},
        {"why ana case.view NONE", 1, "no case NONE"},
        {"why ion case.view ABCD-EFGH-JK", 1, "no account ion"},
        {"why ana case.view", 2, "why USER ACTION CASE"},
        {"user role ana king --institution hall-1", 2, "no role king"},
        {"user role ana clerk --institution hall-1 --reach below", 2, "cannot be given"},
        {"user role ana clerk --institution hall-1 --reach department", 2, "belongs to the reach"},
        {"user role ana clerk --institution nowhere", 1, "no such account or institution"},
        {"user role ana county --institution county --reach below", 0, "granted"},
        {"user unrole ana clerk --institution hall-1", 0, "taken back"},
        {"user unrole ana clerk --institution hall-1", 1, "not held"},
        {"why ana case.view ABCD-EFGH-JK", 0, "allowed: ana has role county for county and all below it"},
        {"user disable ana", 0, "disabled"},
        {"why ana case.view ABCD-EFGH-JK", 0, "denied: the account of ana is disabled"},
        {"user enable ana", 0, "enabled"},
        {"why ana case.view ABCD-EFGH-JK", 0, "allowed"},
        {"user disable ion", 1, "no account ion"},
        {"user list", 0, "county, below county"},
        {"user list extra words", 2, ""},
    };
    said_each(rows, COUNT(rows), ctl, said);
    /* Each change left its line, each refusal none; the chain holds. */
    assert_string_equal(pgcluster_query(&pg,
                                        "SELECT string_agg(act || ' ' || n, ', ' ORDER BY act) FROM (SELECT "
                                        "act, count(*) n FROM audit GROUP BY act) t"),
                        "role granted 3, role revoked 1, user added 1, user disabled 1, user enabled 1");
    assert_string_equal(pgcluster_query(&pg, "SELECT actor || institution FROM audit ORDER BY id LIMIT 1"),
                        "roothall-1");
    assert_int_equal(ctl("audit-seal"), 0);
    assert_int_equal(ctl("verify-audit"), 0);
    assert_non_null(strstr(said, "sealed rows 7,"));
}

/* Their secrets are sealed with a key beside the register's configuration. */
static void password_and_totp(void **state)
{
    (void)state;
    char path[300], text[1200], words[400];
    struct err e = {0};

    snprintf(path, sizeof(path), "%s/key", pg.dir);
    assert_int_equal(fs_write(path, "0123456789abcdef0123456789abcdef", 32, 0600, &e), RC_OK);
    snprintf(text, sizeof(text),
             "{\"db\":\"%s\",\"configs\":\"configs\",\"pin_key\":\"%s\",\"blobs\":\"x\","
             "\"terminals\":{\"host\":\"127.0.0.1\",\"port\":0},\"public\":{\"host\":\"127.0.0.1\","
             "\"port\":0},\"tls\":{\"ca\":\"x\",\"cert\":\"x\",\"key\":\"x\"},"
             "\"login\":{\"memory_kib\":256,\"reset_hours\":2}}",
             pg.conninfo, path);
    snprintf(path, sizeof(path), "%s/conf", pg.dir);
    assert_int_equal(fs_write(path, text, strlen(text), 0600, &e), RC_OK);
    static const struct said rows[] = {
        {"user password ana", 0, "one-time code of ana, good for 2 hours: "},
        {"user password ion", 1, "no account ion"},
        {"user totp ana", 0, "otpauth://totp/Pridvor:ana?secret="},
        {"user totp ana --set off", 0, "without TOTP"},
        {"user totp ion", 1, "no account ion"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(words, sizeof(words), "%s --config %s", rows[i].words, path);
        int code = ctl(words);
        if (code != rows[i].code || !strstr(said, rows[i].says))
            fail_msg("%s: %d, %s", rows[i].words, code, said);
    }
}

/* Where a colleague hears of new work; nobody else's address, and no line that ends a header. */
static void email_of_a_colleague(void **state)
{
    (void)state;
    static const struct said rows[] = {
        {"user email ana ana@example.org --lang hu --by root", 0, "ana: hears of its work by e-mail"},
        {"user email ion ion@example.org", 1, "no account ion"},
        {"user email ana nowhere", 1, "no e-mail address"},
        {"user email ana 'ana@example.org\nBcc: x@example.org'", 1, "no e-mail address"},
        {"user email ana ana@example.org --lang de", 2, "--lang ro, hu or en"},
        {"user email", 2, "missing"},
        {"user email ana a@example.org b@example.org", 2, ""},
    };
    static const char now[] = "SELECT coalesce(email, 'none') || ' ' || email_lang FROM account WHERE name = "
                              "'ana'";

    said_each(rows, COUNT(rows), ctl, said);
    assert_string_equal(pgcluster_query(&pg, now), "ana@example.org hu");
    assert_int_equal(ctl("user email ana"), 0);
    assert_non_null(strstr(said, "at the desk only"));
    assert_string_equal(pgcluster_query(&pg, now), "none ro");
    assert_string_equal(pgcluster_query(&pg, "SELECT string_agg(act || ' ' || detail, ', ' ORDER BY id) FROM "
                                             "audit WHERE act LIKE 'email %'"),
                        "email set ana, email removed ana");
}

/* What waits for a case is told with its number and why; what went in the end is not. */
static void requests_without_a_case(void **state)
{
    (void)state;

    assert_int_equal(ctl("requests"), 0);
    assert_string_equal(said, "requests without a case: 0\n");
    pgcluster_query(&pg,
                    "INSERT INTO case_unopened (request_id, since, tries, again_at, why) SELECT request_id, "
                    "now(), 3, now(), 'the service is gone' FROM request WHERE n = 15");
    assert_int_equal(ctl("requests"), 0);
    assert_non_null(strstr(said, "01890000-0000-7000-8000-000000000001 hall-1/general/2026/15 "
                                 "complaint.abandoned_vehicle\n"));
    assert_non_null(strstr(said, "tried 3 times"));
    assert_non_null(strstr(said, ": the service is gone\nrequests without a case: 1\n"));
    assert_int_equal(ctl("requests now"), 2);
    pgcluster_query(&pg, "UPDATE case_unopened SET opened_at = now()");
    assert_int_equal(ctl("requests"), 0);
    assert_string_equal(said, "requests without a case: 0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command), cmocka_unit_test(by_number), cmocka_unit_test(password_and_totp),
        cmocka_unit_test(email_of_a_colleague), cmocka_unit_test(requests_without_a_case)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
