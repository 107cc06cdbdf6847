/* Supervision. One `run` per started process: it outlives its driver's interest in it until the last handle
 * is closed. */
#include "firmware/driver.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "firmware/driver_run.h"

#define BAD_FRAMES_MAX 5
#define FRAMES_MAX 4000 /* in a second; a trace or a page comes nowhere near */
#define LIVED_MS 10000  /* a run this long starts the back-off anew */
#define STOP_MS 1000

static const int64_t backoff_ms[] = {200, 500, 1000, 2000, 5000};

/* What is special about a class of device, by the driver's name. physical: verbs whose effect is on paper, a
 * lost completion leaves their outcome open. blocking: its library (SANE, CUPS) sits in calls, so while a
 * command runs silence means nothing and the deadline counts; without one it may be silent for longer, too
 * (looking for scanners in the network takes its time). */
static const struct kind {
    const char *name;
    bool blocking;
    int64_t silent_ms;
    const char *physical[4];
} kinds[] = {
    {"print", false, DRIVER_SILENT_MS, {"print", "test", "retract", NULL}},
    {"office", true, 20 * 1000, {"print", "test", NULL}},
    {"scan", true, 20 * 1000, {NULL}},
    {NULL, false, DRIVER_SILENT_MS, {"print", "test", NULL}}, /* all others */
};

static const struct kind *kind_of(const char *name)
{
    const struct kind *k = kinds;
    while (k->name && strcmp(k->name, name) != 0)
        k++;
    return k;
}

static bool is_physical(const struct driver *d, const char *verb)
{
    for (const char *const *p = d->kind->physical; *p; p++)
        if (strcmp(verb, *p) == 0)
            return true;
    return false;
}

/* Sits in a call that its command's deadline ends. */
static bool is_sitting(const struct driver *d)
{
    return d->kind->blocking && d->cmds;
}

static void arm(struct driver *d);

static void changed(struct driver *d)
{
    struct driver_view v;
    driver_view(d, &v);
    const char *now = driver_public(&v);
    if (strcmp(now, d->last_public) != 0) {
        log_info("event=device name=%s from=%s to=%s link=%s condition=%s", d->conf->name, d->last_public,
                 now, v.link ? v.link : "-", v.condition ? v.condition : "-");
        d->last_public = now;
        d->since_ms = unix_ms();
    }
    if (d->owner->ev.changed)
        d->owner->ev.changed(d->conf->name, d->owner->ev.user);
}

/* Takes the command off the list first: whatever the callback does, it cannot be completed twice. */
static void complete(struct driver *d, struct cmd **at, const struct frame *f)
{
    struct cmd *c = *at;
    *at = c->next;
    if (d->kind->blocking) /* silence counts from here */
        d->heard_at = mono_ms();
    if (c->fn)
        c->fn(f, c->user);
    free(c);
    if (d->wipe_owed)
        driver_wipe_now(d);
}

static struct cmd **find(struct driver *d, int64_t id)
{
    struct cmd **at = &d->cmds;
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static void made_completion(struct driver *d, struct cmd **at, const char *word, const char *code,
                            const char *text)
{
    struct cmd *c = *at;
    struct frame f = {.kind = "completion",
                      .id = c->id,
                      .completion = word,
                      .code = code,
                      .outcome = c->physical && c->started ? "unknown" : "not-done",
                      .text = text};
    complete(d, at, &f);
}

static void fail_all(struct driver *d, const char *word, const char *code)
{
    struct cmd **at = &d->cmds;
    while (*at) {
        if ((*at)->refused) { /* came in while we were at it: its own turn is due */
            at = &(*at)->next;
            continue;
        }
        made_completion(d, at, word, code, "the driver's process ended");
        at = &d->cmds;
    }
}

/* Kills the process and answers for it at once: a process stuck in the kernel must not hold a session. */
static void run_kill(struct driver *d, const char *why, const char *code)
{
    if (!d->run || d->run->dead)
        return;
    log_warn("event=driver_killed name=%s pid=%d why=%s", d->conf->name, d->run->proc.pid, why);
    d->killed++;
    d->run->dead = true;
    uv_process_kill(&d->run->proc, SIGKILL);
    fail_all(d, "timeout", code);
    changed(d);
    arm(d);
}

/* Frames in. */
static void state_frame(struct driver *d, const struct frame *f)
{
    arena_reset(d->state_arena);
    struct arena *a = d->state_arena;
    d->link = arena_str(a, f->link);
    d->activity = arena_str(a, f->activity);
    d->condition = arena_str(a, f->condition);
    d->model = arena_str(a, f->model ? f->model : "");
    d->serial = arena_str(a, f->serial ? f->serial : "");
    d->port = arena_str(a, f->port ? f->port : "");
    d->media = ARENA_ARRAY(a, const char *, f->n_media + 1);
    d->n_media = f->n_media;
    for (size_t i = 0; i < f->n_media; i++)
        d->media[i] = arena_str(a, f->media[i]);
    BUF_SCOPE(counters);
    if (f->counters)
        jval_encode(f->counters, &counters);
    d->counters = arena_str(a, counters.len ? counters.p : "{}");
    d->maturity = arena_str(a, f->maturity ? f->maturity : "");
    d->firmware = arena_str(a, f->firmware ? f->firmware : "");
    d->detail = arena_str(a, f->text ? f->text : "");
    driver_learn(d);
    changed(d);
}

/* Ping and cancel: a driver may complete them, nobody minds. */
static bool was_quiet(const struct driver *d, int64_t id)
{
    for (size_t i = 0; i < COUNT(d->quiet); i++)
        if (d->quiet[i] == id)
            return true;
    return false;
}

static void command_frame(struct driver *d, const struct frame *f)
{
    struct cmd **at = find(d, f->id);
    bool final = strcmp(f->kind, "completion") == 0;
    if (!*at) {
        if (final && !was_quiet(d, f->id)) {
            d->doubled++;
            log_warn("event=driver_doubled name=%s id=%lld", d->conf->name, (long long)f->id);
        }
        return;
    }
    if (final)
        complete(d, at, f);
    else if ((*at)->fn)
        (*at)->fn(f, (*at)->user);
}

static bool floods(struct run *r)
{
    int64_t now = mono_ms();
    if (now - r->second_at >= 1000) {
        r->second_at = now;
        r->in_second = 0;
    }
    return ++r->in_second > FRAMES_MAX;
}

static void frame_in(struct driver *d, const char *line, size_t len)
{
    struct frame f = {0};
    struct err e = {0};
    struct arena *a SCOPED(arena_freep) = arena_new();
    if (floods(d->run)) {
        run_kill(d, "flood", "DRIVER_PROTOCOL");
        return;
    }
    if (frame_read(a, line, len, &f, &e) != RC_OK) {
        d->bad_frames++;
        log_err(&e, "event=driver_bad_frame name=%s", d->conf->name);
        if (++d->run->bad > BAD_FRAMES_MAX)
            run_kill(d, "bad_frames", "DRIVER_PROTOCOL");
        return;
    }
    d->heard_at = mono_ms();
    bool first = !d->spoke;
    d->spoke = true;
    if (strcmp(f.kind, "state") == 0)
        state_frame(d, &f);
    else if (strcmp(f.kind, "unsolicited") == 0) {
        if (d->owner->ev.unsolicited)
            d->owner->ev.unsolicited(d->conf->name, &f, d->owner->ev.user);
    } else
        command_frame(d, &f);
    if (first)
        changed(d);
}

void driver_bytes(struct driver *d, const char *p, size_t len)
{
    struct run *r = d->run;
    buf_add(&r->in_buf, p, len);
    size_t from = 0;
    while (!r->dead) {
        char *nl = memchr(r->in_buf.p + from, '\n', r->in_buf.len - from);
        if (!nl)
            break;
        size_t n = (size_t)(nl - (r->in_buf.p + from));
        if (n > 0)
            frame_in(d, r->in_buf.p + from, n);
        from += n + 1;
    }
    if (r->dead || from == r->in_buf.len)
        buf_reset(&r->in_buf);
    else
        buf_cut(&r->in_buf, from);
    if (!r->dead && r->in_buf.len > FRAME_MAX) {
        buf_reset(&r->in_buf);
        run_kill(d, "endless_line", "DRIVER_PROTOCOL");
    }
    arm(d);
}

/* The process is gone and its last words were read. */
void driver_exited(struct driver *d, int64_t status, int signal)
{
    int64_t now = mono_ms();
    bool lived = now - d->run->born_at >= LIVED_MS;
    void (*const say)(const char *, ...) = d->owner->stopping ? log_info : log_warn;
    say("event=driver_exit name=%s pid=%d status=%lld signal=%d", d->conf->name, d->run->proc.pid,
        (long long)status, signal);
    d->run = NULL;
    d->spoke = false;
    fail_all(d, "device-error", "DRIVER_DIED");
    d->level = lived ? 0 : d->level;
    d->start_at = now + backoff_ms[d->level];
    if (d->level + 1 < COUNT(backoff_ms))
        d->level++;
    changed(d);
    if (d->owner->stopping)
        drivers_check_stopped(d->owner);
    else
        arm(d);
}

/* Frames out. */
static bool line_out(struct driver *d, int64_t id, const char *verb, int64_t deadline_ms, const char *args)
{
    BUF_SCOPE(line);
    struct err e = {0};
    struct command c;
    ARENA_SCOPE(a);
    buf_fmt(&line, "{\"id\":%lld,\"verb\":", (long long)id);
    json_quote(&line, verb);
    buf_fmt(&line, ",\"deadline_ms\":%lld,\"args\":", (long long)deadline_ms);
    buf_str(&line, args ? args : "{}");
    buf_chr(&line, '}');
    if (line.len > FRAME_MAX || command_read(a, line.p, line.len, &c, &e) != RC_OK) {
        log_err(&e, "event=driver_bad_command name=%s verb=%s", d->conf->name, verb);
        return false;
    }
    buf_chr(&line, '\n');
    return run_write(d->run, line.p, line.len);
}

/* Commands nobody waits for. */
static void send_quiet(struct driver *d, const char *verb, const char *args)
{
    int64_t id = ++d->owner->last_id;
    d->quiet[d->n_quiet++ % COUNT(d->quiet)] = id;
    if (!line_out(d, id, verb, DRIVER_PING_MS, args))
        run_kill(d, "not_reading", "DRIVER_SILENT");
}

static bool usable(const struct driver *d)
{
    return d->run && !d->run->dead && !d->owner->stopping;
}

int64_t driver_send(struct driver *d, const char *verb, int64_t deadline_ms, const char *args, driver_fn fn,
                    void *user)
{
    struct cmd *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    c->id = ++d->owner->last_id;
    c->physical = is_physical(d, verb);
    c->fn = fn;
    c->user = user;
    c->kill_at = mono_ms() + deadline_ms + DRIVER_GRACE_MS;
    struct cmd **at = &d->cmds;
    while (*at)
        at = &(*at)->next;
    *at = c;
    if (!usable(d))
        c->refused = "no-device";
    else if (line_out(d, c->id, verb, deadline_ms, args))
        c->started = true;
    else
        c->refused = "internal";
    arm(d);
    return c->id;
}

void driver_cancel(struct driver *d, int64_t id)
{
    char args[48];
    if (!usable(d) || !*find(d, id))
        return;
    snprintf(args, sizeof(args), "{\"target\":%lld}", (long long)id);
    send_quiet(d, "cancel", args);
}

void driver_forget(struct driver *d, int64_t id)
{
    struct cmd *c = *find(d, id);
    if (c)
        c->fn = NULL;
}

/* Paper comes first: a running print is finished before its driver forgets the person. */
void driver_wipe_now(struct driver *d)
{
    d->wipe_owed = true;
    for (struct cmd *c = d->cmds; c; c = c->next)
        if (c->physical)
            return;
    d->wipe_owed = false;
    if (usable(d))
        driver_send(d, "wipe", DRIVER_PING_MS, NULL, NULL, NULL);
}

/* Time. */
static void refuse_waiting(struct driver *d)
{
    struct cmd **at = &d->cmds;
    while (*at) {
        if ((*at)->refused) {
            made_completion(d, at, (*at)->refused, "LINK_LOST", "the driver is not running");
            at = &d->cmds;
        } else
            at = &(*at)->next;
    }
}

static void watch(struct driver *d, int64_t now)
{
    if (!is_sitting(d) && now - d->heard_at >= d->kind->silent_ms) {
        run_kill(d, "silent", "DRIVER_SILENT");
        return;
    }
    for (struct cmd *c = d->cmds; c; c = c->next)
        if (now >= c->kill_at) {
            run_kill(d, "deadline", "DRIVER_DEADLINE");
            return;
        }
    if (now >= d->ping_at) {
        d->ping_at = now + DRIVER_PING_MS;
        if (!is_sitting(d))
            send_quiet(d, "ping", NULL);
    }
}

static void start(struct driver *d, int64_t now)
{
    d->ping_at = now;
    d->heard_at = now;
    d->spoke = false;
    if (run_spawn(d)) {
        d->restarts++;
        return;
    }
    d->start_at = now + backoff_ms[d->level];
    if (d->level + 1 < COUNT(backoff_ms))
        d->level++;
}

static void on_timer(uv_timer_t *t)
{
    struct driver *d = t->data;
    refuse_waiting(d);
    int64_t now = mono_ms();
    if (!d->run && !d->owner->stopping && now >= d->start_at)
        start(d, now);
    if (usable(d))
        watch(d, now);
    arm(d);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Sets the one timer to whatever is due next. */
static void arm(struct driver *d)
{
    int64_t now = mono_ms(), due = INT64_MAX;
    if (!d->run && !d->owner->stopping)
        due = d->start_at;
    if (usable(d))
        due = is_sitting(d) ? d->ping_at : earlier(d->ping_at, d->heard_at + d->kind->silent_ms);
    for (struct cmd *c = d->cmds; c; c = c->next)
        due = earlier(due, c->refused ? now : usable(d) ? c->kill_at : INT64_MAX);
    if (uv_is_closing((uv_handle_t *)&d->timer))
        return;
    if (due == INT64_MAX)
        uv_timer_stop(&d->timer);
    else
        uv_timer_start(&d->timer, on_timer, due > now ? (uint64_t)(due - now) : 0, 0);
}

/* The set. */
enum rc drivers_start(uv_loop_t *loop, const struct driver_conf *conf, size_t n,
                      const struct drivers_events *ev, struct drivers **out, struct err *e)
{
    if (n > DRIVERS_MAX)
        return err_set(e, RC_BAD_FIELD, "more than %d drivers", DRIVERS_MAX);
    struct drivers *ds = calloc(1, sizeof(*ds));
    if (!ds)
        return err_set(e, RC_INTERNAL, "no memory");
    ds->loop = loop;
    ds->ev = *ev;
    ds->n = n;
    for (size_t i = 0; i < n; i++) {
        struct driver *d = &ds->items[i];
        d->owner = ds;
        d->conf = &conf[i];
        d->kind = kind_of(conf[i].name);
        d->last_public = "retrying";
        d->since_ms = unix_ms();
        d->state_arena = arena_new();
        uv_timer_init(loop, &d->timer);
        d->timer.data = d;
        arm(d);
    }
    *out = ds;
    return RC_OK;
}

static void on_stop_timer(uv_timer_t *t)
{
    struct drivers *ds = t->data;
    for (size_t i = 0; i < ds->n; i++)
        if (ds->items[i].run)
            uv_process_kill(&ds->items[i].run->proc, SIGKILL);
}

void drivers_check_stopped(struct drivers *ds)
{
    for (size_t i = 0; i < ds->n; i++)
        if (ds->items[i].run)
            return;
    uv_close((uv_handle_t *)&ds->stop_timer, NULL);
    for (size_t i = 0; i < ds->n; i++)
        uv_close((uv_handle_t *)&ds->items[i].timer, NULL);
    if (ds->stopped)
        ds->stopped(ds->stopped_user);
}

void drivers_stop(struct drivers *ds, void (*done)(void *user), void *user)
{
    ds->stopping = true;
    ds->stopped = done;
    ds->stopped_user = user;
    uv_timer_init(ds->loop, &ds->stop_timer);
    ds->stop_timer.data = ds;
    uv_timer_start(&ds->stop_timer, on_stop_timer, STOP_MS, STOP_MS);
    for (size_t i = 0; i < ds->n; i++)
        if (ds->items[i].run)
            run_close_stdin(ds->items[i].run);
    drivers_check_stopped(ds);
}

void drivers_free(struct drivers *ds)
{
    if (!ds)
        return;
    for (size_t i = 0; i < ds->n; i++) {
        fail_all(&ds->items[i], "cancelled", "DRIVER_STOPPED");
        arena_free(ds->items[i].state_arena);
    }
    known_free(ds->known);
    free(ds);
}

struct driver *drivers_find(const struct drivers *ds, const char *name)
{
    for (size_t i = 0; ds && i < ds->n; i++)
        if (strcmp(ds->items[i].conf->name, name) == 0)
            return (struct driver *)&ds->items[i];
    return NULL;
}

size_t drivers_count(const struct drivers *ds)
{
    return ds ? ds->n : 0;
}

struct driver *drivers_at(const struct drivers *ds, size_t i)
{
    return (struct driver *)&ds->items[i];
}

void drivers_wipe(struct drivers *ds)
{
    for (size_t i = 0; ds && i < ds->n; i++)
        driver_wipe_now(&ds->items[i]);
}

void driver_view(const struct driver *d, struct driver_view *out)
{
    const struct known *known = known_of(d->owner->known, d->conf->name);
    *out = (struct driver_view){.name = d->conf->name,
                                .running = d->run && !d->run->dead && d->spoke,
                                .fresh = is_sitting(d) || mono_ms() - d->heard_at < d->kind->silent_ms,
                                .link = d->link,
                                .activity = d->activity,
                                .condition = d->condition,
                                .model = d->model,
                                .serial = d->serial,
                                .port = d->port,
                                .media = d->media,
                                .n_media = d->n_media,
                                .pid = d->run ? d->run->proc.pid : 0,
                                .restarts = d->restarts > 0 ? d->restarts - 1 : 0,
                                .bad_frames = d->bad_frames,
                                .doubled = d->doubled,
                                .killed = d->killed,
                                .maturity = d->maturity,
                                .firmware = d->firmware,
                                .counters = d->counters,
                                .detail = d->detail,
                                .was = known ? known->was : "",
                                .since_ms = d->since_ms};
}
