/* Documents that steps write. */
#include "backend/case_priv.h"

enum rc case_fx_render(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    (void)d;
    (void)x;
    (void)e;
    return RC_OK;
}

enum rc case_fx_seal(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    (void)d;
    (void)x;
    (void)e;
    return RC_OK;
}

enum rc case_fx_cover(struct case_doing *d, const char *to, struct err *e)
{
    (void)d;
    (void)to;
    (void)e;
    return RC_OK;
}
