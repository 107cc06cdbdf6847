#include "tests/e2e/api.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fs.h"

static bool fail(struct api *c, const char *fmt, ...) PRINTF(2, 3);

static bool fail(struct api *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(c->error, sizeof(c->error), fmt, args);
    va_end(args);
    return false;
}

static void nap(int ms)
{
    usleep((useconds_t)ms * 1000);
}

static int dial(const struct sockaddr *to, socklen_t len, int seconds)
{
    struct timeval limit = {seconds, 0};
    int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect(fd, to, len) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool send_all(int fd, const char *p, size_t len)
{
    while (len) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static void read_all(int fd, struct buf *out, char until)
{
    char piece[16384];
    ssize_t n;
    while ((n = recv(fd, piece, sizeof(piece), 0)) > 0) {
        buf_add(out, piece, (size_t)n);
        if (until && memchr(piece, until, (size_t)n))
            return;
    }
}

int http_once(struct arena *a, int port, const char *request, size_t len, char **body, size_t *body_len)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    int fd SCOPED(fd_closep) = dial((struct sockaddr *)&to, sizeof(to), 30);
    BUF_SCOPE(answer);
    if (fd < 0 || !send_all(fd, request, len))
        return 0;
    read_all(fd, &answer, '\0');
    char *head = answer.len ? strstr(answer.p, "\r\n\r\n") : NULL;
    if (!head || strncmp(answer.p, "HTTP/1.1 ", 9) != 0)
        return 0;
    head += 4;
    *body_len = answer.len - (size_t)(head - answer.p);
    *body = arena_strn(a, head, *body_len);
    return (int)strtol(answer.p + 9, NULL, 10);
}

bool api_call(struct api *c, const char *path, const char *body)
{
    BUF_SCOPE(request);
    char *text = NULL;
    size_t len = 0;
    if (body && ++c->calls && c->hook)
        c->hook(c->calls);
    arena_free(c->arena);
    c->arena = arena_new();
    c->body = NULL;
    buf_fmt(&request,
            "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\nSec-Fetch-Site: same-origin\r\n",
            body ? "POST" : "GET", path, c->port);
    if (c->token[0])
        buf_fmt(&request, "X-Pridvor-Token: %s\r\n", c->token);
    if (body)
        buf_fmt(&request,
                "Origin: http://127.0.0.1:%d\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n",
                c->port, strlen(body));
    buf_fmt(&request, "\r\n%s", body ? body : "");
    c->status = http_once(c->arena, c->port, request.p, request.len, &text, &len);
    if (c->status == 0)
        return fail(c, "%s: kioskd does not answer", path);
    struct err e = {0};
    if (len && text[0] == '{' && jval_parse(c->arena, text, len, &c->body, &e) != RC_OK)
        return fail(c, "%s: %s", path, e.text);
    if (c->status / 100 == 2)
        return true;
    const char *said = api_get(c, "error.text");
    return fail(c, "%s: HTTP %d %s", path, c->status, said ? said : "");
}

bool api_open(struct api *c, const char *url_file, const char *vdev, int wait_ms)
{
    int64_t end = mono_ms() + wait_ms;
    *c = (struct api){.vdev = vdev};
    do {
        ARENA_SCOPE(a);
        struct err e = {0};
        char *text = NULL;
        size_t len = 0;
        if (fs_read(a, url_file, 1000, &text, &len, &e) == RC_OK &&
            sscanf(text, "http://127.0.0.1:%d/#k=%79[^ \n]", &c->port, c->key) == 2 &&
            api_call(c, "/healthz", NULL))
            return true;
        nap(20);
    } while (mono_ms() < end);
    return fail(c, "%s: kioskd did not come up in %d ms", url_file, wait_ms);
}

void api_close(struct api *c)
{
    arena_free(c->arena);
    c->arena = NULL;
    c->body = NULL;
}

bool api_hello(struct api *c)
{
    char body[120];
    c->token[0] = '\0';
    snprintf(body, sizeof(body), "{\"key\":\"%s\"}", c->key);
    if (!api_call(c, "/v1/hello", body))
        return false;
    const char *token = api_get(c, "token");
    if (!token)
        return fail(c, "hello: no token");
    snprintf(c->token, sizeof(c->token), "%s", token);
    return true;
}

bool api_state(struct api *c)
{
    return api_call(c, "/v1/state", NULL);
}

static const struct jval *find(const struct api *c, const char *path)
{
    const struct jval *v = c->body;
    while (v && *path) {
        char name[64];
        size_t n = strcspn(path, ".");
        snprintf(name, sizeof(name), "%.*s", (int)n, path);
        v = jval_get(v, name);
        path += n + (path[n] == '.');
    }
    return v;
}

const char *api_get(struct api *c, const char *path)
{
    const struct jval *v = find(c, path);
    if (!v)
        return NULL;
    if (v->kind == JV_BOOL)
        return v->b ? "true" : "false";
    if (v->kind == JV_INT)
        return arena_fmt(c->arena, "%lld", (long long)v->i);
    return v->kind == JV_STR ? v->s : NULL;
}

int64_t api_int(struct api *c, const char *path)
{
    const struct jval *v = find(c, path);
    return v && v->kind == JV_INT ? v->i : 0;
}

static bool among(const char *word, const char *words)
{
    size_t n = strlen(word);
    for (const char *p = words; *p; p += strcspn(p, "|"), p += *p == '|') {
        if (strcspn(p, "|") == n && strncmp(p, word, n) == 0)
            return true;
    }
    return false;
}

bool api_wait(struct api *c, const char *path, const char *words, int ms)
{
    int64_t end = mono_ms() + ms;
    char last[80] = "nothing";
    do {
        if (!api_state(c))
            return false;
        const char *word = api_get(c, path);
        if (word && among(word, words))
            return true;
        snprintf(last, sizeof(last), "%s", word ? word : "nothing");
        nap(20);
    } while (mono_ms() < end);
    return fail(c, "waited %d ms for %s to be %s; it is %s", ms, path, words, last);
}

bool vdev_command(struct api *c, const char *device, const char *line)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if ((size_t)snprintf(to.sun_path, sizeof(to.sun_path), "%s/%s/ctl.sock", c->vdev, device) >=
        sizeof(to.sun_path))
        return fail(c, "the path to the virtual %s is too long", device);
    int fd SCOPED(fd_closep) = dial((struct sockaddr *)&to, sizeof(to), 10);
    BUF_SCOPE(text);
    buf_fmt(&text, "%s\n", line);
    if (fd < 0 || !send_all(fd, text.p, text.len))
        return fail(c, "the virtual %s does not answer: %s", device, strerror(errno));
    buf_reset(&text);
    read_all(fd, &text, '\n');
    snprintf(c->line, sizeof(c->line), "%s", text.len ? text.p : "");
    if (strncmp(c->line, "{\"ok\":true", 10) == 0)
        return true;
    return fail(c, "the virtual %s said to \"%s\": %.200s", device, line, c->line);
}
