/* A server in a thread of its own, and raw sockets to attack it with. */
#ifndef PRIDVOR_TESTS_BASE_RIG_H
#define PRIDVOR_TESTS_BASE_RIG_H

#include "common/base/http.h"

struct rig {
    int port;
    struct http_conf conf; /* routes and handlers are the rig's; the rest may be set before rig_start */
    void *inside;
};

void rig_start(struct rig *r);
void rig_stop(struct rig *r);
unsigned rig_conns(struct rig *r); /* open connections */
/* Waits until so many are open. */
bool rig_wait_conns(struct rig *r, unsigned n, int ms);
unsigned rig_streams_closed(struct rig *r); /* times a stream's on_close was called */
/* Of GET /source?n=N&dry=FROM: bytes that were asked for, and how often it ended like this. */
unsigned rig_made(struct rig *r);
unsigned rig_ends(struct rig *r, enum rc rc);
char raw_byte(size_t i); /* of its body */

int raw_connect(int port);
/* Sends in pieces of step bytes (0: all at once); false when the other side closed. */
bool raw_send(int fd, const char *p, size_t n, size_t step);
bool raw_say(int fd, const char *text); /* the whole text at once */
/* Reads until the end or until ms have passed without one; NUL-terminated, to be freed. */
char *raw_read(int fd, int ms, size_t *n);
/* Reads until the text was seen or ms have passed. */
char *raw_until(int fd, const char *text, int ms);
/* Connects, sends, shuts its side, reads to the end. */
char *raw_talk(int port, const char *p, size_t n, size_t step);

/* Places in another process's memory that hold the word; -1: this machine does not let us look. */
int memory_has(int pid, const char *word);

#endif
