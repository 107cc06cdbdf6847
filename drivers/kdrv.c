/* kdrv: speaks to one device. See usage(). */
#include "common/base/log.h"
#include "drivers/byhand.h"
#include "drivers/sandbox.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct driver_ops *const drivers[] = {&card_driver, &print_driver, &pad_driver};

static int usage(const char *why)
{
    fprintf(stderr,
            "%s%s"
            "kdrv list                                   devices of ours on this machine\n"
            "kdrv card|print|pad status                  what the device says of itself\n"
            "kdrv card read --can 123456                 read an identity card by its access number\n"
            "kdrv card read --mrz NUMBER,YYMMDD,YYMMDD   the same by document number, birth, expiry\n"
            "kdrv print test                             a receipt to look at\n"
            "kdrv pad capture [--seconds 10]             a signature\n"
            "kdrv card|print|pad serve                   commands on stdin, frames on stdout\n"
            "  --json            the completion as JSON       --direct   do not ask kioskd\n"
            "  --devices FOLDER  rows of configs/devices      --match usb:VID:PID[:SERIAL] or a port 1-1.2\n"
            "exit: 0 ok, 1 failed, 2 usage, 3 no device, 4 a person must do something, 5 outcome unknown\n",
            why ? why : "", why ? "\n" : "");
    return EXIT_USAGE;
}

struct options {
    const char *can, *mrz, *want, *devices, *match;
    long seconds;
    bool json, direct;
};

static bool options(int argc, char **argv, struct options *o)
{
    static const struct option table[] = {
        {"can", 1, NULL, 'c'},   {"mrz", 1, NULL, 'm'},     {"want", 1, NULL, 'w'},
        {"json", 0, NULL, 'j'},  {"direct", 0, NULL, 'd'},  {"devices", 1, NULL, 'D'},
        {"match", 1, NULL, 'M'}, {"seconds", 1, NULL, 's'}, {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "", table, NULL)) != -1;)
        switch (c) {
        case 'c':
            o->can = optarg;
            break;
        case 'm':
            o->mrz = optarg;
            break;
        case 'w':
            o->want = optarg;
            break;
        case 'j':
            o->json = true;
            break;
        case 'd':
            o->direct = true;
            break;
        case 'D':
            o->devices = optarg;
            break;
        case 'M':
            o->match = optarg;
            break;
        case 's':
            o->seconds = strtol(optarg, NULL, 10);
            break;
        default:
            return false;
        }
    return true;
}

/* "A,B,C" as JSON strings behind each other, named when names are given; false: another number of parts. */
static bool parts(struct buf *out, const char *list, const char *const *names, size_t n)
{
    size_t at = 0;
    for (const char *p = list;; p++) {
        size_t len = strcspn(p, ",");
        char one[32];
        if (len >= sizeof one || (names && at >= n))
            return false;
        snprintf(one, sizeof one, "%.*s", (int)len, p);
        if (at++)
            buf_chr(out, ',');
        if (names)
            buf_fmt(out, "\"%s\":", names[at - 1]);
        json_quote(out, one);
        p += len;
        if (!*p)
            return !names || at == n;
    }
}

static bool arguments(const char *verb, const struct options *o, struct buf *args)
{
    static const char *const key[] = {"document_number", "birth_date", "expiry_date"};
    bool ok = true;
    buf_chr(args, '{');
    if (o->can) {
        buf_str(args, "\"can\":");
        json_quote(args, o->can);
    } else if (o->mrz) {
        buf_str(args, "\"mrz\":{");
        ok = parts(args, o->mrz, key, COUNT(key));
        buf_chr(args, '}');
    }
    if (o->want) {
        buf_fmt(args, "%s\"want\":[", args->len > 1 ? "," : "");
        ok = ok && parts(args, o->want, NULL, 0);
        buf_chr(args, ']');
    }
    if (strcmp(verb, "capture") == 0 && o->seconds > 0)
        buf_fmt(args, "\"timeout_ms\":%ld,\"by_time\":true", o->seconds * 1000);
    buf_chr(args, '}');
    return ok;
}

static int serve(const struct driver_ops *ops, const struct options *o)
{
    int out = STDOUT_FILENO;
    struct serve_opts so = {.devices = o->devices,
                            .pin = o->match,
                            .commands = STDIN_FILENO,
                            .emit = serve_emit_fd,
                            .user = &out};
    struct serve *s SCOPED(serve_freep) = NULL;
    struct err e = {0};
    char name[32];
    snprintf(name, sizeof name, "kdrv-%s", ops->name);
    log_open(name);
    if (serve_new(ops, &so, &s, &e) != RC_OK) {
        log_err(&e, "event=start");
        return EXIT_FAILED;
    }
    if (sandbox_enter(&e) != RC_OK)
        log_err(&e, "event=sandbox");
    log_info("event=start driver=%s version=%s", ops->name, PRIDVOR_VERSION);
    serve_loop(s);
    log_info("event=stop reason=\"end of input\"");
    return EXIT_OK;
}

int main(int argc, char **argv)
{
    memory_harden();
    signal(SIGPIPE, SIG_IGN);
    if (getsid(0) == getpid())
        signal(SIGHUP,
               SIG_IGN); /* a mock device node is a terminal; losing it must not end a session leader */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* no picture of a citizen's data on disk */
    struct options o = {.seconds = 10};
    if (!options(argc, argv, &o))
        return usage(NULL);
    const char *first = optind < argc ? argv[optind] : "", *verb = optind + 1 < argc ? argv[optind + 1] : "";
    struct byhand h = {.verb = verb,
                       .deadline_ms = 60000,
                       .json = o.json,
                       .direct = o.direct,
                       .devices = o.devices,
                       .pin = o.match};
    if (strcmp(first, "list") == 0) {
        h.verb = "list";
        return byhand_list(&h, drivers, COUNT(drivers));
    }
    for (size_t i = 0; i < COUNT(drivers); i++)
        if (strcmp(drivers[i]->name, first) == 0)
            h.ops = drivers[i];
    if (!h.ops || !*verb)
        return usage(NULL);
    if (strcmp(verb, "serve") == 0)
        return serve(h.ops, &o);
    bool known = serve_word_in(h.ops->verbs, verb);
    if (!known || !arguments(verb, &o, &h.args)) {
        buf_free(&h.args);
        return usage(known ? "arguments do not fit" : "no such verb");
    }
    h.deadline_ms = h.ops->deadline_ms ? h.ops->deadline_ms : h.deadline_ms;
    int code = byhand_run(&h);
    buf_free(&h.args);
    return code;
}
