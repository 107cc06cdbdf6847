/* The request as a sheet to read: what was asked, what was answered, who it was, and the line that was drawn.
 */
#include <string.h>

#include "backend/doc_priv.h"
#include "backend/sealed.h"

/* ---- files of a request ---- */

enum { HASH_TEXT = 64 };

static const char *hashes_of(struct work *w, const struct answer *x)
{
    static const char scheme[] = "sha256:";
    BUF_SCOPE(out);

    for (size_t i = 0; x && i < x->n; i++) {
        const char *v = x->values[i];
        if (strncmp(v, scheme, sizeof scheme - 1) != 0)
            continue;
        v += sizeof scheme - 1;
        if (strlen(v) == HASH_TEXT && strspn(v, "0123456789abcdef") == HASH_TEXT)
            buf_fmt(&out, "%s%s", out.len ? "," : "{", v);
    }
    if (!out.len)
        return NULL;
    buf_chr(&out, '}');
    return arena_str(w->a, out.p);
}

enum rc doc_attach(struct work *w, const struct casefile *c, const struct answers *answers, struct err *e)
{
    const char *on = doc_int(w, c->version > 1 ? w->now_ms() : c->registered_ms);

    for (size_t i = 0; c->svc && c->request_id && i < c->svc->n_fields; i++) {
        const struct field *f = &c->svc->fields[i];
        const char *hashes = f->type == FT_FILE ? hashes_of(w, answers_get(answers, f->id)) : NULL;
        if (!hashes)
            continue;
        struct db_param p[] = {DB_STR(c->id),
                               DB_STR(c->institution),
                               DB_STR(lang_codes[c->lang]),
                               DB_STR(on),
                               DB_STR(tr_get(&f->label, LANG_RO)),
                               DB_STR(hashes)};
        TRY(work_sql(w, SQL_DOC_ATTACH, p, NULL, e));
    }
    return RC_OK;
}

/* ---- the sheet ---- */

static const char *identity(const struct case_answers *x, enum lang lang)
{
    static const struct tr words[] = {
        {{"citită din cipul actului; semnătura statului este bună",
          "az okmány chipjéből kiolvasva; az állami aláírás érvényes",
          "read from the chip; the state's signature holds"}},
        {{"citită din cipul actului; semnătura statului nu a fost verificată",
          "az okmány chipjéből kiolvasva; az állami aláírás nincs ellenőrizve",
          "read from the chip; the state's signature was not verified"}},
        {{"scrisă de solicitant, nedovedită", "a kérelmező írta be, nem bizonyított",
          "typed by the applicant, not proven"}},
        {{"nu a fost cerută", "nem volt szükséges", "not asked"}},
    };
    const struct identity_proof *p = x->request ? &x->request->identity : NULL;
    size_t which = 3;

    if (strcmp(x->identity, "card_read") == 0)
        which = p && p->passive && strcmp(p->passive, "valid") == 0 ? 0 : 1;
    else if (strcmp(x->identity, "typed") == 0)
        which = 2;
    return tr_get(&words[which], lang);
}

struct sheet {
    const struct casefile *c;
    struct case_answers answers;
    struct form_ctx form;
    const char **cells;
    size_t rows;
    struct ink ink;
};

static bool corrected(const struct case_answers *x, const char *id)
{
    for (size_t i = 0; i < x->n_corrected; i++)
        if (strcmp(x->corrected[i], id) == 0)
            return true;
    return false;
}

/* Every field that was seen and answered, in the order in which it was asked. */
static const char *rows_of(struct work *w, struct sheet *s, enum lang lang)
{
    BUF_SCOPE(put_right);

    if (!s->c->svc)
        return "";
    s->cells = ARENA_ARRAY(w->a, const char *, 2 * s->c->svc->n_fields + 1);
    for (size_t i = 0; i < s->c->svc->n_fields; i++) {
        const struct field *f = &s->c->svc->fields[i];
        if (f->type == FT_NOTE || f->type == FT_SIGN || !form_visible(&s->form, &s->answers.now, f) ||
            !answers_get(&s->answers.now, f->id))
            continue;
        const char *value = form_shown(w->a, &s->form, &s->answers.now, f);
        if (!value || !*value)
            continue;
        s->cells[2 * s->rows] = tr_get(&f->label, lang);
        s->cells[2 * s->rows++ + 1] = value;
        if (corrected(&s->answers, f->id))
            buf_fmt(&put_right, "%s%s", put_right.len ? "; " : "", tr_get(&f->label, lang));
    }
    return arena_str(w->a, put_right.len ? put_right.p : "");
}

/* The strokes rest sealed beside the request. */
static enum rc ink_of(struct work *w, struct sheet *s, struct doc_letter *l, struct err *e)
{
    static const struct tr drawn = {
        {"făcută pe ecran, mai jos", "képernyőn készült, lásd alább", "drawn on the screen, below"}};
    static const struct tr none = {
        {"fără semnătură pe ecran", "képernyőn nem készült aláírás", "none on the screen"}};
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(s->c->request_id)};
    const struct sealed_at at = {s->c->request_id, "signature"};
    struct bytes text;
    struct jval *v;

    letter_var(l, "signature", tr_get(&none, l->lang));
    if (!s->c->request_id)
        return RC_OK;
    TRY(work_sql(w, SQL_DOC_INK, p, &r, e));
    if (db_rows(r) != 1)
        return RC_OK;
    letter_var(l, "hash", arena_str(w->a, db_text(r, 0, 1)));
    TRY(sealed_request_open(w->a, &w->house->request_key, &at, db_text(r, 0, 0), &text, e));
    TRY(jval_parse(w->a, text.p, text.len, &v, e));
    s->ink = (struct ink){jval_int(v, "width", 0), jval_int(v, "height", 0), jval_int(v, "max_pressure", 0),
                          jval_get(v, "strokes")};
    if (s->ink.strokes && s->ink.strokes->n) {
        l->ink = &s->ink;
        letter_var(l, "signature", tr_get(&drawn, l->lang));
    }
    return RC_OK;
}

enum rc doc_request_pdf(struct work *w, const struct actor *who, const struct casefile *c, const char *reason,
                        struct bytes *pdf, struct err *e)
{
    struct sheet s = {.c = c};
    struct doc_letter l = {.t = template_find(&w->house->templates, "request"), .lang = c->lang};

    TRY(doc_may(w, who, "case.view", c, reason, e));
    if (!l.t)
        return err_set(e, RC_STATE, "template request is missing");
    TRY(case_answers(w, c, &s.answers, e));
    s.form = (struct form_ctx){.service = c->svc,
                               .i18n = w->house->i18n,
                               .lang = c->lang,
                               .today = c->filed_on,
                               .channel = CH_COUNTER};
    TRY(letter_case(w, &l, c, e));
    l.n_to = 0;
    letter_var(&l, "identity", identity(&s.answers, l.lang));
    letter_var(&l, "corrected", rows_of(w, &s, l.lang));
    TRY(ink_of(w, &s, &l, e));
    l.cells = s.cells;
    l.rows = s.rows;
    l.made_ms = c->registered_ms;
    return letter_pdf(w, &l, pdf, NULL, e);
}
