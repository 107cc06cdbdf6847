/* Who is at the page: code and PIN, or a message's link, then a cookie for some minutes. */
#include <stdio.h>
#include <string.h>

#include "backend/public.h"

static void mac_of(const struct work_house *h, const char *what, const void *p, size_t n,
                   uint8_t out[SHA256_LEN])
{
    uint8_t key[SHA256_LEN];

    hmac_sha256(key, h->master, sizeof(h->master), what, strlen(what));
    hmac_sha256(out, key, sizeof(key), p, n);
    wipe(key, sizeof(key));
}

static const char token_key[] = "pridvor public visit", stamp_key[] = "pridvor public form";

enum rc visit_token_new(const struct work_house *h, int64_t until_ms, char hex[2 * VISIT_TOKEN + 1],
                        struct err *e)
{
    uint8_t raw[VISIT_TOKEN], mac[SHA256_LEN];

    TRY(rnd_bytes(raw, VISIT_RANDOM, e));
    for (int i = 0; i < 8; i++)
        raw[VISIT_RANDOM + i] = (uint8_t)((uint64_t)until_ms >> (56 - 8 * i));
    mac_of(h, token_key, raw, VISIT_RANDOM + 8, mac);
    memcpy(raw + VISIT_RANDOM + 8, mac, VISIT_TOKEN - VISIT_RANDOM - 8);
    hex_encode(hex, raw, sizeof(raw));
    return RC_OK;
}

bool visit_token_good(const struct work_house *h, const char *hex, int64_t now_ms)
{
    uint8_t raw[VISIT_TOKEN], mac[SHA256_LEN];
    uint64_t until = 0;
    size_t n;

    if (!hex || strlen(hex) != 2 * VISIT_TOKEN || !hex_decode(raw, sizeof(raw), &n, hex) || n != VISIT_TOKEN)
        return false;
    mac_of(h, token_key, raw, VISIT_RANDOM + 8, mac);
    for (int i = 0; i < 8; i++)
        until = until << 8 | raw[VISIT_RANDOM + i];
    return equal_ct(mac, raw + VISIT_RANDOM + 8, VISIT_TOKEN - VISIT_RANDOM - 8) && (int64_t)until > now_ms;
}

void visit_mark(const struct work_house *h, const char *purpose, const char *text, char mark[33])
{
    uint8_t mac[SHA256_LEN];
    mac_of(h, purpose, text, strlen(text), mac);
    hex_encode(mark, mac, 16);
}

void visit_stamp(const struct work_house *h, const char *hex, char stamp[33])
{
    visit_mark(h, stamp_key, hex, stamp);
}

static void hash_of(const char *hex, uint8_t out[SHA256_LEN])
{
    sha256(out, hex, strlen(hex));
}

static const char *now_text(struct work *w)
{
    char now[25];
    iso_utc(now, w->now_ms());
    return arena_str(w->a, now);
}

enum rc visit_begin(struct work *w, const struct visit_begin *b, char hex[2 * VISIT_TOKEN + 1], struct err *e)
{
    uint8_t hash[SHA256_LEN];
    int minutes = b->link ? VISIT_REPAIR_MINUTES : VISIT_MINUTES;

    TRY(visit_token_new(w->house, w->now_ms() + 3600000, hex, e));
    hash_of(hex, hash);
    struct db_param p[] = {
        {hash, sizeof(hash), true},
        DB_STR(b->link     ? "link"
               : b->number ? "number"
                           : "pin"),
        DB_STR(b->request_id),
        DB_STR(b->case_id),
        DB_STR(b->return_id ? arena_fmt(w->a, "%lld", (long long)b->return_id) : NULL),
        DB_STR(lang_codes[b->lang]),
        DB_STR(now_text(w)),
        DB_STR(arena_fmt(w->a, "%d", minutes)),
    };
    return work_sql(w, SQL_PUBLIC_VISIT_PUT, p, NULL, e);
}

enum rc visit_get(struct work *w, const char *hex, const char *lang, int minutes, struct visit *out,
                  struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    uint8_t hash[SHA256_LEN];

    if (!visit_token_good(w->house, hex, w->now_ms()))
        return err_set(e, RC_UNAUTHENTICATED, "no visit");
    hash_of(hex, hash);
    struct db_param p[] = {{hash, sizeof(hash), true},
                           DB_STR(now_text(w)),
                           DB_STR(lang),
                           DB_STR(arena_fmt(w->a, "%d", minutes))};
    TRY(work_sql(w, SQL_PUBLIC_VISIT_GET, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_UNAUTHENTICATED, "the visit is over");
    *out = (struct visit){.link = strcmp(db_text(r, 0, 0), "link") == 0,
                          .number = strcmp(db_text(r, 0, 0), "number") == 0,
                          .return_id = db_int(r, 0, 3)};
    const char *request = db_text(r, 0, 1), *case_id = db_text(r, 0, 2);
    out->request_id = request ? arena_str(w->a, request) : NULL;
    out->case_id = case_id ? arena_str(w->a, case_id) : NULL;
    out->files = arena_str(w->a, db_text(r, 0, 5));
    if (!lang_parse(db_text(r, 0, 4), &out->lang))
        out->lang = LANG_RO;
    return RC_OK;
}

enum rc visit_end(struct work *w, const char *hex, struct err *e)
{
    uint8_t hash[SHA256_LEN];
    hash_of(hex, hash);
    struct db_param p[] = {{hash, sizeof(hash), true}};
    return work_sql(w, SQL_PUBLIC_VISIT_END, p, NULL, e);
}

enum rc visit_file(struct work *w, const char *hex, const char *sha, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    uint8_t hash[SHA256_LEN];

    hash_of(hex, hash);
    struct db_param p[] = {{hash, sizeof(hash), true}, DB_STR(sha)};
    TRY(work_sql(w, SQL_PUBLIC_VISIT_FILE, p, &r, e));
    return db_rows(r) == 1 ? RC_OK : err_set(e, RC_LIMIT, "this visit has sent enough files");
}

enum rc visit_check(struct work *w, const char *code, const char *pin, const char **request_id, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    uint8_t verifier[SHA256_LEN];
    int64_t left;

    pin_verifier(verifier, w->house->master, code, pin);
    struct db_param p[] = {DB_STR(code), {verifier, sizeof(verifier), true}, DB_STR(now_text(w))};
    TRY(work_sql(w, SQL_STATUS_CHECK, p, &r, e));
    const char *word = db_rows(r) ? db_text(r, 0, 0) : "";
    if (strcmp(word, "ok") == 0) {
        *request_id = arena_str(w->a, db_text(r, 0, 11));
        return RC_OK;
    }
    if (strcmp(word, "locked") == 0)
        return err_code(e, RC_LIMIT, "LOCKED", db_int(r, 0, 2), "too many wrong tries");
    left = word[0] ? db_int(r, 0, 1) : -1;
    return err_code(e, RC_DENIED, "WRONG", left, "code and PIN do not match");
}
