/* Register number and PIN: for whoever has lost the code, or cannot read it.
 *
 * A code is 50 bits that nobody guesses. A number is known to everybody: they go 1, 2, 3, and only the PIN
 * stands before the request: 4 digits, 10,000 of them, times the books of a house that share the number (five
 * at most, one when its prefix is typed). Hence three limits, each with a pause that doubles up to a day:
 *
 *   one number      5 wrong, then 1, 2, 4, 8, 16, 24 h: 25 guesses on the first day, 5 a day afterwards; 1.7
 * % in a month for whoever is after one request one client     20 wrong, then the same: 100 on the first day,
 * 20 a day: 0.2 % a day, 1 % with five books all together  300 wrong in an hour, then until its end: 7,200 a
 * day from however many addresses: less than one hit a day (0.7; of five books 3.6), on a request that the
 * guesser did not choose
 *
 * Therefore a page opened by number shows the state and the dates alone, which name nobody; documents, what
 * the office wrote and every change need the code. Limits of numbers close only this door: the code's own
 * goes on. At a terminal somebody stands in a town hall in front of a camera, 20 wrong a day and terminal;
 * there a correction may be made.
 *
 * Whether the number exists is not told: the same statements run, as many PINs are computed and compared, all
 * of each, and numbers that nobody has are counted and locked like the others. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "backend/book_find.h"
#include "backend/public.h"

enum { SHARED_MAX = 12, WORDS_MAX = 12 };

/* ---- the house ---- */

static bool word_in(const char *words, const char *word, size_t n, bool whole)
{
    for (const char *p = words; *p; p += strcspn(p, " -"), p += strspn(p, " -"))
        if (strncmp(p, word, n) == 0 && (!whole || !p[n] || p[n] == ' ' || p[n] == '-'))
            return true;
    return false;
}

static bool words_in(const char *name, const char *asked, bool whole)
{
    for (const char *p = asked + strspn(asked, " -"); *p;) {
        size_t n = strcspn(p, " -");
        if (!word_in(name, p, n, whole))
            return false;
        p += n;
        p += strspn(p, " -");
    }
    return true;
}

enum rc public_houses(struct work *w, struct institutions *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(work_sql(w, SQL_PUBLIC_HOUSES, NULL, &r, e));
    struct institution *items = ARENA_ARRAY(w->a, struct institution, db_rows(r) + 1);
    for (int i = 0; i < db_rows(r); i++) {
        items[i].id = arena_str(w->a, db_text(r, i, 0));
        for (int l = 0; l < LANG_COUNT; l++)
            items[i].name.t[l] = arena_str(w->a, db_text(r, i, 1 + l));
    }
    *out = (struct institutions){items, (size_t)db_rows(r)};
    return RC_OK;
}

/* 0: the very name, 1: whole words of it, 2: beginnings of words, 3: another. */
static int nearness(struct arena *a, const struct institution *x, const char *text, const char *asked)
{
    int best = strcmp(x->id, text) == 0 ? 0 : 3;

    for (int l = 0; l < LANG_COUNT; l++) {
        const char *name = text_fold(a, tr_get(&x->name, (enum lang)l));
        int here = strcmp(name, asked) == 0       ? 0
                   : words_in(name, asked, true)  ? 1
                   : words_in(name, asked, false) ? 2
                                                  : 3;
        best = here < best ? here : best;
    }
    return best;
}

static const struct institution *house_named(struct work *w, const struct institutions *all, const char *text)
{
    const struct institution *found[3] = {NULL};
    size_t n[3] = {0};
    const char *asked = text_fold(w->a, text);

    for (size_t i = 0; *asked && i < all->n; i++) {
        int near = nearness(w->a, &all->items[i], text, asked);
        if (near < 3 && n[near]++ == 0)
            found[near] = &all->items[i];
    }
    for (int i = 0; i < 3; i++)
        if (n[i] > 0)
            return n[i] == 1 ? found[i] : NULL;
    return NULL;
}

/* ---- who asks ---- */

/* Of an IPv6 address its network: whoever has one has all the others of it. */
static const char *client_key(struct work *w, const char *client)
{
    uint8_t six[16], four[4];
    char mark[33], text[33];

    if (inet_pton(AF_INET6, client, six) == 1) {
        hex_encode(text, six, 8);
        visit_mark(w->house, "pridvor public client", text, mark);
    } else {
        hex_encode(text, four, inet_pton(AF_INET, client, four) == 1 ? 4 : 0);
        visit_mark(w->house, "pridvor public client", *text ? text : client, mark);
    }
    return arena_fmt(w->a, "client:%s", mark);
}

/* ---- the number ---- */

static const char *books(struct work *w, const char *one)
{
    const char *out = "{";

    for (size_t i = 0; i < w->house->registers.n; i++) {
        const char *id = w->house->registers.items[i].id;
        if (!one || strcmp(one, id) == 0)
            out = arena_fmt(w->a, "%s%s%s", out, out[1] ? "," : "", id);
    }
    return arena_fmt(w->a, "%s}", out);
}

/* Every row is computed and compared, those that are not there, too. */
static const char *matching(struct work *w, const struct db_result *r, const char *pin)
{
    static const char nobody[RECEIPT_CODE_LEN + 1] = "0000000000";
    const char *out = NULL;

    for (int i = 0; i < SHARED_MAX; i++) {
        uint8_t typed[SHA256_LEN], kept[SHA256_LEN] = {0};
        size_t n = 0;
        bool here = i < db_rows(r);
        pin_verifier(typed, w->house->master, here ? db_text(r, i, 1) : nobody, pin);
        if (here && !hex_decode(kept, sizeof(kept), &n, db_text(r, i, 2)))
            n = 0;
        if (equal_ct(typed, kept, SHA256_LEN) && n == SHA256_LEN)
            out = db_text(r, i, 0);
        wipe(typed, sizeof(typed));
    }
    return out ? arena_str(w->a, out) : NULL;
}

static enum rc looked_up(struct work *w, const struct number_ask *ask, const char *house,
                         const struct book_query *q, const char **request_id, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    int year = q->year ? q->year : date_of_ms(w->now_ms()).y;
    struct db_param p[] = {DB_STR(house), DB_STR(books(w, q->reg)), DB_STR(arena_fmt(w->a, "%d", year)),
                           DB_STR(arena_fmt(w->a, "%lld", (long long)q->n))};

    TRY(work_sql(w, SQL_PUBLIC_NUMBER_FIND, p, &r, e));
    const char *found = matching(w, r, ask->pin);
    const int64_t wrong = found == NULL;
    const struct allowance a[] = {
        {.key = ask->terminal ? "numbers:terminals" : "numbers:pages",
         .amount = wrong,
         .most = 300,
         .window_s = 3600},
        {.key = ask->terminal ? arena_fmt(w->a, "terminal:%s", ask->terminal) : client_key(w, ask->client),
         .amount = wrong,
         .most = 20,
         .window_s = 86400,
         .pause_s = 3600},
        {.key = arena_fmt(w->a, "number:%s/%d/%lld", house, year, (long long)q->n),
         .amount = wrong,
         .most = 5,
         .window_s = 86400,
         .pause_s = 3600,
         .clear = !wrong},
    };
    TRY(public_use(w, a, COUNT(a), e));
    *request_id = found;
    return found ? RC_OK : err_code(e, RC_DENIED, "WRONG", -1, "number and PIN do not match");
}

enum rc number_check(struct work *w, const struct number_ask *ask, const char **request_id, struct err *e)
{
    struct institutions all;
    struct book_query q;
    struct err none = {0};

    TRY(public_houses(w, &all, e));
    const struct institution *house = house_named(w, &all, ask->institution);
    if (!house)
        return err_code(e, RC_BAD_FIELD, "HOUSE", 0, "no house of that name, or several");
    if (book_query(w, ask->number, &q, &none) != RC_OK || q.kind != FIND_NUMBER || q.n > INT32_MAX)
        return err_code(e, RC_BAD_FIELD, "NUMBER", 0, "not a number of a register");
    if (strlen(ask->pin) != PIN_LEN || strspn(ask->pin, "0123456789") != PIN_LEN)
        return err_code(e, RC_BAD_FIELD, "NUMBER", 0, "not a PIN");
    return looked_up(w, ask, house->id, &q, request_id, e);
}
