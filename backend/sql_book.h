/* Statements of backend/book*.c and person*.c; part of sql.h. */
#ifndef PRIDVOR_SQL_BOOK_H
#define PRIDVOR_SQL_BOOK_H

#define SQL_BOOK_TABLE(X)                                                                                    \
    X(SQL_BOOK_NUMBER, book_number, 4)                                                                       \
    X(SQL_BOOK_ENTER, book_enter, 17)                                                                        \
    X(SQL_BOOK_LINE, book_line, 4)                                                                           \
    X(SQL_BOOK_INSTITUTION, book_institution, 1)

#endif
