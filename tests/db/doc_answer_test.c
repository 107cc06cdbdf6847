/* From the first word of an answer to the signed letter with a number of its own. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/db/doc_rig.h"

#define BODY "Am verificat strada.\n## Ce facem\n- umplem gropile\n- <b>nu</b> {number} %s\nVă mulțumim."

static struct doc_draft draft_of(const char *template, enum lang lang, int64_t version)
{
    return (struct doc_draft){.template = template,
                              .lang = lang,
                              .title = "Răspuns: strada Morii",
                              .body = BODY,
                              .version = version};
}

static void a_draft_has_one_pen_at_a_time(void **state)
{
    struct casefile c = doc_case_get(&rig, doc_case(&rig, "petition.general", "in_work"));
    struct doc_draft d = draft_of("answer.petition", LANG_RO, 0), now;
    struct err e = {0};
    bool found;

    (void)state;
    DOC_OK(doc_draft_get(&rig.w, c.id, &found, &now, &doc_err));
    assert_false(found);
    DOC_OK(doc_draft_put(&rig.w, &rig.ana, &c, &d, &now, &doc_err));
    assert_int_equal(now.version, 1);
    /* its answer was lost: the same again is known, and is not written twice */
    DOC_OK(doc_draft_put(&rig.w, &rig.ana, &c, &d, &now, &doc_err));
    assert_int_equal(now.version, 1);
    /* who had seen nothing and writes something else; and another, though it be the same */
    d.body = "Altceva.";
    assert_int_equal(doc_draft_put(&rig.w, &rig.ana, &c, &d, &now, &e), RC_CONFLICT);
    assert_string_equal(now.body, BODY);
    d.body = BODY;
    doc_sql(&rig, "UPDATE draft SET author = 'primar' WHERE case_id = '%s'", c.id);
    assert_int_equal(doc_draft_put(&rig.w, &rig.ana, &c, &d, &now, &e), RC_CONFLICT);
    doc_sql(&rig, "UPDATE draft SET author = 'ana' WHERE case_id = '%s'", c.id);
    d.version = 1;
    d.body = "Altul.";
    DOC_OK(doc_draft_put(&rig.w, &rig.ana, &c, &d, &now, &doc_err));
    assert_int_equal(now.version, 2);
    d.version = 0;
    assert_int_equal(doc_draft_put(&rig.w, &rig.ana, &c, &d, &now, &e), RC_CONFLICT);
    assert_string_equal(doc_sql(&rig, "SELECT count(*) FROM audit WHERE request_id = '%s'", c.id), "1");
    assert_string_equal(
        doc_sql(&rig, "SELECT string_agg(act, ',') FROM case_event WHERE case_id = '%s'", c.id),
        "answer drafted");
}

static void drafts_that_are_refused(void **state)
{
    struct casefile c = doc_case_get(&rig, doc_case(&rig, "petition.general", "in_work"));
    static char big[(64 << 10) + 2];
    struct doc_draft now;

    (void)state;
    memset(big, 'a', sizeof big - 1);
    const struct {
        struct doc_draft d;
        const struct actor *who;
        enum rc rc;
        const char *path;
    } rows[] = {
        {{.template = "nothing", .body = ""}, &rig.ana, RC_BAD_FIELD, "template"},
        {{.template = "book.open", .body = ""}, &rig.ana, RC_BAD_FIELD, "template"},
        {{.template = "answer.petition", .lang = LANG_EN}, &rig.ana, RC_BAD_FIELD, "lang"},
        {{.template = "answer.petition", .title = "a\nb"}, &rig.ana, RC_BAD_FIELD, "title"},
        {{.template = "answer.petition", .title = "\xFF"}, &rig.ana, RC_BAD_FIELD, "title"},
        {{.template = "answer.petition", .body = big}, &rig.ana, RC_BAD_FIELD, "body"},
        {{.template = "answer.petition", .body = "\xC3("}, &rig.ana, RC_BAD_FIELD, "body"},
        {{.template = "answer.petition"}, &rig.dan, RC_DENIED, ""},
        {{.template = "answer.petition"}, &rig.primar, RC_DENIED, ""},
        {{.template = "answer.petition"}, &actor_citizen, RC_DENIED, ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err e = {0};
        enum rc rc = doc_draft_put(&rig.w, rows[i].who, &c, &rows[i].d, &now, &e);
        if (rc != rows[i].rc || strcmp(e.path, rows[i].path) != 0)
            fail_msg("row %zu: %s %s %s", i, rc_name(rc), e.path, e.text);
    }
    assert_string_equal(doc_sql(&rig, "SELECT count(*) FROM draft WHERE case_id = '%s'", c.id), "0");
    assert_string_equal(doc_sql(&rig, "SELECT count(*) FROM audit WHERE request_id = '%s'", c.id), "0");
}

/* Who has the database without the key reads no letter that is being written. */
static void letters_at_work_rest_sealed(void **state)
{
    struct casefile c = doc_case_get(&rig, doc_case(&rig, "petition.general", "in_work"));
    struct casefile other = doc_case_get(&rig, doc_case(&rig, "petition.general", "in_work"));
    struct doc_draft d = draft_of("answer.petition", LANG_RO, 0), now;
    struct workflow_given given = {"document", "draft"};
    struct doc_effect f = {&c, "draft_answer", &given, 1};
    struct document rendered;
    struct err e = {0};
    bool found;
    static const char *const plain =
        "SELECT count(*) FROM (SELECT to_jsonb(d) x FROM draft d UNION ALL SELECT to_jsonb(d) FROM document "
        "d) t WHERE x::text LIKE '%Zgribulea%' OR x::text LIKE "
        "'%' || encode(convert_to('Zgribulea', 'UTF8'), 'hex') || '%'";

    (void)state;
    d.body = "Domnul Zgribulea are dreptate.";
    DOC_OK(doc_draft_put(&rig.w, &rig.ana, &c, &d, &now, &doc_err));
    assert_string_equal(now.body, d.body);
    DOC_OK(doc_render_case(&rig.w, &rig.ana, &f, &rendered, &doc_err));
    assert_string_equal(doc_sql(&rig, "%s", plain), "0");
    f.action = "sign_answer";
    DOC_OK(doc_sign_case(&rig.w, &rig.primar, &f, &rendered, &doc_err));
    assert_string_equal(
        doc_sql(&rig, "SELECT count(*) FROM document WHERE case_id = '%s' AND source IS NOT NULL", c.id),
        "0");
    /* a draft is bound to its case */
    doc_sql(&rig,
            "INSERT INTO draft SELECT '%s', version, at, author, template, lang, '', '', sealed FROM draft "
            "WHERE case_id = '%s'",
            other.id, c.id);
    assert_int_equal(doc_draft_get(&rig.w, other.id, &found, &now, &e), RC_DENIED);
    /* one from before the seals is read, and then sealed */
    doc_sql(
        &rig,
        "UPDATE draft SET title = 'Vechi', body = 'Domnul Zgribulea.', sealed = NULL WHERE case_id = '%s'",
        other.id);
    assert_string_equal(doc_sql(&rig, "%s", plain), "1");
    for (int round = 0; round < 2; round++) {
        DOC_OK(doc_draft_get(&rig.w, other.id, &found, &now, &doc_err));
        assert_string_equal(now.title, "Vechi");
        assert_string_equal(now.body, "Domnul Zgribulea.");
        DOC_OK(doc_seal_old(&rig.w, &doc_err));
        assert_string_equal(doc_sql(&rig, "%s", plain), "0");
    }
}

/* What was looked at is what is fixed, byte for byte; what was fixed is what is signed, but for number, day
 * and name. */
static void preview_render_sign(void **state)
{
    struct casefile c = doc_case_get(&rig, doc_case(&rig, "petition.general", "in_work"));
    struct doc_draft d = draft_of("answer.petition", LANG_RO, 0), now;
    struct workflow_given given = {"document", "draft"};
    struct doc_effect f = {&c, "draft_answer", &given, 1};
    struct document rendered, final, again;
    struct bytes seen, fixed, sealed, printed;
    bool found;

    (void)state;
    DOC_OK(doc_draft_put(&rig.w, &rig.ana, &c, &d, &now, &doc_err));
    DOC_OK(doc_preview(&rig.w, &rig.ana, &c, NULL, &seen, &doc_err));
    DOC_OK(doc_render_case(&rig.w, &rig.ana, &f, &rendered, &doc_err));
    const struct doc_ask ask = {rendered.id, NULL};
    DOC_OK(doc_whole(&rig, &rig.ana, &ask, &again, &fixed, &doc_err));
    assert_int_equal(seen.len, fixed.len);
    assert_memory_equal(seen.p, fixed.p, seen.len);
    const char *text = doc_ask(&rig, fixed, "fixed", "pdftotext -layout %s -");
    holds(text, "PROIECT, NESEMNAT");
    holds(text, "<b>nu</b> {number} %s");
    lacks(text, "Ioan Mureșan");
    assert_string_equal(rendered.kind, "answer");

    struct doc_effect g = {&c, "sign_answer", NULL, 0};
    DOC_OK(doc_sign_case(&rig.w, &rig.primar, &g, &final, &doc_err));
    assert_string_equal(final.signed_by, "primar");
    assert_string_equal(final.parent, rendered.id);
    DOC_OK(doc_preview(&rig.w, &rig.ana, &c, NULL, &sealed, &doc_err));
    const struct doc_ask ask2 = {final.id, NULL};
    DOC_OK(doc_whole(&rig, &rig.ana, &ask2, &again, &printed, &doc_err));
    assert_int_equal(sealed.len, printed.len);
    assert_memory_equal(sealed.p, printed.p, sealed.len);
    text = doc_ask(&rig, sealed, "signed", "pdftotext -layout %s -");
    holds(text, "Ioan Mureșan");
    holds(text, "Primar");
    holds(text, final.number);
    holds(text, "umplem gropile");
    holds(text, "Ana-Mărioara Pop-Țîrlea");
    lacks(text, "NESEMNAT");
    lacks(text, "system");
    /* in the book, and nothing unsigned is left behind */
    assert_string_equal(
        doc_sql(&rig, "SELECT direction || ' ' || (document = '%s') FROM register_entry WHERE case_id = '%s'",
                final.id, c.id),
        "out true");
    assert_string_equal(doc_sql(&rig, "SELECT voided_why FROM document WHERE id = '%s'", rendered.id),
                        "signed");
    DOC_OK(doc_answer_of(&rig.w, c.id, &found, &again, &doc_err));
    assert_true(found);
    assert_string_equal(again.id, final.id);
    assert_string_equal(
        doc_sql(&rig, "SELECT string_agg(act, ', ' ORDER BY id) FROM case_event WHERE case_id = '%s'", c.id),
        "answer drafted, document rendered, document signed");
}

static void rendered_anew_the_old_one_is_voided(void **state)
{
    struct casefile c = doc_case_get(&rig, doc_case(&rig, "petition.general", "in_work"));
    struct doc_draft d = draft_of("answer.petition", LANG_HU, 0), now;
    struct workflow_given given = {"document", "draft"};
    struct doc_effect f = {&c, "draft_answer", &given, 1};
    struct document one, two, final;
    struct bytes pdf;

    (void)state;
    d.title = "";
    DOC_OK(doc_draft_put(&rig.w, &rig.ana, &c, &d, &now, &doc_err));
    DOC_OK(doc_render_case(&rig.w, &rig.ana, &f, &one, &doc_err));
    d.version = 1;
    d.body = "Másik szöveg, őszi út.";
    DOC_OK(doc_draft_put(&rig.w, &rig.ana, &c, &d, &now, &doc_err));
    DOC_OK(doc_render_case(&rig.w, &rig.ana, &f, &two, &doc_err));
    assert_string_equal(doc_sql(&rig, "SELECT voided_why FROM document WHERE id = '%s'", one.id), "replaced");
    struct doc_effect g = {&c, "sign_answer", NULL, 0};
    DOC_OK(doc_sign_case(&rig.w, &rig.primar, &g, &final, &doc_err));
    DOC_OK(doc_preview(&rig.w, &rig.ana, &c, NULL, &pdf, &doc_err));
    const char *text = doc_ask(&rig, pdf, "hu", "pdftotext -layout %s -");
    holds(text, "Másik szöveg, őszi út.");
    holds(text, "Polgármester");
    holds(text, "Szék község");
    holds(text, "Szám:");
}

static void who_signs_is_who_decided(void **state)
{
    struct casefile c = doc_case_get(&rig, doc_case(&rig, "ad.banner", "decided"));
    struct workflow_given given = {"legal_basis", "art. 5 din HCL 12/2020"};
    struct doc_effect approve = {&c, "approve", &given, 1}, issue = {&c, "issue", NULL, 0};
    struct document one, final;
    struct bytes pdf;
    struct err e = {0};

    (void)state;
    DOC_OK(doc_render_case(&rig.w, &rig.primar, &approve, &one, &doc_err));
    assert_string_equal(one.kind, "decision");
    /* the clerk hands it over; the mayor decided */
    DOC_OK(doc_sign_case(&rig.w, &rig.ana, &issue, &final, &doc_err));
    assert_string_equal(final.signed_by, "primar");
    DOC_OK(doc_preview(&rig.w, &rig.ana, &c, NULL, &pdf, &doc_err));
    const char *text = doc_ask(&rig, pdf, "decision", "pdftotext -layout %s -");
    holds(text, "art. 5 din HCL 12/2020");
    holds(text, "Ioan Mureșan");
    holds(text, "Kovács-Ördög Zsófia");
    lacks(text, "…");
    /* nobody decided: nothing leaves */
    struct casefile other = doc_case_get(&rig, doc_case(&rig, "ad.banner", "decided"));
    struct doc_effect alone = {&other, "issue", NULL, 0};
    DOC_OK(work_begin(&rig.w, &doc_err));
    enum rc rc = doc_sign_case(&rig.w, &rig.ana, &alone, &final, &e);
    assert_int_equal(work_end(&rig.w, rc, &e), RC_STATE);
    assert_string_equal(doc_sql(&rig, "SELECT count(*) FROM document WHERE case_id = '%s'", other.id), "0");
    assert_string_equal(doc_sql(&rig, "SELECT count(*) FROM register_entry WHERE case_id = '%s'", other.id),
                        "0");
}

/* A rule that grants by itself: the head of the house stands for it, or no name at all. */
static void granted_by_rule(void **state)
{
    struct casefile c = doc_case_get(&rig, doc_case(&rig, "parking.place", "decided"));
    struct doc_effect issue = {&c, "issue", NULL, 0};
    struct document one, final, again;
    struct bytes pdf;

    (void)state;
    DOC_OK(doc_render_case(&rig.w, &actor_system, &issue, &one, &doc_err));
    assert_string_equal(one.kind, "permit");
    DOC_OK(doc_sign_case(&rig.w, &actor_system, &issue, &final, &doc_err));
    assert_string_equal(final.signed_by, "primar");
    doc_sql(&rig, "UPDATE account SET disabled_at = now() WHERE name = 'primar'");
    struct casefile d = doc_case_get(&rig, doc_case(&rig, "parking.place", "decided"));
    struct doc_effect alone = {&d, "issue", NULL, 0};
    DOC_OK(doc_sign_case(&rig.w, &actor_system, &alone, &again, &doc_err));
    doc_sql(&rig, "UPDATE account SET disabled_at = NULL WHERE name = 'primar'");
    assert_null(again.signed_by);
    DOC_OK(doc_preview(&rig.w, &rig.ana, &d, NULL, &pdf, &doc_err));
    const char *text = doc_ask(&rig, pdf, "permit", "pdftotext -layout %s -");
    lacks(text, "system");
    holds(text, again.number);
}

static const char outside[] = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
                              "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
                              "3 0 obj<</Type /Page/Parent 2 0 R/ByteRange[0 1 2 3]>>endobj\n"
                              "xref\n0 4\ntrailer<</Root 1 0 R>>\nstartxref\n162\n%%EOF\n";

/* The register's own papers are no answer: a certified copy, what was rendered or left with a step. */
static void a_certified_copy_is_no_answer(void **state)
{
    struct casefile c = doc_case_get(&rig, doc_case(&rig, "petition.general", "in_work"));
    struct store_file *file = doc_file(&rig, outside, sizeof outside - 1);
    struct doc_upload up = {c.id, "scan", "act.pdf", "application/pdf", NULL, file};
    struct document brought, copy, out;
    struct err e = {0};

    (void)state;
    DOC_OK(doc_add(&rig.w, &rig.ana, &up, &brought, &doc_err));
    store_drop(file);
    DOC_OK(doc_certify(&rig.w, &rig.ana, brought.id, NULL, &copy, &doc_err));
    struct workflow_given given = {"document", copy.id};
    struct doc_effect f = {&c, "draft_answer", &given, 1}, g = {&c, "sign_answer", NULL, 0};
    assert_int_equal(doc_render_case(&rig.w, &rig.ana, &f, &out, &e), RC_BAD_FIELD);
    /* also when an earlier step had named it */
    doc_sql(&rig,
            "INSERT INTO case_event (case_id, at, version, actor, act, state_from, state_to, given) VALUES "
            "('%s', now(), 2, 'primar', 'draft_answer', 'in_work', 'decided', '{\"document\": \"%s\"}')",
            c.id, copy.id);
    DOC_OK(doc_sign_case(&rig.w, &rig.primar, &g, &out, &doc_err));
    assert_string_not_equal(out.id, copy.id);
    assert_string_equal(out.signed_by, "primar");
}

/* The paper that a step named, though it rendered nothing; reasons that were given with it. */
static void what_earlier_steps_said_counts(void **state)
{
    struct casefile c = doc_case_get(&rig, doc_case(&rig, "cs.birth_certificate", "decided"));
    struct doc_effect issue = {&c, "issue", NULL, 0};
    struct document final;
    struct bytes pdf;
    struct doc_draft d = {.template = "refusal", .title = "", .body = "Motivele: {reason}"}, now;

    (void)state;
    doc_sql(&rig,
            "INSERT INTO case_event (case_id, at, version, actor, act, state_from, state_to, given) VALUES "
            "('%s', now(), 2, 'primar', 'refuse', 'in_work', 'decided', '{\"reason\": \"lipsește actul\", "
            "\"legal_basis\": \"art. 12 din Legea 119/1996\", \"document\": \"draft\"}')",
            c.id);
    DOC_OK(doc_draft_put(&rig.w, &rig.ana, &c, &d, &now, &doc_err));
    DOC_OK(doc_sign_case(&rig.w, &rig.ana, &issue, &final, &doc_err));
    assert_string_equal(final.signed_by, "primar");
    assert_string_equal(final.kind, "decision");
    DOC_OK(doc_preview(&rig.w, &rig.ana, &c, NULL, &pdf, &doc_err));
    const char *text = doc_ask(&rig, pdf, "refusal", "pdftotext -layout %s -");
    holds(text, "art. 12 din Legea 119/1996");
    holds(text, "Căi de atac");
}

static void a_paper_from_outside_leaves_as_it_is(void **state)
{
    struct casefile c = doc_case_get(&rig, doc_case(&rig, "petition.general", "in_work"));
    struct store_file *file = doc_file(&rig, outside, sizeof outside - 1);
    struct doc_upload up = {c.id, "attachment", "raspuns-semnat.pdf", "application/pdf", NULL, file};
    struct document d, final;
    struct bytes back;

    (void)state;
    DOC_OK(doc_add(&rig.w, &rig.ana, &up, &d, &doc_err));
    store_drop(file);
    struct workflow_given given = {"document", d.id};
    struct doc_effect f = {&c, "draft_answer", &given, 1}, g = {&c, "sign_answer", NULL, 0};
    struct document chosen;
    DOC_OK(doc_render_case(&rig.w, &rig.ana, &f, &chosen, &doc_err));
    DOC_OK(doc_sign_case(&rig.w, &rig.primar, &g, &final, &doc_err));
    assert_string_equal(final.id, d.id);
    assert_string_equal(final.signed_by, "primar");
    DOC_OK(doc_preview(&rig.w, &rig.ana, &c, NULL, &back, &doc_err));
    assert_int_equal(back.len, sizeof outside - 1);
    assert_memory_equal(back.p, outside, back.len);
    /* a paper of another case, or none at all */
    struct casefile other = doc_case_get(&rig, doc_case(&rig, "petition.general", "in_work"));
    struct err e = {0};
    struct workflow_given wrong[] = {{"document", d.id}, {"document", "../x"}, {"document", "draft"}};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct doc_effect bad = {&other, "draft_answer", &wrong[i], 1};
        assert_int_equal(doc_render_case(&rig.w, &rig.ana, &bad, &chosen, &e), RC_BAD_FIELD);
        assert_string_equal(e.path, "document");
    }
}

static void a_cover_letter_goes_with_what_is_passed_on(void **state)
{
    struct casefile c = doc_case_get(&rig, doc_case(&rig, "petition.general", "registered"));
    struct workflow_given given = {"reason", "drumul este județean"};
    struct doc_effect f = {&c, "forward", &given, 1};
    struct document d;
    struct bytes pdf;

    (void)state;
    DOC_OK(doc_cover(&rig.w, &rig.primar, &f, "county", &d, &doc_err));
    const struct doc_ask ask = {d.id, NULL};
    DOC_OK(doc_whole(&rig, &rig.ana, &ask, &d, &pdf, &doc_err));
    const char *text = doc_ask(&rig, pdf, "cover", "pdftotext -layout %s -");
    holds(text, "Județul Cluj");
    holds(text, "drumul este județean");
    holds(text, "Ioan Mureșan");
    assert_string_equal(d.kind, "cover");
}

struct signing {
    const char *id;
    char number[64], hash[STORE_HEX];
    enum rc rc;
};

static void *sign_one(void *user)
{
    struct signing *s = user;
    ARENA_SCOPE(a);
    struct work w = book_job(&rig.book, a);
    struct actor primar = book_actor(&w, "primar");
    struct casefile c;
    struct document d;
    struct err e = {0};

    s->rc = work_begin(&w, &e);
    if (s->rc == RC_OK)
        s->rc = case_get(&w, s->id, true, &c, &e);
    struct doc_effect f = {&c, "sign_answer", NULL, 0};
    if (s->rc == RC_OK)
        s->rc = doc_sign_case(&w, &primar, &f, &d, &e);
    s->rc = work_end(&w, s->rc, &e);
    if (s->rc == RC_OK) {
        snprintf(s->number, sizeof s->number, "%s", d.number);
        snprintf(s->hash, sizeof s->hash, "%s", d.sha256);
    }
    db_sync_close(w.db);
    return NULL;
}

/* Six answers of one book at the same moment: what each paper says is the number that it has. */
static void many_sign_at_once(void **state)
{
    enum { MANY = 6 };
    const struct store_place place = {rig.book.conf.blobs, 1};
    struct signing s[MANY];
    pthread_t t[MANY];
    struct bytes pdf;

    (void)state;
    for (int i = 0; i < MANY; i++)
        s[i] = (struct signing){.id = doc_case(&rig, "petition.general", "decided")};
    for (int i = 0; i < MANY; i++)
        assert_int_equal(pthread_create(&t[i], NULL, sign_one, &s[i]), 0);
    for (int i = 0; i < MANY; i++)
        pthread_join(t[i], NULL);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(s[i].rc, RC_OK);
        DOC_OK(store_get(&place, rig.a, s[i].hash, &pdf, &doc_err));
        holds(doc_ask(&rig, pdf, "many", "pdftotext -layout %s -"), s[i].number);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(s[i].number, s[k].number);
    }
    assert_string_equal(
        doc_sql(&rig, "SELECT max(n) = count(*) FROM register_entry WHERE register = 'petitions'"), "t");
}

static void documents_of_foreign_cases_stay_closed(void **state)
{
    struct casefile c = doc_case_get(&rig, doc_case(&rig, "petition.general", "in_work"));
    struct doc_effect f = {&c, "forward", NULL, 0};
    struct document d, seen;
    struct bytes pdf;
    struct err e = {0};

    (void)state;
    DOC_OK(doc_cover(&rig.w, &rig.primar, &f, "county", &d, &doc_err));
    const struct doc_ask ask = {d.id, NULL}, none = {"00000000-0000-7000-8000-000000000000", NULL},
                         odd = {"' OR 1=1", NULL};
    assert_int_equal(doc_whole(&rig, &rig.dan, &ask, &seen, &pdf, &e), RC_DENIED);
    assert_int_equal(doc_whole(&rig, &actor_citizen, &ask, &seen, &pdf, &e), RC_DENIED);
    assert_int_equal(doc_whole(&rig, &rig.ana, &none, &seen, &pdf, &e), RC_NOT_FOUND);
    assert_int_equal(doc_whole(&rig, &rig.ana, &odd, &seen, &pdf, &e), RC_NOT_FOUND);
    doc_sql(&rig, "UPDATE casefile SET sealed = true WHERE id = '%s'", c.id);
    assert_int_equal(doc_whole(&rig, &rig.ana, &ask, &seen, &pdf, &e), RC_DENIED);
    const struct doc_ask why = {d.id, "cerere a instanței"};
    DOC_OK(doc_whole(&rig, &rig.ana, &why, &seen, &pdf, &doc_err));
    assert_string_equal(doc_sql(&rig,
                                "SELECT count(*) FROM audit WHERE act = 'sealed case opened' AND detail "
                                "= 'document.view: cerere a instanței'"),
                        "1");
}

static void every_template_as_the_clerk_gets_it(void **state)
{
    struct casefile c = doc_case_get(&rig, doc_case(&rig, "cs.birth_certificate", "in_work"));
    BUF_SCOPE(out);
    struct jval *v;

    (void)state;
    DOC_OK(doc_templates_json(&rig.w, &rig.ana, &c, &out, &doc_err));
    DOC_OK(jval_parse(rig.a, out.p, out.len, &v, &doc_err));
    assert_true(v->n >= 3);
    holds(out.p, "cover.certificate");
    lacks(out.p, "{request_number}");
    holds(out.p, c.number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_draft_has_one_pen_at_a_time),
        cmocka_unit_test(drafts_that_are_refused),
        cmocka_unit_test(letters_at_work_rest_sealed),
        cmocka_unit_test(preview_render_sign),
        cmocka_unit_test(rendered_anew_the_old_one_is_voided),
        cmocka_unit_test(who_signs_is_who_decided),
        cmocka_unit_test(granted_by_rule),
        cmocka_unit_test(a_certified_copy_is_no_answer),
        cmocka_unit_test(what_earlier_steps_said_counts),
        cmocka_unit_test(a_paper_from_outside_leaves_as_it_is),
        cmocka_unit_test(a_cover_letter_goes_with_what_is_passed_on),
        cmocka_unit_test(many_sign_at_once),
        cmocka_unit_test(documents_of_foreign_cases_stay_closed),
        cmocka_unit_test(every_template_as_the_clerk_gets_it),
    };
    return cmocka_run_group_tests(tests, doc_setup, doc_teardown);
}
