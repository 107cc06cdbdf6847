#include "common/base/clock.h"
#include "common/base/log.h"
#include "drivers/serve_impl.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const links[] = {"absent", "opening", "up", "retry"};
static const char *const activities[] = {"idle", "busy", "draining"};
static const char *const conditions[] = {"ok", "warn", "user", "staff", "technician"};

void serve_emit_fd(void *fd, const char *line, size_t len)
{
    static bool
        deaf; /* the reader is gone: the end of input follows, and cleaning up comes before the exit */
    BUF_SCOPE(b);
    buf_add(&b, line, len);
    buf_chr(&b, '\n');
    for (size_t done = 0; done < b.len && !deaf;) {
        struct pollfd p = {.fd = *(int *)fd, .events = POLLOUT};
        int ready = poll(&p, 1, 5000);
        ssize_t n = ready == 1 ? write(p.fd, b.p + done, b.len - done) : -1;
        if (n < 0 && errno == EINTR)
            continue;
        if (ready == 0) {
            log_error("event=exit reason=\"nobody takes the frames\"");
            _exit(1);
        }
        if (n < 0)
            deaf = true;
        else
            done += (size_t)n;
    }
}

static void emit(struct serve *s, const struct buf *b)
{
    s->opts.emit(s->opts.user, b->p, b->len);
}

bool serve_word_in(const char *const *words, const char *word)
{
    for (; words && *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

void serve_ack(struct serve *s, int64_t id)
{
    BUF_SCOPE(b);
    buf_fmt(&b, "{\"kind\":\"ack\",\"id\":%lld}", (long long)id);
    emit(s, &b);
}

void serve_complete(struct serve *s, int64_t id, const struct result *r)
{
    BUF_SCOPE(b);
    buf_fmt(&b,
            "{\"kind\":\"completion\",\"id\":%lld,\"completion\":\"%s\",\"code\":\"%s\",\"outcome\":\"%s\"",
            (long long)id, completion_word(r->completion), r->code, outcome_word(r->outcome));
    buf_fmt(&b, ",\"detail\":%lld,\"text\":", (long long)r->detail);
    json_quote(&b, r->text);
    buf_str(&b, ",\"data\":");
    buf_str(&b, r->data.len ? r->data.p : "{}");
    buf_chr(&b, '}');
    emit(s, &b);
}

void serve_refuse(struct serve *s, int64_t id, enum completion c, const char *text)
{
    struct result r = {.completion = c, .outcome = O_NOT_DONE, .code = "", .text = text};
    serve_complete(s, id, &r);
}

static void happened(struct serve *s, int64_t id, const char *event, const char *data)
{
    BUF_SCOPE(b);
    buf_fmt(&b, "{\"kind\":\"%s\",", id ? "event" : "unsolicited");
    if (id)
        buf_fmt(&b, "\"id\":%lld,", (long long)id);
    buf_fmt(&b, "\"event\":\"%s\",\"data\":", event);
    buf_str(&b, data && *data ? data : "{}");
    buf_chr(&b, '}');
    emit(s, &b);
}

void drv_event(struct drv *d, const char *event, const char *data)
{
    if (d->serve->running && !d->serve->completed)
        happened(d->serve, d->serve->running, event, data);
}

void drv_unsolicited(struct drv *d, const char *event, const char *data)
{
    happened(d->serve, 0, event, data);
}

void serve_state(struct serve *s)
{
    BUF_SCOPE(b);
    bool up = s->link == L_UP || (s->steady_at && serve_is_open(s));
    const struct bus_counters *c = bus_counters(s->drv.bus);
    buf_fmt(&b, "{\"kind\":\"state\",\"text\":");
    json_quote(&b, s->detail);
    buf_fmt(&b, ",\"link\":\"%s\",\"activity\":\"%s\",\"condition\":\"%s\",\"media\":[", links[s->link],
            activities[s->activity], conditions[s->condition]);
    for (size_t i = 0; s->drv.media[i]; i++)
        buf_fmt(&b, "%s\"%s\"", i ? "," : "", s->drv.media[i]);
    buf_str(&b, "],\"model\":");
    json_quote(&b, up ? s->model : "");
    buf_str(&b, ",\"serial\":");
    json_quote(&b, up ? s->serial : "");
    buf_str(&b, ",\"port\":");
    json_quote(&b, up ? s->port : "");
    if (up && s->drv.row)
        buf_fmt(&b, ",\"maturity\":\"%s\"", s->drv.row->maturity);
    if (up && bus_is_open(s->drv.bus))
        buf_fmt(&b, ",\"firmware\":\"%x.%02x\"", bus_id(s->drv.bus)->bcd >> 8,
                bus_id(s->drv.bus)->bcd & 0xFF);
    buf_fmt(
        &b,
        ",\"counters\":{\"clear_halt\":%u,\"reopen\":%u,\"reset\":%u,\"power\":%u,\"lost\":%u,\"flaps\":%d}}",
        c->clear_halt, c->reopen, c->reset, c->power, c->lost, s->flaps);
    emit(s, &b);
}

/* Every axis has one way to change: it logs OLD->NEW and sends a state frame. */
static void changed(struct serve *s, const char *axis, const char *old, const char *new)
{
    if (strcmp(axis, "activity") != 0 && !s->opts.quiet)
        log_info("event=state axis=%s change=%s->%s text=\"%s\"", axis, old, new, s->detail);
    serve_state(s);
}

static bool retell(struct serve *s, const char *detail)
{
    if (detail == s->detail || strcmp(s->detail, detail) == 0)
        return false;
    size_t n = strnlen(detail, sizeof s->detail - 1);
    memcpy(s->detail, detail, n);
    s->detail[n] = 0;
    return true;
}

void serve_axes(struct serve *s, enum link l, enum condition c, const char *detail)
{
    enum link link = s->link;
    enum condition condition = s->condition;
    bool told = retell(s, detail);
    s->link = l;
    s->condition = c;
    if (link != l)
        changed(s, "link", links[link], links[l]);
    else if (condition != c || told)
        changed(s, "condition", conditions[condition], conditions[c]);
}

void serve_activity(struct serve *s, enum activity a)
{
    enum activity old = s->activity;
    s->activity = a;
    if (old != a)
        changed(s, "activity", activities[old], activities[a]);
}

void drv_condition(struct drv *d, enum condition c, const char *detail)
{
    if (d->serve->exhausted && c < K_TECHNICIAN) /* it says it is well, and nothing it was asked for worked */
        return;
    serve_axes(d->serve, d->serve->link, c, detail);
}

void drv_media(struct drv *d, const char *const *words, size_t n)
{
    bool same = n <= MEDIA_MAX && d->media[n < MEDIA_MAX ? n : MEDIA_MAX] == NULL;
    for (size_t i = 0; same && i < n; i++)
        same = d->media[i] && strcmp(d->media[i], words[i]) == 0;
    if (same)
        return;
    memset(d->media, 0, sizeof d->media);
    for (size_t i = 0; i < n && i < MEDIA_MAX; i++)
        d->media[i] = words[i];
    changed(d->serve, "media", "?", n ? words[0] : "none");
}

int64_t drv_command_id(const struct drv *d)
{
    return d->serve->running;
}

static void keep(char *to, size_t cap, const char *from)
{
    size_t n = from ? strnlen(from, cap - 1) : 0;
    memcpy(to, from ? from : "", n);
    to[n] = 0;
}

void drv_id(struct drv *d, const char *model, const char *serial, const char *port)
{
    keep(d->serve->model, sizeof d->serve->model, model);
    keep(d->serve->serial, sizeof d->serve->serial, serial);
    keep(d->serve->port, sizeof d->serve->port, port);
}

const struct device_row *drv_rows(const struct drv *d, size_t *n)
{
    *n = d->serve->rows->n;
    return d->serve->rows->row;
}

bool drv_breathe(struct drv *d)
{
    return bus_wait(d->bus, 0, 0) & BUS_STOP;
}

void drv_climb(struct drv *d, const char *why)
{
    d->serve->climb = why;
}

/* ---- what is heard ---------------------------------------------------------------------------------------
 */

/* "cancel" of the running or of the waiting command. */
static unsigned cancel(struct serve *s, const struct command *c)
{
    int64_t target = jval_int(c->args, "target", 0);
    struct result ok = {.completion = C_OK, .outcome = O_DONE, .code = "", .text = ""};
    if (s->waiting && target == s->next.id) {
        s->waiting = false;
        serve_ack(s, c->id);
        serve_refuse(s, target, C_CANCELLED, "cancelled before it began");
        serve_complete(s, c->id, &ok);
        return 0;
    }
    if (!s->running || target != s->running) {
        serve_refuse(s, c->id, C_BAD_SEQUENCE, "no such command is running");
        return 0;
    }
    serve_ack(s, c->id);
    serve_complete(s, c->id, &ok);
    serve_activity(s, A_DRAINING);
    return BUS_STOP;
}

/* A word to the running command (finish, clear). */
static unsigned aside(struct serve *s, const struct command *c)
{
    const struct driver_ops *ops = s->drv.ops;
    struct task t = {c->id, c->verb, 0, c->args, s->spare};
    unsigned bits = s->running && ops->aside ? ops->aside(&s->drv, &t) : 0;
    if (!bits) {
        serve_refuse(s, c->id, C_BAD_SEQUENCE, "no command runs that could hear this");
        return 0;
    }
    struct result ok = {.completion = C_OK, .outcome = O_DONE, .code = "", .text = ""};
    serve_ack(s, c->id);
    serve_complete(s, c->id, &ok);
    return bits;
}

static unsigned accept(struct serve *s, const struct command *c)
{
    const struct driver_ops *ops = s->drv.ops;
    bool wipe = strcmp(c->verb, "wipe") == 0;
    if (strcmp(c->verb, "ping") == 0) {
        serve_state(s);
        return 0;
    }
    if (strcmp(c->verb, "cancel") == 0)
        return cancel(s, c);
    if (strcmp(c->verb, "trace") == 0)
        return serve_trace(s, c);
    if (serve_word_in(ops->aside_verbs, c->verb))
        return aside(s, c);
    if (!wipe && !serve_word_in(ops->verbs, c->verb)) {
        serve_refuse(s, c->id, C_UNSUPPORTED, "this driver does not know the verb");
        return 0;
    }
    if (wipe && s->waiting && strcmp(s->next.verb, "wipe") != 0) { /* the end of a session goes first */
        serve_refuse(s, s->next.id, C_CANCELLED, "the session ended before it began");
        s->waiting = false;
    }
    bool after = s->running && s->wiping && !wipe; /* the next person's first command waits for the wipe */
    if (s->waiting || (s->running && !wipe && !after)) {
        serve_refuse(s, c->id, C_BUSY, "another command is running");
        return 0;
    }
    s->next = *c;
    s->waiting = true;
    if (after)
        return 0;
    return s->running ? BUS_STOP : BUS_NOTE; /* the end of a session stops what runs */
}

static unsigned line(struct serve *s, const char *p, size_t len)
{
    if (len == 0)
        return 0;
    struct command c = {0};
    struct err e = {0};
    if (!s->waiting)
        arena_reset(s->spare);
    if (command_read(s->spare, p, len, &c, &e) != RC_OK) {
        log_err(&e, "event=bad_command");
        return 0;
    }
    return accept(s, &c);
}

/* Behind a wipe that has not begun the rest is heard when it begins: then its one place to wait is free. */
unsigned serve_lines(struct serve *s)
{
    unsigned bits = 0;
    for (char *end; s->in.len && (end = memchr(s->in.p, '\n', s->in.len)) != NULL;) {
        size_t len = (size_t)(end - s->in.p);
        if (s->waiting && !s->running && strcmp(s->next.verb, "wipe") == 0)
            break;
        if (!s->skipping)
            bits |= line(s, s->in.p, len);
        s->skipping = false;
        buf_cut(&s->in, len + 1);
    }
    return bits;
}

unsigned serve_heard(void *user)
{
    struct serve *s = user;
    char chunk[4096];
    ssize_t n = read(s->opts.commands, chunk, sizeof chunk);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (n <= 0) {
        s->quit = true;
        bus_mute(s->drv.bus);
        return BUS_STOP;
    }
    buf_add(&s->in, chunk, (size_t)n);
    wipe(chunk, sizeof chunk);
    unsigned bits = serve_lines(s);
    if (s->in.len > FRAME_MAX && !memchr(s->in.p, '\n', s->in.len)) {
        log_warn("event=bad_command text=\"a line of more than %d bytes\"", FRAME_MAX);
        s->skipping = true;
        buf_reset(&s->in);
    }
    return bits;
}
