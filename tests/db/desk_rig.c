#include "tests/db/desk_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/audit.h"
#include "common/base/fs.h"

const char desk_secret[] = "corect cal baterie";
static const uint8_t dot[] = {
    0x89, 'P',  'N',  'G',  13,  10,  26,  10,   0,    0,    0,    13,  'I',  'H',  'D',  'R',  0,
    0,    0,    1,    0,    0,   0,   1,   8,    0,    0,    0,    0,   0x3a, 0x7e, 0x9b, 0x55, 0,
    0,    0,    10,   'I',  'D', 'A', 'T', 0x78, 0x9c, 0x63, 0x60, 0,   0,    0,    2,    0,    1,
    0x48, 0xaf, 0xa4, 0x71, 0,   0,   0,   0,    'I',  'E',  'N',  'D', 0xae, 0x42, 0x60, 0x82};
const struct bytes desk_dot = {dot, sizeof(dot)};

static void must(enum rc rc, const struct err *e)
{
    if (rc == RC_OK)
        return;
    fprintf(stderr, "desk_rig: %s %s\n", rc_name(rc), e->text);
    exit(1);
}

static void put(const char *dir, const char *name, const char *text)
{
    struct err e = {0};
    char path[400];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    must(fs_write(path, text, strlen(text), 0600, &e), &e);
}

static void pages(struct desk_rig *d)
{
    struct err e = {0};
    char dir[300], assets[320];

    snprintf(dir, sizeof(dir), "%s/pages", d->s.dir);
    snprintf(assets, sizeof(assets), "%s/assets", dir);
    must(fs_mkdirs(assets, 0700, &e), &e);
    put(dir, "index.html", "<!doctype html><title>Registratura</title>");
    put(dir, "note.txt", "not a page");
    put(assets, "desk.js", "export const x = 1;");
    put(assets, "desk.css", "body{}");
    put(d->s.dir, "secret.html", "secret");
}

bool desk_rig_make(struct desk_rig *d)
{
    static const struct login_conf quick = {.memory_kib = 256, .passes = 1, .lanes = 1};
    struct err e = {0};
    uint8_t master[32];
    char key[300];

    *d = (struct desk_rig){.s = {.desk = true, .desk_pages = d->s.desk_pages}};
    if (!server_make(&d->s, 1))
        return false;
    pages(d);
    server_start(&d->s);
    d->ctx = server_client(&d->s, NULL);
    d->a = arena_new();
    snprintf(key, sizeof(key), "%s/pin.key", d->s.dir);
    must(pin_key_load(key, false, master, &e), &e);
    must(db_sync_open(d->s.pg.conninfo, &d->db, &e), &e);
    must(audit_key(master, &e), &e); /* we write beside registryd */
    must(login_init(&d->login, d->db, &quick, master, &e), &e);
    must(rights_load(d->a, "configs", &d->rights, &e), &e);
    return true;
}

void desk_rig_free(struct desk_rig *d)
{
    db_sync_close(d->db);
    login_wipe(&d->login);
    tls_ctx_free(d->ctx);
    arena_free(d->a);
    server_free(&d->s);
}

void desk_person(struct desk_rig *d, const char *name, const char *institution)
{
    struct people_role at = {.account = name, .institution = institution};
    struct login_try t = {.account = name, .address = "10.0.0.9"};
    struct err e = {0};
    char code[LOGIN_CODE];

    must(people_add(d->db, &at, "Cineva de la Ghișeu", "root", &e), &e);
    must(login_reset(&d->login, name, "root", code, &e), &e);
    t.code = code;
    must(login_redeem(&d->login, &t, desk_secret, &e), &e);
}

void desk_grant(struct desk_rig *d, const char *name, const char *role, const char *at)
{
    char where[80], *slash;
    struct err e = {0};

    snprintf(where, sizeof(where), "%s", at);
    slash = strchr(where, '/');
    struct people_role row = {name, role, slash ? slash[1] ? "department" : "below" : "institution", where,
                              slash ? slash + 1 : ""};
    if (slash)
        *slash = 0;
    must(people_role(d->db, &d->rights, &row, true, "root", &e), &e);
}

void desk_hand(struct desk_rig *d, struct browser *b, const char *name, const char *role, const char *at)
{
    struct err e = {0};

    *b = (struct browser){.rig = d};
    desk_person(d, name, "uat-1");
    desk_grant(d, name, role, at);
    if (desk_enter_as(b, name, desk_secret) != 200)
        must(err_set(&e, RC_DENIED, "%s cannot log in", name), &e);
}

static bool ready(struct browser *b)
{
    struct err e = {0};

    if (b->open && !tclient_pending(&b->c))
        return true;
    if (b->open)
        tclient_close(&b->c);
    b->open = tclient_open(&b->c, b->rig->s.desk_port, b->ctx ? b->ctx : b->rig->ctx, &e) == RC_OK;
    return b->open;
}

int desk_send(struct browser *b, const struct desk_ask *ask, struct buf *head, struct buf *body)
{
    struct err e = {0};
    BUF_SCOPE(out);
    BUF_SCOPE(own);
    size_t len = ask->len ? ask->len : strlen(ask->text ? ask->text : "");

    if (!ready(b))
        return -1;
    buf_fmt(&out, "%s %s HTTP/1.1\r\nHost: localhost:%d\r\n%s%s", ask->method, ask->path, b->rig->s.desk_port,
            b->cookie, ask->more ? ask->more : "");
    buf_fmt(&out, "Content-Length: %zu\r\n\r\n", len);
    buf_add(&out, ask->text, len);
    head = head ? head : &own;
    int status = tclient_send(&b->c, out.p, out.len, &e);
    status = status == RC_OK ? tclient_answer(&b->c, head, body, &e) : -1;
    if (status < 0 || strstr(head->p, "\r\nConnection: close")) {
        tclient_close(&b->c);
        b->open = false;
    }
    return status;
}

int desk_get(struct browser *b, const char *path, struct buf *body)
{
    return desk_send(b, &(struct desk_ask){"GET", path, NULL, "Sec-Fetch-Site: same-origin\r\n"}, NULL, body);
}

int desk_post(struct browser *b, const char *path, const char *text, struct buf *body)
{
    char more[200];
    snprintf(more, sizeof(more),
             "X-Pridvor: 1\r\nSec-Fetch-Site: same-origin\r\nOrigin: https://localhost:%d\r\n"
             "Content-Type: application/json\r\n",
             b->rig->s.desk_port);
    return desk_send(b, &(struct desk_ask){"POST", path, text, more}, NULL, body);
}

int desk_file(struct browser *b, const char *path, struct bytes file, struct buf *body)
{
    static const char more[] = "X-Pridvor: 1\r\nContent-Type: image/png\r\nX-Kind: scan\r\n"
                               "X-Name: pagin%C4%83%201.png\r\n";
    return desk_send(b, &(struct desk_ask){"POST", path, (const char *)file.p, more, file.len}, NULL, body);
}

int desk_enter_as(struct browser *b, const char *name, const char *password)
{
    BUF_SCOPE(head);
    BUF_SCOPE(body);
    char text[400], more[100];
    const char *cookie, *wait;

    snprintf(text, sizeof(text), "{\"account\":\"%s\",\"password\":\"%s\"}", name, password);
    snprintf(more, sizeof(more), "X-Pridvor: 1\r\nContent-Type: application/json\r\n");
    int status = desk_send(b, &(struct desk_ask){"POST", "/api/login", text, more}, &head, &body);
    wait = body.len ? strstr(body.p, "\"seconds\":") : NULL;
    b->seconds = wait ? (int)strtol(wait + 10, NULL, 10) : 0;
    cookie = head.len ? strstr(head.p, "Set-Cookie: ") : NULL;
    if (status == 200 && cookie) {
        cookie += strlen("Set-Cookie: ");
        snprintf(b->cookie, sizeof(b->cookie), "Cookie: %.*s\r\n", (int)strcspn(cookie, ";"), cookie);
    }
    return status;
}

void desk_leave(struct browser *b)
{
    if (b->open)
        tclient_close(&b->c);
    b->open = false;
    b->cookie[0] = 0;
}

long desk_count(struct desk_rig *d, const char *sql)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct err e = {0};

    must(db_sync_query(d->db, sql, NULL, 0, &r, &e), &e);
    return db_rows(r) ? (long)db_int(r, 0, 0) : 0;
}

int desk_step(struct browser *b, const char *id, const char *action, const char *given, struct buf *body)
{
    char sql[120], text[400], path[80];

    snprintf(sql, sizeof(sql), "SELECT version FROM casefile WHERE id = '%s'", id);
    snprintf(text, sizeof(text), "{\"action\":\"%s\",\"version\":%ld,\"given\":{%s}}", action,
             desk_count(b->rig, sql), given);
    snprintf(path, sizeof(path), "/api/cases/%s/act", id);
    return desk_post(b, path, text, body);
}
