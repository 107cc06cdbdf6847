/* A driver process as kioskd sees it: commands in, frames out. For C tests, with harness.h. */
#ifndef PRIDVOR_TESTS_KDRV_CLIENT_H
#define PRIDVOR_TESTS_KDRV_CLIENT_H

#include "common/base/buf.h"
#include "common/model/frame.h"
#include "tests/devices/harness.h"

struct kdrv {
    pid_t pid;
    int in, out;
    struct buf lines;
    struct arena *arena; /* of the last frames; reset by kdrv_send() */
    int64_t next_id;
    unsigned completions; /* of the command sent last */
    /* notes about the frames seen since kdrv_send() */
    unsigned events, progress, identities, acks;
    char link[16], activity[16], condition[16], text[256];
    unsigned inserted, removed; /* unsolicited, since kdrv_start() */
};

/* binary: $PRIDVOR_KDRV, else the build's own; --transport $PRIDVOR_KDRV_TRANSPORT if set. devices: folder of
 * rows or NULL. */
bool kdrv_start(struct kdrv *k, const struct vdev_proc *v, const char *driver, const char *devices);
/* verb and args ("{\"can\":\"123456\"}"); returns the id. */
int64_t kdrv_send(struct kdrv *k, const char *verb, const char *args, int deadline_ms);
void kdrv_line(struct kdrv *k, const char *line); /* as it is */
/* The next frame, noted; false: none within ms or the process ended. */
bool kdrv_frame(struct kdrv *k, struct frame *f, int ms);
/* Frames until the completion of id. */
bool kdrv_completion(struct kdrv *k, int64_t id, struct frame *f, int ms);
/* Frames until the state says this link ("up"), asking with ping. */
bool kdrv_link(struct kdrv *k, const char *link, int ms);
/* Everything that comes within ms. */
void kdrv_drain(struct kdrv *k, int ms);
/* Send and wait: the completion word, "?" when none came; code and detail through f. */
const char *kdrv_do(struct kdrv *k, const char *verb, const char *args, int deadline_ms, struct frame *f);
/* End of input; exit code, -1 when it had to be killed. */
int kdrv_stop(struct kdrv *k);
/* How often the bytes stand in the memory of the process (writable mappings); -1 when it may not be read. */
int kdrv_memory(const struct kdrv *k, const char *needle);
long kdrv_rss_kb(const struct kdrv *k);

#endif
