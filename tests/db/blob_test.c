/* Files from terminals: whole or not at all, under their own hash, whoever dies when. */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/crypto.h"
#include "common/base/fs.h"
#include "common/base/text.h"
#include "tests/db/server.h"
#include "tests/db/tclient.h"

enum { BIG = 3 << 20, ROUNDS = 12 };

static struct server server;

struct line {
    struct tls_ctx *ctx;
    struct tclient c;
};

static void line_open(struct line *l, const char *terminal)
{
    struct err e = {0};
    l->ctx = server_client(&server, terminal);
    if (tclient_open(&l->c, server.port, l->ctx, &e) != RC_OK)
        fail_msg("%s", e.text);
}

static void line_close(struct line *l)
{
    tclient_close(&l->c);
    tls_ctx_free(l->ctx);
}

/* A file of its own each time: a PDF's first bytes, then noise. */
static char *file_make(struct arena *a, size_t len, char hex[2 * SHA256_LEN + 1])
{
    struct err e = {0};
    uint8_t sum[SHA256_LEN];
    char *p = arena_alloc(a, len + 1);

    assert_int_equal(rnd_bytes(p, len, &e), RC_OK);
    memcpy(p, "%PDF-1.7\n", 9);
    sha256(sum, p, len);
    hex_encode(hex, sum, sizeof sum);
    return p;
}

static void head_send(struct line *l, struct arena *a, const char *name, const char *type, size_t len)
{
    struct err e = {0};
    const char *head = arena_fmt(a,
                                 "PUT /v1/blobs/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n"
                                 "Content-Length: %zu\r\n\r\n",
                                 name, type, len);
    assert_int_equal(tclient_send(&l->c, head, strlen(head), &e), RC_OK);
}

static int put_as(struct line *l, struct arena *a, const char *name, const char *type, struct bytes file)
{
    struct err e = {0};
    head_send(l, a, name, type, file.len);
    /* Refused before the end: the answer may come while we still send. */
    if (tclient_send(&l->c, file.p, file.len, &e) != RC_OK)
        print_message("not all was taken: %s\n", e.text);
    return tclient_answer(&l->c, NULL, NULL, &e);
}

static int put(struct line *l, struct arena *a, const char *name, struct bytes file)
{
    return put_as(l, a, name, "application/pdf", file);
}

static int half_received(void)
{
    char path[300];
    int n = 0;
    snprintf(path, sizeof path, "%s/blobs/new", server.dir);
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *f; (f = readdir(d));)
        n += f->d_name[0] != '.';
    closedir(d);
    return n;
}

/* One look decides: the server may not have begun with what was cut, and begin between two looks. What it
 * then leaves is seen at the next look, so each test ends with one. */
static void nothing_half(void)
{
    int n;
    for (int64_t until = mono_ms() + 10000; (n = half_received()) > 0 && mono_ms() < until;)
        usleep(10000);
    assert_int_equal(n, 0);
}

static void assert_sound(void)
{
    char folder[300];
    snprintf(folder, sizeof folder, "%s/blobs", server.dir);
    assert_int_equal(server_ctl(&server, (const char *[]){"verify", "--blobs", folder, NULL}), 0);
}

static void stored_once(void **state)
{
    struct line l;
    char hex[2 * SHA256_LEN + 1], *back;
    size_t len;
    struct err e = {0};
    ARENA_SCOPE(a);
    (void)state;

    char *file = file_make(a, BIG, hex);
    line_open(&l, "K01");
    assert_int_equal(put(&l, a, hex, BYTES(file, BIG)), 201);
    assert_int_equal(put(&l, a, hex, BYTES(file, BIG)), 200);
    line_close(&l);
    const char *path = arena_fmt(a, "%s/blobs/%.2s/%s", server.dir, hex, hex);
    assert_int_equal(fs_read(a, path, BIG, &back, &len, &e), RC_OK);
    assert_int_equal(len, BIG);
    assert_memory_equal(back, file, BIG);
    nothing_half();
    assert_sound();
}

static void refused(void **state)
{
    char hex[2 * SHA256_LEN + 1], other[2 * SHA256_LEN + 1];
    ARENA_SCOPE(a);
    char *file = file_make(a, 4096, hex);
    file_make(a, 4096, other);
    (void)state;
    const struct {
        const char *name, *type;
        size_t len;
        int status;
    } rows[] = {
        {other, "application/pdf", 4096, 422},
        {"abc", "application/pdf", 4096, 404},
        {hex, "image/jpeg", 4096, 422},
        {hex, "text/html", 4096, 422},
        {"..%2f..%2fetc", "application/pdf", 9, 400},
        {hex, "application/pdf", (5u << 20) + 1, 413},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct line l;
        struct err e = {0};
        line_open(&l, "K01");
        print_message("row %zu\n", i);
        if (rows[i].len > 4096) { /* refused by its announced length */
            head_send(&l, a, rows[i].name, rows[i].type, rows[i].len);
            assert_int_equal(tclient_answer(&l.c, NULL, NULL, &e), rows[i].status);
        } else {
            assert_int_equal(put_as(&l, a, rows[i].name, rows[i].type, BYTES(file, rows[i].len)),
                             rows[i].status);
        }
        line_close(&l);
    }
    nothing_half();
    assert_sound();
}

/* The connection ends after k bytes; the server is killed after k bytes: nothing half, and the next try
 * works. */
static void cut_anywhere(void **state)
{
    char hex[2 * SHA256_LEN + 1];
    ARENA_SCOPE(a);
    char *file = file_make(a, BIG, hex);
    int cuts = 0, kills = 0;
    (void)state;

    for (int i = 0; i < ROUNDS; i++) {
        struct line l;
        struct err e = {0};
        line_open(&l, "K02");
        head_send(&l, a, hex, "application/pdf", BIG);
        assert_int_equal(tclient_send(&l.c, file, (size_t)BIG / ROUNDS * (size_t)i, &e), RC_OK);
        if (i % 3 == 2) {
            server_kill(&server, SIGKILL);
            kills++;
            server_start(&server);
        } else {
            cuts++;
        }
        line_close(&l);
        nothing_half();
    }
    struct line l;
    line_open(&l, "K02");
    assert_int_equal(put(&l, a, hex, BYTES(file, BIG)), 201);
    line_close(&l);
    nothing_half();
    assert_sound();
    print_message("%d connections cut, %d kills: no half file, none lost\n", cuts, kills);
}

/* An acknowledged file is there after a kill right behind the answer. */
static void acknowledged_stays(void **state)
{
    int acknowledged = 0;
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct line l;
        char hex[2 * SHA256_LEN + 1], *back;
        size_t len;
        struct err e = {0};
        ARENA_SCOPE(a);
        char *file = file_make(a, 200000, hex);
        line_open(&l, "K03");
        assert_int_equal(put(&l, a, hex, BYTES(file, 200000)), 201);
        acknowledged++;
        server_kill(&server, SIGKILL);
        line_close(&l);
        assert_int_equal(
            fs_read(a, arena_fmt(a, "%s/blobs/%.2s/%s", server.dir, hex, hex), 200000, &back, &len, &e),
            RC_OK);
        server_start(&server);
    }
    assert_sound();
    print_message("%d files acknowledged, server killed after each: all whole\n", acknowledged);
}

static void changed_is_found(void **state)
{
    struct line l;
    char hex[2 * SHA256_LEN + 1], folder[300];
    struct err e = {0};
    ARENA_SCOPE(a);
    (void)state;

    char *file = file_make(a, 1000, hex);
    line_open(&l, "K01");
    assert_int_equal(put(&l, a, hex, BYTES(file, 1000)), 201);
    line_close(&l);
    const char *path = arena_fmt(a, "%s/blobs/%.2s/%s", server.dir, hex, hex);
    file[500] ^= 1;
    assert_int_equal(fs_write(path, file, 1000, 0600, &e), RC_OK);
    snprintf(folder, sizeof folder, "%s/blobs", server.dir);
    assert_int_equal(server_ctl(&server, (const char *[]){"verify", "--blobs", folder, NULL}), 1);
    file[500] ^= 1;
    assert_int_equal(fs_write(path, file, 1000, 0600, &e), RC_OK);
    assert_sound();
}

static void restart_with(const char *conf, size_t len)
{
    struct err e = {0};
    ARENA_SCOPE(a);
    server_kill(&server, SIGTERM);
    assert_int_equal(fs_write(arena_fmt(a, "%s/registry.conf", server.dir), conf, len, 0600, &e), RC_OK);
    server_start(&server);
}

/* A terminal that sends files without end: they are put off while the disk is nearly full. */
static void disk_kept(void **state)
{
    struct line l;
    char hex[2 * SHA256_LEN + 1], *conf;
    size_t len;
    struct err e = {0};
    ARENA_SCOPE(a);
    (void)state;

    char *file = file_make(a, 1000, hex);
    assert_int_equal(fs_read(a, arena_fmt(a, "%s/registry.conf", server.dir), 100000, &conf, &len, &e),
                     RC_OK);
    const char *tight = arena_fmt(a, "{\"blobs_free_mb\":1000000000,%.*s", (int)len - 1, conf + 1);
    restart_with(tight, strlen(tight));
    line_open(&l, "K01");
    assert_int_equal(put(&l, a, hex, BYTES(file, 1000)), 507);
    line_close(&l);
    nothing_half();
    restart_with(conf, len);
    line_open(&l, "K01");
    assert_int_equal(put(&l, a, hex, BYTES(file, 1000)), 201);
    line_close(&l);
}

static int setup(void **state)
{
    (void)state;
    if (!server_make(&server, 3)) {
        print_message("no PostgreSQL here\n");
        exit(77);
    }
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
        cmocka_unit_test(stored_once),      cmocka_unit_test(refused),
        cmocka_unit_test(cut_anywhere),     cmocka_unit_test(acknowledged_stays),
        cmocka_unit_test(changed_is_found), cmocka_unit_test(disk_kept),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
