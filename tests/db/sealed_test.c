/* Requests rest sealed: who has the database without the key learns nothing of what people wrote and signed,
 * and who changes a byte is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/migrate.h"
#include "common/base/text.h"
#include "tests/db/body.h"
#include "tests/db/server.h"
#include "tests/db/tclient.h"

#define CNP "1900517123457"
static struct server server;
static struct body birth, car;

static void file(struct body *b)
{
    struct tls_ctx *ctx = server_client(&server, "K01");
    struct tclient c;
    struct err e = {0};
    ARENA_SCOPE(a);
    BUF_SCOPE(reply);

    assert_int_equal(tclient_open(&c, server.port, ctx, &e), RC_OK);
    int status = tclient_request(&c, "POST", "/v1/requests", body_headers(a, b), body_text(a, b), &reply, &e);
    if (status != 201)
        fail_msg("%d %s", status, reply.p);
    tclient_close(&c);
    tls_ctx_free(ctx);
}

static void file_both(void)
{
    body_init(&birth, "K01", "uat-1");
    birth.note = "Zamfira-Despina";
    file(&birth);
    body_init(&car, "K01", "uat-1");
    car.service = "complaint.abandoned_vehicle";
    car.note = "CNP " CNP ", mașina lui Zgîrcibabă";
    file(&car);
}

/* Everything pg_dump writes. */
static void dump(struct buf *out)
{
    char part[65536];
    size_t n;
    ARENA_SCOPE(a);
    const char *line = arena_fmt(a, "'%s/pg_dump' '%s' 2>&1", server.pg.bin, server.pg.conninfo);
    FILE *p = popen(line, "r");

    assert_non_null(p);
    while ((n = fread(part, 1, sizeof(part), p)) > 0)
        buf_add(out, part, n);
    assert_int_equal(pclose(p), 0);
}

/* As text, or as pg_dump writes bytes. */
static bool dumped(const struct buf *d, const char *text)
{
    char hex[128];
    assert_true(strlen(text) < sizeof(hex) / 2);
    hex_encode(hex, text, strlen(text));
    return memmem(d->p, d->len, text, strlen(text)) || memmem(d->p, d->len, hex, strlen(hex));
}

static void dump_tells_nothing(void **state)
{
    static const char *const secret[] = {CNP,        "Zgîrcibabă", "Zamfira",    "Mureșan", "Observatorului",
                                         "XX123456", "1990-05-17", "[1200,2200,"};
    (void)state;
    BUF_SCOPE(d);

    file_both();
    dump(&d);
    assert_true(dumped(&d, birth.code) && dumped(&d, car.id)); /* what is looked for would be found */
    for (size_t i = 0; i < COUNT(secret); i++)
        if (dumped(&d, secret[i]))
            fail_msg("the dump holds %s", secret[i]);
    /* and the key opens them */
    ARENA_SCOPE(a);
    struct bytes text = server_opened(&server, a, car.id, "request");
    assert_non_null(memmem(text.p, text.len, CNP, strlen(CNP)));
    text = server_opened(&server, a, birth.id, "signature");
    assert_non_null(memmem(text.p, text.len, "[1200,2200,", 11));
}

static enum rc open_with(const struct seal_key *key, const char *id, const char *column, const char *hex,
                         struct err *e)
{
    struct bytes text;
    ARENA_SCOPE(a);
    *e = (struct err){0};
    return sealed_request_open(a, key, &(struct sealed_at){id, column}, hex, &text, e);
}

static void opens_only_in_its_place(void **state)
{
    struct seal_key key = server_request_key(&server), other = key;
    struct err e;
    char sql[120];
    (void)state;
    ARENA_SCOPE(a);

    snprintf(sql, sizeof(sql), "SELECT request FROM request WHERE request_id = '%s'", car.id);
    char *hex = arena_str(a, pgcluster_query(&server.pg, sql));
    assert_int_equal(open_with(&key, car.id, "request", hex, &e), RC_OK);
    other.k[31] ^= 1;
    assert_int_equal(open_with(&other, car.id, "request", hex, &e), RC_DENIED);
    assert_non_null(strstr(e.text, car.id));
    assert_int_equal(open_with(&key, birth.id, "request", hex, &e), RC_DENIED);
    assert_int_equal(open_with(&key, car.id, "signature", hex, &e), RC_DENIED);
    assert_int_equal(open_with(&key, car.id, "request", "\\x", &e), RC_STATE);
    assert_int_equal(open_with(&key, car.id, "request", "\\x01aa", &e), RC_STATE);
    assert_int_equal(open_with(&key, "no id", "request", hex, &e), RC_BAD_REQUEST);
    /* any bit: key id, nonce, text, tag */
    for (size_t i = 2; hex[i]; i++) {
        char was = hex[i];
        hex[i] = was == '3' ? '7' : '3';
        enum rc rc = open_with(&key, car.id, "request", hex, &e);
        if (rc != (i < 4 ? RC_STATE : RC_DENIED))
            fail_msg("half byte %zu changed: %s", i - 2, rc_name(rc));
        assert_non_null(strstr(e.text, car.id));
        hex[i] = was;
    }
    /* each is sealed with a nonce of its own, even the same text */
    struct bytes one, two;
    struct sealed_at at = {car.id, "request"};
    assert_int_equal(sealed_request_seal(a, &key, &at, BYTES("x", 1), &one, &e), RC_OK);
    assert_int_equal(sealed_request_seal(a, &key, &at, BYTES("x", 1), &two, &e), RC_OK);
    assert_memory_not_equal(one.p, two.p, 1 + GCM_NONCE);
}

static int verify(void)
{
    return server_ctl(&server, (const char *[]){"verify", NULL});
}

static void verify_finds_changes(void **state)
{
#define FLIP(column, at) column " = set_byte(" column ", " at ", get_byte(" column ", " at ") # 1)"
    static const char *const changes[] = {
        FLIP("request", "0"),
        FLIP("request", "1"),
        FLIP("request", "13"),
        FLIP("request", "500"),
        FLIP("request", "length(request) - 1"),
        FLIP("signature", "0"),
        FLIP("signature", "12"),
        FLIP("signature", "700"),
        FLIP("signature", "length(signature) - 16"),
        FLIP("sha256", "31"),
        "request = signature, signature = request",
        "request = substr(request, 1, length(request) - 1)",
        "request = ''",
        "request = '\\x00' || convert_to('{}', 'UTF8'), sha256 = sha256('{}')",
        "request = (SELECT k.request FROM kept k WHERE k.request_id <> request.request_id)",
    };
    char sql[400];
    (void)state;

    assert_int_equal(verify(), 0);
    pgcluster_query(&server.pg, "CREATE TABLE kept AS SELECT * FROM request");
    for (size_t i = 0; i < COUNT(changes); i++) {
        snprintf(sql, sizeof(sql), "UPDATE request SET %s WHERE request_id = '%s'", changes[i], car.id);
        pgcluster_query(&server.pg, sql);
        if (verify() != 1)
            fail_msg("not found: %s", changes[i]);
        pgcluster_query(&server.pg, "UPDATE request r SET request = k.request, signature = k.signature, "
                                    "sha256 = k.sha256 FROM kept k WHERE r.request_id = k.request_id");
        assert_int_equal(verify(), 0);
    }
    pgcluster_query(&server.pg, "DROP TABLE kept");
}

/* The administrator gets the bytes, and the audit says so. */
static void request_is_read_by_name(void **state)
{
    (void)state;
    assert_int_equal(server_ctl(&server, (const char *[]){"request", car.code, "--by", "ana", NULL}), 0);
    assert_int_equal(server_ctl(&server, (const char *[]){"request", car.id, "--part", "signature", NULL}),
                     0);
    assert_int_equal(server_ctl(&server, (const char *[]){"request", "NOBODY0000", NULL}), 1);
    assert_int_equal(server_ctl(&server, (const char *[]){"request", car.id, "--part", "pin", NULL}), 2);
    assert_string_equal(
        pgcluster_query(&server.pg,
                        "SELECT string_agg(actor || ': ' || split_part(detail, ' ', 1), ', ' ORDER "
                        "BY id) FROM audit WHERE act = 'request read'"),
        "ana: request, registryctl: signature");
}

/* A database of the version before the seals, with requests in it. */
static void old_database(void)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct err e = {0};
    char version[16], hex[2 * SHA256_LEN + 1];
    uint8_t sum[SHA256_LEN];

    pgcluster_database(&server.pg, "older");
    assert_int_equal(db_sync_open(server.pg.conninfo, &s, &e), RC_OK);
    assert_int_equal(db_sync_script(s,
                                    "CREATE TABLE schema_migration (version integer PRIMARY KEY, name text "
                                    "NOT NULL, sha256 text NOT NULL, applied_at timestamptz DEFAULT now())",
                                    &e),
                     RC_OK);
    for (size_t i = 0; migrations[i].version < 20; i++) {
        sha256(sum, migrations[i].sql, strlen(migrations[i].sql));
        hex_encode(hex, sum, sizeof(sum));
        snprintf(version, sizeof(version), "%d", migrations[i].version);
        struct db_param p[] = {DB_STR(version), DB_STR(migrations[i].name), DB_STR(hex)};
        assert_int_equal(db_sync_script(s, migrations[i].sql, &e), RC_OK);
        assert_int_equal(
            db_sync_query(s, "INSERT INTO schema_migration VALUES ($1::int, $2, $3)", p, 3, NULL, &e), RC_OK);
    }
    pgcluster_query(
        &server.pg,
        "INSERT INTO request (request_id, registered_at, filed_at, n, service_version, filed_on, "
        "due, year, offline, institution, register, receipt_code, terminal, service, channel, "
        "lang, pin_verifier, sha256, request, signature) SELECT ('00000000-0000-7000-8000-' || "
        "lpad(g::text, 12, '0'))::uuid, now(), now(), g, 1, " SQL_TODAY ", " SQL_TODAY " + 30, "
        "2026, false, 'uat-1', 'general', 'R' || g, 'K01', 'cs.birth_certificate', 'kiosk', 'ro', "
        "'', sha256(convert_to('{\"ț\":\"\\u0041' || g || '\"}', 'UTF8')), "
        "'{\"ț\":\"\\u0041' || g || '\"}', '{\"of\":' || g || '}' FROM generate_series(1, 450) g");
    pgcluster_query(&server.pg, "INSERT INTO institution (id, kind, name_ro, name_hu, name_en) VALUES "
                                "('uat-1', 'town_hall', 'x', 'x', 'x')");
    pgcluster_query(&server.pg, "INSERT INTO register_counter VALUES ('uat-1', 'general', 2026, 450)");
    pgcluster_query(&server.pg, "INSERT INTO audit (at, request_id, institution, actor, act) SELECT now(), "
                                "request_id, institution, terminal, 'registered' FROM request");
}

static void old_requests_are_sealed(void **state)
{
    struct seal_key key = server_request_key(&server);
    struct err e = {0};
    int64_t n = 0;
    int applied = 0;
    (void)state;
    ARENA_SCOPE(a);
    BUF_SCOPE(d);

    old_database();
    assert_int_equal(migrate(server.pg.conninfo, &applied, &e), RC_OK);
    assert_true(applied >= 1);
    assert_int_equal(sealed_old(server.pg.conninfo, &key, &n, &e), RC_OK);
    assert_int_equal(n, 450);
    static const char id[] = "00000000-0000-7000-8000-000000000321";
    struct bytes text = server_opened(&server, a, id, "request");
    assert_string_equal((const char *)text.p, "{\"ț\":\"\\u0041321\"}");
    text = server_opened(&server, a, id, "signature");
    assert_string_equal((const char *)text.p, "{\"of\":321}");
    dump(&d);
    assert_false(dumped(&d, "u0041321"));
    /* nothing to do the second time */
    assert_int_equal(sealed_old(server.pg.conninfo, &key, &n, &e), RC_OK);
    assert_int_equal(n, 0);
    const char *db = arena_str(a, server.pg.conninfo);
    assert_int_equal(server_ctl(&server, (const char *[]){"verify", "--db", db, NULL}), 0);
}

static int setup(void **state)
{
    (void)state;
    if (!server_make(&server, 1))
        exit(77);
    server_start(&server);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    server_free(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dump_tells_nothing),      cmocka_unit_test(opens_only_in_its_place),
        cmocka_unit_test(verify_finds_changes),    cmocka_unit_test(request_is_read_by_name),
        cmocka_unit_test(old_requests_are_sealed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
