#include "drivers/byhand.h"

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "common/base/sockpath.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LONG_TEXT 200 /* pictures and strokes are not for the eye */

/* ---- what a person sees ----------------------------------------------------------------------------------
 */

static void show(const char *path, const struct jval *v)
{
    char name[96];
    if (v->kind == JV_STR && strlen(v->s) <= LONG_TEXT)
        printf("%-28s %s\n", path, v->s);
    else if (v->kind == JV_STR)
        printf("%-28s (%zu characters)\n", path, strlen(v->s));
    else if (v->kind == JV_INT)
        printf("%-28s %lld\n", path, (long long)v->i);
    else if (v->kind == JV_BOOL)
        printf("%-28s %s\n", path, v->b ? "yes" : "no");
    else if (v->kind == JV_ARR && v->n > 40)
        printf("%-28s (%zu)\n", path, v->n);
    for (size_t i = 0; v->kind == JV_OBJ && i < v->n; i++) {
        snprintf(name, sizeof name, "%s%s%s", path, *path ? "." : "", v->names[i]);
        show(name, &v->items[i]);
    }
    for (size_t i = 0; v->kind == JV_ARR && v->n <= 40 && i < v->n; i++) {
        snprintf(name, sizeof name, "%s[%zu]", path, i);
        show(name, &v->items[i]);
    }
}

static enum exit_code code_of(const struct frame *f)
{
    static const struct {
        const char *completion;
        enum exit_code code;
    } rows[] = {{"ok", EXIT_OK},
                {"no-device", EXIT_NO_DEVICE},
                {"user-needed", EXIT_USER},
                {"bad-request", EXIT_USAGE}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].completion, f->completion) == 0)
            return rows[i].code;
    return strcmp(f->outcome, "unknown") == 0 ? EXIT_UNKNOWN : EXIT_FAILED;
}

struct view {
    bool json, done;
    enum exit_code code;
    const struct byhand *h;
};

/* Files that the arguments name (--svg, --png). */
static void keep(struct arena *a, struct view *v, const struct frame *f)
{
    const struct buf *args = &v->h->args;
    struct jval *names = NULL;
    struct err e = {0};
    if (!v->h->ops || !v->h->ops->keep || v->code != EXIT_OK || !args->len)
        return;
    enum rc rc = jval_parse(a, args->p, args->len, &names, &e);
    if (rc == RC_OK)
        rc = v->h->ops->keep(names, f->data, &e);
    if (rc == RC_OK)
        return;
    fprintf(stderr, "kdrv: %s\n", e.text);
    v->code = EXIT_FAILED;
}

/* One frame, to the screen: with --json the completion alone, as it came. */
static void see(void *user, const char *line, size_t len)
{
    struct view *v = user;
    ARENA_SCOPE(a);
    struct frame f = {0};
    struct err e = {0};
    if (frame_read(a, line, len, &f, &e) != RC_OK) {
        fprintf(stderr, "kdrv: %s\n", e.text);
        return;
    }
    byhand_page(v->h, a, &f);
    if (strcmp(f.kind, "event") == 0 && strcmp(f.event, "progress") == 0 && !v->json && isatty(2))
        fprintf(stderr, "  %s %lld/%lld\r", jval_str(f.data, "step", ""),
                (long long)jval_int(f.data, "done", 0), (long long)jval_int(f.data, "total", 0));
    if (strcmp(f.kind, "completion") != 0)
        return;
    v->done = true;
    v->code = code_of(&f);
    keep(a, v, &f);
    if (v->json) {
        json_show(arena_strn(a, line, len));
        return;
    }
    if (f.data && f.data->n)
        show("", f.data);
    if (strcmp(f.completion, "ok") != 0)
        fprintf(stderr, "%s %s %s%s%s\n", f.completion, f.code ? f.code : "", f.outcome,
                f.text && *f.text ? ": " : "", f.text ? f.text : "");
}

/* ---- through kioskd --------------------------------------------------------------------------------------
 */

static int dial(const char *folder)
{
    struct sockaddr_un to;
    char path[4096];
    if (!folder || (size_t)snprintf(path, sizeof path, "%s/kioskd.sock", folder) >= sizeof path)
        return -1;
    int at = sock_address(path, &to);
    if (at < 0)
        return -1;
    int held SCOPED(fd_closep) = at > 0 ? at : -1;
    (void)held;
    int fd SCOPED(fd_closep) = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        return -1;
    int open = fd;
    fd = -1;
    return open;
}

static int dial_any(void)
{
    const char *run = getenv("PRIDVOR_RUN");
    if (run)
        return dial(run);
    int fd = dial("var/run");
    return fd >= 0 ? fd : dial("/run/pridvor");
}

static void lines(struct buf *in, struct view *v)
{
    for (char *end; !v->done && in->len && (end = memchr(in->p, '\n', in->len)) != NULL;) {
        see(v, in->p, (size_t)(end - in->p));
        buf_cut(in, (size_t)(end - in->p) + 1);
    }
}

static enum exit_code through_kioskd(const struct byhand *h, int fd)
{
    BUF_SCOPE(out);
    BUF_SCOPE(in);
    struct view v = {.json = h->json, .code = EXIT_UNKNOWN, .h = h};
    int64_t until = mono_ms() + h->deadline_ms + 10 * 1000;
    buf_fmt(&out, "{\"driver\":\"%s\",\"verb\":\"%s\",\"deadline_ms\":%lld,\"args\":%s}\n",
            h->ops ? h->ops->name : "*", h->verb, (long long)h->deadline_ms, h->args.len ? h->args.p : "{}");
    if (send(fd, out.p, out.len, MSG_NOSIGNAL) != (ssize_t)out.len) {
        fprintf(stderr, "kdrv: kioskd does not listen\n");
        return EXIT_FAILED;
    }
    while (!v.done && in.len <= FRAME_MAX) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = until - mono_ms();
        char chunk[4096];
        ssize_t n = left > 0 && poll(&p, 1, (int)left) == 1 ? recv(fd, chunk, sizeof chunk, 0) : -1;
        if (n <= 0) {
            fprintf(stderr, "kdrv: kioskd gave no answer\n");
            return EXIT_UNKNOWN;
        }
        buf_add(&in, chunk, (size_t)n);
        lines(&in, &v);
    }
    return v.code;
}

/* ---- on the device ---------------------------------------------------------------------------------------
 */

static int interrupt_pipe[2] = {-1, -1};

static void interrupted(int signal)
{
    static const char cancel[] = "{\"id\":2,\"verb\":\"cancel\",\"args\":{\"target\":1}}\n";
    (void)signal;
    ssize_t n = write(interrupt_pipe[1], cancel, sizeof cancel - 1);
    (void)n;
}

static enum rc open_within(struct serve *s, int64_t ms, struct err *e)
{
    int64_t until = mono_ms() + ms;
    enum rc rc;
    while ((rc = serve_open(s, e)) != RC_OK && rc != RC_DENIED && rc != RC_BUSY && mono_ms() < until)
        poll(NULL, 0, 200);
    return rc;
}

static enum exit_code on_the_device(struct byhand *h)
{
    ARENA_SCOPE(a);
    struct view v = {.json = h->json, .code = EXIT_UNKNOWN, .h = h};
    struct serve *s SCOPED(serve_freep) = NULL;
    struct err e = {0};
    struct jval *args = NULL;
    if (pipe(interrupt_pipe) == 0)
        signal(SIGINT, interrupted);
    struct serve_opts o = {.devices = h->devices,
                           .pin = h->pin,
                           .quiet = true,
                           .commands = interrupt_pipe[0],
                           .emit = see,
                           .user = &v};
    enum rc rc = jval_parse(a, h->args.len ? h->args.p : "{}", h->args.len ? h->args.len : 2, &args, &e);
    if (rc == RC_OK)
        rc = serve_new(h->ops, &o, &s, &e);
    if (rc == RC_OK && !serve_word_in(h->ops->dry, h->verb))
        rc = open_within(s, 1000, &e);
    if (rc != RC_OK) {
        fprintf(stderr, "kdrv: %s\n", e.text);
        return rc == RC_NO_DEVICE || rc == RC_DENIED || rc == RC_BUSY ? EXIT_NO_DEVICE : EXIT_FAILED;
    }
    struct command c = {.id = 1, .verb = h->verb, .deadline_ms = h->deadline_ms, .args = args};
    serve_command(s, &c);
    return v.code;
}

enum exit_code byhand_run(struct byhand *h)
{
    int fd SCOPED(fd_closep) = h->direct ? -1 : dial_any();
    return fd >= 0 ? through_kioskd(h, fd) : on_the_device(h);
}

/* ---- list ------------------------------------------------------------------------------------------------
 */

static void hush(void *user, const char *line, size_t len)
{
    struct buf *last = user; /* the state frame says who it is */
    buf_reset(last);
    buf_add(last, line, len);
}

/* What finds its device by itself is asked to. */
static size_t list_busless(struct byhand *h, const struct driver_ops *ops, struct buf *json, struct err *e)
{
    ARENA_SCOPE(a);
    BUF_SCOPE(last);
    struct serve *s SCOPED(serve_freep) = NULL;
    struct serve_opts o = {.devices = h->devices, .quiet = true, .commands = -1, .emit = hush, .user = &last};
    struct frame f = {0};
    if (serve_new(ops, &o, &s, e) != RC_OK || serve_open(s, e) != RC_OK ||
        frame_read(a, last.p, last.len, &f, e) != RC_OK)
        return 0;
    if (!h->json)
        printf("%-6s %-9s  port %-8s serial %-16s %s\n", ops->name, "-", f.port, f.serial[0] ? f.serial : "-",
               f.model);
    buf_fmt(json, "%s{\"driver\":\"%s\",\"port\":", json->len > 1 ? "," : "", ops->name);
    json_quote(json, f.port);
    buf_str(json, ",\"serial\":");
    json_quote(json, f.serial);
    buf_str(json, ",\"product\":");
    json_quote(json, f.model);
    buf_chr(json, '}');
    return 1;
}

static size_t list_one(struct byhand *h, const struct driver_ops *ops, struct buf *json, struct err *e)
{
    ARENA_SCOPE(a);
    if (ops->busless)
        return list_busless(h, ops, json, e);
    struct bus *bus SCOPED(bus_freep) = NULL;
    struct device_rows *rows = ARENA_NEW(a, struct device_rows);
    struct bus_id found[32];
    if (rows_load(a, rows_dir(h->devices), ops->name, rows, e) != RC_OK ||
        bus_new(-1, NULL, NULL, &bus, e) != RC_OK)
        return 0;
    size_t n = bus_list(bus, rows->match, rows->n, found, COUNT(found));
    for (size_t i = 0; i < n; i++) {
        const struct bus_id *id = &found[i];
        if (!h->json)
            printf("%-6s %04x:%04x  port %-8s serial %-16s %s %s\n", ops->name, id->vid, id->pid, id->port,
                   id->serial[0] ? id->serial : "-", id->maker, id->product);
        buf_fmt(json, "%s{\"driver\":\"%s\",\"vid\":\"%04x\",\"pid\":\"%04x\",\"port\":\"%s\",\"serial\":",
                json->len > 1 ? "," : "", ops->name, id->vid, id->pid, id->port);
        json_quote(json, id->serial);
        buf_str(json, ",\"maker\":");
        json_quote(json, id->maker);
        buf_str(json, ",\"product\":");
        json_quote(json, id->product);
        buf_chr(json, '}');
    }
    return n;
}

enum exit_code byhand_list(struct byhand *h, const struct driver_ops *const *drivers, size_t n)
{
    int fd SCOPED(fd_closep) = h->direct ? -1 : dial_any();
    if (fd >= 0)
        return through_kioskd(h, fd);
    BUF_SCOPE(json);
    struct err e = {0};
    size_t found = 0;
    buf_chr(&json, '[');
    for (size_t i = 0; i < n; i++)
        found += list_one(h, drivers[i], &json, &e);
    buf_chr(&json, ']');
    if (h->json)
        json_show(json.p);
    if (found == 0 && e.rc != RC_OK)
        fprintf(stderr, "kdrv: %s\n", e.text);
    else if (found == 0 && !h->json)
        printf("no device of ours is plugged in\n");
    return found ? EXIT_OK : e.rc != RC_OK ? EXIT_FAILED : EXIT_NO_DEVICE;
}
