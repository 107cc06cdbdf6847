#include "tests/db/book_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "backend/migrate.h"
#include "common/base/fs.h"

char book_said[65536];
int64_t book_now;

int64_t book_clock(void)
{
    return book_now ? book_now : unix_ms();
}

int64_t book_ms(const char *iso)
{
    int64_t ms = 0;
    if (iso_utc_parse(iso, &ms, NULL) != RC_OK)
        abort();
    return ms;
}

static void die(const char *what, const struct err *e)
{
    fprintf(stderr, "book rig: %s: %s\n", what, e->text);
    exit(1);
}

static void files(struct book_rig *rig)
{
    struct err e = {0};
    const char *blobs = arena_fmt(rig->a, "%s/blobs", rig->pg.dir);
    const char *text;

    snprintf(rig->key, sizeof(rig->key), "%s/key", rig->pg.dir);
    snprintf(rig->conf_path, sizeof(rig->conf_path), "%s/conf", rig->pg.dir);
    text = arena_fmt(rig->a,
                     "{\"db\":\"%s\",\"configs\":\"configs\",\"pin_key\":\"%s\",\"blobs\":\"%s\","
                     "\"terminals\":{\"host\":\"127.0.0.1\",\"port\":0},\"public\":{\"host\":\"127.0.0.1\","
                     "\"port\":0},\"tls\":{\"ca\":\"x\",\"cert\":\"x\",\"key\":\"x\"}}",
                     rig->pg.conninfo, rig->key, blobs);
    if (fs_write(rig->key, "0123456789abcdef0123456789abcdef", 32, 0600, &e) != RC_OK ||
        fs_write(rig->conf_path, text, strlen(text), 0600, &e) != RC_OK ||
        registry_conf_load(rig->a, rig->conf_path, &rig->conf, &e) != RC_OK ||
        work_house_load(rig->a, &rig->conf, &rig->house, &e) != RC_OK)
        die("files", &e);
}

static void people(struct pgcluster *pg)
{
    pgcluster_query(pg, "INSERT INTO institution (id, parent, kind, name_ro, name_hu, name_en) VALUES "
                        "('county', NULL, 'county', 'Județul', 'Megye', 'County'), "
                        "('hall-1', 'county', 'town_hall', 'Primăria Unu', 'Egy', 'One'), "
                        "('hall-2', 'county', 'town_hall', 'Primăria Doi', 'Kettő', 'Two')");
    pgcluster_query(pg, "INSERT INTO account (name, full_name, institution) VALUES ('rodica', 'Rodica Moț', "
                        "'hall-1'), ('ana', 'Ana Pop', 'hall-1'), ('dan', 'Dan Rus', 'hall-2'), "
                        "('arhiva', 'Ilie Arhiva', 'hall-1'), ('vera', 'Vera Nagy', 'hall-1')");
    pgcluster_query(pg,
                    "INSERT INTO account_role (account, role, reach, institution, department, granted_by) "
                    "VALUES ('rodica', 'registrar', 'institution', 'hall-1', '', 'x'), "
                    "('ana', 'clerk', 'department', 'hall-1', 'urbanism', 'x'), "
                    "('dan', 'registrar', 'institution', 'hall-2', '', 'x'), "
                    "('arhiva', 'archivist', 'institution', 'hall-1', '', 'x'), "
                    "('vera', 'head', 'institution', 'hall-1', '', 'x')");
}

bool book_rig_make(struct book_rig *rig)
{
    struct err e = {0};

    memset(rig, 0, sizeof(*rig));
    if (!pgcluster_make(&rig->pg))
        return false;
    rig->a = arena_new();
    pgcluster_database(&rig->pg, "book");
    if (migrate(rig->pg.conninfo, NULL, &e) != RC_OK)
        die("migrate", &e);
    files(rig);
    people(&rig->pg);
    return true;
}

void book_rig_free(struct book_rig *rig)
{
    work_house_wipe(&rig->house);
    arena_free(rig->a);
    pgcluster_free(&rig->pg);
}

struct work book_job(struct book_rig *rig, struct arena *a)
{
    struct work w = {.house = &rig->house, .a = a, .now_ms = book_clock};
    struct err e = {0};

    if (db_sync_open(rig->pg.conninfo, &w.db, &e) != RC_OK)
        die("connection", &e);
    return w;
}

struct actor book_actor(struct work *w, const char *account)
{
    struct actor who;
    struct err e = {0};

    if (work_actor(w, account, &who, &e) != RC_OK)
        die(account, &e);
    return who;
}

void book_request(struct book_rig *rig, const char *institution, const char *reg, const char *at)
{
    char sql[1600];

    snprintf(sql, sizeof(sql),
             "WITH c AS (INSERT INTO register_counter AS c (institution, register, year, n) VALUES ('%s', "
             "'%s', extract(year FROM book_date('%s')), 1) ON CONFLICT (institution, register, year) DO "
             "UPDATE SET n = c.n + 1 RETURNING n, year) INSERT INTO request (request_id, registered_at, "
             "filed_at, n, service_version, filed_on, due, year, offline, institution, register, "
             "receipt_code, terminal, service, channel, lang, pin_verifier, sha256, request, signature) "
             "SELECT gen_random_uuid(), '%s', '%s', n, 1, book_date('%s'), book_date('%s') + 30, year, "
             "false, '%s', '%s', substr(gen_random_uuid()::text, 1, 13), 'K01', 'petition.general', "
             "'kiosk', 'ro', '', sha256('{}'), '{}', '{}' FROM c",
             institution, reg, at, at, at, at, at, institution, reg);
    pgcluster_query(&rig->pg, sql);
}

void book_script(struct book_rig *rig, const char *sql)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct err e = {0};

    if (db_sync_open(rig->pg.conninfo, &s, &e) != RC_OK || db_sync_script(s, sql, &e) != RC_OK)
        die(sql, &e);
}

int book_ctl(struct book_rig *rig, const char *words)
{
    char line[2000];
    const char *build = getenv("PRIDVOR_BUILD");

    snprintf(line, sizeof(line), "%s/backend/registryctl %s --config %s 2>&1", build ? build : "build/asan",
             words, rig->conf_path);
    FILE *f = popen(line, "r");
    if (!f)
        return -1;
    book_said[fread(book_said, 1, sizeof(book_said) - 1, f)] = 0;
    int status = pclose(f);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
