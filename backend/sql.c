#include "backend/sql.h"

#include "embed_sql.h"

const struct db_stmt sql_table[SQL_COUNT] = {
#define X(id, file, n) {#file, embed_##file##_sql, n},
    SQL_TABLE(X)
#undef X
};

const char *sql_text(enum sql_id id)
{
    return sql_table[id].sql;
}
