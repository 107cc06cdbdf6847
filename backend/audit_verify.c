/* Builds every hash again from the rows as they stand and says where the chain does not hold. */
#include <stdlib.h>
#include <string.h>

#include "backend/audit.h"
#include "backend/sql.h"
#include "common/base/buf.h"
#include "common/base/crypto.h"
#include "common/base/fs.h"
#include "common/base/text.h"

enum { GRACE_S = 60, LATE_S = 600, HEADS_MAX = 1 << 20 };

/* audit_rows.sql */
enum { C_BOOK, C_SEQ, C_HASH, C_SEAL, C_SEALED, C_ID, C_AT, C_REQUEST, C_INST, C_ACTOR, C_ACT, C_DETAIL };
enum { C_AGE = C_DETAIL + 1, C_BELOW, C_MAC };
enum { MAC_HEX = 2 * AUDIT_MAC };

/* A head that was kept elsewhere. */
struct kept {
    const char *book, *hash;
    int64_t seq;
    bool met;
};
struct check {
    FILE *out;
    struct audit_report *report;
    struct arena *arena;
    struct kept *kept;
    size_t n_kept;
    const struct db_result *heads;
    bool *head_met;
    int64_t vouched_to, vouched_at; /* rows up to this id, sealed by then, need none */
    int64_t vouched, bare, named;   /* rows without a MAC: vouched for (or -1), there, and found so far */
    const char *book;               /* the chain that is being read, NULL before the first */
    int64_t seq;
    uint8_t hash[SHA256_LEN];
};

static void found(struct check *c, const char *book, const char *text)
{
    c->report->bad++;
    fprintf(c->out, "%s: %s\n", *book ? book : "(no institution)", text);
}

static void link_hash(const struct db_result *r, int i, const uint8_t before[SHA256_LEN],
                      uint8_t out[SHA256_LEN])
{
    static const int order[] = {C_SEQ, C_SEALED, C_ID, C_AT, C_REQUEST, C_INST, C_ACTOR, C_ACT, C_DETAIL};
    BUF_SCOPE(b);

    buf_add(&b, before, SHA256_LEN);
    for (size_t k = 0; k < COUNT(order); k++)
        audit_part(&b, db_text(r, i, order[k]));
    sha256(out, b.p, b.len);
}

static void chain_begin(struct check *c, const char *book)
{
    const char *text = arena_fmt(c->arena, "pridvor audit %s", book);

    c->book = arena_str(c->arena, book);
    c->seq = 0;
    c->report->chains++;
    sha256(c->hash, text, strlen(text));
}

/* The chain ends where its head says, in the database and on paper. */
static void chain_end(struct check *c)
{
    char hex[2 * SHA256_LEN + 1];
    bool head = false;

    if (!c->book)
        return;
    hex_encode(hex, c->hash, sizeof(c->hash));
    for (int i = 0; i < db_rows(c->heads); i++) {
        if (strcmp(db_text(c->heads, i, 0), c->book) != 0)
            continue;
        int64_t seq = db_int(c->heads, i, 1);
        head = c->head_met[i] = true;
        if (seq > c->seq)
            found(c, c->book,
                  arena_fmt(c->arena, "entries %lld to %lld are missing at the end", (long long)c->seq + 1,
                            (long long)seq));
        else if (seq < c->seq)
            found(c, c->book, arena_fmt(c->arena, "entries after the head %lld: inserted", (long long)seq));
        else if (strcmp(db_text(c->heads, i, 2), hex) != 0)
            found(c, c->book, "the head is not the last entry's hash: one of them was changed");
    }
    if (!head && c->seq > 0)
        found(c, c->book, "the head is missing");
    for (size_t i = 0; i < c->n_kept; i++)
        if (!c->kept[i].met && strcmp(c->kept[i].book, c->book) == 0) {
            c->kept[i].met = true;
            found(c, c->book,
                  arena_fmt(c->arena, "the kept head %lld is beyond the end %lld: truncated",
                            (long long)c->kept[i].seq, (long long)c->seq));
        }
}

static bool mac_holds(const char *hex, const struct audit_line *l)
{
    uint8_t mac[AUDIT_MAC];
    size_t len = 0;
    return hex && hex_decode(mac, sizeof(mac), &len, hex) && len == sizeof(mac) && audit_mac_holds(mac, l);
}

/* Written by nobody who has the register's key. */
static bool foreign(struct check *c, const struct db_result *r, int i)
{
    const struct audit_line l = {db_text(r, i, C_INST), db_text(r, i, C_REQUEST), db_text(r, i, C_ACTOR),
                                 db_text(r, i, C_ACT), db_text(r, i, C_DETAIL)};

    if (!audit_has_key())
        return false;
    if (!db_is_null(r, i, C_MAC))
        return !mac_holds(db_text(r, i, C_MAC), &l);
    bool early = db_is_null(r, i, C_SEALED) || db_int(r, i, C_SEALED) <= c->vouched_at;
    bool bare = db_int(r, i, C_ID) > c->vouched_to || !early;
    c->named += bare;
    return bare;
}

static void unsealed(struct check *c, const struct db_result *r, int i)
{
    bool below = db_text(r, i, C_BELOW) && db_text(r, i, C_BELOW)[0] == 't';

    if (foreign(c, r, i)) {
        found(c, c->book,
              arena_fmt(c->arena, "row %s (%s) was not written by the register: inserted",
                        db_text(r, i, C_ID), db_text(r, i, C_ACT)));
        return;
    }
    if (!below && db_int(r, i, C_AGE) <= GRACE_S) {
        c->report->waiting++;
        return;
    }
    found(c, c->book,
          arena_fmt(c->arena, "row %s (%s) has no seal: inserted, or nothing seals", db_text(r, i, C_ID),
                    db_text(r, i, C_ACT)));
}

static void meets_kept(struct check *c, const char *hex)
{
    for (size_t i = 0; i < c->n_kept; i++) {
        struct kept *k = &c->kept[i];
        if (k->seq != c->seq || strcmp(k->book, c->book) != 0)
            continue;
        k->met = true;
        if (strcmp(k->hash, hex) != 0)
            found(c, c->book,
                  arena_fmt(c->arena, "entry %lld differs from the kept head", (long long)k->seq));
    }
}

static void entry(struct check *c, const struct db_result *r, int i)
{
    int64_t seq = db_int(r, i, C_SEQ);
    const char *stored = db_text(r, i, C_HASH), *id = db_text(r, i, C_SEAL);
    uint8_t hash[SHA256_LEN];
    size_t len = 0;

    if (seq <= c->seq)
        found(c, c->book, arena_fmt(c->arena, "entry %lld stands twice (row %s)", (long long)seq, id));
    else if (seq > c->seq + 1)
        found(c, c->book,
              arena_fmt(c->arena, "entries %lld to %lld are missing", (long long)c->seq + 1,
                        (long long)seq - 1));
    if (db_is_null(r, i, C_ID)) {
        found(c, c->book, arena_fmt(c->arena, "entry %lld: row %s is missing", (long long)seq, id));
    } else {
        link_hash(r, i, c->hash, hash);
        char hex[2 * SHA256_LEN + 1];
        hex_encode(hex, hash, sizeof(hash));
        /* After a gap the hash before is not known: the gap has been named. */
        if (seq == c->seq + 1 && strcmp(hex, stored) != 0)
            found(c, c->book,
                  arena_fmt(c->arena,
                            "entry %lld: row %s is not what was sealed here: changed, inserted or moved",
                            (long long)seq, id));
        else if (foreign(c, r, i))
            found(c, c->book,
                  arena_fmt(c->arena, "entry %lld: row %s was not written by the register: inserted",
                            (long long)seq, id));
        if (db_int(r, i, C_AGE) > LATE_S)
            c->report->late++;
    }
    /* Goes on from what is stored, so that one edit is one finding. */
    c->seq = seq;
    c->report->rows++;
    if (!hex_decode(c->hash, sizeof(c->hash), &len, stored) || len != SHA256_LEN)
        memset(c->hash, 0, sizeof(c->hash));
    meets_kept(c, stored);
}

static enum rc kept_load(struct check *c, const char *path, const char *institution, struct err *e)
{
    char *text, *save = NULL;
    size_t len, lines = 1;

    if (!path)
        return RC_OK;
    TRY(fs_read(c->arena, path, HEADS_MAX, &text, &len, e));
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    c->kept = ARENA_ARRAY(c->arena, struct kept, lines);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char book[128], hash[2 * SHA256_LEN + 1];
        long long seq;
        if (sscanf(line, "%127s %lld %64s", book, &seq, hash) != 3 || strlen(hash) != 2 * SHA256_LEN)
            return err_set(e, RC_BAD_FIELD, "%s: not a line of audit-head", path);
        const char *name = strcmp(book, "-") == 0 ? "" : book;
        if (!institution || strcmp(name, institution) == 0)
            c->kept[c->n_kept++] =
                (struct kept){arena_str(c->arena, name), arena_str(c->arena, hash), seq, false};
    }
    return RC_OK;
}

static enum rc walk(struct check *c, struct db_sync *s, const struct db_param *p, struct err *e)
{
    const char *declare =
        arena_fmt(c->arena, "DECLARE audit_walk NO SCROLL CURSOR FOR %s", sql_text(SQL_AUDIT_ROWS));

    TRY(db_sync_query(s, declare, p, 1, NULL, e));
    for (;;) {
        struct db_result *r SCOPED(db_result_freep) = NULL;
        TRY(db_sync_query(s, "FETCH 2000 FROM audit_walk", NULL, 0, &r, e));
        if (db_rows(r) == 0)
            break;
        for (int i = 0; i < db_rows(r); i++) {
            if (!c->book || strcmp(c->book, db_text(r, i, C_BOOK)) != 0) {
                chain_end(c);
                chain_begin(c, db_text(r, i, C_BOOK));
            }
            if (db_is_null(r, i, C_SEQ))
                unsealed(c, r, i);
            else
                entry(c, r, i);
        }
    }
    chain_end(c);
    return RC_OK;
}

/* Of several who vouch, the first with a true MAC counts; more are somebody's attempt to vouch for rows of
 * his. Nobody, while there are rows without one: registryd was not started yet, or who may write the database
 * took the MACs away. */
static enum rc vouches(struct check *c, struct db_sync *s, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    int good = 0;

    if (!audit_has_key())
        return RC_OK;
    TRY(db_sync_query(s, sql_text(SQL_AUDIT_VOUCHES), NULL, 0, &r, e));
    c->vouched_to = c->vouched_at = INT64_MAX;
    c->vouched = -1;
    c->bare = db_int(r, 0, 3);
    for (int i = 0; i < db_rows(r); i++) {
        const struct audit_line l = {.actor = "registryd", .act = AUDIT_VOUCHED, .detail = db_text(r, i, 0)};
        if (!mac_holds(db_text(r, i, 1), &l) || good++ > 0)
            continue;
        const char *rows = strchr(db_text(r, i, 0), ' ');
        c->vouched_to = db_int(r, i, 0);
        c->vouched = rows ? strtoll(rows, NULL, 10) : 0;
        c->vouched_at = db_is_null(r, i, 2) ? INT64_MAX : db_int(r, i, 2);
    }
    if (good > 1)
        found(c, "", "earlier rows are vouched for more than once");
    else if (good == 0 && c->bare > 0)
        found(c, "",
              "nobody vouches for the rows without a MAC: they were taken out, or registryd was not started "
              "since the update");
    return RC_OK;
}

/* Whatever else was done to ids and seals: there are as many as were vouched for. */
static void as_many(struct check *c)
{
    if (c->vouched >= 0 && c->bare - c->named != c->vouched)
        found(c, "",
              arena_fmt(c->arena, "%lld rows have no MAC and %lld were vouched for: put in, or taken out",
                        (long long)c->bare, (long long)c->vouched));
}

static enum rc copies(struct check *c, struct db_sync *s, const struct db_param *p, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(db_sync_query(s, sql_text(SQL_AUDIT_TWICE), p, 1, &r, e));
    for (int i = 0; i < db_rows(r); i++)
        found(
            c, db_text(r, i, 0),
            arena_fmt(c->arena, "row %s is a copy of row %s: inserted", db_text(r, i, 2), db_text(r, i, 1)));
    return RC_OK;
}

static const char begin_sql[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL timezone = 'UTC'";

enum rc audit_verify(struct db_sync *s, const char *institution, const char *heads, FILE *out,
                     struct audit_report *report, struct err *e)
{
    ARENA_SCOPE(arena);
    struct db_result *tops SCOPED(db_result_freep) = NULL;
    struct check c = {.out = out, .report = report, .arena = arena};
    struct db_param p[] = {DB_STR(institution)};

    memset(report, 0, sizeof(*report));
    TRY(kept_load(&c, heads, institution, e));
    TRY(db_sync_script(s, begin_sql, e));
    TRY(db_sync_query(s, sql_text(SQL_AUDIT_HEADS), p, 1, &tops, e));
    TRY(vouches(&c, s, e));
    TRY(copies(&c, s, p, e));
    c.heads = tops;
    c.head_met = ARENA_ARRAY(arena, bool, db_rows(tops) + 1);
    TRY(walk(&c, s, p, e));
    if (!institution) /* else the walk saw a part of them */
        as_many(&c);
    for (int i = 0; i < db_rows(tops); i++)
        if (!c.head_met[i])
            found(&c, db_text(tops, i, 0), "there is a head but no entry: all are missing");
    for (size_t i = 0; i < c.n_kept; i++)
        if (!c.kept[i].met)
            found(&c, c.kept[i].book, "there is a kept head but no entry: all are missing");
    return db_sync_script(s, "COMMIT", e);
}
