/* The repair of what came back, and everybody who sends something else. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/db/public_rig.h"

#define BROWSER(name) struct browser name SCOPED(browse_close) = {.cookie = ""}

static int setup(void **state)
{
    (void)state;
    if (!house_open())
        exit(77);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    house_close();
    return 0;
}

static const char link_token[] = "0123456789abcdef0123456789abcdef";

struct repair {
    struct body who;
    char id[40];
    struct browser b;
};

static void repair_open(struct repair *r, const char *fields, const char *token)
{
    *r = (struct repair){.b = {.cookie = ""}};
    house_file(&r->who);
    snprintf(r->id, sizeof(r->id), "%s", house_case(&r->who, "in_work"));
    house_return(r->id, fields, "Data nu se citește.", token);
    assert_true(browse_enter(&r->b, r->who.code, r->who.pin));
    browse_get(&r->b, "/case/repair?lang=ro");
    assert_int_equal(r->b.status, 200);
}

static void repair_close(struct repair *r)
{
    browse_close(&r->b);
}

static const char *answered(const struct repair *r)
{
    return house_ask("SELECT count(*) FROM case_return WHERE case_id = '%s' AND answered_at IS NOT NULL",
                     r->id);
}

static void send_date_to(struct repair *r, const char *which, const char *stamp, const char *date)
{
    BUF_SCOPE(form);
    form_text(&form, ".return", which);
    form_text(&form, ".stamp", stamp);
    form_text(&form, ".lang", "ro");
    form_text(&form, "act.birth_date", date);
    form_end(&form);
    browse_send(&r->b, "/case/repair", form_type, form.p, form.len);
}

static void send_date(struct repair *r, const char *stamp, const char *date)
{
    send_date_to(r, "", stamp, date);
}

static void repaired(void **state)
{
    struct repair r SCOPED(repair_close);
    char stamp[40];
    (void)state;

    repair_open(&r, "{act.birth_date}", NULL);
    assert_true(browse_shows(&r.b, "Data nu se citește."));
    assert_true(browse_shows(&r.b, "name=\"act.birth_date\""));
    assert_false(browse_shows(&r.b, "name=\"act.last_name\"")); /* only what came back */
    assert_false(browse_shows(&r.b, "1990-05-17"));             /* and nothing personal in it */
    snprintf(stamp, sizeof(stamp), "%s", browse_hidden(&r.b, ".stamp"));
    browse_get(&r.b, "/case");
    assert_true(browse_shows(&r.b, "href=\"/case/repair?lang=ro\""));
    assert_true(browse_shows(&r.b, "Trimiteți corectura până la "));
    assert_true(browse_shows(&r.b, "Corectura se cere în 10 zile."));
    assert_false(browse_shows(&r.b, "Ziua a trecut"));
    house_ask("UPDATE case_term SET due = due - 11 WHERE rule = 'policy.return' AND case_id = '%s'", r.id);
    browse_get(&r.b, "/case/repair?lang=en");
    assert_true(browse_shows(&r.b, "Please send the correction by "));
    assert_true(browse_shows(&r.b, "The day has passed, but the correction is taken"));
    browse_get(&r.b, "/case?lang=hu");
    assert_true(browse_shows(&r.b, "A javítást eddig várjuk: 20"));
    assert_true(browse_shows(&r.b, "\u00a0")); /* month and day stay on one line */
    browse_get(&r.b, "/case?lang=ro");
    send_date(&r, stamp, "2190-01-01");
    assert_int_equal(r.b.status, 422);
    assert_true(browse_shows(&r.b, "Data nu poate fi în viitor."));
    assert_true(browse_shows(&r.b, "aria-invalid=\"true\""));
    assert_true(browse_shows(&r.b, "2190-01-01")); /* what was typed stays */
    send_date(&r, stamp, "");
    assert_int_equal(r.b.status, 422);
    assert_string_equal(answered(&r), "0");
    send_date(&r, stamp, "1991-06-18");
    assert_int_equal(r.b.status, 200);
    assert_true(browse_shows(&r.b, "Am primit corectura"));
    assert_string_equal(answered(&r), "1");
    assert_string_equal(house_ask("SELECT state FROM casefile WHERE id = '%s'", r.id), "in_work");
    /* sealed like a request */
    assert_string_equal(
        house_ask("SELECT position('1991' in encode(answers, 'escape')) FROM case_return WHERE "
                  "case_id = '%s'",
                  r.id),
        "0");
    send_date(&r, stamp, "1991-06-18"); /* its answer was lost on the way: the same press, the same page */
    assert_int_equal(r.b.status, 200);
    assert_true(browse_shows(&r.b, "Am primit corectura"));
    send_date(&r, stamp, "1992-06-18"); /* the same window with something else */
    assert_int_equal(r.b.status, 303);
    send_date(&r, stamp, "2190-01-01");
    assert_int_equal(r.b.status, 303);
    assert_string_equal(
        house_ask("SELECT count(*) FROM case_event WHERE act = 'correct' AND case_id = '%s'", r.id), "1");
    assert_string_equal(answered(&r), "1");
    browse_get(&r.b, "/case");
    assert_true(browse_shows(&r.b, "Ați trimis corectura"));
    assert_false(browse_shows(&r.b, "Trimiteți corectura până la "));
}

/* The page of the first return is pressed again after the clerk returned the same field anew: by the PIN and
 * by the link of the letter. */
static void asked_again(void **state)
{
    struct repair r SCOPED(repair_close);
    BROWSER(by_letter);
    char stamp[40], first[24], form[100];
    (void)state;

    repair_open(&r, "{act.birth_date}", link_token);
    snprintf(form, sizeof(form), "lang=ro&link=%s", link_token);
    browse_post(&by_letter, "/c", form);
    browse_get(&by_letter, "/case/repair");
    snprintf(first, sizeof(first), "%s", browse_hidden(&r.b, ".return"));
    assert_string_equal(browse_hidden(&by_letter, ".return"), first);
    snprintf(stamp, sizeof(stamp), "%s", browse_hidden(&r.b, ".stamp"));
    send_date_to(&r, first, stamp, "1991-06-18");
    assert_int_equal(r.b.status, 200);
    house_return(r.id, "{act.birth_date}", "Nici acum nu se citește.", NULL);
    house_ask("UPDATE casefile SET state = 'returned' WHERE id = '%s'", r.id);
    send_date_to(&r, first, stamp, "1991-06-18");
    assert_int_equal(r.b.status, 200);
    assert_true(browse_shows(&r.b, "Am primit corectura"));
    send_date_to(&r, first, stamp, "1992-06-18");
    assert_int_equal(r.b.status, 303); /* to the case, where it stands */
    send_date_to(&r, first, stamp, "2190-06-18");
    assert_int_equal(r.b.status, 303);
    assert_string_equal(answered(&r), "1");
    browse_get(&r.b, "/case");
    assert_true(browse_shows(&r.b, "href=\"/case/repair?lang=ro\""));
    struct repair letter = {.b = by_letter};
    send_date_to(&letter, "", browse_hidden(&by_letter, ".stamp"), "1991-06-18");
    assert_int_equal(letter.b.status, 200);
    browse_get(&letter.b, "/case/repair"); /* the letter was for the first one */
    assert_int_equal(letter.b.status, 410);
    by_letter = letter.b;
    assert_string_equal(answered(&r), "1");
    browse_get(&r.b, "/case/repair?lang=ro");
    snprintf(first, sizeof(first), "%s", browse_hidden(&r.b, ".return"));
    send_date_to(&r, first, stamp, "1993-06-18");
    assert_int_equal(r.b.status, 200);
    assert_string_equal(answered(&r), "2");
}

static void not_returned(void **state)
{
    static const char *const names[] = {"act.last_name", "file.mandate", "nothing", "kept:act.last_name", ""};
    struct repair r SCOPED(repair_close);
    char stamp[40];
    (void)state;

    repair_open(&r, "{act.birth_date}", NULL);
    snprintf(stamp, sizeof(stamp), "%s", browse_hidden(&r.b, ".stamp"));
    for (size_t i = 0; i < COUNT(names); i++) {
        BUF_SCOPE(form);
        form_text(&form, ".stamp", stamp);
        form_text(&form, "act.birth_date", "1991-06-18");
        form_text(&form, names[i], "Altcineva");
        form_end(&form);
        browse_send(&r.b, "/case/repair", form_type, form.p, form.len);
        assert_int_equal(r.b.status, 422);
        assert_string_equal(answered(&r), "0");
    }
}

/* Without the stamp, with another visit's, without a cookie, from another site. */
static void forged(void **state)
{
    struct repair r SCOPED(repair_close), other SCOPED(repair_close);
    char stamp[40], cookie[300], theirs[40];
    (void)state;

    repair_open(&r, "{act.birth_date}", NULL);
    repair_open(&other, "{act.birth_date}", NULL);
    snprintf(stamp, sizeof(stamp), "%s", browse_hidden(&r.b, ".stamp"));
    snprintf(theirs, sizeof(theirs), "%s", browse_hidden(&other.b, ".stamp"));
    snprintf(cookie, sizeof(cookie), "%s", r.b.cookie);
    send_date(&r, "", "1991-06-18");
    assert_int_equal(r.b.status, 401);
    snprintf(r.b.cookie, sizeof(r.b.cookie), "%s", cookie);
    send_date(&r, theirs, "1991-06-18");
    assert_int_equal(r.b.status, 401);
    r.b.cookie[0] = '\0';
    send_date(&r, stamp, "1991-06-18");
    assert_int_equal(r.b.status, 401);
    snprintf(r.b.cookie, sizeof(r.b.cookie), "%.200s\r\nSec-Fetch-Site: cross-site", cookie);
    send_date(&r, stamp, "1991-06-18");
    assert_int_equal(r.b.status, 401);
    assert_string_equal(answered(&r), "0");
    snprintf(r.b.cookie, sizeof(r.b.cookie), "%s", cookie);
    send_date(&r, stamp, "1991-06-18");
    assert_int_equal(r.b.status, 200);
}

/* The link of a message: a button first, the repair only, and no longer than it is needed. */
static void by_link(void **state)
{
    struct repair r SCOPED(repair_close);
    BROWSER(b);
    char path[80], form[100], stamp[40];
    BUF_SCOPE(sent);
    (void)state;

    repair_open(&r, "{act.birth_date}", link_token);
    snprintf(path, sizeof(path), "/c/%s", link_token);
    browse_get(&b, path);
    assert_int_equal(b.status, 200);
    assert_string_equal(b.cookie, ""); /* looking at it does nothing */
    assert_string_equal(answered(&r), "0");
    browse_post(&b, "/c", "link=ffffffffffffffffffffffffffffffff");
    assert_int_equal(b.status, 410);
    browse_post(&b, "/c", "link=short");
    assert_int_equal(b.status, 410);
    snprintf(form, sizeof(form), "lang=ro&link=%s", link_token);
    browse_post(&b, "/c", form);
    assert_int_equal(b.status, 303);
    assert_string_equal(b.where, "/case/repair");
    browse_get(&b, "/case/repair");
    assert_int_equal(b.status, 200);
    snprintf(stamp, sizeof(stamp), "%s", browse_hidden(&b, ".stamp"));
    char cookie[300];
    snprintf(cookie, sizeof(cookie), "%s", b.cookie);
    browse_get(&b, "/case"); /* no PIN, no case */
    assert_int_equal(b.status, 401);
    snprintf(b.cookie, sizeof(b.cookie), "%s", cookie);
    browse_get(&b, "/case/act/withdraw");
    assert_int_equal(b.status, 401);
    snprintf(b.cookie, sizeof(b.cookie), "%s", cookie);
    form_text(&sent, ".stamp", stamp);
    form_text(&sent, "act.birth_date", "1991-06-18");
    form_end(&sent);
    browse_send(&b, "/case/repair", form_type, sent.p, sent.len);
    assert_int_equal(b.status, 200);
    assert_string_equal(answered(&r), "1");
    browse_get(&b, "/case/repair");
    assert_int_equal(b.status, 410);
    b.cookie[0] = '\0';
    browse_post(&b, "/c", form); /* used up */
    assert_int_equal(b.status, 410);
    assert_string_equal(b.cookie, "");
}

static void send_file(struct repair *r, const char *stamp, const char *name, const void *p, size_t n)
{
    BUF_SCOPE(form);
    form_text(&form, ".stamp", stamp);
    form_text(&form, "act.birth_date", "1991-06-18");
    form_file(&form, "file.mandate", name, p, n);
    form_end(&form);
    browse_send(&r->b, "/case/repair", form_type, form.p, form.len);
}

static const char *n_blobs(void)
{
    return house_ask("SELECT count(*) FROM blob WHERE terminal = 'public'");
}

static void files(void **state)
{
    static const char html[] = "<html><script>alert(1)</script></html>", png[] = "\x89PNG\r\n\x1a\n0000";
    struct repair r SCOPED(repair_close);
    char stamp[40], form[200];
    BUF_SCOPE(pdf);
    BUF_SCOPE(big);
    BUF_SCOPE(again);
    (void)state;

    repair_open(&r, "{act.birth_date,file.mandate}", NULL);
    snprintf(stamp, sizeof(stamp), "%s", browse_hidden(&r.b, ".stamp"));
    pdf_small(&pdf, "mandate");
    buf_add(&big, pdf.p, pdf.len);
    for (int i = 0; i < (6 << 20) / 64; i++)
        buf_str(&big, "0123456789012345678901234567890123456789012345678901234567890123");
    send_file(&r, stamp, "act.pdf", html, sizeof(html) - 1); /* whatever it is called */
    assert_int_equal(r.b.status, 422);
    assert_true(browse_shows(&r.b, "nu este un PDF sau JPEG întreg"));
    send_file(&r, stamp, "act.pdf", png, sizeof(png) - 1);
    assert_int_equal(r.b.status, 422);
    send_file(&r, stamp, "act.pdf", big.p, big.len);
    assert_int_equal(r.b.status, 422);
    assert_true(browse_shows(&r.b, "mai mult de 5 MB"));
    send_file(&r, stamp, "", "", 0); /* none chosen */
    assert_int_equal(r.b.status, 422);
    assert_string_equal(n_blobs(), "0");
    /* a file of somebody else's, by its hash */
    form_text(&again, ".stamp", stamp);
    form_text(&again, "act.birth_date", "1991-06-18");
    snprintf(form, sizeof(form), "sha256:%064d", 7);
    form_text(&again, "kept:file.mandate", form);
    form_end(&again);
    browse_send(&r.b, "/case/repair", form_type, again.p, again.len);
    assert_int_equal(r.b.status, 422);
    assert_string_equal(answered(&r), "0");
    /* kept while another field is wrong */
    buf_reset(&again);
    form_text(&again, ".stamp", stamp);
    form_text(&again, "act.birth_date", "2190-06-18");
    form_file(&again, "file.mandate", "../../../etc/passwd", pdf.p, pdf.len);
    form_end(&again);
    browse_send(&r.b, "/case/repair", form_type, again.p, again.len);
    assert_int_equal(r.b.status, 422);
    assert_true(browse_shows(&r.b, "Fișierul a ajuns"));
    assert_string_equal(n_blobs(), "1");
    snprintf(form, sizeof(form), "%s", browse_hidden(&r.b, "kept:file.mandate"));
    assert_int_equal(strlen(form), 71);
    buf_reset(&again);
    form_text(&again, ".stamp", stamp);
    form_text(&again, "act.birth_date", "1991-06-18");
    form_text(&again, "kept:file.mandate", form);
    form_end(&again);
    browse_send(&r.b, "/case/repair", form_type, again.p, again.len);
    assert_int_equal(r.b.status, 200);
    assert_string_equal(answered(&r), "1");
}

static bool one_more(struct repair *r, int n)
{
    char stamp[40], name[20];
    BUF_SCOPE(pdf);
    BUF_SCOPE(form);

    browse_get(&r->b, "/case/repair?lang=ro");
    snprintf(stamp, sizeof(stamp), "%s", browse_hidden(&r->b, ".stamp"));
    snprintf(name, sizeof(name), "room %d", n);
    pdf_small(&pdf, name);
    form_text(&form, ".stamp", stamp);
    form_text(&form, "act.birth_date", "2190-06-18"); /* so that the repair goes on */
    form_file(&form, "file.mandate", "a.pdf", pdf.p, pdf.len);
    form_end(&form);
    browse_send(&r->b, "/case/repair", form_type, form.p, form.len);
    assert_int_equal(r->b.status, 422);
    bool came = browse_shows(&r->b, "Fișierul a ajuns");
    assert_int_equal(browse_shows(&r->b, "prea multe fișiere"), !came);
    return came;
}

/* One person's files fill that person's room, also over new visits; all together fill the house's. */
static void room(void **state)
{
    static const char near[] = "UPDATE public_use SET used = %d::bigint * 1048576 - 10 WHERE key = '%s%s'";
    struct repair r SCOPED(repair_close), other SCOPED(repair_close);
    (void)state;

    repair_open(&r, "{act.birth_date,file.mandate}", NULL);
    repair_open(&other, "{act.birth_date,file.mandate}", NULL);
    assert_true(one_more(&r, 1));
    house_ask(near, 60, "files:", r.id);
    assert_true(one_more(&r, 2));
    assert_false(one_more(&r, 3));
    assert_true(browse_enter(&r.b, r.who.code, r.who.pin)); /* a new visit is no new room */
    assert_false(one_more(&r, 4));
    assert_true(one_more(&other, 5));
    assert_string_equal(house_ask("SELECT used FROM public_use WHERE key = 'files:%s'", r.id), "0");
    house_ask(near, 2048, "files", "");
    assert_true(one_more(&other, 6));
    assert_false(one_more(&other, 7));
    house_ask("UPDATE public_use SET until = now() - interval '1 minute', since = now() - interval '1 day'");
    assert_true(one_more(&r, 8)); /* the next day */
    assert_string_equal(
        house_ask("SELECT count(*) FROM case_return WHERE answered_at IS NOT NULL AND case_id "
                  "IN ('%s', '%s')",
                  r.id, other.id),
        "0");
}

/* Bodies that no browser sends, and one that never ends. */
static void odd_bodies(void **state)
{
    static const char *const types[] = {"application/x-www-form-urlencoded", "multipart/form-data",
                                        "text/plain", "multipart/form-data; boundary="};
    struct repair r SCOPED(repair_close);
    char cookie[300];
    BUF_SCOPE(form);
    (void)state;

    repair_open(&r, "{act.birth_date}", NULL);
    snprintf(cookie, sizeof(cookie), "%s", r.b.cookie);
    for (size_t i = 0; i < COUNT(types); i++) {
        browse_send(&r.b, "/case/repair", types[i], "act.birth_date=1991-06-18", 25);
        assert_int_equal(r.b.status, 400);
    }
    form_text(&form, "act.birth_date", "1991-06-18");
    browse_send(&r.b, "/case/repair", form_type, form.p, form.len);
    assert_int_equal(r.b.status, 400); /* not whole */
    buf_reset(&form);
    for (int i = 0; i < 200; i++)
        form_text(&form, "act.birth_date", "1991-06-18");
    form_end(&form);
    browse_send(&r.b, "/case/repair", form_type, form.p, form.len);
    assert_int_equal(r.b.status, 400);
    buf_reset(&form);
    buf_str(&form, "------Pridvor7\r\nContent-Disposition: form-data; name=\"act.birth_date\"\r\n\r\n");
    for (int i = 0; i < 20000; i++)
        buf_str(&form, "xxxxxxxxxx");
    buf_str(&form, "\r\n");
    form_end(&form);
    browse_send(&r.b, "/case/repair", form_type, form.p, form.len);
    assert_int_equal(r.b.status, 413);
    browse_get(&r.b, "/case"); /* all is well */
    assert_int_equal(r.b.status, 200);
    assert_string_equal(answered(&r), "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repaired),   cmocka_unit_test(not_returned), cmocka_unit_test(forged),
        cmocka_unit_test(by_link),    cmocka_unit_test(files),        cmocka_unit_test(room),
        cmocka_unit_test(odd_bodies), cmocka_unit_test(asked_again),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, setup, teardown);
}
