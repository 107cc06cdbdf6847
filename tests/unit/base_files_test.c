/* Errors, arenas, buffers, files, the log. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/fs.h"
#include "common/base/log.h"

static void errors(void **state)
{
    struct err e;
    char longer[400];
    (void)state;
    assert_int_equal(err_code(&e, RC_USER, "CAN_WRONG", 2, "tries left: %d", 2), RC_USER);
    assert_string_equal(e.code, "CAN_WRONG");
    assert_int_equal(e.detail, 2);
    assert_int_equal(err_at(&e, RC_BAD_FIELD, "a.b", "too %s", "long"), RC_BAD_FIELD);
    assert_string_equal(e.text, "a.b: too long");
    assert_null(e.code);
    assert_int_equal(err_wrap(&e, RC_IO, "reading %s", "x"), RC_IO);
    assert_string_equal(e.text, "reading x: a.b: too long");
    assert_string_equal(e.path, "a.b");
    assert_int_equal(err_set(NULL, RC_IO, "x"), RC_IO);
    memset(longer, 0, sizeof(longer));
    for (int i = 0; i < 199; i++)
        memcpy(longer + 2 * i, "ș", 2);
    err_set(&e, RC_IO, "x%s", longer);
    assert_int_equal(strlen(e.text) % 2, 1); /* no half letter at the cut */
    err_set(&e, RC_IO, "%.3s and %.1s, \xC0\xAF", longer, longer);
    assert_string_equal(e.text, "ș and , "); /* nor where somebody else cut */
    err_wrap(&e, RC_IO, "%.5s", longer);
    assert_string_equal(e.text, "șș: ș and , ");
    err_at(&e, RC_BAD_FIELD, longer, "far");
    assert_int_equal(strlen(e.path), sizeof(e.path) - 2); /* a byte is left: half a letter */
    assert_int_equal(strlen(e.text), strlen(e.path) + strlen(": far"));
    err_at(&e, RC_BAD_FIELD, "", "%.3s", longer);
    assert_string_equal(e.text, "ș");
    assert_int_equal(rc_http(RC_BAD_FIELD), 422);
    assert_true(rc_retry(RC_LIMIT));
    assert_string_equal(rc_name(RC_TLS), "RC_TLS");
    assert_string_equal(rc_key(RC_BUSY), "err.busy");
}

static void arenas(void **state)
{
    struct arena *a = arena_new();
    (void)state;
    for (size_t i = 1; i < 3000; i += 7) {
        char *p = arena_alloc(a, i);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t k = 0; k < i; k++)
            assert_int_equal(p[k], 0);
        memset(p, 0xEE, i);
        arena_strn(a, "x", 1);
    }
    arena_reset(a);
    assert_int_equal(arena_used(a), 0);
    char *p = arena_alloc(a, 2000);
    for (size_t k = 0; k < 2000; k++)
        assert_int_equal(p[k], 0); /* a reset wiped it */
    char *big = arena_alloc(a, 1 << 20);
    memset(big, 1, 1 << 20);
    assert_string_equal(arena_fmt(a, "%s-%d", "a", 5), "a-5");
    arena_free(a);
}

static void buffers(void **state)
{
    (void)state;
    BUF_SCOPE(b);
    for (int i = 0; i < 1000; i++)
        buf_fmt(&b, "%d,", i);
    assert_int_equal(b.len, 3890);
    buf_cut(&b, 2);
    assert_memory_equal(b.p, "1,2,", 4);
    buf_cut(&b, 100000);
    assert_int_equal(b.len, 0);
    buf_str(&b, "x");
    buf_chr(&b, 'y');
    assert_string_equal(b.p, "xy");
}

static void file_work(void **state)
{
    char dir[] = "/tmp/pridvor-fs-XXXXXX", path[96], deep[64];
    ARENA_SCOPE(a);
    struct err e = {0};
    char *text;
    size_t n;
    struct stat st;
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(deep, sizeof(deep), "%s/a/b/c", dir);
    assert_int_equal(fs_mkdirs(deep, 0700, &e), RC_OK);
    assert_int_equal(fs_mkdirs(deep, 0700, &e), RC_OK);
    snprintf(path, sizeof(path), "%s/f", deep);
    assert_int_equal(fs_write(path, "hello", 5, 0600, &e), RC_OK);
    assert_int_equal(fs_write(path, "hello!", 6, 0640, &e), RC_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(fs_read(a, path, 6, &text, &n, &e), RC_OK);
    assert_int_equal(n, 6);
    assert_string_equal(text, "hello!");
    assert_int_equal(fs_read(a, path, 5, &text, &n, &e), RC_TOO_BIG);
    assert_int_equal(fs_read(a, deep, 5, &text, &n, &e), RC_IO);
    assert_int_equal(fs_read(a, "/nowhere/x", 5, &text, &n, &e), RC_NOT_FOUND);
    assert_int_equal(fs_read(a, "/proc/self/stat", 4096, &text, &n, &e), RC_OK);
    assert_true(n > 10);
    assert_int_equal(fs_mkdirs(path, 0700, &e), RC_IO);
    assert_int_equal(fs_write("/nowhere/x", "", 0, 0600, &e), RC_NOT_FOUND);
    assert_true(fs_exists(path));
    unlink(path);
    assert_false(fs_exists(path));
    rmdir(deep);
    snprintf(deep, sizeof(deep), "%s/a/b", dir);
    rmdir(deep);
    snprintf(deep, sizeof(deep), "%s/a", dir);
    rmdir(deep);
    rmdir(dir);
}

/* What is logged stays one line, with quotes where a value has blanks. */
static void logging(void **state)
{
    char path[] = "/tmp/pridvor-log-XXXXXX", line[2048];
    struct err e = {0};
    (void)state;
    int fd = mkstemp(path), old = dup(STDERR_FILENO);
    dup2(fd, STDERR_FILENO);
    log_open("probe");
    log_info("event=start name=%s", "a\nb\x1b[31m");
    err_code(&e, RC_NO_SPACE, "PAPER_END", 7, "say \"no\"");
    log_err(&e, "event=print");
    dup2(old, STDERR_FILENO);
    close(old);
    ssize_t n = pread(fd, line, sizeof(line) - 1, 0);
    close(fd);
    unlink(path);
    assert_true(n > 0);
    line[n] = '\0';
    char *second = strchr(line, '\n') + 1;
    second[-1] = '\0';
    assert_string_equal(line + 24, " info probe event=start name=a b [31m");
    assert_string_equal(
        second + 24, " error probe event=print rc=RC_NO_SPACE code=PAPER_END detail=7 text=\"say 'no'\"\n");
}

/* Freed memory holds nothing of what was in it. */
static void wiping(void **state)
{
    static char before[64];
    (void)state;
    struct arena *a = arena_new();
    char *p = arena_str(a, "2900101123456");
    memcpy(before, p, 13);
    arena_reset(a);
    assert_int_equal(p[0], 0);
    assert_int_equal(p[12], 0);
    arena_free(a);
    struct buf b = {0};
    buf_str(&b, before);
    p = b.p;
    buf_reset(&b);
    assert_int_equal(p[0], 0);
    buf_free(&b);
    stack_wipe();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(errors),  cmocka_unit_test(arenas),
                                       cmocka_unit_test(buffers), cmocka_unit_test(file_work),
                                       cmocka_unit_test(logging), cmocka_unit_test(wiping)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
