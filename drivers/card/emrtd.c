#include "drivers/card/emrtd.h"

#include "common/base/arena.h"

#include <string.h>

#define READ_FLOOR 32 /* a card that takes less than this in one answer is no document of ours */

void emrtd_step(struct emrtd *m, const char *step, int done)
{
    if (m->progress)
        m->progress(m->user, step, done, 100);
}

enum rc emrtd_send(struct emrtd *m, const struct apdu *c, struct answer *a, struct err *e)
{
    uint8_t out[700];
    size_t len = 0;
    bool sealed = m->sm.open;
    if (sealed)
        TRY(sm_wrap(&m->sm, c, out, sizeof out, &len, e));
    else
        TRY(apdu_encode(c, out, sizeof out, &len, e));
    m->apdus++;
    enum rc rc = m->t->transmit(m->t->self, out, len, a, e);
    wipe(out, len);
    TRY(rc);
    if (!sealed)
        return RC_OK;
    TRY(sm_unwrap(&m->sm, a, e));
    if (!m->sm.open)
        return err_code(e, RC_PROTOCOL, "SM_BROKEN", 0, "the card left secure messaging (%04X)", a->sw);
    return RC_OK;
}

enum rc emrtd_select(struct emrtd *m, uint8_t p1, const void *id, size_t len, uint16_t *sw, struct err *e)
{
    struct answer a;
    struct apdu c = {0x00, 0xA4, p1, 0x0C, id, len, -1, false};
    TRY(emrtd_send(m, &c, &a, e));
    *sw = a.sw;
    return RC_OK;
}

/* ---- one file --------------------------------------------------------------------------------------------
 */

/* Offsets above 32767 do not fit into P1-P2: odd INS with the offset in DO 54, the answer in DO 53. */
static enum rc read_far(struct emrtd *m, size_t at, size_t want, struct answer *a, struct err *e)
{
    uint8_t offset[] = {0x54, 0x03, (uint8_t)(at >> 16), (uint8_t)(at >> 8), (uint8_t)at};
    struct apdu c = {0x00, 0xB1, 0, 0, offset, sizeof offset, (int)want + 4, m->wide};
    struct tlv t;
    TRY(emrtd_send(m, &c, a, e));
    if (sw_row(a->sw)->rc != RC_OK)
        return RC_OK;
    if (tlv_read(a->data, a->len, &t, NULL) != RC_OK || t.tag != 0x53)
        return err_code(e, RC_PROTOCOL, "FILE_BAD", 0, "READ BINARY B1: no DO 53 in the answer");
    memmove(a->data, t.v, t.len);
    a->len = t.len;
    return RC_OK;
}

static enum rc read_once(struct emrtd *m, size_t at, size_t want, struct answer *a, struct err *e)
{
    if (at > 0x7FFF)
        return read_far(m, at, want > 8 ? want - 8 : want, a, e);
    struct apdu c = {0x00, 0xB0, (uint8_t)(at >> 8), (uint8_t)at, NULL, 0, (int)want, m->wide};
    TRY(emrtd_send(m, &c, a, e));
    if ((a->sw & 0xFF00) == 0x6C00 && (a->sw & 0xFF) != 0) { /* exactly so many, says the card */
        c.le = a->sw & 0xFF;
        c.wide = false;
        TRY(emrtd_send(m, &c, a, e));
    }
    return RC_OK;
}

/* At most `want` bytes from `at`; learns a smaller chunk where the card refuses the length. */
static enum rc read_some(struct emrtd *m, const struct lds_file *f, size_t at, size_t want, struct answer *a,
                         struct err *e)
{
    for (;;) {
        TRY(read_once(m, at, want < m->chunk ? want : m->chunk, a, e));
        if (a->sw != 0x6700)
            break;
        size_t smaller = m->wide ? sm_room(&m->sm, 258) : m->chunk / 2;
        m->wide = false;
        if (smaller < READ_FLOOR)
            return sw_fail(e, a->sw, f->name);
        m->chunk = smaller;
    }
    if (sw_row(a->sw)->rc != RC_OK)
        return sw_fail(e, a->sw, f->name);
    if (a->len == 0)
        return err_code(e, RC_PROTOCOL, "FILE_BAD", 0, "%s: ends after %zu bytes", f->name, at);
    return RC_OK;
}

struct span_of_progress {
    int from, to;
};

static enum rc read_file(struct emrtd *m, const struct lds_file *f, struct span_of_progress bar,
                         struct emrtd_file *out, struct err *e)
{
    uint8_t id[] = {(uint8_t)(f->fid >> 8), (uint8_t)f->fid};
    uint16_t sw;
    struct answer a;
    size_t total = 0;
    TRY(emrtd_select(m, 0x02, id, sizeof id, &sw, e));
    if (sw != 0x9000)
        return sw_fail(e, sw, f->name);
    TRY(read_some(m, f, 0, m->chunk, &a, e)); /* short files end here: one command instead of two */
    TRY(lds_length(f, a.data, a.len, &total, e));
    uint8_t *p = arena_alloc(m->arena, total);
    size_t have = a.len < total ? a.len : total;
    memcpy(p, a.data, have);
    while (have < total) {
        emrtd_step(m, "files", bar.from + (int)((size_t)(bar.to - bar.from) * have / total));
        TRY(read_some(m, f, have, total - have, &a, e));
        size_t n = a.len < total - have ? a.len : total - have;
        memcpy(p + have, a.data, n);
        have += n;
    }
    wipe(&a, sizeof a);
    *out = (struct emrtd_file){f, p, total};
    return RC_OK;
}

/* ---- all files -------------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    struct span_of_progress bar;
} plan[] = {{"DG1", {36, 44}}, {"COM", {44, 46}}, {"DG14", {46, 50}}, {"DG2", {50, 92}}, {"SOD", {92, 100}}};

static enum rc keep(struct emrtd *m, const struct emrtd_file *file, struct lds_com *com, struct err *e)
{
    if (strcmp(file->file->name, "COM") == 0)
        TRY(lds_com(file->p, file->len, com, e));
    if (strcmp(file->file->name, "DG1") == 0) {
        TRY(lds_dg1(file->p, file->len, &m->result.mrz, e));
        m->result.has_mrz = true;
        if (m->identity && !m->told)
            m->identity(m->user, &m->result.mrz);
        m->told = true;
    }
    m->result.file[m->result.n_files++] = *file;
    return RC_OK;
}

/* Not in EF.COM, so not on the card; COM is unsigned, therefore only a hint to save commands. */
static bool absent(const struct lds_com *com, const struct lds_file *f)
{
    return com->groups && (f->fid >> 8) == 0x01 && f->fid <= 0x0110 && !(com->groups & 1u << (f->fid & 0xFF));
}

static enum rc files(struct emrtd *m, struct err *e)
{
    struct lds_com com = {0};
    size_t n = m->n_want ? m->n_want : COUNT(plan);
    for (size_t i = 0; i < n; i++) {
        const struct lds_file *f = lds_by_name(m->n_want ? m->want[i] : plan[i].name);
        struct span_of_progress bar = {36 + (int)(64 * i / n), 36 + (int)(64 * (i + 1) / n)};
        struct emrtd_file file;
        if (!f)
            return err_at(e, RC_BAD_FIELD, "want", "no such file");
        if (!m->n_want)
            bar = plan[i].bar;
        if (absent(&com, f))
            continue;
        emrtd_step(m, "files", bar.from);
        enum rc rc = read_file(m, f, bar, &file, e);
        bool needed = f->fid == 0x0101;
        if (!needed && (rc == RC_NOT_FOUND || rc == RC_DENIED)) /* not there, or not for a CAN */
            continue;
        TRY(rc);
        TRY(keep(m, &file, &com, e));
    }
    emrtd_step(m, "files", 100);
    return RC_OK;
}

static enum rc attempt(struct emrtd *m, struct err *e)
{
    sm_wipe(&m->sm);
    m->result = (struct emrtd_result){.access = "", .pace = "", .curve = ""};
    m->chunk = 258;
    enum rc rc = emrtd_access(m, e);
    if (rc == RC_OK) {
        m->chunk = sm_room(&m->sm, m->wide ? m->chunk : 258);
        rc = files(m, e);
    }
    sm_wipe(&m->sm);
    return rc;
}

enum rc emrtd_read(struct emrtd *m, struct err *e)
{
    struct err why = {0};
    m->narrow = m->told = false;
    enum rc rc = attempt(m, &why);
    bool file_bad = why.code && strcmp(why.code, "FILE_BAD") == 0; /* would be as bad again */
    if ((rc == RC_PROTOCOL && !file_bad) || (rc == RC_TIMEOUT && !why.code)) {
        m->narrow = true;
        struct err again = {0};
        rc = m->t->reset(m->t->self, &again);
        if (rc == RC_OK)
            rc = attempt(m, &again);
        why = again;
    }
    if (rc != RC_OK && e)
        *e = why;
    return rc;
}
