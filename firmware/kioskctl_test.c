/* kioskctl test: each device does what it does for a citizen, in maintenance, and somebody looks at it.
 * kioskctl trace: what goes over its bus meanwhile. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "firmware/kioskctl.h"

struct test {
    const struct ctl_options *o;
    struct buf steps; /* JSON array elements */
    size_t n;
    bool ok;
    enum exit_code code;
    long samples, pages; /* noted from events */
    char quality[64];
};

static void step(struct test *t, const char *name, bool ok, const char *text)
{
    buf_fmt(&t->steps, "%s{\"name\":\"%s\",\"ok\":%s,\"text\":", t->n++ ? "," : "", name,
            ok ? "true" : "false");
    json_quote(&t->steps, text);
    buf_chr(&t->steps, '}');
    t->ok = t->ok && ok;
    if (!t->o->json)
        printf("%-4s %-12s %s\n", ok ? "ok" : "BAD", name, text);
}

static bool asks(const struct test *t)
{
    return !t->o->yes && !t->o->json && isatty(STDIN_FILENO);
}

static bool answer(const char *question, char *out, size_t cap)
{
    printf("%s ", question);
    fflush(stdout);
    if (!fgets(out, (int)cap, stdin))
        return false;
    out[strcspn(out, "\n")] = 0;
    return true;
}

/* A question to the eyes; without a person it counts as seen, and the step says so. */
static void look(struct test *t, const char *name, const char *question)
{
    char reply[16] = "";
    if (!asks(t)) {
        step(t, name, true, "not looked at (--yes)");
        return;
    }
    bool yes =
        answer(question, reply, sizeof(reply)) && (reply[0] == 'y' || reply[0] == 'd' || reply[0] == 'i');
    step(t, name, yes, yes ? "seen" : "the person said no");
    if (!yes)
        t->code = EXIT_FAILED;
}

static void on_event(const struct frame *f, void *user)
{
    struct test *t = user;
    if (!f->event)
        return;
    if (strcmp(f->event, "page") == 0) {
        const struct jval *q = jval_get(f->data, "quality");
        t->pages++;
        snprintf(t->quality, sizeof(t->quality), "%s", jval_str(q, "verdict", "not judged"));
    }
    if (strcmp(f->event, "progress") == 0 && isatty(STDERR_FILENO) && !t->o->json)
        fprintf(stderr, "  %s\r", jval_str(f->data, "step", ""));
}

/* ---- what is looked at in the answer; no personal data goes to the screen ---------------------------------
 */

static void check_print(struct test *t, const struct jval *data)
{
    char text[128];
    const char *proof = jval_str(data, "proof", "L0");
    snprintf(text, sizeof(text), "%s, %lld mm%s", proof, (long long)jval_int(data, "mm", 0),
             strcmp(proof, "L2") < 0 ? ": this printer cannot prove its paper" : "");
    step(t, "proof", true, text);
    look(t, "letters",
         "Look at the paper: are s-comma, t-comma, double-acute o and u whole (ș ț ő ű)? [y/n]");
}

static void check_card(struct test *t, const struct jval *data)
{
    char text[160];
    const struct jval *files = jval_get(data, "files");
    snprintf(text, sizeof(text), "%s, %zu files, %lld APDUs, %lld ms", jval_str(data, "access", "?"),
             files ? files->n : 0, (long long)jval_int(data, "apdus", 0), (long long)jval_int(data, "ms", 0));
    step(t, "chip", true, text);
    step(t, "signer", true, jval_str(jval_get(data, "passive"), "verdict", "not_checked"));
    step(t, "genuine", true, jval_str(jval_get(data, "chip"), "verdict", "not_checked"));
}

static void check_pad(struct test *t, const struct jval *data)
{
    char text[96];
    int64_t samples = jval_int(data, "samples", 0);
    snprintf(text, sizeof(text), "%lld samples%s", (long long)samples,
             samples > 0 ? "" : ": no pen was seen");
    step(t, "pen", samples > 0, text);
    if (samples == 0)
        t->code = EXIT_USER;
    look(t, "picture", "Did the pad show the text and your line while you drew? [y/n]");
}

static void check_scan(struct test *t, const struct jval *data)
{
    char text[128];
    (void)data;
    snprintf(text, sizeof(text), "%ld page(s), quality %s", t->pages, t->quality);
    bool good = t->pages > 0 && strcmp(t->quality, "poor") != 0;
    step(t, "page", good, text);
    if (!good)
        t->code = EXIT_FAILED;
}

static void check_office(struct test *t, const struct jval *data)
{
    step(t, "proof", true, jval_str(data, "proof", "L0"));
    look(t, "page", "Did the page come out, whole? [y/n]");
}

/* One row per device. */
static const struct test_row {
    const char *device, *verb, *args;
    int64_t deadline_ms;
    const char *first; /* told before */
    void (*check)(struct test *t, const struct jval *data);
} rows[] = {
    {"print", "test", "{}", 60000, "A test page is printed.", check_print},
    {"card", "read", NULL, 60000, "Put an identity card into the reader.", check_card},
    {"pad", "capture", NULL, 120000, "Draw a line on the pad with the pen.", check_pad},
    {"scan", "scan",
     "{\"source\":\"auto\",\"dpi\":300,\"mode\":\"gray\",\"max_pages\":1,\"purpose\":\"document\"}", 120000,
     "Put the target page into the scanner.", check_scan},
    {"office", "test", "{}", 180000, "A test page is printed on A4.", check_office},
};

/* The arguments that depend on the person: the card's number, the time to draw. */
static bool arguments(const struct test_row *row, const struct ctl_options *o, bool ask, struct buf *out)
{
    if (row->args) {
        buf_str(out, row->args);
        return true;
    }
    if (strcmp(row->device, "pad") == 0) {
        buf_fmt(out,
                "{\"title\":\"Pridvor\",\"name\":\"\",\"hash\":\"\",\"timeout_ms\":%ld,\"by_time\":true}",
                (o->seconds ? o->seconds : 10) * 1000);
        return true;
    }
    char can[16] = "";
    if (o->can)
        snprintf(can, sizeof(can), "%s", o->can);
    else if (ask && !answer("CAN of the card (the six digits at the lower right):", can, sizeof(can)))
        return false;
    if (strlen(can) != 6 || strspn(can, "0123456789") != 6)
        return false;
    buf_fmt(out, "{\"can\":\"%s\"}", can);
    wipe(can, sizeof(can));
    return true;
}

static void run(struct test *t, const struct test_row *row)
{
    ARENA_SCOPE(a);
    BUF_SCOPE(args);
    struct frame f = {0};
    struct err e = {0};
    if (!t->o->json)
        printf("%s\n", row->first);
    if (!arguments(row, t->o, asks(t), &args)) {
        step(t, "can", false, "a card is read by its access number: --can 123456");
        t->code = EXIT_USAGE;
        return;
    }
    const struct ctl_ask ask = {.driver = row->device,
                                .verb = row->verb,
                                .args = args.p,
                                .deadline_ms = row->deadline_ms,
                                .event = on_event,
                                .user = t};
    if (ctl_talk(a, &ask, &f, &e) != RC_OK) {
        step(t, row->verb, false, e.text);
        t->code = EXIT_FAILED;
        return;
    }
    t->code = ctl_exit(&f);
    const char *text =
        arena_fmt(a, "%s%s%s %s%s%s", f.completion, f.code && f.code[0] ? " " : "", f.code ? f.code : "",
                  f.outcome, f.text && f.text[0] ? ": " : "", f.text ? f.text : "");
    step(t, row->verb, t->code == EXIT_FINE, text);
    if (t->code == EXIT_FINE)
        row->check(t, f.data);
}

/* ---- maintenance around it -------------------------------------------------------------------------------
 */

static bool in_maintenance(void)
{
    ARENA_SCOPE(a);
    struct frame f = {0};
    struct err e = {0};
    const struct ctl_ask ask = {.driver = "*", .verb = "status"};
    return ctl_talk(a, &ask, &f, &e) == RC_OK && strcmp(jval_str(f.data, "mode", ""), "maintenance") == 0;
}

/* RC_OK; the sentence is on stderr otherwise. */
static enum exit_code maintenance(bool on)
{
    ARENA_SCOPE(a);
    struct frame f = {0};
    struct err e = {0};
    const struct ctl_ask ask = {
        .driver = "*", .verb = "maintenance", .args = on ? "{\"on\":true}" : "{\"on\":false}"};
    if (ctl_talk(a, &ask, &f, &e) != RC_OK)
        fprintf(stderr, "kioskctl: %s\n", e.text);
    else if (ctl_exit(&f) == EXIT_FINE)
        return EXIT_FINE;
    else
        fprintf(stderr, "kioskctl: %s\n", f.text ? f.text : f.completion);
    return EXIT_FAILED;
}

enum exit_code ctl_test(const struct ctl_options *o)
{
    struct test t = {.o = o, .ok = true};
    const struct test_row *row = NULL;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].device, o->word[1]) == 0)
            row = &rows[i];
    if (!row) {
        fprintf(stderr, "kioskctl: devices to test: card, print, pad, scan, office\n");
        return EXIT_USAGE;
    }
    bool already = in_maintenance();
    if (!already && maintenance(true) != EXIT_FINE)
        return EXIT_FAILED;
    run(&t, row);
    if (!already)
        maintenance(false);
    if (o->json) {
        BUF_SCOPE(b);
        buf_fmt(&b, "{\"device\":\"%s\",\"ok\":%s,\"exit\":%d,\"steps\":[%s]}", row->device,
                t.ok ? "true" : "false", (int)(t.ok ? EXIT_FINE : t.code), t.steps.len ? t.steps.p : "");
        json_show(b.p);
    } else
        printf("%s %s\n", row->device, t.ok ? "passed" : "did not pass");
    buf_free(&t.steps);
    return t.ok ? EXIT_FINE : t.code ? t.code : EXIT_FAILED;
}

/* ---- trace -----------------------------------------------------------------------------------------------
 */

struct watch {
    bool json;
    int64_t first;
};

static void on_transfer(const struct frame *f, void *user)
{
    struct watch *w = user;
    if (!f->data || !f->event || strcmp(f->event, "trace") != 0)
        return;
    if (w->json) {
        BUF_SCOPE(b);
        jval_encode(f->data, &b);
        printf("%s\n", b.p);
        fflush(stdout);
        return;
    }
    int64_t at = jval_int(f->data, "at_ms", 0);
    w->first = w->first ? w->first : at;
    const char *head = jval_str(f->data, "head", "");
    printf("%8.3f %-3s %s %-9s %6lld ", (double)(at - w->first) / 1000, jval_str(f->data, "dir", ""),
           jval_str(f->data, "endpoint", ""), jval_str(f->data, "kind", ""),
           (long long)jval_int(f->data, "bytes", 0));
    for (size_t i = 0; head[i] && head[i + 1]; i += 2)
        printf(" %c%c", head[i], head[i + 1]);
    if (jval_int(f->data, "hidden", 0) > 0)
        printf(" [%lld hidden, #%s]", (long long)jval_int(f->data, "hidden", 0),
               jval_str(f->data, "hash", ""));
    if (jval_int(f->data, "status", 0) != 0)
        printf(" status %lld", (long long)jval_int(f->data, "status", 0));
    printf("\n");
    fflush(stdout);
}

enum exit_code ctl_watch(const struct ctl_options *o)
{
    ARENA_SCOPE(a);
    struct frame f = {0};
    struct err e = {0};
    struct watch w = {.json = o->json};
    char args[80];
    long seconds = o->seconds ? o->seconds : 30;
    snprintf(args, sizeof(args), "{\"seconds\":%ld,\"personal\":%s}", seconds,
             o->personal ? "true" : "false");
    const struct ctl_ask ask = {.driver = o->word[1],
                                .verb = "trace",
                                .args = args,
                                .deadline_ms = seconds * 1000,
                                .event = on_transfer,
                                .user = &w};
    if (ctl_talk(a, &ask, &f, &e) != RC_OK) {
        fprintf(stderr, "kioskctl: %s\n", e.text);
        return EXIT_FAILED;
    }
    if (ctl_exit(&f) != EXIT_FINE)
        fprintf(stderr, "kioskctl: %s: %s\n", f.completion, f.text ? f.text : "");
    else if (!o->json)
        fprintf(stderr, "%lld transfers, %lld lost\n", (long long)jval_int(f.data, "transfers", 0),
                (long long)jval_int(f.data, "lost", 0));
    return ctl_exit(&f);
}
