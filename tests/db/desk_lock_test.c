/* The screen locks after minutes of nobody and a quick PIN opens it: that session, three tries, nothing more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/db/desk_rig.h"

static struct desk_rig rig;
static struct browser ana, bela;

static int setup(void **state)
{
    (void)state;
    if (!desk_rig_make(&rig))
        exit(77);
    desk_hand(&rig, &ana, "ana", "clerk", "uat-1");
    desk_hand(&rig, &bela, "bela", "clerk", "uat-1");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    desk_leave(&ana);
    desk_leave(&bela);
    desk_rig_free(&rig);
    return 0;
}

static int set_pin(struct browser *b, const char *pin, const char *password)
{
    char text[200];
    snprintf(text, sizeof(text), "{\"password\":\"%s\",\"pin\":\"%s\"}", password, pin);
    return desk_post(b, "/api/pin", text, NULL);
}

static int lock(struct browser *b)
{
    return desk_post(b, "/api/lock", "", NULL);
}

static int unlock(struct browser *b, const char *pin, struct buf *body)
{
    char text[60];
    snprintf(text, sizeof(text), "{\"pin\":\"%s\"}", pin);
    return desk_post(b, "/api/unlock", text, body);
}

static int looks(struct browser *b)
{
    return desk_get(b, "/api/queue?q=mine", NULL);
}

static void chosen(void **state)
{
    (void)state;
    static const char *const bad[] = {"123",  "1234567", "1111", "000000", "1234",
                                      "9876", "12a4",    " 258", "-258",   "٢٥٨٠"};
    BUF_SCOPE(me);

    for (size_t i = 0; i < COUNT(bad); i++)
        if (set_pin(&ana, bad[i], desk_secret) != 422)
            fail_msg("%s is taken", bad[i]);
    assert_int_equal(set_pin(&ana, "2580", "gresit gresit"), 401);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM account WHERE pin IS NOT NULL"), 0);
    assert_int_equal(set_pin(&ana, "2580", desk_secret), 200);
    assert_int_equal(set_pin(&bela, "2580", desk_secret), 200);
    assert_int_equal(desk_get(&ana, "/api/me", &me), 200);
    assert_has(me, "\"pin\":true");
    /* Neither the PIN nor that two people chose the same can be read there. */
    assert_int_equal(desk_count(&rig, "SELECT count(DISTINCT pin) FROM account WHERE pin LIKE '$argon2id$%'"),
                     2);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM audit WHERE detail LIKE '%2580%'"), 0);
}

static void opened(void **state)
{
    (void)state;
    BUF_SCOPE(wrong);
    BUF_SCOPE(me);

    assert_int_equal(looks(&ana), 200);
    assert_int_equal(lock(&ana), 200);
    assert_int_equal(looks(&ana), 401);
    assert_int_equal(desk_get(&ana, "/api/me", NULL), 401);
    assert_int_equal(set_pin(&ana, "1470", desk_secret), 401);
    assert_int_equal(looks(&bela), 200);
    assert_int_equal(unlock(&ana, "2581", &wrong), 401);
    assert_has(wrong, "\"key\":\"err.pin\"");
    assert_has(wrong, "rămase: 2");
    assert_int_equal(unlock(&ana, "2580", &me), 200);
    assert_has(me, "\"account\":\"ana\"");
    assert_int_equal(looks(&ana), 200);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM audit WHERE act = 'screen locked'"), 1);
    assert_int_equal(desk_count(&rig,
                                "SELECT count(*) FROM audit WHERE act = 'login refused' AND detail LIKE "
                                "'quick PIN: wrong%' AND actor = 'ana'"),
                     1);
    /* Minutes without a sign of life are a lock, too. */
    pgcluster_query(&rig.s.pg,
                    "UPDATE login_session SET seen_at = now() - interval '3 hours', began_at = now() "
                    "- interval '4 hours' WHERE account = 'ana'");
    assert_int_equal(looks(&ana), 401);
    assert_int_equal(unlock(&ana, "2580", NULL), 200);
    assert_int_equal(looks(&ana), 200);
}

static void three_times(void **state)
{
    (void)state;
    static const char *const tries[] = {"2581", "", "99999999999999999999"};
    BUF_SCOPE(over);

    assert_int_equal(lock(&ana), 200);
    for (size_t i = 0; i < 2; i++)
        assert_true(unlock(&ana, tries[2 * i], NULL) == 401);
    assert_int_equal(unlock(&ana, tries[1], NULL), 422); /* not a try */
    assert_int_equal(unlock(&ana, "0852", &over), 401);
    assert_has(over, "\"key\":\"err.pin_over\"");
    assert_int_equal(unlock(&ana, "2580", NULL), 401);
    assert_int_equal(looks(&ana), 401);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM login_session WHERE ended_why = 'pin'"), 1);
}

/* A PIN begins nothing: no session, an ended one, one whose life is over, another's. */
static void never_a_new_one(void **state)
{
    (void)state;
    struct browser nobody = {.rig = &rig};

    assert_int_equal(unlock(&nobody, "2580", NULL), 401);
    desk_leave(&nobody);
    assert_int_equal(desk_enter_as(&ana, "ana", desk_secret), 200);
    assert_int_equal(desk_post(&ana, "/api/logout", "", NULL), 200);
    assert_int_equal(unlock(&ana, "2580", NULL), 401);
    assert_int_equal(desk_enter_as(&ana, "ana", desk_secret), 200);
    assert_int_equal(lock(&ana), 200);
    pgcluster_query(&rig.s.pg, "UPDATE login_session SET until = now() WHERE account = 'ana'");
    assert_int_equal(unlock(&ana, "2580", NULL), 401);
    /* Who logs in anew with a password leaves no locked session behind. */
    assert_int_equal(lock(&bela), 200);
    assert_int_equal(desk_enter_as(&bela, "bela", desk_secret), 200);
    assert_int_equal(
        desk_count(&rig,
                   "SELECT count(*) FROM login_session WHERE locked_at IS NOT NULL AND ended_at IS NULL "
                   "AND account = 'bela'"),
        0);
    assert_int_equal(desk_post(&bela, "/api/logout", "", NULL), 200);
    pgcluster_query(&rig.s.pg, "UPDATE account SET disabled_at = now() WHERE name = 'bela'");
    assert_int_equal(unlock(&bela, "2580", NULL), 401);
}

/* A new password takes the PIN away; so does the person. */
static void taken_away(void **state)
{
    (void)state;
    static const char fresh[] = "alta parola lunga";
    char text[200];
    BUF_SCOPE(me);

    desk_leave(&ana);
    assert_int_equal(desk_enter_as(&ana, "ana", desk_secret), 200);
    snprintf(text, sizeof(text), "{\"old\":\"%s\",\"fresh\":\"%s\"}", desk_secret, fresh);
    assert_int_equal(desk_post(&ana, "/api/password", text, NULL), 200);
    desk_leave(&ana);
    assert_int_equal(desk_enter_as(&ana, "ana", fresh), 200);
    assert_int_equal(desk_get(&ana, "/api/me", &me), 200);
    assert_has(me, "\"pin\":false");
    assert_int_equal(set_pin(&ana, "1470", fresh), 200);
    assert_int_equal(set_pin(&ana, "", fresh), 200);
    assert_int_equal(lock(&ana), 200);
    assert_int_equal(unlock(&ana, "1470", NULL), 401);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chosen),          cmocka_unit_test(opened),     cmocka_unit_test(three_times),
        cmocka_unit_test(never_a_new_one), cmocka_unit_test(taken_away),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
