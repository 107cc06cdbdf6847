/* The client: kept connections, reconnects, servers that die in the middle, time, order, the end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/httpc.h"
#include "tests/unit/base_certs.h"
#include "tests/unit/base_rig.h"

/* A server that says what it is told to, connection by connection. */
struct puppet {
    int fd, port, unix_fd;
    const char *const
        *answers; /* one per connection: "%": wait for a request; "!": reset; else sent as it is */
    size_t n;
    atomic_int accepted;
    pthread_t thread;
};

static void serve(int fd, const char *script)
{
    const struct linger reset = {1, 0};
    char b[4096];
    for (const char *p = script; *p != '\0';) {
        if (*p == '%') { /* a request's head and what is there of its body */
            struct pollfd w = {.fd = fd, .events = POLLIN};
            poll(&w, 1, 20000);
            ssize_t k = read(fd, b, sizeof(b));
            (void)k;
            p++;
        } else if (*p == '!') {
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
            p++;
        } else if (*p == '~') {
            usleep(250000);
            p++;
        } else {
            size_t n = strcspn(p, "%!~");
            raw_send(fd, p, n, 0);
            p += n;
        }
    }
    close(fd);
}

static void *puppet_run(void *arg)
{
    struct puppet *p = arg;
    for (size_t i = 0; i < p->n; i++) {
        int fd = accept(p->fd, NULL, NULL);
        if (fd < 0)
            break;
        atomic_fetch_add(&p->accepted, 1);
        serve(fd, p->answers[i]);
    }
    return NULL;
}

static void puppet_start(struct puppet *p, const char *const *answers, size_t n, const char *unix_path)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    struct sockaddr_un u = {.sun_family = AF_UNIX};
    socklen_t len = sizeof(a);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memset(p, 0, sizeof(*p));
    p->answers = answers;
    p->n = n;
    p->fd = socket(unix_path != NULL ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (unix_path != NULL) {
        snprintf(u.sun_path, sizeof(u.sun_path), "%s", unix_path);
        assert_int_equal(bind(p->fd, (struct sockaddr *)&u, sizeof(u)), 0);
    } else {
        assert_int_equal(bind(p->fd, (struct sockaddr *)&a, sizeof(a)), 0);
        getsockname(p->fd, (struct sockaddr *)&a, &len);
        p->port = ntohs(a.sin_port);
    }
    assert_int_equal(listen(p->fd, 8), 0);
    pthread_create(&p->thread, NULL, puppet_run, p);
}

static void puppet_stop(struct puppet *p)
{
    shutdown(p->fd, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->fd);
}

/* What came back, in order. */
struct seen {
    struct httpc *c;
    struct buf log;
    int n, stop_at;
    bool inside, free_inside;
    enum rc rc;
    bool sent;
};

static void on_reply(const struct httpc_reply *r, void *user)
{
    struct seen *s = user;
    assert_false(s->inside); /* never from inside a call */
    s->rc = r->rc;
    s->sent = r->sent;
    if (r->rc == RC_OK)
        buf_fmt(&s->log, "%d:%.20s;", r->status, r->body);
    else
        buf_fmt(&s->log, "%s;", rc_name(r->rc));
    if (++s->n == s->stop_at || s->free_inside)
        httpc_free(s->c);
}

static void on_piece(const char *p, size_t n, void *user)
{
    struct seen *s = user;
    buf_add(&s->log, p, n);
    if (s->free_inside && strstr(s->log.p, "id: 3\n") != NULL)
        httpc_free(s->c);
}

static void send_one(struct seen *s, const char *method, const char *path, const char *body)
{
    static const char *const headers[] = {"Content-Type: text/plain", "X-Probe: p", NULL};
    s->inside = true;
    httpc_send(s->c, method, path, headers, body, strlen(body), on_reply, s);
    s->inside = false;
}

static struct httpc *client(uv_loop_t *loop, int port)
{
    return httpc_new(loop, &(struct httpc_conf){
                               .host = "127.0.0.1", .port = port, .connect_ms = 20000, .request_ms = 2000});
}

static void finish(uv_loop_t *loop, struct seen *s, const char *want)
{
    uv_run(loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(loop), 0);
    assert_non_null(s->log.p);
    if (want != NULL)
        assert_string_equal(s->log.p, want);
    buf_free(&s->log);
}

static void keep_alive_in_order(void **state)
{
    struct rig rig = {0};
    uv_loop_t loop;
    BUF_SCOPE(want);
    (void)state;
    rig_start(&rig);
    uv_loop_init(&loop);
    struct seen s = {.c = client(&loop, rig.port), .stop_at = 101};
    for (int i = 0; i < 100; i++) {
        char body[16];
        snprintf(body, sizeof(body), "body %d", i);
        send_one(&s, "POST", "/echo", body);
        buf_fmt(&want, "200:%s;", body);
    }
    send_one(&s, "HEAD", "/hello", "");
    buf_str(&want, "200:;");
    finish(&loop, &s, want.p);
    rig_stop(&rig);
}

static void headers_arrive(void **state)
{
    struct rig rig = {0};
    uv_loop_t loop;
    (void)state;
    rig_start(&rig);
    uv_loop_init(&loop);
    struct seen s = {.c = client(&loop, rig.port), .stop_at = 4};
    send_one(&s, "GET", "/look?q=z", "");
    send_one(&s, "GET", "/nothing", "");
    send_one(&s, "GET", "/slow?ms=5", "");
    send_one(&s, "GET", "/big", "");
    finish(&loop, &s,
           "200:GET /look q=z h=p "
           "cn;404:{\"error\":{\"rc\":\"RC_N;200:{\"late\":true};200:bbbbbbbbbbbbbbbbbbbb;");
    rig_stop(&rig);
}

#define OK(body) "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" body
#define BYE(body) "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n" body

struct act {
    const char *answers[4];
    size_t n;
    const char *method;
    int requests;
    const char *want;
    int accepted;
    bool sent; /* of the last reply */
};

static void bad_servers(void **state)
{
    static const struct act rows[] = {
        {{"%" OK("a1") "%" OK("a2")}, 1, "GET", 2, "200:a1;200:a2;", 1, true},
        {{"%" BYE("b1"), "%" BYE("b2")}, 2, "POST", 2, "200:b1;200:b2;", 2, true},
        {{"%HTTP/1.1 100 Continue\r\n\r\n" OK("c1")}, 1, "POST", 1, "200:c1;", 1, true},
        {{"%HTTP/1.0 200 OK\r\n\r\nno length"}, 1, "GET", 1, "200:no length;", 1, true},
        /* gone in the middle of an answer, of its head, before it */
        {{"%HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "%" OK("d2")},
         2,
         "GET",
         2,
         "RC_UNAVAILABLE;200:d2;",
         2,
         true},
        {{"%HTTP/1.1 200 OK\r\nContent-", "%" OK("e2")}, 2, "POST", 2, "RC_UNAVAILABLE;200:e2;", 2, true},
        {{"%", "%" OK("f2")}, 2, "POST", 2, "RC_UNAVAILABLE;200:f2;", 2, true},
        {{"%!", "%" OK("g2")}, 2, "POST", 2, "RC_UNAVAILABLE;200:g2;", 2, true},
        /* a kept connection ends at the moment it is used again: GET is repeated, POST is not */
        {{"%" OK("h1") "%!", "%" OK("h2")}, 2, "GET", 2, "200:h1;200:h2;", 2, true},
        {{"%" OK("i1") "%!"}, 1, "POST", 2, "200:i1;RC_UNAVAILABLE;", 1, true},
        /* no HTTP */
        {{"%hello\r\n\r\n", "%" OK("j2")}, 2, "GET", 2, "RC_PROTOCOL;200:j2;", 2, true},
        {{"%HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"},
         1,
         "GET",
         1,
         "RC_PROTOCOL;",
         1,
         true},
        {{"%HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab"},
         1,
         "GET",
         1,
         "RC_PROTOCOL;",
         1,
         true},
        /* more than was asked for */
        {{"%" OK("k1") "HTTP/1.1 200 OK\r\n", "%" OK("k2")}, 2, "GET", 2, "200:k1;200:k2;", 2, true},
        /* too late */
        {{"%~~~~~~~~~~~~", "%" OK("l2")}, 2, "GET", 1, "RC_TIMEOUT;", 1, true},
        {{"%HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nh~~~~~~~~~~~~"}, 1, "GET", 1, "RC_TIMEOUT;", 1, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct act *a = &rows[i];
        struct puppet p;
        uv_loop_t loop;
        puppet_start(&p, a->answers, a->n, NULL);
        uv_loop_init(&loop);
        struct seen s = {.c = client(&loop, p.port), .stop_at = a->requests};
        for (int k = 0; k < a->requests; k++)
            send_one(&s, a->method, "/x", "");
        uv_run(&loop, UV_RUN_DEFAULT);
        if (strcmp(s.log.p, a->want) != 0)
            fail_msg("row %zu: got %s, want %s", i, s.log.p, a->want);
        assert_int_equal(s.sent, a->sent);
        finish(&loop, &s, NULL);
        puppet_stop(&p);
        assert_int_equal(atomic_load(&p.accepted), a->accepted);
    }
}

static void idempotency_key(void **state)
{
    static const char *const answers[] = {"%" OK("a1") "%!", "%" OK("a2")};
    static const char *const key[] = {"Idempotency-Key: k", NULL};
    struct puppet p;
    uv_loop_t loop;
    (void)state;
    puppet_start(&p, answers, 2, NULL);
    uv_loop_init(&loop);
    struct seen s = {.c = client(&loop, p.port), .stop_at = 2};
    for (int i = 0; i < 2; i++)
        httpc_send(s.c, "POST", "/x", key, "b", 1, on_reply, &s);
    finish(&loop, &s, "200:a1;200:a2;");
    puppet_stop(&p);
}

static void nobody_there(void **state)
{
    uv_loop_t loop;
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t len = sizeof(a);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    getsockname(fd, (struct sockaddr *)&a, &len);
    uv_loop_init(&loop);
    struct seen s = {.c = client(&loop, ntohs(a.sin_port)), .stop_at = 3};
    for (int i = 0; i < 3; i++)
        send_one(&s, "GET", "/x", "");
    finish(&loop, &s, "RC_UNAVAILABLE;RC_UNAVAILABLE;RC_UNAVAILABLE;");
    assert_false(s.sent);
    close(fd);
    uv_loop_init(&loop);
    struct seen u = {.stop_at = 1};
    u.c = httpc_new(&loop, &(struct httpc_conf){.unix_path = "/nowhere/at.all"});
    send_one(&u, "GET", "/x", "");
    finish(&loop, &u, "RC_UNAVAILABLE;");
}

static void names_and_unix(void **state)
{
    static const char *const answers[] = {"%" OK("u1")};
    char path[] = "/tmp/pridvor-httpc-XXXXXX";
    struct rig rig = {0};
    struct puppet p;
    uv_loop_t loop;
    (void)state;
    rig_start(&rig);
    uv_loop_init(&loop);
    struct seen s = {.stop_at = 1};
    s.c = httpc_new(&loop, &(struct httpc_conf){.host = "localhost", .port = rig.port});
    send_one(&s, "GET", "/hello", "");
    finish(&loop, &s, "200:{\"hello\":true};");
    rig_stop(&rig);
    close(mkstemp(path));
    unlink(path);
    puppet_start(&p, answers, 1, path);
    uv_loop_init(&loop);
    struct seen u = {.stop_at = 1};
    u.c = httpc_new(&loop, &(struct httpc_conf){.unix_path = path});
    send_one(&u, "GET", "/x", "");
    finish(&loop, &u, "200:u1;");
    puppet_stop(&p);
    unlink(path);
}

static void streams(void **state)
{
    struct rig rig = {0};
    uv_loop_t loop;
    (void)state;
    rig_start(&rig);
    uv_loop_init(&loop);
    struct seen s = {.c = client(&loop, rig.port), .stop_at = 1};
    httpc_stream(s.c, "/events?n=2", NULL, on_piece, on_reply, &s);
    finish(&loop, &s, "id: 1\nevent: state\ndata: {}\n\nid: 2\nevent: state\ndata: {}\n\n200:;");
    /* freed in the middle of a piece */
    uv_loop_init(&loop);
    struct seen f = {.c = client(&loop, rig.port), .free_inside = true};
    httpc_stream(f.c, "/events", NULL, on_piece, on_reply, &f);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(f.n, 1);
    assert_int_equal(f.rc, RC_CANCELLED);
    finish(&loop, &f, NULL);
    rig_stop(&rig);
}

static void freed_early(void **state)
{
    struct rig rig = {0};
    uv_loop_t loop;
    (void)state;
    rig_start(&rig);
    for (int turns = 0; turns < 6; turns++) {
        uv_loop_init(&loop);
        struct seen s = {0};
        s.c = turns % 2 ? client(&loop, rig.port)
                        : httpc_new(&loop, &(struct httpc_conf){.host = "localhost", .port = rig.port});
        send_one(&s, "GET", "/slow?ms=300", "");
        send_one(&s, "GET", "/hello", "");
        for (int k = 0; k < turns; k++)
            uv_run(&loop, UV_RUN_NOWAIT);
        httpc_free(s.c);
        assert_int_equal(s.n, 2);
        finish(&loop, &s, "RC_CANCELLED;RC_CANCELLED;");
    }
    rig_stop(&rig);
}

static void mutual_tls(void **state)
{
    struct certs certs;
    struct rig rig = {0};
    struct tls_ctx *sc = NULL, *cc = NULL;
    char path[5][96];
    static const char *const names[] = {"ca.pem", "server.pem", "server.key", "client.pem", "client.key"};
    uv_loop_t loop;
    (void)state;
    certs_make(&certs);
    for (size_t i = 0; i < 5; i++)
        snprintf(path[i], sizeof(path[i]), "%s", certs_path(&certs, names[i]));
    assert_int_equal(tls_ctx_new(&(struct tls_conf){true, path[0], path[1], path[2], NULL}, &sc, NULL),
                     RC_OK);
    assert_int_equal(tls_ctx_new(&(struct tls_conf){false, path[0], path[3], path[4], NULL}, &cc, NULL),
                     RC_OK);
    rig.conf.tls = sc;
    rig_start(&rig);
    struct httpc_conf conf = {.host = "127.0.0.1", .port = rig.port, .tls = cc, .server_name = "localhost"};
    for (int i = 0; i < 3; i++) {
        uv_loop_init(&loop);
        struct seen s = {.c = httpc_new(&loop, &conf), .stop_at = 3};
        send_one(&s, "GET", "/look", "");
        send_one(&s, "POST", "/echo", "secret");
        send_one(&s, "GET", "/big", "");
        finish(&loop, &s, "200:GET /look q=- h=p cn;200:secret;200:bbbbbbbbbbbbbbbbbbbb;");
    }
    conf.server_name = "registru"; /* not in the certificate */
    uv_loop_init(&loop);
    struct seen s = {.c = httpc_new(&loop, &conf), .stop_at = 2};
    send_one(&s, "GET", "/look", "");
    send_one(&s, "GET", "/look", "");
    finish(&loop, &s, "RC_TLS;RC_TLS;");
    assert_false(s.sent);
    rig_stop(&rig);
    tls_ctx_free(sc);
    tls_ctx_free(cc);
    certs_remove(&certs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keep_alive_in_order),
                                       cmocka_unit_test(headers_arrive),
                                       cmocka_unit_test(bad_servers),
                                       cmocka_unit_test(idempotency_key),
                                       cmocka_unit_test(nobody_there),
                                       cmocka_unit_test(names_and_unix),
                                       cmocka_unit_test(streams),
                                       cmocka_unit_test(freed_early),
                                       cmocka_unit_test(mutual_tls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
