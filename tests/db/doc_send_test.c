/* Files that go out in pieces, through registryd and TLS: many slow readers at once cost pieces and no seat,
 * who goes away leaves nothing open, and a file that changes on the disk is never taken for whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/store.h"
#include "common/base/text.h"
#include "tests/db/slow.h"

enum {
    FILE_MB = 20,
    FILE_LEN = FILE_MB << 20,
    READERS = 40,
    EACH_KB = 256, /* of registryd's memory for a reader: a piece, on its way through TLS to the socket */
    ALL_READ = 4,  /* so many read to the end */
};

static struct desk_rig rig;
static struct browser ana;
static char hex[STORE_HEX];
static const char *path;
static unsigned char *bytes;

static struct store_place place(void)
{
    static char dir[300];
    snprintf(dir, sizeof dir, "%s/blobs", rig.s.dir);
    return (struct store_place){dir, 1};
}

static void put(void)
{
    struct err e = {0};
    struct store_place at = place();
    if (store_put(&at, BYTES(bytes, FILE_LEN), hex, &e) != RC_OK)
        fail_msg("%s", e.text);
}

static int setup(void **state)
{
    (void)state;
    if (!desk_rig_make(&rig))
        exit(77);
    ana = (struct browser){.rig = &rig};
    desk_person(&rig, "ana", "uat-1");
    desk_grant(&rig, "ana", "clerk", "uat-1");
    assert_int_equal(desk_enter_as(&ana, "ana", desk_secret), 200);
    bytes = malloc(FILE_LEN);
    for (size_t i = 0; i < FILE_LEN; i++)
        bytes[i] = (unsigned char)((i * 2654435761U) >> 13);
    put();
    path = slow_document(&rig, "image/png", hex, FILE_LEN);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(bytes);
    desk_leave(&ana);
    desk_rig_free(&rig);
    return 0;
}

/* ---- a reader who compares ---- */

static void compare(struct slow *r, const char *p, size_t n)
{
    bool file = strncmp(r->text, "HTTP/1.1 200", 12) == 0;
    if (file && (r->got + n > FILE_LEN || memcmp(bytes + r->got, p, n) != 0))
        r->user = r; /* wrong */
}

static void reader_ask(struct slow *r)
{
    *r = (struct slow){.take = compare};
    slow_ask(r, &ana, path, NULL);
}

/* ---- */

static void many_slow_readers(void **state)
{
    struct slow *r = calloc(READERS, sizeof *r);
    BUF_SCOPE(body);

    (void)state;
    reader_ask(&r[0]); /* what one costs once is paid */
    slow_take(&r[0], FILE_LEN);
    assert_int_equal(r[0].got, FILE_LEN);
    tclient_close(&r[0].c);
    long before = server_rss_kb(&rig.s), most = before;
    for (int i = 0; i < READERS; i++) {
        reader_ask(&r[i]);
        for (int k = 0; k <= i; k++) /* slow, but not so slow as to be cut, however busy the machine is */
            slow_take(&r[k], r[k].got + 65536);
        if (r[i].announced != FILE_LEN)
            fail_msg("%d: %s", i, r[i].text);
    }
    for (int i = 0; i < READERS; i++) {
        slow_take(&r[i], r[i].got + (size_t)(i + 1) * 10000);
        most = server_rss_kb(&rig.s) > most ? server_rss_kb(&rig.s) : most;
    }
    assert_true(slow_wait_open(&rig, READERS));
    /* Nobody of them holds a seat, or a connection to the database. */
    for (int i = 0; i < 8; i++)
        assert_int_equal(desk_get(&ana, "/api/me", &body), 200);
    for (int i = ALL_READ; i < READERS; i++) {
        assert_null(r[i].user);
        tclient_close(&r[i].c);
    }
    assert_true(slow_wait_open(&rig, ALL_READ));
    for (size_t at = 0; at < FILE_LEN; at += 1 << 20)
        for (int i = 0; i < ALL_READ; i++) {
            slow_take(&r[i], at + (1 << 20));
            most = server_rss_kb(&rig.s) > most ? server_rss_kb(&rig.s) : most;
        }
    for (int i = 0; i < ALL_READ; i++) {
        assert_int_equal(r[i].got, FILE_LEN);
        assert_null(r[i].user);
        tclient_close(&r[i].c);
    }
    assert_true(slow_wait_open(&rig, 0));
    print_message("registryd: %ld KB before, %ld KB with %d slow readers of %d MB\n", before, most, READERS,
                  FILE_MB);
    assert_true(most - before < READERS * EACH_KB + KEPT_BACK_MB * 1024);
    free(r);
}

/* The file as it lies on the disk. */
static FILE *on_disk(void)
{
    char name[400];
    snprintf(name, sizeof name, "%s/%.2s/%s", place().folder, hex, hex);
    FILE *f = fopen(name, "r+");
    assert_non_null(f);
    return f;
}

static void spoil(size_t at, size_t end)
{
    FILE *f = on_disk();
    assert_int_equal(fseek(f, (long)at, SEEK_SET), 0);
    if (at < end)
        fputc(bytes[at] ^ 1, f);
    fflush(f);
    assert_int_equal(ftruncate(fileno(f), (off_t)end), 0);
    fclose(f);
}

static void what_changed_before_is_refused(void **state)
{
    static const struct {
        size_t at, end;
    } rows[] = {{0, FILE_LEN}, {FILE_LEN - 1, FILE_LEN}, {FILE_LEN - 1, FILE_LEN - 1}, {0, 0}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct slow r;
        spoil(rows[i].at, rows[i].end);
        reader_ask(&r);
        slow_take(&r, SIZE_MAX - 1);
        if (strncmp(r.text, "HTTP/1.1 409", 12) != 0 || r.announced > 2000)
            fail_msg("row %zu: %s", i, r.text);
        tclient_close(&r.c);
        put();
    }
    assert_true(slow_wait_open(&rig, 0));
}

static void what_changes_meanwhile_is_cut_off(void **state)
{
    static const struct {
        size_t at, end;
    } rows[] = {{FILE_LEN - 1, FILE_LEN}, {FILE_LEN / 2, FILE_LEN / 2}, {10, FILE_LEN}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct slow r;
        reader_ask(&r);
        slow_take(&r, 100000);
        assert_int_equal(r.announced, FILE_LEN);
        spoil(rows[i].at, rows[i].end);
        slow_take(&r, FILE_LEN);
        tclient_close(&r.c);
        bool sent_before = rows[i].at < 100000; /* as it was: those bytes are right */
        if (sent_before ? r.got != FILE_LEN : r.got >= FILE_LEN)
            fail_msg("row %zu: %zu bytes", i, r.got);
        put();
    }
    assert_true(slow_wait_open(&rig, 0));
}

/* A file that brings a program is never shown inside the desk, and comes out as it came in. */
static void programs_are_only_downloaded(void **state)
{
    static const struct {
        const char *text, *shown, *policy, *seen;
    } rows[] = {
        {"%PDF-1.7\n4 0 obj\n<</S/JavaScript/JS(app.alert\\(1\\))>>\nendobj\n",
         "Content-Disposition: attachment; filename=\"document.pdf\"",
         "Security-Policy: sandbox; default-src 'none'", "SELECT count(*) FROM blob WHERE active"},
        {"%PDF-1.7\n4 0 obj\n<</Title(JavaScript)>>\nendobj\n", "Content-Disposition: inline",
         "Security-Policy: default-src 'none'", "SELECT count(*) FROM blob WHERE NOT active"},
    };
    const struct store_place at = place();
    struct err e = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = strlen(rows[i].text);
        char name[STORE_HEX];
        assert_int_equal(store_put(&at, BYTES(rows[i].text, len), name, &e), RC_OK);
        const char *where = slow_document(&rig, "application/pdf", name, (int)len);
        for (int again = 0; again < 2; again++) { /* looked at, then known */
            BUF_SCOPE(head);
            BUF_SCOPE(body);
            const struct desk_ask ask = {"GET", where, NULL, ""};
            assert_int_equal(desk_send(&ana, &ask, &head, &body), 200);
            if (!strstr(head.p, rows[i].shown) || !strstr(head.p, rows[i].policy) ||
                !strstr(head.p, "X-Content-Type-Options: nosniff"))
                fail_msg("row %zu: %s", i, head.p);
            assert_int_equal(body.len, len);
            assert_memory_equal(body.p, rows[i].text, len);
            assert_int_equal(desk_count(&rig, rows[i].seen), 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_slow_readers),
        cmocka_unit_test(what_changed_before_is_refused),
        cmocka_unit_test(what_changes_meanwhile_is_cut_off),
        cmocka_unit_test(programs_are_only_downloaded),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
