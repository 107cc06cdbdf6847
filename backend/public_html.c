/* The frame of the pages for citizens, and the form for code and PIN. Everything that was typed or stored
 * goes through html_text(). */
#include <string.h>

#include "backend/public.h"

#include "embed_pages.h"

void html_text(struct buf *out, const char *s)
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

void html_fill(struct buf *out, const char *tpl, const struct text_var *vars, size_t n)
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
                html_text(out, vars[i].value);
        }
        tpl = close + 1;
    }
}

const char *html_page(struct arena *a, const struct html_frame *f)
{
    static const char *const names[LANG_COUNT] = {"Română", "Magyar", "English"};
    BUF_SCOPE(langs);
    BUF_SCOPE(page);

    for (int i = 0; i < LANG_COUNT; i++) {
        buf_str(&langs, "<a href=\"");
        html_text(&langs, f->path);
        buf_fmt(&langs, "?lang=%s\" lang=\"%s\" hreflang=\"%s\"%s>%s</a>", lang_codes[i], lang_codes[i],
                lang_codes[i], i == (int)f->lang ? " aria-current=\"true\"" : "", names[i]);
    }
    const struct text_var vars[] = {
        {"lang", lang_codes[f->lang]},
        {"title", f->title},
        {"!langs", langs.p},
        {"language", status_text(SW_LANGS, f->lang)},
        {"!main", f->main},
        {"help", status_text(SW_HELP, f->lang)},
        {"privacy", f->inside ? tr_get(&public_words[PW_COOKIE], f->lang) : status_text(SW_PRIVACY, f->lang)},
    };
    html_fill(&page, embed_page_html, vars, COUNT(vars));
    return arena_strn(a, page.p, page.len);
}

static void put_problem(struct buf *out, const char *problem)
{
    const struct text_var vars[] = {{"problem", problem}};

    buf_str(out, "");
    if (problem)
        html_fill(out, embed_problem_html, vars, COUNT(vars));
}

const char *html_enter(struct arena *a, const struct html_form *f)
{
    BUF_SCOPE(alert);
    BUF_SCOPE(main);

    put_problem(&alert, f->problem);
    const struct text_var vars[] = {
        {"title", status_text(SW_TITLE, f->lang)},
        {"intro", status_text(SW_INTRO, f->lang)},
        {"!alert", alert.p},
        {"code", f->code ? f->code : ""},
        {"code_label", status_text(SW_CODE, f->lang)},
        {"code_help", status_text(SW_CODE_HELP, f->lang)},
        {"pin_label", status_text(SW_PIN, f->lang)},
        {"pin_help", status_text(SW_PIN_HELP, f->lang)},
        {"lang", lang_codes[f->lang]},
        {"show", status_text(SW_SHOW, f->lang)},
        {"described", f->problem ? "problem " : ""},
        {"other", tr_get(&public_words[PW_BY_NUMBER], f->lang)},
        {"board", tr_get(&public_words[PW_BOARD], f->lang)},
    };
    html_fill(&main, embed_form_html, vars, COUNT(vars));
    return arena_strn(a, main.p, main.len);
}

const char *html_number(struct arena *a, const struct html_number *f)
{
    BUF_SCOPE(alert);
    BUF_SCOPE(houses);
    BUF_SCOPE(main);

    put_problem(&alert, f->problem);
    buf_str(&houses, "");
    for (size_t i = 0; i < f->all->n; i++) {
        buf_str(&houses, "<option value=\"");
        html_text(&houses, tr_get(&f->all->items[i].name, f->lang));
        buf_str(&houses, "\">");
    }
    const struct text_var vars[] = {
        {"title", status_text(SW_TITLE, f->lang)},
        {"intro", tr_get(&public_words[PW_NUMBER_INTRO], f->lang)},
        {"!alert", alert.p},
        {"!houses", houses.p},
        {"house", f->house},
        {"number", f->number},
        {"house_label", tr_get(&public_words[PW_HOUSE], f->lang)},
        {"house_help", tr_get(&public_words[PW_HOUSE_HELP], f->lang)},
        {"number_label", status_text(SW_NUMBER, f->lang)},
        {"number_help", tr_get(&public_words[PW_NUMBER_HELP], f->lang)},
        {"pin_label", status_text(SW_PIN, f->lang)},
        {"pin_help", status_text(SW_PIN_HELP, f->lang)},
        {"lang", lang_codes[f->lang]},
        {"show", status_text(SW_SHOW, f->lang)},
        {"described", f->problem ? "problem " : ""},
        {"other", tr_get(&public_words[PW_BY_CODE], f->lang)},
    };
    html_fill(&main, embed_number_html, vars, COUNT(vars));
    return arena_strn(a, main.p, main.len);
}

/* The link is in a message, and programs that look into mail follow links: only a pressed button uses it. */
const char *html_link(struct arena *a, enum lang lang, const char *token)
{
    BUF_SCOPE(main);
    const struct text_var vars[] = {
        {"title", tr_get(&public_words[PW_LINK_TITLE], lang)},
        {"text", tr_get(&public_words[PW_LINK_TEXT], lang)},
        {"go", tr_get(&public_words[PW_LINK_GO], lang)},
        {"token", token},
        {"lang", lang_codes[lang]},
    };
    html_fill(&main, embed_link_html, vars, COUNT(vars));
    return arena_strn(a, main.p, main.len);
}

const char *html_style(size_t *len)
{
    *len = sizeof(embed_status_css) - 1;
    return embed_status_css;
}
