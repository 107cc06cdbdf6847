/* registryctl register verify after edits behind its back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/book_seal.h"
#include "backend/person.h"
#include "common/base/fs.h"
#include "tests/db/book_rig.h"
#include "tests/db/said.h"

static struct book_rig rig;
static char heads[300];

/* Three days of hall-1 general 2025 (numbers 1-9, requests and entries mixed) and a day of 2026, one of
 * petitions, a closed year. */
static void fill(void)
{
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct actor rodica = book_actor(&w, "rodica");
    struct book_entry in = {.institution = "hall-1",
                            .reg = "general",
                            .direction = BOOK_OUT,
                            .subject = "Răspuns",
                            .correspondent = "Pop"};
    struct book_line line;
    struct book_sealed done;
    struct err e = {0};
    static const char *const days[] = {"2025-03-03T08:00:00.000Z", "2025-03-04T08:00:00.000Z",
                                       "2025-03-05T08:00:00.000Z", "2026-02-02T08:00:00.000Z"};

    for (size_t d = 0; d < COUNT(days); d++) {
        book_now = book_ms(days[d]);
        book_request(&rig, "hall-1", "general", days[d]);
        if (book_enter(&w, &rodica, &in, &line, &e) != RC_OK)
            abort();
        book_request(&rig, "hall-1", "general", days[d]);
    }
    book_request(&rig, "hall-2", "petitions", days[0]);
    book_now = book_ms("2025-03-05T08:00:00.000Z");
    const struct book_fix fix = {"hall-1", "general", 2025, 2, "Răspuns corectat", "greșeală"};
    if (book_correct(&w, &rodica, &fix, &line, &e) != RC_OK)
        abort();
    book_now = 0;
    /* Line 2 is of version 1, line 8 of a case that is erased. */
    book_script(&rig, "SET session_replication_role = replica; UPDATE register_entry SET salt = NULL WHERE n "
                      "= 2 AND year = 2025; UPDATE register_entry SET case_id = "
                      "'01890000-0000-7000-8000-000000000008' WHERE n = 8 AND year = 2025");
    const struct person_house house = {"hall-1", "{01890000-0000-7000-8000-000000000008}", 1};
    if (book_seal(&w, &done, &e) != RC_OK || done.pages != 5 ||
        person_lines(&w, &rodica, &house, "01890000-0000-7000-8000-000000000009", &e) != RC_OK)
        abort();
    db_sync_close(w.db);
}

static int setup(void **state)
{
    (void)state;
    if (!book_rig_make(&rig))
        exit(77);
    fill();
    snprintf(heads, sizeof(heads), "%s/heads", rig.pg.dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    book_rig_free(&rig);
    return 0;
}

static void clean(void **state)
{
    (void)state;
    struct err e = {0};

    if (book_ctl(&rig, "register verify") != 0)
        fail_msg("%s", book_said);
    assert_string_equal(book_said, "books 2, lines 14, pages 5, not on a page yet 0, findings 0\n");
    assert_int_equal(book_ctl(&rig, "register list"), 0);
    assert_non_null(strstr(book_said, "hall-1 general 2025 last 10 sealed to 10 page 2025-03-05 "));
    assert_int_equal(fs_write(heads, book_said, strlen(book_said), 0600, &e), RC_OK);
    char words[400];
    snprintf(words, sizeof(words), "register verify --heads %s", heads);
    assert_int_equal(book_ctl(&rig, words), 0);
    assert_int_equal(book_ctl(&rig, "register page hall-1 general 2025-03-05"), 0);
    assert_non_null(strstr(book_said,
                           "10/05.03.2025\t2025-03-05\tcorrection\trodica\t-\tcorrects 2/2025\tRăspuns "
                           "corectat\npage 7 to 10, "));
    assert_int_equal(book_ctl(&rig, "register seal"), 0);
    assert_string_equal(book_said, "pages 0, books 0\n");
}

#define ENTRY "WHERE institution = 'hall-1' AND register = 'general' AND year = 2025 AND n = "
#define BLANK                                                                                                \
    "UPDATE register_entry SET correspondent_sum = book_sum(salt, 'correspondent', correspondent), "         \
    "subject_sum = book_sum(salt, 'subject', subject), paper_number_sum = book_sum(salt, 'paper_number', "   \
    "paper_number), reason_sum = book_sum(salt, 'reason', reason), salt = NULL, correspondent = '', "        \
    "subject = '', paper_number = NULL, reason = NULL, erasure = "
static const struct {
    const char *edit, *says;
} edits[] = {
    {"UPDATE request SET service = 'complaint.begging' " ENTRY "1",
     "hall-1 general: page of 2025-03-03, numbers 1 to 3: not what was sealed\n"},
    {"UPDATE request SET registered_at = registered_at + interval '1 microsecond' " ENTRY "4",
     "hall-1 general: page of 2025-03-04, numbers 4 to 6: not what was sealed\n"},
    {"UPDATE request SET sha256 = sha256('x') " ENTRY "4",
     "hall-1 general: page of 2025-03-04, numbers 4 to 6: not what was sealed\n"},
    {"UPDATE request SET due = due + 1 " ENTRY "9",
     "hall-1 general: page of 2025-03-05, numbers 7 to 10: not what was sealed\n"},
    {"UPDATE register_entry SET subject = 'Refuz' " ENTRY "5",
     "hall-1 general: page of 2025-03-04, numbers 4 to 6: not what was sealed\n"},
    {"UPDATE register_entry SET correspondent = 'Rus' " ENTRY "5",
     "hall-1 general: page of 2025-03-04, numbers 4 to 6: not what was sealed\n"},
    {"UPDATE register_entry SET direction = 'in' " ENTRY "2",
     "hall-1 general: page of 2025-03-03, numbers 1 to 3: not what was sealed\n"},
    {"UPDATE register_entry SET by = 'ana' " ENTRY "2",
     "hall-1 general: page of 2025-03-03, numbers 1 to 3: not what was sealed\n"},
    {"UPDATE register_entry SET corrects = 5 " ENTRY "10",
     "hall-1 general: page of 2025-03-05, numbers 7 to 10: not what was sealed\n"},
    {"UPDATE register_entry SET salt = sha256('x') " ENTRY "5",
     "hall-1 general: page of 2025-03-04, numbers 4 to 6: not what was sealed\n"},
    {"UPDATE register_entry SET salt = '\\x00' " ENTRY "5",
     "hall-1 general: page of 2025-03-04, numbers 4 to 6: not what was sealed\n"},
    {"UPDATE register_entry SET salt = NULL " ENTRY "5",
     "hall-1 general: page of 2025-03-04, numbers 4 to 6: not what was sealed\n"},
    {"UPDATE register_entry SET reason = 'altul' " ENTRY "10",
     "hall-1 general: page of 2025-03-05, numbers 7 to 10: not what was sealed\n"},
    {"UPDATE register_entry SET paper_number = '7' " ENTRY "5",
     "hall-1 general: page of 2025-03-04, numbers 4 to 6: not what was sealed\n"},
    {"UPDATE register_entry SET subject = '', correspondent = '' " ENTRY "5",
     "hall-1 general: page of 2025-03-04, numbers 4 to 6: not what was sealed\n"},
    /* blanked as an erasure would, without one; with one that nobody audited; with that of another line */
    {BLANK "NULL, erased_at = NULL " ENTRY "5",
     "hall-1 general: number 5 of 2025 is blank and no erasure is on record\n"},
    {BLANK "7, erased_at = now() " ENTRY "5",
     "hall-1 general: number 5 of 2025 is blank and no erasure is on record\n"},
    {BLANK "1, erased_at = now() " ENTRY "5",
     "hall-1 general: number 5 of 2025 is blank and no erasure is on record\n"},
    /* line 8 was erased */
    {"UPDATE register_entry SET subject_sum = sha256('x') " ENTRY "8",
     "hall-1 general: page of 2025-03-05, numbers 7 to 10: not what was sealed\n"},
    {"UPDATE register_entry SET correspondent_sum = NULL " ENTRY "8",
     "hall-1 general: page of 2025-03-05, numbers 7 to 10: not what was sealed\n"},
    {"UPDATE register_entry SET subject = 'Altceva' " ENTRY "8",
     "hall-1 general: number 8 of 2025 is erased and bears words or a salt\n"},
    {"UPDATE register_entry SET salt = sha256('x') " ENTRY "8",
     "hall-1 general: number 8 of 2025 is erased and bears words or a salt\n"},
    {"DELETE FROM erasure", "hall-1 general: number 8 of 2025 is blank and no erasure is on record\n"},
    {"DELETE FROM audit WHERE act = 'register line erased'",
     "hall-1 general: number 8 of 2025 is blank and no erasure is on record\n"},
    {"UPDATE audit SET detail = 'general/2025/5 erasure 1' WHERE act = 'register line erased'",
     "hall-1 general: number 8 of 2025 is blank and no erasure is on record\n"},
    {"DELETE FROM register_entry " ENTRY "5",
     "hall-1 general: number 5 of 2025 is missing\n"
     "hall-1 general: page of 2025-03-04, numbers 4 to 6: not what was sealed\n"},
    {"DELETE FROM request WHERE institution = 'hall-1' AND year = 2025; DELETE FROM register_entry WHERE "
     "year = "
     "2025 AND n < 7",
     "hall-1 general: numbers 1 to 7 of 2025 are missing\n"
     "hall-1 general: page of 2025-03-03: its lines 1 to 3 are missing\n"
     "hall-1 general: page of 2025-03-04: its lines 4 to 6 are missing\n"
     "hall-1 general: number 9 of 2025 is missing\n"},
    {"INSERT INTO register_entry (institution, register, year, n, direction, at, by, subject) VALUES "
     "('hall-1', "
     "'general', 2025, 4, 'in', '2025-03-04', 'x', 'x')",
     "hall-1 general: number 4 of 2025 stands twice\n"
     "hall-1 general: page of 2025-03-04, numbers 4 to 6: not what was sealed\n"},
    {"INSERT INTO register_entry (institution, register, year, n, direction, at, by, subject) VALUES "
     "('hall-1', "
     "'general', 2025, 11, 'in', '2025-03-05', 'x', 'x'); UPDATE register_counter SET n = 11 WHERE register "
     "= "
     "'general' AND year = 2025",
     "hall-1 general: number 11 of 2025 stands on no page: added later, or nothing seals\n"},
    {"UPDATE register_entry SET n = 99 " ENTRY "5; UPDATE request SET n = 5 " ENTRY
     "4; UPDATE register_entry SET n = 4 " ENTRY "99",
     "hall-1 general: page of 2025-03-04, numbers 4 to 6: not what was sealed\n"},
    {"UPDATE register_day SET hash = sha256('x') WHERE day = '2025-03-04'",
     "hall-1 general: page of 2025-03-04, numbers 4 to 6: not what was sealed\n"
     "hall-1 general: page of 2025-03-05, numbers 7 to 10: not what was sealed\n"},
    {"UPDATE register_day SET sealed_at = sealed_at + interval '1 day' WHERE day = '2025-03-04'",
     "hall-1 general: page of 2025-03-04, numbers 4 to 6: not what was sealed\n"},
    {"DELETE FROM register_day WHERE day = '2025-03-04'",
     "hall-1 general: number 4 of 2025 stands on no page: added later, or nothing seals\n"},
    {"DELETE FROM register_day WHERE day = '2026-02-02'",
     "hall-1 general: number 1 of 2026 stands on no page: added later, or nothing seals\n"},
    {"UPDATE register_day SET last_n = 5 WHERE day = '2025-03-04'",
     "hall-1 general: page of 2025-03-04, numbers 4 to 5: not what was sealed\n"
     "hall-1 general: number 6 of 2025 stands on no page: added later, or nothing seals\n"
     "hall-1 general: page of 2025-03-05: begins with 7 after 5: a page is missing or was changed\n"},
    {"INSERT INTO register_day VALUES ('hall-1', 'general', '2024-01-01', 1, 2, sha256('x'), now())",
     "hall-1 general: page of 2024-01-01: its lines 1 to 2 are missing\n"},
    {"INSERT INTO register_day VALUES ('hall-9', 'general', '2024-01-01', 1, 2, sha256('x'), now())",
     "hall-9 general: page of 2024-01-01: there is no such year\n"},
    {"UPDATE register_counter SET n = 9 WHERE register = 'general' AND year = 2025",
     "hall-1 general: 2025: the counter says 9, the last number is 10\n"},
    {"UPDATE register_counter SET n = 12 WHERE register = 'general' AND year = 2025",
     "hall-1 general: 2025: the counter says 12, the last number is 10\n"},
    {"DELETE FROM register_counter WHERE register = 'petitions'", "hall-2 petitions: 2025: "},
    {"UPDATE register_year SET closed_at = now() WHERE register = 'general' AND year = 2025",
     "hall-1 general: 2025: the year is closed, its counter is not\n"},
    {"UPDATE register_counter SET closed_n = 10 WHERE register = 'general' AND year = 2025",
     "hall-1 general: 2025: the counter is closed, the year is not\n"},
    {"UPDATE register_counter SET closed_n = 10 WHERE register = 'general' AND year = 2025; UPDATE "
     "register_year "
     "SET closed_at = now(), last_n = 8 WHERE register = 'general' AND year = 2025",
     "hall-1 general: 2025: closed with 8, the last number is 10\n"},
    {"INSERT INTO casefile (id, registered_at, entered_at, n, service_version, workflow_version, year, "
     "filed_on, "
     "institution, register, service, workflow, state, department, channel, lang) VALUES (gen_random_uuid(), "
     "now(), "
     "now(), 77, 1, 1, 2025, now(), 'hall-1', 'general', 'x', 'x', 'x', '', 'paper', 'ro')",
     "hall-1 general: a case bears number 77 of 2025, no line does\n"},
};

/* A copy of the database for each edit: the file of its rows cannot be told from the real one. */
static void behind_its_back(void **state)
{
    (void)state;
    struct err e = {0};
    char postgres[400], copy[400];

    snprintf(postgres, sizeof(postgres), "host=%s user=pridvor dbname=postgres", rig.pg.dir);
    snprintf(copy, sizeof(copy), "host=%s user=pridvor dbname=copy", rig.pg.dir);
    for (size_t i = 0; i < COUNT(edits); i++) {
        ARENA_SCOPE(a);
        struct db_sync *p SCOPED(db_sync_closep) = NULL;
        struct db_sync *s SCOPED(db_sync_closep) = NULL;
        struct book_report report;
        char *said = NULL;
        size_t len;
        assert_int_equal(db_sync_open(postgres, &p, &e), RC_OK);
        assert_int_equal(db_sync_script(p, "DROP DATABASE IF EXISTS copy", &e), RC_OK);
        assert_int_equal(db_sync_script(p, "CREATE DATABASE copy TEMPLATE book", &e), RC_OK);
        assert_int_equal(db_sync_open(copy, &s, &e), RC_OK);
        const char *edit = arena_fmt(a, "SET session_replication_role = replica; %s", edits[i].edit);
        if (db_sync_script(s, edit, &e) != RC_OK)
            fail_msg("%s: %s", edits[i].edit, e.text);
        FILE *f = open_memstream(&said, &len);
        if (book_verify(s, NULL, NULL, f, &report, &e) != RC_OK)
            fail_msg("%s: %s", edits[i].edit, e.text);
        fclose(f);
        if (report.bad < 1 || strncmp(said, edits[i].says, strlen(edits[i].says)) != 0)
            fail_msg("edit %zu %s\nsaid:\n%swanted:\n%s", i, edits[i].edit, said, edits[i].says);
        free(said);
    }
}

/* Whoever builds new pages over what he changed still does not meet the ones that were printed. */
static void printed_pages(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct book_sealed done;
    struct err e = {0};
    char words[400];

    book_script(&rig,
                "SET session_replication_role = replica; UPDATE register_entry SET subject = 'Refuz' " ENTRY
                "5; DELETE FROM register_day WHERE institution = 'hall-1'");
    assert_int_equal(book_seal(&w, &done, &e), RC_OK);
    db_sync_close(w.db);
    assert_int_equal(book_ctl(&rig, "register verify"), 0);
    snprintf(words, sizeof(words), "register verify --heads %s", heads);
    assert_int_equal(book_ctl(&rig, words), 1);
    assert_non_null(strstr(book_said, "hall-1 general: page of 2025-03-05: not the one that was kept\n"));
    snprintf(words, sizeof(words), "register verify --heads %s --institution hall-2", heads);
    assert_int_equal(book_ctl(&rig, words), 0);
    assert_int_equal(fs_write(heads, "hall-1 general 2025 last 1 sealed to 1 page x y\n", 47, 0600, &e),
                     RC_OK);
    snprintf(words, sizeof(words), "register verify --heads %s", heads);
    assert_int_equal(book_ctl(&rig, words), 1);
    assert_non_null(strstr(book_said, "not a line of register list"));
}

static int ctl(const char *words)
{
    return book_ctl(&rig, words);
}

static void commands(void **state)
{
    (void)state;
    static const struct said rows[] = {
        {"register close hall-1 general 2025 --by dan", 1, "denied: dan has role registrar for hall-2"},
        {"register close hall-1 general 25", 2, "four digits"},
        {"register close hall-1", 2, "INSTITUTION REGISTER YEAR"},
        {"register close hall-1 general 2025 --by nobody", 1, "no account nobody"},
        {"register close hall-1 general 2025 --by rodica", 1, "6 registered requests have no file yet"},
        {"register open hall-1 secret 2026", 1, "does not keep a register secret"},
        {"register open hall-7 general 2026", 1, "no institution hall-7"},
        {"register page hall-1 general", 2, "register page INSTITUTION REGISTER YYYY-MM-DD"},
        {"register page hall-1 general 2025-13-01", 1, "day: not a day of 2025"},
        {"register page hall-1 general 2025-01-01", 0, "not sealed yet"},
        {"register page hall-1 general 2025-03-03 --by dan", 1, "denied: dan has role registrar for hall-2"},
        {"register list more", 2, "usage: registryctl"},
    };
    said_each(rows, COUNT(rows), ctl, book_said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(clean), cmocka_unit_test(behind_its_back),
                                       cmocka_unit_test(printed_pages), cmocka_unit_test(commands)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
