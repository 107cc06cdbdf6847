/* kill -9 of registryd, PostgreSQL, the mail server and the SMS gateway while messages go out. Afterwards the
 * mail store and the SMS centre are compared with the database: nothing twice, nothing lost; what may have
 * left when a program died is "unknown", and no more than that. */
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

#include "backend/db.h"
#include "common/base/clock.h"
#include "tests/db/outbox_rig.h"

enum { NUMBERS = 100000, SMS_FROM = 50000, STEP = 40, LANES = 4 };
static struct server server;
static struct posthouse post;
static unsigned char mails[NUMBERS], asked[NUMBERS], texts[NUMBERS];
static char mail_ids[NUMBERS][24];
static unsigned mail_server_twice;

static long number_after(const char *text, const char *mark)
{
    const char *p = strstr(text, mark);
    long n = p ? strtol(p + strlen(mark), NULL, 10) : -1;
    return n >= 0 && n < NUMBERS ? n : -1;
}

static void see_mail(const char *text, void *user)
{
    long n = number_after(text, "\nTo: <u");
    const char *id = strstr(text, "\n\tid ");
    char own[24] = "";
    (void)user;

    assert_true(n > 0);
    if (id)
        sscanf(id, "\n\tid %23s", own);
    if (*own && strcmp(mail_ids[n], own) == 0) {
        mail_server_twice++; /* it delivered twice what it accepted once: killed before it wrote that down */
        return;
    }
    memcpy(mail_ids[n], own, sizeof(own));
    mails[n]++;
}

static void see_text(const char *line, void *user)
{
    long n = number_after(line, "+407");
    (void)user;
    assert_true(n > 0);
    texts[n]++;
}

/* What registryd asked of the gateway. */
static void see_asked(void)
{
    char path[200], line[2000];
    snprintf(path, sizeof(path), "%s/access.log", post.dir);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f)) {
        long n = strstr(line, "request added") ? number_after(line, "target:+407") : -1;
        if (n > 0)
            asked[n]++;
    }
    if (f)
        fclose(f);
}

struct tally {
    unsigned sent, unknown, unknown_arrived, other, lost, twice, centre_lost, centre_twice;
};

static void judge(struct tally *t, const char *state, unsigned arrived)
{
    bool sent = strcmp(state, "sent") == 0, unknown = strcmp(state, "unknown") == 0;

    t->sent += sent;
    t->unknown += unknown;
    t->unknown_arrived += unknown && arrived;
    t->other += !sent && !unknown;
    t->lost += sent && !arrived;
    t->twice += arrived > 1;
}

static void compare(struct tally *mail, struct tally *sms)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct err e = {0};

    *mail = *sms = (struct tally){0};
    memset(mails, 0, sizeof(mails));
    memset(asked, 0, sizeof(asked));
    memset(texts, 0, sizeof(texts));
    memset(mail_ids, 0, sizeof(mail_ids));
    mail_server_twice = 0;
    assert_int_equal(db_sync_open(server.pg.conninfo, &s, &e), RC_OK);
    assert_int_equal(db_sync_query(s, "SELECT way, state, recipient FROM owed_message", NULL, 0, &r, &e),
                     RC_OK);
    posthouse_mails(&post, see_mail, NULL);
    posthouse_texts(&post, see_text, NULL);
    see_asked();
    for (int i = 0; i < db_rows(r); i++) {
        const char *to = db_text(r, i, 2);
        if (db_text(r, i, 0)[0] == 'e') {
            judge(mail, db_text(r, i, 1), mails[strtol(to + 1, NULL, 10)]);
            continue;
        }
        long n = strtol(to + 4, NULL, 10);
        judge(sms, db_text(r, i, 1), asked[n]);
        sms->centre_lost += db_text(r, i, 1)[0] == 's' && asked[n] && !texts[n];
        sms->centre_twice += texts[n] > asked[n];
    }
}

enum victim { V_REGISTRY, V_POSTGRES, V_MAIL, V_BOX, V_CORE, V_COUNT };
static const char *const victim_names[] = {"registryd", "postgres", "mail server", "smsbox", "bearerbox"};

static void kill_one(enum victim v)
{
    switch (v) {
    case V_REGISTRY:
        server_kill(&server, SIGKILL);
        server_start(&server);
        break;
    case V_POSTGRES:
        pgcluster_stop(&server.pg, SIGKILL);
        pgcluster_start(&server.pg);
        break;
    case V_MAIL:
        posthouse_kill(&post.mail);
        posthouse_mail_start(&post);
        break;
    case V_BOX:
        posthouse_kill(&post.box);
        posthouse_sms_start(&post);
        break;
    default:
        posthouse_kill(&post.core);
        posthouse_sms_start(&post);
        break;
    }
}

static void print_tally(const char *what, const struct tally *t)
{
    print_message("%s: sent %u, unknown %u (%u of them arrived), other %u, lost %u, twice %u\n", what,
                  t->sent, t->unknown, t->unknown_arrived, t->other, t->lost, t->twice);
}

static void killed(void **state)
{
    const char *want = getenv("PRIDVOR_OUTBOX_ROUNDS"), *seed = getenv("PRIDVOR_SEED");
    int rounds = want ? (int)strtol(want, NULL, 10) : 30, kills[V_COUNT] = {0}, n = 0;
    struct tally mail = {0}, sms = {0};
    unsigned start = seed ? (unsigned)strtoul(seed, NULL, 10) : 20261123;
    (void)state;

    srandom(start);
    for (int i = 0; i < rounds; i++, n += STEP) {
        enum victim v = (enum victim)(random() % V_COUNT);
        rig_owe(&server, n + 1, n + STEP, "email", "u%d@test");
        rig_owe(&server, SMS_FROM + n + 1, SMS_FROM + n + STEP, "sms", "+407%d");
        usleep((useconds_t)(random() % 1300000));
        kills[v]++;
        kill_one(v);
    }
    print_message("seed %u, %d rounds:", start, rounds);
    for (int v = 0; v < V_COUNT; v++)
        print_message(" %s %d", victim_names[v], kills[v]);
    print_message("\n");
    assert_int_equal(rig_drain(&server, 180000), 0);
    /* The mail server has a queue of its own; letters whose fate is unknown fill its folder too. */
    compare(&mail, &sms);
    for (int64_t end = mono_ms() + 60000; mail.lost && mono_ms() < end; compare(&mail, &sms))
        usleep(500000);
    sleep(3); /* what the servers still have in hand would be a double */
    compare(&mail, &sms);
    print_tally("e-mail", &mail);
    print_tally("SMS, as asked of the gateway", &sms);
    print_message("the servers by themselves: mail twice %u; SMS lost %u, twice %u\n", mail_server_twice,
                  sms.centre_lost, sms.centre_twice);
    assert_int_equal(mail.sent + mail.unknown, n);
    /* A gateway that was just killed may answer 400 to each lane as it comes back: failed, and shown to a
     * clerk. */
    assert_int_equal(sms.sent + sms.unknown + sms.other, n);
    assert_in_range(sms.other, 0, (kills[V_BOX] + kills[V_CORE]) * LANES);
    assert_int_equal(mail.twice + sms.twice, 0);
    assert_int_equal(mail.lost + sms.lost, 0);
    assert_true(mail.unknown <= (unsigned)(rounds * LANES) && sms.unknown <= (unsigned)(rounds * LANES));
    assert_int_equal(rig_count(&server, "state = 'unknown' AND NOT attention"), 0);
}

static int setup(void **state)
{
    (void)state;
    rig_make(&server, &post);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    server_free(&server);
    posthouse_free(&post);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(killed)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
