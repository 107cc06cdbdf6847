/* The technician's command line: asks the running kioskd. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "common/base/log.h"
#include "common/model/frame.h"

#define ANSWER_MS 10000
#define ANSWER_MAX (4 * 1024 * 1024)

enum exit_code { EXIT_FINE, EXIT_FAILED, EXIT_USAGE };

static int usage(void)
{
    fprintf(stderr, "usage: kioskctl status|devices|queue|doctor [--json]\n"
                    "       asks the kioskd whose socket is in $PRIDVOR_RUN, ./var/run or /run/pridvor\n");
    return EXIT_USAGE;
}

static int dial(const char *dir)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (!dir ||
        (size_t)snprintf(to.sun_path, sizeof(to.sun_path), "%s/kioskd.sock", dir) >= sizeof(to.sun_path))
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static enum rc connect_any(int *out, struct err *e)
{
    const char *const dirs[] = {getenv("PRIDVOR_RUN"), "var/run", "/run/pridvor"};
    for (size_t i = 0; i < COUNT(dirs); i++) {
        int fd = dial(dirs[i]);
        if (fd >= 0) {
            *out = fd;
            return RC_OK;
        }
    }
    return err_set(e, RC_UNAVAILABLE,
                   "kioskd does not answer: is it running? (looked in $PRIDVOR_RUN, var/run, "
                   "/run/pridvor)");
}

static enum rc read_line(int fd, struct buf *in, struct err *e)
{
    int64_t until = mono_ms() + ANSWER_MS;
    for (;;) {
        char piece[4096];
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = until - mono_ms();
        if (left <= 0 || poll(&p, 1, (int)left) == 0)
            return err_set(e, RC_TIMEOUT, "no answer within %d s", ANSWER_MS / 1000);
        ssize_t n = read(fd, piece, sizeof(piece));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_set(e, RC_PROTOCOL, "kioskd closed the connection");
        buf_add(in, piece, (size_t)n);
        if (memchr(piece, '\n', (size_t)n))
            return RC_OK;
        if (in->len > ANSWER_MAX)
            return err_set(e, RC_TOO_BIG, "the answer is too long");
    }
}

static enum rc ask(struct arena *a, const char *verb, struct frame *out, struct err *e)
{
    int fd SCOPED(fd_closep) = -1;
    BUF_SCOPE(in);
    TRY(connect_any(&fd, e));
    const char *line = arena_fmt(a, "{\"driver\":\"*\",\"verb\":\"%s\"}\n", verb);
    size_t len = strlen(line);
    if (send(fd, line, len, MSG_NOSIGNAL) != (ssize_t)len)
        return err_set(e, RC_IO, "cannot write to kioskd: %s", strerror(errno));
    TRY(read_line(fd, &in, e));
    TRY(json_decode(a, &frame_desc, in.p, in.len, out, e));
    if (strcmp(out->completion ? out->completion : "", "ok") != 0)
        return err_set(e, RC_PROTOCOL, "kioskd: %s", out->text ? out->text : "refused");
    return RC_OK;
}

/* Lists print one row per element, objects one line per member. */
static void print_value(const struct jval *v)
{
    BUF_SCOPE(b);
    if (v->kind == JV_STR)
        printf("%s", v->s[0] ? v->s : "-");
    else {
        jval_encode(v, &b);
        printf("%s", b.p);
    }
}

static void print_object(const struct jval *v)
{
    for (size_t i = 0; i < v->n; i++) {
        printf("%-16s ", v->names[i]);
        print_value(&v->items[i]);
        printf("\n");
    }
}

static void print_rows(const struct jval *list, const char *const *columns)
{
    for (size_t k = 0; columns[k]; k++)
        printf("%-*s", k == 0 ? 38 : 18, columns[k]);
    printf("\n");
    for (size_t i = 0; list && i < list->n; i++) {
        for (size_t k = 0; columns[k]; k++) {
            const struct jval *cell = jval_get(&list->items[i], columns[k]);
            BUF_SCOPE(b);
            if (cell && cell->kind != JV_STR)
                jval_encode(cell, &b);
            const char *text = !cell ? "-" : cell->kind == JV_STR ? cell->s : b.p;
            printf("%-*s", k == 0 ? 38 : 18, text && *text ? text : "-");
        }
        printf("\n");
    }
}

static int print_checks(const struct jval *data)
{
    const struct jval *list = jval_get(data, "checks");
    int bad = 0;
    for (size_t i = 0; list && i < list->n; i++) {
        bool ok = jval_bool(&list->items[i], "ok", false);
        bad += !ok;
        printf("%-4s %-14s %s\n", ok ? "ok" : "BAD", jval_str(&list->items[i], "name", ""),
               jval_str(&list->items[i], "text", ""));
    }
    return bad ? EXIT_FAILED : EXIT_FINE;
}

static int show(const char *verb, const struct jval *data)
{
    static const char *const devices[] = {"name",  "public", "link",     "condition",
                                          "model", "port",   "restarts", NULL};
    static const char *const queue[] = {"id", "state", "made_at", "tries", "why", NULL};
    if (strcmp(verb, "devices") == 0)
        print_rows(jval_get(data, "drivers"), devices);
    else if (strcmp(verb, "queue") == 0)
        print_rows(jval_get(data, "items"), queue);
    else if (strcmp(verb, "doctor") == 0)
        return print_checks(data);
    else
        print_object(data);
    return EXIT_FINE;
}

static bool known(const char *verb)
{
    static const char *const verbs[] = {"status", "devices", "queue", "doctor"};
    for (size_t i = 0; i < COUNT(verbs); i++)
        if (strcmp(verbs[i], verb) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    const char *verb = NULL;
    bool json = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (!verb && known(argv[i]))
            verb = argv[i];
        else
            return usage();
    }
    if (!verb)
        return usage();
    ARENA_SCOPE(a);
    struct frame f = {0};
    struct err e = {0};
    if (ask(a, verb, &f, &e) != RC_OK) {
        fprintf(stderr, "kioskctl: %s\n", e.text);
        return EXIT_FAILED;
    }
    if (json) {
        BUF_SCOPE(b);
        jval_encode(f.data, &b);
        json_show(b.p);
        return EXIT_FINE;
    }
    return show(verb, f.data);
}
