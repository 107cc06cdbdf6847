/* The same bytes brought by some while others let go of them: what a row names is there, at every moment. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/doc_priv.h"
#include "common/base/fs.h"
#include "common/base/text.h"
#include "tests/db/doc_rig.h"

enum { HANDS = 4, ROUNDS = 150, PAPERS = 2 };

static struct bytes paper(unsigned which)
{
    static const char pdf[] = "%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
                              "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
                              "3 0 obj<</Type /Page/Parent 2 0 R/MediaBox[0 0 9 %u]>>endobj\n"
                              "xref\n0 4\ntrailer<</Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n";
    const char *text = arena_fmt(rig.a, pdf, which + 1, 0);
    int at = (int)(strstr(text, "xref") - text);
    text = arena_fmt(rig.a, pdf, which + 1, at);
    return BYTES(text, strlen(text));
}

static bool there(const char *hex)
{
    return fs_exists(arena_fmt(rig.a, "%s/%.2s/%s", rig.book.conf.blobs, hex, hex));
}

/* As when its term was over: the row says so, the file is let go of. */
static enum rc forget(struct work *w, const struct document *d, struct err *e)
{
    TRY(work_begin(w, e));
    enum rc rc = db_sync_script(
        w->db, arena_fmt(w->a, "UPDATE document SET disposed_at = now() WHERE id = '%s'", d->id), e);
    if (rc == RC_OK)
        rc = doc_let_go(w, &d->sha256, 1, NULL, e);
    return work_end(w, rc, e);
}

/* Exit codes: what went wrong. */
enum { HAND_OK, HAND_ADD, HAND_LOST, HAND_FORGET, HAND_SWEEP };

static int one_round(struct work *w, const char *id, unsigned which, struct err *e)
{
    const struct bytes b = paper(which);
    struct store_file *f SCOPED(store_dropp) = doc_file(&rig, b.p, b.len);
    const struct doc_upload up = {id, "scan", "x", NULL, NULL, f};
    struct document d;

    if (doc_add(w, &rig.ana, &up, &d, e) != RC_OK)
        return HAND_ADD;
    if (!there(d.sha256))
        return HAND_LOST;
    if (forget(w, &d, e) != RC_OK)
        return HAND_FORGET;
    /* years later */
    const char *aged = "UPDATE blob SET received_at = now() - interval '2 days' WHERE received_at > now() - "
                       "interval '1 day'";
    if (db_sync_script(w->db, aged, e) != RC_OK || doc_sweep(w, e) != RC_OK)
        return HAND_SWEEP;
    return HAND_OK;
}

static int hand(unsigned mine, const char *id)
{
    struct err e = {0};
    int said = HAND_OK;

    for (unsigned i = 0; i < ROUNDS && said == HAND_OK; i++) {
        ARENA_SCOPE(a);
        struct work w = book_job(&rig.book, a);
        said = one_round(&w, id, (i + mine / 2) % PAPERS, &e);
        db_sync_close(w.db);
    }
    if (said != HAND_OK)
        fprintf(stderr, "hand %u: %d %s\n", mine, said, e.text);
    return said;
}

static void every_row_has_its_file(void)
{
    const char *rows = doc_sql(
        &rig, "SELECT coalesce(string_agg(encode(sha256, 'hex'), ' '), '') FROM blob WHERE gone_at IS "
              "NULL AND terminal <> 'register'");
    for (const char *at = rows; strlen(at) >= 64; at += at[64] == ' ' ? 65 : 64)
        assert_true(there(arena_strn(rig.a, at, 64)));
}

static void many_hands_on_the_same_bytes(void **state)
{
    pid_t child[HANDS];

    (void)state;
    for (unsigned i = 0; i < HANDS; i++) {
        const char *id = doc_case(&rig, "petition.general", "in_work");
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0)
            _exit(hand(i, id));
    }
    int bad = 0;
    for (unsigned i = 0; i < HANDS; i++) {
        int status;
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        bad |= !WIFEXITED(status) || WEXITSTATUS(status) != HAND_OK;
    }
    assert_int_equal(bad, 0);
    every_row_has_its_file();
    /* nobody names them any more: the last sweep takes them */
    DOC_OK(doc_sweep(&rig.w, &doc_err));
    assert_string_equal(
        doc_sql(&rig, "SELECT count(*) FILTER (WHERE gone_at IS NULL OR leaving_at IS NOT NULL) FROM blob "
                      "WHERE terminal = 'account:ana'"),
        "0");
}

static void blob_sql(enum sql_id id, const struct db_param *p)
{
    DOC_OK(work_sql(&rig.w, id, p, NULL, &doc_err));
}

/* A terminal brings bytes on the day on which they go. */
static void what_is_on_its_way_stays(void **state)
{
    const struct store_place place = {rig.book.conf.blobs, 1};
    char hex[STORE_HEX];
    const char *file = hex;

    (void)state;
    DOC_OK(store_put(&place, BYTES("%PDF-1.7 terminal", 17), hex, &doc_err));
    struct db_param put[] = {DB_STR(hex), DB_STR("17"), DB_STR("application/pdf"), DB_STR("K01")};
    struct db_param coming[] = {DB_STR("K01"), DB_STR(hex)};
    blob_sql(SQL_BLOB_PUT, put);
    doc_sql(&rig, "UPDATE blob SET received_at = now() - interval '9 years'");
    blob_sql(SQL_BLOB_COMING, coming);
    DOC_OK(doc_let_go(&rig.w, &file, 1, NULL, &doc_err));
    DOC_OK(doc_sweep(&rig.w, &doc_err));
    assert_true(there(hex));
    /* a day later it is a paper of a case: what was let go of stays for that one */
    const char *aged = "UPDATE blob SET wanted_at = now() - interval '2 days'";
    doc_sql(&rig, "%s", aged);
    const char *id = doc_case(&rig, "petition.general", "in_work");
    doc_sql(&rig,
            "INSERT INTO document (id, case_id, institution, kind, title, lang, sha256, size, type, made_at, "
            "made_by) VALUES (gen_random_uuid(), '%s', 'hall-1', 'attachment', 'x', 'ro', decode('%s', "
            "'hex'), 17, 'application/pdf', now(), 'citizen')",
            id, hex);
    DOC_OK(doc_sweep(&rig.w, &doc_err));
    assert_true(there(hex));
    const char *row = arena_fmt(rig.a,
                                "SELECT (leaving_at IS NULL) || ' ' || (gone_at IS NULL) FROM blob "
                                "WHERE sha256 = decode('%s', 'hex')",
                                hex);
    assert_string_equal(doc_sql(&rig, "%s", row), "true true");
    /* nobody names it: it goes, and comes again whole */
    doc_sql(&rig, "UPDATE document SET disposed_at = now() WHERE case_id = '%s'", id);
    int64_t only = 0;
    DOC_OK(doc_let_go(&rig.w, &file, 1, &only, &doc_err));
    assert_int_equal(only, 1);
    DOC_OK(doc_sweep(&rig.w, &doc_err));
    assert_false(there(hex));
    assert_string_equal(doc_sql(&rig, "%s", row), "true false");
    blob_sql(SQL_BLOB_COMING, coming);
    DOC_OK(store_put(&place, BYTES("%PDF-1.7 terminal", 17), hex, &doc_err));
    blob_sql(SQL_BLOB_PUT, put);
    DOC_OK(doc_sweep(&rig.w, &doc_err));
    assert_true(there(hex));
    assert_string_equal(doc_sql(&rig, "%s", row), "true true");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(many_hands_on_the_same_bytes),
                                       cmocka_unit_test(what_is_on_its_way_stays)};
    return cmocka_run_group_tests(tests, doc_setup, doc_teardown);
}
