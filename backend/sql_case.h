/* Statements of backend/case*.c; part of sql.h. */
#ifndef PRIDVOR_SQL_CASE_H
#define PRIDVOR_SQL_CASE_H

#define SQL_CASE_TABLE(X)                                                                                    \
    X(SQL_CASE_GET, case_get, 1)                                                                             \
    X(SQL_CASE_LOCK, case_lock, 1)

#endif
