/* The pages for citizens as they run: code and PIN, the timeline, what may be done, the repair; and everybody
 * who tries something else. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fs.h"
#include "common/base/text.h"
#include "tests/db/public_rig.h"

static struct body mine;
static char mine_id[40];

static int setup(void **state)
{
    (void)state;
    if (!house_open())
        exit(77);
    house_file(&mine);
    snprintf(mine_id, sizeof(mine_id), "%s", house_case(&mine, "in_work"));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    house_close();
    return 0;
}

#define BROWSER(name) struct browser name SCOPED(browse_close) = {.cookie = ""}

static void no_cookie_no_page(void **state)
{
    static const char *const paths[] = {"/case", "/case/repair", "/case/act/withdraw", "/case/document/x",
                                        "/case?lang=hu"};
    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        BROWSER(b);
        browse_get(&b, paths[i]);
        assert_int_equal(b.status, 401);
        snprintf(b.cookie, sizeof(b.cookie), "pridvor_s=%0*d", 80, 7);
        browse_get(&b, paths[i]);
        assert_int_equal(b.status, 401);
    }
    BROWSER(b);
    browse_get(&b, "/case/nothing");
    assert_int_equal(b.status, 404);
}

static void timeline(void **state)
{
    static const char *const words[][3] = {
        {"ro", "Un coleg lucrează la cerere.", "Răspuns până la"},
        {"hu", "Egy kolléga dolgozik a kérelmen.", "Válasz legkésőbb"},
        {"en", "A colleague is working on the request.", "Answer by"},
    };
    BROWSER(b);
    char path[40];
    (void)state;

    house_event(mine_id, "take", "in_work", "", true);
    house_event(mine_id, "extend", "in_work", "arhiva este închisă", true);
    house_event(mine_id, "reassign", "in_work", "secretul biroului", false);
    house_ask(
        "INSERT INTO case_note (case_id, at, author, public, text) VALUES ('%s', now(), 'ana.pop', true, "
        "'Vă rugăm să aduceți actul.'), ('%s', now(), 'ana.pop', false, 'numai pentru colegi')",
        mine_id, mine_id);
    assert_true(browse_enter(&b, mine.code, mine.pin));
    assert_string_equal(b.where, "/case");
    assert_non_null(strstr(b.head.p, "HttpOnly; SameSite=Strict"));
    for (size_t i = 0; i < COUNT(words); i++) {
        snprintf(path, sizeof(path), "/case?lang=%s", words[i][0]);
        browse_get(&b, path);
        assert_int_equal(b.status, 200);
        assert_true(browse_shows(&b, words[i][1]));
        assert_true(browse_shows(&b, words[i][2]));
    }
    browse_get(&b, "/case"); /* the language stays */
    assert_true(browse_shows(&b, "A colleague is working"));
    assert_true(browse_shows(&b, "How we counted"));
    assert_true(browse_shows(&b, "The term was extended"));
    assert_true(browse_shows(&b, "arhiva este închisă"));
    assert_true(browse_shows(&b, "Vă rugăm să aduceți actul."));
    assert_false(browse_shows(&b, "numai pentru colegi"));
    assert_false(browse_shows(&b, "secretul biroului"));
    assert_false(browse_shows(&b, "ana.pop")); /* no clerk's name */
    assert_false(browse_shows(&b, "Mureșan")); /* nothing personal */
    assert_false(browse_shows(&b, "ana.muresan@"));
    assert_false(browse_shows(&b, mine.pin));
    assert_false(browse_shows(&b, "<script"));
}

static void guessing(void **state)
{
    BROWSER(b);
    struct body other;
    char wrong[8], form[200];
    (void)state;

    house_file(&other);
    assert_false(browse_enter(&b, other.code, mine.pin[0] == other.pin[0] ? "0x11" : mine.pin));
    snprintf(wrong, sizeof(wrong), "%04ld", (strtol(other.pin, NULL, 10) + 1) % 10000);
    house_ask("DELETE FROM status_try");
    for (int i = 0; i < 5; i++) {
        assert_false(browse_enter(&b, other.code, wrong));
        assert_int_equal(b.status, 403);
        assert_string_equal(b.cookie, "");
    }
    assert_false(browse_enter(&b, other.code, other.pin));
    assert_int_equal(b.status, 429);
    assert_string_equal(b.cookie, "");
    house_ask("DELETE FROM status_try");
    assert_true(browse_enter(&b, other.code, other.pin));
    /* a PIN in the address does nothing, and is not echoed */
    snprintf(form, sizeof(form), "/s/%s?pin=%s", other.code, other.pin);
    b.cookie[0] = '\0';
    browse_get(&b, form);
    assert_int_equal(b.status, 200);
    assert_false(browse_shows(&b, other.pin));
    assert_false(browse_shows(&b, "class=\"number\""));
}

/* A visit ends by itself, when it is asked to, and cannot be lengthened by whoever changes the cookie. */
static void visits_end(void **state)
{
    BROWSER(b);
    char cookie[300], stamp[40], form[200];
    (void)state;

    assert_true(browse_enter(&b, mine.code, mine.pin));
    snprintf(cookie, sizeof(cookie), "%s", b.cookie);
    b.cookie[12] = b.cookie[12] == 'a' ? 'b' : 'a';
    browse_get(&b, "/case");
    assert_int_equal(b.status, 401);
    snprintf(b.cookie, sizeof(b.cookie), "%s", cookie);
    house_ask("UPDATE public_visit SET until = now() - interval '1 second'");
    browse_get(&b, "/case");
    assert_int_equal(b.status, 401);
    assert_string_equal(b.cookie, "pridvor_s=");
    assert_true(browse_enter(&b, mine.code, mine.pin));
    house_ask("UPDATE public_visit SET began_at = began_at - interval '61 minutes'");
    browse_get(&b, "/case"); /* still its ten minutes */
    assert_int_equal(b.status, 200);
    assert_true(browse_enter(&b, mine.code, mine.pin));
    browse_get(&b, "/case");
    snprintf(cookie, sizeof(cookie), "%s", b.cookie);
    snprintf(stamp, sizeof(stamp), "%s", browse_hidden(&b, "stamp"));
    assert_int_equal(strlen(stamp), 32);
    browse_post(&b, "/case/end", "stamp=00000000000000000000000000000000");
    assert_int_equal(b.status, 401);
    snprintf(b.cookie, sizeof(b.cookie), "%s", cookie);
    snprintf(form, sizeof(form), "lang=en&stamp=%s", stamp);
    browse_post(&b, "/case/end", form);
    assert_int_equal(b.status, 200);
    assert_true(browse_shows(&b, "You have left"));
    snprintf(b.cookie, sizeof(b.cookie), "%s", cookie);
    browse_get(&b, "/case");
    assert_int_equal(b.status, 401);
}

/* Every text that somebody stored comes out as text. */
static void stored_texts(void **state)
{
    static const char evil[] =
        "<script>alert(1)</script>\"''><img src=x onerror=alert(1)>&amp;{title}{!main}";
    BROWSER(b);
    struct body other;
    char id[40];
    (void)state;

    house_file(&other);
    snprintf(id, sizeof(id), "%s", house_case(&other, "in_work"));
    house_event(id, "extend", "in_work", evil, true);
    house_ask(
        "INSERT INTO case_note (case_id, at, author, public, text) VALUES ('%s', now(), 'x', true, '%s')", id,
        evil);
    house_ask("UPDATE case_term SET why = jsonb_build_object('ro', '%s', 'hu', '', 'en', ''), calc = "
              "jsonb_build_object('ro', 'c%s', 'hu', '', 'en', '') WHERE case_id = '%s'",
              evil, evil, id);
    house_ask(
        "INSERT INTO document (id, case_id, institution, kind, title, lang, sha256, size, type, made_at, "
        "made_by, "
        "signed_at, signed_name) VALUES (gen_random_uuid(), '%s', 'uat-1', 'answer', '%s', 'ro', 'x', 10, "
        "'application/pdf', now(), 'x', now(), '%s')",
        id, evil, evil);
    house_ask(
        "INSERT INTO owed_message (created_at, due_at, request_id, way, message, lang, recipient) VALUES "
        "(now(), now(), '%s', 'email', 'answered', 'ro', '<b>@example.ro')",
        id);
    house_ask("UPDATE casefile SET email = '<b>@example.ro' WHERE id = '%s'", id);
    house_return(id, "{act.birth_date}", evil, NULL);
    assert_true(browse_enter(&b, other.code, other.pin));
    browse_get(&b, "/case");
    assert_int_equal(b.status, 200);
    assert_false(browse_shows(&b, "<script"));
    assert_false(browse_shows(&b, "<img"));
    assert_false(browse_shows(&b, "<b>"));
    assert_true(browse_shows(&b, "&lt;script&gt;"));
    browse_get(&b, "/case/repair");
    assert_int_equal(b.status, 200);
    assert_false(browse_shows(&b, "<script"));
    assert_true(browse_shows(&b, "&lt;script&gt;"));
    browse_get(&b, "/c/%3Cscript%3Ealert(1)");
    assert_int_equal(b.status, 200);
    assert_false(browse_shows(&b, "<script"));
}

/* What was signed can be fetched by its owner, and by nobody else. */
static void documents(void **state)
{
    BROWSER(b);
    BROWSER(stranger);
    struct body other;
    struct err e = {0};
    char path[200], folder[400], hex[2 * SHA256_LEN + 1], id[40], unsigned_id[40];
    uint8_t hash[SHA256_LEN];
    BUF_SCOPE(pdf);
    (void)state;

    pdf_small(&pdf, "answer");
    sha256(hash, pdf.p, pdf.len);
    hex_encode(hex, hash, sizeof(hash));
    snprintf(folder, sizeof(folder), "%s/blobs/%.2s", house.dir, hex);
    mkdir(folder, 0700);
    snprintf(folder, sizeof(folder), "%s/blobs/%.2s/%s", house.dir, hex, hex);
    assert_int_equal(fs_write(folder, pdf.p, pdf.len, 0600, &e), RC_OK);
    for (int i = 0; i < 2; i++)
        house_ask(
            "INSERT INTO document (id, case_id, institution, kind, title, lang, sha256, size, type, made_at, "
            "made_by, signed_at, signed_name) VALUES (gen_random_uuid(), '%s', 'uat-1', 'answer', "
            "'Răspuns \"%d\"', 'ro', '\\x%s', %zu, 'application/pdf', now(), 'x', %s, 'Ion Pop')",
            mine_id, i, hex, pdf.len, i ? "NULL" : "now()");
    snprintf(id, sizeof(id), "%s",
             house_ask("SELECT id FROM document WHERE case_id = '%s' AND signed_at IS NOT NULL", mine_id));
    snprintf(unsigned_id, sizeof(unsigned_id), "%s",
             house_ask("SELECT id FROM document WHERE case_id = '%s' AND signed_at IS NULL", mine_id));
    assert_true(browse_enter(&b, mine.code, mine.pin));
    browse_get(&b, "/case");
    assert_true(browse_shows(&b, id));
    assert_true(browse_shows(&b, "Ion Pop")); /* who signed */
    assert_false(browse_shows(&b, unsigned_id));
    snprintf(path, sizeof(path), "/case/document/%s", id);
    browse_get(&b, path);
    assert_int_equal(b.status, 200);
    assert_int_equal(b.page.len, pdf.len);
    assert_memory_equal(b.page.p, pdf.p, pdf.len);
    assert_non_null(strstr(b.head.p, "attachment; filename=\"document.pdf\""));
    snprintf(path, sizeof(path), "/case/document/%s", unsigned_id);
    browse_get(&b, path);
    assert_int_equal(b.status, 404);
    house_file(&other);
    assert_true(browse_enter(&stranger, other.code, other.pin));
    snprintf(path, sizeof(path), "/case/document/%s", id);
    browse_get(&stranger, path);
    assert_int_equal(stranger.status, 404);
    browse_get(&stranger, "/case/document/..%2f..%2fetc%2fpasswd");
    assert_int_not_equal(stranger.status, 200);
}

/* Asked once more; not by a form from elsewhere; not twice. */
static void withdraw(void **state)
{
    BROWSER(b);
    struct body other;
    char id[40], form[200];
    (void)state;

    house_file(&other);
    snprintf(id, sizeof(id), "%s", house_case(&other, "in_work"));
    assert_true(browse_enter(&b, other.code, other.pin));
    browse_get(&b, "/case");
    assert_true(browse_shows(&b, "/case/act/withdraw"));
    assert_false(browse_shows(&b, "/case/act/take"));
    browse_get(&b, "/case/act/approve");
    assert_int_equal(b.status, 409);
    browse_get(&b, "/case/act/withdraw?lang=ro");
    assert_int_equal(b.status, 200);
    assert_true(browse_shows(&b, "Sigur retrageți cererea?"));
    snprintf(form, sizeof(form), "version=%s&stamp=%s", "1", "0123456789abcdef0123456789abcdef");
    browse_post(&b, "/case/act/withdraw", form);
    assert_int_equal(b.status, 401);
    assert_string_equal(house_ask("SELECT state FROM casefile WHERE id = '%s'", id), "in_work");
    assert_true(browse_enter(&b, other.code, other.pin));
    browse_get(&b, "/case/act/withdraw");
    snprintf(form, sizeof(form), "version=%s", browse_hidden(&b, "version"));
    snprintf(form + strlen(form), sizeof(form) - strlen(form), "&stamp=%s", browse_hidden(&b, "stamp"));
    house_ask("UPDATE casefile SET version = version + 1 WHERE id = '%s'", id);
    browse_post(&b, "/case/act/withdraw", form);
    assert_int_equal(b.status, 409); /* somebody was quicker */
    browse_get(&b, "/case/act/withdraw");
    snprintf(form, sizeof(form), "version=%s", browse_hidden(&b, "version"));
    snprintf(form + strlen(form), sizeof(form) - strlen(form), "&stamp=%s", browse_hidden(&b, "stamp"));
    browse_post(&b, "/case/act/withdraw", form);
    assert_int_equal(b.status, 303);
    assert_string_equal(house_ask("SELECT state FROM casefile WHERE id = '%s'", id), "withdrawn");
    browse_get(&b, "/case");
    assert_true(browse_shows(&b, "Ați retras cererea."));
    assert_false(browse_shows(&b, "/case/act/withdraw"));
    browse_post(&b, "/case/act/withdraw", form);
    assert_int_equal(b.status, 409);
}

/* Closed, and the citizen does not agree: a reason is needed, and it can be done once. */
static void contest(void **state)
{
    BROWSER(b);
    struct body other;
    char id[40], form[300];
    (void)state;

    house_service = "complaint.abandoned_vehicle";
    house_file(&other);
    house_service = NULL;
    snprintf(id, sizeof(id), "%s", house_case(&other, "answered"));
    assert_true(browse_enter(&b, other.code, other.pin));
    browse_get(&b, "/case/act/contest?lang=ro");
    assert_int_equal(b.status, 200);
    assert_true(browse_shows(&b, "<textarea id=\"reason\""));
    snprintf(form, sizeof(form), "version=%s", browse_hidden(&b, "version"));
    snprintf(form + strlen(form), sizeof(form) - strlen(form), "&stamp=%s", browse_hidden(&b, "stamp"));
    browse_post(&b, "/case/act/contest", form);
    assert_int_equal(b.status, 422);
    assert_string_equal(house_ask("SELECT state FROM casefile WHERE id = '%s'", id), "answered");
    snprintf(form + strlen(form), sizeof(form) - strlen(form),
             "&reason=Ma%%C8%%99ina+este+%%C3%%AEnc%%C4%%83+acolo");
    browse_post(&b, "/case/act/contest", form);
    assert_int_equal(b.status, 303);
    assert_string_equal(house_ask("SELECT state FROM casefile WHERE id = '%s'", id), "in_work");
    assert_string_equal(
        house_ask("SELECT given->>'reason' FROM case_event WHERE case_id = '%s' AND act = 'contest'", id),
        "Mașina este încă acolo");
    browse_get(&b, "/case");
    assert_true(browse_shows(&b, "Ați contestat închiderea"));
    assert_false(browse_shows(&b, "Mașina este")); /* it is in the file; the page need not repeat it */
}

/* Forwarded: two cases, one story, under the number that the citizen has; what comes back comes from the
 * second. */
static void forwarded(void **state)
{
    static const char there[] = "00000000-0000-7000-8000-0000000000f2";
    BROWSER(b);
    struct body other;
    char here[40], number[60];
    (void)state;

    house_file(&other);
    snprintf(here, sizeof(here), "%s", house_case(&other, "in_work"));
    house_event(here, "take", "in_work", "", true);
    house_event(here, "forward", "forwarded", "ține de Primăria 2", true);
    house_ask("UPDATE casefile SET state = 'forwarded', closed_at = now() WHERE id = '%s'", here);
    house_ask(
        "INSERT INTO casefile SELECT (c).* FROM (SELECT jsonb_populate_record(x, jsonb_build_object('id', "
        "'%s', "
        "'institution', 'uat-2', 'n', 9001, 'state', 'in_work', 'channel', 'institution', 'registered_at', "
        "now(), 'closed_at', NULL)) AS c FROM casefile x WHERE id = '%s') AS y",
        there, here);
    house_event(there, "take", "in_work", "", true);
    assert_true(browse_enter(&b, other.code, other.pin));
    browse_get(&b, "/case?lang=ro");
    assert_int_equal(b.status, 200);
    snprintf(number, sizeof(number), "<strong>%s",
             house_ask("SELECT CASE register WHEN 'general' THEN '' ELSE 'CS ' END "
                       "|| n || '/' FROM casefile WHERE id = '%s'",
                       here));
    assert_true(browse_shows(&b, number)); /* the one on the receipt */
    assert_true(browse_shows(&b, "ține de Primăria 2"));
    assert_true(browse_shows(&b, "Cererea este acum la: Primăria 2"));
    assert_true(browse_shows(&b, "9001/"));
    const char *sent = strstr(b.page.p, "ține de Primăria 2"),
               *came = strstr(b.page.p, "Cererea este acum la");
    assert_true(sent < came);
    assert_true(browse_shows(&b, "<h1>Un coleg lucrează la cerere.</h1>"));
    house_return(there, "{act.birth_date}", "Data nu se citește la noi.", NULL);
    browse_get(&b, "/case?lang=ro");
    assert_true(browse_shows(&b, "Data nu se citește la noi."));
    browse_get(&b, "/case/repair?lang=ro");
    assert_int_equal(b.status, 200);
    assert_true(browse_shows(&b, "name=\"act.birth_date\""));
}

/* What hangs there today, and nobody's name. */
static void board(void **state)
{
    BROWSER(b);
    (void)state;

    browse_get(&b, "/b?lang=hu");
    assert_int_equal(b.status, 200);
    assert_true(browse_shows(&b, "Ma nincs kifüggesztett hirdetmény."));
    house_ask("INSERT INTO notice (case_id, institution, service, from_day, to_day, posted_at, posted_by, "
              "taken_down_at) "
              "SELECT '%s', i, s, " SQL_TODAY " + f, " SQL_TODAY
              " + t, now(), 'Elena Ofițer', d FROM (VALUES "
              "('uat-1', 'cs.marriage_declaration', 0, 10, NULL::timestamptz), ('uat-2', "
              "'permit.free_passage', -3, 0, NULL), "
              "('uat-3', 'cs.divorce_request', -9, -1, NULL), ('uat-4', 'cs.divorce_request', 2, 9, NULL), "
              "('uat-5', 'cs.divorce_request', 0, 9, now())) v (i, s, f, t, d)",
              mine_id);
    browse_get(&b, "/b?lang=ro");
    assert_true(browse_shows(&b, "<h2>Primăria 1</h2>"));
    assert_true(browse_shows(&b, "<h2>Primăria 2</h2>"));
    assert_true(browse_shows(&b, "afișat din"));
    assert_false(browse_shows(&b, "Primăria 3"));
    assert_false(browse_shows(&b, "Primăria 4"));
    assert_false(browse_shows(&b, "Primăria 5"));
    assert_false(browse_shows(&b, "Elena"));
    assert_false(browse_shows(&b, "Mureșan"));
    assert_false(browse_shows(&b, "cs.marriage"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_cookie_no_page), cmocka_unit_test(timeline),
        cmocka_unit_test(guessing),          cmocka_unit_test(visits_end),
        cmocka_unit_test(stored_texts),      cmocka_unit_test(documents),
        cmocka_unit_test(withdraw),          cmocka_unit_test(contest),
        cmocka_unit_test(forwarded),         cmocka_unit_test(board),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, setup, teardown);
}
