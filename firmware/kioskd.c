/* The terminal agent: one loop, one citizen at a time. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/base/fs.h"
#include "common/base/log.h"
#include "firmware/ctl.h"

struct kiosk {
    uv_loop_t loop;
    struct arena *arena; /* the process's life */
    struct kiosk_conf conf;
    struct catalog catalog;
    struct institutions institutions;
    const struct institution *institution;
    struct i18n *i18n;
    struct terms *terms;
    struct receipt_texts *receipts;
    struct queue *queue;
    struct drivers *drivers;
    struct link *link;
    struct flow *flow;
    struct api *api;
    struct ctl *ctl;
    uv_signal_t signals[2];
    bool stopping, citizen; /* citizen: a session runs */
};

/* From flow to the others, and back. */
static void on_file(const char *id, void *user)
{
    struct kiosk *k = user;
    link_kick(k->link, id);
}

static bool is_online(void *user)
{
    const struct kiosk *k = user;
    return link_online(k->link);
}

static void on_changed(void *user)
{
    struct kiosk *k = user;
    bool active = k->flow && flow_active(k->flow);
    if (active && !k->citizen)
        ctl_yield(k->ctl);
    k->citizen = active;
    api_changed(k->api);
}

static void on_device(const char *json, void *user)
{
    struct kiosk *k = user;
    api_device(k->api, json);
}

static void on_ended(void *user)
{
    struct kiosk *k = user;
    api_ended(k->api);
}

static void on_driver_changed(const char *name, void *user)
{
    struct kiosk *k = user;
    if (k->flow)
        flow_device_changed(k->flow, name);
}

static void on_unsolicited(const char *name, const struct frame *f, void *user)
{
    struct kiosk *k = user;
    if (ctl_traced(k->ctl, name, f))
        return;
    flow_unsolicited(k->flow, name, f);
}

static void on_acked(const char *id, const struct filed *filed, void *user)
{
    struct kiosk *k = user;
    flow_acked(k->flow, id, filed);
}

static void on_refused(const char *id, void *user)
{
    struct kiosk *k = user;
    flow_refused(k->flow, id);
}

static void on_waits(const char *id, void *user)
{
    struct kiosk *k = user;
    flow_waits(k->flow, id);
}

static void on_helped(bool heard, void *user)
{
    struct kiosk *k = user;
    flow_helped(k->flow, heard);
}

static void on_answered(int status, const char *body, size_t len, void *user)
{
    struct kiosk *k = user;
    flow_answered(k->flow, status, body, len);
}

static void on_ask(const struct flow_asking *q, void *user)
{
    struct kiosk *k = user;
    const struct link_ask ask = {q->method, q->path, q->type, q->body, q->len};
    link_ask(k->link, &ask);
}

/* False when nobody can be told now. */
static bool on_help(const char *json, void *user)
{
    struct kiosk *k = user;
    if (!link_online(k->link))
        return false;
    link_help(k->link, json);
    return true;
}

/* Start, in the order in which things lean on each other. */
static enum rc load(struct kiosk *k, const char *path, struct err *e)
{
    struct arena *a = k->arena;
    TRY(config_load(a, path, &k->conf, e));
    TRY(catalog_load(a, k->conf.configs, &k->catalog, e));
    TRY(institutions_load(a, k->conf.institutions, &k->institutions, e));
    k->institution = institution_find(&k->institutions, k->conf.institution);
    if (!k->institution)
        return err_at(e, RC_BAD_FIELD, "institution", "%s: unknown institution %s", path,
                      k->conf.institution);
    for (size_t i = 0; i < k->conf.n_services; i++)
        if (!catalog_find(&k->catalog, k->conf.services[i]))
            return err_at(e, RC_BAD_FIELD, "services", "%s: unknown service %s", path, k->conf.services[i]);
    TRY(i18n_load(a, arena_fmt(a, "%s/i18n", k->conf.configs), &k->i18n, e));
    TRY(terms_load(a, k->conf.configs, &k->terms, e));
    TRY(receipt_texts_load(a, k->conf.configs, &k->receipts, e));
    return fs_mkdirs(k->conf.run_dir, 0700, e);
}

static enum rc start_flow(struct kiosk *k, struct err *e)
{
    const struct api_conf ac = {
        .conf = &k->conf, .institution = k->institution, .queue = k->queue, .online = is_online, .user = k};
    TRY(api_start(&k->loop, &ac, &k->api, e));
    const struct flow_env env = {.loop = &k->loop,
                                 .conf = &k->conf,
                                 .catalog = &k->catalog,
                                 .i18n = k->i18n,
                                 .institution = k->institution,
                                 .terms = k->terms,
                                 .receipts = k->receipts,
                                 .queue = k->queue,
                                 .file = on_file,
                                 .online = is_online,
                                 .changed = on_changed,
                                 .device = on_device,
                                 .ended = on_ended,
                                 .help = on_help,
                                 .ask = on_ask,
                                 .user = k};
    k->flow = flow_new(&env);
    api_flow(k->api, k->flow);
    return RC_OK;
}

static const char *beside_queue(struct kiosk *k, const char *name)
{
    const char *cut = strrchr(k->conf.queue, '/');
    return arena_fmt(k->arena, "%.*s%s", cut ? (int)(cut - k->conf.queue) + 1 : 0, k->conf.queue, name);
}

static enum rc start_rest(struct kiosk *k, struct err *e)
{
    const struct drivers_events de = {on_driver_changed, on_unsolicited, k};
    TRY(drivers_start(&k->loop, k->conf.drivers, k->conf.n_drivers, &de, &k->drivers, e));
    flow_drivers(k->flow, k->drivers);
    drivers_known(k->drivers, beside_queue(k, "devices.json"));
    const struct link_events le = {on_acked, on_refused, on_waits, on_changed, on_helped, on_answered, k};
    TRY(link_start(&k->loop, &k->conf.reg, k->queue, &le, &k->link, e));
    const struct ctl_env ce = {.conf = &k->conf,
                               .drivers = k->drivers,
                               .flow = k->flow,
                               .queue = k->queue,
                               .link = k->link,
                               .api = k->api};
    return ctl_start(&k->loop, arena_fmt(k->arena, "%s/kioskd.sock", k->conf.run_dir), &ce, &k->ctl, e);
}

/* The key is for the browser alone: it travels in the fragment, which no server and no log ever sees. */
static enum rc write_url(struct kiosk *k, struct err *e)
{
    ARENA_SCOPE(a);
    const char *url = arena_fmt(a, "http://127.0.0.1:%d/#k=%s\n", api_port(k->api), api_key(k->api));
    return fs_write(arena_fmt(a, "%s/kiosk.url", k->conf.run_dir), url, strlen(url), 0600, e);
}

static enum rc start(struct kiosk *k, const char *path, struct err *e)
{
    TRY(load(k, path, e));
    const struct queue_conf qc = {
        .path = k->conf.queue, .key_path = k->conf.queue_key, .max_bytes = k->conf.queue_max_bytes};
    TRY(queue_open(&qc, &k->queue, e));
    if (queue_journal_unknown(k->queue) > 0)
        log_warn("event=unknown_prints n=%lld", (long long)queue_journal_unknown(k->queue));
    TRY(start_flow(k, e));
    TRY(start_rest(k, e));
    return write_url(k, e);
}

/* End. */
static void on_drivers_stopped(void *user)
{
    (void)user; /* their handles are closed: the loop runs out by itself */
}

static void stop(struct kiosk *k)
{
    if (k->stopping)
        return;
    k->stopping = true;
    if (k->flow)
        flow_stop(k->flow);
    if (k->ctl)
        ctl_stop(k->ctl);
    if (k->link)
        link_stop(k->link);
    if (k->api)
        api_stop(k->api);
    if (k->drivers)
        drivers_stop(k->drivers, on_drivers_stopped, k);
    for (size_t i = 0; i < COUNT(k->signals); i++)
        uv_close((uv_handle_t *)&k->signals[i], NULL);
}

static void on_signal(uv_signal_t *s, int signum)
{
    log_info("event=stop signal=%d", signum);
    stop(s->data);
}

static void listen_signals(struct kiosk *k)
{
    static const int which[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < COUNT(k->signals); i++) {
        uv_signal_init(&k->loop, &k->signals[i]);
        k->signals[i].data = k;
        uv_signal_start(&k->signals[i], on_signal, which[i]);
    }
}

static void release(struct kiosk *k)
{
    drivers_free(k->drivers);
    ctl_free(k->ctl);
    link_free(k->link);
    api_free(k->api);
    flow_free(k->flow);
    queue_close(k->queue);
    arena_free(k->arena);
    uv_loop_close(&k->loop);
}

/* A core file would hold the citizen. */
static void no_cores(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

static int usage(void)
{
    fprintf(stderr, "usage: kioskd --config FILE\n");
    return 2;
}

int main(int argc, char **argv)
{
    static struct kiosk k;
    struct err e = {0};
    memory_harden();
    log_open("kioskd");
    if (argc != 3 || strcmp(argv[1], "--config") != 0)
        return usage();
    signal(SIGPIPE, SIG_IGN);
    no_cores();
    k.arena = arena_new();
    uv_loop_init(&k.loop);
    listen_signals(&k);
    enum rc rc = start(&k, argv[2], &e);
    if (rc == RC_OK)
        log_info("event=start terminal=%s institution=%s port=%d drivers=%zu", k.conf.terminal,
                 k.conf.institution, api_port(k.api), k.conf.n_drivers);
    else {
        log_err(&e, "event=start_failed");
        stop(&k);
    }
    uv_run(&k.loop, UV_RUN_DEFAULT);
    release(&k);
    return rc == RC_OK ? 0 : 1;
}
