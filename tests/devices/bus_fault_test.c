/* drivers/bus alone, over the probe device: something happens to each transfer k of a job, and every call
 * ends once, within its time, with an error that says what it was; nothing leaks (LeakSanitizer), and the
 * next job goes as if nothing had been. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/base.h"
#include "common/base/clock.h"
#include "drivers/bus/usb.h"
#include "tests/devices/harness.h"

enum { IN = 0x82, OUT = 0x01, INT = 0x83, WAIT_MS = 120, SETTLE_MS = 1500 };
static const struct bus_match rows[] = {{.vid = 0x1209, .pid = 1, .cls = -1, .sub = -1, .proto = -1}};

static const char *dir;
static struct bus *bus;
static unsigned cases, faults, slow;

static void cmd(const char *line)
{
    if (vdev_cmd_at(dir, line, NULL, 0) != 0)
        fail_msg("refused: %s", line);
}

static void fault(const char *kind, unsigned n)
{
    char line[64];
    snprintf(line, sizeof(line), "fault %s %u", kind, n);
    cmd(line);
}

/* How a job of one shape listens. */
struct shape {
    size_t size;     /* of each posted transfer */
    unsigned posted; /* on either endpoint */
    size_t piece;    /* written and echoed */
};

/* A message there and back; *same: it is the one that was sent. */
static enum rc echo(const struct shape *s, bool *same, struct err *e)
{
    uint8_t sent[512], back[1024];
    size_t got = 0;
    int64_t until = mono_ms() + WAIT_MS;
    memset(sent, 'E', sizeof(sent));
    TRY(bus_write(bus, OUT, sent, s->piece, until, e));
    while (got < s->piece) {
        size_t n = 0;
        int64_t at;
        TRY(bus_await(bus, BUS_RING(0), until, e));
        if (!bus_take(bus, 0, back + got, sizeof(back) - got, &n, &at))
            return err_set(e, RC_INTERNAL, "a ring that says it has something and has not");
        got += n;
    }
    *same = *same && got == s->piece && memcmp(sent, back, got) == 0;
    return RC_OK;
}

static enum rc rest(bool *same, struct err *e)
{
    static uint8_t big[40000];
    uint8_t data[64], say[4] = {1, 2, 3, 4};
    size_t got = 0, n = 0;
    int64_t until = mono_ms() + WAIT_MS, at;
    const struct bus_setup pattern = {.type = 0xC0, .request = 2, .value = 7, .length = sizeof(data)};
    const struct bus_setup ring = {.type = 0x40, .request = 1, .value = 1, .length = sizeof(say)};
    TRY(bus_control(bus, &pattern, data, &got, until, e));
    *same = *same && got == sizeof(data);
    for (size_t i = 0; i < got; i++)
        *same = *same && data[i] == (uint8_t)(7 + i);
    TRY(bus_write(bus, OUT, big, sizeof(big), until, e));
    TRY(bus_control(bus, &ring, say, NULL, mono_ms() + WAIT_MS, e));
    TRY(bus_await(bus, BUS_RING(1), mono_ms() + WAIT_MS, e));
    if (bus_take(bus, 1, data, sizeof(data), &n, &at))
        *same = *same && n == sizeof(say) && memcmp(data, say, n) == 0;
    return RC_OK;
}

static enum rc job(const struct shape *s, bool *same, struct err *e)
{
    TRY(bus_open(bus, rows, COUNT(rows), NULL, NULL, e));
    TRY(bus_listen(bus, 0, IN, s->size, s->posted, e));
    TRY(bus_listen(bus, 1, INT, 8, s->posted, e));
    for (int i = 0; i < 3; i++)
        TRY(echo(s, same, e));
    return rest(same, e);
}

static bool plugged(void)
{
    char state[4096];
    return vdev_cmd_at(dir, "state", state, sizeof(state)) == 0 && strstr(state, "\"plugged\":true");
}

static double transfers(void)
{
    char state[4096];
    assert_int_equal(vdev_cmd_at(dir, "state", state, sizeof(state)), 0);
    const char *at = strstr(state, "\"transfers\":");
    return at ? strtod(at + 12, NULL) : 0;
}

/* The way back to a clean device, by the ladder's own means: clear-halt where the bus still stands. */
static void recover(void)
{
    if (bus_is_open(bus)) {
        bool gone = bus_wait(bus, 0, 0) & BUS_GONE;
        enum rc rc = bus_clear_halt(bus, NULL);
        if (gone)
            assert_int_equal(rc, RC_LINK_LOST);
    }
    bus_close(bus);
    bus_close(bus); /* once more is nothing */
    fault("stall", 0);
    if (!plugged())
        cmd("plug");
    struct bus_id id; /* libusb hears of it by its own event */
    for (int64_t until = mono_ms() + 10000; bus_list(bus, rows, COUNT(rows), &id, 1) == 0;)
        if (mono_ms() > until)
            fail_msg("it does not come back");
        else
            bus_wait(bus, 0, mono_ms() + 5);
    cmd("room 100000000");
}

static void good_job(const struct shape *s)
{
    bool same = true;
    struct err e = {0};
    if (job(s, &same, &e) != RC_OK || !same)
        fail_msg("a clean job fails: %s (%s)", e.text, same ? "right bytes" : "other bytes");
    bus_close(bus);
}

/* What each fault may look like from above. */
static const struct {
    const char *kind;
    enum rc may[5]; /* ends with RC_OK, which means: the job may go through */
    bool bytes;     /* and then perhaps with other bytes */
} kinds[] = {
    {"stall", {RC_PROTOCOL, RC_UNSUPPORTED, RC_TIMEOUT, RC_OK}, false},
    {"babble", {RC_IO, RC_TIMEOUT, RC_OK}, true},
    {"error", {RC_IO, RC_TIMEOUT, RC_OK}, true},
    {"short", {RC_TIMEOUT, RC_OK}, true},
    {"zero", {RC_TIMEOUT, RC_OK}, true},
    {"garble", {RC_OK}, true},
    {"timeout", {RC_TIMEOUT, RC_OK}, false},
    {"unplug", {RC_LINK_LOST, RC_NO_DEVICE, RC_OK}, false},
    {"submit", {RC_IO, RC_TIMEOUT, RC_NO_DEVICE, RC_OK}, false},
};

static bool may(size_t kind, enum rc rc)
{
    for (size_t i = 0; i < COUNT(kinds[kind].may); i++) {
        if (kinds[kind].may[i] == rc)
            return true;
        if (kinds[kind].may[i] == RC_OK)
            return false;
    }
    return false;
}

static void one(const struct shape *s, size_t kind, unsigned k)
{
    bool same = true;
    struct err e = {0};
    fault(kinds[kind].kind, k);
    int64_t begun = mono_ms();
    enum rc rc = job(s, &same, &e);
    int64_t took = mono_ms() - begun;
    cases++;
    faults += rc != RC_OK || !same;
    slow += took > SETTLE_MS;
    if (!may(kind, rc))
        fail_msg("%s at %u: %s \"%s\"", kinds[kind].kind, k, rc_name(rc), e.text);
    if (rc == RC_OK && !same && !kinds[kind].bytes)
        fail_msg("%s at %u: other bytes, and nobody said so", kinds[kind].kind, k);
    if (rc != RC_OK)
        assert_true(e.text[0] != 0);
    recover();
}

static void each_transfer(void **state)
{
    (void)state;
    static const struct shape shapes[] = {{64, 1, 40}, {512, 2, 70}, {512, 8, 500}};
    const char *all = getenv("PRIDVOR_CAMPAIGN");
    unsigned longest = 0;
    for (size_t s = 0; s < COUNT(shapes); s++) {
        good_job(&shapes[s]);
        double before = transfers();
        good_job(&shapes[s]);
        unsigned n = (unsigned)(transfers() - before) + 2;
        longest = n > longest ? n : longest;
        for (size_t kind = 0; kind < COUNT(kinds); kind++)
            for (unsigned k = 1; k <= n; k += all || s == 0 ? 1 : 1 + (k > 6))
                one(&shapes[s], kind, k);
        good_job(&shapes[s]);
    }
    print_message("bus: %u cases (transfer k of at most %u, %zu kinds), %u of them seen, %u late\n", cases,
                  longest, COUNT(kinds), faults, slow);
    assert_true(cases >= 300);
    assert_true(faults > cases / 3); /* a lost product name, half a write: nobody notices, nobody need */
    assert_int_equal(slow, 0);
}

/* A link that only errs is a lost link, and a ring that nobody empties loses nothing. */
static void counted(void **state)
{
    (void)state;
    const struct bus_counters *c = bus_counters(bus);
    print_message("bus: %u clear-halt, %u lost, %llu transfers\n", c->clear_halt, c->lost,
                  (unsigned long long)c->transfers);
    assert_true(c->clear_halt > 0 && c->lost > 0);
    struct err e = {0};
    size_t row;
    assert_int_equal(bus_open(bus, rows, COUNT(rows), "serial:P0001", &row, &e), RC_OK);
    unsigned before = c->reset;
    assert_int_equal(bus_reset(bus, &e), RC_OK);
    assert_int_equal(bus_reset(bus, &e), RC_OK);
    assert_int_equal(bus_reset(bus, &e), RC_LIMIT); /* twice in ten minutes */
    assert_int_equal(c->reset, before + 2);
    assert_int_equal(bus_power(bus, &e), RC_UNSUPPORTED); /* no hub stands above the probe */
    assert_true(bus_is_open(bus));
    assert_int_equal(c->power, 0);
    bus_close(bus);
    assert_int_equal(bus_open(bus, rows, COUNT(rows), "serial:P0002", &row, &e), RC_NO_DEVICE);
}

int main(int argc, char **argv)
{
    (void)argc;
    struct err e = {0};
    dir = vdev_self("probe", argv);
    if (bus_new(-1, NULL, NULL, &bus, &e) != RC_OK)
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_transfer), cmocka_unit_test(counted)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bus_free(bus);
    return failed;
}
