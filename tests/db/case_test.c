/* Cases: how they open, each need and its sentence, returns, forwarding, connexing. */
#include "backend/doc_priv.h"
#include "tests/db/case_steps.h"

static void a_request_becomes_a_case(void **state)
{
    (void)state;
    const char *id = new_case("hall-1", "petition.general", petition);

    assert_string_equal(of_case(id, "state || ' ' || department || ' ' || workflow"),
                        "registered registratura simple");
    assert_string_equal(of_case(id, "person || ' | ' || subject || ' | ' || folded"),
                        "Kovács Ștefan | Iluminat pe strada Mică | kovacs stefan iluminat pe strada mica");
    assert_string_equal(of_case(id, "email || phone"), "stefan@example.ro0722123456");
    assert_string_equal(of_case(id, "(due - filed_on >= 30)::text"), "true");
    assert_string_equal(
        of_case(id, "(SELECT count(*) FROM case_term t WHERE t.case_id = c.id AND main)::text"), "1");
    assert_string_equal(
        of_case(id, "(SELECT (why->>'ro' <> '' AND calc->>'hu' <> '')::text FROM case_term t WHERE "
                    "t.case_id = c.id AND main)"),
        "true");
    assert_string_equal(of_case(id,
                                "(SELECT count(*) FROM case_timer t WHERE t.case_id = c.id AND done_at IS "
                                "NULL)::text"),
                        "5"); /* warn_5, late, three of escalation */
    assert_int_equal(rig_open(&rig), 0);

    /* A number that an officer gives: born before the term. */
    struct work w = rig_begin(&rig);
    const char *answers = rig_answers(w.a, catalog_find(&rig.house.catalog, "cs.divorce_request"), 0);
    id = new_case("hall-1", "cs.divorce_request", answers);
    rig_end(&w);
    assert_string_equal(of_case(id, "state || coalesce(due::text, '-') || (facts->>'case.has_wait')"),
                        "submitted-true");
    assert_string_equal(of_case(id, "(cnp_hash IS NOT NULL AND cnp_sealed IS NOT NULL)::text"), "true");
    assert_string_equal(of_case(id, "(position('1960523125783' in c::text) = 0)::text"), "true");
}

static void a_petition_is_answered(void **state)
{
    (void)state;
    const char *id = new_case("hall-1", "petition.general", petition);

    DOES("clerk", id, "take", NULL, 0);
    assert_string_equal(of_case(id, "state || assignee"), "in_workclerk");
    assert_int_equal(step("clerk", id, "draft_answer", NULL, 0), RC_BAD_FIELD);
    assert_string_equal(sentence, "Missing: the document.");
    assert_string_equal(e.path, "document");
    assert_int_equal(step("clerk", id, "draft_answer", GIVEN({"document", "draft"})), RC_BAD_FIELD);
    assert_string_equal(sentence, "The document is not in this case.");
    assert_int_equal(step("other", id, "draft_answer", GIVEN({"document", "draft"})), RC_DENIED);
    assert_string_equal(sentence, "The case is not in your area.");
    char sql[300];
    snprintf(sql, sizeof(sql),
             "INSERT INTO draft VALUES ('%s', 1, now(), 'clerk', 'answer.petition', 'ro', 'Răspuns', 'Text')",
             id);
    Q(sql);
    DOES("clerk", id, "draft_answer", GIVEN({"document", "draft"}));
    assert_string_equal(of_case(id, "state || author"), "decidedclerk");
    assert_int_equal(step("clerk", id, "sign_answer", NULL, 0), RC_DENIED);
    DOES("mayor", id, "sign_answer", NULL, 0);
    assert_string_equal(of_case(id, "state || coalesce(due::text, '-')"), "answered-");
    snprintf(
        sql, sizeof(sql),
        "SELECT string_agg(message || ' ' || way || ' ' || lang, ',' ORDER BY id) FROM owed_message WHERE "
        "request_id = '%s'",
        id);
    assert_string_equal(Q(sql), "answered email ro");
}

static void an_older_version_is_refused(void **state)
{
    (void)state;
    const char *id = new_case("hall-1", "petition.general", petition);
    struct work w = rig_begin(&rig);
    struct casefile c;
    BUF_SCOPE(events);

    DOES("clerk", id, "take", NULL, 0);
    assert_int_equal(step_at("clerk2", id, 1, "return", GIVEN({"reason", "x"}, {"fields", "pet.text"})),
                     RC_CONFLICT);
    assert_string_equal(sentence, "Somebody worked on the case meanwhile. See what changed.");
    assert_int_equal(case_get(&w, id, false, &c, &e), RC_OK);
    assert_int_equal(case_events_json(&w, &c, 1, &events, &e), RC_OK);
    assert_non_null(strstr(events.p, "\"actor\":\"clerk\",\"actor_name\":\"clerk\",\"act\":\"take\""));
    rig_end(&w);
}

static char big[2100]; /* too long */
static const struct {
    const char *who, *action;
    struct workflow_given given[3];
    size_t n;
    const char *path, *says;
} needs[] = {
    {"clerk", "return", {{"reason", "x"}}, 1, "fields", "Missing: the fields to correct."},
    {"clerk", "return", {{"fields", "pet.text"}}, 1, "reason", "Missing: the reason."},
    {"clerk",
     "return",
     {{"reason", big}, {"fields", "pet.text"}},
     2,
     "reason",
     "The text is longer than 2,000 characters."},
    {"clerk",
     "return",
     {{"reason", "a\x01z"}, {"fields", "pet.text"}},
     2,
     "reason",
     "The text has characters that cannot be kept."},
    {"clerk",
     "return",
     {{"reason", "\xff\xfe"}, {"fields", "pet.text"}},
     2,
     "reason",
     "The text has characters that cannot be kept."},
    {"clerk", "return", {{"reason", "  \n "}, {"fields", "pet.text"}}, 2, "reason", "Write a text."},
    {"clerk",
     "return",
     {{"reason", "x"}, {"fields", "act.birth_date"}},
     2,
     "fields",
     "This field cannot be asked for again."},
    {"clerk",
     "return",
     {{"reason", "x"}, {"fields", "sign.signature"}},
     2,
     "fields",
     "This field cannot be asked for again."},
    {"clerk", "return", {{"reason", "x"}, {"fields", ", ,"}}, 2, "fields", "Choose at least one field."},
    {"clerk",
     "return",
     {{"reason", "x"}, {"fields", "pet.text'); DROP TABLE casefile; --"}},
     2,
     "fields",
     "This field cannot be asked for again."},
    {"clerk",
     "return",
     {{"reason", "x"}, {"fields", "pet.text"}, {"code", "1"}},
     3,
     "given",
     "This step does not ask for that."},
    {"clerk",
     "reassign",
     {{"reason", "x"}, {"department", "cosmos"}},
     2,
     "department",
     "There is no such office."},
    {"registrar",
     "forward",
     {{"reason", "x"}, {"institution", "hall-9"}},
     2,
     "institution",
     "There is no such institution."},
    {"registrar",
     "forward",
     {{"reason", "x"}, {"institution", "hall-1"}},
     2,
     "institution",
     "The case is with this institution already."},
    {"registrar",
     "connex",
     {{"case_number", "999999/2026"}},
     1,
     "case_number",
     "There is no case with this number at your institution."},
    {"registrar",
     "connex",
     {{"case_number", "x' OR 1=1"}},
     1,
     "case_number",
     "There is no case with this number at your institution."},
    {"clerk",
     "draft_answer",
     {{"document", "01890000-0000-7000-8000-000000000001"}},
     1,
     "document",
     "The document is not in this case."},
    {"clerk",
     "draft_answer",
     {{"document", "../../etc/passwd"}},
     1,
     "document",
     "The document is not in this case."},
};

static void each_need_has_its_sentence(void **state)
{
    (void)state;
    memset(big, 'a', sizeof(big) - 1);
    const char *id = new_case("hall-1", "petition.general", petition);

    DOES("clerk", id, "take", NULL, 0);
    for (size_t i = 0; i < COUNT(needs); i++) {
        enum rc rc = step(needs[i].who, id, needs[i].action, needs[i].given, needs[i].n);
        if (rc != RC_BAD_FIELD || strcmp(e.path, needs[i].path) != 0 || strcmp(sentence, needs[i].says) != 0)
            fail_msg("row %zu: %s %s: %s", i, rc_name(rc), e.path, sentence);
    }
    assert_string_equal(of_case(id, "version::text"), "2");
    assert_int_equal(step("clerk", id, "fly", NULL, 0), RC_NOT_FOUND);
    assert_string_equal(sentence, "There is no such step.");
    assert_int_equal(step_at("clerk", "01890000-0000-7000-8000-00000000ffff", 1, "take", NULL, 0),
                     RC_NOT_FOUND);
}

static enum rc answer(const char *id, const char *json)
{
    struct work w = rig_begin(&rig);
    struct jval *v = NULL;

    memset(&e, 0, sizeof(e));
    assert_int_equal(jval_parse(w.a, json, strlen(json), &v, &e), RC_OK);
    enum rc rc = case_return_answer(&w, &actor_citizen, id, v, NULL, &e);
    snprintf(sentence, sizeof(sentence), "%s", w.say.t[LANG_EN] ? w.say.t[LANG_EN] : "");
    rig_end(&w);
    return rc;
}

static void only_the_wrong_field_comes_back(void **state)
{
    (void)state;
    const char *id = new_case("hall-1", "petition.general", petition);
    struct work w = rig_begin(&rig);
    struct casefile c;
    struct case_answers x;
    struct case_return back;
    char sql[300], before[80], token[80];

    snprintf(sql, sizeof(sql), "SELECT md5(request) FROM request WHERE request_id = '%s'", id);
    snprintf(before, sizeof(before), "%s", Q(sql));
    DOES("clerk", id, "take", NULL, 0);
    DOES("clerk", id, "return", GIVEN({"reason", "Nu se înțelege."}, {"fields", "pet.subject, pet.text"}));
    assert_string_equal(of_case(id, "state"), "returned");
    char of_message[300];
    snprintf(of_message, sizeof(of_message),
             "SELECT vars::jsonb->>'url' FROM owed_message WHERE request_id = '%s' AND message = 'question' "
             "AND way = 'email'",
             id);
    const char *url = Q(of_message);
    assert_non_null(strstr(url, "https://primaria.example/c/"));
    snprintf(token, sizeof(token), "%s", strrchr(url, '/') + 1);
    assert_int_equal(case_return_open(&w, NULL, token, &back, &e), RC_OK);
    assert_int_equal(back.n_fields, 2);
    token[0] = token[0] == 'a' ? 'b' : 'a';
    assert_int_equal(case_return_open(&w, NULL, token, &back, &e), RC_NOT_FOUND);

    const struct {
        const char *json, *path, *says;
    } rows[] = {
        {"{\"pet.subject\":\"a\"}", "answers.pet.text", "A correction that was asked for is missing."},
        {"{\"pet.subject\":\"a\",\"pet.text\":\"b\",\"who.last_name\":\"Pop\"}", "answers.who.last_name",
         "This field is not to be corrected."},
        {"{\"pet.subject\":[\"a\",\"b\"],\"pet.text\":\"b\"}", "answers.pet.subject",
         "The value does not have the right form."},
        {"[]", "answers", "The correction is not complete."},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum rc rc = answer(id, rows[i].json);
        if (rc != RC_BAD_FIELD || strcmp(e.path, rows[i].path) != 0 || strcmp(sentence, rows[i].says) != 0)
            fail_msg("row %zu: %s %s: %s", i, rc_name(rc), e.path, sentence);
    }
    assert_int_equal(answer(id, "{\"pet.subject\":\"\",\"pet.text\":\"b\"}"), RC_BAD_FIELD);
    assert_string_equal(e.path, "answers.pet.subject");
    assert_int_equal(step("clerk", id, "correct", NULL, 0), RC_STATE);
    assert_string_equal(sentence, "Not all marked fields are corrected.");
    assert_int_equal(
        answer(id, "{\"pet.subject\":\"Becuri arse\",\"pet.text\":\"Pe strada Mică nu e lumină.\"}"), RC_OK);
    assert_string_equal(of_case(id, "state || attention"), "in_workstaff_correction");
    assert_int_equal(answer(id, "{\"pet.subject\":\"x\",\"pet.text\":\"y\"}"), RC_NOT_FOUND);
    assert_string_equal(Q(sql), before);
    assert_int_equal(case_get(&w, id, false, &c, &e), RC_OK);
    assert_int_equal(case_answers(&w, &c, &x, &e), RC_OK);
    assert_string_equal(answers_one(&x.now, "pet.subject"), "Becuri arse");
    assert_string_equal(answers_one(&x.now, "who.last_name"), "Kovács");
    assert_int_equal(x.n_corrected, 2);
    rig_end(&w);
}

static void forwarding_is_one_act(void **state)
{
    (void)state;
    const char *id = new_case("hall-1", "petition.general", petition);
    char other[40], sql[300];

    DOES("registrar", id, "forward", GIVEN({"institution", "hall-2"}, {"reason", "Strada este acolo."}));
    assert_string_equal(of_case(id, "state || (closed_at IS NOT NULL)::text || coalesce(due::text, '-')"),
                        "forwardedtrue-");
    snprintf(sql, sizeof(sql), "SELECT other FROM case_link WHERE case_id = '%s' AND kind = 'forwarded'", id);
    snprintf(other, sizeof(other), "%s", Q(sql));
    assert_string_equal(
        of_case(other, "institution || ' ' || state || ' ' || channel || ' ' || attention || ' ' || person"),
        "hall-2 registered institution staff_forwarded Kovács Ștefan");
    assert_string_equal(
        of_case(other, "(n > 0 AND due IS NOT NULL AND EXISTS (SELECT FROM register_entry r WHERE "
                       "(r.institution, r.register, r.n) = (c.institution, c.register, c.n)))::text"),
        "true");
    snprintf(sql, sizeof(sql),
             "SELECT string_agg(message || ' ' || (vars::jsonb->>'to_institution'), ',') FROM owed_message "
             "WHERE request_id = "
             "'%s' AND message <> 'received'",
             id);
    assert_string_equal(Q(sql), "forwarded Primăria Doi");
    snprintf(sql, sizeof(sql),
             "SELECT string_agg(kind, ',') FROM document WHERE case_id = '%s' AND kind = 'cover'", id);
    assert_string_equal(Q(sql), "cover");
    /* There it goes its own way, and here it is over. */
    DOES("other", other, "take", NULL, 0);
    assert_int_equal(step("registrar", id, "forward", GIVEN({"institution", "hall-2"}, {"reason", "x"})),
                     RC_STATE);
    assert_int_equal(step("registrar", other, "forward", GIVEN({"institution", "hall-1"}, {"reason", "x"})),
                     RC_DENIED);
}

static void one_answer_for_connexed_ones(void **state)
{
    (void)state;
    const char *a = new_case("hall-1", "petition.general", petition),
               *b = new_case("hall-1", "petition.general", petition);
    char number[40];

    snprintf(number, sizeof(number), "petitions/%s/", of_case(b, "n::text"));
    snprintf(number + strlen(number), sizeof(number) - strlen(number), "%s", of_case(b, "year::text"));
    DOES("clerk", a, "take", NULL, 0);
    DOES("clerk", a, "connex", GIVEN({"case_number", number}));
    assert_string_equal(of_case(b, "array_to_string(flags, ',') || ' ' || state"), "connexed registered");
    draft_of(a, "clerk");
    DOES("clerk", a, "draft_answer", GIVEN({"document", "draft"}));
    DOES("mayor", a, "sign_answer", NULL, 0);
    assert_string_equal(of_case(b, "state || coalesce(due::text, '-')"), "answered-");
    assert_string_equal(
        of_case(b, "(SELECT string_agg(message, ',') FROM owed_message m WHERE m.request_id = c.id)"),
        "answered");
    /* The same once more, after the answer: the file says so. */
    const char *again = new_case("hall-1", "petition.general", petition);
    assert_string_equal(of_case(again, "attention || (SELECT kind FROM case_link l WHERE l.case_id = c.id)"),
                        "repeatsrepeats");
    DOES("registrar", again, "file",
         GIVEN({"reason", "S-a răspuns deja."}, {"legal_basis", "OG 27/2002 art. 10"}));
    assert_string_equal(of_case(again, "state"), "filed");
}

static const char other_petition[] = "{\"who.kind\":\"person\",\"who.last_name\":\"Pop\",\"who.first_name\":"
                                     "\"Ana\",\"who.email\":\"ana@example.ro\","
                                     "\"pet.kind\":\"request\",\"pet.how\":\"type\",\"pet.subject\":\"Becuri "
                                     "arse\",\"pet.text\":\"Nu este lumină.\","
                                     "\"lang.answer\":\"ro\",\"consent.data_read\":true}";

static const char *which(const char *id)
{
    static char number[3][60];
    static int next;
    char *mine = number[next++ % 3], reg[30], n[12];
    snprintf(reg, sizeof(reg), "%s", of_case(id, "register"));
    snprintf(n, sizeof(n), "%s", of_case(id, "n::text"));
    snprintf(mine, sizeof(number[0]), "%s/%s/%s", reg, n, of_case(id, "year::text"));
    return mine;
}

/* One text, but to each a letter with the own name and number, naming the numbers of all. */
static void each_petitioner_gets_a_letter(void **state)
{
    (void)state;
    const char *a = new_case("hall-1", "petition.general", petition),
               *b = new_case("hall-1", "petition.general", other_petition),
               *c = new_case("hall-1", "petition.general", petition);
    char sql[600], n[3][12];

    DOES("clerk", a, "take", NULL, 0);
    DOES("clerk", b, "take", NULL, 0);
    DOES("clerk", b, "connex", GIVEN({"case_number", which(c)}));
    DOES("clerk", a, "connex", GIVEN({"case_number", which(b)}));
    const char *ids[] = {a, b, c};
    for (int i = 0; i < 3; i++)
        snprintf(n[i], sizeof(n[i]), "%s/", of_case(ids[i], "n::text"));
    snprintf(sql, sizeof(sql),
             "INSERT INTO draft SELECT id, 1, now(), 'clerk', 'answer.petition', 'ro', 'Răspuns', 'Petiția "
             "nr. PET ' || n "
             "|| '/' || to_char(registered_at AT TIME ZONE 'Europe/Bucharest', 'DD.MM.YYYY') || ' a lui ' || "
             "person || ' "
             "despre ' || subject || ': am schimbat becurile.' FROM casefile WHERE id = '%s'",
             a);
    Q(sql);
    DOES("clerk", a, "draft_answer", GIVEN({"document", "draft"}));
    DOES("mayor", a, "sign_answer", NULL, 0);
    for (int i = 0; i < 3; i++) {
        struct work w = rig_begin(&rig);
        struct casefile now;
        struct doc_draft draft;
        struct doc_letter letter;
        bool there;
        assert_int_equal(case_get(&w, ids[i], false, &now, &e), RC_OK);
        assert_int_equal(doc_draft_get(&w, ids[i], &there, &draft, &e), RC_OK);
        assert_int_equal(letter_of_draft(&w, &now, &draft, &letter, &e), RC_OK);
        assert_int_equal(letter_name_others(&w, &now, NULL, &letter, &e), RC_OK);
        snprintf(sql, sizeof(sql),
                 "SELECT signed_by || '|' || (number IS NOT NULL)::text FROM document WHERE case_id = '%s' "
                 "AND signed_at IS "
                 "NOT NULL AND voided_at IS NULL",
                 ids[i]);
        const char *paper = Q(sql);
        static char text[2000];
        snprintf(text, sizeof(text), "%s|%s|%s", letter.body, letter.to[0], paper);
        rig_end(&w);
        const char *body = text, *own = i == 1 ? "Pop Ana" : "Kovács Ștefan";
        if (!strstr(body, own) || strstr(body, i == 1 ? "Kovács" : "Pop") || !strstr(body, "|mayor|true"))
            fail_msg("case %d: %s", i, body);
        assert_non_null(strstr(body, i == 1 ? "Becuri arse" : "Iluminat"));
        const char *also = strstr(body, "Acest răspuns privește și cererile conexate: ");
        assert_non_null(also);
        for (int k = 0; k < 3; k++)
            if ((strstr(k == i ? body : also, n[k]) == NULL) || (k == i && strstr(also, n[k])))
                fail_msg("case %d: the number of %d: %s", i, k, body);
        assert_string_equal(
            of_case(ids[i], "state || author || (SELECT string_agg(message || recipient, ',') FROM "
                            "owed_message m WHERE m.request_id = c.id AND message <> 'received')"),
            i == 1 ? "answeredclerkansweredana@example.ro" : "answeredclerkansweredstefan@example.ro");
    }
    assert_string_equal(
        Q("SELECT count(*) FROM (SELECT number FROM document WHERE signed_at IS NOT NULL GROUP BY number "
          "HAVING count(*) > 1) x"),
        "0");
}

static void only_what_is_alike_is_connexed(void **state)
{
    (void)state;
    struct work w = rig_begin(&rig);
    const char *a = new_case("hall-1", "petition.general", petition),
               *b = new_case("hall-1", "petition.general", petition),
               *other = new_case("hall-1", "info.public_544",
                                 rig_answers(w.a, catalog_find(&rig.house.catalog, "info.public_544"), 0)),
               *away = new_case("hall-2", "petition.general", petition);
    const struct {
        const char *id, *says;
    } rows[] = {{other, "That case is of another service: each gets an answer of its own."},
                {away, "There is no case with this number at your institution."},
                {b, "That case was answered already."}};

    DOES("clerk", b, "take", NULL, 0);
    draft_of(b, "clerk");
    DOES("clerk", b, "draft_answer", GIVEN({"document", "draft"}));
    DOES("mayor", b, "sign_answer", NULL, 0);
    DOES("clerk", a, "take", NULL, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(step("clerk", a, "connex", GIVEN({"case_number", rows[i].id})), RC_BAD_FIELD);
        assert_string_equal(sentence, rows[i].says);
    }
    assert_string_equal(of_case(a, "array_to_string(flags, ',') || version"), "2");
    rig_end(&w);
}

/* A file from outside was written to one person: it does not go to another. */
static void a_paper_from_outside_goes_to_its_person(void **state)
{
    (void)state;
    const char *a = new_case("hall-1", "petition.general", petition),
               *b = new_case("hall-1", "petition.general", other_petition),
               *same = new_case("hall-1", "petition.general", petition);
    char sql[500], paper[40];

    DOES("clerk", a, "take", NULL, 0);
    DOES("clerk", a, "connex", GIVEN({"case_number", which(b)}));
    snprintf(sql, sizeof(sql),
             "INSERT INTO document (id, case_id, institution, kind, title, lang, sha256, size, type, "
             "made_at, made_by) VALUES "
             "(gen_random_uuid(), '%s', 'hall-1', 'scan', 'Scrisoare', 'ro', '', 1, 'application/pdf', "
             "now(), 'clerk') "
             "RETURNING id",
             a);
    snprintf(paper, sizeof(paper), "%s", Q(sql));
    DOES("clerk", a, "draft_answer", GIVEN({"document", paper}));
    assert_int_equal(step("mayor", a, "sign_answer", NULL, 0), RC_STATE);
    assert_non_null(strstr(sentence, "Write the answer in the editor"));
    assert_string_equal(of_case(a, "state"), "decided");
    snprintf(sql, sizeof(sql), "UPDATE case_link SET other = '%s' WHERE case_id = '%s'", same, a);
    Q(sql);
    DOES("mayor", a, "sign_answer", NULL, 0);
    assert_string_equal(
        of_case(same, "state || (SELECT count(*) FROM document d WHERE d.case_id = c.id AND signed_at IS "
                      "NOT NULL)"),
        "answered1");
    assert_string_equal(of_case(b, "state"), "registered");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_becomes_a_case),
        cmocka_unit_test(a_petition_is_answered),
        cmocka_unit_test(an_older_version_is_refused),
        cmocka_unit_test(each_need_has_its_sentence),
        cmocka_unit_test(only_the_wrong_field_comes_back),
        cmocka_unit_test(forwarding_is_one_act),
        cmocka_unit_test(one_answer_for_connexed_ones),
        cmocka_unit_test(each_petitioner_gets_a_letter),
        cmocka_unit_test(only_what_is_alike_is_connexed),
        cmocka_unit_test(a_paper_from_outside_goes_to_its_person),
    };
    return cmocka_run_group_tests(tests, steps_setup, steps_teardown);
}
