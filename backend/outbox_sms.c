/* SMS through a gateway's HTTP interface: one request a message, its address and text in a template. */
#include <stdio.h>
#include <string.h>

#include "backend/outbox_priv.h"
#include "common/base/text.h"

enum { LANES = 4, PARTS_MAX = 10 };

struct sms_lane {
    struct outbox *o;
    struct net_job *job;
    struct letter *letter;
    bool handing;
};

static void next_letter(struct sms_lane *l);

/* First match wins. 401 and 403 are our own fault, 404 the template's: the road rests, letters wait. */
static const struct {
    int from, to;
    enum mark mark;
    bool road;
} rules[] = {
    {200, 299, MARK_SENT, false},   {401, 401, MARK_QUEUED, true},  {403, 405, MARK_QUEUED, true},
    {408, 408, MARK_UNKNOWN, true}, {409, 409, MARK_SENT, false}, /* known under this key */
    {425, 429, MARK_QUEUED, true},  {400, 499, MARK_FAILED, false}, {502, 502, MARK_UNKNOWN, true},
    {504, 504, MARK_UNKNOWN, true}, {500, 599, MARK_QUEUED, true},  {0, 999, MARK_QUEUED, true},
};

static void on_answer(struct net_job *j, const struct net_reply *r, void *user)
{
    struct sms_lane *l = user;
    struct letter *x = l->letter;
    struct verdict v = {.reply = r->status};
    char text[100];
    size_t i = 0;

    l->letter = NULL;
    l->job = NULL;
    net_close(j);
    if (r->rc != RC_OK) {
        snprintf(text, sizeof(text), "SMS gateway: %s", r->text);
        v = (struct verdict){r->left ? MARK_UNKNOWN : MARK_QUEUED, 0, text, true};
    } else {
        while (r->status < rules[i].from || r->status > rules[i].to)
            i++;
        snprintf(text, sizeof(text), "SMS gateway answered %d", r->status);
        v.mark = rules[i].mark;
        v.road = rules[i].road;
        v.text = v.mark == MARK_SENT ? "" : text;
        if (v.mark == MARK_SENT)
            outbox_road_ok(l->o, WAY_SMS);
    }
    outbox_end(l->o, x, &v);
    next_letter(l);
}

/* {to} {text} {coding} {id} {token} {report}, each escaped for where it stands. */
static const char *filled(struct sms_lane *l, const char *tpl, const char *text, bool json)
{
    const struct outbox *o = l->o;
    const struct sms_conf *c = o->g->conf.sms;
    struct arena *a = l->letter->arena;
    const char *report = "";
    char seal[17];

    sms_seal(o->g, l->letter->id_text, seal);
    if (c->report_url && *c->report_url)
        report = arena_fmt(a, "%s/sms/%s/%s/", c->report_url, l->letter->id_text, seal);
    struct text_var v[] = {
        {"to", l->letter->recipient},        {"text", text},     {"id", l->letter->id_text},
        {"token", o->token ? o->token : ""}, {"report", report}, {"coding", sms_size(text).ucs2 ? "2" : "0"},
    };
    for (size_t i = 0; i < COUNT(v); i++) {
        if (json) {
            BUF_SCOPE(q);
            json_quote(&q, v[i].value);
            v[i].value = arena_strn(a, q.p + 1, q.len - 2);
        } else {
            v[i].value = net_escape(a, v[i].value);
        }
    }
    return text_fill(a, tpl, v, COUNT(v));
}

static void on_handed(struct letter *x, bool ok, void *user)
{
    struct sms_lane *l = user;
    const struct sms_conf *c;

    l->handing = false;
    if (!ok)
        return;
    l->letter = x;
    c = l->o->g->conf.sms;
    bool json = c->body && c->body[0] == '{';
    char key[64], seal[17];
    sms_seal(l->o->g, x->id_text, seal);
    snprintf(key, sizeof(key), "pridvor-%s-%s", x->id_text, seal);
    struct net_http_conf nc = {
        .url = filled(l, c->url, x->text.body, false),
        .body = c->body && *c->body ? filled(l, c->body, x->text.body, json) : NULL,
        .type = json ? "application/json" : "application/x-www-form-urlencoded",
        .key = key,
        .ca = c->ca && *c->ca ? c->ca : NULL,
        .timeout_ms = (unsigned)c->timeout_ms,
    };
    l->job = net_http(l->o->net, &nc, on_answer, l);
}

static bool number_valid(const char *s)
{
    size_t n = strspn(s + (*s == '+'), "0123456789");
    return n >= 6 && n <= 15 && s[(*s == '+') + n] == 0;
}

static void next_letter(struct sms_lane *l)
{
    const struct sms_conf *c = l->o->g->conf.sms;
    struct letter *x;

    if (l->letter || l->handing || !(x = outbox_next(l->o, WAY_SMS)))
        return;
    struct sms_size size = sms_size(x->text.body);
    if (c->transliterate || size.parts > (unsigned)c->parts) {
        x->text.body = sms_fold(x->arena, x->text.body);
        size = sms_size(x->text.body);
    }
    if (!number_valid(x->recipient) || size.parts > PARTS_MAX) {
        outbox_end(l->o, x,
                   &(struct verdict){.mark = MARK_FAILED,
                                     .text = size.parts > PARTS_MAX ? "the text is too long for SMS"
                                                                    : "the number is not one"});
        return;
    }
    l->handing = true;
    outbox_hand(l->o, x, on_handed, l);
}

void sms_lanes_open(struct outbox *o)
{
    if (!o->g->conf.sms)
        return;
    o->sms_lanes = ARENA_ARRAY(o->g->arena, struct sms_lane, LANES);
    for (int i = 0; i < LANES; i++)
        o->sms_lanes[i].o = o;
}

void sms_lanes_wake(struct outbox *o)
{
    for (int i = 0; o->sms_lanes && i < LANES; i++)
        next_letter(&o->sms_lanes[i]);
}

void sms_lanes_close(struct outbox *o)
{
    for (int i = 0; o->sms_lanes && i < LANES; i++) {
        struct sms_lane *l = &o->sms_lanes[i];
        net_close(l->job);
        l->job = NULL;
        if (l->letter)
            arena_free(l->letter->arena);
        l->letter = NULL;
    }
}
