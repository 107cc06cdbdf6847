/* What kioskd says about itself, for kioskctl and for kdrv list. No personal data anywhere here. */
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "firmware/ctl.h"
#include "firmware/roll.h"
#include "firmware/ctl_diagnose.h"

#define FREE_MIN (100ll << 20)

struct r_driver {
    const char *name, *public_, *link, *activity, *condition, *model, *serial, *port;
    const char **media;
    size_t n_media;
    int64_t pid, restarts, bad_frames, doubled, killed;
    const char *maturity, *firmware, *detail, *was, *since;
    struct jval *counters;
    int64_t paper_left_mm; /* receipt printer; 0: not known */
};
struct r_list {
    struct r_driver *drivers;
    size_t n;
};
#define D struct r_driver
static const struct jfield driver_fields[] = {
    JF_STR(D, name, 0, 0, 0),
    {"public", J_STR, 0, offsetof(D, public_), 0, 0, 0, NULL, NULL},
    JF_STR(D, link, 0, 0, 0),
    JF_STR(D, activity, 0, 0, 0),
    JF_STR(D, condition, 0, 0, 0),
    JF_STRS(D, media, n_media, 0, 0),
    JF_STR(D, model, 0, 0, 0),
    JF_STR(D, serial, 0, 0, 0),
    JF_STR(D, port, 0, 0, 0),
    JF_INT(D, pid, 0, 0, 0),
    JF_INT(D, restarts, 0, 0, 0),
    JF_INT(D, bad_frames, 0, 0, 0),
    JF_INT(D, doubled, 0, 0, 0),
    JF_INT(D, killed, 0, 0, 0),
    JF_STR(D, maturity, 0, 0, 0),
    JF_STR(D, firmware, 0, 0, 0),
    JF_STR(D, detail, 0, 0, 0),
    JF_STR(D, was, 0, 0, 0),
    JF_STR(D, since, 0, 0, 0),
    JF_ANY(D, counters, J_OMIT),
    JF_INT(D, paper_left_mm, J_OMIT, 0, 0),
};
#undef D
static JDESC(driver_desc, struct r_driver, driver_fields);
static const struct jfield list_fields[] = {JF_ARR(struct r_list, drivers, n, 0, 0, &driver_desc)};
static JDESC(list_desc, struct r_list, list_fields);

static const char *text(const char *s)
{
    return s ? s : "";
}

/* What the kiosk believes is left on the roll; -1: not known. */
static int64_t paper_left(const struct ctl_env *env, const char *name)
{
    struct roll roll;
    if (strcmp(name, "print") != 0)
        return 0;
    roll_read(env->conf, &roll);
    return roll_left_mm(env->conf, &roll);
}

static struct r_driver row_of(const struct ctl_env *env, struct arena *a, const struct driver_view *v)
{
    struct jval *counters = NULL;
    struct err e = {0};
    char *since = arena_alloc(a, 25);
    iso_utc(since, v->since_ms);
    const char *said = v->counters ? v->counters : "{}";
    if (jval_parse(a, said, strlen(said), &counters, &e) != RC_OK)
        counters = NULL;
    return (struct r_driver){.name = v->name,
                             .public_ = driver_public(v),
                             .link = text(v->link),
                             .activity = text(v->activity),
                             .condition = text(v->condition),
                             .model = text(v->model),
                             .serial = text(v->serial),
                             .port = text(v->port),
                             .media = (const char **)v->media,
                             .n_media = v->n_media,
                             .pid = v->pid,
                             .restarts = v->restarts,
                             .bad_frames = v->bad_frames,
                             .doubled = v->doubled,
                             .killed = v->killed,
                             .maturity = text(v->maturity),
                             .firmware = text(v->firmware),
                             .detail = text(v->detail),
                             .was = text(v->was),
                             .since = since,
                             .counters = counters,
                             .paper_left_mm = paper_left(env, v->name)};
}

static enum rc report_list(const struct ctl_env *env, struct buf *out, struct err *e)
{
    (void)e;
    ARENA_SCOPE(a);
    struct r_list list = {ARENA_ARRAY(a, struct r_driver, drivers_count(env->drivers) + 1),
                          drivers_count(env->drivers)};
    for (size_t i = 0; i < list.n; i++) {
        struct driver_view v;
        driver_view(drivers_at(env->drivers, i), &v);
        list.drivers[i] = row_of(env, a, &v);
    }
    json_encode(&list_desc, &list, out);
    return RC_OK;
}

static enum rc report_status(const struct ctl_env *env, struct buf *out, struct err *e)
{
    int64_t n[QUEUE_STATES];
    struct roll roll;
    TRY(queue_counts(env->queue, n, e));
    buf_str(out, "{\"terminal\":");
    json_quote(out, env->conf->terminal);
    buf_str(out, ",\"institution\":");
    json_quote(out, env->conf->institution);
    buf_fmt(
        out,
        ",\"version\":\"" PRIDVOR_VERSION
        "\",\"mode\":\"%s\",\"maintenance_left_s\":%lld,\"session\":%s,\"step\":\"%s\",\"register\":\"%s\","
        "\"next_try_ms\":%lld,\"queue\":{\"queued\":%lld,\"sent\":%lld,\"acknowledged\":%lld,\"dead\":%lld}",
        flow_in_maintenance(env->flow) ? "maintenance" : "service",
        (long long)(ctl_maintenance_left(env->ctl) + 999) / 1000, flow_active(env->flow) ? "true" : "false",
        step_name(flow_step(env->flow)), link_online(env->link) ? "online" : "offline",
        env->link ? (long long)link_next_try_ms(env->link) : 0ll, (long long)n[QUEUE_QUEUED],
        (long long)n[QUEUE_SENT], (long long)n[QUEUE_ACKED], (long long)n[QUEUE_DEAD]);
    roll_read(env->conf, &roll);
    buf_fmt(out, ",\"roll\":{\"used_mm\":%lld,\"receipts\":%lld,\"left_mm\":%lld,\"receipts_left\":%lld}}",
            (long long)roll.used_mm, (long long)roll.receipts, (long long)roll_left_mm(env->conf, &roll),
            (long long)roll_left_receipts(env->conf, &roll));
    return RC_OK;
}

struct items {
    struct buf *out;
    size_t n;
};

static void put_item(const struct queue_item *item, const char *why, void *user)
{
    struct items *x = user;
    char made[25];
    iso_utc(made, item->made_ms);
    buf_fmt(x->out,
            "%s{\"id\":\"%s\",\"state\":\"%s\",\"made_at\":\"%s\",\"tries\":%lld,\"why\":", x->n++ ? "," : "",
            item->id, queue_state_name(item->state), made, (long long)item->tries);
    json_quote(x->out, why);
    buf_chr(x->out, '}');
}

static enum rc report_queue(const struct ctl_env *env, struct buf *out, struct err *e)
{
    struct items x = {out, 0};
    buf_fmt(out, "{\"unknown_prints\":%lld,\"items\":[", (long long)queue_journal_unknown(env->queue));
    TRY(queue_each(env->queue, put_item, &x, e));
    buf_str(out, "]}");
    return RC_OK;
}

/* Doctor: each check says what is wrong and what to do. */
struct checks {
    struct buf *out;
    size_t n;
};

static void say(struct checks *c, const char *name, bool ok, const char *what)
{
    buf_fmt(c->out, "%s{\"name\":\"%s\",\"ok\":%s,\"text\":", c->n++ ? "," : "", name, ok ? "true" : "false");
    json_quote(c->out, what);
    buf_chr(c->out, '}');
}

static void on_finding(void *user, const char *name, bool ok, const char *what)
{
    say(user, name, ok, what);
}

static void check_files(struct checks *c, const struct ctl_env *env, struct arena *a)
{
    const struct kiosk_conf *conf = env->conf;
    const char *const files[] = {conf->reg.ca, conf->reg.cert, conf->reg.key};
    for (size_t i = 0; i < COUNT(files); i++)
        if (!fs_exists(files[i]))
            say(c, "tls", false, arena_fmt(a, "%s is missing: enrol the terminal again", files[i]));
    struct stat st;
    bool closed = stat(conf->queue_key, &st) == 0 && (st.st_mode & 077) == 0;
    say(c, "queue_key", closed,
        closed ? "readable by kioskd alone" : arena_fmt(a, "run: chmod 600 %s", conf->queue_key));
    struct statvfs fs;
    int64_t room = statvfs(conf->queue, &fs) == 0 ? (int64_t)fs.f_bavail * (int64_t)fs.f_frsize : 0;
    say(c, "disk", room >= FREE_MIN, arena_fmt(a, "%lld MB free for the queue", (long long)(room >> 20)));
    say(c, "page", api_has_page(env->api),
        api_has_page(env->api) ? arena_fmt(a, "%zu files", api_assets(env->api))
                               : arena_fmt(a, "no index.html in %s: build kiosk-ui", conf->ui_dir));
}

static enum rc report_doctor(const struct ctl_env *env, struct buf *out, struct err *e)
{
    ARENA_SCOPE(a);
    struct checks c = {out, 0};
    int64_t n[QUEUE_STATES];
    TRY(queue_counts(env->queue, n, e));
    buf_str(out, "{\"checks\":[");
    check_files(&c, env, a);
    bool online = link_online(env->link);
    say(&c, "register", online,
        online ? "answers"
               : arena_fmt(a, "%s:%lld does not answer: check the network, then the register",
                           env->conf->reg.host, (long long)env->conf->reg.port));
    say(&c, "dead_letters", n[QUEUE_DEAD] == 0,
        arena_fmt(a, "%lld requests were refused for good: see kioskctl queue", (long long)n[QUEUE_DEAD]));
    say(&c, "clock", date_of_ms(unix_ms()).y >= 2026, "the year must be right: check time synchronisation");
    for (size_t i = 0; i < drivers_count(env->drivers); i++) {
        struct driver_view v;
        driver_view(drivers_at(env->drivers, i), &v);
        const char *is = driver_public(&v);
        bool ok = strcmp(is, "ready") == 0 || strcmp(is, "busy") == 0;
        say(&c, v.name, ok,
            arena_fmt(a, "%s%s%s%s%s", is, v.model && v.model[0] ? ", " : "", text(v.model),
                      !ok && v.detail && v.detail[0] ? ": " : "", ok ? "" : text(v.detail)));
        if (v.was && v.was[0])
            say(&c, "swapped", false,
                arena_fmt(a, "%s is another unit than before (%s): if that is right: kioskctl accept %s",
                          v.name, v.was, v.name));
    }
    ctl_diagnose(a, env->conf->configs, on_finding, &c);
    buf_str(out, "]}");
    return RC_OK;
}

static const struct {
    const char *verb;
    enum rc (*fn)(const struct ctl_env *env, struct buf *out, struct err *e);
} reports[] = {
    {"list", report_list},   {"devices", report_list},  {"status", report_status},
    {"queue", report_queue}, {"doctor", report_doctor}, {"diagnose", report_doctor},
};

enum rc ctl_report(const struct ctl_env *env, const char *verb, struct buf *out, struct err *e)
{
    for (size_t i = 0; i < COUNT(reports); i++)
        if (strcmp(reports[i].verb, verb) == 0)
            return reports[i].fn(env, out, e);
    return err_set(e, RC_UNSUPPORTED, "kioskd knows list, status, queue, doctor, maintenance and accept");
}
