/* Documents that steps write. */
#include "backend/case_priv.h"

#include <string.h>

#include "backend/doc.h"

static struct doc_effect effect_of(const struct case_doing *d)
{
    return (struct doc_effect){.c = d->c,
                               .with = d->with,
                               .action = d->done.action ? d->done.action->id : "",
                               .given = d->act ? d->act->given : NULL,
                               .n_given = d->act ? d->act->n_given : 0};
}

static enum rc said(struct case_doing *d, enum rc rc, const struct err *e)
{
    static const struct tr nobody = {{"Nimeni cu drept de semnătură nu a hotărât în acest dosar.",
                                      "Ebben az ügyben nem döntött aláírásra jogosult személy.",
                                      "Nobody who may sign has decided in this case."}};
    static const struct tr paper = {{"Documentul nu este un PDF al acestui dosar.",
                                     "Az irat nem ennek az ügynek a PDF-je.",
                                     "The document is not a PDF of this case."}};

    if (rc == RC_STATE && e && e->code && strcmp(e->code, "NO_SIGNER") == 0)
        d->w->say = nobody;
    if (rc == RC_BAD_FIELD && e && strcmp(e->path, "document") == 0)
        d->w->say = paper;
    return rc;
}

enum rc case_fx_render(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    const struct doc_effect f = effect_of(d);
    struct document made;

    (void)x;
    return said(d, doc_render_case(d->w, d->who, &f, &made, e), e);
}

enum rc case_fx_seal(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    const struct doc_effect f = effect_of(d);
    struct document made;

    (void)x;
    TRY(doc_waiting_text(d->w, d->c, &d->letter, e)); /* signed, it is sealed away */
    return said(d, doc_sign_case(d->w, d->who, &f, &made, e), e);
}

enum rc case_fx_cover(struct case_doing *d, const char *to, struct err *e)
{
    const struct doc_effect f = effect_of(d);
    struct document made;

    return said(d, doc_cover(d->w, d->who, &f, to, &made, e), e);
}
