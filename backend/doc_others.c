/* One answer to several petitions names them all (OG 27/2002), and none that has an answer of its own. */
#include <string.h>

#include "backend/doc_priv.h"
#include "common/base/text.h"

static const char *const also[LANG_COUNT] = {
    "Acest răspuns privește și cererile conexate: ", "Ez a válasz az egyesített kérelmekre is vonatkozik: ",
    "This answer also covers the connexed requests: "};

struct others {
    const char **numbers; /* as printed */
    size_t n;
};

static bool open_still(const char *state)
{
    return strcmp(state, "registered") == 0 || strcmp(state, "in_work") == 0 ||
           strcmp(state, "returned") == 0;
}

/* The others that this answer answers: those in work (case_link.c takes them along), and those that were
 * answered with the same one. */
static enum rc others_of(struct work *w, const struct casefile *c, const struct casefile *with,
                         struct others *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->id)};
    const char *head = with ? with->number : c->number;

    *out = (struct others){0};
    TRY(work_sql(w, SQL_DOC_CONNEXED, p, &r, e));
    out->numbers = ARENA_ARRAY(w->a, const char *, (size_t)db_rows(r) + 1);
    for (int i = 0; i < db_rows(r); i++) {
        const char *number = case_number(w, db_text(r, i, 0), db_int(r, i, 1), db_int(r, i, 2));
        const char *as = db_is_null(r, i, 5) ? number : arena_str(w->a, db_text(r, i, 5));
        const char *state = db_text(r, i, 4);
        bool own = db_text(r, i, 3)[0] == 't', root = with && strcmp(number, with->number) == 0;
        if (own && !with) /* the first row */
            head = as;
        if (!own && (root || open_still(state) || (strcmp(state, "answered") == 0 && strcmp(as, head) == 0)))
            out->numbers[out->n++] = number;
    }
    return RC_OK;
}

enum rc letter_name_others(struct work *w, const struct casefile *c, const struct casefile *with,
                           struct doc_letter *l, struct err *e)
{
    struct others all;
    BUF_SCOPE(body);

    if (strcmp(l->t->kind, "answer") != 0)
        return RC_OK;
    TRY(others_of(w, c, with, &all, e));
    if (!all.n)
        return RC_OK;
    buf_fmt(&body, "%s\n%s", l->body && *l->body ? l->body : letter_default(w, l), also[l->lang]);
    for (size_t i = 0; i < all.n; i++)
        buf_fmt(&body, "%s%s", i ? ", " : "", all.numbers[i]);
    buf_chr(&body, '.');
    l->body = arena_strn(w->a, body.p, body.len);
    return RC_OK;
}

/* Where the line begins that names them; NULL: none does. */
static const char *line_of(const struct doc_letter *l)
{
    const char *line = l->body ? strrchr(l->body, '\n') : NULL;

    return line && strncmp(line + 1, also[l->lang], strlen(also[l->lang])) == 0 ? line : NULL;
}

const char *letter_alone(struct work *w, const struct doc_letter *l)
{
    const char *line = line_of(l);

    return line ? arena_strn(w->a, l->body, (size_t)(line - l->body)) : l->body;
}

enum rc letter_others_now(struct work *w, const struct casefile *c, const struct casefile *with,
                          struct doc_letter *l, struct err *e)
{
    l->body = letter_alone(w, l);
    return letter_name_others(w, c, with, l, e);
}
