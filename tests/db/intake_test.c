/* The intake alone, on a real database: numbers, repeats, halves, warnings, deadlines, the turn of the year.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/intake.h"
#include "backend/migrate.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "tests/db/pgcluster.h"

static struct pgcluster pg;
static int64_t clock_ms; /* 0: the real one */

enum { ITEMS = 4096 };
struct sent {
    struct intake_item item;
    char institution[24], code[16];
    enum rc rc;
    bool answered;
};
static struct sent sent[ITEMS];
static unsigned n_sent, n_answered;
static uint64_t serial;

static int64_t test_now(void)
{
    return clock_ms ? clock_ms : unix_ms();
}

static void test_term(struct intake_item *it, struct date today, void *user)
{
    (void)user;
    it->filed_on = today;
    it->due = date_add(today, 30);
}

static void on_answer(struct intake_item *it, const struct err *e, void *user)
{
    struct sent *s = user;
    (void)it;
    assert_false(s->answered);
    s->answered = true;
    s->rc = e->rc;
    n_answered++;
}

/* A request of its own; the caller may change it before intake_put. */
static struct sent *item_new(int institution)
{
    struct sent *s = &sent[n_sent++];
    uint64_t id = ++serial;

    assert_true(n_sent <= ITEMS);
    memset(s, 0, sizeof(*s));
    snprintf(s->institution, sizeof(s->institution), "uat-%d", institution);
    snprintf(s->code, sizeof(s->code), "%010llu", (unsigned long long)id);
    memcpy(s->item.id + 8, &id, sizeof(id));
    s->item.institution = s->institution;
    s->item.reg = "general";
    s->item.terminal = "K07";
    s->item.service = "cs.birth_certificate";
    s->item.channel = "kiosk";
    s->item.lang = "ro";
    s->item.receipt_code = s->code;
    s->item.request = BYTES("\1 seal", 6);
    s->item.signature = BYTES("\1 seal", 6);
    s->item.service_version = 1;
    s->item.filed_at_ms = test_now();
    memcpy(s->item.sha256, &id, sizeof(id));
    s->item.cb = on_answer;
    s->item.user = s;
    return s;
}

struct house {
    uv_loop_t loop;
    struct intake *in;
    uv_timer_t patience;
    bool late;
};

static void on_patience(uv_timer_t *t)
{
    struct house *h = t->data;
    h->late = true;
}

static void house_start(struct house *h, unsigned deadline_ms)
{
    struct intake_conf c = {
        .conninfo = pg.conninfo, .deadline_ms = deadline_ms, .now_ms = test_now, .term = test_term};

    memset(h, 0, sizeof(*h));
    uv_loop_init(&h->loop);
    uv_timer_init(&h->loop, &h->patience);
    h->patience.data = h;
    uv_timer_start(&h->patience, on_patience, 60000, 0);
    h->in = intake_new(&h->loop, &c);
    while (!h->late && intake_up(h->in) < intake_shards(h->in))
        uv_run(&h->loop, UV_RUN_ONCE);
    assert_false(h->late);
    n_sent = n_answered = 0;
}

static void house_wait(struct house *h)
{
    while (!h->late && n_answered < n_sent)
        uv_run(&h->loop, UV_RUN_ONCE);
    assert_int_equal(n_answered, n_sent);
}

static void house_stop(struct house *h)
{
    intake_free(h->in);
    uv_close((uv_handle_t *)&h->patience, NULL);
    uv_run(&h->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&h->loop), 0);
}

static void fresh_database(const char *name)
{
    struct err e = {0};
    pgcluster_database(&pg, name);
    assert_int_equal(migrate(pg.conninfo, NULL, &e), RC_OK);
    pgcluster_query(&pg, "INSERT INTO institution (id, kind, name_ro, name_hu, name_en) "
                         "SELECT 'uat-' || g, 'town_hall', 'x', 'x', 'x' FROM generate_series(1, 100) g");
}

static void assert_sound(unsigned entries)
{
    char text[32];
    snprintf(text, sizeof(text), "%u", entries);
    assert_string_equal(pgcluster_query(&pg, "SELECT count(*) FROM request"), text);
    assert_string_equal(pgcluster_query(&pg, "SELECT count(*) FROM audit WHERE act = 'registered'"), text);
    assert_string_equal(pgcluster_query(&pg, "SELECT coalesce(sum(n), 0) FROM register_counter"), text);
    /* every book runs from 1 to its counter */
    assert_string_equal(
        pgcluster_query(
            &pg, "SELECT count(*) FROM (SELECT institution, register, year, count(*) AS k, min(n) AS a, "
                 "max(n) AS z, count(DISTINCT n) AS d FROM request GROUP BY 1, 2, 3) b "
                 "JOIN register_counter c USING (institution, register, year) "
                 "WHERE k <> c.n OR a <> 1 OR z <> k OR d <> k"),
        "0");
}

static int64_t number_in_book(const struct sent *s)
{
    char hex[33], sql[128];
    hex_encode(hex, s->item.id, sizeof(s->item.id));
    snprintf(sql, sizeof(sql), "SELECT n FROM request WHERE request_id = '%s'", hex);
    return strtoll(pgcluster_query(&pg, sql), NULL, 10);
}

static void many_together(void **state)
{
    struct house h;
    (void)state;

    fresh_database("many");
    house_start(&h, 0);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 64; i++) {
            struct sent *s = item_new(i % 7 == 0 ? 1 : 1 + i % 100);
            s->item.email = i % 2 ? "ana@example.ro" : NULL;
            s->item.phone = i % 3 ? NULL : "+40740123456";
            intake_put(h.in, &s->item);
        }
        house_wait(&h);
    }
    for (unsigned i = 0; i < n_sent; i++) {
        assert_int_equal(sent[i].rc, RC_OK);
        assert_true(sent[i].item.n > 0);
        assert_false(sent[i].item.repeat);
    }
    assert_true(intake_stats(h.in)->batches < n_sent / 4);
    assert_int_equal(intake_stats(h.in)->doubted, 0);
    assert_sound(n_sent);
    for (unsigned i = 0; i < n_sent; i += 37) /* what was said is what stands there */
        assert_true(number_in_book(&sent[i]) == sent[i].item.n);
    assert_string_equal(pgcluster_query(&pg, "SELECT count(*) FROM owed_message WHERE way = 'email'"), "640");
    assert_string_equal(pgcluster_query(&pg, "SELECT count(*) FROM owed_message WHERE way = 'sms'"), "440");
    /* numbers follow the order of arrival within a book */
    for (unsigned i = 1; i < 64; i++)
        for (unsigned k = 0; k < i; k++)
            if (strcmp(sent[i].institution, sent[k].institution) == 0)
                assert_true(sent[k].item.n < sent[i].item.n);
    house_stop(&h);
}

/* A turn of the loop may take long: nobody waits for its end who need not. */
static void in_the_middle_of_a_turn(void **state)
{
    enum { PUTS = 40, FULL = 16, TRIES = 2000 };
    struct house h;
    char full[8];
    int tries = 0;
    (void)state;

    fresh_database("turn");
    house_start(&h, 0);
    for (int i = 0; i < PUTS; i++)
        intake_put(h.in, &item_new(1 + i)->item);
    snprintf(full, sizeof(full), "%d", 2 * FULL);
    while (strcmp(pgcluster_query(&pg, "SELECT count(*) FROM request"), full) != 0 && tries++ < TRIES)
        usleep(5000);
    assert_true(tries < TRIES); /* two full ones are there, and no more */
    for (tries = 0; n_answered == 0 && tries < TRIES; tries++) {
        intake_put(h.in, &item_new(1)->item);
        usleep(5000);
    }
    assert_true(n_answered >= FULL); /* their flush was seen between two others' requests */
    house_wait(&h);
    for (unsigned i = 0; i < n_sent; i++)
        assert_int_equal(sent[i].rc, RC_OK);
    assert_sound(n_sent);
    house_stop(&h);
}

static void repeats_and_conflicts(void **state)
{
    struct house h;
    (void)state;

    fresh_database("repeats");
    house_start(&h, 0);
    struct sent *first = item_new(1);
    intake_put(h.in, &first->item);
    for (int i = 0; i < 9; i++) { /* copies while it waits */
        struct sent *s = item_new(1);
        struct intake_item copy = first->item;
        copy.user = s;
        s->item = copy;
        intake_put(h.in, &s->item);
    }
    house_wait(&h);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(sent[i].rc, RC_OK);
        assert_int_equal(sent[i].item.n, 1);
        assert_int_equal(sent[i].item.repeat, i != 0);
    }
    struct sent *again = item_new(1), *other = item_new(1), *with = item_new(1);
    memcpy(again->item.id, first->item.id, 16);
    memcpy(again->item.sha256, first->item.sha256, 32);
    again->item.receipt_code = first->code;
    again->item.reg = "moved";                  /* the files put this service elsewhere since */
    memcpy(other->item.id, first->item.id, 16); /* another text under the same id */
    intake_put(h.in, &again->item);
    intake_put(h.in, &other->item);
    intake_put(h.in, &with->item); /* innocent, in the same batch */
    house_wait(&h);
    assert_int_equal(again->rc, RC_OK);
    assert_true(again->item.repeat);
    assert_int_equal(again->item.n, 1);
    assert_int_equal(again->item.registered_ms, first->item.registered_ms);
    assert_int_equal(date_cmp(again->item.due, first->item.due), 0);
    assert_string_equal(again->item.reg, first->item.reg);
    assert_int_equal(other->rc, RC_CONFLICT);
    assert_int_equal(with->rc, RC_OK);
    assert_int_equal(with->item.n, 2);
    assert_string_equal(pgcluster_query(&pg, "SELECT sum(times) FROM request_repeat"), "11");
    struct sent *alone = item_new(1);
    memcpy(alone->item.id, first->item.id, 16);
    memcpy(alone->item.sha256, first->item.sha256, 32);
    alone->item.receipt_code = first->code;
    alone->item.reg = "moved";
    intake_put(h.in, &alone->item);
    house_wait(&h);
    assert_true(alone->rc == RC_OK && alone->item.repeat && alone->item.n == 1);
    assert_string_equal(alone->item.reg, first->item.reg);
    assert_true(intake_stats(h.in)->doubted > 0);
    assert_int_equal(number_in_book(with), 2);
    assert_sound(2);
    house_stop(&h);
}

/* Past the checks of the front door: text that is no UTF-8, an institution without a row, a receipt code used
 * twice. */
static void bad_ones_fall_alone(void **state)
{
    struct house h;
    unsigned bad = 0;
    (void)state;

    fresh_database("halves");
    house_start(&h, 0);
    for (int i = 0; i < 200; i++) {
        struct sent *s = item_new(i == 77 ? 12345 : 1 + i % 5);
        if (i == 13 || i == 14 || i == 150)
            s->item.service = "\xff\xfe";
        if (i == 199)
            s->item.receipt_code = sent[0].code;
        intake_put(h.in, &s->item);
    }
    house_wait(&h);
    for (int i = 0; i < 200; i++) {
        bool is_bad = i == 13 || i == 14 || i == 150 || i == 77 || i == 199;
        enum rc want = i == 199 ? RC_CONFLICT : is_bad ? RC_BAD_FIELD : RC_OK;
        bad += is_bad;
        assert_int_equal(sent[i].rc, want);
    }
    assert_true(intake_stats(h.in)->halved > 0);
    assert_sound(200 - bad);
    house_stop(&h);
}

/* One batch runs and the next already stands behind it: a bad one in either falls alone, and a copy of what
 * is under way in the first gets the same number. */
static void one_behind_the_other(void **state)
{
    enum { WAVE = 16, WAVES = 12 };
    struct house h;
    unsigned bad = 0, copies = 0;
    (void)state;

    fresh_database("behind");
    house_start(&h, 0);
    for (int i = 0; i < WAVE * WAVES; i++) {
        struct sent *s = item_new(1 + i % 5);
        bool copy = i % WAVE == 9 && i > WAVE;
        if (i % (3 * WAVE) == 5)
            s->item.service = "\xff\xfe";
        if (copy) {
            const struct sent *first = &sent[i - WAVE + 1];
            memcpy(s->item.id, first->item.id, sizeof(s->item.id));
            memcpy(s->item.sha256, first->item.sha256, SHA256_LEN);
            s->item.institution = first->institution;
            s->item.receipt_code = first->code;
        }
        intake_put(h.in, &s->item);
        if (i % WAVE == WAVE - 1)
            uv_run(&h.loop, UV_RUN_NOWAIT);
    }
    house_wait(&h);
    for (int i = 0; i < WAVE * WAVES; i++) {
        bool is_bad = i % (3 * WAVE) == 5, copy = i % WAVE == 9 && i > WAVE;
        const struct sent *first = copy ? &sent[i - WAVE + 1] : &sent[i];
        bad += is_bad;
        copies += copy;
        assert_int_equal(sent[i].rc, is_bad ? RC_BAD_FIELD : RC_OK);
        assert_int_equal(sent[i].item.n, first->item.n);
        /* of the two, whoever came to the database second */
        assert_true(!copy || sent[i].item.repeat != first->item.repeat);
    }
    assert_sound(WAVE * WAVES - bad - copies);
    house_stop(&h);
}

static void year_changes_the_book(void **state)
{
    struct house h;
    struct err e = {0};
    int64_t midnight; /* 2027-01-01 00:00 in Bucharest */
    (void)state;

    fresh_database("year");
    assert_int_equal(iso_utc_parse("2026-12-31T22:00:00.000Z", &midnight, &e), RC_OK);
    house_start(&h, 0);
    for (int i = 0; i < 40; i++) {
        clock_ms = midnight - 20 + i;
        struct sent *s = item_new(1);
        intake_put(h.in, &s->item);
        house_wait(&h);
    }
    for (int i = 0; i < 40; i++) {
        assert_int_equal(sent[i].item.n, i % 20 + 1);
        assert_int_equal(sent[i].item.filed_on.y, i < 20 ? 2026 : 2027);
    }
    clock_ms = 0;
    assert_string_equal(pgcluster_query(&pg, "SELECT string_agg(year || ':' || n, ' ' ORDER BY year) "
                                             "FROM register_counter"),
                        "2026:20 2027:20");
    assert_sound(40);
    house_stop(&h);
}

/* The server's clock jumps back into a year that is closed: nothing is wrong with what the citizen filed, so
 * the terminal keeps it and comes again; other houses are served meanwhile, and no year gets a gap. */
static void clock_in_a_closed_year(void **state)
{
    struct house h;
    struct err e = {0};
    int64_t midnight;
    (void)state;

    fresh_database("closed_year");
    assert_int_equal(iso_utc_parse("2026-12-31T22:00:00.000Z", &midnight, &e), RC_OK);
    house_start(&h, 0);
    for (int i = 0; i < 2; i++) {
        clock_ms = midnight - 1000 + i * 2000;
        intake_put(h.in, &item_new(1)->item);
        house_wait(&h);
    }
    pgcluster_query(&pg, "UPDATE register_counter SET closed_n = n WHERE year = 2026");
    clock_ms = midnight - 500;
    for (int i = 0; i < 12; i++)
        intake_put(h.in, &item_new(1 + i % 2)->item);
    house_wait(&h);
    for (int i = 0; i < 12; i++)
        assert_int_equal(sent[2 + i].rc, i % 2 ? RC_OK : RC_UNAVAILABLE);
    clock_ms = midnight + 5000;
    for (int i = 0; i < 12; i += 2) {
        struct sent *again = item_new(1);
        memcpy(again->item.id, sent[2 + i].item.id, sizeof(again->item.id));
        intake_put(h.in, &again->item);
    }
    house_wait(&h);
    for (int i = 0; i < 6; i++)
        assert_int_equal(sent[14 + i].rc, RC_OK);
    clock_ms = 0;
    assert_string_equal(
        pgcluster_query(&pg, "SELECT string_agg(institution || ':' || year || ':' || n, ' ' ORDER BY "
                             "institution, year) FROM register_counter"),
        "uat-1:2026:1 uat-1:2027:7 uat-2:2026:6");
    assert_sound(14);
    house_stop(&h);
}

/* The setting reaches the checkpointer, which tells the others that there is a standby, a moment after the
 * reload: requests before that are simply answered. */
static struct sent *caught_waiting(struct house *h)
{
    struct sent *s;

    do {
        s = item_new(1);
        intake_put(h->in, &s->item);
        while (!h->late && !s->answered) {
            uv_run(&h->loop, UV_RUN_NOWAIT);
            pgcluster_query(
                &pg, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
        }
    } while (!h->late && s->rc == RC_OK && n_sent < ITEMS);
    return s;
}

/* A wait for a standby that is cancelled ends in a WARNING and a success: that is no acknowledgement. */
static void cancelled_wait_is_no_answer(void **state)
{
    struct house h;
    (void)state;

    fresh_database("standby");
    house_start(&h, 30000);
    pgcluster_setting(&pg, "synchronous_standby_names", "nobody");
    struct sent *s = caught_waiting(&h);
    pgcluster_query(&pg, "ALTER SYSTEM RESET synchronous_standby_names");
    pgcluster_query(&pg, "SELECT pg_reload_conf()");
    assert_int_equal(s->rc, RC_UNAVAILABLE);
    struct sent *again = item_new(1);
    memcpy(again->item.id, s->item.id, 16);
    memcpy(again->item.sha256, s->item.sha256, 32);
    again->item.receipt_code = s->code;
    intake_put(h.in, &again->item);
    house_wait(&h);
    assert_int_equal(again->rc, RC_OK);
    assert_true(again->item.repeat);
    assert_sound(n_sent - 1); /* those before, and the one that came twice */
    house_stop(&h);
}

/* The deadline closes the connection; the next request finds a new one. */
static void deadline_closes(void **state)
{
    struct house h;
    struct db_sync *lock SCOPED(db_sync_closep) = NULL;
    struct err e = {0};
    (void)state;

    fresh_database("deadline");
    house_start(&h, 300);
    struct sent *before = item_new(1);
    intake_put(h.in, &before->item);
    house_wait(&h);
    assert_int_equal(db_sync_open(pg.conninfo, &lock, &e), RC_OK);
    assert_int_equal(db_sync_script(lock, "BEGIN; SELECT * FROM register_counter FOR UPDATE", &e), RC_OK);
    struct sent *stuck = item_new(1);
    intake_put(h.in, &stuck->item);
    house_wait(&h);
    assert_int_equal(stuck->rc, RC_TIMEOUT);
    assert_int_equal(db_sync_script(lock, "ROLLBACK", &e), RC_OK);
    while (!h.late && intake_up(h.in) < intake_shards(h.in))
        uv_run(&h.loop, UV_RUN_ONCE);
    struct sent *again = item_new(1);
    memcpy(again->item.id, stuck->item.id, 16);
    memcpy(again->item.sha256, stuck->item.sha256, 32);
    again->item.receipt_code = stuck->code;
    intake_put(h.in, &again->item);
    house_wait(&h);
    assert_int_equal(again->rc, RC_OK);
    assert_int_equal(again->item.n, 2);
    assert_sound(2);
    house_stop(&h);
}

static void refused_while_down(void **state)
{
    struct house h;
    (void)state;

    fresh_database("down");
    house_start(&h, 0);
    pgcluster_stop(&pg, SIGINT);
    while (!h.late && intake_up(h.in) > 0)
        uv_run(&h.loop, UV_RUN_ONCE);
    struct sent *s = item_new(1);
    intake_put(h.in, &s->item);
    house_wait(&h);
    assert_int_equal(s->rc, RC_UNAVAILABLE);
    pgcluster_start(&pg);
    while (!h.late && intake_up(h.in) < intake_shards(h.in))
        uv_run(&h.loop, UV_RUN_ONCE);
    struct sent *again = item_new(1);
    intake_put(h.in, &again->item);
    house_wait(&h);
    assert_int_equal(again->rc, RC_OK);
    assert_sound(1);
    house_stop(&h);
}

static int setup(void **state)
{
    (void)state;
    log_open("intake_test");
    if (!pgcluster_make(&pg))
        exit(77);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pgcluster_free(&pg);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_together),          cmocka_unit_test(in_the_middle_of_a_turn),
        cmocka_unit_test(repeats_and_conflicts),  cmocka_unit_test(bad_ones_fall_alone),
        cmocka_unit_test(one_behind_the_other),   cmocka_unit_test(year_changes_the_book),
        cmocka_unit_test(clock_in_a_closed_year), cmocka_unit_test(cancelled_wait_is_no_answer),
        cmocka_unit_test(deadline_closes),        cmocka_unit_test(refused_while_down),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
