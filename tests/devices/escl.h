/* A network scanner with flatbed and feeder: eSCL (Mopria Alliance, eSCL 2.9) over HTTP/1.1 on loopback, with
 * the faults of its kind. Answers the control socket, too. */
#ifndef PRIDVOR_TESTS_ESCL_H
#define PRIDVOR_TESTS_ESCL_H

#include <gio/gio.h>

#include "tests/devices/scan_pages.h"

enum { ESCL_FEED_MAX = 64 };

struct escl_job {
    int id; /* 0: none */
    bool feeder, color;
    int dpi, page;     /* delivered so far */
    int width, height; /* pixels */
};

struct escl {
    GMutex lock;
    GCond change;
    int port;
    const char *model;
    /* what lies there */
    enum page_kind feed[ESCL_FEED_MAX], glass;
    int feed_n, feed_at; /* at: pages taken */
    unsigned seed;
    struct page_ask look; /* how pages come out: turn, blur ... */
    /* faults */
    int jam_at, cut_at; /* page of the feeder's load, from 1; 0: none */
    bool jammed, cover, jam_when_empty, wrong_place, stall;
    int garble_at, noise_at;        /* request from now on whose body, or all of whose answer, is spoiled */
    int die_at, die_from, stall_at; /* request from now on, from 1; 0: none */
    int delay_ms;                   /* before a page: a cold lamp */
    gint64 busy_until;              /* g_get_monotonic_time() */
    /* what happened */
    unsigned requests, jobs, pages, deletes;
    struct escl_job job;
};

/* One HTTP connection, until it is closed. */
void escl_http(struct escl *s, GSocketConnection *c);
/* One line of the control socket; the answer is a JSON object. */
void escl_command(struct escl *s, const char *line, GString *answer);

#endif
