#include "drivers/card/emrtd.h"

#include "common/base/arena.h"

#include <string.h>

#define READ_FLOOR 32 /* a card that takes less than this in one answer is no document of ours */
#define HEAD 6        /* bytes that hold the length of any file */
#define ATTEMPTS 5
#define MORE_MAX 64 /* GET RESPONSE in a row */

/* Care of each further attempt: bytes of an answer. Field experience: 256 is fine for most, some passports
 * lose the thread above 160 (NFCPassportReader 107, 206). */
static const size_t care_most[] = {0, 258, 160, 112, 112};

void emrtd_step(struct emrtd *m, const char *step, int done)
{
    if (m->progress)
        m->progress(m->user, step, done, 100);
}

const char *chip_verdict_word(enum chip_verdict v)
{
    static const char *const words[] = {"not_checked", "not_offered", "genuine", "failed"};
    return words[v];
}

/* ---- one command -----------------------------------------------------------------------------------------
 */

/* What the transport layer of a card may ask for: 6Cxx the same with that Le, 61xx fetch the rest. Both lie
 * below secure messaging: the bytes of the command stay, the counter too. */
static enum rc exchange(struct emrtd *m, uint8_t *cmd, size_t len, bool has_le, struct answer *a,
                        struct err *e)
{
    m->apdus++;
    TRY(m->t->transmit(m->t->self, cmd, len, a, e));
    bool narrow = len > 5 ? cmd[4] != 0 : len == 5;
    if (a->len == 0 && a->sw >> 8 == 0x6C && has_le && narrow) {
        cmd[len - 1] = (uint8_t)a->sw;
        m->apdus++;
        TRY(m->t->transmit(m->t->self, cmd, len, a, e));
    }
    for (int i = 0; a->sw >> 8 == 0x61 && i < MORE_MAX; i++) {
        uint8_t more[5] = {0x00, 0xC0, 0, 0, (uint8_t)a->sw};
        struct answer next;
        m->apdus++;
        TRY(m->t->transmit(m->t->self, more, sizeof more, &next, e));
        if (next.len > APDU_DATA_MAX - a->len || (next.len == 0 && next.sw >> 8 == 0x61))
            return err_set(e, RC_PROTOCOL, "the card's answer does not end");
        memcpy(a->data + a->len, next.data, next.len);
        a->len += next.len;
        a->sw = next.sw;
        wipe(next.data, next.len);
    }
    return RC_OK;
}

enum rc emrtd_send(struct emrtd *m, const struct apdu *c, struct answer *a, struct err *e)
{
    uint8_t out[KA_PUBLIC_MAX + 200];
    size_t len = 0;
    bool sealed = m->sm.open;
    if (sealed)
        TRY(sm_wrap(&m->sm, c, out, sizeof out, &len, e));
    else
        TRY(apdu_encode(c, out, sizeof out, &len, e));
    enum rc rc = exchange(m, out, len, sealed || c->le >= 0, a, e);
    wipe(out, len);
    TRY(rc);
    if (!sealed)
        return RC_OK;
    TRY(sm_unwrap(&m->sm, a, e));
    if (m->sm.open)
        return RC_OK;
    m->left = a->sw;
    return err_code(e, RC_PROTOCOL, "SM_BROKEN", 0, "the card left secure messaging (%04X)", a->sw);
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

struct place {
    uint8_t sfi; /* 0: the current file */
    size_t at;
};

static enum rc read_once(struct emrtd *m, struct place p, size_t want, struct answer *a, struct err *e)
{
    if (p.at > 0x7FFF)
        return read_far(m, p.at, want > 8 ? want - 8 : want, a, e);
    uint8_t p1 = p.sfi ? 0x80 | p.sfi : (uint8_t)(p.at >> 8);
    struct apdu c = {0x00, 0xB0, p1, (uint8_t)p.at, NULL, 0, (int)want, m->wide};
    TRY(emrtd_send(m, &c, a, e));
    if ((a->sw & 0xFF00) == 0x6C00 && (a->sw & 0xFF) != 0) { /* exactly so many, says the card */
        c.le = a->sw & 0xFF;
        c.wide = false;
        TRY(emrtd_send(m, &c, a, e));
    }
    return RC_OK;
}

/* n bytes were refused: extended length first, then the size. */
static void smaller_chunk(struct emrtd *m, size_t n)
{
    size_t smaller = m->wide ? sm_room(&m->sm, 258) : n / 2;
    m->wide = m->head_first = false;
    m->chunk = smaller < READ_FLOOR ? READ_FLOOR : smaller;
}

/* At most `want` bytes; learns a smaller chunk where the card refuses the length. a->sw tells. */
static enum rc read_some(struct emrtd *m, struct place p, size_t want, struct answer *a, struct err *e)
{
    for (;;) {
        size_t n = want < m->chunk ? want : m->chunk;
        TRY(read_once(m, p, n, a, e));
        if (a->sw != 0x6700 || n <= READ_FLOOR)
            return RC_OK;
        smaller_chunk(m, n);
    }
}

static bool good(const struct answer *a)
{
    return sw_row(a->sw)->rc == RC_OK && a->len > 0;
}

/* The beginning of a file whose size nobody knows: as much as there is, most cards say. Some refuse to be
 * asked for more than there is; they are asked for its length first, from then on. */
static enum rc read_first(struct emrtd *m, uint8_t sfi, struct answer *a, struct err *e)
{
    struct place start = {sfi, 0};
    bool head = m->care.header || m->head_first;
    TRY(read_once(m, start, head ? HEAD : m->chunk, a, e));
    if (a->sw == 0x6700 && !head && m->wide) {
        smaller_chunk(m, m->chunk);
        TRY(read_once(m, start, m->chunk, a, e));
    }
    bool size = a->sw == 0x6700 || a->sw == 0x6B00 || sw_row(a->sw)->rc == RC_OK;
    if (head || good(a) || sw_row(a->sw)->rc == RC_DENIED || (sfi && !size))
        return RC_OK;
    TRY(read_once(m, start, HEAD, a, e));
    m->head_first = good(a);
    return RC_OK;
}

/* The first bytes by short identifier: saves the SELECT. "No such file" is believed of an application that
 * has read so before; else it may be the way of asking that it does not know. */
static enum rc first_by_sfi(struct emrtd *m, const struct lds_file *f, struct answer *a, bool *done,
                            struct err *e)
{
    struct tlv t;
    *done = false;
    if (m->care.select || !m->by_sfi)
        return RC_OK;
    TRY(read_first(m, f->fid & 0x1F, a, e));
    bool file = good(a) && tlv_head(a->data, a->len, &t, NULL) == RC_OK && t.tag == f->tag;
    bool absent = sw_row(a->sw)->rc == RC_NOT_FOUND || sw_row(a->sw)->rc == RC_DENIED;
    m->sfi_seen |= file;
    m->by_sfi = *done = file || (absent && m->sfi_seen);
    return RC_OK;
}

static enum rc first_by_select(struct emrtd *m, const struct lds_file *f, struct answer *a, struct err *e)
{
    uint8_t id[] = {(uint8_t)(f->fid >> 8), (uint8_t)f->fid};
    uint16_t sw;
    TRY(emrtd_select(m, 0x02, id, sizeof id, &sw, e));
    if (sw != 0x9000 && sw != 0x6282 && sw != 0x6283)
        return sw_fail(e, sw, f->name);
    return read_first(m, 0, a, e);
}

/* 6B00 behind the first bytes is no file that is absent: it is one that was cut. */
static enum rc check_read(const struct lds_file *f, const struct answer *a, size_t at, struct err *e)
{
    bool cut = at > 0 && sw_row(a->sw)->rc == RC_NOT_FOUND;
    if (sw_row(a->sw)->rc != RC_OK && !cut)
        return sw_fail(e, a->sw, f->name);
    if (a->len == 0 || cut)
        return err_code(e, RC_PROTOCOL, "FILE_BAD", 0, "%s: ends after %zu bytes", f->name, at);
    return RC_OK;
}

enum rc emrtd_file(struct emrtd *m, const struct lds_file *f, struct emrtd_bar bar, struct emrtd_file *out,
                   struct err *e)
{
    struct answer a;
    size_t total = 0;
    bool done = false;
    TRY(first_by_sfi(m, f, &a, &done, e));
    if (!done)
        TRY(first_by_select(m, f, &a, e));
    TRY(check_read(f, &a, 0, e));
    TRY(lds_length(f, a.data, a.len, &total, e));
    uint8_t *p = arena_alloc(m->arena, total);
    size_t have = a.len < total ? a.len : total;
    memcpy(p, a.data, have);
    while (have < total) {
        emrtd_step(m, "files", bar.from + (int)((size_t)(bar.to - bar.from) * have / total));
        TRY(read_some(m, (struct place){0, have}, total - have, &a, e));
        TRY(check_read(f, &a, have, e));
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

/* What a request needs: who it is, that it is signed, that the chip is no copy, the picture. */
static const struct {
    const char *name;
    struct emrtd_bar bar;
} plan[] = {{"DG1", {36, 42}},  {"COM", {42, 44}},  {"SOD", {44, 54}},
            {"DG14", {54, 60}}, {"DG15", {60, 64}}, {"DG2", {64, 98}}};

const struct emrtd_file *emrtd_have(const struct emrtd *m, const char *name)
{
    for (size_t i = 0; i < m->result.n_files; i++)
        if (strcmp(m->result.file[i].file->name, name) == 0)
            return &m->result.file[i];
    return NULL;
}

static bool is(const struct lds_file *f, const char *name)
{
    return strcmp(f->name, name) == 0;
}

/* Once. A later attempt that finds another person judges files nobody was told of: a card with two faces. */
static enum rc tell(struct emrtd *m, struct bytes dg1, struct err *e)
{
    if (m->told.len)
        return m->told.len == dg1.len && memcmp(m->told.p, dg1.p, dg1.len) == 0
                   ? RC_OK
                   : err_code(e, RC_USER, "CARD_SWAPPED", 0, "DG1 is not the one that was read before");
    m->told = dg1;
    if (m->identity)
        m->identity(m->user, &m->result.mrz);
    return RC_OK;
}

static enum rc keep(struct emrtd *m, const struct emrtd_file *file, struct lds_com *com, struct err *e)
{
    if (m->result.n_files == EMRTD_FILES)
        return err_set(e, RC_INTERNAL, "more files than there are");
    if (is(file->file, "COM") && lds_com(file->p, file->len, com, NULL) != RC_OK)
        *com = (struct lds_com){0}; /* unsigned, a hint only: a sloppy one is no hint */
    if (is(file->file, "DG1")) {
        TRY(lds_dg1(file->p, file->len, &m->result.mrz, e));
        m->result.has_mrz = true;
        TRY(tell(m, BYTES(file->p, file->len), e));
    }
    m->result.file[m->result.n_files++] = *file;
    if (is(file->file, "DG14"))
        TRY(emrtd_chip_auth(m, e));
    if (is(file->file, "DG15"))
        TRY(emrtd_active_auth(m, e));
    return RC_OK;
}

/* Not in EF.COM, so not on the card; COM is unsigned, therefore only a hint to save commands. */
static bool absent(const struct lds_com *com, const struct lds_file *f)
{
    return com->groups && f->group && !(com->groups & 1u << f->group);
}

/* Without it a verdict would be another one. */
static bool proves(const struct lds_file *f)
{
    return is(f, "SOD") || is(f, "DG14") || is(f, "DG15");
}

static bool is_code(const struct err *e, const char *code)
{
    return e->code && strcmp(e->code, code) == 0;
}

static enum rc one_file(struct emrtd *m, const struct lds_file *f, struct emrtd_bar bar, struct lds_com *com,
                        struct err *e)
{
    struct emrtd_file file;
    if (absent(com, f) || (m->care.skip & 1u << (f->fid & 0x1F)) || emrtd_have(m, f->name))
        return RC_OK;
    emrtd_step(m, "files", bar.from);
    m->left = 0;
    enum rc rc = emrtd_file(m, f, bar, &file, e);
    bool needed = f->fid == 0x0101;
    if (!needed && (rc == RC_NOT_FOUND || rc == RC_DENIED)) /* not there, or not for a CAN */
        return RC_OK;
    if (!needed && !proves(f) && m->sm.open && e && (emrtd_refused(rc, e) || is_code(e, "FILE_BAD")))
        return RC_OK; /* a picture that cannot be read is no reason to send its owner away */
    if (!needed && m->left && (sw_row(m->left)->rc == RC_NOT_FOUND || sw_row(m->left)->rc == RC_DENIED))
        m->care.skip |= 1u << (f->fid & 0x1F); /* the same, said in clear: without it in the next attempt */
    TRY(rc);
    return keep(m, &file, com, e);
}

static enum rc files(struct emrtd *m, struct err *e)
{
    struct lds_com com = {0};
    size_t n = m->n_want ? m->n_want : COUNT(plan);
    for (size_t i = 0; i < n; i++) {
        const struct lds_file *f = lds_by_name(m->n_want ? m->want[i] : plan[i].name);
        struct emrtd_bar bar = {36 + (int)(62 * i / n), 36 + (int)(62 * (i + 1) / n)};
        if (!f)
            return err_at(e, RC_BAD_FIELD, "want", "no such file");
        if (!m->n_want)
            bar = plan[i].bar;
        if (!m->n_want && is(f, "DG15") && emrtd_offers_chip_auth(m))
            continue; /* one proof is enough */
        TRY(one_file(m, f, bar, &com, e));
    }
    return RC_OK;
}

/* ---- verdicts --------------------------------------------------------------------------------------------
 */

struct trust_question emrtd_question(const struct emrtd *m, struct trust_group group[EMRTD_FILES])
{
    struct trust_question q = {.groups = group, .now = m->now};
    for (size_t i = 0; i < m->result.n_files; i++) {
        const struct emrtd_file *f = &m->result.file[i];
        if (f->file->group)
            group[q.n_groups++] = (struct trust_group){f->file->group, BYTES(f->p, f->len)};
    }
    return q;
}

void emrtd_judge(struct emrtd *m)
{
    const struct emrtd_file *sod = emrtd_have(m, "SOD");
    struct trust_group group[EMRTD_FILES];
    struct trust_question q = emrtd_question(m, group);
    if (sod)
        q.sod = BYTES(sod->p, sod->len);
    trust_check(m->trust, m->arena, &q, &m->result.passive);
}

static void chip_fails(struct emrtd *m, const char *why)
{
    m->result.chip = CHIP_FAILED;
    m->result.chip_why = why;
}

/* EF.COM may be a forger's: what the security object lists has to be there, and be the signed one. */
static enum rc verdicts(struct emrtd *m, struct err *e)
{
    static const char *const proofs[] = {"DG14", "DG15"};
    struct lds_com none = {0};
    emrtd_judge(m);
    if (m->result.chip == CHIP_NOT_OFFERED && m->pace.mapping == MAP_CAM) /* DG14 is not there to remind us */
        (void)emrtd_mapping_proof(m);
    const char *downgraded = emrtd_downgraded(m);
    if (downgraded &&
        m->result.chip != CHIP_FAILED) /* a sloppy issuer, or somebody who listens: not proven */
        emrtd_chip_verdict(m, m->result.chip_method, CHIP_NOT_CHECKED, downgraded);
    if (!emrtd_have(m, "SOD")) {
        if (m->result.chip == CHIP_GENUINE || m->result.chip == CHIP_NOT_OFFERED)
            m->result.chip = CHIP_NOT_CHECKED; /* by a key that nobody signed */
        return RC_OK;
    }
    for (size_t i = 0; i < COUNT(proofs); i++) {
        const struct lds_file *f = lds_by_name(proofs[i]);
        bool listed = m->result.passive.listed & 1u << f->group;
        if (!listed || emrtd_have(m, f->name) || (i == 1 && emrtd_offers_chip_auth(m)))
            continue;
        if (m->n_want) { /* the caller wants no more */
            m->result.chip = CHIP_NOT_CHECKED;
            continue;
        }
        m->care.skip &= ~(1u << (f->fid & 0x1F));
        TRY(one_file(m, f, (struct emrtd_bar){98, 99}, &none, e));
        if (!emrtd_have(m, f->name))
            chip_fails(m, "a file with the key is signed for, but not there");
        emrtd_judge(m);
    }
    const struct lds_file *f = lds_by_name(strcmp(m->result.chip_method, "AA") == 0 ? "DG15" : "DG14");
    bool mapped = strcmp(m->result.chip_method, "CAM") == 0; /* its key is signed in a file of its own */
    if (m->result.chip == CHIP_GENUINE && !mapped && m->result.passive.group[f->group] != TRUST_GROUP_SAME)
        chip_fails(m, "the key of the chip is not the signed one");
    return RC_OK;
}

/* ---- attempts --------------------------------------------------------------------------------------------
 */

static enum rc attempt(struct emrtd *m, struct err *e)
{
    sm_wipe(&m->sm);
    m->result = (struct emrtd_result){.access = "",
                                      .pace = "",
                                      .curve = "",
                                      .chip_method = "none",
                                      .chip = m->care.no_proof ? CHIP_FAILED : CHIP_NOT_OFFERED,
                                      .chip_why = m->care.no_proof ? "the chip does not prove its key" : ""};
    m->chunk = 258;
    m->by_sfi = true;
    m->sfi_seen = m->head_first = false;
    m->left = 0;
    m->security = m->offered = BYTES(NULL, 0);
    enum rc rc = emrtd_access(m, e);
    if (rc == RC_OK)
        rc = files(m, e);
    if (rc == RC_OK)
        rc = verdicts(m, e);
    sm_wipe(&m->sm);
    if (m->mapping)
        wipe(m->mapping, sizeof *m->mapping);
    return rc;
}

/* More careful than last time. false: there is no point. */
static bool again(struct emrtd *m, unsigned n, enum rc rc, const struct err *why)
{
    bool file_bad = is_code(why, "FILE_BAD"); /* would be as bad again */
    if (rc == RC_TIMEOUT && !why->code && !m->care.late) {
        m->care.late = m->care.select = true;
        m->care.most = 258;
        return true;
    }
    if (rc != RC_PROTOCOL || file_bad || n >= ATTEMPTS)
        return false;
    if (m->result.access[0] == 0 && n >= 2)
        return false; /* not even the access */
    if ((m->care.skip || m->care.no_security) && m->left)
        return true; /* that file was it */
    m->care.select = true;
    m->care.header = n >= 2;
    m->care.most = care_most[n];
    return true;
}

enum rc emrtd_read(struct emrtd *m, struct err *e)
{
    struct err why = {0};
    m->care = (struct care){0};
    m->told = BYTES(NULL, 0);
    enum rc rc = attempt(m, &why);
    for (unsigned n = 1; rc != RC_OK && again(m, n, rc, &why); n++) {
        why = (struct err){0};
        rc = m->t->reset(m->t->self, &why);
        if (rc == RC_OK)
            rc = attempt(m, &why);
    }
    if (rc == RC_OK && m->only && strcmp(m->result.mrz.number, m->only) != 0)
        rc = err_code(&why, RC_USER, "CARD_SWAPPED", 0, "the document has another number");
    if (rc == RC_OK && m->want_address)
        rc = emrtd_address(m, &why);
    emrtd_step(m, "files", 100);
    if (rc != RC_OK && e)
        *e = why;
    return rc;
}
