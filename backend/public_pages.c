/* The timeline of a case, and the page that asks once more. */
#include <ctype.h>
#include <string.h>

#include "backend/public.h"

static const char *word(enum public_word w, enum lang lang)
{
    return tr_get(&public_words[w], lang);
}

/* A sentence with one value in it. */
static const char *said(struct arena *a, enum public_word w, enum lang lang, const char *name,
                        const char *value)
{
    const struct text_var vars[] = {{name, value}};
    return text_fill(a, word(w, lang), vars, COUNT(vars));
}

/* Day and month do not part at the end of a line; the year may, on a telephone with large letters. */
static const char *day_whole(struct arena *a, struct date d, enum lang lang)
{
    const char *out = "", *s = date_said(a, d, lang);

    for (const char *gap; (gap = strchr(s, ' ')); s = gap + 1) {
        bool year = gap - s >= 4 && isdigit((unsigned char)s[3]); /* "2026. december 3." */
        year |= strspn(gap + 1, "0123456789") == 4;               /* "3 December 2026" */
        out = arena_fmt(a, "%s%.*s%s", out, (int)(gap - s), s, year ? " " : "\u00a0");
    }
    return arena_fmt(a, "%s%s", out, s);
}

static const char *day_of(struct arena *a, int64_t ms, enum lang lang)
{
    return day_whole(a, date_of_ms(ms), lang);
}

static void element(struct buf *b, const char *tag, const char *cls, const char *text)
{
    buf_fmt(b, "<%s%s%s%s>", tag, *cls ? " class=\"" : "", cls, *cls ? "\"" : "");
    html_text(b, text);
    buf_fmt(b, "</%s>", tag);
}

static void row(struct buf *b, const char *label, const char *value)
{
    buf_str(b, "<div>");
    element(b, "dt", "", label);
    element(b, "dd", "", value);
    buf_str(b, "</div>");
}

/* Look of the state: needs the citizen, goes on, good end, other end. */
static const char *look(const struct public_view *v)
{
    static const char *const done[] = {"issued", "answered", "closed"};

    if (v->returned)
        return "ask";
    for (size_t i = 0; i < COUNT(done); i++)
        if (strcmp(v->state, done[i]) == 0)
            return "good";
    return strcmp(v->kind, "end") == 0 ? "end" : "goes";
}

static const char *icon(const char *look)
{
    static const struct {
        const char *look, *svg;
    } icons[] = {
        {"ask", "<path d=\"M24 12v16M24 34v2\"/>"},
        {"good", "<path d=\"m14 25 7 7 13-15\"/>"},
        {"end", "<path d=\"M15 24h18\"/>"},
        {"goes", "<path d=\"M24 13v11l8 5\"/>"},
    };
    for (size_t i = 0; i < COUNT(icons); i++)
        if (strcmp(icons[i].look, look) == 0)
            return icons[i].svg;
    return "";
}

static void put_head(struct buf *b, const struct public_view *v, enum lang lang)
{
    const char *l = look(v);

    buf_fmt(b,
            "<div class=\"state %s\"><svg viewBox=\"0 0 48 48\" width=\"48\" height=\"48\" "
            "aria-hidden=\"true\"><circle cx=\"24\" cy=\"24\" r=\"22\"/>%s</svg>",
            l, icon(l));
    element(b, "h1", "", v->state_text);
    buf_str(b, "</div><p class=\"number\">");
    element(b, "span", "", status_text(SW_NUMBER, lang));
    buf_chr(b, ' ');
    element(b, "strong", "", v->number);
    element(b, "span", "", v->service);
    element(b, "span", "", v->institution);
    buf_str(b, "</p>");
}

static void put_with_code(struct buf *b, enum lang lang)
{
    buf_fmt(b, "<p><a class=\"button\" href=\"/s?lang=%s\">", lang_codes[lang]);
    html_text(b, word(PW_WITH_CODE, lang));
    buf_str(b, "</a></p>");
}

static void put_counted(struct buf *b, const char *calc, enum lang lang)
{
    buf_str(b, "<details><summary>");
    html_text(b, word(PW_HOW, lang));
    buf_str(b, "</summary>");
    element(b, "p", "", calc);
    buf_str(b, "</details>");
}

void html_back_by(struct work *w, struct buf *b, const struct public_view *v, enum lang lang)
{
    if (!date_valid(v->back.by))
        return;
    element(b, "p", "by", said(w->a, PW_BACK_BY, lang, "day", day_whole(w->a, v->back.by, lang)));
    if (date_cmp(v->back.by, v->today) < 0)
        element(b, "p", "quiet", word(PW_BACK_LATE, lang));
    if (*v->back.why)
        put_counted(b, v->back.why, lang);
}

static void put_return(struct work *w, struct buf *b, const struct public_view *v, enum lang lang)
{
    if (!v->returned)
        return;
    buf_str(b, "<section class=\"ask\">");
    element(b, "h2", "", word(PW_RETURNED, lang));
    if (v->brief) {
        html_back_by(w, b, v, lang);
        element(b, "p", "", word(PW_BRIEF_RETURN, lang));
        put_with_code(b, lang);
        buf_str(b, "</section>");
        return;
    }
    element(b, "p", "quiet", word(PW_CLERK_SAYS, lang));
    element(b, "p", "said", v->ret.reason);
    html_back_by(w, b, v, lang);
    buf_fmt(b, "<p><a class=\"button\" href=\"/case/repair?lang=%s\">", lang_codes[lang]);
    html_text(b, word(PW_REPAIR_NOW, lang));
    buf_str(b, "</a></p></section>");
}

static void put_ready(struct work *w, struct buf *b, const struct public_view *v, enum lang lang)
{
    if (!*v->ready)
        return;
    buf_str(b, "<section class=\"ready\">");
    element(b, "p", "", v->ready);
    if (date_valid(v->kept.by)) {
        element(b, "p", "by", said(w->a, PW_READY_BY, lang, "day", day_whole(w->a, v->kept.by, lang)));
        put_counted(b, v->kept.why, lang);
    }
    buf_str(b, "</section>");
}

static void put_due(struct work *w, struct buf *b, const struct public_view *v, enum lang lang)
{
    if (!date_valid(v->due))
        return;
    buf_str(b, "<li class=\"next\">");
    element(b, "span", "when", word(PW_NEXT, lang));
    element(b, "strong", "", said(w->a, PW_ANSWER_BY, lang, "day", day_whole(w->a, v->due, lang)));
    if (v->late || v->days_left < 0)
        element(b, "span", "late", word(PW_LATE, lang));
    else if (v->days_left == 0)
        element(b, "span", "left", word(PW_DUE_TODAY, lang));
    else
        element(b, "span", "left",
                said(w->a, PW_DAYS_LEFT, lang, "n", arena_fmt(w->a, "%lld", (long long)v->days_left)));
    element(b, "span", "why", v->why);
    if (*v->calc && strcmp(v->calc, v->why) != 0)
        put_counted(b, v->calc, lang);
    buf_str(b, "</li>");
}

static void put_way(struct work *w, struct buf *b, const struct public_view *v, enum lang lang)
{
    element(b, "h2", "", word(PW_HAPPENED, lang));
    buf_str(b, "<ol class=\"way\">");
    if (date_valid(v->filed_on) && date_cmp(v->filed_on, date_of_ms(v->registered_ms)) != 0) {
        buf_str(b, "<li class=\"done\">");
        element(b, "span", "when", day_whole(w->a, v->filed_on, lang));
        element(b, "strong", "", word(PW_FILED, lang));
        buf_str(b, "</li>");
    }
    for (size_t i = 0; i < v->n_events; i++) {
        const struct public_event *x = &v->events[i];
        buf_str(b, i + 1 == v->n_events ? "<li class=\"done now\" aria-current=\"step\">"
                                        : "<li class=\"done\">");
        element(b, "span", "when", day_of(w->a, x->at_ms, lang));
        element(b, "strong", "", x->text);
        if (*x->more)
            element(b, "span", "why", said(w->a, PW_REASON, lang, "reason", x->more));
        buf_str(b, "</li>");
    }
    put_due(w, b, v, lang);
    buf_str(b, "</ol>");
}

static void put_notes(struct work *w, struct buf *b, const struct public_view *v, enum lang lang)
{
    if (v->n_notes == 0)
        return;
    element(b, "h2", "", word(PW_NOTES, lang));
    for (size_t i = 0; i < v->n_notes; i++) {
        buf_str(b, "<div class=\"note\">");
        element(b, "p", "when", day_of(w->a, v->notes[i].at_ms, lang));
        element(b, "p", "said", v->notes[i].text);
        buf_str(b, "</div>");
    }
}

static const char *size_text(struct arena *a, int64_t bytes, enum lang lang)
{
    const char *comma = lang == LANG_EN ? "." : ",";
    if (bytes < 1 << 20)
        return arena_fmt(a, "%lld KB", (long long)(bytes + 1023) / 1024);
    return arena_fmt(a, "%lld%s%lld MB", (long long)(bytes >> 20), comma,
                     (long long)((bytes & ((1 << 20) - 1)) * 10 >> 20));
}

static void put_documents(struct work *w, struct buf *b, const struct public_view *v, enum lang lang)
{
    if (v->n_documents == 0)
        return;
    element(b, "h2", "", word(PW_DOCUMENTS, lang));
    buf_str(b, "<ul class=\"list\">");
    for (size_t i = 0; i < v->n_documents; i++) {
        const struct public_document *d = &v->documents[i];
        bool pdf = strcmp(d->type, "application/pdf") == 0;
        buf_str(b, "<li><a href=\"/case/document/");
        html_text(b, d->id);
        buf_str(b, "\">");
        html_text(b, said(w->a, PW_DOWNLOAD, lang, "title", d->title));
        buf_str(b, "</a>");
        element(b, "span", "quiet",
                arena_fmt(w->a, "%s, %s", pdf ? "PDF" : "JPEG", size_text(w->a, d->size, lang)));
        if (*d->signed_name && d->signed_ms) {
            const struct text_var vars[] = {{"name", d->signed_name},
                                            {"day", day_of(w->a, d->signed_ms, lang)}};
            element(b, "span", "quiet", text_fill(w->a, word(PW_SIGNED, lang), vars, COUNT(vars)));
        }
        buf_str(b, "</li>");
    }
    buf_str(b, "</ul>");
}

static void put_messages(struct work *w, struct buf *b, const struct public_view *v, enum lang lang)
{
    if (v->n_messages == 0)
        return;
    element(b, "h2", "", word(PW_MESSAGES, lang));
    buf_str(b, "<ul class=\"list\">");
    for (size_t i = 0; i < v->n_messages; i++) {
        const struct public_message *m = &v->messages[i];
        bool mail = strcmp(m->way, "email") == 0;
        buf_str(b, "<li>");
        element(b, "strong", "", said(w->a, mail ? PW_MAIL_TO : PW_SMS_TO, lang, "to", m->to));
        element(b, "span", "quiet",
                arena_fmt(w->a, "%s · %s", day_of(w->a, m->at_ms, lang), word(m->state, lang)));
        buf_str(b, "</li>");
    }
    buf_str(b, "</ul>");
}

static void put_data(struct work *w, struct buf *b, const struct public_view *v, enum lang lang)
{
    element(b, "h2", "", word(PW_DATA, lang));
    buf_str(b, "<dl>");
    row(b, status_text(SW_SERVICE, lang), v->service);
    row(b, status_text(SW_INSTITUTION, lang), v->institution);
    row(b, status_text(SW_DATE, lang), day_of(w->a, v->registered_ms, lang));
    if (date_valid(v->filed_on) && date_cmp(v->filed_on, date_of_ms(v->registered_ms)) != 0)
        row(b, status_text(SW_FILED, lang), day_whole(w->a, v->filed_on, lang));
    buf_str(b, "</dl>");
}

static void put_options(struct buf *b, const struct public_view *v, const char *stamp, enum lang lang)
{
    if (v->n_acts > 0) {
        element(b, "h2", "noprint", word(PW_OPTIONS, lang));
        buf_str(b, "<p class=\"options\">");
        for (size_t i = 0; i < v->n_acts; i++) {
            buf_str(b, "<a class=\"again\" href=\"/case/act/");
            html_text(b, v->acts[i]->id);
            buf_fmt(b, "?lang=%s\">", lang_codes[lang]);
            html_text(b, tr_get(&v->acts[i]->label, lang));
            buf_str(b, "</a>");
        }
        buf_str(b, "</p>");
    }
    buf_fmt(b,
            "<form method=\"post\" action=\"/case/end\"><input type=\"hidden\" name=\"lang\" value=\"%s\">"
            "<input type=\"hidden\" name=\"stamp\" value=\"%s\"><button class=\"plain\" type=\"submit\">",
            lang_codes[lang], stamp);
    html_text(b, word(PW_END, lang));
    buf_str(b, "</button></form>");
}

const char *html_case(struct work *w, const struct public_view *v, const char *stamp, enum lang lang)
{
    BUF_SCOPE(b);

    put_head(&b, v, lang);
    put_return(w, &b, v, lang);
    put_ready(w, &b, v, lang);
    put_documents(w, &b, v, lang);
    put_way(w, &b, v, lang);
    put_notes(w, &b, v, lang);
    put_messages(w, &b, v, lang);
    put_data(w, &b, v, lang);
    if (v->brief) {
        element(&b, "p", "quiet brief", word(PW_BRIEF, lang));
        if (!v->returned)
            put_with_code(&b, lang);
    }
    put_options(&b, v, stamp, lang);
    return arena_strn(w->a, b.p, b.len);
}

static bool needs(const struct wf_action *a, const char *what)
{
    for (size_t i = 0; i < a->n_needs; i++)
        if (strcmp(a->needs[i], what) == 0)
            return true;
    return false;
}

static void put_needs(struct buf *b, const struct wf_action *act, enum lang lang)
{
    if (needs(act, "reason")) {
        buf_str(b, "<label for=\"reason\">");
        html_text(b, word(PW_YOUR_REASON, lang));
        buf_str(b, "</label><p class=\"hint\" id=\"reason-help\">");
        html_text(b, word(PW_REASON_HELP, lang));
        buf_fmt(b,
                "</p><textarea id=\"reason\" name=\"reason\" rows=\"6\" required maxlength=\"%d\" "
                "aria-describedby=\"reason-help\"></textarea>",
                PUBLIC_TEXT_MAX);
    }
    if (needs(act, "code")) {
        buf_str(b, "<label for=\"code\">");
        html_text(b, word(PW_YOUR_CODE, lang));
        buf_str(b, "</label><input id=\"code\" name=\"code\" required maxlength=\"16\" autocomplete=\"off\" "
                   "inputmode=\"numeric\" class=\"mono\">");
    }
}

/* f->code is the stamp of the visit. */
const char *html_act(struct work *w, const struct public_view *v, const struct wf_action *act,
                     const struct html_form *f)
{
    enum lang lang = f->lang;
    enum public_word sure = strcmp(act->id, "withdraw") == 0  ? PW_SURE_WITHDRAW
                            : strcmp(act->id, "contest") == 0 ? PW_SURE_CONTEST
                                                              : PW_SURE_OTHER;
    BUF_SCOPE(b);

    element(&b, "h1", "", tr_get(&act->label, lang));
    if (f->problem) {
        buf_str(&b, "<div class=\"problem\" role=\"alert\">");
        element(&b, "p", "", f->problem);
        buf_str(&b, "</div>");
    }
    element(&b, "p", "lead", arena_fmt(w->a, "%s · %s", v->number, v->service));
    element(&b, "p", "", word(sure, lang));
    buf_str(&b, "<form method=\"post\" action=\"/case/act/");
    html_text(&b, act->id);
    buf_fmt(&b,
            "\"><input type=\"hidden\" name=\"lang\" value=\"%s\"><input type=\"hidden\" name=\"stamp\" "
            "value=\"%s\"><input type=\"hidden\" name=\"version\" value=\"%lld\">",
            lang_codes[lang], f->code, (long long)v->c.version);
    put_needs(&b, act, lang);
    buf_str(&b, "<button type=\"submit\" class=\"grave\">");
    html_text(&b, tr_get(&act->label, lang));
    buf_fmt(&b, "</button></form><p><a class=\"again\" href=\"/case?lang=%s\">", lang_codes[lang]);
    html_text(&b, word(PW_BACK, lang));
    buf_str(&b, "</a></p>");
    return arena_strn(w->a, b.p, b.len);
}
