/* A whole reading against a chip that answers what it likes: the input is a row of answers, each behind one
 * byte of length (255: two more bytes). The reading ends, with a sentence or without; it never calls such a
 * chip genuine. */
#include "drivers/card/emrtd.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static const uint8_t *at, *end;
static unsigned commands;

static enum rc transmit(void *self, const uint8_t *cmd, size_t n, struct answer *out, struct err *e)
{
    (void)self;
    (void)cmd;
    (void)n;
    if (at == end || ++commands > 500)
        return err_set(e, RC_LINK_LOST, "no more answers");
    size_t len = *at++;
    if (len == 255 && end - at >= 2) {
        len = (size_t)(at[0] << 8 | at[1]);
        at += 2;
    }
    if (len > (size_t)(end - at))
        len = (size_t)(end - at);
    const uint8_t *p = at;
    at += len;
    return answer_decode(p, len, out, e);
}

static enum rc reset(void *self, struct err *e)
{
    (void)self;
    (void)e;
    return RC_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    static const uint8_t atr[] = {0x3B, 0xDF, 0x96, 0x00, 0x81, 0x31, 0xFE, 0x45, 0x80, 0x73, 0x84, 0x21,
                                  0xE0, 0x55, 0x69, 0x78, 0x00, 0x00, 0x80, 0x83, 0x07, 0x90, 0x00, 0x24};
    struct transport t = {.transmit = transmit,
                          .reset = reset,
                          .max_command = 4096,
                          .max_answer = 4096,
                          .atr = atr,
                          .atr_len = sizeof atr};
    struct err e = {0};
    if (len < 2)
        return 0;
    at = p + 1;
    end = p + len;
    commands = 0;
    ARENA_SCOPE(a);
    struct emrtd *m = ARENA_NEW(a, struct emrtd);
    m->t = &t;
    m->arena = a;
    m->secret.can = p[0] & 1 ? "123456" : NULL;
    m->secret.has_mrz = !(p[0] & 1) || (p[0] & 2);
    m->secret.mrz = (struct mrz_key){"L898902C<", "690806", "940623"};
    m->secret.pin = "1234";
    m->want_address = p[0] & 4;
    if (p[0] & 8) { /* one file, in clear: what lies behind the channel */
        struct emrtd_file f;
        static const char *const names[] = {"DG1", "DG2", "SOD", "COM"};
        m->by_sfi = p[0] & 16;
        m->care.header = p[0] & 32;
        m->wide = p[0] & 64;
        m->chunk = m->wide ? 2048 : 256;
        if (emrtd_file(m, lds_by_name(names[p[0] >> 6]), (struct emrtd_bar){0, 100}, &f, &e) == RC_OK &&
            f.len > LDS_FILE_MAX)
            abort();
        return 0;
    }
    if (emrtd_read(m, &e) == RC_OK || m->result.chip == CHIP_GENUINE)
        abort(); /* a channel was guessed */
    return 0;
}
