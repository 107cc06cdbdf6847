#include "backend/key_check.h"

#include <string.h>

#include "backend/conf.h"
#include "backend/sql.h"
#include "common/base/crypto.h"
#include "common/base/fs.h"
#include "common/base/text.h"

void key_mark(char out[KEY_MARK], const uint8_t master[32])
{
    uint8_t mark[SHA256_LEN];

    hmac_sha256(mark, master, 32, "pridvor", 7);
    hex_encode(out, mark, sizeof(mark));
}

enum rc key_fits(struct db_sync *s, const char *path, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR("pin_key")};
    char hex[KEY_MARK];
    uint8_t master[32];

    TRY(db_sync_query(s, sql_text(SQL_SETTING_GET), p, COUNT(p), &r, e));
    if (db_rows(r) == 0)
        return RC_OK;
    if (!fs_exists(path))
        return err_set(e, RC_STATE, "%s is not there, and this database began with a key: nothing was done",
                       path);
    TRY(pin_key_load(path, false, master, e));
    key_mark(hex, master);
    wipe(master, sizeof(master));
    if (strcmp(db_text(r, 0, 0), hex) == 0)
        return RC_OK;
    return err_set(e, RC_STATE,
                   "%s is not the key with which this database began: --config and --db belong to different "
                   "registers, and nothing was done",
                   path);
}
