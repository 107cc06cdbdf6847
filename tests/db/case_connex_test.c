/* What is looked at is what is signed, and what is signed goes out, to every connexed petitioner as well. */
#include "backend/doc_priv.h"
#include "tests/db/case_steps.h"

static const char zoe[] = "{\"who.kind\":\"person\",\"who.last_name\":\"Dima\",\"who.first_name\":\"Zoe\","
                          "\"who.email\":\"zoe@example.ro\",\"pet.kind\":\"request\",\"pet.how\":\"type\","
                          "\"pet.subject\":\"Becuri arse\",\"pet.text\":\"Nu este lumină.\","
                          "\"lang.answer\":\"ro\",\"consent.data_read\":true}";

static const char *fresh(const char *answers)
{
    const char *id = new_case("hall-1", "petition.general", answers);
    DOES("clerk", id, "take", NULL, 0);
    return id;
}

static const char *number_of(const char *id)
{
    static char out[4][60];
    static int next;
    char *mine = out[next++ % 4];
    snprintf(mine, sizeof(out[0]), "%s", of_case(id, "register || '/' || n || '/' || year"));
    return mine;
}

static void connex(const char *id, const char *other)
{
    DOES("clerk", id, "connex", GIVEN({"case_number", number_of(other)}));
}

/* Whatever the state: as a house that ran before the draft was closed left it. */
static void stands_in_draft(const char *id, const char *body)
{
    char sql[900];
    snprintf(
        sql, sizeof(sql),
        "INSERT INTO draft VALUES ('%s', 1, now(), 'clerk', 'answer.petition', 'ro', 'Răspuns', '%s') "
        "ON CONFLICT (case_id) DO UPDATE SET body = excluded.body, title = excluded.title, sealed = NULL, "
        "version = draft.version + 1, at = excluded.at",
        id, body);
    Q(sql);
}

static void hands_in(const char *id)
{
    DOES("clerk", id, "draft_answer", GIVEN({"document", "draft"}));
}

/* As the clerk saves it in the editor; say: all three languages. */
static enum rc saves(const char *id, const char *body, char say[900])
{
    struct work w = rig_begin(&rig);
    struct actor clerk;
    struct casefile c;
    struct doc_draft had = {0}, now,
                     put = {.template = "answer.petition", .lang = LANG_RO, .title = "Răspuns", .body = body};
    bool found;

    rig_actor(&w, "clerk", &clerk);
    assert_int_equal(case_get(&w, id, false, &c, &e), RC_OK);
    assert_int_equal(doc_draft_get(&w, id, &found, &had, &e), RC_OK);
    put.version = had.version;
    enum rc rc = doc_draft_put(&w, &clerk, &c, &put, &now, &e);
    const struct tr *s = &w.say;
    snprintf(say, 900, "%s|%s|%s", s->t[0] ? s->t[0] : "", s->t[1] ? s->t[1] : "", s->t[2] ? s->t[2] : "");
    rig_end(&w);
    return rc;
}

static bool previews(const char *id, const char *which)
{
    struct work w = rig_begin(&rig);
    const struct store_place place = doc_place(&w);
    struct actor mayor;
    struct casefile c;
    struct bytes seen, file;
    char sql[300];

    rig_actor(&w, "mayor", &mayor);
    snprintf(sql, sizeof(sql), "SELECT encode(sha256, 'hex') FROM document WHERE case_id = '%s' AND %s", id,
             which);
    const char *sha = arena_str(w.a, Q(sql));
    assert_int_equal(case_get(&w, id, false, &c, &e), RC_OK);
    assert_int_equal(doc_preview(&w, &mayor, &c, NULL, &seen, &e), RC_OK);
    assert_int_equal(store_get(&place, w.a, sha, &file, &e), RC_OK);
    bool same = seen.len == file.len && memcmp(seen.p, file.p, seen.len) == 0;
    rig_end(&w);
    return same;
}

#define WAITS "source IS NOT NULL AND signed_at IS NULL AND voided_at IS NULL"
#define WENT "signed_at IS NOT NULL AND voided_at IS NULL"

static void what_waits_is_closed_until_it_is_sent_back(void **state)
{
    const char *id = fresh(petition);
    char say[900];

    (void)state;
    assert_int_equal(saves(id, "Întâi.", say), RC_OK);
    hands_in(id);
    assert_int_equal(saves(id, "Altceva.", say), RC_STATE);
    assert_non_null(strstr(say, "cu „Întoarce la lucru”"));
    assert_non_null(strstr(say, "ezzel: „Visszaküldés kidolgozásra”"));
    assert_non_null(strstr(say, "with “Send back to work”"));
    assert_string_equal(of_case(id, "(SELECT version FROM draft d WHERE d.case_id = c.id)"), "1");
    stands_in_draft(id, "Scris mai demult, după predare.");
    assert_true(previews(id, WAITS));
    DOES("mayor", id, "redo", GIVEN({"reason", "Mai scurt."}));
    rig_now += 60000;
    assert_int_equal(saves(id, "A doua oară.", say), RC_OK);
    assert_false(previews(id, WAITS));
    hands_in(id);
    assert_true(previews(id, WAITS));
    DOES("mayor", id, "sign_answer", NULL, 0);
    assert_int_equal(saves(id, "Prea târziu.", say), RC_STATE);
    assert_non_null(strstr(say, "a plecat deja"));
    stands_in_draft(id, "Scris după ce a plecat.");
    assert_true(previews(id, WENT));
}

/* The words of the letter that a petitioner gets. */
static const char *letter_to(const char *id)
{
    static char out[2000];
    struct work w = rig_begin(&rig);
    struct doc_draft d = {0};
    bool found;

    assert_int_equal(doc_draft_get(&w, id, &found, &d, &e), RC_OK);
    snprintf(out, sizeof(out), "%s", found ? d.body : "");
    rig_end(&w);
    return out;
}

static void connexed_ones_get_what_lay_before_the_signer(void **state)
{
    const char *a = fresh(petition), *b = fresh(zoe);

    (void)state;
    connex(a, b);
    stands_in_draft(a, "Stimate Kovács Ștefan, am umplut gropile.");
    hands_in(a);
    stands_in_draft(a, "Altceva complet.");
    DOES("mayor", a, "sign_answer", NULL, 0);
    assert_string_equal(letter_to(b), "Stimate Dima Zoe, am umplut gropile.");
    assert_string_equal(of_case(b, "state"), "answered");
}

static void only_whole_words_are_put_instead(void **state)
{
    const char *a = fresh(petition), *b = fresh(zoe);
    char mine[60], other[60], text[300], want[300];

    (void)state;
    const char *shown = "'PET ' || n || '/' || to_char(registered_at AT TIME ZONE 'Europe/Bucharest', "
                        "'DD.MM.YYYY')";
    connex(a, b);
    snprintf(mine, sizeof(mine), "%s", of_case(a, shown));
    snprintf(other, sizeof(other), "%s", of_case(b, shown));
    static const char form[] = "Kovács Ștefanescu, (Kovács Ștefan), ÎKovács Ștefan și 2%s; %s. %s9";
    snprintf(text, sizeof(text), form, mine, mine, mine);
    snprintf(want, sizeof(want), "Kovács Ștefanescu, (Dima Zoe), ÎKovács Ștefan și 2%s; %s. %s9", mine, other,
             mine);
    stands_in_draft(a, text);
    hands_in(a);
    DOES("mayor", a, "sign_answer", NULL, 0);
    assert_string_equal(letter_to(b), want);
}

/* The names in the last line of the letter that waits, or went. */
static const char *letter_names(const char *id, const char *which)
{
    static char text[4000];
    char sql[300], line[600];
    snprintf(sql, sizeof(sql), "SELECT encode(sha256, 'hex') FROM document WHERE case_id = '%s' AND %s", id,
             which);
    const char *sha = Q(sql);
    snprintf(line, sizeof(line), "pdftotext '%s/%.2s/%s' - | tr '\n' ' '", rig.house.conf->blobs, sha, sha);
    FILE *f = popen(line, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = 0;
    pclose(f);
    const char *at = strstr(text, "cererile conexate: ");
    return at ? at : "";
}

static const char *shown(const char *id)
{
    static char out[4][60];
    static int next;
    char *mine = out[next++ % 4];
    snprintf(mine, sizeof(out[0]), "%s",
             of_case(id, "'PET ' || n || '/' || to_char(registered_at AT TIME ZONE 'Europe/Bucharest', "
                         "'DD.MM.YYYY')"));
    return mine;
}

static void an_own_answer_is_never_overwritten(void **state)
{
    const char *a = fresh(petition), *s = fresh(zoe), *b = fresh(zoe);

    (void)state;
    connex(a, s);
    stands_in_draft(a, "Pentru toți.");
    stands_in_draft(s, "Textul propriu pentru Zoe.");
    hands_in(s);
    assert_int_equal(step("clerk", b, "connex", GIVEN({"case_number", number_of(s)})), RC_BAD_FIELD);
    assert_non_null(strstr(sentence, "answer of its own that waits for its signature"));
    connex(a, b);
    hands_in(a);
    DOES("mayor", a, "sign_answer", NULL, 0);
    assert_string_equal(of_case(a, "state"), "answered");
    assert_string_equal(of_case(b, "state"), "answered");
    assert_string_equal(letter_to(b), "Pentru toți.");
    assert_string_equal(letter_to(s), "Textul propriu pentru Zoe.");
    assert_string_equal(
        of_case(s, "state || (SELECT count(*) FROM document d WHERE d.case_id = c.id AND " WAITS ")"),
        "decided1");
    assert_string_equal(of_case(s, "(SELECT count(*) FROM case_event v WHERE v.case_id = c.id AND act = "
                                   "'own_answer') || 'x' || (SELECT count(*) FROM owed_message m WHERE "
                                   "m.request_id = c.id AND message = 'answered')"),
                        "1x0");
    assert_non_null(strstr(letter_names(s, WAITS), shown(a)));
    DOES("mayor", s, "sign_answer", NULL, 0);
    assert_string_equal(of_case(s, "state"), "answered");
    assert_string_equal(letter_names(s, WENT), "");
}

/* Rendered for both, then one is decided by itself: the letter that goes out does not name it. */
static void a_letter_names_none_that_it_does_not_answer(void **state)
{
    const char *a = fresh(petition), *b = fresh(zoe), *c = fresh(zoe);

    (void)state;
    connex(a, b);
    connex(a, c);
    stands_in_draft(a, "Pentru toți.");
    hands_in(a);
    assert_non_null(strstr(letter_names(a, WAITS), shown(b)));
    assert_non_null(strstr(letter_names(a, WAITS), shown(c)));
    stands_in_draft(b, "Numai pentru Zoe.");
    hands_in(b);
    DOES("mayor", a, "sign_answer", NULL, 0);
    assert_null(strstr(letter_names(a, WENT), shown(b)));
    assert_non_null(strstr(letter_names(a, WENT), shown(c)));
    assert_non_null(strstr(letter_names(c, WENT), shown(a)));
    assert_null(strstr(letter_names(c, WENT), shown(b)));
    assert_non_null(strstr(letter_names(b, WAITS), shown(c)));
    DOES("mayor", b, "sign_answer", NULL, 0); /* c has its answer */
    assert_string_equal(letter_names(b, WENT), "");
}

static void a_draft_of_its_own_stays_to_be_read(void **state)
{
    const char *a = fresh(petition), *b = fresh(zoe);

    (void)state;
    connex(a, b);
    stands_in_draft(a, "Pentru toți.");
    stands_in_draft(b, "Numai pentru Zoe.");
    hands_in(a);
    DOES("mayor", a, "sign_answer", NULL, 0);
    assert_string_equal(letter_to(b), "Pentru toți.");
    assert_string_equal(
        of_case(b, "state || (SELECT string_agg(voided_why || (signed_at IS NOT NULL)::text, "
                   "',') FROM document d WHERE d.case_id = c.id AND voided_why LIKE 'answered%')"),
        "answeredanswered with anotherfalse");
    assert_string_equal(of_case(b, "(SELECT count(*) FROM document d WHERE d.case_id = c.id AND " WENT ")"),
                        "1");
    assert_string_equal(
        of_case(b, "(SELECT count(*) FROM case_event v WHERE v.case_id = c.id AND act = 'draft_kept')"), "1");
    assert_string_equal(
        of_case(a, "(SELECT count(*) FROM case_event v WHERE v.case_id = c.id AND act = 'draft_kept')"), "0");
}

static void what_was_asked_back_is_not_asked_any_more(void **state)
{
    const char *a = fresh(petition), *b = fresh(zoe);

    (void)state;
    connex(a, b);
    DOES("clerk", b, "return", GIVEN({"reason", "Care stradă?"}, {"fields", "pet.text"}));
    assert_string_equal(of_case(b, "state"), "returned");
    stands_in_draft(a, "Pentru toți.");
    hands_in(a);
    DOES("mayor", a, "sign_answer", NULL, 0);
    assert_string_equal(of_case(b, "state || (SELECT count(*) FROM case_return r WHERE r.case_id = c.id AND "
                                   "answered_at IS NULL)"),
                        "answered0");
    assert_string_equal(of_case(b, "(SELECT count(*) FROM case_term t WHERE t.case_id = c.id AND ended_on IS "
                                   "NULL)::text"),
                        "0");
    assert_string_equal(of_case(b,
                                "(SELECT string_agg(act, ',' ORDER BY id) FROM case_event v WHERE v.case_id "
                                "= c.id AND act IN ('return_over', 'answered_with'))"),
                        "return_over,answered_with");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_is_closed_until_it_is_sent_back),
        cmocka_unit_test(connexed_ones_get_what_lay_before_the_signer),
        cmocka_unit_test(only_whole_words_are_put_instead),
        cmocka_unit_test(an_own_answer_is_never_overwritten),
        cmocka_unit_test(a_letter_names_none_that_it_does_not_answer),
        cmocka_unit_test(a_draft_of_its_own_stays_to_be_read),
        cmocka_unit_test(what_was_asked_back_is_not_asked_any_more),
    };
    return cmocka_run_group_tests(tests, steps_setup, steps_teardown);
}
