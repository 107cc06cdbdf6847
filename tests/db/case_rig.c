#include "tests/db/case_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/book.h"
#include "backend/audit.h"
#include "backend/case_priv.h"
#include "backend/migrate.h"
#include "backend/people.h"
#include "backend/sealed.h"
#include "backend/sql.h"
#include "common/base/fs.h"
#include "common/base/text.h"
#include "common/model/submission.h"

int64_t rig_now;

int64_t rig_clock(void)
{
    return rig_now;
}

static void must(enum rc rc, const struct err *e, const char *what)
{
    if (rc == RC_OK)
        return;
    fprintf(stderr, "rig: %s: %s %s\n", what, rc_name(rc), e->text);
    exit(1);
}

bool rig_make(struct rig *r)
{
    struct err e = {0};

    memset(r, 0, sizeof(*r));
    if (!pgcluster_make(&r->pg))
        return false;
    pgcluster_database(&r->pg, "cases");
    must(migrate(r->pg.conninfo, NULL, &e), &e, "migrate");
    pgcluster_query(&r->pg, "INSERT INTO institution (id, parent, kind, name_ro, name_hu, name_en) VALUES "
                            "('county', NULL, 'county_council', 'Consiliul', 'Tanács', 'Council'), "
                            "('hall-1', 'county', 'town_hall', 'Primăria Unu', 'Egy', 'Hall One'), "
                            "('hall-2', 'county', 'town_hall', 'Primăria Doi', 'Kettő', 'Hall Two')");
    snprintf(r->dir, sizeof(r->dir), "%s/house", r->pg.dir);
    must(fs_mkdirs(r->dir, 0700, &e), &e, "folder");
    r->arena = arena_new();
    r->conf = (struct registry_conf){.db = r->pg.conninfo,
                                     .configs = "configs",
                                     .pin_key = arena_fmt(r->arena, "%s/key", r->dir),
                                     .blobs = arena_fmt(r->arena, "%s/blobs", r->dir),
                                     .public_url = "https://primaria.example"};
    must(work_house_load(r->arena, &r->conf, &r->house, &e), &e, "house");
    must(db_sync_open(r->pg.conninfo, &r->db, &e), &e, "connection");
    must(db_sync_script(r->db, sql_text(SQL_SESSION), &e), &e, "session"); /* as the room does */
    must(audit_vouch(r->db, &e), &e, "vouch");
    /* A Monday with no holiday for two months: on the day of the run a term ends now before a weekend, now
     * before Christmas. At noon, as timers ring at seven. */
    rig_now = case_ms((struct date){2026, 2, 2}, 12 * 60);
    return true;
}

void rig_free(struct rig *r)
{
    db_sync_close(r->db);
    work_house_wipe(&r->house);
    arena_free(r->arena);
    pgcluster_free(&r->pg);
}

struct work rig_begin(struct rig *r)
{
    return (struct work){.house = &r->house, .db = r->db, .a = arena_new(), .now_ms = rig_clock};
}

void rig_end(struct work *w)
{
    arena_free(w->a);
    w->a = NULL;
}

void rig_user(struct rig *r, const char *name, const char *role, const char *institution,
              const char *department)
{
    struct err e = {0}, taken = {0};
    bool below =
        strcmp(institution, "county") == 0 && (strcmp(role, "county") == 0 || strcmp(role, "approver") == 0);
    struct people_role at = {name, role,
                             *department ? "department"
                             : below     ? "below"
                                         : "institution",
                             institution, department};
    enum rc rc = people_add(r->db, &at, name, "test", &taken);

    if (rc != RC_CONFLICT)
        must(rc, &taken, name);
    must(people_role(r->db, &r->house.rights, &at, true, "test", &e), &e, role);
}

void rig_actor(struct work *w, const char *name, struct actor *out)
{
    struct err e = {0};
    must(case_actor(w, name, out, &e), &e, name);
}

static const char *hex_of(struct arena *a, struct bytes b)
{
    char *hex = arena_alloc(a, 2 * b.len + 3);
    hex[0] = '\\';
    hex[1] = 'x';
    hex_encode(hex + 2, b.p, b.len);
    return hex;
}

/* What the intake writes in its commit. */
static const char put_request[] =
    "WITH put AS (INSERT INTO request (request_id, registered_at, filed_at, n, service_version, filed_on, "
    "due, year, "
    "offline, institution, register, receipt_code, terminal, service, channel, lang, pin_verifier, sha256, "
    "request, "
    "signature) VALUES ($1::uuid, to_timestamp($2::bigint / 1000.0), to_timestamp($2::bigint / 1000.0), "
    "$3::int, "
    "$4::int, $5::date, NULL, $6::int, $7::bool, $8, $9, $10, 'K01', $11, 'kiosk', $12, '', '', $13::bytea, "
    "'')) "
    "INSERT INTO audit (at, request_id, institution, actor, act, mac) "
    "VALUES (to_timestamp($2::bigint / 1000.0), $1::uuid, $8, 'K01', 'registered', $14)";

void rig_request(struct rig *r, const struct rig_request *q, char id[37])
{
    struct work w = rig_begin(r);
    struct err e = {0};
    struct bytes sealed;
    char code[RECEIPT_CODE_LEN + 1], day[11], now[25];
    int64_t n = 0;
    const struct service *s = catalog_find(&r->house.catalog, q->service);
    const struct register_rule *reg = registers_of(&r->house.registers, "town_hall", q->service);
    struct request text = {
        .v = 1,
        .terminal = "K01",
        .institution = q->institution,
        .service = q->service,
        .channel = "kiosk",
        .lang = q->lang ? q->lang : "ro",
        .created_at = now,
        .identity = {.source = "card_read", .access = "PACE", .document_number = "XX1", .sod_sha256 = ""}};

    must(uuid7(id, &e), &e, "id");
    must(receipt_code_new(code, &e), &e, "code");
    iso_utc(now, rig_now);
    text.request_id = id;
    text.service_version = s->version;
    const char *body = request_text(w.a, &text, q->answers);
    const struct sealed_at at = {id, "request"};
    must(sealed_request_seal(w.a, &r->house.request_key, &at, BYTES(body, strlen(body)), &sealed, &e), &e,
         "seal");
    struct date d = date_of_ms(rig_now);
    date_iso(day, d);
    must(work_begin(&w, &e), &e, "begin");
    must(book_number(&w, q->institution, reg ? reg->id : "general", d.y, &n, &e), &e, "number");
    uint8_t mac[AUDIT_MAC];
    const struct audit_line line = {q->institution, id, "K01", "registered", NULL};
    struct db_param p[] = {DB_STR(id),
                           DB_STR(arena_fmt(w.a, "%lld", (long long)rig_now)),
                           DB_STR(arena_fmt(w.a, "%lld", (long long)n)),
                           DB_STR(arena_fmt(w.a, "%lld", (long long)s->version)),
                           DB_STR(day),
                           DB_STR(arena_fmt(w.a, "%d", d.y)),
                           DB_STR(q->offline ? "true" : "false"),
                           DB_STR(q->institution),
                           DB_STR(reg ? reg->id : "general"),
                           DB_STR(code),
                           DB_STR(q->service),
                           DB_STR(text.lang),
                           DB_STR(hex_of(w.a, sealed)),
                           audit_mac(mac, &line)};
    must(db_sync_query(r->db, put_request, p, COUNT(p), NULL, &e), &e, "request");
    must(work_end(&w, RC_OK, &e), &e, "commit");
    rig_end(&w);
}

int rig_open(struct rig *r)
{
    struct err e = {0};
    int n, all = 0;

    do {
        struct work w = rig_begin(r);
        must(case_open_pending(&w, 200, &n, &e), &e, "open");
        rig_end(&w);
        all += n;
    } while (n == 200);
    return all;
}

/* One likely value per field. */
static const char *value_of(const struct field *f, unsigned seed)
{
    if (strcmp(f->id, "who.email") == 0 || f->type == FT_EMAIL)
        return "\"ana@example.ro\"";
    switch (f->type) {
    case FT_CNP:
        return "\"1960523125783\"";
    case FT_DATE:
        return "\"2026-11-20\"";
    case FT_TIME:
        return "\"10:00\"";
    case FT_INT:
    case FT_DECIMAL:
        return "\"12\"";
    case FT_BOOL:
        return "true";
    case FT_PHONE:
        return seed % 3 ? NULL : "\"0722123456\"";
    case FT_NOTE:
    case FT_SIGN:
    case FT_FILE:
    case FT_GEO:
    case FT_ROUTE:
    case FT_PERSONS:
    case FT_SLOT:
    case FT_PLATE:
    case FT_CUI:
        return NULL;
    default:
        return "\"Text\"";
    }
}

const char *rig_answers(struct arena *a, const struct service *s, unsigned seed)
{
    BUF_SCOPE(out);
    bool first = true;

    buf_chr(&out, '{');
    for (size_t i = 0; i < s->n_fields; i++) {
        const struct field *f = &s->fields[i];
        const char *v = value_of(f, seed);
        if (f->n_options)
            v = arena_fmt(a, "%s\"%s\"%s", f->type == FT_MULTI ? "[" : "",
                          f->options[(seed + i) % f->n_options].id, f->type == FT_MULTI ? "]" : "");
        if (!v)
            continue;
        if (strcmp(f->id, "who.last_name") == 0)
            v = seed % 2 ? "\"Kovács\"" : "\"Mureșan\"";
        buf_fmt(&out, "%s\"%s\":%s", first ? "" : ",", f->id, v);
        first = false;
    }
    buf_chr(&out, '}');
    return arena_strn(a, out.p, out.len);
}
