/* The outbox against a real mail server and a real SMS gateway: what arrives, what is refused, how fast. */
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
#include "tests/db/outbox_rig.h"

static struct server server;
static struct posthouse post;
enum { NUMBERS = 100000 };
static unsigned char seen[NUMBERS];

static void see_mail(const char *text, void *user)
{
    const char *to = strstr(text, "\nTo: <u");
    int *bad = user;
    long n = to ? strtol(to + 7, NULL, 10) : -1;

    if (n < 0 || n >= NUMBERS || !strstr(text, "\nMessage-ID: <pridvor.") || !strstr(text, "\nSubject: ") ||
        !strstr(text, "\nAuto-Submitted: auto-generated") || !strstr(text, "\nFrom: ") || strstr(text, "{"))
        ++*bad;
    else
        seen[n]++;
}

static void see_text(const char *line, void *user)
{
    const char *to = strstr(line, "+407");
    int *bad = user;
    long n = to ? strtol(to + 4, NULL, 10) % NUMBERS : -1;
    if (n < 0)
        to = strstr(line, "%2B407"), n = to ? strtol(to + 6, NULL, 10) % NUMBERS : -1;
    if (n < 0)
        ++*bad;
    else
        seen[n]++;
}

static void each_once(int from, int to)
{
    for (int i = from; i <= to; i++)
        if (seen[i] != 1)
            fail_msg("message %d arrived %d times", i, seen[i]);
}

static void await_mails(unsigned n)
{
    for (int64_t end = mono_ms() + 60000; posthouse_mails(&post, NULL, NULL) < n && mono_ms() < end;)
        usleep(100000);
    assert_int_equal(posthouse_mails(&post, NULL, NULL), n);
}

static void arrive(void **state)
{
    int bad = 0;
    (void)state;

    rig_owe(&server, 1, 300, "email", "u%d@test");
    rig_owe(&server, 1001, 1100, "sms", "+407%d");
    assert_int_equal(rig_drain(&server, 60000), 0);
    assert_int_equal(rig_count(&server, "state = 'sent'"), 400);
    await_mails(300);
    memset(seen, 0, sizeof(seen));
    posthouse_mails(&post, see_mail, &bad);
    assert_int_equal(bad, 0);
    each_once(1, 300);
    for (int64_t end = mono_ms() + 30000; posthouse_texts(&post, NULL, NULL) < 100 && mono_ms() < end;)
        usleep(100000);
    memset(seen, 0, sizeof(seen));
    posthouse_texts(&post, see_text, &bad);
    assert_int_equal(bad, 0);
    each_once(1001, 1100);
    for (int64_t end = mono_ms() + 30000;
         rig_count(&server, "delivered_at IS NOT NULL") < 100 && mono_ms() < end;)
        usleep(100000);
    assert_int_equal(rig_count(&server, "delivered_at IS NOT NULL"), 100); /* the gateway's reports */
}

static void refused(void **state)
{
    (void)state;
    if (!post.exim)
        skip();
    rig_owe(&server, 401, 401, "email", "nobody%d@test");
    rig_owe_or(&server, 402, "email", "nobody%d@test", "+40700000402");
    rig_owe(&server, 403, 403, "email", "grey%d@test");
    rig_owe(&server, 404, 404, "email", "x\r\nRCPT TO:<u1@test>");
    for (int64_t end = mono_ms() + 30000;
         rig_count(&server, "recipient = 'grey403@test' AND tries >= 2 AND state = 'queued'") < 1 &&
         mono_ms() < end;)
        usleep(50000);
    assert_int_equal(rig_count(&server, "recipient = 'grey403@test' AND tries >= 2 AND reply = 451"), 1);
    char path[200];
    snprintf(path, sizeof(path), "%s/open", post.dir);
    fclose(fopen(path, "we"));
    assert_int_equal(rig_drain(&server, 60000), 0);
    assert_string_equal(
        pgcluster_query(&server.pg, "SELECT concat_ws(' ', state, reply) FROM owed_message WHERE recipient = "
                                    "'grey403@test'"),
        "sent 250");
    assert_int_equal(
        rig_count(&server, "recipient = 'nobody401@test' AND state = 'failed' AND attention AND reply = 550"),
        1);
    assert_int_equal(
        rig_count(&server, "recipient = 'nobody402@test' AND state = 'fell_back' AND NOT attention"), 1);
    assert_int_equal(
        rig_count(&server, "recipient = '+40700000402' AND state = 'sent' AND fell_from IS NOT NULL"), 1);
    assert_int_equal(rig_count(&server, "recipient LIKE 'x%' AND state = 'failed' AND reply = 0"), 1);
    assert_int_equal(server_ctl(&server, (const char *[]){"messages", "--state", "failed", NULL}), 0);
    const char *id =
        pgcluster_query(&server.pg, "SELECT id FROM owed_message WHERE recipient = 'nobody401@test'");
    char keep[32];
    snprintf(keep, sizeof(keep), "%s", id);
    pgcluster_query(&server.pg,
                    "UPDATE owed_message SET recipient = 'u401@test' WHERE recipient = 'nobody401@test'");
    assert_int_equal(server_ctl(&server, (const char *[]){"messages", "retry", keep, NULL}), 0);
    assert_int_equal(rig_drain(&server, 30000), 0);
    assert_int_equal(rig_count(&server, "recipient = 'u401@test' AND state = 'sent'"), 1);
}

static void wrong_certificate(void **state)
{
    char more[1700], *ca;
    unsigned before = (unsigned)rig_count(&server, "state = 'sent' AND way = 'email'");
    (void)state;

    await_mails(before); /* the mail server has a queue of its own */
    server_kill(&server, SIGTERM);
    snprintf(more, sizeof(more), "%s", posthouse_conf(&post, server.public_port));
    ca = strstr(more, "cert.pem");
    memcpy(ca, "oops.pem", 8);
    char cmd[400], from[300], to[200];
    snprintf(from, sizeof(from), "%s/ca.pem", server.dir); /* another authority */
    snprintf(to, sizeof(to), "%s/oops.pem", post.dir);
    snprintf(cmd, sizeof(cmd), "%s", to);
    assert_int_equal(symlink(from, cmd), 0);
    server_conf(&server, more);
    server_start(&server);
    rig_owe(&server, 501, 503, "email", "u%d@test");
    for (int64_t end = mono_ms() + 20000;
         rig_count(&server, "recipient = 'u501@test' AND tries > 1") < 1 && mono_ms() < end;)
        usleep(50000);
    assert_int_equal(
        rig_count(&server, "recipient = 'u501@test' AND tries > 1 AND detail LIKE 'mail server:%'"), 1);
    assert_int_equal(posthouse_mails(&post, NULL, NULL), before);
    server_kill(&server, SIGTERM);
    server_conf(&server, posthouse_conf(&post, server.public_port));
    server_start(&server);
    assert_int_equal(rig_drain(&server, 60000), 0);
    assert_int_equal(rig_count(&server, "state = 'sent' AND recipient ~ '^u50[123]@'"), 3);
}

static void backlog(void **state)
{
    const char *want = getenv("PRIDVOR_OUTBOX_BACKLOG");
    int n = want ? (int)strtol(want, NULL, 10) : 2000;
    (void)state;

    server_kill(&server, SIGTERM);
    rig_owe(&server, 20001, 20000 + n, "email", "u%d@test");
    server_start(&server);
    int64_t begin = mono_ms();
    double cpu = server_cpu_s(&server);
    assert_int_equal(rig_drain(&server, 280000), 0);
    double s = (double)(mono_ms() - begin) / 1000;
    print_message("%d e-mails in %.1f s: %.0f/s; registryd %.0f us CPU each, %ld kB\n", n, s, n / s,
                  (server_cpu_s(&server) - cpu) / n * 1e6, server_rss_kb(&server));
    assert_int_equal(rig_count(&server, "state = 'sent' AND recipient ~ '^u[0-9]{5}@'"), n);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrive),
        cmocka_unit_test(refused),
        cmocka_unit_test(wrong_certificate),
        cmocka_unit_test(backlog),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
