/* Pages of days, what happens at midnight in Bucharest, years, and what is found after edits behind its back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "backend/book_page.h"
#include "backend/book_seal.h"
#include "common/base/fs.h"
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
    book_now = 0;
    book_rig_free(&rig);
    return 0;
}

static void enter(struct work *w, const char *at, const char *reg, const char *subject)
{
    struct actor rodica = book_actor(w, "rodica");
    struct book_entry in = {.institution = "hall-1", .reg = reg, .direction = BOOK_OUT, .subject = subject};
    struct book_line line;
    struct err e = {0};

    book_now = book_ms(at);
    if (book_enter(w, &rodica, &in, &line, &e) != RC_OK)
        fail_msg("%s: %s", at, e.text);
}

static struct book_sealed seal_at(struct work *w, const char *at)
{
    struct book_sealed done;
    struct err e = {0};

    book_now = book_ms(at);
    if (book_seal(w, &done, &e) != RC_OK)
        fail_msg("%s: %s", at, e.text);
    return done;
}

/* Days end at 22:00 UTC in winter, 21:00 in summer; on the nights of the change at the new hour. */
static void midnights(void **state)
{
    (void)state;
    static const struct {
        const char *last, *first, *too_early, *sealed, *day;
    } rows[] = {
        {"2026-01-15T21:59:59.999Z", "2026-01-15T22:00:00.000Z", "2026-01-15T22:00:59.999Z",
         "2026-01-15T22:01:00.000Z", "2026-01-15"},
        {"2026-03-28T21:59:59.999Z", "2026-03-28T22:00:00.000Z", "2026-03-28T22:00:59.000Z",
         "2026-03-28T22:01:00.000Z", "2026-03-28"},
        {"2026-03-29T20:59:59.999Z", "2026-03-29T21:00:00.000Z", "2026-03-29T21:00:59.000Z",
         "2026-03-29T21:01:00.000Z", "2026-03-29"},
        {"2026-07-01T20:59:59.999Z", "2026-07-01T21:00:00.000Z", "2026-07-01T21:00:59.000Z",
         "2026-07-01T21:01:00.000Z", "2026-07-01"},
        {"2026-10-24T20:59:59.999Z", "2026-10-24T21:00:00.000Z", "2026-10-24T21:00:59.000Z",
         "2026-10-24T21:01:00.000Z", "2026-10-24"},
        {"2026-10-25T21:59:59.999Z", "2026-10-25T22:00:00.000Z", "2026-10-25T22:00:59.000Z",
         "2026-10-25T22:01:00.000Z", "2026-10-25"},
    };
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);

    for (size_t i = 0; i < COUNT(rows); i++) {
        seal_at(&w, rows[i].last); /* what the row before left */
        enter(&w, rows[i].last, "general", "the last of its day");
        enter(&w, rows[i].first, "general", "the first of the next");
        assert_int_equal(seal_at(&w, rows[i].too_early).pages, 0);
        assert_int_equal(seal_at(&w, rows[i].sealed).pages, 1);
        assert_string_equal(pgcluster_query(&rig.pg, "SELECT day || ' ' || last_n - (SELECT n FROM "
                                                     "register_counter) FROM register_day ORDER BY day DESC "
                                                     "LIMIT 1"),
                            arena_fmt(a, "%s -1", rows[i].day));
    }
    db_sync_close(w.db);
}

/* Numbers of the old year and the new one around midnight; clerks and terminals share the book. */
static void years(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct actor rodica = book_actor(&w, "rodica");
    struct book_protocol p;
    struct err e = {0};
    int64_t n;

    enter(&w, "2026-12-31T21:59:58.000Z", "petitions", "a");
    book_request(&rig, "hall-1", "petitions", "2026-12-31T21:59:59.999Z");
    book_request(&rig, "hall-1", "petitions", "2026-12-31T22:00:00.000Z");
    enter(&w, "2026-12-31T22:00:00.001Z", "petitions", "b");
    assert_string_equal(pgcluster_query(&rig.pg,
                                        "SELECT string_agg(year || ':' || n, ' ' ORDER BY year) FROM "
                                        "register_counter WHERE register = 'petitions'"),
                        "2026:2 2027:2");
    assert_int_equal(book_number(&w, "hall-1", "petitions", 2026, &n, &e), RC_STATE);
    assert_string_equal(e.text, "2026 is not the current year");

    static const struct {
        const char *at, *inst, *reg;
        int year;
        enum rc rc;
        const char *says;
    } rows[] = {
        {"2026-12-31T21:00:00.000Z", "hall-1", "petitions", 2026, RC_STATE, "The year 2026 is not over yet."},
        {"2026-12-31T22:04:59.000Z", "hall-1", "petitions", 2026, RC_STATE, "The year 2026 is not over yet."},
        {"2027-01-04T08:00:00.000Z", "hall-1", "petitions", 2025, RC_NOT_FOUND, "was not opened in 2025"},
        {"2027-01-04T08:00:00.000Z", "hall-1", "petitions", 2027, RC_STATE, "The year 2027 is not over yet."},
        {"2027-01-04T08:00:00.000Z", "hall-1", "petitions", 2026, RC_STATE,
         "1 registered requests have no file yet: try again in a minute."},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        e = (struct err){0};
        book_now = book_ms(rows[i].at);
        enum rc rc =
            book_year_close(&w, &rodica, &(struct book_of){rows[i].inst, rows[i].reg, rows[i].year}, &p, &e);
        if (rc != rows[i].rc || !strstr(e.text, rows[i].says))
            fail_msg("row %zu: %s %s", i, rc_name(rc), e.text);
    }
    db_sync_close(w.db);
}

/* What is still in work stands in the minutes: name of the state, how many, which numbers. */
static void closing_minutes(struct work *w, const struct book_protocol *p)
{
    const struct store_place place = {rig.house.conf->blobs, 0};
    char path[320], line[400], text[4000] = "";
    struct bytes pdf;
    struct err e = {0};

    assert_int_equal(store_get(&place, w->a, p->document.sha256, &pdf, &e), RC_OK);
    snprintf(path, sizeof(path), "%s.minutes.pdf", rig.conf_path);
    assert_int_equal(fs_write(path, pdf.p, pdf.len, 0600, &e), RC_OK);
    snprintf(line, sizeof(line), "pdftotext -layout '%s' -", path);
    FILE *f = popen(line, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = 0;
    pclose(f);
    if (!strstr(text, "în lucru la închidere: 1") || !strstr(text, "Înregistrată"))
        fail_msg("%s", text);
}

static void closing(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct actor rodica = book_actor(&w, "rodica"), dan = book_actor(&w, "dan");
    struct book_protocol p;
    struct err e = {0};
    int64_t n;

    assert_int_equal(book_year_close(&w, &dan, &(struct book_of){"hall-1", "petitions", 2026}, &p, &e),
                     RC_DENIED);
    pgcluster_query(&rig.pg,
                    "INSERT INTO casefile (id, request_id, registered_at, entered_at, n, service_version, "
                    "workflow_version, year, filed_on, institution, register, service, workflow, state, "
                    "department, channel, lang) SELECT gen_random_uuid(), request_id, registered_at, "
                    "registered_at, n, 1, 1, year, filed_on, institution, register, service, 'simple', "
                    "'registered', '', 'kiosk', 'ro' FROM request");
    if (book_year_close(&w, &rodica, &(struct book_of){"hall-1", "petitions", 2026}, &p, &e) != RC_OK)
        fail_msg("%s", e.text);
    assert_int_equal(p.year.last_n, 2);
    assert_int_equal(p.requests, 1);
    assert_int_equal(p.out, 1);
    assert_int_equal(p.open, 1);
    assert_int_equal(p.pages, 1);
    assert_string_equal(p.last_day, "2026-12-31");
    closing_minutes(&w, &p);
    assert_string_equal(pgcluster_query(&rig.pg,
                                        "SELECT d.template FROM register_year y JOIN document d ON d.id = "
                                        "y.close_document"),
                        "book.close");
    assert_int_equal(book_year_close(&w, &rodica, &(struct book_of){"hall-1", "petitions", 2026}, &p, &e),
                     RC_STATE);
    assert_string_equal(w.say.t[LANG_RO], "Anul 2026 este deja închis.");
    /* From here on the counter itself refuses, whoever asks: a terminal whose clock stands still, too. */
    assert_int_equal(db_sync_script(w.db,
                                    "UPDATE register_counter SET n = n + 1 WHERE register = 'petitions' "
                                    "AND year = 2026",
                                    &e),
                     RC_BAD_FIELD);
    book_now = book_ms("2026-12-31T21:30:00.000Z");
    assert_int_equal(book_number(&w, "hall-1", "petitions", 2026, &n, &e), RC_STATE);
    assert_string_equal(e.text, "register petitions of hall-1 is closed for 2026");
    assert_int_equal(book_year_open(&w, &rodica, &(struct book_of){"hall-1", "permits", 2026}, &p, &e),
                     RC_OK);
    assert_int_equal(book_year_open(&w, &rodica, &(struct book_of){"hall-1", "permits", 2026}, &p, &e),
                     RC_STATE);
    assert_int_equal(book_year_open(&w, &rodica, &(struct book_of){"hall-1", "permits", 2027}, &p, &e),
                     RC_STATE);
    assert_int_equal(book_year_open(&w, &rodica, &(struct book_of){"county", "permits", 2026}, &p, &e),
                     RC_DENIED);
    db_sync_close(w.db);
}

/* ---- two at once ---- */

struct hand {
    pthread_t thread;
    bool opens;
    enum rc rc;
    struct book_protocol p;
    char say[300], hash[65];
};

static void *years_hand(void *user)
{
    struct hand *h = user;
    struct err e = {0};
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct actor rodica = book_actor(&w, "rodica");
    const struct book_of close = {"hall-1", "general", 2026}, open = {"hall-1", "permits", 2027};

    h->rc = h->opens ? book_year_open(&w, &rodica, &open, &h->p, &e)
                     : book_year_close(&w, &rodica, &close, &h->p, &e);
    snprintf(h->say, sizeof(h->say), "%.290s", e.text);
    snprintf(h->hash, sizeof(h->hash), "%s",
             h->rc == RC_OK && h->p.year.page_hash ? h->p.year.page_hash : "");
    db_sync_close(w.db);
    return NULL;
}

/* Midnight with a number of the old year on its way: the closing waits for it, and the minutes have it. A
 * second process that closes at the same time is told; numbers have no gap in either year. */
static void closing_in_flight(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct work late = book_job(&rig, a);
    struct actor rodica = book_actor(&late, "rodica");
    struct book_entry in = {
        .institution = "hall-1", .reg = "general", .direction = BOOK_OUT, .subject = "late"};
    struct book_line line;
    struct hand hands[2] = {{.opens = false}, {.opens = false}};
    struct err e = {0};
    int64_t n;

    enter(&late, "2026-12-31T21:50:00.000Z", "general", "of the evening");
    book_now = book_ms("2026-12-31T21:59:59.999Z");
    assert_int_equal(work_begin(&late, &e), RC_OK);
    assert_int_equal(book_number(&late, "hall-1", "general", 2026, &n, &e), RC_OK);
    assert_int_equal(book_enter_as(&late, &rodica, &in, n, &line, &e), RC_OK);
    book_now = book_ms("2026-12-31T22:06:00.000Z");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&hands[i].thread, NULL, years_hand, &hands[i]), 0);
        assert_true(pgcluster_waiting(&rig.pg, i + 1));
    }
    assert_int_equal(work_end(&late, RC_OK, &e), RC_OK);
    for (int i = 0; i < 2; i++)
        pthread_join(hands[i].thread, NULL);
    if (hands[0].rc != RC_OK)
        fail_msg("%s %s", rc_name(hands[0].rc), hands[0].say);
    assert_int_equal(hands[1].rc, RC_STATE);
    assert_string_equal(hands[1].say, "The year 2026 is closed already.");
    assert_string_equal(
        pgcluster_query(&rig.pg, "SELECT (y.last_n = c.n AND c.closed_n = c.n AND d.last_n = c.n)::text "
                                 "FROM register_year y JOIN register_counter c USING (institution, "
                                 "register, year) JOIN LATERAL (SELECT last_n FROM register_day d WHERE "
                                 "d.institution = y.institution AND d.register = y.register AND day <= "
                                 "'2026-12-31' ORDER BY day DESC LIMIT 1) d ON true WHERE (y.register, "
                                 "y.year) = ('general', 2026)"),
        "true");
    assert_string_equal(pgcluster_query(&rig.pg,
                                        "SELECT encode(hash, 'hex') FROM register_day WHERE register = "
                                        "'general' AND day = '2026-12-31'"),
                        hands[0].hash);
    /* The clock jumps back: the old year takes nothing more, and nothing is lost of the new one. */
    book_now = book_ms("2026-12-31T21:59:00.000Z");
    assert_int_equal(book_number(&late, "hall-1", "general", 2026, &n, &e), RC_STATE);
    enter(&late, "2026-12-31T22:07:00.000Z", "general", "the first of the new year");
    assert_string_equal(pgcluster_query(&rig.pg,
                                        "SELECT bool_and(c.n = (SELECT count(*) FROM register_line l WHERE "
                                        "(l.institution, l.register, l.year) = (c.institution, c.register, "
                                        "c.year)))::text FROM register_counter c WHERE register = 'general'"),
                        "true");
    db_sync_close(late.db);
}

static void opened_twice(void **state)
{
    (void)state;
    struct hand hands[2] = {{.opens = true}, {.opens = true}};
    struct db_sync *third = NULL;
    struct err e = {0};

    book_now = book_ms("2027-01-04T08:00:00.000Z");
    assert_int_equal(db_sync_open(rig.pg.conninfo, &third, &e), RC_OK);
    assert_int_equal(db_sync_script(third, "BEGIN; LOCK TABLE register_year IN EXCLUSIVE MODE", &e), RC_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&hands[i].thread, NULL, years_hand, &hands[i]), 0);
    assert_true(pgcluster_waiting(&rig.pg, 2));
    assert_int_equal(db_sync_script(third, "COMMIT", &e), RC_OK);
    for (int i = 0; i < 2; i++)
        pthread_join(hands[i].thread, NULL);
    db_sync_close(third);
    int first = hands[0].rc == RC_OK ? 0 : 1;
    assert_int_equal(hands[first].rc, RC_OK);
    assert_int_equal(hands[!first].rc, RC_STATE);
    assert_string_equal(hands[!first].say, "The year 2027 is open already.");
    assert_string_equal(
        pgcluster_query(
            &rig.pg, "SELECT count(*) FROM document WHERE template = 'book.open' AND id IN "
                     "(SELECT open_document FROM register_year WHERE register = 'permits' AND year = 2027)"),
        "1");
}

/* A missing number is not sealed over, and keeps the year open. */
static void gap(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct actor rodica = book_actor(&w, "rodica");
    struct book_protocol p;
    struct err e = {0};

    for (int i = 0; i < 4; i++)
        enter(&w, "2025-06-02T08:00:00.000Z", "info_544", "x");
    book_script(&rig, "SET session_replication_role = replica; DELETE FROM register_entry WHERE register "
                      "= 'info_544' AND n = 3");
    struct book_sealed done = seal_at(&w, "2025-06-03T08:00:00.000Z");
    assert_int_equal(done.gaps, 1);
    assert_string_equal(done.gap, "hall-1 info_544 2025: number 3 is missing");
    book_now = book_ms("2026-06-03T08:00:00.000Z");
    assert_int_equal(book_year_close(&w, &rodica, &(struct book_of){"hall-1", "info_544", 2025}, &p, &e),
                     RC_STATE);
    if (!strstr(e.text, "Number 3 is missing in the register: the year cannot be closed."))
        fail_msg("%s", e.text);
    db_sync_close(w.db);
}

/* A book with lines and no counter says what it lacks; it is not called empty, and nothing is written. */
static void no_counter(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct actor rodica = book_actor(&w, "rodica");
    const struct book_of book = {"hall-1", "permits", 2024};
    struct book_protocol p;
    struct err e = {0};

    enter(&w, "2024-06-02T08:00:00.000Z", "permits", "x");
    book_script(&rig, "DELETE FROM register_counter WHERE register = 'permits' AND year = 2024");
    book_now = book_ms("2026-06-03T08:00:00.000Z");
    for (int known = 1; known >= 0; known--) { /* opened by hand, by the intake */
        if (!known)
            book_script(&rig, "SET session_replication_role = replica; DELETE FROM register_year WHERE "
                              "register = 'permits' AND year = 2024");
        e = (struct err){0};
        assert_int_equal(book_year_close(&w, &rodica, &book, &p, &e), RC_STATE);
        if (!strstr(e.text, "The register has numbers in 2024, but its counter is missing"))
            fail_msg("%s", e.text);
    }
    assert_string_equal(pgcluster_query(&rig.pg, "SELECT (SELECT count(*) FROM register_counter WHERE "
                                                 "register = 'permits' AND year = 2024) + (SELECT count(*) "
                                                 "FROM register_year WHERE register = 'permits' AND year = "
                                                 "2024)"),
                        "0");
    db_sync_close(w.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_counter),  cmocka_unit_test(midnights),
                                       cmocka_unit_test(years),       cmocka_unit_test(closing),
                                       cmocka_unit_test(gap),         cmocka_unit_test(closing_in_flight),
                                       cmocka_unit_test(opened_twice)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
