/* The register's server. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/migrate.h"
#include "backend/registry.h"
#include "backend/sealed.h"
#include "common/base/log.h"

enum { MIGRATE_AGAIN_MS = 500 };
/* Those who work at the desk may wait for the database without holding up handshakes and files. */
#define THREADS "12"

/* Migrating blocks, so it has a thread of the pool; the listeners answer "later" until it is done. */
struct boot {
    struct registry *g;
    uv_work_t work;
    uv_timer_t again;
    uv_signal_t term, intr;
    struct err err;
    int applied;
    int64_t sealed;
    bool stopping, fatal;
};

static void migrate_work(uv_work_t *w)
{
    struct boot *b = w->data;
    b->err = (struct err){0};
    if (migrate(b->g->conf.db, &b->applied, &b->err) == RC_OK && registry_key_check(b->g, &b->err) == RC_OK &&
        sealed_old(b->g->conf.db, &b->g->house.request_key, &b->sealed, &b->err) == RC_OK)
        b->err.rc = RC_OK;
}

static void migrate_start(uv_timer_t *t);

static void stop(struct boot *b)
{
    if (b->stopping)
        return;
    b->stopping = true;
    log_info("event=stop");
    registry_stop(b->g);
    uv_close((uv_handle_t *)&b->again, NULL);
    uv_close((uv_handle_t *)&b->term, NULL);
    uv_close((uv_handle_t *)&b->intr, NULL);
}

static void migrate_done(uv_work_t *w, int status)
{
    struct boot *b = w->data;
    (void)status;

    if (b->stopping)
        return;
    if (b->err.rc == RC_OK) {
        log_info("event=migrated applied=%d sealed=%lld", b->applied, (long long)b->sealed);
        registry_start(b->g);
        return;
    }
    if (rc_retry(b->err.rc)) {
        log_err(&b->err, "event=database_wait");
        uv_timer_start(&b->again, migrate_start, MIGRATE_AGAIN_MS, 0);
        return;
    }
    log_err(&b->err, "event=start_failed");
    b->fatal = true;
    stop(b);
}

static void migrate_start(uv_timer_t *t)
{
    struct boot *b = t->data;
    b->work.data = b;
    uv_queue_work(b->g->loop, &b->work, migrate_work, migrate_done);
}

static void on_signal(uv_signal_t *s, int number)
{
    (void)number;
    stop(s->data);
}

static void end(struct registry *g)
{
    tls_ctx_free(g->tls);
    desk_free(g->desk);
    wipe(g->pin_key, sizeof(g->pin_key));
    work_house_wipe(&g->house);
    for (size_t i = 0; i < TERM_DAYS; i++)
        arena_free(g->term_days[i].arena);
    arena_free(g->world_arena);
    arena_free(g->arena);
}

static void serve(struct boot *b)
{
    struct registry *g = b->g;

    uv_timer_init(g->loop, &b->again);
    uv_signal_init(g->loop, &b->term);
    uv_signal_init(g->loop, &b->intr);
    b->again.data = b->term.data = b->intr.data = b;
    uv_signal_start(&b->term, on_signal, SIGTERM);
    uv_signal_start(&b->intr, on_signal, SIGINT);
    migrate_start(&b->again);
    uv_run(g->loop, UV_RUN_DEFAULT);
    uv_loop_close(g->loop);
}

static int run(const char *path)
{
    setenv("UV_THREADPOOL_SIZE", THREADS, 0);
    mallopt(M_ARENA_MAX, 1); /* else each thread keeps for itself what a letter once took */
    signal(SIGPIPE, SIG_IGN);
    struct err e = {0};
    struct registry g = {.loop = uv_default_loop(), .arena = arena_new()};
    struct boot b = {.g = &g};

    if (registry_conf_load(g.arena, path, &g.conf, &e) == RC_OK && registry_load(&g, &e) == RC_OK &&
        registry_listen(&g, &e) == RC_OK)
        serve(&b);
    else {
        log_err(&e, "event=start_failed");
        b.fatal = true;
    }
    end(&g);
    return b.fatal ? 1 : 0;
}

int main(int argc, char **argv)
{
    const char *path = "configs/registry.conf";

    memory_no_core();
    log_open("registryd");
    if (argc == 3 && strcmp(argv[1], "--config") == 0)
        path = argv[2];
    else if (argc != 1) {
        fprintf(stderr, "usage: registryd [--config FILE]\n");
        return 2;
    }
    return run(path);
}
