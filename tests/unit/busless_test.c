/* A driver without a USB device of its own: found, lost, found again; what it is called; commands, pings and
 * cancels; and what the kernel lets its class do. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "drivers/sandbox.h"
#include "drivers/serve.h"

static bool present = true;
static unsigned opens, closes;

static enum rc b_open(struct drv *d, struct err *e)
{
    if (!present)
        return err_set(e, RC_NO_DEVICE, "nothing answers");
    opens++;
    size_t n;
    const struct device_row *rows = drv_rows(d, &n);
    d->row = n ? &rows[0] : NULL;
    drv_id(d, "Paper eater", "S-17", "escl:127.0.0.1");
    return RC_OK;
}

static void b_close(struct drv *d)
{
    (void)d;
    closes++;
}

static enum rc b_idle(struct drv *d, unsigned woke, struct err *e)
{
    (void)d;
    (void)woke;
    return present ? RC_OK : err_set(e, RC_NO_DEVICE, "it went away");
}

static void b_run(struct drv *d, const struct task *t, struct result *r)
{
    struct err e = {0};
    if (strcmp(t->verb, "long") == 0) {
        drv_event(d, "progress", "{\"n\":1}");
        while (!drv_breathe(d)) /* as between two calls of a library that blocks */
            if (mono_ms() > t->deadline) {
                err_set(&e, RC_TIMEOUT, "too long");
                result_fail(t->arena, r, O_NOT_DONE, &e);
                return;
            }
        err_set(&e, RC_CANCELLED, "cancelled");
        result_fail(t->arena, r, O_NOT_DONE, &e);
        return;
    }
    if (strcmp(t->verb, "lose") == 0)
        present = false;
    if (strcmp(t->verb, "find") == 0)
        present = true;
    if (strcmp(t->verb, "climb") == 0)
        drv_climb(d, "on purpose");
    result_ok(r);
}

static void b_wipe(struct drv *d)
{
    (void)d;
}

static const char *const verbs[] = {"long", "lose", "find", "climb", NULL};
static const char *const dry[] = {"find", NULL};
static const struct driver_ops ops = {.name = "scan",
                                      .size = 8,
                                      .busless = true,
                                      .blocking = true,
                                      .verbs = verbs,
                                      .dry = dry,
                                      .tick_ms = 20,
                                      .deadline_ms = 5000,
                                      .open = b_open,
                                      .close = b_close,
                                      .idle = b_idle,
                                      .run = b_run,
                                      .wipe = b_wipe};

/* A script of commands: each waits for the text before it in what came out. */
static const struct step {
    const char *until, *say;
} script[] = {
    {"\"link\":\"up\"", "{\"id\":1,\"verb\":\"long\",\"deadline_ms\":30000}"},
    {"\"event\":\"progress\"", "{\"id\":2,\"verb\":\"ping\"}"},
    {"\"activity\":\"busy\"", "{\"id\":3,\"verb\":\"find\"}"},
    {"\"id\":3,\"completion\":\"busy\"", "{\"id\":4,\"verb\":\"cancel\",\"args\":{\"target\":1}}"},
    {"\"id\":1,\"completion\":\"cancelled\"", "{\"id\":5,\"verb\":\"climb\"}"},
    {"\"id\":5,\"completion\":\"ok\"", "{\"id\":6,\"verb\":\"wipe\"}"},
    {"\"id\":6,\"completion\":\"ok\"", "{\"id\":7,\"verb\":\"lose\"}"},
    {"\"link\":\"absent\"", "{\"id\":8,\"verb\":\"long\"}"},
    {"\"id\":8,\"completion\":\"no-device\"", "{\"id\":9,\"verb\":\"find\"}"},
    {"\"id\":9,\"completion\":\"ok\"", NULL},
    {"\"link\":\"up\"", NULL},
};

struct talk {
    int to;
    size_t at;
    struct buf out;
    size_t seen; /* of out, what the step before has used */
};

/* Says what is due; at the end of the script the input ends. */
static void on_frame(void *user, const char *line, size_t len)
{
    struct talk *t = user;
    buf_add(&t->out, line, len);
    buf_chr(&t->out, '\n');
    while (t->at < COUNT(script)) {
        char *hit = strstr(t->out.p + t->seen, script[t->at].until);
        if (!hit)
            return;
        t->seen = (size_t)(hit - t->out.p) + 1;
        const char *say = script[t->at++].say;
        if (say)
            assert_true(dprintf(t->to, "%s\n", say) > 0);
    }
    if (t->to >= 0)
        close(t->to);
    t->to = -1;
}

static void the_whole_life(void **state)
{
    (void)state;
    int fds[2];
    struct err e = {0};
    struct serve *s SCOPED(serve_freep) = NULL;
    assert_int_equal(pipe(fds), 0);
    struct talk t = {.to = fds[1]};
    const struct serve_opts o = {
        .devices = "tests/unit", .quiet = true, .commands = fds[0], .emit = on_frame, .user = &t};
    assert_int_equal(serve_new(&ops, &o, &s, &e), RC_OK); /* that folder has no rows at all */
    alarm(60);
    serve_loop(s);
    alarm(0);
    assert_int_equal(t.at, COUNT(script));
    assert_non_null(
        strstr(t.out.p, "\"model\":\"Paper eater\",\"serial\":\"S-17\",\"port\":\"escl:127.0.0.1\""));
    assert_int_equal(opens, 3); /* at first, after the climb, after it came back */
    serve_freep(&s);
    assert_int_equal(closes, 3);
    buf_free(&t.out);
    close(fds[0]);
}

static int in_class(const char *driver, bool *network)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (sandbox_enter(driver, NULL) != RC_OK)
            _exit(77);
        bool net = socket(AF_INET, SOCK_STREAM, 0) >= 0 && socket(AF_INET6, SOCK_DGRAM, 0) >= 0;
        bool tight = open("/tmp/pridvor-sandbox", O_WRONLY | O_CREAT, 0600) < 0 && errno == EACCES &&
                     socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EACCES &&
                     execl("/bin/true", "true", NULL) < 0 && errno == EACCES;
        bool works = socket(AF_UNIX, SOCK_STREAM, 0) >= 0 && open("/dev/null", O_RDWR) >= 0;
        _exit(tight && works ? net ? 10 : 11 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(fds[0]);
    close(fds[1]);
    *network = WEXITSTATUS(status) == 10;
    return WEXITSTATUS(status);
}

static void classes(void **state)
{
    (void)state;
    static const struct {
        const char *driver;
        bool network;
    } rows[] = {{"card", false}, {"print", false}, {"pad", false}, {"scan", true}, {"office", true}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool network = false;
        int code = in_class(rows[i].driver, &network);
        if (code == 77)
            skip();
        assert_in_range(code, 10, 11);
        assert_int_equal(network, rows[i].network);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_whole_life), cmocka_unit_test(classes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
