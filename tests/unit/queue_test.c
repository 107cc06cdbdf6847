/* The queue on a real file system: seals, keys, order, limits, a full disk. Power cuts have their own test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sched.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "common/base/fs.h"
#include "firmware/queue.h"

struct place {
    char dir[64], db[96], key[96];
};

static void fill_place(struct place *p)
{
    snprintf(p->db, sizeof(p->db), "%s/queue.db", p->dir);
    snprintf(p->key, sizeof(p->key), "%s/queue.key", p->dir);
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    snprintf(p->dir, sizeof(p->dir), "/tmp/pridvor-queue-XXXXXX");
    if (!mkdtemp(p->dir))
        return -1;
    fill_place(p);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    static const char *const names[] = {"queue.db", "queue.db-wal", "queue.db.reserve", "queue.key",
                                        "other.key"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", p->dir, names[i]);
        unlink(path);
    }
    rmdir(p->dir);
    free(p);
    return 0;
}

static struct queue *open_at(const struct place *p, int64_t max)
{
    struct queue *q = NULL;
    struct err e = {0};
    const struct queue_conf c = {.path = p->db, .key_path = p->key, .max_bytes = max};
    if (queue_open(&c, &q, &e) != RC_OK)
        fail_msg("queue_open: %s", e.text);
    return q;
}

static enum rc try_open(const struct place *p, struct err *e)
{
    struct queue *q = NULL;
    const struct queue_conf c = {.path = p->db, .key_path = p->key};
    enum rc rc = queue_open(&c, &q, e);
    queue_close(q);
    return rc;
}

static void put(struct queue *q, char id[UUID_LEN], const char *body)
{
    struct err e = {0};
    assert_int_equal(uuid7(id, &e), RC_OK);
    assert_int_equal(queue_put(q, id, body, strlen(body), &e), RC_OK);
}

static void expect_next(struct queue *q, const char *id, const char *body)
{
    struct err e = {0};
    struct queue_item item = {0};
    bool found = false;
    ARENA_SCOPE(a);
    assert_int_equal(queue_next(q, a, &item, &found, &e), RC_OK);
    assert_int_equal(found, id != NULL);
    if (id) {
        assert_string_equal(item.id, id);
        assert_string_equal(item.body, body);
    }
}

static void expect_counts(struct queue *q, int queued, int sent, int acked, int dead)
{
    struct err e = {0};
    int64_t n[QUEUE_STATES];
    assert_int_equal(queue_counts(q, n, &e), RC_OK);
    assert_int_equal(n[QUEUE_QUEUED], queued);
    assert_int_equal(n[QUEUE_SENT], sent);
    assert_int_equal(n[QUEUE_ACKED], acked);
    assert_int_equal(n[QUEUE_DEAD], dead);
}

static void test_life(void **state)
{
    char a[UUID_LEN], b[UUID_LEN];
    struct err e = {0};
    struct queue *q = open_at(*state, 0);
    put(q, a, "first");
    put(q, b, "second");
    expect_next(q, a, "first");
    assert_int_equal(queue_put(q, a, "first again", 11, &e), RC_OK);
    expect_next(q, a, "first again");
    assert_int_equal(queue_sent(q, a, &e), RC_OK);
    assert_int_equal(queue_put(q, a, "too late", 8, &e), RC_OK);
    expect_next(q, a, "first again"); /* what may have left is not replaced */
    assert_int_equal(queue_retry(q, a, &e), RC_OK);
    expect_next(q, b, "second"); /* one that is refused again and again does not hold up the others */
    queue_close(q);
    q = open_at(*state, 0);
    expect_counts(q, 1, 1, 0, 0);
    assert_int_equal(queue_ack(q, b, "15/22.11.2026", 13, &e), RC_OK);
    assert_int_equal(queue_dead(q, a, "RC_BAD_FIELD", &e), RC_OK);
    expect_next(q, NULL, NULL);
    expect_counts(q, 0, 0, 1, 1);
    ARENA_SCOPE(arena);
    struct queue_item item;
    assert_int_equal(queue_get(q, arena, b, &item, &e), RC_OK);
    assert_string_equal(item.body, "15/22.11.2026");
    assert_int_equal(queue_prune(q, INT64_MAX, &e), RC_OK);
    expect_counts(q, 0, 0, 0, 1);
    queue_close(q);
}

static void test_journal(void **state)
{
    char id[UUID_LEN];
    struct err e = {0};
    int64_t n, copies;
    struct queue *q = open_at(*state, 0);
    put(q, id, "x");
    assert_int_equal(queue_journal(q, id, "print", "A1b2", &n, &e), RC_OK);
    assert_int_equal(queue_journal_end(q, n, "not-done", &e), RC_OK);
    assert_int_equal(queue_journal_copies(q, id, &copies, &e), RC_OK);
    assert_int_equal(copies, 0); /* nothing on paper: the next one is no copy */
    assert_int_equal(queue_journal(q, id, "print", "C3d4", &n, &e), RC_OK);
    queue_close(q);
    q = open_at(*state, 0); /* died while printing */
    assert_int_equal(queue_journal_unknown(q), 1);
    assert_int_equal(queue_journal_copies(q, id, &copies, &e), RC_OK);
    assert_int_equal(copies, 1);
    queue_close(q);
}

static bool file_has(const char *path, const char *word)
{
    ARENA_SCOPE(a);
    char *p;
    size_t len;
    struct err e;
    return fs_read(a, path, 64 << 20, &p, &len, &e) == RC_OK && memmem(p, len, word, strlen(word));
}

/* A stolen disk: neither the file nor the log holds a word of the person. */
static void test_sealed(void **state)
{
    const struct place *p = *state;
    char id[UUID_LEN], wal[128], body[4000] = "{\"cnp\":\"2900101123457\",\"name\":\"POPESCU\"";
    struct stat st;
    struct queue *q = open_at(p, 0);
    memset(body + strlen(body), ' ', 2000);
    put(q, id, body);
    snprintf(wal, sizeof(wal), "%s-wal", p->db);
    const char *const files[] = {p->db, wal};
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT(files); i++) {
            assert_false(file_has(files[i], "2900101123457"));
            assert_false(file_has(files[i], "POPESCU"));
            if (stat(files[i], &st) == 0)
                assert_int_equal(st.st_mode & 077, 0);
        }
        if (round == 0)
            queue_close(q);
    }
    assert_true(file_has(p->db, id)); /* the search itself works */
    assert_int_equal(stat(p->key, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void expect_code(const struct place *p, const char *code)
{
    struct err e = {0};
    assert_int_not_equal(try_open(p, &e), RC_OK);
    assert_non_null(e.code);
    assert_string_equal(e.code, code);
}

static void test_keys(void **state)
{
    const struct place *p = *state;
    char id[UUID_LEN], other[128];
    struct err e = {0};
    struct queue *q = open_at(p, 0);
    put(q, id, "body");
    expect_code(p, "QUEUE_BUSY"); /* one kioskd per queue */
    queue_close(q);
    snprintf(other, sizeof(other), "%s/other.key", p->dir);
    assert_int_equal(rename(p->key, other), 0);
    expect_code(p, "QUEUE_KEY"); /* a queue without its key is not silently begun anew */
    assert_int_equal(fs_write(p->key, "0123456789abcdef0123456789abcdef", 32, 0600, &e), RC_OK);
    expect_code(p, "QUEUE_KEY");
    assert_int_equal(fs_write(p->key, "short", 5, 0600, &e), RC_OK);
    expect_code(p, "QUEUE_KEY");
    unlink(p->key);
    assert_int_equal(rename(other, p->key), 0);
    assert_int_equal(chmod(p->key, 0644), 0);
    expect_code(p, "QUEUE_KEY"); /* others can read it */
    assert_int_equal(chmod(p->key, 0600), 0);
    q = open_at(p, 0);
    expect_next(q, id, "body");
    queue_close(q);
}

static void raw(const struct place *p, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void test_tampered(void **state)
{
    static const char *const edits[] = {
        "UPDATE item SET sealed=zeroblob(40) WHERE n=1",
        "UPDATE item SET sealed=substr(sealed,1,length(sealed)-1) WHERE n=1",
        "UPDATE item SET sealed=x'' WHERE n=1",
        "UPDATE item SET sealed=(SELECT sealed FROM item WHERE n=2) WHERE n=1", /* somebody else's request */
        "UPDATE item SET state=2 WHERE n=1", /* a request shown as an answer */
    };
    for (size_t i = 0; i < COUNT(edits); i++) {
        char a[UUID_LEN], b[UUID_LEN];
        struct err e = {0};
        struct queue_item item;
        ARENA_SCOPE(arena);
        void *place = NULL;
        assert_int_equal(setup(&place), 0);
        struct queue *q = open_at(place, 0);
        put(q, a, "mine");
        put(q, b, "yours");
        queue_close(q);
        raw(place, edits[i]);
        q = open_at(place, 0);
        assert_int_not_equal(queue_get(q, arena, a, &item, &e), RC_OK);
        assert_string_equal(e.code, "QUEUE_SEAL");
        expect_next(q, b, "yours"); /* set aside, never sent, holds up nobody */
        queue_close(q);
        teardown(&place);
    }
    (void)state;
}

static void test_damaged(void **state)
{
    const struct place *p = *state;
    char id[UUID_LEN];
    struct queue *q = open_at(p, 0);
    put(q, id, "body");
    queue_close(q);
    FILE *f = fopen(p->db, "r+");
    assert_non_null(f);
    fseek(f, 0, SEEK_SET);
    fputs("this is no database at all", f);
    fclose(f);
    expect_code(p, "QUEUE_DAMAGED");
}

/* At its size limit the queue refuses new requests and still does everything else. */
static void test_full(void **state)
{
    static char body[8000];
    char ids[400][UUID_LEN], extra[UUID_LEN];
    struct err e = {0};
    int64_t n;
    size_t held = 0;
    struct queue *q = open_at(*state, 1 << 20);
    memset(body, 'x', sizeof(body));
    while (held < COUNT(ids)) {
        assert_int_equal(uuid7(ids[held], &e), RC_OK);
        if (queue_put(q, ids[held], body, sizeof(body), &e) != RC_OK)
            break;
        held++;
    }
    assert_int_equal(e.rc, RC_NO_SPACE);
    assert_true(held > 40 && held < COUNT(ids));
    for (size_t i = 0; i < held; i++) {
        assert_int_equal(queue_sent(q, ids[i], &e), RC_OK);
        assert_int_equal(queue_journal(q, ids[i], "print", "A1b2", &n, &e), RC_OK);
        assert_int_equal(queue_ack(q, ids[i], "n", 1, &e), RC_OK);
    }
    assert_int_equal(queue_prune(q, INT64_MAX, &e), RC_OK);
    assert_int_equal(uuid7(extra, &e), RC_OK);
    assert_int_equal(queue_put(q, extra, body, sizeof(body), &e), RC_OK);
    expect_counts(q, 1, 0, 0, 0);
    printf("size limit: %zu requests held, all acknowledged afterwards\n", held);
    queue_close(q);
}

#define SKIP 77
/* A mount namespace of this process alone: as root directly, else as root of a user namespace. */
static bool own_mounts(void)
{
    char map[32];
    snprintf(map, sizeof(map), "0 %u 1", (unsigned)geteuid());
    if (unshare(CLONE_NEWNS) != 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
            return false;
        FILE *f = fopen("/proc/self/uid_map", "w");
        if (!f || fputs(map, f) < 0 || fclose(f) != 0)
            return false;
    }
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* In a file system of 4 MB of its own: what remains when another program has taken the disk. */
static int on_small_disk(const struct place *p)
{
    static char body[20000];
    char ids[200][UUID_LEN];
    struct err e = {0};
    size_t held = 0, acked = 0;
    if (!own_mounts() || mount("none", p->dir, "tmpfs", 0, "size=4m") != 0)
        return SKIP;
    struct queue *q = open_at(p, 0);
    memset(body, 'x', sizeof(body));
    while (held < COUNT(ids) && uuid7(ids[held], &e) == RC_OK &&
           queue_put(q, ids[held], body, sizeof(body), &e) == RC_OK)
        held++;
    if (e.rc != RC_NO_SPACE || held == 0)
        return 1;
    for (size_t i = 0; i < held; i++)
        acked += queue_ack(q, ids[i], "n", 1, &e) == RC_OK;
    bool pruned = queue_prune(q, INT64_MAX, &e) == RC_OK;
    bool again = uuid7(ids[0], &e) == RC_OK && queue_put(q, ids[0], body, sizeof(body), &e) == RC_OK;
    printf("full disk: %zu requests held, %zu acknowledged on it, pruned %d, new one afterwards %d\n", held,
           acked, pruned, again);
    fflush(stdout);
    queue_close(q);
    return acked == held && pruned && again ? 0 : 1;
}

static void test_disk_full(void **state)
{
    pid_t pid = fork();
    int status = 0;
    if (pid == 0)
        _exit(on_small_disk(*state));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIP) {
        printf("full disk: skipped, this machine lets no test mount a small one\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static struct queue_blob blob(const char *text, char fill)
{
    struct queue_blob b = {.data = BYTES(text, strlen(text))};
    memset(b.sha256, fill, 64);
    return b;
}

/* Attachments: sealed, in order, gone with the acknowledgement, asked for again, never half there. */
static void test_blobs(void **state)
{
    struct place *p = *state;
    char id[UUID_LEN];
    struct err e = {0};
    struct queue *q = open_at(p, 0);
    ARENA_SCOPE(a);
    const struct queue_blob both[] = {blob("first page MARKERMARKER", 'a'), blob("second", 'b')};
    struct queue_blob next;
    int64_t n, bytes;
    bool found;
    assert_int_equal(uuid7(id, &e), RC_OK);
    assert_int_equal(queue_put_with(q, id, BYTES("one", 3), (struct queue_blobs){both, 1}, &e), RC_OK);
    assert_int_equal(queue_put_with(q, id, BYTES("two", 3), (struct queue_blobs){both, 2}, &e), RC_OK);
    assert_int_equal(queue_blob_count(q, id, &n, &bytes, &e), RC_OK);
    assert_true(n == 2 && bytes == 29);
    const struct queue_blob twin[] = {both[0], both[0]};
    assert_int_not_equal(queue_put_with(q, id, BYTES("bad", 3), (struct queue_blobs){twin, 2}, &e), RC_OK);
    expect_next(q, id, "two"); /* the failed change left nothing */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(queue_blob_next(q, a, id, &next, &found, &e), RC_OK);
        assert_true(found);
        assert_string_equal(next.sha256, both[i].sha256);
        assert_int_equal(next.data.len, both[i].data.len);
        assert_memory_equal(next.data.p, both[i].data.p, next.data.len);
        assert_int_equal(queue_blob_sent(q, id, next.sha256, &e), RC_OK);
    }
    assert_int_equal(queue_blob_next(q, a, id, &next, &found, &e), RC_OK);
    assert_false(found);
    assert_int_equal(queue_blobs_again(q, id, &e), RC_OK);
    assert_int_equal(queue_blob_next(q, a, id, &next, &found, &e), RC_OK);
    assert_true(found);
    assert_int_equal(queue_sent(q, id, &e), RC_OK); /* from now on nothing of it changes */
    assert_int_equal(queue_put_with(q, id, BYTES("late", 4), (struct queue_blobs){NULL, 0}, &e), RC_OK);
    assert_int_equal(queue_blob_count(q, id, &n, &bytes, &e), RC_OK);
    assert_int_equal(n, 2);
    assert_int_equal(queue_ack(q, id, "answer", 6, &e), RC_OK);
    assert_int_equal(queue_blob_count(q, id, &n, &bytes, &e), RC_OK);
    assert_int_equal(n, 0);
    queue_close(q);
    char *file;
    size_t len;
    assert_int_equal(fs_read(a, p->db, 8 << 20, &file, &len, &e), RC_OK);
    assert_null(memmem(file, len, "MARKER", 6));
}

/* What does not fit is refused whole, and asked about before somebody scans. */
static void test_blobs_full(void **state)
{
    char id[UUID_LEN];
    struct err e = {0};
    struct queue *q = open_at(*state, 4 << 20);
    static char page[3 << 20];
    struct queue_blob big = {.data = BYTES(page, sizeof(page))};
    int64_t n, bytes;
    memset(big.sha256, 'c', 64);
    assert_true(queue_has_room(q, 2 << 20));
    assert_int_equal(uuid7(id, &e), RC_OK);
    assert_int_equal(queue_put_with(q, id, BYTES("x", 1), (struct queue_blobs){&big, 1}, &e), RC_OK);
    assert_false(queue_has_room(q, 2 << 20));
    assert_int_equal(uuid7(id, &e), RC_OK);
    assert_int_equal(queue_put_with(q, id, BYTES("x", 1), (struct queue_blobs){&big, 1}, &e), RC_NO_SPACE);
    assert_int_equal(queue_blob_count(q, id, &n, &bytes, &e), RC_OK);
    assert_int_equal(n, 0);
    expect_counts(q, 1, 0, 0, 0);
    queue_close(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_life), T(test_blobs),    T(test_blobs_full), T(test_journal), T(test_sealed),
        T(test_keys), T(test_tampered), T(test_damaged),    T(test_full),    T(test_disk_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
