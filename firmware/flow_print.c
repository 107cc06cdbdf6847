/* The receipt on paper. Written in the journal before its frame goes out; "printed" only with proof; what is
 * unknown is asked, and every paper after one that may exist is marked as a copy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "firmware/flow_int.h"
#include "firmware/roll.h"

#define BUSY_MS 500
#define BUSY_TRIES 40

struct print_job {
    struct flow *f;
    int64_t cmd, journal;
    bool presented;
};

struct print_args {
    const char *job, *process_id;
    struct receipt_line *lines;
    size_t n_lines;
    const char *lang;
    bool copy;
    int64_t roll_left_mm;
};
static const struct jfield args_fields[] = {
    JF_STR(struct print_args, job, J_REQ, 36, 36),
    JF_STR(struct print_args, process_id, J_REQ, 4, 4),
    JF_ARR(struct print_args, lines, n_lines, J_REQ, 100, &receipt_line_desc),
    JF_WORD(struct print_args, lang, J_REQ, lang_codes),
    JF_BOOL(struct print_args, copy, 0),
    JF_INT(struct print_args, roll_left_mm, 0, -1, 1ll << 40),
};
static JDESC(args_desc, struct print_args, args_fields);

static bool corrects(const struct session *s)
{
    return *tr_get(&s->filing.corrected, LANG_RO) != '\0';
}

/* "Ana Maria P.": enough to know one's own paper, not enough for who finds it. */
static const char *name_short(const struct session *s, struct arena *a)
{
    const char *first = answers_one(&s->answers, "who.first_name");
    const char *last = answers_one(&s->answers, "who.last_name");
    if (!first || !last || corrects(s)) /* a correction has a few answers only */
        return "";
    size_t n = 1;
    while (((unsigned char)last[n] & 0xc0) == 0x80)
        n++;
    return arena_fmt(a, "%s %.*s.", first, (int)n, last);
}

static bool no_answer(const struct session *s)
{
    const char *wants = answers_one(&s->answers, "who.wants_answer");
    return !corrects(s) && service_field(s->service, "who.wants_answer") &&
           (!wants || strcmp(wants, "yes") != 0);
}

static void lines_of(struct flow *f, struct arena *a, struct receipt *out)
{
    const struct session *s = f->s;
    const struct filing_part *p = &s->filing;
    int h, m;
    time_of_ms(p->filed_ms, &h, &m);
    const struct tr *dept = catalog_department(f->env.catalog, s->service->department);
    const struct tr house = p->house ? (struct tr){{p->house, p->house, p->house}} : f->env.institution->name;
    const struct receipt_var vars[] = {
        {"institution", house},
        {"corrected", p->corrected},
        RECEIPT_VAR("number", p->number),
        {"date", date_tr(a, date_of_ms(p->filed_ms))},
        RECEIPT_VAR("time", arena_fmt(a, "%02d:%02d", h, m)),
        {"service", s->service->name},
        RECEIPT_VAR("name_short", name_short(s, a)),
        {"department", dept ? *dept : (struct tr){{"", "", ""}}},
        {"due", p->has_due ? date_tr(a, p->due) : (struct tr){{"", "", ""}}},
        {"due_why", p->due_why},
        {"after", s->service->after},
        RECEIPT_VAR("pin", p->pin),
        RECEIPT_VAR("terminal", f->env.conf->terminal),
        RECEIPT_VAR("code", p->code),
    };
    const struct receipt_facts facts = {.provisional = !p->answered,
                                        .no_answer = no_answer(s),
                                        .corrected = corrects(s),
                                        .by_number = !*p->code,
                                        .vars = vars,
                                        .n_vars = COUNT(vars),
                                        .qr = flow_receipt_url(f)};
    receipt_make(a, f->env.receipts, s->lang, &facts, out);
}

/* Four characters that the printer gives back when the paper is out: 62^4 values, none of them special. */
static enum rc process_id(char out[5], struct err *e)
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    uint8_t r[4];
    TRY(rnd_bytes(r, sizeof(r), e));
    for (int i = 0; i < 4; i++)
        out[i] = set[r[i] % (sizeof(set) - 1)];
    out[4] = '\0';
    return RC_OK;
}

/* A part may be all that is missing, or nothing: whoever stands there sees it. */
static enum print_phase phase_of(const struct frame *fr, const char *proof)
{
    if (!fr->outcome || strcmp(fr->outcome, "unknown") == 0 || strcmp(fr->outcome, "partial") == 0)
        return PRINT_UNKNOWN;
    if (strcmp(fr->outcome, "done") != 0)
        return PRINT_FAILED;
    return strcmp(proof, "L2") == 0 || strcmp(proof, "L3") == 0 ? PRINT_PRINTED : PRINT_SENT;
}

/* Refused because it still prints for the citizen before: nothing was done, so it may be repeated by itself.
 */
static bool wait_for_printer(struct flow *f, const struct frame *fr)
{
    struct print_part *p = &f->s->print;
    if (strcmp(fr->completion, "busy") != 0 || strcmp(fr->outcome, "not-done") != 0 ||
        ++p->waits > BUSY_TRIES)
        return false;
    p->again_at = mono_ms() + BUSY_MS;
    f->job = NULL;
    return true;
}

/* What the sensors say now. */
static void look_at_roll(const struct flow *f)
{
    struct driver *d = drivers_find(f->env.drivers, "print");
    struct driver_view v;
    if (!d)
        return;
    driver_view(d, &v);
    if (v.fresh && v.link && strcmp(v.link, "up") == 0)
        roll_media(f->env.conf, (const char *const *)v.media, v.n_media);
}

/* The ticket lies in the presenter's mouth: it is printed, whatever becomes of it. */
static void presented(struct flow *f)
{
    struct print_part *p = &f->s->print;
    p->phase = PRINT_PRINTED;
    p->proof = "L2";
    flow_changed(f);
}

static void on_print(const struct frame *fr, void *user)
{
    struct print_job *job = user;
    struct flow *f = job->f;
    bool mine = f->s && f->job == job;
    if (strcmp(fr->kind, "event") == 0 && strcmp(fr->event, "presented") == 0) {
        job->presented = true;
        if (mine)
            presented(f);
    }
    if (strcmp(fr->kind, "event") == 0 && mine) {
        flow_touch(f);
        flow_event(f, "print", fr);
    }
    if (strcmp(fr->kind, "completion") != 0)
        return;
    struct err e = {0};
    const char *outcome = job->presented ? "done" : fr->outcome;
    if (queue_journal_end(f->env.queue, job->journal, outcome, &e) != RC_OK)
        log_err(&e, "event=journal");
    roll_printed(f->env.conf, jval_int(fr->data, "mm", 0));
    look_at_roll(f);
    const char *proof = jval_str(fr->data, "proof", "");
    log_info("event=print completion=%s outcome=%s code=%s proof=%s mm=%lld", fr->completion, fr->outcome,
             fr->code && fr->code[0] ? fr->code : "-", proof[0] ? proof : "-",
             (long long)jval_int(fr->data, "mm", 0));
    if (mine && wait_for_printer(f, fr)) {
        free(job);
        return;
    }
    if (mine) {
        struct print_part *p = &f->s->print;
        p->phase = job->presented ? PRINT_PRINTED : phase_of(fr, proof);
        p->proof = job->presented && strcmp(proof, "L3") != 0 ? "L2" : arena_str(f->s->arena, proof);
        p->code = arena_str(f->s->arena, fr->code ? fr->code : "");
        f->job = NULL;
        flow_touch(f);
        flow_changed(f);
    }
    free(job);
}

static enum rc send_receipt(struct flow *f, struct driver *d, struct err *e)
{
    ARENA_SCOPE(a);
    struct filing_part *p = &f->s->filing;
    struct receipt receipt;
    char pid[5], uuid[UUID_LEN];
    int64_t copies, journal;
    TRY(process_id(pid, e));
    TRY(uuid7(uuid, e));
    TRY(queue_journal_copies(f->env.queue, p->id, &copies, e));
    TRY(queue_journal(f->env.queue, p->id, "print", pid, &journal, e));
    lines_of(f, a, &receipt);
    struct roll roll;
    look_at_roll(f);
    roll_read(f->env.conf, &roll);
    const struct print_args args = {uuid,
                                    pid,
                                    receipt.lines,
                                    receipt.n,
                                    lang_codes[f->s->lang],
                                    copies > 0,
                                    roll_limit_mm(f->env.conf, &roll)};
    BUF_SCOPE(b);
    json_encode(&args_desc, &args, &b);
    struct print_job *job = calloc(1, sizeof(*job));
    if (!job)
        abort();
    *job = (struct print_job){.f = f, .journal = journal};
    f->job = job;
    f->s->print.phase = PRINT_PRINTING;
    f->s->print.journal = journal;
    f->s->print.code = f->s->print.proof = "";
    log_info("event=print_start id=%s process_id=%s copy=%d since_submit_ms=%lld", p->id, pid, copies > 0,
             (long long)(unix_ms() - p->filed_ms));
    job->cmd = driver_send(d, "print", PRINT_MS, b.p, on_print, job);
    return RC_OK;
}

/* Paper end and the like are the driver's to say; only a missing printer is not asked. */
static struct driver *printer(const struct flow *f)
{
    const char *is = flow_device(f, "print");
    bool gone = strcmp(is, "absent") == 0 || strcmp(is, "retrying") == 0;
    return gone ? NULL : drivers_find(f->env.drivers, "print");
}

void print_first(struct flow *f)
{
    struct driver *d = printer(f);
    struct err e = {0};
    struct print_part *p = &f->s->print;
    p->code = p->proof = "";
    p->phase = PRINT_ABSENT;
    if (d && send_receipt(f, d, &e) != RC_OK) {
        log_err(&e, "event=print_start");
        p->phase = PRINT_FAILED;
    }
    flow_changed(f);
}

enum rc print_again(struct flow_call *c, struct err *e)
{
    struct print_part *p = &c->s->print;
    struct driver *d = printer(c->f);
    if (p->phase == PRINT_PRINTING || c->f->job)
        return err_set(e, RC_BUSY, "the receipt is being printed");
    if (p->phase == PRINT_UNKNOWN)
        return err_set(e, RC_STATE, "first say whether the receipt came out");
    if (!d)
        return err_set(e, RC_NO_DEVICE, "no printer");
    if (p->reprints >= REPRINTS_MAX)
        return err_set(e, RC_LIMIT, "no more copies");
    p->reprints++;
    return send_receipt(c->f, d, e);
}

enum rc print_resolve(struct flow_call *c, struct err *e)
{
    const struct in_printed *in = c->in;
    struct print_part *p = &c->s->print;
    if (p->phase != PRINT_UNKNOWN && p->phase != PRINT_SENT)
        return err_set(e, RC_STATE, "there is nothing to resolve");
    log_info("event=print_resolved printed=%d", in->printed);
    p->phase = in->printed ? PRINT_PRINTED : PRINT_FAILED;
    /* "No" does not unprint: the journal keeps "unknown", so the next paper says that it is a copy. */
    return in->printed ? queue_journal_end(c->f->env.queue, p->journal, "done", e) : RC_OK;
}

void print_tick(struct flow *f, int64_t now)
{
    struct print_part *p = &f->s->print;
    struct err e = {0};
    if (!p->again_at || now < p->again_at)
        return;
    p->again_at = 0;
    struct driver *d = printer(f);
    p->phase = PRINT_ABSENT;
    if (d && send_receipt(f, d, &e) != RC_OK) {
        log_err(&e, "event=print_start");
        p->phase = PRINT_FAILED;
    }
    flow_changed(f);
}

void print_detach(struct flow *f)
{
    f->job = NULL;
}
