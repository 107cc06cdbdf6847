#include "backend/migrate.h"

#include <stdio.h>
#include <string.h>

#include "common/base/crypto.h"
#include "common/base/text.h"

#include "embed_migrations.h"

const struct migration migrations[] = {
    {1, "0001_register.sql", embed_0001_register_sql},
    {2, "0002_blob.sql", embed_0002_blob_sql},
    {3, "0003_outbox.sql", embed_0003_outbox_sql},
    {4, "0004_audit.sql", embed_0004_audit_sql},
    {5, "0005_people.sql", embed_0005_people_sql},
    {6, "0006_audit_quick.sql", embed_0006_audit_quick_sql},
    {7, "0007_work.sql", embed_0007_work_sql},
    {8, "0008_case.sql", embed_0008_case_sql},
    {9, "0009_desk.sql", embed_0009_desk_sql},
    {10, "0010_book.sql", embed_0010_book_sql},
    {11, "0011_doc.sql", embed_0011_doc_sql},
    {12, "0012_public.sql", embed_0012_public_sql},
    {13, "0013_case_same.sql", embed_0013_case_same_sql},
    {20, "0020_sealed.sql", embed_0020_sealed_sql},
    {21, "0021_audit_dense.sql", embed_0021_audit_dense_sql},
    {30, "0030_document.sql", embed_0030_document_sql},
    {31, "0031_search.sql", embed_0031_search_sql},
    {32, "0032_person.sql", embed_0032_person_sql},
    {40, "0040_case_more.sql", embed_0040_case_more_sql},
    {41, "0041_quick.sql", embed_0041_quick_sql},
    {42, "0042_pin.sql", embed_0042_pin_sql},
    {43, "0043_public.sql", embed_0043_public_sql},
    {44, "0044_document.sql", embed_0044_document_sql},
    {46, "0046_case_days.sql", embed_0046_case_days_sql},
    {47, "0047_waits.sql", embed_0047_waits_sql},
    {49, "0049_active.sql", embed_0049_active_sql},
    {52, "0052_notice_term.sql", embed_0052_notice_term_sql},
    {55, "0055_unheld.sql", embed_0055_unheld_sql},
    {56, "0056_disposal_number.sql", embed_0056_disposal_number_sql},
    {58, "0058_term_runs.sql", embed_0058_term_runs_sql},
    {59, "0059_desk_once.sql", embed_0059_desk_once_sql},
    {61, "0061_audit_mac.sql", embed_0061_audit_mac_sql},
    {66, "0066_book_erase.sql", embed_0066_book_erase_sql},
    {67, "0067_desk_once_at.sql", embed_0067_desk_once_at_sql},
    {68, "0068_mark_before.sql", embed_0068_mark_before_sql},
};
const size_t n_migrations = COUNT(migrations);

/* Any constant: the lock that programs of this product take while they look and migrate. */
static const char lock_sql[] =
    "SELECT pg_advisory_lock(7210041), set_config('client_min_messages', 'warning', false)";
static const char table_sql[] =
    "CREATE TABLE IF NOT EXISTS schema_migration (version integer PRIMARY KEY, name text NOT NULL,"
    " sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())";
static const char known_sql[] = "SELECT version, name, sha256 FROM schema_migration ORDER BY version";
static const char note_sql[] =
    "INSERT INTO schema_migration (version, name, sha256) VALUES ($1::int, $2, $3)";

static void checksum(char hex[2 * SHA256_LEN + 1], const struct migration *m)
{
    uint8_t hash[SHA256_LEN];
    sha256(hash, m->sql, strlen(m->sql));
    hex_encode(hex, hash, sizeof(hash));
}

/* How many of ours the database has; all must be the same files. */
static enum rc compare(const struct db_result *r, size_t *done, struct err *e)
{
    char hex[2 * SHA256_LEN + 1];
    size_t n = (size_t)db_rows(r);

    if (n > n_migrations)
        return err_set(e, RC_STATE, "the database is at version %s, newer than this program",
                       db_text(r, (int)n - 1, 0));
    for (size_t i = 0; i < n; i++) {
        checksum(hex, &migrations[i]);
        if (db_int(r, (int)i, 0) != migrations[i].version || strcmp(db_text(r, (int)i, 2), hex) != 0)
            return err_set(e, RC_STATE, "migration %s differs from the one that was applied",
                           db_text(r, (int)i, 1));
    }
    *done = n;
    return RC_OK;
}

static enum rc apply(struct db_sync *s, const struct migration *m, struct err *e)
{
    char hex[2 * SHA256_LEN + 1], version[16];

    checksum(hex, m);
    snprintf(version, sizeof(version), "%d", m->version);
    struct db_param p[] = {DB_STR(version), DB_STR(m->name), DB_STR(hex)};
    TRY(db_sync_script(s, "BEGIN", e));
    enum rc rc = db_sync_script(s, m->sql, e);
    if (rc != RC_OK)
        return err_wrap(e, rc, "migration %s", m->name);
    TRY(db_sync_query(s, note_sql, p, COUNT(p), NULL, e));
    return db_sync_script(s, "COMMIT", e);
}

enum rc migrate(const char *conninfo, int *applied, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct db_result *known SCOPED(db_result_freep) = NULL;
    size_t done = 0;

    TRY(db_sync_open(conninfo, &s, e));
    TRY(db_sync_query(s, lock_sql, NULL, 0, NULL, e));
    TRY(db_sync_script(s, table_sql, e));
    TRY(db_sync_query(s, known_sql, NULL, 0, &known, e));
    TRY(compare(known, &done, e));
    for (size_t i = done; i < n_migrations; i++)
        TRY(apply(s, &migrations[i], e));
    if (applied)
        *applied = (int)(n_migrations - done);
    return RC_OK;
}
