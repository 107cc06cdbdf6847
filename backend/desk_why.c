/* Why somebody may or may not, in words for the person who asks. */
#include <string.h>

#include "backend/desk_priv.h"
#include "common/base/text.h"

struct why_in {
    const char *action, *case_id;
};
static const struct jfield why_fields[] = {
    JF_STR(struct why_in, action, J_REQ, 1, 64),
    {"case", J_STR, 0, offsetof(struct why_in, case_id), 0, 0, 64, NULL, NULL},
};
JDESC(desk_why_in, struct why_in, why_fields);

static const struct tr sentences[] = {
    [RIGHTS_ALLOWED] = {{"Aveți dreptul. Îl au: {roles}.", "Joga van hozzá. Kié: {roles}.",
                         "You may. It belongs to: {roles}."}},
    [RIGHTS_DISABLED] = {{"Contul este oprit.", "A fiók le van tiltva.", "The account is disabled."}},
    [RIGHTS_NO_ACTION] = {{"Acest drept nu există.", "Nincs ilyen jog.", "There is no such right."}},
    [RIGHTS_NO_ROLE] = {{"Nu aveți dreptul. Îl au: {roles}.", "Nincs hozzá joga. Kié: {roles}.",
                         "You may not. It belongs to: {roles}."}},
    [RIGHTS_NO_REACH] = {{"Aveți rolul, dar pentru alt birou.", "Megvan a szerepe, de más irodára szól.",
                          "You hold the role, but for another office."}},
    [RIGHTS_NO_REASON] = {{"Aveți dreptul, dar dosarul este sigilat: scrieți motivul.",
                           "Joga van hozzá, de az ügyirat zárolt: írja be az indokot.",
                           "You may, but the file is sealed: give a reason."}},
};

static struct tr say(struct desk_call *c, const struct right_action *action, enum rights_word word)
{
    const struct rights *r = &c->w->house->rights;
    struct tr out = {{"", "", ""}};

    for (int k = 0; k < LANG_COUNT; k++) {
        const char *list = "";
        for (size_t i = 0; i < action->n_roles; i++)
            list = arena_fmt(c->w->a, "%s%s%s", list, i ? ", " : "",
                             tr_get(&rights_role(r, action->roles[i])->name, (enum lang)k));
        struct text_var vars[] = {{"roles", list}};
        out.t[k] = text_fill(c->w->a, sentences[word].t[k], vars, COUNT(vars));
    }
    return out;
}

static enum rc of_case(struct desk_call *c, const struct why_in *in, struct rights_verdict *v, struct err *e)
{
    struct casefile f;
    struct desk_scope list, users;
    struct institutions tree;

    TRY(case_get(c->w, in->case_id, false, &f, e));
    TRY(desk_scope(c, "case.list", &list, e));
    TRY(desk_scope(c, "user.view", &users, e));
    if (!desk_reaches(&list, f.institution, f.department) && !desk_reaches(&users, f.institution, ""))
        return err_code(e, RC_NOT_FOUND, desk_foreign, 0, "there is no case %s", in->case_id);
    struct rights_place at = {f.institution, f.department, f.sealed, false};
    TRY(work_tree(c->w, &tree, e));
    *v = rights_decide(&c->w->house->rights, &tree, &c->who.person, in->action, &at);
    return RC_OK;
}

enum rc desk_why(struct desk_call *c, const void *in, struct err *e)
{
    static const struct institutions none = {0};
    static const struct rights_place nowhere = {"", "", false, false};
    const struct why_in *w = in;
    const struct rights *r = &c->w->house->rights;
    const struct right_action *action = rights_action(r, w->action);

    if (!action)
        return err_at(e, RC_BAD_FIELD, "action", "there is no such right");
    struct rights_verdict v = rights_decide(r, &none, &c->who.person, w->action, &nowhere);
    if (w->case_id && *w->case_id)
        TRY(of_case(c, w, &v, e));
    else if (v.word == RIGHTS_NO_REACH) /* somewhere it is held */
        v = (struct rights_verdict){true, RIGHTS_ALLOWED, action, NULL};
    struct tr why = say(c, action, v.word);
    js_open(&c->out, NULL, '{');
    js_bool(&c->out, "allowed", v.allowed);
    js_tr(&c->out, "why", &why);
    js_close(&c->out, '}');
    return RC_OK;
}

/* ---- all that is refused at one case ---- */

/* Whatever the workflow says, these are for whoever holds the right. */
static const char *const beside[] = {"case.assign", "case.note",    "case.return_fields", "case.seal",
                                     "case.unseal", "document.add", "document.certify",   "answer.draft",
                                     "answer.sign", "case.reroute"};

static void refusal(struct desk_call *c, const char *id, const struct tr *label, const struct tr *why)
{
    js_open(&c->out, NULL, '{');
    js_str(&c->out, "id", id);
    if (label)
        js_tr(&c->out, "label", label);
    else
        js_null(&c->out, "label"); /* the page has words of its own for rights */
    js_tr(&c->out, "why", why);
    js_close(&c->out, '}');
}

/* As the act itself would be judged; that a sealed one wants a reason is no refusal. */
static enum rc right_refused(struct desk_call *c, const struct casefile *f, const char *right, struct err *e)
{
    const struct rights_place at = {f->institution, f->department, false, false};
    const struct rights *r = &c->w->house->rights;
    struct institutions tree;
    struct err no = {0};

    enum rc rc = case_may(c->w, &c->who, right, f, NULL, &no);
    c->w->say = (struct tr){{NULL, NULL, NULL}};
    if (rc == RC_OK || (rc == RC_DENIED && no.code))
        return RC_OK;
    if (rc != RC_DENIED) {
        *e = no;
        return rc;
    }
    TRY(work_tree(c->w, &tree, e));
    struct rights_verdict v = rights_decide(r, &tree, &c->who.person, right, &at);
    struct tr why = say(c, rights_action(r, right), v.word);
    refusal(c, right, NULL, &why);
    return RC_OK;
}

static bool for_staff(const struct workflows *f, const struct wf_action *x)
{
    return x->may & ~(workflow_role(f, "system") | workflow_role(f, "applicant"));
}

/* What cannot be done just now, each with its sentence: steps of the workflow, those of this state first,
 * then rights. */
enum rc desk_case_refused(struct desk_call *c, const void *in, struct err *e)
{
    const struct workflow_choice *list;
    struct casefile f;
    size_t n;

    (void)in;
    TRY(desk_open(c, c->id, &f, e));
    TRY(case_choices(c->w, &c->who, &f, &list, &n, e));
    js_open(&c->out, NULL, '[');
    for (int later = 0; later < 2; later++)
        for (size_t i = 0; i < n; i++)
            if (!list[i].allowed && desk_from_here(list[i].action, f.state) == !later &&
                for_staff(&c->w->house->workflows, list[i].action))
                refusal(c, list[i].action->id, &list[i].action->label, &list[i].why_not);
    for (size_t i = 0; i < COUNT(beside); i++)
        if (strcmp(beside[i], f.sealed ? "case.seal" : "case.unseal") != 0)
            TRY(right_refused(c, &f, beside[i], e));
    js_close(&c->out, ']');
    return RC_OK;
}
