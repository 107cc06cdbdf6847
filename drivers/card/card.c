/* The card driver: a CCID reader, and the identity documents people put into it. */
#include "common/base/arena.h"
#include "common/base/clock.h"
#include "common/base/crypto.h"
#include "common/base/text.h"
#include "common/model/frame.h"
#include "drivers/card/ccid_link.h"
#include "drivers/card/emrtd.h"

#include <stdio.h>
#include <string.h>

#define TICK_MS 2000      /* proof of life */
#define POLL_TICK_MS 250  /* readers without an interrupt endpoint */
#define HARDWARE_FAULTS 2 /* in a row, then the ladder */

struct card {
    struct ccid_link link;
    bool present; /* as last told */
    unsigned hardware_faults;
    int64_t alive_at;
};

static const char *const verbs[] = {"read", "status", NULL};

/* ---- presence --------------------------------------------------------------------------------------------
 */

/* One setter: tells every change once; out and in between two looks is two events. */
static void tell(struct drv *d)
{
    static const char *const media[] = {"card"};
    struct card *c = d->self;
    bool present = c->link.card != CCID_ABSENT;
    bool swapped = present && c->present && c->link.left;
    if (c->present && (!present || swapped))
        drv_unsolicited(d, "card_removed", "{}");
    if (present && (!c->present || swapped))
        drv_unsolicited(d, "card_inserted", "{}");
    c->present = present;
    drv_media(d, media, present);
}

static enum rc open(struct drv *d, struct err *e)
{
    struct card *c = d->self;
    *c = (struct card){0};
    TRY(ccid_link_open(&c->link, d->bus, d->row, e));
    ccid_link_notices(&c->link);
    c->link.left = c->link.came = false;
    c->alive_at = mono_ms();
    tell(d);
    return RC_OK;
}

static void close(struct drv *d)
{
    struct card *c = d->self;
    if (c->link.powered)
        ccid_link_power_off(&c->link);
    ccid_link_wipe(&c->link);
    if (c->present) /* nobody watches the slot from here on */
        drv_unsolicited(d, "card_removed", "{}");
    c->present = false;
}

static enum rc idle(struct drv *d, unsigned woke, struct err *e)
{
    struct card *c = d->self;
    ccid_link_notices(&c->link);
    tell(d);
    c->link.left = c->link.came = false;
    if (woke & BUS_RING(CCID_RING_BULK))
        bus_drop(d->bus, CCID_RING_BULK); /* nothing was asked: an old answer */
    int64_t now = mono_ms();
    if (now - c->alive_at < (c->link.has_notices ? TICK_MS : POLL_TICK_MS))
        return RC_OK;
    TRY(ccid_link_status(&c->link, e));
    c->alive_at = mono_ms();
    tell(d);
    return RC_OK;
}

/* ---- reading ---------------------------------------------------------------------------------------------
 */

static void progress(void *user, const char *step, int done, int total)
{
    char data[96];
    snprintf(data, sizeof data, "{\"step\":\"%s\",\"done\":%d,\"total\":%d}", step, done, total);
    drv_event(user, "progress", data);
}

static void identity_json(const struct mrz *m, struct buf *out)
{
    mrz_identity(m, date_of_ms(unix_ms()), out);
}

static void identity(void *user, const struct mrz *m)
{
    BUF_SCOPE(b);
    buf_str(&b, "{\"identity\":");
    identity_json(m, &b);
    buf_chr(&b, '}');
    drv_event(user, "identity", b.p);
}

static void result_json(const struct emrtd *m, const struct ccid_link *l, int64_t ms, struct buf *out)
{
    char hex[2 * 33 + 1];
    uint8_t hash[SHA256_LEN];
    buf_fmt(out, "{\"access\":\"%s\",\"pace_protocol\":\"%s\",\"curve\":\"%s\"", m->result.access,
            m->result.pace, m->result.curve);
    if (m->result.has_mrz) {
        buf_str(out, ",\"identity\":");
        identity_json(&m->result.mrz, out);
    }
    buf_str(out, ",\"files\":[");
    for (size_t i = 0; i < m->result.n_files; i++) {
        const struct emrtd_file *f = &m->result.file[i];
        sha256(hash, f->p, f->len);
        hex_encode(hex, hash, sizeof hash);
        buf_fmt(out, "%s{\"name\":\"%s\",\"size\":%zu,\"sha256\":\"%s\"}", i ? "," : "", f->file->name,
                f->len, hex);
    }
    hex_encode(hex, l->atr.bytes, l->atr.len);
    buf_fmt(
        out,
        "],\"apdus\":%u,\"bytes_out\":%llu,\"bytes_in\":%llu,\"ms\":%lld,\"card_ms\":%lld,\"atr\":\"%s\"}",
        l->count.apdus, (unsigned long long)l->count.bytes_out, (unsigned long long)l->count.bytes_in,
        (long long)ms, (long long)((l->count.card_us + 500) / 1000), hex);
}

static const char *const read_words[] = {"can", "mrz", "want", NULL};

static enum rc read_secret(const struct task *t, struct emrtd *m, struct err *e)
{
    for (size_t i = 0; i < t->args->n; i++) {
        const char *const *w = read_words;
        while (*w && strcmp(*w, t->args->names[i]) != 0)
            w++;
        if (!*w)
            return err_at(e, RC_BAD_REQUEST, "args", "read knows can, mrz and want");
    }
    m->secret.can = jval_str(t->args, "can", NULL);
    if (m->secret.can && (strlen(m->secret.can) != 6 || strspn(m->secret.can, "0123456789") != 6))
        return err_at(e, RC_BAD_REQUEST, "args.can", "the access number has six digits");
    const struct jval *mrz = jval_get(t->args, "mrz");
    if (mrz) {
        char info[MRZ_INFO_MAX];
        m->secret.has_mrz = true;
        m->secret.mrz = (struct mrz_key){jval_str(mrz, "document_number", ""),
                                         jval_str(mrz, "birth_date", ""), jval_str(mrz, "expiry_date", "")};
        TRY(mrz_info(&m->secret.mrz, info, e));
        wipe(info, sizeof info);
    }
    if (!mrz && !m->secret.can)
        return err_at(e, RC_BAD_REQUEST, "args", "read needs can or mrz");
    const struct jval *want = jval_get(t->args, "want");
    for (size_t i = 0; want && want->kind == JV_ARR && i < want->n; i++) {
        if (i == EMRTD_FILES || want->items[i].kind != JV_STR || !lds_by_name(want->items[i].s))
            return err_at(e, RC_BAD_REQUEST, "args.want", "names of files: DG1, DG2, DG14, COM, SOD");
        m->want[m->n_want++] = want->items[i].s;
    }
    return RC_OK;
}

/* Presence first (one quick status), then power, then the document. */
static enum rc read_card(struct card *c, struct emrtd *m, const struct task *t, struct err *e)
{
    struct ccid_link *l = &c->link;
    l->deadline = t->deadline;
    ccid_link_notices(l);
    progress(m->user, "connect", 0, 100);
    TRY(ccid_link_status(l, e));
    if (l->card == CCID_ABSENT)
        return err_code(e, RC_USER, "CARD_ABSENT", 0, "no card in the reader");
    TRY(ccid_link_power_on(l, e));
    struct transport transport = ccid_link_transport(l);
    m->t = &transport;
    enum rc rc = emrtd_read(m, e);
    if (rc != RC_OK && mono_ms() >= t->deadline && rc != RC_LINK_LOST && rc != RC_CANCELLED)
        return err_code(e, RC_TIMEOUT, NULL, 0, "the deadline of the command passed");
    return rc;
}

/* Always runs: no card stays powered, no key or file stays in memory. */
static void after_read(struct drv *d, enum rc rc, const struct err *e)
{
    struct card *c = d->self;
    bool hardware = rc == RC_DEVICE && e->code && strcmp(e->code, "READER_HARDWARE") == 0;
    c->hardware_faults = hardware ? c->hardware_faults + 1 : 0;
    if (c->hardware_faults >= HARDWARE_FAULTS)
        drv_climb(d, "the reader reports hardware errors");
    bus_stop_clear(d->bus);
    c->link.deadline = INT64_MAX;
    if (rc == RC_LINK_LOST)
        return;
    ccid_link_power_off(&c->link);
    if (c->link.dirty)
        drv_climb(d, "the reader does not come back after a time-out");
    ccid_link_notices(&c->link);
    tell(d);
    c->link.left = c->link.came = false;
    c->link.hardware = false;
    ccid_link_wipe(&c->link);
}

static void do_read(struct drv *d, const struct task *t, struct result *r)
{
    struct card *c = d->self;
    struct err e = {0};
    int64_t start = mono_ms();
    struct emrtd *m = ARENA_NEW(t->arena, struct emrtd);
    m->arena = t->arena;
    m->progress = progress;
    m->identity = identity;
    m->user = d;
    c->link.count = (struct ccid_counters){0};
    enum rc rc = read_secret(t, m, &e);
    int64_t ms = 0;
    if (rc == RC_OK) {
        rc = read_card(c, m, t, &e);
        ms = mono_ms() - start;
        after_read(d, rc, &e);
    }
    if (rc == RC_OK) {
        result_ok(r);
        result_json(m, &c->link, ms, &r->data);
    } else {
        result_fail(t->arena, r, O_NOT_DONE, &e);
    }
}

static void do_status(struct drv *d, const struct task *t, struct result *r)
{
    struct card *c = d->self;
    struct err e = {0};
    const struct bus_id *id = bus_id(d->bus);
    if (ccid_link_status(&c->link, &e) != RC_OK) {
        result_fail(t->arena, r, O_NOT_DONE, &e);
        return;
    }
    tell(d);
    result_ok(r);
    buf_str(&r->data, "{\"reader\":");
    json_quote(&r->data, id->product[0] ? id->product : d->row->name);
    buf_str(&r->data, ",\"row\":");
    json_quote(&r->data, d->row->name);
    buf_fmt(&r->data, ",\"maturity\":\"%s\",\"present\":%s,\"level\":\"%s\",\"slots\":%u,\"max_message\":%u",
            d->row->maturity, c->link.card != CCID_ABSENT ? "true" : "false",
            ccid_level_name(c->link.cls.level), c->link.cls.slots, (unsigned)c->link.cls.max_message);
    buf_fmt(&r->data, ",\"stale\":%u,\"resyncs\":%u,\"extensions\":%u}", c->link.count.stale,
            c->link.count.resyncs, c->link.count.extensions);
}

static void run(struct drv *d, const struct task *t, struct result *r)
{
    if (strcmp(t->verb, "read") == 0)
        do_read(d, t, r);
    else
        do_status(d, t, r);
}

static void wipe_session(struct drv *d)
{
    struct card *c = d->self;
    if (bus_is_open(d->bus) && c->link.powered)
        ccid_link_power_off(&c->link);
    ccid_link_wipe(&c->link);
}

const struct driver_ops card_driver = {
    .name = "card",
    .size = sizeof(struct card),
    .verbs = verbs,
    .rings = BUS_RING(CCID_RING_BULK) | BUS_RING(CCID_RING_NOTICE),
    .tick_ms = POLL_TICK_MS,
    .deadline_ms = 30000,
    .open = open,
    .close = close,
    .idle = idle,
    .run = run,
    .wipe = wipe_session,
};
