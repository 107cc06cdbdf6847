#include "tests/unit/card_trust_rig.h"

#include "common/base/fs.h"
#include "drivers/card/crypto_verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena *arena;
static char folder[64];

struct arena *rig_arena(void)
{
    return arena;
}

struct bytes tlv(uint8_t tag, struct bytes v)
{
    BUF_SCOPE(b);
    buf_chr(&b, (char)tag);
    if (v.len >= 0x100)
        buf_add(&b, (uint8_t[]){0x82, (uint8_t)(v.len >> 8), (uint8_t)v.len}, 3);
    else if (v.len >= 0x80)
        buf_add(&b, (uint8_t[]){0x81, (uint8_t)v.len}, 2);
    else
        buf_chr(&b, (char)v.len);
    if (v.len)
        buf_add(&b, v.p, v.len);
    return BYTES(arena_dup(arena, b.p, b.len), b.len);
}

struct bytes join(size_t n, ...)
{
    BUF_SCOPE(b);
    va_list ap;
    va_start(ap, n);
    for (size_t i = 0; i < n; i++) {
        struct bytes v = va_arg(ap, struct bytes);
        if (v.len)
            buf_add(&b, v.p, v.len);
    }
    va_end(ap);
    return BYTES(arena_dup(arena, b.len ? b.p : "", b.len), b.len);
}

struct bytes num(int v)
{
    uint8_t p[] = {(uint8_t)v};
    return tlv(2, BYTES(arena_dup(arena, p, 1), 1));
}

static struct bytes lds(int version, struct bytes tail)
{
    uint8_t one[HASH_MAX], two[HASH_MAX];
    hash_of(HASH_SHA256, TEXT(DG1), one);
    hash_of(HASH_SHA256, TEXT(DG2), two);
    struct bytes groups = join(2, tlv(0x30, join(2, num(1), tlv(4, BYTES(one, 32)))),
                               tlv(0x30, join(2, num(2), tlv(4, BYTES(two, 32)))));
    return tlv(0x30,
               join(4, num(version), TEXT("\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"),
                    tlv(0x30, groups), tail));
}

int rig_begin(void **state)
{
    (void)state;
    arena = arena_new();
    snprintf(folder, sizeof folder, "/tmp/pridvor-trust-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    rig_write("lds", lds(0, BYTES("", 0)));
    rig_write("lds1", lds(1, tlv(0x30, join(2, tlv(0x13, TEXT("0108")), tlv(0x13, TEXT("040000"))))));
    const char *source = getenv("PRIDVOR_SOURCE");
    char *line = arena_fmt(arena, "bash %s/tests/unit/card_trust_make.sh %s >%s/log 2>&1",
                           source ? source : ".", folder, folder);
    if (system(line) != 0) {
        print_message("%s failed\n%s", line, (const char *)rig_file("log").p);
        return -1;
    }
    return 0;
}

int rig_end(void **state)
{
    (void)state;
    int rc = system(arena_fmt(arena, "rm -rf %s", folder));
    arena_free(arena);
    return rc;
}

struct bytes rig_file(const char *name)
{
    char *p;
    size_t len;
    struct err e = {0};
    if (fs_read(arena, arena_fmt(arena, "%s/%s", folder, name), 1u << 20, &p, &len, &e) != RC_OK)
        fail_msg("%s", e.text);
    return BYTES(p, len);
}

void rig_write(const char *name, struct bytes b)
{
    assert_int_equal(fs_write(arena_fmt(arena, "%s/%s", folder, name), b.p, b.len, 0600, NULL), RC_OK);
}

struct bytes rig_sod(struct bytes cms)
{
    return tlv(0x77, cms);
}

struct trust *rig_trust(const char *files)
{
    struct err e = {0};
    struct trust *t = NULL;
    char *to = arena_fmt(arena, "%s/csca.d", folder);
    char *line = arena_fmt(
        arena, "cd %s && rm -rf csca.d && mkdir csca.d && for f in %s; do cp $f csca.d; done", folder, files);
    assert_int_equal(system(line), 0);
    if (trust_load(arena, to, &t, &e) != RC_OK)
        fail_msg("%s", e.text);
    return t;
}

int64_t rig_day(int y, int m, int d)
{
    return date_days((struct date){y, m, d}) * 86400 + 43200;
}

enum trust_word rig_verdict(const struct trust *t, struct bytes sod, const char **why)
{
    const struct trust_group groups[] = {{1, TEXT(DG1)}, {2, TEXT(DG2)}};
    struct trust_question q = {sod, groups, 2, rig_day(2026, 11, 22)};
    struct trust_verdict v;
    trust_check(t, arena, &q, &v);
    if (why)
        *why = v.reason;
    return v.word;
}

struct bytes rig_sign(const char *key, const char *digest, struct bytes data)
{
    rig_write("tbs", data);
    char *line =
        arena_fmt(arena, "cd %s && openssl dgst -%s -sign %s.key -out sig tbs 2>>log", folder, digest, key);
    assert_int_equal(system(line), 0);
    return rig_file("sig");
}

void rig_run(const char *line)
{
    assert_int_equal(system(arena_fmt(arena, "cd %s && (%s) >>log 2>&1", folder, line)), 0);
}
