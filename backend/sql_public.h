/* Statements of the public pages; part of sql.h. */
#ifndef PRIDVOR_SQL_PUBLIC_H
#define PRIDVOR_SQL_PUBLIC_H

#define SQL_PUBLIC_TABLE(X)

#endif
