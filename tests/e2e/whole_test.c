/* The whole line on the real parts: terminal, drivers, virtual devices, register, database. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "tests/e2e/house.h"

static struct house house;

static int setup(void **state)
{
    (void)state;
    setenv("PRIDVOR_ANSWER_MS", "10000", 1); /* a number, not a provisional receipt, on a busy machine too */
    return house_setup(&house, "whole", 17080);
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

static const struct person_answer birth[] = {{"who.address", "\"Turda, str. Mihai Viteazul 3\""},
                                             {"act.birth_place", "\"Turda\""},
                                             {"act.who", "\"self\""},
                                             {"delivery.how", "\"pickup\""},
                                             {"reason", "\"lost\""},
                                             {"format", "\"paper\""}};
static const struct person_answer car[] = {
    {"who.wants_answer", "\"no\""}, {"land", "\"public\""}, {"place.address", "\"Turda, str. Lungă 1\""}};

/* The first request of the demo, and afterwards nothing of the person in any process of the terminal. */
static void birth_certificate_by_chip(void **state)
{
    (void)state;
    int64_t before = house_count(&house, "select count(*) from request");
    HOLDS(citizen_start(API, "ro", "cs.birth_certificate"));
    HOLDS(citizen_card_in(API, "A"));
    HOLDS(citizen_read_can(API, "123456"));
    assert_string_equal(api_get(API, "card.access"), "PACE");
    assert_string_equal(api_get(API, "card.identity.document_number"), "XX204815");
    HOLDS(citizen_answer(API, birth, COUNT(birth)));
    HOLDS(citizen_sign(API, true));
    assert_true(api_int(API, "sign.strokes") >= 1);
    HOLDS(citizen_submit(API));
    assert_string_equal(api_get(API, "done.provisional"), "false");
    assert_non_null(strstr(api_get(API, "done.number"), "/"));
    HOLDS(citizen_printed(API, "printed", 20000));
    assert_string_equal(api_get(API, "done.print.proof"), "L2");
    HOLDS(citizen_end(API));
    HOLDS(vdev_command(API, "reader", "remove"));
    assert_int_equal(house_count(&house, "select count(*) from request"), before + 1);

    static const char *const person[] = {"2900314120112", "POPESCU", "ANA MARIA", "XX204815"};
    pid_t pids[16] = {house_pid(&house, "kioskd")};
    size_t n = 1 + children_of(pids[0], pids + 1, 15);
    assert_true(n >= 4); /* kioskd and its three drivers */
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < COUNT(person); k++) {
            int found = memory_search(pids[i], person[k]);
            for (int64_t end = mono_ms() + 20000; found > 0 && mono_ms() < end;) {
                usleep(200000); /* a driver forgets when kioskd tells it */
                found = memory_search(pids[i], person[k]);
            }
            if (found != 0)
                fail_msg("\"%s\" stands %d times in the memory of process %zu of %zu", person[k], found, i,
                         n);
        }
    }
    print_message("memory of %zu processes searched: nothing of the person left\n", n);
}

/* The control of the search above: during the session the name is there. */
static void memory_search_finds_what_is_there(void **state)
{
    (void)state;
    HOLDS(citizen_start(API, "ro", "cs.birth_certificate"));
    HOLDS(citizen_card_in(API, "A"));
    HOLDS(citizen_read_can(API, "123456"));
    assert_true(memory_search(house_pid(&house, "kioskd"), "POPESCU") > 0);
    HOLDS(citizen_end(API));
}

static void complaint_in_hungarian_without_card(void **state)
{
    (void)state;
    HOLDS(citizen_start(API, "hu", "complaint.abandoned_vehicle"));
    if (strcmp(api_get(API, "step"), "card") == 0)
        HOLDS(citizen_no_card(API));
    HOLDS(citizen_answer(API, car, COUNT(car)));
    HOLDS(citizen_submit(API));
    assert_string_equal(api_get(API, "done.provisional"), "false");
    HOLDS(citizen_printed(API, "printed", 20000));
    HOLDS(citizen_end(API));
}

static void wrong_can_says_tries_left(void **state)
{
    (void)state;
    HOLDS(citizen_start(API, "ro", "cs.birth_certificate"));
    HOLDS(citizen_card_in(API, "A"));
    assert_false(citizen_read_can(API, "111111"));
    HOLDS(api_wait(API, "card.error.code", "CAN_WRONG", 20000));
    assert_true(api_int(API, "card.error.tries_left") == 4);
    HOLDS(citizen_read_can(API, "123456"));
    HOLDS(citizen_end(API));
}

static void older_card_by_its_printed_zone(void **state)
{
    (void)state;
    HOLDS(citizen_start(API, "en", "cs.birth_certificate"));
    HOLDS(citizen_card_in(API, "C"));
    assert_false(citizen_read_can(API, "123456"));
    assert_string_equal(api_get(API, "card.phase"), "mrz");
    HOLDS(citizen_read_mrz(API, "XX105533", "510627", "310214"));
    assert_string_equal(api_get(API, "card.access"), "BAC");
    HOLDS(citizen_end(API));
}

static void card_pulled_while_reading(void **state)
{
    (void)state;
    HOLDS(citizen_start(API, "ro", "cs.birth_certificate"));
    HOLDS(citizen_card_in(API, "A"));
    HOLDS(vdev_command(API, "reader", "script after 6 apdu remove"));
    assert_false(citizen_read_can(API, "123456"));
    HOLDS(api_wait(API, "card.error.code", "CARD_REMOVED", 20000));
    HOLDS(citizen_card_in(API, "A"));
    HOLDS(citizen_read_can(API, "123456"));
    HOLDS(citizen_end(API));
}

static void file_a_complaint(const char *lang)
{
    HOLDS(citizen_start(API, lang, "complaint.abandoned_vehicle"));
    if (strcmp(api_get(API, "step"), "card") == 0)
        HOLDS(citizen_no_card(API));
    HOLDS(citizen_answer(API, car, COUNT(car)));
    HOLDS(citizen_submit(API));
}

static void paper_end_before_and_refill(void **state)
{
    (void)state;
    HOLDS(vdev_command(API, "printer", "paper_end"));
    file_a_complaint("ro");
    HOLDS(citizen_printed(API, "failed|absent", 20000));
    HOLDS(vdev_command(API, "printer", "paper ok"));
    usleep(300000);
    HOLDS(api_call(API, "/v1/print", "{}"));
    HOLDS(citizen_printed(API, "printed", 20000));
    HOLDS(citizen_end(API));
}

static int64_t tickets(void)
{
    HOLDS(vdev_command(API, "printer", "state"));
    const char *at = strstr(API->line, "\"tickets\":");
    assert_non_null(at);
    return strtoll(at + 10, NULL, 10);
}

/* Unplugged in the middle: nobody knows, so a person is asked; never printed twice by itself. */
static void unplugged_while_printing_is_asked(void **state)
{
    (void)state;
    int64_t before = tickets();
    HOLDS(vdev_command(API, "printer", "script at 40mm unplug"));
    file_a_complaint("ro");
    HOLDS(citizen_printed(API, "unknown", 20000));
    HOLDS(vdev_command(API, "printer", "plug"));
    usleep(1500000);
    HOLDS(api_state(API));
    assert_string_equal(api_get(API, "done.print.phase"), "unknown");
    assert_true(tickets() <= before + 1);
    HOLDS(api_call(API, "/v1/print/resolve", "{\"printed\":false}"));
    HOLDS(citizen_printed(API, "failed", 20000));
    HOLDS(api_call(API, "/v1/print", "{}"));
    HOLDS(citizen_printed(API, "printed", 20000));
    assert_true(tickets() <= before + 2);
    HOLDS(citizen_end(API));
}

static void pad_unplugged_while_signing(void **state)
{
    (void)state;
    HOLDS(citizen_start(API, "ro", "cs.birth_certificate"));
    HOLDS(citizen_card_in(API, "A"));
    HOLDS(citizen_read_can(API, "123456"));
    HOLDS(citizen_answer(API, birth, COUNT(birth)));
    HOLDS(vdev_command(API, "pad", "script after 20 reports unplug"));
    assert_false(citizen_sign(API, true));
    HOLDS(api_wait(API, "sign.phase", "error|absent", 20000));
    HOLDS(vdev_command(API, "pad", "plug"));
    HOLDS(citizen_no_signature(API));
    HOLDS(citizen_submit(API));
    HOLDS(citizen_end(API));
}

static void driver_killed_in_a_session(void **state)
{
    (void)state;
    pid_t pids[8];
    HOLDS(citizen_start(API, "ro", "cs.birth_certificate"));
    HOLDS(citizen_card_in(API, "A"));
    size_t n = children_of(house_pid(&house, "kioskd"), pids, 8);
    assert_true(n >= 3);
    for (size_t i = 0; i < n; i++)
        kill(pids[i], SIGKILL);
    HOLDS(api_wait(API, "devices.card.public", "retrying|absent", 20000));
    HOLDS(api_wait(API, "devices.card.public", "ready", 20000));
    HOLDS(api_wait(API, "card.present", "true", 20000));
    HOLDS(citizen_read_can(API, "123456"));
    HOLDS(api_wait(API, "devices.print.public", "ready", 20000));
    HOLDS(api_wait(API, "devices.pad.public", "ready", 20000));
    HOLDS(api_wait(API, "devices.scan.public", "ready|needs-citizen", 20000));
    HOLDS(citizen_end(API));
}

static void network_cut_for_the_whole_session(void **state)
{
    (void)state;
    char sql[160];
    HOLDS(house_net(&house, false));
    file_a_complaint("ro");
    assert_string_equal(api_get(API, "done.provisional"), "true");
    snprintf(sql, sizeof(sql), "select count(*) from request where receipt_code = '%s'",
             api_get(API, "done.receipt_code"));
    HOLDS(citizen_printed(API, "printed", 20000));
    assert_int_equal(house_count(&house, sql), 0);
    HOLDS(citizen_end(API));
    HOLDS(house_net(&house, true));
    assert_true(house_until(&house, 1, sql, 70000));
}

static void database_stopped_and_started(void **state)
{
    (void)state;
    char sql[160];
    HOLDS(house_stop(&house, "postgres"));
    file_a_complaint("ro");
    assert_string_equal(api_get(API, "done.provisional"), "true");
    snprintf(sql, sizeof(sql), "select count(*) from request where receipt_code = '%s'",
             api_get(API, "done.receipt_code"));
    HOLDS(citizen_end(API));
    HOLDS(house_start(&house, "postgres"));
    assert_true(house_until(&house, 1, sql, 70000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(birth_certificate_by_chip, fresh),
        cmocka_unit_test_setup(memory_search_finds_what_is_there, fresh),
        cmocka_unit_test_setup(complaint_in_hungarian_without_card, fresh),
        cmocka_unit_test_setup(wrong_can_says_tries_left, fresh),
        cmocka_unit_test_setup(older_card_by_its_printed_zone, fresh),
        cmocka_unit_test_setup(card_pulled_while_reading, fresh),
        cmocka_unit_test_setup(paper_end_before_and_refill, fresh),
        cmocka_unit_test_setup(unplugged_while_printing_is_asked, fresh),
        cmocka_unit_test_setup(pad_unplugged_while_signing, fresh),
        cmocka_unit_test_setup(driver_killed_in_a_session, fresh),
        cmocka_unit_test_setup(network_cut_for_the_whole_session, fresh),
        cmocka_unit_test_setup(database_stopped_and_started, fresh),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
