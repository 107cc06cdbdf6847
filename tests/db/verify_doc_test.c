/* docs/VERIFY.md is enough: its own statements and its own rules, and nothing of the program's, build every
 * hash of the audit and of the registers again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/audit.h"
#include "backend/book_seal.h"
#include "common/base/crypto.h"
#include "common/base/fs.h"
#include "common/base/json.h"
#include "common/base/text.h"
#include "tests/db/book_rig.h"

enum { AUDIT, PAGES, FORMS, ENTRIES, STATEMENTS, DOC_MAX = 1 << 20 };

static struct book_rig rig;
static const char *statements[STATEMENTS];

/* Every member of a row takes every shape that it can have. */
static const char audit_rows[] =
    "INSERT INTO audit (at, request_id, institution, actor, act, detail) SELECT now() - g * interval '1 ms', "
    "CASE WHEN g % 3 = 0 THEN gen_random_uuid() END, (ARRAY['hall-1','hall-2',NULL])[1 + g % 3], 'K' || g % "
    "7, "
    "'registered', (ARRAY[NULL, '', 'două:3,-', E'\\n|\"x'])[1 + g % 4] FROM generate_series(1, 60) g";

static void fill(void)
{
    static const char *const days[] = {"2024-12-31T21:30:00.000Z", "2025-03-04T08:00:00.123Z",
                                       "2025-03-05T08:00:00.000Z"};
    static const struct book_entry in = {.institution = "hall-1",
                                         .reg = "general",
                                         .direction = BOOK_OUT,
                                         .subject = "Răspuns, „1:a,”",
                                         .correspondent = "Pop"};
    static const struct book_fix fix = {"hall-1", "general", 2025, 2, "Răspuns corectat", "greșeală"};
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct actor rodica = book_actor(&w, "rodica");
    struct book_line line;
    struct book_sealed done;
    struct err e = {0};

    for (size_t d = 0; d < COUNT(days); d++) {
        book_now = book_ms(days[d]);
        book_request(&rig, "hall-1", "general", days[d]);
        assert_int_equal(book_enter(&w, &rodica, &in, &line, &e), RC_OK);
        if (d == 0) /* as version 1 left it */
            book_script(&rig,
                        "SET session_replication_role = replica; UPDATE register_entry SET salt = NULL");
        book_request(&rig, "hall-2", "petitions", days[d]);
    }
    assert_int_equal(book_correct(&w, &rodica, &fix, &line, &e), RC_OK);
    book_now = 0;
    assert_int_equal(book_seal(&w, &done, &e), RC_OK);
    book_script(&rig, audit_rows);
    assert_int_equal(audit_seal_all(w.db, &e), RC_OK);
    db_sync_close(w.db);
}

static int setup(void **state)
{
    static const char open[] = "```sql\n";
    struct err e = {0};
    char *text, *at;
    size_t len;

    (void)state;
    if (!book_rig_make(&rig))
        exit(77);
    assert_int_equal(fs_read(rig.a, "docs/VERIFY.md", DOC_MAX, &text, &len, &e), RC_OK);
    at = text;
    for (size_t i = 0; i < STATEMENTS; i++) {
        at = strstr(at, open);
        assert_non_null(at);
        char *end = strstr(at + strlen(open), "```");
        assert_non_null(end);
        statements[i] = arena_strn(rig.a, at + strlen(open), (size_t)(end - at) - strlen(open));
        at = end + 3;
    }
    assert_null(strstr(at, open));
    fill();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    book_rig_free(&rig);
    return 0;
}

static struct jval *rows_of(struct db_sync *s, struct arena *a, const char *sql, size_t *n)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct err e = {0};

    if (db_sync_query(s, sql, NULL, 0, &r, &e) != RC_OK)
        fail_msg("%s", e.text);
    *n = (size_t)db_rows(r);
    struct jval *rows = ARENA_ARRAY(a, struct jval, *n + 1);
    for (size_t i = 0; i < *n; i++) {
        struct jval *row;
        const char *text = db_text(r, (int)i, 0);
        if (jval_parse(a, text, strlen(text), &row, &e) != RC_OK || row->kind != JV_ARR)
            fail_msg("%s: %s", text, e.text);
        rows[i] = *row;
    }
    return rows;
}

static const char *word(const struct jval *row, size_t i)
{
    assert_true(i < row->n && row->items[i].kind == JV_STR);
    return row->items[i].s;
}

static int64_t number(const struct jval *row, size_t i)
{
    assert_true(i < row->n && row->items[i].kind == JV_INT);
    return row->items[i].i;
}

static void members(struct buf *out, const struct jval *row, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const struct jval *v = &row->items[i];
        char digits[24];
        snprintf(digits, sizeof(digits), "%lld", (long long)v->i);
        const char *s = v->kind == JV_INT ? digits : v->s;
        if (v->kind == JV_NULL)
            buf_str(out, "-,");
        else
            buf_fmt(out, "%zu:%s,", strlen(s), s);
    }
}

static void begin_text(struct buf *out, const char *text)
{
    uint8_t hash[SHA256_LEN];
    sha256(hash, text, strlen(text));
    buf_add(out, hash, sizeof(hash));
}

static void begin_hex(struct buf *out, const char *hex)
{
    uint8_t hash[SHA256_LEN];
    size_t len;
    assert_true(hex_decode(hash, sizeof(hash), &len, hex) && len == sizeof(hash));
    buf_add(out, hash, sizeof(hash));
}

static bool meets(const struct buf *what, const char *hex)
{
    uint8_t hash[SHA256_LEN];
    char mine[2 * SHA256_LEN + 1];
    sha256(hash, what->p, what->len);
    hex_encode(mine, hash, sizeof(hash));
    return strcmp(mine, hex) == 0;
}

/* Rows that are not what was sealed. */
static size_t audit_bad(size_t *chains)
{
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    size_t n, bad = 0;
    int64_t seq = 0;
    struct jval *rows = rows_of(w.db, a, statements[AUDIT], &n);

    *chains = 0;
    for (size_t i = 0; i < n; i++) {
        BUF_SCOPE(b);
        bool first = i == 0 || strcmp(word(&rows[i], 0), word(&rows[i - 1], 0)) != 0;
        if (first)
            begin_text(&b, arena_fmt(a, "pridvor audit %s", word(&rows[i], 0)));
        else
            begin_hex(&b, word(&rows[i - 1], 1));
        seq = first ? 1 : seq + 1;
        *chains += first;
        members(&b, &rows[i], 2, rows[i].n);
        bad += !meets(&b, word(&rows[i], 1)) || number(&rows[i], 2) != seq;
    }
    db_sync_close(w.db);
    return bad;
}

/* ---- lines of version 2 ---- */

enum { SALT = 18, SALT_LEN = 32 };
static const struct {
    const char *name;
    size_t text, sum;
} personal[] = {{"correspondent", 9, 19}, {"subject", 10, 20}, {"paper_number", 12, 21}, {"reason", 17, 22}};

static const char *digest(struct arena *a, const struct jval *row, size_t k)
{
    const struct jval *value = &row->items[personal[k].text];
    uint8_t salt[SALT_LEN], hash[SHA256_LEN];
    char *hex = arena_alloc(a, 2 * SHA256_LEN + 1);
    BUF_SCOPE(b);
    size_t len;

    if (row->items[personal[1].sum].kind != JV_NULL) { /* it was erased */
        const struct jval *kept = &row->items[personal[k].sum];
        return kept->kind == JV_NULL ? NULL : kept->s;
    }
    if (value->kind == JV_NULL)
        return NULL;
    assert_true(hex_decode(salt, sizeof(salt), &len, word(row, SALT)) && len == sizeof(salt));
    buf_add(&b, salt, sizeof(salt));
    buf_fmt(&b, "%zu:%s,%zu:%s,", strlen(personal[k].name), personal[k].name, strlen(value->s), value->s);
    sha256(hash, b.p, b.len);
    hex_encode(hex, hash, sizeof(hash));
    return hex;
}

static void line_members(struct arena *a, struct buf *out, const struct jval *row)
{
    struct jval *shown = ARENA_ARRAY(a, struct jval, row->n);
    struct jval said = *row;

    memcpy(shown, row->items, row->n * sizeof(*shown));
    said.items = shown;
    for (size_t k = 0; k < COUNT(personal) && strcmp(word(row, 3), "E2") == 0; k++) {
        const char *hex = digest(a, row, k);
        shown[personal[k].text] =
            hex ? (struct jval){.kind = JV_STR, .s = hex} : (struct jval){.kind = JV_NULL};
    }
    members(out, &said, 3, strcmp(word(row, 3), "R") == 0 ? row->n : SALT);
}

static bool line_at(struct arena *a, const struct jval *lines, size_t n, const struct jval *page,
                    int64_t number_, struct buf *out)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(word(&lines[i], 0), word(page, 0)) == 0 &&
            strcmp(word(&lines[i], 1), word(page, 1)) == 0 && number(&lines[i], 2) == number(page, 3) &&
            number(&lines[i], 4) == number_) {
            line_members(a, out, &lines[i]);
            return true;
        }
    return false;
}

static size_t pages_bad(size_t *pages)
{
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    size_t forms_n, entries_n, bad = 0;
    struct jval *rows = rows_of(w.db, a, statements[PAGES], pages);
    struct jval *forms = rows_of(w.db, a, statements[FORMS], &forms_n);
    struct jval *entries = rows_of(w.db, a, statements[ENTRIES], &entries_n);

    for (size_t i = 0; i < *pages; i++) {
        BUF_SCOPE(b);
        const struct jval *page = &rows[i];
        if (i == 0 || strcmp(word(page, 0), word(page - 1, 0)) != 0 ||
            strcmp(word(page, 1), word(page - 1, 1)) != 0)
            begin_text(&b, arena_fmt(a, "pridvor book %s %s", word(page, 0), word(page, 1)));
        else
            begin_hex(&b, word(page - 1, 2));
        members(&b, page, 0, 2);
        members(&b, page, 3, page->n);
        for (int64_t k = number(page, 5); k <= number(page, 6); k++)
            assert_true(line_at(a, forms, forms_n, page, k, &b) ||
                        line_at(a, entries, entries_n, page, k, &b));
        bad += !meets(&b, word(page, 2));
    }
    db_sync_close(w.db);
    return bad;
}

static void audit(void **state)
{
    size_t chains;
    (void)state;
    assert_int_equal(audit_bad(&chains), 0);
    assert_int_equal(chains, 3);
    book_script(&rig, "UPDATE audit SET detail = NULL WHERE detail = '' AND institution = 'hall-2' AND id = "
                      "(SELECT min(id) FROM audit WHERE detail = '' AND institution = 'hall-2')");
    assert_int_equal(audit_bad(&chains), 1);
}

/* Who wrote it: with the file `pin_key` alone. */
static size_t foreign(size_t *n)
{
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    uint8_t key[SHA256_LEN], mac[64], right[SHA256_LEN];
    size_t len, bad = 0;
    struct err e = {0};
    char *file;
    struct jval *rows =
        rows_of(w.db, a,
                "SELECT json_build_array(encode(mac, 'hex'), institution, request_id, actor, act, detail) "
                "FROM audit WHERE mac IS NOT NULL ORDER BY id",
                n);

    assert_int_equal(fs_read(a, rig.conf.pin_key, 64, &file, &len, &e), RC_OK);
    assert_int_equal(hkdf_sha256(key, sizeof(key), file, len, "", 0, "pridvor audit", &e), RC_OK);
    for (size_t i = 0; i < *n; i++) {
        BUF_SCOPE(b);
        assert_true(hex_decode(mac, sizeof(mac), &len, word(&rows[i], 0)) && len == 24);
        buf_add(&b, mac, 8);
        members(&b, &rows[i], 1, rows[i].n);
        hmac_sha256(right, key, sizeof(key), b.p, b.len);
        bad += memcmp(right, mac + 8, 16) != 0;
    }
    db_sync_close(w.db);
    return bad;
}

static void macs(void **state)
{
    size_t n;
    (void)state;
    assert_int_equal(foreign(&n), 0);
    assert_true(n > 3);
    book_script(&rig,
                "UPDATE audit SET actor = 'altul' WHERE id = (SELECT min(id) FROM audit WHERE mac IS NOT "
                "NULL)");
    assert_int_equal(foreign(&n), 1);
}

static void pages(void **state)
{
    size_t n;
    (void)state;
    assert_int_equal(pages_bad(&n), 0);
    assert_int_equal(n, 6);
    book_script(&rig, "UPDATE register_entry SET erasure = 1, erased_at = now() WHERE n IN (2, 4) "
                      "AND salt IS NOT NULL");
    assert_string_equal(pgcluster_query(&rig.pg, "SELECT count(*) FROM register_entry WHERE subject = ''"),
                        "2");
    assert_int_equal(pages_bad(&n), 0);
    book_script(&rig, "SET session_replication_role = replica; UPDATE register_entry SET reason = 'altul' "
                      "WHERE reason IS NOT NULL");
    assert_int_equal(pages_bad(&n), 1);
    book_script(&rig, "SET session_replication_role = replica; UPDATE register_entry SET subject_sum = "
                      "sha256('x') WHERE n = 2 AND subject_sum IS NOT NULL");
    assert_int_equal(pages_bad(&n), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(audit), cmocka_unit_test(pages),
                                       cmocka_unit_test(macs)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
