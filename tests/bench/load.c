#include "tests/bench/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/text.h"
#include "tests/db/tclient.h"

enum { CONNS_MAX = 1024, PER_SECOND_MAX = 30000 };

/* A filing with holes: id (twice), code and hash are written anew for each. */
struct mould {
    char *http, *text; /* the whole request; the text that is signed */
    size_t len, textlen, http_id[2], http_code, http_hash, text_id;
};
struct conn {
    struct tclient c;
    struct mould mould;
    char **ready; /* n_ready requests of mould.len bytes */
    size_t n_ready, next;
    int64_t sent_us;
};
struct load {
    const struct load_conf *conf;
    struct conn *conns;
    int epoll, open;
    int64_t stop_us;
    struct load_result result;
    float *latency_ms;
    size_t n_latency, cap_latency;
};

static void die(const char *what)
{
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

static size_t find(const char *in, size_t from, const char *what)
{
    const char *at = strstr(in + from, what);
    if (!at)
        die("the mould has no such hole");
    return (size_t)(at - in);
}

static void mould_make(struct mould *m, int terminal, int institution)
{
    struct body b;
    char name[16], where[24], hex[2 * SHA256_LEN + 1];
    uint8_t hash[SHA256_LEN];
    ARENA_SCOPE(a);

    snprintf(name, sizeof(name), "K%02d", terminal);
    snprintf(where, sizeof(where), "uat-%d", institution);
    body_init(&b, name, where);
    const char *text = body_request(a, &b), *body = body_text(a, &b);
    m->text = strdup(text);
    m->textlen = strlen(text);
    m->http = strdup(
        arena_fmt(a, "POST /v1/requests HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n%s",
                  body_headers(a, &b), strlen(body), body));
    m->len = strlen(m->http);
    sha256(hash, text, m->textlen);
    hex_encode(hex, hash, sizeof(hash));
    m->text_id = find(m->text, 0, b.id);
    m->http_id[0] = find(m->http, 0, b.id);
    m->http_id[1] = find(m->http, m->http_id[0] + 1, b.id);
    m->http_code = find(m->http, 0, b.code);
    m->http_hash = find(m->http, 0, hex);
}

static char *mould_cast(struct mould *m)
{
    char id[UUID_LEN], code[RECEIPT_CODE_LEN + 1], hex[2 * SHA256_LEN + 1];
    uint8_t hash[SHA256_LEN];
    struct err e = {0};
    char *out = malloc(m->len);

    if (!out || uuid7(id, &e) != RC_OK || receipt_code_new(code, &e) != RC_OK)
        die("no memory");
    memcpy(m->text + m->text_id, id, UUID_LEN - 1);
    sha256(hash, m->text, m->textlen);
    hex_encode(hex, hash, sizeof(hash));
    memcpy(out, m->http, m->len);
    memcpy(out + m->http_id[0], id, UUID_LEN - 1);
    memcpy(out + m->http_id[1], id, UUID_LEN - 1);
    memcpy(out + m->http_code, code, RECEIPT_CODE_LEN);
    memcpy(out + m->http_hash, hex, sizeof(hex) - 1);
    return out;
}

static int terminal_of(const struct load *l, int i)
{
    return l->conf->institutions == 1 ? 1 : i % l->conf->server->terminals + 1;
}

static void cast_all(struct load *l, int i)
{
    struct conn *c = &l->conns[i];

    mould_make(&c->mould, terminal_of(l, i), terminal_of(l, i));
    c->n_ready = (size_t)(l->conf->seconds * PER_SECOND_MAX / l->conf->conns) + 8;
    c->ready = calloc(c->n_ready, sizeof(char *));
    for (size_t k = 0; k < c->n_ready; k++)
        c->ready[k] = mould_cast(&c->mould);
}

/* A server waits only so long for the first request of a new connection; on a busy machine the others may
 * take longer to come up. */
static void connect_one(struct load *l, int i)
{
    struct conn *c = &l->conns[i];
    struct err e = {0};
    char name[16];

    snprintf(name, sizeof(name), "K%02d", terminal_of(l, i));
    struct tls_ctx *ctx = server_client(l->conf->server, name);
    if (tclient_open(&c->c, l->conf->port, ctx, &e) != RC_OK ||
        tclient_request(&c->c, "GET", "/v1/ping", "", "", NULL, &e) != 200)
        die(e.text);
    buf_reset(&c->c.in);
    fcntl(c->c.fd, F_SETFL, fcntl(c->c.fd, F_GETFL) | O_NONBLOCK);
    struct epoll_event ev = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->c.fd, &ev);
    /* The context stays: its connection lives as long as the program. */
}

static void conn_write(struct load *l, struct conn *c, int i)
{
    const char *p;
    size_t n;
    bool blocked = false;

    while (!blocked && (n = tls_drain(c->c.tls, &p)) > 0) {
        ssize_t done = send(c->c.fd, p, n, MSG_NOSIGNAL);
        if (done < 0 && errno != EAGAIN)
            die("connection lost while writing");
        blocked = done < 0;
        if (done > 0)
            tls_drained(c->c.tls, (size_t)done);
    }
    struct epoll_event ev = {.events = EPOLLIN | (blocked ? EPOLLOUT : 0), .data.u32 = (uint32_t)i};
    if (blocked)
        epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->c.fd, &ev);
}

static void conn_next(struct load *l, struct conn *c, int i)
{
    struct err e = {0};

    c->sent_us = mono_us();
    if (c->sent_us >= l->stop_us || c->next == c->n_ready) {
        l->open--;
        return;
    }
    if (tls_write(c->c.tls, c->ready[c->next++], c->mould.len, &e) != RC_OK)
        die(e.text);
    conn_write(l, c, i);
}

static void conn_answer(struct load *l, struct conn *c, int i)
{
    bool good = strncmp(c->c.in.p, "HTTP/1.1 201", 12) == 0;

    l->result.done += good;
    l->result.failed += !good;
    if (!good && l->result.failed == 1)
        fprintf(stderr, "load: %.300s\n", c->c.in.p);
    if (l->n_latency < l->cap_latency)
        l->latency_ms[l->n_latency++] = (float)(mono_us() - c->sent_us) / 1000;
    buf_reset(&c->c.in);
    conn_next(l, c, i);
}

static bool complete(const struct buf *in)
{
    const char *end = in->p ? strstr(in->p, "\r\n\r\n") : NULL;
    const char *len = end ? strcasestr(in->p, "content-length:") : NULL;
    return len && in->len >= (size_t)(end + 4 - in->p) + strtoul(len + 15, NULL, 10);
}

static void conn_read(struct load *l, struct conn *c, int i)
{
    static char raw[65536];
    struct err e = {0};
    int n;
    ssize_t got = recv(c->c.fd, raw, sizeof(raw), 0);

    if (got <= 0) {
        if (got < 0 && errno == EAGAIN)
            return;
        die("connection lost while reading");
    }
    tls_feed(c->c.tls, raw, (size_t)got);
    while ((n = tls_read(c->c.tls, raw, sizeof(raw), &e)) > 0)
        buf_add(&c->c.in, raw, (size_t)n);
    if (n < 0)
        die("connection ended");
    if (complete(&c->c.in))
        conn_answer(l, c, i);
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

struct meter {
    double client, server, postgres, batches, commit_s;
    double all_s, idle_s; /* of the machine's cores */
};

static void machine_read(struct meter *m)
{
    unsigned long long t[8] = {0}, sum = 0;
    FILE *f = fopen("/proc/stat", "re");

    if (f && fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3], &t[4],
                    &t[5], &t[6], &t[7]) == 8)
        for (size_t i = 0; i < COUNT(t); i++)
            sum += t[i];
    if (f)
        fclose(f);
    m->all_s = (double)sum / (double)sysconf(_SC_CLK_TCK);
    m->idle_s = (double)(t[3] + t[4]) / (double)sysconf(_SC_CLK_TCK); /* waiting for a disk is idle, too */
}

static double figure(const char *text, const char *name)
{
    const char *at = text;
    size_t len = strlen(name);
    while (at && (at = strstr(at, name))) {
        if (at[len] == ' ' && (at == text || at[-1] == '\n'))
            return strtod(at + len, NULL);
        at += len;
    }
    return 0;
}

static struct meter meter_read(const struct load_conf *conf)
{
    struct meter m = {.client = cpu_s(),
                      .server = server_cpu_s(conf->server),
                      .postgres = server_postgres_cpu_s(conf->server)};
    struct tclient c;
    struct err e = {0};
    BUF_SCOPE(text);

    machine_read(&m);
    if (tclient_open(&c, conf->server->public_port, NULL, &e) != RC_OK)
        return m;
    if (tclient_request(&c, "GET", "/metrics", "", "", &text, &e) == 200) {
        m.batches = figure(text.p, "pridvor_batches_total");
        m.commit_s = figure(text.p, "pridvor_commit_seconds_total");
    }
    tclient_close(&c);
    return m;
}

static void run(struct load *l)
{
    struct epoll_event ev[256];

    while (l->open > 0) {
        int n = epoll_wait(l->epoll, ev, 256, 30000);
        if (n <= 0)
            die("no answer for 30 s");
        for (int k = 0; k < n; k++) {
            int i = (int)ev[k].data.u32;
            if (ev[k].events & EPOLLOUT)
                conn_write(l, &l->conns[i], i);
            if (ev[k].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                conn_read(l, &l->conns[i], i);
        }
    }
}

static void load_free(struct load *l)
{
    for (int i = 0; i < l->conf->conns; i++) {
        struct conn *c = &l->conns[i];
        tclient_close(&c->c);
        for (size_t k = 0; k < c->n_ready; k++)
            free(c->ready[k]);
        free(c->ready);
        free(c->mould.http);
        free(c->mould.text);
    }
    free(l->conns);
    free(l->latency_ms);
    close(l->epoll);
}

struct load_result load_run(const struct load_conf *conf)
{
    struct load l = {.conf = conf, .epoll = epoll_create1(EPOLL_CLOEXEC), .open = conf->conns};

    l.conns = calloc((size_t)conf->conns, sizeof(*l.conns));
    l.cap_latency = (size_t)(conf->seconds * PER_SECOND_MAX) + 1024;
    l.latency_ms = calloc(l.cap_latency, sizeof(float));
    for (int i = 0; i < conf->conns; i++)
        cast_all(&l, i);
    for (int i = 0; i < conf->conns; i++)
        connect_one(&l, i);
    struct meter before = meter_read(conf), after;
    int64_t start = mono_us();
    l.stop_us = start + (int64_t)(conf->seconds * 1e6);
    for (int i = 0; i < conf->conns; i++)
        conn_next(&l, &l.conns[i], i);
    run(&l);
    l.result.seconds = (double)(mono_us() - start) / 1e6;
    after = meter_read(conf);
    l.result.client_cpu_s = after.client - before.client;
    l.result.server_cpu_s = after.server - before.server;
    l.result.postgres_cpu_s = after.postgres - before.postgres;
    double all = after.all_s - before.all_s;
    double ours = l.result.client_cpu_s + l.result.server_cpu_s + l.result.postgres_cpu_s;
    if (all > 0) {
        l.result.idle = (after.idle_s - before.idle_s) / all;
        l.result.others = 1 - l.result.idle - ours / all;
    }
    if (after.batches > before.batches) {
        l.result.batch = (double)l.result.done / (after.batches - before.batches);
        l.result.commit_ms = (after.commit_s - before.commit_s) * 1000 / (after.batches - before.batches);
    }
    qsort(l.latency_ms, l.n_latency, sizeof(float), by_value);
    if (l.n_latency) {
        l.result.p50_ms = l.latency_ms[l.n_latency / 2];
        l.result.p99_ms = l.latency_ms[l.n_latency * 99 / 100];
    }
    load_free(&l);
    return l.result;
}

double load_idle_kb(const struct load_conf *conf, int n)
{
    struct tclient *c = calloc((size_t)n, sizeof(*c));
    struct tls_ctx *ctx = server_client(conf->server, "K01");
    struct err e = {0};
    long before = server_rss_kb(conf->server);

    for (int i = 0; i < n; i++) {
        if (tclient_open(&c[i], conf->port, ctx, &e) != RC_OK ||
            tclient_request(&c[i], "GET", "/v1/ping", "", "", NULL, &e) != 200)
            die("an idle connection was refused");
    }
    long after = server_rss_kb(conf->server);
    for (int i = 0; i < n; i++)
        tclient_close(&c[i]);
    tls_ctx_free(ctx);
    free(c);
    return (double)(after - before) / n;
}
