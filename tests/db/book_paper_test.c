/* Paper over the counter; numbers under eight writers, roll-backs and a database that dies. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/book_page.h"
#include "backend/book_paper.h"
#include "tests/db/book_rig.h"

enum { WRITERS = 8, EACH = 60, KILLS = 3 };

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

static const struct {
    const char *service, *reg, *subject, *who, *department;
    enum book_direction direction;
    enum rc rc;
    const char *says; /* or the number it gets */
} rows[] = {
    {"petition.general", NULL, "Groapă pe strada Morii", "rodica", NULL, BOOK_IN, RC_OK, "PET 1/"},
    {"petition.general", "petitions", "Iluminat public", "rodica", NULL, BOOK_IN, RC_OK, "PET 2/"},
    {"petition.general", "general", "x", "rodica", NULL, BOOK_IN, RC_BAD_FIELD,
     "register: petition.general goes into petitions"},
    {"no.such", NULL, "x", "rodica", NULL, BOOK_IN, RC_BAD_FIELD, "there is no service no.such"},
    {"petition.general", NULL, "", "rodica", NULL, BOOK_IN, RC_OK, "PET 3/"}, /* the service's name */
    {NULL, "general", "", "rodica", NULL, BOOK_IN, RC_BAD_FIELD, "subject: is missing"},
    {"petition.general", NULL, "x", "dan", NULL, BOOK_IN, RC_DENIED, "denied"},
    {"petition.general", NULL, "x", "ana", NULL, BOOK_IN, RC_DENIED, "denied"},
    {"ad.banner", NULL, "Banner", "ana", NULL, BOOK_IN, RC_OK, "AUT 1/"},
    {NULL, "general", "Adresă", "rodica", NULL, BOOK_IN, RC_OK, "1/"},
    {NULL, "general", "Răspuns", "rodica", NULL, BOOK_OUT, RC_OK, "2/"},
    {NULL, "internal", "Referat", "rodica", NULL, BOOK_INTERNAL, RC_OK, "INT 1/"},
    {NULL, NULL, "Adresă", "rodica", NULL, BOOK_IN, RC_BAD_FIELD, "there is no register"},
};

static void paper(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct actor who = book_actor(&w, rows[i].who);
        struct book_paper_done done;
        struct err e = {0};
        const struct book_paper in = {
            .entry = {.institution = "hall-1",
                      .reg = rows[i].reg,
                      .direction = rows[i].direction,
                      .subject = rows[i].subject,
                      .department = rows[i].department,
                      .correspondent = "Pop Ion"},
            .service = rows[i].service,
            .cnp = "1900517123457",
        };
        enum rc rc = book_paper(&w, &who, &in, &done, &e);
        const char *said = rc == RC_OK ? done.line.number : e.text;
        if (rc != rows[i].rc || !strstr(said, rows[i].says))
            fail_msg("row %zu: %s %s", i, rc_name(rc), said);
        if (rc == RC_OK && done.has_case)
            assert_string_equal(done.c.number, done.line.number);
        assert_int_equal(rc == RC_OK && rows[i].service, rc == RC_OK && done.has_case);
    }
    /* What was refused took no number; each case stands in the book under its own. */
    assert_string_equal(pgcluster_query(&rig.pg,
                                        "SELECT string_agg(register || ' ' || n, ', ' ORDER BY register) "
                                        "FROM register_counter"),
                        "general 2, internal 1, permits 1, petitions 3");
    assert_string_equal(
        pgcluster_query(&rig.pg, "SELECT subject FROM register_entry WHERE register = 'petitions' AND n = 3"),
        "Cerere, sesizare sau propunere");
    assert_string_equal(pgcluster_query(&rig.pg,
                                        "SELECT count(*) FROM casefile f JOIN register_entry r ON r.case_id "
                                        "= f.id AND (r.institution, r.register, r.year, r.n) = "
                                        "(f.institution, f.register, f.year, f.n)"),
                        "4");
    assert_string_equal(pgcluster_query(&rig.pg, "SELECT count(*) FROM casefile WHERE cnp_hash IS NULL"),
                        "0");
    db_sync_close(w.db);
}

/* Whose case is restricted stands in the book with its number and nothing else: the paper, its answer, a
 * correction of either. */
static void restricted(void **state)
{
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct actor rodica = book_actor(&w, "rodica");
    struct book_paper_done done;
    struct book_line line;
    struct book_page page;
    struct err e = {0};
    int year = date_of_ms(w.now_ms()).y;
    const struct book_paper in = {.entry = {.institution = "hall-1",
                                            .direction = BOOK_IN,
                                            .subject = "Violență în familie",
                                            .correspondent = "Taina Maria"},
                                  .service = "petition.general"};
    (void)state;

    assert_int_equal(book_paper(&w, &rodica, &in, &done, &e), RC_OK);
    const struct book_entry out = {.institution = "hall-1",
                                   .reg = "petitions",
                                   .direction = BOOK_OUT,
                                   .subject = "Răspuns",
                                   .correspondent = "Taina Maria",
                                   .case_id = done.c.id};
    assert_int_equal(book_enter(&w, &rodica, &out, &line, &e), RC_OK);
    const struct book_fix fix = {"hall-1", "petitions", year, done.line.n, "Taina Maria Ana", "Taina: nume"};
    assert_int_equal(book_correct(&w, &rodica, &fix, &line, &e), RC_OK);
    book_script(&rig, arena_fmt(a, "UPDATE casefile SET sealed = true WHERE id = '%s'", done.c.id));
    const struct book_ask ask = {.institution = "hall-1", .reg = "petitions", .year = year};
    assert_int_equal(book_page(&w, &rodica, &ask, &page, &e), RC_OK);
    assert_true(page.n >= 3);
    for (size_t i = 0; i < 3; i++) {
        if (!page.rows[i].sealed || strstr(page.rows[i].subject, "Taina") || *page.rows[i].correspondent ||
            *page.rows[i].reason)
            fail_msg("%lld %s: %s", (long long)page.rows[i].n, page.rows[i].direction,
                     page.rows[i].correspondent);
    }
    db_sync_close(w.db);
}

struct writer {
    pthread_t thread;
    unsigned i;
    int said; /* entries that were told to be there */
    bool again;
};
static volatile bool dying; /* connections may be refused */

static void write_some(struct writer *me, struct work *w, const struct actor *who)
{
    for (int k = 0; k < EACH; k++) {
        struct book_line line;
        struct err e = {0};
        const struct book_entry in = {
            .institution = "hall-2", .reg = "general", .direction = BOOK_OUT, .subject = "x"};
        bool undo = (k + (int)me->i) % 4 == 3;
        if (work_begin(w, &e) != RC_OK)
            return;
        enum rc rc = book_enter(w, who, &in, &line, &e);
        if (rc == RC_OK && undo)
            rc = err_set(&e, RC_CANCELLED, "thought better of it");
        if (work_end(w, rc, &e) == RC_OK)
            me->said++;
        if (db_sync_broken(w->db))
            return;
    }
}

static void *writer(void *user)
{
    struct writer *me = user;
    do {
        ARENA_SCOPE(a);
        struct work w = {.house = &rig.house, .a = a, .now_ms = book_clock};
        struct actor who;
        struct err e = {0};
        if (db_sync_open(rig.pg.conninfo, &w.db, &e) == RC_OK) {
            if (work_actor(&w, "dan", &who, &e) == RC_OK)
                write_some(me, &w, &who);
            db_sync_close(w.db);
        }
        usleep(20000);
    } while (dying);
    return NULL;
}

static int all_write(bool kill)
{
    struct writer w[WRITERS];
    int said = 0;

    dying = kill;
    for (unsigned i = 0; i < WRITERS; i++) {
        w[i] = (struct writer){.i = i};
        assert_int_equal(pthread_create(&w[i].thread, NULL, writer, &w[i]), 0);
    }
    for (int k = 0; kill && k < KILLS; k++) {
        usleep(400000);
        pgcluster_stop(&rig.pg, SIGKILL);
        pgcluster_start(&rig.pg);
    }
    dying = false;
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_join(w[i].thread, NULL);
        said += w[i].said;
    }
    return said;
}

static int in_book(const char *what)
{
    char sql[300];
    snprintf(sql, sizeof(sql),
             "SELECT %s FROM register_entry WHERE institution = 'hall-2' AND register = 'general'", what);
    return (int)strtol(pgcluster_query(&rig.pg, sql), NULL, 10);
}

static void eight_writers(void **state)
{
    (void)state;
    int said = all_write(false);

    assert_int_equal(said, WRITERS * EACH * 3 / 4);
    assert_int_equal(in_book("count(*)"), said);
    assert_int_equal(in_book("max(n)"), said);
    assert_string_equal(
        pgcluster_query(&rig.pg, "SELECT n FROM register_counter WHERE institution = 'hall-2'"),
        pgcluster_query(&rig.pg, "SELECT max(n) FROM register_entry WHERE institution = 'hall-2'"));
}

/* What was said to be written is there; the book has no gap, whatever was under way. */
static void killed(void **state)
{
    (void)state;
    int before = in_book("count(*)"), said = all_write(true), now = in_book("count(*)");

    assert_true(said > 0);
    assert_true(now - before >= said && now - before <= said + KILLS * WRITERS);
    assert_int_equal(in_book("max(n)"), now);
    assert_int_equal(in_book("count(DISTINCT n)"), now);
    assert_int_equal(
        (int)strtol(pgcluster_query(&rig.pg, "SELECT n FROM register_counter WHERE institution = 'hall-2'"),
                    NULL, 10),
        now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(paper), cmocka_unit_test(restricted),
                                       cmocka_unit_test(eight_writers), cmocka_unit_test(killed)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
