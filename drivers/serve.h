/* The process around a driver: reads commands, opens the device when it is there, sends frames. */
#ifndef PRIDVOR_SERVE_H
#define PRIDVOR_SERVE_H

#include "common/model/frame.h"
#include "drivers/rows.h"

struct serve_opts {
    const char *devices; /* folder, see rows_dir() */
    const char *pin;     /* "usb:VID:PID[:SERIAL]", "serial:TEXT" or a port, or NULL: only this one */
    const char *prefer;  /* the same words: this one if it is there, else any (two equal devices) */
    bool quiet;          /* by hand: a person reads stderr, so changes of state are not logged */
    int commands;        /* descriptor of command lines, -1: none (by hand) */
    void (*emit)(void *user, const char *line, size_t len); /* one frame, without the line end */
    void *user;
};

struct serve;
MUST enum rc serve_new(const struct driver_ops *ops, const struct serve_opts *o, struct serve **out,
                       struct err *e);
void serve_free(struct serve *s); /* closes the device */
void serve_freep(struct serve **s);

/* Until the end of input. */
void serve_loop(struct serve *s);
/* By hand: one try to open, then one command, whose frames go to emit(). */
MUST enum rc serve_open(struct serve *s, struct err *e);
void serve_command(struct serve *s, const struct command *c);

bool serve_word_in(const char *const *words, const char *word); /* words: NULL-terminated, or NULL */

/* Writes frames to a descriptor, for emit(): blocks at most 5 s, then ends the process (nobody listens). */
void serve_emit_fd(void *fd, const char *line, size_t len);

#endif
