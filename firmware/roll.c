#include "firmware/roll.h"

#include <string.h>

#include "common/base/fs.h"
#include "common/base/log.h"

#define MEAN_MM 150  /* before the first receipt */
#define NEAR_MM 2000 /* behind the near-end sensor, when nobody measured it */

static const struct jfield roll_fields[] = {
    JF_INT(struct roll, used_mm, J_REQ, 0, 1ll << 40),
    JF_INT(struct roll, receipts, J_REQ, 0, 1ll << 40),
    JF_BOOL(struct roll, near_end, J_REQ),
    JF_BOOL(struct roll, ended, J_REQ),
};
static JDESC(roll_desc, struct roll, roll_fields);

static const char *path_of(struct arena *a, const struct kiosk_conf *conf)
{
    const char *slash = conf->queue ? strrchr(conf->queue, '/') : NULL;
    if (!slash)
        return NULL;
    return arena_fmt(a, "%.*s/roll.json", (int)(slash - conf->queue), conf->queue);
}

void roll_read(const struct kiosk_conf *conf, struct roll *out)
{
    ARENA_SCOPE(a);
    struct err e = {0};
    const char *path = path_of(a, conf);
    *out = (struct roll){0};
    if (path && fs_exists(path) && json_load(a, &roll_desc, path, out, &e) != RC_OK) {
        log_err(&e, "event=roll");
        *out = (struct roll){0};
    }
}

static void write_roll(const struct kiosk_conf *conf, const struct roll *r)
{
    ARENA_SCOPE(a);
    BUF_SCOPE(b);
    struct err e = {0};
    const char *path = path_of(a, conf);
    json_encode(&roll_desc, r, &b);
    if (path && fs_write(path, b.p, b.len, 0600, &e) != RC_OK)
        log_err(&e, "event=roll");
}

void roll_printed(const struct kiosk_conf *conf, int64_t mm)
{
    struct roll r;
    if (mm <= 0)
        return;
    roll_read(conf, &r);
    r.used_mm += mm;
    r.receipts++;
    write_roll(conf, &r);
    log_info("event=roll used_mm=%lld left_mm=%lld receipts_left=%lld", (long long)r.used_mm,
             (long long)roll_left_mm(conf, &r), (long long)roll_left_receipts(conf, &r));
}

static bool has(const char *const *words, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

void roll_media(const struct kiosk_conf *conf, const char *const *words, size_t n)
{
    struct roll r, was;
    /* Under an open cover the sensors see no paper, whatever roll lies there. */
    if (has(words, n, "cover_open"))
        return;
    roll_read(conf, &r);
    was = r;
    r.ended = has(words, n, "paper_end");
    r.near_end = r.ended || has(words, n, "paper_near_end");
    if (was.near_end && !r.near_end) {
        log_info("event=roll_new used_mm=%lld receipts=%lld", (long long)was.used_mm,
                 (long long)was.receipts);
        r = (struct roll){0};
    } else if (r.near_end && !was.near_end && conf->roll_mm > 0) {
        /* The sensor knows better than the sum. */
        int64_t rest = conf->roll_near_mm > 0 ? conf->roll_near_mm : NEAR_MM;
        r.used_mm = conf->roll_mm > rest ? conf->roll_mm - rest : 0;
    }
    if (r.used_mm != was.used_mm || r.near_end != was.near_end || r.ended != was.ended)
        write_roll(conf, &r);
}

int64_t roll_left_mm(const struct kiosk_conf *conf, const struct roll *r)
{
    if (conf->roll_mm <= 0)
        return -1;
    if (r->ended)
        return 0;
    return conf->roll_mm > r->used_mm ? conf->roll_mm - r->used_mm : 0;
}

int64_t roll_left_receipts(const struct kiosk_conf *conf, const struct roll *r)
{
    int64_t left = roll_left_mm(conf, r);
    int64_t mean = r->receipts > 0 ? r->used_mm / r->receipts : MEAN_MM;
    return left < 0 ? -1 : left / (mean > 0 ? mean : MEAN_MM);
}

int64_t roll_limit_mm(const struct kiosk_conf *conf, const struct roll *r)
{
    return r->near_end && !r->ended ? roll_left_mm(conf, r) : -1;
}
