/* kill -9 of registryd while terminals file: what was acknowledged is there, once, under the number that was
 * told. The judge is the clients' own log: a look at the database alone cannot see a lost acknowledgement. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/db.h"
#include "tests/db/body.h"
#include "tests/db/server.h"
#include "tests/db/tclient.h"

enum { ROUNDS = 40, TERMINALS = 4, CLIENTS = 16, LOG_MAX = 20000 };

struct acknowledged {
    char id[UUID_LEN], institution[16];
    int64_t n;
};
struct client {
    pthread_t thread;
    char name[16], institution[24];
    struct acknowledged *log;
    unsigned n_log, unclear, before, after; /* tries without an answer, and what the next try found */
};
static struct server server;
static struct client clients[CLIENTS];
static atomic_bool stop;
static atomic_uint told;

static void note(struct client *c, const struct body *b, const struct buf *reply, struct arena *a)
{
    struct filed f = {0};
    struct err e = {0};

    if (json_decode(a, &filed_desc, reply->p, reply->len, &f, &e) != RC_OK || c->n_log == LOG_MAX)
        abort();
    struct acknowledged *k = &c->log[c->n_log++];
    snprintf(k->id, sizeof(k->id), "%s", b->id);
    snprintf(k->institution, sizeof(k->institution), "%s", b->institution);
    k->n = f.n;
    told++;
}

/* One request until it is acknowledged, over as many connections as it takes. */
static void file_one(struct client *c, struct tclient *t, struct tls_ctx *ctx)
{
    struct body b;
    bool unclear = false;
    ARENA_SCOPE(a);

    body_init(&b, c->name, c->institution);
    const char *text = body_text(a, &b), *headers = body_headers(a, &b);
    for (;;) {
        struct err e = {0};
        int status = -1;
        BUF_SCOPE(reply);
        if (t->fd < 0 && tclient_open(t, server.port, ctx, &e) != RC_OK) {
            usleep(2000);
            continue;
        }
        status = tclient_request(t, "POST", "/v1/requests", headers, text, &reply, &e);
        if (status == 200 || status == 201) {
            c->before += unclear && status == 201;
            c->after += unclear && status == 200;
            note(c, &b, &reply, a);
            return;
        }
        if (status < 0) {
            tclient_close(t);
            c->unclear += !unclear;
            unclear = true;
        } else if (status != 503) {
            fprintf(stderr, "status %d: %s\n", status, reply.p ? reply.p : "");
            abort();
        } else {
            usleep(2000);
        }
    }
}

static void *client_run(void *user)
{
    struct client *c = user;
    struct tls_ctx *ctx = server_client(&server, c->name);
    struct tclient t = {.fd = -1};

    while (!stop)
        file_one(c, &t, ctx);
    tclient_close(&t);
    tls_ctx_free(ctx);
    return NULL;
}

/* Every line of the log is in the register under its number, and nothing else is. */
static unsigned compare(unsigned *wrong)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct err e = {0};
    unsigned total = 0;

    assert_int_equal(db_sync_open(server.pg.conninfo, &s, &e), RC_OK);
    assert_int_equal(
        db_sync_script(s, "CREATE TEMP TABLE told (request_id uuid, institution text, n bigint)", &e), RC_OK);
    for (int i = 0; i < CLIENTS; i++) {
        for (unsigned k = 0; k < clients[i].n_log; k++, total++) {
            const struct acknowledged *x = &clients[i].log[k];
            char n[24];
            snprintf(n, sizeof(n), "%lld", (long long)x->n);
            const struct db_param p[] = {DB_STR(x->id), DB_STR(x->institution), DB_STR(n)};
            assert_int_equal(
                db_sync_query(s, "INSERT INTO told VALUES ($1::uuid, $2, $3::bigint)", p, 3, NULL, &e),
                RC_OK);
        }
    }
    static const char sql[] =
        "SELECT count(*) FROM told t FULL JOIN request r USING (request_id) WHERE t.n IS NULL "
        "OR r.n IS NULL OR t.n <> r.n OR t.institution <> r.institution";
    struct db_result *r SCOPED(db_result_freep) = NULL;
    assert_int_equal(db_sync_query(s, sql, NULL, 0, &r, &e), RC_OK);
    *wrong = (unsigned)db_int(r, 0, 0);
    return total;
}

/* Until the terminals are connected again and file: a kill during handshakes would prove nothing. */
static void wait_told(unsigned n)
{
    for (int i = 0; i < 10000 && told < n; i++)
        usleep(1000);
}

static void killed_at_any_moment(void **state)
{
    unsigned total, wrong = 0, unclear = 0, before = 0, after = 0;
    (void)state;

    for (int i = 0; i < CLIENTS; i++) {
        struct client *c = &clients[i];
        snprintf(c->name, sizeof(c->name), "K%02d", i % TERMINALS + 1);
        snprintf(c->institution, sizeof(c->institution), "uat-%d", i % TERMINALS + 1);
        c->log = calloc(LOG_MAX, sizeof(*c->log));
        assert_int_equal(pthread_create(&c->thread, NULL, client_run, c), 0);
    }
    srand(22112026);
    for (int round = 0; round < ROUNDS; round++) {
        wait_told(told + CLIENTS);
        usleep((useconds_t)(rand() % 60000));
        server_kill(&server, SIGKILL);
        server_start(&server);
    }
    stop = true;
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        unclear += clients[i].unclear;
        before += clients[i].before;
        after += clients[i].after;
    }
    total = compare(&wrong);
    print_message("registryd killed %d times: %u acknowledged, %u lost or different; %u answers cut off "
                  "(%u before the commit, %u after it)\n",
                  ROUNDS, total, wrong, unclear, before, after);
    assert_int_equal(wrong, 0);
    assert_true(unclear > 0 && before > 0 && after > 0);
    assert_int_equal(server_ctl(&server, (const char *[]){"verify", NULL}), 0);
}

/* The database falls, as in a power cut, and comes back through recovery. */
static void postgres_killed(void **state)
{
    unsigned total, wrong = 0;
    (void)state;

    stop = false;
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&clients[i].thread, NULL, client_run, &clients[i]), 0);
    for (int round = 0; round < 5; round++) {
        wait_told(told + CLIENTS);
        usleep((useconds_t)(rand() % 60000));
        pgcluster_stop(&server.pg, SIGKILL);
        pgcluster_start(&server.pg);
    }
    stop = true;
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i].thread, NULL);
    total = compare(&wrong);
    print_message("PostgreSQL killed 5 times: %u acknowledged in all, %u lost or different\n", total, wrong);
    assert_int_equal(wrong, 0);
    assert_int_equal(server_ctl(&server, (const char *[]){"verify", NULL}), 0);
}

static int setup(void **state)
{
    (void)state;
    if (!server_make(&server, TERMINALS))
        exit(77);
    server_start(&server);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < CLIENTS; i++)
        free(clients[i].log);
    server_free(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_any_moment),
        cmocka_unit_test(postgres_killed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
