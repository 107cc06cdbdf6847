/* Lines of the book page by page: of a day, of a year from its end, of who may see them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/book_page.h"
#include "backend/book_seal.h"
#include "tests/db/book_rig.h"

static struct book_rig rig;

static int setup(void **state)
{
    (void)state;
    if (!book_rig_make(&rig))
        exit(77);
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct actor rodica = book_actor(&w, "rodica");
    const struct book_entry in = {
        .institution = "hall-1", .reg = "general", .direction = BOOK_OUT, .subject = "Răspuns \"<b>\""};
    struct book_line line;
    struct book_sealed done;
    struct err e = {0};

    for (int i = 0; i < 12;
         i++) { /* 1-12 on the second, 13-24 on the third of March, requests and entries in turn */
        book_now = book_ms(i < 6 ? "2026-03-02T08:00:00.000Z" : "2026-03-03T08:00:00.000Z");
        book_request(&rig, "hall-1", "general", i < 6 ? "2026-03-02T08:00:00Z" : "2026-03-03T08:00:00Z");
        if (book_enter(&w, &rodica, &in, &line, &e) != RC_OK)
            return -1;
    }
    book_now = book_ms("2026-03-03T21:00:00.000Z"); /* the second is sealed, the third is not over */
    if (book_seal(&w, &done, &e) != RC_OK || done.pages != 1)
        return -1;
    db_sync_close(w.db);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    book_rig_free(&rig);
    return 0;
}

static void pages(void **state)
{
    (void)state;
    static const struct {
        const char *day;
        int64_t after;
        int limit;
        const char *numbers;
        int64_t next;
        bool sealed;
    } rows[] = {
        {NULL, 0, 5, "24 23 22 21 20", 20, false},
        {NULL, 20, 5, "19 18 17 16 15", 15, false},
        {NULL, 3, 5, "2 1", 0, false},
        {NULL, 1, 5, "", 0, false},
        {NULL, 0, 24, "24 23 22 21 20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1", 0, false},
        {NULL, 2000000000, 2, "24 23", 23, false},
        {"2026-03-02", 0, 5, "1 2 3 4 5", 5, true},
        {"2026-03-02", 5, 7, "6 7 8 9 10 11 12", 0, true},
        {"2026-03-02", 12, 5, "", 0, true},
        {"2026-03-03", 0, 6, "13 14 15 16 17 18", 18, false},
        {"2026-03-03", 18, 6, "19 20 21 22 23 24", 0, false},
        {"2026-03-04", 0, 6, "", 0, false},
        {"2026-03-01", 0, 6, "", 0, false},
    };
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct actor rodica = book_actor(&w, "rodica");

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct book_ask ask = {"hall-1", "general", 2026, rows[i].day, rows[i].after, rows[i].limit};
        struct book_page page;
        struct err e = {0};
        const char *text = "";
        if (book_page(&w, &rodica, &ask, &page, &e) != RC_OK)
            fail_msg("row %zu: %s", i, e.text);
        for (size_t k = 0; k < page.n; k++)
            text = arena_fmt(a, "%s%s%lld", text, k ? " " : "", (long long)page.rows[k].n);
        if (strcmp(text, rows[i].numbers) != 0 || page.next != rows[i].next ||
            (page.hash != NULL) != rows[i].sealed)
            fail_msg("row %zu: %s, next %lld", i, text, (long long)page.next);
    }
    db_sync_close(w.db);
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        struct book_ask ask;
        const char *by;
        enum rc rc;
        const char *says;
    } rows[] = {
        {{"hall-1", "general", 2026, NULL, 0, 0}, "dan", RC_DENIED, "denied"},
        {{"hall-9", "general", 2026, NULL, 0, 0}, "rodica", RC_DENIED, "denied"},
        {{NULL, "general", 2026, NULL, 0, 0}, "rodica", RC_DENIED, "denied"},
        {{"hall-1", "x", 2026, NULL, 0, 0}, "rodica", RC_BAD_FIELD, "register: there is no register x"},
        {{"hall-1", NULL, 2026, NULL, 0, 0}, "rodica", RC_BAD_FIELD, "register: there is no register"},
        {{"hall-1", "general", 26, NULL, 0, 0}, "rodica", RC_BAD_FIELD, "year: not a year"},
        {{"hall-1", "general", 2026, "2025-01-01", 0, 0}, "rodica", RC_BAD_FIELD, "day: not a day of 2026"},
        {{"hall-1", "general", 2026, "'; --", 0, 0}, "rodica", RC_BAD_FIELD, "day: not a day of 2026"},
        {{"hall-1", "general", 2026, NULL, -1, 0},
         "rodica",
         RC_BAD_FIELD,
         "after: not a number of this book"},
    };
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct actor who = book_actor(&w, rows[i].by);
        struct book_page page;
        struct err e = {0};
        enum rc rc = book_page(&w, &who, &rows[i].ask, &page, &e);
        if (rc != rows[i].rc || !strstr(e.text, rows[i].says))
            fail_msg("row %zu: %s %s", i, rc_name(rc), e.text);
    }
    db_sync_close(w.db);
}

static void as_json(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    BUF_SCOPE(out);
    BUF_SCOPE(all);
    struct work w = book_job(&rig, a);
    struct actor rodica = book_actor(&w, "rodica");
    const struct book_ask ask = {"hall-1", "general", 2026, "2026-03-02", 0, 2};
    struct jval *v;
    struct err e = {0};

    assert_int_equal(book_page_json(&w, &rodica, &ask, &out, &e), RC_OK);
    assert_int_equal(jval_parse(a, out.p, out.len, &v, &e), RC_OK);
    const struct jval *rows = jval_get(v, "entries");
    assert_int_equal(rows->n, 2);
    assert_string_equal(jval_str(&rows->items[1], "subject", ""), "Răspuns \"<b>\"");
    assert_string_equal(jval_str(&rows->items[1], "number", ""), "2/02.03.2026");
    assert_string_equal(jval_str(&rows->items[1], "by_name", ""), "Rodica Moț");
    assert_string_equal(jval_str(&rows->items[0], "by", ""), "K01");
    assert_string_equal(jval_str(v, "next", ""), "2");
    assert_int_equal(jval_int(jval_get(v, "day"), "last", 0), 12);
    assert_int_equal(book_registers_json(&w, &rodica, "hall-1", &all, &e), RC_OK);
    assert_int_equal(jval_parse(a, all.p, all.len, &v, &e), RC_OK);
    assert_int_equal(v->n, 6);
    assert_string_equal(jval_str(&v->items[0], "register", ""), "general");
    assert_int_equal(jval_int(&jval_get(&v->items[0], "years")->items[0], "last_n", 0), 24);
    db_sync_close(w.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pages), cmocka_unit_test(refused),
                                       cmocka_unit_test(as_json)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
