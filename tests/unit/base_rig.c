#include "tests/unit/base_rig.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/clock.h"

#define BIG ((size_t)5 << 20)

struct inside {
    pthread_t thread;
    uv_loop_t loop;
    uv_async_t stop;
    struct http_server *server;
    atomic_uint conns, closed, looks, made, ends[RC_COUNT];
    uv_timer_t watch;
    uv_barrier_t ready;
    struct rig *rig;
};

static void hello(struct http_req *r, void *user)
{
    (void)user;
    http_set(r, "X-Split", "a\r\nEvil: 1"); /* dropped */
    http_set(r, "X-Test", "yes");
    http_json(r, 200, "{\"hello\":true}");
}

static void echo(struct http_req *r, void *user)
{
    size_t n;
    (void)user;
    const char *p = http_body(r, &n);
    http_reply(r, 200, "application/octet-stream", p, n);
}

/* Says how the server understood the request. */
static void look(struct http_req *r, void *user)
{
    const char *q = http_query(r, "q"), *h = http_header(r, "x-probe");
    (void)user;
    char *text = arena_fmt(http_arena(r), "%s %s q=%s h=%s cn=%s from=%s", http_method(r), http_path(r),
                           q != NULL ? q : "-", h != NULL ? h : "-", http_peer_cn(r), http_remote(r));
    http_reply(r, 200, "text/plain", text, strlen(text));
}

static void fail(struct http_req *r, void *user)
{
    struct err e;
    (void)user;
    err_at(&e, RC_BAD_FIELD, "who.\"cnp\"", "longer than %d bytes", 13);
    http_fail(r, &e);
}

struct later {
    uv_timer_t timer;
    struct http_req *r;
};

static void timer_gone(uv_handle_t *h)
{
    free(h->data);
}

static void on_later(uv_timer_t *t)
{
    struct later *l = t->data;
    http_json(l->r, 200, "{\"late\":true}");
    uv_close((uv_handle_t *)t, timer_gone);
}

static void slow(struct http_req *r, void *user)
{
    struct inside *in = user;
    struct later *l = calloc(1, sizeof(*l));
    const char *ms = http_query(r, "ms");
    l->r = r;
    l->timer.data = l;
    uv_timer_init(&in->loop, &l->timer);
    uv_timer_start(&l->timer, on_later, ms != NULL ? (uint64_t)strtol(ms, NULL, 10) : 30, 0);
}

static void big(struct http_req *r, void *user)
{
    (void)user;
    char *p = malloc(BIG);
    memset(p, 'b', BIG);
    http_reply(r, 200, "text/plain", p, BIG);
    free(p);
}

struct ticker {
    uv_timer_t timer;
    struct http_req *r;
    struct inside *in;
    int n, limit;
};

static void stream_closed(struct http_req *r, void *p)
{
    struct ticker *t = p;
    (void)r;
    atomic_fetch_add(&t->in->closed, 1);
    t->timer.data = t;
    uv_close((uv_handle_t *)&t->timer, timer_gone);
}

static void tick(uv_timer_t *timer)
{
    struct ticker *t = timer->data;
    char text[64];
    int n = snprintf(text, sizeof(text), "id: %d\nevent: state\ndata: {}\n\n", ++t->n);
    http_stream_send(t->r, text, (size_t)n);
    if (t->n == t->limit)
        http_stream_end(t->r);
}

static void events(struct http_req *r, void *user)
{
    struct ticker *t = calloc(1, sizeof(*t));
    const char *limit = http_query(r, "n");
    t->in = user;
    t->r = r;
    t->limit = limit != NULL ? (int)strtol(limit, NULL, 10) : 0;
    t->timer.data = t;
    uv_timer_init(&t->in->loop, &t->timer);
    uv_timer_start(&t->timer, tick, 5, 5);
    http_stream(r, "text/event-stream", stream_closed, t);
}

/* More than anybody takes at once. */
static void flood(struct http_req *r, void *user)
{
    struct ticker *t = calloc(1, sizeof(*t));
    char *p = malloc(BIG);
    memset(p, 'f', BIG);
    t->in = user;
    t->r = r;
    uv_timer_init(&t->in->loop, &t->timer);
    http_stream(r, "text/plain", stream_closed, t);
    for (int i = 0; i < 3; i++)
        http_stream_send(r, p, BIG);
    free(p);
}

/* ---- a body out of a source: the byte at i is i * 31 >> 3 ---- */

struct well {
    struct inside *in;
    size_t at, dry; /* no more from here on */
};

static enum rc well_next(void *state, void *p, size_t n, struct err *e)
{
    struct well *w = state;
    char *out = p;
    if (n > w->dry - w->at)
        return err_set(e, RC_IO, "dry");
    for (size_t i = 0; i < n; i++)
        out[i] = raw_byte(w->at + i);
    w->at += n;
    atomic_fetch_add(&w->in->made, (unsigned)n);
    return RC_OK;
}

static void well_end(void *state, const struct err *e)
{
    struct well *w = state;
    atomic_fetch_add(&w->in->ends[e->rc], 1);
    free(w);
}

static void source(struct http_req *r, void *user)
{
    const char *n = http_query(r, "n"), *dry = http_query(r, "dry");
    struct well *w = calloc(1, sizeof(*w));
    *w = (struct well){.in = user, .dry = dry != NULL ? strtoul(dry, NULL, 10) : SIZE_MAX};
    const struct http_source from = {well_next, well_end, w, n != NULL ? strtoul(n, NULL, 10) : 0};
    http_reply_from(r, 200, "application/octet-stream", &from);
}

char raw_byte(size_t i)
{
    return (char)(i * 31 >> 3);
}

unsigned rig_made(struct rig *r)
{
    struct inside *in = r->inside;
    return atomic_load(&in->made);
}

unsigned rig_ends(struct rig *r, enum rc rc)
{
    struct inside *in = r->inside;
    return atomic_load(&in->ends[rc]);
}

static bool gate(struct http_req *r, unsigned flags, void *user)
{
    struct err e;
    (void)user;
    if (flags == 0 || http_header(r, "X-Pass") != NULL)
        return true;
    err_set(&e, RC_DENIED, "no pass");
    http_fail(r, &e);
    return false;
}

static const struct http_route routes[] = {
    {"GET", "/hello", hello, 0},   {"POST", "/echo", echo, 0},  {"GET", "/look", look, 0},
    {"PUT", "/look", look, 0},     {"POST", "/look", look, 0},  {"GET", "/files/*", look, 0},
    {"GET", "/slow", slow, 0},     {"GET", "/big", big, 0},     {"GET", "/events", events, 0},
    {"GET", "/flood", flood, 0},   {"GET", "/gated", hello, 1}, {"POST", "/fail", fail, 0},
    {"GET", "/source", source, 0},
};
static const char *const headers[] = {"X-Content-Type-Options: nosniff", "Cache-Control: no-store", NULL};

static void on_stop(uv_async_t *a)
{
    struct inside *in = a->data;
    http_close(in->server);
    uv_close((uv_handle_t *)&in->watch, NULL);
    uv_close((uv_handle_t *)a, NULL);
}

static void on_watch(uv_timer_t *t)
{
    struct inside *in = t->data;
    atomic_store(&in->conns, http_conns(in->server));
    atomic_fetch_add(&in->looks, 1);
}

static void *run(void *p)
{
    struct inside *in = p;
    struct err e = {0};
    uv_loop_init(&in->loop);
    in->stop.data = in->watch.data = in;
    uv_async_init(&in->loop, &in->stop, on_stop);
    uv_timer_init(&in->loop, &in->watch);
    uv_timer_start(&in->watch, on_watch, 2, 2);
    struct http_conf conf = in->rig->conf;
    conf.host = "127.0.0.1";
    conf.routes = routes;
    conf.nroutes = COUNT(routes);
    conf.gate = gate;
    conf.headers = headers;
    conf.user = in;
    if (http_listen(&in->loop, &conf, &in->server, &e) != RC_OK) {
        fprintf(stderr, "%s\n", e.text);
        abort();
    }
    in->rig->port = http_port(in->server);
    uv_barrier_wait(&in->ready);
    uv_run(&in->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&in->loop) != 0)
        abort(); /* something was left open */
    return NULL;
}

void rig_start(struct rig *r)
{
    struct inside *in = calloc(1, sizeof(*in));
    r->inside = in;
    in->rig = r;
    uv_barrier_init(&in->ready, 2);
    pthread_create(&in->thread, NULL, run, in);
    uv_barrier_wait(&in->ready);
}

void rig_stop(struct rig *r)
{
    struct inside *in = r->inside;
    uv_async_send(&in->stop);
    pthread_join(in->thread, NULL);
    uv_barrier_destroy(&in->ready);
    free(in);
}

unsigned rig_conns(struct rig *r)
{
    struct inside *in = r->inside;
    return atomic_load(&in->conns);
}

unsigned rig_streams_closed(struct rig *r)
{
    struct inside *in = r->inside;
    return atomic_load(&in->closed);
}

bool rig_wait_conns(struct rig *r, unsigned n, int ms)
{
    struct inside *in = r->inside;
    unsigned from = atomic_load(&in->looks); /* older looks may have missed what the caller just did */
    for (int64_t end = mono_ms() + ms; mono_ms() < end; usleep(2000))
        if (atomic_load(&in->looks) - from >= 2 && rig_conns(r) == n)
            return true;
    return false;
}

int raw_connect(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
        abort();
    return fd;
}

bool raw_send(int fd, const char *p, size_t n, size_t step)
{
    while (n > 0) {
        ssize_t k = send(fd, p, step > 0 && step < n ? step : n, MSG_NOSIGNAL);
        if (k <= 0)
            return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

bool raw_say(int fd, const char *text)
{
    return raw_send(fd, text, strlen(text), 0);
}

static char *read_some(int fd, const char *text, int ms, size_t *n)
{
    struct buf b = {0};
    int64_t end = mono_ms() + ms;
    buf_str(&b, "");
    for (;;) {
        char part[65536];
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = end - mono_ms();
        if (left <= 0 || poll(&p, 1, (int)left) <= 0)
            break;
        ssize_t k = read(fd, part, sizeof(part));
        if (k <= 0)
            break;
        buf_add(&b, part, (size_t)k);
        if (text != NULL && strstr(b.p, text) != NULL)
            break;
    }
    if (n != NULL)
        *n = b.len;
    return b.p;
}

char *raw_read(int fd, int ms, size_t *n)
{
    return read_some(fd, NULL, ms, n);
}

char *raw_until(int fd, const char *text, int ms)
{
    return read_some(fd, text, ms, NULL);
}

char *raw_talk(int port, const char *p, size_t n, size_t step)
{
    int fd = raw_connect(port);
    if (raw_send(fd, p, n, step))
        shutdown(fd, SHUT_WR);
    char *answer = raw_read(fd, 10000, NULL);
    close(fd);
    return answer;
}

int memory_has(int pid, const char *word)
{
    char line[512], *block = NULL;
    int hits = 0;
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/maps", pid);
    FILE *maps = fopen(path, "r");
    snprintf(path, sizeof(path), "/proc/%d/mem", pid);
    int mem = open(path, O_RDONLY);
    while (maps && mem >= 0 && fgets(line, sizeof(line), maps)) {
        unsigned long from, to;
        char perms[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, perms) != 3 || perms[1] != 'w')
            continue;
        block = realloc(block, to - from);
        ssize_t n = pread(mem, block, to - from, (off_t)from);
        for (char *p = block; n > 0 && (p = memmem(p, (size_t)(block + n - p), word, strlen(word))); p++)
            hits++;
    }
    free(block);
    bool looked = maps && mem >= 0;
    if (maps)
        fclose(maps);
    if (mem >= 0)
        close(mem);
    return looked ? hits : -1;
}
