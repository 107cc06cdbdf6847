/* Statements of backend/book*.c and person*.c; part of sql.h. */
#ifndef PRIDVOR_SQL_BOOK_H
#define PRIDVOR_SQL_BOOK_H

#define SQL_BOOK_TABLE(X)                                                                                    \
    X(SQL_BOOK_NUMBER, book_number, 4)                                                                       \
    X(SQL_BOOK_ENTER, book_enter, 17)                                                                        \
    X(SQL_BOOK_LINE, book_line, 4)                                                                           \
    X(SQL_BOOK_INSTITUTION, book_institution, 1)                                                             \
    X(SQL_BOOK_LOCK, book_lock, 0)                                                                           \
    X(SQL_BOOK_UNSEALED, book_unsealed, 1)                                                                   \
    X(SQL_BOOK_SEAL, book_seal, 5)                                                                           \
    X(SQL_BOOK_MISSING, book_missing, 4)                                                                     \
    X(SQL_BOOK_YEARS_OPEN, book_years_open, 0)                                                               \
    X(SQL_BOOK_YEARS, book_years, 3)                                                                         \
    X(SQL_BOOK_YEAR_LEFT, book_year_left, 3)                                                                 \
    X(SQL_BOOK_YEAR_SUMS, book_year_sums, 3)                                                                 \
    X(SQL_BOOK_YEAR_LOCK, book_year_lock, 3)                                                                 \
    X(SQL_BOOK_YEAR_CLOSE, book_year_close, 5)                                                               \
    X(SQL_BOOK_YEAR_OPEN, book_year_open, 5)                                                                 \
    X(SQL_BOOK_YEAR_DOCUMENT, book_year_document, 5)                                                         \
    X(SQL_BOOK_VERIFY_LINES, book_verify_lines, 1)                                                           \
    X(SQL_BOOK_VERIFY_PAGES, book_verify_pages, 2)                                                           \
    X(SQL_BOOK_VERIFY_YEARS, book_verify_years, 1)                                                           \
    X(SQL_BOOK_VERIFY_STRAYS, book_verify_strays, 1)                                                         \
    X(SQL_BOOK_VERIFY_ERASED, book_verify_erased, 1)                                                         \
    X(SQL_BOOK_PAGE, book_page, 7)                                                                           \
    X(SQL_BOOK_DAY, book_day, 4)                                                                             \
    X(SQL_BOOK_DAY_OPEN, book_day_open, 5)                                                                   \
    X(SQL_BOOK_FIND_WORDS, book_find_words, 6)                                                               \
    X(SQL_BOOK_FIND_RECENT, book_find_recent, 7)                                                             \
    X(SQL_BOOK_FIND_WINDOW, book_find_window, 7)                                                             \
    X(SQL_BOOK_FIND_CNP, book_find_cnp, 6)                                                                   \
    X(SQL_BOOK_FIND_NUMBER, book_find_number, 8)                                                             \
    X(SQL_BOOK_FIND_RECEIPT, book_find_receipt, 6)                                                           \
    X(SQL_PERSON_CASES, person_cases, 4)                                                                     \
    X(SQL_PERSON_NUMBER, person_number, 4)                                                                   \
    X(SQL_PERSON_LOCK, person_lock, 2)                                                                       \
    X(SQL_PERSON_REQUEST, person_request, 1)                                                                 \
    X(SQL_PERSON_REST, person_rest, 1)                                                                       \
    X(SQL_PERSON_DOCUMENTS, person_documents, 1)                                                             \
    X(SQL_PERSON_LINES_KEPT, person_lines_kept, 2)                                                           \
    X(SQL_PERSON_ENTRY, person_entry, 4)                                                                     \
    X(SQL_PERSON_LINES_ON, person_lines_on, 6)                                                               \
    X(SQL_PERSON_ENTRIES, person_entries, 1)                                                                 \
    X(SQL_PERSON_LINES_ERASE, person_lines_erase, 5)                                                         \
    X(SQL_PERSON_ERASURE_LOCK, person_erasure_lock, 1)                                                       \
    X(SQL_PERSON_ERASURE_NEXT, person_erasure_next, 1)                                                       \
    X(SQL_PERSON_ERASURE_PUT, person_erasure_put, 5)                                                         \
    X(SQL_PERSON_ERASE, person_erase, 2)

#endif
