/* What EF.CardSecurity and the signed copy of EF.CardAccess are good for.
 * PACE with chip authentication mapping (ICAO 9303-11 4.4.3.5): the chip sent its proof on the way, and the
 * key that it proves stands in EF.CardSecurity, a signed file of the MF that opens after PACE. Without that
 * file, or with one that nobody vouches for, the mapping proves nothing, and chip authentication has to. */
#include "drivers/card/chip_auth.h"
#include "drivers/card/emrtd.h"

#include <string.h>

static const struct lds_file file = {"CardSecurity", 0x011D, 0x30, 0};

enum rc emrtd_card_security(struct emrtd *m, struct err *e)
{
    struct emrtd_file got;
    struct err why = {0};
    m->security = BYTES(NULL, 0);
    if (m->pace.mapping != MAP_CAM || m->care.no_security)
        return RC_OK;
    m->left = 0;
    enum rc rc = emrtd_file(m, &file, (struct emrtd_bar){34, 36}, &got, &why);
    if (rc == RC_OK)
        m->security = BYTES(got.p, got.len);
    bool bad = rc == RC_PROTOCOL && m->sm.open; /* something else stands there */
    if (rc == RC_OK || bad || (emrtd_refused(rc, &why) && m->sm.open))
        return RC_OK;
    m->care.no_security =
        m->left && m->left != 0x6700; /* next time without; 6700: next time in smaller pieces */
    if (e)
        *e = why;
    return rc;
}

/* By a state we know, or else by the very signer of the security object: somebody unknown could sign any key.
 */
static bool vouched(struct emrtd *m, struct security_infos *infos)
{
    struct trust_group group[EMRTD_FILES];
    struct trust_question q = emrtd_question(m, group);
    struct trust_verdict v;
    struct bytes content;
    q.sod = m->security;
    trust_card_security(m->trust, m->arena, &q, &content, &v);
    if (content.len == 0 || lds_security_infos(content.p, content.len, infos, NULL) != RC_OK)
        return false;
    if (v.word == TRUST_VALID)
        return true;
    emrtd_judge(m);
    const struct bytes *by = &m->result.passive.certificate;
    return v.word != TRUST_REVOKED && by->len && by->len == v.certificate.len &&
           memcmp(by->p, v.certificate.p, by->len) == 0;
}

static const char *against(const struct emrtd *m, const struct security_infos *proven)
{
    struct security_infos offered;
    if (lds_security_infos(m->offered.p, m->offered.len, &offered, NULL) != RC_OK)
        offered.n = 0;
    return pace_downgraded(&offered, proven, strcmp(m->result.access, "PACE") == 0 ? &m->pace : NULL);
}

/* EF.CardAccess came in clear: whoever stands between could have taken the better ways out of it (9303-11
 * 9.2.8, TR-03110-2: compare once there is something signed). */
const char *emrtd_downgraded(struct emrtd *m)
{
    struct security_infos infos;
    const struct emrtd_file *dg14 = emrtd_have(m, "DG14");
    const char *why = NULL;
    if (m->security.len && vouched(m, &infos))
        why = against(m, &infos);
    if (!why && dg14 && m->result.passive.group[14] == TRUST_GROUP_SAME &&
        lds_dg14(dg14->p, dg14->len, &infos, NULL) == RC_OK)
        why = against(m, &infos);
    return why;
}

bool emrtd_mapping_proof(struct emrtd *m)
{
    struct security_infos infos;
    struct chip_key key;
    size_t at = 0, keys = 0;
    if (!m->mapping || m->pace.mapping != MAP_CAM)
        return false;
    if (!vouched(m, &infos)) {
        const char *why = m->security.len ? "nobody we know vouches for the key in EF.CardSecurity"
                                          : "EF.CardSecurity is missing";
        emrtd_chip_verdict(m, "CAM", CHIP_NOT_CHECKED, why);
        return false;
    }
    while (chip_auth_next_key(&infos, &at, &key)) {
        if (key.kind != CHIP_KEY_EC || key.curve->id != m->pace.parameter_id)
            continue;
        keys++;
        if (pace_prove_chip(m->mapping, key.value, NULL) == RC_OK) {
            emrtd_chip_verdict(m, "CAM", CHIP_GENUINE, "by the mapping of PACE");
            return true;
        }
    }
    if (keys > 0)
        emrtd_chip_verdict(m, "CAM", CHIP_FAILED, "the mapping of PACE was not made with the signed key");
    else
        emrtd_chip_verdict(m, "CAM", CHIP_NOT_CHECKED, "EF.CardSecurity has no key on the curve of PACE");
    return keys > 0;
}
