/* "I have a provisional receipt": its code, typed on the idle screen, says what became of it. Number and
 * dates only, which are on the paper anyway; names are not in what is kept (struct kept in link.h). */
#include <string.h>

#include "common/base/clock.h"
#include "firmware/flow_int.h"
#include "firmware/link.h"

struct look {
    struct flow *f;
    struct arena *a;
    const char *code;
    enum queue_state state;
    struct kept kept;
    bool found;
};

/* One item of the queue: unsealed, looked at, forgotten. */
static void look_at(const struct queue_item *item, const char *why, void *user)
{
    struct look *l = user;
    struct queue_item full = {0};
    struct err e;
    (void)why;
    ARENA_SCOPE(a);
    if (l->found || queue_get(l->f->env.queue, a, item->id, &full, &e) != RC_OK)
        return;
    struct kept kept = {0};
    struct submission sub = {0};
    if (full.state == QUEUE_ACKED) {
        if (json_decode(a, &kept_desc, full.body, full.len, &kept, &e) != RC_OK)
            return;
    } else if (json_decode(a, &submission_desc, full.body, full.len, &sub, &e) == RC_OK)
        kept.code = sub.receipt.code;
    if (!kept.code || strcmp(kept.code, l->code) != 0)
        return;
    l->found = true;
    l->state = full.state;
    l->kept = (struct kept){arena_str(l->a, kept.number ? kept.number : ""),
                            arena_str(l->a, kept.registered_at ? kept.registered_at : ""),
                            arena_str(l->a, kept.due ? kept.due : ""), l->code};
}

struct ids {
    struct arena *a;
    struct queue_item *list;
    size_t n, cap;
};

static void note(const struct queue_item *item, const char *why, void *user)
{
    struct ids *ids = user;
    (void)why;
    if (ids->n == ids->cap) {
        struct queue_item *more = ARENA_ARRAY(ids->a, struct queue_item, ids->cap * 2 + 64);
        if (ids->n)
            memcpy(more, ids->list, ids->n * sizeof(*more));
        ids->list = more;
        ids->cap = ids->cap * 2 + 64;
    }
    ids->list[ids->n++] = *item;
}

static const char *day(struct arena *a, const char *iso, enum lang lang)
{
    struct date d;
    char cut[11] = "";
    memcpy(cut, iso, strnlen(iso, 10));
    return date_parse(cut, &d) ? date_said(a, d, lang) : "";
}

static const char *answer(struct arena *a, const struct look *l)
{
    enum lang lang = l->f->s ? l->f->s->lang : LANG_RO;
    static const char *const words[] = {"waiting", "waiting", "registered", "refused"};
    BUF_SCOPE(b);
    buf_fmt(&b, "{\"state\":\"%s\",\"number\":", l->found ? words[l->state] : "unknown");
    json_quote(&b, l->found ? l->kept.number : "");
    buf_fmt(&b, ",\"date\":\"%s\",\"due\":\"%s\"}", l->found ? day(a, l->kept.registered_at, lang) : "",
            l->found ? day(a, l->kept.due, lang) : "");
    return arena_strn(a, b.p, b.len);
}

enum rc receipt_look(struct flow_call *c, struct err *e)
{
    struct flow *f = c->f;
    char code[RECEIPT_CODE_LEN + 1];
    int64_t now = mono_ms();
    if (f->looks >= LOOKS_MAX && now - f->looks_at < LOOKS_MS)
        return err_set(e, RC_LIMIT, "too many codes");
    if (f->looks >= LOOKS_MAX)
        f->looks = 0;
    if (!receipt_code_norm(code, ((const struct in_code *)c->in)->code))
        return err_at(e, RC_BAD_FIELD, "code", "no receipt code");
    struct look l = {.f = f, .a = c->a, .code = code};
    struct ids ids = {.a = c->a};
    TRY(queue_each(f->env.queue, note, &ids, e));
    for (size_t i = ids.n; i-- > 0 && !l.found;) /* the newest first */
        look_at(&ids.list[i], "", &l);
    f->looks = l.found ? 0 : f->looks + 1;
    f->looks_at = now;
    log_info("event=receipt_look found=%d", l.found);
    c->out->json = answer(c->a, &l);
    return RC_OK;
}
