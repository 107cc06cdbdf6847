/* TLV and every file of a document, from a hostile chip. */
#include "drivers/card/lds.h"
#include "drivers/card/pace.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static void inside(const uint8_t *p, size_t len, const uint8_t *q, size_t n)
{
    if (q < p || n > len || (size_t)(q - p) > len - n)
        abort();
}

static void walk(const uint8_t *p, size_t len, int depth)
{
    struct tlv t;
    for (size_t at = 0; depth < 8 && tlv_next(p, len, &at, &t, NULL) == RC_OK;) {
        inside(p, len, t.v, t.len);
        if ((t.tag & 0x20) != 0 || t.tag > 0xFF)
            walk(t.v, t.len, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    struct err e = {0};
    struct lds_com com;
    struct mrz mrz;
    struct lds_picture picture;
    struct security_infos infos;
    struct pace_info info[PACE_OFFERS];
    size_t n = 0;
    size_t total;
    walk(p, len, 0);
    (void)!lds_com(p, len, &com, &e);
    (void)!lds_dg1(p, len, &mrz, &e);
    if (lds_dg2(p, len, &picture, &e) == RC_OK)
        inside(p, len, picture.p, picture.len);
    if (lds_security_infos(p, len, &infos, &e) == RC_OK) {
        for (size_t i = 0; i < infos.n; i++)
            inside(p, len, infos.info[i].rest, infos.info[i].rest_len);
        (void)!pace_choose(&infos, info, &n, &e);
    }
    (void)!lds_dg14(p, len, &infos, &e);
    if (lds_length(lds_by_name("DG2"), p, len, &total, &e) == RC_OK && total > LDS_FILE_MAX)
        abort();
    return 0;
}
