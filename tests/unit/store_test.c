/* What a file is, and how it comes to rest; templates that are not right. */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/store.h"
#include "backend/template.h"
#include "common/base/fs.h"
#include "tests/unit/paper_rig.h"

static struct arena *a;
static char dir[] = "/tmp/pridvor-store-XXXXXX";

static const uint8_t png[] = {
    0x89, 'P',  'N',  'G',  '\r', '\n', 0x1A, '\n', 0,    0,    0,    13,  'I',  'H',  'D',  'R',  0,
    0,    0,    1,    0,    0,    0,    1,    8,    0,    0,    0,    0,   0x3A, 0x7E, 0x9B, 0x55, 0,
    0,    0,    10,   'I',  'D',  'A',  'T',  0x78, 0x9C, 0x63, 0x60, 0,   0,    0,    2,    0,    1,
    0x48, 0xAF, 0xA4, 0x71, 0,    0,    0,    0,    'I',  'E',  'N',  'D', 0xAE, 0x42, 0x60, 0x82};

static const char whole_pdf[] = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
                                "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
                                "3 0 obj<</Type /Page/Parent 2 0 R>>endobj\n"
                                "xref\n0 4\ntrailer<</Root 1 0 R>>\nstartxref\n143\n%%EOF\n";

static void kinds_by_content(void **state)
{
    struct store_kind k;
    struct err e = {0};
    BUF_SCOPE(pdf);
    struct paper p;

    (void)state;
    assert_int_equal(store_kind(BYTES(png, sizeof png), &k, &e), RC_OK);
    assert_string_equal(k.type, "image/png");
    assert_int_equal(k.width, 1);
    paper_make(paper_sample(LANG_RO, &p), &pdf, NULL);
    assert_int_equal(store_kind(BYTES(pdf.p, pdf.len), &k, &e), RC_OK);
    assert_string_equal(k.type, "application/pdf");
    assert_int_equal(k.pages, 1);
    assert_false(k.has_signature);
    const char *small = arena_fmt(a, "%s", whole_pdf);
    assert_int_equal(store_kind(BYTES(small, strlen(small)), &k, &e), RC_OK);
    assert_int_equal(k.pages, 1);
}

static char *without(const char *s, const char *part)
{
    char *copy = arena_str(a, s), *at = strstr(copy, part);
    assert_non_null(at);
    memset(at, ' ', strlen(part));
    return copy;
}

static void what_is_not_whole_is_refused(void **state)
{
    uint8_t bad_crc[sizeof png], big[sizeof png], behind[sizeof png + 1] = {0};
    struct store_kind k;
    struct err e = {0};

    (void)state;
    memcpy(bad_crc, png, sizeof png);
    bad_crc[45] ^= 1;
    memcpy(big, png, sizeof png);
    big[16] = 0x7F;
    memcpy(behind, png, sizeof png);
    const struct {
        struct bytes b;
        const char *says;
    } rows[] = {
        {BYTES("", 0), "not a PDF"},
        {BYTES("MZ\x90", 3), "not a PDF"},
        {BYTES("<html><script>", 14), "not a PDF"},
        {BYTES(" %PDF-1.4", 9), "not a PDF"},
        {BYTES("%PDF-9.9\n%%EOF", 14), "not a PDF"},
        {BYTES("%PDF-1.7\n", 9), "end is missing"},
        {BYTES("%PDF-1.7\nstartxref\n\n%%EOF", 25), "table is missing"},
        {BYTES("%PDF-1.7\nstartxref\n99999999999999999999\n%%EOF", 45), "table is missing"},
        {BYTES("%PDF-1.7\nstartxref\n3\n%%EOF", 26), "not where it says"},
        {BYTES("%PDF-1.7\nstartxref\n19    \n%%EOF", 31), "not where it says"}, /* a digit near the end */
        {BYTES(whole_pdf, strlen(whole_pdf) - 30), "end is missing"},
        {BYTES(without(whole_pdf, "xref"), strlen(whole_pdf)), "not where it says"},
        {BYTES(png, sizeof png - 1), "not whole"},
        {BYTES(png, 20), "not whole"},
        {BYTES(png, 8), "not whole"},
        {BYTES(bad_crc, sizeof png), "damaged"},
        {BYTES(big, sizeof png), "damaged"},
        {BYTES(behind, sizeof behind), "not whole"},
        {BYTES("\xFF\xD8\xFF", 3), ""},
        {BYTES("\xFF\xD8\xFF\xE0\x00\x10JFIF", 10), ""},
        {BYTES("II*\0........", 12), "a TIFF"},
        {BYTES("MM\0*........", 12), "a TIFF"},
        {BYTES("PK\3\4", 4), "not a PDF"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (store_kind(rows[i].b, &k, &e) != RC_BAD_FIELD || !strstr(e.text, rows[i].says))
            fail_msg("row %zu: %s, %s", i, rc_name(e.rc), e.text);
    }
    const char *locked = arena_fmt(a, "%.*s/Encrypt 9 0 R%s", 120, whole_pdf, whole_pdf + 120);
    char *moved = arena_str(a, locked);
    memcpy(strstr(moved, "143"), "157", 3);
    assert_int_equal(store_kind(BYTES(moved, strlen(moved)), &k, &e), RC_BAD_FIELD);
    assert_string_equal(e.code, "LOCKED");
}

static void bytes_come_to_rest_under_their_name(void **state)
{
    const struct store_place s = {dir, 1};
    char hex[STORE_HEX], again[STORE_HEX];
    struct bytes back;
    struct err e = {0};
    struct stat st;

    (void)state;
    struct store_file *f = store_begin(&s, 100);
    store_add(f, "ab", 2);
    store_add(f, "c", 1);
    assert_int_equal(store_sum(f, hex, NULL, &e), RC_OK);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(store_get(&s, a, hex, &back, &e), RC_NOT_FOUND);
    assert_int_equal(store_keep(f, &e), RC_OK);
    store_drop(f);
    assert_int_equal(store_get(&s, a, hex, &back, &e), RC_OK);
    assert_int_equal(back.len, 3);
    assert_int_equal(store_put(&s, BYTES("abc", 3), again, &e), RC_OK);
    assert_string_equal(hex, again);
    /* changed behind our back */
    const char *path = arena_fmt(a, "%s/ba/%s", dir, hex);
    FILE *out = fopen(path, "w");
    fputs("abd", out);
    fclose(out);
    assert_int_equal(store_get(&s, a, hex, &back, &e), RC_STATE);
    assert_int_equal(store_get(&s, a, "../../etc/passwd", &back, &e), RC_NOT_FOUND);
    assert_int_equal(store_remove(&s, hex, &e), RC_OK);
    assert_int_equal(store_remove(&s, hex, &e), RC_OK);
    assert_int_not_equal(stat(path, &st), 0);
}

/* ---- handed on in pieces ---- */

enum { MUCH = 300007 };

static void spoil(const char *path, long at, const char *with)
{
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    assert_int_equal(fseek(f, at, SEEK_SET), 0);
    fputs(with, f);
    fclose(f);
}

static const char *much(char hex[STORE_HEX], char **bytes)
{
    const struct store_place s = {dir, 1};
    struct err e = {0};

    *bytes = arena_alloc(a, MUCH);
    for (size_t i = 0; i < MUCH; i++)
        (*bytes)[i] = (char)(i * 7 >> 2);
    assert_int_equal(store_put(&s, BYTES(*bytes, MUCH), hex, &e), RC_OK);
    return arena_fmt(a, "%s/%.2s/%s", dir, hex, hex);
}

static void pieces_are_the_file(void **state)
{
    const struct store_place s = {dir, 1};
    struct store_reader *r SCOPED(store_closep) = NULL;
    char hex[STORE_HEX], *want, *got, copied[STORE_HEX];
    struct err e = {0};
    struct bytes whole;

    (void)state;
    much(hex, &want);
    got = arena_alloc(a, MUCH);
    assert_int_equal(store_open(&s, "../../etc/passwd", &r, &e), RC_NOT_FOUND);
    assert_int_equal(store_open(&s, hex, &r, &e), RC_OK);
    assert_int_equal(store_size(r), MUCH);
    struct store_file *f = store_begin(&s, MUCH);
    assert_int_equal(store_copy(r, f, &e), RC_OK);
    assert_int_equal(store_sum(f, copied, NULL, &e), RC_OK);
    assert_string_equal(copied, hex);
    store_drop(f);
    assert_int_equal(store_at(r, 5, got, 3, &e), RC_OK);
    assert_memory_equal(got, want + 5, 3);
    assert_int_equal(store_at(r, MUCH - 2, got, 3, &e), RC_STATE);
    assert_int_equal(store_remove(&s, hex, &e), RC_OK); /* who has it open has it whole */
    for (size_t at = 0, n = 1; at < MUCH; at += n, n = n * 2 + 1) {
        n = n < MUCH - at ? n : MUCH - at;
        assert_int_equal(store_next(r, got + at, n, &e), RC_OK);
    }
    assert_memory_equal(got, want, MUCH);
    assert_int_equal(store_put(&s, BYTES("", 0), hex, &e), RC_OK);
    assert_int_equal(store_get(&s, a, hex, &whole, &e), RC_OK);
    assert_int_equal(whole.len, 0);
}

static void the_last_piece_waits_for_the_hash(void **state)
{
    static const long places[] = {0, 150000, MUCH - 1};
    const struct store_place s = {dir, 1};
    char hex[STORE_HEX], *want, *got = arena_alloc(a, MUCH);
    struct store_reader *none = NULL;
    struct err e = {0};
    struct bytes whole;

    (void)state;
    for (size_t i = 0; i < COUNT(places) + 2; i++) {
        struct store_reader *r SCOPED(store_closep) = NULL;
        const char *path = much(hex, &want);
        assert_int_equal(store_open(&s, hex, &r, &e), RC_OK);
        if (i < COUNT(places))
            spoil(path, places[i], "\x01");
        else
            assert_int_equal(truncate(path, i == COUNT(places) ? 0 : MUCH - 1), 0);
        size_t at = 0;
        enum rc rc = RC_OK;
        for (; at < MUCH && rc == RC_OK; at += rc == RC_OK ? 1000 : 0)
            rc = store_next(r, got + at, MUCH - at < 1000 ? MUCH - at : 1000, &e);
        assert_int_equal(rc, RC_STATE);
        assert_true(at < MUCH);
        /* from now on nothing of it is given at all */
        assert_int_equal(store_open(&s, hex, &none, &e), RC_STATE);
        assert_null(none);
        assert_int_equal(store_get(&s, a, hex, &whole, &e), RC_STATE);
    }
}

static int half_received(void)
{
    BUF_SCOPE(cmd);
    buf_fmt(&cmd, "ls %s/new | wc -l", dir);
    FILE *f = popen(cmd.p, "r");
    int n = -1;
    assert_int_equal(fscanf(f, "%d", &n), 1);
    pclose(f);
    return n;
}

static void too_much_stops_and_leaves_nothing(void **state)
{
    const struct store_place s = {dir, 1}, full = {dir, INT64_C(1) << 40},
                             gone = {"/proc/nonexistent/store", 1};
    char hex[STORE_HEX];
    struct err e = {0};

    (void)state;
    struct store_file *f = store_begin(&s, 4);
    store_add(f, "12345", 5);
    store_add(f, "6", 1);
    assert_int_equal(store_sum(f, hex, NULL, &e), RC_TOO_BIG);
    assert_int_equal(store_keep(f, &e), RC_TOO_BIG);
    assert_int_equal(half_received(), 1);
    store_drop(f);
    assert_int_equal(half_received(), 0);
    f = store_begin(&full, 4);
    store_add(f, "1", 1);
    assert_int_equal(store_sum(f, hex, NULL, &e), RC_NO_SPACE);
    store_drop(f);
    f = store_begin(&gone, 4);
    store_add(f, "1", 1);
    assert_int_equal(store_keep(f, &e), RC_IO);
    store_drop(f);
    f = store_begin(&s, 4);
    struct store_kind k;
    assert_int_equal(store_look(f, &k, &e), RC_BAD_FIELD);
    store_drop(f);
}

static int files_in(const char *folder)
{
    DIR *d = opendir(folder);
    int n = 0;
    assert_non_null(d);
    for (struct dirent *x; (x = readdir(d));)
        n += x->d_name[0] != '.';
    closedir(d);
    return n;
}

/* As on a full disk, from the first byte too many on. */
static void disk_ends_at(rlim_t bytes)
{
    struct rlimit l;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
    l.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static void a_saved_copy_is_whole_or_not_there(void **state)
{
    const struct store_place s = {dir, 1};
    struct store_reader *r SCOPED(store_closep) = NULL;
    char hex[STORE_HEX], *want, *back;
    const char *out = arena_fmt(a, "%s/out", dir), *path = arena_fmt(a, "%s/copy.pdf", out);
    struct err e = {0};
    struct stat st;
    size_t len;

    (void)state;
    const char *file = much(hex, &want);
    assert_int_equal(fs_mkdirs(out, 0700, &e), RC_OK);
    assert_int_equal(store_unseen(&s, hex, &r, &e), RC_OK);
    signal(SIGXFSZ, SIG_IGN);
    disk_ends_at(MUCH - 1); /* it fails in the last piece */
    assert_int_equal(store_save(r, path, 0640, &e), RC_IO);
    assert_non_null(strstr(e.text, "copy.pdf: cannot be written: File too large"));
    disk_ends_at(RLIM_INFINITY);
    assert_int_equal(files_in(out), 0);
    assert_int_equal(store_save(r, path, 0640, &e), RC_OK);
    assert_int_equal(fs_read(a, path, MUCH, &back, &len, &e), RC_OK);
    assert_int_equal(len, MUCH);
    assert_memory_equal(back, want, MUCH);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    /* what lies in the store is no longer what it was: the copy of before stays */
    spoil(file, MUCH - 1, "\x01");
    assert_int_equal(store_save(r, path, 0640, &e), RC_STATE);
    assert_int_equal(files_in(out), 1);
    assert_int_equal(fs_read(a, path, MUCH, &back, &len, &e), RC_OK);
    assert_memory_equal(back, want, MUCH);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(store_save(r, path, 0640, &e), RC_STATE);
    assert_int_equal(files_in(out), 0);
    assert_int_equal(store_save(r, arena_fmt(a, "%s/none/copy.pdf", out), 0640, &e), RC_IO);
    assert_int_equal(store_remove(&s, hex, &e), RC_OK);
}

/* ---- templates ---- */

static void every_template_holds(void **state)
{
    struct templates t;
    struct err e = {0};

    (void)state;
    if (templates_load(a, "configs", &t, &e) != RC_OK)
        fail_msg("%s", e.text);
    assert_true(t.n >= 20);
    assert_non_null(template_find(&t, "answer.petition"));
    assert_null(template_find(&t, "answer.nothing"));
}

#define HEAD                                                                                                 \
    "\"id\":\"x\",\"kind\":\"answer\",\"langs\":[\"ro\",\"hu\"],\"name\":{\"ro\":\"a\",\"hu\":\"b\"},"
#define TITLE "\"title\":{\"ro\":\"a\",\"hu\":\"b\"}"

static void wrong_templates_name_file_and_member(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"{" HEAD TITLE "}", NULL},
        {"{" HEAD TITLE ",\"surprise\":1}", "surprise: unknown member"},
        {"{" HEAD "\"title\":{\"ro\":\"a\"}}", "title: no text in hu"},
        {"{" HEAD "\"title\":{\"ro\":\"a\",\"hu\":\"b\",\"en\":\"c\"}}", "en is not among langs"},
        {"{" HEAD "\"title\":{\"ro\":\"a\",\"hu\":\"b\",\"de\":\"c\"}}", "de is no language"},
        {"{" HEAD "\"title\":{\"ro\":\"{nummer}\",\"hu\":\"{nummer}\"}}", "there is no {nummer}"},
        {"{" HEAD "\"title\":{\"ro\":\"a {\",\"hu\":\"b\"}}", "there is no {a brace}"},
        {"{" HEAD "\"title\":{\"ro\":\"a }\",\"hu\":\"b\"}}", "there is no {a brace}"},
        {"{" HEAD "\"title\":{\"ro\":\"a {{date}}\",\"hu\":\"b\"}}", "there is no {a brace}"},
        {"{" HEAD "\"title\":{\"ro\":\"{date}\",\"hu\":\"b\"}}", "hu has other places than ro"},
        {"{" HEAD "\"title\":{\"ro\":\"a\xC5\x9F\",\"hu\":\"b\"}}", "cedilla"},
        {"{" HEAD "\"title\":\"a\"}", "title: not {ro, hu}"},
        {"{" HEAD TITLE ",\"sign\":[\"king\"]}", "king does not sign"},
        {"{" HEAD TITLE ",\"sign\":\"officer\"}", "sign: not a list"},
        {"{" HEAD TITLE ",\"columns\":[]}", "columns"},
        {"{" HEAD TITLE ",\"columns\":[{\"head\":{\"ro\":\"a\",\"hu\":\"b\"},\"width\":900}]}",
         "1000 together"},
        {"{" HEAD TITLE ",\"body\":[{\"ro\":\"a\",\"hu\":\"b\"},{\"ro\":\"a\"}]}", "body[1]: no text in hu"},
        {"{\"id\":\"y\",\"kind\":\"answer\"}", "id: not the file's name"},
        {"{\"id\":\"x\",\"kind\":\"poem\"}", "kind: no such kind"},
        {"{\"id\":\"x\",\"kind\":\"answer\",\"langs\":[\"ro\"]}", "langs: ro and hu are needed"},
        {"{\"id\":\"x\",\"kind\":\"answer\",\"langs\":[\"ro\",\"hu\",\"fr\"]}", "fr is no language"},
        {"[]", "file: not an object"},
        {"{", "x.json"},
        {"", "x.json"},
    };
    const char *file = arena_fmt(a, "%s/x.json", dir);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct template t;
        struct err e = {0};
        assert_int_equal(fs_write(file, rows[i].text, strlen(rows[i].text), 0600, &e), RC_OK);
        enum rc rc = template_load(a, file, &t, &e);
        if (!rows[i].says != (rc == RC_OK))
            fail_msg("row %zu: %s", i, e.text);
        if (rows[i].says && (!strstr(e.text, rows[i].says) || !strstr(e.text, "x.json")))
            fail_msg("row %zu: \"%s\" lacks \"%s\"", i, e.text, rows[i].says);
    }
}

static void places_are_filled_once(void **state)
{
    static const struct text_var vars[] = {{"number", "7"}, {"reason", "{date} {number}"}, {"due", ""}};

    (void)state;
    assert_string_equal(template_fill(a, "nr. {number}, {reason}.", vars, 3), "nr. 7, {date} {number}.");
    assert_null(template_fill(a, "până la {due}", vars, 3));
    assert_null(template_fill(a, "la {date}", vars, 3));
    assert_string_equal(template_offer(a, "până la {due}, nr. {number}", vars, 3), "până la …, nr. 7");
    assert_string_equal(template_fill(a, "", vars, 3), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_by_content),
        cmocka_unit_test(what_is_not_whole_is_refused),
        cmocka_unit_test(bytes_come_to_rest_under_their_name),
        cmocka_unit_test(pieces_are_the_file),
        cmocka_unit_test(the_last_piece_waits_for_the_hash),
        cmocka_unit_test(too_much_stops_and_leaves_nothing),
        cmocka_unit_test(a_saved_copy_is_whole_or_not_there),
        cmocka_unit_test(every_template_holds),
        cmocka_unit_test(wrong_templates_name_file_and_member),
        cmocka_unit_test(places_are_filled_once),
    };
    a = arena_new();
    if (!mkdtemp(dir))
        return 1;
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(a);
    return rc;
}
