/* The outbox against servers that misbehave by rule: each recipient asks for one kind of trouble. */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "tests/db/outbox_rig.h"

static struct server server;
static int mail_fd = -1, http_fd = -1, mail_port, http_port;
static volatile int grey, dots, dies, http_dies, http_good, http_late, saw_mail_from;

static int listen_at(int *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        abort();
    *port = ntohs(at.sin_port);
    return fd;
}

/* ---- SMTP ---- */

static const struct {
    const char *who, *rcpt, *data, *dot;
} kinds[] = {
    {"nobody", "550-5.1.1 no\r\n550 5.1.1 such user\r\n", "", ""},
    {"full", "552 mailbox full\r\n", "", ""},
    {"dot5", NULL, NULL, "554 no\r\n"},
    {"dot4", NULL, NULL, "451 later\r\n"},
    {"data4", NULL, "451 later\r\n", NULL},
    {"bye", "421 bye\r\n", NULL, NULL},
    {"babble", "hello there\r\n", NULL, NULL},
    {"", NULL, NULL, NULL},
};

static bool line_of(FILE *in, char *line, int cap)
{
    return fgets(line, cap, in) != NULL;
}

static const char * or (const char *s, const char *def)
{
    return s ? s : def;
}

static bool body(FILE *in, FILE *out, const char *rcpt, size_t k)
{
    char line[2000];

    while (line_of(in, line, sizeof(line)) && strcmp(line, ".\r\n") != 0)
        ;
    if (strncmp(rcpt, "die", 3) == 0) {
        __sync_fetch_and_add(&dies, 1); /* accepted, and the connection ends before anybody hears of it */
        return false;
    }
    if (strncmp(rcpt, "slow", 4) == 0)
        sleep(3);
    __sync_fetch_and_add(&dots, kinds[k].dot == NULL);
    fputs(or (kinds[k].dot, "250 ok\r\n"), out);
    return true;
}

static bool command(FILE *in, FILE *out, const char *line, char rcpt[64])
{
    size_t k = 0;

    while (*kinds[k].who && strncmp(rcpt, kinds[k].who, strlen(kinds[k].who)) != 0)
        k++;
    if (strncmp(line, "EHLO", 4) == 0)
        fputs("250-odd.test\r\n250 SIZE\r\n", out);
    else if (strncmp(line, "RCPT", 4) == 0) {
        sscanf(line, "RCPT TO:<%63[^>]", rcpt);
        for (k = 0; *kinds[k].who && strncmp(rcpt, kinds[k].who, strlen(kinds[k].who)) != 0;)
            k++;
        bool wait = strncmp(rcpt, "grey", 4) == 0 && __sync_fetch_and_add(&grey, 1) < 2;
        fputs(wait ? "451 4.7.1 come again\r\n" : or (kinds[k].rcpt, "250 ok\r\n"), out);
        if (strcmp(kinds[k].who, "bye") == 0 && !wait) {
            rcpt[0] = 0;
            return false;
        }
    } else if (strncmp(line, "DATA", 4) == 0) {
        fputs(or (kinds[k].data, "354 go\r\n"), out);
        fflush(out);
        return kinds[k].data || body(in, out, rcpt, k);
    } else if (strncmp(line, "QUIT", 4) == 0)
        return false;
    else {
        __sync_fetch_and_add(&saw_mail_from, strncmp(line, "MAIL", 4) == 0);
        fputs("250 ok\r\n", out);
    }
    return true;
}

static void *mail_talk(void *user)
{
    int fd = (int)(intptr_t)user;
    char line[2000], rcpt[64] = "";
    FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");

    fputs("220-odd.test\r\n220 at your service\r\n", out);
    fflush(out);
    while (line_of(in, line, sizeof(line)) && command(in, out, line, rcpt))
        fflush(out);
    fclose(out);
    fclose(in);
    return NULL;
}

/* ---- the gateway ---- */

static void *http_talk(void *user)
{
    int fd = (int)(intptr_t)user, status = 202;
    char line[4000], to[40] = "";
    FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");

    while (line_of(in, line, sizeof(line)) && strcmp(line, "\r\n") != 0) {
        const char *p = strstr(line, "to=");
        if (p)
            sscanf(p, "to=%*[%%2B+]40%30[0-9]", to);
    }
    if (strncmp(to, "7400", 4) == 0)
        status = 400;
    else if (strncmp(to, "7503", 4) == 0)
        status = __sync_fetch_and_add(&http_late, 1) < 2 ? 503 : 202;
    else if (strncmp(to, "7999", 4) == 0) {
        __sync_fetch_and_add(&http_dies, 1);
        status = 0;
    }
    if (status) {
        __sync_fetch_and_add(&http_good, status == 202);
        fprintf(out, "HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n", status);
    }
    fclose(out);
    fclose(in);
    return NULL;
}

struct acceptor {
    int *fd;
    void *(*talk)(void *user);
};

static void *accept_all(void *user)
{
    const struct acceptor *a = user;
    pthread_t t;

    for (int fd; (fd = accept(*a->fd, NULL, NULL)) >= 0;) {
        if (pthread_create(&t, NULL, a->talk, (void *)(intptr_t)fd) == 0)
            pthread_detach(t);
    }
    return NULL;
}

/* ---- tests ---- */

static const char *conf(const char *starttls)
{
    static char text[1200];
    snprintf(text, sizeof(text),
             ",\"public_url\":\"https://cluj.example\",\"retry_unit_ms\":10,\"smtp\":{\"url\":\"smtp://"
             "127.0.0.1:%d\",\"from\":\"a@test.example\",\"starttls\":\"%s\",\"timeout_ms\":20000},\"sms\":{"
             "\"url\":"
             "\"http://127.0.0.1:%d/send?to={to}&text={text}\",\"timeout_ms\":20000}",
             mail_port, starttls, http_port);
    return text;
}

static void restart(const char *starttls)
{
    server_kill(&server, SIGTERM);
    assert_true(WIFEXITED(server.exit_status) && WEXITSTATUS(server.exit_status) == 0);
    server_conf(&server, conf(starttls));
    server_start(&server);
}

static void expect(const char *who, const char *where)
{
    char text[300];
    snprintf(text, sizeof(text), "recipient LIKE '%s%%' AND %s", who, where);
    if (rig_count(&server, text) != 1)
        fail_msg("%s: %s; it is %s", who, where,
                 pgcluster_query(&server.pg,
                                 "SELECT string_agg(recipient || ' ' || state || ' ' || tries || ' ' || "
                                 "coalesce(reply, -1) || ' ' || coalesce(detail, ''), '; ') FROM "
                                 "owed_message"));
}

static void mail_answers(void **state)
{
    static const char *const who[] = {"nobody", "full", "dot5", "dot4",   "data4", "grey",
                                      "die",    "slow", "bye",  "babble", "fine"};
    char address[64];
    (void)state;

    for (size_t i = 0; i < COUNT(who); i++) {
        snprintf(address, sizeof(address), "%s%%d@test", who[i]);
        rig_owe(&server, (int)i + 1, (int)i + 1, "email", address);
    }
    assert_int_equal(rig_drain(&server, 280000), 0);
    expect("nobody", "state = 'failed' AND reply = 550 AND tries = 1 AND attention");
    expect("dot5", "state = 'failed' AND reply = 554 AND tries = 1");
    expect("full", "state = 'failed' AND reply = 552 AND tries > 5"); /* in the end */
    expect("dot4", "state = 'failed' AND reply = 451 AND tries > 5");
    expect("data4", "state = 'failed' AND reply = 451 AND tries > 5");
    expect("bye", "state = 'failed' AND reply = 421 AND tries > 5");
    expect("babble", "state = 'failed' AND reply = 0 AND tries > 5");
    expect("grey", "state = 'sent' AND tries = 3");
    expect("slow", "state = 'sent' AND tries = 1");
    expect("fine", "state = 'sent'");
    expect("die", "state = 'unknown' AND attention");
    assert_int_equal(dies, 1); /* not repeated */
    assert_int_equal(dots, 3);
}

static void gateway_answers(void **state)
{
    (void)state;
    rig_owe(&server, 101, 101, "sms", "+407400%d");
    rig_owe(&server, 102, 102, "sms", "+407503%d");
    rig_owe(&server, 103, 103, "sms", "+407999%d");
    rig_owe(&server, 104, 104, "sms", "+407111%d");
    rig_owe(&server, 105, 105, "sms", "not a number &to=1");
    assert_int_equal(rig_drain(&server, 60000), 0);
    expect("+407400", "state = 'failed' AND reply = 400");
    expect("+407503", "state = 'sent' AND tries = 3");
    expect("+407999", "state = 'unknown' AND attention");
    expect("+407111", "state = 'sent'");
    expect("not a", "state = 'failed' AND reply = 0");
    assert_int_equal(http_dies, 1);
    assert_int_equal(http_good, 2);
}

/* A server that offers no STARTTLS sees no letter, however long it takes. */
static void no_starttls(void **state)
{
    int before;
    (void)state;

    restart("required");
    before = saw_mail_from;
    rig_owe(&server, 201, 201, "email", "secret%d@test");
    for (int64_t end = mono_ms() + 30000;
         rig_count(&server, "recipient LIKE 'secret%' AND tries > 2") < 1 && mono_ms() < end;)
        usleep(50000);
    expect("secret", "tries > 2");
    assert_int_equal(saw_mail_from, before);
    restart("none");
    assert_int_equal(rig_drain(&server, 120000), 0);
}

/* A clerk sends an unknown one again; the one after it fails over to SMS only when SMS is another road. */
static void by_hand(void **state)
{
    char id[32];
    (void)state;

    snprintf(id, sizeof(id), "%s",
             pgcluster_query(&server.pg,
                             "UPDATE owed_message SET recipient = 'fine@test' WHERE recipient LIKE 'die%' "
                             "RETURNING id"));
    assert_int_equal(server_ctl(&server, (const char *[]){"messages", "retry", id, NULL}), 0);
    assert_int_equal(rig_drain(&server, 30000), 0);
    assert_int_equal(rig_count(&server, "recipient = 'fine@test' AND state = 'sent'"), 1);
    assert_int_not_equal(server_ctl(&server, (const char *[]){"messages", "retry", id, NULL}), 0);
    assert_int_not_equal(server_ctl(&server, (const char *[]){"messages", "retry", "1; DROP", NULL}), 0);
    assert_int_equal(server_ctl(&server, (const char *[]){"messages", NULL}), 0);
    rig_owe_or(&server, 301, "email", "nobody%d@test", "+407400301");
    assert_int_equal(rig_drain(&server, 30000), 0);
    expect("nobody301", "state = 'fell_back'");
    expect("+407400301", "state = 'failed' AND fell_from IS NOT NULL AND attention"); /* and not back again */
}

/* Another process's claim ends with its connection. */
static void orphans(void **state)
{
    (void)state;
    server_kill(&server, SIGKILL);
    rig_owe(&server, 401, 402, "email", "fine%d@test");
    pgcluster_query(&server.pg,
                    "UPDATE owed_message SET state = 'sending', claim = 7 WHERE recipient = 'fine401@test'");
    pgcluster_query(&server.pg,
                    "UPDATE owed_message SET state = 'handing', claim = 7, changed_at = now() - interval "
                    "'1 hour' WHERE recipient = 'fine402@test'");
    server_start(&server);
    assert_int_equal(rig_drain(&server, 60000), 0);
    expect("fine401", "state = 'sent'");
    expect("fine402", "state = 'unknown' AND attention");
}

static int setup(void **state)
{
    static struct acceptor mail = {&mail_fd, mail_talk}, http = {&http_fd, http_talk};
    pthread_t t;
    (void)state;

    signal(SIGPIPE, SIG_IGN);
    if (!server_make(&server, 1))
        exit(77);
    mail_fd = listen_at(&mail_port);
    http_fd = listen_at(&http_port);
    if (pthread_create(&t, NULL, accept_all, &mail) != 0 || pthread_create(&t, NULL, accept_all, &http) != 0)
        abort();
    server_conf(&server, conf("none"));
    server_start(&server);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    server_free(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mail_answers), cmocka_unit_test(gateway_answers), cmocka_unit_test(no_starttls),
        cmocka_unit_test(by_hand),      cmocka_unit_test(orphans),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
