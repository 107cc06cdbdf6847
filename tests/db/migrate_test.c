/* Migrations and statements: every file is known, every statement prepares, nothing is applied twice. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/book_seal.h"
#include "backend/migrate.h"
#include "backend/sql.h"
#include "common/base/text.h"
#include "tests/db/pgcluster.h"

static struct pgcluster pg;

static int setup(void **state)
{
    (void)state;
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

static void twice(void **state)
{
    struct err e = {0};
    int applied = -1;
    (void)state;

    pgcluster_database(&pg, "twice");
    assert_int_equal(migrate(pg.conninfo, &applied, &e), RC_OK);
    assert_int_equal(applied, n_migrations);
    assert_int_equal(migrate(pg.conninfo, &applied, &e), RC_OK);
    assert_int_equal(applied, 0);
}

static void changed_file(void **state)
{
    struct err e = {0};
    (void)state;

    pgcluster_database(&pg, "changed");
    assert_int_equal(migrate(pg.conninfo, NULL, &e), RC_OK);
    pgcluster_query(&pg, "UPDATE schema_migration SET sha256 = repeat('0', 64) WHERE version = 1");
    assert_int_equal(migrate(pg.conninfo, NULL, &e), RC_STATE);
    assert_non_null(strstr(e.text, "differs"));
}

static void newer_database(void **state)
{
    struct err e = {0};
    (void)state;

    pgcluster_database(&pg, "newer");
    assert_int_equal(migrate(pg.conninfo, NULL, &e), RC_OK);
    pgcluster_query(&pg, "INSERT INTO schema_migration VALUES (9999, 'later', '', now())");
    assert_int_equal(migrate(pg.conninfo, NULL, &e), RC_STATE);
    assert_non_null(strstr(e.text, "newer"));
}

/* The database as the program before `version` left it. */
static void as_before(struct db_sync *s, int version)
{
    struct err e = {0};

    assert_int_equal(
        db_sync_script(s,
                       "CREATE TABLE schema_migration (version integer PRIMARY KEY, name text NOT "
                       "NULL, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
                       &e),
        RC_OK);
    for (size_t i = 0; i < n_migrations && migrations[i].version < version; i++) {
        uint8_t hash[SHA256_LEN];
        char hex[2 * SHA256_LEN + 1], number[16];
        sha256(hash, migrations[i].sql, strlen(migrations[i].sql));
        hex_encode(hex, hash, sizeof(hash));
        snprintf(number, sizeof(number), "%d", migrations[i].version);
        struct db_param p[] = {DB_STR(number), DB_STR(migrations[i].name), DB_STR(hex)};
        if (db_sync_script(s, migrations[i].sql, &e) != RC_OK)
            fail_msg("%s: %s", migrations[i].name, e.text);
        assert_int_equal(
            db_sync_query(s, "INSERT INTO schema_migration VALUES ($1::int, $2, $3)", p, 3, NULL, &e), RC_OK);
    }
}

/* A page that was sealed before lines had salts verifies as it did; what waited for its page gets one. */
static void book_of_before(void **state)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct book_report report;
    struct err e = {0};
    (void)state;

    pgcluster_database(&pg, "before");
    assert_int_equal(db_sync_open(pg.conninfo, &s, &e), RC_OK);
    as_before(s, 66);
    static const char fill[] =
        "INSERT INTO institution (id, kind, name_ro, name_hu, name_en) VALUES ('h', 'town_hall', 'H', 'H', "
        "'H'); "
        "INSERT INTO register_counter VALUES ('h', 'general', 2025, 3); INSERT INTO register_year "
        "(institution, "
        "register, year, opened_at, opened_by) VALUES ('h', 'general', 2025, '2025-03-03', 'x'); INSERT INTO "
        "register_entry (institution, register, year, n, direction, at, by, correspondent, subject) SELECT "
        "'h', "
        "'general', 2025, n, 'in', timestamptz '2025-03-01 10:00Z' + n * interval '1 day', 'ana', 'Pop Ion', "
        "'Gard' FROM generate_series(1, 3) n; SELECT book_seal('h', 'general', 2025, '2025-03-04', now())";
    if (db_sync_script(s, fill, &e) != RC_OK)
        fail_msg("%s", e.text);
    if (migrate(pg.conninfo, NULL, &e) != RC_OK)
        fail_msg("%s", e.text);
    assert_string_equal(pgcluster_query(&pg,
                                        "SELECT string_agg(coalesce(length(salt), 0)::text, ' ' ORDER BY n) "
                                        "FROM register_entry"),
                        "0 0 32");
    assert_string_equal(pgcluster_query(&pg, "SELECT count(*) FROM register_day"), "2");
    pgcluster_query(&pg, "SELECT book_seal('h', 'general', 2025, '2025-04-04', now())");
    assert_int_equal(book_verify(s, NULL, NULL, stderr, &report, &e), RC_OK);
    assert_int_equal(report.bad, 0);
    assert_int_equal(report.pages, 3);
    assert_int_equal(
        db_sync_script(s, "UPDATE register_entry SET erasure = 1, erased_at = now() WHERE n = 1", &e),
        RC_BAD_FIELD);
    assert_non_null(strstr(e.text, "is only ever added to"));
}

static void statements_prepare(void **state)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct err e = {0};
    (void)state;

    pgcluster_database(&pg, "prepare");
    assert_int_equal(migrate(pg.conninfo, NULL, &e), RC_OK);
    assert_int_equal(db_sync_open(pg.conninfo, &s, &e), RC_OK);
    for (size_t i = 0; i < SQL_COUNT; i++) {
        if (db_sync_prepare(s, &sql_table[i], &e) != RC_OK)
            fail_msg("%s: %s", sql_table[i].name, e.text);
    }
}

static size_t files_in(const char *folder, bool (*known)(const char *name))
{
    char path[512];
    size_t n = 0;

    snprintf(path, sizeof(path), "%s/backend/%s", getenv("PRIDVOR_SOURCE") ? getenv("PRIDVOR_SOURCE") : ".",
             folder);
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *f; (f = readdir(d));) {
        if (f->d_name[0] == '.')
            continue;
        if (!known(f->d_name))
            fail_msg("%s/%s is in no table", folder, f->d_name);
        n++;
    }
    closedir(d);
    return n;
}

static bool sql_known(const char *name)
{
    char file[64];
    for (size_t i = 0; i < SQL_COUNT; i++) {
        snprintf(file, sizeof(file), "%s.sql", sql_table[i].name);
        if (strcmp(file, name) == 0)
            return true;
    }
    return false;
}

static bool migration_known(const char *name)
{
    for (size_t i = 0; i < n_migrations; i++)
        if (strcmp(migrations[i].name, name) == 0)
            return true;
    return false;
}

static void every_file_is_used(void **state)
{
    (void)state;
    assert_int_equal(files_in("sql", sql_known), SQL_COUNT);
    assert_int_equal(files_in("migrations", migration_known), n_migrations);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twice),
        cmocka_unit_test(changed_file),
        cmocka_unit_test(newer_database),
        cmocka_unit_test(book_of_before),
        cmocka_unit_test(statements_prepare),
        cmocka_unit_test(every_file_is_used),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
