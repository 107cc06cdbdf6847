#include "tests/bench/fill.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/book_fold.h"
#include "backend/case.h"
#include "backend/pgarr.h"
#include "backend/sealed.h"
#include "common/model/submission.h"

enum { BATCH = 1000, DAYS = 730, COLUMNS = 19, INSTITUTIONS_MAX = 100, REGISTERS_MAX = 16, YEARS_MAX = 4 };
static const int64_t day_ms = INT64_C(86400000);

static const char *const last_names[] = {
    "Pop",      "Popa",    "Popescu", "Mureșan",   "Rus",   "Moldovan",    "Câmpean", "Cîmpean", "Suciu",
    "Ionescu",  "Dumitru", "Stan",    "Gheorghe",  "Matei", "Ciobanu",     "Marin",   "Lazăr",   "Vlad",
    "Oltean",   "Crișan",  "Bota",    "Turcu",     "Chiș",  "Todea",       "Ilieș",   "Bogdan",  "Cozma",
    "Țăranu",   "Șerban",  "Rațiu",   "Mărginean", "Hodiș", "Bălan",       "Sabău",   "Pașca",   "Trif",
    "Szabó",    "Nagy",    "Kovács",  "Tóth",      "Varga", "Balázs",      "Kiss",    "Horváth", "Fehér",
    "Bíró",     "Gál",     "Sándor",  "Simon",     "Szőcs", "Kovács-Nagy", "Lőrincz", "Bartha",  "Székely",
    "Înălțaru", "Dragoș",  "Filip",   "Neagu",     "Preda", "Sîrbu",       "Hîncu",   "Jecan",   "Nistor",
};
static const char *const first_names[] = {
    "Maria",    "Ion",   "Ana",       "Vasile",   "Elena",    "Ioana", "Mihai",    "Andrei",
    "Ștefania", "Dan",   "Alexandru", "Cristina", "Florin",   "Radu",  "Simona",   "István",
    "László",   "Éva",   "Katalin",   "Zoltán",   "Erzsébet", "Ödön",  "Gheorghe", "Nicolae",
    "Mărioara", "Dănuț", "Sînziana",  "Călin",    "Ilinca",   "Tünde",
};
/* What people come for, how often, and answers that its form takes. */
static const struct kind {
    const char *service;
    int weight;
    const char *subject, *answers;
} kinds[] = {
    {"cs.birth_certificate", 25, "",
     "{\"who.last_name\":\"%s\",\"who.first_name\":\"%s\",\"who.cnp\":\"%s\",\"who.email\":\"om@example.ro\","
     "\"who.address\":\"Cluj-Napoca, str. Observatorului nr. 12, bl. C3, ap. 7\",\"act.last_name\":\"Pop\","
     "\"act.first_name\":\"Ana\",\"act.birth_date\":\"1990-05-17\",\"reason\":\"lost\",\"format\":\"paper\","
     "\"consent.data_read\":true}"},
    {"petition.general", 30, "Groapă pe strada Morii",
     "{\"who.last_name\":\"%s\",\"who.first_name\":\"%s\",\"who.email\":\"om@example.ro\",\"pet.subject\":"
     "\"Groapă "
     "pe strada Morii\",\"pet.text\":\"Vă rog să reparați carosabilul din dreptul numărului 15. %s\"}"},
    {"complaint.illegal_dump", 15, "Gunoaie lângă pârâu",
     "{\"who.last_name\":\"%s\",\"who.first_name\":\"%s\",\"place.landmark\":\"Lângă pârâu %s\"}"},
    {"info.public_544", 10, "Contractele de salubritate",
     "{\"who.last_name\":\"%s\",\"who.first_name\":\"%s\",\"info.what\":\"Contractele de salubritate %s\"}"},
    {"parking.place", 20, "Loc de parcare, zona Mărăști",
     "{\"who.last_name\":\"%s\",\"who.first_name\":\"%s\",\"who.cnp\":\"%s\"}"},
};

struct filling {
    const struct fill *f;
    struct db_sync *db;
    struct arena *a; /* of a batch */
    uint64_t seed;
    const char *institutions[INSTITUTIONS_MAX], *institution_kinds[INSTITUTIONS_MAX];
    size_t n_institutions;
    int32_t counter[INSTITUTIONS_MAX][REGISTERS_MAX][YEARS_MAX];
    int first_year;
    int64_t now;
    struct buf cols[COLUMNS];
};

static uint32_t dice(struct filling *x, uint32_t below)
{
    x->seed = x->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(x->seed >> 33) % below;
}

/* A valid one, of an invented person. */
static void cnp_of(struct filling *x, char out[14])
{
    static const char weights[] = "279146358279";
    int sum = 0;

    snprintf(out, 14, "%u%02u%02u%02u12%03u0", 1 + dice(x, 2), 40 + dice(x, 60), 1 + dice(x, 12),
             1 + dice(x, 28), 1 + dice(x, 999));
    for (int i = 0; i < 12; i++)
        sum += (out[i] - '0') * (weights[i] - '0');
    out[12] = (char)('0' + (sum % 11 == 10 ? 1 : sum % 11));
}

static const struct kind *kind_of(struct filling *x)
{
    int at = (int)dice(x, 100);
    const struct kind *k = kinds;
    while (at >= k->weight)
        at -= (k++)->weight;
    return k;
}

/* Old cases are done, a few in a thousand were forgotten; what came in the last weeks is in every state. */
static const char *state_of(struct filling *x, int64_t age_days)
{
    static const char *const fresh[] = {"registered", "registered", "in_work", "in_work",
                                        "in_work",    "decided",    "closed"};
    if (age_days > 45 || (age_days > 20 && dice(x, 4)))
        return dice(x, 400) ? "closed" : "in_work";
    return age_days < 1 ? "registered" : fresh[dice(x, COUNT(fresh))];
}

struct person {
    const char *last, *first, *name;
    char cnp[14];
};
struct place {
    size_t at;
    const struct register_rule *rule;
    int year;
    int32_t n;
};

static struct place place_of(struct filling *x, const struct service *s, struct date day)
{
    struct place p = {.year = day.y};
    double u = dice(x, 1000000) / 1e6;

    p.at = (size_t)((double)x->n_institutions * u * u); /* few are large */
    p.rule = registers_of(&x->f->house->registers, x->institution_kinds[p.at], s->id);
    size_t reg = (size_t)(p.rule - x->f->house->registers.items);
    p.n = ++x->counter[p.at][reg][day.y - x->first_year];
    return p;
}

static enum rc sealed_request(struct filling *x, const struct request *q, const char *answers,
                              struct bytes out[3], struct err *e)
{
    static const char signature[] = "{\"kind\":\"none\"}";
    const struct seal_key *key = &x->f->house->request_key;
    const struct sealed_at at = {q->request_id, "request"}, sig = {q->request_id, "signature"};
    const char *text = request_text(x->a, q, answers);
    uint8_t *hash = arena_alloc(x->a, SHA256_LEN);

    sha256(hash, text, strlen(text));
    out[0] = BYTES(hash, SHA256_LEN);
    TRY(sealed_request_seal(x->a, key, &at, BYTES(text, strlen(text)), &out[1], e));
    return sealed_request_seal(x->a, key, &sig, BYTES(signature, strlen(signature)), &out[2], e);
}

static void put_row(struct filling *x, const uint8_t id[16], const struct place *p, const struct service *s,
                    const char *const text[5])
{
    struct buf *c = x->cols;
    pgarr_bytes(c++, id, 16);
    pgarr_text(c++, x->institutions[p->at]);
    pgarr_text(c++, p->rule->id);
    pgarr_int4(c++, p->year);
    pgarr_int4(c++, p->n);
    pgarr_text(c++, s->id);
    pgarr_int4(c++, (int32_t)s->version);
    pgarr_text(c++, s->workflow);
    pgarr_text(c++, s->department);
    for (int i = 0; i < 5; i++)
        pgarr_text(c++, text[i]);
}

static enum rc one(struct filling *x, int64_t i, struct err *e)
{
    const struct kind *k = kind_of(x);
    const struct service *s = catalog_find(&x->f->house->catalog, k->service);
    int64_t at =
        x->now - DAYS * day_ms + (int64_t)((double)i / (double)x->f->n * (DAYS * (double)day_ms)) - 1000;
    struct date day = date_of_ms(at);
    struct person who = {last_names[dice(x, COUNT(last_names))], first_names[dice(x, COUNT(first_names))]};
    char id[UUID_LEN], code[RECEIPT_CODE_LEN + 1], hex[33];
    uint8_t raw[16], hash[SHA256_LEN];
    struct bytes b[3];
    size_t len = 0, h = 0;

    cnp_of(x, who.cnp);
    who.name = dice(x, 3) ? arena_fmt(x->a, "%s %s", who.last, who.first)
                          : arena_fmt(x->a, "%s %s-%s", who.last, who.first,
                                      first_names[dice(x, COUNT(first_names))]);
    TRY(uuid7(id, e));
    TRY(receipt_code_new(code, e));
    for (const char *p = id; *p; p++)
        if (*p != '-')
            hex[h++] = *p;
    hex[h] = 0;
    if (!hex_decode(raw, sizeof(raw), &len, hex))
        return err_set(e, RC_INTERNAL, "uuid");
    struct place place = place_of(x, s, day);
    char created[25];
    iso_utc(created, at);
    const struct request q = {
        1,       id,
        "K01",   x->institutions[place.at],
        s->id,   s->version,
        "kiosk", "ro",
        created, {.source = "typed", .access = "", .document_number = "", .sod_sha256 = ""}};
    char answers[1024];
    BUF_SCOPE(a);
    const char *parts[] = {who.last, who.first, who.cnp};
    size_t part = 0;
    for (const char *p = k->answers; *p; p++) {
        if (p[0] == '%' && p[1] == 's' && part < 3) {
            buf_str(&a, parts[part++]);
            p++;
        } else {
            buf_chr(&a, *p);
        }
    }
    snprintf(answers, sizeof(answers), "%s", a.p);
    TRY(sealed_request(x, &q, answers, b, e));
    const char *state = state_of(x, (x->now - at) / day_ms);
    const char *const text[] = {state, code, who.name, k->subject,
                                book_fold(x->a, arena_fmt(x->a, "%s %s", who.name, k->subject))};
    put_row(x, raw, &place, s, text);
    struct buf *c = x->cols + 14;
    pgarr_time(c++, at);
    case_cnp_hash(x->f->house, who.cnp, hash);
    pgarr_bytes(c++, hash, sizeof(hash));
    for (int m = 0; m < 3; m++)
        pgarr_bytes(c++, b[m].p, b[m].len);
    return RC_OK;
}

/* The indexes are filled as in life; the audit is not, so that nothing waits for the seal. */
static const char batch_sql[] =
    "WITH i AS MATERIALIZED (SELECT *, registered_at AS at, state = 'closed' AS done, "
    "(registered_at AT TIME ZONE 'Europe/Bucharest')::date AS day FROM unnest($1::uuid[], $2::text[], "
    "$3::text[], "
    "$4::int[], $5::int[], $6::text[], $7::int[], $8::text[], $9::text[], $10::text[], $11::text[], "
    "$12::text[], "
    "$13::text[], $14::text[], $15::timestamptz[], $16::bytea[], $17::bytea[], $18::bytea[], $19::bytea[]) "
    "AS t (id, "
    "institution, register, year, n, service, service_version, workflow, department, state, code, person, "
    "subject, "
    "folded, registered_at, cnp, sha, request, signature)), "
    "r AS (INSERT INTO request (request_id, registered_at, filed_at, n, service_version, filed_on, due, "
    "year, offline, "
    "institution, register, receipt_code, terminal, service, channel, lang, pin_verifier, sha256, request, "
    "signature) "
    "SELECT id, at, at, n, service_version, day, day + 30, year, false, institution, register, code, 'K01', "
    "service, "
    "'kiosk', 'ro', sha, sha, request, signature FROM i), "
    "c AS (INSERT INTO casefile (id, request_id, version, registered_at, entered_at, closed_at, n, "
    "service_version, "
    "workflow_version, year, filed_on, due, late_after, institution, register, service, workflow, state, "
    "department, "
    "channel, lang, subject, person, folded, cnp_hash, email, retention, dispose_after) SELECT id, id, 4, "
    "at, at, CASE "
    "WHEN done THEN least(at + interval '17 days', now()) END, n, service_version, 1, year, day, day + 30, "
    "day + 30, "
    "institution, register, service, workflow, state, department, 'kiosk', 'ro', subject, person, folded, "
    "cnp, "
    "'om@example.ro', 'PET-10', CASE WHEN done THEN day + 3680 END FROM i), "
    "t AS (INSERT INTO case_term (case_id, rule, main, began_on, due, late_after, why, calc, ended_on, "
    "computed_at) "
    "SELECT id, 'og27.answer', true, day, day + 30, day + 30, '{\"ro\":\"30 de zile de la înregistrare (OG "
    "27/2002, "
    "art. 8)\",\"hu\":\"Iktatástól 30 nap (27/2002. kormányrendelet, 8. cikk)\",\"en\":\"30 days from "
    "registration "
    "(GO 27/2002, art. 8)\"}', '{}', CASE WHEN done THEN day + 17 END, at FROM i) "
    "INSERT INTO case_event (case_id, at, version, actor, act, state_from, state_to, public) SELECT id, at + "
    "v * "
    "interval '4 days', v + 1, CASE WHEN v = 0 THEN 'system' ELSE 'ana' END, (ARRAY['registered', 'take', "
    "'decide', "
    "'close'])[v + 1], (ARRAY['submitted', 'registered', 'in_work', 'decided'])[v + 1], (ARRAY['registered', "
    "'in_work', "
    "'decided', 'closed'])[v + 1], v IN (0, 3) FROM i, generate_series(0, CASE WHEN done THEN 3 WHEN state = "
    "'registered' THEN 0 ELSE 1 END) v";

static enum rc batch(struct filling *x, int64_t from, struct err *e)
{
    static const enum pgtype types[COLUMNS] = {
        PG_UUID, PG_TEXT, PG_TEXT, PG_INT4, PG_INT4,        PG_TEXT,  PG_INT4,  PG_TEXT,  PG_TEXT, PG_TEXT,
        PG_TEXT, PG_TEXT, PG_TEXT, PG_TEXT, PG_TIMESTAMPTZ, PG_BYTEA, PG_BYTEA, PG_BYTEA, PG_BYTEA};
    static const struct db_stmt stmt = {"fill_batch", batch_sql, COLUMNS};
    int64_t most = x->f->n - from < BATCH ? x->f->n - from : BATCH;
    struct db_param p[COLUMNS];

    for (size_t i = 0; i < COLUMNS; i++)
        pgarr_open(&x->cols[i], types[i], (size_t)most);
    for (int64_t i = 0; i < most; i++)
        TRY(one(x, from + i, e));
    for (size_t i = 0; i < COLUMNS; i++)
        p[i] = pgarr_param(&x->cols[i]);
    TRY(db_sync_run(x->db, &stmt, p, NULL, e));
    arena_reset(x->a);
    return RC_OK;
}

static enum rc may(struct filling *x, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(db_sync_query(x->db,
                      "SELECT EXISTS (SELECT FROM request), (SELECT value FROM settings WHERE key = 'demo')",
                      NULL, 0, &r, e));
    if (db_text(r, 0, 0)[0] == 't')
        return err_set(e, RC_STATE, "there are requests in this database: nothing was done");
    if (db_text(r, 0, 1) && strcmp(db_text(r, 0, 1), "yes") == 0)
        return RC_OK;
    if (!x->f->mark)
        return err_set(e, RC_STATE, "this database is not marked as a demo one: nothing was done");
    return db_sync_script(
        x->db,
        "INSERT INTO settings VALUES ('demo', 'yes') ON CONFLICT (key) DO UPDATE SET value = "
        "'yes'",
        e);
}

static enum rc houses(struct filling *x, struct arena *a, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(db_sync_query(
        x->db,
        "SELECT id, kind FROM institution WHERE kind = 'town_hall' ORDER BY length(id), id LIMIT "
        "100",
        NULL, 0, &r, e));
    x->n_institutions = (size_t)db_rows(r);
    for (size_t i = 0; i < x->n_institutions; i++) {
        x->institutions[i] = arena_str(a, db_text(r, (int)i, 0));
        x->institution_kinds[i] = arena_str(a, db_text(r, (int)i, 1));
    }
    return x->n_institutions ? RC_OK : err_set(e, RC_STATE, "there are no town halls in this database");
}

static const char end_sql[] = "INSERT INTO register_counter (institution, register, year, n) SELECT "
                              "institution, register, year, max(n) FROM "
                              "request GROUP BY 1, 2, 3; INSERT INTO register_year (institution, register, "
                              "year, opened_at, opened_by) SELECT "
                              "institution, register, year, min(registered_at), 'system' FROM request GROUP "
                              "BY 1, 2, 3; UPDATE case_mark SET "
                              "settled = (SELECT coalesce(max(id), 0) FROM audit)";

/* Indexes that no constraint needs are built at the end: that is several times quicker than growing them. */
static const char indexes_sql[] =
    "SELECT coalesce(string_agg(format('DROP INDEX %I', i.indexname), '; '), ''), "
    "coalesce(string_agg(i.indexdef, '; '), '') FROM pg_indexes i WHERE i.schemaname = current_schema() AND "
    "i.tablename IN ('request', 'casefile', 'case_term', 'case_event') AND NOT EXISTS (SELECT FROM "
    "pg_constraint c "
    "WHERE c.conname = i.indexname)";

static enum rc rows(struct filling *x, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(may(x, e));
    TRY(db_sync_query(x->db, indexes_sql, NULL, 0, &r, e));
    TRY(db_sync_script(x->db, db_text(r, 0, 0), e));
    for (int64_t i = 0; i < x->f->n; i += BATCH) {
        TRY(batch(x, i, e));
        if (x->f->say && i % 50000 == 0)
            fprintf(stderr, "%lld of %lld\n", (long long)i, (long long)x->f->n);
    }
    TRY(db_sync_script(x->db, db_text(r, 0, 1), e));
    return db_sync_script(x->db, end_sql, e);
}

/* In one transaction: whatever happens, there is all of it or nothing. */
static enum rc all(struct filling *x, struct err *e)
{
    struct err undo = {0};

    TRY(db_sync_script(x->db, "SET maintenance_work_mem = '128MB'; SET client_min_messages = 'warning'", e));
    TRY(db_sync_script(x->db, "BEGIN", e));
    enum rc rc = rows(x, e);
    if (rc != RC_OK)
        return db_sync_script(x->db, "ROLLBACK", &undo) == RC_OK ? rc : err_wrap(e, rc, "not undone");
    TRY(db_sync_script(x->db, "COMMIT", e));
    return db_sync_script(x->db, "VACUUM ANALYZE", e);
}

enum rc fill_database(const struct fill *f, struct err *e)
{
    ARENA_SCOPE(names);
    ARENA_SCOPE(a);
    struct db_sync *db SCOPED(db_sync_closep) = NULL;
    struct filling *x = ARENA_NEW(names, struct filling);

    TRY(db_sync_open(f->conninfo, &db, e));
    x->f = f;
    x->db = db;
    x->a = a;
    x->seed = 42;
    x->now = unix_ms();
    x->first_year = date_of_ms(x->now - DAYS * day_ms).y;
    TRY(houses(x, names, e));
    enum rc rc = all(x, e);
    for (size_t i = 0; i < COLUMNS; i++)
        buf_free(&x->cols[i]);
    return rc;
}
