/* configs/registers.json: what it says about every service, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/fs.h"
#include "common/model/registers.h"

static void where_services_go(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *service, *reg;
    } rows[] = {
        {"town_hall", "petition.general", "petitions"},
        {"town_hall", "complaint.begging", "petitions"},
        {"county_council", "petition.audience", "petitions"},
        {"town_hall", "info.public_544", "info_544"},
        {"town_hall", "info.newsletter", "general"},
        {"town_hall", "cs.birth_certificate", "civil_status"},
        {"county_population_register", "cs.divorce_request", "civil_status"},
        {"county_council", "cs.divorce_request", "general"},
        {"town_hall", "permit.free_passage", "permits"},
        {"town_hall", "public.gathering", "permits"},
        {"county", "public.gathering", "general"},
        {"town_hall", "county.document_request", "general"},
        {"", "cs.birth_certificate", "general"},
        {"town_hall", "of tomorrow", "general"},
    };
    ARENA_SCOPE(a);
    struct catalog services;
    struct registers r;
    struct err e = {0};

    assert_int_equal(catalog_load(a, "configs", &services, &e), RC_OK);
    if (registers_load(a, "configs", &services, &r, &e) != RC_OK)
        fail_msg("%s", e.text);
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(registers_of(&r, rows[i].kind, rows[i].service)->id, rows[i].reg);
    for (size_t i = 0; i < services.n; i++)
        assert_non_null(registers_of(&r, "town_hall", services.services[i].id));
    assert_true(register_takes(registers_find(&r, "internal"), "internal"));
    assert_false(register_takes(registers_find(&r, "internal"), "in"));
    assert_null(registers_find(&r, "General"));
    assert_null(registers_find(&r, NULL));
    const struct date day = {2026, 11, 22};
    assert_string_equal(register_number(a, &r, "general", 15, day), "15/22.11.2026");
    assert_string_equal(register_number(a, &r, "civil_status", 15, day), "CS 15/22.11.2026");
    assert_string_equal(register_number(a, &r, NULL, 15, day), "15/22.11.2026");
    assert_string_equal(register_number_year(a, &r, "petitions", 7, 2026), "PET 7/2026");
}

#define NAME "\"name\":{\"ro\":\"a\",\"hu\":\"a\",\"en\":\"a\"}"
#define ROW(id, rest) "{\"id\":\"" id "\"," NAME ",\"kinds\":[\"*\"]," rest "}"
#define ALL ROW("general", "\"services\":[\"*\"],\"directions\":[\"in\"]")

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *items, *says;
    } rows[] = {
        {"", "must take \"*\""},
        {ROW("general", "\"directions\":[\"in\"]"), "must take \"*\""},
        {ROW("G", "\"directions\":[\"in\"]"), "id G: not a word"},
        {ALL "," ROW("general", "\"prefix\":\"A\",\"directions\":[\"in\"]"), "given twice"},
        {ALL "," ROW("more", "\"directions\":[\"in\"]"), "general and more print one prefix"},
        {ALL "," ROW("more", "\"prefix\":\"a1\",\"directions\":[\"in\"]"), "capital letters"},
        {ALL "," ROW("more", "\"prefix\":\"A\",\"directions\":[]"), "without kinds or directions"},
        {ALL "," ROW("more", "\"prefix\":\"A\",\"directions\":[\"up\"]"), "direction up"},
        {ALL "," ROW("more", "\"prefix\":\"A\",\"services\":[\"cs.*\"],\"directions\":[\"out\"]"),
         "nothing comes in"},
        {ALL "," ROW("more", "\"prefix\":\"A\",\"services\":[\"cx.*\"],\"directions\":[\"in\"]"),
         "no service is cx.*"},
        {ALL "," ROW("more", "\"prefix\":\"A\",\"services\":[\"cs.birth\"],\"directions\":[\"in\"]"),
         "no service is cs.birth"},
        {ALL "," ROW("more", "\"prefix\":\"A\",\"services\":[\"*\"],\"directions\":[\"in\"]"),
         "* goes into general and more"},
        {"{\"id\":\"general\"}", "name"},
        {ALL "," ROW("more", "\"prefix\":\"A\",\"color\":1,\"directions\":[\"in\"]"), "unknown member"},
    };
    ARENA_SCOPE(a);
    struct catalog services;
    struct registers r;
    struct err e = {0};
    char dir[] = "/tmp/registersXXXXXX";

    assert_int_equal(catalog_load(a, "configs", &services, &e), RC_OK);
    assert_non_null(mkdtemp(dir));
    const char *path = arena_fmt(a, "%s/registers.json", dir);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *text = arena_fmt(a, "{\"items\":[%s]}", rows[i].items);
        assert_int_equal(fs_write(path, text, strlen(text), 0600, &e), RC_OK);
        e = (struct err){0};
        if (registers_load(a, dir, &services, &r, &e) == RC_OK || !strstr(e.text, rows[i].says))
            fail_msg("row %zu: %s", i, e.text);
    }
    remove(path);
    assert_int_not_equal(registers_load(a, dir, &services, &r, &e), RC_OK);
    remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(where_services_go), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
