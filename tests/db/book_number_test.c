/* Numbers without a gap whatever happens, and what an entry takes. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "tests/db/book_rig.h"

static struct book_rig rig;

static int setup(void **state)
{
    (void)state;
    if (!book_rig_make(&rig))
        exit(77);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    book_rig_free(&rig);
    return 0;
}

static const struct book_entry letter = {.institution = "hall-1",
                                         .reg = "general",
                                         .direction = BOOK_IN,
                                         .subject = "Adresă privind drumul comunal",
                                         .correspondent = "Prefectura Cluj",
                                         .paper_on = "2026-01-02",
                                         .paper_number = "77/A"};

/* What stands in the database, as one text. */
static const char *book_is(const char *reg)
{
    char sql[600];
    snprintf(
        sql, sizeof(sql),
        "SELECT coalesce((SELECT c.n FROM register_counter c WHERE institution = 'hall-1' AND register = "
        "'%s' AND year = extract(year FROM now())), 0) || ' ' || count(*) || ' ' || count(DISTINCT n) || "
        "' ' || coalesce(max(n), 0) FROM register_entry WHERE institution = 'hall-1' AND register = '%s'",
        reg, reg);
    return pgcluster_query(&rig.pg, sql);
}

static void entries(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct actor rodica = book_actor(&w, "rodica"), dan = book_actor(&w, "dan"), ana = book_actor(&w, "ana");
    struct book_entry in = letter;
    struct book_line line;
    struct err e = {0};

    assert_int_equal(book_add(&w, &rodica, &in, &line, &e), RC_OK);
    assert_int_equal(line.n, 1);
    assert_non_null(strstr(line.number, "1/"));
    in.direction = BOOK_OUT;
    assert_int_equal(book_add(&w, &rodica, &in, &line, &e), RC_OK);
    assert_int_equal(line.n, 2);
    assert_int_equal(book_add(&w, &dan, &in, &line, &e), RC_DENIED);
    assert_int_equal(book_add(&w, &ana, &in, &line, &e), RC_DENIED);
    in.department = "urbanism";
    assert_int_equal(book_add(&w, &ana, &in, &line, &e), RC_OK);
    assert_int_equal(line.n, 3);
    in.reg = "civil_status";
    in.department = NULL;
    assert_int_equal(book_add(&w, &rodica, &in, &line, &e), RC_OK);
    assert_int_equal(strncmp(line.number, "CS 1/", 5), 0);
    /* The year was opened by its first number, each entry has its line in the audit. */
    assert_string_equal(pgcluster_query(&rig.pg,
                                        "SELECT string_agg(register || ' ' || opened_by, ', ' ORDER BY "
                                        "register) FROM register_year"),
                        "civil_status system, general system");
    assert_string_equal(
        pgcluster_query(&rig.pg, "SELECT string_agg(actor || ' ' || act || ' ' || regexp_replace(detail, "
                                 "'20..', 'Y'), ', ' ORDER BY id) FROM audit"),
        "rodica register entry general/Y/1 in, rodica register entry general/Y/2 out, "
        "ana register entry general/Y/3 out, rodica register entry civil_status/Y/1 out");
    db_sync_close(w.db);
}

/* Text of every kind a person may type or a program may send. */
static const char long_word[1002] = {[0 ... 1000] = 'x'};
#define TO_HALL "hall-1", "general", BOOK_IN
static const struct {
    struct book_entry in;
    enum rc rc;
    const char *says;
} hostile_rows[] = {
    {{TO_HALL, "'); DROP TABLE register_entry; --"}, RC_OK, ""},
    {{TO_HALL, "<script>alert(1)</script>", "\"\\ $1 %s {x}"}, RC_OK, ""},
    {{TO_HALL, "../../etc/passwd\tși\r\nîncă"}, RC_OK, ""},
    {{TO_HALL, ""}, RC_BAD_FIELD, "subject: is missing"},
    {{TO_HALL, " \t "}, RC_BAD_FIELD, "subject: is missing"},
    {{"hall-1", "general", BOOK_IN}, RC_BAD_FIELD, "subject: is missing"},
    {{TO_HALL, "a\x01"
               "b"},
     RC_BAD_FIELD,
     "subject: control character U+0001"},
    {{TO_HALL, "a\xff"}, RC_BAD_FIELD, "subject: not UTF-8"},
    {{TO_HALL, "a\xe2\x80\xae"
               "b"},
     RC_BAD_FIELD,
     "subject: control character U+202E"},
    {{TO_HALL, long_word}, RC_BAD_FIELD, "subject: longer than 1000 characters"},
    {{TO_HALL, "a", long_word}, RC_BAD_FIELD, "correspondent: longer than 300 characters"},
    {{TO_HALL, "a", NULL, "nowhere"}, RC_BAD_FIELD, "department: there is no department nowhere"},
    {{TO_HALL, "a", NULL, NULL, "31.12.2025"}, RC_BAD_FIELD, "paper_on: not a date"},
    {{TO_HALL, "a", NULL, NULL, "2025-02-29"}, RC_BAD_FIELD, "paper_on: not a date"},
    {{TO_HALL, "a", NULL, NULL, "2999-01-01"}, RC_BAD_FIELD, "paper_on: lies in the future"},
    {{TO_HALL, "a", NULL, NULL, NULL, long_word}, RC_BAD_FIELD, "paper_number: longer than 60 characters"},
    {{TO_HALL, "a", NULL, NULL, NULL, NULL, "1"}, RC_BAD_FIELD, "case, document: not an id"},
    {{"hall-1", "internal", BOOK_IN, "a"}, RC_BAD_FIELD, "direction: register internal takes no in entries"},
    {{"hall-1", "secret", BOOK_IN, "a"}, RC_BAD_FIELD, "register: there is no register secret"},
    {{"county", "civil_status", BOOK_IN, "a"},
     RC_BAD_FIELD,
     "register: county does not keep a register civil_status"},
    {{"hall-9", "general", BOOK_IN, "a"}, RC_NOT_FOUND, "there is no institution hall-9"},
};

static void hostile(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct actor rodica = book_actor(&w, "rodica");
    int64_t before = strtoll(book_is("general"), NULL, 10), ok = 0;

    for (size_t i = 0; i < COUNT(hostile_rows); i++) {
        struct book_line line;
        struct err e = {0};
        enum rc rc = book_enter(&w, &rodica, &hostile_rows[i].in, &line, &e);
        if (rc != hostile_rows[i].rc || !strstr(e.text, hostile_rows[i].says))
            fail_msg("row %zu: %s %s", i, rc_name(rc), e.text);
        ok += rc == RC_OK;
    }
    assert_int_equal(strtoll(book_is("general"), NULL, 10), before + ok);
    assert_string_equal(pgcluster_query(&rig.pg, "SELECT subject FROM register_entry WHERE subject LIKE "
                                                 "'%passwd%'"),
                        "../../etc/passwd și încă");
    db_sync_close(w.db);
}

static void corrections(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct actor rodica = book_actor(&w, "rodica"), ana = book_actor(&w, "ana");
    struct book_line line;
    int year = date_of_ms(unix_ms()).y;
    static const struct {
        int64_t n;
        const char *text, *reason, *says;
    } rows[] = {
        {1, "Expeditor corect: Consiliul Județean", "greșeală de scriere", ""},
        {1, "", "x", "text: is missing"},
        {1, "x", NULL, "reason: is missing"},
        {0, "x", "x", "there is no such number"},
        {-1, "x", "x", "there is no such number"},
        {5000000000, "x", "x", "there is no such number"},
        {99999, "x", "x", "there is no number 99999 in register general of"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err e = {0};
        const struct book_fix fix = {"hall-1", "general", year, rows[i].n, rows[i].text, rows[i].reason};
        enum rc rc = book_correct(&w, &rodica, &fix, &line, &e);
        if ((rc == RC_OK) != (i == 0) || !strstr(e.text, rows[i].says))
            fail_msg("row %zu: %s %s", i, rc_name(rc), e.text);
        assert_int_equal(book_correct(&w, &ana, &fix, &line, &e), RC_DENIED);
    }
    assert_string_equal(pgcluster_query(&rig.pg, "SELECT direction || corrects || reason FROM register_entry "
                                                 "WHERE corrects IS NOT NULL"),
                        "correction1greșeală de scriere");
    static const char *const edits[] = {
        "UPDATE register_entry SET subject = 'x'",
        "DELETE FROM register_entry",
        "TRUNCATE register_entry",
        "UPDATE register_day SET first_n = 1",
        "TRUNCATE register_day",
        "DELETE FROM register_year",
        "TRUNCATE register_year",
    };
    book_request(&rig, "hall-2", "general", "2020-05-05T09:00:00Z");
    pgcluster_query(&rig.pg, "SELECT pages FROM book_seal('hall-2', 'general', 2020, '2020-05-06', now())");
    for (size_t i = 0; i < COUNT(edits); i++) {
        struct err e = {0};
        assert_int_equal(db_sync_script(w.db, edits[i], &e), RC_BAD_FIELD);
        if (!strstr(e.text, "is only ever added to"))
            fail_msg("%s: %s", edits[i], e.text);
    }
    db_sync_close(w.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(entries), cmocka_unit_test(hostile),
                                       cmocka_unit_test(corrections)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
