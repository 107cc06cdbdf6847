/* Every statement of the register: one file each in backend/sql, embedded at build time, prepared by a test.
 */
#ifndef PRIDVOR_SQL_H
#define PRIDVOR_SQL_H

#include "backend/db.h"
#include "backend/sql_book.h"
#include "backend/sql_case.h"
#include "backend/sql_desk.h"
#include "backend/sql_doc.h"
#include "backend/sql_public.h"

/*  what                file                   parameters */
#define SQL_TABLE(X)                                                                                         \
    X(SQL_INTAKE_BATCH, intake_batch, 23)                                                                    \
    X(SQL_INTAKE_NEW, intake_new, 28)                                                                        \
    X(SQL_INTAKE_ONE, intake_one, 23)                                                                        \
    X(SQL_INTAKE_FLUSH, intake_flush, 0)                                                                     \
    X(SQL_INTAKE_SERVER, intake_server, 0)                                                                   \
    X(SQL_TERMINALS, terminals, 0)                                                                           \
    X(SQL_INSTITUTIONS, institutions, 0)                                                                     \
    X(SQL_STATUS_CHECK, status_check, 3)                                                                     \
    X(SQL_BLOB_QUOTA, blob_quota, 1)                                                                         \
    X(SQL_BLOB_COMING, blob_coming, 2)                                                                       \
    X(SQL_BLOB_PUT, blob_put, 4)                                                                             \
    X(SQL_BLOB_BROUGHT, blob_brought, 4)                                                                     \
    X(SQL_BLOB_ACTIVE, blob_active, 2)                                                                       \
    X(SQL_BLOBS_MISSING, blobs_missing, 1)                                                                   \
    X(SQL_AUDIT_SEAL, audit_seal, 2)                                                                         \
    X(SQL_SETTING_KEEP, setting_keep, 2)                                                                     \
    X(SQL_SETTING_GET, setting_get, 1)                                                                       \
    X(SQL_INSTITUTION_PUT, institution_put, 7)                                                               \
    X(SQL_TERMINAL_PUT, terminal_put, 2)                                                                     \
    X(SQL_TERMINAL_LIST, terminal_list, 0)                                                                   \
    X(SQL_CERTIFICATE_PUT, certificate_put, 3)                                                               \
    X(SQL_TERMINAL_REVOKE, terminal_revoke, 1)                                                               \
    X(SQL_PROOFS, proofs, 2)                                                                                 \
    X(SQL_REQUEST_GET, request_get, 1)                                                                       \
    X(SQL_SEAL_DUE, seal_due, 0)                                                                             \
    X(SQL_SEAL_ROWS, seal_rows, 1)                                                                           \
    X(SQL_SEAL_ROW, seal_row, 3)                                                                             \
    X(SQL_SEAL_DONE, seal_done, 0)                                                                           \
    X(SQL_VERIFY_BOOKS, verify_books, 0)                                                                     \
    X(SQL_VERIFY_BYTES, verify_bytes, 1)                                                                     \
    X(SQL_VERIFY_AUDIT, verify_audit, 0)                                                                     \
    X(SQL_BLOB_LIST, blob_list, 0)                                                                           \
    X(SQL_AUDIT_ROWS, audit_rows, 1)                                                                         \
    X(SQL_AUDIT_HEADS, audit_heads, 1)                                                                       \
    X(SQL_AUDIT_VOUCHED, audit_vouched, 0)                                                                   \
    X(SQL_AUDIT_VOUCH, audit_vouch, 2)                                                                       \
    X(SQL_AUDIT_VOUCHES, audit_vouches, 0)                                                                   \
    X(SQL_AUDIT_TWICE, audit_twice, 1)                                                                       \
    X(SQL_AUDIT_ADD, audit_add, 5)                                                                           \
    X(SQL_ACCOUNT_ADD, account_add, 3)                                                                       \
    X(SQL_ACCOUNT_EMAIL, account_email, 3)                                                                   \
    X(SQL_ACCOUNT_DISABLE, account_disable, 2)                                                               \
    X(SQL_ACCOUNT_GET, account_get, 1)                                                                       \
    X(SQL_ROLE_GRANT, role_grant, 6)                                                                         \
    X(SQL_ROLE_REVOKE, role_revoke, 6)                                                                       \
    X(SQL_ROLES_OF, roles_of, 1)                                                                             \
    X(SQL_INSTITUTION_TREE, institution_tree, 0)                                                             \
    X(SQL_CASE_PLACE, case_place, 1)                                                                         \
    X(SQL_CASE_NUMBERED, case_numbered, 4)                                                                   \
    X(SQL_LOGIN_GATE, login_gate, 2)                                                                         \
    X(SQL_LOGIN_ACCOUNT, login_account, 4)                                                                   \
    X(SQL_LOGIN_WRONG, login_wrong, 4)                                                                       \
    X(SQL_ACCOUNT_HOLD, account_hold, 1)                                                                     \
    X(SQL_LOGIN_OPEN, login_open, 8)                                                                         \
    X(SQL_LOGIN_STEP, login_step, 2)                                                                         \
    X(SQL_LOGIN_CHECK, login_check, 4)                                                                       \
    X(SQL_LOGIN_SEEN, login_seen, 2)                                                                         \
    X(SQL_LOGIN_LOCK, login_lock, 2)                                                                         \
    X(SQL_LOGIN_LOCKED, login_locked, 2)                                                                     \
    X(SQL_LOGIN_UNLOCK, login_unlock, 3)                                                                     \
    X(SQL_PIN_PUT, pin_put, 3)                                                                               \
    X(SQL_PIN_HAS, pin_has, 1)                                                                               \
    X(SQL_LOGIN_END, login_end, 2)                                                                           \
    X(SQL_PASSWORD_SET, password_set, 5)                                                                     \
    X(SQL_RESET_PUT, reset_put, 4)                                                                           \
    X(SQL_RESET_WRONG, reset_wrong, 1)                                                                       \
    X(SQL_TOTP_PUT, totp_put, 2)                                                                             \
    X(SQL_SESSION, session, 0)                                                                               \
    X(SQL_SESSION_INTAKE, session_intake, 0)                                                                 \
    X(SQL_SESSION_FLUSH, session_flush, 0)                                                                   \
    X(SQL_MESSAGES, messages, 1)                                                                             \
    X(SQL_MESSAGE_RETRY, message_retry, 1)                                                                   \
    X(SQL_MESSAGES_OF_REQUEST, messages_of_request, 1)                                                       \
    X(SQL_OUTBOX_CLAIM, outbox_claim, 3)                                                                     \
    X(SQL_OUTBOX_MARK, outbox_mark, 7)                                                                       \
    X(SQL_OUTBOX_FAIL, outbox_fail, 4)                                                                       \
    X(SQL_OUTBOX_HOLD, outbox_hold, 1)                                                                       \
    X(SQL_OUTBOX_RECOVER, outbox_recover, 2)                                                                 \
    X(SQL_OUTBOX_REPORT, outbox_report, 2)                                                                   \
    X(SQL_OUTBOX_OPEN, outbox_open, 0)                                                                       \
    X(SQL_WORK_AUDIT, work_audit, 6)                                                                         \
    X(SQL_WORK_HOLIDAYS, work_holidays, 0)                                                                   \
    X(SQL_WORK_HOLIDAYS_HOLD, work_holidays_hold, 0)                                                         \
    SQL_CASE_TABLE(X)                                                                                        \
    SQL_DESK_TABLE(X)                                                                                        \
    SQL_BOOK_TABLE(X)                                                                                        \
    SQL_DOC_TABLE(X)                                                                                         \
    SQL_PUBLIC_TABLE(X)

enum sql_id {
#define X(id, file, n) id,
    SQL_TABLE(X)
#undef X
        SQL_COUNT
};
/* Which part of the table a connection prepares: the first two on intake, the running server's share on the
 * other, the outbox's on its own; what blocking work uses is prepared at its first use (work_sql). */
enum {
    SQL_INTAKE_COUNT = SQL_TERMINALS,
    SQL_SERVER_COUNT = SQL_SETTING_KEEP,
    SQL_OUTBOX_COUNT = SQL_OUTBOX_OPEN - SQL_OUTBOX_CLAIM + 1, /* a connection of their own */
};

extern const struct db_stmt sql_table[SQL_COUNT];
const char *sql_text(enum sql_id id);

#endif
