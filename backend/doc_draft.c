/* The answer while it is being written. */
#include <string.h>

#include "backend/doc_priv.h"
#include "backend/sealed.h"
#include "common/base/text.h"

const char *const doc_unsigned[LANG_COUNT] = {"PROIECT, NESEMNAT", "TERVEZET, ALÁÍRATLAN",
                                              "DRAFT, NOT SIGNED"};

/* ---- at rest ---- */

/* {"title", "body"}, or a letter's source, as hex of a seal that is bound to its case. */
static enum rc seal_text(struct work *w, const char *case_id, const char *text, const char **hex,
                         struct err *e)
{
    const struct sealed_at at = {case_id, "draft"};
    struct bytes sealed;

    TRY(sealed_request_seal(w->a, &w->house->request_key, &at, BYTES(text, strlen(text)), &sealed, e));
    char *out = arena_alloc(w->a, 2 * sealed.len + 1);
    hex_encode(out, sealed.p, sealed.len);
    *hex = out;
    return RC_OK;
}

/* hex with the \x of PostgreSQL. */
static enum rc open_text(struct work *w, const char *case_id, const char *hex, struct jval **out,
                         struct err *e)
{
    const struct sealed_at at = {case_id, "draft"};
    struct bytes text;

    TRY(sealed_request_open(w->a, &w->house->request_key, &at, hex, &text, e));
    return jval_parse(w->a, text.p, text.len, out, e);
}

static void member(struct buf *out, const char *name, const char *value, bool first)
{
    if (!first)
        buf_chr(out, ',');
    json_quote(out, name);
    buf_chr(out, ':');
    json_quote(out, value ? value : "");
}

static enum rc seal_draft(struct work *w, const char *case_id, const char *title, const char *body,
                          const char **hex, struct err *e)
{
    BUF_SCOPE(text);

    buf_chr(&text, '{');
    member(&text, "title", title, true);
    member(&text, "body", body, false);
    buf_chr(&text, '}');
    return seal_text(w, case_id, text.p, hex, e);
}

static enum rc seal_old(struct work *w, int *n, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(work_sql(w, SQL_DRAFT_PLAIN, NULL, &r, e));
    *n = db_rows(r);
    for (int i = 0; i < *n; i++) {
        const char *hex;
        TRY(seal_draft(w, db_text(r, i, 0), db_text(r, i, 1), db_text(r, i, 2), &hex, e));
        struct db_param p[] = {DB_STR(db_text(r, i, 0)), DB_STR(hex)};
        TRY(work_sql(w, SQL_DRAFT_SEAL, p, NULL, e));
    }
    return RC_OK;
}

enum rc doc_seal_old(struct work *w, struct err *e)
{
    int n = 0;

    do {
        TRY(work_begin(w, e));
        TRY(work_end(w, seal_old(w, &n, e), e));
    } while (n);
    return RC_OK;
}

enum rc doc_draft_get(struct work *w, const char *case_id, bool *found, struct doc_draft *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(case_id)};
    struct jval *text = NULL;

    *found = false;
    TRY(work_sql(w, SQL_DRAFT_GET, p, &r, e));
    if (db_rows(r) != 1)
        return RC_OK;
    *out = (struct doc_draft){.template = arena_str(w->a, db_text(r, 0, 0)),
                              .title = arena_str(w->a, db_text(r, 0, 2)),
                              .body = arena_str(w->a, db_text(r, 0, 3)),
                              .version = db_int(r, 0, 4),
                              .author = arena_str(w->a, db_text(r, 0, 5)),
                              .at_ms = db_int(r, 0, 6)};
    if (!lang_parse(db_text(r, 0, 1), &out->lang))
        out->lang = LANG_RO;
    *found = true;
    if (db_is_null(r, 0, 7))
        return RC_OK;
    TRY(open_text(w, case_id, db_text(r, 0, 7), &text, e));
    out->title = jval_str(text, "title", "");
    out->body = jval_str(text, "body", "");
    return RC_OK;
}

/* ---- what is fixed ---- */

static bool at_work(const char *state)
{
    static const char *const states[] = {"draft",   "submitted", "registered",
                                         "in_work", "returned",  "waiting"};

    for (size_t i = 0; i < COUNT(states); i++)
        if (strcmp(states[i], state) == 0)
            return true;
    return false;
}

enum rc doc_fixed(struct work *w, const struct casefile *c, bool *found, struct document *out, struct err *e)
{
    static const enum sql_id which[] = {SQL_DOC_PENDING, SQL_DOC_SIGNED};
    struct doc_row *r;
    size_t n = 0;

    *found = false;
    for (size_t i = 0; i < COUNT(which) && !n && !at_work(c->state); i++) {
        TRY(doc_rows(w, which[i], c->id, &r, &n, e));
        *found = n && !r[0].d.disposed_ms;
        if (*found)
            *out = r[0].d;
    }
    return RC_OK;
}

/* The step that sends it back to who writes; NULL: there is none from here. */
static const struct wf_action *way_back(const struct casefile *c)
{
    for (size_t i = 0; i < c->flow->n_actions; i++) {
        const struct wf_action *x = &c->flow->actions[i];
        for (size_t k = 0; k < x->n_from && at_work(x->to) && !x->by_itself; k++)
            if (strcmp(x->from[k], c->state) == 0)
                return x;
    }
    return NULL;
}

static struct tr closed_waits(struct work *w, const struct casefile *c)
{
    const struct wf_action *back = way_back(c);
    const struct tr plain = {{"vorbiți cu cine semnează înainte de semnare",
                              "szóljon az aláírónak az aláírás előtt",
                              "speak to whoever signs before it is signed"}};

    if (!back)
        return plain;
    return (struct tr){
        {arena_fmt(w->a, "cine semnează îl poate trimite înapoi cu „%s”", back->label.t[LANG_RO]),
         arena_fmt(w->a, "az aláíró visszaadhatja ezzel: „%s”", back->label.t[LANG_HU]),
         arena_fmt(w->a, "whoever signs may send it back with “%s”", back->label.t[LANG_EN])}};
}

/* What happened, what was kept, what can be done. */
static void say_fixed(struct work *w, const struct casefile *c, const struct document *d)
{
    static const struct tr gone = {
        {"Răspunsul a plecat deja și rămâne la documente așa cum a fost trimis; ce ați scris acum nu s-a "
         "salvat. Pentru o îndreptare scrieți o scrisoare nouă.",
         "A válasz már elment, és úgy marad az iratok között, ahogyan elküldték; a mostani szöveg nincs "
         "mentve. Helyesbítéshez írjon új levelet.",
         "The answer went out already and stays among the documents as it was sent; what you wrote now was "
         "not saved. To put something right, write a new letter."}};
    const struct tr what = closed_waits(w, c);

    if (d->signed_ms) {
        w->say = gone;
        return;
    }
    w->say = (struct tr){
        {arena_fmt(
             w->a,
             "Răspunsul așteaptă semnătura și este păstrat așa cum a fost trimis la semnat; ce ați scris "
             "acum nu s-a salvat. Dacă trebuie schimbat, %s.",
             what.t[LANG_RO]),
         arena_fmt(w->a,
                   "A válasz aláírásra vár, és úgy marad, ahogyan aláírásra adták; a mostani szöveg nincs "
                   "mentve. Ha változtatni kell rajta, %s.",
                   what.t[LANG_HU]),
         arena_fmt(
             w->a,
             "The answer waits for its signature and stays as it was handed in; what you wrote now was not "
             "saved. If it has to change, %s.",
             what.t[LANG_EN])}};
}

/* The case as it is now, held: nobody renders while a word is saved. */
static enum rc still_open(struct work *w, const struct casefile *c, struct err *e)
{
    struct casefile now;
    struct document d;
    bool fixed;

    TRY(case_get(w, c->id, true, &now, e));
    TRY(doc_fixed(w, &now, &fixed, &d, e));
    if (fixed) {
        say_fixed(w, &now, &d);
        return err_set(e, RC_STATE, "document %s of the case is fixed", d.id);
    }
    return now.closed_ms ? err_set(e, RC_STATE, "the case is closed") : RC_OK;
}

/* ---- saved ---- */

static enum rc sound(struct work *w, const struct doc_draft *in, struct err *e)
{
    const struct template *t = template_find(&w->house->templates, in->template);
    size_t title = in->title ? strlen(in->title) : 0, body = in->body ? strlen(in->body) : 0;

    if (!t || strcmp(t->kind, "protocol") == 0 || strcmp(t->kind, "receipt") == 0)
        return err_at(e, RC_BAD_FIELD, "template", "there is no such template for a case");
    if (in->lang >= LANG_COUNT || !t->langs[in->lang])
        return err_at(e, RC_BAD_FIELD, "lang", "%s is not there in this language", t->id);
    if (title > DOC_TITLE_MAX || (title && !utf8_valid(in->title, title)) ||
        (title && strpbrk(in->title, "\r\n")))
        return err_at(e, RC_BAD_FIELD, "title", "one line of at most %d bytes", DOC_TITLE_MAX);
    if (body > DOC_BODY_MAX || (body && !utf8_valid(in->body, body)))
        return err_at(e, RC_BAD_FIELD, "body", "at most %d bytes of text", DOC_BODY_MAX);
    return RC_OK;
}

/* Each word that is saved is no act; who takes up the pen is. */
static enum rc taken_up(struct work *w, const struct actor *who, const struct casefile *c,
                        const struct doc_draft *in, struct err *e)
{
    const struct work_log log = {c->institution, c->id, "answer drafted", in->template};
    const char *given = arena_fmt(w->a, "{\"template\": \"%s\"}", in->template);
    struct db_param p[] = {DB_STR(c->id), DB_STR(doc_int(w, w->now_ms())), DB_STR(who->account),
                           DB_STR("answer drafted"), DB_STR(given)};

    TRY(work_sql(w, SQL_DOC_EVENT, p, NULL, e));
    return work_audit(w, who, &log, e);
}

/* The last word is this very one, by the same hand on top of what was seen: its answer was lost on the way.
 */
static bool own_last(const struct doc_draft *last, const struct actor *who, const struct doc_draft *in)
{
    return last->version == in->version + 1 && strcmp(last->author, who->account) == 0 &&
           strcmp(last->template, in->template) == 0 && last->lang == in->lang &&
           strcmp(last->title, in->title) == 0 && strcmp(last->body, in->body) == 0;
}

static enum rc put(struct work *w, const struct actor *who, const struct casefile *c,
                   const struct doc_draft *in, struct doc_draft *now, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct doc_draft before = {0};
    const char *sealed;
    bool found;

    TRY(still_open(w, c, e));
    TRY(seal_draft(w, c->id, in->title, in->body, &sealed, e));
    struct db_param p[] = {DB_STR(c->id),
                           DB_STR(doc_int(w, in->version)),
                           DB_STR(doc_int(w, w->now_ms())),
                           DB_STR(who->account),
                           DB_STR(in->template),
                           DB_STR(lang_codes[in->lang]),
                           DB_STR(sealed)};

    TRY(doc_draft_get(w, c->id, &found, &before, e));
    TRY(work_sql(w, SQL_DRAFT_PUT, p, &r, e));
    bool written = db_rows(r) == 1;
    if (written && (!found || strcmp(before.author, who->account) != 0))
        TRY(taken_up(w, who, c, in, e));
    TRY(doc_draft_get(w, c->id, &found, now, e));
    if (!written && found && own_last(now, who, in))
        return RC_OK;
    return written ? RC_OK : err_set(e, RC_CONFLICT, "the draft is at version %lld", (long long)now->version);
}

enum rc doc_draft_put(struct work *w, const struct actor *who, const struct casefile *c,
                      const struct doc_draft *in, struct doc_draft *now, struct err *e)
{
    *now = (struct doc_draft){0};
    TRY(doc_may(w, who, "answer.draft", c, in->reason, e));
    TRY(sound(w, in, e));
    w->say = (struct tr){{NULL, NULL, NULL}};
    TRY(work_begin(w, e));
    return work_end(w, put(w, who, c, in, now, e), e);
}

enum rc doc_draft_as(struct work *w, const char *case_id, const struct doc_draft *in, struct err *e)
{
    const char *sealed;

    TRY(seal_draft(w, case_id, in->title, in->body, &sealed, e));
    struct db_param p[] = {DB_STR(case_id),      DB_STR(doc_int(w, w->now_ms())), DB_STR(in->author),
                           DB_STR(in->template), DB_STR(lang_codes[in->lang]),    DB_STR(sealed)};
    return work_sql(w, SQL_CASE_DRAFT_PUT, p, NULL, e);
}

void doc_draft_json(const struct doc_draft *d, struct buf *out)
{
    char at[25];

    iso_utc(at, d->at_ms);
    buf_str(out, "{\"template\":");
    json_quote(out, d->template);
    buf_fmt(out, ",\"lang\":\"%s\",\"title\":", lang_codes[d->lang]);
    json_quote(out, d->title);
    buf_str(out, ",\"body\":");
    json_quote(out, d->body);
    buf_fmt(out, ",\"version\":%lld,\"author\":", (long long)d->version);
    json_quote(out, d->author);
    buf_fmt(out, ",\"at\":\"%s\"}", at);
}

static const char *blank_number[LANG_COUNT] = {"Nr. ________ / ____________", "Szám: ________ / ____________",
                                               "No. ________ / ____________"};

/* It is dated as it was written: looked at twice, it is the same file. */
enum rc letter_of_draft(struct work *w, const struct casefile *c, const struct doc_draft *d,
                        struct doc_letter *out, struct err *e)
{
    struct doc_person author = {"", ""};

    *out = (struct doc_letter){.t = template_find(&w->house->templates, d->template), .lang = d->lang};
    if (!out->t)
        return err_at(e, RC_BAD_FIELD, "template", "%s is not there any more", d->template);
    TRY(letter_case(w, out, c, e));
    if (d->author)
        TRY(letter_person(w, d->author, d->lang, &author, e));
    static const char *const by[LANG_COUNT] = {"Întocmit: %s", "Készítette: %s", "Drawn up by: %s"};
    BUF_SCOPE(line);
    const char *mark = strstr(by[d->lang], "%s");
    buf_add(&line, by[d->lang], (size_t)(mark - by[d->lang]));
    buf_str(&line, author.name);
    out->prepared = *author.name ? arena_str(w->a, line.p) : NULL;
    letter_var(out, "clerk", author.name);
    out->title = d->title;
    out->body = d->body;
    out->mark = doc_unsigned[d->lang];
    out->number = blank_number[d->lang];
    out->made_ms = d->at_ms;
    const struct right_role *role = rights_role(&w->house->rights, "approver");
    out->sign[SIGN_OFFICER] = (struct doc_person){"", role ? tr_get(&role->name, d->lang) : ""};
    out->sign[SIGN_REGISTRAR] = author;
    out->sign[SIGN_ARCHIVIST] = author;
    return RC_OK;
}

/* A string in JSON: \x and the seal. */
enum rc letter_source(struct work *w, const char *case_id, const struct doc_letter *l, const char **source,
                      struct err *e)
{
    const char *hex;
    BUF_SCOPE(out);

    buf_chr(&out, '{');
    member(&out, "template", l->t->id, true);
    member(&out, "lang", lang_codes[l->lang], false);
    member(&out, "title", l->title, false);
    member(&out, "body", l->body ? l->body : letter_default(w, l), false);
    member(&out, "prepared", l->prepared, false);
    member(&out, "qr", l->qr, false);
    buf_str(&out, ",\"to\":[");
    for (size_t i = 0; i < l->n_to; i++) {
        if (i)
            buf_chr(&out, ',');
        json_quote(&out, l->to[i]);
    }
    buf_str(&out, "],\"vars\":{");
    for (size_t i = 0; i < l->n_vars; i++)
        member(&out, l->vars[i].name, l->vars[i].value, i == 0);
    buf_str(&out, "}}");
    TRY(seal_text(w, case_id, out.p, &hex, e));
    *source = arena_fmt(w->a, "\"\\\\x%s\"", hex);
    return RC_OK;
}

static const char *or_null(const char *s)
{
    return *s ? s : NULL;
}

enum rc letter_of_source(struct work *w, const struct casefile *c, const char *source, struct doc_letter *out,
                         struct err *e)
{
    struct jval *v = NULL;

    TRY(jval_parse(w->a, source, strlen(source), &v, e));
    if (v->kind == JV_STR)
        TRY(open_text(w, c->id, v->s, &v, e));
    *out = (struct doc_letter){.t = template_find(&w->house->templates, jval_str(v, "template", NULL)),
                               .institution = c->institution,
                               .title = jval_str(v, "title", ""),
                               .body = jval_str(v, "body", ""),
                               .prepared = or_null(jval_str(v, "prepared", "")),
                               .qr = or_null(jval_str(v, "qr", ""))};
    if (!out->t || !lang_parse(jval_str(v, "lang", "ro"), &out->lang))
        return err_set(e, RC_STATE, "template %s is not there any more", jval_str(v, "template", "?"));
    const struct jval *to = jval_get(v, "to"), *vars = jval_get(v, "vars");
    for (size_t i = 0; to && to->kind == JV_ARR && i < to->n && i < PAPER_LINES_MAX; i++)
        if (to->items[i].kind == JV_STR)
            out->to[out->n_to++] = to->items[i].s;
    for (size_t i = 0; vars && vars->kind == JV_OBJ && i < vars->n; i++)
        if (vars->items[i].kind == JV_STR)
            letter_var(out, vars->names[i], vars->items[i].s);
    return RC_OK;
}

enum rc doc_waiting_text(struct work *w, const struct casefile *c, const struct doc_draft **out,
                         struct err *e)
{
    struct doc_row *pending;
    struct doc_letter l;
    struct doc_draft draft = {0};
    bool found;
    size_t n;

    *out = NULL;
    TRY(doc_rows(w, SQL_DOC_PENDING, c->id, &pending, &n, e));
    if (!n || !pending->d.template)
        return RC_OK;
    TRY(letter_of_source(w, c, pending->source, &l, e));
    TRY(doc_draft_get(w, c->id, &found, &draft, e));
    if (!found) /* the template's own words: everybody has them from the template */
        return RC_OK;
    const struct doc_draft text = {.template = l.t->id,
                                   .lang = l.lang,
                                   .title = l.title,
                                   .body = letter_alone(w, &l),
                                   .author = draft.author,
                                   .at_ms = draft.at_ms};
    *out = arena_dup(w->a, &text, sizeof text);
    return RC_OK;
}
