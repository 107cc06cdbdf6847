/* registryctl with the configuration of one register and the database of another writes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/key_check.h"
#include "common/base/fs.h"
#include "tests/db/book_rig.h"
#include "tests/db/said.h"

static struct book_rig rig;
static char other[300], other_key[300]; /* the neighbour's configuration, beside this register's */

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

static int ctl(const char *words)
{
    char line[1200];
    snprintf(line, sizeof(line), "%s --db \"%s\"", words, rig.pg.conninfo);
    return book_ctl(&rig, line);
}

/* Every row of every table, in one number. */
static const char *all_rows(struct arena *a)
{
    const char *sql =
        arena_str(a, pgcluster_query(&rig.pg, "SELECT string_agg('(SELECT coalesce(sum(hashtext("
                                              "x::text)), 0) FROM ' || relname || ' x)', ' + ') FROM "
                                              "pg_class WHERE relkind = 'r' AND relnamespace = "
                                              "'public'::regnamespace"));
    return arena_str(a, pgcluster_query(&rig.pg, arena_fmt(a, "SELECT %s", sql)));
}

static void conf_of_another(struct arena *a)
{
    struct err e = {0};
    char *text;
    size_t len;

    snprintf(other, sizeof(other), "%s/other.conf", rig.pg.dir);
    snprintf(other_key, sizeof(other_key), "%s/other.key", rig.pg.dir);
    assert_int_equal(fs_read(a, rig.conf_path, 1 << 16, &text, &len, &e), RC_OK);
    const char *at = strstr(text, rig.key);
    assert_non_null(at);
    const char *mine = arena_fmt(a, "%.*s%s%s", (int)(at - text), text, other_key, at + strlen(rig.key));
    assert_int_equal(fs_write(other, mine, strlen(mine), 0600, &e), RC_OK);
    snprintf(rig.conf_path, sizeof(rig.conf_path), "%s", other);
}

static void another_registers_key(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct err e = {0};
    char mark[KEY_MARK], mine[300];
    static const char *const writes[] = {
        "register open hall-1 general 2026 --by rodica",
        "person find Pop --reason cerere --by rodica",
        "person erase 1900517123453 --reason termen --by arhiva",
        "retention inventory --institution hall-1 --class PET-10 --by arhiva --out x.pdf",
        "institutions load configs/institutions/cluj.json",
        "user add zoe --full-name Zoe --institution hall-1",
        "user password ana",
        "verify",
    };

    key_mark(mark, (const uint8_t *)"0123456789abcdef0123456789abcdef");
    pgcluster_query(&rig.pg, arena_fmt(a, "INSERT INTO settings VALUES ('pin_key', '%s')", mark));
    snprintf(mine, sizeof(mine), "%s", rig.conf_path);
    const char *before = all_rows(a);
    conf_of_another(a);
    for (int there = 0; there < 2; there++) {
        const char *says =
            there ? "other.key is not the key with which this database began" : "other.key is not there";
        if (there)
            assert_int_equal(fs_write(other_key, "fedcba9876543210fedcba9876543210", 32, 0600, &e), RC_OK);
        for (size_t i = 0; i < COUNT(writes); i++) {
            const struct said row = {writes[i], 1, says};
            said_each(&row, 1, ctl, book_said);
            assert_int_equal(fs_exists(other_key), there); /* none is made for a database that has one */
        }
    }
    assert_string_equal(all_rows(a), before);
    snprintf(rig.conf_path, sizeof(rig.conf_path), "%s", mine);
    const struct said right = {"register open hall-1 general 2026 --by rodica", 0, ""};
    said_each(&right, 1, ctl, book_said);
}

/* ---- what others on the machine see of it ---- */

static const char *seen_of(struct arena *a, pid_t pid, const char *what)
{
    char *text = arena_alloc(a, 8192);
    FILE *f = fopen(arena_fmt(a, "/proc/%d/%s", (int)pid, what), "r");

    assert_non_null(f);
    size_t n = fread(text, 1, 8191, f);
    fclose(f);
    for (size_t i = 0; i < n; i++)
        text[i] = text[i] ? text[i] : ' ';
    text[n] = 0;
    return text;
}

/* While it looks for a person: neither the name in the list of processes, nor a picture of its memory on
 * disk. */
static void nobody_looks_over_the_shoulder(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct db_sync *holds = NULL;
    struct err e = {0};
    const char *build = getenv("PRIDVOR_BUILD");
    int status;

    assert_int_equal(db_sync_open(rig.pg.conninfo, &holds, &e), RC_OK);
    assert_int_equal(db_sync_script(holds, "BEGIN; LOCK TABLE casefile IN ACCESS EXCLUSIVE MODE", &e), RC_OK);
    const char *program = arena_fmt(a, "%s/backend/registryctl", build ? build : "build/asan");
    pid_t pid = fork();
    if (pid == 0) {
        execl(program, "registryctl", "person", "find", "Zgribulea Ion", "--mark", "ion@example.ro",
              "--reason", "cerere", "--by", "rodica", "--config", rig.conf_path, (char *)NULL);
        _exit(127);
    }
    assert_true(pgcluster_waiting(&rig.pg, 1));
    const char *line = arena_str(a, seen_of(a, pid, "cmdline")), *limits = seen_of(a, pid, "limits");
    assert_int_equal(db_sync_script(holds, "COMMIT", &e), RC_OK);
    db_sync_close(holds);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_non_null(strstr(line, "person find"));
    if (strstr(line, "Zgribulea") || strstr(line, "ion@example.ro"))
        fail_msg("%s", line);
    const char *core = strstr(limits, "Max core file size");
    assert_non_null(core);
    if (strtol(core + strlen("Max core file size"), NULL, 10) != 0 || strncmp(core + 26, "0 ", 2) != 0)
        fail_msg("%.80s", core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(another_registers_key),
                                       cmocka_unit_test(nobody_looks_over_the_shoulder)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
