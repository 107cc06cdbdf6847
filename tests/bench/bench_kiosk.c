/* The terminal with everything behind it, on this machine: how soon the receipt comes out after a request was
 * accepted, how long accepting takes when the register cannot be reached, and the memory of the processes at
 * rest. The printer's own view counts: its reset, the first bytes of a receipt, is seen in its state. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/crypto.h"
#include "tests/bench/report.h"
#include "tests/e2e/house.h"

enum { PORTS = 17380, LOOK_US = 1000, WAIT_US = 5000000 };

struct bench {
    struct house house;
    int printer; /* its control socket, kept open */
    struct series accept, first_byte, bytes, done, offline_accept, offline_done, offline_first;
};
/* When things happened, in µs of one clock; 0: not yet. */
struct times {
    int64_t post, accepted, done, paper;
};

static void die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

static void must(struct bench *b, bool ok)
{
    if (ok)
        return;
    house_down(&b->house);
    die(b->house.api.error[0] ? b->house.api.error : b->house.error);
}

/* ---- the printer's view ---- */

static int printer_open(const struct house *h)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int n = snprintf(to.sun_path, sizeof(to.sun_path), "%s/run/vdev/printer/ctl.sock", h->var);
    if (fd < 0 || n >= (int)sizeof(to.sun_path) || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        die("the virtual printer does not answer");
    return fd;
}

/* A figure of the virtual printer. */
static long printer_says(int fd, const char *name)
{
    char line[2048];
    size_t n = 0;
    if (write(fd, "state\n", 6) != 6)
        die("the virtual printer is gone");
    while (n == 0 || line[n - 1] != '\n') {
        ssize_t got = read(fd, line + n, sizeof(line) - 1 - n);
        if (got <= 0)
            die("the virtual printer is gone");
        n += (size_t)got;
    }
    line[n] = '\0';
    char key[32];
    snprintf(key, sizeof(key), "\"%s\":", name);
    const char *at = strstr(line, key);
    if (!at)
        die("the virtual printer does not count that");
    return strtol(at + strlen(key), NULL, 10);
}

/* How often it was reset: once at the head of each receipt. */
static long resets(int fd)
{
    return printer_says(fd, "resets");
}

/* ---- one request ---- */

static bool to_the_signature(struct api *c, bool card)
{
    static const struct person_answer own[] = {{"who.address", "\"Turda, str. Mihai Viteazul 3\""},
                                               {"act.who", "\"self\""},
                                               {"delivery.how", "\"pickup\""},
                                               {"reason", "\"lost\""},
                                               {"format", "\"paper\""}};
    if (!citizen_start(c, "ro", "cs.birth_certificate"))
        return false;
    bool in = card ? citizen_card_in(c, "A") && citizen_read_can(c, "123456") : citizen_no_card(c);
    /* Nobody is as quick as this program: the drivers may still be wiping the last session. */
    return in && citizen_answer(c, own, COUNT(own)) && api_wait(c, "devices.pad.public", "ready", 5000) &&
           citizen_sign(c, true);
}

/* Looks by turns at the paper and, until it is done, at the state of the session. */
static bool submit(struct bench *b, struct times *t)
{
    struct api *c = &b->house.api;
    char body[80], key[UUID_LEN];
    struct err e = {0};
    long before = resets(b->printer);

    if (uuid7(key, &e) != RC_OK)
        return false;
    snprintf(body, sizeof(body), "{\"key\":\"%s\"}", key);
    t->post = mono_us();
    if (!api_call(c, "/v1/submit", body))
        return false;
    t->accepted = mono_us();
    while (!t->paper || !t->done) {
        if (!t->paper && resets(b->printer) > before)
            t->paper = mono_us();
        if (!t->done) {
            if (!api_state(c))
                return false;
            t->done = strcmp(api_get(c, "step"), "done") == 0 ? mono_us() : 0;
        }
        if (mono_us() - t->accepted > WAIT_US) {
            snprintf(c->error, sizeof(c->error), "no receipt in %d s", WAIT_US / 1000000);
            return false;
        }
        usleep(LOOK_US);
    }
    return true;
}

static double ms(int64_t us)
{
    return (double)us / 1000;
}

static void one_request(struct bench *b, bool online)
{
    struct api *c = &b->house.api;
    struct times t = {0};

    must(b, to_the_signature(c, online));
    long before = printer_says(b->printer, "bytes");
    must(b, submit(b, &t));
    const char *word = api_get(c, "done.provisional");
    if (!word || strcmp(word, online ? "false" : "true") != 0) {
        house_down(&b->house);
        die(online ? "the register did not answer in time" : "registered without a network");
    }
    series_add(online ? &b->accept : &b->offline_accept, ms(t.accepted - t.post));
    series_add(online ? &b->first_byte : &b->offline_first, ms(t.paper - t.accepted));
    series_add(online ? &b->done : &b->offline_done, ms(t.done - t.accepted));
    must(b, citizen_printed(c, "printed", 20000));
    series_add(&b->bytes, (double)(printer_says(b->printer, "bytes") - before));
    must(b, citizen_end(c));
}

static void rounds(struct bench *b, int n)
{
    for (int i = 0; i < n; i++)
        one_request(b, true);
    must(b, house_net(&b->house, false));
    must(b, api_hello(&b->house.api) && api_wait(&b->house.api, "devices.register.public", "offline", 30000));
    for (int i = 0; i < n; i++)
        one_request(b, false);
    must(b, house_net(&b->house, true));
}

/* ---- memory ---- */

static long smaps_kb(pid_t pid, const char *field)
{
    char path[64], line[200];
    long kb = 0;
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f)) {
        if (strncmp(line, field, strlen(field)) == 0)
            kb = strtol(line + strlen(field), NULL, 10);
    }
    if (f)
        fclose(f);
    return kb;
}

static void memory(pid_t pid, const char *name, const char *what)
{
    char full[60], note[200];
    snprintf(full, sizeof(full), "memory.%s_kb", name);
    snprintf(note, sizeof(note), "PSS at rest after the requests above; RSS %ld, own %ld%s%s",
             smaps_kb(pid, "Rss:"), smaps_kb(pid, "Private_Dirty:"), what[0] ? "; " : "", what);
    report(full, (double)smaps_kb(pid, "Pss:"), "KB", note);
}

/* A driver is known by its command line: kdrv NAME serve. */
static void driver_name(pid_t pid, char *out, size_t cap)
{
    char path[64], text[512] = "";
    snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
    if (f)
        fclose(f);
    const char *second = memchr(text, '\0', n);
    snprintf(out, cap, "kdrv_%s", second ? second + 1 : "?");
}

static void memories(struct bench *b)
{
    pid_t kids[8], kioskd = house_pid(&b->house, "kioskd");
    char name[40];
    size_t n = children_of(kioskd, kids, COUNT(kids));

    sleep(2);
    memory(kioskd, "kioskd", "");
    memory(house_pid(&b->house, "registryd"), "registryd", "one terminal connected");
    for (size_t i = 0; i < n; i++) {
        driver_name(kids[i], name, sizeof(name));
        memory(kids[i], name, "with the library of the USB emulation");
    }
}

/* ---- report ---- */

static void report_all(const struct bench *b)
{
    report_series("receipt.accept_ms", &b->accept, "ms",
                  "POST /v1/submit to its answer: sealed and synced to disk");
    report_series(
        "receipt.first_byte_ms", &b->first_byte, "ms",
        "at most 100; submit acknowledged to first byte at the printer, with the register's answer");
    report_series("receipt.bytes", &b->bytes, "B", "to the printer for one receipt, its questions with it");
    report_series("receipt.done_ms", &b->done, "ms", "submit acknowledged to the number on the screen");
    report_series("offline.accept_ms", &b->offline_accept, "ms",
                  "at most 50; network cut: POST /v1/submit to its answer");
    report_series("offline.done_ms", &b->offline_done, "ms",
                  "the same, acknowledged to the provisional number");
    report_series("offline.first_byte_ms", &b->offline_first, "ms",
                  "acknowledged to first byte at the printer");
}

int main(int argc, char **argv)
{
    static struct bench b;
    const char *out = NULL;
    int n = 11;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--out") == 0)
            out = argv[i + 1];
        else if (strcmp(argv[i], "--rounds") == 0)
            n = (int)strtol(argv[i + 1], NULL, 10);
    }
    report_open(out);
    if (!house_up(&b.house, "bench", PORTS))
        die(b.house.error);
    b.printer = printer_open(&b.house);
    must(&b, vdev_command(&b.house.api, "printer", "speed 1000"));
    rounds(&b, n);
    report_all(&b);
    memories(&b);
    close(b.printer);
    house_down(&b.house);
    return 0;
}
