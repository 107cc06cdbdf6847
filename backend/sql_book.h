/* Statements of backend/book*.c and person*.c; part of sql.h. */
#ifndef PRIDVOR_SQL_BOOK_H
#define PRIDVOR_SQL_BOOK_H

#define SQL_BOOK_TABLE(X)

#endif
