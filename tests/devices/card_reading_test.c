/* Reading a document in one process: the straight line of emrtd.c against the chip model, with answers that
 * bend. */
#include "drivers/card/emrtd.h"
#include "common/base/clock.h"
#include "tests/devices/card.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static struct bench {
    struct card *card;
    struct arena *arena;
    unsigned apdus, resets;
    unsigned lose;  /* the answer to this APDU is a time-out */
    unsigned spoil; /* in the answer to this APDU one bit is wrong */
    bool no_mf;     /* SELECT MF is refused */
    bool two_faced; /* after a reset DG1 is another one */
    uint16_t token; /* the answer to the last step of PACE; 0: the chip's own */
    int64_t chip_us;
} b;

static enum rc transmit(void *self, const uint8_t *cmd, size_t len, struct answer *out, struct err *e)
{
    static uint8_t raw[CARD_RESP_MAX];
    struct timespec t0, t1;
    (void)self;
    b.apdus++;
    if (b.no_mf && len == 7 && cmd[1] == 0xA4 && cmd[5] == 0x3F)
        return answer_decode((const uint8_t *)"\x6A\x86", 2, out, e);
    if (b.token && cmd[0] == 0x00 && cmd[1] == 0x86)
        return answer_decode((const uint8_t[]){(uint8_t)(b.token >> 8), (uint8_t)b.token}, 2, out, e);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
    size_t n = card_apdu(b.card, cmd, len, raw, sizeof raw);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
    b.chip_us += (t1.tv_sec - t0.tv_sec) * 1000000LL + (t1.tv_nsec - t0.tv_nsec) / 1000;
    if (b.apdus == b.lose)
        return err_set(e, RC_TIMEOUT, "lost");
    if (b.apdus == b.spoil && n > 4)
        raw[n / 2] ^= 0x10;
    return answer_decode(raw, n, out, e);
}

/* Another first letter of the name: no check digit covers it. */
static void rename_holder(void)
{
    size_t n = 0;
    const uint8_t *p = card_file(b.card, 0x0101, &n);
    uint8_t dg1[128];
    assert_in_range(n, 90, sizeof dg1);
    memcpy(dg1, p, n);
    dg1[n - 30] ^= 1;
    card_put_file(b.card, 0x0101, dg1, n);
}

static enum rc reset(void *self, struct err *e)
{
    (void)self;
    (void)e;
    b.resets++;
    if (b.two_faced)
        rename_holder();
    card_reset(b.card);
    return RC_OK;
}

static uint8_t atr[CARD_ATR_MAX];
static struct transport transport = {
    .transmit = transmit, .reset = reset, .max_command = 4096, .max_answer = 4096, .atr = atr};

static void begin(const char *name)
{
    char path[64];
    struct err e = {0};
    snprintf(path, sizeof path, "tests/devices/cards/%s.json", name);
    b = (struct bench){.arena = arena_new()};
    if (card_new(path, &b.card, &e) != RC_OK)
        fail_msg("%s", e.text);
    transport.atr_len = card_atr(b.card, atr);
    transport.max_answer = 4096;
}

static void end(void)
{
    card_free(b.card);
    arena_free(b.arena);
}

static struct emrtd *reading(const char *can)
{
    struct emrtd *m = ARENA_NEW(b.arena, struct emrtd);
    m->t = &transport;
    m->arena = b.arena;
    m->secret.can = can;
    return m;
}

static const struct emrtd_file *file(const struct emrtd *m, const char *name)
{
    for (size_t i = 0; i < m->result.n_files; i++)
        if (strcmp(m->result.file[i].file->name, name) == 0)
            return &m->result.file[i];
    return NULL;
}

static void same_files(const struct emrtd *m)
{
    for (size_t i = 0; i < m->result.n_files; i++) {
        size_t n = 0;
        const uint8_t *p = card_file(b.card, m->result.file[i].file->fid, &n);
        assert_int_equal(m->result.file[i].len, n);
        assert_memory_equal(m->result.file[i].p, p, n);
    }
}

static void must(struct emrtd *m)
{
    struct err e = {0};
    if (emrtd_read(m, &e) != RC_OK)
        fail_msg("%s %s", e.code ? e.code : "", e.text);
    same_files(m);
    assert_false(m->sm.open); /* keys are gone */
}

static void put_big_dg2(size_t len)
{
    uint8_t *p = calloc(1, len);
    memcpy(p,
           (const uint8_t[]){0x75, 0x83, (uint8_t)((len - 5) >> 16), (uint8_t)((len - 5) >> 8),
                             (uint8_t)(len - 5)},
           5);
    for (size_t i = 5; i < len; i++)
        p[i] = (uint8_t)(i * 7 + (i >> 8));
    card_put_file(b.card, 0x0102, p, len);
    free(p);
}

/* Beyond 32767 bytes the offset needs the odd instruction; short and extended. */
static void long_file(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        begin("A");
        transport.max_answer = wide ? 4096 : 258;
        put_big_dg2(50001);
        struct emrtd *m = reading("123456");
        must(m);
        assert_int_equal(file(m, "DG2")->len, 50001);
        print_message("50 kB in %u APDUs (%s)\n", b.apdus, wide ? "extended" : "short");
        end();
    }
}

/* A file that says it is longer than any document has is not fetched. */
static void too_long(void **state)
{
    (void)state;
    begin("A");
    put_big_dg2(120000);
    struct emrtd *m = reading("123456");
    must(m);
    assert_null(file(m, "DG2")); /* the holder is known all the same */
    assert_non_null(file(m, "SOD"));
    end();
}

/* Every answer lost once, every answer spoilt once: a second attempt from a reset, or the sentence. */
static void every_answer(void **state)
{
    (void)state;
    unsigned n, healed = 0, named = 0;
    begin("A");
    must(reading("123456"));
    n = b.apdus;
    for (unsigned i = 1; i <= n; i++)
        for (int spoil = 0; spoil < 2; spoil++) {
            struct err e = {0};
            b.apdus = b.resets = 0;
            b.lose = spoil ? 0 : i;
            b.spoil = spoil ? i : 0;
            card_reset(b.card);
            struct emrtd *m = reading("123456");
            enum rc rc = emrtd_read(m, &e);
            assert_true(rc == RC_OK || e.text[0]);
            healed += rc == RC_OK && b.resets > 0;
            named += rc != RC_OK;
            if (rc == RC_OK)
                same_files(m);
            else if (!spoil)
                fail_msg("answer %u lost: %s", i, e.text);
        }
    print_message("%u answers lost or spoilt, each once: %u healed, %u refused\n", 2 * n, healed, named);
    end();
}

static void unwilling(void **state)
{
    (void)state;
    struct err e = {0};
    begin("A");
    b.no_mf = true; /* some chips refuse it; the files are found all the same */
    must(reading("123456"));
    assert_int_equal(b.resets, 0);
    end();
    begin("C");
    assert_int_equal(emrtd_read(reading("123456"), &e), RC_UNSUPPORTED);
    assert_string_equal(e.code, "PACE_UNSUPPORTED");
    end();
}

static void damaged(void **state)
{
    (void)state;
    static const struct {
        uint16_t fid;
        const char *bytes;
        size_t len;
        const char *code, *text;
    } rows[] = {
        {0x0101, "\x61\x05\x5F\x1F\x02\x41\x42", 7, "FILE_BAD",
         "DG1: MRZ: wrong length, it is none of 3x30, 2x36, 2x44"},
        {0x0101, "\x75\x05\x5F\x1F\x02\x41\x42", 7, "FILE_BAD", "DG1: starts with tag 75 instead of 61"},
        {0x0101, "\x61\x50\x5F\x1F\x02\x41\x42", 7, "FILE_BAD", "DG1: ends after 7 bytes"},
        {0x011D, "\x77\x10\x30\x0E\x06\x02\x2A\x03", 8, "FILE_BAD", "SOD: ends after 8 bytes"},
        {0x010E, "\x6E\x80\x00\x00", 4, "FILE_BAD", "DG14: TLV: an indefinite length"},
        {0x011C, "\x31\x03\x02\x01\x00", 5, "FILE_BAD",
         "CardAccess: a security info that does not start with an OID"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err e = {0};
        begin("A");
        card_put_file(b.card, rows[i].fid, rows[i].bytes, rows[i].len);
        assert_int_not_equal(emrtd_read(reading("123456"), &e), RC_OK);
        if (rows[i].text) {
            assert_string_equal(e.text, rows[i].text);
            assert_string_equal(e.code, rows[i].code);
        }
        end();
    }
}

/* A blocked password is said so, whether MSE or the last step of PACE tells; trying again is no advice. */
static void blocked(void **state)
{
    (void)state;
    static const uint16_t words[] = {0x6983, 0x6984};
    for (size_t i = 0; i < COUNT(words); i++) {
        struct err e = {0};
        begin("B");
        b.token = words[i];
        assert_int_equal(emrtd_read(reading("654321"), &e), RC_UNSUPPORTED);
        assert_string_equal(e.code, "PACE_BLOCKED");
        end();
    }
}

/* EF.COM is unsigned: a sloppy one is no hint, and no reason to refuse the document. */
static void sloppy_com(void **state)
{
    (void)state;
    begin("A");
    card_put_file(b.card, 0x011E, "\x60\x02\x5C\x00", 4);
    struct emrtd *m = reading("123456");
    must(m);
    assert_non_null(file(m, "DG2"));
    end();
}

static void told(void *user, const struct mrz *m)
{
    unsigned *at = user;
    assert_string_equal(m->surname, "POPESCU");
    *at = b.apdus;
}

/* DG1 comes first; and what our side costs (PACE + DG1), the chip's own time taken off. */
static void cost(void **state)
{
    (void)state;
    unsigned at = 0;
    struct timespec t0, t1;
    begin("A");
    struct emrtd *m = reading("123456");
    m->want[m->n_want++] = "DG1";
    m->identity = told;
    m->user = &at;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
    must(m);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
    int64_t us = (t1.tv_sec - t0.tv_sec) * 1000000LL + (t1.tv_nsec - t0.tv_nsec) / 1000;
    print_message("PACE + DG1: %u APDUs, identity after %u, %.1f ms CPU of ours\n", b.apdus, at,
                  (double)(us - b.chip_us) / 1000);
    assert_int_equal(at, b.apdus);
    end();
}

static char heard[40];

static void tell_and_spoil(void *user, const struct mrz *m)
{
    (void)user;
    snprintf(heard, sizeof heard, "%s", m->surname);
    b.spoil = b.apdus + 1;
}

/* A forged DG1 first, a broken line, then the DG1 that a state has signed: what the form was told must not be
 * covered by the verdict about the other one. */
static void two_faces(void **state)
{
    (void)state;
    struct err e = {0};
    begin("A");
    b.two_faced = true;
    rename_holder();
    struct emrtd *m = reading("123456");
    m->identity = tell_and_spoil;
    assert_int_equal(emrtd_read(m, &e), RC_USER);
    assert_string_equal(e.code, "CARD_SWAPPED");
    assert_int_equal(b.resets, 1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_faces),    cmocka_unit_test(long_file),  cmocka_unit_test(too_long),
        cmocka_unit_test(every_answer), cmocka_unit_test(unwilling),  cmocka_unit_test(damaged),
        cmocka_unit_test(cost),         cmocka_unit_test(sloppy_com), cmocka_unit_test(blocked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
