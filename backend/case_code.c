/* The code by which an applicant confirms: six digits, for two days and five guesses; then another is asked
 * for. The case keeps only a keyed hash of it. */
#include "backend/case_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUESSES = 5, CODES = 5, GOOD_HOURS = 48 }; /* hours: policy.optin, and what the message says */
#define MARK "confirm.mark"
#define UNTIL "confirm.until"
#define WRONG "confirm.wrong"
#define SENT "confirm.sent"

static const char *mark_of(struct work *w, const struct casefile *c, const char *code)
{
    const char *text = arena_fmt(w->a, "confirm %s %s", c->id, code);
    uint8_t mark[SHA256_LEN];
    char *hex = arena_alloc(w->a, 2 * SHA256_LEN + 1);

    hmac_sha256(mark, w->house->cnp_key, sizeof(w->house->cnp_key), text, strlen(text));
    hex_encode(hex, mark, sizeof(mark));
    return hex;
}

static int64_t count_of(const struct casefile *c, const char *path)
{
    const char *v = case_fact_of(c, path);
    return v ? strtoll(v, NULL, 10) : 0;
}

enum rc case_code_send(struct case_doing *d, struct err *e)
{
    static const struct tr often = {
        {"S-au trimis deja prea multe coduri. Depuneți o cerere nouă sau veniți la ghișeu.",
         "Már túl sok kódot küldtünk. Nyújtson be új kérelmet, vagy jöjjön az ügyfélszolgálatra.",
         "Too many codes were sent already. File a new request, or come to the counter."}};
    struct work *w = d->w;
    uint32_t n;

    if (count_of(d->c, SENT) >= CODES) {
        w->say = often;
        return err_set(e, RC_STATE, "case %s: no more codes", d->c->id);
    }
    do
        TRY(rnd_bytes(&n, sizeof(n), e));
    while (n >= UINT32_MAX - UINT32_MAX % 1000000);
    d->code = arena_fmt(w->a, "%06u", n % 1000000);
    case_settle(w, d->c, MARK, mark_of(w, d->c, d->code));
    case_settle(w, d->c, UNTIL, case_int(w->a, w->now_ms() + (int64_t)GOOD_HOURS * 3600000));
    case_settle(w, d->c, WRONG, NULL);
    case_settle(w, d->c, SENT, case_int(w->a, count_of(d->c, SENT) + 1));
    return RC_OK;
}

/* Counted in the transaction of the guess, with the case locked: however many guess at once, five is five. */
static enum rc wrong(struct case_doing *d, struct err *e)
{
    static const struct tr not_this = {{"Codul nu este acesta.", "A kód nem ez.", "That is not the code."}};
    static const struct tr over = {
        {"Codul nu este acesta și nu mai este valabil după cinci încercări. Cereți alt cod.",
         "A kód nem ez, és öt próbálkozás után már nem érvényes. Kérjen új kódot.",
         "That is not the code, and after five tries it is no longer good. Ask for another one."}};
    struct work *w = d->w;
    int64_t n = count_of(d->c, WRONG) + 1;

    case_settle(w, d->c, WRONG, case_int(w->a, n));
    if (n >= GUESSES)
        case_settle(w, d->c, MARK, NULL);
    struct db_param p[] = {DB_STR(d->c->id), DB_STR(case_facts_json(w, d->c))};
    TRY(work_sql(w, SQL_CASE_FACTS_SET, p, NULL, e));
    TRY(work_audit(w, d->who,
                   &(struct work_log){d->c->institution, d->c->id, "wrong code",
                                      arena_fmt(w->a, "%lld of %d", (long long)n, GUESSES)},
                   e));
    w->say = n >= GUESSES ? over : not_this;
    err_code(e, RC_BAD_FIELD, CASE_WRONG_CODE, GUESSES - n, "code: wrong, %lld of %d", (long long)n, GUESSES);
    if (e)
        snprintf(e->path, sizeof(e->path), "code");
    return RC_BAD_FIELD;
}

enum rc case_code_check(struct case_doing *d, const char *need, const char *code, struct err *e)
{
    static const struct tr none = {{"Codul nu mai este valabil. Cereți alt cod.",
                                    "A kód már nem érvényes. Kérjen új kódot.",
                                    "The code is no longer good. Ask for another one."}};
    const char *mark = case_fact_of(d->c, MARK), *mine = mark_of(d->w, d->c, code);

    if (!mark || d->w->now_ms() > count_of(d->c, UNTIL))
        return case_bad(d->w, need, &none, e);
    return strlen(mark) == strlen(mine) && equal_ct(mark, mine, strlen(mine)) ? RC_OK : wrong(d, e);
}

enum rc case_code_done(struct case_doing *d, struct err *e)
{
    (void)e;
    case_settle(d->w, d->c, MARK, NULL);
    case_settle(d->w, d->c, "case.confirmed", "true");
    return RC_OK;
}
