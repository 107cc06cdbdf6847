#include "common/base/arena.h"
#include "drivers/card/atr.h"
#include "drivers/card/bac.h"
#include "drivers/card/emrtd.h"

#include <string.h>

static const uint8_t mf[] = {0x3F, 0x00}, atr_info[] = {0x2F, 0x01};
static const struct lds_file card_access = {"CardAccess", 0x011C, 0x31, 0};

#define SHORT_LC 255
#define WIDE_FRAME 9    /* header, Lc and Le of an extended command */
#define WIDE_GUESS 2048 /* bytes of an answer where the card says "extended length" and no number */

enum rc emrtd_mf(struct emrtd *m, struct err *e)
{
    uint16_t sw;
    return emrtd_select(m, 0x00, mf, sizeof mf, &sw, e); /* with 3F00: see pitfalls; a refusal is no harm */
}

/* 6Fxx has no code, a reader's fault has one. */
bool emrtd_refused(enum rc rc, const struct err *e)
{
    return (rc == RC_DEVICE && !e->code) || rc == RC_NOT_FOUND || rc == RC_DENIED || rc == RC_STATE ||
           rc == RC_UNSUPPORTED || rc == RC_TOO_BIG;
}

/* A small transparent file of the MF, in clear. RC_NOT_FOUND when the card has none. */
static enum rc read_small(struct emrtd *m, const uint8_t id[2], struct answer *a, struct err *e)
{
    uint16_t sw;
    TRY(emrtd_select(m, 0x02, id, 2, &sw, e));
    if (sw != 0x9000)
        return err_set(e, RC_NOT_FOUND, "file %02X%02X: status %04X", id[0], id[1], sw);
    struct apdu read = {0x00, 0xB0, 0, 0, NULL, 0, 256, false};
    TRY(emrtd_send(m, &read, a, e));
    return sw_row(a->sw)->rc == RC_OK ? RC_OK : sw_fail(e, a->sw, "reading a file of the card");
}

/* EF.ATR/INFO, DO 7F66: the longest command and the longest answer the card takes (ISO 7816-4 12.7.1). */
static enum rc find_width(struct emrtd *m, struct err *e)
{
    struct atr atr;
    m->wide = false;
    m->chunk = 258;
    if (m->care.most || m->t->max_answer <= 258 || atr_parse(m->t->atr, m->t->atr_len, &atr, NULL) != RC_OK ||
        !atr.wide)
        return RC_OK;
    struct answer a = {.len = 0};
    struct tlv limits, command, answer;
    size_t at = 0, most = WIDE_GUESS;
    if (atr.info) { /* then it must say how much; a file that is missing is a card to be careful with */
        struct err why = {0};
        enum rc rc = read_small(m, atr_info, &a, &why);
        if (rc != RC_OK && emrtd_refused(rc, &why))
            return RC_OK;
        if (rc != RC_OK && e)
            *e = why;
        TRY(rc);
        size_t from = a.len > 0 && a.data[0] < 0x42 ? 1 : 0; /* it may begin with a category byte */
        if (tlv_find(a.data + from, a.len - from, 0x7F66, &limits, NULL) != RC_OK ||
            tlv_next(limits.v, limits.len, &at, &command, NULL) != RC_OK ||
            tlv_next(limits.v, limits.len, &at, &answer, NULL) != RC_OK || answer.len != 2)
            return RC_OK;
        most = (size_t)(answer.v[0] << 8 | answer.v[1]);
    }
    if (most > m->t->max_answer)
        most = m->t->max_answer;
    if (most > APDU_DATA_MAX)
        most = APDU_DATA_MAX;
    m->wide = most > 258;
    m->chunk = m->wide ? most : 258; /* becomes bytes of a file once the channel is open */
    return RC_OK;
}

/* Where "tries left" stands: a fresh MSE:Set AT (facts/emrtd.md section 4). -1: the card does not say. */
static enum rc secret_wrong(struct emrtd *m, const struct pace *p, enum pace_secret kind, uint16_t sw,
                            struct err *e)
{
    int tries = sw_tries(sw);
    uint8_t data[PACE_DATA_MAX];
    size_t len = 0;
    struct answer a = {.sw = 0};
    TRY(m->t->reset(m->t->self, e));
    if (tries < 0 && pace_set_at(p, kind, data, &len, NULL) == RC_OK) {
        TRY(emrtd_mf(m, e));
        struct apdu set = {0x00, 0x22, 0xC1, 0xA4, data, len, -1, false};
        TRY(emrtd_send(m, &set, &a, e));
        tries = sw_tries(a.sw);
    }
    bool blocked = sw == 0x6983 || sw == 0x6984 || a.sw == 0x6983 || a.sw == 0x6984;
    if (tries == 0 || blocked)
        return err_code(e, RC_UNSUPPORTED, "PACE_BLOCKED", 0, "PACE: the password is blocked (%04X)", sw);
    return err_code(e, RC_USER, "CAN_WRONG", tries, "PACE: the card refuses the password (%04X)", sw);
}

/* Keys of DH are longer than a short command. Where extended length does not get through, they go in pieces;
 * the card sees by the length in 7C that more will come. */
static enum rc send_key(struct emrtd *m, const struct apdu *c, struct answer *a, struct err *e)
{
    if (c->lc <= SHORT_LC || m->t->max_command >= c->lc + WIDE_FRAME) {
        TRY(emrtd_send(m, c, a, e));
        if (a->sw != 0x6700 || c->lc <= SHORT_LC)
            return RC_OK;
    }
    for (size_t at = 0; at < c->lc; at += SHORT_LC) {
        bool last = c->lc - at <= SHORT_LC;
        struct apdu part = {
            last ? c->cla : 0x10, c->ins, c->p1, c->p2, c->data + at, last ? c->lc - at : SHORT_LC,
            last ? c->le : -1,    false};
        TRY(emrtd_send(m, &part, a, e));
        if (a->sw != 0x9000)
            return RC_OK;
    }
    return RC_OK;
}

/* The four GENERAL AUTHENTICATE; *sw is the status that stopped it, 9000 when none did. */
static enum rc authenticate(struct emrtd *m, struct pace *p, uint16_t *sw, struct err *e)
{
    uint8_t data[PACE_DATA_MAX];
    size_t len = 0;
    struct answer a;
    TRY(pace_ask_nonce(p, data, &len, e));
    for (int step = 0; step < 4; step++) {
        struct apdu c = {step < 3 ? 0x10 : 0x00, 0x86, 0, 0, data, len, 256, false};
        TRY(send_key(m, &c, &a, e));
        *sw = a.sw;
        if (a.sw != 0x9000)
            return step == 3 ? RC_OK : sw_fail(e, a.sw, "PACE");
        emrtd_step(m, "pace", 20 + 5 * step);
        if (step == 0)
            TRY(pace_map(p, &a, data, &len, e));
        else if (step == 1)
            TRY(pace_agree(p, &a, data, &len, e));
        else if (step == 2)
            TRY(pace_token(p, &a, data, &len, e));
    }
    enum rc rc = pace_finish(p, &a, &m->sm, e);
    wipe(&a, sizeof a);
    wipe(data, sizeof data);
    return rc;
}

/* The reference of the domain parameters belongs into the command only where the card asks for it; cards
 * that do not know it say so. */
static enum rc set_at(struct emrtd *m, struct pace *p, enum pace_secret kind, uint16_t *sw, struct err *e)
{
    for (;;) {
        uint8_t data[PACE_DATA_MAX];
        size_t len = 0;
        struct answer a;
        TRY(pace_set_at(p, kind, data, &len, e));
        struct apdu set = {0x00, 0x22, 0xC1, 0xA4, data, len, -1, false};
        TRY(emrtd_send(m, &set, &a, e));
        *sw = a.sw;
        if (a.sw == 0x9000 || sw_tries(a.sw) >= 0 || p->info.reference < 0 ||
            (a.sw != 0x6A80 && a.sw != 0x6A88 && a.sw != 0x6A86))
            return RC_OK;
        p->info.reference = -1;
    }
}

/* Chip authentication mapping: what proves the chip is looked at when DG14 is there. */
static void keep_mapping(struct emrtd *m, const struct pace *p)
{
    if (p->info.mapping != MAP_CAM)
        return;
    if (!m->mapping)
        m->mapping = ARENA_NEW(m->arena, struct pace);
    *m->mapping = *p;
    m->mapping->ka = NULL;
}

enum rc emrtd_pace(struct emrtd *m, struct err *e)
{
    char mrz[MRZ_INFO_MAX] = "";
    enum pace_secret kind = m->secret.can ? PACE_CAN : PACE_MRZ;
    if (kind == PACE_MRZ)
        TRY(mrz_info(&m->secret.mrz, mrz, e));
    struct pace p SCOPED(pace_wipe) = {0};
    enum rc rc = pace_start(&p, &m->pace, kind, m->secret.can ? m->secret.can : mrz, e);
    wipe(mrz, sizeof mrz);
    TRY(rc);
    uint16_t sw = 0;
    TRY(set_at(m, &p, kind, &sw, e));
    if (sw == 0x63C0 || sw == 0x6983 || sw == 0x6984)
        return err_code(e, RC_UNSUPPORTED, "PACE_BLOCKED", 0, "PACE: the password is blocked (%04X)", sw);
    if (sw != 0x9000 && sw_tries(sw) < 0) /* 63Cx: somebody was wrong before, we may try */
        return sw_fail(e, sw, "MSE:Set AT");
    sw = 0;
    TRY(authenticate(m, &p, &sw, e));
    if (sw != 0x9000)
        return secret_wrong(m, &p, kind, sw, e);
    keep_mapping(m, &p);
    m->result.access = "PACE";
    m->result.pace = pace_name(&m->pace);
    m->result.curve = ka_name(m->pace.parameter_id);
    return RC_OK;
}

/* Without an answer first; a few cards only know the form with one. */
static enum rc select_application(struct emrtd *m, struct err *e)
{
    uint16_t sw;
    m->sfi_seen = false;
    TRY(emrtd_select(m, 0x04, LDS_AID, LDS_AID_LEN, &sw, e));
    if (sw == 0x9000 || sw == 0x6283)
        return RC_OK;
    struct answer a;
    struct apdu c = {0x00, 0xA4, 0x04, 0x00, (const uint8_t *)LDS_AID, LDS_AID_LEN, 256, false};
    if (sw != 0x6A82)
        TRY(emrtd_send(m, &c, &a, e));
    if (sw != 0x6A82 && (a.sw == 0x9000 || a.sw == 0x6283))
        return RC_OK;
    return err_code(e, RC_UNSUPPORTED, "NOT_IDENTITY_CARD", 0, "the card has no eMRTD application (%04X)",
                    sw);
}

static enum rc bac(struct emrtd *m, struct err *e)
{
    char mrz[MRZ_INFO_MAX];
    struct bac b;
    struct answer a;
    uint8_t token[BAC_TOKEN];
    emrtd_step(m, "bac", 20);
    TRY(mrz_info(&m->secret.mrz, mrz, e));
    enum rc rc = bac_start(&b, mrz, NULL, e);
    wipe(mrz, sizeof mrz);
    TRY(rc);
    struct apdu challenge = {0x00, 0x84, 0, 0, NULL, 0, BAC_CHALLENGE, false};
    TRY(emrtd_send(m, &challenge, &a, e));
    if (a.sw != 0x9000 || a.len != BAC_CHALLENGE)
        return a.sw != 0x9000 ? sw_fail(e, a.sw, "GET CHALLENGE")
                              : err_set(e, RC_PROTOCOL, "GET CHALLENGE: %zu bytes", a.len);
    TRY(bac_command(&b, a.data, token, e));
    struct apdu authenticate_ = {0x00, 0x82, 0, 0, token, sizeof token, BAC_TOKEN, false};
    TRY(emrtd_send(m, &authenticate_, &a, e));
    if (a.sw == 0x9000)
        rc = bac_finish(&b, a.data, a.len, &m->sm, e);
    else if (a.sw == 0x6983 || a.sw == 0x6984)
        rc = err_code(e, RC_UNSUPPORTED, "PACE_BLOCKED", 0, "BAC: blocked (%04X)", a.sw);
    else /* 6300, 6982, 6985, 6A80: chips differ in how they refuse a wrong key */
        rc = err_code(e, RC_USER, "CAN_WRONG", sw_tries(a.sw), "BAC: the card refuses the key (%04X)", a.sw);
    wipe(&b, sizeof b);
    wipe(token, sizeof token);
    m->result.access = "BAC";
    m->result.pace = m->result.curve = "";
    return rc;
}

/* What EF.CardAccess offers, best first; *n 0: no PACE on this card. */
static enum rc look_for_pace(struct emrtd *m, struct pace_info *offers, size_t *n, struct err *e)
{
    struct emrtd_file file;
    struct security_infos infos;
    struct err why = {0};
    *n = 0;
    enum rc rc = emrtd_file(m, &card_access, (struct emrtd_bar){5, 15}, &file, &why);
    if (rc != RC_OK && emrtd_refused(rc, &why)) /* whatever word an old document has for "no such file" */
        return RC_OK;
    if (rc != RC_OK && e)
        *e = why;
    TRY(rc);
    m->offered = BYTES(file.p, file.len);
    TRY(lds_security_infos(file.p, file.len, &infos, e));
    rc = pace_choose(&infos, offers, n, e);
    if (rc == RC_NOT_FOUND || (rc == RC_UNSUPPORTED && m->secret.has_mrz))
        return RC_OK;
    return rc;
}

/* The card, or the length of a command, says no to this way; nothing is wrong with the secret. */
static bool turned_away(enum rc rc, const struct err *e)
{
    return (rc == RC_UNSUPPORTED || rc == RC_NOT_FOUND || rc == RC_STATE || rc == RC_TOO_BIG) &&
           !(e && e->code);
}

/* What the card offers and refuses all the same: the next best. */
static enum rc open_by_pace(struct emrtd *m, const struct pace_info *offers, size_t n, struct err *e)
{
    enum rc rc = RC_UNSUPPORTED;
    for (size_t i = 0; i < n; i++) {
        bool longer = offers[i].dh && offers[i].parameter_id != 0; /* keys of 256 bytes */
        if (longer && m->t->max_command < 300 && i + 1 < n)
            continue; /* this reader has short commands only */
        m->pace = offers[i];
        rc = emrtd_pace(m, e);
        if (!turned_away(rc, e))
            break;
    }
    return rc;
}

/* From bytes of an answer to bytes of a file. */
static void fit_chunk(struct emrtd *m)
{
    size_t most = m->wide ? m->chunk : 258;
    if (m->care.most && m->care.most < most)
        most = m->care.most;
    m->chunk = sm_room(&m->sm, most);
}

enum rc emrtd_access(struct emrtd *m, struct err *e)
{
    struct pace_info offers[PACE_OFFERS];
    size_t n = 0;
    struct err why = {0};
    emrtd_step(m, "access", 5);
    m->pace = (struct pace_info){.reference = -1};
    TRY(emrtd_mf(m, e));
    m->chunk = 256; /* in clear */
    TRY(look_for_pace(m, offers, &n, e));
    TRY(find_width(m, e));
    emrtd_step(m, "access", 15);
    if (n > 0) {
        enum rc rc = open_by_pace(m, offers, n, &why);
        if (rc == RC_OK) {
            fit_chunk(m);
            TRY(emrtd_card_security(m, e));
            return select_application(m, e);
        }
        if (turned_away(rc, &why) && !m->secret.has_mrz)
            return err_code(e, RC_UNSUPPORTED, "PACE_UNSUPPORTED", 0, "%s", why.text);
        if (!turned_away(rc, &why)) {
            if (e)
                *e = why;
            return rc;
        }
    }
    m->by_sfi = false; /* a document of the first years */
    TRY(select_application(m, e));
    if (!m->secret.has_mrz)
        return err_code(e, RC_UNSUPPORTED, "PACE_UNSUPPORTED", 0,
                        "the card has no PACE: it opens with its printed zone, not with the access number");
    TRY(bac(m, e));
    fit_chunk(m);
    return RC_OK;
}
