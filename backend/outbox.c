#include "backend/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "backend/outbox_priv.h"
#include "common/base/fs.h"
#include "common/base/log.h"
#include "common/base/text.h"

enum {
    TICK_MS = 1000,
    RECOVER_TICKS = 5,
    GRACE_MS = 10000, /* a process that lost its connection comes back within it */
    MARKS_MAX = 256,
    ROAD_REST_MS = 1000,
    ROAD_REST_MAX_MS = 60000,
};
const char *const way_names[WAY_COUNT] = {"email", "sms"};
static const char *const mark_states[] = {"handing", "sent", "unknown", "queued", "failed"};

/* When a letter that was refused for now goes again, in units of retry_unit_ms (a minute); after the last it
 * has failed for good: about two days. */
static const int retry_units[] = {1, 5, 15, 30, 60, 120, 240, 480, 720, 1440};

#define STMT(id) ((id)-SQL_OUTBOX_CLAIM)

/* ---- lists ---- */

void letters_init(struct letters *q)
{
    q->head = NULL;
    q->tail = &q->head;
    q->n = 0;
}

void letters_add(struct letters *q, struct letter *l)
{
    l->next = NULL;
    *q->tail = l;
    q->tail = &l->next;
    q->n++;
}

struct letter *letters_pop(struct letters *q)
{
    struct letter *l = q->head;
    if (!l)
        return NULL;
    q->head = l->next;
    if (!q->head)
        q->tail = &q->head;
    q->n--;
    return l;
}

static void letter_free(struct letter *l)
{
    if (l)
        arena_free(l->arena);
}

/* ---- what became of letters ---- */

static void marks_send(struct outbox *o);

static void mark(struct outbox *o, struct letter *l, enum mark m)
{
    l->mark = m;
    letters_add(&o->marks, l);
}

static void count(struct outbox *o, const struct letter *l)
{
    struct outbox_stats *s = &o->stats;
    if (l->mark == MARK_SENT)
        s->sent[l->way]++;
    else if (l->mark == MARK_UNKNOWN)
        s->unknown[l->way]++;
    else if (l->mark == MARK_QUEUED && l->tried)
        s->again[l->way]++;
}

/* Refused for now, not our letter, or the database is away: nothing may leave. The letter waits again, by our
 * own hand if the row still is ours. */
static void not_handed(struct outbox *o, struct letter *l)
{
    l->handed(l, false, l->user);
    l->delay_ms = 0;
    l->tried = false;
    l->reply = 0;
    snprintf(l->detail, sizeof(l->detail), "not handed over: the database was away");
    mark(o, l, MARK_QUEUED);
}

static bool is_among(const struct db_result *r, int64_t id)
{
    for (int i = 0; i < db_rows(r); i++)
        if (db_int(r, i, 0) == id)
            return true;
    return false;
}

static void on_marked(const struct db_reply *r, void *user)
{
    struct outbox *o = user;
    struct letters told = o->flying;

    o->marking = false;
    if (!told.head)
        told.tail = &told.head;
    letters_init(&o->flying);
    if (o->stopping) {
        for (struct letter *l; (l = letters_pop(&told));)
            letter_free(l);
        return;
    }
    if (r->err.rc != RC_OK && !rc_retry(r->err.rc))
        log_err(&r->err, "event=outbox_mark_failed n=%u", told.n);
    for (struct letter *l; (l = letters_pop(&told));) {
        bool mine = r->err.rc == RC_OK && is_among(r->rows, l->id);
        if (l->mark == MARK_HANDING && mine)
            l->handed(l, true, l->user);
        else if (l->mark == MARK_HANDING && r->err.rc == RC_OK) {
            l->handed(l, false, l->user); /* another process has it */
            letter_free(l);
        } else if (l->mark == MARK_HANDING)
            not_handed(o, l);
        else if (r->err.rc != RC_OK)
            letters_add(&o->marks, l); /* the truth is kept until it can be written */
        else {
            count(o, l);
            letter_free(l);
        }
    }
    marks_send(o);
}

/* Batches as the intake's: whatever comes while one is written goes with the next. */
static void marks_send(struct outbox *o)
{
    struct buf col[6] = {0};
    struct err e = {0};

    if (o->marking || !o->marks.n || !o->held || o->stopping)
        return;
    for (struct letter *l; o->flying.n < MARKS_MAX && (l = letters_pop(&o->marks));) {
        const char *c = o->flying.n ? "," : "{";
        buf_fmt(&col[0], "%s%lld", c, (long long)l->id);
        buf_fmt(&col[1], "%s%s", c, mark_states[l->mark]);
        buf_fmt(&col[2], "%s%d", c, l->reply);
        buf_fmt(&col[3], "%s%lld", c, (long long)l->delay_ms);
        buf_fmt(&col[4], "%s%s", c, l->tried ? "t" : "f");
        buf_str(&col[5], c);
        json_quote(&col[5], l->detail); /* ASCII without control characters: also PostgreSQL's quoting */
        letters_add(&o->flying, l);
    }
    for (size_t i = 0; i < COUNT(col); i++)
        buf_chr(&col[i], '}');
    struct db_param p[] = {DB_STR(col[0].p), DB_STR(col[1].p), DB_STR(col[2].p),     DB_STR(col[3].p),
                           DB_STR(col[4].p), DB_STR(col[5].p), DB_STR(o->claim_text)};
    o->marking = db_send(o->db, STMT(SQL_OUTBOX_MARK), p, OUTBOX_DEADLINE_MS, on_marked, o, &e) == RC_OK;
    for (size_t i = 0; i < COUNT(col); i++)
        buf_free(&col[i]);
    if (o->marking)
        return;
    struct letters back = o->flying;
    letters_init(&o->flying);
    for (struct letter *l; (l = letters_pop(&back));) {
        if (l->mark == MARK_HANDING)
            not_handed(o, l);
        else
            letters_add(&o->marks, l);
    }
}

struct failing {
    struct outbox *o;
    struct letter *l;
};

static void on_failed(const struct db_reply *r, void *user)
{
    struct failing *f = user;
    struct outbox *o = f->o;
    struct letter *l = f->l;

    free(f);
    if (o->stopping) {
        letter_free(l);
        return;
    }
    if (r->err.rc != RC_OK) { /* as a letter that waits: it fails again */
        l->tried = false;
        l->delay_ms = TICK_MS;
        mark(o, l, MARK_QUEUED);
        return;
    }
    bool fell = db_rows(r->rows) > 0 && strcmp(db_text(r->rows, 0, 0), "fell_back") == 0;
    if (fell)
        o->stats.fell_back[l->way]++;
    else
        o->stats.failed[l->way]++;
    log_warn("event=message_failed id=%lld way=%s reply=%d fell_back=%d text=\"%s\"", (long long)l->id,
             way_names[l->way], l->reply, fell, l->detail);
    letter_free(l);
}

static void fail_for_good(struct outbox *o, struct letter *l)
{
    char reply[16];
    struct err e = {0};
    struct failing *f = calloc(1, sizeof(*f));
    struct db_param p[] = {DB_STR(l->id_text), DB_STR(reply), DB_STR(l->detail), DB_STR(o->claim_text)};

    if (!f)
        abort();
    *f = (struct failing){o, l};
    snprintf(reply, sizeof(reply), "%d", l->reply);
    if (db_send(o->db, STMT(SQL_OUTBOX_FAIL), p, OUTBOX_DEADLINE_MS, on_failed, f, &e) == RC_OK)
        return;
    free(f);
    l->tried = false;
    l->delay_ms = TICK_MS;
    mark(o, l, MARK_QUEUED);
}

void outbox_hand(struct outbox *o, struct letter *l, void (*handed)(struct letter *l, bool ok, void *user),
                 void *user)
{
    l->handed = handed;
    l->user = user;
    mark(o, l, MARK_HANDING);
}

static void road_rests(struct outbox *o, enum way way, const char *why)
{
    struct road_out *road = &o->roads[way];

    road->rest_ms = road->rest_ms ? road->rest_ms * 2 : ROAD_REST_MS;
    if (road->rest_ms > ROAD_REST_MAX_MS)
        road->rest_ms = ROAD_REST_MAX_MS;
    if (o->g->conf.retry_unit_ms < road->rest_ms)
        road->rest_ms = (unsigned)o->g->conf.retry_unit_ms;
    road->rest_until = uv_now(o->g->loop) + road->rest_ms;
    log_warn("event=road_rests way=%s ms=%u text=\"%s\"", way_names[way], road->rest_ms, why);
}

void outbox_road_ok(struct outbox *o, enum way way)
{
    o->roads[way].rest_ms = 0;
    o->roads[way].rest_until = 0;
}

void outbox_end(struct outbox *o, struct letter *l, const struct verdict *v)
{
    enum mark m = v->mark;

    l->reply = v->reply;
    snprintf(l->detail, sizeof(l->detail), "%s", v->text ? v->text : "");
    l->tried = m != MARK_HANDING;
    l->delay_ms = 0;
    if (v->road)
        road_rests(o, l->way, l->detail);
    if (m == MARK_QUEUED && (size_t)l->tries >= COUNT(retry_units))
        m = MARK_FAILED;
    if (m == MARK_QUEUED)
        l->delay_ms = retry_units[l->tries] * o->g->conf.retry_unit_ms;
    if (m == MARK_FAILED)
        fail_for_good(o, l);
    else
        mark(o, l, m);
}

/* ---- taking letters ---- */

struct letter *outbox_next(struct outbox *o, enum way way)
{
    struct road_out *road = &o->roads[way];
    if (o->stopping || !o->held || uv_now(o->g->loop) < road->rest_until)
        return NULL;
    return letters_pop(&road->waiting);
}

static void facts_of(const struct db_result *r, int i, struct letter_facts *f)
{
    *f = (struct letter_facts){
        .message = db_text(r, i, 1),
        .vars = db_text(r, i, 5),
        .n = db_int(r, i, 7),
        .registered_ms = db_int(r, i, 8),
        .filed_on = date_add((struct date){1970, 1, 1}, db_int(r, i, 9)),
        .due = date_add((struct date){1970, 1, 1}, db_int(r, i, 10)),
        .service = db_text(r, i, 11),
        .service_version = db_int(r, i, 12),
        .institution = db_text(r, i, 13),
        .receipt_code = db_text(r, i, 14),
        .reg = db_text(r, i, 15),
    };
    if (!lang_parse(db_text(r, i, 2), &f->lang))
        f->lang = LANG_RO;
}

static void take(struct outbox *o, const struct db_result *r, int i, enum way way)
{
    struct arena *a = arena_new();
    struct letter *l = ARENA_NEW(a, struct letter);
    struct letter_facts f;
    struct err e = {0};

    facts_of(r, i, &f);
    l->arena = a;
    l->id = db_int(r, i, 0);
    snprintf(l->id_text, sizeof(l->id_text), "%lld", (long long)l->id);
    l->way = way;
    l->lang = f.lang;
    l->recipient = arena_str(a, db_text(r, i, 3));
    l->tries = (int)db_int(r, i, 4);
    enum rc rc = outbox_text(o->g, a, &f, way, &l->text, &e);
    if (rc == RC_OK && way == WAY_EMAIL && !mail_address_valid(l->recipient))
        rc = err_set(&e, RC_BAD_FIELD, "the address is not one");
    if (rc == RC_OK) {
        letters_add(&o->roads[way].waiting, l);
        return;
    }
    outbox_end(o, l, &(struct verdict){.mark = MARK_FAILED, .text = e.text});
}

struct claiming {
    struct outbox *o;
    enum way way;
    int asked;
};

static void on_claimed(const struct db_reply *r, void *user)
{
    struct claiming *c = user;
    struct outbox *o = c->o;
    struct road_out *road = &o->roads[c->way];

    road->claiming = false;
    road->full = r->err.rc == RC_OK && db_rows(r->rows) == c->asked;
    if (r->err.rc != RC_OK && !o->stopping)
        log_err(&r->err, "event=outbox_claim_failed sqlstate=%s", r->state);
    for (int i = 0; r->err.rc == RC_OK && !o->stopping && i < db_rows(r->rows); i++)
        take(o, r->rows, i, c->way);
    free(c);
}

static void claim(struct outbox *o, enum way way)
{
    struct road_out *road = &o->roads[way];
    struct err e = {0};
    char n[16];

    if (!road->configured || road->claiming || !o->held || !o->g->world_ready || o->stopping ||
        road->waiting.n > LETTERS_MAX / 2)
        return;
    struct claiming *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    *c = (struct claiming){o, way, (int)(LETTERS_MAX - road->waiting.n)};
    snprintf(n, sizeof(n), "%d", c->asked);
    struct db_param p[] = {DB_STR(way_names[way]), DB_STR(n), DB_STR(o->claim_text)};
    road->claiming =
        db_send(o->db, STMT(SQL_OUTBOX_CLAIM), p, OUTBOX_DEADLINE_MS, on_claimed, c, &e) == RC_OK;
    if (!road->claiming)
        free(c);
}

/* ---- being alive, and those who are not ---- */

static void on_held(const struct db_reply *r, void *user)
{
    struct outbox *o = user;
    o->holding = false;
    o->held = r->err.rc == RC_OK && db_rows(r->rows) == 1 && db_text(r->rows, 0, 0)[0] == 't';
}

static void hold(struct outbox *o)
{
    struct err e = {0};
    struct db_param p[] = {DB_STR(o->claim_text)};
    if (!o->held && !o->holding && !o->stopping)
        o->holding = db_send(o->db, STMT(SQL_OUTBOX_HOLD), p, OUTBOX_DEADLINE_MS, on_held, o, &e) == RC_OK;
}

static void on_up(struct db *d, void *user)
{
    (void)d;
    hold(user);
}

static void on_down(struct db *d, void *user)
{
    struct outbox *o = user;
    (void)d;
    o->held = false;
}

static void on_recovered(const struct db_reply *r, void *user)
{
    struct outbox *o = user;
    uint64_t n = 0, unknown = 0;

    o->recovering = false;
    for (int i = 0; r->err.rc == RC_OK && i < db_rows(r->rows); i++) {
        n++;
        unknown += strcmp(db_text(r->rows, i, 0), "unknown") == 0;
    }
    o->stats.recovered += n;
    o->stats.recovered_unknown += unknown;
    if (n)
        log_warn("event=outbox_recovered n=%llu unknown=%llu", (unsigned long long)n,
                 (unsigned long long)unknown);
}

static void on_counted(const struct db_reply *r, void *user)
{
    struct outbox *o = user;
    o->counting = false;
    if (r->err.rc != RC_OK)
        return;
    o->stats.open = db_int(r->rows, 0, 0);
    o->stats.attention = db_int(r->rows, 0, 1);
}

static bool repeats(const char *unknown)
{
    return unknown && strcmp(unknown, "repeat") == 0;
}

static void recover(struct outbox *o)
{
    struct err e = {0};
    char grace[16];
    const struct registry_conf *c = &o->g->conf;
    bool mail = c->smtp && repeats(c->smtp->unknown), sms = c->sms && repeats(c->sms->unknown);
    struct db_param p[] = {DB_STR(grace), DB_STR(mail && sms ? "{email,sms}"
                                                 : mail      ? "{email}"
                                                 : sms       ? "{sms}"
                                                             : "{}")};

    if (!o->held)
        return;
    snprintf(grace, sizeof(grace), "%d", GRACE_MS);
    if (!o->recovering)
        o->recovering =
            db_send(o->db, STMT(SQL_OUTBOX_RECOVER), p, OUTBOX_DEADLINE_MS, on_recovered, o, &e) == RC_OK;
    if (!o->counting)
        o->counting =
            db_send(o->db, STMT(SQL_OUTBOX_OPEN), NULL, OUTBOX_DEADLINE_MS, on_counted, o, &e) == RC_OK;
}

static void on_tick(uv_timer_t *t)
{
    struct outbox *o = t->data;

    hold(o);
    if (o->ticks++ % RECOVER_TICKS == 0)
        recover(o);
    for (int way = 0; way < WAY_COUNT; way++)
        claim(o, (enum way)way);
    mail_lanes_wake(o);
    sms_lanes_wake(o);
}

static void on_turn(uv_check_t *h)
{
    struct outbox *o = h->data;

    marks_send(o);
    for (int way = 0; way < WAY_COUNT; way++)
        if (o->roads[way].full)
            claim(o, (enum way)way);
    if (o->roads[WAY_EMAIL].waiting.n)
        mail_lanes_wake(o);
    if (o->roads[WAY_SMS].waiting.n)
        sms_lanes_wake(o);
}

/* ---- life ---- */

static enum rc secret(struct registry *g, const char *path, const char **out, struct err *e)
{
    char *text;
    size_t len;

    if (!path || !*path)
        return RC_OK;
    TRY(fs_read(g->arena, path, 4096, &text, &len, e));
    text[strcspn(text, "\r\n")] = 0;
    *out = text;
    return RC_OK;
}

enum rc outbox_load(struct registry *g, struct outbox **out, struct err *e)
{
    const struct registry_conf *c = &g->conf;
    uint32_t r;

    *out = NULL;
    if (!c->smtp && !c->sms)
        return RC_OK;
    if (c->smtp && !mail_address_valid(c->smtp->from))
        return err_at(e, RC_BAD_FIELD, "smtp.from", "not an address");
    struct outbox *o = ARENA_NEW(g->arena, struct outbox);
    o->g = g;
    TRY(outbox_texts_load(g->arena, c->configs, &o->texts, e));
    if (c->smtp)
        TRY(secret(g, c->smtp->password_file, &o->password, e));
    if (c->sms)
        TRY(secret(g, c->sms->token_file, &o->token, e));
    TRY(rnd_bytes(&r, sizeof(r), e));
    o->claim = (int32_t)(r >> 1);
    snprintf(o->claim_text, sizeof(o->claim_text), "%d", (int)o->claim);
    letters_init(&o->marks);
    letters_init(&o->flying);
    for (int way = 0; way < WAY_COUNT; way++)
        letters_init(&o->roads[way].waiting);
    o->roads[WAY_EMAIL].configured = c->smtp != NULL;
    o->roads[WAY_SMS].configured = c->sms != NULL;
    *out = o;
    return RC_OK;
}

void outbox_start(struct outbox *o)
{
    struct db_conf dc = {
        .conninfo = o->g->conf.db,
        .name = "outbox",
        .session = sql_text(SQL_SESSION),
        .stmts = &sql_table[SQL_OUTBOX_CLAIM],
        .nstmts = SQL_OUTBOX_COUNT,
        .on_up = on_up,
        .on_down = on_down,
        .user = o,
    };
    o->net = net_new(o->g->loop);
    o->db = db_new(o->g->loop, &dc);
    mail_lanes_open(o);
    sms_lanes_open(o);
    uv_timer_init(o->g->loop, &o->tick);
    o->tick.data = o;
    uv_timer_start(&o->tick, on_tick, TICK_MS / 4, TICK_MS);
    uv_check_init(o->g->loop, &o->check);
    o->check.data = o;
    uv_check_start(&o->check, on_turn);
}

/* What is under way is cut off; the next process finds it by our lock that is gone. */
void outbox_stop(struct outbox *o)
{
    if (!o || !o->db)
        return;
    o->stopping = true;
    mail_lanes_close(o);
    sms_lanes_close(o);
    net_free(o->net);
    db_free(o->db);
    o->db = NULL;
    for (int way = 0; way < WAY_COUNT; way++)
        for (struct letter *l; (l = letters_pop(&o->roads[way].waiting));)
            letter_free(l);
    for (struct letter *l; (l = letters_pop(&o->marks));)
        letter_free(l);
    uv_close((uv_handle_t *)&o->tick, NULL);
    uv_close((uv_handle_t *)&o->check, NULL);
}
