/* kdrv: speaks to one device. See usage(). Drivers that need a heavy library (scanner, office printer) are
 * programs of their own beside this one, so that the small ones stay small; kdrv starts them. */
#include "common/base/log.h"
#include "drivers/byhand.h"
#include "drivers/card/trust_byhand.h"
#include "drivers/sandbox.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* One row per driver. Compiled with KDRV_ONLY=scan_driver this is the program kdrv-scan: one row alone. */
static const struct program {
    const char *name, *transport;
    const struct driver_ops *ops; /* NULL: the program kdrv-NAME */
} programs[] = {
#ifdef KDRV_ONLY
    {KDRV_NAME, NULL, &KDRV_ONLY},
#else
    {"card", NULL, &card_driver},   {"card", "pcsc", &card_pcsc_driver},
    {"print", NULL, &print_driver}, {"pad", NULL, &pad_driver},
    {"scan", NULL, NULL},           {"office", NULL, NULL},
#endif
};

static int usage(const char *why)
{
    fprintf(stderr,
            "%s%s"
            "kdrv list                                   devices of ours on this machine\n"
            "kdrv card|print|pad|scan|office status      what the device says of itself\n"
            "kdrv card read --can 123456                 read an identity card by its access number\n"
            "kdrv card read --mrz NUMBER,YYMMDD,YYMMDD   the same by document number, birth, expiry\n"
            "kdrv card verify --sod FILE --dg 1=FILE     were these files signed by a state?\n"
            "kdrv card csca [--csca FOLDER]              which country certificates are here\n"
            "kdrv print test                             a receipt to look at\n"
            "kdrv pad capture [--seconds 10]             a signature; --svg FILE --png FILE: its picture\n"
            "kdrv scan scan [--source feeder] [--dpi 300] [--mode gray] [--out FOLDER]\n"
            "                                            pages from the scanner\n"
            "kdrv DRIVER serve                           commands on stdin, frames on stdout\n"
            "  --json            the completion as JSON       --direct   do not ask kioskd\n"
            "  --devices FOLDER  rows of configs/devices      --match usb:VID:PID[:SERIAL], serial:S or a "
            "port 1-1.2\n"
            "  --prefer THE SAME that one if it is there, else another\n"
            "  --csca FOLDER     country certificates, master lists, revocation lists\n"
            "  --transport NAME  another way to the device (card: pcsc)\n"
            "  --NAME VALUE      any other option becomes an argument of the verb\n"
            "exit: 0 ok, 1 failed, 2 usage, 3 no device, 4 a person must do something, 5 outcome unknown\n",
            why ? why : "", why ? "\n" : "");
    return EXIT_USAGE;
}

struct options {
    const char *word[2]; /* driver and verb */
    const char *devices, *match, *prefer, *transport, *csca;
    bool json, direct;
    struct buf args; /* a JSON object, built as the options come */
};

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

static bool is_number(const char *s)
{
    size_t n = strlen(s);
    return n > 0 && n < 10 && strspn(s, "0123456789") == n && (n == 1 || s[0] != '0');
}

/* Words whose value is not simply a number, yes/no or a text. */
static bool special(struct buf *out, const char *name, const char *value, bool *ok)
{
    static const char *const mrz[] = {"document_number", "birth_date", "expiry_date"};
    static const char *const texts[] = {"can", "pin"}; /* digits, but no number: 012345 */
    if (strcmp(name, "mrz") == 0) {
        buf_str(out, "\"mrz\":{");
        *ok = parts(out, value, mrz, COUNT(mrz));
        buf_chr(out, '}');
    } else if (strcmp(name, "want") == 0) {
        buf_str(out, "\"want\":[");
        *ok = parts(out, value, NULL, 0);
        buf_chr(out, ']');
    } else if (strcmp(name, "seconds") == 0) {
        *ok = is_number(value) && strlen(value) < 5;
        buf_fmt(out, "\"timeout_ms\":%s000,\"by_time\":true", *ok ? value : "1");
    } else {
        for (size_t i = 0; i < COUNT(texts); i++)
            if (strcmp(name, texts[i]) == 0) {
                buf_fmt(out, "\"%s\":", name);
                json_quote(out, value);
                return true;
            }
        return false;
    }
    return true;
}

/* --name value -> "name":value, a number, true/false, or a text. */
static bool argument(struct buf *out, const char *option, const char *value)
{
    char name[32];
    size_t n = strcspn(option, "=");
    bool ok = n > 0 && n < sizeof name && strspn(option, "abcdefghijklmnopqrstuvwxyz0123456789-_") >= n;
    if (!ok)
        return false;
    for (size_t i = 0; i < n; i++)
        name[i] = option[i] == '-' ? '_' : option[i];
    name[n] = 0;
    if (out->len > 1)
        buf_chr(out, ',');
    if (special(out, name, value, &ok))
        return ok;
    buf_fmt(out, "\"%s\":", name);
    if (is_number(value) || strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
        buf_str(out, value);
    else
        json_quote(out, value);
    return true;
}

static bool options(int argc, char **argv, struct options *o)
{
    const struct {
        const char *name;
        const char **value; /* NULL: a switch */
        bool *on;
    } own[] = {{"devices", &o->devices, NULL},     {"match", &o->match, NULL}, {"prefer", &o->prefer, NULL},
               {"transport", &o->transport, NULL}, {"csca", &o->csca, NULL},   {"json", NULL, &o->json},
               {"direct", NULL, &o->direct}};
    size_t words = 0;
    buf_chr(&o->args, '{');
    for (int i = 1; i < argc; i++) {
        const char *p = argv[i];
        if (strncmp(p, "--", 2) != 0) {
            if (words >= COUNT(o->word))
                return false;
            o->word[words++] = p;
            continue;
        }
        p += 2;
        size_t which = 0, len = strcspn(p, "=");
        while (which < COUNT(own) &&
               (strlen(own[which].name) != len || strncmp(own[which].name, p, len) != 0))
            which++;
        if (which < COUNT(own) && own[which].on) {
            *own[which].on = true;
            continue;
        }
        const char *value = p[len] ? p + len + 1 : i + 1 < argc ? argv[++i] : NULL;
        if (!value || (which == COUNT(own) && !argument(&o->args, p, value)))
            return false;
        if (which < COUNT(own))
            *own[which].value = value;
    }
    buf_chr(&o->args, '}');
    return true;
}

static int serve(const struct driver_ops *ops, const struct options *o)
{
    int out = STDOUT_FILENO;
    struct serve_opts so = {.devices = o->devices,
                            .pin = o->match,
                            .prefer = o->prefer,
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
    if (sandbox_enter(ops->name, &e) != RC_OK)
        log_err(&e, "event=sandbox");
    log_info("event=start driver=%s version=%s", ops->name, PRIDVOR_VERSION);
    serve_loop(s);
    log_info("event=stop reason=\"end of input\"");
    return EXIT_OK;
}

/* kdrv-NAME beside this program; does not come back when it is there. */
static int elsewhere(const char *name, char **argv)
{
    char path[512];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 32);
    while (n > 0 && path[n - 1] != '/')
        n--;
    if (n > 0) {
        snprintf(path + n, sizeof path - (size_t)n, "kdrv-%s", name);
        execv(path, argv);
    }
    fprintf(stderr, "kdrv: the driver %s is not installed (no program kdrv-%s)\n", name, name);
    return EXIT_NO_DEVICE;
}

static const struct program *find(const char *name, const char *transport)
{
    if (transport && strcmp(transport, "usb") == 0)
        transport = NULL; /* the driver's own way */
    for (size_t i = 0; i < COUNT(programs); i++) {
        const struct program *p = &programs[i];
        bool same = transport ? p->transport && strcmp(p->transport, transport) == 0 : !p->transport;
        if (strcmp(p->name, name) == 0 && (same || !p->ops))
            return p;
    }
    return NULL;
}

static int list(struct byhand *h)
{
    const struct driver_ops *here[COUNT(programs)];
    size_t n = 0;
    for (size_t i = 0; i < COUNT(programs); i++)
        if (programs[i].ops && !programs[i].transport)
            here[n++] = programs[i].ops;
    h->verb = "list";
    return byhand_list(h, here, n);
}

static int command(struct options *o, char **argv)
{
    struct byhand h = {.verb = o->word[1],
                       .deadline_ms = 60000,
                       .json = o->json,
                       .direct = o->direct,
                       .devices = o->devices,
                       .pin = o->match,
                       .args = o->args};
    if (o->word[0] && strcmp(o->word[0], "list") == 0)
        return list(&h);
    const struct program *p = o->word[0] ? find(o->word[0], o->transport) : NULL;
    if (!p || !o->word[1])
        return usage(NULL);
    if (!p->ops)
        return elsewhere(p->name, argv);
    if (strcmp(o->word[1], "serve") == 0)
        return serve(p->ops, o);
    if (!serve_word_in(p->ops->verbs, o->word[1]))
        return usage("no such verb");
    if (strcmp(h.verb, "capture") == 0 && h.args.len == 2) { /* by hand nobody presses OK on a page */
        buf_reset(&o->args);
        buf_str(&o->args, "{\"timeout_ms\":10000,\"by_time\":true}");
        h.args = o->args;
    }
    h.ops = p->ops;
    h.deadline_ms = h.ops->deadline_ms ? h.ops->deadline_ms : h.deadline_ms;
    return byhand_run(&h);
}

int main(int argc, char **argv)
{
    memory_harden();
    signal(SIGPIPE, SIG_IGN);
    if (getsid(0) == getpid())
        signal(SIGHUP,
               SIG_IGN); /* a mock device node is a terminal; losing it must not end a session leader */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* no picture of a citizen's data on disk */
#ifndef KDRV_ONLY
    if (argc > 2 && strcmp(argv[1], "card") == 0 && trust_byhand_knows(argv[2]))
        return trust_byhand(argc, argv); /* of files: no device, nobody to ask */
#endif
    struct options o = {0};
    bool fits = options(argc, argv, &o);
#ifndef KDRV_ONLY
    char folder[512];
    if (fits && o.word[0] && strcmp(o.word[0], "card") == 0) /* else beside the rows of devices */
        setenv("PRIDVOR_CSCA", trust_folder(o.csca, rows_dir(o.devices), folder, sizeof folder), 1);
#endif
    int code = fits ? command(&o, argv) : usage("arguments do not fit");
    buf_free(&o.args);
    return code;
}
