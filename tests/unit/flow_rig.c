#include "tests/unit/flow_rig.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"

static const char *from_env(const char *name, const char *def)
{
    const char *v = getenv(name);
    return v && *v ? v : def;
}

static void on_file(const char *id, void *user)
{
    struct rig *r = user;
    r->filed++;
    snprintf(r->filed_id, sizeof(r->filed_id), "%s", id);
}

static bool is_online(void *user)
{
    return ((struct rig *)user)->online;
}

static void on_ask(const struct flow_asking *q, void *user)
{
    struct rig *r = user;
    r->asks++;
    snprintf(r->ask_path, sizeof(r->ask_path), "%s %s", q->method, q->path);
    snprintf(r->ask_body, sizeof(r->ask_body), "%.*s", (int)q->len, (const char *)q->body);
}

static void on_changed(void *user)
{
    ((struct rig *)user)->changed++;
}

static void on_device(const char *json, void *user)
{
    (void)json;
    ((struct rig *)user)->devices++;
}

static void on_ended(void *user)
{
    ((struct rig *)user)->ended++;
}

static void on_driver(const char *name, void *user)
{
    struct rig *r = user;
    if (r->flow)
        flow_device_changed(r->flow, name);
}

static void on_unsolicited(const char *name, const struct frame *f, void *user)
{
    flow_unsolicited(((struct rig *)user)->flow, name, f);
}

static void must(enum rc rc, const struct err *e)
{
    if (rc != RC_OK)
        fail_msg("%s: %s", rc_name(rc), e->text);
}

static void load(struct rig *r)
{
    struct err e = {0};
    const char *configs = arena_fmt(r->arena, "%s/configs", from_env("PRIDVOR_SOURCE", "."));
    r->conf = (struct kiosk_conf){.terminal = "K07",
                                  .institution = "uat-54975",
                                  .configs = configs,
                                  .idle_s = 60,
                                  .warn_s = 30,
                                  .done_s = 20,
                                  .answer_ms = 3000,
                                  .status_url = "http://127.0.0.1:7082/s/"};
    must(catalog_load(r->arena, configs, &r->catalog, &e), &e);
    must(institutions_load(r->arena, arena_fmt(r->arena, "%s/institutions/cluj.json", configs),
                           &r->institutions, &e),
         &e);
    must(i18n_load(r->arena, arena_fmt(r->arena, "%s/i18n", configs), &r->i18n, &e), &e);
    must(terms_load(r->arena, configs, &r->terms, &e), &e);
    must(receipt_texts_load(r->arena, configs, &r->receipts, &e), &e);
}

static void open_queue(struct rig *r)
{
    struct err e = {0};
    snprintf(r->dir, sizeof(r->dir), "/tmp/pridvor-flow-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    const struct queue_conf qc = {.path = arena_fmt(r->arena, "%s/queue.db", r->dir),
                                  .key_path = arena_fmt(r->arena, "%s/queue.key", r->dir)};
    must(queue_open(&qc, &r->queue, &e), &e);
}

static void open_drivers(struct rig *r, const char *const modes[4])
{
    static const char *const names[] = {"card", "print", "pad", "scan"};
    struct err e = {0};
    size_t n = 0;
    const char *fake = arena_fmt(r->arena, "%s/tests/fake_kdrv", from_env("PRIDVOR_BUILD", "build/dev"));
    for (size_t i = 0; i < 4; i++) {
        if (!modes[i])
            continue;
        r->argv[n][0] = fake;
        r->argv[n][1] = modes[i];
        r->drv[n] = (struct driver_conf){.name = names[i], .argv = r->argv[n], .n_argv = 2};
        n++;
    }
    const struct drivers_events ev = {on_driver, on_unsolicited, r};
    must(drivers_start(&r->loop, r->drv, n, &ev, &r->drivers, &e), &e);
    flow_drivers(r->flow, r->drivers);
    int64_t until = mono_ms() + 30000;
    for (size_t i = 0; i < n; i++) {
        struct driver_view v;
        do {
            uv_run(&r->loop, UV_RUN_ONCE);
            driver_view(drivers_at(r->drivers, i), &v);
        } while (!v.link && mono_ms() < until);
    }
}

static bool on_help(const char *json, void *user)
{
    struct rig *r = user;
    (void)json;
    r->helped += r->online;
    return r->online;
}

static void open_all(struct rig *r, const char *const modes[4])
{
    memset(r, 0, sizeof(*r));
    signal(SIGPIPE, SIG_IGN);
    r->arena = arena_new();
    uv_loop_init(&r->loop);
    load(r);
    open_queue(r);
    const struct flow_env env = {.loop = &r->loop,
                                 .conf = &r->conf,
                                 .catalog = &r->catalog,
                                 .i18n = r->i18n,
                                 .institution = institution_find(&r->institutions, "uat-54975"),
                                 .terms = r->terms,
                                 .receipts = r->receipts,
                                 .queue = r->queue,
                                 .file = on_file,
                                 .online = is_online,
                                 .changed = on_changed,
                                 .device = on_device,
                                 .ended = on_ended,
                                 .help = on_help,
                                 .ask = on_ask,
                                 .user = r};
    r->flow = flow_new(&env);
    open_drivers(r, modes);
}

void rig_open(struct rig *r, const char *card, const char *print, const char *pad)
{
    const char *const modes[4] = {card, print, pad, NULL};
    open_all(r, modes);
}

void rig_open_scan(struct rig *r, const char *card, const char *scan)
{
    const char *const modes[4] = {card, NULL, NULL, scan};
    open_all(r, modes);
}

void rig_close(struct rig *r)
{
    static const char *const files[] = {"queue.db", "queue.db-wal", "queue.db.reserve", "queue.key"};
    flow_stop(r->flow);
    drivers_stop(r->drivers, NULL, NULL);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    drivers_free(r->drivers);
    flow_free(r->flow);
    queue_close(r->queue);
    for (size_t i = 0; i < COUNT(files); i++)
        unlink(arena_fmt(r->arena, "%s/%s", r->dir, files[i]));
    rmdir(r->dir);
    arena_free(r->arena);
    assert_int_equal(uv_loop_close(&r->loop), 0);
}

void rig_do(struct rig *r, const char *path, const char *body)
{
    ARENA_SCOPE(a);
    struct flow_reply out = {0};
    memset(&r->err, 0, sizeof(r->err));
    const struct flow_ask ask = {path, body, strlen(body)};
    r->rc = flow_command(r->flow, a, &ask, &out, &r->err);
    r->status = r->rc == RC_OK ? out.status : rc_http(r->rc);
    snprintf(r->reply, sizeof(r->reply), "%s", r->rc == RC_OK ? out.json : "");
}

void rig_must(struct rig *r, const char *path, const char *body)
{
    rig_do(r, path, body);
    if (r->rc != RC_OK || r->status >= 300)
        fail_msg("%s: %s %s %s", path, rc_name(r->rc), r->err.text, r->reply);
}

bool rig_state_has(struct rig *r, const char *text)
{
    BUF_SCOPE(b);
    flow_state(r->flow, &b);
    return strstr(b.p, text) != NULL;
}

void rig_until(struct rig *r, const char *text)
{
    int64_t until = mono_ms() + 30000;
    while (!rig_state_has(r, text)) {
        if (mono_ms() > until) {
            BUF_SCOPE(b);
            flow_state(r->flow, &b);
            fail_msg("never: %s in %s", text, b.p);
        }
        uv_run(&r->loop, UV_RUN_ONCE);
    }
}

static const char *const plain[FT_COUNT] = {
    [FT_TEXT] = "Popescu",    [FT_AREA] = "Un text.",
    [FT_DATE] = "1990-01-01", [FT_ADDRESS] = "Turda, str. Mihai 3",
    [FT_LOCALITY] = "Turda",  [FT_BOOL] = "true",
    [FT_INT] = "1",           [FT_PHONE] = "0740123456",
    [FT_TIME] = "10:30",      [FT_EMAIL] = "a@example.ro",
    [FT_PLATE] = "CJ12ABC",   [FT_CNP] = "2900101120015",
    [FT_CUI] = "RO14399840",  [FT_DECIMAL] = "3",
};

void rig_next(struct rig *r)
{
    struct form_page pages[PAGES_MAX];
    BUF_SCOPE(b);
    size_t n = form_now(r->flow, pages);
    struct session *s = r->flow->s;
    assert_true(s->page < n);
    buf_str(&b, "{\"values\":{");
    for (size_t i = 0, k = 0; i < pages[s->page].n; i++) {
        const struct field *f = pages[s->page].fields[i];
        const char *has = answers_one(&s->answers, f->id);
        bool wanted =
            f->required || has || strncmp(f->id, "place.", 6) == 0; /* a rule asks for one of them */
        if (f->type == FT_FILE && f->required && !has) {            /* no scanner in most tests */
            rig_must(r, "/v1/scan/skip", "{}");
            return;
        }
        if (f->type == FT_NOTE || f->type == FT_FILE || !wanted)
            continue;
        const char *value = has ? has : f->n_options ? f->options[0].id : plain[f->type];
        if (!has && f->type == FT_DATE && (f->checks & FC_FUTURE))
            value = "2099-06-01";
        /* The last options ask for nothing more: by post, no answer. */
        if (!has && (strcmp(f->id, "delivery.how") == 0 || strcmp(f->id, "who.wants_answer") == 0))
            value = f->options[f->n_options - 1].id;
        buf_str(&b, k++ ? "," : "");
        json_quote(&b, f->id);
        buf_chr(&b, ':');
        json_quote(&b, value ? value : "");
    }
    buf_str(&b, "}}");
    rig_must(r, "/v1/form/answer", b.p);
}

void rig_fill(struct rig *r)
{
    for (int i = 0; i < 60 && flow_step(r->flow) == STEP_FORM; i++)
        rig_next(r);
    assert_int_equal(flow_step(r->flow), STEP_REVIEW);
}

static void do_start(struct rig *r, const char *service)
{
    (void)service;
    rig_must(r, "/v1/session/start", "{\"lang\":\"ro\"}");
}

static void do_service(struct rig *r, const char *service)
{
    char body[100];
    snprintf(body, sizeof(body), "{\"service\":\"%s\"}", service);
    rig_must(r, "/v1/session/service", body);
}

static void do_card(struct rig *r, const char *service)
{
    (void)service;
    if (!flow_usable(r->flow, "card")) {
        rig_must(r, "/v1/card/skip", "{}");
        return;
    }
    rig_must(r, "/v1/card/read", "{\"can\":\"123456\"}");
    rig_until(r, "\"phase\":\"ok\"");
}

static void do_fill(struct rig *r, const char *service)
{
    (void)service;
    rig_fill(r);
}

static void do_review(struct rig *r, const char *service)
{
    (void)service;
    rig_must(r, "/v1/submit", "{\"key\":\"018f0000-0000-7000-8000-000000000001\"}");
}

static void do_sign(struct rig *r, const char *service)
{
    if (flow_usable(r->flow, "pad")) {
        rig_must(r, "/v1/sign/start", "{}");
        rig_until(r, "\"phase\":\"capturing\"");
        rig_must(r, "/v1/sign/finish", "{}");
        rig_until(r, "\"sign\":{\"phase\":\"done\"");
    } else
        rig_must(r, "/v1/sign/skip", "{}");
    do_review(r, service);
}

static void do_file(struct rig *r, const char *service)
{
    (void)service;
    flow_waits(r->flow, r->filed_id);
}

static void do_end(struct rig *r, const char *service)
{
    (void)service;
    rig_must(r, "/v1/session/end", "{}");
}

void rig_to(struct rig *r, enum step step, const char *service)
{
    static void (*const ways[])(struct rig *, const char *) = {
        [STEP_IDLE] = do_start,  [STEP_SERVICE] = do_service, [STEP_CARD] = do_card,
        [STEP_FORM] = do_fill,   [STEP_REVIEW] = do_review,   [STEP_SIGN] = do_sign,
        [STEP_FILING] = do_file, [STEP_DONE] = do_end,        [STEP_MINE] = do_end,
    };
    for (int i = 0; i < 20 && flow_step(r->flow) != step; i++)
        if (step == STEP_MINE && flow_step(r->flow) == STEP_SERVICE)
            rig_must(r, "/v1/mine/open", "{}");
        else
            ways[flow_step(r->flow)](r, service);
    assert_int_equal(flow_step(r->flow), step);
}

void rig_answer(struct rig *r, const char *number)
{
    const struct filed filed = {.request_id = r->filed_id,
                                .number = number,
                                .n = 15,
                                .year = 2026,
                                .reg = "general",
                                .registered_at = "2026-11-22T08:15:00.123Z",
                                .filed_on = "2026-11-22",
                                .due = "2026-12-22",
                                .due_why = {{"Legea", "A törvény", "The law"}}};
    flow_acked(r->flow, r->filed_id, &filed);
}
