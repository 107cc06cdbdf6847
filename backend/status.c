/* The status page: receipt code and PIN, no JavaScript, no cookies, nothing personal on it. */
#include <stdlib.h>
#include <string.h>

#include "backend/registry.h"
#include "backend/sql.h"
#include "common/base/log.h"
#include "common/base/text.h"

#include "embed_pages.h"

enum { STATUS_DEADLINE_MS = 5000, STATUS_WAITING_MAX = 64 };

struct visit {
    struct registry *g;
    struct http_req *http;
    enum lang lang;
    const char *code; /* as typed, or normal */
};

static void html(struct buf *out, const char *s)
{
    static const struct {
        char c;
        const char *entity;
    } entities[] = {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&#39;"}};

    for (; *s; s++) {
        const char *entity = NULL;
        for (size_t i = 0; i < COUNT(entities); i++)
            if (entities[i].c == *s)
                entity = entities[i].entity;
        if (entity)
            buf_str(out, entity);
        else
            buf_chr(out, *s);
    }
}

/* {name} is replaced by the pair of that name; a value with a '!' before its name is HTML already. */
static void fill(struct buf *out, const char *tpl, const struct text_var *vars, size_t n)
{
    while (*tpl) {
        const char *open = strchr(tpl, '{'), *close = open ? strchr(open, '}') : NULL;
        if (!close) {
            buf_str(out, tpl);
            return;
        }
        buf_add(out, tpl, (size_t)(open - tpl));
        for (size_t i = 0; i < n; i++) {
            bool raw = vars[i].name[0] == '!';
            const char *name = vars[i].name + raw;
            if (strlen(name) != (size_t)(close - open - 1) || memcmp(name, open + 1, strlen(name)) != 0)
                continue;
            if (raw)
                buf_str(out, vars[i].value);
            else
                html(out, vars[i].value);
        }
        tpl = close + 1;
    }
}

static const char *word(const struct visit *v, enum status_word w)
{
    return status_text(w, v->lang);
}

static void reply(struct visit *v, int status, enum status_word title, const char *main)
{
    static const char *const names[LANG_COUNT] = {"Română", "Magyar", "English"};
    struct arena *a = http_arena(v->http);
    BUF_SCOPE(langs);
    BUF_SCOPE(page);

    for (int i = 0; i < LANG_COUNT; i++)
        buf_fmt(&langs, "<a href=\"/s%s%s?lang=%s\" lang=\"%s\" hreflang=\"%s\"%s>%s</a>", v->code ? "/" : "",
                v->code ? v->code : "", lang_codes[i], lang_codes[i], lang_codes[i],
                i == (int)v->lang ? " aria-current=\"true\"" : "", names[i]);
    const struct text_var vars[] = {
        {"lang", lang_codes[v->lang]},    {"title", word(v, title)}, {"!langs", langs.p},
        {"language", word(v, SW_LANGS)},  {"!main", main},           {"help", word(v, SW_HELP)},
        {"privacy", word(v, SW_PRIVACY)},
    };
    fill(&page, embed_page_html, vars, COUNT(vars));
    (void)a;
    http_reply(v->http, status, "text/html; charset=utf-8", page.p, page.len);
}

/* problem: NULL for the first visit, else what to do, beside the fields and at the top. */
static void show_form(struct visit *v, int status, const char *problem)
{
    struct arena *a = http_arena(v->http);
    BUF_SCOPE(alert);
    BUF_SCOPE(main);

    buf_str(&alert, "");
    if (problem) {
        const struct text_var vars[] = {{"problem", problem}};
        fill(&alert, embed_problem_html, vars, COUNT(vars));
    }
    const struct text_var vars[] = {
        {"title", word(v, SW_TITLE)},
        {"intro", word(v, SW_INTRO)},
        {"!alert", alert.p ? alert.p : ""},
        {"code", v->code ? v->code : ""},
        {"code_label", word(v, SW_CODE)},
        {"code_help", word(v, SW_CODE_HELP)},
        {"pin_label", word(v, SW_PIN)},
        {"pin_help", word(v, SW_PIN_HELP)},
        {"lang", lang_codes[v->lang]},
        {"show", word(v, SW_SHOW)},
        {"described", problem ? "problem " : ""},
    };
    fill(&main, embed_form_html, vars, COUNT(vars));
    reply(v, status, SW_TITLE, arena_str(a, main.p));
}

static struct date day_cell(const struct db_result *r, int col)
{
    return date_add((struct date){1970, 1, 1}, db_int(r, 0, col));
}

static void show_request(struct visit *v, const struct db_result *r)
{
    struct arena *a = http_arena(v->http);
    struct date registered = date_of_ms(db_int(r, 0, 6)), filed = day_cell(r, 7), due = day_cell(r, 8);
    const struct institution *inst = registry_institution(v->g, db_text(r, 0, 3));
    const struct service *service = catalog_find(&v->g->catalog, db_text(r, 0, 4));
    const struct term *term = NULL;
    struct err e = {0};
    BUF_SCOPE(filed_row);
    BUF_SCOPE(main);

    const char *due_text = status_day(a, due, v->lang);
    const struct text_var due_var[] = {{"due", due_text}};
    bool explained =
        registry_term(v->g, db_text(r, 0, 4), filed, &term, &e) == RC_OK && date_cmp(term->due, due) == 0;
    buf_str(&filed_row, "");
    if (date_cmp(filed, registered) != 0) {
        const struct text_var row[] = {{"label", word(v, SW_FILED)},
                                       {"value", status_day(a, filed, v->lang)}};
        fill(&filed_row, "<div><dt>{label}</dt><dd>{value}</dd></div>", row, COUNT(row));
    }
    const struct text_var vars[] = {
        {"registered", word(v, SW_REGISTERED)},
        {"service_label", word(v, SW_SERVICE)},
        {"service", service ? tr_get(&service->name, v->lang) : db_text(r, 0, 4)},
        {"number_label", word(v, SW_NUMBER)},
        {"number", register_number(a, &v->g->registers, db_text(r, 0, 10), db_int(r, 0, 5), registered)},
        {"date_label", word(v, SW_DATE)},
        {"date", status_day(a, registered, v->lang)},
        {"!filed", filed_row.p ? filed_row.p : ""},
        {"institution_label", word(v, SW_INSTITUTION)},
        {"institution", inst ? tr_get(&inst->name, v->lang) : db_text(r, 0, 3)},
        {"now", word(v, SW_NOW)},
        {"state", word(v, SW_STATE)},
        {"next", word(v, SW_NEXT)},
        {"until", text_fill(a, word(v, SW_UNTIL), due_var, COUNT(due_var))},
        {"why", explained ? tr_get(&term->why, v->lang) : ""},
        {"again", word(v, SW_AGAIN)},
        {"lang", lang_codes[v->lang]},
    };
    fill(&main, embed_request_html, vars, COUNT(vars));
    v->code = NULL; /* the language links of this page must not ask for the PIN's partner again */
    reply(v, 200, SW_REGISTERED, arena_str(a, main.p));
}

static void show_wrong(struct visit *v, int64_t left)
{
    struct arena *a = http_arena(v->http);
    const struct text_var vars[] = {{"n", arena_fmt(a, "%lld", (long long)left)}};

    v->g->stats.status_wrong++;
    show_form(v, 403,
              left < 0 ? word(v, SW_WRONG)
                       : arena_fmt(a, "%s %s", word(v, SW_WRONG),
                                   text_fill(a, word(v, SW_LEFT), vars, COUNT(vars))));
}

static void show_locked(struct visit *v, int64_t until_ms)
{
    struct arena *a = http_arena(v->http);
    int hour = 0, minute = 0;

    time_of_ms(until_ms, &hour, &minute);
    const struct text_var vars[] = {{"time", arena_fmt(a, "%02d:%02d", hour, minute)}};
    v->g->stats.status_locked++;
    show_form(v, 429, text_fill(a, word(v, SW_LOCKED), vars, COUNT(vars)));
}

static void on_checked(const struct db_reply *r, void *user)
{
    struct visit *v = user;
    const char *result = r->rows && db_rows(r->rows) ? db_text(r->rows, 0, 0) : "";

    if (!r->rows) {
        log_err(&r->err, "event=status_failed");
        show_form(v, rc_http(r->err.rc), word(v, SW_LATER));
    } else if (strcmp(result, "ok") == 0) {
        v->g->stats.status_ok++;
        show_request(v, r->rows);
    } else if (strcmp(result, "locked") == 0) {
        show_locked(v, db_int(r->rows, 0, 2));
    } else {
        show_wrong(v, result[0] ? db_int(r->rows, 0, 1) : -1);
    }
}

static enum lang lang_of(struct http_req *r, const char *asked)
{
    enum lang lang = LANG_RO;
    char accept[3] = "";
    const char *header = http_header(r, "accept-language");

    if (asked && lang_parse(asked, &lang))
        return lang;
    if (header && strlen(header) >= 2)
        memcpy(accept, header, 2);
    return lang_parse(accept, &lang) ? lang : LANG_RO;
}

static const char *code_of_path(struct http_req *r)
{
    const char *path = http_path(r);
    char code[RECEIPT_CODE_LEN + 1];

    if (strncmp(path, "/s/", 3) != 0 || !receipt_code_norm(code, path + 3))
        return NULL;
    return arena_str(http_arena(r), code);
}

/* A member of an application/x-www-form-urlencoded body; at most 64 bytes are of interest. */
static const char *form_value(struct arena *a, const char *body, size_t len, const char *name)
{
    size_t namelen = strlen(name), n = 0;
    const char *p = body, *end = body + len;
    char out[65];

    while (p && p < end &&
           !((size_t)(end - p) > namelen && memcmp(p, name, namelen) == 0 && p[namelen] == '=')) {
        p = memchr(p, '&', (size_t)(end - p));
        p = p ? p + 1 : NULL;
    }
    if (!p || p >= end)
        return "";
    for (p += namelen + 1; p < end && *p != '&' && n < sizeof(out) - 1; p++) {
        uint8_t byte;
        size_t one;
        char hex[3] = {p[0], end - p > 1 ? p[1] : 0, 0};
        if (*p == '%' && end - p > 2) {
            memcpy(hex, p + 1, 2);
            if (!hex_decode(&byte, 1, &one, hex) || one != 1 || byte < ' ')
                return "";
            out[n++] = (char)byte;
            p += 2;
        } else {
            out[n++] = *p == '+' ? ' ' : *p;
        }
    }
    const char *value = arena_strn(a, out, n);
    wipe(out, sizeof(out));
    return value;
}

static struct visit *visit_new(struct http_req *r, struct registry *g, const char *lang)
{
    struct visit *v = ARENA_NEW(http_arena(r), struct visit);
    v->g = g;
    v->http = r;
    v->lang = lang_of(r, lang);
    v->code = code_of_path(r);
    return v;
}

void status_get(struct http_req *r, void *user)
{
    struct visit *v = visit_new(r, user, http_query(r, "lang"));
    show_form(v, 200, NULL);
}

void status_post(struct http_req *r, void *user)
{
    struct registry *g = user;
    struct arena *a = http_arena(r);
    struct err e = {0};
    size_t len;
    const char *body = http_body(r, &len);
    struct visit *v = visit_new(r, g, form_value(a, body, len, "lang"));
    const char *pin = form_value(a, body, len, "pin");
    char code[RECEIPT_CODE_LEN + 1], now[25];
    uint8_t verifier[SHA256_LEN];

    if (!receipt_code_norm(code, form_value(a, body, len, "code")) || strlen(pin) != PIN_LEN ||
        strspn(pin, "0123456789") != PIN_LEN) {
        show_form(v, 422, word(v, SW_FORM_BAD));
        return;
    }
    v->code = arena_str(a, code);
    pin_verifier(verifier, g->pin_key, code, pin);
    iso_utc(now, unix_ms());
    const struct db_param p[] = {DB_STR(code), {verifier, sizeof(verifier), true}, DB_STR(now)};
    if (!db_up(g->db) || db_pending(g->db) >= STATUS_WAITING_MAX ||
        db_send(g->db, SQL_STATUS_CHECK, p, STATUS_DEADLINE_MS, on_checked, v, &e) != RC_OK)
        show_form(v, 503, word(v, SW_LATER));
}

void style_get(struct http_req *r, void *user)
{
    (void)user;
    http_set(r, "Cache-Control", "public, max-age=3600");
    http_reply(r, 200, "text/css; charset=utf-8", embed_status_css, sizeof(embed_status_css) - 1);
}
