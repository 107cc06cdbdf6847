#include "tests/devices/card_direct.h"

#include "common/base/fs.h"
#include "common/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

struct line line;
static char folder[64];
static struct jval *paper; /* the card's file */

uint32_t line_random(void)
{
    line.noise = line.noise * 1664525u + 1013904223u;
    return line.noise >> 8;
}

static size_t status(uint8_t *raw, unsigned sw)
{
    raw[0] = (uint8_t)(sw >> 8);
    raw[1] = (uint8_t)sw;
    return 2;
}

static size_t bent(uint8_t *raw, size_t n)
{
    switch (line.bend) {
    case BEND_GARBAGE:
        for (size_t i = 0; i + 2 < n; i++)
            raw[i] = (uint8_t)line_random();
        return n;
    case BEND_NOISE:
        n = line_random() % 300;
        for (size_t i = 0; i < n; i++)
            raw[i] = (uint8_t)line_random();
        return n;
    case BEND_FLIP:
        raw[line_random() % n] ^= (uint8_t)(1u << line_random() % 8);
        return n;
    case BEND_STATUS:
        return status(raw, 0x6F00);
    default:
        return n;
    }
}

/* Pieces of a long GENERAL AUTHENTICATE become one command; how many bytes belong together stands in 7C. */
static size_t joined(const uint8_t *cmd, size_t len, uint8_t *raw)
{
    size_t lc = cmd[4], total = 0;
    memcpy(line.begun + 7 + line.begun_len, cmd + 5, lc);
    line.begun_len += lc;
    const uint8_t *data = line.begun + 7;
    total = data[1] < 0x80 ? data[1] + 2U : data[1] == 0x81 ? data[2] + 3U : (data[2] << 8 | data[3]) + 4U;
    if (line.begun_len < total)
        return status(raw, 0x9000);
    if (line.begun_len == lc) {
        line.begun_len = 0;
        return card_apdu(line.card, cmd, len, raw, CARD_RESP_MAX);
    }
    memcpy(line.begun, cmd, 4);
    line.begun[4] = 0;
    line.begun[5] = (uint8_t)(line.begun_len >> 8);
    line.begun[6] = (uint8_t)line.begun_len;
    memset(line.begun + 7 + line.begun_len, 0, 2);
    len = 9 + line.begun_len;
    line.begun_len = 0;
    return card_apdu(line.card, line.begun, len, raw, CARD_RESP_MAX);
}

/* What the chip answers, through the manners of the line. */
static size_t chip(const uint8_t *cmd, size_t len, uint8_t *raw)
{
    bool sealed = (cmd[0] & 0x0C) != 0;
    bool wide = len > 5 && cmd[4] == 0;
    if (line.pieces && cmd[1] == 0xC0) {
        size_t n = line.rest_len < line.pieces ? line.rest_len : line.pieces;
        memcpy(raw, line.rest, n);
        memmove(line.rest, line.rest + n, line.rest_len - n);
        line.rest_len -= n;
        if (line.rest_len > 2) {
            status(raw + n, 0x6100 | (unsigned)(line.rest_len > 255 ? 0 : line.rest_len - 2));
            return n + 2;
        }
        memcpy(raw + n, line.rest, line.rest_len);
        return n + line.rest_len;
    }
    if ((line.no_wide && wide) || (line.no_sfi && !sealed && cmd[1] == 0xB0 && (cmd[2] & 0x80)))
        return status(raw, wide ? 0x6700 : 0x6A86);
    if (line.limit && !sealed && cmd[1] == 0xB0 && len == 5 && (cmd[4] == 0 || cmd[4] > line.limit))
        return status(raw, 0x6700);
    bool part = line.joins && !sealed && cmd[1] == 0x86;
    size_t n = part ? joined(cmd, len, raw) : card_apdu(line.card, cmd, len, raw, CARD_RESP_MAX);
    if (line.limit && n > line.limit + 40) {
        card_reset(line.card); /* such a chip loses its channel, too */
        return status(raw, 0x6700);
    }
    if (line.bare && sealed && n > 2 && raw[n - 2] >= 0x64 && raw[n - 2] < 0x70) {
        unsigned sw = (unsigned)(raw[n - 2] << 8 | raw[n - 1]);
        card_reset(line.card);
        return status(raw, sw);
    }
    if (line.exact && !sealed && n > 2 && raw[n - 2] == 0x62 && n - 2 < 256)
        return status(raw, 0x6C00 | (unsigned)(n - 2));
    if (line.pieces && n > line.pieces + 2) {
        memcpy(line.rest, raw, n);
        line.rest_len = n;
        return status(raw, 0x6100 | (unsigned)(line.pieces & 0xFF));
    }
    return n;
}

static enum rc transmit(void *self, const uint8_t *cmd, size_t len, struct answer *out, struct err *e)
{
    static uint8_t raw[CARD_RESP_MAX];
    struct timespec t0, t1;
    (void)self;
    line.apdus++;
    if (line.gone)
        return err_code(e, RC_USER, "CARD_REMOVED", 0, "the card was pulled");
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
    size_t n = chip(cmd, len, raw);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
    line.chip_us += (t1.tv_sec - t0.tv_sec) * 1000000LL + (t1.tv_nsec - t0.tv_nsec) / 1000;
    if (line.apdus == line.at) {
        line.gone = line.bend == BEND_PULLED;
        if (line.bend == BEND_LOST)
            return err_set(e, RC_TIMEOUT, "lost");
        if (line.gone)
            return err_code(e, RC_USER, "CARD_REMOVED", 0, "the card was pulled");
        n = bent(raw, n);
    }
    return answer_decode(raw, n, out, e);
}

static enum rc reset(void *self, struct err *e)
{
    (void)self;
    line.resets++;
    line.rest_len = line.begun_len = 0;
    if (line.gone)
        return err_code(e, RC_USER, "CARD_REMOVED", 0, "the card was pulled");
    card_reset(line.card);
    return RC_OK;
}

static uint8_t atr[CARD_ATR_MAX];
static struct transport transport = {
    .transmit = transmit, .reset = reset, .max_command = 4096, .max_answer = 4096, .atr = atr};

static void trust_it(void)
{
    struct err e = {0};
    char path[96];
    size_t n = 0;
    const uint8_t *p = card_csca(line.card, &n);
    snprintf(folder, sizeof folder, "/tmp/pridvor-csca-%d", getpid());
    snprintf(path, sizeof path, "%s/pridvor.cer", folder);
    if (fs_mkdirs(folder, 0700, &e) != RC_OK || fs_write(path, p, n, 0600, &e) != RC_OK ||
        trust_load(line.arena, folder, &line.trust, &e) != RC_OK)
        fail_msg("%s", e.text);
    unlink(path);
    rmdir(folder);
}

void line_begin(const char *card)
{
    char path[64];
    struct err e = {0};
    snprintf(path, sizeof path, "tests/devices/cards/%s.json", card);
    line = (struct line){.arena = arena_new(), .noise = 4711};
    if (card_new(path, &line.card, &e) != RC_OK || jval_load(line.arena, path, &paper, &e) != RC_OK)
        fail_msg("%s: %s", card, e.text);
    transport.atr_len = card_atr(line.card, atr);
    trust_it();
}

void line_end(void)
{
    card_free(line.card);
    arena_free(line.arena);
}

void line_reset(void)
{
    line.apdus = line.resets = line.at = 0;
    line.gone = false;
    line.rest_len = line.begun_len = 0;
    card_reset(line.card);
}

/* YYMMDD of a member like 1990-03-14. */
static const char *short_date(const char *member)
{
    const char *d = jval_str(jval_get(paper, "person"), member, "");
    return arena_fmt(line.arena, "%.2s%.2s%.2s", d + 2, d + 5, d + 8);
}

struct emrtd *line_reading(void)
{
    struct emrtd *m = ARENA_NEW(line.arena, struct emrtd);
    m->t = &transport;
    m->arena = line.arena;
    m->trust = line.trust;
    m->now = 1795348800; /* 2026-11-22 */
    m->secret.can = line.by_zone ? NULL : jval_str(paper, "can", NULL);
    if (!m->secret.can) {
        m->secret.has_mrz = true;
        m->secret.mrz = (struct mrz_key){jval_str(jval_get(paper, "person"), "document_number", ""),
                                         short_date("birth_date"), short_date("expiry_date")};
    }
    return m;
}

const struct emrtd_file *line_file(const struct emrtd *m, const char *name)
{
    return emrtd_have(m, name);
}

void line_same_files(const struct emrtd *m)
{
    for (size_t i = 0; i < m->result.n_files; i++) {
        size_t n = 0;
        const uint8_t *p = card_file(line.card, m->result.file[i].file->fid, &n);
        assert_non_null(p);
        assert_int_equal(m->result.file[i].len, n);
        assert_memory_equal(m->result.file[i].p, p, n);
    }
}
