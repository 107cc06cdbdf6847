#include "backend/intake.h"

#include <stdlib.h>
#include <string.h>

#include "backend/intake_rows.h"
#include "backend/sql.h"
#include "common/base/log.h"

/* A batch costs the database as much as four of its rows before its first one, and while it is small the next
 * can begin sooner: full is where neither waits for the other (64 terminals, two cores). */
enum { RUNNING_MAX = 2, FULL = 16, LOOK_EVERY = 4, SERVER_LEN = 96, SERVER_MS = 5000 };
/* Parts of failed batches wait on a stack: of each that runs at most one half per level, and the depth is
 * log2 of the batch. */
enum { PARTS_MAX = 16 * RUNNING_MAX };

/* A connection and which server it reached: start time and address of the postmaster; "" while it is down. */
struct road {
    struct intake *in;
    struct db *db;
    char server[SERVER_LEN];
};
/* What is under way in one transaction. */
struct batch {
    struct shard *s;
    struct line flying;
    bool busy, retried;
    int64_t sent_us;
    uint64_t flush_life; /* of the flush connection when the batch left */
    struct intake_rows rows;
};
struct part {
    struct line l;
    bool retried;
};
struct shard {
    struct road road; /* first: callbacks know the road */
    struct intake *in;
    struct line waiting;
    struct part parts[PARTS_MAX];
    unsigned n_parts, running;
    struct batch batches[RUNNING_MAX];
};
struct intake {
    struct intake_conf conf;
    unsigned n_shards;
    struct shard shards[INTAKE_SHARDS_MAX];
    struct road flush;
    struct line settled,
        flushing; /* committed, not yet known to be on disk; those whose flush is under way */
    bool flush_busy;
    uv_check_t check;
    uv_idle_t idle; /* keeps the loop from sleeping when refusals wait to be told */
    struct line refused;
    struct intake_stats stats;
    unsigned puts;
    bool closing;
};

/* An item is gone once it was told: its answer ends the request it lives in. */
static void answer(struct intake *in, struct intake_item *it, const struct err *e)
{
    const struct err ok = {0};
    const struct intake_item first = *it;
    int64_t now = mono_us();

    for (struct intake_item *c = it, *next; c; c = next) {
        next = c->copies;
        if (c != it) {
            c->n = first.n;
            c->registered_ms = first.registered_ms;
            c->filed_on = first.filed_on;
            c->due = first.due;
            c->repeat = true;
            if (*first.first_reg)
                intake_rows_reg(c, first.first_reg);
        }
        in->stats.wait_us += (uint64_t)(now - c->queued_us);
        if (e)
            in->stats.failed++;
        else if (c->repeat)
            in->stats.repeated++;
        else
            in->stats.registered++;
        c->cb(c, e ? e : &ok, c->user);
    }
}

/* The answer that the database gave: a number, or that the id is taken. */
static void answer_settled(struct intake *in, struct intake_item *it)
{
    struct err e = {0};

    if (it->done && it->registered_ms >= 0) {
        answer(in, it, NULL);
        return;
    }
    in->stats.conflicts += it->done;
    if (it->done)
        err_at(&e, RC_CONFLICT, "request.request_id", "this id was used for another request");
    else
        err_set(&e, RC_INTERNAL, "the batch has no row for this request");
    answer(in, it, &e);
}

/* e NULL: each as the database said. */
static void answer_line(struct intake *in, struct line *l, const struct err *e)
{
    struct line mine;
    line_move(&mine, l);
    for (struct intake_item *it = mine.head, *next; it; it = next) {
        next = it->next;
        if (e)
            answer(in, it, e);
        else
            answer_settled(in, it);
    }
}

static void answer_unknown(struct intake *in, struct line *l, const char *why)
{
    struct err e = {0};
    err_set(&e, RC_UNAVAILABLE, "%s", why);
    in->stats.unanswered += l->n;
    answer_line(in, l, &e);
}

static void refuse_all(uv_idle_t *h)
{
    struct intake *in = h->data;
    struct err e = {0};
    err_set(&e, RC_UNAVAILABLE, "the register cannot take requests now");
    uv_idle_stop(h);
    answer_line(in, &in->refused, &e);
}

/* Told in the next turn: nobody is answered from inside of its own put. */
static void refuse(struct intake *in, struct line *l)
{
    line_join(&in->refused, l);
    uv_idle_start(&in->idle, refuse_all);
}

/* Both roads stand and lead to one server; else a flush would prove nothing about a batch. */
static bool usable(const struct shard *s)
{
    return s->road.server[0] && strcmp(s->road.server, s->in->flush.server) == 0;
}

/* ---- one batch ---- */

/* Nothing but this shard is at work, so no flush will come by that could take a request along. */
static bool lonely(const struct shard *s)
{
    const struct intake *in = s->in;
    for (unsigned i = 0; i < in->n_shards; i++)
        if (in->shards[i].running)
            return false;
    return !in->flush_busy && !in->settled.n;
}

static void on_batch(const struct db_reply *r, void *user);

static enum rc send_batch(struct batch *b, bool alone, struct err *e)
{
    struct intake *in = b->s->in;
    struct db_param p[INTAKE_PARAMS];

    b->flush_life = db_connects(in->flush.db);
    intake_rows_fill(&b->rows, &b->flying, alone, &in->conf, in->conf.now_ms());
    intake_rows_params(&b->rows, p);
    b->sent_us = mono_us();
    return db_send(b->s->road.db, intake_rows_stmt(&b->rows), p, in->conf.deadline_ms, on_batch, b, e);
}

/* While one runs, the next stands behind it in the connection as soon as it is full: then the database need
 * not wait until we have read what all terminals sent. What is not full leaves when the turn is over and
 * nothing runs. */
static struct batch *place_for_next(struct shard *s, bool turn_over)
{
    if (!s->n_parts && s->waiting.n < (turn_over && !s->running ? 1 : FULL))
        return NULL;
    for (unsigned i = 0; i < RUNNING_MAX; i++)
        if (!s->batches[i].busy)
            return &s->batches[i];
    return NULL;
}

static void send_next(struct shard *s, bool turn_over)
{
    struct err e = {0};
    struct batch *b;

    while (!s->in->closing && usable(s) && (b = place_for_next(s, turn_over))) {
        struct part p = {.retried = false};
        bool alone = lonely(s);
        if (s->n_parts)
            p = s->parts[--s->n_parts];
        else
            p.l = line_take(&s->waiting, INTAKE_BATCH_MAX);
        line_move(&b->flying, &p.l);
        b->retried = p.retried;
        b->busy = send_batch(b, alone, &e) == RC_OK;
        s->running += b->busy;
        if (!b->busy) {
            log_err(&e, "event=intake_send n=%u", b->flying.n);
            refuse(s->in, &b->flying);
        }
    }
}

/* ---- its answer ---- */

/* Committed. A request that was alone is on disk; a batch waits for the flush, if that still is the one it
 * left with. */
static void batch_done(struct batch *b, const struct db_result *r)
{
    struct intake *in = b->s->in;

    intake_rows_take(&b->rows, r);
    if (b->rows.how == INTAKE_ALONE) {
        answer_line(in, &b->flying, NULL);
    } else if (!usable(b->s) || b->flush_life != db_connects(in->flush.db)) {
        answer_unknown(in, &b->flying, "the database server changed under the batch");
    } else {
        line_join(&in->settled, &b->flying);
    }
}

/* ---- the flush ---- */

static void flush_next(struct intake *in);

static void on_flush(const struct db_reply *r, void *user)
{
    struct intake *in = user;

    struct line told;

    line_move(&told, &in->flushing);
    in->flush_busy = false;
    if (r->err.rc == RC_OK) {
        in->stats.flushes++;
        flush_next(in); /* the database works on while we answer */
        answer_line(in, &told, NULL);
        return;
    }
    log_err(&r->err, "event=flush_failed n=%u sqlstate=%s", told.n, r->state);
    in->stats.unanswered += told.n;
    answer_line(in, &told, &r->err);
}

/* Batches commit without waiting for the disk (synchronous_commit off); one small transaction that does wait
 * makes all that was committed before it safe: the log is written in order, here and on a standby. So the
 * next batch runs while the last one is written. Nothing is told before; a crash in between takes batch and
 * numbers back together. */
static void flush_next(struct intake *in)
{
    struct err e = {0};

    if (in->flush_busy || !in->settled.n)
        return;
    line_move(&in->flushing, &in->settled);
    in->flush_busy =
        db_send(in->flush.db, SQL_INTAKE_FLUSH, NULL, in->conf.deadline_ms, on_flush, in, &e) == RC_OK;
    if (!in->flush_busy)
        answer_unknown(in, &in->flushing, e.text);
}

/* 23505: another process has just committed the same request (an answer was lost, the terminal came back), or
 * a receipt code is taken. 40: the server asks for another try. */
static bool worth_again(const struct batch *b, const char *state)
{
    return !b->retried && (strcmp(state, "23505") == 0 || strncmp(state, "40", 2) == 0);
}

static void put_part(struct shard *s, struct line *l, bool retried)
{
    struct part *p = &s->parts[s->n_parts++];
    line_move(&p->l, l);
    p->retried = retried;
}

/* What of a failed batch is to be tried once more, in which pieces; false: nothing is. */
static bool try_again(struct batch *b, const char *state)
{
    struct shard *s = b->s;
    /* 22, 23: values; 21: two different requests under one id met in one batch */
    bool data = state[0] == '2' && strchr("123", state[1]) && state[1];
    bool again = worth_again(b, state);

    if ((!data && !again) || s->n_parts + 2 > PARTS_MAX)
        return false;
    if (b->rows.how == INTAKE_NEW) {
        for (struct intake_item *it = b->flying.head; it; it = it->next)
            it->doubtful = true;
        put_part(s, &b->flying, b->retried);
        s->in->stats.doubted++;
        return true;
    }
    if (b->flying.n > 1) {
        struct line first = line_take(&b->flying, b->flying.n / 2);
        log_warn("event=batch_halved n=%u sqlstate=%s", first.n + b->flying.n, state);
        put_part(s, &b->flying, b->retried);
        put_part(s, &first, b->retried);
        s->in->stats.halved++;
        return true;
    }
    if (again)
        put_part(s, &b->flying, true);
    return again;
}

static void batch_failed(struct batch *b, const struct db_reply *r)
{
    struct intake *in = b->s->in;
    struct err e = r->err;

    if (r->unknown)
        in->stats.unanswered += b->flying.n;
    if (try_again(b, r->state))
        return;
    if (strcmp(r->state, "23505") == 0)
        err_set(&e, RC_CONFLICT, "%s", r->err.text);
    else if (e.rc == RC_INTERNAL ||
             strstr(e.text, "register_year_closed")) /* our fault, our clock: it comes again */
        e.rc = RC_UNAVAILABLE;
    log_err(&e, "event=intake_failed n=%u sqlstate=%s unknown=%d", b->flying.n, r->state, r->unknown);
    answer_line(in, &b->flying, &e);
}

static void on_batch(const struct db_reply *r, void *user)
{
    struct batch *b = user;
    struct shard *s = b->s;
    struct intake *in = s->in;
    unsigned size = 0;

    while (size < COUNT(in->stats.size_sum) - 1 && (1u << size) < b->flying.n)
        size++;
    in->stats.size_sum[size]++;
    in->stats.batches++;
    in->stats.commit_us += (uint64_t)(mono_us() - b->sent_us);
    b->busy = false;
    s->running--;
    if (r->err.rc == RC_OK)
        batch_done(b, r->rows);
    else
        batch_failed(b, r);
    flush_next(in);
    send_next(s, false);
}

/* ---- connections ---- */

static void refuse_waiting(struct shard *s)
{
    struct err e = {0};
    err_set(&e, RC_UNAVAILABLE, "the database connection was lost");
    while (s->n_parts)
        answer_line(s->in, &s->parts[--s->n_parts].l, &e);
    answer_line(s->in, &s->waiting, &e);
}

static void on_server(const struct db_reply *r, void *user)
{
    struct road *road = user;
    if (r->rows && db_rows(r->rows) == 1)
        snprintf(road->server, sizeof(road->server), "%s", db_text(r->rows, 0, 0));
}

static void on_up(struct db *d, void *user)
{
    struct err e = {0};
    if (db_send(d, SQL_INTAKE_SERVER, NULL, SERVER_MS, on_server, user, &e) != RC_OK)
        log_err(&e, "event=intake_connection");
}

static void on_shard_down(struct db *d, void *user)
{
    struct shard *s = user;
    (void)d;
    s->road.server[0] = 0;
    refuse_waiting(s);
}

/* What was committed may or may not have reached the disk: the terminals come again. */
static void on_flush_down(struct db *d, void *user)
{
    struct road *road = user;
    struct intake *in = road->in;
    (void)d;
    road->server[0] = 0;
    answer_unknown(in, &in->settled, "the database connection was lost before the flush");
    for (unsigned i = 0; i < in->n_shards; i++)
        refuse_waiting(&in->shards[i]);
}

static void road_open(struct road *road, struct intake *in, uv_loop_t *loop, enum sql_id session,
                      void (*on_down)(struct db *d, void *user))
{
    struct db_conf dc = {
        .conninfo = in->conf.conninfo,
        .name = session == SQL_SESSION_FLUSH ? "flush" : "intake",
        .session = sql_text(session),
        .stmts = sql_table,
        .nstmts = SQL_INTAKE_COUNT,
        .on_up = on_up,
        .on_down = on_down,
        .user = road,
    };
    road->in = in;
    road->db = db_new(loop, &dc);
}

/* ---- the surface ---- */

static void on_turn(uv_check_t *h)
{
    struct intake *in = h->data;
    for (unsigned i = 0; i < in->n_shards; i++)
        send_next(&in->shards[i], true);
    flush_next(in);
}

static unsigned shard_of(const struct intake *in, const char *institution)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (; *institution; institution++)
        h = (h ^ (uint8_t)*institution) * 16777619u;
    return (h >> 16) % in->n_shards;
}

/* A copy waits with its first and is answered by the same commit. */
static bool join_copy(struct line *l, struct intake_item *it)
{
    for (struct intake_item *o = l->head; o; o = o->next) {
        if (memcmp(o->id, it->id, sizeof(it->id)) != 0)
            continue;
        if (memcmp(o->sha256, it->sha256, SHA256_LEN) != 0 ||
            strcmp(o->receipt_code, it->receipt_code) != 0 || strcmp(o->institution, it->institution) != 0)
            return false; /* goes its own way: the unique index decides between them */
        it->copies = o->copies;
        o->copies = it;
        return true;
    }
    return false;
}

/* In one turn the loop may read dozens of requests; meanwhile the database would have answered long ago and
 * stand idle, and terminals whose requests are on disk would wait for those of others. */
static void look(struct intake *in)
{
    if (++in->puts % LOOK_EVERY != 0)
        return;
    for (unsigned i = 0; i < in->n_shards; i++)
        db_look(in->shards[i].road.db);
    db_look(in->flush.db);
}

void intake_put(struct intake *in, struct intake_item *it)
{
    struct shard *s = &in->shards[shard_of(in, it->institution)];

    look(in);
    it->next = it->copies = NULL;
    it->doubtful = false;
    it->queued_us = mono_us();
    uv_idle_start(&in->idle, refuse_all); /* a turn follows, even when put outside of the loop */
    if (!usable(s) || s->waiting.n >= INTAKE_WAITING_MAX || in->closing) {
        line_add(&in->refused, it);
        return;
    }
    if (!join_copy(&s->waiting, it))
        line_add(&s->waiting, it);
    send_next(s, false);
}

static int64_t now_default(void)
{
    return unix_ms();
}

struct intake *intake_new(uv_loop_t *loop, const struct intake_conf *conf)
{
    struct intake *in = calloc(1, sizeof(*in));
    if (!in)
        abort();
    in->conf = *conf;
    if (!in->conf.now_ms)
        in->conf.now_ms = now_default;
    if (!in->conf.deadline_ms)
        in->conf.deadline_ms = 10000;
    in->n_shards = conf->shards ? conf->shards : 1;
    if (in->n_shards > INTAKE_SHARDS_MAX)
        in->n_shards = INTAKE_SHARDS_MAX;
    line_init(&in->refused);
    uv_idle_init(loop, &in->idle);
    in->idle.data = in;
    uv_check_init(loop, &in->check);
    in->check.data = in;
    uv_check_start(&in->check, on_turn);
    line_init(&in->settled);
    line_init(&in->flushing);
    road_open(&in->flush, in, loop, SQL_SESSION_FLUSH, on_flush_down);
    for (unsigned i = 0; i < in->n_shards; i++) {
        struct shard *s = &in->shards[i];
        s->in = in;
        line_init(&s->waiting);
        for (unsigned k = 0; k < RUNNING_MAX; k++) {
            s->batches[k].s = s;
            line_init(&s->batches[k].flying);
        }
        road_open(&s->road, in, loop, SQL_SESSION_INTAKE, on_shard_down);
    }
    return in;
}

static void intake_closed(uv_handle_t *h)
{
    struct intake *in = h->data;
    for (unsigned i = 0; i < in->n_shards; i++)
        for (unsigned k = 0; k < RUNNING_MAX; k++)
            intake_rows_free(&in->shards[i].batches[k].rows);
    free(in);
}

void intake_free(struct intake *in)
{
    if (!in)
        return;
    in->closing = true;
    for (unsigned i = 0; i < in->n_shards; i++) {
        db_free(in->shards[i].road.db);
        refuse_waiting(&in->shards[i]);
    }
    db_free(in->flush.db);
    answer_unknown(in, &in->settled, "closing");
    refuse_all(&in->idle);
    uv_close((uv_handle_t *)&in->idle, NULL);
    uv_close((uv_handle_t *)&in->check, intake_closed);
}

unsigned intake_up(const struct intake *in)
{
    unsigned n = 0;
    for (unsigned i = 0; in && i < in->n_shards; i++)
        n += usable(&in->shards[i]);
    return n;
}

unsigned intake_shards(const struct intake *in)
{
    return in ? in->n_shards : 0;
}

static unsigned running(const struct shard *s)
{
    unsigned n = 0;
    for (unsigned i = 0; i < RUNNING_MAX; i++)
        n += s->batches[i].flying.n;
    return n;
}

unsigned intake_waiting(const struct intake *in)
{
    unsigned n = 0;
    for (unsigned i = 0; in && i < in->n_shards; i++)
        n += in->shards[i].waiting.n + running(&in->shards[i]);
    return n;
}

const struct intake_stats *intake_stats(const struct intake *in)
{
    static const struct intake_stats none;
    return in ? &in->stats : &none;
}
