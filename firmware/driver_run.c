/* One kdrv process: spawn, bytes in, bytes out, end. */
#include "firmware/driver_run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "common/base/log.h"

#define UNREAD_MAX (1024 * 1024) /* a driver that does not read its commands */
#define ENV_FILE_MAX 16384

extern char **environ;

/* Environment: ours, then the configured lines, then those of the file; a later one replaces an earlier one.
 */
struct env {
    const char **v;
    size_t n, cap;
};

static void env_put(struct env *env, const char *line)
{
    const char *eq = strchr(line, '=');
    if (!eq || eq == line)
        return;
    size_t key = (size_t)(eq - line) + 1;
    for (size_t i = 0; i < env->n; i++)
        if (strncmp(env->v[i], line, key) == 0) {
            env->v[i] = line;
            return;
        }
    if (env->n + 1 < env->cap)
        env->v[env->n++] = line;
}

static char **env_make(struct arena *a, const struct driver_conf *c)
{
    struct env env = {.cap = 512};
    env.v = ARENA_ARRAY(a, const char *, env.cap);
    for (char **p = environ; *p; p++)
        env_put(&env, *p);
    for (size_t i = 0; i < c->n_env; i++)
        env_put(&env, c->env[i]);
    char *text;
    size_t len;
    if (c->env_file && c->env_file[0] && fs_read(a, c->env_file, ENV_FILE_MAX, &text, &len, NULL) == RC_OK) {
        char *save = NULL;
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
            env_put(&env, line);
    }
    return (char **)env.v;
}

static void on_closed(uv_handle_t *h)
{
    struct run *r = h->data;
    if (--r->handles > 0)
        return;
    buf_free(&r->in_buf);
    free(r);
}

static void close_one(uv_handle_t *h)
{
    if (!uv_is_closing(h))
        uv_close(h, on_closed);
}

static char read_space[65536]; /* one loop, one reader at a time; wiped after each piece */

static void on_alloc(uv_handle_t *h, size_t size, uv_buf_t *out)
{
    (void)h;
    (void)size;
    *out = uv_buf_init(read_space, sizeof(read_space));
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    struct run *r = s->data;
    if (n > 0) {
        if (r->d && !r->dead)
            driver_bytes(r->d, b->base, (size_t)n);
        wipe(b->base, (size_t)n);
    } else if (n < 0) {
        /* A driver without a voice is of no use; its exit does the rest. */
        close_one((uv_handle_t *)&r->out);
        if (r->d)
            uv_process_kill(&r->proc, SIGTERM);
    }
}

/* What the process wrote before it ended may still be in the pipe. */
static void read_rest(struct run *r)
{
    uv_os_fd_t fd;
    if (uv_is_closing((uv_handle_t *)&r->out) || uv_fileno((uv_handle_t *)&r->out, &fd) != 0)
        return;
    ssize_t n;
    while (!r->dead && (n = read(fd, read_space, sizeof(read_space))) > 0) {
        driver_bytes(r->d, read_space, (size_t)n);
        wipe(read_space, (size_t)n);
    }
}

static void on_exit_cb(uv_process_t *p, int64_t status, int signal)
{
    struct run *r = p->data;
    struct driver *d = r->d;
    if (d)
        read_rest(r);
    r->dead = true;
    if (d)
        driver_exited(d, status, signal);
    r->d = NULL;
    close_one((uv_handle_t *)&r->in);
    close_one((uv_handle_t *)&r->out);
    close_one((uv_handle_t *)&r->proc);
}

/* The configured words, then which unit: only that one, or rather the one of yesterday. */
static char **argv_make(struct arena *a, const struct driver *d)
{
    const struct driver_conf *c = d->conf;
    char **argv = ARENA_ARRAY(a, char *, c->n_argv + 7);
    size_t n = 0;
    bool serves = false;
    for (; n < c->n_argv; n++) {
        argv[n] = (char *)c->argv[n];
        serves |= strcmp(argv[n], "serve") == 0;
    }
    if (!serves)
        return argv;
    const struct known *known = known_of(d->owner->known, c->name);
    const char *prefer = !known             ? ""
                         : known->serial[0] ? arena_fmt(a, "serial:%s", known->serial)
                                            : known->port;
    const char *const extra[][2] = {
        {"--match", c->match}, {"--transport", c->transport}, {"--prefer", prefer}};
    for (size_t i = 0; i < COUNT(extra); i++)
        if (extra[i][1] && extra[i][1][0]) {
            argv[n++] = (char *)extra[i][0];
            argv[n++] = (char *)extra[i][1];
        }
    return argv;
}

static int spawn(struct driver *d, struct run *r)
{
    ARENA_SCOPE(a);
    char **argv = argv_make(a, d);
    uv_stdio_container_t io[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&r->in},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&r->out},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
    };
    uv_process_options_t o = {.file = argv[0],
                              .args = argv,
                              .env = env_make(a, d->conf),
                              .exit_cb = on_exit_cb,
                              .stdio_count = 3,
                              .stdio = io};
    return uv_spawn(d->owner->loop, &r->proc, &o);
}

bool run_spawn(struct driver *d)
{
    struct run *r = calloc(1, sizeof(*r));
    if (!r)
        abort();
    uv_pipe_init(d->owner->loop, &r->in, 0);
    uv_pipe_init(d->owner->loop, &r->out, 0);
    r->proc.data = r->in.data = r->out.data = r;
    r->handles = 3;
    int rc = spawn(d, r);
    if (rc != 0) {
        log_warn("event=driver_start name=%s program=%s error=\"%s\"", d->conf->name, d->conf->argv[0],
                 uv_strerror(rc));
        close_one((uv_handle_t *)&r->in);
        close_one((uv_handle_t *)&r->out);
        close_one((uv_handle_t *)&r->proc);
        return false;
    }
    r->d = d;
    r->born_at = mono_ms();
    d->run = r;
    uv_read_start((uv_stream_t *)&r->out, on_alloc, on_read);
    log_info("event=driver_start name=%s pid=%d", d->conf->name, r->proc.pid);
    return true;
}

struct out_line {
    uv_write_t req;
    size_t len;
    char data[];
};

static void on_written(uv_write_t *w, int status)
{
    (void)status; /* a broken pipe is the end of the process: its exit says so */
    struct out_line *o = w->data;
    wipe(o->data, o->len);
    free(o);
}

bool run_write(struct run *r, const char *p, size_t len)
{
    uv_stream_t *s = (uv_stream_t *)&r->in;
    if (uv_is_closing((uv_handle_t *)s) || uv_stream_get_write_queue_size(s) + len > UNREAD_MAX)
        return false;
    struct out_line *o = malloc(sizeof(*o) + len);
    if (!o)
        abort();
    memcpy(o->data, p, len);
    o->len = len;
    o->req.data = o;
    uv_buf_t b = uv_buf_init(o->data, (unsigned)len);
    if (uv_write(&o->req, s, &b, 1, on_written) != 0) {
        wipe(o->data, len);
        free(o);
        return false;
    }
    return true;
}

void run_close_stdin(struct run *r)
{
    close_one((uv_handle_t *)&r->in);
}
