/* Is the chip a copy? Chip authentication with DG14, else active authentication with DG15. */
#include "common/base/arena.h"
#include "common/base/crypto.h"
#include "drivers/card/active_auth.h"
#include "drivers/card/chip_auth.h"
#include "drivers/card/emrtd.h"

#include <string.h>

static enum rc infos_of(const struct emrtd *m, struct security_infos *out)
{
    const struct emrtd_file *dg14 = emrtd_have(m, "DG14");
    return dg14 ? lds_dg14(dg14->p, dg14->len, out, NULL) : RC_NOT_FOUND;
}

bool emrtd_offers_chip_auth(const struct emrtd *m)
{
    struct security_infos infos;
    struct chip_auth c;
    return infos_of(m, &infos) == RC_OK && chip_auth_choose(&infos, &c, NULL) != RC_NOT_FOUND;
}

void emrtd_chip_verdict(struct emrtd *m, const char *method, enum chip_verdict v, const char *why)
{
    m->result.chip_method = method;
    m->result.chip = v;
    m->result.chip_why = why;
}

static enum rc command(struct emrtd *m, uint8_t ins, uint8_t p2, struct bytes data, struct answer *a,
                       struct err *e)
{
    bool general = ins == 0x86;
    struct apdu c = {0x00, ins, general ? 0 : 0x41, p2, data.p, data.len, general ? 256 : -1, false};
    return emrtd_send(m, &c, a, e);
}

/* MSE:Set KAT does all for 3DES; else MSE:Set AT and GENERAL AUTHENTICATE. *sw is the last status. */
static enum rc agree(struct emrtd *m, const struct chip_auth *c, bool kat, bool with_id, uint16_t *sw,
                     struct err *e)
{
    uint8_t data[CHIP_DATA_MAX];
    size_t len = 0;
    struct answer a;
    TRY(kat ? chip_auth_kat(c, with_id, data, &len, e) : chip_auth_at(c, with_id, data, &len, e));
    TRY(command(m, 0x22, kat ? 0xA6 : 0xA4, BYTES(data, len), &a, e));
    *sw = a.sw;
    if (kat || a.sw != 0x9000)
        return RC_OK;
    TRY(chip_auth_general(c, data, &len, e));
    TRY(command(m, 0x86, 0x00, BYTES(data, len), &a, e));
    *sw = a.sw;
    return RC_OK;
}

/* Chips differ in what they want to hear: the key's id or not, 3DES by either command. */
static enum rc negotiate(struct emrtd *m, const struct chip_auth *c, uint16_t *sw, struct err *e)
{
    bool des = c->cipher == CIPHER_3DES;
    TRY(agree(m, c, des, true, sw, e));
    if (*sw != 0x9000 && c->key_id >= 0)
        TRY(agree(m, c, des, false, sw, e));
    if (*sw != 0x9000 && des)
        TRY(agree(m, c, false, true, sw, e));
    return RC_OK;
}

/* The proof: a command that works under the new keys. DG14 was just read, so it is there. */
static enum rc prove(struct emrtd *m, const struct chip_auth *c, struct err *e)
{
    uint16_t sw;
    TRY(chip_auth_keys(c, &m->sm, e));
    return emrtd_select(m, 0x02, "\x01\x0E", 2, &sw, e);
}

static enum rc run(struct emrtd *m, struct chip_auth *c, struct err *e)
{
    uint16_t sw = 0;
    enum rc rc = chip_auth_start(c, e);
    if (rc != RC_OK) { /* a group that cannot be, a point off its curve */
        emrtd_chip_verdict(m, "CA", CHIP_NOT_CHECKED, "the key of DG14 cannot be used");
        return RC_OK;
    }
    if (m->t->max_command < c->ours_len + 64) {
        emrtd_chip_verdict(m, "CA", CHIP_NOT_CHECKED, "the reader cannot carry such a long key");
        return RC_OK;
    }
    rc = negotiate(m, c, &sw, e);
    if (rc == RC_OK && sw != 0x9000) {
        emrtd_chip_verdict(m, "CA", CHIP_FAILED, "the chip refuses to prove its key");
        return RC_OK;
    }
    if (rc == RC_OK)
        rc = prove(m, c, e);
    if (rc == RC_OK)
        emrtd_chip_verdict(m, "CA", CHIP_GENUINE, "");
    else if (rc == RC_PROTOCOL) /* once may be a disturbed line; twice is a chip without the key */
        m->care.no_proof = ++m->care.proofs >= 2;
    return rc;
}

enum rc emrtd_chip_auth(struct emrtd *m, struct err *e)
{
    struct security_infos infos;
    struct chip_auth c SCOPED(chip_auth_wipe) = {0};
    if (emrtd_mapping_proof(m))
        return RC_OK;
    if (infos_of(m, &infos) != RC_OK) {
        emrtd_chip_verdict(m, "none", CHIP_NOT_CHECKED, "DG14 cannot be read");
        return RC_OK;
    }
    enum rc rc = chip_auth_choose(&infos, &c, NULL);
    if (rc == RC_NOT_FOUND)
        return RC_OK;
    if (m->care.no_proof) {
        emrtd_chip_verdict(m, "CA", CHIP_FAILED, "the chip does not prove its key");
        return RC_OK;
    }
    if (rc != RC_OK) {
        emrtd_chip_verdict(m, "CA", CHIP_NOT_CHECKED, "a kind of key that is not known");
        return RC_OK;
    }
    emrtd_step(m, "chip", 60);
    return run(m, &c, e);
}

/* Long signatures do not fit into a short answer: extended length, whatever the card says about itself; a
 * card that leaves the channel over it is asked the short way next time. */
static enum rc sign(struct emrtd *m, const struct active_auth *aa, const uint8_t *challenge, struct answer *a,
                    struct err *e)
{
    bool longer = active_auth_len(aa) > sm_room(&m->sm, 258);
    bool wide = (m->wide || longer) && m->t->max_answer > 258 && !m->care.sign_short;
    struct apdu c = {0x00, 0x88, 0, 0, challenge, ACTIVE_CHALLENGE, wide ? 65536 : 256, wide};
    enum rc rc = emrtd_send(m, &c, a, e);
    if (rc == RC_PROTOCOL && wide && m->left) {
        m->care.sign_short = true;
        m->care.proofs = 0; /* not the proof is at fault, but the form of the question */
    }
    TRY(rc);
    if (wide && a->sw != 0x9000) { /* then perhaps in pieces (61xx) */
        c.le = 256;
        c.wide = false;
        TRY(emrtd_send(m, &c, a, e));
    }
    return RC_OK;
}

enum rc emrtd_active_auth(struct emrtd *m, struct err *e)
{
    const struct emrtd_file *dg15 = emrtd_have(m, "DG15");
    struct security_infos infos;
    struct active_auth aa;
    struct answer a;
    struct err why = {0};
    uint8_t challenge[ACTIVE_CHALLENGE];
    if (emrtd_offers_chip_auth(m) || m->care.no_proof) /* that says more */
        return RC_OK;
    bool has = infos_of(m, &infos) == RC_OK;
    if (active_auth_read(BYTES(dg15->p, dg15->len), has ? &infos : NULL, &aa, &why) != RC_OK) {
        emrtd_chip_verdict(m, "AA", CHIP_NOT_CHECKED, "a kind of key that is not known");
        return RC_OK;
    }
    emrtd_step(m, "chip", 64);
    TRY(rnd_bytes(challenge, sizeof challenge, e));
    m->left = 0;
    enum rc rc = sign(m, &aa, challenge, &a, e);
    if (rc == RC_PROTOCOL) {
        m->care.no_proof = ++m->care.proofs >= (m->care.sign_short ? 3 : 2);
        return rc;
    }
    TRY(rc);
    bool carried = m->t->max_answer > 258 || active_auth_len(&aa) <= sm_room(&m->sm, 258);
    if (a.sw != 0x9000 && !carried)
        emrtd_chip_verdict(m, "AA", CHIP_NOT_CHECKED, "the reader cannot carry such a long signature");
    else if (a.sw != 0x9000)
        emrtd_chip_verdict(m, "AA", CHIP_FAILED, "the chip refuses to sign");
    else if (active_auth_check(&aa, challenge, BYTES(a.data, a.len), &why) != RC_OK)
        emrtd_chip_verdict(m, "AA", CHIP_FAILED, "the signature of the chip is wrong");
    else
        emrtd_chip_verdict(m, "AA", CHIP_GENUINE, "");
    return RC_OK;
}
