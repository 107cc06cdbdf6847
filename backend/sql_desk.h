/* Statements of backend/desk*.c; part of sql.h. */
#ifndef PRIDVOR_SQL_DESK_H
#define PRIDVOR_SQL_DESK_H

#define SQL_DESK_TABLE(X) X(SQL_DESK_INSTITUTION, desk_institution, 1)

#endif
