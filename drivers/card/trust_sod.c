/* LDSSecurityObject: which hash each data group has. */
#include "drivers/card/trust_priv.h"

#include <string.h>

bool security_object_type(struct bytes oid)
{
    /* 9303-10, and two of earlier issues that documents still carry */
    return DER_IS(oid, "\x67\x81\x08\x01\x01\x01") || DER_IS(oid, "\x2B\x1B\x01\x01\x01") ||
           DER_IS(oid, "\x2A\x81\x50\x87\x6E\x01\x14\x01");
}

static enum rc group_hash(struct der *list, struct security_object *o, struct err *e)
{
    struct der in;
    struct der_item it;
    int n;
    TRY(der_enter(list, DER_SEQUENCE, &in, e));
    TRY(der_take(&in, DER_INTEGER, &it, e));
    TRY(der_small(&it, &n, e));
    TRY(der_take(&in, DER_OCTETS, &it, e));
    TRY(der_end(&in, e));
    if (n < 1 || n > 16 || (o->listed & 1u << n))
        return err_set(e, RC_PROTOCOL, "the security object lists DG%d twice, or there is no such group", n);
    if (it.v.len != hash_len(o->hash))
        return err_set(e, RC_PROTOCOL, "the hash of DG%d has another length than %s", n, hash_name(o->hash));
    o->listed |= 1u << n;
    o->digest[n] = it.v;
    return RC_OK;
}

enum rc security_object_read(struct bytes content, struct security_object *out, struct err *e)
{
    struct security_object o = {0};
    struct der outer = der_in(content), in, list;
    struct der_item it;
    TRY(der_enter(&outer, DER_SEQUENCE, &in, e));
    TRY(der_end(&outer, e));
    TRY(der_take(&in, DER_INTEGER, &it, e));
    TRY(der_small(&it, &o.version, e));
    if (o.version > 1)
        return err_set(e, RC_UNSUPPORTED, "a security object of version %d", o.version);
    TRY(der_take(&in, DER_SEQUENCE, &it, e));
    TRY(alg_hash(it.raw, &o.hash, e));
    TRY(der_enter(&in, DER_SEQUENCE, &list, e));
    while (list.len > 0)
        TRY(group_hash(&list, &o, e));
    TRY(der_maybe(&in, DER_SEQUENCE, &it, e)); /* version 1: LDS and Unicode version, now signed */
    TRY(der_end(&in, e));
    *out = o;
    return RC_OK;
}
