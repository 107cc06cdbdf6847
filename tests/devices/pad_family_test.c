/* The family: every model of the pad, both encryptions, the buttons drawn on it, what may go wrong in the
 * agreement and in the pen's reports. Then the campaign: for each transfer k of a capture, unplugged at k and
 * garbled at k; silent at k for a sample of them. Exactly one completion, the right outcome, and the next
 * capture is good. PRIDVOR_CAMPAIGN=full tries every k of every model. */
#include "tests/devices/kdrv_client.h"

#include "common/base/clock.h"
#include "common/model/signature.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define REQUEST "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
#define ARGS                                                                                                 \
    "{\"title\":\"Adeverință\",\"name\":\"Ana Pop\",\"hash\":\"7f3a "                                      \
    "90c1\",\"lang\":\"ro\",\"by_time\":true,"                                                               \
    "\"timeout_ms\":20000,\"request_sha256\":\"" REQUEST "\"}"

static const struct make {
    const char *name, *cipher;
    int w, h;          /* tablet units */
    double ok_x, ok_y; /* part of them: where the button "done" is drawn */
    bool sequenced, screen;
} makes[] = {
    {"300", "v1", 9900, 2500, 0.88, 0.17, false, true},
    {"430", "AES-256/RSA-2048/OAEP", 9600, 6000, 0.80, 0.88, true, true},
    {"500", "v1", 10240, 7680, 0.80, 0.88, false, true},
    {"520a", "v1", 10400, 6048, 0.80, 0.88, true, true},
    {"530", "AES-256/RSA-2048/OAEP", 10800, 6480, 0.80, 0.88, true, true},
    {"540", "AES-256/RSA-2048/OAEP", 10800, 6480, 0.80, 0.88, true, true},
    {"plain", "none", 9600, 6000, 0.80, 0.88, true, true},
};

static struct vdev_proc v;
static struct kdrv k;
static unsigned cases;

static void vcmd(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void vcmd(const char *fmt, ...)
{
    char line[256], reply[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (vdev_cmd(&v, line, reply, sizeof reply) != 0)
        fail_msg("vdev: %s: %s", line, reply);
}

static void up(const char *model)
{
    const char *const args[] = {"--model", model, NULL};
    assert_true(vdev_start_args(&v, "pad", NULL, args));
    assert_true(kdrv_start(&k, &v, "pad", NULL));
    assert_true(kdrv_link(&k, "up", 20000));
}

static void down(void)
{
    assert_int_equal(kdrv_stop(&k), 0);
    vdev_stop(&v);
}

static void automatic(const struct make *m)
{
    vcmd("autosign %d %d", (int)(m->w * m->ok_x), (int)(m->h * m->ok_y));
}

static void ended(int64_t id, struct frame *f, const char *completion, const char *code)
{
    if (!kdrv_completion(&k, id, f, 30000))
        fail_msg("no completion, expected %s %s", completion, code);
    cases++;
    if (strcmp(f->completion, completion) != 0 || strcmp(f->code, code) != 0)
        fail_msg("%s %s (%s), expected %s %s", f->completion, f->code, f->text, completion, code);
    assert_string_equal(f->outcome, strcmp(completion, "ok") == 0 ? "done" : "not-done");
}

static void bound(const struct frame *f)
{
    char bind[SIGNATURE_HEX];
    struct err e = {0};
    BUF_SCOPE(bytes);
    const struct ink ink = {jval_int(f->data, "width", 0), jval_int(f->data, "height", 0),
                            jval_int(f->data, "max_pressure", 0), jval_get(f->data, "strokes")};
    assert_int_equal(signature_bytes(&ink, &bytes, &e), RC_OK);
    assert_int_equal(
        signature_bind(bind, jval_str(f->data, "shown_sha256", "?"), BYTES(bytes.p, bytes.len), REQUEST, &e),
        RC_OK);
    assert_string_equal(bind, jval_str(f->data, "bind", ""));
}

/* ---- each model ---- */

static void family(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(makes); i++) {
        const struct make *m = &makes[i];
        struct frame f;
        up(m->name);
        automatic(m);
        int64_t began = mono_ms();
        int64_t id = kdrv_send(&k, "capture", ARGS, 0);
        ended(id, &f, "ok", "");
        assert_string_equal(jval_str(f.data, "encryption", ""), m->cipher);
        assert_int_equal(jval_int(f.data, "width", 0), m->w);
        assert_int_equal(jval_bool(f.data, "sequenced", false), m->sequenced);
        assert_int_equal(jval_get(f.data, "strokes")->n, 1); /* the tap on the button is no stroke */
        assert_int_equal(strlen(jval_str(f.data, "shown_sha256", "")), 64);
        bound(&f);
        print_message("%-6s %s, %lld samples, %lld ms\n", m->name, m->cipher,
                      (long long)jval_int(f.data, "samples", 0), (long long)(mono_ms() - began));
        vcmd("crypt good");
        assert_true(vdev_until(&v, "\"ready\"", 30000));
        down();
    }
}

static void digitizer(void **state)
{
    (void)state;
    struct frame f;
    up("hid");
    int64_t id = kdrv_send(
        &k, "capture",
        "{\"title\":\"x\",\"by_time\":true,\"timeout_ms\":1500,\"request_sha256\":\"" REQUEST "\"}", 0);
    kdrv_drain(&k, 200);
    vcmd("line 2000 3000 15000 9000 80");
    ended(id, &f, "ok", "");
    assert_string_equal(jval_str(f.data, "shown_sha256", "?"), "");
    assert_int_equal(jval_int(f.data, "width", 0), 21600);
    assert_int_equal(jval_int(f.data, "max_pressure", 0), 2047);
    assert_true(jval_int(f.data, "samples", 0) >= 75);
    bound(&f);
    down();
}

/* ---- what goes wrong in it ---- */

static void secrets(void **state)
{
    (void)state;
    struct frame f;
    const struct make *m = &makes[1];
    up("430");
    automatic(m);
    vcmd("crypt weak"); /* the row's second word */
    ended(kdrv_send(&k, "capture", ARGS, 0), &f, "ok", "");
    assert_string_equal(jval_str(f.data, "encryption", ""), "AES-128/RSA-1024/PKCS1");
    vcmd("crypt refuse"); /* its last one */
    ended(kdrv_send(&k, "capture", ARGS, 0), &f, "ok", "");
    assert_string_equal(jval_str(f.data, "encryption", ""), "none");
    vcmd("crypt bad"); /* no fall-back from a key that does not open */
    ended(kdrv_send(&k, "capture", ARGS, 0), &f, "protocol", "PAD_CRYPTO");
    vcmd("crypt good");
    vcmd("wrong 1");
    ended(kdrv_send(&k, "capture", ARGS, 0), &f, "protocol", "PAD_CRYPTO");
    ended(kdrv_send(&k, "capture", ARGS, 0), &f, "ok", "");
    down();
    up("500");
    automatic(&makes[2]);
    vcmd("crypt bad"); /* v1: the first report is of no session */
    ended(kdrv_send(&k, "capture", ARGS, 0), &f, "protocol", "PAD_CRYPTO");
    vcmd("crypt mute"); /* calculates for ever */
    ended(kdrv_send(&k, "capture", ARGS, 0), &f, "bad-sequence", "PAD_STATE");
    vcmd("crypt good");
    assert_true(kdrv_link(&k, "up", 20000));
    ended(kdrv_send(&k, "capture", ARGS, 0), &f, "ok", "");
    down();
}

static void pen(void **state)
{
    (void)state;
    static const struct {
        const char *fault, *completion, *code;
    } rows[] = {{"drop 1", "protocol", "PAD_SEQ_GAP"},
                {"repeat 1", "ok", ""},
                {"back 1", "protocol", "PAD_SEQ_GAP"},
                {"light 4", "ok", ""}};
    struct frame f;
    up("plain");
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t id = kdrv_send(&k, "capture",
                               "{\"title\":\"x\",\"by_time\":true,\"timeout_ms\":1800,\"buttons\":false}", 0);
        assert_true(vdev_until(&v, "\"capture\"", 30000));
        vcmd("line 1000 2000 5000 3000 40");
        kdrv_drain(&k, 100);
        vcmd("%s", rows[i].fault);
        vcmd("line 2000 2000 6000 3000 40");
        ended(id, &f, rows[i].completion, rows[i].code);
    }
    down();
}

/* ---- buttons ---- */

static void buttons(void **state)
{
    (void)state;
    struct frame f;
    bool clear = false, cancel = false;
    up("530");
    int64_t id = kdrv_send(&k, "capture", "{\"title\":\"x\",\"timeout_ms\":20000}", 0);
    assert_true(vdev_until(&v, "\"capture\"", 15000));
    vcmd("tap 5400 5720");               /* in the middle */
    vcmd("tap 2100 5720");               /* on the left */
    vcmd("line 2100 5720 5400 2000 30"); /* down on a button, lifted elsewhere: neither tap nor ink */
    int64_t points = 0;
    for (int64_t end = mono_ms() + 30000; !cancel && mono_ms() < end;)
        if (kdrv_frame(&k, &f, 1000) && strcmp(f.kind, "event") == 0) {
            const char *b = jval_str(f.data, "button", "");
            clear = clear || strcmp(b, "clear") == 0;
            cancel = cancel || strcmp(b, "cancel") == 0;
        }
    assert_true(clear && cancel);
    while (kdrv_frame(&k, &f, 500))
        points += strcmp(f.kind, "event") == 0 && strcmp(f.event, "strokes") == 0;
    assert_int_equal(points, 0);
    char line[96];
    snprintf(line, sizeof line, "{\"id\":9001,\"verb\":\"cancel\",\"args\":{\"target\":%lld}}",
             (long long)id);
    kdrv_line(&k, line);
    ended(id, &f, "cancelled", "PAD_CANCEL");
    down();
}

/* Brightness and boot screen are as they were found, also after a kill. */
static void kept(void **state)
{
    (void)state;
    struct frame f;
    up("540");
    automatic(&makes[5]);
    ended(kdrv_send(&k, "capture", ARGS, 0), &f, "ok", "");
    down();
    up("540");
    assert_true(vdev_until(&v, "\"light\":2,\"boot\":1", 1000));
    cases++;
    down();
}

/* Robot speed: the next person's capture comes while the last session is being wiped. */
static void hurried(void **state)
{
    (void)state;
    struct frame f;
    up("plain");
    automatic(&makes[6]);
    for (int i = 0; i < 10; i++) {
        kdrv_line(&k, "{\"id\":9100,\"verb\":\"wipe\",\"args\":{}}");
        ended(kdrv_send(&k, "capture", ARGS, 0), &f, "ok", "");
    }
    down();
}

/* ---- the campaign ---- */

static void refresh(const char *fault)
{
    vcmd("script at 99999s state");
    if (strcmp(fault, "unplug") == 0) {
        vdev_cmd(&v, "unplug", NULL, 0); /* if it has not struck yet */
        assert_true(kdrv_link(&k, "absent", 30000));
        vcmd("plug");
    }
    vdev_cmd(&v, "silence off", NULL, 0);
    vdev_cmd(&v, "garble 0", NULL, 0);
    assert_true(kdrv_link(&k, "up", 30000));
}

/* As ARGS, but nobody waits long for a pen that was silenced. */
#define STRUCK "{\"title\":\"Ana\",\"by_time\":true,\"timeout_ms\":2500,\"request_sha256\":\"" REQUEST "\"}"

static bool right(const struct frame *f, const char *fault)
{
    bool ok = strcmp(f->completion, "ok") == 0;
    if (strcmp(f->outcome, ok ? "done" : "not-done") != 0)
        return false;
    static const char *const fair[] = {"no-device", /* struck before the capture began */
                                       "link-lost", "protocol",     "device-error",
                                       "timeout",   "bad-sequence", "user-needed"};
    size_t n = strcmp(fault, "unplug") == 0 ? 2 : COUNT(fair);
    for (size_t i = 0; !ok && i < n; i++)
        ok = strcmp(f->completion, fair[i]) == 0;
    return ok;
}

static void strike(const char *model, const char *fault, unsigned at)
{
    struct frame f;
    vcmd("script after %u transfers %s", at, fault);
    int64_t id = kdrv_send(&k, "capture", STRUCK, 0);
    if (!kdrv_completion(&k, id, &f, 40000))
        fail_msg("%s: %s at %u: no completion", model, fault, at);
    if (!right(&f, fault))
        fail_msg("%s: %s at %u: %s %s %s (%s)", model, fault, at, f.completion, f.code, f.outcome, f.text);
    if (k.completions != 1)
        fail_msg("%s: %s at %u: %u completions", model, fault, at, k.completions);
    if (strcmp(f.completion, "ok") == 0) /* what came is what is bound, fault or no fault */
        bound(&f);
    cases++;
    refresh(fault);
    if (!vdev_until(&v, "\"ready\"", 30000)) /* dark, and no longer in capture */
        fail_msg("%s: %s at %u: the pad is left in capture", model, fault, at);
}

static const char *const faults[] = {"unplug", "garble 1", "silence on"};
static const struct row {
    size_t make;
    unsigned every[3]; /* of CI, by fault; 0: none */
} rows[] = {{6, {1, 1, 61}}, {1, {4, 2, 97}}, {3, {7, 4, 0}}, {4, {8, 5, 0}}};
static const char *self;

/* One model, one fault: a process of its own, because it waits more than it works. */
static int struck(const struct row *r, size_t fault)
{
    static const unsigned all[3] = {1, 1, 13};
    const char *word = getenv("PRIDVOR_CAMPAIGN");
    const struct make *m = &makes[r->make];
    unsigned step = word && strcmp(word, "full") == 0 ? all[fault] : r->every[fault], tried = 0;
    struct frame f;
    up(m->name);
    automatic(m);
    double before = vdev_num(&v, "transfers");
    ended(kdrv_send(&k, "capture", ARGS, 0), &f, "ok", "");
    unsigned n = (unsigned)(vdev_num(&v, "transfers") - before);
    for (unsigned at = 1; step && at <= n; at += step, tried++)
        strike(m->name, faults[fault], at);
    ended(kdrv_send(&k, "capture", ARGS, 0), &f, "ok", "");
    printf("%-6s %u transfers a capture, %s: %u cases\n", m->name, n, faults[fault], tried);
    down();
    return 0;
}

static void one_row(void **state)
{
    (void)state;
    const char *word = getenv("PRIDVOR_ROW");
    long i = word ? strtol(word, NULL, 10) : 0;
    struck(&rows[i / 3], (size_t)i % 3);
}

static void campaign(void **state)
{
    (void)state;
    pid_t pid[3 * COUNT(rows)] = {0};
    for (size_t i = 0; i < COUNT(pid); i++) {
        char word[16];
        snprintf(word, sizeof word, "%zu", i);
        if (!rows[i / 3].every[i % 3] || (pid[i] = fork()) != 0)
            continue;
        setenv("PRIDVOR_ROW", word, 1);
        execl(self, self, "one_row", NULL);
        _exit(127);
    }
    int bad = 0;
    for (size_t i = 0; i < COUNT(pid); i++)
        bad += pid[i] > 0 && vdev_wait(pid[i], 800 * 1000) != 0;
    assert_int_equal(bad, 0);
}

static int finish(void **state)
{
    (void)state;
    print_message("pad family: %u cases\n", cases);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(family),  cmocka_unit_test(digitizer), cmocka_unit_test(secrets),
        cmocka_unit_test(pen),     cmocka_unit_test(buttons),   cmocka_unit_test(kept),
        cmocka_unit_test(hurried), cmocka_unit_test(campaign),
    };
    const struct CMUnitTest row[] = {cmocka_unit_test(one_row)};
    self = argv[0];
    if (getenv("PRIDVOR_ROW"))
        return cmocka_run_group_tests(row, NULL, finish);
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, finish);
}
