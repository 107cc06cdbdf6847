/* Number and PIN: as people write it, and nobody learns or guesses anything by it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "tests/db/public_rig.h"

#define BROWSER(name) struct browser name SCOPED(browse_close) = {.cookie = ""}

static struct body birth, report;
static char birth_id[40];
static int year;

static int setup(void **state)
{
    (void)state;
    if (!house_open())
        exit(77);
    house_file(&birth);
    house_service = "complaint.abandoned_vehicle"; /* another book: it has the number 1, too */
    house_file(&report);
    house_service = NULL;
    snprintf(birth_id, sizeof(birth_id), "%s", house_case(&birth, "in_work"));
    year = date_of_ms(unix_ms()).y;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    house_close();
    return 0;
}

static int fresh(void **state)
{
    (void)state;
    house_ask("DELETE FROM public_use");
    return 0;
}

static const char *url(struct arena *a, const char *s)
{
    const char *out = "";
    for (; *s; s++)
        out = arena_fmt(a, "%s%%%02X", out, (unsigned char)*s);
    return out;
}

static int number_from(struct browser *b, const char *client, const char *house_name, const char *number,
                       const char *pin)
{
    char cookie[300];
    ARENA_SCOPE(a);

    snprintf(cookie, sizeof(cookie), "x=1\r\nX-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 8.8.8.8, %s",
             client);
    snprintf(b->cookie, sizeof(b->cookie), "%s", cookie);
    browse_post(b, "/n",
                arena_fmt(a, "lang=ro&house=%s&number=%s&pin=%s", url(a, house_name), url(a, number), pin));
    return b->status;
}

static int number(struct browser *b, const char *house_name, const char *text, const char *pin)
{
    return number_from(b, "192.0.2.1", house_name, text, pin);
}

static const char *other_pin(const char *pin, int i)
{
    static char out[8];
    do
        snprintf(out, sizeof(out), "%04ld", (strtol(pin, NULL, 10) + i++) % 10000);
    while (strcmp(out, birth.pin) == 0 || strcmp(out, report.pin) == 0);
    return out;
}

static void as_written(void **state)
{
    static const char *const houses[] = {"Primăria 1", "primaria  1", "PRIMĂRIA 1",
                                         "uat-1",      "Town hall 1", "1. Polgármesteri Hivatal"};
    static const struct {
        const char *before, *after;
    } ways[] = {{"1/", ""},           {"1 / 22.11.", ""}, {"nr. 1 din ", ""},
                {"Nr.1/", ""},        {"1 - ", ""},       {"CS 1/", ""},
                {"cs 1/22.11.", " "}, {" 1/ ", " "},      {"număr 1 din 22.11.", ""}};
    BROWSER(b);
    char text[60];
    (void)state;

    browse_get(&b, "/n?lang=ro");
    assert_int_equal(b.status, 200);
    assert_true(browse_shows(&b, "<option value=\"Primăria 77\">"));
    assert_false(browse_shows(&b, "<script"));
    for (size_t i = 0; i < COUNT(houses); i++)
        for (size_t k = 0; k < COUNT(ways); k++) {
            snprintf(text, sizeof(text), "%s%d%s", ways[k].before, year, ways[k].after);
            if (number(&b, houses[i], text, birth.pin) != 303)
                fail_msg("%s, %s: %d", houses[i], text, b.status);
        }
    assert_int_equal(number(&b, "uat-1", "1", birth.pin), 303); /* this year's */
    browse_get(&b, "/case?lang=ro");
    assert_int_equal(b.status, 200);
    assert_true(browse_shows(&b, "Certificat de naștere"));
    snprintf(text, sizeof(text), "1/%d", year);
    assert_int_equal(number(&b, "uat-1", text, report.pin), 303); /* the PIN decides which book */
    browse_get(&b, "/case?lang=ro");
    assert_false(browse_shows(&b, "Certificat de naștere"));
    assert_int_equal(number(&b, "uat-2", text, birth.pin), 403); /* another house's 1 */
    snprintf(text, sizeof(text), "1/%d", year - 1);
    assert_int_equal(number(&b, "uat-1", text, birth.pin), 403);
}

static void not_understood(void **state)
{
    static const char *const numbers[] = {"",        "abc",           "0/2026",           "1/99",
                                          "-1/2026", "1/2026 OR 1=1", "99999999999/2026", "5000000000/2026"};
    static const char *const houses[] = {"", "Primăria", "Nicăieri", "' OR '1'='1", "<b>", "1 2"};
    BROWSER(b);
    (void)state;

    for (size_t i = 0; i < COUNT(numbers); i++)
        if (number(&b, "uat-1", numbers[i], "0000") != 422)
            fail_msg("%s: %d", numbers[i], b.status);
    for (size_t i = 0; i < COUNT(houses); i++)
        if (number(&b, houses[i], "1/2026", "0000") != 422)
            fail_msg("%s: %d", houses[i], b.status);
    assert_true(browse_shows(&b, "Alegeți-o din listă"));
    assert_int_equal(number(&b, "uat-1", "1/2026", "12"), 422);
    assert_int_equal(number(&b, "uat-1", "1/2026", "abcd"), 422);
    assert_string_equal(house_ask("SELECT count(*) FROM public_use"), "0");
}

/* The state and the dates; nothing that names anybody, and no change. */
static void brief(void **state)
{
    static const char *const paths[] = {"/case/repair", "/case/act/withdraw",
                                        "/case/document/00000000-0000-7000-8000-000000000001"};
    BROWSER(b);
    char cookie[300];
    (void)state;

    house_event(birth_id, "take", "in_work", "", true);
    house_event(birth_id, "extend", "in_work", "la cererea Anei Mureșan", true);
    house_ask("INSERT INTO case_note (case_id, at, author, public, text) VALUES ('%s', now(), 'ana', true, "
              "'Veniți miercuri')",
              birth_id);
    assert_int_equal(number(&b, "uat-1", "1", birth.pin), 303);
    snprintf(cookie, sizeof(cookie), "%s", b.cookie);
    browse_get(&b, "/case?lang=ro");
    assert_true(browse_shows(&b, "Un coleg lucrează la cerere."));
    assert_true(browse_shows(&b, "Termenul a fost prelungit"));
    assert_true(browse_shows(&b, "Răspuns până la"));
    assert_true(browse_shows(&b, "Intrați cu codul de pe bon"));
    assert_false(browse_shows(&b, "Anei"));
    assert_false(browse_shows(&b, "miercuri"));
    assert_false(browse_shows(&b, "/case/act/"));
    house_return(birth_id, "{act.birth_date}", "Ana a greșit data.", NULL);
    browse_get(&b, "/case?lang=ro");
    assert_true(browse_shows(&b, "Avem nevoie de o corectură"));
    assert_false(browse_shows(&b, "Ana a greșit"));
    assert_false(browse_shows(&b, "href=\"/case/repair"));
    for (size_t i = 0; i < COUNT(paths); i++) {
        snprintf(b.cookie, sizeof(b.cookie), "%s", cookie);
        browse_get(&b, paths[i]);
        assert_int_equal(b.status, 403);
        assert_true(browse_shows(&b, "name=\"code\""));
    }
    BUF_SCOPE(form);
    form_text(&form, "act.birth_date", "1991-06-18");
    form_end(&form);
    browse_send(&b, "/case/repair", form_type, form.p, form.len);
    assert_int_equal(b.status, 403);
    assert_string_equal(house_ask("SELECT count(*) FROM case_return WHERE answered_at IS NOT NULL"), "0");
    assert_true(browse_enter(&b, birth.code, birth.pin)); /* with the code it goes on */
    browse_get(&b, "/case?lang=ro");
    assert_true(browse_shows(&b, "Ana a greșit data."));
}

/* The page without what was typed. */
static void said(struct browser *b, const char *number_text, struct buf *out)
{
    buf_reset(out);
    for (const char *p = b->page.p; *p;) {
        size_t n = strlen(number_text);
        if (strncmp(p, number_text, n) == 0)
            p += n;
        else
            buf_chr(out, *p++);
    }
    buf_str(out, "");
}

/* A number that nobody has looks, counts and locks like one with a wrong PIN. */
static void nothing_told(void **state)
{
    BROWSER(mine);
    BROWSER(none);
    BUF_SCOPE(one);
    BUF_SCOPE(two);
    char here[40], nowhere[40];
    (void)state;

    snprintf(here, sizeof(here), "1/%d", year);
    snprintf(nowhere, sizeof(nowhere), "7654321/%d", year);
    for (int i = 0; i < 7; i++) {
        int a = number(&mine, "uat-1", here, other_pin(birth.pin, i + 1));
        int b = number(&none, "uat-1", nowhere, other_pin(birth.pin, i + 1));
        assert_int_equal(a, i < 5 ? 403 : 429);
        assert_int_equal(b, a);
        said(&mine, here, &one);
        said(&none, nowhere, &two);
        assert_string_equal(one.p, two.p);
    }
    assert_int_equal(number(&mine, "uat-1", here, birth.pin), 429); /* also the right one */
    assert_int_equal(number_from(&mine, "192.0.2.77", "uat-1", here, birth.pin), 429);
    assert_true(browse_enter(&mine, birth.code, birth.pin)); /* the other door stays open */
    assert_string_equal(
        house_ask("SELECT string_agg(times || ' ' || round(extract(epoch FROM until - now()) / "
                  "3600), ',') FROM public_use WHERE key LIKE 'number:%%'"),
        "1 1,1 1");
    /* After the pause five more, then twice as long. */
    house_ask(
        "UPDATE public_use SET until = now(), since = now() - interval '2 days' WHERE key LIKE 'number:%%'");
    for (int i = 0; i < 6; i++)
        assert_int_equal(number(&mine, "uat-1", here, other_pin(birth.pin, i + 1)), i < 5 ? 403 : 429);
    assert_string_equal(
        house_ask("SELECT times || ' ' || round(extract(epoch FROM until - now()) / 3600) FROM "
                  "public_use WHERE key = 'number:uat-1/%d/1'",
                  year),
        "2 2");
    house_ask("UPDATE public_use SET until = now()");
    assert_int_equal(number(&mine, "uat-1", here, birth.pin), 303);
    assert_string_equal(
        house_ask("SELECT times || ' ' || used FROM public_use WHERE key = 'number:uat-1/%d/1'", year),
        "0 0");
    assert_string_equal(house_ask("SELECT count(*) FROM public_use WHERE key LIKE '%%192.0%%'"), "0");
}

/* From number to number: the client is stopped, and in the end everybody. */
static void from_number_to_number(void **state)
{
    BROWSER(b);
    char text[40];
    (void)state;

    for (int i = 0; i < 22; i++) {
        snprintf(text, sizeof(text), "%d/%d", 100 + i, year);
        assert_int_equal(number(&b, "uat-1", text, "0000"), i < 20 ? 403 : 429);
    }
    assert_int_equal(number(&b, "uat-1", "1", birth.pin), 429);
    assert_int_equal(number_from(&b, "192.0.2.2", "uat-1", "1", birth.pin), 303);
    assert_int_equal(number_from(&b, "2001:db8::1", "uat-1", "200", "0000"), 403);
    assert_int_equal(number_from(&b, "2001:db8::2", "uat-1", "201", "0000"), 403);
    assert_int_equal(number_from(&b, "2001:db8:0:1::2", "uat-1", "202", "0000"), 403);
    assert_string_equal(
        house_ask("SELECT string_agg(used::text, ',' ORDER BY used) FROM public_use WHERE key LIKE "
                  "'client:%%' AND used > 0"),
        "1,2"); /* one network, one client */
    house_ask("UPDATE public_use SET used = 299 WHERE key = 'numbers:pages'");
    assert_int_equal(number_from(&b, "192.0.2.3", "uat-1", "300", "0000"), 403);
    assert_int_equal(number_from(&b, "192.0.2.4", "uat-1", "301", "0000"), 429);
    assert_int_equal(number_from(&b, "192.0.2.4", "uat-1", "1", birth.pin), 429);
    assert_true(browse_enter(&b, birth.code, birth.pin));
}

/* Sent at the same moment: no more than one after the other. */
static void side_by_side(void **state)
{
    enum { AT_ONCE = 12 };
    struct tclient c[AT_ONCE];
    struct err e = {0};
    int wrong = 0, locked = 0;
    (void)state;

    for (int i = 0; i < AT_ONCE; i++) {
        ARENA_SCOPE(a);
        const char *body = arena_fmt(a, "house=uat-1&number=1&pin=%s", other_pin(birth.pin, i + 1));
        const char *head = arena_fmt(a,
                                     "POST /n HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                                     "application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
                                     strlen(body), body);
        assert_int_equal(tclient_open(&c[i], house.public_port, NULL, &e), RC_OK);
        assert_int_equal(tclient_send(&c[i], head, strlen(head), &e), RC_OK);
    }
    for (int i = 0; i < AT_ONCE; i++) {
        BUF_SCOPE(page);
        int status = tclient_answer(&c[i], NULL, &page, &e);
        wrong += status == 403;
        locked += status == 429;
        tclient_close(&c[i]);
    }
    assert_int_equal(wrong, 5);
    assert_int_equal(locked, AT_ONCE - 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(as_written, fresh),
        cmocka_unit_test_setup(not_understood, fresh),
        cmocka_unit_test_setup(brief, fresh),
        cmocka_unit_test_setup(nothing_told, fresh),
        cmocka_unit_test_setup(from_number_to_number, fresh),
        cmocka_unit_test_setup(side_by_side, fresh),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, setup, teardown);
}
