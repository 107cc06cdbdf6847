/* "My request" at a kiosk: code and PIN of a receipt, the register's answer on the screen, the questions that
 * came back, and a receipt for what was put right. Nothing is kept: it lives in the session and goes with it.
 */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "firmware/flow_int.h"

enum { FIELDS_MAX = 64, TOLD_MAX = 256 << 10 };
enum { AGAIN_MS = 1000, AGAIN_FOR_MS = 20000 }; /* after 1, 2, 4, 4 ... seconds, as long as a person waits */

static void forget_view(struct mine_part *p)
{
    arena_free(p->told);
    p->told = NULL;
    p->view = NULL;
    p->fields = NULL;
    p->n_fields = 0;
    p->over = false;
}

void mine_wipe(struct session *s)
{
    forget_view(&s->mine);
    wipe(&s->mine, sizeof(s->mine));
    s->mine.problem = "";
}

enum rc mine_open(struct flow_call *c, struct err *e)
{
    (void)e;
    mine_wipe(c->s);
    flow_go(c->f, STEP_MINE);
    return RC_OK;
}

/* Answers come in the order of the asks, also for sessions that are over. */
static bool ask(struct flow *f, const struct flow_asking *q)
{
    if (!f->env.ask || !f->env.online || !f->env.online(f->env.user))
        return false;
    f->s->mine.asked = ++f->asks;
    f->env.ask(q, f->env.user);
    return true;
}

static void ask_json(struct flow *f, const char *path, const char *answers, enum mine_phase phase)
{
    struct mine_part *p = &f->s->mine;
    BUF_SCOPE(b);

    buf_fmt(&b, "{\"%s\":", *p->number ? "number" : "code");
    json_quote(&b, *p->number ? p->number : p->code);
    if (*p->number && *p->house) {
        buf_str(&b, ",\"institution\":");
        json_quote(&b, p->house);
    }
    buf_fmt(&b, ",\"pin\":\"%s\",\"lang\":\"%s\"", p->pin, lang_codes[f->s->lang]);
    int64_t which = jval_int(jval_get(p->view, "returned"), "id", 0);
    if (answers && which > 0)
        buf_fmt(&b, ",\"return_id\":%lld", (long long)which);
    if (answers)
        buf_fmt(&b, ",\"answers\":%s", answers);
    buf_chr(&b, '}');
    const struct flow_asking q = {"POST", path, "application/json", b.p, b.len};
    if (ask(f, &q))
        p->phase = phase;
    else
        p->problem = "mine.later";
}

/* A code, or a number, which the register reads. The QR of a receipt is an address that ends in the code. */
static bool typed(struct mine_part *p, const struct in_mine *in)
{
    const char *code = in->code ? in->code : "", *slash = strrchr(code, '/');

    snprintf(p->number, sizeof(p->number), "%s", in->number ? in->number : "");
    snprintf(p->house, sizeof(p->house), "%s", in->institution ? in->institution : "");
    return *p->number || receipt_code_norm(p->code, slash ? slash + 1 : code);
}

enum rc mine_look(struct flow_call *c, struct err *e)
{
    const struct in_mine *in = c->in;
    struct mine_part *p = &c->s->mine;

    if (p->phase == MINE_ASKING || p->phase == MINE_SENDING)
        return err_set(e, RC_BUSY, "the register is being asked");
    p->problem = "";
    if (!typed(p, in) || strspn(in->pin, "0123456789") != PIN_LEN) {
        p->phase = MINE_ENTER;
        p->problem = in->number ? "mine.bad_number" : "mine.bad";
        return RC_OK;
    }
    memcpy(p->pin, in->pin, PIN_LEN + 1);
    forget_view(p);
    ask_json(c->f, "/v1/status", NULL, MINE_ASKING);
    return RC_OK;
}

void mine_again(struct flow *f)
{
    struct mine_part *p = &f->s->mine;
    if (f->step == STEP_MINE && p->phase == MINE_SHOWN)
        ask_json(f, "/v1/status", NULL, MINE_ASKING);
}

void mine_back(struct flow *f)
{
    struct mine_part *p = &f->s->mine;
    if (p->phase == MINE_SENDING)
        return; /* its answer decides */
    if (f->step == STEP_MINE) {
        mine_wipe(f->s);
        flow_go(f, STEP_SERVICE);
        return;
    }
    p->repairs = false;
    p->problem = "";
    scan_stop(f);
    f->s->service = NULL;
    flow_go(f, STEP_MINE);
    if (p->over)
        mine_again(f);
}

/* The returned fields by this terminal's own forms; none when it does not have that version. */
static void find_fields(struct flow *f)
{
    struct mine_part *p = &f->s->mine;
    const struct jval *back = jval_get(p->view, "returned"), *ids = jval_get(back, "fields");
    const struct service *s =
        catalog_version(f->env.catalog, jval_str(back, "service", ""), jval_int(back, "version", 0));
    const struct form_ctx all = {.service = s, .channel = CH_KIOSK};

    p->fields = ARENA_ARRAY(p->told, const struct field *, FIELDS_MAX);
    p->n_fields = 0;
    for (size_t i = 0; s && ids && i < ids->n && p->n_fields < FIELDS_MAX; i++) {
        const struct field *fd = ids->items[i].s ? service_field(s, ids->items[i].s) : NULL;
        if (!fd || !form_asked(&all, fd)) {
            p->n_fields = 0; /* one that cannot be asked here: at the counter, or on the page */
            return;
        }
        p->fields[p->n_fields++] = fd;
    }
}

static void told(struct flow *f, const char *body, size_t len)
{
    struct mine_part *p = &f->s->mine;
    struct jval *v;
    struct err e = {0};

    forget_view(p);
    p->told = arena_new();
    if (len > TOLD_MAX || jval_parse(p->told, body, len, &v, &e) != RC_OK || v->kind != JV_OBJ) {
        log_err(&e, "event=mine_answer");
        forget_view(p);
        p->phase = MINE_ENTER;
        p->problem = "mine.later";
        return;
    }
    p->view = v;
    p->phase = MINE_SHOWN;
    find_fields(f);
}

/* In the form's order, so that pages and review follow it. */
enum rc mine_repair(struct flow_call *c, struct err *e)
{
    struct session *s = c->s;
    struct mine_part *p = &s->mine;
    const struct jval *back = jval_get(p->view, "returned");

    if (p->phase != MINE_SHOWN || p->n_fields == 0)
        return err_set(e, RC_STATE, "nothing can be put right here");
    s->service =
        catalog_version(c->f->env.catalog, jval_str(back, "service", ""), jval_int(back, "version", 0));
    answers_init(&s->answers, s->arena);
    p->repairs = true;
    p->n_sent = 0;
    p->problem = "";
    form_enter(c->f);
    return RC_OK;
}

/* First the files, one by one, then the answers that name them. */
static void send_next(struct flow *f)
{
    struct mine_part *p = &f->s->mine;
    struct form_ctx ctx = flow_form(f);
    struct queue_blob *files;
    ARENA_SCOPE(a);
    BUF_SCOPE(answers);

    size_t n = scan_blobs(f, a, &files);
    p->problem = "";
    if (p->n_sent < n) {
        const struct queue_blob *b = &files[p->n_sent];
        const struct flow_asking q = {"PUT", arena_fmt(a, "/v1/blobs/%s", b->sha256), "application/pdf",
                                      b->data.p, b->data.len};
        if (ask(f, &q))
            p->phase = MINE_SENDING;
        else
            p->problem = "mine.later";
        return;
    }
    answers_encode(&ctx, &f->s->answers, &answers);
    ask_json(f, "/v1/returns", answers.p, MINE_SENDING);
}

enum rc mine_send(struct flow_call *c, struct err *e)
{
    struct flow *f = c->f;
    struct mine_part *p = &c->s->mine;
    struct form_ctx ctx = flow_form(f);
    struct form_error first;

    if (p->phase == MINE_SENDING)
        return RC_OK;
    p->sent_at = mono_ms();
    p->again_n = 0;
    if (form_check(&ctx, &c->s->answers, &first, 1) > 0)
        return err_at(e, RC_BAD_FIELD, first.field, "the form has an error");
    p->n_sent = 0;
    c->s->filing.key = arena_str(c->s->arena, ((const struct in_key *)c->in)->key);
    send_next(f);
    if (*p->problem)
        flow_notice(f, p->problem);
    else
        flow_go(f, STEP_MINE);
    return RC_OK;
}

static const char *trouble_of(const struct mine_part *p, int status)
{
    static const struct {
        int status;
        const char *code, *number; /* whoever came with which */
    } rows[] = {{403, "mine.wrong", "mine.wrong_number"},
                {429, "mine.locked", "mine.locked_number"},
                {422, "mine.refused", "mine.refused"},
                {409, "mine.over", "mine.over"}};

    if (status == 422 && p->phase == MINE_ASKING)
        return "mine.bad_number";
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].status == status)
            return *p->number ? rows[i].number : rows[i].code;
    return "mine.later";
}

/* What the paper and the page say of it. The labels come from the form, the number from what was shown; the
 * new term from the register's answer alone. */
static void note_filing(struct session *s, const struct jval *told)
{
    const struct mine_part *m = &s->mine;
    struct filing_part *p = &s->filing;
    struct arena *a = s->arena;
    const struct jval *view = jval_get(told, "view"), *known = view ? view : m->view;

    p->number = arena_str(a, jval_str(known, "number", ""));
    p->house = arena_str(a, jval_str(known, "institution", ""));
    p->has_due = view && date_parse(jval_str(view, "due_on", ""), &p->due);
    for (int l = 0; l < LANG_COUNT; l++) {
        p->due_why.t[l] = arena_str(a, view ? jval_str(view, "why", "") : "");
        for (size_t i = 0; i < m->n_fields; i++)
            p->corrected.t[l] = arena_fmt(a, "%s%s%s", i ? p->corrected.t[l] : "", i ? ", " : "",
                                          tr_get(&m->fields[i]->label, (enum lang)l));
    }
    if (iso_utc_parse(jval_str(told, "at", ""), &p->filed_ms, NULL) != RC_OK)
        p->filed_ms = unix_ms();
    memcpy(p->code, m->code, sizeof(p->code));
    memcpy(p->pin, m->pin, sizeof(p->pin));
    p->answered = p->saved = true;
    p->phase = FILING_DONE;
}

/* As after a first filing: the number on the screen, a receipt on paper. */
static void corrected(struct flow *f, const char *body, size_t len)
{
    struct session *s = f->s;
    struct jval *told = NULL;
    struct err e = {0};
    int64_t papers = s->scan.last_id;
    ARENA_SCOPE(a);

    if (len > TOLD_MAX || jval_parse(a, body, len, &told, &e) != RC_OK) {
        log_err(&e, "event=correction_answer"); /* it stands all the same */
        told = NULL;
    }
    note_filing(s, told);
    mine_wipe(s);
    scan_wipe(s);
    s->scan.last_id = papers;
    flow_go(f, STEP_DONE);
    print_first(f);
}

/* What was typed stays; sending once more is one press. */
static void give_up(struct flow *f, int status)
{
    struct mine_part *p = &f->s->mine;

    p->phase = MINE_SHOWN;
    p->problem = "";
    p->over = status == 409;
    flow_go(f, STEP_REVIEW);
    flow_notice(f, trouble_of(p, status));
}

/* No answer, or none that says what became of it: the register knows a correction that it has and answers the
 * same, so it goes again by itself while the person waits, and for so long only. */
static void again_or_up(struct flow *f, int status)
{
    struct mine_part *p = &f->s->mine;
    int64_t now = mono_ms(), pause = AGAIN_MS << (p->again_n < 2 ? p->again_n : 2);

    if ((status != 0 && status < 500) || now - p->sent_at >= AGAIN_FOR_MS) {
        give_up(f, status);
        return;
    }
    p->again_n++;
    p->again_at = now + pause;
    p->problem = "mine.again";
}

void mine_tick(struct flow *f, int64_t now)
{
    struct mine_part *p = &f->s->mine;

    if (p->phase != MINE_SENDING || !p->again_at || now < p->again_at)
        return;
    p->again_at = 0;
    send_next(f);
    if (*p->problem) /* not even asked: the line is known to be down */
        again_or_up(f, 0);
    else
        p->problem = "mine.again";
    flow_touch(f);
    flow_changed(f);
}

static void sent(struct flow *f, int status, const char *body, size_t len)
{
    struct session *s = f->s;
    struct mine_part *p = &s->mine;
    struct queue_blob *files;
    ARENA_SCOPE(a);

    bool was_file = p->n_sent < scan_blobs(f, a, &files), ok = status == 200 || status == 201;
    if (!ok) {
        again_or_up(f, status);
        return;
    }
    if (!was_file) {
        corrected(f, body, len);
        return;
    }
    p->n_sent++;
    p->sent_at = mono_ms();
    p->again_n = 0;
    send_next(f);
    if (*p->problem)
        again_or_up(f, 0);
}

void flow_answered(struct flow *f, int status, const char *body, size_t len)
{
    struct mine_part *p = f->s ? &f->s->mine : NULL;
    bool last = p && p->asked && p->asked == f->answers + 1;

    f->answers++;
    if (!last)
        return; /* of a visit that is over, or of an ask that another one followed */
    flow_touch(f);
    if (p->phase == MINE_SENDING) {
        sent(f, status, body, len);
    } else if (p->phase == MINE_ASKING && status == 200) {
        told(f, body, len);
    } else if (p->phase == MINE_ASKING) {
        p->problem = trouble_of(p, status);
        p->phase = MINE_ENTER;
    }
    flow_changed(f);
}
