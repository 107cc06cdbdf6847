/* The address behind the PIN on the real parts: page's API, kioskd, kdrv, a virtual electronic card. The PIN
 * is searched for in the memory of every process of the terminal while the visit still goes on. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "tests/e2e/house.h"

#define PIN "5093" /* of card I */
#define WRONG "8264"
#define OTHER "7418"
#define SERVICE "cs.birth_certificate"
#define ADDRESS "jud. Cluj, mun. Turda, str. Mihai Viteazul nr. 3, ap. 12"

static struct house house;
static const struct person_answer rest[] = {{"act.birth_place", "\"Turda\""},
                                            {"act.who", "\"self\""},
                                            {"delivery.how", "\"pickup\""},
                                            {"reason", "\"lost\""},
                                            {"format", "\"paper\""}};

static int setup(void **state)
{
    (void)state;
    return house_setup(&house, "address", 17680);
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

static void to_address(const char *card, const char *can)
{
    HOLDS(citizen_start(API, "ro", SERVICE));
    HOLDS(citizen_card_in(API, card));
    HOLDS(citizen_read_can(API, can));
    HOLDS(citizen_to(API, "who.address", NULL, 0));
    HOLDS(api_wait(API, "form.address.phase", "offer", 20000));
}

/* Quoted as in JSON, ended as a string of C, filled up as the card gets it. Four digits are also how a UUID,
 * a port or a time may end: a string of C counts when it begins with them. */
static int places(pid_t pid, const char *pin)
{
    static const char within[] = "0123456789abcdefABCDEF.:-/";
    char quoted[8], ended[5], padded[7], longer[6];
    snprintf(quoted, sizeof(quoted), "\"%s\"", pin);
    snprintf(ended, sizeof(ended), "%s", pin);
    memcpy(padded, pin, 4);
    memset(padded + 4, 0xFF, 3);
    int n = memory_search_bytes(pid, BYTES(quoted, 6));
    int k = memory_search_bytes(pid, BYTES(padded, 7)), m = memory_search_bytes(pid, BYTES(ended, 5));
    for (const char *c = within; m > 0 && *c; c++) {
        snprintf(longer, sizeof(longer), "%c%s", *c, pin);
        m -= memory_search_bytes(pid, BYTES(longer, 6));
    }
    return n < 0 || m < 0 || k < 0 ? -1 : n + m + k;
}

/* In kioskd and its drivers, after the card's answer. */
static void nowhere(const char *pin)
{
    pid_t pids[16] = {house_pid(&house, "kioskd")};
    size_t n = 1 + children_of(pids[0], pids + 1, 15);
    assert_true(n >= 4);
    for (size_t i = 0; i < n; i++) {
        int found = places(pids[i], pin);
        for (int64_t end = mono_ms() + 20000; found != 0 && mono_ms() < end; found = places(pids[i], pin))
            usleep(200000);
        if (found != 0)
            fail_msg("the PIN stands %d times in the memory of process %zu of %zu", found, i, n);
    }
}

static void address_fills_the_form(void **state)
{
    (void)state;
    to_address("I", "666666");
    HOLDS(citizen_pin(API, PIN));
    assert_string_equal(api_get(API, "form.address.phase"), "taken");
    nowhere(PIN);
    HOLDS(api_state(API));
    const struct jval *f = &jval_get(jval_get(API->body, "form"), "fields")->items[0];
    assert_string_equal(jval_str(f, "value", ""), ADDRESS);
    assert_string_equal(jval_str(f, "source", ""), "card");
    HOLDS(citizen_answer(API, rest, COUNT(rest)));
    HOLDS(citizen_no_signature(API));
    HOLDS(citizen_submit(API));
    ARENA_SCOPE(a);
    const char *request = house_request(&house, a, api_get(API, "done.receipt_code"));
    assert_non_null(strstr(request, ADDRESS));
    assert_null(strstr(request, "\"" PIN "\""));
    HOLDS(citizen_end(API));
    nowhere(PIN);
}

/* The control: what is on its way to the card is found. */
static void search_finds_the_pin(void **state)
{
    (void)state;
    int found = 0;
    to_address("I", "666666");
    pid_t pids[16];
    size_t n = children_of(house_pid(&house, "kioskd"), pids, 16);
    pid_t reader = house_pid(&house, "reader");
    assert_true(reader > 1 && kill(reader, SIGSTOP) == 0); /* the card thinks as long as we look */
    bool asked = api_call(API, "/v1/card/address", "{\"pin\":\"" OTHER "\"}");
    for (int k = 0; asked && k < 100 && found == 0; k++) { /* held still while it is looked at */
        usleep(5000);
        for (size_t i = 0; i < n && found == 0; i++) {
            kill(pids[i], SIGSTOP);
            found = places(pids[i], OTHER);
            kill(pids[i], SIGCONT);
        }
    }
    kill(reader, SIGCONT);
    HOLDS(asked);
    assert_true(found > 0); /* in kdrv, until the card has it */
    HOLDS(api_wait(API, "form.address.error.code", "PIN_WRONG", 40000));
    nowhere(OTHER);
    HOLDS(citizen_pin(API, PIN)); /* gives the card its tries back */
    HOLDS(citizen_end(API));
}

static void wrong_pin_and_the_last_try(void **state)
{
    (void)state;
    to_address("I", "666666");
    HOLDS(citizen_pin(API, WRONG));
    assert_string_equal(api_get(API, "form.address.error.code"), "PIN_WRONG");
    assert_int_equal(api_int(API, "form.address.error.tries_left"), 2);
    nowhere(WRONG);
    HOLDS(citizen_pin(API, WRONG));
    assert_string_equal(api_get(API, "form.address.error.code"), "PIN_LAST");
    assert_string_equal(api_get(API, "form.address.phase"), "closed");
    assert_false(api_call(API, "/v1/card/address", "{\"pin\":\"" PIN "\"}")); /* not even the right one */
    HOLDS(citizen_answer(API, rest, COUNT(rest)));                            /* typed */
    HOLDS(api_call(API, "/v1/session/end", "{}"));
    nowhere(WRONG);
}

static void card_pulled_and_another_card(void **state)
{
    (void)state;
    to_address("I", "666666");
    HOLDS(vdev_command(API, "reader", "script after 8 apdu remove"));
    HOLDS(citizen_pin(API, PIN));
    assert_string_equal(api_get(API, "form.address.error.code"), "CARD_REMOVED");
    nowhere(PIN);
    HOLDS(vdev_command(API, "reader", "insert A"));
    HOLDS(api_wait(API, "card.present", "true", 20000));
    HOLDS(api_call(API, "/v1/session/touch", "{}"));
    HOLDS(citizen_to(API, "who.address", NULL, 0));
    HOLDS(citizen_pin(API, PIN));
    assert_string_equal(api_get(API, "form.address.error.code"), "CARD_SWAPPED");
    HOLDS(vdev_command(API, "reader", "remove"));
    HOLDS(vdev_command(API, "reader", "insert I"));
    HOLDS(api_wait(API, "card.present", "true", 20000));
    HOLDS(citizen_pin(API, PIN));
    assert_string_equal(api_get(API, "form.address.phase"), "taken");
    HOLDS(citizen_answer(API, rest, COUNT(rest)));
    HOLDS(api_call(API, "/v1/session/end", "{}"));
}

/* A card without the application: said after the PIN found no use. */
static void card_without_an_address(void **state)
{
    (void)state;
    to_address("A", "123456");
    HOLDS(citizen_pin(API, PIN));
    assert_string_equal(api_get(API, "form.address.error.code"), "NO_ADDRESS");
    assert_string_equal(api_get(API, "form.address.phase"), "closed");
    HOLDS(citizen_answer(API, rest, COUNT(rest)));
    HOLDS(api_call(API, "/v1/session/end", "{}"));
}

/* No PIN in any log of the house. */
static void nothing_is_logged(void **state)
{
    (void)state;
    char line[500], found[300] = "";
    snprintf(line, sizeof(line), "grep -rlE '(pin\"?[:=] ?\"?|\")(%s|%s|%s)' '%s/log'", PIN, WRONG, OTHER,
             house.var);
    FILE *p = popen(line, "r");
    assert_non_null(p);
    bool hit = fgets(found, sizeof(found), p) != NULL;
    int rc = pclose(p);
    if (hit || WEXITSTATUS(rc) != 1) /* 1: looked, and found nothing */
        fail_msg("grep ended with %d: %s", WEXITSTATUS(rc), found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(address_fills_the_form, fresh),
        cmocka_unit_test_setup(search_finds_the_pin, fresh),
        cmocka_unit_test_setup(wrong_pin_and_the_last_try, fresh),
        cmocka_unit_test_setup(card_pulled_and_another_card, fresh),
        cmocka_unit_test_setup(card_without_an_address, fresh),
        cmocka_unit_test_setup(nothing_is_logged, fresh),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
