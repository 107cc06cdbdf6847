/* Registered requests, and paper, become cases. */
#include "backend/book_fold.h"
#include "backend/case_priv.h"

#include <stdio.h>
#include <string.h>

#include "backend/doc.h"
#include "backend/sealed.h"
#include "common/base/log.h"
#include "common/base/text.h"

enum { APART_MOST = 20 };

/* ---- flags and facts a case is born with ---- */

static bool listed(const struct jval *list, const char *id)
{
    for (size_t i = 0; list && i < list->n; i++)
        if (list->items[i].kind == JV_STR && strcmp(list->items[i].s, id) == 0)
            return true;
    return false;
}

static uint64_t born_flags(struct work *w, const struct casefile *c, const struct case_birth *b)
{
    const struct workflows *f = &w->house->workflows;
    uint64_t bits = b->offline ? workflow_flag(f, "offline_origin") : 0;

    if (listed(jval_get(c->flow->meta, "two_person"), c->service))
        bits |= workflow_flag(f, "two_person");
    for (size_t i = 0; c->svc && b->answers && i < c->svc->n_flags; i++)
        if (case_holds(w, c, b->answers, c->svc->flags[i].when))
            bits |= workflow_flag(f, c->svc->flags[i].flag);
    if (c->sealed)
        bits |= workflow_flag(f, "sealed");
    return bits & c->flow->bears;
}

/* ---- a petition that nobody stands behind (OG 27/2002 art. 7) ---- */

static bool wants_signature(const struct service *s)
{
    for (size_t i = 0; i < s->n_fields; i++)
        if (s->fields[i].type == FT_SIGN && s->fields[i].required)
            return true;
    return false;
}

/* What cannot be opened is not called unsigned. */
static enum rc was_signed(struct work *w, const struct casefile *c, bool *yes, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->request_id)};
    struct sealed_at at = {c->request_id, "signature"};
    struct jval *v = NULL;
    struct bytes text;

    *yes = true;
    TRY(work_sql(w, SQL_CASE_SIGNATURE, p, &r, e));
    if (db_rows(r) == 1 &&
        sealed_request_open(w->a, &w->house->request_key, &at, db_text(r, 0, 0), &text, NULL) == RC_OK &&
        jval_parse(w->a, text.p, text.len, &v, NULL) == RC_OK)
        *yes = strcmp(jval_str(v, "kind", "pad"), "none") != 0;
    return RC_OK;
}

/* It is marked and shown to the registrar; nobody but a person files it. */
static enum rc look_who_asks(struct work *w, struct casefile *c, const struct case_birth *b,
                             const struct case_about *x, struct err *e)
{
    uint64_t flag = workflow_flag(&w->house->workflows, CASE_UNIDENTIFIED) & c->flow->bears;
    bool known = *x->person, is_signed = true;

    if (!flag || !c->svc || strcmp(c->svc->term, "og27.answer") != 0 || !b->answers)
        return RC_OK;
    if (c->request_id) {
        const char *address = answers_one(&b->answers->now, "who.address");
        known = known && (*x->email || *x->phone || (address && *address));
        if (wants_signature(c->svc))
            TRY(was_signed(w, c, &is_signed, e));
    }
    if (known && is_signed)
        return RC_OK;
    c->bits |= flag;
    c->attention = "staff_unsigned";
    return RC_OK;
}

/* The permit's last day, where the answers say it. */
static void permit_end(struct work *w, struct casefile *c, const struct case_answers *x)
{
    const char *to = answers_one(&x->now, "event.to"), *on = answers_one(&x->now, "event.date");
    const char *from = answers_one(&x->now, "period.from"), *days = answers_one(&x->now, "period.days");
    struct date d;
    long n = 0;

    if (to || on)
        case_settle(w, c, "date.permit_end", to ? to : on);
    else if (from && days && date_parse(from, &d) && sscanf(days, "%5ld", &n) == 1 && n > 0 && n < 3660)
        case_settle(w, c, "date.permit_end", case_day(w->a, date_add(d, n - 1)));
}

static void born_facts(struct work *w, struct casefile *c, const struct case_answers *x)
{
    struct term t;
    struct err e = {0};
    struct term_ask ask = {c->svc ? c->svc->term : "", {case_today(w), 0}, 0, NULL, 0};
    bool term = *ask.rule && term_judge(w->a, w->terms, &ask, &t, &e) == RC_OK;

    case_settle(w, c, "case.fee_due", c->svc && c->svc->fee ? "true" : "false");
    case_settle(w, c, "case.has_wait", term && strcmp(t.kind, "earliest") == 0 ? "true" : "false");
    if (strcmp(ask.rule, "policy.optin") != 0)
        case_settle(w, c, "case.confirmed", "true");
    if (x)
        permit_end(w, c, x);
}

/* ---- the first steps ---- */

/* Who gives the number: the register already has, unless it is a person's step. */
static void first_state(const struct workflows *f, struct casefile *c)
{
    uint32_t system = workflow_role(f, "system");

    c->state = "submitted";
    for (size_t i = 0; i < c->flow->n_actions; i++) {
        const struct wf_action *x = &c->flow->actions[i];
        for (size_t k = 0; k < x->n_effects && (x->may & system); k++)
            if (strcmp(x->effects[k], "number") == 0)
                c->state = f->states[x->target].id;
    }
}

static enum rc look_for_the_same(struct work *w, struct casefile *c, const struct case_about *x,
                                 struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    uint8_t hash[32];
    struct db_param none = {NULL, 0, false};

    if (!*x->subject)
        return RC_OK;
    if (*x->cnp)
        case_cnp_hash(w->house, x->cnp, hash);
    struct db_param p[] = {DB_STR(c->id),
                           DB_STR(c->institution),
                           DB_STR(c->service),
                           DB_STR(book_fold(w->a, arena_fmt(w->a, "%s %s", c->person, c->subject))),
                           *x->cnp ? case_bytea(w->a, BYTES(hash, sizeof(hash))) : none,
                           DB_STR(case_int(w->a, w->now_ms()))};
    TRY(work_sql(w, SQL_CASE_REPEATS, p, &r, e));
    if (db_rows(r))
        c->attention = "repeats";
    return RC_OK;
}

enum rc case_begin(struct work *w, struct casefile *c, const struct case_birth *b, const struct case_about *x,
                   struct err *e)
{
    bool there;

    TRY(work_terms(w, e));
    first_state(&w->house->workflows, c);
    c->version = 1;
    c->entered_ms = w->now_ms();
    c->number = case_number(w, c->reg, c->n, c->registered_ms);
    c->retention = c->svc && *c->svc->retention ? c->svc->retention : NULL;
    c->bits = born_flags(w, c, b);
    TRY(look_who_asks(w, c, b, x, e));
    born_facts(w, c, b->answers);
    TRY(case_rule(w, c, b->answers, e));
    if (strcmp(c->state, "submitted") != 0)
        TRY(case_term_start(w, c, c->filed_on, e));
    TRY(case_insert(w, c, x, &there, e));
    if (there)
        return err_set(e, RC_CONFLICT, "case %s: its number has a casefile already", c->id);
    struct case_happening h = {.who = b->who, .act = b->act, .to = c->state, .public = true, .quiet = true};
    TRY(case_event(w, c, &h, e));
    if (!c->attention)
        c->attention = "";
    TRY(look_for_the_same(w, c, x, e));
    if (*c->attention)
        TRY(case_save(w, c, c->version, e));
    if (b->answers)
        TRY(doc_attach(w, c, &b->answers->now, e));
    TRY(case_timers_wind(w, c, e));
    return case_drive(w, c, e);
}

/* ---- requests ---- */

/* A request whose service is gone, or that cannot be read, is a case all the same: a clerk opens its paper.
 */
static void known_of(struct work *w, const struct db_result *r, int i, struct casefile *c)
{
    struct arena *a = w->a;
    struct date zero = {1970, 1, 1};

    *c = (struct casefile){.attention = "", .facts = NULL};
    c->id = c->request_id = arena_str(a, db_text(r, i, 1));
    c->institution = arena_str(a, db_text(r, i, 3));
    c->reg = arena_str(a, db_text(r, i, 4));
    c->year = db_int(r, i, 5);
    c->n = db_int(r, i, 6);
    c->service = arena_str(a, db_text(r, i, 7));
    c->service_version = db_int(r, i, 8);
    c->channel = arena_str(a, db_text(r, i, 9));
    if (!lang_parse(db_text(r, i, 10), &c->lang))
        c->lang = LANG_RO;
    c->registered_ms = db_int(r, i, 11);
    c->filed_on = date_add(zero, db_int(r, i, 12));
    c->svc = catalog_version(&w->house->catalog, c->service, c->service_version);
}

static enum rc flow_of(struct work *w, struct casefile *c, struct err *e)
{
    const struct service *s = c->svc ? c->svc : catalog_find(&w->house->catalog, c->service);

    c->flow = workflow_find(&w->house->workflows, s ? s->workflow : "simple");
    if (!c->flow)
        return err_set(e, RC_STATE, "there is no workflow for %s", c->service);
    c->workflow = c->flow->id;
    if (!c->department)
        c->department = s ? s->department : "registratura";
    return RC_OK;
}

static enum rc open_one(struct work *w, const struct db_result *r, int i, struct err *e)
{
    struct casefile c;
    struct case_answers x;
    struct case_about about = {"", "", "", "", "", NULL};
    struct err bad = {0};

    known_of(w, r, i, &c);
    TRY(flow_of(w, &c, e));
    bool read = case_request_read(w, &c, r, i, &x, &bad) == RC_OK;
    if (read)
        case_about(w, &c, &x, &about);
    else {
        c.attention = "unread";
        log_err(&bad, "event=case_unread request=%s", c.id);
    }
    struct case_birth b = {read ? &x : NULL, db_text(r, i, 13)[0] == 't', &actor_system, "registered"};
    return case_begin(w, &c, &b, &about, e);
}

static enum rc lies_apart(struct work *w, const char *id, const struct err *why, struct err *e)
{
    struct db_param p[] = {DB_STR(id), DB_STR(case_int(w->a, w->now_ms())), DB_STR(why->text)};

    log_err(why, "event=case_not_opened request=%s", id);
    return work_sql(w, SQL_CASE_UNOPENED_PUT, p, NULL, e);
}

static enum rc open_all(struct work *w, const struct db_result *r, int *opened, struct err *e)
{
    for (int i = 0; i < db_rows(r); i++) {
        struct err bad = {0};
        TRY(db_sync_script(w->db, "SAVEPOINT one", e));
        enum rc rc = open_one(w, r, i, &bad);
        if (rc == RC_OK) {
            ++*opened;
            TRY(db_sync_script(w->db, "RELEASE one", e));
            continue;
        }
        if (db_sync_broken(w->db))
            return err_set(e, rc, "%s", bad.text);
        TRY(db_sync_script(w->db, "ROLLBACK TO one", e));
        w->failed = false;
        TRY(lies_apart(w, db_text(r, i, 1), &bad, e));
    }
    return RC_OK;
}

/* What lay apart and went in the end. */
static enum rc open_apart(struct work *w, int *opened, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    const char *now = case_int(w->a, w->now_ms());
    struct db_param due[] = {DB_STR(now), DB_STR(case_int(w->a, APART_MOST))};

    TRY(work_sql(w, SQL_CASE_UNOPENED_DUE, due, &r, e));
    TRY(open_all(w, r, opened, e));
    for (int i = 0; i < db_rows(r); i++) {
        struct db_param p[] = {DB_STR(db_text(r, i, 1)), DB_STR(now)};
        TRY(work_sql(w, SQL_CASE_UNOPENED_DONE, p, NULL, e));
    }
    return RC_OK;
}

static enum rc open_batch(struct work *w, int most, int *opened, struct err *e)
{
    struct db_result *lock SCOPED(db_result_freep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param which[] = {DB_STR(case_int(w->a, CASE_LOCK_OPEN))};
    struct db_param many[] = {DB_STR(case_int(w->a, most))};

    TRY(work_sql(w, SQL_CASE_LOCK_ONE, which, &lock, e));
    if (db_text(lock, 0, 0)[0] != 't')
        return RC_OK;
    int64_t sure = db_int(lock, 0, 1);
    TRY(work_sql(w, SQL_CASE_PENDING, many, &r, e));
    TRY(open_all(w, r, opened, e));
    if (db_rows(r) == most && db_int(r, most - 1, 2) < sure)
        sure = db_int(r, most - 1, 2);
    struct db_param mark[] = {DB_STR(case_int(w->a, sure))};
    TRY(work_sql(w, SQL_CASE_MARK_SET, mark, NULL, e));
    return open_apart(w, opened, e);
}

enum rc case_open_pending(struct work *w, int most, int *opened, struct err *e)
{
    int n = 0;

    *opened = 0;
    TRY(work_begin(w, e));
    TRY(work_end(w, open_batch(w, most, &n, e), e));
    *opened = n;
    return RC_OK;
}

enum rc case_wake_unopened(struct work *w, struct err *e)
{
    struct db_param p[] = {DB_STR(case_int(w->a, w->now_ms()))};
    return work_sql(w, SQL_CASE_UNOPENED_WAKE, p, NULL, e);
}

/* ---- paper ---- */

static enum rc paper_answers(struct work *w, struct casefile *c, const struct case_paper *p,
                             struct case_answers *x, struct case_about *about, struct err *e)
{
    BUF_SCOPE(json);

    *x = (struct case_answers){.identity = "none"};
    answers_init(&x->now, w->a);
    if (p->answers && c->svc) {
        const struct form_ctx form = case_form(w, c);
        TRY(answers_read(&x->now, c->svc, p->answers, e));
        answers_encode(&form, &x->now, &json);
    }
    case_about(w, c, x, about);
    about->answers = json.len ? arena_strn(w->a, json.p, json.len) : NULL;
    if (p->subject && *p->subject)
        about->subject = p->subject;
    if (p->person && *p->person)
        about->person = p->person;
    about->cnp = p->cnp && *p->cnp ? p->cnp : about->cnp;
    about->email = p->email && *p->email ? p->email : about->email;
    about->phone = p->phone && *p->phone ? p->phone : about->phone;
    return RC_OK;
}

enum rc case_open_paper(struct work *w, const struct actor *who, const struct case_paper *p,
                        struct casefile *out, struct err *e)
{
    struct casefile c = {.attention = ""};
    struct case_answers x;
    struct case_about about;
    char id[UUID_LEN];

    TRY(uuid7(id, e));
    c.id = arena_str(w->a, id);
    c.institution = p->institution;
    c.reg = p->reg;
    c.n = p->n;
    c.year = p->year;
    c.service = p->service;
    c.svc = catalog_find(&w->house->catalog, p->service);
    if (!c.svc)
        return err_at(e, RC_BAD_FIELD, "service", "there is no service %s", p->service);
    c.service_version = c.svc->version;
    c.channel = p->channel;
    c.lang = p->lang;
    c.department = p->department;
    c.registered_ms = p->registered_ms ? p->registered_ms : w->now_ms();
    c.filed_on = date_of_ms(c.registered_ms);
    TRY(flow_of(w, &c, e));
    TRY(paper_answers(w, &c, p, &x, &about, e));
    struct case_birth b = {&x, false, who, "registered"};
    TRY(case_begin(w, &c, &b, &about, e));
    return case_get(w, c.id, false, out, e);
}
