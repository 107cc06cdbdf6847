/* Statements of the public pages; part of sql.h. */
#ifndef PRIDVOR_SQL_PUBLIC_H
#define PRIDVOR_SQL_PUBLIC_H

#define SQL_PUBLIC_TABLE(X)                                                                                  \
    X(SQL_PUBLIC_VISIT_PUT, public_visit_put, 8)                                                             \
    X(SQL_PUBLIC_VISIT_GET, public_visit_get, 4)                                                             \
    X(SQL_PUBLIC_VISIT_END, public_visit_end, 1)                                                             \
    X(SQL_PUBLIC_VISIT_FILE, public_visit_file, 2)                                                           \
    X(SQL_PUBLIC_CASE_OF, public_case_of, 1)                                                                 \
    X(SQL_PUBLIC_REQUEST, public_request, 1)                                                                 \
    X(SQL_PUBLIC_INSTITUTION, public_institution, 1)                                                         \
    X(SQL_PUBLIC_EVENTS, public_events, 1)                                                                   \
    X(SQL_PUBLIC_NOTES, public_notes, 1)                                                                     \
    X(SQL_PUBLIC_TERMS, public_terms, 1)                                                                     \
    X(SQL_PUBLIC_WISH, public_wish, 2)                                                                       \
    X(SQL_PUBLIC_MESSAGES, public_messages, 4)                                                               \
    X(SQL_PUBLIC_DOCUMENTS, public_documents, 1)                                                             \
    X(SQL_PUBLIC_DOCUMENT, public_document, 2)                                                               \
    X(SQL_PUBLIC_USE_OPEN, public_use_open, 2)                                                               \
    X(SQL_PUBLIC_USE_LOCK, public_use_lock, 1)                                                               \
    X(SQL_PUBLIC_USE_SAVE, public_use_save, 5)                                                               \
    X(SQL_PUBLIC_NUMBER_FIND, public_number_find, 4)                                                         \
    X(SQL_PUBLIC_CHAIN, public_chain, 1)                                                                     \
    X(SQL_PUBLIC_BOARD, public_board, 1)                                                                     \
    X(SQL_PUBLIC_HOUSES, public_houses, 0)                                                                   \
    X(SQL_PUBLIC_NOT_BROUGHT, public_not_brought, 2)

#endif
