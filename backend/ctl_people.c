#include <stdio.h>
#include <string.h>

#include "backend/ctl.h"
#include "backend/login.h"
#include "backend/people.h"

static const char *by(const struct args *a)
{
    return ctl_option(a, "by", "registryctl");
}

static enum rc named(const struct args *a, struct db_sync **s, struct err *e)
{
    if (!a->what)
        return err_set(e, RC_BAD_REQUEST, "the account's name is missing");
    return ctl_database(a, s, e);
}

/* Where services and roles are declared. */
static enum rc configs(const struct args *a, const char **out, struct err *e)
{
    struct registry_conf conf = {0};

    *out = ctl_option(a, "configs", NULL);
    if (*out)
        return RC_OK;
    if (ctl_option(a, "db", NULL)) {
        *out = "configs";
        return RC_OK;
    }
    TRY(ctl_conf(a, &conf, e));
    *out = conf.configs;
    return RC_OK;
}

static enum rc cmd_user_add(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct people_role at = {.account = a->what};
    const char *full;

    TRY(ctl_need(a, "institution", &at.institution, e));
    TRY(ctl_need(a, "full-name", &full, e));
    TRY(named(a, &s, e));
    TRY(people_add(s, &at, full, by(a), e));
    printf("account %s of %s; it has no role and no password yet\n", a->what, at.institution);
    return RC_OK;
}

static enum rc cmd_user_email(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct people_email m = {.account = a->what, .address = a->n_words ? a->words[0] : ""};

    if (!lang_parse(ctl_option(a, "lang", "ro"), &m.lang))
        return err_set(e, RC_BAD_REQUEST, "--lang ro, hu or en");
    TRY(named(a, &s, e));
    TRY(people_email(s, &m, by(a), e));
    printf("%s: %s\n", a->what,
           *m.address ? "hears of its work by e-mail" : "hears of its work at the desk only");
    return RC_OK;
}

static enum rc disable(const struct args *a, bool disabled, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;

    TRY(named(a, &s, e));
    TRY(people_disable(s, a->what, disabled, by(a), e));
    printf("account %s %s\n", a->what, disabled ? "disabled" : "enabled");
    return RC_OK;
}

static enum rc cmd_user_disable(const struct args *a, struct err *e)
{
    return disable(a, true, e);
}

static enum rc cmd_user_enable(const struct args *a, struct err *e)
{
    return disable(a, false, e);
}

static enum rc role(const struct args *a, bool grant, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    const char *folder, *department = ctl_option(a, "department", "");
    struct people_role row = {.account = a->what,
                              .department = department,
                              .reach = ctl_option(a, "reach", *department ? "department" : "institution")};
    struct rights r;

    if (a->n_words != 1)
        return err_set(e, RC_BAD_REQUEST, "the account and the role are needed");
    row.role = a->words[0];
    TRY(ctl_need(a, "institution", &row.institution, e));
    TRY(configs(a, &folder, e));
    TRY(rights_load(a->arena, folder, &r, e));
    TRY(named(a, &s, e));
    TRY(people_role(s, &r, &row, grant, by(a), e));
    printf("%s: role %s for %s %s %s\n", a->what, row.role, row.institution, row.department,
           grant ? "granted" : "taken back");
    return RC_OK;
}

static enum rc cmd_user_role(const struct args *a, struct err *e)
{
    return role(a, true, e);
}

static enum rc cmd_user_unrole(const struct args *a, struct err *e)
{
    return role(a, false, e);
}

static enum rc cmd_user_list(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(a->what)};

    TRY(ctl_database(a, &s, e));
    TRY(ctl_query(s, SQL_ACCOUNT_GET, p, &r, e));
    for (int i = 0; i < db_rows(r); i++) {
        struct rights_person who;
        TRY(people_load(s, a->arena, db_text(r, i, 0), &who, e));
        printf("%-16s %-14s %s%s%s%s\n", who.name, db_text(r, i, 2), db_text(r, i, 1),
               who.disabled ? ", disabled" : "", db_text(r, i, 4)[0] == 't' ? "" : ", no password",
               db_text(r, i, 5)[0] == 't' ? "" : ", no TOTP");
        for (size_t k = 0; k < who.n; k++)
            printf("    %s, %s %s %s\n", who.grants[k].role, who.grants[k].reach, who.grants[k].institution,
                   who.grants[k].department);
    }
    return RC_OK;
}

/* The number of a slip may come as one word or, with its prefix, as two. */
static enum rc cmd_why(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct work_house house = {0};
    struct institutions tree;
    struct rights_person who;
    struct rights_place where;
    const char *folder;

    if (a->n_words < 2)
        return err_set(e, RC_BAD_REQUEST, "why USER ACTION CASE [--institution ID]");
    const char *which = a->n_words > 2 ? arena_fmt(a->arena, "%s %s", a->words[1], a->words[2]) : a->words[1];
    TRY(configs(a, &folder, e));
    TRY(rights_load(a->arena, folder, &house.rights, e));
    TRY(catalog_load(a->arena, folder, &house.catalog, e));
    TRY(registers_load(a->arena, folder, &house.catalog, &house.registers, e));
    TRY(named(a, &s, e));
    TRY(people_tree(s, a->arena, &tree, e));
    TRY(people_load(s, a->arena, a->what, &who, e));
    TRY(ctl_case_place(a, s, &house, which, &where, e));
    struct rights_verdict v = rights_decide(&house.rights, &tree, &who, a->words[0], &where);
    printf("%s\n", rights_explain(a->arena, &v, &who, a->words[0], &where));
    return RC_OK;
}

/* The key of the secrets lies in the register's folder, not in the database. */
static enum rc login(const struct args *a, struct db_sync **s, struct login *l, struct err *e)
{
    struct registry_conf conf = {0};
    uint8_t master[32];

    TRY(ctl_conf(a, &conf, e));
    TRY(named(a, s, e));
    TRY(ctl_key(a, *s, master, e));
    enum rc rc = login_init(l, *s, &conf.login, master, e);
    wipe(master, sizeof(master));
    return rc;
}

static enum rc cmd_user_password(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct login l SCOPED(login_wipe);
    char code[LOGIN_CODE];

    memset(&l, 0, sizeof(l));
    TRY(login(a, &s, &l, e));
    TRY(login_reset(&l, a->what, by(a), code, e));
    printf("one-time code of %s, good for %lld hours: %s\n", a->what, (long long)l.conf.reset_hours, code);
    wipe(code, sizeof(code));
    return RC_OK;
}

static enum rc cmd_user_totp(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct login l SCOPED(login_wipe);
    const char *uri = NULL;
    bool off = strcmp(ctl_option(a, "set", "on"), "off") == 0;

    memset(&l, 0, sizeof(l));
    TRY(login(a, &s, &l, e));
    TRY(login_totp(&l, a->arena, a->what, by(a), off ? NULL : &uri, e));
    printf("%s\n", off ? "without TOTP from now on" : uri);
    return RC_OK;
}

#define ROLE_OPTIONS "USER ROLE --institution ID [--department D | --reach institution|below] [--by NAME]"

const struct command people_commands[] = {
    {"user", "add", "USER --institution ID --full-name TEXT [--by NAME]", "a new account without any right",
     cmd_user_add, 0},
    {"user", "email", "USER [ADDRESS] [--lang ro|hu|en] [--by NAME]",
     "where the person hears of cases assigned, opinions asked and dates that are near; without an address: "
     "nowhere",
     cmd_user_email, 1},
    {"user", "disable", "USER [--by NAME]", "from now on it can do nothing; its sessions end",
     cmd_user_disable, 0},
    {"user", "enable", "USER [--by NAME]", "with the roles that it had", cmd_user_enable, 0},
    {"user", "role", ROLE_OPTIONS, "grant a role of configs/roles.json", cmd_user_role, 1},
    {"user", "unrole", ROLE_OPTIONS, "take it back", cmd_user_unrole, 1},
    {"user", "password", "USER [--by NAME]", "a one-time code with which the person sets a password",
     cmd_user_password, 0},
    {"user", "totp", "USER [--set on|off] [--by NAME]", "a new secret for an authenticator app, shown once",
     cmd_user_totp, 0},
    {"user", "list", "[USER]", "accounts and what they hold", cmd_user_list, 0},
    {"why", NULL, "USER ACTION CASE [--institution ID]",
     "why an act is allowed or denied; CASE: id, receipt code, "
     "institution/register/year/number or the number as it is printed (PET 2/23.11.2026); as the case stands "
     "now",
     cmd_why, 3},
};
const size_t n_people_commands = COUNT(people_commands);
