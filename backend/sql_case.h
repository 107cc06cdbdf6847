/* Statements of backend/case*.c; part of sql.h. */
#ifndef PRIDVOR_SQL_CASE_H
#define PRIDVOR_SQL_CASE_H

#define SQL_CASE_TABLE(X)

#endif
