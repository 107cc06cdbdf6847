/* Paper that is left: counted, corrected by the sensor, new when the sensor sees paper again. */
#include "firmware/roll.h"

#include "common/base/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64], queue[96], file[96];
static struct kiosk_conf conf;

static struct roll now(void)
{
    struct roll r;
    roll_read(&conf, &r);
    return r;
}

static void media(const char *one, const char *two)
{
    const char *words[] = {one, two};
    roll_media(&conf, words, one ? two ? 2 : 1 : 0);
}

static void counted(void **state)
{
    (void)state;
    struct roll r = now();
    assert_int_equal(roll_left_mm(&conf, &r), 80000);
    assert_int_equal(roll_left_receipts(&conf, &r), 80000 / 150);
    for (int i = 0; i < 10; i++)
        roll_printed(&conf, 160);
    roll_printed(&conf, 0); /* nothing left the printer */
    r = now();
    assert_int_equal(r.used_mm, 1600);
    assert_int_equal(r.receipts, 10);
    assert_int_equal(roll_left_receipts(&conf, &r), (80000 - 1600) / 160);
    assert_int_equal(roll_limit_mm(&conf, &r), -1); /* the sensor sees paper */
}

static void near_the_end(void **state)
{
    (void)state;
    struct roll r;
    media("paper_near_end", NULL);
    r = now();
    assert_int_equal(roll_left_mm(&conf, &r), 2000);
    assert_int_equal(roll_limit_mm(&conf, &r), 2000);
    roll_printed(&conf, 160);
    media("paper_near_end", NULL); /* once is enough */
    r = now();
    assert_int_equal(roll_limit_mm(&conf, &r), 1840);
    media("cover_open", "paper_end"); /* under an open cover the sensors lie */
    r = now();
    assert_false(r.ended);
    media("paper_end", NULL);
    r = now();
    assert_true(r.ended);
    assert_int_equal(roll_left_mm(&conf, &r), 0);
    assert_int_equal(roll_left_receipts(&conf, &r), 0);
    assert_int_equal(roll_limit_mm(&conf, &r), -1); /* the driver says it better */
    media("cover_open", NULL);
    r = now();
    assert_true(r.ended);
    media(NULL, NULL); /* a new roll */
    r = now();
    assert_int_equal(r.used_mm, 0);
    assert_int_equal(roll_left_mm(&conf, &r), 80000);
}

static void unknown(void **state)
{
    (void)state;
    struct kiosk_conf none = conf;
    struct err e = {0};
    struct roll r;
    none.roll_mm = 0;
    roll_printed(&conf, 500);
    roll_read(&none, &r);
    assert_int_equal(roll_left_mm(&none, &r), -1);
    assert_int_equal(roll_left_receipts(&none, &r), -1);
    assert_int_equal(fs_write(file, "{\"used_mm\":-1", 13, 0600, &e), RC_OK);
    r = now();
    assert_int_equal(r.used_mm, 0);
    none.queue = NULL;
    roll_printed(&none, 100);
    roll_read(&none, &r);
    assert_int_equal(r.used_mm, 0);
}

int main(void)
{
    snprintf(dir, sizeof dir, "/tmp/pridvor-roll-%d", getpid());
    snprintf(queue, sizeof queue, "%s/queue.db", dir);
    snprintf(file, sizeof file, "%s/roll.json", dir);
    conf = (struct kiosk_conf){.queue = queue, .roll_mm = 80000, .roll_near_mm = 2000};
    struct err e = {0};
    if (fs_mkdirs(dir, 0700, &e) != RC_OK)
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(counted), cmocka_unit_test(near_the_end),
                                       cmocka_unit_test(unknown)};
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(file);
    rmdir(dir);
    return rc;
}
