/* A copy of all that is here about a person, and what is left when it was erased. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/book_paper.h"
#include "backend/person.h"
#include "backend/sealed.h"
#include "common/base/fs.h"
#include "common/base/text.h"
#include "tests/db/body.h"
#include "tests/db/book_rig.h"

static struct book_rig rig;
static char cnp[14], other[14];

/* The check digit. */
static void cnp_make(char out[14], const char *twelve)
{
    static const char weights[] = "279146358279";
    int sum = 0;

    snprintf(out, 14, "%s", twelve);
    for (int i = 0; i < 12; i++)
        sum += (twelve[i] - '0') * (weights[i] - '0');
    out[12] = (char)('0' + (sum % 11 == 10 ? 1 : sum % 11));
    out[13] = 0;
}

static void must(enum rc rc, const struct err *e)
{
    if (rc != RC_OK)
        fail_msg("%s %s", rc_name(rc), e->text);
}

/* As the intake leaves it: sealed, with its number, in the audit. */
static void filed(struct work *w, const char *id, const char *who_cnp, const char *last)
{
    const struct request q = {.v = 1,
                              .request_id = id,
                              .terminal = "K01",
                              .institution = "hall-1",
                              .service = "cs.birth_certificate",
                              .service_version = 1,
                              .channel = "kiosk",
                              .lang = "ro",
                              .created_at = "2026-11-22T08:15:00.000Z",
                              .identity = {"typed", "", "", ""}};
    const char *answers = arena_fmt(w->a,
                                    "{\"who.last_name\":\"%s\",\"who.first_name\":\"Ion\",\"who.cnp\":\"%s\","
                                    "\"who.email\":\"ion@example.ro\",\"act.last_name\":\"Secretul meu\"}",
                                    last, who_cnp);
    const char *text = request_text(w->a, &q, answers);
    const struct sealed_at at = {id, "request"};
    struct bytes sealed;
    struct err e = {0};
    struct db_result *r SCOPED(db_result_freep) = NULL;
    uint8_t hash[SHA256_LEN];
    char sum[65], at_now[25];

    iso_utc(at_now, book_now);
    must(sealed_request_seal(w->a, &rig.house.request_key, &at, BYTES(text, strlen(text)), &sealed, &e), &e);
    sha256(hash, text, strlen(text));
    hex_encode(sum, hash, sizeof(hash));
    char *hex = arena_alloc(w->a, 2 * sealed.len + 1);
    hex_encode(hex, sealed.p, sealed.len);
    book_request(&rig, "hall-1", "petitions", at_now);
    struct db_param p[] = {DB_STR(id), DB_STR(sum), DB_STR(hex)};
    must(db_sync_query(w->db,
                       "WITH r AS (UPDATE request SET request_id = $1::uuid, service = "
                       "'cs.birth_certificate', sha256 = decode($2, 'hex'), request = "
                       "decode($3, 'hex') WHERE request = '{}' RETURNING request_id) INSERT INTO audit (at, "
                       "request_id, institution, actor, act) SELECT now(), request_id, 'hall-1', 'K01', "
                       "'registered' FROM r",
                       p, 3, &r, &e),
         &e);
}

static int setup(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct err e = {0};
    struct book_paper_done done;
    int opened = 0;

    if (!book_rig_make(&rig))
        exit(77);
    book_now = book_ms("2026-11-20T09:00:00.000Z"); /* one year for all of them */
    cnp_make(cnp, "190051712345");
    cnp_make(other, "290051712346");
    struct work w = book_job(&rig, a);
    struct actor rodica = book_actor(&w, "rodica"), dan = book_actor(&w, "dan");
    book_now = book_ms("2026-11-20T08:00:00.000Z");
    filed(&w, "01890000-0000-7000-8000-000000000001", cnp, "Câmpean");
    filed(&w, "01890000-0000-7000-8000-000000000002", other, "Câmpean");
    must(case_open_pending(&w, 10, &opened, &e), &e);
    assert_int_equal(opened, 2);
    const struct doc_order order = {.template = "book.open", .institution = "hall-1", .lang = LANG_RO};
    struct bytes pdf;
    must(doc_protocol_pdf(&w, &rodica, &order, &pdf, &e), &e);
    const struct store_place place = {rig.house.conf->blobs, 0};
    struct store_file *file = store_begin(&place, STORE_FILE_MAX);
    store_add(file, pdf.p, pdf.len);
    struct doc_upload scan = {.name = "scan.pdf", .file = file};
    struct book_paper in = {.entry = {.institution = "hall-1",
                                      .direction = BOOK_IN,
                                      .subject = "Petiție",
                                      .correspondent = "Câmpean Ion"},
                            .service = "petition.general",
                            .cnp = cnp,
                            .email = "ion@example.ro",
                            .scans = &scan,
                            .n_scans = 1};
    must(book_paper(&w, &rodica, &in, &done, &e), &e);
    store_drop(file);
    in.entry.institution = "hall-2";
    in.scans = NULL;
    in.n_scans = 0;
    must(book_paper(&w, &dan, &in, &done, &e), &e);
    book_now = 0;
    db_sync_close(w.db);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    book_rig_free(&rig);
    return 0;
}

static void refused(void **state)
{
    (void)state;
    struct {
        const char *cnp, *reason, *by, *right;
        enum rc rc;
        const char *says;
    } rows[] = {
        {"", "cerere", "rodica", "export", RC_BAD_FIELD, "cnp: not a CNP"},
        {"1900517123459", "cerere", "rodica", "export", RC_BAD_FIELD, "cnp: not a CNP"},
        {"'; DROP TABLE x", "cerere", "rodica", "export", RC_BAD_FIELD, "cnp: not a CNP"},
        {NULL, "cerere", "rodica", "export", RC_BAD_FIELD, "cnp: not a CNP"},
        {cnp, NULL, "rodica", "export", RC_BAD_FIELD, "reason: is missing"},
        {cnp, " ", "rodica", "export", RC_BAD_FIELD, "reason: is missing"},
        {cnp, "cerere", "ana", "export", RC_DENIED, "person.export is open to registrar"},
        {cnp, "cerere", "rodica", "erase", RC_DENIED, "person.erase is open to archivist"},
        {cnp, "cerere", "arhiva", "erase", RC_STATE,
         "Nothing was erased: cases still within their term: PET 1/20.11.2026 (in work); PET 3/"},
    };
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct actor who = book_actor(&w, rows[i].by);
        const struct person_ask ask = {rows[i].cnp, NULL, rows[i].reason};
        struct person_done done;
        struct err e = {0};
        enum rc rc = strcmp(rows[i].right, "erase") == 0 ? person_erase(&w, &who, &ask, &done, &e)
                                                         : person_export(&w, &who, &ask, NULL, &done, &e);
        if (rc != rows[i].rc || !strstr(e.text, rows[i].says))
            fail_msg("row %zu: %s %s", i, rc_name(rc), e.text);
    }
    assert_int_equal(book_ctl(&rig,
                              "person export --cases 'hall-1/petitions/2026/1, hall-1/petitions/2026/2' "
                              "--name 'Campean Ion' --out x --reason cerere --by rodica"),
                     1);
    assert_non_null(strstr(book_said, "The case PET 2/20.11.2026 has another CNP: another person."));
    assert_string_equal(pgcluster_query(&rig.pg, "SELECT count(*) FROM audit WHERE act LIKE 'person%'"), "0");
    db_sync_close(w.db);
}

static void copied(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct err e = {0};
    char out[300], words[900], *text;
    size_t len;

    snprintf(out, sizeof(out), "%s/copy", rig.pg.dir);
    snprintf(words, sizeof(words), "person export %s --reason 'cererea persoanei' --by rodica --out %s", cnp,
             out);
    if (book_ctl(&rig, words) != 0)
        fail_msg("%s", book_said);
    assert_non_null(strstr(book_said, "2 cases, 7 files in "));
    assert_null(strstr(book_said, cnp));
    must(fs_read(a, arena_fmt(a, "%s/index.json", out), 1 << 20, &text, &len, &e), &e);
    struct jval *v;
    must(jval_parse(a, text, len, &v, &e), &e);
    assert_int_equal(jval_get(v, "cases")->n, 2);
    assert_non_null(strstr(text, "PET 1/20.11.2026"));
    must(fs_read(a, arena_fmt(a, "%s/1/request.json", out), 1 << 20, &text, &len, &e), &e);
    assert_non_null(strstr(text, "Secretul meu"));
    must(fs_read(a, arena_fmt(a, "%s/1/case.json", out), 1 << 20, &text, &len, &e), &e);
    assert_non_null(strstr(text, "ion@example.ro"));
    must(fs_read(a, arena_fmt(a, "%s/2/case.json", out), 1 << 20, &text, &len, &e), &e);
    must(jval_parse(a, text, len, &v, &e), &e);
    assert_int_equal(jval_get(v, "register")->n, 1);
    assert_string_equal(jval_str(&jval_get(v, "register")->items[0], "correspondent", ""), "Câmpean Ion");
    must(fs_read(a, arena_fmt(a, "%s/2/1-scan.pdf", out), 1 << 20, &text, &len, &e), &e);
    assert_int_equal(memcmp(text, "%PDF-", 5), 0);
    assert_int_equal(book_ctl(&rig, words), 1);
    assert_non_null(strstr(book_said, "exists"));
    assert_string_equal(pgcluster_query(&rig.pg,
                                        "SELECT actor || ' ' || regexp_replace(detail, 'minutes [^,]*', "
                                        "'minutes') FROM audit WHERE act = 'person exported'"),
                        "rodica cases 2, minutes, reason: cererea persoanei");
    const char *told = arena_fmt(a, "SELECT count(*) FROM audit WHERE strpos(detail, '%s') > 0", cnp);
    assert_string_equal(pgcluster_query(&rig.pg, told), "0");
    assert_string_equal(
        pgcluster_query(&rig.pg, "SELECT count(*) FROM document WHERE template = 'person.export'"), "1");
}

static void erased(void **state)
{
    (void)state;
    char words[600];

    book_script(
        &rig,
        "UPDATE casefile SET closed_at = '2015-06-01', dispose_after = '2026-01-01' WHERE institution = "
        "'hall-1' AND cnp_hash IS NOT NULL");
    snprintf(words, sizeof(words), "person erase %s --reason 'termen împlinit' --by arhiva", cnp);
    if (book_ctl(&rig, words) != 0)
        fail_msg("%s", book_said);
    assert_non_null(strstr(book_said, "2 cases erased, 1 files; minutes "));
    static const struct {
        const char *sql, *is;
    } rows[] = {
        {"SELECT count(*) FROM request WHERE request IS NULL AND signature IS NULL", "1"},
        {"SELECT count(*) FROM request WHERE request IS NOT NULL", "1"},
        {"SELECT count(*) FROM casefile WHERE erased_at IS NOT NULL AND person = '' AND folded = '' AND "
         "cnp_hash IS "
         "NULL AND cnp_sealed IS NULL AND email IS NULL AND phone IS NULL AND subject = ''",
         "2"},
        {"SELECT count(*) FROM casefile WHERE erased_at IS NULL AND cnp_hash IS NOT NULL", "2"},
        {"SELECT count(*) FROM document WHERE disposed_at IS NOT NULL", "1"},
        {"SELECT string_agg(n::text, ' ' ORDER BY n) FROM register_line WHERE institution = 'hall-1' AND "
         "register = "
         "'petitions'",
         "1 2 3"},
        {"SELECT count(*) FROM audit WHERE act = 'person erased' AND actor = 'arhiva'", "1"},
        {"SELECT count(*) FROM document WHERE template = 'person.erase'", "1"},
        {"SELECT count(*) FROM owed_message WHERE recipient = 'ion@example.ro' AND closed_at IS NOT NULL",
         "0"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *is = pgcluster_query(&rig.pg, rows[i].sql);
        if (strcmp(is, rows[i].is) != 0)
            fail_msg("%s: %s", rows[i].sql, is);
    }
    assert_int_equal(book_ctl(&rig, words), 1);
    assert_non_null(strstr(book_said, "denied"));
    assert_int_equal(book_ctl(&rig, "register seal"), 0);
    if (book_ctl(&rig, "register verify") != 0)
        fail_msg("%s", book_said);
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct casefile c;
    struct case_answers x;
    struct err e = {0};
    const char *id =
        arena_str(a, pgcluster_query(&rig.pg, "SELECT id FROM casefile WHERE erased_at IS NOT NULL AND "
                                              "request_id IS NOT NULL"));
    must(case_get(&w, id, false, &c, &e), &e);
    must(case_answers(&w, &c, &x, &e), &e);
    assert_int_equal(x.now.n, 0);
    db_sync_close(w.db);
}

/* ---- nothing of the name is left anywhere ---- */

#define GONE_ID "01890000-0000-7000-8000-000000000003"
/* What acts of the desk leave beside: each place where somebody writes. $1: the case. */
static const char *const written[] = {
    "INSERT INTO case_note (case_id, at, author, public, text) VALUES ($1::uuid, now(), 'ana', false, "
    "'Țîrlea a sunat')",
    "UPDATE case_event SET given = '{\"reason\": \"Țîrlea\"}' WHERE case_id = $1::uuid",
    "INSERT INTO case_task (case_id, kind, institution, department, asked_at, asked_by, due, late_after, "
    "rule, calc, text) "
    "VALUES ($1::uuid, 'opinion', 'hall-1', '', now(), 'ana', now(), now(), 'x', '{}', 'Țîrlea')",
    "INSERT INTO case_return (case_id, at, by, reason, fields, answered_at) VALUES ($1::uuid, now(), 'ana', "
    "'Țîrlea', '{}', now())",
    "UPDATE case_term SET extension = 'Țîrlea' WHERE case_id = $1::uuid",
    "INSERT INTO draft (case_id, version, at, author, template, lang, title, body) VALUES ($1::uuid, 1, "
    "now(), 'ana', "
    "'refusal', 'ro', 'Către Țîrlea', 'Stimate domnule Țîrlea')",
    "INSERT INTO document (id, case_id, institution, kind, title, lang, sha256, size, type, made_at, "
    "made_by, "
    "disposed_at, voided_why) VALUES (gen_random_uuid(), $1::uuid, 'hall-1', 'scan', 'Țîrlea.pdf', 'ro', "
    "sha256('x'), 1, 'application/pdf', now(), 'ana', now(), 'al lui Țîrlea')",
    "INSERT INTO owed_message (created_at, due_at, request_id, way, message, lang, recipient, step, vars, "
    "closed_at, state) SELECT now(), now(), coalesce(request_id, id), 'email', 'answered', 'ro', "
    "'tirlea@example.ro', id || ' x', '{\"name\": \"Țîrlea\"}', now(), 'sent' FROM casefile WHERE id = "
    "$1::uuid",
    "INSERT INTO owed_message (created_at, due_at, request_id, way, message, lang, recipient) SELECT now(), "
    "now(), "
    "request_id, 'email', 'received', 'ro', 'tirlea@example.ro' FROM casefile WHERE id = $1::uuid AND "
    "request_id IS "
    "NOT NULL",
    "INSERT INTO owed_message (created_at, due_at, request_id, way, message, lang, recipient, closed_at, "
    "state) "
    "SELECT now(), now(), request_id, 'email', 'received', 'ro', 'tirlea@example.ro', now(), 'sent' FROM "
    "casefile "
    "WHERE id = $1::uuid AND request_id IS NOT NULL",
};

/* Tables in which a spelling of the name stands, in letters or in the hex of bytes; and files. */
static const char *where_named(struct arena *a)
{
    static const char pattern[] =
        "Țîrlea|ȚÎRLEA|țîrlea|tirlea|tarlea|c89bc3ae726c6561|c89ac3ae726c6561|7469726c6561";
    const char *names =
        arena_str(a, pgcluster_query(&rig.pg, "SELECT string_agg(relname, ' ') FROM pg_class WHERE "
                                              "relkind = 'r' AND relnamespace = "
                                              "'public'::regnamespace"));
    BUF_SCOPE(out);
    char file[400];

    for (const char *p = names; *p;) {
        size_t n = strcspn(p, " ");
        const char *table = arena_strn(a, p, n);
        const char *rows = pgcluster_query(
            &rig.pg, arena_fmt(a, "SELECT count(*) FROM %s x WHERE x::text ~ '%s'", table, pattern));
        if (strcmp(rows, "0") != 0)
            buf_fmt(&out, "%s ", table);
        p += n + (p[n] == ' ');
    }
    FILE *f = popen(arena_fmt(a, "grep -rlaE '%s' %s/blobs", pattern, rig.pg.dir), "r");
    assert_non_null(f);
    while (fgets(file, sizeof(file), f))
        buf_str(&out, "file ");
    pclose(f);
    return arena_strn(a, out.p ? out.p : "", out.len);
}

static void paper_of(struct work *w, const char *third, struct book_line *line)
{
    const struct store_place place = {rig.house.conf->blobs, 0};
    struct store_file *file = store_begin(&place, STORE_FILE_MAX);
    struct actor rodica = book_actor(w, "rodica");
    struct book_paper_done done;
    struct err e = {0};

    const struct doc_order order = {.template = "book.open", .institution = "hall-1", .lang = LANG_RO};
    struct bytes pdf;
    must(doc_protocol_pdf(w, &rodica, &order, &pdf, &e), &e);
    store_add(file, pdf.p, pdf.len);
    store_add(file, "% Țîrlea\n", strlen("% Țîrlea\n"));
    struct doc_upload scan = {.name = "Țîrlea.pdf", .file = file};
    struct book_paper in = {.entry = {.institution = "hall-1",
                                      .direction = BOOK_IN,
                                      .subject = "Gardul lui Țîrlea",
                                      .correspondent = "Țîrlea Ion",
                                      .paper_number = "Țîrlea 12"},
                            .service = "petition.general",
                            .cnp = third,
                            .email = "tirlea@example.ro",
                            .scans = &scan,
                            .n_scans = 1};
    must(book_paper(w, &rodica, &in, &done, &e), &e);
    store_drop(file);
    *line = done.line;
}

/* In corrections of the request's line, of the paper's, and of such a correction. */
static void corrections_of(struct work *w, int64_t request, int64_t paper)
{
    struct actor rodica = book_actor(w, "rodica");
    struct book_line line = {.n = paper};
    struct err e = {0};

    for (int i = 0; i < 3; i++) {
        const struct book_fix fix = {
            "hall-1", "petitions", 2026, i ? line.n : request, "Se va citi Țîrlea", "Țîrlea Ion a spus"};
        struct book_line next = {0};
        must(book_correct(w, &rodica, &fix, &next, &e), &e);
        if (i)
            line = next;
    }
}

static void nothing_left(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct err e = {0};
    struct book_line line;
    char third[14], words[300];
    int opened;

    cnp_make(third, "180051712347");
    book_now = book_ms("2026-11-21T09:00:00.000Z");
    filed(&w, GONE_ID, third, "Țîrlea");
    must(case_open_pending(&w, 10, &opened, &e), &e);
    int64_t request =
        strtoll(pgcluster_query(&rig.pg, "SELECT n FROM request WHERE request_id = '" GONE_ID "'"), NULL, 10);
    paper_of(&w, third, &line);
    corrections_of(&w, request, line.n);
    book_now = 0;
    const char *ids =
        arena_str(a, pgcluster_query(&rig.pg, "SELECT string_agg(id::text, ' ') FROM casefile WHERE "
                                              "folded LIKE '%tirlea%'"));
    assert_int_equal(strlen(ids), 2 * 36 + 1);
    for (size_t i = 0; i < 2 * COUNT(written); i++) {
        struct db_param p[] = {DB_STR(arena_strn(a, ids + 37 * (i % 2), 36))};
        must(db_sync_query(w.db, written[i / 2], p, 1, NULL, &e), &e);
    }
    db_sync_close(w.db);
    book_script(
        &rig, "UPDATE casefile SET closed_at = '2015-06-01', dispose_after = '2026-01-01' WHERE folded LIKE "
              "'%tirlea%'; UPDATE blob SET received_at = '2015-05-01'");
    assert_int_equal(book_ctl(&rig, "register seal"), 0);
    assert_string_equal(pgcluster_query(&rig.pg,
                                        "SELECT last_n >= (SELECT max(n) FROM register_entry WHERE subject "
                                        "LIKE '%Țîrlea%') FROM register_day WHERE institution = 'hall-1' "
                                        "AND register = 'petitions' ORDER BY day DESC LIMIT 1"),
                        "t");
    assert_true(strlen(where_named(a)) > 60);
    snprintf(words, sizeof(words), "person erase %s --reason 'termen împlinit' --by arhiva", third);
    if (book_ctl(&rig, words) != 0)
        fail_msg("%s", book_said);
    assert_non_null(strstr(book_said, "2 cases erased, 1 files; minutes "));
    assert_string_equal(where_named(a), "");
    if (book_ctl(&rig, "register verify") != 0)
        fail_msg("%s", book_said);
    assert_string_equal(pgcluster_query(&rig.pg,
                                        "SELECT count(*) || ' ' || min(detail) FROM audit WHERE act = "
                                        "'register line erased' AND detail LIKE '%erasure 2'"),
                        arena_fmt(a, "4 petitions/2026/%lld erasure 2", (long long)line.n));
    assert_int_equal(book_ctl(&rig, "register page hall-1 petitions 2026-11-21"), 0);
    assert_non_null(strstr(book_said, "șters la "));
    assert_non_null(strstr(book_said, ", protocol 2\n"));
    assert_string_equal(pgcluster_query(&rig.pg,
                                        "SELECT string_agg(number, ' ' ORDER BY made_at) FROM document WHERE "
                                        "template = 'person.erase'"),
                        "Nr. 1 Nr. 2");
}

/* Nobody else blanks a line, and an erased one stays as it is. */
static void only_by_erasure(void **state)
{
    (void)state;
    static const char *const edits[] = {
        "UPDATE register_entry SET subject = '' WHERE salt IS NOT NULL",
        "UPDATE register_entry SET subject = '', erasure = 1, erased_at = now() WHERE salt IS NOT NULL",
        "UPDATE register_entry SET erasure = 1 WHERE salt IS NOT NULL",
        "UPDATE register_entry SET salt = NULL WHERE salt IS NOT NULL",
        "UPDATE register_entry SET erasure = 9, erased_at = now() WHERE erasure IS NOT NULL",
        "UPDATE register_entry SET subject = 'x' WHERE erasure IS NOT NULL",
        "DELETE FROM register_entry WHERE erasure IS NOT NULL",
        "UPDATE erasure SET n = 9",
        "DELETE FROM erasure",
        "TRUNCATE erasure",
    };
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);

    assert_string_equal(pgcluster_query(&rig.pg,
                                        "SELECT count(*) FILTER (WHERE salt IS NOT NULL) > 0 AND count(*) "
                                        "FILTER (WHERE erasure IS NOT NULL) > 0 FROM register_entry"),
                        "t");
    for (size_t i = 0; i < COUNT(edits); i++) {
        struct err e = {0};
        if (db_sync_script(w.db, edits[i], &e) == RC_OK || !strstr(e.text, "is only ever added to"))
            fail_msg("%s: %s", edits[i], e.text);
    }
    db_sync_close(w.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(refused), cmocka_unit_test(copied),
                                       cmocka_unit_test(erased), cmocka_unit_test(nothing_left),
                                       cmocka_unit_test(only_by_erasure)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
