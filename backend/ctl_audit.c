#include <stdio.h>

#include "backend/audit.h"
#include "backend/ctl.h"

static enum rc cmd_verify_audit(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct audit_report r;

    if (a->what)
        return err_set(e, RC_BAD_REQUEST, "verify-audit [--institution ID] [--heads FILE]");
    TRY(ctl_database(a, &s, e));
    TRY(audit_verify(s, ctl_option(a, "institution", NULL), ctl_option(a, "heads", NULL), stdout, &r, e));
    if (!audit_has_key())
        printf("without the register's key (--config): who wrote the rows was not examined\n");
    printf("chains %ld, sealed rows %ld, waiting for the seal %ld, sealed late %ld, findings %ld\n", r.chains,
           r.rows, r.waiting, r.late, r.bad);
    return r.bad ? err_set(e, RC_STATE, "the audit is not what was written") : RC_OK;
}

/* For paper: one line a chain, the form that verify-audit --heads reads. */
static enum rc cmd_audit_head(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(ctl_option(a, "institution", NULL))};

    TRY(ctl_database(a, &s, e));
    TRY(ctl_query(s, SQL_AUDIT_HEADS, p, &r, e));
    for (int i = 0; i < db_rows(r); i++)
        printf("%s %s %s %s\n", *db_text(r, i, 0) ? db_text(r, i, 0) : "-", db_text(r, i, 1),
               db_text(r, i, 2), db_text(r, i, 3));
    return RC_OK;
}

static enum rc cmd_audit_seal(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;

    TRY(ctl_database(a, &s, e));
    return audit_seal_all(s, e);
}

const struct command audit_commands[] = {
    {"verify-audit", NULL, "[--institution ID] [--heads FILE]",
     "changed, missing, inserted, moved rows and cut ends; FILE: heads kept elsewhere", cmd_verify_audit, 0},
    {"audit-head", NULL, "[--institution ID]", "the ends of the chains, to be kept on paper", cmd_audit_head,
     0},
    {"audit-seal", NULL, NULL, "seal what waits; registryd does it every second", cmd_audit_seal, 0},
};
const size_t n_audit_commands = COUNT(audit_commands);
