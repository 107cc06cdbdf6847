/* The SMTP dialogue (RFC 5321) of a few connections, each with one letter at a time. The letter is written as
 * "handing" after its last line and before the final dot: up to there the server must forget it when the
 * connection ends (RFC 5321, 4.1.1.4), so a crash repeats it without doubt. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/outbox_priv.h"
#include "common/base/log.h"
#include "common/base/text.h"

enum { LANES = 4, IDLE_MS = 5000, DOT_FACTOR = 10 };
enum step {
    STEP_OFF,
    STEP_CONNECT,
    STEP_READY,
    STEP_MAIL,
    STEP_RCPT,
    STEP_DATA,
    STEP_HAND,
    STEP_DOT,
    STEP_RSET
};

struct mail_watch { /* has its own life: libuv frees it a turn later */
    uv_poll_t h;
    struct mail_lane *lane;
};
struct mail_lane {
    struct outbox *o;
    struct net_job *job;
    struct mail_watch *watch;
    uv_timer_t timer;
    struct letter *letter; /* not while it is being handed */
    enum step step;
    struct buf out;
    size_t out_done;
    char in[REPLY_MAX];
    size_t in_len;
    bool in_cut, lost_while_handing, closed;
};

static void flush(struct mail_lane *l);
static void next_letter(struct mail_lane *l);

/* ---- connection ---- */

static void watch_closed(uv_handle_t *h)
{
    free(h->data);
}

static void hang_up(struct mail_lane *l)
{
    struct mail_watch *w = l->watch;

    if (w) {
        uv_poll_stop(&w->h);
        w->h.data = w;
        uv_close((uv_handle_t *)&w->h, watch_closed);
    }
    l->watch = NULL;
    net_close(l->job);
    l->job = NULL;
    buf_reset(&l->out);
    l->out_done = l->in_len = 0;
    l->in_cut = false;
    l->step = STEP_OFF;
    uv_timer_stop(&l->timer);
}

static void verdict(struct mail_lane *l, enum mark mark, int reply, bool road, const char *text)
{
    struct letter *x = l->letter;
    l->letter = NULL;
    if (x)
        outbox_end(l->o, x, &(struct verdict){.mark = mark, .reply = reply, .road = road, .text = text});
}

/* The connection is gone. Only after the dot nobody knows what became of the letter. */
static void lost(struct mail_lane *l, const char *text)
{
    enum step at = l->step;

    hang_up(l);
    if (at == STEP_HAND && !l->letter)
        l->lost_while_handing = true;
    else if (at == STEP_DOT)
        verdict(l, MARK_UNKNOWN, 0, true, text);
    else
        verdict(l, MARK_QUEUED, 0, true, text);
}

static void on_late(uv_timer_t *t)
{
    struct mail_lane *l = t->data;
    if (l->step == STEP_READY && !l->letter) {
        (void)!net_send(l->job, "QUIT\r\n", 6);
        hang_up(l);
    } else {
        lost(l, "the mail server did not answer in time");
    }
}

static void wait_for(struct mail_lane *l, enum step step)
{
    uint64_t ms = (uint64_t)l->o->g->conf.smtp->timeout_ms;

    l->step = step;
    uv_timer_start(&l->timer, on_late,
                   step == STEP_READY ? IDLE_MS
                   : step == STEP_DOT ? ms * DOT_FACTOR
                                      : ms,
                   0);
}

/* ---- replies ---- */

enum outcome { A_NEXT, A_AGAIN, A_FAIL, A_ROAD };
struct rule {
    enum step step;
    int from, to;
    enum outcome answer;
};
/* First match wins. What the server says of the sender or of itself is not the letter's fault. */
static const struct rule rules[] = {
    {STEP_MAIL, 250, 250, A_NEXT},  {STEP_MAIL, 421, 421, A_ROAD},  {STEP_MAIL, 0, 999, A_ROAD},
    {STEP_RCPT, 250, 252, A_NEXT},  {STEP_RCPT, 421, 421, A_ROAD},  {STEP_RCPT, 503, 504, A_ROAD},
    {STEP_RCPT, 530, 538, A_ROAD},  {STEP_RCPT, 552, 552, A_AGAIN}, /* once meant: mailbox full */
    {STEP_RCPT, 400, 499, A_AGAIN}, {STEP_RCPT, 500, 599, A_FAIL},  {STEP_RCPT, 0, 999, A_ROAD},
    {STEP_DATA, 354, 354, A_NEXT},  {STEP_DATA, 421, 421, A_ROAD},  {STEP_DATA, 400, 499, A_AGAIN},
    {STEP_DATA, 554, 554, A_FAIL},  {STEP_DATA, 0, 999, A_ROAD},    {STEP_DOT, 200, 299, A_NEXT},
    {STEP_DOT, 421, 421, A_ROAD},   {STEP_DOT, 400, 499, A_AGAIN},  {STEP_DOT, 500, 599, A_FAIL},
    {STEP_DOT, 0, 999, A_ROAD},     {STEP_RSET, 250, 250, A_NEXT},  {STEP_RSET, 0, 999, A_ROAD},
};

static void say(struct mail_lane *l, enum step step, const char *line)
{
    buf_str(&l->out, line);
    wait_for(l, step);
}

static void on_handed(struct letter *x, bool ok, void *user)
{
    struct mail_lane *l = user;

    if (!ok) {
        if (!l->lost_while_handing && !l->closed)
            hang_up(l); /* before the dot: the server forgets it */
        l->lost_while_handing = false;
        return;
    }
    l->letter = x;
    if (l->lost_while_handing || l->closed) {
        l->lost_while_handing = false;
        verdict(l, MARK_QUEUED, 0, true, "the connection ended before the letter was handed over");
        return;
    }
    say(l, STEP_DOT, ".\r\n");
    flush(l);
}

static void write_letter(struct mail_lane *l)
{
    const struct registry *g = l->o->g;
    const char *from = g->conf.smtp->from;
    struct letter *x = l->letter;
    uint8_t mac[SHA256_LEN];
    char seal[17], key[40];
    BUF_SCOPE(id);

    snprintf(key, sizeof(key), "mail:%s", x->id_text);
    hmac_sha256(mac, g->pin_key, sizeof(g->pin_key), key, strlen(key));
    hex_encode(seal, mac, 8);
    buf_fmt(&id, "pridvor.%s.%s@%s", x->id_text, seal, strchr(from, '@') + 1);
    struct mail m = {from,         x->text.from_name, x->recipient, id.p, x->text.subject,
                     x->text.body, x->lang,           unix_ms()};
    mail_write(&l->out, &m);
}

static void go_on(struct mail_lane *l)
{
    struct letter *x = l->letter;

    switch (l->step) {
    case STEP_MAIL:
        say(l, STEP_RCPT, arena_fmt(x->arena, "RCPT TO:<%s>\r\n", x->recipient));
        break;
    case STEP_RCPT:
        say(l, STEP_DATA, "DATA\r\n");
        break;
    case STEP_DATA:
        write_letter(l);
        wait_for(l, STEP_HAND);
        break; /* flush() hands it over when the last byte has left */
    case STEP_DOT:
        outbox_road_ok(l->o, WAY_EMAIL);
        verdict(l, MARK_SENT, 250, false, "");
        wait_for(l, STEP_READY);
        break;
    default:
        wait_for(l, STEP_READY);
        break;
    }
}

static void take_reply(struct mail_lane *l, int code)
{
    size_t i = 0;
    char text[64];
    enum step at = l->step;

    while (i < COUNT(rules) && !(rules[i].step == at && code >= rules[i].from && code <= rules[i].to))
        i++;
    if (i == COUNT(rules)) { /* it speaks when nothing was asked: 421 and good-bye */
        lost(l, "the mail server closed the connection");
        return;
    }
    snprintf(text, sizeof(text), "the mail server answered %d", code);
    switch (rules[i].answer) {
    case A_NEXT:
        go_on(l);
        break;
    case A_AGAIN:
    case A_FAIL:
        verdict(l, rules[i].answer == A_FAIL ? MARK_FAILED : MARK_QUEUED, code, false, text);
        if (at == STEP_DOT)
            wait_for(l, STEP_READY);
        else
            say(l, STEP_RSET, "RSET\r\n");
        break;
    case A_ROAD:
        hang_up(l);
        verdict(l, MARK_QUEUED, code, true, text);
        break;
    }
}

/* "250-first", "250 last"; a line too long is cut, its code is kept. */
static void take_line(struct mail_lane *l, const char *line, size_t n)
{
    bool digits = n >= 3 && line[0] >= '2' && line[0] <= '5' && line[1] >= '0' && line[1] <= '9' &&
                  line[2] >= '0' && line[2] <= '9';
    if (!digits) {
        lost(l, "the mail server does not speak SMTP");
        return;
    }
    if (n > 3 && line[3] == '-')
        return;
    take_reply(l, (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0');
}

static void take_lines(struct mail_lane *l)
{
    char *end;

    while (l->job && (end = memchr(l->in, '\n', l->in_len))) {
        char line[REPLY_MAX];
        size_t n = (size_t)(end - l->in);
        bool cut = l->in_cut;
        memcpy(line, l->in, n);
        l->in_len -= n + 1;
        memmove(l->in, end + 1, l->in_len);
        l->in_cut = false;
        if (!cut)
            take_line(l, line, n && line[n - 1] == '\r' ? n - 1 : n);
    }
    if (l->job && l->in_len == sizeof(l->in)) {
        if (!l->in_cut && l->in[3] == ' ') {
            lost(l, "the mail server's answer has no end");
            return;
        }
        l->in_cut = true;
        l->in_len = 0;
    }
}

static void on_poll(uv_poll_t *h, int status, int events)
{
    struct mail_watch *w = h->data;
    struct mail_lane *l = w->lane;

    (void)status;
    if (events & UV_WRITABLE)
        flush(l);
    while (l->job && l->watch == w) {
        int n = net_recv(l->job, l->in + l->in_len, sizeof(l->in) - l->in_len);
        if (n < 0) {
            lost(l, "the mail server closed the connection");
            return;
        }
        if (n == 0)
            break;
        l->in_len += (size_t)n;
        take_lines(l);
    }
    if (l->job && l->watch == w)
        flush(l);
    next_letter(l);
}

static void flush(struct mail_lane *l)
{
    while (l->job && l->out_done < l->out.len) {
        int n = net_send(l->job, l->out.p + l->out_done, l->out.len - l->out_done);
        if (n < 0) {
            lost(l, "the mail server closed the connection");
            return;
        }
        if (n == 0)
            break;
        l->out_done += (size_t)n;
    }
    if (!l->job || !l->watch)
        return;
    bool more = l->out_done < l->out.len;
    uv_poll_start(&l->watch->h, UV_READABLE | (more ? UV_WRITABLE : 0), on_poll);
    if (more)
        return;
    buf_reset(&l->out);
    l->out_done = 0;
    if (l->step == STEP_HAND && l->letter) {
        struct letter *x = l->letter;
        l->letter = NULL;
        outbox_hand(l->o, x, on_handed, l);
    }
}

static void begin(struct mail_lane *l)
{
    say(l, STEP_MAIL, arena_fmt(l->letter->arena, "MAIL FROM:<%s>\r\n", l->o->g->conf.smtp->from));
    flush(l);
}

static void on_connected(struct net_job *j, const struct net_reply *r, void *user)
{
    struct mail_lane *l = user;
    char text[100];

    if (r->rc != RC_OK) {
        snprintf(text, sizeof(text), "mail server: %s", r->text);
        hang_up(l);
        verdict(l, MARK_QUEUED, r->status, true, text);
        return;
    }
    l->watch = calloc(1, sizeof(*l->watch));
    if (!l->watch || uv_poll_init(l->o->g->loop, &l->watch->h, net_fd(j)) != 0) {
        free(l->watch);
        l->watch = NULL;
        lost(l, "mail server: no socket");
        return;
    }
    l->watch->h.data = l->watch;
    l->watch->lane = l;
    begin(l);
}

static void next_letter(struct mail_lane *l)
{
    const struct smtp_conf *c = l->o->g->conf.smtp;

    if (l->closed || l->letter || (l->step != STEP_OFF && l->step != STEP_READY))
        return;
    if (!(l->letter = outbox_next(l->o, WAY_EMAIL)))
        return;
    if (l->step == STEP_READY) {
        begin(l);
        return;
    }
    struct net_mail_conf nc = {
        .url = c->url,
        .user = c->user && *c->user ? c->user : NULL,
        .password = l->o->password,
        .ca = c->ca && *c->ca ? c->ca : NULL,
        .plain = c->starttls && strcmp(c->starttls, "none") == 0,
        .timeout_ms = (unsigned)c->timeout_ms,
    };
    l->step = STEP_CONNECT;
    l->job = net_mail(l->o->net, &nc, on_connected, l);
}

/* ---- life ---- */

void mail_lanes_open(struct outbox *o)
{
    if (!o->g->conf.smtp)
        return;
    o->mail_lanes = ARENA_ARRAY(o->g->arena, struct mail_lane, LANES);
    for (int i = 0; i < LANES; i++) {
        struct mail_lane *l = &o->mail_lanes[i];
        l->o = o;
        uv_timer_init(o->g->loop, &l->timer);
        l->timer.data = l;
    }
}

void mail_lanes_wake(struct outbox *o)
{
    for (int i = 0; o->mail_lanes && i < LANES; i++)
        next_letter(&o->mail_lanes[i]);
}

void mail_lanes_close(struct outbox *o)
{
    for (int i = 0; o->mail_lanes && i < LANES; i++) {
        struct mail_lane *l = &o->mail_lanes[i];
        l->closed = true;
        hang_up(l);
        buf_free(&l->out);
        if (l->letter)
            arena_free(l->letter->arena);
        l->letter = NULL;
        uv_close((uv_handle_t *)&l->timer, NULL);
    }
    o->mail_lanes = NULL;
}
