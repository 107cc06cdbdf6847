/* What the register holds: whether it is sound, how identities were proven, and one request as it was signed.
 */
#include <stdio.h>
#include <string.h>

#include "backend/ctl.h"
#include "backend/people.h"
#include "backend/sealed.h"
#include "common/base/fs.h"
#include "common/base/text.h"
#include "common/model/submission.h"

#define ID_FIRST "00000000-0000-0000-0000-000000000000"
#define ID_LAST "ffffffff-ffff-ffff-ffff-ffffffffffff"
enum { SHOWN_MAX = 100 };

static enum rc database(const struct args *a, struct db_sync **s, struct seal_key *key, struct err *e)
{
    uint8_t master[32];

    TRY(ctl_database(a, s, e));
    TRY(ctl_key(a, *s, master, e));
    enum rc rc = sealed_key(master, key, e);
    wipe(master, sizeof(master));
    return rc;
}

/* ---- proofs ---- */

static void show_proof(const struct db_result *r, int row, const struct identity_proof *p)
{
    const struct {
        const char *label, *value;
    } lines[] = {
        {"request", db_text(r, row, 0)},
        {"number", db_text(r, row, 1)},
        {"institution", db_text(r, row, 2)},
        {"service", db_text(r, row, 3)},
        {"terminal", db_text(r, row, 4)},
        {"identity", p->source},
        {"access", p->access},
        {"passive authentication", p->passive},
        {"reason", p->passive_reason},
        {"csca list", p->csca},
        {"chip", p->chip},
    };
    for (size_t i = 0; i < COUNT(lines); i++)
        if (lines[i].value && *lines[i].value)
            printf("%-24s%s\n", lines[i].label, lines[i].value);
    printf("\n");
}

/* A card was read and does not prove who it is. */
static bool doubtful(const struct identity_proof *p)
{
    return (p->passive && strcmp(p->passive, "valid") != 0) || (p->chip && strcmp(p->chip, "failed") == 0);
}

static enum rc proof_row(const struct seal_key *key, const struct db_result *r, int row, bool all, int *shown,
                         struct err *e)
{
    struct sealed_at at = {db_text(r, row, 0), "request"};
    struct request req = {0};
    struct bytes text;
    ARENA_SCOPE(arena);

    TRY(sealed_request_open(arena, key, &at, db_text(r, row, 5), &text, e));
    enum rc rc = json_decode(arena, &request_desc, text.p, text.len, &req, e);
    if (rc != RC_OK)
        return err_wrap(e, rc, "request %s", at.id);
    if (!all && !doubtful(&req.identity))
        return RC_OK;
    show_proof(r, row, &req.identity);
    ++*shown;
    return RC_OK;
}

/* How identities were proven; a clerk's question, answered without names. */
static enum rc cmd_proofs(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct seal_key key SCOPED(sealed_key_wipe) = {0};
    char before[UUID_LEN] = ID_LAST;
    const char *which = a->what ? a->what : "";
    struct db_param p[] = {DB_STR(which), DB_STR(before)};
    int shown = 0, n;

    TRY(database(a, &s, &key, e));
    do {
        struct db_result *r SCOPED(db_result_freep) = NULL;
        TRY(ctl_query(s, SQL_PROOFS, p, &r, e));
        n = db_rows(r);
        if (a->what && n == 0)
            return err_set(e, RC_NOT_FOUND, "there is no request %s", a->what);
        for (int i = 0; i < n && shown < SHOWN_MAX; i++)
            TRY(proof_row(&key, r, i, a->what != NULL, &shown, e));
        if (n)
            snprintf(before, sizeof(before), "%s", db_text(r, n - 1, 0));
    } while (!a->what && n > 0 && shown < SHOWN_MAX);
    return RC_OK;
}

/* ---- verify ---- */

/* Every row's file is there and whole; a file without a row is only on its way. */
static enum rc verify_blobs(struct db_sync *s, const char *folder, int *bad, struct err *e)
{
    struct db_result *list SCOPED(db_result_freep) = NULL;

    TRY(ctl_query(s, SQL_BLOB_LIST, NULL, &list, e));
    for (int i = 0; i < db_rows(list); i++) {
        char *bytes, hex[2 * SHA256_LEN + 1];
        const char *name = db_text(list, i, 0);
        uint8_t sum[SHA256_LEN];
        size_t len, max = (size_t)db_int(list, i, 1);
        struct err why = {0};
        ARENA_SCOPE(arena);

        if (fs_read(arena, arena_fmt(arena, "%s/%.2s/%s", folder, name, name), max, &bytes, &len, &why) ==
            RC_OK) {
            sha256(sum, bytes, len);
            hex_encode(hex, sum, sizeof(sum));
            if (strcmp(hex, name) == 0)
                continue;
            err_set(&why, RC_STATE, "has changed");
        }
        ++*bad;
        printf("file %s: %s\n", name, why.text);
    }
    printf("files %d, missing or changed %d\n", db_rows(list), *bad);
    return RC_OK;
}

/* Both seals open, and the text is the one whose hash was signed. */
static enum rc check_text(const struct seal_key *key, const struct db_result *r, int row, struct err *e)
{
    const char *id = db_text(r, row, 0);
    char hex[2 * SHA256_LEN + 1];
    uint8_t sum[SHA256_LEN];
    struct bytes text;
    ARENA_SCOPE(arena);

    TRY(sealed_request_open(arena, key, &(struct sealed_at){id, "request"}, db_text(r, row, 2), &text, e));
    sha256(sum, text.p, text.len);
    hex_encode(hex, sum, sizeof(sum));
    if (strcmp(hex, db_text(r, row, 1)) != 0)
        return err_set(e, RC_STATE, "stored text is not what was signed");
    return sealed_request_open(arena, key, &(struct sealed_at){id, "signature"}, db_text(r, row, 3), &text,
                               e);
}

static enum rc verify_texts(struct db_sync *s, const struct seal_key *key, int *bad, struct err *e)
{
    char last[UUID_LEN] = ID_FIRST;
    struct db_param p[] = {DB_STR(last)};
    int n;

    do {
        struct db_result *r SCOPED(db_result_freep) = NULL;
        TRY(ctl_query(s, SQL_VERIFY_BYTES, p, &r, e));
        n = db_rows(r);
        for (int i = 0; i < n; i++) {
            struct err why = {0};
            if (check_text(key, r, i, &why) != RC_OK && ++*bad <= SHOWN_MAX)
                printf("request %s: %s\n", db_text(r, i, 0), why.text);
        }
        if (n)
            snprintf(last, sizeof(last), "%s", db_text(r, n - 1, 0));
    } while (n > 0);
    return RC_OK;
}

static enum rc verify_books(struct db_sync *s, int *books, int *bad, int64_t *entries, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(ctl_query(s, SQL_VERIFY_BOOKS, NULL, &r, e));
    *books = db_rows(r);
    for (int i = 0; i < *books; i++) {
        *entries += db_int(r, i, 4);
        if (db_text(r, i, 5)[0] == 't')
            continue;
        ++*bad;
        printf("book %s/%s/%s: counter %s, entries %s: gap or double\n", db_text(r, i, 0), db_text(r, i, 1),
               db_text(r, i, 2), db_text(r, i, 3), db_text(r, i, 4));
    }
    return RC_OK;
}

static enum rc cmd_verify(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct db_result *audit SCOPED(db_result_freep) = NULL;
    struct seal_key key SCOPED(sealed_key_wipe) = {0};
    const char *blobs = ctl_option(a, "blobs", NULL);
    int64_t entries = 0;
    int books = 0, bad = 0, texts = 0, files = 0;

    TRY(database(a, &s, &key, e));
    TRY(db_sync_script(s, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", e));
    TRY(verify_books(s, &books, &bad, &entries, e));
    TRY(verify_texts(s, &key, &texts, e));
    TRY(ctl_query(s, SQL_VERIFY_AUDIT, NULL, &audit, e));
    for (int i = 0; i < db_rows(audit); i++)
        printf("request %s: audit and register disagree\n", db_text(audit, i, 0));
    if (blobs)
        TRY(verify_blobs(s, blobs, &files, e));
    printf("books %d, entries %lld, gaps or doubles %d, changed texts %d, audit differences %d\n", books,
           (long long)entries, bad, texts, db_rows(audit));
    return bad || files || texts || db_rows(audit) ? err_set(e, RC_STATE, "the register is not sound")
                                                   : RC_OK;
}

/* ---- one request ---- */

/* The bytes as they were signed, for a court or for the person; who looked is written down first. */
static enum rc cmd_request(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct seal_key key SCOPED(sealed_key_wipe) = {0};
    struct sealed_at at = {NULL, ctl_option(a, "part", "request")};
    struct db_param p[] = {DB_STR(a->what)};
    struct bytes text;
    bool signature = strcmp(at.column, "signature") == 0;

    if (!a->what || (!signature && strcmp(at.column, "request") != 0))
        return err_set(e, RC_BAD_REQUEST, "request ID|RECEIPT [--part request|signature]");
    TRY(database(a, &s, &key, e));
    TRY(ctl_query(s, SQL_REQUEST_GET, p, &r, e));
    if (db_rows(r) == 0)
        return err_set(e, RC_NOT_FOUND, "there is no request %s", a->what);
    at.id = db_text(r, 0, 0);
    TRY(sealed_request_open(a->arena, &key, &at, db_text(r, 0, signature ? 3 : 2), &text, e));
    TRY(people_audit(s, db_text(r, 0, 1), ctl_option(a, "by", "registryctl"), "request read",
                     arena_fmt(a->arena, "%s of %s", at.column, at.id), e));
    return fwrite(text.p, 1, text.len, stdout) == text.len && fflush(stdout) == 0
               ? RC_OK
               : err_set(e, RC_IO, "the bytes could not be written");
}

/* ---- registered, and no case yet ---- */

static enum rc cmd_unopened(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(arena_fmt(a->arena, "%d", SHOWN_MAX))};

    TRY(ctl_database(a, &s, e));
    TRY(ctl_query(s, SQL_CASE_UNOPENED_LIST, p, &r, e));
    for (int i = 0; i < db_rows(r); i++)
        printf("%s %s/%s/%s/%s %s\n    since %.19s, tried %s times, again at %.19s: %s\n", db_text(r, i, 0),
               db_text(r, i, 1), db_text(r, i, 2), db_text(r, i, 4), db_text(r, i, 3), db_text(r, i, 5),
               db_text(r, i, 6), db_text(r, i, 7), db_text(r, i, 8), db_text(r, i, 9));
    printf("requests without a case: %d%s\n", db_rows(r), db_rows(r) == SHOWN_MAX ? " or more" : "");
    return RC_OK;
}

const struct command request_commands[] = {
    {"requests", NULL, "", "registered requests of which no case could be made, and why", cmd_unopened, 0},
    {"proofs", NULL, "[REQUEST|RECEIPT]", "how its identity was proven; without one: all that no card proves",
     cmd_proofs, 0},
    {"request", NULL, "REQUEST|RECEIPT [--part request|signature] [--by NAME]",
     "the bytes as they were signed; that they were read goes into the audit", cmd_request, 0},
    {"verify", NULL, "[--blobs DIR]", "gaps, doubles, changed bytes, files", cmd_verify, 0},
};
const size_t n_request_commands = COUNT(request_commands);
