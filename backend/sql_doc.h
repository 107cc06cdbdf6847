/* Statements of backend/doc*.c; part of sql.h. */
#ifndef PRIDVOR_SQL_DOC_H
#define PRIDVOR_SQL_DOC_H

#define SQL_DOC_TABLE(X)

#endif
