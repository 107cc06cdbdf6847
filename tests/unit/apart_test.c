/* Work in a process of its own: the answer comes back whole, and whatever happens there is one failed call.
 */
#include "drivers/apart.h"

#include "common/base/arena.h"
#include "drivers/pad/face.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum what { ANSWERS, REFUSES, DIES, LEAVES, HANGS, FLOODS };
struct work {
    enum what what;
    size_t size;
};
static int touched; /* in the child only */

static enum rc body(const void *arg, struct buf *out, struct err *e)
{
    const struct work *w = arg;
    touched = 1;
    buf_str(out, "half");
    if (w->what == REFUSES)
        return err_code(e, RC_TOO_BIG, "A_CODE", 7, "%zu is too much", w->size);
    if (w->what == DIES)
        raise(SIGKILL);
    if (w->what == LEAVES)
        _exit(0);
    if (w->what == HANGS)
        pause();
    while (w->what == FLOODS && out->len < w->size)
        buf_add(out, (char[4096]){0}, 4096);
    for (size_t i = 0; w->what == ANSWERS && i < w->size; i++)
        buf_chr(out, (char)(i % 251));
    return RC_OK;
}

static enum rc run(enum what what, size_t size, struct buf *out, struct err *e)
{
    const struct work w = {what, size};
    return apart_run(body, &w, what == HANGS ? 200 : 20000, out, e);
}

static void nobody_left(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(touched, 0);
}

static void answers(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 65535, 65536, 3 << 20};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        BUF_SCOPE(out);
        struct err e = {0};
        buf_str(&out, "before ");
        assert_int_equal(run(ANSWERS, sizes[i], &out, &e), RC_OK);
        assert_int_equal(out.len, 7 + 4 + sizes[i]);
        assert_memory_equal(out.p, "before half", 11);
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal((uint8_t)out.p[11 + k], k % 251);
        nobody_left();
    }
}

static void refuses(void **state)
{
    (void)state;
    BUF_SCOPE(out);
    struct err e = {0};
    assert_int_equal(run(REFUSES, 12, &out, &e), RC_TOO_BIG);
    assert_int_equal(e.rc, RC_TOO_BIG);
    assert_string_equal(e.code, "A_CODE");
    assert_int_equal(e.detail, 7);
    assert_string_equal(e.text, "12 is too much");
    assert_int_equal(out.len, 0);
    nobody_left();
}

static void fails(void **state)
{
    (void)state;
    static const struct {
        enum what what;
        size_t size;
        enum rc rc;
    } rows[] = {{DIES, 0, RC_INTERNAL},
                {LEAVES, 0, RC_INTERNAL},
                {HANGS, 0, RC_TIMEOUT},
                {FLOODS, APART_MAX + 4096, RC_TOO_BIG}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        BUF_SCOPE(out);
        struct err e = {0};
        assert_int_equal(run(rows[i].what, rows[i].size, &out, &e), rows[i].rc);
        assert_int_equal(e.rc, rows[i].rc);
        assert_int_equal(out.len, 0);
        nobody_left();
    }
    struct rlimit was, none = {0}; /* no file left to open */
    struct err e = {0};
    BUF_SCOPE(out);
    getrlimit(RLIMIT_NOFILE, &was);
    none.rlim_max = was.rlim_max;
    setrlimit(RLIMIT_NOFILE, &none);
    enum rc rc = run(ANSWERS, 1, &out, &e);
    setrlimit(RLIMIT_NOFILE, &was);
    assert_int_equal(rc, RC_INTERNAL);
}

/* What comes back is, dot for dot, what this process would have drawn. */
static void same_face(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    const struct face_text text = {"Certificat de naștere", "Ștefania Țăndărescu-Kőszegi", "a1b2", "hu",
                                   true};
    const struct screen_size sizes[] = {{800, 480, true}, {396, 100, false}, {320, 200, false}};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct face here, there;
        struct err e = {0};
        assert_int_equal(face_draw(a, &text, &sizes[i], &there, &e), RC_OK);
        assert_int_equal(face_make(a, &text, &sizes[i], &here, &e), RC_OK);
        assert_int_equal(there.n, here.n);
        assert_memory_equal(there.button, here.button, sizeof here.button);
        assert_memory_equal(&there.writing, &here.writing, sizeof here.writing);
        for (size_t k = 0; k < here.n; k++) {
            const struct picture *p = &here.part[k], *q = &there.part[k];
            assert_true(p->x == q->x && p->y == q->y && p->on == q->on && p->off == q->off);
            assert_true(p->bits->w == q->bits->w && p->bits->h == q->bits->h);
            assert_memory_equal(p->bits->bits, q->bits->bits, p->bits->stride * (size_t)p->bits->h);
        }
    }
}

/* A bitmap that says more than it brings. */
static void cut_bitmaps(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    BUF_SCOPE(b);
    struct bitmap *whole = bitmap_new(a, 19, 5), *back = NULL;
    struct err e = {0};
    bitmap_rect(whole, 3, 1, 9, 2);
    bitmap_put(whole, &b);
    for (size_t n = 0; n < b.len; n++) {
        struct bytes p = BYTES(arena_dup(a, b.p, n), n);
        assert_int_equal(bitmap_take(a, &p, &back, &e), RC_INTERNAL);
    }
    struct bytes p = BYTES(b.p, b.len);
    assert_int_equal(bitmap_take(a, &p, &back, &e), RC_OK);
    assert_int_equal(p.len, 0);
    assert_memory_equal(back->bits, whole->bits, whole->stride * 5);
    static const int bad[][2] = {{0, 5}, {-1, 5}, {19, -5}, {1 << 30, 1 << 30}, {19, 0}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        p = BYTES(b.p, b.len);
        memcpy(b.p, bad[i], sizeof bad[i]);
        assert_int_equal(bitmap_take(a, &p, &back, &e), RC_INTERNAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers), cmocka_unit_test(refuses),
                                       cmocka_unit_test(fails), cmocka_unit_test(same_face),
                                       cmocka_unit_test(cut_bitmaps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
