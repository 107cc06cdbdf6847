/* Statements of backend/doc*.c; part of sql.h. */
#ifndef PRIDVOR_SQL_DOC_H
#define PRIDVOR_SQL_DOC_H

#define SQL_DOC_TABLE(X)                                                                                     \
    X(SQL_DOC_GET, doc_get, 1)                                                                               \
    X(SQL_DOC_CONNEXED, doc_connexed, 1)                                                                     \
    X(SQL_DOC_LIST, doc_list, 1)                                                                             \
    X(SQL_DOC_PENDING, doc_pending, 1)                                                                       \
    X(SQL_DOC_SIGNED, doc_signed, 1)                                                                         \
    X(SQL_DOC_CERTIFIED, doc_certified, 1)                                                                   \
    X(SQL_DOC_PUT, doc_put, 21)                                                                              \
    X(SQL_DOC_VOID, doc_void, 3)                                                                             \
    X(SQL_DOC_SIGN, doc_sign, 5)                                                                             \
    X(SQL_DOC_LETTERHEAD, doc_letterhead, 1)                                                                 \
    X(SQL_DOC_LETTERHEAD_PUT, doc_letterhead_put, 4)                                                         \
    X(SQL_DOC_SIGNER, doc_signer, 1)                                                                         \
    X(SQL_DOC_OFFICE, doc_office, 4)                                                                         \
    X(SQL_BLOB_LEAVE, blob_leave, 1)                                                                         \
    X(SQL_BLOB_LEAVING, blob_leaving, 0)                                                                     \
    X(SQL_BLOB_GONE, blob_gone, 1)                                                                           \
    X(SQL_BLOB_LITTER, blob_litter, 2)                                                                       \
    X(SQL_DOC_EVENT, doc_event, 5)                                                                           \
    X(SQL_DOC_CHOOSE, doc_choose, 2)                                                                         \
    X(SQL_DOC_GIVEN, doc_given, 1)                                                                           \
    X(SQL_DOC_DECIDERS, doc_deciders, 2)                                                                     \
    X(SQL_DOC_ATTACH, doc_attach, 6)                                                                         \
    X(SQL_DOC_PEEK, doc_peek, 3)                                                                             \
    X(SQL_DOC_CODE, doc_code, 1)                                                                             \
    X(SQL_DOC_INK, doc_ink, 1)                                                                               \
    X(SQL_DRAFT_GET, draft_get, 1)                                                                           \
    X(SQL_DRAFT_PUT, draft_put, 7)                                                                           \
    X(SQL_DRAFT_PLAIN, draft_plain, 0)                                                                       \
    X(SQL_DRAFT_SEAL, draft_seal, 2)                                                                         \
    X(SQL_DISPOSE_LOCK, dispose_lock, 1)                                                                     \
    X(SQL_DISPOSE_NUMBER, dispose_number, 1)                                                                 \
    X(SQL_DISPOSE_DUE, dispose_due, 4)                                                                       \
    X(SQL_DISPOSE_PUT, dispose_put, 8)                                                                       \
    X(SQL_DISPOSE_GET, dispose_get, 1)                                                                       \
    X(SQL_DISPOSE_CASES, dispose_cases, 3)                                                                   \
    X(SQL_DISPOSE_DONE, dispose_done, 4)                                                                     \
    X(SQL_DISPOSE_LIST, dispose_list, 1)

#endif
