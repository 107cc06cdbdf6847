#include "tests/db/doc_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/paper_rig.h"

struct err doc_err;

bool doc_rig_make(struct doc_rig *r)
{
    if (!book_rig_make(&r->book))
        return false;
    r->a = arena_new();
    pgcluster_query(&r->book.pg,
                    "UPDATE institution SET name_ro = 'Primăria Comunei Sic', name_hu = 'Szék község "
                    "Polgármesteri Hivatala', name_en = 'Sic Town Hall' WHERE id = 'hall-1'");
    pgcluster_query(&r->book.pg, "UPDATE institution SET name_ro = 'Județul Cluj' WHERE id = 'county'");
    pgcluster_query(&r->book.pg,
                    "INSERT INTO account (name, full_name, institution, office_ro, office_hu) VALUES "
                    "('primar', 'Ioan Mureșan', 'hall-1', 'Primar', 'Polgármester')");
    pgcluster_query(&r->book.pg,
                    "INSERT INTO account_role (account, role, reach, institution, department, granted_by) "
                    "VALUES ('primar', 'approver', 'institution', 'hall-1', '', 'x')");
    pgcluster_query(&r->book.pg,
                    "UPDATE account_role SET reach = 'institution', department = '' WHERE account "
                    "= 'ana'");
    pgcluster_query(&r->book.pg,
                    "INSERT INTO institution_letter VALUES ('hall-1', 'Str. Bisericii nr. 6, 407580 Sic  ·  "
                    "primariasic.ro', NULL, 'Kovács-Ördög Zsófia')");
    r->w = book_job(&r->book, r->a);
    r->ana = book_actor(&r->w, "ana");
    r->primar = book_actor(&r->w, "primar");
    r->arhiva = book_actor(&r->w, "arhiva");
    r->dan = book_actor(&r->w, "dan");
    return true;
}

void doc_rig_free(struct doc_rig *r)
{
    db_sync_close(r->w.db);
    arena_free(r->a);
    book_rig_free(&r->book);
}

const char *doc_sql(struct doc_rig *r, const char *fmt, ...)
{
    char *sql = NULL;
    va_list args;
    va_start(args, fmt);
    assert_true(vasprintf(&sql, fmt, args) > 0);
    va_end(args);
    const char *said = arena_str(r->a, pgcluster_query(&r->book.pg, sql));
    free(sql);
    return said;
}

const char *doc_case(struct doc_rig *r, const char *service, const char *state)
{
    static int n;
    const struct service *s = catalog_find(&r->book.house.catalog, service);
    char *id = arena_alloc(r->a, UUID_LEN);

    assert_non_null(s);
    DOC_OK(uuid7(id, &doc_err));
    doc_sql(
        r,
        "INSERT INTO casefile (id, registered_at, entered_at, n, service_version, workflow_version, year, "
        "filed_on, due, late_after, institution, register, service, workflow, state, department, author, "
        "channel, lang, subject, person, retention) VALUES ('%s', '2026-11-02 09:00Z', now(), %d, %lld, 1, "
        "2026, '2026-11-02', '2026-12-02', '2026-12-02', 'hall-1', 'petitions', '%s', '%s', '%s', "
        "'registratura', 'ana', 'counter', 'ro', 'drumul din strada Morii', 'Ana-Mărioara Pop-Țîrlea', "
        "'%s')",
        id, 1000 + ++n, (long long)s->version, service, s->workflow, state, s->retention);
    return id;
}

struct casefile doc_case_get(struct doc_rig *r, const char *id)
{
    struct casefile c;
    DOC_OK(case_get(&r->w, id, false, &c, &doc_err));
    return c;
}

struct store_file *doc_file(struct doc_rig *r, const void *p, size_t n)
{
    const struct store_place place = {r->book.conf.blobs, 1};
    struct store_file *f = store_begin(&place, STORE_FILE_MAX);
    store_add(f, p, n);
    return f;
}

enum rc doc_whole(struct doc_rig *r, const struct actor *who, const struct doc_ask *ask, struct document *out,
                  struct bytes *file, struct err *e)
{
    struct store_reader *s SCOPED(store_closep) = NULL;

    TRY(doc_read(&r->w, who, ask, out, &s, e));
    char *p = arena_alloc(r->a, store_size(s) + 1);
    *file = BYTES(p, store_size(s));
    return store_next(s, p, file->len, e);
}

const char *doc_ask(struct doc_rig *r, struct bytes pdf, const char *name, const char *cmd)
{
    struct buf b = {(char *)(uintptr_t)pdf.p, pdf.len, pdf.len};
    return paper_ask(r->a, cmd, paper_save(r->a, name, &b));
}

/* ---- for a test program ---- */

struct doc_rig rig;

int doc_setup(void **state)
{
    (void)state;
    if (!doc_rig_make(&rig))
        exit(77);
    return 0;
}

int doc_teardown(void **state)
{
    (void)state;
    doc_rig_free(&rig);
    return 0;
}

void holds(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

void lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("\"%s\" is in:\n%s", part, text);
}
