/* The step table and the session's beginning and end. */
#include "firmware/flow_int.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"

#define TICK_MS 200

static const char *const step_names[STEP_COUNT] = {"idle", "service", "card", "form", "review",
                                                   "sign", "filing",  "done", "mine"};

const char *step_name(enum step s)
{
    return (unsigned)s < STEP_COUNT ? step_names[s] : "?";
}

/* Bodies of the commands. */
static const struct jfield lang_fields[] = {JF_WORD(struct in_lang, lang, J_REQ, lang_codes)};
static const struct jfield service_fields[] = {JF_STR(struct in_service, service, J_REQ, 1, 64)};
static const struct jfield can_fields[] = {JF_STR(struct in_can, can, J_REQ | J_PD, 6, 6)};
static const struct jfield pin_fields[] = {JF_STR(struct in_pin, pin, J_REQ | J_PD, 4, 4)};
static const struct jfield mrz_fields[] = {
    JF_STR(struct in_mrz, document_number, J_REQ | J_PD, 1, 24),
    JF_STR(struct in_mrz, birth_date, J_REQ | J_PD, 6, 10),
    JF_STR(struct in_mrz, expiry_date, J_REQ | J_PD, 6, 10),
};
static const struct jfield values_fields[] = {JF_ANY(struct in_values, values, J_REQ | J_PD)};
static const struct jfield field_fields[] = {JF_STR(struct in_field, field, J_REQ, 1, 64)};
static const struct jfield key_fields[] = {JF_STR(struct in_key, key, J_REQ, 36, 36)};
static const struct jfield printed_fields[] = {JF_BOOL(struct in_printed, printed, J_REQ)};
static const char *const sources[] = {"auto", "flatbed", "feeder", NULL};
static const struct jfield scan_fields[] = {JF_STR(struct in_scan, field, J_REQ, 1, 64),
                                            JF_WORD(struct in_scan, source, J_REQ, sources)};
static const struct jfield page_fields[] = {JF_INT(struct in_page, page, J_REQ, 1, 0)};
static const struct jfield move_fields[] = {JF_INT(struct in_move, page, J_REQ, 1, 0),
                                            JF_INT(struct in_move, to, J_REQ, 1, SCAN_PAGES_MAX)};
static const struct jfield comfort_fields[] = {JF_BOOL(struct in_comfort, slow, J_REQ)};
static const struct jfield code_fields[] = {JF_STR(struct in_code, code, J_REQ, 1, 24)};
static const struct jfield mine_fields[] = {
    JF_STR(struct in_mine, code, J_PD, 1, 64), JF_STR(struct in_mine, number, J_PD, 1, 60),
    JF_STR(struct in_mine, institution, 0, 1, 120), JF_STR(struct in_mine, pin, J_REQ | J_PD, 4, 4)};
static JDESC(mine_desc, struct in_mine, mine_fields);
static JDESC(scan_desc, struct in_scan, scan_fields);
static JDESC(page_desc, struct in_page, page_fields);
static JDESC(move_desc, struct in_move, move_fields);
static JDESC(comfort_desc, struct in_comfort, comfort_fields);
static JDESC(code_desc, struct in_code, code_fields);
static JDESC(lang_desc, struct in_lang, lang_fields);
static JDESC(service_desc, struct in_service, service_fields);
static JDESC(can_desc, struct in_can, can_fields);
static JDESC(mrz_desc, struct in_mrz, mrz_fields);
static JDESC(pin_desc, struct in_pin, pin_fields);
static JDESC(values_desc, struct in_values, values_fields);
static JDESC(field_desc, struct in_field, field_fields);
static JDESC(key_desc, struct in_key, key_fields);
static JDESC(printed_desc, struct in_printed, printed_fields);
static const struct jdesc none_desc = {"struct none", 0, NULL, 0};

/* Small commands. */
static enum rc do_start(struct flow_call *c, struct err *e);
static enum rc do_end(struct flow_call *c, struct err *e);

static enum rc do_lang(struct flow_call *c, struct err *e)
{
    const struct in_lang *in = c->in;
    if (!lang_parse(in->lang, &c->s->lang))
        return err_at(e, RC_BAD_FIELD, "lang", "unknown language");
    form_again(c->f);
    mine_again(c->f);
    return RC_OK;
}

static enum rc do_touch(struct flow_call *c, struct err *e)
{
    (void)c;
    (void)e;
    return RC_OK; /* every command counts as a touch */
}

static bool offered(const struct flow *f, const struct service *s)
{
    const struct kiosk_conf *conf = f->env.conf;
    if (!(s->channels & CH_KIOSK))
        return false;
    for (size_t i = 0; i < conf->n_services; i++)
        if (strcmp(conf->services[i], s->id) == 0)
            return true;
    return conf->n_services == 0;
}

const struct field *service_signs(const struct service *s)
{
    for (size_t i = 0; i < s->n_fields; i++)
        if (s->fields[i].type == FT_SIGN)
            return &s->fields[i];
    return NULL;
}

/* A complaint that needs no name asks for no card either. */
static bool wants_card(const struct service *s)
{
    return s->identity_min && strcmp(s->identity_min, "none") != 0;
}

static enum rc do_service(struct flow_call *c, struct err *e)
{
    const struct in_service *in = c->in;
    const struct service *s = catalog_find(c->f->env.catalog, in->service);
    if (!s || !offered(c->f, s))
        return err_at(e, RC_BAD_FIELD, "service", "service is not offered here");
    c->s->service = s;
    answers_init(&c->s->answers, c->s->arena);
    if (wants_card(s))
        card_enter(c->f);
    else
        form_enter(c->f);
    return RC_OK;
}

static enum rc do_back(struct flow_call *c, struct err *e)
{
    (void)e;
    struct flow *f = c->f;
    switch (f->step) {
    case STEP_CARD:
        card_leave(f);
        flow_go(f, STEP_SERVICE);
        break;
    case STEP_MINE:
        mine_back(f);
        break;
    case STEP_FORM:
        if (!form_back(f)) {
            if (c->s->mine.repairs)
                mine_back(f);
            else if (wants_card(c->s->service) && !c->s->card.identity)
                card_enter(f);
            else
                flow_go(f, STEP_SERVICE);
        }
        break;
    case STEP_REVIEW:
        if (c->s->mine.over) {
            mine_back(f);
            break;
        }
        c->s->page = PAGES_MAX; /* clamped to the last one */
        c->s->from_review = false;
        flow_go(f, STEP_FORM);
        break;
    default: /* STEP_SIGN: the table lets no other in */
        sign_drop(f);
        flow_go(f, STEP_REVIEW);
    }
    return RC_OK;
}

/* Large text is for those who need longer. */
static enum rc do_comfort(struct flow_call *c, struct err *e)
{
    (void)e;
    c->s->slow = ((const struct in_comfort *)c->in)->slow;
    return RC_OK;
}

/* Somebody is called through the register; without it the page says where the counter is. */
static enum rc do_help(struct flow_call *c, struct err *e)
{
    (void)e;
    struct flow *f = c->f;
    const char *json = arena_fmt(c->a, "{\"step\":\"%s\",\"lang\":\"%s\"}", step_name(f->step),
                                 lang_codes[f->s ? f->s->lang : LANG_RO]);
    bool called = f->env.help && f->env.help(json, f->env.user);
    log_info("event=help step=%s called=%d", step_name(f->step), called);
    if (f->s)
        flow_notice(f, called ? "kiosk.help_called" : "kiosk.help_counter");
    c->out->json = called ? "{\"called\":true}" : "{\"called\":false}";
    return RC_OK;
}

void flow_helped(struct flow *f, bool heard)
{
    if (f->s && !heard)
        flow_notice(f, "kiosk.help_counter");
}

/* The table. */
#define IN(s) (1u << (s))
#define FILLING (IN(STEP_SERVICE) | IN(STEP_CARD) | IN(STEP_FORM) | IN(STEP_REVIEW) | IN(STEP_SIGN))
#define SESSION (FILLING | IN(STEP_FILING) | IN(STEP_DONE) | IN(STEP_MINE))
#define SIGNING (IN(STEP_REVIEW) | IN(STEP_SIGN))

struct action {
    struct flow_row row;
    const struct jdesc *in;
    size_t size;
    int status;
    enum rc (*fn)(struct flow_call *c, struct err *e);
};
#define ROW(path, steps, desc, size, status, fn)                                                             \
    {                                                                                                        \
        {path, steps}, desc, size, status, fn                                                                \
    }

static const struct action actions[] = {
    ROW("/v1/session/start", IN(STEP_IDLE), &lang_desc, sizeof(struct in_lang), 200, do_start),
    ROW("/v1/session/lang", SESSION, &lang_desc, sizeof(struct in_lang), 200, do_lang),
    ROW("/v1/session/service", IN(STEP_SERVICE), &service_desc, sizeof(struct in_service), 200, do_service),
    ROW("/v1/session/touch", SESSION, &none_desc, 0, 200, do_touch),
    ROW("/v1/session/end", SESSION & ~IN(STEP_FILING), &none_desc, 0, 200, do_end),
    ROW("/v1/session/back", (FILLING & ~IN(STEP_SERVICE)) | IN(STEP_MINE), &none_desc, 0, 200, do_back),
    ROW("/v1/mine/open", IN(STEP_SERVICE), &none_desc, 0, 200, mine_open),
    ROW("/v1/mine/look", IN(STEP_MINE), &mine_desc, sizeof(struct in_mine), 202, mine_look),
    ROW("/v1/mine/repair", IN(STEP_MINE), &none_desc, 0, 200, mine_repair),
    ROW("/v1/card/read", IN(STEP_CARD), &can_desc, sizeof(struct in_can), 202, card_read),
    ROW("/v1/card/mrz", IN(STEP_CARD), &mrz_desc, sizeof(struct in_mrz), 202, card_mrz),
    ROW("/v1/card/skip", IN(STEP_CARD), &none_desc, 0, 200, card_skip),
    ROW("/v1/card/address", IN(STEP_FORM), &pin_desc, sizeof(struct in_pin), 202, address_start),
    ROW("/v1/card/address/cancel", IN(STEP_FORM), &none_desc, 0, 200, address_cancel),
    ROW("/v1/form/answer", IN(STEP_FORM), &values_desc, sizeof(struct in_values), 200, form_answer),
    ROW("/v1/form/goto", IN(STEP_REVIEW) | IN(STEP_FORM), &field_desc, sizeof(struct in_field), 200,
        form_goto),
    ROW("/v1/sign/start", SIGNING, &none_desc, 0, 202, sign_start),
    ROW("/v1/sign/clear", IN(STEP_SIGN), &none_desc, 0, 202, sign_clear),
    ROW("/v1/sign/finish", IN(STEP_SIGN), &none_desc, 0, 202, sign_finish),
    ROW("/v1/sign/cancel", IN(STEP_SIGN), &none_desc, 0, 202, sign_cancel),
    ROW("/v1/sign/skip", SIGNING, &none_desc, 0, 200, sign_skip),
    ROW("/v1/submit", SIGNING | IN(STEP_FILING) | IN(STEP_DONE), &key_desc, sizeof(struct in_key), 202,
        file_submit),
    ROW("/v1/print", IN(STEP_DONE), &none_desc, 0, 202, print_again),
    ROW("/v1/print/resolve", IN(STEP_DONE), &printed_desc, sizeof(struct in_printed), 200, print_resolve),
    ROW("/v1/help", SESSION | IN(STEP_IDLE), &none_desc, 0, 200, do_help),
    ROW("/v1/session/comfort", SESSION, &comfort_desc, sizeof(struct in_comfort), 200, do_comfort),
    ROW("/v1/receipt/look", IN(STEP_IDLE), &code_desc, sizeof(struct in_code), 200, receipt_look),
    ROW("/v1/card/scan", IN(STEP_CARD), &none_desc, 0, 202, mrz_scan),
    ROW("/v1/scan/start", IN(STEP_FORM), &scan_desc, sizeof(struct in_scan), 202, scan_start),
    ROW("/v1/scan/again", IN(STEP_FORM), &page_desc, sizeof(struct in_page), 202, scan_again),
    ROW("/v1/scan/cancel", IN(STEP_FORM), &none_desc, 0, 202, scan_cancel),
    ROW("/v1/scan/page/move", IN(STEP_FORM), &move_desc, sizeof(struct in_move), 200, scan_move),
    ROW("/v1/scan/page/rotate", IN(STEP_FORM), &page_desc, sizeof(struct in_page), 200, scan_rotate),
    ROW("/v1/scan/page/delete", IN(STEP_FORM), &page_desc, sizeof(struct in_page), 200, scan_delete),
    ROW("/v1/scan/page/keep", IN(STEP_FORM), &page_desc, sizeof(struct in_page), 200, scan_keep),
    ROW("/v1/scan/skip", IN(STEP_FORM), &none_desc, 0, 200, scan_skip),
};

size_t flow_rows(const struct flow_row **out)
{
    static struct flow_row rows[COUNT(actions)];
    for (size_t i = 0; i < COUNT(actions); i++)
        rows[i] = actions[i].row;
    *out = rows;
    return COUNT(rows);
}

static const struct action *action_of(const char *path)
{
    for (size_t i = 0; i < COUNT(actions); i++)
        if (strcmp(actions[i].row.path, path) == 0)
            return &actions[i];
    return NULL;
}

bool flow_knows(const char *path)
{
    return action_of(path) != NULL;
}

static enum rc body_in(struct arena *a, const struct action *x, const struct flow_ask *ask, void **in,
                       struct err *e)
{
    struct jval *v;
    const char *body = ask->len ? ask->body : "{}";
    TRY(jval_parse(a, body, ask->len ? ask->len : 2, &v, e));
    *in = arena_alloc(a, x->size ? x->size : 1);
    return json_decode_val(a, x->in, v, *in, e);
}

/* The limit on a session's memory must not keep the citizen from sending or leaving. */
static bool grows(const struct action *x)
{
    return x->fn == do_service || x->fn == form_answer || x->fn == card_read || x->fn == card_mrz ||
           x->fn == mrz_scan || x->fn == sign_start || x->fn == address_start;
}

enum rc flow_command(struct flow *f, struct arena *a, const struct flow_ask *ask, struct flow_reply *out,
                     struct err *e)
{
    const struct action *x = action_of(ask->path);
    if (!x)
        return err_set(e, RC_NOT_FOUND, "no such command");
    if (!(x->row.steps & IN(f->step)))
        return err_set(e, RC_STATE, "%s is not allowed in step %s", x->row.path, step_name(f->step));
    void *in;
    TRY(body_in(a, x, ask, &in, e));
    if (f->s && grows(x) && arena_used(f->s->arena) > SESSION_BYTES)
        return err_set(e, RC_LIMIT, "the session holds too much");
    struct flow_reply reply = {x->status, "{\"ok\":true}"};
    struct flow_call call = {f, f->s, a, in, &reply};
    flow_touch(f);
    if (f->s && x->fn != do_touch && x->fn != do_help)
        f->s->notice = "";
    TRY(x->fn(&call, e));
    flow_changed(f);
    *out = reply;
    return RC_OK;
}

/* What everybody here needs. */
void flow_changed(struct flow *f)
{
    f->seq++;
    if (f->env.changed)
        f->env.changed(f->env.user);
}

void flow_go(struct flow *f, enum step to)
{
    if (f->step == to)
        return;
    log_info("event=step from=%s to=%s", step_name(f->step), step_name(to));
    f->step = to;
    flow_changed(f);
}

void flow_touch(struct flow *f)
{
    if (!f->s)
        return;
    f->s->touched_at = mono_ms();
    f->s->card_gone = false;
    if (f->warn) {
        f->warn = false;
        flow_changed(f);
    }
}

void flow_notice(struct flow *f, const char *key)
{
    if (f->s)
        f->s->notice = key;
    flow_changed(f);
}

const char *flow_say(const struct flow *f, const char *key)
{
    return i18n_text(f->env.i18n, f->s ? f->s->lang : LANG_RO, key);
}

struct form_ctx flow_form(const struct flow *f)
{
    return (struct form_ctx){.service = f->s->service,
                             .i18n = f->env.i18n,
                             .lang = f->s->lang,
                             .today = date_of_ms(unix_ms()),
                             .channel = CH_KIOSK,
                             .only = f->s->mine.repairs ? f->s->mine.fields : NULL,
                             .n_only = f->s->mine.repairs ? f->s->mine.n_fields : 0};
}

/* {"device":"card","kind":"event","event":"progress","data":{...}} */
void flow_event(struct flow *f, const char *device, const struct frame *fr)
{
    if (!f->s || !f->env.device)
        return;
    BUF_SCOPE(b);
    buf_fmt(&b, "{\"device\":\"%s\",\"kind\":\"%s\",\"event\":", device, fr->kind);
    json_quote(&b, fr->event ? fr->event : "");
    buf_str(&b, ",\"data\":");
    if (fr->data)
        jval_encode(fr->data, &b);
    else
        buf_str(&b, "{}");
    buf_chr(&b, '}');
    f->env.device(b.p, f->env.user);
}

/* Life of a session. */
static void on_timer(uv_timer_t *t)
{
    flow_tick(t->data, mono_ms());
}

static enum rc do_start(struct flow_call *c, struct err *e)
{
    struct flow *f = c->f;
    const struct in_lang *in = c->in;
    enum lang lang;
    if (!lang_parse(in->lang, &lang))
        return err_at(e, RC_BAD_FIELD, "lang", "unknown language");
    if (f->maintenance)
        return err_set(e, RC_UNAVAILABLE, "a technician has the terminal");
    struct arena *arena = arena_new();
    struct session *s = ARENA_NEW(arena, struct session);
    s->arena = arena;
    s->lang = lang;
    s->notice = s->mine.problem = "";
    s->card.error.code = s->sign.error.code = s->scan.error.code = s->address.error.code = "";
    s->begun_at = s->touched_at = mono_ms();
    f->s = s;
    f->warn = false;
    uv_timer_start(&f->timer, on_timer, TICK_MS, TICK_MS);
    log_info("event=session_start");
    flow_go(f, STEP_SERVICE);
    return RC_OK;
}

static enum rc do_end(struct flow_call *c, struct err *e)
{
    (void)e;
    flow_end(c->f, "asked");
    return RC_OK;
}

void flow_end(struct flow *f, const char *why)
{
    if (!f->s)
        return;
    struct session *s = f->s;
    log_info("event=session_end step=%s why=%s s=%lld", step_name(f->step), why,
             (long long)((mono_ms() - s->begun_at) / 1000));
    static const char *const devices[] = {"card", "pad", "scan", "card"};
    const int64_t running[] = {s->card.cmd, s->sign.cmd, s->scan.cmd, s->address.cmd};
    for (size_t i = 0; i < COUNT(devices); i++) {
        struct driver *d = running[i] ? drivers_find(f->env.drivers, devices[i]) : NULL;
        if (d) {
            driver_cancel(d, running[i]);
            driver_forget(d, running[i]);
        }
    }
    print_detach(f);
    f->s = NULL;
    f->step = STEP_IDLE;
    f->warn = false;
    uv_timer_stop(&f->timer);
    sign_wipe(s);
    scan_wipe(s);
    mine_wipe(s);
    struct arena *arena = s->arena; /* s itself lives there */
    arena_free(arena);
    drivers_wipe(f->env.drivers);
    f->seq++;
    if (f->env.ended)
        f->env.ended(f->env.user);
    stack_wipe();
}

/* Waiting for the register, a card, a scan or paper is not the citizen's silence. A pad that waits for the
 * pen is: its strokes count as touch. */
static bool machine_busy(const struct session *s)
{
    return s->card.phase == CARD_READING || s->card.phase == CARD_SCANNING || scan_runs(&s->scan) ||
           s->address.cmd || s->mine.phase == MINE_ASKING || s->mine.phase == MINE_SENDING ||
           s->sign.phase == SIGN_PREPARING || s->print.phase == PRINT_PRINTING;
}

static int64_t quiet_s(const struct flow *f)
{
    const struct kiosk_conf *conf = f->env.conf;
    return (f->step == STEP_DONE ? conf->done_s : conf->idle_s) * (f->s->slow ? 2 : 1);
}

/* The card was read and is taken out in the middle: either a neat person, or one who leaves. Asked at once,
 * wiped when nobody answers. */
static void card_taken(struct flow *f)
{
    struct session *s = f->s;
    bool filling = f->step == STEP_FORM || f->step == STEP_REVIEW || f->step == STEP_SIGN;
    if (!s || !filling || !s->card.identity || s->card.cmd || s->address.cmd || f->env.conf->card_keep)
        return;
    s->touched_at = mono_ms() - quiet_s(f) * 1000;
    s->card_gone = true;
    flow_tick(f, mono_ms());
}

void flow_tick(struct flow *f, int64_t now)
{
    struct session *s = f->s;
    if (!s)
        return;
    if (f->step == STEP_FILING) {
        s->touched_at = now;
        file_tick(f, now);
        return;
    }
    if (now - s->begun_at > SESSION_MAX_MS) {
        flow_end(f, "too_long");
        return;
    }
    print_tick(f, now);
    mine_tick(f, now);
    if (machine_busy(s))
        return; /* its own deadline ends it */
    const struct kiosk_conf *conf = f->env.conf;
    int64_t left = (s->touched_at - now) / 1000 + quiet_s(f) + conf->warn_s;
    if (left <= 0) {
        flow_end(f, "idle");
        return;
    }
    bool warn = left <= conf->warn_s;
    if (warn != f->warn || (warn && left != f->warn_left)) {
        f->warn = warn;
        f->warn_left = left;
        flow_changed(f);
    }
}

static bool running(const struct flow *f, const char *name)
{
    struct driver *d = drivers_find(f->env.drivers, name);
    struct driver_view v = {0};
    if (d)
        driver_view(d, &v);
    return v.running;
}

void flow_device_changed(struct flow *f, const char *name)
{
    /* A new process tells what is in its reader; what the dead one said counts no more. */
    if (strcmp(name, "card") == 0 && f->card_present && !running(f, name)) {
        f->card_present = false;
        card_presence(f);
    }
    flow_changed(f);
}

void flow_unsolicited(struct flow *f, const char *name, const struct frame *fr)
{
    if (strcmp(name, "card") == 0 && strncmp(fr->event, "card_", 5) == 0) {
        f->card_present = strcmp(fr->event, "card_inserted") == 0;
        flow_touch(f);
        card_presence(f);
        if (!f->card_present)
            card_taken(f);
    }
    flow_event(f, name, fr);
    flow_changed(f);
}

bool flow_active(const struct flow *f)
{
    return f->s != NULL;
}

bool flow_in_maintenance(const struct flow *f)
{
    return f->maintenance;
}

enum rc flow_maintenance(struct flow *f, bool on, struct err *e)
{
    if (on && f->s)
        return err_set(e, RC_BUSY, "a citizen session is running");
    if (f->maintenance != on) {
        f->maintenance = on;
        flow_changed(f);
    }
    return RC_OK;
}

enum step flow_step(const struct flow *f)
{
    return f->step;
}

int64_t flow_seq(const struct flow *f)
{
    return f->seq;
}

struct flow *flow_new(const struct flow_env *env)
{
    struct flow *f = calloc(1, sizeof(*f));
    if (!f)
        abort();
    f->env = *env;
    f->seq = 1;
    uv_timer_init(env->loop, &f->timer);
    f->timer.data = f;
    return f;
}

void flow_drivers(struct flow *f, struct drivers *ds)
{
    f->env.drivers = ds;
}

void flow_stop(struct flow *f)
{
    flow_end(f, "shutdown");
    f->env.changed = NULL;
    uv_close((uv_handle_t *)&f->timer, NULL);
}

void flow_free(struct flow *f)
{
    free(f);
}
