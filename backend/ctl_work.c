#include "backend/ctl_work.h"

#include "backend/key_check.h"

enum rc ctl_work_begin(const struct args *a, struct ctl_work *cw, struct err *e)
{
    const char *by = ctl_option(a, "by", NULL);

    TRY(ctl_conf(a, &cw->conf, e));
    cw->w = (struct work){.house = &cw->house, .a = a->arena, .now_ms = unix_ms};
    TRY(db_sync_open(ctl_option(a, "db", cw->conf.db), &cw->w.db, e));
    TRY(key_fits(cw->w.db, cw->conf.pin_key, e)); /* before a missing one is made */
    TRY(work_house_load(a->arena, &cw->conf, &cw->house, e));
    cw->who = actor_system;
    return by ? work_actor(&cw->w, by, &cw->who, e) : RC_OK;
}

void ctl_work_end(struct ctl_work *cw)
{
    db_sync_close(cw->w.db);
    work_house_wipe(&cw->house);
}
