/* An act that makes something is done once, however often it is sent: its answer may be lost. The page gives
 * it a key; key and answer are kept in the act's own transaction. */
#include <string.h>

#include "backend/desk_priv.h"
#include "backend/sql.h"
#include "backend/store.h"
#include "common/base/crypto.h"
#include "common/base/text.h"

/* What was sent: who, where, and the words or the file. */
static enum rc mark(struct desk_call *c, struct db_param *out, struct err *e)
{
    const struct work_house *h = c->w->house;
    const char *said = (const char *)c->body.p, *where = c->route->path;
    char *hex = arena_alloc(c->w->a, 2 * SHA256_LEN + 3), file[STORE_HEX];
    uint8_t sum[SHA256_LEN];

    if (c->received) {
        TRY(store_sum(c->received, file, NULL, e));
        said = arena_fmt(c->w->a, "%s\n%s\n%s", file, c->kind ? c->kind : "", c->name ? c->name : "");
    }
    if (c->id)
        where = arena_fmt(c->w->a, "%s\n%s", where, c->id);
    const char *text = arena_fmt(c->w->a, "%s\n%s\n%s\n%s", c->key, c->who.account, where, said);
    hmac_sha256(sum, h->once_key, sizeof(h->once_key), text, strlen(text));
    hex[0] = '\\';
    hex[1] = 'x';
    hex_encode(hex + 2, sum, sizeof(sum));
    *out = (struct db_param){hex, 0, false};
    return RC_OK;
}

static enum rc before(struct desk_call *c, const void *in, struct db_param sent, struct err *e)
{
    static const struct tr book = {
        {"Aceasta s-a înregistrat deja, cu alt conținut. Căutați în registru ce s-a păstrat.",
         "Ez már iktatva van, más tartalommal. Keresse meg az iktatóban, mi maradt meg.",
         "This is registered already, with other content. Look in the register for what was kept."}};
    static const struct tr file = {
        {"Aceasta s-a trimis deja, cu alt conținut. Vedeți în dosar ce s-a păstrat.",
         "Ezt már elküldték, más tartalommal. Nézze meg az ügyiratban, mi maradt meg.",
         "This was sent already, with other content. Look into the case for what was kept."}};
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->who.institution), DB_STR(c->key), sent};

    TRY(work_sql(c->w, SQL_DESK_ONCE_KEPT, p, &r, e));
    if (db_rows(r) != 1 || !db_text(r, 0, 1))
        return err_set(e, RC_INTERNAL, "a key is taken and has no answer");
    if (db_text(r, 0, 0)[0] != 't') {
        c->w->say = c->route->again ? file : book;
        return err_at(e, RC_CONFLICT, "Idempotency-Key", "was used for other content");
    }
    if (!c->route->again) {
        buf_str(&c->out, db_text(r, 0, 1));
        return RC_OK;
    }
    c->made = arena_str(c->w->a, db_text(r, 0, 1));
    return c->route->again(c, in, e);
}

static enum rc act(struct desk_call *c, const void *in, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param sent;
    char at[25];

    TRY(mark(c, &sent, e));
    iso_utc(at, c->w->now_ms());
    struct db_param take[] = {DB_STR(c->who.institution), DB_STR(c->key), DB_STR(c->who.account), sent,
                              DB_STR(at)};
    TRY(work_sql(c->w, SQL_DESK_ONCE_TAKE, take, &r, e));
    if (db_rows(r) == 0)
        return before(c, in, sent, e);
    TRY(c->route->fn(c, in, e));
    const char *answer = c->route->again ? (c->made ? c->made : "") : c->out.p;
    struct db_param done[] = {DB_STR(c->who.institution), DB_STR(c->key), DB_STR(answer)};
    return work_sql(c->w, SQL_DESK_ONCE_DONE, done, NULL, e);
}

enum rc desk_once(struct desk_call *c, const void *in, struct err *e)
{
    bool lost = !c->route->in && !c->received; /* the file was not taken: the handler says so */

    if (!c->route->once || !c->key || lost)
        return c->route->fn(c, in, e);
    if (!uuid_valid(c->key))
        return err_at(e, RC_BAD_FIELD, "Idempotency-Key", "not a UUID");
    TRY(work_begin(c->w, e));
    return work_end(c->w, act(c, in, e), e);
}
