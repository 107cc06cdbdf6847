/* Every role x every reach x every action x every relation of places, against the rule written another way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/fs.h"
#include "common/model/rights.h"

static const struct institution items[] = {
    {.id = "county", .kind = "x", .parent = ""},       {.id = "office", .kind = "x", .parent = "county"},
    {.id = "hall", .kind = "x", .parent = "office"},   {.id = "branch", .kind = "x", .parent = "hall"},
    {.id = "other", .kind = "x", .parent = "office"},  {.id = "abroad", .kind = "x", .parent = ""},
    {.id = "round1", .kind = "x", .parent = "round2"}, {.id = "round2", .kind = "x", .parent = "round1"},
};
static const struct institutions tree = {items, COUNT(items)};

/* A grant for hall, department d1; what each reach gives at each place, said by hand. */
static const struct {
    const char *institution, *department;
    bool department_, institution_, below;
} places[] = {
    {"hall", "d1", true, true, true},       {"hall", "d2", false, true, true},
    {"hall", "", false, true, true},        {"hall", NULL, false, true, true},
    {"branch", "d1", false, false, true},   {"branch", "", false, false, true},
    {"office", "d1", false, false, false},  {"county", "", false, false, false},
    {"other", "d1", false, false, false},   {"abroad", "d1", false, false, false},
    {"nowhere", "d1", false, false, false}, {"", "", false, false, false},
    {NULL, "d1", false, false, false},      {"round1", "", false, false, false},
    {"HALL", "d1", false, false, false},    {"hall ", "d1", false, false, false},
};

static bool listed(const struct jval *list, const char *word)
{
    for (size_t i = 0; list && i < list->n; i++)
        if (strcmp(list->items[i].s, word) == 0)
            return true;
    return false;
}

static long combinations;

static void one(const struct rights *r, const struct jval *role, const char *reach, const struct jval *action)
{
    bool named = listed(jval_get(action, "roles"), jval_str(role, "id", ""));
    bool fits = listed(jval_get(role, "reach"), reach);
    struct grant g = {jval_str(role, "id", ""), reach, "hall", "d1"};

    for (size_t i = 0; i < COUNT(places); i++)
        for (unsigned bits = 0; bits < 8; bits++) {
            struct rights_person p = {"ana", bits & 1, &g, 1};
            struct rights_place at = {places[i].institution, places[i].department, bits & 2, bits & 4};
            bool there = strcmp(reach, "department") == 0    ? places[i].department_
                         : strcmp(reach, "institution") == 0 ? places[i].institution_
                                                             : places[i].below;
            bool asks = at.sealed && !at.reason && jval_get(action, "sealed");
            bool want = named && fits && there && !p.disabled && !asks;
            struct rights_verdict v = rights_decide(r, &tree, &p, jval_str(action, "id", ""), &at);
            if (v.allowed != want || v.allowed != (v.word == RIGHTS_ALLOWED))
                fail_msg("%s as %s (%s) at %s/%s: %d", jval_str(action, "id", ""), g.role, reach,
                         at.institution, at.department, v.allowed);
            combinations++;
        }
}

static void every_combination(void **state)
{
    static const char *const reaches[] = {"department", "institution", "below"};
    ARENA_SCOPE(a);
    struct rights r;
    struct jval *file;
    struct err e = {0};
    (void)state;

    assert_int_equal(rights_load(a, "configs", &r, &e), RC_OK);
    assert_int_equal(jval_load(a, "configs/roles.json", &file, &e), RC_OK);
    const struct jval *roles = jval_get(file, "roles"), *actions = jval_get(file, "actions");
    for (size_t i = 0; i < roles->n; i++)
        for (size_t k = 0; k < COUNT(reaches); k++)
            for (size_t n = 0; n < actions->n; n++)
                one(&r, &roles->items[i], reaches[k], &actions->items[n]);
    print_message("%ld combinations\n", combinations);
    assert_true(combinations > 100000);
}

static void deny_by_default(void **state)
{
    ARENA_SCOPE(a);
    struct rights r;
    struct err e = {0};
    struct rights_place at = {"hall", "d1", false, false};
    (void)state;

    assert_int_equal(rights_load(a, "configs", &r, &e), RC_OK);
    static const struct grant odd[] = {
        {"", "institution", "hall", ""},      {NULL, NULL, NULL, NULL},
        {"king", "below", "hall", ""},        {"clerk", "", "hall", "d1"},
        {"clerk", NULL, "hall", "d1"},        {"clerk", "below", "hall", ""},
        {"clerk", "department", "hall", ""},  {"clerk", "department", "hall", NULL},
        {"clerk", "institution", NULL, "d1"}, {"CLERK", "institution", "hall", ""}};
    struct rights_person p = {"ana", false, NULL, 0};
    assert_false(rights_decide(&r, &tree, &p, "case.view", &at).allowed);
    p = (struct rights_person){"ana", false, odd, COUNT(odd)};
    assert_false(rights_decide(&r, &tree, &p, "case.view", &at).allowed);
    static const struct grant good[] = {{"clerk", "department", "other", "d1"},
                                        {"clerk", "institution", "hall", ""}};
    p = (struct rights_person){"ana", false, good, COUNT(good)};
    assert_true(rights_decide(&r, &tree, &p, "case.view", &at).allowed);
    assert_int_equal(rights_decide(&r, &tree, &p, "case.vie", &at).word, RIGHTS_NO_ACTION);
    assert_int_equal(rights_decide(&r, &tree, &p, "", &at).word, RIGHTS_NO_ACTION);
    assert_int_equal(rights_decide(&r, &tree, &p, "audit.view", &at).word, RIGHTS_NO_ROLE);
    /* An administrator gives rights, he does not read; an auditor reads the audit, not the cases. */
    static const struct grant admin[] = {{"administrator", "below", "county", ""},
                                         {"auditor", "below", "county", ""}};
    p = (struct rights_person){"dan", false, admin, COUNT(admin)};
    assert_true(rights_decide(&r, &tree, &p, "user.manage", &at).allowed);
    for (size_t i = 0; i < r.n_actions; i++)
        if (strncmp(r.actions[i].id, "case.", 5) == 0 || strncmp(r.actions[i].id, "document.", 9) == 0)
            assert_false(rights_decide(&r, &tree, &p, r.actions[i].id, &at).allowed);
}

static void explained(void **state)
{
    ARENA_SCOPE(a);
    struct rights r;
    struct err e = {0};
    static const struct grant g[] = {{"clerk", "department", "hall", "d1"}};
    struct rights_person p = {"ana", false, g, 1};
    (void)state;

    assert_int_equal(rights_load(a, "configs", &r, &e), RC_OK);
    static const struct {
        const char *action, *department, *says;
        bool sealed;
    } rows[] = {
        {"answer.draft", "d1", "allowed: ana has role clerk for department d1 of hall", false},
        {"answer.draft", "d1", "the record is sealed and no reason was given", true},
        {"answer.draft", "d2", "but the record belongs to department d2 of hall", false},
        {"answer.sign", "d1", "open to approver, and ana has none of these roles", false},
        {"answer.eat", "d1", "there is no action answer.eat", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rights_place at = {"hall", rows[i].department, rows[i].sealed, false};
        struct rights_verdict v = rights_decide(&r, &tree, &p, rows[i].action, &at);
        const char *text = rights_explain(a, &v, &p, rows[i].action, &at);
        if (!strstr(text, rows[i].says))
            fail_msg("%s", text);
    }
}

static void bad_files(void **state)
{
#define NAME "\"name\":{\"ro\":\"a\",\"hu\":\"a\",\"en\":\"a\"}"
#define CLERK "{\"id\":\"clerk\",\"reach\":[\"institution\"]," NAME "}"
    static const char *const texts[] = {
        "{\"roles\":[" CLERK "," CLERK "],\"actions\":[]}",
        "{\"roles\":[{\"id\":\"clerk\",\"reach\":[\"world\"]," NAME "}],\"actions\":[]}",
        "{\"roles\":[{\"id\":\"clerk\",\"reach\":[]," NAME "}],\"actions\":[]}",
        "{\"roles\":[" CLERK "],\"actions\":[{\"id\":\"x\",\"roles\":[\"king\"]}]}",
        "{\"roles\":[" CLERK "],\"actions\":[{\"id\":\"x\",\"roles\":[]}]}",
        "{\"roles\":[" CLERK
        "],\"actions\":[{\"id\":\"x\",\"roles\":[\"clerk\"]},{\"id\":\"x\",\"roles\":[\"clerk\"]}]}",
        "{\"roles\":[" CLERK "],\"actions\":[{\"id\":\"x\",\"roles\":[\"clerk\"],\"sealed\":\"never\"}]}",
        "{\"roles\":[" CLERK "]}",
    };
    char dir[] = "/tmp/pridvor-rights-XXXXXX";
    struct err e = {0};
    (void)state;

    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < COUNT(texts); i++) {
        ARENA_SCOPE(a);
        struct rights r;
        assert_int_equal(fs_write(arena_fmt(a, "%s/roles.json", dir), texts[i], strlen(texts[i]), 0600, &e),
                         RC_OK);
        if (rights_load(a, dir, &r, &e) == RC_OK)
            fail_msg("accepted: %s", texts[i]);
    }
    char path[64];
    snprintf(path, sizeof(path), "%s/roles.json", dir);
    remove(path);
    remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_combination), cmocka_unit_test(deny_by_default),
                                       cmocka_unit_test(explained), cmocka_unit_test(bad_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
