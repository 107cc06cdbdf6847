/* 1,000 power cuts of the queue on a disk that undoes unsynced writes, against a list of what the queue
 * acknowledged. The controls run the same with the wrong settings and must lose something: a model that finds
 * nothing proves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "firmware/queue.h"
#include "tests/unit/powercut_vfs.h"

#define ITEMS 40
#define BODY_MAX 20000
#define BLOBS 3

/* What the queue promised about one item. `maybe`: the change during which the power went; either is right.
 */
struct promise {
    char id[UUID_LEN];
    enum queue_state state, maybe;
    bool unsure, unsure_gone;
    uint32_t seed; /* of the body */
    size_t len;
    size_t blobs; /* attachments put with it */
};
struct run {
    const char *name;
    struct queue_conf conf;
    bool lying;
    int cuts;
};
struct tally {
    int cuts, acknowledged, lost, corrupt;
};

static char dir[] = "/tmp/pridvor-cut-XXXXXX";
static struct promise promises[ITEMS];
static size_t n_promises;
static uint32_t rnd_state = 12345;

static uint32_t draw(uint32_t n)
{
    rnd_state = rnd_state * 1664525u + 1013904223u;
    return (rnd_state >> 8) % n;
}

static void body_of(const struct promise *p, char *out)
{
    uint32_t x = p->seed | 1;
    for (size_t i = 0; i < p->len; i++) {
        x = x * 69069u + 1;
        out[i] = (char)('a' + (x >> 24) % 26);
    }
}

/* 1 to 40 KB whose hash is its name. */
static void blob_of(const struct promise *p, size_t i, struct queue_blob *out)
{
    static char space[BLOBS][40000];
    struct promise as = {.seed = p->seed + (uint32_t)i + 1, .len = 1000 + (p->seed + i * 7919) % 39000};
    uint8_t hash[SHA256_LEN];
    body_of(&as, space[i]);
    sha256(hash, space[i], as.len);
    hex_encode(out->sha256, hash, sizeof(hash));
    out->data = BYTES(space[i], as.len);
}

/* No request without its attachments, and none that was put with it is another than it was. */
static bool blobs_hold(struct queue *q, const struct promise *p, struct arena *a)
{
    struct err e;
    struct queue_blob b = {0};
    int64_t n = 0, bytes = 0, want = 0;
    bool found = false;
    uint8_t hash[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1];
    for (size_t i = 0; i < p->blobs; i++) {
        blob_of(p, i, &b);
        want += (int64_t)b.data.len;
    }
    if (queue_blob_count(q, p->id, &n, &bytes, &e) != RC_OK || n != (int64_t)p->blobs || bytes != want)
        return false;
    if (queue_blob_next(q, a, p->id, &b, &found, &e) != RC_OK)
        return false;
    if (!found)
        return true;
    sha256(hash, b.data.p, b.data.len);
    hex_encode(hex, hash, sizeof(hash));
    return strcmp(hex, b.sha256) == 0;
}

static struct promise *any(unsigned states)
{
    for (int tries = 0; tries < 20 && n_promises; tries++) {
        struct promise *p = &promises[draw((uint32_t)n_promises)];
        if (states & (1u << p->state))
            return p;
    }
    return NULL;
}

static void forget(struct promise *p)
{
    *p = promises[--n_promises];
}

/* One change. Returns false when the queue refused it. */
static bool do_put(struct queue *q, struct tally *t)
{
    struct err e;
    static char body[BODY_MAX];
    if (n_promises == ITEMS)
        return true;
    struct promise *p = &promises[n_promises];
    *p = (struct promise){.seed = draw(1u << 30), .len = 200 + draw(BODY_MAX - 200)};
    assert_int_equal(uuid7(p->id, &e), RC_OK);
    body_of(p, body);
    n_promises++;
    struct queue_blob blobs[BLOBS];
    p->blobs = draw(BLOBS + 1);
    for (size_t i = 0; i < p->blobs; i++)
        blob_of(p, i, &blobs[i]);
    if (queue_put_with(q, p->id, BYTES(body, p->len), (struct queue_blobs){blobs, p->blobs}, &e) == RC_OK) {
        t->acknowledged++;
        return true;
    }
    p->unsure = p->unsure_gone = true;
    return false;
}

static bool do_blob(struct queue *q, struct tally *t)
{
    struct err e;
    struct queue_blob b;
    bool found;
    ARENA_SCOPE(a);
    struct promise *p = any(1u << QUEUE_QUEUED | 1u << QUEUE_SENT);
    if (!p || !p->blobs)
        return true;
    if (queue_blob_next(q, a, p->id, &b, &found, &e) != RC_OK)
        return false;
    bool ok = !found || queue_blob_sent(q, p->id, b.sha256, &e) == RC_OK;
    t->acknowledged += ok;
    return ok;
}

static bool settle(struct promise *p, enum rc rc, enum queue_state to, struct tally *t)
{
    if (rc == RC_OK) {
        p->state = to;
        t->acknowledged++;
        return true;
    }
    p->unsure = true;
    p->maybe = to;
    return false;
}

static bool do_sent(struct queue *q, struct tally *t)
{
    struct err e;
    struct promise *p = any(1u << QUEUE_QUEUED);
    return !p || settle(p, queue_sent(q, p->id, &e), QUEUE_SENT, t);
}

static bool do_ack(struct queue *q, struct tally *t)
{
    struct err e;
    struct promise *p = any(1u << QUEUE_QUEUED | 1u << QUEUE_SENT);
    return !p || settle(p, queue_ack(q, p->id, p->id, 36, &e), QUEUE_ACKED, t);
}

static bool do_dead(struct queue *q, struct tally *t)
{
    struct err e;
    struct promise *p = any(1u << QUEUE_SENT);
    return !p || settle(p, queue_dead(q, p->id, "RC_TEST", &e), QUEUE_DEAD, t);
}

static bool do_journal(struct queue *q, struct tally *t)
{
    struct err e;
    int64_t n;
    struct promise *p = any(~0u);
    if (!p)
        return true;
    if (queue_journal(q, p->id, "print", "A1b2", &n, &e) != RC_OK)
        return false;
    t->acknowledged++;
    return queue_journal_end(q, n, "done", &e) == RC_OK;
}

static bool do_prune(struct queue *q, struct tally *t)
{
    struct err e;
    if (n_promises < ITEMS / 2)
        return true;
    bool ok = queue_prune(q, INT64_MAX, &e) == RC_OK;
    for (size_t i = n_promises; i-- > 0;) {
        if (promises[i].state != QUEUE_ACKED)
            continue;
        if (ok)
            forget(&promises[i]);
        else
            promises[i].unsure = promises[i].unsure_gone = true;
    }
    t->acknowledged += ok;
    return ok;
}

static bool (*const changes[])(struct queue *, struct tally *) = {
    do_put, do_put, do_put, do_sent, do_sent, do_ack, do_ack, do_journal, do_dead, do_prune, do_blob};

/* Does the item keep its promise? What is unsure becomes what is found. */
static bool holds(struct queue *q, struct promise *p, bool *gone)
{
    static char want[BODY_MAX];
    struct queue_item item = {0};
    struct err e;
    ARENA_SCOPE(a);
    enum rc rc = queue_get(q, a, p->id, &item, &e);
    *gone = rc == RC_NOT_FOUND && p->unsure_gone;
    if (*gone)
        return true;
    if (rc != RC_OK || !(item.state == p->state || (p->unsure && !p->unsure_gone && item.state == p->maybe)))
        return false;
    p->state = item.state;
    p->unsure = p->unsure_gone = false;
    if (item.state == QUEUE_ACKED)
        return item.len == 36 && memcmp(item.body, p->id, 36) == 0;
    body_of(p, want);
    return item.len == p->len && memcmp(item.body, want, p->len) == 0 &&
           (item.state == QUEUE_DEAD || blobs_hold(q, p, a));
}

static int verify(struct queue *q)
{
    int lost = 0;
    for (size_t i = n_promises; i-- > 0;) {
        bool gone = false;
        if (!holds(q, &promises[i], &gone)) {
            lost++;
            gone = true;
        }
        if (gone)
            forget(&promises[i]);
    }
    return lost;
}

static void new_disk(const struct run *r, unsigned seed)
{
    powercut_reset(seed);
    powercut_lying(r->lying);
    n_promises = 0;
}

/* From switching on to the next cut. */
static void life(const struct run *r, struct tally *t, unsigned seed)
{
    struct queue *q = NULL;
    struct err e = {0};
    powercut_arm(1 + (long)draw(300)); /* also while it opens and recovers */
    enum rc rc = queue_open(&r->conf, &q, &e);
    if (rc != RC_OK && !powercut_is_off()) {
        t->corrupt++;
        new_disk(r, seed);
        return;
    }
    if (rc == RC_OK && !powercut_is_off()) {
        t->lost += verify(q);
        while (changes[draw(COUNT(changes))](q, t))
            ;
    }
    queue_close(q);
    assert_true(powercut_is_off());
    powercut_restore();
    t->cuts++;
}

static struct tally play(const struct run *r)
{
    struct tally t = {0};
    new_disk(r, 1);
    for (unsigned i = 1; t.cuts < r->cuts; i++)
        life(r, &t, i);
    printf("%-24s %5d cuts, %6d acknowledged, %4d lost, %4d corrupt\n", r->name, t.cuts, t.acknowledged,
           t.lost, t.corrupt);
    return t;
}

static struct queue_conf conf(const char *synchronous, bool powersafe)
{
    static char key[64];
    snprintf(key, sizeof(key), "%s/key", dir);
    return (struct queue_conf){.path = "q.db",
                               .key_path = key,
                               .max_bytes = 24 << 20,
                               .vfs = POWERCUT_VFS,
                               .synchronous = synchronous,
                               .powersafe = powersafe};
}

static void test_full(void **state)
{
    (void)state;
    const struct run r = {"synchronous=FULL", conf(NULL, false), false, 1000};
    struct tally t = play(&r);
    assert_int_equal(t.lost, 0);
    assert_int_equal(t.corrupt, 0);
    assert_true(t.acknowledged > 1000);
}

static void must_lose(const struct run *r)
{
    struct tally t = play(r);
    assert_true(t.lost + t.corrupt > 0);
}

static void test_controls(void **state)
{
    (void)state;
    const struct run runs[] = {
        {"control NORMAL", conf("NORMAL", false), false, 200},
        {"control OFF", conf("OFF", false), false, 200},
        {"control lying fsync", conf(NULL, false), true, 200},
        {"control sector believed", conf(NULL, true), false, 200},
    };
    for (size_t i = 0; i < COUNT(runs); i++)
        must_lose(&runs[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_full), cmocka_unit_test(test_controls)};
    if (!mkdtemp(dir))
        return 1;
    powercut_register();
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    char key[64];
    snprintf(key, sizeof(key), "%s/key", dir);
    unlink(key);
    rmdir(dir);
    powercut_reset(0);
    return rc;
}
