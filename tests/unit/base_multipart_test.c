/* Forms with files: what browsers send, cut at every place; what they never send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "common/base/multipart.h"

static const char type[] = "multipart/form-data; boundary=----WebKitFormBoundaryAbC123";
static const char whole[] =
    "------WebKitFormBoundaryAbC123\r\nContent-Disposition: form-data; name=\"v\"\r\n\r\n7\r\n"
    "------WebKitFormBoundaryAbC123\r\nContent-Disposition: form-data; name=\"f:file.id\"; "
    "filename=\"a; \\ ș%22.pdf\"\r\n"
    "Content-Type: application/pdf\r\n\r\n%PDF-\r\n------WebKitFormBoundaryAbC12\r\r\n--\r\n\r\n"
    "------WebKitFormBoundaryAbC123\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n"
    "------WebKitFormBoundaryAbC123--\r\n";
static const char seen_whole[] =
    "[v|-|7][f:file.id|a; \\ ș%22.pdf|%PDF-\r\n------WebKitFormBoundaryAbC12\r\r\n--\r\n]"
    "[empty|-|]";

static void on_part(const char *name, const char *file, void *user)
{
    buf_fmt(user, "[%s|%s|", name, file ? file : "-");
}

static void on_data(const void *p, size_t n, void *user)
{
    buf_add(user, p, n);
}

static void on_end(void *user)
{
    buf_chr(user, ']');
}

static enum rc read_in(const char *ctype, const char *text, size_t len, size_t piece, struct buf *out)
{
    const struct multipart_events ev = {on_part, on_data, on_end, out};
    struct multipart *m = NULL;
    struct err e = {0};

    enum rc rc = multipart_new(ctype, &ev, &m, &e);
    for (size_t at = 0; rc == RC_OK && at < len; at += piece)
        rc = multipart_feed(m, text + at, len - at < piece ? len - at : piece, &e);
    if (rc == RC_OK)
        rc = multipart_done(m, &e);
    assert_int_equal(rc, e.rc);
    multipart_free(m);
    return rc;
}

static void every_piece(void **state)
{
    (void)state;
    for (size_t piece = 1; piece <= sizeof(whole); piece++) {
        BUF_SCOPE(out);
        assert_int_equal(read_in(type, whole, sizeof(whole) - 1, piece, &out), RC_OK);
        assert_string_equal(out.p, seen_whole);
    }
}

static void cut_short(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(whole) - 3; len++) {
        BUF_SCOPE(out);
        assert_int_not_equal(read_in(type, whole, len, 7, &out), RC_OK);
    }
}

static void bad_types(void **state)
{
    static const char *const types[] = {
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data;",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"a",
        "multipart/form-data; boundary=a\r",
        "multipart/form-data; boundary=ă",
        ("multipart/form-data; boundary="
         "12345678901234567890123456789012345678901234567890123456789012345678901"),
        "multipart/mixed; boundary=a"};
    (void)state;
    for (size_t i = 0; i < COUNT(types); i++) {
        BUF_SCOPE(out);
        assert_int_equal(read_in(types[i], "", 0, 1, &out), RC_BAD_REQUEST);
    }
}

static void bad_bodies(void **state)
{
#define D "Content-Disposition: form-data; name="
    static const char *const bodies[] = {
        ("preamble\r\n--a\r\n" D "\"x\"\r\n\r\n1\r\n--a--"),
        ("--a\n" D "\"x\"\r\n\r\n1\r\n--a--"),
        ("--a\r\n" D "\"x\r\n\r\n1\r\n--a--"),
        ("--a\r\n" D "x\r\n\r\n1\r\n--a--"),
        ("--a\r\nX: " D "\"x\"\r\n\r\n1\r\n--a--"),
        ("--a\r\n" D "\"x\"\r\n\r\n1\r\n--a-"),
        ("--a\r\n" D "\"x\"\r\n\r\n1\r\n--a.."),
        ("--a\r\n" D "\"x\"; filename=\"x\r\n\r\n1\r\n--a--"),
        ("--b\r\n" D "\"x\"\r\n\r\n1\r\n--b--"),
        ("--a\r\n" D "\"\xFF\"\r\n\r\n1\r\n--a--"),
        ("--a\r\n" D "\"x\"; filename=x\r\n\r\n1\r\n--a--"),
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        BUF_SCOPE(out);
        assert_int_equal(read_in("multipart/form-data; boundary=a", bodies[i], strlen(bodies[i]), 5, &out),
                         RC_BAD_REQUEST);
    }
}

static void too_much(void **state)
{
    BUF_SCOPE(parts);
    BUF_SCOPE(head);
    BUF_SCOPE(out);
    (void)state;
    for (int i = 0; i <= MULTIPART_PARTS_MAX; i++)
        buf_str(&parts, "--a\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n");
    buf_str(&parts, "--a--");
    assert_int_equal(read_in("multipart/form-data; boundary=a", parts.p, parts.len, 100, &out),
                     RC_BAD_REQUEST);
    buf_str(&head, "--a\r\n");
    for (int i = 0; i < 300; i++)
        buf_str(&head, "X-Filler: 1234567890\r\n");
    assert_int_equal(read_in("multipart/form-data; boundary=a", head.p, head.len, 100, &out), RC_BAD_REQUEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_piece), cmocka_unit_test(cut_short), cmocka_unit_test(bad_types),
        cmocka_unit_test(bad_bodies),  cmocka_unit_test(too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
