/* Every route for every role, at home and abroad: what is not allowed is refused, and nothing but the audit
 * has changed afterwards. What is typed into every member of every route: a clear answer, and after a refusal
 * nothing is stored. Both are made from the table of routes and configs/roles.json; a route without a sample
 * here fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/desk_priv.h"
#include "common/base/json.h"
#include "tests/db/desk_rig.h"

#define HOME "11111111-1111-4111-8111-111111111111"
#define BACK "22222222-2222-4222-8222-222222222222" /* as HOME, and sent back to its applicant */

static struct desk_rig rig;
static struct buf found;        /* everything, as it was after the last refusal; empty: not known */
static char paper[40] = "none"; /* a document of HOME */

/* What a route is called with: HOME is a case of uat-1; ana is an account there. */
static const struct sample {
    const char *method, *path, *id, *query, *body;
    bool by_place; /* an act on a thing of uat-1: abroad it does not exist */
    bool further;  /* the right opens the door, the case decides the rest */
} samples[] = {
    {"POST", "/api/login", NULL, "", "{\"account\":\"ana\",\"password\":\"gresit gresit\"}", false},
    {"POST", "/api/redeem", NULL, "",
     "{\"account\":\"ana\",\"code\":\"X\",\"fresh\":\"o parola noua lunga\"}", false},
    {"POST", "/api/password", NULL, "", "{\"old\":\"gresit gresit\",\"fresh\":\"o parola noua lunga\"}",
     false},
    {"POST", "/api/pin", NULL, "", "{\"password\":\"gresit gresit\",\"pin\":\"2580\"}", false},
    {"POST", "/api/unlock", NULL, "", "{\"pin\":\"2580\"}", false},
    {"GET", "/api/queue", NULL, "?q=all", NULL, false},
    {"GET", "/api/team", NULL, "?department=urbanism", NULL, false},
    {"GET", "/api/team/late", NULL, "?department=urbanism", NULL, false},
    {"POST", "/api/users", NULL, "", "{\"name\":\"x\",\"full_name\":\"X\",\"institution\":\"uat-1\"}", false},
    {"POST", "/api/users/{id}", "ana", "", "{\"act\":\"enable\"}", true},
    {"POST", "/api/roles", NULL, "",
     "{\"act\":\"revoke\",\"account\":\"ana\",\"role\":\"field\",\"reach\":\"institution\",\"institution\":"
     "\"uat-1\"}",
     false},
    {"POST", "/api/holidays", NULL, "", "{\"day\":\"x\",\"name\":\"X\"}", false},
    {"POST", "/api/holidays/withdraw", NULL, "", "{\"day\":\"x\"}", false},
    {"GET", "/api/audit", NULL, "?after=1", NULL, false},
    {"POST", "/api/messages/{id}/retry", "1", "", NULL, true},
    {"GET", "/api/cases/{id}", HOME, "", NULL, true},
    {"GET", "/api/cases/{id}/refused", HOME, "", NULL, true},
    {"POST", "/api/cases/{id}/act", HOME, "", "{\"action\":\"extend\",\"version\":1,\"given\":{}}", true,
     true},
    {"POST", "/api/cases/{id}/assign", HOME, "", "{\"assignee\":\"ana\",\"version\":999}", true},
    {"POST", "/api/cases/{id}/note", HOME, "", "{\"text\":\"x\",\"public\":false}", true},
    {"POST", "/api/cases/{id}/seal", HOME, "", "{\"sealed\":true,\"reason\":\"x\",\"version\":999}", true},
    {"POST", "/api/cases/{id}/opinion", HOME, "",
     "{\"task\":1,\"result\":\"none\",\"text\":\"x\",\"version\":999}", true, true},
    {"POST", "/api/cases/{id}/fact", HOME, "",
     "{\"path\":\"case.delivered\",\"value\":\"true\",\"version\":999}", true, true},
    {"GET", "/api/cases/{id}/return", BACK, "", NULL, true},
    {"POST", "/api/cases/{id}/return", BACK, "", "{\"answers\":{},\"note\":\"x\",\"version\":1}", true},
    {"POST", "/api/cases/{id}/presence", HOME, "", NULL, true},
    {"PUT", "/api/cases/{id}/draft", HOME, "",
     "{\"template\":\"x\",\"lang\":\"ro\",\"title\":\"x\",\"body\":\"x\",\"version\":0}", true},
    {"GET", "/api/cases/{id}/preview.pdf", HOME, "", NULL, true, true},
    {"POST", "/api/cases/{id}/documents", HOME, "", NULL, true},
    {"GET", "/api/documents/{id}", paper, "", NULL, true},
    {"POST", "/api/documents/{id}/certify", paper, "", NULL, true},
    {"POST", "/api/documents/{id}/printed", paper, "", NULL, true},
    {"GET", "/api/cases/{id}/request.pdf", HOME, "", NULL, true},
    {"POST", "/api/search", NULL, "", "{\"q\":\"popescu\"}", false},
    {"GET", "/api/registers", NULL, "?institution=uat-1", NULL, false, true},
    {"GET", "/api/register", NULL, "?institution=uat-1&register=general&year=2026", NULL, false, true},
    {"GET", "/api/register/day.pdf", NULL, "?institution=uat-1&register=general&date=2026-11-20", NULL, false,
     true},
    {"POST", "/api/form", NULL, "", "{\"service\":\"petition.general\",\"answers\":{}}", false},
    {"POST", "/api/register/entries", NULL, "",
     "{\"register\":\"general\",\"direction\":\"internal\",\"subject\":\"x\",\"correspondent\":\"y\"}", false,
     true},
    {"POST", "/api/register/correct", NULL, "",
     "{\"register\":\"general\",\"year\":2026,\"n\":999999,\"text\":\"x\",\"reason\":\"y\"}", false, true},
    {"POST", "/api/register/year", NULL, "", "{\"register\":\"general\",\"year\":2026,\"act\":\"close\"}",
     false, true},
    {"GET", "/api/templates", NULL, "?case=" HOME, NULL, true},
    {"POST", "/api/person/export/look", NULL, "", "{\"cnp\":\"1960101410019\",\"reason\":\"cerere\"}", false,
     true},
    {"POST", "/api/person/export", NULL, "", "{\"cnp\":\"1960101410019\",\"reason\":\"cerere\"}", false,
     true},
    {"POST", "/api/person/erase/look", NULL, "", "{\"cnp\":\"1960101410019\",\"reason\":\"cerere\"}", false,
     true},
    {"POST", "/api/person/erase", NULL, "", "{\"cnp\":\"1960101410019\",\"reason\":\"cerere\"}", false, true},
    {"POST", "/api/delegations", NULL, "",
     "{\"account\":\"ana\",\"to_account\":\"ana\",\"from\":\"2027-01-01\",\"to\":\"2027-01-02\",\"reason\":"
     "\"x\"}",
     true, true},
    {"POST", "/api/delegations/{id}/end", "1", "", NULL, true, true},
    {"GET", "/api/why", NULL, "?action=case.view&case=" HOME, NULL, true},
};

static const struct sample *sample_of(const struct desk_route *r)
{
    static const struct sample none = {"", "", NULL, "", NULL, false};
    for (size_t i = 0; i < COUNT(samples); i++)
        if (strcmp(samples[i].method, r->method) == 0 && strcmp(samples[i].path, r->path) == 0)
            return &samples[i];
    if (r->in || strchr(r->path, '{'))
        fail_msg("%s %s has no sample", r->method, r->path);
    return &none;
}

static const char *path_of(struct arena *a, const struct desk_route *r, const struct sample *s)
{
    const char *at = strstr(r->path, "{id}");
    return at ? arena_fmt(a, "%.*s%s%s%s", (int)(at - r->path), r->path, s->id, at + 4, s->query)
              : arena_fmt(a, "%s%s", r->path, s->query);
}

static int call(struct browser *b, const struct desk_route *r, const char *path, const char *text,
                struct buf *body)
{
    struct desk_ask ask = {
        r->method, path, text,
        "X-Pridvor: 1\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n"};
    return desk_send(b, &ask, NULL, body);
}

static const char seed[] =
    "INSERT INTO casefile (id, registered_at, entered_at, n, service_version, workflow_version, year, "
    "filed_on, due, "
    "late_after, institution, register, service, workflow, state, department, channel, lang) VALUES ('" HOME
    "', now(), now(), 1, 1, 1, 2026, " SQL_TODAY ", " SQL_TODAY " + 30, " SQL_TODAY
    " + 30, 'uat-1', 'general', "
    "'petition.general', 'simple', 'registered', 'urbanism', 'paper', 'ro')";
static const char sent_back[] =
    "INSERT INTO casefile (id, registered_at, entered_at, n, service_version, workflow_version, year, "
    "filed_on, "
    "due, late_after, institution, register, service, workflow, state, department, channel, lang) SELECT "
    "'" BACK
    "', registered_at, entered_at, 2, service_version, workflow_version, year, filed_on, due, late_after, "
    "institution, register, service, workflow, 'returned', department, channel, lang FROM casefile";
static const char asked[] = "INSERT INTO case_return (case_id, at, by, reason, fields) VALUES ('" BACK
                            "', now(), 'ana', 'x', '{pet.subject}')";
static const char letter[] = "INSERT INTO owed_message (created_at, due_at, request_id, way, message, lang, "
                             "recipient, state, attention, "
                             "closed_at) VALUES (now(), now(), '" HOME
                             "', 'email', 'received', 'ro', 'x@example.org', 'failed', true, now())";

struct person {
    struct browser b;
    char name[40];
    const char *role; /* NULL: none */
    bool abroad;
};
static struct person people[64];
static size_t n_people;

static void add(const char *role, bool abroad)
{
    struct person *p = &people[n_people++];
    char at[40];

    *p = (struct person){.b = {.rig = &rig}, .role = role, .abroad = abroad};
    snprintf(p->name, sizeof(p->name), "%s%d", role ? role : "nobody", abroad ? 2 : 1);
    desk_person(&rig, p->name, abroad ? "uat-2" : "uat-1");
    const struct right_role *r = role ? rights_role(&rig.rights, role) : NULL;
    bool wide = r && strcmp(r->reach[0], "below") == 0; /* only below: a county of its own */
    snprintf(at, sizeof(at), wide ? "%s/" : "%s",
             wide     ? (abroad ? "cj-2" : "cj-1")
             : abroad ? "uat-2"
                      : "uat-1");
    if (role)
        desk_grant(&rig, p->name, role, at);
    assert_int_equal(desk_enter_as(&p->b, p->name, desk_secret), 200);
}

/* A clerk brings a picture of one dot. */
static void bring(void)
{
    BUF_SCOPE(body);

    int status = desk_file(&people[1].b, "/api/cases/" HOME "/documents", desk_dot, &body);
    const char *id = status == 200 ? strstr(body.p, "\"id\":\"") : NULL;
    if (!id || !strstr(body.p, "pagină 1.png"))
        fail_msg("%d %s", status, body.p ? body.p : "");
    snprintf(paper, sizeof(paper), "%.36s", id + 6);
}

static int setup(void **state)
{
    (void)state;
    if (!desk_rig_make(&rig))
        exit(77);
    pgcluster_query(&rig.s.pg,
                    "INSERT INTO institution (id, kind, name_ro, name_hu, name_en) SELECT 'cj-' || g, "
                    "'county', 'J', 'J', 'J' FROM generate_series(1, 2) g");
    pgcluster_query(&rig.s.pg,
                    "UPDATE institution SET parent = 'cj-' || right(id, 1) WHERE id IN ('uat-1', 'uat-2')");
    desk_person(&rig, "ana", "uat-1");
    pgcluster_query(&rig.s.pg, seed);
    pgcluster_query(&rig.s.pg, sent_back);
    pgcluster_query(&rig.s.pg, asked);
    pgcluster_query(&rig.s.pg, letter);
    for (int abroad = 0; abroad < 2; abroad++) {
        add(NULL, abroad);
        for (size_t i = 0; i < rig.rights.n_roles; i++)
            add(rig.rights.roles[i].id, abroad);
    }
    bring();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_people; i++)
        desk_leave(&people[i].b);
    buf_free(&found);
    desk_rig_free(&rig);
    return 0;
}

/* Every row of every table, but the audit and what logging in keeps. */
static const char *everything(struct arena *a)
{
    static const char sql[] =
        "SELECT string_agg(t || ' ' || coalesce((xpath('/row/h/text()', "
        "query_to_xml(format('SELECT md5(string_agg("
        "x::text, '','' ORDER BY x::text)) AS h FROM %I x', t), "
        "true, true, '')))[1]::text, ''), ',' ORDER BY t)"
        " FROM (SELECT table_name::text AS t FROM "
        "information_schema.tables WHERE table_schema = 'public' AND "
        "table_type = 'BASE TABLE' AND table_name NOT LIKE 'audit%' AND table_name <> 'case_mark' "
        "AND table_name NOT LIKE 'login_%') x";
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct err e = {0};

    if (db_sync_query(rig.db, sql, NULL, 0, &r, &e) != RC_OK)
        fail_msg("%s", e.text);
    return arena_str(a, db_text(r, 0, 0));
}

/* Before a call. */
static const char *before_it(struct arena *a)
{
    return arena_str(a, found.len ? found.p : everything(a));
}

/* The first table that differs, or NULL. */
static const char *difference(struct arena *a, const char *before)
{
    const char *now = everything(a);
    size_t i = 0, from = 0;

    buf_reset(&found);
    buf_str(&found, now);

    for (; before[i] && before[i] == now[i]; i++)
        from = before[i] == ',' ? i + 1 : from;
    return before[i] == now[i] ? NULL : arena_fmt(a, "%.*s", (int)strcspn(before + from, " "), before + from);
}

static bool role_has(const char *role, const char *right)
{
    const struct right_action *action = rights_action(&rig.rights, right);
    for (size_t i = 0; role && action && i < action->n_roles; i++)
        if (strcmp(action->roles[i], role) == 0)
            return true;
    return false;
}

static bool open_to(const struct person *p, const struct desk_route *r)
{
    return strcmp(r->right, DESK_OPEN) == 0 || strcmp(r->right, DESK_SESSION) == 0 ||
           role_has(p->role, r->right);
}

static bool by_session(const struct desk_route *r)
{
    return strcmp(r->path, "/api/logout") == 0 || strcmp(r->path, "/api/lock") == 0 ||
           r->slow; /* logging in and out: desk_test */
}

static void one(const struct person *p, const struct desk_route *r, struct arena *a)
{
    BUF_SCOPE(body);
    const struct sample *s = sample_of(r);
    const char *before = before_it(a);
    long audit = desk_count(&rig, "SELECT count(*) FROM audit");
    struct browser b = p->b;
    int status = call(&b, r, path_of(a, r, s), s->body, &body);

    ((struct person *)(uintptr_t)p)->b = b;
    const char *text = body.p ? body.p : "";
    if (status >= 500 || status < 0 || status == 401 || status == 405)
        fail_msg("%s: %s %s: %d %s", p->name, r->method, r->path, status, text);
    bool anybody = s->further || (s->by_place && strcmp(r->right, DESK_SESSION) == 0);
    if (open_to(p, r) && !p->abroad && !anybody &&
        (status == 404 || (status == 403 && strcmp(r->path, "/api/holidays") != 0)))
        fail_msg("%s: %s %s is refused: %d %s", p->name, r->method, r->path, status, text);
    if (!open_to(p, r) && status != 403)
        fail_msg("%s: %s %s: %d %s", p->name, r->method, r->path, status, text);
    if (p->abroad && s->by_place && open_to(p, r) && status != 404 && !(s->further && status < 500))
        fail_msg("%s: %s %s abroad: %d %s", p->name, r->method, r->path, status, text);
    if (status < 400) {
        buf_reset(&found);
        return;
    }
    const char *changed = difference(a, before);
    if (changed)
        fail_msg("%s: %s %s: %d, and %s has changed", p->name, r->method, r->path, status, changed);
    if (!open_to(p, r) && desk_count(&rig, "SELECT count(*) FROM audit") <= audit)
        fail_msg("%s: %s %s: %d is not in the audit", p->name, r->method, r->path, status);
}

static void roles_and_routes(void **state)
{
    (void)state;
    int n = 0;
    for (size_t i = 0; i < n_desk_routes; i++)
        for (size_t k = 0; k < n_people && !by_session(&desk_routes[i]); k++, n++) {
            ARENA_SCOPE(a);
            one(&people[k], &desk_routes[i], a);
        }
    print_message("%d calls\n", n);
}

/* Without a session, and with one that has ended: nothing at all. */
static void without_session(void **state)
{
    (void)state;
    struct browser b = {.rig = &rig};
    for (size_t i = 0; i < n_desk_routes; i++) {
        ARENA_SCOPE(a);
        const struct desk_route *r = &desk_routes[i];
        const struct sample *s = sample_of(r);
        const char *before = before_it(a);
        int status = call(&b, r, path_of(a, r, s), s->body, NULL);
        if (status != 401)
            fail_msg("%s %s: %d", r->method, r->path, status);
        assert_null(difference(a, before));
    }
    desk_leave(&b);
}

/* ---- what is typed ---- */

static const char *const wrong[] = {
    "[]",
    "{}",
    "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]",
    "1.5",
    "99999999999999999999",
    "-1",
    "true",
    "\"\"",
    "\"' OR '1'='1\"",
    "\"'; DROP TABLE casefile; --\"",
    "\"<script>alert(1)</script>\"",
    "\"../../../../etc/passwd\"",
    "\"a\\u0000b\"",
    "\"\\ud800\"",
    "\"\xff\xfe\"",
    "\"%00%0d%0aSet-Cookie: x=1\"",
    "\"{{7*7}}${7*7}\"",
};

static const struct person *who_may(const struct desk_route *r)
{
    for (size_t i = 0; i < n_people; i++)
        if (!people[i].abroad && people[i].role && open_to(&people[i], r))
            return &people[i];
    return NULL;
}

/* The sample with one member replaced or added. */
static const char *replaced(struct arena *a, const struct sample *s, const char *member, const char *value)
{
    struct jval *v = NULL;
    struct err e = {0};
    BUF_SCOPE(out);
    bool there = false;

    assert_int_equal(jval_parse(a, s->body, strlen(s->body), &v, &e), RC_OK);
    js_open(&out, NULL, '{');
    for (size_t i = 0; i < v->n; i++) {
        BUF_SCOPE(one_member);
        jval_encode(&v->items[i], &one_member);
        bool it = strcmp(v->names[i], member) == 0;
        there |= it;
        js_raw(&out, v->names[i], it ? value : one_member.p);
    }
    if (!there)
        js_raw(&out, member, value);
    js_close(&out, '}');
    return arena_str(a, out.p);
}

static void typed(struct person *p, const struct desk_route *r, const struct sample *s, const char *text)
{
    ARENA_SCOPE(a);
    BUF_SCOPE(body);
    const char *before = before_it(a);
    int status = call(&p->b, r, path_of(a, r, s), text, &body);

    if (status < 200 || status >= 500 || status == 401 || status == 429)
        fail_msg("%s %s %.200s: %d %s", r->method, r->path, text, status, body.p ? body.p : "");
    if (status < 400) {
        buf_reset(&found);
        return;
    }
    if (!body.p || !strstr(body.p, "\"error\":{\"rc\":\"RC_") || !strstr(body.p, "\"say\":{\"ro\":\""))
        fail_msg("%s %s %.200s: %d without words: %s", r->method, r->path, text, status,
                 body.p ? body.p : "");
    const char *changed = difference(a, before);
    if (changed)
        fail_msg("%s %s %.200s: %d, and %s has changed", r->method, r->path, text, status, changed);
}

static void every_member(void **state)
{
    (void)state;
    int n = 0;
    for (size_t i = 0; i < n_desk_routes; i++) {
        const struct desk_route *r = &desk_routes[i];
        if (!r->in || strcmp(r->method, "GET") == 0 || r->slow)
            continue;
        struct person *p = (struct person *)(uintptr_t)who_may(r);
        const struct sample *s = sample_of(r);
        for (size_t f = 0; f <= r->in->n; f++) {
            const char *name = f < r->in->n ? r->in->fields[f].name : "surplus";
            for (size_t k = 0; k <= COUNT(wrong); k++, n++) {
                ARENA_SCOPE(a);
                char *longer = arena_alloc(a, 70000);
                memset(longer, 'x', 69998);
                longer[0] = longer[69998] = '"';
                typed(p, r, s, replaced(a, s, name, k < COUNT(wrong) ? wrong[k] : longer));
            }
        }
    }
    print_message("%d bodies\n", n);
}

static void every_query(void **state)
{
    (void)state;
    static const char *const values[] = {
        "%27%20OR%20%271%27=%271",  "%3Cscript%3E", "..%2F..%2Fetc", "%00",  "%zz", "-1",
        "999999999999999999999999", "%F0%9F%98%80", "a%0d%0ab",      "null", "[]"};
    int n = 0;
    for (size_t i = 0; i < n_desk_routes; i++) {
        const struct desk_route *r = &desk_routes[i];
        if (!r->in || strcmp(r->method, "GET") != 0)
            continue;
        struct person *p = (struct person *)(uintptr_t)who_may(r);
        for (size_t f = 0; f < r->in->n; f++)
            for (size_t k = 0; k < COUNT(values); k++, n++) {
                ARENA_SCOPE(a);
                struct sample s = *sample_of(r);
                s.query = arena_fmt(a, "?%s=%s%s%s", r->in->fields[f].name, values[k], *s.query ? "&" : "",
                                    *s.query ? s.query + 1 : "");
                typed(p, r, &s, NULL);
            }
    }
    print_message("%d queries\n", n);
}

/* What stands in a path instead of an id. */
static void every_id(void **state)
{
    (void)state;
    static const char *const ids[] = {"0",
                                      "-1",
                                      "x",
                                      "..",
                                      "%2e%2e",
                                      "%27",
                                      "%27%20OR%201=1--",
                                      "null",
                                      "11111111-1111-4111-8111-111111111112",
                                      "11111111111141118111111111111111",
                                      "99999999999999999999999999",
                                      "%F0%9F%98%80",
                                      "a%2Fb",
                                      "root"};
    int n = 0;
    for (size_t i = 0; i < n_desk_routes; i++) {
        const struct desk_route *r = &desk_routes[i];
        if (!strchr(r->path, '{'))
            continue;
        struct person *p = (struct person *)(uintptr_t)who_may(r);
        for (size_t k = 0; k < COUNT(ids); k++, n++) {
            ARENA_SCOPE(a);
            struct sample s = *sample_of(r);
            s.id = ids[k];
            int status = call(&p->b, r, path_of(a, r, &s), s.body, NULL);
            if (status != 404 && status != 400)
                fail_msg("%s %s with %s: %d", r->method, r->path, ids[k], status);
        }
    }
    print_message("%d ids\n", n);
}

/* Another administrator must: neither the own second factor, nor password, nor account, nor roles. */
static void nobody_manages_oneself(void **state)
{
    (void)state;
    static const char *const acts[] = {"reset", "totp", "totp_off", "disable", "enable"};
    int n = 0;
    for (size_t k = 0; k < n_people; k++)
        for (size_t i = 0; i < COUNT(acts) && role_has(people[k].role, "user.manage"); i++, n++) {
            ARENA_SCOPE(a);
            BUF_SCOPE(body);
            const char *before = everything(a);
            int status = desk_post(&people[k].b, arena_fmt(a, "/api/users/%s", people[k].name),
                                   arena_fmt(a, "{\"act\":\"%s\"}", acts[i]), &body);
            if (status != 403 || !strstr(body.p, "alt administrator"))
                fail_msg("%s %s: %d %s", people[k].name, acts[i], status, body.p ? body.p : "");
            assert_null(difference(a, before));
        }
    assert_true(n > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roles_and_routes),
        cmocka_unit_test(every_member),
        cmocka_unit_test(every_query),
        cmocka_unit_test(every_id),
        cmocka_unit_test(nobody_manages_oneself),
        cmocka_unit_test(without_session),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
