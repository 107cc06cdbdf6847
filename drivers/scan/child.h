/* A part of this program in a process of its own, which may be killed at any moment: where a library blocks,
 * breaks or keeps what it read (SANE, OCR). The child ends with its parent. Both sides speak in records over
 * a socket pair; the parent never waits without hearing its own commands. */
#ifndef PRIDVOR_SCAN_CHILD_H
#define PRIDVOR_SCAN_CHILD_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/err.h"

#include <sys/types.h>

#define CHILD_RECORD_MAX (64u * 1024 * 1024)

struct child {
    pid_t pid; /* 0: none */
    int fd;
    struct buf in; /* what came so far */
};

struct record {
    uint32_t type;
    uint32_t len;
    const uint8_t *p; /* until the next child_next() */
};

/* main(fd, arg) runs in the child, whose stdin and stdout are closed; its return value is the exit code. */
MUST enum rc child_start(struct child *c, int (*body)(int fd, const void *arg), const void *arg,
                         struct err *e);
bool child_alive(const struct child *c);
void child_nudge(struct child *c); /* SIGUSR1: what runs is to end */
void child_kill(struct child *c);  /* at once, collects it, wipes what came; fine when there is none */
MUST enum rc child_send(struct child *c, uint32_t type, const void *p, size_t len, struct err *e);
/* That record was the last of an answer: the next child_next() begins anew. */
void child_done(struct child *c, struct record *r);
/* One record, waiting at most ms. RC_TIMEOUT: none yet. RC_LINK_LOST: the child is gone. */
MUST enum rc child_next(struct child *c, int ms, struct record *out, struct err *e);

/* ---- in the child ---- */
bool child_say(int fd, uint32_t type, const void *p, size_t len); /* false: nobody listens */
/* Blocks for one record; the bytes are in `in` (without header). false: end. */
bool child_hear(int fd, uint32_t *type, struct buf *in);

#endif
