#include "backend/people.h"
#include "backend/audit.h"

#include "common/model/valid.h"

#include <stdio.h>
#include <string.h>

#include "backend/sql.h"

static enum rc query(struct db_sync *s, enum sql_id id, const struct db_param *p, struct db_result **out,
                     struct err *e)
{
    return db_sync_run(s, &sql_table[id], p, out, e);
}

enum rc people_audit(struct db_sync *s, const char *institution, const char *actor, const char *act,
                     const char *detail, struct err *e)
{
    uint8_t mac[AUDIT_MAC];
    struct audit_line l = {institution, NULL, actor, act, detail};
    struct db_param p[] = {DB_STR(institution), DB_STR(actor), DB_STR(act), DB_STR(detail),
                           audit_mac(mac, &l)};
    return query(s, SQL_AUDIT_ADD, p, NULL, e);
}

/* Ends a transaction that was begun, well or not; what failed first is said. */
static enum rc finish(struct db_sync *s, enum rc rc, struct err *e)
{
    struct err undo = {0};

    if (rc == RC_OK)
        return db_sync_commit(s, e);
    if (db_sync_script(s, "ROLLBACK", &undo) != RC_OK)
        return err_wrap(e, rc, "not undone in time (%s)", rc_name(undo.rc));
    return rc;
}

static enum rc add(struct db_sync *s, const struct people_role *at, const char *full_name, const char *by,
                   struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(at->account), DB_STR(full_name), DB_STR(at->institution)};

    TRY(query(s, SQL_ACCOUNT_ADD, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_CONFLICT, "account %s exists already, or there is no institution %s",
                       at->account, at->institution);
    return people_audit(s, at->institution, by, "user added", at->account, e);
}

enum rc people_add(struct db_sync *s, const struct people_role *at, const char *full_name, const char *by,
                   struct err *e)
{
    TRY(db_sync_script(s, "BEGIN", e));
    return finish(s, add(s, at, full_name, by, e), e);
}

static enum rc disable(struct db_sync *s, const char *name, bool disabled, const char *by, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(name), DB_STR(disabled ? "true" : "false")};

    TRY(query(s, SQL_ACCOUNT_HOLD, p, NULL, e));
    TRY(query(s, SQL_ACCOUNT_DISABLE, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no account %s", name);
    return people_audit(s, db_text(r, 0, 0), by, disabled ? "user disabled" : "user enabled", name, e);
}

enum rc people_disable(struct db_sync *s, const char *name, bool disabled, const char *by, struct err *e)
{
    TRY(db_sync_script(s, "BEGIN", e));
    return finish(s, disable(s, name, disabled, by, e), e);
}

static enum rc email(struct db_sync *s, const struct people_email *m, const char *by, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(m->account), DB_STR(m->address), DB_STR(lang_codes[m->lang])};

    TRY(query(s, SQL_ACCOUNT_EMAIL, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no account %s", m->account);
    return people_audit(s, db_text(r, 0, 0), by, *m->address ? "email set" : "email removed", m->account, e);
}

enum rc people_email(struct db_sync *s, const struct people_email *m, const char *by, struct err *e)
{
    if (*m->address && check_email(m->address))
        return err_at(e, RC_BAD_FIELD, "email", "this is no e-mail address");
    TRY(db_sync_script(s, "BEGIN", e));
    return finish(s, email(s, m, by, e), e);
}

static enum rc role_known(const struct rights *r, const struct people_role *role, struct err *e)
{
    const struct right_role *known = rights_role(r, role->role);
    bool department = reach_of(role->reach) == REACH_DEPARTMENT;

    if (!known)
        return err_set(e, RC_BAD_REQUEST, "there is no role %s in configs/roles.json", role->role);
    if (department != (*role->department != 0))
        return err_set(e, RC_BAD_REQUEST, "a department belongs to the reach department, and only to it");
    for (size_t i = 0; i < known->n_reach; i++)
        if (strcmp(known->reach[i], role->reach) == 0)
            return RC_OK;
    return err_set(e, RC_BAD_REQUEST, "role %s cannot be given for reach %s", role->role, role->reach);
}

static enum rc change(struct db_sync *s, const struct people_role *role, bool grant, const char *by,
                      struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    char detail[256];
    struct db_param p[] = {DB_STR(role->account),     DB_STR(role->role),       DB_STR(role->reach),
                           DB_STR(role->institution), DB_STR(role->department), DB_STR(by)};

    TRY(query(s, grant ? SQL_ROLE_GRANT : SQL_ROLE_REVOKE, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_CONFLICT,
                       grant ? "no such account or institution, or the role is held already"
                             : "this role is not held");
    snprintf(detail, sizeof(detail), "%s %s %s %s", role->account, role->role, role->reach, role->department);
    return people_audit(s, role->institution, by, grant ? "role granted" : "role revoked", detail, e);
}

enum rc people_role(struct db_sync *s, const struct rights *r, const struct people_role *role, bool grant,
                    const char *by, struct err *e)
{
    if (grant)
        TRY(role_known(r, role, e));
    TRY(db_sync_script(s, "BEGIN", e));
    return finish(s, change(s, role, grant, by, e), e);
}

enum rc people_load(struct db_sync *s, struct arena *a, const char *name, struct rights_person *out,
                    struct err *e)
{
    struct db_result *who SCOPED(db_result_freep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(name)};

    TRY(query(s, SQL_ACCOUNT_GET, p, &who, e));
    if (!name || db_rows(who) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no account %s", name ? name : "");
    TRY(query(s, SQL_ROLES_OF, p, &r, e));
    struct grant *g = ARENA_ARRAY(a, struct grant, db_rows(r) + 1);
    for (int i = 0; i < db_rows(r); i++)
        g[i] = (struct grant){arena_str(a, db_text(r, i, 0)), arena_str(a, db_text(r, i, 1)),
                              arena_str(a, db_text(r, i, 2)), arena_str(a, db_text(r, i, 3))};
    *out = (struct rights_person){arena_str(a, name), db_text(who, 0, 3)[0] == 't', g, (size_t)db_rows(r)};
    return RC_OK;
}

enum rc people_tree(struct db_sync *s, struct arena *a, struct institutions *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(query(s, SQL_INSTITUTION_TREE, NULL, &r, e));
    struct institution *items = ARENA_ARRAY(a, struct institution, db_rows(r) + 1);
    for (int i = 0; i < db_rows(r); i++)
        items[i] = (struct institution){.id = arena_str(a, db_text(r, i, 0)),
                                        .parent = arena_str(a, db_text(r, i, 1)),
                                        .kind = arena_str(a, db_text(r, i, 2))};
    *out = (struct institutions){items, (size_t)db_rows(r)};
    return RC_OK;
}

enum rc people_place(struct db_sync *s, struct arena *a, const struct catalog *services, const char *which,
                     struct rights_place *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(which)};

    TRY(query(s, SQL_CASE_PLACE, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no case %s", which);
    const struct service *service = catalog_find(services, db_text(r, 0, 1));
    bool filed = db_text(r, 0, 4)[0] == 't';
    const char *begins = service ? service->department : "";
    *out = (struct rights_place){.institution = arena_str(a, db_text(r, 0, 0)),
                                 .department = filed ? begins : arena_str(a, db_text(r, 0, 2)),
                                 .sealed = db_text(r, 0, 3)[0] == 't'};
    return RC_OK;
}
