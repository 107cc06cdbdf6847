#include "backend/room.h"

#include <stdio.h>
#include <stdlib.h>

enum { SEATS = 2, WAITING = 64, STATEMENT_MS = 10000 };

struct seat {
    struct room *room;
    uv_work_t req;
    struct db_sync *db;
    struct arena *arena;
    struct work_kept kept;
    struct room_job job;
    struct err err;
    bool busy;
};
struct room {
    struct room_conf conf;
    struct seat *seats;
    struct room_job *queue; /* a ring of conf.waiting */
    unsigned first, waiting, running;
    bool closing;
};

struct room *room_new(const struct room_conf *conf)
{
    struct room *r = calloc(1, sizeof(*r));

    if (!r)
        abort();
    r->conf = *conf;
    r->conf.seats = conf->seats ? conf->seats : SEATS;
    r->conf.waiting = conf->waiting ? conf->waiting : WAITING;
    r->conf.statement_ms = conf->statement_ms ? conf->statement_ms : STATEMENT_MS;
    r->conf.now_ms = conf->now_ms ? conf->now_ms : unix_ms;
    r->seats = calloc(r->conf.seats, sizeof(*r->seats));
    r->queue = calloc(r->conf.waiting, sizeof(*r->queue));
    if (!r->seats || !r->queue)
        abort();
    for (unsigned i = 0; i < r->conf.seats; i++) {
        r->seats[i].room = r;
        r->seats[i].arena = arena_new();
        r->seats[i].kept.a = arena_new();
        r->seats[i].req.data = &r->seats[i];
    }
    return r;
}

/* ---- on a thread ---- */

static enum rc sit_down(struct seat *s, struct err *e)
{
    char text[160];

    if (s->db && !db_sync_alive(s->db)) {
        db_sync_close(s->db);
        s->db = NULL;
    }
    if (s->db)
        return RC_OK;
    TRY(db_sync_open(s->room->conf.house->conf->db, &s->db, e));
    snprintf(text, sizeof(text),
             "SET statement_timeout = %lld; SET idle_in_transaction_session_timeout = 60000",
             (long long)s->room->conf.statement_ms);
    enum rc rc = db_sync_script(s->db, sql_text(SQL_SESSION), e);
    return rc == RC_OK ? db_sync_script(s->db, text, e) : rc;
}

/* What one job left open must not be ended by the next. */
static enum rc leave(struct seat *s, enum rc rc)
{
    if (db_sync_idle(s->db) || db_sync_broken(s->db))
        return rc;
    db_sync_close(s->db);
    s->db = NULL;
    return rc == RC_OK ? err_set(&s->err, RC_INTERNAL, "a job left its transaction open") : rc;
}

static void seat_work(uv_work_t *req)
{
    struct seat *s = req->data;
    struct work w = {
        .house = s->room->conf.house, .a = s->arena, .now_ms = s->room->conf.now_ms, .kept = &s->kept};

    s->err = (struct err){0};
    enum rc rc = sit_down(s, &s->err);
    if (rc == RC_OK) {
        w.db = s->db;
        rc = s->job.work(&w, s->job.user, &s->err);
        rc = leave(s, rc);
    }
    s->err.rc = rc;
    stack_wipe();
}

/* ---- on the loop ---- */

static void room_end(struct room *r)
{
    for (unsigned i = 0; i < r->conf.seats; i++) {
        db_sync_close(r->seats[i].db);
        arena_free(r->seats[i].arena);
        work_kept_free(&r->seats[i].kept);
    }
    free(r->seats);
    free(r->queue);
    free(r);
}

static void told(const struct room_job *job, enum rc rc, const char *why)
{
    struct err e = {0};
    err_set(&e, rc, "%s", why);
    job->done(&e, job->user);
}

static void seats_fill(struct room *r);

static void seat_done(uv_work_t *req, int status)
{
    struct seat *s = req->data;
    struct room *r = s->room;
    struct room_job job = s->job;

    if (status != 0)
        err_set(&s->err, RC_UNAVAILABLE, "the register is stopping");
    job.done(&s->err, job.user);
    arena_reset(s->arena);
    s->busy = false;
    r->running--;
    if (!r->closing)
        seats_fill(r);
    else if (r->running == 0)
        room_end(r);
}

static struct seat *free_seat(struct room *r)
{
    for (unsigned i = 0; i < r->conf.seats; i++)
        if (!r->seats[i].busy)
            return &r->seats[i];
    return NULL;
}

static void seats_fill(struct room *r)
{
    struct seat *s;

    while (r->waiting > 0 && (s = free_seat(r))) {
        s->job = r->queue[r->first];
        r->first = (r->first + 1) % r->conf.waiting;
        r->waiting--;
        s->busy = true;
        r->running++;
        /* fails only without a function */
        (void)uv_queue_work(r->conf.loop, &s->req, seat_work, seat_done);
    }
}

enum rc room_run(struct room *r, const struct room_job *job, struct err *e)
{
    if (r->closing)
        return err_set(e, RC_UNAVAILABLE, "the register is stopping");
    if (r->waiting == r->conf.waiting)
        return err_set(e, RC_BUSY, "%u jobs wait", r->waiting);
    r->queue[(r->first + r->waiting) % r->conf.waiting] = *job;
    r->waiting++;
    seats_fill(r);
    return RC_OK;
}

unsigned room_pending(const struct room *r)
{
    return r ? r->waiting + r->running : 0;
}

void room_free(struct room *r)
{
    if (!r || r->closing)
        return;
    r->closing = true;
    for (; r->waiting > 0; r->waiting--) {
        struct room_job job = r->queue[r->first];
        r->first = (r->first + 1) % r->conf.waiting;
        told(&job, RC_UNAVAILABLE, "the register is stopping");
    }
    if (r->running == 0)
        room_end(r);
}
