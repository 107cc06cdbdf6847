/* Two draw up lists in the same moment: no file is on both, no number is given twice. Who goes first is not
 * luck: a third hand holds the table until both wait. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/db/doc_rig.h"

struct lister {
    struct doc_class class;
    enum rc rc;
    char id[UUID_LEN], title[120], why[200];
    pthread_t thread;
};

static void *lists(void *user)
{
    struct lister *l = user;
    struct err e = {0};
    ARENA_SCOPE(a);
    struct work w = book_job(&rig.book, a);
    struct document inventory = {0};
    const char *id = "";

    l->rc = doc_dispose_list(&w, &rig.arhiva, &l->class, &id, &inventory, &e);
    snprintf(l->id, sizeof(l->id), "%s", l->rc == RC_OK ? id : "");
    snprintf(l->title, sizeof(l->title), "%s", l->rc == RC_OK ? inventory.title : "");
    snprintf(l->why, sizeof(l->why), "%.190s", e.text);
    db_sync_close(w.db);
    return NULL;
}

/* The table may be read and not written: whoever took cases without the lock stands there with them. */
static void meet(struct lister *l)
{
    struct db_sync *third SCOPED(db_sync_closep) = NULL;

    DOC_OK(db_sync_open(rig.book.pg.conninfo, &third, &doc_err));
    DOC_OK(db_sync_script(third, "BEGIN; LOCK TABLE disposal IN EXCLUSIVE MODE", &doc_err));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&l[i].thread, NULL, lists, &l[i]), 0);
        assert_true(pgcluster_waiting(&rig.book.pg, i + 1));
    }
    DOC_OK(db_sync_script(third, "COMMIT", &doc_err));
    for (int i = 0; i < 2; i++)
        pthread_join(l[i].thread, NULL);
}

static void closed(const char *service, const char *on)
{
    const char *id = doc_case(&rig, service, "closed");
    doc_sql(&rig, "UPDATE casefile SET closed_at = '%s 12:00Z' WHERE id = '%s'", on, id);
}

static const char *shared_cases(void)
{
    return doc_sql(&rig,
                   "SELECT count(*) FROM disposal x, disposal y WHERE x.id < y.id AND x.cases && y.cases");
}

static void one_gets_the_files(void **state)
{
    struct lister l[2] = {{.class = {"hall-1", "PET-10"}}, {.class = {"hall-1", "PET-10"}}};

    (void)state;
    book_now = book_ms("2026-01-01T09:00:00.000Z");
    for (int i = 0; i < 3; i++)
        closed("petition.general", "2015-12-30");
    meet(l);
    if (l[0].rc != RC_OK)
        fail_msg("%s %s", rc_name(l[0].rc), l[0].why);
    assert_int_equal(l[1].rc, RC_STATE); /* nothing is left */
    assert_string_equal(shared_cases(), "0");
    assert_string_equal(doc_sql(&rig, "SELECT count(*) || ' ' || sum(cardinality(cases)) FROM disposal"),
                        "1 3");
    assert_string_equal(doc_sql(&rig, "SELECT count(*) FROM audit WHERE act = 'disposal listed'"), "1");
    book_now = 0;
}

static void two_classes_have_two_numbers(void **state)
{
    const char *other = catalog_find(&rig.book.house.catalog, "ad.banner")->retention;
    struct lister l[2] = {{.class = {"hall-1", "PET-10"}}, {.class = {"hall-1", other}}};

    (void)state;
    book_now = book_ms("2026-01-02T09:00:00.000Z");
    assert_string_not_equal(other, "PET-10");
    closed("petition.general", "2015-12-30");
    closed("ad.banner", "1970-12-30");
    meet(l);
    for (int i = 0; i < 2; i++)
        if (l[i].rc != RC_OK)
            fail_msg("%s: %s %s", l[i].class.retention, rc_name(l[i].rc), l[i].why);
    holds(l[0].title, "nr. 2 ");
    holds(l[1].title, "nr. 3 ");
    assert_string_equal(shared_cases(), "0");
    book_now = 0;
}

/* The number stands on a signed paper: a clock that was set back counts nothing anew. */
static void a_clock_set_back_moves_no_number(void **state)
{
    const struct doc_class pet = {"hall-1", "PET-10"};
    struct document first, second, minutes;
    const char *a, *b;

    (void)state;
    closed("petition.general", "2015-12-30");
    book_now = book_ms("2026-01-05T09:00:00.000Z");
    DOC_OK(doc_dispose_list(&rig.w, &rig.arhiva, &pet, &a, &first, &doc_err));
    closed("petition.general", "2015-12-30");
    book_now = book_ms("2026-01-05T08:00:00.000Z");
    DOC_OK(doc_dispose_list(&rig.w, &rig.arhiva, &pet, &b, &second, &doc_err));
    assert_string_equal(first.title, "Inventarul nr. 4 al dosarelor cu termen împlinit");
    holds(second.title, "nr. 5 ");
    DOC_OK(doc_dispose(&rig.w, &rig.primar, a, &minutes, &doc_err));
    assert_string_equal(minutes.title, "Proces-verbal de selecționare nr. 4");
    DOC_OK(doc_dispose(&rig.w, &rig.primar, b, &minutes, &doc_err));
    assert_string_equal(minutes.title, "Proces-verbal de selecționare nr. 5");
    book_now = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_gets_the_files),
        cmocka_unit_test(two_classes_have_two_numbers),
        cmocka_unit_test(a_clock_set_back_moves_no_number),
    };
    return cmocka_run_group_tests(tests, doc_setup, doc_teardown);
}
