/* The terminal's own queue and link against the real register: a request arrives with its papers or not at
 * all, also when the register dies in the middle, and when it has lost what it had. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "firmware/link.h"
#include "tests/db/server.h"

enum { ROUNDS = 12, PAPERS = 2 };

static struct server server;
static struct {
    uv_loop_t loop;
    struct queue *queue;
    struct link *link;
    struct arena *arena;
    int acked, refused;
} t;

static void on_acked(const char *id, const struct filed *filed, void *user)
{
    (void)id;
    (void)filed;
    (void)user;
    t.acked++;
}

static void on_refused(const char *id, void *user)
{
    (void)user;
    t.refused++;
    print_message("refused: %s\n", id);
}

static void on_other(void *user)
{
    (void)user;
}

static void on_waits(const char *id, void *user)
{
    (void)id;
    (void)user;
}

static void on_helped(bool heard, void *user)
{
    (void)heard;
    (void)user;
}

/* A complaint with two papers of a megabyte each, in the queue as kioskd puts it. */
static void put(char id[UUID_LEN])
{
    static char space[PAPERS][1 << 20];
    struct queue_blob blobs[PAPERS];
    struct err e = {0};
    char hex[2 * SHA256_LEN + 1], code[RECEIPT_CODE_LEN + 1], now[25];
    uint8_t hash[SHA256_LEN];
    ARENA_SCOPE(a);
    BUF_SCOPE(answers);
    BUF_SCOPE(b);
    buf_str(&answers, "{\"place.landmark\":\"lângă școală\",\"land\":\"public\",\"car.since\":\"over6\","
                      "\"danger\":\"no\",\"car.state\":[\"rust\"],\"who.wants_answer\":\"no\","
                      "\"consent.data_read\":true,\"photo\":[");
    for (int i = 0; i < PAPERS; i++) {
        assert_int_equal(rnd_bytes(space[i], sizeof(space[i]), &e), RC_OK);
        memcpy(space[i], "%PDF-1.7\n", 9);
        sha256(hash, space[i], sizeof(space[i]));
        hex_encode(blobs[i].sha256, hash, sizeof(hash));
        blobs[i].data = BYTES(space[i], sizeof(space[i]));
        buf_fmt(&answers, "%s\"sha256:%s\"", i ? "," : "", blobs[i].sha256);
    }
    buf_str(&answers, "]}");
    assert_int_equal(uuid7(id, &e) | receipt_code_new(code, &e), RC_OK);
    iso_utc(now, unix_ms());
    struct original pages[] = {{"photo", blobs[0].sha256, 1}};
    const struct request r = {
        .v = 1,
        .request_id = id,
        .terminal = "K01",
        .institution = "uat-1",
        .service = "complaint.abandoned_vehicle",
        .service_version = 1,
        .channel = "kiosk",
        .lang = "ro",
        .created_at = now,
        .identity = {.source = "none", .access = "", .document_number = "", .sod_sha256 = ""},
        .originals = pages,
        .n_originals = 1};
    const char *text = request_text(a, &r, answers.p);
    sha256(hash, text, strlen(text));
    hex_encode(hex, hash, sizeof(hash));
    const struct submission sub = {.request = text,
                                   .signature = {.kind = "none", .sha256 = hex},
                                   .receipt = {code, "1234"},
                                   .filed_at = now};
    json_encode(&submission_desc, &sub, &b);
    if (queue_put_with(t.queue, id, BYTES(b.p, b.len), (struct queue_blobs){blobs, PAPERS}, &e) != RC_OK)
        fail_msg("%s", e.text);
}

static void on_wake(uv_timer_t *timer)
{
    (void)timer;
}

/* Turns the loop until so many are acknowledged, or for so long. */
static void turn(int want, int ms)
{
    uv_timer_t wake;
    uv_timer_init(&t.loop, &wake);
    uv_timer_start(&wake, on_wake, 5, 5);
    for (int64_t end = mono_ms() + ms; t.acked < want && mono_ms() < end;)
        uv_run(&t.loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&wake, NULL);
    uv_run(&t.loop, UV_RUN_NOWAIT);
}

static void whole(const char *id)
{
    struct err e = {0};
    struct queue_item item;
    int64_t n, bytes;
    ARENA_SCOPE(a);
    assert_int_equal(queue_get(t.queue, a, id, &item, &e), RC_OK);
    assert_int_equal(item.state, QUEUE_ACKED);
    assert_int_equal(queue_blob_count(t.queue, id, &n, &bytes, &e), RC_OK);
    assert_int_equal(n, 0);
}

static void papers_arrive(void **state)
{
    (void)state;
    char id[UUID_LEN];
    int before = t.acked;
    put(id);
    link_kick(t.link, id);
    turn(before + 1, 30000);
    whole(id);
    assert_int_equal(t.refused, 0);
}

/* The queue believes that they are there, the register knows nothing of them. */
static void lost_there(void **state)
{
    (void)state;
    struct err e = {0};
    struct queue_blob b;
    bool found = true;
    char id[UUID_LEN];
    int before = t.acked;
    put(id);
    for (;;) {
        ARENA_SCOPE(a);
        assert_int_equal(queue_blob_next(t.queue, a, id, &b, &found, &e), RC_OK);
        if (!found)
            break;
        assert_int_equal(queue_blob_sent(t.queue, id, b.sha256, &e), RC_OK);
    }
    link_kick(t.link, id);
    turn(before + 1, 30000);
    whole(id);
    assert_int_equal(t.refused, 0);
}

static void killed_in_between(void **state)
{
    (void)state;
    char ids[ROUNDS][UUID_LEN];
    int before = t.acked;
    for (int i = 0; i < ROUNDS; i++) {
        put(ids[i]);
        link_kick(t.link, ids[i]);
        turn(before + ROUNDS + 1, i * 4 % 37); /* anywhere between the first byte and the number */
        server_kill(&server, SIGKILL);
        server_start(&server);
    }
    turn(before + ROUNDS, 120000);
    for (int i = 0; i < ROUNDS; i++)
        whole(ids[i]);
    assert_int_equal(t.refused, 0);
    assert_string_equal(
        pgcluster_query(&server.pg, "SELECT count(*) || ' ' || count(DISTINCT request_id) FROM request"),
        "14 14");
    assert_string_equal(pgcluster_query(&server.pg, "SELECT count(*) FROM blob"), "28");
    print_message("%d requests with %d papers each, register killed in each: all whole, none twice\n", ROUNDS,
                  PAPERS);
}

static int up(void **state)
{
    (void)state;
    struct err e = {0};
    if (!server_make(&server, 1))
        exit(77);
    server_start(&server);
    t.arena = arena_new();
    uv_loop_init(&t.loop);
    signal(SIGPIPE, SIG_IGN);
    const struct queue_conf qc = {.path = arena_fmt(t.arena, "%s/queue.db", server.dir),
                                  .key_path = arena_fmt(t.arena, "%s/queue.key", server.dir)};
    static struct register_conf conf;
    conf = (struct register_conf){.host = "127.0.0.1",
                                  .server_name = "localhost",
                                  .port = server.port,
                                  .ca = arena_fmt(t.arena, "%s/ca.pem", server.dir),
                                  .cert = arena_fmt(t.arena, "%s/K01/terminal.pem", server.dir),
                                  .key = arena_fmt(t.arena, "%s/K01/terminal.key", server.dir)};
    const struct link_events ev = {on_acked, on_refused, on_waits, on_other, on_helped, NULL};
    if (queue_open(&qc, &t.queue, &e) != RC_OK ||
        link_start(&t.loop, &conf, t.queue, &ev, &t.link, &e) != RC_OK) {
        print_error("%s\n", e.text);
        return -1;
    }
    return 0;
}

static int down(void **state)
{
    (void)state;
    link_stop(t.link);
    uv_run(&t.loop, UV_RUN_DEFAULT);
    link_free(t.link);
    uv_loop_close(&t.loop);
    queue_close(t.queue);
    arena_free(t.arena);
    server_free(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(papers_arrive), cmocka_unit_test(lost_there),
                                       cmocka_unit_test(killed_in_between)};
    return cmocka_run_group_tests(tests, up, down);
}
