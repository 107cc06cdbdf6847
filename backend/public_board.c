/* The notice boards of the town halls on one page: of what kind, and from when to when. Names stay on the
 * paper. */
#include <string.h>

#include "backend/public.h"

static void put(struct buf *b, const char *before, const char *text, const char *after)
{
    buf_str(b, before);
    html_text(b, text);
    buf_str(b, after);
}

static struct date day_of(const struct db_result *r, int row, int col)
{
    return date_add((struct date){1970, 1, 1}, db_int(r, row, col));
}

static void put_notice(struct work *w, struct buf *b, const struct db_result *r, int i, enum lang lang)
{
    const char *id = db_text(r, i, 3);
    const struct service *s = catalog_find(&w->house->catalog, id);
    const struct text_var vars[] = {{"from", date_said(w->a, day_of(r, i, 4), lang)},
                                    {"to", date_said(w->a, day_of(r, i, 5), lang)}};

    put(b, "<li><strong>", s ? tr_get(&s->name, lang) : id, "</strong>");
    put(b, "<span class=\"quiet\">",
        text_fill(w->a, tr_get(&public_words[PW_BOARD_UNTIL], lang), vars, COUNT(vars)), "</span>");
    if (!db_is_null(r, i, 6))
        put(b, "<span class=\"quiet\">", db_text(r, i, 6 + (int)lang), "</span>");
    buf_str(b, "</li>");
}

enum rc public_board(struct work *w, enum lang lang, const char **html, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    char today[11];
    const char *house = NULL;
    BUF_SCOPE(b);

    date_iso(today, date_of_ms(w->now_ms()));
    struct db_param p[] = {DB_STR(today)};
    TRY(work_sql(w, SQL_PUBLIC_BOARD, p, &r, e));
    put(&b, "<h1>", tr_get(&public_words[PW_BOARD], lang), "</h1>");
    put(&b, "<p class=\"lead\">", tr_get(&public_words[db_rows(r) ? PW_BOARD_TEXT : PW_BOARD_EMPTY], lang),
        "</p>");
    for (int i = 0; i < db_rows(r); i++) {
        if (!house || strcmp(house, db_text(r, i, 0)) != 0)
            put(&b, house ? "</ul><h2>" : "<h2>", db_text(r, i, (int)lang), "</h2><ul class=\"list\">");
        house = db_text(r, i, 0);
        put_notice(w, &b, r, i, lang);
    }
    buf_str(&b, house ? "</ul>" : "");
    *html = arena_strn(w->a, b.p, b.len);
    return RC_OK;
}
