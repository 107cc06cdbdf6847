/* Filing over mutual TLS against pgbench with the same SQL, one request per transaction, and against the
 * usual Node server. Rounds of all of them take turns, so that a machine that slows down slows all; the
 * ratios are the result. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/sealed.h"
#include "backend/sql.h"
#include "common/base/clock.h"
#include "common/base/fs.h"
#include "tests/bench/load.h"
#include "tests/bench/report.h"
#include "tests/db/tclient.h"

enum { TERMINALS = 64, CONNS = 64, PGBENCH_CLIENTS = 32, IDLE = 400, NODE_READY_MS = 15000 };

struct bench {
    struct server server;
    int rounds, node_port;
    double seconds, profile; /* profile: only file for so long, for perf */
    bool node;
    pid_t node_pid;
    char script[300], script_batch[300];
    int runs; /* pgbench ids start elsewhere in each */
};
/* What one row of the table measures, for 100 institutions and for one. */
struct place {
    int institutions;
    const char *name;
    struct series ours, pgbench, ratio, batch, batch_ratio, node, node_ratio, p50, p99, cpu_us, pg_us,
        client_us, single_us, idle;
};

static const char *const setup_sql[] = {
    "shared_buffers|256MB",
    "checkpoint_timeout|15min",
    "max_wal_size|8GB",
    "wal_compression|lz4",
};

static void die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

/* ---- pgbench ---- */

/* What stands for each parameter of intake_one.sql. Times and ids come from the client, as registryd gives
 * them; the bytes are as many and as random as those of a sealed filing, as text because convert_to() costs
 * the server less than reading hex. :a is a number of its own for each transaction. */
static const char *const parameters[] = {
    "lpad(to_hex(:a::bigint), 32, '0')::uuid",
    "('uat-' || :k::text)",
    "'general'",
    "'K01'",
    "'cs.birth_certificate'",
    "1",
    "'kiosk'",
    "'ro'",
    "substr(md5(:a::text), 1, 10)",
    "decode(:hash, 'hex')",
    "decode(:hash, 'hex')",
    "convert_to(:request::text, 'UTF8')",
    "convert_to(:signature::text, 'UTF8')",
    "'2026-11-22T08:15:00.123Z'",
    "false",
    "'2026-11-22'",
    "'2026-12-22'",
    "'ana.muresan@example.ro'",
    "NULL",
    "1",
    "now()",
    "2026",
    "substr(decode(:hash, 'hex'), 1, 24)",
};

static void write_script(char path[300], const char *dir, enum sql_id id)
{
    struct err e = {0};
    BUF_SCOPE(out);
    const char *sql = strstr(sql_text(id), "WITH");
    bool arrays = id == SQL_INTAKE_BATCH;

    buf_str(&out, "\\set i :i + 1\n\\set a :base + :i * 64 + :client_id\n\\set k random(1, :institutions)\n");
    while (*sql) {
        char *end;
        unsigned long n = *sql == '$' ? strtoul(sql + 1, &end, 10) : 0;
        if (n >= 1 && n <= COUNT(parameters)) {
            buf_fmt(&out, arrays && (n <= 20 || n == 23) ? "array[%s]" : "%s", parameters[n - 1]);
            sql = end;
        } else {
            buf_chr(&out, *sql++);
        }
    }
    buf_str(&out, ";\n");
    snprintf(path, 300, "%s/%s.pgbench", dir, sql_table[id].name);
    if (fs_write(path, out.p, out.len, 0644, &e) != RC_OK)
        die(e.text);
}

static pid_t spawn(const char *const argv[], const char *out, const char *options)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0)
        _exit(126);
    dup2(fd, 1);
    dup2(fd, 2);
    setenv("PGOPTIONS", options, 1);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

/* Text as long as a seal of so many bytes. */
static const char *like_sealed(struct arena *a, size_t len)
{
    char *text = arena_alloc(a, len + SEALED_MORE + 1);
    for (size_t i = 0; i < len + SEALED_MORE; i++)
        text[i] = (char)('0' + random() % 64);
    for (char *p = text; *p; p++)
        if (*p == '\\')
            *p = 'z';
    return text;
}

#define PLAN_OPTIONS "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off -c timezone=UTC"

static double pgbench_run(struct bench *b, const char *script, int clients, int institutions, double seconds)
{
    char out[300], program[300], c[16], t[16], base[40], k[40], hash[80] = "hash=", *text;
    struct body body;
    struct err e = {0};
    size_t len;
    double tps = 0;
    ARENA_SCOPE(a);

    body_init(&body, "K01", "uat-1");
    const char *full = body_text(a, &body), *sig = strstr(full, "\"signature\":") + 12;
    const char *request = arena_fmt(a, "request=%s", like_sealed(a, strlen(body_request(a, &body))));
    const char *signature =
        arena_fmt(a, "signature=%s", like_sealed(a, (size_t)(strstr(sig, ",\"receipt\"") - sig)));
    memset(hash + 5, 'a', 64);
    snprintf(out, sizeof(out), "%s/pgbench.out", b->server.dir);
    snprintf(program, sizeof(program), "%s/pgbench", b->server.pg.bin);
    snprintf(c, sizeof(c), "%d", clients);
    snprintf(t, sizeof(t), "%d", (int)seconds);
    snprintf(base, sizeof(base), "base=%lld", (long long)++b->runs * INT64_C(10000000000));
    snprintf(k, sizeof(k), "institutions=%d", institutions);
    const char *argv[] = {program,
                          "-n",
                          "-M",
                          "prepared",
                          "-c",
                          c,
                          "-j",
                          clients > 1 ? "2" : "1",
                          "-T",
                          t,
                          "-f",
                          script,
                          "-D",
                          base,
                          "-D",
                          k,
                          "-D",
                          hash,
                          "-D",
                          request,
                          "-D",
                          signature,
                          "-D",
                          "i=0",
                          b->server.pg.conninfo,
                          NULL};
    waitpid(spawn(argv, out, PLAN_OPTIONS), NULL, 0);
    if (fs_read(a, out, 1 << 20, &text, &len, &e) != RC_OK)
        die(e.text);
    const char *at = strstr(text, "tps = ");
    if (!at || sscanf(at, "tps = %lf", &tps) != 1)
        die(text);
    return tps;
}

/* ---- Node ---- */

static bool node_start(struct bench *b)
{
    char conf[300], script[600], out[300];
    struct err e = {0};
    const char *source = getenv("PRIDVOR_SOURCE");
    ARENA_SCOPE(a);
    BUF_SCOPE(sql);

    snprintf(script, sizeof(script), "%s/tests/bench/node/server.mjs", source ? source : ".");
    if (!fs_exists(arena_fmt(a, "%s/tests/bench/node/node_modules/fastify", source ? source : ".")))
        return false;
    b->node_port = b->server.port + 1;
    json_quote(&sql, sql_text(SQL_INTAKE_ONE));
    const char *text = arena_fmt(
        a,
        "{\"pg\":\"%s\",\"database\":\"pridvor\",\"port\":%d,\"ca\":\"%s/ca.pem\","
        "\"cert\":\"%s/server.pem\",\"key\":\"%s/server.key\",\"options\":\"%s\",\"sql\":%s}",
        b->server.pg.dir, b->node_port, b->server.dir, b->server.dir, b->server.dir, PLAN_OPTIONS, sql.p);
    snprintf(conf, sizeof(conf), "%s/node.json", b->server.dir);
    snprintf(out, sizeof(out), "%s/node.out", b->server.dir);
    if (fs_write(conf, text, strlen(text), 0600, &e) != RC_OK)
        die(e.text);
    b->node_pid = spawn((const char *[]){"node", script, conf, NULL}, out, "");
    for (int64_t until = mono_ms() + NODE_READY_MS; mono_ms() < until; usleep(50000)) {
        struct load_conf probe = {&b->server, b->node_port, 1, 1, 0.05};
        struct tls_ctx *ctx = server_client(&b->server, "K01");
        struct tclient c;
        bool up = tclient_open(&c, b->node_port, ctx, &e) == RC_OK;
        if (up)
            tclient_close(&c);
        tls_ctx_free(ctx);
        if (up)
            return load_run(&probe).failed == 0;
    }
    return false;
}

/* ---- rounds ---- */

static void settle(struct bench *b)
{
    pgcluster_query(&b->server.pg, "CHECKPOINT");
}

static double node_rate(struct bench *b, struct load_conf conf)
{
    settle(b);
    conf.port = b->node_port;
    struct load_result n = load_run(&conf);
    return (double)n.done / n.seconds;
}

static void one_round(struct bench *b, struct place *p)
{
    struct load_conf conf = {&b->server, b->server.port, CONNS, p->institutions, b->seconds};

    settle(b);
    struct load_result r = load_run(&conf);
    double rate = (double)r.done / r.seconds, us = 1e6 / (double)r.done;
    if (r.failed)
        die("a filing was refused");
    settle(b);
    double before = server_postgres_cpu_s(&b->server);
    double single = pgbench_run(b, b->script, PGBENCH_CLIENTS, p->institutions, b->seconds);
    double single_us = (server_postgres_cpu_s(&b->server) - before) * 1e6 / (single * b->seconds);
    settle(b);
    double batch = pgbench_run(b, b->script_batch, PGBENCH_CLIENTS, p->institutions, b->seconds);
    series_add(&p->ours, rate);
    series_add(&p->pgbench, single);
    series_add(&p->ratio, rate / single);
    series_add(&p->batch, batch);
    series_add(&p->batch_ratio, rate / batch);
    series_add(&p->p50, r.p50_ms);
    series_add(&p->p99, r.p99_ms);
    series_add(&p->cpu_us, r.server_cpu_s * us);
    series_add(&p->pg_us, r.postgres_cpu_s * us);
    series_add(&p->client_us, r.client_cpu_s * us);
    series_add(&p->single_us, single_us);
    series_add(&p->idle, r.idle);
    printf("  %3d institutions: registryd %6.0f/s, pgbench %6.0f/s: %.2f, with the batch SQL %6.0f/s: %.2f; "
           "batch %.0f in %.1f ms, p99 %.1f ms, cpu us %.0f + pg %.0f + client %.0f, idle %.0f %%, others "
           "%.0f %%, pg of pgbench %.0f us",
           p->institutions, rate, single, rate / single, batch, rate / batch, r.batch, r.commit_ms, r.p99_ms,
           r.server_cpu_s * us, r.postgres_cpu_s * us, r.client_cpu_s * us, r.idle * 100, r.others * 100,
           single_us);
    if (b->node) {
        double node = node_rate(b, conf);
        series_add(&p->node, node);
        series_add(&p->node_ratio, rate / node);
        printf(", fastify %.0f/s", node);
    }
    printf("\n");
    fflush(stdout);
}

static void report_place(const struct place *p, bool node)
{
    const char *goal = p->institutions == 1 ? "at least 5" : "at least 2.3, aim 3";
    char name[80];
#define NAME(suffix) (snprintf(name, sizeof(name), "intake.%s.%s", p->name, suffix), name)
    report_series(NAME("per_s"), &p->ours, "1/s", "mutual TLS, 64 kept connections, fsync on");
    report_series(NAME("pgbench_per_s"), &p->pgbench, "1/s", "the same SQL for one request, 32 clients");
    report_series(NAME("vs_pgbench"), &p->ratio, "x", goal);
    report_series(NAME("pgbench_batch_sql_per_s"), &p->batch, "1/s",
                  "the batch statement with one request, 32 clients");
    report_series(NAME("vs_pgbench_batch_sql"), &p->batch_ratio, "x",
                  "no goal: a slower way to file one by one");
    if (node) {
        report_series(NAME("fastify_per_s"), &p->node, "1/s",
                      "Node, 2 workers, the same SQL for one request");
        report_series(NAME("vs_fastify"), &p->node_ratio, "x", "");
    }
    report_series(NAME("p50_ms"), &p->p50, "ms", "");
    report_series(NAME("p99_ms"), &p->p99, "ms", "");
    report_series(NAME("cpu_us"), &p->cpu_us, "us", "registryd, per filing; aim 60");
    report_series(NAME("postgres_cpu_us"), &p->pg_us, "us", "PostgreSQL, per filing in batches");
    report_series(NAME("client_cpu_us"), &p->client_us, "us", "the load client, per filing");
    report_series(NAME("idle"), &p->idle, "", "share of the cores that nobody used meanwhile");
    report_series(NAME("pgbench_postgres_cpu_us"), &p->single_us, "us",
                  "PostgreSQL, per request of its own transaction");
#undef NAME
}

static void lonely(struct bench *b)
{
    struct load_conf conf = {&b->server, b->server.port, 1, 1, b->seconds};
    struct series ratio = {0}, rate = {0};

    for (int i = 0; i < 3; i++) {
        struct load_result r = load_run(&conf);
        double tps = pgbench_run(b, b->script, 1, 1, b->seconds);
        series_add(&rate, (double)r.done / r.seconds);
        series_add(&ratio, (double)r.done / r.seconds / tps);
    }
    report_series("intake.lonely.per_s", &rate, "1/s", "one terminal");
    report_series("intake.lonely.vs_pgbench", &ratio, "x", "one terminal against one pgbench client");
}

static void prepare(struct bench *b)
{
    char name[64];

    if (!server_make(&b->server, TERMINALS))
        die("no PostgreSQL on this machine");
    for (size_t i = 0; i < COUNT(setup_sql); i++) {
        const char *bar = strchr(setup_sql[i], '|');
        snprintf(name, sizeof(name), "%.*s", (int)(bar - setup_sql[i]), setup_sql[i]);
        pgcluster_setting(&b->server.pg, name, bar + 1);
    }
    pgcluster_stop(&b->server.pg, SIGINT);
    pgcluster_start(&b->server.pg);
    server_start(&b->server);
    write_script(b->script, b->server.dir, SQL_INTAKE_ONE);
    write_script(b->script_batch, b->server.dir, SQL_INTAKE_BATCH);
}

static void arguments(struct bench *b, int argc, char **argv, const char **out)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--out") == 0)
            *out = argv[i + 1];
        else if (strcmp(argv[i], "--rounds") == 0)
            b->rounds = (int)strtol(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--seconds") == 0)
            b->seconds = strtod(argv[i + 1], NULL);
        else if (strcmp(argv[i], "--shards") == 0)
            b->server.shards = (int)strtol(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--profile") == 0)
            b->profile = strtod(argv[i + 1], NULL);
        else if (strcmp(argv[i], "--node") == 0)
            b->node = strcmp(argv[i + 1], "no") != 0;
    }
}

int main(int argc, char **argv)
{
    static struct bench b = {.rounds = 5, .seconds = 4, .node = true};
    static struct place places[] = {{.institutions = 100, .name = "inst100"},
                                    {.institutions = 1, .name = "inst1"}};
    const char *out = NULL;

    arguments(&b, argc, argv, &out);
    report_open(out);
    prepare(&b);
    struct load_conf conf = {&b.server, b.server.port, CONNS, 100, b.profile > 0 ? b.profile : 1};
    if (b.profile > 0) {
        struct load_result r = load_run(&conf);
        printf("%.0f/s, p50 %.1f ms, batch %.0f in %.1f ms, cpu us %.1f + pg %.1f + client %.1f, idle "
               "%.0f %%, others %.0f %%\n",
               (double)r.done / r.seconds, r.p50_ms, r.batch, r.commit_ms,
               r.server_cpu_s * 1e6 / (double)r.done, r.postgres_cpu_s * 1e6 / (double)r.done,
               r.client_cpu_s * 1e6 / (double)r.done, r.idle * 100, r.others * 100);
        server_free(&b.server);
        return 0;
    }
    if (b.node)
        b.node = node_start(&b);
    if (!b.node)
        printf("  no Fastify beside it: npm ci in tests/bench/node\n");
    load_run(&conf);
    pgbench_run(&b, b.script, PGBENCH_CLIENTS, 100, 1);
    for (int i = 0; i < b.rounds; i++)
        for (size_t k = 0; k < COUNT(places); k++)
            one_round(&b, &places[k]);
    for (size_t k = 0; k < COUNT(places); k++)
        report_place(&places[k], b.node);
    if (b.node)
        kill(b.node_pid, SIGTERM);
    lonely(&b);
    report("intake.idle_connection_kb", load_idle_kb(&conf, IDLE), "KB",
           "memory per idle mutual-TLS connection; aim 40");
    server_free(&b.server);
    return 0;
}
