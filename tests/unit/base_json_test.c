/* The strict parser and the descriptor tables: what is taken, what comes out, and the exact sentence of every
 * refusal. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/fs.h"
#include "common/base/json.h"

struct who {
    const char *name, *cnp;
};
struct line {
    const char *style, *text;
    int64_t copies;
};
struct job {
    const char *id, *note;
    int64_t count;
    bool copy;
    struct who who;
    struct who *witness;
    struct line *lines;
    size_t nlines;
    const char **tags;
    size_t ntags;
    struct jval *extra;
};

static const char *const styles[] = {"title", "text", "qr", NULL};
static const struct jfield who_f[] = {JF_STR(struct who, name, J_REQ | J_PD, 1, 10),
                                      JF_STR(struct who, cnp, J_PD | J_OMIT, 13, 13)};
static JDESC(who_d, struct who, who_f);
static const struct jfield line_f[] = {JF_WORD(struct line, style, J_REQ, styles),
                                       JF_STR(struct line, text, J_REQ, -1, 0),
                                       JF_INT(struct line, copies, J_OMIT, 1, 3)};
static JDESC(line_d, struct line, line_f);
static const struct jfield job_f[] = {JF_STR(struct job, id, J_REQ, 4, 8),
                                      JF_STR(struct job, note, J_OMIT, 0, 0),
                                      JF_INT(struct job, count, 0, -2, 1000),
                                      JF_BOOL(struct job, copy, 0),
                                      JF_OBJ(struct job, who, J_REQ, &who_d),
                                      JF_OBJP(struct job, witness, J_OMIT, &who_d),
                                      JF_ARR(struct job, lines, nlines, 0, 2, &line_d),
                                      JF_STRS(struct job, tags, ntags, J_OMIT, 3),
                                      JF_ANY(struct job, extra, J_OMIT)};
static JDESC(job_d, struct job, job_f);

#define WHO "\"who\":{\"name\":\"Ana\"}"

/* in decodes and encodes to out; log is its redacted form. */
static void golden(void **state)
{
    static const struct {
        const char *in, *out, *log;
    } rows[] = {
        {" { \"who\" : {\"name\":\"Ana\"} ,\"id\":\"a-12\" } ",
         "{\"id\":\"a-12\",\"count\":0,\"copy\":false,\"who\":{\"name\":\"Ana\"},\"lines\":[]}",
         "{\"id\":\"a-12\",\"count\":0,\"copy\":false,\"who\":{\"name\":\"***\"},\"lines\":[]}"},
        {"{\"id\":\"12345678\",\"note\":\"\\u0219\\ud83d\\ude00\\\"\\\\\\/"
         "\\b\\f\\n\\r\\t\\u001f\",\"count\":-2,"
         "\"copy\":true,\"who\":{\"name\":\"\\u0218tefan\",\"cnp\":\"2900101123456\"},\"witness\":null,"
         "\"lines\":[{\"style\":\"qr\",\"text\":\"\",\"copies\":3}],\"tags\":[\"a\",\"\"],"
         "\"extra\":{\"z\":[1,-9223372036854775808,9223372036854775807,null,true,{}],\"a\":\"\"}}",
         "{\"id\":\"12345678\",\"note\":\"ș😀\\\"\\\\/\\b\\f\\n\\r\\t\\u001f\",\"count\":-2,"
         "\"copy\":true,\"who\":{\"name\":\"Ștefan\",\"cnp\":\"2900101123456\"},"
         "\"lines\":[{\"style\":\"qr\",\"text\":\"\",\"copies\":3}],\"tags\":[\"a\",\"\"],"
         "\"extra\":{\"z\":[1,-9223372036854775808,9223372036854775807,null,true,{}],\"a\":\"\"}}",
         "{\"id\":\"12345678\",\"note\":\"ș😀\\\"\\\\/\\b\\f\\n\\r\\t\\u001f\",\"count\":-2,"
         "\"copy\":true,\"who\":{\"name\":\"***\",\"cnp\":\"***\"},"
         "\"lines\":[{\"style\":\"qr\",\"text\":\"\",\"copies\":3}],\"tags\":[\"a\",\"\"],"
         "\"extra\":{\"z\":[1,-9223372036854775808,9223372036854775807,null,true,{}],\"a\":\"\"}}"},
        {"{\"id\":\"abcd\"," WHO ",\"witness\":{\"name\":\"Ion\",\"cnp\":\"\"}}",
         "{\"id\":\"abcd\",\"count\":0,\"copy\":false,\"who\":{\"name\":\"Ana\"},\"witness\":{\"name\":"
         "\"Ion\"},"
         "\"lines\":[]}",
         "{\"id\":\"abcd\",\"count\":0,\"copy\":false,\"who\":{\"name\":\"***\"},\"witness\":{\"name\":\"***"
         "\"},"
         "\"lines\":[]}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        ARENA_SCOPE(a);
        BUF_SCOPE(b);
        struct job j;
        struct err e = {0};
        if (json_decode(a, &job_d, rows[i].in, strlen(rows[i].in), &j, &e) != RC_OK)
            fail_msg("row %zu: %s", i, e.text);
        json_encode(&job_d, &j, &b);
        assert_string_equal(b.p, rows[i].out);
        buf_reset(&b);
        json_redact(&job_d, &j, &b);
        assert_string_equal(b.p, rows[i].log);
    }
}

#define J(rest) "{\"id\":\"a-12\"," WHO "," rest "}"
#define DEEP16 "[[[[[[[[[[[[[[[["
#define AT16 "[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]"

static const struct {
    const char *in, *text;
    enum rc rc;
} refused[] = {
    {"", "ends too early at byte 0", RC_BAD_JSON},
    {"{", "expected a member name at byte 1", RC_BAD_JSON},
    {"{\"id\"", "expected ':' at byte 5", RC_BAD_JSON},
    {"{\"id\":", "id: ends too early at byte 6", RC_BAD_JSON},
    {"{\"id\":\"a", "id: string without end at byte 8", RC_BAD_JSON},
    {"{\"id\":\"a\\", "id: string without end at byte 9", RC_BAD_JSON},
    {"{\"id\":\"a\"", "expected ',' or '}' at byte 9", RC_BAD_JSON},
    {"{\"id\":\"a\",}", "expected a member name at byte 10", RC_BAD_JSON},
    {"{id:1}", "expected a member name at byte 1", RC_BAD_JSON},
    {"{} x", "something behind the end at byte 3", RC_BAD_JSON},
    {"[1,]", "[1]: not a JSON value at byte 3", RC_BAD_JSON},
    {"[1 2]", "expected ',' or ']' at byte 3", RC_BAD_JSON},
    {"nul", "not a JSON value at byte 0", RC_BAD_JSON},
    {"NaN", "not a JSON value at byte 0", RC_BAD_JSON},
    {"'a'", "not a JSON value at byte 0", RC_BAD_JSON},
    {"\xEF\xBB\xBF{}", "not a JSON value at byte 0", RC_BAD_JSON},
    {"{\"id\":\"a\nb\"}", "id: control character in a string at byte 8", RC_BAD_JSON},
    {"{\"id\":\"\\x41\"}", "id: bad escape at byte 7", RC_BAD_JSON},
    {"{\"id\":\"\\u12g4\"}", "id: bad \\u escape at byte 7", RC_BAD_JSON},
    {"{\"id\":\"\\u0000\"}", "id: U+0000 is not allowed at byte 7", RC_BAD_JSON},
    {"{\"id\":\"\\ud800\"}", "id: lone surrogate at byte 7", RC_BAD_JSON},
    {"{\"id\":\"\\ud800\\u0041\"}", "id: lone surrogate at byte 7", RC_BAD_JSON},
    {"{\"id\":\"\\udc00\"}", "id: lone surrogate at byte 7", RC_BAD_JSON},
    {"{\"id\":\"\xC0\x80\"}", "id: not UTF-8", RC_BAD_JSON},
    {"{\"id\":\"\xED\xA0\x80\"}", "id: not UTF-8", RC_BAD_JSON},
    {"{\"id\":\"\xF4\x90\x80\x80\"}", "id: not UTF-8", RC_BAD_JSON},
    {"{\"id\":\"\xC8\"}", "id: not UTF-8", RC_BAD_JSON},
    {"{\"count\":1.0}", "count: number must be whole", RC_BAD_JSON},
    {"{\"count\":1e2}", "count: number must be whole", RC_BAD_JSON},
    {"{\"count\":01}", "count: bad number at byte 11", RC_BAD_JSON},
    {"{\"count\":-}", "count: bad number at byte 10", RC_BAD_JSON},
    {"{\"count\":+1}", "count: not a JSON value at byte 9", RC_BAD_JSON},
    {"{\"count\":9223372036854775808}", "count: number too large", RC_BAD_JSON},
    {"{\"count\":-9223372036854775809}", "count: number too large", RC_BAD_JSON},
    {"{\"count\":99999999999999999999999}", "count: number too large", RC_BAD_JSON},
    {"{\"card\":{\"id\":1,\"x\":2,\"id\":3}}", "card.id: given twice", RC_BAD_JSON},
    {"{\"card\":{\"id\":1,\"\\u0069d\":3}}", "card.id: given twice", RC_BAD_JSON},
    {DEEP16 "[", AT16 ": nested too deep", RC_BAD_JSON},
    {"[]", "must be an object", RC_BAD_FIELD},
    {"{\"id\":\"a-12\"}", "who: missing", RC_BAD_FIELD},
    {"{" WHO "}", "id: missing", RC_BAD_FIELD},
    {"{\"id\":7," WHO "}", "id: must be a string", RC_BAD_FIELD},
    {"{\"id\":null," WHO "}", "id: must be a string", RC_BAD_FIELD},
    {"{\"id\":\"\"," WHO "}", "id: must not be empty", RC_BAD_FIELD},
    {"{\"id\":\"abc\"," WHO "}", "id: shorter than 4 bytes", RC_BAD_FIELD},
    {"{\"id\":\"123456789\"," WHO "}", "id: longer than 8 bytes", RC_BAD_FIELD},
    {J("\"foo\":1"), "foo: unknown member", RC_BAD_FIELD},
    {J("\"f\\n\\\"o\":1"), "f??o: unknown member", RC_BAD_FIELD},
    {J("\"count\":\"1\""), "count: must be a whole number", RC_BAD_FIELD},
    {J("\"count\":-3"), "count: less than -2", RC_BAD_FIELD},
    {J("\"count\":1001"), "count: greater than 1000", RC_BAD_FIELD},
    {J("\"copy\":0"), "copy: must be true or false", RC_BAD_FIELD},
    {J("\"lines\":{}"), "lines: must be a list", RC_BAD_FIELD},
    {J("\"lines\":[1]"), "lines[0]: must be an object", RC_BAD_FIELD},
    {J("\"lines\":[{\"style\":\"qr\",\"text\":\"\"},{\"style\":\"bold\",\"text\":\"\"}]"),
     "lines[1].style: must be one of: title, text, qr", RC_BAD_FIELD},
    {J("\"lines\":[{},{},{}]"), "lines: more than 2 elements", RC_BAD_FIELD},
    {J("\"tags\":[\"a\",2]"), "tags[1]: must be a string", RC_BAD_FIELD},
    {J("\"witness\":{}"), "witness.name: missing", RC_BAD_FIELD},
    {J("\"witness\":{\"name\":\"12345678901\"}"), "witness.name: longer than 10 bytes", RC_BAD_FIELD},
    {J("\"witness\":{\"name\":\"x\",\"cnp\":\"29001011234567\"}"), "witness.cnp: longer than 13 bytes",
     RC_BAD_FIELD},
};

static void refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        ARENA_SCOPE(a);
        struct job j = {.count = 4711};
        struct err e = {0};
        enum rc rc = json_decode(a, &job_d, refused[i].in, strlen(refused[i].in), &j, &e);
        if (rc != refused[i].rc || strcmp(e.text, refused[i].text) != 0)
            fail_msg("%s: got %s %s, want %s", refused[i].in, rc_name(rc), e.text, refused[i].text);
        assert_int_equal(j.count, 4711); /* out is untouched by a failure */
        assert_int_equal(strncmp(e.text, e.path, strlen(e.path)), 0);
    }
}

/* Every prefix and every single-byte change of a good text is either taken or refused, never more than that.
 */
static void mutations(void **state)
{
    static const char good[] =
        "{\"id\":\"a-12\"," WHO ",\"lines\":[{\"style\":\"qr\",\"text\":\"\\u0219\"}],\"tags\":[\"a\"],"
        "\"extra\":{\"k\":[-1,true,null]}}";
    (void)state;
    size_t taken = 0;
    for (size_t i = 0; i < sizeof(good) - 1; i++)
        for (int ch = -1; ch < 256; ch++) {
            ARENA_SCOPE(a);
            char *text = malloc(sizeof(good)); /* exactly sized: ASan sees a byte too far */
            struct job j;
            struct err e;
            size_t n = ch < 0 ? i : sizeof(good) - 1;
            memcpy(text, good, n);
            if (ch >= 0)
                text[i] = (char)ch;
            char *exact = malloc(n > 0 ? n : 1);
            memcpy(exact, text, n);
            taken += json_decode(a, &job_d, exact, n, &j, &e) == RC_OK;
            free(exact);
            free(text);
        }
    assert_true(taken > sizeof(good)); /* at least each byte as it was */
}

static void depth_and_doubles(void **state)
{
    ARENA_SCOPE(a);
    BUF_SCOPE(b);
    struct jval *v;
    struct err e = {0};
    (void)state;
    assert_int_equal(jval_parse(a, DEEP16 "1]]]]]]]]]]]]]]]]", 33, &v, &e), RC_OK);
    buf_chr(&b, '{');
    for (int i = 0; i < 20000; i++)
        buf_fmt(&b, "%s\"m%d\":%d", i > 0 ? "," : "", i, i);
    buf_str(&b, "}");
    assert_int_equal(jval_parse(a, b.p, b.len, &v, &e), RC_OK);
    assert_int_equal(v->n, 20000);
    assert_int_equal(jval_int(v, "m19999", 0), 19999);
    b.len--;
    buf_str(&b, ",\"m777\":1}");
    assert_int_equal(jval_parse(a, b.p, b.len, &v, &e), RC_BAD_JSON);
    assert_string_equal(e.text, "m777: given twice");
}

static void trees(void **state)
{
    static const char text[] = "{\"s\":\"x\",\"i\":7,\"b\":true,\"o\":{\"k\":[1]}}";
    ARENA_SCOPE(a);
    BUF_SCOPE(b);
    struct jval *v;
    (void)state;
    assert_int_equal(jval_parse(a, text, strlen(text), &v, NULL), RC_OK);
    assert_string_equal(jval_str(v, "s", "d"), "x");
    assert_string_equal(jval_str(v, "i", "d"), "d");
    assert_int_equal(jval_int(v, "i", 1), 7);
    assert_int_equal(jval_int(v, "no", 1), 1);
    assert_true(jval_bool(v, "b", false));
    assert_null(jval_get(jval_get(v, "s"), "k"));
    assert_int_equal(jval_get(jval_get(v, "o"), "k")->n, 1);
    jval_encode(v, &b);
    assert_string_equal(b.p, text);
}

static void quoting(void **state)
{
    BUF_SCOPE(b);
    (void)state;
    json_quote(&b, "a\xFFz\xC8\x99\xC8\"\x7F\xF0\x9F\x98");
    assert_string_equal(b.p, "\"a\xEF\xBF\xBDz\xC8\x99\xEF\xBF\xBD\\\"\x7F\xEF\xBF\xBD\"");
}

static void files(void **state)
{
    char path[] = "/tmp/pridvor-json-XXXXXX";
    ARENA_SCOPE(a);
    struct job j;
    struct err e = {0};
    char want[300];
    (void)state;
    close(mkstemp(path));
    assert_int_equal(fs_write(path, "{\"id\":\"a-12\"}", 13, 0600, &e), RC_OK);
    assert_int_equal(json_load(a, &job_d, path, &j, &e), RC_BAD_FIELD);
    snprintf(want, sizeof(want), "%s: who: missing", path);
    assert_string_equal(e.text, want);
    assert_string_equal(e.path, "who");
    unlink(path);
    assert_int_equal(json_load(a, &job_d, path, &j, &e), RC_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden),    cmocka_unit_test(refusals),
                                       cmocka_unit_test(mutations), cmocka_unit_test(depth_and_doubles),
                                       cmocka_unit_test(trees),     cmocka_unit_test(quoting),
                                       cmocka_unit_test(files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
