/* An account in the hands of somebody who means ill: what was taken away, lent or used up opens nothing more,
 * through whichever door. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/totp.h"
#include "common/base/clock.h"
#include "tests/db/desk_rig.h"

static struct desk_rig rig;
static struct browser registrar, ana, bela, cici, head, mayor, root;
static char id[40]; /* of a petition */
static int64_t frozen;

static int setup(void **state)
{
    (void)state;
    if (!desk_rig_make(&rig))
        exit(77);
    desk_hand(&rig, &registrar, "registru", "registrar", "uat-1");
    desk_hand(&rig, &ana, "ana", "clerk", "uat-1");
    desk_hand(&rig, &bela, "bela", "clerk", "uat-1");
    desk_hand(&rig, &cici, "cici", "expert", "uat-1");
    desk_hand(&rig, &head, "cora", "head", "uat-1");
    desk_hand(&rig, &mayor, "primar", "approver", "uat-1");
    desk_hand(&rig, &root, "admin", "administrator", "uat-1");
    frozen = unix_ms();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    struct browser *all[] = {&registrar, &ana, &bela, &cici, &head, &mayor, &root};
    for (size_t i = 0; i < COUNT(all); i++)
        desk_leave(all[i]);
    desk_rig_free(&rig);
    return 0;
}

static int act(struct browser *b, const char *action, const char *given, struct buf *body)
{
    return desk_step(b, id, action, given, body);
}

/* Everything that may change by an act; the audit grows with each refusal. */
static long work_done(void)
{
    return desk_count(&rig, "SELECT (SELECT count(*) FROM case_event) + (SELECT count(*) FROM case_note) + "
                            "(SELECT count(*) FROM register_entry) + (SELECT count(*) FROM document) + "
                            "(SELECT count(*) FROM delegation) + (SELECT count(*) FROM desk_once)");
}

#define PETITION                                                                                             \
    "{\"direction\":\"in\",\"service\":\"petition.general\",\"answers\":{\"who.kind\":\"person\","           \
    "\"who.last_name\":\"Pop\",\"who.first_name\":\"Ion\",\"who.address\":\"Lungă 1\",\"pet.kind\":"        \
    "\"request\",\"pet.subject\":\"Groapă\",\"pet.how\":\"type\",\"pet.text\":\"Vă rog.\",\"who.email\":"  \
    "\"x@example.org\",\"consent.data_read\":true}}"
#define KEY "Idempotency-Key: aaaaaaaa-2222-4333-8444-555555555555\r\n"
#define JSON "X-Pridvor: 1\r\nContent-Type: application/json\r\n"

static void taken(struct browser *by)
{
    BUF_SCOPE(body);

    assert_status(200, desk_post(&registrar, "/api/register/entries", PETITION, &body), body);
    snprintf(id, sizeof(id), "%.36s", strstr(body.p, "\"case\":\"") + 8);
    buf_reset(&body);
    assert_status(200, act(by, "take", "", &body), body);
}

static void role(const char *what, const char *account, const char *role)
{
    char text[200];
    BUF_SCOPE(body);

    snprintf(text, sizeof(text),
             "{\"act\":\"%s\",\"account\":\"%s\",\"role\":\"%s\",\"reach\":\"institution\",\"institution\":"
             "\"uat-1\"}",
             what, account, role);
    assert_status(200, desk_post(&root, "/api/roles", text, &body), body);
}

/* The page is open, the case is one's own, an act with a key was answered: nothing of it helps. */
static void a_role_is_taken_away(void **state)
{
    (void)state;
    char page[80], note[100], refused[100], documents[100];
    const struct desk_ask kept = {"POST", note, "{\"text\":\"O dată\",\"public\":false}", JSON KEY};

    taken(&ana);
    snprintf(page, sizeof(page), "/api/cases/%s", id);
    snprintf(note, sizeof(note), "%s/note", page);
    snprintf(refused, sizeof(refused), "%s/refused", page);
    snprintf(documents, sizeof(documents), "%s/documents", page);
    assert_int_equal(desk_get(&ana, page, NULL), 200);
    assert_int_equal(desk_send(&ana, &kept, NULL, NULL), 200);
    role("revoke", "ana", "clerk");
    long before = work_done();
    assert_int_equal(desk_get(&ana, "/api/me", NULL), 200); /* the session is one */
    const char *const reads[] = {page, refused, "/api/queue?q=mine", "/api/counts"};
    for (size_t i = 0; i < COUNT(reads); i++)
        assert_int_equal(desk_get(&ana, reads[i], NULL), 403);
    assert_int_equal(desk_post(&ana, "/api/search", "{\"q\":\"pop\"}", NULL), 403);
    assert_int_equal(act(&ana, "withdraw", "", NULL), 403);
    assert_int_equal(desk_send(&ana, &kept, NULL, NULL), 403); /* not even what was answered before */
    assert_int_equal(desk_post(&ana, "/api/register/entries", PETITION, NULL), 403);
    assert_int_equal(desk_file(&ana, documents, desk_dot, NULL), 403);
    assert_int_equal(work_done(), before);
    role("grant", "ana", "clerk");
    assert_int_equal(desk_send(&ana, &kept, NULL, NULL), 200);
    assert_int_equal(work_done(), before); /* and it was done once */
}

static int away(struct browser *b, const char *account, const char *to, struct buf *body)
{
    char text[300], from[40], until[40];

    snprintf(from, sizeof(from), "%s",
             pgcluster_query(&rig.s.pg, "SELECT to_char(now() - interval '2 days', 'YYYY-MM-DD')"));
    snprintf(until, sizeof(until), "%s",
             pgcluster_query(&rig.s.pg, "SELECT to_char(now() + interval '20 days', 'YYYY-MM-DD')"));
    snprintf(
        text, sizeof(text),
        "{\"account\":\"%s\",\"to_account\":\"%s\",\"from\":\"%s\",\"to\":\"%s\",\"reason\":\"concediu\"}",
        account, to, from, until);
    return desk_post(b, "/api/delegations", text, body);
}

static bool has_role(struct browser *b, const char *role)
{
    char want[60];
    BUF_SCOPE(body);

    snprintf(want, sizeof(want), "{\"role\":\"%s\"", role);
    assert_status(200, desk_get(b, "/api/me", &body), body);
    return strstr(body.p, want) != NULL;
}

/* Absences in a ring and in a chain: each has what is his own and what was lent to him, and lends his own. */
static void rings_of_absence(void **state)
{
    (void)state;
    BUF_SCOPE(body);

    assert_status(200, away(&mayor, "primar", "bela", &body), body);
    assert_true(has_role(&bela, "approver"));
    assert_int_equal(away(&bela, "bela", "primar", NULL), 422); /* the ring of two */
    assert_int_equal(away(&bela, "primar", "cici", NULL), 403); /* what is lent is not lent on */
    assert_status(200, away(&bela, "bela", "cici", &body), body);
    assert_true(has_role(&cici, "clerk"));
    assert_false(has_role(&cici, "approver")); /* the chain of three */
    assert_int_equal(away(&cici, "cici", "primar", NULL), 422);
    assert_int_equal(away(&cici, "cici", "bela", NULL), 422); /* and its ring */
    assert_false(has_role(&mayor, "clerk") || has_role(&mayor, "expert"));
    taken(&ana);
    assert_int_equal(act(&cici, "extend", "\"reason\":\"x\"", NULL), 403);
    /* Who lends is disabled: nothing is lent. */
    assert_int_equal(desk_post(&root, "/api/users/primar", "{\"act\":\"disable\"}", NULL), 200);
    assert_false(has_role(&bela, "approver"));
    assert_int_equal(act(&bela, "extend", "\"reason\":\"x\"", NULL), 403);
    assert_int_equal(desk_get(&mayor, "/api/me", NULL), 401);
    assert_int_equal(desk_post(&root, "/api/users/primar", "{\"act\":\"enable\"}", NULL), 200);
    assert_int_equal(desk_get(&mayor, "/api/me", NULL), 401); /* ended, not asleep */
    desk_leave(&mayor);
    assert_int_equal(desk_enter_as(&mayor, "primar", desk_secret), 200);
    pgcluster_query(&rig.s.pg, "UPDATE delegation SET ended_at = now(), ended_by = 'x'");
}

static long of_case(const char *which, const char *what)
{
    char sql[200];
    snprintf(sql, sizeof(sql), "SELECT (%s)::int FROM casefile WHERE id = '%s'", what, which);
    return desk_count(&rig, sql);
}

/* While fields are with the citizen nobody wins time nor sends it away. */
static void while_it_is_away(void **state)
{
    (void)state;
    BUF_SCOPE(body);

    taken(&ana);
    assert_status(200, act(&ana, "return", "\"reason\":\"Strada?\",\"fields\":\"pet.subject\"", &body), body);
    long days = of_case(id, "due - filed_on");
    assert_int_equal(act(&mayor, "extend", "\"reason\":\"Cercetare\"", NULL), 409);
    assert_int_equal(act(&registrar, "forward", "\"reason\":\"x\",\"institution\":\"uat-2\"", NULL), 409);
    assert_int_equal(act(&head, "forward", "\"reason\":\"x\",\"institution\":\"uat-2\"", NULL), 409);
    assert_int_equal(of_case(id, "due - filed_on"), days);
    assert_int_equal(of_case(id, "state = 'returned'"), 1);
}

/* The case that leads others is withdrawn: they are worked on again, on their own day. */
static void what_was_connexed(void **state)
{
    (void)state;
    char follows[40], given[80];
    BUF_SCOPE(body);

    taken(&ana);
    snprintf(follows, sizeof(follows), "%s", id);
    snprintf(given, sizeof(given), "\"case_number\":\"PET %ld/%ld\"", of_case(id, "n"), of_case(id, "year"));
    long due = of_case(follows, "due - date '2000-01-01'");
    taken(&ana);
    assert_status(200, act(&ana, "connex", given, &body), body);
    assert_int_equal(act(&ana, "withdraw", "", NULL), 200);
    assert_int_equal(act(&ana, "withdraw", "", NULL), 409); /* once */
    assert_int_equal(of_case(follows, "state = 'in_work'"), 1);
    assert_int_equal(of_case(follows, "due - date '2000-01-01'"), due);
}

/* ---- one code, many hands ---- */

static int64_t stopped(void)
{
    return frozen;
}

struct hand {
    pthread_t thread;
    const char *code;
    enum rc rc;
    char token[LOGIN_TOKEN], address[20];
};
static void *hand_enters(void *user)
{
    struct hand *h = user;
    struct db_sync *own SCOPED(db_sync_closep) = NULL;
    struct login l = rig.login;
    struct login_try t = {"ana", desk_secret, h->code, h->address};
    struct err e = {0};

    h->rc = db_sync_open(rig.s.pg.conninfo, &own, &e);
    l.db = own;
    l.now = stopped;
    if (h->rc == RC_OK)
        h->rc = login_enter(&l, &t, h->token, &e);
    return NULL;
}

static void secret_of(const char *uri, uint8_t secret[20])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t bits = 0;
    size_t n = 0, k = 0;

    for (const char *s = strstr(uri, "secret=") + 7; *s && *s != '&'; s++) {
        bits = bits << 5 | (uint32_t)(strchr(digits, *s) - digits);
        if ((n += 5) >= 8)
            secret[k++] = (uint8_t)(bits >> (n -= 8));
    }
    assert_int_equal(k, 20);
}

/* Seen over a shoulder, a code is worth nothing: of all who send it at once one comes in, and later nobody.
 */
static void one_code(void **state)
{
    (void)state;
    struct hand all[4] = {0};
    struct browser b = {.rig = &rig};
    struct err e = {0};
    uint8_t secret[20];
    const char *uri;
    char code[9];
    size_t in = 0;

    assert_int_equal(login_totp(&rig.login, rig.a, "ana", "root", &uri, &e), RC_OK);
    assert_int_equal(desk_get(&ana, "/api/me", NULL), 401); /* what was opened without it is over */
    secret_of(uri, secret);
    totp_code(code, TOTP_SHA1, BYTES(secret, 20), frozen / 1000 / 30, 6);
    for (size_t i = 0; i < COUNT(all); i++) {
        all[i].code = code;
        snprintf(all[i].address, sizeof(all[i].address), "10.1.0.%zu", i);
        assert_int_equal(pthread_create(&all[i].thread, NULL, hand_enters, &all[i]), 0);
    }
    for (size_t i = 0; i < COUNT(all); i++) {
        pthread_join(all[i].thread, NULL);
        if (all[i].rc == RC_OK && in++ == 0)
            snprintf(b.cookie, sizeof(b.cookie), "Cookie: __Host-pridvor=%s\r\n", all[i].token);
        else
            assert_true(all[i].rc == RC_DENIED || all[i].rc == RC_LIMIT);
    }
    assert_int_equal(in, 1);
    assert_int_equal(desk_get(&b, "/api/me", NULL), 200);
    pgcluster_query(&rig.s.pg, "DELETE FROM login_delay");
    struct hand late = {.code = code, .address = "10.1.0.9"};
    hand_enters(&late);
    assert_int_equal(late.rc, RC_DENIED);
    assert_int_equal(desk_post(&root, "/api/users/ana", "{\"act\":\"reset\"}", NULL), 200);
    assert_int_equal(desk_get(&b, "/api/me", NULL), 401);
    desk_leave(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_is_taken_away),
        cmocka_unit_test(rings_of_absence),
        cmocka_unit_test(while_it_is_away),
        cmocka_unit_test(what_was_connexed),
        cmocka_unit_test(one_code),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
