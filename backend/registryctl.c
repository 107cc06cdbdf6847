/* The administrator's command line. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/conf.h"
#include "backend/audit.h"
#include "backend/ctl.h"
#include "backend/key_check.h"
#include "backend/migrate.h"
#include "backend/pki.h"
#include "common/base/clock.h"
#include "common/base/crypto.h"
#include "common/base/fs.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/model/institution.h"

enum { TERMINAL_DAYS = 730, SERVER_DAYS = 397 };

const char *ctl_option(const struct args *a, const char *name, const char *def)
{
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->names[i], name) == 0)
            return a->values[i];
    return def;
}

enum rc ctl_need(const struct args *a, const char *name, const char **out, struct err *e)
{
    *out = ctl_option(a, name, NULL);
    return *out ? RC_OK : err_set(e, RC_BAD_REQUEST, "--%s is missing", name);
}

enum rc ctl_conf(const struct args *a, struct registry_conf *out, struct err *e)
{
    return registry_conf_load(a->arena, ctl_option(a, "config", "configs/registry.conf"), out, e);
}

static enum rc conninfo(const struct args *a, const char **out, struct err *e)
{
    struct registry_conf conf = {0};

    *out = ctl_option(a, "db", NULL);
    if (*out)
        return RC_OK;
    TRY(registry_conf_load(a->arena, ctl_option(a, "config", "configs/registry.conf"), &conf, e));
    *out = conf.db;
    return RC_OK;
}

/* What is written into the audit bears the register's key; --db alone knows of none. */
static enum rc audit_pen(const struct args *a, struct db_sync *s, struct err *e)
{
    struct registry_conf conf = {0};
    uint8_t master[32];

    if (ctl_option(a, "db", NULL) && !ctl_option(a, "config", NULL))
        return RC_OK;
    TRY(ctl_conf(a, &conf, e));
    TRY(key_fits(s, conf.pin_key, e));
    if (!fs_exists(conf.pin_key)) /* registryd was never started */
        return RC_OK;
    TRY(pin_key_load(conf.pin_key, false, master, e));
    enum rc rc = audit_key(master, e);
    wipe(master, sizeof(master));
    return rc;
}

enum rc ctl_database(const struct args *a, struct db_sync **out, struct err *e)
{
    const char *info;

    TRY(conninfo(a, &info, e));
    TRY(db_sync_open(info, out, e));
    return audit_pen(a, *out, e);
}

enum rc ctl_key(const struct args *a, struct db_sync *s, uint8_t master[32], struct err *e)
{
    struct registry_conf conf = {0};

    TRY(ctl_conf(a, &conf, e));
    TRY(key_fits(s, conf.pin_key, e));
    return pin_key_load(conf.pin_key, false, master, e);
}

enum rc ctl_query(struct db_sync *s, enum sql_id id, const struct db_param *p, struct db_result **out,
                  struct err *e)
{
    return db_sync_query(s, sql_text(id), p, sql_table[id].nparams, out, e);
}

static enum rc cmd_migrate(const struct args *a, struct err *e)
{
    const char *info;
    int applied = 0;

    TRY(conninfo(a, &info, e));
    TRY(migrate(info, &applied, e));
    printf("database at version %d, %d new\n", migrations[n_migrations - 1].version, applied);
    return RC_OK;
}

static enum rc cmd_ca_init(const struct args *a, struct err *e)
{
    if (!a->what)
        return err_set(e, RC_BAD_REQUEST, "the folder is missing");
    TRY(pki_ca_init(a->what, ctl_option(a, "name", "Pridvor CA"), e));
    printf("authority in %s (ca.pem, ca.key)\n", a->what);
    return RC_OK;
}

static enum rc days_of(const struct args *a, int64_t def, struct pki_request *r, struct err *e)
{
    const char *text = ctl_option(a, "days", NULL);
    char *end = NULL;
    long days = text ? strtol(text, &end, 10) : (long)def;

    if ((text && (*end || end == text)) || days < 1 || days > 3660)
        return err_set(e, RC_BAD_REQUEST, "--days must be a number from 1 to 3660");
    r->from_ms = unix_ms() - 3600000;
    r->till_ms = unix_ms() + days * INT64_C(86400000);
    return RC_OK;
}

static enum rc cmd_server_cert(const struct args *a, struct err *e)
{
    const char *dir = a->what, *name = ctl_option(a, "name", "localhost");
    struct pki_request r = {.cn = name, .use = PKI_SERVER, .dns = name};
    char serial[2 * PKI_SERIAL + 1];

    if (!dir)
        return err_set(e, RC_BAD_REQUEST, "the folder is missing");
    if (inet_pton(AF_INET, ctl_option(a, "ip", "127.0.0.1"), r.ip) != 1)
        return err_set(e, RC_BAD_REQUEST, "--ip must be an IPv4 address");
    TRY(days_of(a, SERVER_DAYS, &r, e));
    r.cert = arena_fmt(a->arena, "%s/server.pem", dir);
    r.key = arena_fmt(a->arena, "%s/server.key", dir);
    TRY(pki_issue(dir, &r, serial, e));
    printf("server certificate for %s in %s (server.pem, server.key)\n", name, dir);
    return RC_OK;
}

/* The terminal first, in a transaction that also holds its certificate: what exists on paper exists in the
 * register. */
static enum rc terminal_register(struct db_sync *s, const struct args *a, const char *institution,
                                 const char *serial, int64_t till_ms, struct err *e)
{
    struct db_result *put SCOPED(db_result_freep) = NULL;
    char till[25];
    struct db_param t[] = {DB_STR(a->what), DB_STR(institution)};
    struct db_param c[] = {DB_STR(serial), DB_STR(a->what), DB_STR(till)};

    iso_utc(till, till_ms);
    TRY(db_sync_script(s, "BEGIN", e));
    TRY(ctl_query(s, SQL_TERMINAL_PUT, t, &put, e));
    if (db_rows(put) != 1)
        return err_set(e, RC_CONFLICT, "terminal %s belongs to another institution", a->what);
    TRY(ctl_query(s, SQL_CERTIFICATE_PUT, c, NULL, e));
    return db_sync_script(s, "COMMIT", e);
}

static enum rc copy_ca(const struct args *a, const char *from, const char *to, struct err *e)
{
    char *pem;
    size_t len;
    const char *target = arena_fmt(a->arena, "%s/ca.pem", to);

    TRY(fs_read(a->arena, arena_fmt(a->arena, "%s/ca.pem", from), 65536, &pem, &len, e));
    return fs_exists(target) ? RC_OK : fs_write(target, pem, len, 0644, e);
}

static enum rc cmd_terminal_add(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct pki_request r = {.cn = a->what, .use = PKI_CLIENT};
    char serial[2 * PKI_SERIAL + 1];
    const char *institution, *out, *ca = ctl_option(a, "ca", "var/tls");

    if (!a->what)
        return err_set(e, RC_BAD_REQUEST, "the terminal's name is missing");
    TRY(ctl_need(a, "institution", &institution, e));
    TRY(ctl_need(a, "out", &out, e));
    TRY(days_of(a, TERMINAL_DAYS, &r, e));
    TRY(ctl_database(a, &s, e));
    TRY(fs_mkdirs(out, 0755, e));
    r.cert = arena_fmt(a->arena, "%s/terminal.pem", out);
    r.key = arena_fmt(a->arena, "%s/terminal.key", out);
    TRY(pki_issue(ca, &r, serial, e));
    TRY(copy_ca(a, ca, out, e));
    TRY(terminal_register(s, a, institution, serial, r.till_ms, e));
    printf("terminal %s of %s in %s (terminal.pem, terminal.key, ca.pem)\n", a->what, institution, out);
    return RC_OK;
}

static enum rc cmd_terminal_revoke(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(a->what)};

    if (!a->what)
        return err_set(e, RC_BAD_REQUEST, "the terminal's name is missing");
    TRY(ctl_database(a, &s, e));
    TRY(ctl_query(s, SQL_TERMINAL_REVOKE, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no terminal %s", a->what);
    printf("terminal %s revoked\n", a->what);
    return RC_OK;
}

static enum rc cmd_terminal_list(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(ctl_database(a, &s, e));
    TRY(ctl_query(s, SQL_TERMINAL_LIST, NULL, &r, e));
    for (int i = 0; i < db_rows(r); i++)
        printf("%-16s %-16s %-8s %s\n", db_text(r, i, 0), db_text(r, i, 1), db_text(r, i, 2),
               db_is_null(r, i, 3) ? "-" : db_text(r, i, 3));
    return RC_OK;
}

static enum rc institution_write(struct db_sync *s, const struct institution *it, struct err *e)
{
    char siruta[24];
    struct db_param p[] = {
        DB_STR(it->id),
        DB_STR(it->parent && it->parent[0] ? it->parent : NULL),
        DB_STR(it->kind),
        DB_STR(it->siruta ? siruta : NULL),
        DB_STR(it->name.t[LANG_RO]),
        DB_STR(tr_get(&it->name, LANG_HU)),
        DB_STR(tr_get(&it->name, LANG_EN)),
    };
    snprintf(siruta, sizeof(siruta), "%lld", (long long)it->siruta);
    enum rc rc = ctl_query(s, SQL_INSTITUTION_PUT, p, NULL, e);
    return rc == RC_OK ? rc : err_wrap(e, rc, "institution %s", it->id);
}

static enum rc cmd_institutions_load(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct institutions list = {0};

    if (!a->what)
        return err_set(e, RC_BAD_REQUEST, "the file is missing");
    TRY(institutions_load(a->arena, a->what, &list, e));
    TRY(ctl_database(a, &s, e));
    TRY(db_sync_script(s, "BEGIN", e));
    for (size_t i = 0; i < list.n; i++)
        TRY(institution_write(s, &list.items[i], e));
    TRY(db_sync_script(s, "COMMIT", e));
    printf("%zu institutions\n", list.n);
    return RC_OK;
}

/* No names, no addresses: the case page has them. */
static enum rc cmd_messages(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(ctl_option(a, "state", ""))};

    TRY(ctl_database(a, &s, e));
    TRY(ctl_query(s, SQL_MESSAGES, p, &r, e));
    for (int i = 0; i < db_rows(r); i++) {
        for (int k = 0; k < 9; k++)
            printf("%s%s", k ? "  " : "", db_is_null(r, i, k) ? "-" : db_text(r, i, k));
        printf("\n");
    }
    return RC_OK;
}

static enum rc cmd_messages_retry(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(a->what)};

    if (!a->what || !*a->what || strlen(a->what) > 18 || a->what[strspn(a->what, "0123456789")])
        return err_set(e, RC_BAD_REQUEST, "the message's number is missing");
    TRY(ctl_database(a, &s, e));
    TRY(ctl_query(s, SQL_MESSAGE_RETRY, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "message %s is not one that failed or is unknown", a->what);
    printf("message %s goes again\n", a->what);
    return RC_OK;
}

static const struct command commands[] = {
    {"migrate", NULL, NULL, "bring the database to this program's version", cmd_migrate},
    {"institutions", "load", "FILE", "write the county's institutions", cmd_institutions_load},
    {"ca", "init", "DIR [--name NAME]", "make a certificate authority", cmd_ca_init},
    {"server-cert", NULL, "DIR [--name localhost] [--ip 127.0.0.1] [--days N]",
     "for registryd, signed by DIR's authority", cmd_server_cert},
    {"terminal", "add", "NAME --institution ID --out DIR [--ca DIR] [--days N]", "enrol a terminal",
     cmd_terminal_add},
    {"terminal", "revoke", "NAME", "its certificates are refused from now on", cmd_terminal_revoke},
    {"terminal", "list", NULL, "all terminals", cmd_terminal_list},
    {"messages", "retry", "ID", "send it again; of an unknown one the citizen may get two",
     cmd_messages_retry},
    {"messages", NULL, "[--state queued|sending|handing|sent|unknown|failed|fell_back]",
     "e-mail and SMS; without a state: what a clerk has to look at", cmd_messages},
};

static const struct {
    const struct command *rows;
    const size_t *n;
} tables[] = {
    {commands, &(const size_t){COUNT(commands)}},
    {request_commands, &n_request_commands},
    {audit_commands, &n_audit_commands},
    {book_commands, &n_book_commands},
    {case_commands, &n_case_commands},
    {person_commands, &n_person_commands},
    {people_commands, &n_people_commands},
    {workflow_commands, &n_workflow_commands},
    {doc_commands, &n_doc_commands},
};

static int usage(void)
{
    fprintf(stderr, "usage: registryctl COMMAND ... [--config configs/registry.conf | --db CONNINFO]\n");
    for (size_t t = 0; t < COUNT(tables); t++)
        for (size_t i = 0; i < *tables[t].n; i++) {
            const struct command *c = &tables[t].rows[i];
            fprintf(stderr, "  %s%s%s%s%s\n      %s\n", c->first, c->second ? " " : "",
                    c->second ? c->second : "", c->what ? " " : "", c->what ? c->what : "", c->help);
        }
    return 2;
}

/* Its usage begins with a word in capitals. */
static bool takes_a_word(const struct command *c)
{
    const char *at = c->what ? c->what + strspn(c->what, "[") : "";
    return *at >= 'A' && *at <= 'Z';
}

static bool parse(struct args *a, const struct command *c, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0) {
            if (!takes_a_word(c) || (a->what && (a->n_words == c->extra || a->n_words == CTL_WORDS_MAX)))
                return false;
            if (a->what)
                a->words[a->n_words++] = argv[i];
            else
                a->what = argv[i];
        } else if (strcmp(argv[i], "--dot") == 0 && a->n < CTL_OPTIONS_MAX) { /* stands alone */
            a->names[a->n] = "dot";
            a->values[a->n++] = "";
        } else {
            if (i + 1 == argc || a->n == CTL_OPTIONS_MAX)
                return false;
            a->names[a->n] = argv[i] + 2;
            a->values[a->n++] = argv[++i];
        }
    }
    return true;
}

static const struct command *find(int argc, char **argv)
{
    for (size_t t = 0; t < COUNT(tables); t++)
        for (size_t i = 0; i < *tables[t].n; i++) {
            const struct command *c = &tables[t].rows[i];
            int words = c->second ? 2 : 1;
            if (argc > words && strcmp(argv[1], c->first) == 0 &&
                (!c->second || strcmp(argv[2], c->second) == 0))
                return c;
        }
    return NULL;
}

/* Names and CNPs may be typed behind a command; everybody on the machine may list its processes (ps). */
static void hide(struct args *a, const struct command *c, int argc, char **argv)
{
    for (int i = 1 + (c->second ? 2 : 1); i < argc; i++) {
        char *typed = argv[i];
        argv[i] = (char *)(uintptr_t)arena_str(a->arena, typed);
        wipe(typed, strlen(typed));
    }
}

int main(int argc, char **argv)
{
    ARENA_SCOPE(arena);
    struct args a = {.arena = arena};
    struct err e = {0};

    memory_no_core();
    log_open("registryctl");
    const struct command *c = find(argc, argv);
    if (!c)
        return usage();
    int words = c->second ? 2 : 1;
    hide(&a, c, argc, argv);
    if (!parse(&a, c, argc - 1 - words, argv + 1 + words))
        return usage();
    enum rc rc = c->run(&a, &e);
    audit_key_wipe();
    if (rc == RC_OK)
        return 0;
    fprintf(stderr, "registryctl: %s\n", e.text);
    return e.rc == RC_BAD_REQUEST ? 2 : 1;
}
