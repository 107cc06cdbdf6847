/* The way to the register: a register of this test's own behind mutual TLS, which answers what it is told. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/http.h"
#include "firmware/link.h"
#include "tests/unit/base_certs.h"

#define SEEN_MAX 64

struct world {
    uv_loop_t loop;
    struct certs certs;
    struct http_server *server;
    struct tls_ctx *tls;
    struct queue *queue;
    struct link *link;
    char dir[64], db[96], key[96];
    int port;
    /* What the register does: statuses in turn, the last one stays. 0: closes without an answer. */
    const int *statuses;
    size_t n_statuses, at;
    char seen[SEEN_MAX][UUID_LEN];
    bool seen_offline[SEEN_MAX];
    size_t n_seen;
    int acked, refused, waits, changed, pings, blobs, helped, blob_status, asked;
    size_t blobs_before;
    char last_acked[UUID_LEN], last_wait[UUID_LEN], number[41];
    bool lies; /* answers about another request */
};

static struct world w;

static void answer(struct http_req *r, const char *id)
{
    const char *json = arena_fmt(
        http_arena(r),
        "{\"request_id\":\"%s\",\"number\":\"%zu/22.11.2026\",\"n\":%zu,\"register\":\"general\","
        "\"year\":2026,\"registered_at\":\"2026-11-22T08:15:00.123Z\",\"filed_on\":\"2026-11-22\","
        "\"due\":\"2026-12-22\",\"due_why\":{\"ro\":\"a\",\"hu\":\"b\",\"en\":\"c\"},\"repeat\":false}",
        w.lies ? "018f0000-0000-7000-8000-000000000000" : id, w.n_seen, w.n_seen);
    http_json(r, 201, json);
}

static void on_request(struct http_req *r, void *user)
{
    (void)user;
    size_t len;
    const char *body = http_body(r, &len);
    struct submission sub = {0};
    struct request req = {0};
    struct err e = {0};
    assert_int_equal(json_decode(http_arena(r), &submission_desc, body, len, &sub, &e), RC_OK);
    assert_int_equal(json_decode(http_arena(r), &request_desc, sub.request, strlen(sub.request), &req, &e),
                     RC_OK);
    assert_string_equal(http_header(r, "Idempotency-Key"), req.request_id);
    assert_string_equal(http_peer_cn(r), "K07");
    assert_true(w.n_seen < SEEN_MAX);
    w.asked++;
    memcpy(w.seen[w.n_seen], req.request_id, UUID_LEN);
    w.seen_offline[w.n_seen++] = sub.offline;
    int status = w.statuses[w.at];
    if (w.at + 1 < w.n_statuses)
        w.at++;
    if (status == 201)
        answer(r, req.request_id);
    else if (status == 409)
        http_json(r, status,
                  "{\"error\":{\"rc\":\"RC_CONFLICT\",\"key\":\"x\",\"code\":\"BLOB_MISSING\",\"path\":\"\","
                  "\"text\":"
                  "\"\"}}");
    else
        http_json(r, status,
                  "{\"error\":{\"rc\":\"RC_TEST\",\"key\":\"err.later\",\"path\":\"x\",\"text\":\"\"}}");
}

static void on_ping(struct http_req *r, void *user)
{
    (void)user;
    w.pings++;
    http_json(r, 200, "{\"ok\":true}");
}

/* The register keeps what hashes to its name; it forgets on demand. */
static void on_blob(struct http_req *r, void *user)
{
    (void)user;
    size_t len;
    uint8_t hash[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1];
    const char *body = http_body(r, &len);
    sha256(hash, body, len);
    hex_encode(hex, hash, sizeof(hash));
    assert_string_equal(http_header(r, "Content-Type"), "application/pdf");
    assert_string_equal(http_path(r), arena_fmt(http_arena(r), "/v1/blobs/%s", hex));
    assert_int_equal(w.n_seen, w.blobs_before); /* the files come first */
    w.blobs++;
    http_json(r, w.blob_status ? w.blob_status : 201, "{}");
}

static void on_help(struct http_req *r, void *user)
{
    (void)user;
    size_t len;
    assert_string_equal(http_body(r, &len), "{\"step\":\"form\"}");
    http_json(r, 202, "{}");
}

static const struct http_route routes[] = {
    {.method = "POST", .path = "/v1/requests", .fn = on_request},
    {.method = "PUT", .path = "/v1/blobs/*", .fn = on_blob},
    {.method = "POST", .path = "/v1/terminals/help", .fn = on_help},
    {.method = "GET", .path = "/v1/ping", .fn = on_ping},
};

static void serve(bool on)
{
    struct err e = {0};
    if (!on) {
        if (w.server)
            http_close(w.server);
        w.server = NULL;
        return;
    }
    const struct http_conf hc = {.host = "127.0.0.1",
                                 .port = w.port,
                                 .tls = w.tls,
                                 .routes = routes,
                                 .nroutes = COUNT(routes),
                                 .max_body = 6 << 20};
    if (http_listen(&w.loop, &hc, &w.server, &e) != RC_OK)
        fail_msg("listen: %s", e.text);
    w.port = http_port(w.server);
}

static void on_acked(const char *id, const struct filed *filed, void *user)
{
    (void)user;
    w.acked++;
    snprintf(w.last_acked, sizeof(w.last_acked), "%s", id);
    snprintf(w.number, sizeof(w.number), "%s", filed->number);
}

static void on_refused(const char *id, void *user)
{
    (void)id;
    (void)user;
    w.refused++;
}

static void on_waits(const char *id, void *user)
{
    (void)user;
    snprintf(w.last_wait, sizeof(w.last_wait), "%s", id);
    w.waits++;
}

static void on_helped(bool heard, void *user)
{
    (void)user;
    w.helped += heard ? 1 : 100;
}

static void on_changed(void *user)
{
    (void)user;
    w.changed++;
}

static void put_blobs(char id[UUID_LEN], const struct queue_blob *blobs, size_t n)
{
    struct err e = {0};
    ARENA_SCOPE(a);
    BUF_SCOPE(b);
    assert_int_equal(uuid7(id, &e), RC_OK);
    const struct request r = {1,
                              id,
                              "K07",
                              "uat-54975",
                              "cs.birth_certificate",
                              1,
                              "kiosk",
                              "ro",
                              "2026-11-22T08:15:00.123Z",
                              {"none", "", "", ""},
                              NULL};
    const struct submission sub = {
        .request = request_text(a, &r, "{}"),
        .signature = {.kind = "none",
                      .sha256 = "0000000000000000000000000000000000000000000000000000000000000000"},
        .receipt = {"ABCDEFGHJK", "1234"},
        .filed_at = "2026-11-22T08:15:00.123Z"};
    json_encode(&submission_desc, &sub, &b);
    assert_int_equal(queue_put_with(w.queue, id, BYTES(b.p, b.len), (struct queue_blobs){blobs, n}, &e),
                     RC_OK);
}

static void put(char id[UUID_LEN])
{
    put_blobs(id, NULL, 0);
}

static void start_link(const char *cert, const char *key)
{
    struct err e = {0};
    static struct register_conf conf;
    const struct link_events ev = {on_acked, on_refused, on_waits, on_changed, on_helped, NULL};
    conf = (struct register_conf){.host = "127.0.0.1", .server_name = "localhost", .port = w.port};
    conf.ca = strdup(certs_path(&w.certs, "ca.pem"));
    conf.cert = strdup(certs_path(&w.certs, cert));
    conf.key = strdup(certs_path(&w.certs, key));
    if (link_start(&w.loop, &conf, w.queue, &ev, &w.link, &e) != RC_OK)
        fail_msg("link: %s", e.text);
    free((char *)conf.ca);
    free((char *)conf.cert);
    free((char *)conf.key);
}

static int setup(void **state)
{
    (void)state;
    struct err e = {0};
    memset(&w, 0, sizeof(w));
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&w.loop);
    certs_make(&w.certs);
    const struct tls_conf tc = {.server = true,
                                .ca = certs_path(&w.certs, "ca.pem"),
                                .cert = certs_path(&w.certs, "server.pem"),
                                .key = certs_path(&w.certs, "server.key")};
    if (tls_ctx_new(&tc, &w.tls, &e) != RC_OK)
        fail_msg("tls: %s", e.text);
    snprintf(w.dir, sizeof(w.dir), "/tmp/pridvor-link-XXXXXX");
    assert_non_null(mkdtemp(w.dir));
    snprintf(w.db, sizeof(w.db), "%s/queue.db", w.dir);
    snprintf(w.key, sizeof(w.key), "%s/queue.key", w.dir);
    const struct queue_conf qc = {.path = w.db, .key_path = w.key};
    assert_int_equal(queue_open(&qc, &w.queue, &e), RC_OK);
    serve(true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char reserve[128];
    snprintf(reserve, sizeof(reserve), "%s.reserve", w.db);
    if (w.link)
        link_stop(w.link);
    serve(false);
    uv_run(&w.loop, UV_RUN_DEFAULT);
    link_free(w.link);
    tls_ctx_free(w.tls);
    queue_close(w.queue);
    assert_int_equal(uv_loop_close(&w.loop), 0);
    unlink(reserve);
    unlink(w.db);
    unlink(w.key);
    rmdir(w.dir);
    certs_remove(&w.certs);
    return 0;
}

/* Turns the loop until *n reaches want; a timer keeps it from sleeping past the deadline. */
static void on_wake(uv_timer_t *t)
{
    (void)t;
}

static void until(const int *n, int want)
{
    uv_timer_t wake;
    uv_timer_init(&w.loop, &wake);
    uv_timer_start(&wake, on_wake, 50, 50);
    int64_t end = mono_ms() + 20000;
    while (*n < want && mono_ms() < end)
        uv_run(&w.loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&wake, NULL);
    uv_run(&w.loop, UV_RUN_NOWAIT);
    assert_true(*n >= want);
}

static void script(const int *statuses, size_t n)
{
    w.statuses = statuses;
    w.n_statuses = n;
    w.at = 0;
}

static void expect_counts(int queued, int sent, int acked, int dead)
{
    struct err e = {0};
    int64_t n[QUEUE_STATES];
    assert_int_equal(queue_counts(w.queue, n, &e), RC_OK);
    assert_int_equal(n[QUEUE_QUEUED], queued);
    assert_int_equal(n[QUEUE_SENT], sent);
    assert_int_equal(n[QUEUE_ACKED], acked);
    assert_int_equal(n[QUEUE_DEAD], dead);
}

static void test_judge(void **state)
{
    (void)state;
    static const struct {
        int status;
        enum link_verdict want;
    } rows[] = {{200, LINK_ACK},   {201, LINK_ACK},   {400, LINK_DEAD},  {403, LINK_DEAD},  {422, LINK_DEAD},
                {413, LINK_DEAD},  {401, LINK_LATER}, {404, LINK_LATER}, {429, LINK_LATER}, {500, LINK_LATER},
                {503, LINK_LATER}, {504, LINK_LATER}, {302, LINK_LATER}, {204, LINK_LATER}};
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(link_judge(rows[i].status), rows[i].want);
    for (unsigned n = 0; n < 12; n++) {
        int64_t base = n < 6 ? 1000ll << n : 60000;
        assert_in_range(link_backoff(n, 0), base * 3 / 4, base * 5 / 4);
        assert_in_range(link_backoff(n, UINT32_MAX), base * 3 / 4, base * 5 / 4);
    }
}

static void test_sent(void **state)
{
    (void)state;
    static const int ok[] = {201};
    char old[UUID_LEN], fresh[UUID_LEN];
    struct err e = {0};
    script(ok, 1);
    put(old); /* of an earlier life: nobody kicks */
    start_link("client.pem", "client.key");
    until(&w.acked, 1);
    assert_true(w.seen_offline[0]);
    put(fresh);
    link_kick(w.link, fresh);
    until(&w.acked, 2);
    assert_string_equal(w.last_acked, fresh);
    assert_false(w.seen_offline[1]);
    assert_true(link_online(w.link));
    expect_counts(0, 0, 2, 0);
    ARENA_SCOPE(a);
    struct queue_item item;
    struct kept kept;
    assert_int_equal(queue_get(w.queue, a, fresh, &item, &e), RC_OK);
    assert_int_equal(json_decode(a, &kept_desc, item.body, item.len, &kept, &e), RC_OK);
    assert_string_equal(kept.number, w.number);
    assert_string_equal(kept.code, "ABCDEFGHJK");
}

/* One bad message holds up nobody; "later" is tried again with the same id. */
static void test_verdicts(void **state)
{
    (void)state;
    static const int plan[] = {422, 503, 201, 201};
    char bad[UUID_LEN], slow[UUID_LEN], good[UUID_LEN];
    script(plan, COUNT(plan));
    put(bad);
    put(slow);
    put(good);
    start_link("client.pem", "client.key");
    until(&w.acked, 2);
    assert_int_equal(w.refused, 1);
    assert_int_equal(w.waits, 1);
    assert_string_equal(w.seen[0], bad);
    assert_string_equal(w.seen[1], slow);
    assert_string_equal(w.seen[2], good); /* what was put off goes behind the others */
    assert_string_equal(w.seen[3], slow);
    expect_counts(0, 0, 2, 1);
}

static void test_wrong_answer(void **state)
{
    (void)state;
    static const int ok[] = {201};
    char id[UUID_LEN];
    int seen;
    script(ok, 1);
    w.lies = true;
    put(id);
    start_link("client.pem", "client.key");
    do {
        uv_run(&w.loop, UV_RUN_ONCE);
        seen = (int)w.n_seen;
    } while (seen < 1);
    for (int i = 0; i < 50; i++)
        uv_run(&w.loop, UV_RUN_NOWAIT);
    assert_int_equal(w.acked, 0);
    expect_counts(0, 1, 0, 0); /* still ours to send */
    w.lies = false;
    until(&w.acked, 1);
    assert_string_equal(w.last_acked, id);
}

/* The network is cut, then comes back: waits at once, registered exactly once in the end. */
static void test_cut(void **state)
{
    (void)state;
    static const int ok[] = {201};
    char id[UUID_LEN];
    script(ok, 1);
    start_link("client.pem", "client.key");
    until(&w.pings, 1);
    until(&w.changed, 1);
    serve(false);
    uv_run(&w.loop, UV_RUN_NOWAIT);
    put(id);
    int64_t start = mono_ms();
    link_kick(w.link, id);
    until(&w.waits, 1);
    printf("register gone: said after %lld ms\n", (long long)(mono_ms() - start));
    assert_false(link_online(w.link));
    assert_true(link_next_try_ms(w.link) > 0);
    serve(true);
    until(&w.acked, 1);
    assert_int_equal(w.n_seen, 1);
}

/* A backlog and no network: the citizen who stands there hears it at once, and is first when the network is
 * back. */
static void test_backlog(void **state)
{
    (void)state;
    static const int ok[] = {201};
    char old[UUID_LEN], fresh[UUID_LEN];
    script(ok, 1);
    serve(false);
    uv_run(&w.loop, UV_RUN_NOWAIT);
    put(old);
    start_link("client.pem", "client.key");
    until(&w.waits, 1);
    put(fresh);
    link_kick(w.link, fresh);
    until(&w.waits, 2);
    assert_string_equal(w.last_wait, fresh);
    put(old);
    serve(true);
    link_kick(w.link, old);
    until(&w.acked, 1);
    assert_string_equal(w.last_acked, old);
    until(&w.acked, 3);
}

/* An item that unseals but is no submission (of another version, say) is put aside: it holds up nobody. */
static void test_unreadable(void **state)
{
    (void)state;
    static const int ok[] = {201};
    char strange[UUID_LEN], good[UUID_LEN];
    struct err e = {0};
    script(ok, 1);
    assert_int_equal(uuid7(strange, &e), RC_OK);
    assert_int_equal(queue_put(w.queue, strange, "{\"v\":9}", 7, &e), RC_OK);
    put(good);
    start_link("client.pem", "client.key");
    until(&w.acked, 1);
    assert_string_equal(w.last_acked, good);
    assert_int_equal(w.refused, 1);
    expect_counts(0, 0, 1, 1);
}

/* A terminal without a right to speak keeps its requests. */
static void test_foreign(void **state)
{
    (void)state;
    char id[UUID_LEN];
    put(id);
    start_link("foreign.pem", "foreign.key");
    until(&w.waits, 1);
    assert_false(link_online(w.link));
    assert_int_equal(w.n_seen, 0);
    expect_counts(0, 1, 0, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static struct queue_blob blob(size_t len, int fill)
{
    static char space[2][5 << 20];
    uint8_t hash[SHA256_LEN];
    struct queue_blob b = {.data = BYTES(space[fill], len)};
    memset(space[fill], 'a' + fill, len);
    sha256(hash, space[fill], len);
    hex_encode(b.sha256, hash, sizeof(hash));
    return b;
}

/* Files before their request; when the register lost them, once more; a refused file is a refused request. */
static void test_blobs(void **state)
{
    (void)state;
    char id[UUID_LEN];
    const struct queue_blob two[] = {blob(5 << 20, 0), blob(1000, 1)};
    static const int statuses[] = {409, 201};
    w.statuses = statuses;
    w.n_statuses = 2;
    start_link("client.pem", "client.key");
    until(&w.pings, 1);
    put_blobs(id, two, 2);
    link_kick(w.link, id);
    until(&w.blobs, 2);
    until(&w.asked, 1);
    w.blobs_before = 1;
    until(&w.blobs, 4);
    until(&w.acked, 1);
    assert_string_equal(w.last_acked, id);
    assert_int_equal(w.refused, 0);
    w.blob_status = 422; /* not what its name says: broken on this disk */
    w.blobs_before = 2;
    put_blobs(id, two + 1, 1);
    link_kick(w.link, id);
    until(&w.refused, 1);
    assert_int_equal(w.n_seen, 2);
}

static void test_help(void **state)
{
    (void)state;
    start_link("client.pem", "client.key");
    until(&w.pings, 1);
    link_help(w.link, "{\"step\":\"form\"}");
    until(&w.helped, 1);
    assert_int_equal(w.helped, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge), T(test_sent), T(test_blobs),   T(test_help),       T(test_verdicts),
        T(test_wrong_answer),         T(test_cut),  T(test_backlog), T(test_unreadable), T(test_foreign)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
