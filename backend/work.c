#include "backend/work.h"
#include "backend/audit.h"

#include <string.h>

#include "backend/people.h"
#include "backend/sealed.h"

const struct actor actor_system = {ACTOR_SYSTEM, "system", "", "", {.name = "system"}};
const struct actor actor_citizen = {ACTOR_CITIZEN, "citizen", "", "", {.name = "citizen"}};

static enum rc key_of(uint8_t *out, size_t len, const uint8_t master[32], const char *what, struct err *e)
{
    return hkdf_sha256(out, len, master, 32, "", 0, what, e);
}

enum rc work_house_keys(struct work_house *h, struct err *e)
{
    TRY(audit_key(h->master, e));
    TRY(sealed_key(h->master, &h->request_key, e));
    TRY(key_of(h->cnp_key, sizeof(h->cnp_key), h->master, "pridvor cnp hash", e));
    TRY(key_of(h->once_key, sizeof(h->once_key), h->master, "pridvor desk once", e));
    return key_of(h->at_rest.k, sizeof(h->at_rest.k), h->master, "pridvor at rest", e);
}

/* The classes that registers name are those of lookups.json. */
static enum rc registers_kept(const struct work_house *h, struct err *e)
{
    for (size_t i = 0; i < h->registers.n; i++) {
        const struct register_rule *r = &h->registers.items[i];
        if (r->retention && !retention_find(&h->templates, r->retention))
            return err_at(e, RC_BAD_FIELD, "items.retention", "registers.json: %s: there is no class %s",
                          r->id, r->retention);
    }
    return RC_OK;
}

enum rc work_house_load(struct arena *a, const struct registry_conf *conf, struct work_house *out,
                        struct err *e)
{
    *out = (struct work_house){.conf = conf};
    TRY(catalog_load(a, conf->configs, &out->catalog, e));
    TRY(registers_load(a, conf->configs, &out->catalog, &out->registers, e));
    TRY(workflows_load(a, conf->configs, &out->workflows, e));
    TRY(workflow_services(&out->workflows, &out->catalog, e));
    TRY(rights_load(a, conf->configs, &out->rights, e));
    TRY(templates_load(a, conf->configs, &out->templates, e));
    TRY(registers_kept(out, e));
    TRY(terms_load(a, conf->configs, &out->terms, e));
    TRY(i18n_load(a, arena_fmt(a, "%s/i18n", conf->configs), &out->i18n, e));
    TRY(pin_key_load(conf->pin_key, true, out->master, e));
    return work_house_keys(out, e);
}

void work_house_wipe(struct work_house *h)
{
    wipe(h->master, sizeof(h->master));
    wipe(h->cnp_key, sizeof(h->cnp_key));
    wipe(h->once_key, sizeof(h->once_key));
    wipe(&h->at_rest, sizeof(h->at_rest));
    sealed_key_wipe(&h->request_key);
    audit_key_wipe();
}

void work_kept_free(struct work_kept *k)
{
    arena_free(k->a);
    for (size_t i = 0; i < WORK_SESSIONS; i++)
        db_result_free(k->sessions[i].rows);
}

static enum rc terms_now(struct work *w, struct arena *a, struct terms **out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    if (w->depth > 0)
        TRY(work_sql(w, SQL_WORK_HOLIDAYS_HOLD, NULL, NULL, e));
    TRY(work_sql(w, SQL_WORK_HOLIDAYS, NULL, &r, e));
    size_t n = (size_t)db_rows(r);
    int64_t *off = ARENA_ARRAY(a, int64_t, n + 1);
    for (size_t i = 0; i < n; i++)
        off[i] = db_int(r, (int)i, 0);
    *out = n ? terms_with(a, w->house->terms, off, n) : w->house->terms;
    return RC_OK;
}

/* Acts read what stands now; a page may take what is kept, when that is still the version. */
static bool may_keep(const struct work *w)
{
    return w->kept && w->version && w->depth == 0;
}

static enum rc keep(struct work *w, struct err *e)
{
    struct work_kept *k = w->kept;

    if (k->version == w->version)
        return RC_OK;
    k->version = 0;
    arena_reset(k->a);
    TRY(people_tree(w->db, k->a, &k->tree, e));
    TRY(terms_now(w, k->a, &k->terms, e));
    k->version = w->version; /* what was read may be younger: then the next job reads it again */
    return RC_OK;
}

enum rc work_tree(struct work *w, struct institutions *out, struct err *e)
{
    if (!may_keep(w))
        return people_tree(w->db, w->a, out, e);
    TRY(keep(w, e));
    *out = w->kept->tree;
    return RC_OK;
}

enum rc work_terms(struct work *w, struct err *e)
{
    if (w->terms)
        return RC_OK;
    if (!may_keep(w))
        return terms_now(w, w->a, &w->terms, e);
    TRY(keep(w, e));
    w->terms = w->kept->terms;
    return RC_OK;
}

/* ---- statements ---- */

static bool same_param(const struct db_param *a, const struct db_param *b)
{
    if (!a->p || !b->p || a->binary != b->binary)
        return a->p == b->p;
    return a->binary ? a->len == b->len && memcmp(a->p, b->p, (size_t)a->len) == 0 : strcmp(a->p, b->p) == 0;
}

/* Its answer, when it was asked ahead with these values and nobody took it yet. */
static struct db_result *answered(struct work *w, enum sql_id id, const struct db_param *p)
{
    for (size_t i = 0; i < w->n_ahead; i++) {
        struct db_ask *ask = &w->ahead[i];
        bool same = ask->rows && ask->stmt == &sql_table[id];
        for (int k = 0; same && k < ask->stmt->nparams; k++)
            same = same_param(&ask->params[k], &p[k]);
        if (!same)
            continue;
        struct db_result *rows = ask->rows;
        ask->rows = NULL;
        return rows;
    }
    return NULL;
}

/* Its lead alone, and what comes behind it. */
static enum rc led(struct work *w, struct db_ask *behind, size_t n, struct err *e)
{
    enum { MOST = 16 };
    struct work_lead *lead = w->lead;
    struct db_ask asks[1 + MOST] = {lead->ask};

    w->lead = NULL;
    if (n > MOST)
        return err_set(e, RC_INTERNAL, "%zu statements in one breath", n);
    for (size_t i = 0; i < n; i++)
        asks[1 + i] = behind[i];
    TRY(db_sync_many(w->db, asks, 1 + n, e));
    lead->held = db_same(asks[0].rows, lead->want);
    db_result_free(asks[0].rows);
    for (size_t i = 0; i < n; i++)
        behind[i].rows = asks[1 + i].rows;
    if (lead->held)
        return RC_OK;
    for (size_t i = 0; i < n; i++)
        db_result_free(behind[i].rows);
    return err_set(e, RC_CONFLICT, "%s brought other rows", lead->ask.stmt->name);
}

/* What brings no rows writes: its lead has to hold before. */
static enum rc sql_led(struct work *w, enum sql_id id, const struct db_param *p, struct db_result **out,
                       struct err *e)
{
    struct db_ask one = {&sql_table[id], p, NULL};

    TRY(led(w, &one, out ? 1 : 0, e));
    if (!out)
        return work_sql(w, id, p, NULL, e);
    *out = one.rows;
    return RC_OK;
}

enum rc work_sql(struct work *w, enum sql_id id, const struct db_param *p, struct db_result **out,
                 struct err *e)
{
    struct db_result *rows = out ? answered(w, id, p) : NULL;

    if (w->lead)
        return sql_led(w, id, p, out, e);
    if (!rows)
        return db_sync_run(w->db, &sql_table[id], p, out, e);
    *out = rows;
    return RC_OK;
}

enum rc work_ahead(struct work *w, struct db_ask *asks, size_t n, struct err *e)
{
    TRY(w->lead ? led(w, asks, n, e) : db_sync_many(w->db, asks, n, e));
    w->ahead = asks;
    w->n_ahead = n;
    return RC_OK;
}

void work_ahead_end(struct work *w)
{
    for (size_t i = 0; i < w->n_ahead; i++)
        db_result_free(w->ahead[i].rows);
    w->n_ahead = 0;
}

enum rc work_begin(struct work *w, struct err *e)
{
    if (w->lead)
        TRY(led(w, NULL, 0, e));
    if (w->depth++ > 0)
        return RC_OK;
    w->failed = false;
    enum rc rc = db_sync_script(w->db, "BEGIN", e);
    if (rc != RC_OK)
        w->depth = 0;
    return rc;
}

enum rc work_end(struct work *w, enum rc rc, struct err *e)
{
    struct err undo = {0};

    w->failed |= rc != RC_OK;
    if (--w->depth > 0)
        return rc;
    if (!w->failed)
        return db_sync_commit(w->db, e);
    if (db_sync_script(w->db, "ROLLBACK", &undo) != RC_OK && rc != RC_OK)
        return err_wrap(e, rc, "not undone in time (%s)", rc_name(undo.rc));
    return rc != RC_OK ? rc : err_set(e, RC_INTERNAL, "a part of the act failed and was passed over");
}

enum rc work_actor(struct work *w, const char *account, struct actor *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(account)};

    *out = (struct actor){.kind = ACTOR_STAFF};
    TRY(people_load(w->db, w->a, account, &out->person, e));
    TRY(work_sql(w, SQL_ACCOUNT_GET, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no account %s", account);
    out->account = arena_str(w->a, db_text(r, 0, 0));
    out->full_name = arena_str(w->a, db_text(r, 0, 1));
    out->institution = arena_str(w->a, db_text(r, 0, 2));
    return out->person.disabled ? err_set(e, RC_DENIED, "account %s is disabled", account) : RC_OK;
}

enum rc work_may(struct work *w, const struct actor *who, const char *action,
                 const struct rights_place *where, struct err *e)
{
    struct institutions tree;

    if (who->kind == ACTOR_SYSTEM)
        return RC_OK;
    if (who->kind == ACTOR_CITIZEN)
        return err_set(e, RC_DENIED, "%s is not for citizens", action);
    TRY(work_tree(w, &tree, e));
    struct rights_verdict v = rights_decide(&w->house->rights, &tree, &who->person, action, where);
    if (v.allowed)
        return RC_OK;
    return err_code(e, RC_DENIED, v.word == RIGHTS_NO_REASON ? "REASON_NEEDED" : NULL, 0, "%s",
                    rights_explain(w->a, &v, &who->person, action, where));
}

enum rc work_audit(struct work *w, const struct actor *who, const struct work_log *log, struct err *e)
{
    uint8_t mac[AUDIT_MAC];
    struct audit_line l = {log->institution, log->case_id, who->account, log->act, log->detail};
    struct db_param p[] = {DB_STR(l.institution), DB_STR(l.request), DB_STR(l.actor),
                           DB_STR(l.act),         DB_STR(l.detail),  audit_mac(mac, &l)};

    return work_sql(w, SQL_WORK_AUDIT, p, NULL, e);
}
