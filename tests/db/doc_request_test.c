/* A request out of its seal: its files become documents of the case, its answers a sheet to read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/sealed.h"
#include "common/base/text.h"
#include "tests/db/doc_rig.h"

static const char *sealed(const char *id, const char *column, const char *text)
{
    const struct sealed_at at = {id, column};
    struct bytes out;

    DOC_OK(sealed_request_seal(rig.a, &rig.book.house.request_key, &at, BYTES(text, strlen(text)), &out,
                               &doc_err));
    char *hex = arena_alloc(rig.a, 2 * out.len + 1);
    hex_encode(hex, out.p, out.len);
    return hex;
}

static const char paper[] = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
                            "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
                            "3 0 obj<</Type /Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
                            "xref\n0 4\ntrailer<</Root 1 0 R>>\nstartxref\n161\n%%EOF\n";

/* As the intake leaves it. */
static const char *request(const char *lang, const char *text, const char *strokes)
{
    static int n;
    const struct store_place place = {rig.book.conf.blobs, 1};
    char id[UUID_LEN], hex[STORE_HEX];

    n++;
    DOC_OK(uuid7(id, &doc_err));
    DOC_OK(store_put(&place, BYTES(paper, sizeof paper - 1), hex, &doc_err));
    doc_sql(
        &rig,
        "INSERT INTO blob VALUES (decode('%s', 'hex'), %zu, 'application/pdf', 'K01') ON CONFLICT DO NOTHING",
        hex, sizeof paper - 1);
    const char *json = arena_fmt(
        rig.a,
        "{\"v\":1,\"request_id\":\"%s\",\"terminal\":\"K01\",\"institution\":\"hall-1\",\"service\":"
        "\"petition.general\",\"service_version\":1,\"channel\":\"kiosk\",\"lang\":\"%s\",\"created_at\":"
        "\"2026-11-22T08:00:00.000Z\",\"identity\":{\"source\":\"card_read\",\"access\":\"PACE\",\"passive\":"
        "\"valid\",\"chip\":\"genuine\"},\"answers\":{\"who.kind\":\"person\",\"who.last_name\":"
        "\"Pop-Țîrlea\",\"who.first_name\":\"Ana\",\"pet.kind\":\"request\",\"pet.subject\":\"drumul\","
        "\"pet.how\":\"type\",\"pet.text\":\"%s\",\"file.extra\":[\"sha256:%s\"]}}",
        id, lang, text, hex);
    const char *signature = arena_fmt(rig.a,
                                      "{\"kind\":\"pad\",\"sha256\":\"%064d\",\"width\":1000,\"height\":500,"
                                      "\"max_pressure\":1023,\"strokes\":%s}",
                                      0, strokes);
    doc_sql(
        &rig,
        "INSERT INTO request (request_id, registered_at, filed_at, n, service_version, filed_on, due, year, "
        "offline, institution, register, receipt_code, terminal, service, channel, lang, pin_verifier, "
        "sha256, request, signature) VALUES ('%s', '2026-11-22 08:00Z', '2026-11-22 08:00Z', %d, 1, "
        "'2026-11-22', '2026-12-22', 2026, false, 'hall-1', 'petitions', 'CODE%d', 'K01', "
        "'petition.general', 'kiosk', '%s', '', sha256('x'), '\\x%s', '\\x%s')",
        id, n, n, lang, sealed(id, "request", json), sealed(id, "signature", signature));
    doc_sql(
        &rig,
        "INSERT INTO audit (at, institution, request_id, actor, act) VALUES (now(), 'hall-1', '%s', 'K01', "
        "'registered')",
        id);
    int opened = 0;
    for (int i = 0; i < 20 && !opened; i++)
        DOC_OK(case_open_pending(&rig.w, 10, &opened, &doc_err));
    assert_int_equal(opened, 1);
    return doc_sql(&rig, "SELECT id FROM casefile WHERE request_id = '%s'", id);
}

#define LINE "[[[100,100,500,0],[300,300,700,10],[600,120,900,20],[900,400,400,30]]]"

static void its_files_are_documents(void **state)
{
    const char *id = request("ro", "Strada are gropi.", LINE);
    struct document *d;
    size_t n;

    (void)state;
    DOC_OK(doc_list(&rig.w, id, &d, &n, &doc_err));
    assert_int_equal(n, 1);
    assert_string_equal(d[0].kind, "attachment");
    assert_string_equal(d[0].made_by, "citizen");
    assert_string_equal(d[0].title, "Alte hârtii utile");
    struct bytes back;
    struct document seen;
    const struct doc_ask ask = {d[0].id, NULL};
    DOC_OK(doc_whole(&rig, &rig.ana, &ask, &seen, &back, &doc_err));
    assert_int_equal(back.len, sizeof paper - 1);
}

static void it_reads_as_a_sheet(void **state)
{
    const char *id = request("ro", "Strada are gropi.\\nA doua linie: <b>nu</b> {number}", LINE);
    struct casefile c = doc_case_get(&rig, id);
    struct bytes one, two;

    (void)state;
    DOC_OK(doc_request_pdf(&rig.w, &rig.ana, &c, NULL, &one, &doc_err));
    const char *text = doc_ask(&rig, one, "request", "pdftotext -layout %s -");
    holds(text, "Pop-Țîrlea");
    holds(text, "Strada are gropi.");
    holds(text, "<b>nu</b> {number}");
    holds(text, "semnătura statului este bună");
    holds(text, "Semnătura: făcută pe ecran");
    holds(text, c.number);
    DOC_OK(doc_request_pdf(&rig.w, &rig.ana, &c, NULL, &two, &doc_err));
    assert_int_equal(one.len, two.len);
    assert_memory_equal(one.p, two.p, one.len);
    struct err e = {0};
    assert_int_equal(doc_request_pdf(&rig.w, &rig.dan, &c, NULL, &two, &e), RC_DENIED);
}

static void in_hungarian_and_without_a_line(void **state)
{
    const char *id = request("hu", "Rossz az út.", "[]");
    struct casefile c = doc_case_get(&rig, id);
    struct bytes pdf;

    (void)state;
    DOC_OK(doc_request_pdf(&rig.w, &rig.ana, &c, NULL, &pdf, &doc_err));
    const char *text = doc_ask(&rig, pdf, "request_hu", "pdftotext -layout %s -");
    holds(text, "az állami aláírás érvényes");
    holds(text, "képernyőn nem készült aláírás");
    holds(text, "Rossz az út.");
}

/* Ten pages of text in one answer. */
static void a_long_answer_goes_on(void **state)
{
    BUF_SCOPE(much);
    struct bytes pdf;

    (void)state;
    for (int i = 0; i < 330; i++)
        buf_fmt(&much, "cuvânt%d ", i);
    const char *id = request("ro", much.p, LINE);
    struct casefile c = doc_case_get(&rig, id);
    DOC_OK(doc_request_pdf(&rig.w, &rig.ana, &c, NULL, &pdf, &doc_err));
    const char *text = doc_ask(&rig, pdf, "request_long", "pdftotext %s -");
    holds(text, "cuvânt0");
    holds(text, "cuvânt329");
}

static void paper_has_no_request_to_show(void **state)
{
    struct casefile c = doc_case_get(&rig, doc_case(&rig, "petition.general", "in_work"));
    struct bytes pdf;

    (void)state;
    DOC_OK(doc_request_pdf(&rig.w, &rig.ana, &c, NULL, &pdf, &doc_err));
    holds(doc_ask(&rig, pdf, "request_paper", "pdftotext -layout %s -"), c.number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_files_are_documents),         cmocka_unit_test(it_reads_as_a_sheet),
        cmocka_unit_test(in_hungarian_and_without_a_line), cmocka_unit_test(a_long_answer_goes_on),
        cmocka_unit_test(paper_has_no_request_to_show),
    };
    return cmocka_run_group_tests(tests, doc_setup, doc_teardown);
}
