/* walk: one request for a birth certificate, carried through the kiosk's local API; the demo's script. Shows
 * each step with its time and writes summary.json. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "tests/e2e/citizen.h"

struct walk {
    struct api c;
    const char *run, *out, *can, *mrz; /* mrz: document,YYMMDD,YYMMDD */
    bool vdev, external;               /* devices are virtual; the card is an external simulator */
    struct buf steps, summary;
    int64_t began;
};

static void keep_steps(struct walk *w, const char *name, int64_t ms)
{
    buf_str(&w->steps, w->steps.len ? "," : "");
    buf_fmt(&w->steps, "{\"name\":\"%s\",\"ms\":%lld}", name, (long long)ms);
}

/* Members of summary.json gathered as they become known. */
static void keep(struct walk *w, const char *name, const char *path)
{
    const char *text = api_get(&w->c, path);
    buf_fmt(&w->summary, "%s\"%s\":", w->summary.len && w->summary.p[w->summary.len - 1] != '{' ? "," : "",
            name);
    if (text)
        json_quote(&w->summary, text);
    else
        buf_str(&w->summary, "null");
}

static void keep_int(struct walk *w, const char *name, const char *path)
{
    buf_fmt(&w->summary, "%s\"%s\":%lld", w->summary.p[w->summary.len - 1] != '{' ? "," : "", name,
            (long long)api_int(&w->c, path));
}

static bool step_start(struct walk *w)
{
    if (!citizen_start(&w->c, "ro", "cs.birth_certificate"))
        return false;
    keep(w, "service", "service.name");
    return true;
}

static bool step_card(struct walk *w)
{
    return citizen_card_in(&w->c, w->vdev && !w->external ? "A" : NULL);
}

static bool step_read(struct walk *w)
{
    char document[24], birth[8], expiry[8];
    bool ok = w->mrz ? sscanf(w->mrz, "%23[^,],%7[^,],%7s", document, birth, expiry) == 3 &&
                           citizen_read_mrz(&w->c, document, birth, expiry)
                     : citizen_read_can(&w->c, w->can);
    if (!ok)
        return false;
    buf_str(&w->summary, ",\"card\":{");
    keep(w, "document_number", "card.identity.document_number");
    keep(w, "access", "card.access");
    keep_int(w, "chip_read_ms", "card.ms");
    buf_str(&w->summary, "}");
    return true;
}

static bool step_answer(struct walk *w)
{
    static const struct person_answer own[] = {{"who.address", "\"Turda, str. Mihai Viteazul 3\""},
                                               {"act.birth_place", "\"Turda\""},
                                               {"act.who", "\"self\""},
                                               {"delivery.how", "\"pickup\""},
                                               {"reason", "\"lost\""},
                                               {"format", "\"paper\""}};
    return citizen_answer(&w->c, own, COUNT(own));
}

static bool step_sign(struct walk *w)
{
    if (!citizen_sign(&w->c, w->vdev))
        return false;
    buf_str(&w->summary, ",\"signature\":{");
    keep_int(w, "strokes", "sign.strokes");
    keep_int(w, "samples", "sign.samples");
    buf_str(&w->summary, "}");
    return true;
}

static bool step_submit(struct walk *w)
{
    if (!citizen_submit(&w->c))
        return false;
    if (strcmp(api_get(&w->c, "done.provisional"), "true") == 0) {
        snprintf(w->c.error, sizeof(w->c.error),
                 "the register did not answer in time, the receipt is provisional; "
                 "nothing is lost. Look at ./pridvor logs");
        return false;
    }
    keep(w, "request_id", "done.request_id");
    keep(w, "register_number", "done.number");
    keep(w, "registered_at", "done.registered_at");
    keep(w, "institution", "done.institution");
    return true;
}

static bool step_print(struct walk *w)
{
    if (!citizen_printed(&w->c, "printed|sent|failed|unknown|absent", 20000))
        return false;
    const char *phase = api_get(&w->c, "done.print.phase");
    if (strcmp(phase, "printed") != 0) {
        snprintf(w->c.error, sizeof(w->c.error), "the receipt was not proved printed (%s): %s", phase,
                 api_get(&w->c, "done.print.text"));
        return false;
    }
    buf_str(&w->summary, ",\"receipt\":{");
    keep(w, "proof", "done.print.proof");
    keep(w, "qr_text", "done.url");
    buf_fmt(&w->summary, ",\"png\":\"%s/receipt.png\"}", w->out);
    return true;
}

/* The picture of the paper, and the proof that the terminal kept nothing. */
static bool step_end(struct walk *w)
{
    ARENA_SCOPE(a);
    struct err e = {0};
    char *png = NULL;
    size_t len = 0;
    if (!citizen_end(&w->c))
        return false;
    if (!w->vdev)
        return true;
    if (!vdev_command(&w->c, "printer", "picture") ||
        !vdev_command(&w->c, "reader", w->external ? "state" : "remove"))
        return false;
    const char *from = arena_fmt(a, "%s/vdev/printer/paper.png", w->run);
    if (fs_read(a, from, 8 << 20, &png, &len, &e) != RC_OK ||
        fs_write(arena_fmt(a, "%s/receipt.png", w->out), png, len, 0644, &e) != RC_OK) {
        snprintf(w->c.error, sizeof(w->c.error), "%.250s", e.text);
        return false;
    }
    return true;
}

static const struct {
    const char *name, *words;
    bool (*fn)(struct walk *w);
} plan[] = {
    {"start", "A citizen touches the screen and asks for a birth certificate", step_start},
    {"card_in", "The identity card goes into the reader", step_card},
    {"card_read", "The chip opens with the printed number and is read", step_read},
    {"answers", "The questions are answered; the name came from the card", step_answer},
    {"signature", "A signature on the pad", step_sign},
    {"filed", "The request is on disk, sent over mutual TLS, registered", step_submit},
    {"printed", "The receipt is printed and the printer proved it", step_print},
    {"wiped", "The session ends and everything of this person is gone", step_end},
};

static bool write_summary(struct walk *w, struct err *e)
{
    ARENA_SCOPE(a);
    const char *text = arena_fmt(a, "%s,\"steps\":[%s]}\n", w->summary.p, w->steps.p);
    return fs_write(arena_fmt(a, "%s/summary.json", w->out), text, strlen(text), 0644, e) == RC_OK;
}

static int run(struct walk *w)
{
    bool color = isatty(STDOUT_FILENO);
    struct err e = {0};
    buf_str(&w->summary, "{");
    for (size_t i = 0; i < COUNT(plan); i++) {
        int64_t start = mono_ms();
        bool ok = plan[i].fn(w);
        int64_t ms = mono_ms() - start;
        printf("  %s %-66s%s%5lld ms%s\n", ok ? "·" : "✗", plan[i].words, color ? "\033[2m" : "",
               (long long)ms, color ? "\033[0m" : "");
        fflush(stdout);
        keep_steps(w, plan[i].name, ms);
        if (!ok) {
            fprintf(stderr, "pridvor: %s: %s\n", plan[i].words, w->c.error);
            return 1;
        }
    }
    if (!write_summary(w, &e)) {
        fprintf(stderr, "pridvor: %s\n", e.text);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"run", 1, NULL, 'r'},  {"out", 1, NULL, 'o'},      {"can", 1, NULL, 'c'}, {"mrz", 1, NULL, 'm'},
        {"real", 0, NULL, 'R'}, {"external", 0, NULL, 'x'}, {NULL, 0, NULL, 0}};
    struct walk w = {.run = "var/run", .out = "var/demo", .can = "123456", .vdev = true};
    int o;
    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (o == 'r')
            w.run = optarg;
        else if (o == 'o')
            w.out = optarg;
        else if (o == 'c')
            w.can = optarg;
        else if (o == 'm')
            w.mrz = optarg;
        else if (o == 'R')
            w.vdev = false;
        else if (o == 'x')
            w.external = true;
        else
            return 2;
    }
    ARENA_SCOPE(a);
    bool open = api_open(&w.c, arena_fmt(a, "%s/kiosk.url", w.run), arena_fmt(a, "%s/vdev", w.run), 15000);
    int rc = open ? run(&w) : 1;
    if (!open)
        fprintf(stderr, "pridvor: %s\n", w.c.error);
    api_close(&w.c);
    buf_free(&w.steps);
    buf_free(&w.summary);
    return rc;
}
