/* A citizen at a terminal asks for a person: who asked last, from which step, is shown on /metrics until a
 * quarter of an hour has passed, and in the log at once. Kept in memory: an old call for help is worth
 * nothing. */
#include <stdio.h>
#include <string.h>

#include "backend/registry.h"
#include "common/base/log.h"

enum { SHOWN_MS = 15 * 60 * 1000 };

struct call {
    const char *step, *lang;
};
static const struct jfield call_fields[] = {
    JF_STR(struct call, step, J_REQ, 1, 16),
    JF_STR(struct call, lang, J_REQ, 2, 2),
};
static JDESC(call_desc, struct call, call_fields);

static bool word(const char *s)
{
    return strspn(s, "abcdefghijklmnopqrstuvwxyz") == strlen(s);
}

/* The terminal's own place, else a free one, else the one that waits longest. */
static struct help_call *place_of(struct registry *g, const char *terminal)
{
    struct help_call *oldest = &g->help[0];
    for (size_t i = 0; i < COUNT(g->help); i++) {
        if (strcmp(g->help[i].terminal, terminal) == 0)
            return &g->help[i];
        if (g->help[i].at_ms < oldest->at_ms)
            oldest = &g->help[i];
    }
    return oldest;
}

void help_post(struct http_req *r, void *user)
{
    struct registry *g = user;
    struct call in;
    struct err e = {0};
    size_t len;
    const char *body = http_body(r, &len);
    enum rc rc = json_decode(http_arena(r), &call_desc, body, len, &in, &e);
    if (rc == RC_OK && (!word(in.step) || !word(in.lang)))
        rc = err_at(&e, RC_BAD_FIELD, "step", "not a word");
    if (rc != RC_OK) {
        http_fail(r, &e);
        return;
    }
    struct help_call *c = place_of(g, http_peer_cn(r));
    snprintf(c->terminal, sizeof(c->terminal), "%s", http_peer_cn(r));
    snprintf(c->step, sizeof(c->step), "%s", in.step);
    snprintf(c->lang, sizeof(c->lang), "%s", in.lang);
    c->at_ms = mono_ms();
    g->stats.help++;
    log_info("event=help terminal=%s step=%s lang=%s", c->terminal, c->step, c->lang);
    http_json(r, 202, "{\"ok\":true}");
}

void help_metrics(struct buf *out, const struct registry *g)
{
    int64_t now = mono_ms();
    buf_fmt(out,
            "# HELP pridvor_help_calls_total Calls for a person from terminals.\n"
            "# TYPE pridvor_help_calls_total counter\npridvor_help_calls_total %llu\n"
            "# HELP pridvor_help_waiting_seconds Since the last call of a terminal, for 15 minutes.\n"
            "# TYPE pridvor_help_waiting_seconds gauge\n",
            (unsigned long long)g->stats.help);
    for (size_t i = 0; i < COUNT(g->help); i++) {
        const struct help_call *c = &g->help[i];
        if (c->terminal[0] && now - c->at_ms < SHOWN_MS)
            buf_fmt(out, "pridvor_help_waiting_seconds{terminal=\"%s\",step=\"%s\",lang=\"%s\"} %lld\n",
                    c->terminal, c->step, c->lang, (long long)((now - c->at_ms) / 1000));
    }
}
