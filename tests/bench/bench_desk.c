/* The desk over a million requests: list, search by name, case and page of the register through the API,
 * beside the statements of the same pages in psql. Both are asked in turn, a block of calls each, in several
 * rounds. The one side is a call through HTTPS until its last byte has come: session, rights, statements,
 * JSON, TLS. The other is what \timing says of the page's own statements, prepared, over the Unix socket,
 * with registryd's settings. Beside it stands what the statement of session and rights costs in psql, which
 * the page needs as well. PRIDVOR_BENCH_REQUESTS says how many requests; --n too. --rounds: 3. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/sql.h"
#include "common/base/clock.h"
#include "tests/bench/fill.h"
#include "tests/bench/report.h"
#include "tests/db/desk_rig.h"

enum { BLOCK = 50, BLOCKS = 4, CALLS = BLOCK * BLOCKS, WARM = 10, CASES = 50, READERS = 4, LOAD_MS = 5000 };
enum { DEFAULT_N = 50000, ROUNDS = 3 };

static const char *const names[] = {"popescu",   "câmpean ion",       "mureș",        "szocs erzs",
                                    "pop",       "kovacs nagy",       "taranu maria", "inaltaru",
                                    "sirbu dan", "nagy istvan groapa"};
static const char *const words[] = {"popescu",   "campean ion",       "mures",        "szocs erzs",
                                    "pop",       "kovacs nagy",       "taranu maria", "inaltaru",
                                    "sirbu dan", "nagy istvan groapa"};
static struct desk_rig rig;
static char cases[CASES][40];
static int year;
static char token_hash[80], reach[4000], running[600], waiting[600];

struct page {
    const char *name, *words;
    double api[CALLS], sql[CALLS]; /* of a round, in ms */
    struct series p50, p99, sql50, sql99, ratio, ratio99, whole;
};
enum { QUEUE, SEARCH, CASE, REGISTER, COUNTY, PAGES, SESSION = PAGES, SIDES };
static struct page pages[SIDES] = {
    {.name = "queue", .words = "cases of a town hall, 50 a page"},
    {.name = "search", .words = "by folded names, ten of them in turn"},
    {.name = "case", .words = "one case with everything about it"},
    {.name = "register", .words = "50 lines of the book"},
    {.name = "counts", .words = "what waits in the whole county, each to 1000"},
    {.name = "session", .words = "in psql only"},
};
static struct browser clerk, county;

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
        snprintf(out, 200, "/api/search");
    else if (page == CASE)
        snprintf(out, 200, "/api/cases/%s", cases[round % CASES]);
    else if (page == COUNTY)
        snprintf(out, 200, "/api/counts");
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
    char path[200], text[100];
    BUF_SCOPE(body);

    path_of(path, page, round);
    snprintf(text, sizeof(text), "{\"q\":\"%s\"}", names[round % COUNT(names)]);
    int64_t began = mono_us();
    int status = page == SEARCH ? desk_post(b, path, text, &body) : desk_get(b, path, &body);
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

static void execute_case(FILE *f, const char *id)
{
    static const char *const by_id[] = {"case_get",         "case_cnp", "desk_case_term", "case_request",
                                        "case_corrections", "doc_list", "draft_get"};

    for (size_t i = 0; i < COUNT(by_id); i++)
        fprintf(f, "EXECUTE %s('%s');\n", by_id[i], id);
    fprintf(f,
            "EXECUTE desk_case_parts('%s', '%s');\nEXECUTE case_events('%s', 0);\n"
            "EXECUTE case_facts('%s', now()::date, '%s');\nEXECUTE desk_others('%s', 'vera');\n",
            id, id, id, id, id, id);
}

static void execute_search(FILE *f, size_t word)
{
    static char is_frequent[COUNT(words)];
    const char *w = words[word];

    if (!is_frequent[word])
        is_frequent[word] = frequent(w) ? 'y' : 'n';
    fputs("EXECUTE book_find_recent('{uat-1}', '{\"\"}', NULL, NULL, 51, ", f);
    patterns(f, w);
    fputs(", 600);\n", f);
    if (is_frequent[word] == 'y')
        return;
    fputs("EXECUTE book_find_words('{uat-1}', '{\"\"}', NULL, NULL, 51, ", f);
    query(f, w);
    fputs(");\n", f);
}

static void execute(FILE *f, size_t page, size_t round)
{
    if (page == QUEUE)
        fputs("EXECUTE desk_all_desc('{uat-1}', '{\"\"}', NULL, false, NULL, NULL, NULL, NULL, 'infinity', "
              "'ffffffff-ffff-ffff-ffff-ffffffffffff', 51);\n",
              f);
    if (page == SEARCH)
        execute_search(f, round % COUNT(words));
    if (page == CASE)
        execute_case(f, cases[round % CASES]);
    if (page == REGISTER)
        fprintf(f, "EXECUTE book_page('uat-1', 'petitions', %d, NULL, NULL, true, 50);\n", year);
    if (page == COUNTY)
        fprintf(f, "EXECUTE desk_counts(%s, '{dora}', now()::date, '%s', '%s');\n", reach, running, waiting);
    if (page == SESSION)
        fprintf(f, "EXECUTE login_check('%s', now(), 30, now()::date);\n", token_hash);
}

static const enum sql_id statements[] = {
    SQL_DESK_ALL_DESC, SQL_BOOK_PAGE,        SQL_CASE_GET,        SQL_CASE_REQUEST,   SQL_CASE_CORRECTIONS,
    SQL_CASE_EVENTS,   SQL_CASE_FACTS,       SQL_CASE_CNP,        SQL_DESK_CASE_TERM, SQL_DESK_CASE_PARTS,
    SQL_DESK_OTHERS,   SQL_BOOK_FIND_RECENT, SQL_BOOK_FIND_WORDS, SQL_DOC_LIST,       SQL_DRAFT_GET,
    SQL_DESK_COUNTS,   SQL_LOGIN_CHECK};

static void script(const char *path, size_t page, size_t first)
{
    FILE *f = fopen(path, "w");

    if (!f)
        die("script");
    fprintf(f, "%s;\n", sql_text(SQL_SESSION));
    for (size_t i = 0; i < COUNT(statements); i++)
        prepare(f, statements[i]);
    for (size_t i = 0; i < WARM; i++)
        execute(f, page, first + i);
    fputs("\\timing on\n", f);
    for (size_t i = 0; i < BLOCK; i++) {
        fputs("\\echo page\n", f);
        execute(f, page, first + i);
    }
    fclose(f);
}

/* One session with everything prepared, as registryd has it. */
static void in_psql(size_t page, size_t first)
{
    char path[300], line[800], *end;
    double *v = pages[page].sql + first;
    size_t at = 0;

    snprintf(path, sizeof(path), "%s/psql", rig.s.dir);
    script(path, page, first);
    snprintf(line, sizeof(line), "psql -X -q -o /dev/null -d '%s' -f %s 2>&1", rig.s.pg.conninfo, path);
    FILE *f = popen(line, "r");
    if (!f)
        die("psql");
    for (size_t i = 0; i < BLOCK; i++)
        v[i] = 0;
    while (fgets(line, sizeof(line), f)) {
        if (strncmp(line, "page", 4) == 0)
            at++;
        else if (strncmp(line, "Time: ", 6) == 0 && at >= 1 && at <= BLOCK)
            v[at - 1] += strtod(line + 6, &end);
        else if (strstr(line, "ERROR"))
            die(line);
    }
    if (pclose(f) != 0 || at != BLOCK)
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
        ask(&b, i % COUNTY, i);
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

/* As desk_states: the clock of a state, or its kind. */
static void states(const struct workflows *f, char out[600], const char *const *list)
{
    size_t n = (size_t)snprintf(out, 600, "{");

    for (size_t i = 0; i < f->n_states; i++)
        for (size_t k = 0; list[k]; k++)
            if (strcmp(f->states[i].clock, list[k]) == 0 || strcmp(f->states[i].kind, list[k]) == 0)
                n += (size_t)snprintf(out + n, 600 - n, "%s%s", n > 1 ? "," : "", f->states[i].id);
    snprintf(out + n, 600 - n, "}");
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
    states(&h.workflows, running, (const char *const[]){"runs", "by_rule", NULL});
    states(&h.workflows, waiting, (const char *const[]){"wait", NULL});
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

static struct browser *who(size_t page)
{
    return page == COUNTY ? &county : &clerk;
}

static void one_round(void)
{
    for (size_t at = 0; at < CALLS; at += BLOCK)
        for (size_t k = 0; k < SIDES; k++) {
            for (size_t i = 0; k < PAGES && i < BLOCK; i++)
                pages[k].api[at + i] = ask(who(k), k, at + i);
            in_psql(k, at);
        }
    double session = percentile(pages[SESSION].sql, CALLS, 0.5);
    for (size_t k = 0; k < SIDES; k++) {
        struct page *p = &pages[k];
        double p50 = percentile(p->api, CALLS, 0.5), p99 = percentile(p->api, CALLS, 0.99);
        double q50 = percentile(p->sql, CALLS, 0.5), q99 = percentile(p->sql, CALLS, 0.99);
        series_add(&p->p50, p50);
        series_add(&p->p99, p99);
        series_add(&p->sql50, q50);
        series_add(&p->sql99, q99);
        series_add(&p->ratio, p50 / q50);
        series_add(&p->ratio99, p99 / q99);
        series_add(&p->whole, p50 / (q50 + session));
    }
}

static void say(const struct page *p, const char *what, const struct series *s, const char *unit)
{
    char name[60], note[200];
    static const char *const words_of[][2] = {
        {"psql_p50", "the page's own statements, prepared, in psql"},
        {"psql_p99", "the page's own statements, prepared, in psql"},
        {"ratio", "of the medians, HTTPS to psql; at most 1.3"},
        {"ratio_p99", "of the slowest hundredth"},
        {"ratio_session", "the same with the statement of session and rights on both sides"},
    };
    const char *text = p->words;

    for (size_t i = 0; i < COUNT(words_of); i++)
        if (strcmp(words_of[i][0], what) == 0)
            text = words_of[i][1];
    snprintf(name, sizeof(name), "desk.%s.%s", p->name, what);
    snprintf(note, sizeof(note), "%s; %.2f to %.2f", text, series_min(s), series_max(s));
    report(name, series_median(s), unit, note);
}

static void measure(int rounds)
{
    for (size_t k = 0; k < PAGES; k++)
        for (size_t i = 0; i < BLOCK; i++)
            ask(who(k), k, i);
    for (int i = 0; i < rounds; i++)
        one_round();
    for (size_t k = 0; k < SIDES; k++) {
        const struct page *p = &pages[k];
        if (k < PAGES) {
            say(p, "p50", &p->p50, "ms");
            say(p, "p99", &p->p99, "ms");
        }
        say(p, "psql_p50", &p->sql50, "ms");
        say(p, "psql_p99", &p->sql99, "ms");
        if (k < PAGES) {
            say(p, "ratio", &p->ratio, "");
            say(p, "ratio_p99", &p->ratio99, "");
            say(p, "ratio_session", &p->whole, "");
        }
    }
}

/* A county above the town halls, who looks over all of it, and a clerk of one. */
static void people(void)
{
    pgcluster_query(&rig.s.pg,
                    "INSERT INTO institution (id, kind, name_ro, name_hu, name_en) VALUES ('cj', 'county', "
                    "'Consiliul Județean', 'Megyei Tanács', 'County Council')");
    pgcluster_query(&rig.s.pg, "UPDATE institution SET parent = 'cj' WHERE id <> 'cj'");
    desk_person(&rig, "vera", "uat-1");
    desk_grant(&rig, "vera", "registrar", "uat-1");
    desk_grant(&rig, "vera", "head", "uat-1");
    desk_person(&rig, "dora", "cj");
    desk_grant(&rig, "dora", "county", "cj/");
    clerk.rig = county.rig = &rig;
    if (desk_enter_as(&county, "dora", desk_secret) != 200 ||
        desk_enter_as(&clerk, "vera", desk_secret) != 200)
        die("login");
}

static void copy(char *out, size_t cap, const char *sql)
{
    snprintf(out, cap, "%s", pgcluster_query(&rig.s.pg, sql));
}

/* What registryd puts into its statements. */
static void values(void)
{
    copy(token_hash, sizeof(token_hash),
         "SELECT encode(token_hash, 'hex') FROM login_session WHERE account = 'vera' ORDER BY began_at DESC "
         "LIMIT 1");
    copy(
        reach, sizeof(reach),
        "SELECT quote_literal(array_agg(id)) || ', ' || quote_literal(array_agg(''::text)) FROM institution");
}

int main(int argc, char **argv)
{
    const char *n = getenv("PRIDVOR_BENCH_REQUESTS"), *out = NULL;
    int rounds = ROUNDS;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--n") == 0)
            n = argv[i + 1];
        if (strcmp(argv[i], "--rounds") == 0)
            rounds = (int)strtol(argv[i + 1], NULL, 10);
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
    people();
    values();
    measure(rounds);
    desk_leave(&county);
    desk_leave(&clerk);
    load();
    desk_rig_free(&rig);
    return 0;
}
