/* The desk over a million requests: list, search by name, case and page of the register through the API,
 * beside the same statements in psql. PRIDVOR_BENCH_REQUESTS says how many requests; --n too. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/sql.h"
#include "common/base/clock.h"
#include "tests/bench/fill.h"
#include "tests/bench/report.h"
#include "tests/db/desk_rig.h"

enum { ROUNDS = 200, CASES = 50, READERS = 4, LOAD_MS = 5000, DEFAULT_N = 50000 };

static const char *const names[] = {"popescu",   "c%C3%A2mpean+ion",  "mure%C8%99",   "szocs+erzs",
                                    "pop",       "kovacs+nagy",       "taranu+maria", "inaltaru",
                                    "sirbu+dan", "nagy+istvan+groapa"};
static const char *const words[] = {"popescu",   "campean ion",       "mures",        "szocs erzs",
                                    "pop",       "kovacs nagy",       "taranu maria", "inaltaru",
                                    "sirbu dan", "nagy istvan groapa"};
static struct desk_rig rig;
static char cases[CASES][40];
static int year;
static long last_n; /* of that book */

struct page {
    const char *name, *words;
    double api[ROUNDS], sql[ROUNDS];
    size_t n_sql;
};
static struct page pages[] = {
    {"queue", "cases of a town hall, 50 a page", {0}, {0}, 0},
    {"search", "by folded names, ten of them in turn", {0}, {0}, 0},
    {"case", "one case with everything about it", {0}, {0}, 0},
    {"register", "50 lines of the book", {0}, {0}, 0},
};
enum { QUEUE, SEARCH, CASE, REGISTER };

static void die(const char *what)
{
    fprintf(stderr, "bench_desk: %s\n", what);
    exit(1);
}

static void path_of(char out[200], size_t page, size_t round)
{
    if (page == QUEUE)
        snprintf(out, 200, "/api/queue?q=all&dir=desc&limit=50");
    else if (page == SEARCH)
        snprintf(out, 200, "/api/search?q=%s", names[round % COUNT(names)]);
    else if (page == CASE)
        snprintf(out, 200, "/api/cases/%s", cases[round % CASES]);
    else
        snprintf(out, 200, "/api/register?institution=uat-1&register=petitions&year=%d", year);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double percentile(double *v, size_t n, double p)
{
    qsort(v, n, sizeof(*v), by_size);
    size_t i = (size_t)(p * (double)n);
    return v[i < n ? i : n - 1];
}

static double ask(struct browser *b, size_t page, size_t round)
{
    char path[200];
    BUF_SCOPE(body);

    path_of(path, page, round);
    int64_t began = mono_us();
    int status = desk_get(b, path, &body);
    double ms = (double)(mono_us() - began) / 1000;
    if (status != 200) {
        fprintf(stderr, "%s: %d %.300s\n", path, status, body.p ? body.p : "");
        die("not answered");
    }
    return ms;
}

/* ---- psql ---- */

static void prepare(FILE *f, enum sql_id id)
{
    fprintf(f, "PREPARE %s AS %s;\n", sql_table[id].name, sql_text(id));
}

static void patterns(FILE *f, const char *w)
{
    fputs("'{", f);
    for (const char *p = w; *p;) {
        int n = (int)strcspn(p, " ");
        fprintf(f, "%s\"%% %.*s%%\"", p == w ? "" : ",", n, p);
        p += n + (p[n] == ' ');
    }
    fputs("}'", f);
}

static void query(FILE *f, const char *w)
{
    fputc('\'', f);
    for (const char *p = w; *p;) {
        int n = (int)strcspn(p, " ");
        fprintf(f, "%s''uat-1/%.*s'':*", p == w ? "" : " & ", n, p);
        p += n + (p[n] == ' ');
    }
    fputc('\'', f);
}

/* Does the first statement of the search fill the page? Then it is the only one. */
static bool frequent(const char *w)
{
    char sql[600];
    size_t n = (size_t)snprintf(
        sql, sizeof(sql),
        "SELECT count(*) FROM (SELECT folded FROM casefile WHERE institution = 'uat-1' ORDER "
        "BY registered_at DESC, id DESC LIMIT 600) x WHERE true");
    for (const char *p = w; *p;) {
        int len = (int)strcspn(p, " ");
        n += (size_t)snprintf(sql + n, sizeof(sql) - n, " AND ' ' || folded LIKE '%% %.*s%%'", len, p);
        p += len + (p[len] == ' ');
    }
    return desk_count(&rig, sql) > 50;
}

static void execute(FILE *f, size_t page, size_t round)
{
    const char *w = words[round % COUNT(words)], *id = cases[round % CASES];

    if (page == QUEUE)
        fputs("EXECUTE desk_all_desc('{uat-1}', '{\"\"}', NULL, false, NULL, NULL, NULL, NULL, 'infinity', "
              "'ffffffff-ffff-ffff-ffff-ffffffffffff', 51);\n",
              f);
    if (page == REGISTER)
        fprintf(f,
                "EXECUTE book_last('uat-1', 'petitions', %d);\nEXECUTE book_page('uat-1', 'petitions', %d, "
                "%ld, %ld, "
                "true);\n",
                year, year, last_n - 49, last_n);
    if (page == CASE)
        fprintf(f,
                "EXECUTE case_get('%s');\nEXECUTE case_request('%s');\nEXECUTE case_corrections('%s');\n"
                "EXECUTE case_events('%s', 0);\nEXECUTE case_facts('%s', now()::date, '%s');\n"
                "EXECUTE case_tasks_open('%s');\nEXECUTE desk_case_term('%s');\n"
                "EXECUTE desk_case_parts('%s', '%s');\nEXECUTE desk_others('%s', 'vera');\n",
                id, id, id, id, id, id, id, id, id, id, id);
    if (page != SEARCH)
        return;
    fputs("EXECUTE book_find_recent('{uat-1}', '{\"\"}', NULL, NULL, 51, ", f);
    patterns(f, w);
    fputs(", 600);\n", f);
    if (frequent(w))
        return;
    fputs("EXECUTE book_find_words('{uat-1}', '{\"\"}', NULL, NULL, 51, ", f);
    query(f, w);
    fputs(");\n", f);
}

static const enum sql_id statements[] = {
    SQL_DESK_ALL_DESC,    SQL_BOOK_PAGE,   SQL_BOOK_LAST,        SQL_CASE_GET,        SQL_CASE_REQUEST,
    SQL_CASE_CORRECTIONS, SQL_CASE_EVENTS, SQL_CASE_FACTS,       SQL_CASE_TASKS_OPEN, SQL_DESK_CASE_TERM,
    SQL_DESK_CASE_PARTS,  SQL_DESK_OTHERS, SQL_BOOK_FIND_RECENT, SQL_BOOK_FIND_WORDS};

/* One session with everything prepared, as registryd has it. */
static void in_psql(struct page *p, size_t page)
{
    char script[300], line[800], *end;
    size_t at = 0;

    snprintf(script, sizeof(script), "%s/psql-%zu", rig.s.dir, page);
    FILE *f = fopen(script, "w");
    if (!f)
        die("script");
    /* A list is planned for its values each time, as registryd does it. */
    fprintf(f, "SET timezone = 'UTC';\nSET plan_cache_mode = %s;\n",
            page == QUEUE ? "force_custom_plan" : "auto");
    for (size_t i = 0; i < COUNT(statements); i++)
        prepare(f, statements[i]);
    fputs("\\timing on\n", f);
    for (size_t i = 0; i < ROUNDS; i++) {
        fputs("\\echo page\n", f);
        execute(f, page, i);
    }
    fclose(f);
    snprintf(line, sizeof(line), "psql -X -q -o /dev/null -d '%s' -f %s 2>&1", rig.s.pg.conninfo, script);
    f = popen(line, "r");
    if (!f)
        die("psql");
    while (fgets(line, sizeof(line), f)) {
        if (strncmp(line, "page", 4) == 0)
            at++;
        else if (strncmp(line, "Time: ", 6) == 0 && at >= 1 && at <= ROUNDS)
            p->sql[at - 1] += strtod(line + 6, &end);
        else if (strstr(line, "ERROR"))
            die(line);
    }
    p->n_sql = at;
    if (pclose(f) != 0 || at != ROUNDS)
        die("psql did not run all of it");
}

/* ---- under load ---- */

static volatile bool stop;
static long asked[READERS];

static void *reader(void *user)
{
    size_t me = (size_t)(uintptr_t)user;
    struct browser b = {.rig = &rig, .ctx = server_client(&rig.s, NULL)};

    if (desk_enter_as(&b, "vera", desk_secret) != 200)
        die("login");
    for (size_t i = me; !stop; i++) {
        ask(&b, i % COUNT(pages), i);
        asked[me]++;
    }
    desk_leave(&b);
    tls_ctx_free(b.ctx);
    return NULL;
}

static void load(void)
{
    pthread_t threads[READERS];
    long sum = 0, peak = 0;
    int64_t until = mono_ms() + LOAD_MS, began = mono_ms();

    for (size_t i = 0; i < READERS; i++)
        if (pthread_create(&threads[i], NULL, reader, (void *)(uintptr_t)i) != 0)
            die("thread");
    while (mono_ms() < until) {
        long kb = server_rss_kb(&rig.s);
        peak = kb > peak ? kb : peak;
        struct timespec nap = {0, 50000000};
        nanosleep(&nap, NULL);
    }
    stop = true;
    for (size_t i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        sum += asked[i];
    }
    report("desk.pages_per_second", (double)sum * 1000 / (double)(mono_ms() - began), "/s",
           "four clerks at once");
    report("desk.memory", (double)peak / 1024, "MB", "registryd's most under that load; at most 64");
}

static void house(int64_t n)
{
    ARENA_SCOPE(a);
    struct registry_conf conf;
    struct work_house h = {0};
    struct fill f = {.house = &h, .n = n, .mark = true, .say = true};
    struct err e = {0};
    char path[300];

    snprintf(path, sizeof(path), "%s/registry.conf", rig.s.dir);
    int64_t began = mono_ms();
    if (registry_conf_load(a, path, &conf, &e) != RC_OK || work_house_load(a, &conf, &h, &e) != RC_OK)
        die(e.text);
    f.conninfo = conf.db;
    if (fill_database(&f, &e) != RC_OK)
        die(e.text);
    work_house_wipe(&h);
    report("desk.fill_seconds", (double)(mono_ms() - began) / 1000, "s",
           "requests, cases, terms and events written");
    struct db_result *r SCOPED(db_result_freep) = NULL;
    if (db_sync_query(rig.db,
                      "SELECT id FROM casefile WHERE institution = 'uat-1' ORDER BY md5(id::text) LIMIT 50",
                      NULL, 0, &r, &e) != RC_OK ||
        db_rows(r) < CASES)
        die("too few cases");
    for (int i = 0; i < CASES; i++)
        snprintf(cases[i], sizeof(cases[i]), "%s", db_text(r, i, 0));
}

static void measure(void)
{
    struct browser b = {.rig = &rig};

    desk_person(&rig, "vera", "uat-1");
    desk_grant(&rig, "vera", "registrar", "uat-1");
    desk_grant(&rig, "vera", "head", "uat-1");
    if (desk_enter_as(&b, "vera", desk_secret) != 200)
        die("login");
    for (size_t i = 0; i < 20 * COUNT(pages); i++)
        ask(&b, i % COUNT(pages), i / COUNT(pages));
    for (size_t i = 0; i < ROUNDS; i++)
        for (size_t k = 0; k < COUNT(pages); k++)
            pages[k].api[i] = ask(&b, k, i);
    desk_leave(&b);
    for (size_t k = 0; k < COUNT(pages); k++) {
        struct page *p = &pages[k];
        char name[60];
        in_psql(p, k);
        double p50 = percentile(p->api, ROUNDS, 0.5), p99 = percentile(p->api, ROUNDS, 0.99);
        double q50 = percentile(p->sql, ROUNDS, 0.5), q99 = percentile(p->sql, ROUNDS, 0.99);
        snprintf(name, sizeof(name), "desk.%s.p50", p->name);
        report(name, p50, "ms", p->words);
        snprintf(name, sizeof(name), "desk.%s.p99", p->name);
        report(name, p99, "ms", p->words);
        snprintf(name, sizeof(name), "desk.%s.psql_p50", p->name);
        report(name, q50, "ms", "its statements alone, prepared, in psql");
        snprintf(name, sizeof(name), "desk.%s.psql_p99", p->name);
        report(name, q99, "ms", "its statements alone, prepared, in psql");
        snprintf(name, sizeof(name), "desk.%s.ratio", p->name);
        report(name, p50 / q50, "", "of the medians; at most 1.3");
    }
}

int main(int argc, char **argv)
{
    const char *n = getenv("PRIDVOR_BENCH_REQUESTS"), *out = NULL;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--n") == 0)
            n = argv[i + 1];
        if (strcmp(argv[i], "--out") == 0)
            out = argv[i + 1];
    }
    report_open(out);
    year = date_of_ms(unix_ms()).y;
    if (!desk_rig_make(&rig))
        return 77;
    int64_t many = n ? strtoll(n, NULL, 10) : DEFAULT_N;
    report("desk.requests", (double)many, "", "in the database");
    house(many);
    measure();
    load();
    desk_rig_free(&rig);
    return 0;
}
