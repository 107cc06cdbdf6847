/* TLS: who is let in, resumption, the server behind it; the transport is memory or a socket pair of the rig.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/arena.h"
#include "common/base/tls.h"
#include "tests/unit/base_certs.h"
#include "tests/unit/base_rig.h"

static struct certs certs;

static struct tls_ctx *context(bool server, const char *ca, const char *cert, const char *crl)
{
    char key[64] = "";
    struct tls_ctx *c = NULL;
    struct err e = {0};
    if (cert != NULL)
        snprintf(key, sizeof(key), "%.*s.key", (int)(strchr(cert, '.') - cert), cert);
    struct tls_conf conf = {.server = server,
                            .ca = ca != NULL ? certs_path(&certs, ca) : NULL,
                            .cert = cert != NULL ? certs_path(&certs, cert) : NULL,
                            .key = cert != NULL ? certs_path(&certs, key) : NULL,
                            .crl = crl != NULL ? certs_path(&certs, crl) : NULL};
    if (tls_ctx_new(&conf, &c, &e) != RC_OK)
        fail_msg("%s", e.text);
    return c;
}

static void carry(struct tls *from, struct tls *to)
{
    const char *p;
    size_t n = tls_drain(from, &p);
    if (n > 0)
        tls_feed(to, p, n);
    tls_drained(from, n);
}

struct pair {
    struct tls *server, *client;
    enum rc src, crc; /* RC_BUSY: not finished */
    struct err se, ce;
};

static void meet(struct pair *p, struct tls_ctx *sc, struct tls_ctx *cc, const char *name)
{
    memset(p, 0, sizeof(*p));
    assert_int_equal(tls_new(sc, NULL, &p->server, &p->se), RC_OK);
    assert_int_equal(tls_new(cc, name, &p->client, &p->ce), RC_OK);
    p->src = p->crc = RC_BUSY;
    for (int i = 0; i < 10 && (p->src == RC_BUSY || p->crc == RC_BUSY); i++) {
        if (p->crc == RC_BUSY)
            p->crc = tls_handshake(p->client, &p->ce);
        carry(p->client, p->server);
        if (p->src == RC_BUSY)
            p->src = tls_handshake(p->server, &p->se);
        carry(p->server, p->client);
    }
}

static void part(struct pair *p)
{
    tls_free(p->server);
    tls_free(p->client);
}

/* Both directions, more than one record. */
static void talk(struct pair *p)
{
    static char out[50000], in[50000];
    struct err e = {0};
    for (size_t i = 0; i < sizeof(out); i++)
        out[i] = (char)i;
    for (int way = 0; way < 2; way++) {
        struct tls *from = way == 0 ? p->client : p->server, *to = way == 0 ? p->server : p->client;
        size_t got = 0;
        assert_int_equal(tls_write(from, out, sizeof(out), &e), RC_OK);
        carry(from, to);
        for (int n; (n = tls_read(to, in + got, sizeof(in) - got, &e)) > 0;)
            got += (size_t)n;
        assert_int_equal(got, sizeof(out));
        assert_memory_equal(in, out, got);
    }
}

/* In TLS 1.3 a client is done before the server has looked at its certificate: the refusal is what it reads
 * first. */
static void hear(struct pair *p)
{
    char byte;
    if (p->src != RC_OK && p->crc == RC_OK)
        (void)!tls_read(p->client, &byte, 1, &p->ce);
}

static void admission(void **state)
{
    static const struct {
        const char *client_cert, *client_ca, *name, *crl;
        bool in;
        const char *server_says, *client_says;
    } rows[] = {
        {"client.pem", "ca.pem", "localhost", NULL, true, NULL, NULL},
        {"client.pem", "ca.pem", "localhost", "crl.pem", true, NULL, NULL},
        {NULL, "ca.pem", "localhost", NULL, false, "No client certif", "SSL - "},
        {"foreign.pem", "ca.pem", "localhost", NULL, false, "not correctly signed by the trusted CA", NULL},
        {"expired.pem", "ca.pem", "localhost", NULL, false, "expired", NULL},
        {"revoked.pem", "ca.pem", "localhost", "crl.pem", false, "revoked", NULL},
        {"client.pem", "foreign-ca.pem", "localhost", NULL, false, NULL,
         "not correctly signed by the trusted CA"},
        {"client.pem", "ca.pem", "registru", NULL, false, NULL, "does not match"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tls_ctx *sc = context(true, "ca.pem", "server.pem", rows[i].crl);
        struct tls_ctx *cc = context(false, rows[i].client_ca, rows[i].client_cert, NULL);
        struct pair p;
        meet(&p, sc, cc, rows[i].name);
        hear(&p);
        assert_int_equal(p.src == RC_OK, rows[i].in);
        if (rows[i].in) {
            assert_int_equal(p.crc, RC_OK);
            assert_string_equal(tls_peer_cn(p.server), "K07");
            assert_string_equal(tls_peer_serial(p.server), "42");
            assert_string_equal(tls_peer_cn(p.client), "localhost");
            assert_false(tls_resumed(p.server));
            talk(&p);
        }
        if (rows[i].server_says != NULL && strstr(p.se.text, rows[i].server_says) == NULL)
            fail_msg("row %zu: %s", i, p.se.text);
        if (rows[i].client_says != NULL && strstr(p.ce.text, rows[i].client_says) == NULL)
            fail_msg("row %zu: %s", i, p.ce.text);
        part(&p);
        tls_ctx_free(sc);
        tls_ctx_free(cc);
    }
}

static void resumption(void **state)
{
    struct tls_ctx *sc = context(true, "ca.pem", "server.pem", NULL),
                   *cc = context(false, "ca.pem", "client.pem", NULL);
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct pair p;
        meet(&p, sc, cc, "localhost");
        assert_int_equal(p.src, RC_OK);
        assert_int_equal(p.crc, RC_OK);
        talk(&p);
        assert_string_equal(tls_peer_cn(p.server), "K07");
        assert_string_equal(tls_peer_serial(p.server), "42");
        assert_int_equal(tls_resumed(p.server), tls_resumed(p.client));
        printf("  connection %d: %s\n", i, tls_resumed(p.server) ? "resumed" : "full");
#if defined(PRIDVOR_TLS12_ONLY)
        assert_int_equal(tls_resumed(p.server), i > 0);
#endif
        part(&p);
    }
    /* Another name must not ride on what was verified for this one. */
    struct pair p;
    meet(&p, sc, cc, "elsewhere");
    assert_int_not_equal(p.crc, RC_OK);
    part(&p);
    /* Another server with other ticket keys: full again, and no error. */
    struct tls_ctx *again = context(true, "ca.pem", "server.pem", NULL);
    meet(&p, again, cc, "localhost");
    assert_int_equal(p.src, RC_OK);
    assert_false(tls_resumed(p.server));
    part(&p);
    tls_ctx_free(again);
    tls_ctx_free(sc);
    tls_ctx_free(cc);
}

static void no_certificate_asked(void **state)
{
    struct tls_ctx *sc = context(true, NULL, "server.pem", NULL), *cc = context(false, "ca.pem", NULL, NULL);
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct pair p;
        meet(&p, sc, cc, "localhost");
        assert_int_equal(p.src, RC_OK);
        talk(&p);
        assert_int_equal(tls_resumed(p.server), i > 0);
        assert_string_equal(tls_peer_cn(p.server), "");
        tls_close_notify(p.client);
        carry(p.client, p.server);
        char b[8];
        assert_int_equal(tls_read(p.server, b, sizeof(b), NULL), -1);
        part(&p);
    }
    tls_ctx_free(sc);
    tls_ctx_free(cc);
}

static void damaged_bytes(void **state)
{
    struct tls_ctx *sc = context(true, "ca.pem", "server.pem", NULL),
                   *cc = context(false, "ca.pem", "client.pem", NULL);
    struct pair p;
    struct err e = {0};
    const char *bytes;
    char b[100];
    (void)state;
    meet(&p, sc, cc, "localhost");
    talk(&p);
    assert_int_equal(tls_write(p.client, "hello", 5, &e), RC_OK);
    size_t n = tls_drain(p.client, &bytes);
    memcpy(b, bytes, n);
    b[n - 1] ^= 1;
    tls_feed(p.server, b, n);
    assert_int_equal(tls_read(p.server, b, sizeof(b), &e), -2);
    assert_true(e.text[0] != '\0');
    part(&p);
    tls_ctx_free(sc);
    tls_ctx_free(cc);
}

static void bad_files(void **state)
{
    struct tls_ctx *c;
    struct err e = {0};
    char ca[80], cert[80], key[80];
    (void)state;
    snprintf(ca, sizeof(ca), "%s", certs_path(&certs, "ca.pem"));
    snprintf(cert, sizeof(cert), "%s", certs_path(&certs, "server.pem"));
    snprintf(key, sizeof(key), "%s", certs_path(&certs, "client.key"));
    assert_int_equal(tls_ctx_new(&(struct tls_conf){true, ca, cert, key, NULL}, &c, &e), RC_TLS);
    assert_non_null(strstr(e.text, "does not belong to"));
    assert_int_equal(tls_ctx_new(&(struct tls_conf){true, "/nowhere.pem", cert, key, NULL}, &c, &e), RC_TLS);
    assert_non_null(strstr(e.text, "/nowhere.pem"));
    assert_int_equal(tls_ctx_new(&(struct tls_conf){false, NULL, NULL, NULL, NULL}, &c, &e), RC_TLS);
}

/* A blocking client on the rig's TLS server. */
static char *ask(struct tls_ctx *cc, int port, const char *request, size_t step)
{
    struct tls *t;
    struct err e = {0};
    char part_[4096], *answer = calloc(1, 1 << 16);
    int fd = raw_connect(port);
    size_t got = 0;
    enum rc rc = RC_BUSY;
    assert_int_equal(tls_new(cc, "localhost", &t, &e), RC_OK);
    for (bool sent = false; got < 60000;) {
        const char *p;
        if (rc == RC_BUSY)
            rc = tls_handshake(t, &e);
        if (rc == RC_OK && !sent)
            sent = tls_write(t, request, strlen(request), &e) == RC_OK;
        size_t n = tls_drain(t, &p);
        bool open = raw_send(fd, p, n, step);
        tls_drained(t, n);
        if (!open || (rc != RC_OK && rc != RC_BUSY))
            break;
        ssize_t k = read(fd, part_, sizeof(part_));
        if (k <= 0)
            break;
        tls_feed(t, part_, (size_t)k);
        for (int m; rc == RC_OK && (m = tls_read(t, answer + got, 65535 - got, &e)) > 0;)
            got += (size_t)m;
    }
    tls_free(t);
    close(fd);
    return answer;
}

static void server_behind_tls(void **state)
{
    static const char request[] = "GET /look HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    static const char *const refused[] = {NULL, "foreign.pem", "expired.pem", "revoked.pem"};
    struct rig rig = {.conf = {.tls = context(true, "ca.pem", "server.pem", "crl.pem"), .header_ms = 5000}};
    struct tls_ctx *cc = context(false, "ca.pem", "client.pem", NULL);
    (void)state;
    rig_start(&rig);
    for (size_t i = 0; i < 6; i++) {
        char *answer = ask(cc, rig.port, request, i < 3 ? 0 : 1); /* byte by byte too */
        assert_non_null(strstr(answer, "cn=K07 from=127.0.0.1"));
        free(answer);
    }
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct tls_ctx *bad = context(false, "ca.pem", refused[i], NULL);
        char *answer = ask(bad, rig.port, request, 0);
        assert_string_equal(answer, "");
        free(answer);
        tls_ctx_free(bad);
    }
    /* Plain HTTP at the TLS port; silence; half a hello. */
    char *answer = raw_talk(rig.port, request, sizeof(request) - 1, 0);
    assert_null(strstr(answer, "HTTP/1.1"));
    free(answer);
    int quiet = raw_connect(rig.port), half = raw_connect(rig.port);
    raw_send(half, "\x16\x03\x01\x02\x00\x01\x00", 7, 0);
    assert_true(rig_wait_conns(&rig, 0, 30000)); /* header_ms counts the handshake */
    close(quiet);
    close(half);
    rig_stop(&rig);
    tls_ctx_free(rig.conf.tls);
    tls_ctx_free(cc);
}

/* Many handshakes at once run on two threads and all end well. */
static void stampede(void **state)
{
    enum { N = 24 };
    struct rig rig = {.conf = {.tls = context(true, "ca.pem", "server.pem", NULL), .header_ms = 100000}};
    struct tls_ctx *cc = context(false, "ca.pem", "client.pem", NULL);
    struct tls *t[N];
    int fds[N], done = 0;
    struct err e = {0};
    bool up[N] = {false};
    (void)state;
    rig_start(&rig);
    for (int i = 0; i < N; i++) {
        fds[i] = raw_connect(rig.port);
        assert_int_equal(tls_new(cc, "localhost", &t[i], &e), RC_OK);
    }
    for (int round = 0; round < 2000 && done < N; round++)
        for (int i = 0; i < N; i++) {
            const char *p;
            size_t n;
            if (up[i])
                continue;
            enum rc rc = tls_handshake(t[i], &e);
            n = tls_drain(t[i], &p);
            raw_send(fds[i], p, n, 0);
            tls_drained(t[i], n);
            up[i] = rc == RC_OK;
            done += up[i];
            if (up[i])
                continue;
            assert_int_equal(rc, RC_BUSY);
            char *got = raw_read(fds[i], 5, &n);
            tls_feed(t[i], got, n);
            free(got);
        }
    assert_int_equal(done, N);
    assert_int_equal(rig_conns(&rig), N);
    for (int i = 0; i < N; i++) {
        tls_free(t[i]);
        close(fds[i]);
    }
    rig_stop(&rig);
    tls_ctx_free(rig.conf.tls);
    tls_ctx_free(cc);
}

/* Handshakes that never go on hold every place: whoever does shake hands gets one. */
static void full_of_silence(void **state)
{
    enum { N = 12 };
    static const char request[] = "GET /look HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    struct rig rig = {.conf = {.tls = context(true, "ca.pem", "server.pem", NULL), .max_conns = N}};
    struct tls_ctx *cc = context(false, "ca.pem", "client.pem", NULL);
    int fds[N];
    (void)state;
    rig_start(&rig);
    for (int i = 0; i < N; i++) {
        fds[i] = raw_connect(rig.port);
        if (i % 2)
            raw_send(fds[i], "\x16\x03\x01\x02\x00\x01\x00", 7, 0);
    }
    assert_true(rig_wait_conns(&rig, N, 3000));
    for (int i = 0; i < 5; i++) {
        char *answer = ask(cc, rig.port, request, 0);
        assert_non_null(strstr(answer, "cn=K07"));
        free(answer);
    }
    for (int i = 0; i < N; i++)
        close(fds[i]);
    rig_stop(&rig);
    tls_ctx_free(rig.conf.tls);
    tls_ctx_free(cc);
}

static int start(void **state)
{
    (void)state;
    certs_make(&certs);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    certs_remove(&certs);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(admission),
                                       cmocka_unit_test(resumption),
                                       cmocka_unit_test(no_certificate_asked),
                                       cmocka_unit_test(damaged_bytes),
                                       cmocka_unit_test(bad_files),
                                       cmocka_unit_test(server_behind_tls),
                                       cmocka_unit_test(stampede),
                                       cmocka_unit_test(full_of_silence)};
    return cmocka_run_group_tests(tests, start, stop);
}
