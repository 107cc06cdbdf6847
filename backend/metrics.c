/* Health for machines that watch, figures for Prometheus (text format 0.0.4). No personal data. */
#include <string.h>

#include "backend/case.h"
#include "backend/registry.h"

static const int64_t bounds_ms[] = LATENCY_BOUNDS_MS;

void healthz_get(struct http_req *r, void *user)
{
    struct registry *g = user;
    bool ready = registry_ready(g);
    http_json(r, ready ? 200 : 503,
              arena_fmt(http_arena(r),
                        "{\"ok\":%s,\"database\":\"%s\",\"intake\":%u,\"of\":%u,\"version\":\"%s\"}",
                        ready ? "true" : "false", db_up(g->db) ? "up" : "down", intake_up(g->intake),
                        intake_shards(g->intake), PRIDVOR_VERSION));
}

struct figure {
    const char *name, *type, *help;
    double value;
};

static void figures(struct buf *out, const struct figure *f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_fmt(out, "# HELP pridvor_%s %s\n# TYPE pridvor_%s %s\npridvor_%s %.17g\n", f[i].name, f[i].help,
                f[i].name, f[i].type, f[i].name, f[i].value);
}

static void submissions(struct buf *out, const struct intake_stats *s)
{
    const struct {
        const char *result;
        uint64_t n;
    } rows[] = {{"registered", s->registered},
                {"repeated", s->repeated},
                {"conflict", s->conflicts},
                {"failed", s->failed}};

    buf_str(out, "# HELP pridvor_submissions_total Requests that reached the intake, by result.\n"
                 "# TYPE pridvor_submissions_total counter\n");
    for (size_t i = 0; i < COUNT(rows); i++)
        buf_fmt(out, "pridvor_submissions_total{result=\"%s\"} %llu\n", rows[i].result,
                (unsigned long long)rows[i].n);
}

static void refusals(struct buf *out, const struct registry *g)
{
    buf_str(out, "# HELP pridvor_refused_total Answers to terminals that were not a number, by cause.\n"
                 "# TYPE pridvor_refused_total counter\n");
    for (int rc = 0; rc < RC_COUNT; rc++)
        if (g->stats.refused[rc])
            buf_fmt(out, "pridvor_refused_total{rc=\"%s\"} %llu\n", rc_name((enum rc)rc),
                    (unsigned long long)g->stats.refused[rc]);
}

static void batch_sizes(struct buf *out, const struct intake_stats *s)
{
    uint64_t sum = 0;

    buf_str(out,
            "# HELP pridvor_batch_size Requests per transaction.\n# TYPE pridvor_batch_size histogram\n");
    for (size_t i = 0; i < COUNT(s->size_sum); i++) {
        sum += s->size_sum[i];
        if (i < COUNT(s->size_sum) - 1)
            buf_fmt(out, "pridvor_batch_size_bucket{le=\"%u\"} %llu\n", 1u << i, (unsigned long long)sum);
        else
            buf_fmt(out, "pridvor_batch_size_bucket{le=\"+Inf\"} %llu\n", (unsigned long long)sum);
    }
    buf_fmt(out, "pridvor_batch_size_sum %llu\npridvor_batch_size_count %llu\n",
            (unsigned long long)(s->registered + s->repeated + s->conflicts), (unsigned long long)sum);
}

static void latency(struct buf *out, const struct registry_stats *s)
{
    uint64_t sum = 0;

    buf_str(out, "# HELP pridvor_filing_seconds From the first byte of a filing to its answer.\n"
                 "# TYPE pridvor_filing_seconds histogram\n");
    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        sum += s->latency[i];
        if (i < COUNT(bounds_ms))
            buf_fmt(out, "pridvor_filing_seconds_bucket{le=\"%.3f\"} %llu\n", (double)bounds_ms[i] / 1000,
                    (unsigned long long)sum);
        else
            buf_fmt(out, "pridvor_filing_seconds_bucket{le=\"+Inf\"} %llu\n", (unsigned long long)sum);
    }
    buf_fmt(out, "pridvor_filing_seconds_sum %.6f\npridvor_filing_seconds_count %llu\n",
            (double)s->latency_us / 1e6, (unsigned long long)sum);
}

void metrics_get(struct http_req *r, void *user)
{
    struct registry *g = user;
    const struct intake_stats *s = intake_stats(g->intake);
    BUF_SCOPE(out);
    const struct figure list[] = {
        {"up", "gauge", "1 when requests can be registered.", registry_ready(g)},
        {"database_up", "gauge", "General connection to PostgreSQL.", db_up(g->db)},
        {"intake_connections_up", "gauge", "Intake connections to PostgreSQL that work.",
         intake_up(g->intake)},
        {"database_connects_total", "counter", "Connections made.", (double)db_connects(g->db)},
        {"intake_waiting", "gauge", "Requests waiting for a commit.", intake_waiting(g->intake)},
        {"batches_total", "counter", "Transactions of the intake.", (double)s->batches},
        {"flushes_total", "counter", "Waits for the disk, each for all batches before it.",
         (double)s->flushes},
        {"batches_halved_total", "counter", "Batches run again in halves.", (double)s->halved},
        {"batches_doubted_total", "counter", "Batches run again because not all in them were new.",
         (double)s->doubted},
        {"unanswered_total", "counter", "Requests whose commit is not known.", (double)s->unanswered},
        {"commit_seconds_total", "counter", "Time in transactions of the intake.",
         (double)s->commit_us / 1e6},
        {"terminal_connections", "gauge", "Open connections of terminals.", http_conns(g->terminals)},
        {"public_connections", "gauge", "Open connections to the public pages.", http_conns(g->public)},
        {"terminals", "gauge", "Certificates that may speak.", (double)g->world.n_terminals},
        {"blobs_total", "counter", "Files received.", (double)g->stats.blobs},
        {"blobs_again_total", "counter", "Files received that were here already.",
         (double)g->stats.blobs_again},
        {"blob_bytes_total", "counter", "Bytes of files received.", (double)g->stats.blob_bytes},
        {"status_ok_total", "counter", "Status pages shown.", (double)g->stats.status_ok},
        {"status_wrong_total", "counter", "Wrong code and PIN pairs.", (double)g->stats.status_wrong},
        {"status_locked_total", "counter", "Status pages refused after wrong tries.",
         (double)g->stats.status_locked},
    };

    submissions(&out, s);
    refusals(&out, g);
    batch_sizes(&out, s);
    latency(&out, &g->stats);
    figures(&out, list, COUNT(list));
    help_metrics(&out, g);
    outbox_metrics(&out, g->outbox);
    case_metrics(&out, g);
    http_reply(r, 200, "text/plain; version=0.0.4", out.p, out.len);
}
