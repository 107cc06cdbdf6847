/* From an ask to a page. */
#include <stdlib.h>
#include <string.h>

#include "backend/public_priv.h"

#include "common/base/log.h"

const char *public_value(const struct public_ask *ask, const char *name)
{
    for (size_t i = 0; i < ask->n_values; i++)
        if (strcmp(ask->values[i].name, name) == 0)
            return ask->values[i].value;
    return "";
}

const char *making_word(const struct making *m, enum public_word w)
{
    return tr_get(&public_words[w], m->lang);
}

void making_page(struct making *m, int status, const char *title, const char *main)
{
    m->out->status = status;
    m->out->lang = m->lang;
    m->out->title = title;
    m->out->inside = true;
    m->out->main = main;
}

void making_enter(struct making *m, int status, const char *problem)
{
    const struct html_form f = {m->lang, public_value(m->ask, "code"), problem};
    making_page(m, status, status_text(SW_TITLE, m->lang), html_enter(m->w->a, &f));
    m->out->inside = false;
}

/* What went wrong, as a page. */
static void trouble(struct making *m, const struct err *e)
{
    static const struct {
        enum rc rc;
        enum public_word word;
    } rows[] = {{RC_UNAUTHENTICATED, PW_OVER},
                {RC_NOT_FOUND, PW_NOT_FOUND},
                {RC_STATE, PW_REFUSED},
                {RC_DENIED, PW_REFUSED},
                {RC_CONFLICT, PW_CHANGED}};

    if (m->visit.number && e->rc == RC_DENIED) {
        making_enter(m, 403, making_word(m, PW_NEED_CODE));
        return;
    }
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].rc == e->rc) {
            m->out->forget = e->rc == RC_UNAUTHENTICATED;
            making_enter(m, rc_http(e->rc), making_word(m, rows[i].word));
            return;
        }
    if (e->rc == RC_UNAVAILABLE || e->rc == RC_TIMEOUT)
        log_err(e, "event=public_later page=%d", (int)m->ask->page);
    else
        log_err(e, "event=public_failed page=%d", (int)m->ask->page);
    making_enter(m, rc_http(e->rc), status_text(SW_LATER, m->lang));
}

enum rc making_visit(struct making *m, int minutes, struct err *e)
{
    TRY(visit_get(m->w, m->ask->token, m->ask->lang, minutes, &m->visit, e));
    m->lang = m->visit.lang;
    visit_stamp(m->w->house, m->ask->token, m->stamp);
    return RC_OK;
}

enum rc making_stamped(const struct making *m, const char *stamp, struct err *e)
{
    return strlen(stamp) == 32 && equal_ct(stamp, m->stamp, 32)
               ? RC_OK
               : err_set(e, RC_UNAUTHENTICATED, "a form of another visit");
}

/* ---- in and out ---- */

enum rc visit_opened(struct making *m, const struct visit_begin *b, const char *go, struct err *e)
{
    char token[2 * VISIT_TOKEN + 1];

    TRY(visit_begin(m->w, b, token, e));
    m->out->token = arena_str(m->w->a, token);
    m->out->go = go;
    m->out->status = 303;
    return RC_OK;
}

static enum rc do_enter(struct making *m, struct err *e)
{
    char code[RECEIPT_CODE_LEN + 1];
    const char *pin = public_value(m->ask, "pin");
    struct visit_begin b = {.lang = m->lang};
    struct err why = {0};

    if (!receipt_code_norm(code, public_value(m->ask, "code")) || strlen(pin) != PIN_LEN ||
        strspn(pin, "0123456789") != PIN_LEN) {
        making_enter(m, 422, status_text(SW_FORM_BAD, m->lang));
        return RC_OK;
    }
    enum rc rc = visit_check(m->w, code, pin, &b.request_id, &why);
    if (rc == RC_DENIED || rc == RC_LIMIT) {
        struct arena *a = m->w->a;
        int hour = 0, minute = 0;
        time_of_ms(why.detail, &hour, &minute);
        const struct text_var vars[] = {{"n", arena_fmt(a, "%lld", (long long)why.detail)},
                                        {"time", arena_fmt(a, "%02d:%02d", hour, minute)}};
        const char *left = text_fill(a, status_text(SW_LEFT, m->lang), vars, COUNT(vars));
        const char *wrong = status_text(SW_WRONG, m->lang);
        if (rc == RC_LIMIT)
            making_enter(m, 429, text_fill(a, status_text(SW_LOCKED, m->lang), vars, COUNT(vars)));
        else
            making_enter(m, 403, why.detail < 0 ? wrong : arena_fmt(a, "%s %s", wrong, left));
        return RC_OK;
    }
    if (rc != RC_OK) {
        *e = why;
        return rc;
    }
    return visit_opened(m, &b, "/case", e);
}

static enum rc number_page(struct making *m, int status, const char *problem, struct err *e)
{
    struct institutions all;
    const struct html_number f = {m->lang, public_value(m->ask, "house"), public_value(m->ask, "number"),
                                  problem, &all};

    TRY(public_houses(m->w, &all, e));
    making_page(m, status, status_text(SW_TITLE, m->lang), html_number(m->w->a, &f));
    m->out->inside = false;
    m->out->path = "/n";
    return RC_OK;
}

static enum rc do_number_ask(struct making *m, struct err *e)
{
    return number_page(m, 200, NULL, e);
}

static enum rc do_number(struct making *m, struct err *e)
{
    const struct number_ask ask = {.institution = public_value(m->ask, "house"),
                                   .number = public_value(m->ask, "number"),
                                   .pin = public_value(m->ask, "pin"),
                                   .client = m->ask->client};
    struct visit_begin b = {.number = true, .lang = m->lang};
    struct err why = {0};
    int hour = 0, minute = 0;

    enum rc rc = number_check(m->w, &ask, &b.request_id, &why);
    if (rc == RC_OK)
        return visit_opened(m, &b, "/case", e);
    if (rc == RC_BAD_FIELD)
        return number_page(
            m, 422, making_word(m, strcmp(why.code, "HOUSE") == 0 ? PW_HOUSE_WHICH : PW_NUMBER_BAD), e);
    if (rc == RC_DENIED)
        return number_page(m, 403, making_word(m, PW_NUMBER_WRONG), e);
    if (rc != RC_LIMIT) {
        *e = why;
        return rc;
    }
    time_of_ms(why.detail, &hour, &minute);
    const struct text_var vars[] = {{"time", arena_fmt(m->w->a, "%02d:%02d", hour, minute)}};
    return number_page(m, 429, text_fill(m->w->a, making_word(m, PW_NUMBER_LOCKED), vars, 1), e);
}

static enum rc do_board(struct making *m, struct err *e)
{
    const char *html;

    TRY(public_board(m->w, m->lang, &html, e));
    making_page(m, 200, making_word(m, PW_BOARD), html);
    m->out->inside = false;
    m->out->path = "/b";
    return RC_OK;
}

static enum rc do_end(struct making *m, struct err *e)
{
    TRY(making_visit(m, 0, e));
    TRY(making_stamped(m, public_value(m->ask, "stamp"), e));
    TRY(visit_end(m->w, m->ask->token, e));
    m->out->forget = true;
    making_enter(m, 200, making_word(m, PW_ENDED));
    return RC_OK;
}

/* ---- the case ---- */

enum rc making_pin(const struct making *m, struct err *e)
{
    if (m->visit.number)
        return err_set(e, RC_DENIED, "a number shows only the state");
    return m->visit.link ? err_set(e, RC_UNAUTHENTICATED, "a link opens only its repair") : RC_OK;
}

static enum rc do_case(struct making *m, struct err *e)
{
    struct public_view v;

    TRY(making_visit(m, VISIT_MINUTES, e));
    if (!m->visit.number)
        TRY(making_pin(m, e));
    TRY(public_view(m->w, &m->visit, &v, e));
    making_page(m, 200, making_word(m, PW_CASE_TITLE), html_case(m->w, &v, m->stamp, m->lang));
    return RC_OK;
}

static enum rc do_document(struct making *m, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(making_visit(m, VISIT_MINUTES, e));
    TRY(making_pin(m, e));
    if (!m->visit.case_id || !uuid_valid(m->ask->arg))
        return err_set(e, RC_NOT_FOUND, "no such document");
    struct db_param p[] = {DB_STR(m->ask->arg), DB_STR(m->visit.case_id)};
    TRY(work_sql(m->w, SQL_PUBLIC_DOCUMENT, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "no such document");
    const struct store_place place = {m->w->house->conf->blobs, 0};
    TRY(store_open(&place, db_text(r, 0, 0), &m->out->file, e));
    m->out->status = 200;
    m->out->type = arena_str(m->w->a, db_text(r, 0, 1));
    m->out->name = arena_str(m->w->a, db_text(r, 0, 2));
    return RC_OK;
}

void public_answer(struct work *w, const struct public_ask *ask, struct public_reply *out)
{
    static enum rc (*const makers[])(struct making *, struct err *) = {
        [PAGE_BOARD] = do_board,       [PAGE_NUMBER] = do_number_ask,   [PAGE_NUMBER_DO] = do_number,
        [PAGE_ENTER] = do_enter,       [PAGE_CASE] = do_case,           [PAGE_ACT] = make_act_ask,
        [PAGE_ACT_DO] = make_act,      [PAGE_REPAIR] = make_repair_ask, [PAGE_REPAIR_SEND] = make_repair,
        [PAGE_DOCUMENT] = do_document, [PAGE_LINK_OPEN] = make_link,    [PAGE_END] = do_end,
    };
    struct making m = {.w = w, .ask = ask, .out = out, .lang = ask->guess};
    struct err e = {0};

    if (ask->lang && !lang_parse(ask->lang, &m.lang))
        m.lang = ask->guess;
    if (makers[ask->page](&m, &e) != RC_OK)
        trouble(&m, &e);
}
