#include "tests/devices/card_rig.h"

#include "common/base/fs.h"

#include <stdio.h>
#include <unistd.h>

struct vdev_proc v;
struct kdrv k;
unsigned cases;
char rows[128];

const char *vcmd(const char *line)
{
    static char reply[4096];
    if (vdev_cmd(&v, line, reply, sizeof reply) != 0)
        print_message("vdev: %s: %s\n", line, reply);
    return reply;
}

void up_at_level(const char *level, const char *card)
{
    setenv("PRIDVOR_READER_LEVEL", level, 1);
    const char *const args[] = {"--card", card, NULL};
    assert_true(vdev_start_args(&v, "reader", NULL, card ? args : NULL));
    assert_true(kdrv_start(&k, &v, "card", rows));
    assert_true(kdrv_link(&k, "up", 10000));
}

void up(const char *card)
{
    up_at_level("extended", card);
}

void down(void)
{
    assert_int_equal(kdrv_stop(&k), 0);
    vdev_stop(&v);
}

/* Read and expect; every other frame of the command is counted, too. */
struct frame expect(const char *args, const char *completion, const char *code)
{
    struct frame f = {0};
    const char *is = kdrv_do(&k, "read", args, 0, &f);
    cases++;
    if (strcmp(is, completion) != 0 || strcmp(f.code, code) != 0)
        fail_msg("read %s: %s %s (%s), expected %s %s", args, is, f.code, f.text, completion, code);
    assert_int_equal(k.completions, 1);
    assert_int_equal(k.acks, 1);
    assert_string_equal(f.outcome, strcmp(is, "ok") == 0 ? "done" : "not-done");
    return f;
}

void good(const char *args)
{
    expect(args, "ok", "");
}

void rig_profile(const char *profile)
{
    char path[160], row[256];
    snprintf(path, sizeof path, "%s/test.device", rows);
    snprintf(row, sizeof row,
             "{\"name\":\"test reader\",\"driver\":\"card\",\"maturity\":\"beta\","
             "\"match\":[{\"class\":11,\"protocol\":0}],\"quirks\":[],\"profile\":%s}",
             profile);
    struct err e = {0};
    if (fs_mkdirs(rows, 0700, &e) != RC_OK || fs_write(path, row, strlen(row), 0600, &e) != RC_OK)
        fail_msg("%s", e.text);
}

int rig_begin(void **state)
{
    (void)state;
    snprintf(rows, sizeof rows, "/tmp/pridvor-rows-%d", getpid());
    rig_profile("{}");
    return 0;
}

int rig_finish(void **state)
{
    (void)state;
    char path[160];
    snprintf(path, sizeof path, "%s/test.device", rows);
    unlink(path);
    rmdir(rows);
    print_message("card driver: %u cases\n", cases);
    return 0;
}
