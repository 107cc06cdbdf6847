#include "tests/db/public_rig.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fs.h"
#include "common/base/text.h"

struct server house;
const char *house_service;
const char form_type[] = "multipart/form-data; boundary=----Pridvor7";

static void die(const char *what)
{
    fprintf(stderr, "public: %s\n", what);
    exit(1);
}

bool house_open(void)
{
    if (!server_make(&house, 2))
        return false;
    server_start(&house);
    return true;
}

void house_close(void)
{
    server_free(&house);
}

const char *house_ask(const char *fmt, ...)
{
    char sql[4000];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(sql, sizeof(sql), fmt, ap);
    va_end(ap);
    return pgcluster_query(&house.pg, sql);
}

void house_file(struct body *b)
{
    struct tclient c;
    struct err e = {0};
    ARENA_SCOPE(a);
    struct tls_ctx *ctx = server_client(&house, "K01");

    body_init(b, "K01", "uat-1");
    b->service = house_service;
    if (tclient_open(&c, house.port, ctx, &e) != RC_OK ||
        tclient_request(&c, "POST", "/v1/requests", body_headers(a, b), body_text(a, b), NULL, &e) != 201)
        die("not registered");
    tclient_close(&c);
    tls_ctx_free(ctx);
}

/* The workflow of a birth certificate is search. */
#define OPEN_SQL                                                                                             \
    "INSERT INTO casefile (id, request_id, institution, register, year, n, service, service_version, "       \
    "workflow, "                                                                                             \
    "workflow_version, state, department, channel, lang, registered_at, entered_at, filed_on, subject, "     \
    "person, due, "                                                                                          \
    "late_after, email, phone) SELECT request_id, request_id, institution, register, year, n, service, "     \
    "service_version, 'search', 1, '%s', 'civil_status', channel, lang, registered_at, registered_at, "      \
    "filed_on, "                                                                                             \
    "'Certificat', 'Mureșan Ana', due, due, 'ana.muresan@example.ro', '0740123456' FROM request "           \
    "WHERE request_id = '%s' ON CONFLICT DO NOTHING"

const char *house_case(const struct body *b, const char *state)
{
    static char id[40];

    for (int i = 0; i < 40; i++) {
        snprintf(id, sizeof(id), "%s", house_ask("SELECT id FROM casefile WHERE request_id = '%s'", b->id));
        if (id[0])
            break;
        usleep(50000);
    }
    house_ask(OPEN_SQL, state, b->id);
    snprintf(id, sizeof(id), "%s", house_ask("SELECT id FROM casefile WHERE request_id = '%s'", b->id));
    if (!id[0])
        die("no casefile");
    house_ask("UPDATE casefile SET state = '%s' WHERE id = '%s'", state, id);
    house_ask(
        "INSERT INTO case_term (case_id, rule, main, began_on, due, late_after, why, calc, computed_at) "
        "SELECT id, 'og27', true, filed_on, due, due, '{\"ro\":\"Legea dă 30 de zile de la înregistrare.\","
        "\"hu\":\"A törvény 30 napot ad az iktatástól.\",\"en\":\"The law gives 30 days from "
        "registration.\"}', "
        "'{\"ro\":\"22 noiembrie + 30 de zile = 22 decembrie.\",\"hu\":\"november 22. + 30 nap = december "
        "22.\","
        "\"en\":\"22 November + 30 days = 22 December.\"}', now() FROM casefile WHERE id = '%s' AND NOT "
        "EXISTS "
        "(SELECT FROM case_term t WHERE t.case_id = casefile.id)",
        id);
    return id;
}

void house_return(const char *case_id, const char *fields, const char *reason, const char *token)
{
    char hex[2 * SHA256_LEN + 1] = "";
    uint8_t hash[SHA256_LEN];

    if (token) {
        sha256(hash, token, strlen(token));
        hex_encode(hex, hash, sizeof(hash));
    }
    house_ask(
        "INSERT INTO case_return (case_id, at, by, reason, fields, token_hash) VALUES ('%s', now(), 'ana', "
        "'%s', '%s', %s%s%s)",
        case_id, reason, fields, token ? "'\\x" : "NULL", hex, token ? "'" : "");
    house_ask("UPDATE casefile SET state = 'returned' WHERE id = '%s'", case_id);
    house_ask(
        "INSERT INTO case_term (case_id, rule, main, began_on, due, late_after, why, calc, computed_at) "
        "SELECT '%s', 'policy.return', false, d, d + 10, d + 10, w, w, now() FROM (SELECT (now() AT TIME "
        "ZONE 'Europe/Bucharest')::date AS d, '{\"ro\":\"Corectura se cere în 10 zile.\",\"hu\":\"A "
        "javítást 10 napon belül kérjük.\",\"en\":\"The correction is asked for within 10 days.\"}'::jsonb "
        "AS w) x",
        case_id);
}

void house_event(const char *case_id, const char *act, const char *to, const char *reason, bool public)
{
    house_ask("INSERT INTO case_event (case_id, at, version, actor, act, state_from, state_to, given, "
              "public) VALUES "
              "('%s', now(), 2, 'ana.pop', '%s', 'registered', '%s', jsonb_build_object('reason', '%s'), %s)",
              case_id, act, to, reason, public ? "true" : "false");
}

/* ---- the browser ---- */

/* The end of the server's log, where something went wrong there. */
static void show_log(void)
{
    struct err e = {0};
    char *text;
    size_t len;
    ARENA_SCOPE(a);
    if (fs_read(a, house.log, 64 << 20, &text, &len, &e) == RC_OK)
        fprintf(stderr, "%s\n", len > 1500 ? text + len - 1500 : text);
}

static void header_of(const struct buf *head, const char *name, char *out, size_t cap)
{
    const char *at = head->p ? strcasestr(head->p, name) : NULL;
    out[0] = '\0';
    if (at)
        snprintf(out, cap, "%.*s", (int)strcspn(at + strlen(name), ";\r"), at + strlen(name));
}

static void exchange(struct browser *b, const char *head, const void *body, size_t len)
{
    struct tclient c;
    struct err e = {0};
    char set[300];

    buf_reset(&b->head);
    buf_reset(&b->page);
    if (tclient_open(&c, house.public_port, NULL, &e) != RC_OK ||
        tclient_send(&c, head, strlen(head), &e) != RC_OK)
        die(e.text);
    if (len > 0 && tclient_send(&c, body, len, &e) != RC_OK)
        fprintf(stderr, "public: %s\n", e.text);
    b->status = tclient_answer(&c, &b->head, &b->page, &e);
    buf_str(&b->page, "");
    if (b->status >= 500)
        show_log();
    header_of(&b->head, "\r\nLocation: ", b->where, sizeof(b->where));
    header_of(&b->head, "\r\nSet-Cookie: ", set, sizeof(set));
    if (set[0])
        snprintf(b->cookie, sizeof(b->cookie), "%s", set);
    tclient_close(&c);
}

void browse_get(struct browser *b, const char *path)
{
    char head[1200];

    snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n", path,
             b->cookie[0] ? "Cookie: " : "", b->cookie, b->cookie[0] ? "\r\n" : "");
    exchange(b, head, NULL, 0);
}

void browse_send(struct browser *b, const char *path, const char *type, const void *body, size_t len)
{
    char head[1200];

    snprintf(head, sizeof(head),
             "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s%s%s\r\n",
             path, type, len, b->cookie[0] ? "Cookie: " : "", b->cookie, b->cookie[0] ? "\r\n" : "");
    exchange(b, head, body, len);
}

void browse_post(struct browser *b, const char *path, const char *form)
{
    browse_send(b, path, "application/x-www-form-urlencoded", form, strlen(form));
}

bool browse_enter(struct browser *b, const char *code, const char *pin)
{
    char form[100];

    snprintf(form, sizeof(form), "lang=ro&code=%s&pin=%s", code, pin);
    browse_post(b, "/s", form);
    return b->status == 303;
}

bool browse_shows(const struct browser *b, const char *text)
{
    return b->page.p && strstr(b->page.p, text);
}

const char *browse_hidden(const struct browser *b, const char *name)
{
    static char value[200];
    char mark[120];

    snprintf(mark, sizeof(mark), "name=\"%s\" value=\"", name);
    const char *at = b->page.p ? strstr(b->page.p, mark) : NULL;
    value[0] = '\0';
    if (at)
        snprintf(value, sizeof(value), "%.*s", (int)strcspn(at + strlen(mark), "\""), at + strlen(mark));
    return value;
}

void browse_close(struct browser *b)
{
    buf_free(&b->head);
    buf_free(&b->page);
}

/* ---- forms with files ---- */

void form_text(struct buf *out, const char *name, const char *value)
{
    buf_fmt(out, "------Pridvor7\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", name, value);
}

void form_file(struct buf *out, const char *name, const char *file, const void *p, size_t n)
{
    buf_fmt(out,
            "------Pridvor7\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\n"
            "Content-Type: application/pdf\r\n\r\n",
            name, file);
    buf_add(out, p, n);
    buf_str(out, "\r\n");
}

void form_end(struct buf *out)
{
    buf_str(out, "------Pridvor7--\r\n");
}

void pdf_small(struct buf *out, const char *mark)
{
    buf_fmt(out,
            "%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
            "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
            "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n%% %s\n",
            mark);
    size_t table = out->len;
    buf_fmt(out, "xref\n0 1\n0000000000 65535 f \ntrailer<</Root 1 0 R/Size 4>>\nstartxref\n%zu\n%%%%EOF\n",
            table);
}
