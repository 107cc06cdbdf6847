/* Inside of kioskctl: talking to kioskd, and the sub-commands that are more than one question. */
#ifndef PRIDVOR_KIOSKCTL_H
#define PRIDVOR_KIOSKCTL_H

#include "common/base/arena.h"
#include "common/model/frame.h"

/* The same as kdrv's. */
enum exit_code { EXIT_FINE, EXIT_FAILED, EXIT_USAGE, EXIT_NO_DEVICE, EXIT_USER, EXIT_UNKNOWN };

struct ctl_options {
    const char *word[2]; /* what to do, with which device */
    const char *can;
    long seconds, minutes;
    bool json, yes, personal;
};

struct ctl_ask {
    const char *driver; /* "*": kioskd itself */
    const char *verb, *args;
    int64_t deadline_ms;
    void (*event)(const struct frame *f, void *user); /* frames before the completion; may be NULL */
    void *user;
};
/* Sends and waits for the completion. RC_UNAVAILABLE: kioskd is not there. The frame lives in the arena. */
MUST enum rc ctl_talk(struct arena *a, const struct ctl_ask *ask, struct frame *out, struct err *e);
enum exit_code ctl_exit(const struct frame *f);

enum exit_code ctl_test(const struct ctl_options *o);
enum exit_code ctl_watch(const struct ctl_options *o); /* trace */
/* Tables for people. */
enum exit_code ctl_show(const char *verb, const struct jval *data);

#endif
