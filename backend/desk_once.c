/* An act that makes something is done once, however often it is sent: its answer may be lost. The page gives
 * it a key; key and answer are kept in the act's own transaction. */
#include <string.h>

#include "backend/desk_priv.h"
#include "backend/sql.h"
#include "common/base/crypto.h"
#include "common/base/text.h"

static struct db_param mark(const struct desk_call *c)
{
    const struct work_house *h = c->w->house;
    const char *text =
        arena_fmt(c->w->a, "%s\n%s\n%s\n%s", c->key, c->who.account, c->route->path, (const char *)c->body.p);
    char *hex = arena_alloc(c->w->a, 2 * SHA256_LEN + 3);
    uint8_t sum[SHA256_LEN];

    hmac_sha256(sum, h->cnp_key, sizeof(h->cnp_key), text, strlen(text));
    hex[0] = '\\';
    hex[1] = 'x';
    hex_encode(hex + 2, sum, sizeof(sum));
    return (struct db_param){hex, 0, false};
}

static enum rc before(struct desk_call *c, struct db_param sent, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->who.institution), DB_STR(c->key), sent};

    TRY(work_sql(c->w, SQL_DESK_ONCE_KEPT, p, &r, e));
    if (db_rows(r) != 1 || !db_text(r, 0, 1))
        return err_set(e, RC_INTERNAL, "a key is taken and has no answer");
    if (db_text(r, 0, 0)[0] == 't') {
        buf_str(&c->out, db_text(r, 0, 1));
        return RC_OK;
    }
    c->w->say =
        (struct tr){{"Aceasta s-a înregistrat deja, cu alt conținut. Căutați în registru ce s-a păstrat.",
                     "Ez már iktatva van, más tartalommal. Keresse meg az iktatóban, mi maradt meg.",
                     "This is registered already, with other content. Look in the register for what was "
                     "kept."}};
    return err_at(e, RC_CONFLICT, "Idempotency-Key", "was used for other content");
}

static enum rc act(struct desk_call *c, const void *in, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param sent = mark(c);
    char at[25];

    iso_utc(at, c->w->now_ms());
    struct db_param take[] = {DB_STR(c->who.institution), DB_STR(c->key), DB_STR(c->who.account), sent,
                              DB_STR(at)};
    TRY(work_sql(c->w, SQL_DESK_ONCE_TAKE, take, &r, e));
    if (db_rows(r) == 0)
        return before(c, sent, e);
    TRY(c->route->fn(c, in, e));
    struct db_param done[] = {DB_STR(c->who.institution), DB_STR(c->key), DB_STR(c->out.p)};
    return work_sql(c->w, SQL_DESK_ONCE_DONE, done, NULL, e);
}

enum rc desk_once(struct desk_call *c, const void *in, struct err *e)
{
    if (!c->route->once || !c->key)
        return c->route->fn(c, in, e);
    if (!uuid_valid(c->key))
        return err_at(e, RC_BAD_FIELD, "Idempotency-Key", "not a UUID");
    TRY(work_begin(c->w, e));
    return work_end(c->w, act(c, in, e), e);
}
