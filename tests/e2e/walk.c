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
#include "tests/e2e/papers.h"

struct walk {
    struct api c;
    const char *run, *out, *can, *mrz; /* mrz: document,YYMMDD,YYMMDD */
    bool vdev, external;               /* devices are virtual; the card is an external simulator */
    struct buf steps, summary;
    int64_t began;
    char field[64], sha256[65]; /* of the papers; "" when there are none */
    size_t pages;
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

/* A certificate for somebody else, so that the service asks for a paper: the mandate. */
static const struct person_answer answers[] = {{"who.address", "\"Turda, str. Mihai Viteazul 3\""},
                                               {"who.email", "\"cetatean@demo.example\""},
                                               {"act.who", "\"other\""},
                                               {"act.last_name", "\"Moldovan\""},
                                               {"act.first_name", "\"Ilinca\""},
                                               {"act.birth_date", "\"1948-03-12\""},
                                               {"act.birth_place", "\"Turda\""},
                                               {"delivery.how", "\"pickup\""},
                                               {"reason", "\"lost\""},
                                               {"format", "\"paper\""}};

static bool step_answer(struct walk *w)
{
    return citizen_to_papers(&w->c, answers, COUNT(answers));
}

/* The file that answers the question, as the request will name it: seen by going back to the question. */
static bool papers_answer(struct walk *w)
{
    char body[100];
    snprintf(body, sizeof(body), "{\"field\":\"%s\"}", w->field);
    if (!api_call(&w->c, "/v1/form/goto", body) || !api_wait(&w->c, "step", "form", 3000))
        return false;
    const struct jval *fields = jval_get(jval_get(w->c.body, "form"), "fields");
    const char *value = fields && fields->n ? jval_str(&fields->items[0], "value", "") : "";
    if (strncmp(value, "sha256:", 7) != 0) {
        snprintf(w->c.error, sizeof(w->c.error), "the papers became no file: \"%.100s\"", value);
        return false;
    }
    snprintf(w->sha256, sizeof(w->sha256), "%s", value + 7);
    return citizen_answer(&w->c, answers, COUNT(answers));
}

/* Without a scanner, or when a real one does not want to, the papers are brought to the counter. */
static bool step_papers(struct walk *w)
{
    struct api *c = &w->c;
    if (w->vdev && !papers_load(c, "letter text"))
        return false;
    bool there = !w->vdev || api_wait(c, "scan.phase", "ready|error", 15000);
    bool scanned = there && papers_scan(c, w->vdev ? "feeder" : "auto");
    if (!scanned && w->vdev)
        return false;
    snprintf(w->field, sizeof(w->field), "%s", scanned ? api_get(c, "scan.field") : "");
    w->pages = scanned ? papers_count(c) : 0;
    if (w->vdev && !papers_load(c, "cert text")) /* for the next visitor */
        return false;
    return api_state(c) && citizen_answer(c, answers, COUNT(answers)) && (!scanned || papers_answer(w));
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

/* What the register keeps of the papers: beside the receipt, and in the summary. */
static bool keep_papers(struct walk *w)
{
    ARENA_SCOPE(a);
    struct err e = {0};
    char *pdf = NULL;
    size_t len = 0;
    buf_str(&w->summary, ",\"papers\":[");
    if (w->sha256[0]) {
        const char *from = arena_fmt(a, "%s/../blobs/%.2s/%s", w->run, w->sha256, w->sha256);
        if (fs_read(a, from, 8 << 20, &pdf, &len, &e) != RC_OK ||
            fs_write(arena_fmt(a, "%s/paper-1.pdf", w->out), pdf, len, 0644, &e) != RC_OK) {
            snprintf(w->c.error, sizeof(w->c.error), "the papers in the register's folder: %.200s", e.text);
            return false;
        }
        buf_fmt(&w->summary, "{\"field\":\"%s\",\"pages\":%zu,\"bytes\":%zu,\"sha256\":\"%s\"}", w->field,
                w->pages, len, w->sha256);
    }
    buf_str(&w->summary, "]");
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
    return keep_papers(w);
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
    keep(w, "pin", "done.pin"); /* of an invented person; on paper it is all that opens the status page */
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
    {"papers", "Two papers go through the scanner and become one PDF", step_papers},
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
