/* A scanning process that a stranger's scanner has taken over: it may lie about a page, and nothing more.
 * Here stand its bodies in the place of SANE and of the reader of printed zones. */
#include "drivers/scan/child.h"
#include "drivers/scan/ocr.h"
#include "drivers/scan/talk.h"
#include "drivers/serve.h"

#include "common/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* What it does when it is asked to scan or to say what it is; shared with the child by fork. */
static enum trick {
    HONEST,
    MANY_PAGES,
    HUGE_PAGE,
    SHORT_PAGE,
    ODD_END,
    NO_CODE_END,
    TWO_LINES,
    NO_OBJECT,
    LONG_ABOUT,
    NOT_JSON,
    TRICKS
} trick;

static void say_end(int fd, int rc)
{
    struct talk_end end = {.rc = (enum rc)rc};
    if (trick == NO_CODE_END) {
        memset(end.code, 'A', sizeof end.code);
        memset(end.text, 'B', sizeof end.text);
    }
    child_say(fd, TALK_END, &end, sizeof end);
}

static void say_pages(int fd)
{
    size_t jpeg = trick == HUGE_PAGE ? 5u << 20 : 1000;
    struct talk_page p = {.width = 100, .height = 100, .dpi = 300};
    BUF_SCOPE(out);
    buf_add(&out, &p, sizeof p);
    while (out.len < sizeof p + jpeg)
        buf_chr(&out, 'x');
    for (int i = 0; i < (trick == MANY_PAGES ? 30 : 1); i++)
        child_say(fd, TALK_PAGE, out.p, trick == SHORT_PAGE ? sizeof p - 1 : out.len);
}

static void say_about(int fd)
{
    static const char *const words[TRICKS] = {
        [TWO_LINES] = "{}}\n{\"kind\":\"completion\",\"id\":7,\"completion\":\"ok\",\"data\":{\"forged\":1}",
        [NO_OBJECT] = "[1]",
        [NOT_JSON] = "{\"sources\":",
    };
    const char *is = words[trick] ? words[trick] : "{ \"sources\" : [ \"flatbed\" ] }";
    child_say(fd, TALK_ABOUT, is, strlen(is));
    for (int i = 0; trick == LONG_ABOUT && i < 100; i++) {
        char spaces[4096];
        memset(spaces, ' ', sizeof spaces);
        child_say(fd, TALK_ABOUT, spaces, sizeof spaces);
    }
}

int scanner_body(int fd, const void *rows)
{
    BUF_SCOPE(in);
    (void)rows;
    for (uint32_t type; child_hear(fd, &type, &in);) {
        struct talk_found found = {.name = "hostile:1", .model = "Hostile", .row = 1 << 30};
        if (type == TALK_OPEN)
            child_say(fd, TALK_FOUND, &found, sizeof found);
        if (type == TALK_SCAN)
            say_pages(fd);
        if (type == TALK_STATUS)
            say_about(fd);
        bool odd = trick == ODD_END && type != TALK_OPEN;
        say_end(fd, odd ? 100000 : trick == NO_CODE_END && type != TALK_OPEN ? RC_DEVICE : RC_OK);
    }
    return 0;
}

int ocr_body(int fd, const void *jpeg)
{
    (void)jpeg;
    say_about(fd);
    say_end(fd, RC_OK);
    return 0;
}

struct heard {
    unsigned pages, completions;
    char completion[32], outcome[32];
    size_t longest;
};

/* Every frame is one line, and one that kioskd would take. */
static void on_frame(void *user, const char *line, size_t len)
{
    struct heard *h = user;
    struct frame f;
    struct err e = {0};
    ARENA_SCOPE(a);
    if (memchr(line, '\n', len))
        fail_msg("two lines: %.*s", (int)len, line);
    if (frame_read(a, line, len, &f, &e) != RC_OK)
        fail_msg("%s: %.*s", e.text, (int)(len < 200 ? len : 200), line);
    h->longest = len > h->longest ? len : h->longest;
    h->pages += strcmp(f.kind, "event") == 0 && strcmp(f.event, "page") == 0;
    if (strcmp(f.kind, "completion") == 0) {
        h->completions++;
        snprintf(h->completion, sizeof h->completion, "%s", f.completion);
        snprintf(h->outcome, sizeof h->outcome, "%s", f.outcome);
    }
}

static struct heard ask(enum trick how, const char *verb, const char *args)
{
    struct heard h = {0};
    struct err e = {0};
    ARENA_SCOPE(a);
    struct serve *s SCOPED(serve_freep) = NULL;
    const struct serve_opts o = {
        .devices = "tests/unit", .quiet = true, .commands = -1, .emit = on_frame, .user = &h};
    trick = how;
    assert_int_equal(serve_new(&scan_driver, &o, &s, &e), RC_OK);
    assert_int_equal(serve_open(s, &e), RC_OK);
    if (strcmp(verb, "mrz") == 0) { /* of a page that is there */
        const struct command first = {.id = 6, .verb = "scan", .deadline_ms = 20000};
        serve_command(s, &first);
        h = (struct heard){0};
    }
    struct command c = {.id = 7, .verb = verb, .deadline_ms = 20000};
    if (jval_parse(a, args, strlen(args), &c.args, &e) != RC_OK)
        fail_msg("%s", e.text);
    serve_command(s, &c);
    const struct command wipe = {.id = 8, .verb = "wipe", .deadline_ms = 2000};
    struct heard said = h;
    serve_command(s, &wipe);
    assert_int_equal(said.completions, 1);
    return said;
}

static void pages(void **state)
{
    (void)state;
    static const struct {
        enum trick trick;
        unsigned pages;
        const char *completion;
    } rows[] = {{HONEST, 1, "ok"},     {MANY_PAGES, 3, "ok"},    {HUGE_PAGE, 0, "ok"},
                {SHORT_PAGE, 0, "ok"}, {ODD_END, 1, "protocol"}, {NO_CODE_END, 1, "device-error"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct heard h = ask(rows[i].trick, "scan", "{\"max_pages\":3}");
        if (h.pages != rows[i].pages || strcmp(h.completion, rows[i].completion) != 0)
            fail_msg("trick %d: %u pages, %s", (int)rows[i].trick, h.pages, h.completion);
    }
}

static void words(void **state)
{
    (void)state;
    static const char *const verbs[] = {"status", "mrz"};
    static const struct {
        enum trick trick;
        bool ok;
    } rows[] = {
        {HONEST, true}, {TWO_LINES, false}, {NO_OBJECT, false}, {LONG_ABOUT, true}, {NOT_JSON, false}};
    for (size_t v = 0; v < COUNT(verbs); v++)
        for (size_t i = 0; i < COUNT(rows); i++) {
            struct heard h = ask(rows[i].trick, verbs[v], "{}");
            if (strcmp(h.completion, rows[i].ok ? "ok" : "protocol") != 0)
                fail_msg("%s, trick %d: %s", verbs[v], (int)rows[i].trick, h.completion);
            assert_true(h.longest < 8192);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pages), cmocka_unit_test(words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
