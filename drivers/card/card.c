/* The card driver: a reader (our own CCID link, or PC/SC), and the identity documents people put into it. */
#include "common/base/arena.h"
#include "common/base/clock.h"
#include "common/base/crypto.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/model/frame.h"
#include "drivers/card/ccid_link.h"
#include "drivers/card/emrtd.h"
#include "drivers/card/pcsc.h"
#include "drivers/card/trust_byhand.h"

#include <stdio.h>
#include <string.h>

#define TICK_MS 2000     /* proof of life */
#define POLL_TICK_MS 250 /* readers without an interrupt endpoint */
#define PCSC_TICK_MS 20
#define PCSC_WATCH_MS 100
#define HARDWARE_FAULTS 2 /* in a row, then the ladder */
/* 2026-01-01: a clock before it was never set. No trusted time is a verdict of its own, not "expired". */
#define CLOCK_FLOOR 1767225600

struct card {
    struct port *port; /* of the link or of pcsc; NULL while no reader is open */
    struct ccid_link link;
    struct ccid_rates rates; /* that failed; outlives the reader being unplugged */
    struct pcsc *pcsc;
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
    bool present = c->port->card != CCID_ABSENT;
    bool swapped = present && c->present && c->port->left;
    if (c->present && (!present || swapped))
        drv_unsolicited(d, "card_removed", "{}");
    if (present && (!c->present || swapped))
        drv_unsolicited(d, "card_inserted", "{}");
    c->present = present;
    drv_media(d, media, present);
}

/* CSCA data: once in the life of the process, into memory that stays. Without them a document is read all the
 * same; the verdict then says that nobody is known. */
static const struct trust *trust_of(struct drv *d)
{
    static struct trust *trust;
    static bool tried;
    char folder[512];
    struct err e = {0};
    if (!tried &&
        trust_load(d->process, trust_folder(NULL, NULL, folder, sizeof folder), &trust, &e) != RC_OK)
        log_err(&e, "event=csca");
    tried = true;
    return trust;
}

static void opened(struct drv *d)
{
    struct card *c = d->self;
    (void)trust_of(d);
    c->port->ops->notices(c->port);
    c->port->left = c->port->came = false;
    c->alive_at = mono_ms();
    tell(d);
}

static enum rc open(struct drv *d, struct err *e)
{
    struct card *c = d->self;
    *c = (struct card){.link = c->link, .rates = c->rates};
    c->link.memory = &c->rates;
    c->port = &c->link.port;
    TRY(ccid_link_open(&c->link, d->bus, d->row, e));
    opened(d);
    return RC_OK;
}

static void let_go(struct drv *d)
{
    struct card *c = d->self;
    if (c->port->powered)
        c->port->ops->power_off(c->port);
    c->port->ops->wipe(c->port);
    if (c->present) /* nobody watches the slot from here on */
        drv_unsolicited(d, "card_removed", "{}");
    c->present = false;
}

static void close(struct drv *d)
{
    struct card *c = d->self;
    if (c->port && c->port->ops)
        let_go(d);
    port_free(&c->link.port);
    c->port = NULL;
}

static enum rc idle(struct drv *d, unsigned woke, struct err *e)
{
    struct card *c = d->self;
    c->port->ops->notices(c->port);
    tell(d);
    c->port->left = c->port->came = false;
    if (woke & BUS_RING(CCID_RING_BULK))
        bus_drop(d->bus, CCID_RING_BULK); /* nothing was asked: an old answer */
    int64_t now = mono_ms();
    if (now - c->alive_at < (c->port->has_notices ? TICK_MS : POLL_TICK_MS))
        return RC_OK;
    TRY(c->port->ops->status(c->port, e));
    c->alive_at = mono_ms();
    tell(d);
    return RC_OK;
}

/* ---- the same over PC/SC ---- */

static bool stopped(void *user)
{
    return drv_breathe(user);
}

static enum rc pcsc_begin(struct drv *d, struct err *e)
{
    struct card *c = d->self;
    *c = (struct card){0};
    TRY(pcsc_open(&c->pcsc, e));
    c->port = pcsc_port(c->pcsc);
    pcsc_breathe(c->pcsc, stopped, d);
    drv_id(d, pcsc_reader(c->pcsc), "", "pcsc");
    opened(d);
    return RC_OK;
}

static void pcsc_end(struct drv *d)
{
    struct card *c = d->self;
    if (c->port)
        let_go(d);
    pcsc_close(c->pcsc);
    c->pcsc = NULL;
    c->port = NULL;
}

/* The wait itself is in here, so that a card is seen at once; short, for commands wait meanwhile. */
static enum rc pcsc_idle(struct drv *d, unsigned woke, struct err *e)
{
    struct card *c = d->self;
    (void)woke;
    TRY(pcsc_watch(c->pcsc, PCSC_WATCH_MS, e));
    tell(d);
    c->port->left = c->port->came = false;
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

static void result_json(const struct emrtd *m, const struct port *l, int64_t ms, struct buf *out)
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
    buf_str(out, "],\"passive\":");
    trust_json(&m->result.passive, out);
    buf_fmt(out, ",\"chip\":{\"method\":\"%s\",\"verdict\":\"%s\",\"reason\":\"%s\"}", m->result.chip_method,
            chip_verdict_word(m->result.chip), m->result.chip_why);
    if (m->result.address) {
        buf_str(out, ",\"address\":");
        json_quote(out, m->result.address);
    }
    hex_encode(hex, l->atr.bytes, l->atr.len);
    buf_fmt(out,
            ",\"apdus\":%u,\"bytes_out\":%llu,\"bytes_in\":%llu,\"ms\":%lld,\"card_ms\":%lld,\"atr\":\"%s\"}",
            l->count.apdus, (unsigned long long)l->count.bytes_out, (unsigned long long)l->count.bytes_in,
            (long long)ms, (long long)((l->count.card_us + 500) / 1000), hex);
}

/* Files by name; "EDATA" is the address of the Romanian card, which opens with its PIN alone. */
static enum rc read_want(const struct task *t, struct emrtd *m, struct err *e)
{
    const struct jval *want = jval_get(t->args, "want");
    for (size_t i = 0; want && want->kind == JV_ARR && i < want->n; i++) {
        const char *name = want->items[i].kind == JV_STR ? want->items[i].s : "";
        if (strcmp(name, "EDATA") == 0) {
            m->want_address = true;
            continue;
        }
        if (m->n_want == EMRTD_FILES || !lds_by_name(name))
            return err_at(e, RC_BAD_REQUEST, "args.want", "names of files: DG1, DG2, DG14, COM, SOD, EDATA");
        m->want[m->n_want++] = name;
    }
    if (m->want_address && m->n_want == 0) /* whose address it is, and no more */
        m->want[m->n_want++] = "DG1";
    if (m->want_address != (m->secret.pin != NULL))
        return err_at(e, RC_BAD_REQUEST, "args.pin", "EDATA needs the PIN, and nothing else does");
    return RC_OK;
}

static const char *const read_words[] = {"can", "mrz", "pin", "want", "document", NULL};

static enum rc read_secret(const struct task *t, struct emrtd *m, struct err *e)
{
    for (size_t i = 0; i < t->args->n; i++) {
        const char *const *w = read_words;
        while (*w && strcmp(*w, t->args->names[i]) != 0)
            w++;
        if (!*w)
            return err_at(e, RC_BAD_REQUEST, "args", "read knows can, mrz, pin, want and document");
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
    m->only = jval_str(t->args, "document", NULL);
    m->secret.pin = jval_str(t->args, "pin", NULL);
    if (m->secret.pin && (strlen(m->secret.pin) != 4 || strspn(m->secret.pin, "0123456789") != 4))
        return err_at(e, RC_BAD_REQUEST, "args.pin", "the PIN has four digits");
    return read_want(t, m, e);
}

/* Presence first (one quick status), then power, then the document. */
static enum rc read_card(struct card *c, struct emrtd *m, const struct task *t, struct err *e)
{
    struct port *l = c->port;
    l->deadline = t->deadline;
    l->ops->notices(l);
    progress(m->user, "connect", 0, 100);
    TRY(l->ops->status(l, e));
    if (l->card == CCID_ABSENT)
        return err_code(e, RC_USER, "CARD_ABSENT", 0, "no card in the reader");
    TRY(l->ops->power_on(l, e));
    struct transport transport = port_transport(l);
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
    c->port->deadline = INT64_MAX;
    if (rc == RC_LINK_LOST)
        return;
    c->port->ops->power_off(c->port);
    if (c->port->dirty)
        drv_climb(d, "the reader does not come back after a time-out");
    c->port->ops->notices(c->port);
    tell(d);
    c->port->left = c->port->came = false;
    c->port->hardware = false;
    c->port->ops->wipe(c->port);
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
    m->trust = trust_of(d);
    m->now = unix_ms() / 1000 >= CLOCK_FLOOR ? unix_ms() / 1000 : 0;
    c->port->count = (struct port_counters){0};
    enum rc rc = read_secret(t, m, &e);
    int64_t ms = 0;
    if (rc == RC_OK) {
        rc = read_card(c, m, t, &e);
        ms = mono_ms() - start;
        after_read(d, rc, &e);
    }
    if (rc == RC_OK) {
        result_ok(r);
        result_json(m, c->port, ms, &r->data);
    } else {
        result_fail(t->arena, r, O_NOT_DONE, &e);
    }
}

static void do_status(struct drv *d, const struct task *t, struct result *r)
{
    struct card *c = d->self;
    struct err e = {0};
    if (c->port->ops->status(c->port, &e) != RC_OK) {
        result_fail(t->arena, r, O_NOT_DONE, &e);
        return;
    }
    tell(d);
    result_ok(r);
    const char *row = d->row ? d->row->name : "PC/SC";
    const char *reader = c->pcsc ? pcsc_reader(c->pcsc) : bus_id(d->bus)->product;
    buf_str(&r->data, "{\"reader\":");
    json_quote(&r->data, reader[0] ? reader : row);
    buf_str(&r->data, ",\"row\":");
    json_quote(&r->data, row);
    buf_fmt(&r->data, ",\"maturity\":\"%s\",\"present\":%s", d->row ? d->row->maturity : "beta",
            c->port->card != CCID_ABSENT ? "true" : "false");
    c->port->ops->describe(c->port, &r->data);
    buf_fmt(&r->data, ",\"stale\":%u,\"resyncs\":%u,\"extensions\":%u}", c->port->count.stale,
            c->port->count.resyncs, c->port->count.extensions);
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
    if (!c->port)
        return;
    if (c->port->powered)
        c->port->ops->power_off(c->port);
    c->port->ops->wipe(c->port);
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

const struct driver_ops card_pcsc_driver = {
    .name = "card",
    .size = sizeof(struct card),
    .busless = true,
    .verbs = verbs,
    .tick_ms = PCSC_TICK_MS,
    .deadline_ms = 30000,
    .open = pcsc_begin,
    .close = pcsc_end,
    .idle = pcsc_idle,
    .run = run,
    .wipe = wipe_session,
};
