/* The state as the page sees it: views filled from the session, encoded by their descriptors. */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "firmware/flow_view.h"

const char *flow_device(const struct flow *f, const char *name)
{
    struct driver *d = drivers_find(f->env.drivers, name);
    if (!d)
        return "absent";
    struct driver_view v;
    driver_view(d, &v);
    return driver_public(&v);
}

bool flow_usable(const struct flow *f, const char *name)
{
    static const char *const words[] = {"ready", "busy", "needs-citizen"};
    const char *is = flow_device(f, name);
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(words[i], is) == 0)
            return true;
    return false;
}

struct maker {
    struct flow *f;
    struct session *s;
    struct arena *a;
};

static const char *say(const struct maker *m, const char *key)
{
    return key && *key ? flow_say(m->f, key) : "";
}

/* The sentence of a device code; unknown codes get the general one, never a native word. */
static const char *say_code(const struct maker *m, const char *code)
{
    if (!code || !*code)
        return "";
    const char *key = arena_fmt(m->a, "device.%s", code);
    const char *text = flow_say(m->f, key);
    return strcmp(text, key) == 0 ? flow_say(m->f, "err.device") : text;
}

static struct v_error *error(const struct maker *m, const struct trouble *t)
{
    if (!t->code || !*t->code)
        return NULL;
    struct v_error *v = ARENA_NEW(m->a, struct v_error);
    *v = (struct v_error){t->code, say_code(m, t->code), t->tries_left};
    return v;
}

static bool offered(const struct kiosk_conf *c, const struct service *s, size_t at)
{
    return (s->channels & CH_KIOSK) && (!c->n_services || strcmp(c->services[at], s->id) == 0);
}

/* Said before the form begins: what happens with the papers it may ask for. */
enum papers { PAPERS_NONE, PAPERS_MAY, PAPERS_ONLY_HERE };

static enum papers papers(const struct service *s)
{
    enum papers p = PAPERS_NONE;
    for (size_t i = 0; i < s->n_fields; i++) {
        const struct field *f = &s->fields[i];
        if (f->type != FT_FILE)
            continue;
        if (f->required && !f->at_counter && !f->condition)
            return PAPERS_ONLY_HERE;
        p = PAPERS_MAY;
    }
    return p;
}

static void put_service(const struct maker *m, const struct service *s, struct v_service *out)
{
    enum lang l = m->s->lang;
    *out = (struct v_service){.id = s->id,
                              .name = tr_get(&s->name, l),
                              .legal_name = tr_get(&s->legal_name, l),
                              .intro = tr_get(&s->intro, l),
                              .minutes = s->minutes,
                              .n_before = s->n_before,
                              .available = true,
                              .why_not = "",
                              .fee = s->fee ? tr_get(&s->fee_note, l) : ""};
    out->before = ARENA_ARRAY(m->a, const char *, s->n_before + 2);
    for (size_t i = 0; i < s->n_before; i++)
        out->before[i] = tr_get(&s->before[i], l);
    enum papers p = papers(s);
    if (p == PAPERS_NONE)
        return;
    bool scanner = flow_usable(m->f, "scan");
    out->before[out->n_before++] = say(m, scanner ? "kiosk.papers_scan" : "kiosk.papers_counter");
    if (!scanner && p == PAPERS_ONLY_HERE) {
        out->available = false;
        out->why_not = say(m, "kiosk.papers_closed");
    }
}

/* In the order of the configuration; without one, in the order of the catalogue. */
static void services(const struct maker *m, struct v_state *v)
{
    const struct kiosk_conf *c = m->f->env.conf;
    const struct catalog *cat = m->f->env.catalog;
    size_t outer = c->n_services ? c->n_services : 1;
    v->services = ARENA_ARRAY(m->a, struct v_service, cat->n + 1);
    for (size_t k = 0; k < outer; k++)
        for (size_t i = 0; i < cat->n; i++)
            if (v->n_services < cat->n && offered(c, &cat->services[i], k))
                put_service(m, &cat->services[i], &v->services[v->n_services++]);
}

static struct v_chosen *chosen(const struct maker *m)
{
    const struct service *s = m->s->service;
    struct v_chosen *v = ARENA_NEW(m->a, struct v_chosen);
    *v = (struct v_chosen){s->id,
                           tr_get(&s->name, m->s->lang),
                           tr_get(&s->legal_name, m->s->lang),
                           tr_get(&s->after, m->s->lang),
                           tr_get(&s->fee_note, m->s->lang),
                           s->minutes};
    return v;
}

static struct v_card *card(const struct maker *m)
{
    static const char *const phases[] = {"insert", "can", "mrz", "reading", "ok", "error", "scanning"};
    const struct card_part *c = &m->s->card;
    struct v_card *v = ARENA_NEW(m->a, struct v_card);
    *v = (struct v_card){.reader = flow_usable(m->f, "card") ? "ready" : "absent",
                         .present = m->f->card_present,
                         .phase = phases[c->phase],
                         .progress = c->progress,
                         .error = error(m, &c->error),
                         .attempts = c->attempts,
                         .scan = flow_usable(m->f, "scan") ? "ready" : "absent",
                         .access = c->access ? c->access : "",
                         .ms = c->ms};
    if (c->identity) {
        size_t n = strlen(c->identity->cnp);
        v->identity = ARENA_NEW(m->a, struct v_identity);
        *v->identity =
            (struct v_identity){c->identity->last_name, c->identity->first_name, c->identity->document_number,
                                n > 4 ? c->identity->cnp + n - 4 : ""};
    }
    return v;
}

static const char *const keyboards[FT_COUNT] = {
    [FT_DATE] = "date",      [FT_TIME] = "number", [FT_INT] = "number",
    [FT_DECIMAL] = "number", [FT_CNP] = "number",  [FT_CUI] = "number",
    [FT_PLATE] = "plate",    [FT_PHONE] = "phone", [FT_EMAIL] = "email",
};

static struct jval *value(const struct maker *m, const struct field *f)
{
    const struct answer *x = answers_get(&m->s->answers, f->id);
    struct jval *v = ARENA_NEW(m->a, struct jval);
    if (f->type != FT_MULTI) {
        *v = (struct jval){.kind = JV_STR, .s = x ? x->values[0] : ""};
        return v;
    }
    *v = (struct jval){.kind = JV_ARR, .n = x ? x->n : 0};
    v->items = ARENA_ARRAY(m->a, struct jval, v->n + 1);
    for (size_t i = 0; i < v->n; i++)
        v->items[i] = (struct jval){.kind = JV_STR, .s = x->values[i]};
    return v;
}

static void put_field(const struct maker *m, const struct field *f, struct v_field *out)
{
    enum lang l = m->s->lang;
    const struct answer *x = answers_get(&m->s->answers, f->id);
    *out = (struct v_field){.id = f->id,
                            .type = ftype_names[f->type],
                            .label = tr_get(&f->label, l),
                            .help = tr_get(&f->help, l),
                            .why = tr_get(&f->why, l),
                            .required = f->required,
                            .n_options = f->n_options,
                            .value = value(m, f),
                            .source = x && x->source ? x->source : "",
                            .max = f->max ? f->max : 200,
                            .error = "",
                            .keyboard = keyboards[f->type] ? keyboards[f->type] : "text",
                            .tone = f->tone ? f->tone : ""};
    out->options = ARENA_ARRAY(m->a, struct v_option, f->n_options + 1);
    for (size_t i = 0; i < f->n_options; i++)
        out->options[i] = (struct v_option){f->options[i].id, tr_get(&f->options[i].label, l)};
    for (size_t i = 0; i < m->s->n_errors; i++)
        if (strcmp(m->s->errors[i].field, f->id) == 0)
            out->error = m->s->errors[i].text;
}

static struct v_address *address(const struct maker *m)
{
    static const char *const phases[] = {"offer", "reading", "taken", "closed"};
    const struct address_part *p = &m->s->address;
    const struct field *field = address_asked(m->f);
    if (!field)
        return NULL;
    bool shut = p->phase == ADDRESS_OFFER && !address_offered(m->f);
    struct v_address *v = ARENA_NEW(m->a, struct v_address);
    *v = (struct v_address){.field = field->id,
                            .phase = shut ? "closed" : phases[p->phase],
                            .progress = p->progress,
                            .attempts = p->attempts,
                            .error = error(m, &p->error)};
    return v;
}

static struct v_form *form(const struct maker *m)
{
    struct form_page pages[PAGES_MAX];
    size_t n = form_now(m->f, pages);
    struct v_form *v = ARENA_NEW(m->a, struct v_form);
    v->title = "";
    v->pages = (int64_t)n;
    if (n == 0)
        return v;
    const struct form_page *p = &pages[m->s->page];
    v->page = (int64_t)m->s->page + 1;
    v->title = tr_get(&p->fields[0]->section, m->s->lang);
    v->fields = ARENA_ARRAY(m->a, struct v_field, p->n);
    v->n_fields = p->n;
    v->address = address(m);
    for (size_t i = 0; i < p->n; i++)
        put_field(m, p->fields[i], &v->fields[i]);
    return v;
}

/* What the tray shows beside the question for papers; NULL when the page asks for none. */
static struct v_scan *scan(const struct maker *m)
{
    static const char *const phases[] = {"ready", "scanning", "error"};
    struct form_page pages[PAGES_MAX];
    const struct field *f = NULL;
    const struct scan_part *p = &m->s->scan;
    size_t n = form_now(m->f, pages);
    for (size_t i = 0; n && i < pages[m->s->page].n; i++)
        if (pages[m->s->page].fields[i]->type == FT_FILE)
            f = pages[m->s->page].fields[i];
    if (!f)
        return NULL;
    const char *value = answers_one(&m->s->answers, f->id);
    struct v_scan *v = ARENA_NEW(m->a, struct v_scan);
    *v = (struct v_scan){.field = f->id,
                         .phase = !scan_runs(p) && !flow_usable(m->f, "scan") ? "absent" : phases[p->phase],
                         .doing = p->doing ? p->doing : "",
                         .page = p->at_page,
                         .percent = p->percent,
                         .max = SCAN_PAGES_MAX,
                         .feeder = p->feeder,
                         .flatbed = p->flatbed,
                         .loaded = p->loaded,
                         .counter = !f->required || f->at_counter,
                         .chosen = value && strcmp(value, FILE_AT_COUNTER) == 0,
                         .error = error(m, &p->error),
                         .pages = ARENA_ARRAY(m->a, struct v_page, p->n + 1)};
    for (size_t i = 0; i < p->n; i++) {
        struct scan_page *x = &p->pages[i];
        if (x->field == f)
            v->pages[v->n_pages++] = (struct v_page){x->id, x->turns, x->poor, x->kept, x->hints, x->n_hints};
    }
    return v;
}

/* "attached (3 pages)" where the model knows only that there is a file. */
static const char *shown(const struct maker *m, const struct form_ctx *ctx, const struct field *f)
{
    const char *text = form_shown(m->a, ctx, &m->s->answers, f);
    size_t n = f->type == FT_FILE ? scan_count(m->s, f) : 0;
    const char *value = answers_one(&m->s->answers, f->id);
    if (n == 0 || !value || strcmp(value, FILE_AT_COUNTER) == 0)
        return text ? text : "";
    const struct text_var vars[] = {{"n", arena_fmt(m->a, "%zu", n)}};
    return text_fill(m->a, flow_say(m->f, n == 1 ? "kiosk.attached_one" : "kiosk.attached"), vars, 1);
}

static struct v_review *review(const struct maker *m)
{
    struct form_ctx ctx = flow_form(m->f);
    const struct service *s = m->s->service;
    struct v_review *v = ARENA_NEW(m->a, struct v_review);
    v->sections = ARENA_ARRAY(m->a, struct v_section, s->n_fields + 1);
    v->sign = service_signs(s) != NULL && !m->s->mine.repairs;
    const char *last = NULL;
    for (size_t i = 0; i < s->n_fields; i++) {
        const struct field *f = &s->fields[i];
        if (f->type == FT_NOTE || !form_asked(&ctx, f) || !form_visible(&ctx, &m->s->answers, f))
            continue;
        const char *title = tr_get(&f->section, m->s->lang);
        if (!last || strcmp(title, last) != 0) {
            v->sections[v->n_sections++] =
                (struct v_section){title, ARENA_ARRAY(m->a, struct v_row, s->n_fields - i), 0};
            last = title;
        }
        struct v_section *to = &v->sections[v->n_sections - 1];
        to->rows[to->n_rows++] = (struct v_row){f->id, tr_get(&f->label, m->s->lang), shown(m, &ctx, f)};
    }
    return v;
}

static struct v_sign *sign(const struct maker *m)
{
    static const char *const phases[] = {"ready", "preparing", "capturing", "done", "error", "absent"};
    const struct sign_part *p = &m->s->sign;
    struct v_sign *v = ARENA_NEW(m->a, struct v_sign);
    enum sign_phase phase = p->phase;
    if (phase == SIGN_READY && !flow_usable(m->f, "pad"))
        phase = SIGN_ABSENT;
    *v = (struct v_sign){.phase = p->skipped ? "done" : phases[phase],
                         .skipped = p->skipped,
                         .samples = p->samples,
                         .strokes = p->strokes ? (int64_t)p->strokes->n : 0,
                         .width = p->width,
                         .height = p->height,
                         .error = error(m, &p->error),
                         .title = tr_get(&m->s->service->name, m->s->lang),
                         .hash = arena_fmt(m->a, "%.16s", m->s->filing.hash)};
    return v;
}

static struct v_filing *filing(const struct maker *m)
{
    static const char *const phases[] = {"saving", "sending", "queued", "done"};
    struct v_filing *v = ARENA_NEW(m->a, struct v_filing);
    v->phase = phases[m->s->filing.phase];
    return v;
}

static struct v_print *print(const struct maker *m)
{
    static const char *const phases[] = {"absent", "printing", "printed", "sent",
                                         "failed", "unknown",  "absent"};
    const struct print_part *p = &m->s->print;
    struct v_print *v = ARENA_NEW(m->a, struct v_print);
    *v = (struct v_print){phases[p->phase], p->proof ? p->proof : "", say_code(m, p->code)};
    return v;
}

static struct v_done *done(const struct maker *m)
{
    const struct filing_part *p = &m->s->filing;
    struct v_done *v = ARENA_NEW(m->a, struct v_done);
    char at[25] = "";
    int h, min;
    time_of_ms(p->filed_ms, &h, &min);
    if (p->answered)
        iso_utc(at, p->filed_ms);
    *v =
        (struct v_done){.provisional = !p->answered,
                        .papers = m->s->scan.last_id > 0 || m->s->card.scanned,
                        .corrected = tr_get(&p->corrected, m->s->lang),
                        .number = p->number ? p->number : "",
                        .date = date_said(m->a, date_of_ms(p->filed_ms), m->s->lang),
                        .time = arena_fmt(m->a, "%02d:%02d", h, min),
                        .due = p->has_due ? date_said(m->a, p->due, m->s->lang) : "",
                        .due_why = p->has_due ? tr_get(&p->due_why, m->s->lang) : "",
                        .after = tr_get(&m->s->service->after, m->s->lang),
                        .receipt_code = p->code,
                        .pin = *tr_get(&p->corrected, LANG_RO) ? "" : p->pin, /* known; on paper again */
                        .url = flow_receipt_url(m->f),
                        .request_id = p->id,
                        .registered_at = arena_str(m->a, at),
                        .institution = p->house ? p->house : tr_get(&m->f->env.institution->name, m->s->lang),
                        .print = print(m)};
    return v;
}

static struct v_mine *mine(const struct maker *m)
{
    static const char *const phases[] = {"enter", "asking", "shown", "sending"};
    const struct mine_part *p = &m->s->mine;
    struct v_mine *v = ARENA_NEW(m->a, struct v_mine);
    *v = (struct v_mine){.phase = phases[p->phase],
                         .problem = say(m, p->problem),
                         .view = (struct jval *)(uintptr_t)p->view,
                         .repairable = p->n_fields > 0};
    return v;
}

static void part(const struct maker *m, enum step step, struct v_state *v)
{
    if (m->s->service)
        v->service = chosen(m);
    switch (step) {
    case STEP_SERVICE:
        services(m, v);
        break;
    case STEP_FORM:
        v->form = form(m);
        v->scan = scan(m);
        break;
    case STEP_REVIEW:
        v->review = review(m);
        break;
    case STEP_SIGN:
        v->sign = sign(m);
        break;
    case STEP_FILING:
        v->filing = filing(m);
        break;
    case STEP_DONE:
        v->done = done(m);
        break;
    case STEP_MINE:
        v->mine = mine(m);
        break;
    default:
        break;
    }
    if (m->s->service && step != STEP_SERVICE && step != STEP_MINE)
        v->card = card(m);
}

static bool online(const struct flow *f)
{
    return f->env.online && f->env.online(f->env.user);
}

void flow_state(struct flow *f, struct buf *out)
{
    ARENA_SCOPE(a);
    struct maker m = {f, f->s, a};
    const struct kiosk_conf *c = f->env.conf;
    struct v_state v = {.seq = f->seq,
                        .step = step_name(f->step),
                        .lang = lang_codes[f->s ? f->s->lang : LANG_RO],
                        .idle = {f->warn, f->warn ? f->warn_left : c->idle_s + c->warn_s,
                                 f->s && f->s->card_gone ? "card" : ""},
                        .mode = f->maintenance ? "maintenance" : "service",
                        .notice = f->s             ? say(&m, f->s->notice)
                                  : f->maintenance ? say(&m, "kiosk.maintenance")
                                                   : ""};
    v.devices.card.public_ = flow_device(f, "card");
    v.devices.print.public_ = flow_device(f, "print");
    v.devices.pad.public_ = flow_device(f, "pad");
    struct v_device scanner = {flow_device(f, "scan")};
    v.devices.scan = drivers_find(f->env.drivers, "scan") ? &scanner : NULL;
    v.devices.reg.public_ = online(f) ? "online" : "offline";
    if (f->s)
        part(&m, f->step, &v);
    json_encode(&v_state_desc, &v, out);
}
