/* Keys of the register are gone from memory when its work is done. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/audit.h"
#include "backend/sealed.h"
#include "backend/work.h"

enum { LEN = 32 };

/* What is looked for is kept with every bit turned, so that it is not found here. */
static void turned(uint8_t out[LEN], const uint8_t master[LEN], const char *what)
{
    struct err e = {0};
    assert_int_equal(hkdf_sha256(out, LEN, master, LEN, "", 0, what, &e), RC_OK);
    for (size_t i = 0; i < LEN; i++)
        out[i] ^= 0xFF;
}

static bool is_turned(const uint8_t *p, const uint8_t *key)
{
    size_t i = 0;
    while (i < LEN && (p[i] ^ key[i]) == 0xFF)
        i++;
    return i == LEN;
}

/* How often the key stands in what this program itself keeps: its data and the struct. */
static int found(const uint8_t *key, const void *at, size_t len)
{
    int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC), n = 0; /* as it is, between the red zones, too */
    uint8_t *piece = malloc(len);
    assert_true(mem >= 0 && piece);
    ssize_t got = pread(mem, piece, len, (off_t)(uintptr_t)at);
    assert_int_equal(got, len);
    for (size_t i = 0; i + LEN <= len; i++)
        n += is_turned(piece + i, key);
    wipe(piece, len);
    free(piece);
    close(mem);
    return n;
}

extern char __data_start, _end;

static int in_data(const uint8_t *key)
{
    return found(key, &__data_start, (size_t)((uintptr_t)&_end - (uintptr_t)&__data_start));
}

static void nothing_stays(void **state)
{
    struct work_house *h = calloc(1, sizeof *h);
    uint8_t audit[LEN], cnp[LEN], rest[LEN], request[LEN], master[LEN];
    struct err e = {0};

    (void)state;
    assert_int_equal(rnd_bytes(h->master, LEN, &e), RC_OK);
    turned(audit, h->master, "pridvor audit");
    turned(cnp, h->master, "pridvor cnp hash");
    turned(rest, h->master, "pridvor at rest");
    turned(request, h->master, "pridvor request 1");
    memcpy(master, h->master, LEN);
    for (size_t i = 0; i < LEN; i++)
        master[i] ^= 0xFF;
    assert_int_equal(work_house_keys(h, &e), RC_OK);
    assert_true(audit_has_key());
    assert_int_equal(in_data(audit), 1);
    const uint8_t *const in_house[] = {master, cnp, rest, request};
    for (size_t i = 0; i < COUNT(in_house); i++)
        assert_int_equal(found(in_house[i], h, sizeof *h), 1);
    work_house_wipe(h);
    assert_false(audit_has_key());
    assert_int_equal(in_data(audit), 0);
    for (size_t i = 0; i < COUNT(in_house); i++)
        assert_int_equal(found(in_house[i], h, sizeof *h), 0);
    struct audit_line l = {.act = "x"};
    uint8_t mac[AUDIT_MAC] = {0};
    assert_null(audit_mac(mac, &l).p); /* a row without a MAC, not one under a key of zeros */
    assert_false(audit_mac_holds(mac, &l));
    free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_stays)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
