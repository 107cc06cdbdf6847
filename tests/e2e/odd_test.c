/* What seldom happens and must end well: full disk, jumped clock, names of 200 characters, cards swapped
 * between two steps, a citizen who walks away, a page that comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "tests/e2e/house.h"

static struct house house;
#define LIBFAKETIME "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

static int setup(void **state)
{
    (void)state;
    return house_setup(&house, "odd", 17280);
}

static int teardown(void **state)
{
    (void)state;
    house_down(&house);
    return 0;
}

static int fresh(void **state)
{
    (void)state;
    house_between(&house);
    return 0;
}

/* kioskd again, with other circumstances. */
static void restart_kioskd(const char *name, const char *value)
{
    HOLDS(house_stop(&house, "kioskd"));
    if (name)
        setenv(name, value, 1);
    HOLDS(house_start(&house, "kioskd"));
    if (name)
        unsetenv(name);
    HOLDS(house_api(&house));
}

static const struct person_answer car[] = {
    {"who.wants_answer", "\"no\""}, {"land", "\"public\""}, {"place.address", "\"Turda, str. Lungă 1\""}};

static bool complaint(void)
{
    return citizen_start(API, "ro", "complaint.abandoned_vehicle") &&
           (strcmp(api_get(API, "step"), "card") != 0 || citizen_no_card(API)) &&
           citizen_answer(API, car, COUNT(car)) && citizen_submit(API);
}

/* The queue may not grow any more: the session refuses and promises nothing; what was promised is sent. */
static void full_disk(void **state)
{
    (void)state;
    int64_t before = house_count(&house, "select count(*) from request"), promised = 0;
    HOLDS(house_net(&house, false));
    restart_kioskd("PRIDVOR_QUEUE_BYTES", "1048576");
    while (promised < 2000 && complaint()) {
        promised++;
        HOLDS(citizen_end(API));
    }
    print_message("%lld requests fit, then: %s\n", (long long)promised, API->error);
    assert_in_range(promised, 20, 1999);
    assert_int_equal(API->status, 507);
    HOLDS(api_call(API, "/v1/session/end", "{}"));
    HOLDS(house_net(&house, true));
    assert_true(house_until(&house, before + promised, "select count(*) from request", 120000));
    /* The register's answers make room again. */
    bool room = false;
    for (int64_t end = mono_ms() + 20000; mono_ms() < end && !room; usleep(200000)) {
        room = complaint();
        api_call(API, "/v1/session/end", "{}");
    }
    HOLDS(room);
}

/* A wrong clock is no reason to lose a request: it waits until the certificates can be judged, and its term
 * starts with a day that can be. */
static void clock_jumped(void **state)
{
    (void)state;
#define UNDER "env FAKETIME_DONT_FAKE_MONOTONIC=1 LD_PRELOAD=" LIBFAKETIME " FAKETIME="
    static const char *const jumps[] = {UNDER "+400d", UNDER "-400d"};
    if (access(LIBFAKETIME, R_OK) != 0)
        skip();
    for (size_t i = 0; i < COUNT(jumps); i++) {
        char sql[200];
        restart_kioskd("PRIDVOR_KIOSKD_UNDER", jumps[i]);
        HOLDS(complaint());
        snprintf(
            sql, sizeof(sql),
            "select count(*) from request where receipt_code = '%s' and filed_on = (registered_at at time "
            "zone 'Europe/Bucharest')::date",
            api_get(API, "done.receipt_code"));
        HOLDS(citizen_end(API));
        restart_kioskd(NULL, NULL);
        if (!house_until(&house, 1, sql, 70000))
            fail_msg("%s: not registered once, or with a foreign day", jumps[i]);
    }
}

static void name_of_200_characters(void **state)
{
    (void)state;
    char name[1000] = "\"";
    for (int i = 0; i < 40; i++)
        snprintf(name + strlen(name), sizeof(name) - strlen(name), "Șțăîő");
    snprintf(name + strlen(name), sizeof(name) - strlen(name), "\"");
    struct person_answer own[] = {{"who.wants_answer", "\"yes\""},
                                  {"land", "\"public\""},
                                  {"place.address", "\"Turda\""},
                                  {"who.last_name", name},
                                  {"who.email", "\"a@b.ro\""}};
    HOLDS(citizen_start(API, "hu", "complaint.abandoned_vehicle"));
    if (strcmp(api_get(API, "step"), "card") == 0)
        HOLDS(citizen_no_card(API));
    assert_false(citizen_answer(API, own, COUNT(own))); /* 80 fit the register */
    assert_non_null(strstr(API->error, "200"));
    HOLDS(api_call(API, "/v1/session/end", "{}"));
    name[1 + 80 * 2] = '"'; /* every letter has two bytes */
    name[2 + 80 * 2] = '\0';
    HOLDS(citizen_start(API, "hu", "complaint.abandoned_vehicle"));
    if (strcmp(api_get(API, "step"), "card") == 0)
        HOLDS(citizen_no_card(API));
    HOLDS(citizen_answer(API, own, COUNT(own)));
    HOLDS(citizen_submit(API));
    HOLDS(citizen_printed(API, "printed", 20000));
    HOLDS(citizen_end(API));
}

/* The card that is read belongs to the session; another one that comes later changes nothing. */
static void cards_swapped(void **state)
{
    (void)state;
    HOLDS(citizen_start(API, "ro", "cs.birth_certificate"));
    HOLDS(citizen_card_in(API, "A"));
    HOLDS(vdev_command(API, "reader", "script after 6 apdu swap B"));
    assert_false(citizen_read_can(API, "123456"));
    const char *code = api_get(API, "card.error.code");
    assert_true(code && (strcmp(code, "CARD_REMOVED") == 0 || strcmp(code, "CARD_SWAPPED") == 0));
    HOLDS(citizen_read_can(API, "654321"));
    assert_string_equal(api_get(API, "card.identity.document_number"), "XX739026");
    HOLDS(vdev_command(API, "reader", "swap A"));
    usleep(300000);
    HOLDS(api_state(API));
    assert_string_equal(api_get(API, "card.identity.document_number"), "XX739026");
    HOLDS(api_call(API, "/v1/session/end", "{}"));
    HOLDS(vdev_command(API, "reader", "remove"));
}

static void walked_away(void **state)
{
    (void)state;
    restart_kioskd("PRIDVOR_IDLE_S", "3");
    HOLDS(citizen_start(API, "ro", "cs.birth_certificate"));
    HOLDS(api_wait(API, "idle.warn", "true", 20000));
    HOLDS(api_call(API, "/v1/session/touch", "{}"));
    HOLDS(api_wait(API, "idle.warn", "false", 20000));
    HOLDS(api_call(API, "/v1/session/end", "{}"));
    restart_kioskd(NULL, NULL);
}

static void submit_twice_is_one_request(void **state)
{
    (void)state;
    int64_t before = house_count(&house, "select count(*) from request");
    static const char key[] = "{\"key\":\"0193512e-8a00-7000-8000-0123456789ab\"}";
    HOLDS(citizen_start(API, "ro", "complaint.abandoned_vehicle"));
    if (strcmp(api_get(API, "step"), "card") == 0)
        HOLDS(citizen_no_card(API));
    HOLDS(citizen_answer(API, car, COUNT(car)));
    for (int i = 0; i < 20; i++)
        HOLDS(api_call(API, "/v1/submit", key));
    HOLDS(api_wait(API, "step", "done", 20000));
    HOLDS(citizen_end(API));
    assert_int_equal(house_count(&house, "select count(*) from request"), before + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(submit_twice_is_one_request, fresh),
        cmocka_unit_test_setup(name_of_200_characters, fresh),
        cmocka_unit_test_setup(cards_swapped, fresh),
        cmocka_unit_test_setup(walked_away, fresh),
        cmocka_unit_test_setup(clock_jumped, fresh),
        cmocka_unit_test_setup(full_disk, fresh),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
