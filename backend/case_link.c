/* Cases that belong together: one answer names the numbers of all. */
#include "backend/case_priv.h"

#include <string.h>

#include "backend/doc.h"
#include "common/base/text.h"

static enum rc link_to(struct case_doing *d, const char *other, const char *kind, struct err *e)
{
    struct db_param p[] = {DB_STR(d->c->id), DB_STR(other), DB_STR(kind),
                           DB_STR(case_int(d->w->a, d->w->now_ms())), DB_STR(d->who->account)};
    return work_sql(d->w, SQL_CASE_LINK_ADD, p, NULL, e);
}

enum rc case_connex(struct case_doing *d, const char *kind, struct err *e)
{
    struct casefile other;

    TRY(case_get(d->w, d->other, true, &other, e));
    TRY(link_to(d, other.id, kind, e));
    int64_t before = other.version++;
    other.bits |= workflow_flag(&d->w->house->workflows, "connexed") & other.flow->bears;
    TRY(case_save(d->w, &other, before, e));
    struct workflow_given given = {"case_number", d->c->number};
    struct case_happening h = {.who = d->who,
                               .act = kind,
                               .from = other.state,
                               .to = other.state,
                               .given = case_given_json(d->w, &given, 1),
                               .detail = d->c->id};
    return case_event(d->w, &other, &h, e);
}

/* ---- one answer, and to each petitioner a letter ---- */

/* What the clerk wrote to one is said to the other: number, name and subject are the other's own. */
static const char *said_to(const struct case_doing *d, const struct casefile *c, const char *text)
{
    const struct text_swap own[] = {
        {d->c->number, c->number}, {d->c->person, c->person}, {d->c->subject, c->subject}};

    return text_swapped(d->w->a, text, own, COUNT(own));
}

/* A paper from outside, written to one person, goes to nobody else. */
static enum rc same_paper(struct case_doing *d, const struct casefile *c, const struct document *paper,
                          struct err *e)
{
    static const struct tr alone = {
        {"Răspunsul este un fișier adus din afară, iar un dosar conexat este al altei persoane. Scrieți "
         "răspunsul în editor: fiecare primește scrisoarea sa.",
         "A válasz kívülről hozott fájl, és az egyik egyesített ügy másik személyé. Írja meg a választ a "
         "szerkesztőben: mindenki saját levelet kap.",
         "The answer is a file from outside, and a connexed case is another person's. Write the answer in "
         "the "
         "editor: each gets a letter of their own."}};
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(d->c->id), DB_STR(c->id)};
    struct db_param copy[] = {DB_STR(paper->id), DB_STR(c->id)};

    TRY(work_sql(d->w, SQL_CASE_SAME_PERSON, p, &r, e));
    if (db_rows(r) != 1) {
        d->w->say = alone;
        return err_set(e, RC_STATE, "case %s: the answer was written to somebody else", c->id);
    }
    return work_sql(d->w, SQL_CASE_COPY_ANSWER, copy, NULL, e);
}

/* What was written for this petitioner alone gives way to the answer for all; it is not lost. */
static enum rc own_draft(struct case_doing *o, struct err *e)
{
    static const struct tr stuck = {
        {"Un dosar conexat are o ciornă proprie, cu un șablon care nu mai există: nimic nu s-a semnat. "
         "Alegeți "
         "în ea alt șablon.",
         "Az egyik egyesített ügynek saját piszkozata van, amelynek sablonja már nem létezik: semmi sem lett "
         "aláírva. Válasszon benne másik sablont.",
         "A connexed case has a draft of its own with a template that is not there any more: nothing was "
         "signed. Choose another template in it."}};
    struct case_happening h = {.who = o->who, .act = "draft_kept", .from = o->from, .to = o->from};
    bool kept;

    enum rc rc = doc_draft_keep(o->w, o->who, o->c, &kept, e);
    if (rc == RC_BAD_FIELD)
        o->w->say = stuck;
    TRY(rc);
    return kept ? case_event(o->w, o->c, &h, e) : RC_OK;
}

/* *letter: it is rendered, and signed by the effect `seal`. */
static enum rc own_letter(struct case_doing *d, struct case_doing *o, bool *letter, struct err *e)
{
    struct doc_draft text = {0};
    struct document paper;
    bool found, drafted = false;

    *letter = false;
    TRY(doc_answer_of(d->w, d->c->id, &found, &paper, e));
    if (!found)
        return RC_OK; /* nothing was written: nobody is written to */
    TRY(own_draft(o, e));
    if (!paper.template)
        return same_paper(d, o->c, &paper, e);
    if (d->letter) /* what lay before the signer, whatever was written since */
        text = *d->letter;
    else
        TRY(doc_draft_get(d->w, d->c->id, &drafted, &text, e));
    if (d->letter || drafted) {
        text.title = said_to(d, o->c, text.title);
        text.body = said_to(d, o->c, text.body);
        TRY(doc_draft_as(d->w, o->c->id, &text, e));
    }
    *letter = true;
    return case_fx_render(o, NULL, e);
}

/* The effects of the step happen to the other case, too; what is rendered is rendered, and it takes nobody
 * along in its turn. */
static void same_effects(const struct case_doing *d, struct case_doing *o, bool letter)
{
    struct workflow_effect *list = ARENA_ARRAY(d->w->a, struct workflow_effect, d->done.n_effects + 1);
    static const char *const not [] = {"deliver", "render", "assign"};
    size_t n = 0;

    for (size_t i = 0; i < d->done.n_effects; i++) {
        const char *id = d->done.effects[i].id;
        bool skip = strcmp(id, "seal") == 0 && !letter;
        for (size_t k = 0; k < COUNT(not ); k++)
            skip |= strcmp(not [k], id) == 0;
        if (!skip)
            list[n++] = d->done.effects[i];
    }
    o->done.effects = list;
    o->done.n_effects = n;
}

/* Nothing is asked of the citizen any more. */
static enum rc not_returned(struct case_doing *o, struct err *e)
{
    struct case_happening h = {.who = o->who,
                               .act = "return_over",
                               .from = o->from,
                               .to = o->from,
                               .detail = "answered with another"};

    if (strcmp(o->from, "returned") != 0)
        return RC_OK;
    TRY(case_return_over(o, e));
    TRY(case_term_over(o->w, o->c, "policy.return", e));
    return case_event(o->w, o->c, &h, e);
}

/* It was decided by itself meanwhile and waits for a signature of its own. */
static enum rc left_out(struct case_doing *d, struct casefile *c, struct err *e)
{
    struct workflow_given given = {"case_number", d->c->number};
    struct case_happening h = {.who = d->who,
                               .act = "own_answer",
                               .from = c->state,
                               .to = c->state,
                               .given = case_given_json(d->w, &given, 1),
                               .detail = d->c->id};
    int64_t before = c->version++;

    TRY(case_save(d->w, c, before, e));
    return case_event(d->w, c, &h, e);
}

/* The other case ends where this one does, with the same answer under its own number. */
static enum rc answered_with(struct case_doing *d, const char *id, struct err *e)
{
    struct casefile c;
    struct case_doing o = {.w = d->w, .who = d->who, .c = &c, .with = d->c, .act = d->act, .done = d->done};
    bool letter;

    TRY(case_get(d->w, id, true, &c, e));
    if (strcmp(c.flow->id, d->c->flow->id) != 0 || strcmp(c.service, d->c->service) != 0)
        return RC_OK; /* of another kind: it has its own answer */
    if (strcmp(c.state, "decided") == 0)
        return left_out(d, &c, e);
    int64_t before = c.version++;
    o.from = c.state;
    o.due_before = c.due;
    TRY(own_letter(d, &o, &letter, e));
    TRY(not_returned(&o, e));
    c.state = d->c->state;
    c.entered_ms = d->w->now_ms();
    c.author = d->c->author;
    c.attention = "";
    same_effects(d, &o, letter);
    TRY(case_effects(&o, e));
    TRY(case_notices(&o, d->done.notices, d->done.n_notices, e));
    TRY(case_save(d->w, &c, before, e));
    struct workflow_given given = {"case_number", d->c->number};
    struct case_happening h = {.who = d->who,
                               .act = "answered_with",
                               .from = o.from,
                               .to = c.state,
                               .given = case_given_json(d->w, &given, 1),
                               .detail = d->c->id,
                               .public = true};
    TRY(case_event(d->w, &c, &h, e));
    return case_timers_wind(d->w, &c, e);
}

enum rc case_connexed_answered(struct case_doing *d, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(d->c->id)};

    TRY(work_sql(d->w, SQL_CASE_CONNEXED, p, &r, e));
    for (int i = 0; i < db_rows(r); i++)
        TRY(answered_with(d, arena_str(d->w->a, db_text(r, i, 0)), e));
    return RC_OK;
}
