/* A ZIP says no before its fields run over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "backend/zip.h"
#include "common/base/fs.h"

static char dir[] = "/tmp/pridvor-zip-XXXXXX";

static uint32_t le32(const char *at)
{
    const uint8_t *p = (const uint8_t *)at;
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void add(struct zip *z, unsigned n)
{
    char name[32];
    struct err e = {0};
    snprintf(name, sizeof name, "%05u.txt", n);
    if (zip_add(z, name, BYTES("x", 1), &e) != RC_OK)
        fail_msg("file %u: %s", n, e.text);
}

static void sixteen_bits_of_files(void **state)
{
    struct zip z = {.n = 0};
    struct err e = {0};

    (void)state;
    for (unsigned i = 0; i < ZIP_FILES_MAX; i++)
        add(&z, i);
    size_t len = z.out.text.len, index = z.index.len;
    assert_int_equal(zip_add(&z, "more.txt", BYTES("x", 1), &e), RC_TOO_BIG);
    assert_string_equal(e.code, ZIP_FILES);
    assert_string_equal(e.text, "a ZIP holds at most 65535 files");
    assert_int_equal(z.out.text.len, len); /* nothing of it came in */
    assert_int_equal(z.index.len, index);
    zip_end(&z);
    const char *end = z.out.text.p + z.out.text.len - 22;
    assert_int_equal(le32(end), 0x06054b50);
    assert_int_equal(le32(end + 8), 0xFFFFFFFF); /* on this disk, and in all */
    assert_int_equal(le32(end + 16), len);
    zip_free(&z);
}

static void thirty_two_bits_of_bytes(void **state)
{
    struct zip z = {.n = 0};
    struct err e = {0};

    (void)state;
    add(&z, 0);
    /* as if files of the store lay in it: it is full but for one more entry of one byte */
    z.out.more = UINT32_MAX - 1 - z.out.text.len - z.index.len - (30 + 46 + 22 + 2 * strlen("00001.txt") + 1);
    assert_int_equal(zip_add(&z, "00001.txt", BYTES("xy", 2), &e), RC_TOO_BIG);
    assert_null(e.code);
    assert_string_equal(e.text, "a ZIP holds at most 4 GB");
    add(&z, 1);
    assert_int_equal(zip_add(&z, "", BYTES("", 0), &e), RC_TOO_BIG);
    zip_end(&z);
    assert_int_equal(parts_size(&z.out), UINT32_MAX - 1);
    zip_free(&z);
}

/* The same of a file at rest, before it is read. */
static void a_file_of_the_store_is_refused_as_well(void **state)
{
    const struct store_place s = {dir, 1};
    struct store_reader *r SCOPED(store_closep) = NULL;
    struct zip z = {.out.place = s, .n = ZIP_FILES_MAX};
    struct err e = {0};
    char hex[STORE_HEX];

    (void)state;
    assert_int_equal(store_put(&s, BYTES("abc", 3), hex, &e), RC_OK);
    assert_int_equal(store_unseen(&s, hex, &r, &e), RC_OK);
    assert_int_equal(zip_lay(&z, "a.txt", r, hex, &e), RC_TOO_BIG);
    assert_string_equal(e.code, ZIP_FILES);
    z.n = 0;
    z.out.more = UINT32_MAX - 100;
    e = (struct err){0};
    assert_int_equal(zip_lay(&z, "a.txt", r, hex, &e), RC_TOO_BIG);
    assert_null(e.code);
    z.out.more = 0;
    assert_int_equal(zip_lay(&z, "a.txt", r, hex, &e), RC_OK);
    zip_free(&z);
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int end(void **state)
{
    char cmd[64];
    (void)state;
    snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
    FILE *f = popen(cmd, "r");
    return f && pclose(f) == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixteen_bits_of_files),
        cmocka_unit_test(thirty_two_bits_of_bytes),
        cmocka_unit_test(a_file_of_the_store_is_refused_as_well),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
