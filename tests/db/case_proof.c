/* What has to hold over the whole database after many lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/audit.h"
#include "tests/db/case_model.h"

static struct err e;

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static void must_be(enum rc rc, const char *what)
{
    if (rc != RC_OK)
        fail_msg("%s: %s %s", what, rc_name(rc), e.text);
}

void model_numbers(struct model *m)
{
    static const char numbers[] = "WITH numbers AS (SELECT institution, register, year, n FROM request UNION "
                                  "ALL SELECT institution, register, year, "
                                  "n FROM register_entry), book AS (SELECT institution, register, year, "
                                  "count(*) AS many, count(DISTINCT n) AS kinds, "
                                  "max(n) AS last FROM numbers GROUP BY 1, 2, 3) SELECT "
                                  "string_agg(concat_ws(' ', institution, register, c.n, many, "
                                  "kinds, last), ', ') FROM book FULL JOIN register_counter c USING "
                                  "(institution, register, year) WHERE many IS "
                                  "DISTINCT FROM c.n OR kinds <> many OR last <> many";
    assert_string_equal(model_sql(m, numbers), "");
    /* Every case has its line. */
    assert_string_equal(
        model_sql(m, "SELECT count(*) FROM casefile c WHERE NOT EXISTS (SELECT FROM request r WHERE "
                     "(r.institution, r.register, r.year, r.n) = (c.institution, c.register, c.year, c.n)) "
                     "AND NOT EXISTS (SELECT FROM register_entry r WHERE (r.institution, r.register, "
                     "r.year, r.n) = (c.institution, c.register, c.year, c.n))"),
        "0");
}

static bool was_touched(const struct model *m, struct date from, struct date until)
{
    for (size_t i = 0; i < m->n_touched; i++)
        if (m->touched[i] >= date_days(from) && m->touched[i] <= date_days(until))
            return true;
    return false;
}

void model_terms(struct model *m, size_t least)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    int judged = 0;

    must_be(db_sync_query(m->rig->db,
                          "SELECT rule, began_on, extension IS NOT NULL, due, case_id, ended_on IS NOT NULL "
                          "FROM case_term WHERE "
                          "returned_days = 0 OR "
                          "rule LIKE 'og27%'",
                          NULL, 0, &r, &e),
            "terms");
    for (int i = 0; i < db_rows(r); i++) {
        struct date from, due, got;
        assert_true(date_parse(db_text(r, i, 1), &from) && date_parse(db_text(r, i, 3), &got));
        if (!model_due(m, db_text(r, i, 0), from, db_text(r, i, 2)[0] == 't', &due))
            continue;
        judged++;
        if (db_text(r, i, 5)[0] == 't' && was_touched(m, from, date_cmp(due, got) < 0 ? got : due))
            continue;
        if (date_cmp(due, got) != 0)
            fail_msg("%s from %s: %s (case %s)", db_text(r, i, 0), db_text(r, i, 1), db_text(r, i, 3),
                     db_text(r, i, 4));
    }
    assert_true(judged > 100 || judged >= (int)least);
}

void model_audit(struct model *m)
{
    struct audit_report report;
    FILE *out = tmpfile();

    assert_non_null(out);
    must_be(audit_seal_all(m->rig->db, &e), "seal");
    must_be(audit_verify(m->rig->db, NULL, NULL, out, &report, &e), "verify");
    fclose(out);
    assert_int_equal(report.bad, 0);
    assert_int_equal(report.rows, atol(model_sql(m, "SELECT count(*) FROM audit")));
    /* Every refusal of a right stands there, and every event of a person. */
    assert_string_equal(
        model_sql(m, "SELECT count(*) FROM case_event v WHERE actor <> 'system' AND act <> 'registered' AND "
                     "NOT EXISTS (SELECT FROM audit a WHERE a.request_id = v.case_id AND a.act = v.act)"),
        "0");
}

/* ---- all cases at once ---- */

struct row_at {
    const char *id, *row;
};

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct row_at *)a)->id, ((const struct row_at *)b)->id);
}

/* Every case as it stands, found by its id. */
static const struct row_at *all_rows(struct arena *a, const struct db_result *r)
{
    struct row_at *rows = ARENA_ARRAY(a, struct row_at, db_rows(r) + 1);

    for (int i = 0; i < db_rows(r); i++)
        rows[i] = (struct row_at){db_text(r, i, 0), db_text(r, i, 1)};
    qsort(rows, (size_t)db_rows(r), sizeof(rows[0]), by_id);
    return rows;
}

static void each_open(struct model *m, void (*see)(struct model *m, struct model_case *c, const char *row))
{
    struct db_result *r SCOPED(db_result_freep) = model_rows(m, "SELECT c.id, " MODEL_ROW " FROM casefile c");
    ARENA_SCOPE(a);
    const struct row_at *rows = all_rows(a, r);

    for (size_t i = 0; i < m->n; i++) {
        struct model_case *c = &m->cases[i];
        struct row_at key = {c->id, NULL};
        const struct row_at *at = bsearch(&key, rows, (size_t)db_rows(r), sizeof(key), by_id);
        assert_non_null(at);
        if (!c->ended)
            see(m, c, at->row);
    }
}

/* Of all that was done since the last time nothing touched a case that the model did not follow. */
static void nobody_else(struct model *m, struct model_case *c, const char *row)
{
    struct model_case now = *c;

    model_take(m, &now, row);
    if (!is(now.state, c->state) || now.flags != c->flags || now.version != c->version ||
        !is(now.department, c->department))
        fail_msg("%s %s: %s %lld, nobody knows why; it was %s %lld", c->id, c->service, now.state,
                 (long long)now.version, c->state, (long long)c->version);
}

static void in_time(struct model *m, struct model_case *c, const char *row)
{
    uint64_t may = model_flag(m, "late") | model_flag(m, "urgent"), flags = c->flags;
    char before[16];

    snprintf(before, sizeof(before), "%s", c->state);
    model_take(m, c, row);
    bool same = is(before, c->state);
    if ((same && (c->flags & ~may) != (flags & ~may) && !(flags & model_flag(m, "waits_opinion"))) ||
        (!same &&
         !is(model_sql(m, "SELECT actor FROM case_event WHERE case_id = $1::uuid ORDER BY id DESC LIMIT 1",
                       c->id),
             "system")))
        fail_msg("%s: time alone brought it from %s to %s", c->id, before, c->state);
}

void model_alone(struct model *m)
{
    each_open(m, nobody_else);
}

void model_in_time(struct model *m)
{
    m->stamp++;
    each_open(m, in_time);
}
