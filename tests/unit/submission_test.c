/* What the register accepts from a terminal, and the sentence for everything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/base/fs.h"
#include "common/base/text.h"
#include "common/model/submission.h"

static struct arena *arena;
static struct catalog catalog;
static struct i18n *i18n;

static int setup(void **state)
{
    struct err e = {0};
    (void)state;
    arena = arena_new();
    return catalog_load(arena, "configs", &catalog, &e) == RC_OK &&
                   i18n_load(arena, "configs/i18n", &i18n, &e) == RC_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const char answers[] =
    "{\"place.landmark\":\"lângă școală\",\"land\":\"public\",\"car.since\":\"over6\",\"danger\":\"no\","
    "\"car.state\":[\"rust\",\"wheels\"],\"who.wants_answer\":\"no\",\"consent.data_read\":true}";

static const char *text_with(const char *given)
{
    struct request r = {.v = 1,
                        .request_id = "0193512e-8a00-7000-8000-0123456789ab",
                        .terminal = "K07",
                        .institution = "uat-55259",
                        .service = "complaint.abandoned_vehicle",
                        .service_version = 1,
                        .channel = "kiosk",
                        .lang = "ro",
                        .created_at = "2026-11-22T08:15:00.000Z",
                        .identity = {"typed", "", "", ""}};
    return request_text(arena, &r, given);
}

static const char *body_of(const char *text)
{
    uint8_t hash[SHA256_LEN];
    char hex[65];
    BUF_SCOPE(out);
    sha256(hash, text, strlen(text));
    hex_encode(hex, hash, sizeof(hash));
    struct submission s = {.request = text,
                           .signature = {.kind = "none", .sha256 = hex},
                           .receipt = {"7K3Q9ZT24M", "0421"},
                           .filed_at = "2026-11-22T08:16:00.000Z"};
    json_encode(&submission_desc, &s, &out);
    return arena_str(arena, out.p);
}

static enum rc judge(const char *body, struct err *e)
{
    struct submission s;
    struct request r;
    return submission_read(arena, &(struct rulebook){&catalog, i18n}, BYTES(body, strlen(body)), &s, &r, e);
}

static void accepted(void **state)
{
    (void)state;
    struct err e = {0};
    struct submission s;
    struct request r;
    const char *text = text_with(answers), *body = body_of(text);
    enum rc rc =
        submission_read(arena, &(struct rulebook){&catalog, i18n}, BYTES(body, strlen(body)), &s, &r, &e);
    if (rc != RC_OK)
        fail_msg("%s", e.text);
    assert_string_equal(s.request, text); /* byte for byte */
    assert_string_equal(r.institution, "uat-55259");
}

static const char *swap(const char *body, const char *from, const char *to)
{
    const char *at = strstr(body, from);
    assert_non_null(at);
    return arena_fmt(arena, "%.*s%s%s", (int)(at - body), body, to, at + strlen(from));
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        bool outer; /* change in the envelope, else in the request text before it is hashed */
        const char *from, *to, *path;
        enum rc rc;
    } rows[] = {
        {true, "\"offline\":false", "\"offline\":false,\"more\":1", "more", RC_BAD_FIELD},
        {true, "\"offline\":false", "\"offline\":\"no\"", "offline", RC_BAD_FIELD},
        {true, "\"pin\":\"0421\"", "\"pin\":\"04x1\"", "receipt.pin", RC_BAD_FIELD},
        {true, "7K3Q9ZT24M", "7K3Q9ZT24O", "receipt.code", RC_BAD_FIELD},
        {true, "lângă", "langa", "signature.sha256", RC_BAD_FIELD},
        {true, "\"kind\":\"none\"", "\"kind\":\"pad\"", "signature.strokes", RC_BAD_FIELD},
        {false, "\"K07\"", "\"\"", "terminal", RC_BAD_FIELD},
        {false, "complaint.abandoned_vehicle", "complaint.none", "request.service", RC_BAD_FIELD},
        {false, "\"service_version\":1", "\"service_version\":7", "request.service_version", RC_LIMIT},
        {false, "\"lang\":\"ro\"", "\"lang\":\"de\"", "lang", RC_BAD_FIELD},
        {false, "2026-11-22T08:15:00.000Z", "2026-11-32T08:15:00.000Z", "request.created_at", RC_BAD_FIELD},
        {false, "0193512e", "0193512E", "request.request_id", RC_BAD_FIELD},
        {false, "\"danger\":\"no\"", "\"danger\":\"maybe\"", "answers.danger", RC_BAD_FIELD},
        {false, "\"danger\":\"no\",", "", "answers.danger", RC_BAD_FIELD},
        {false, "\"danger\":\"no\"", "\"danger\":\"no\",\"danger\":\"no\"", "answers.danger", RC_BAD_JSON},
        {false, "\"danger\":\"no\"", "\"danger\":\"no\",\"x\":\"y\"", "answers.x", RC_BAD_FIELD},
        {false, "\"danger\":\"no\"", "\"danger\":\"no\",\"who.last_name\":\"Pop\"", "answers.who.last_name",
         RC_BAD_FIELD},
        {false, "[\"rust\",\"wheels\"]", "[\"rust\",\"rust\"]", "answers.car.state", RC_BAD_FIELD},
        {false, "\"consent.data_read\":true", "\"consent.data_read\":false", "answers.consent.data_read",
         RC_BAD_FIELD},
    };
    const char *good = text_with(answers);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err e = {0};
        const char *body = rows[i].outer ? swap(body_of(good), rows[i].from, rows[i].to)
                                         : body_of(swap(good, rows[i].from, rows[i].to));
        enum rc rc = judge(body, &e);
        if (rc != rows[i].rc || !strstr(e.path, rows[i].path))
            fail_msg("row %zu (%s): %s, path \"%s\", \"%s\"", i, rows[i].to, rc_name(rc), e.path, e.text);
    }
}

/* What a terminal found out about the card rests in the text; requests without it stay valid. */
static void proofs(void **state)
{
    (void)state;
    static const struct {
        const char *members; /* of request.identity */
        enum rc rc;
    } rows[] = {
        {"\"source\":\"card_read\",\"access\":\"PACE\"", RC_OK}, /* older terminals */
        {"\"source\":\"card_read\",\"passive\":\"valid\",\"csca\":\"a.ml\",\"chip\":\"genuine\"", RC_OK},
        {"\"source\":\"card_read\",\"passive\":\"revoked\",\"passive_reason\":\"by x\"", RC_OK},
        {"\"source\":\"card_read\",\"passive\":\"not_checked\",\"chip\":\"not_offered\"", RC_OK},
        {"\"source\":\"typed\",\"passive\":\"hash_differs\",\"chip\":\"failed\"", RC_OK},
        {"\"source\":\"card_read\",\"passive\":\"hash_differs\"", RC_BAD_FIELD},
        {"\"source\":\"card_read\",\"passive\":\"signature_wrong\"", RC_BAD_FIELD},
        {"\"source\":\"card_read\",\"passive\":\"valid\",\"chip\":\"failed\"", RC_BAD_FIELD},
        {"\"source\":\"card_read\",\"passive\":\"good\"", RC_BAD_FIELD},
        {"\"source\":\"card_read\",\"passive\":true", RC_BAD_FIELD},
        {"\"source\":\"card_read\",\"trusted\":true", RC_BAD_FIELD},
    };
    const char *good = text_with(answers);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err e = {0};
        const char *from =
            "\"source\":\"typed\",\"access\":\"\",\"document_number\":\"\",\"sod_sha256\":\"\"";
        enum rc rc = judge(body_of(swap(good, from, rows[i].members)), &e);
        if (rc != rows[i].rc)
            fail_msg("row %zu (%s): %s \"%s\"", i, rows[i].members, rc_name(rc), e.text);
    }
}

static void receipt_codes(void **state)
{
    (void)state;
    char code[RECEIPT_CODE_LEN + 1], pin[PIN_LEN + 1], seen[PIN_LEN + 1] = "";
    struct err e = {0};
    assert_true(receipt_code_norm(code, "7k3q9 zt24-m"));
    assert_string_equal(code, "7K3Q9ZT24M");
    assert_true(receipt_code_norm(code, "oil0000000"));
    assert_string_equal(code, "0110000000");
    assert_false(receipt_code_norm(code, "7K3Q9ZT24"));
    assert_false(receipt_code_norm(code, "7K3Q9ZT24MM"));
    assert_false(receipt_code_norm(code, "7K3Q9ZT2ȘM"));
    int differ = 0;
    for (int i = 0; i < 50; i++) {
        assert_int_equal(receipt_code_new(code, &e), RC_OK);
        assert_int_equal(pin_new(pin, &e), RC_OK);
        char again[RECEIPT_CODE_LEN + 1];
        assert_true(receipt_code_norm(again, code) && strcmp(again, code) == 0);
        assert_int_equal(strspn(pin, "0123456789"), PIN_LEN);
        differ += strcmp(pin, seen) != 0;
        memcpy(seen, pin, sizeof(pin));
    }
    assert_true(differ > 40);
}

/* What the paper promised holds: a request made under an older version is judged by that version. */
static const char *older(const char *dir, const char *name, const char *text)
{
    struct err e = {0};
    assert_int_equal(fs_write(arena_fmt(arena, "%s/services/%s", dir, name), text, strlen(text), 0600, &e),
                     RC_OK);
    return dir;
}

static void versions(void **state)
{
    (void)state;
    char dir[] = "/tmp/pridvor-versions-XXXXXX";
    struct err e = {0};
    struct catalog c;
    char *now, *shared, *lookups;
    size_t n;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(mkdir(arena_fmt(arena, "%s/services", dir), 0700), 0);
    assert_int_equal(
        fs_read(arena, "configs/services/complaint-abandoned_vehicle.json", 1 << 20, &now, &n, &e), RC_OK);
    assert_int_equal(fs_read(arena, "configs/services/_shared.json", 1 << 20, &shared, &n, &e), RC_OK);
    assert_int_equal(fs_read(arena, "configs/lookups.json", 1 << 20, &lookups, &n, &e), RC_OK);
    older(dir, "_shared.json", shared);
    older(dir, "../lookups.json", lookups);
    /* Version 3 asks what version 1 did not know, and has another word for an answer. */
    const char *three = swap(swap(now, "\"version\": 1", "\"version\": 3"), "\"over6\"", "\"long_ago\"");
    older(dir, "complaint-abandoned_vehicle.json", three);
    assert_int_equal(catalog_load(arena, dir, &c, &e), RC_OK);
    struct submission sub;
    struct request r;
    const char *body = body_of(text_with(answers));
    const struct rulebook rules = {&c, i18n};
    assert_int_equal(submission_read(arena, &rules, BYTES(body, strlen(body)), &sub, &r, &e), RC_CONFLICT);
    older(dir, "complaint-abandoned_vehicle@1.json", now);
    assert_int_equal(catalog_load(arena, dir, &c, &e), RC_OK);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.n_old, 1);
    assert_int_equal(catalog_find(&c, "complaint.abandoned_vehicle")->version, 3);
    if (submission_read(arena, &rules, BYTES(body, strlen(body)), &sub, &r, &e) != RC_OK)
        fail_msg("%s", e.text);
    assert_null(catalog_version(&c, "complaint.abandoned_vehicle", 2));
    older(dir, "complaint-abandoned_vehicle@2.json", now); /* name and content differ */
    assert_int_equal(catalog_load(arena, dir, &c, &e), RC_BAD_FIELD);
    older(dir, "complaint-abandoned_vehicle@2.json", swap(now, "\"version\": 1", "\"version\": 2"));
    assert_int_equal(catalog_load(arena, dir, &c, &e), RC_OK);
    older(dir, "complaint-abandoned_vehicle@4.json", swap(now, "\"version\": 1", "\"version\": 4"));
    assert_int_equal(catalog_load(arena, dir, &c, &e), RC_BAD_FIELD); /* not older than the current one */
    static const char *const names[] = {"services/_shared.json",
                                        "services/complaint-abandoned_vehicle.json",
                                        "services/complaint-abandoned_vehicle@1.json",
                                        "services/complaint-abandoned_vehicle@2.json",
                                        "services/complaint-abandoned_vehicle@4.json",
                                        "services",
                                        "lookups.json",
                                        ""};
    for (size_t i = 0; i < COUNT(names); i++)
        remove(arena_fmt(arena, "%s/%s", dir, names[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(accepted), cmocka_unit_test(refused),
                                       cmocka_unit_test(versions), cmocka_unit_test(proofs),
                                       cmocka_unit_test(receipt_codes)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
