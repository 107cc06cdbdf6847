/* A reader that takes as much of an answer as it is told, over TLS; and what registryd holds meanwhile. */
#ifndef PRIDVOR_TEST_SLOW_H
#define PRIDVOR_TEST_SLOW_H

#include "tests/db/desk_rig.h"

struct slow {
    struct tclient c;
    size_t head, got, announced; /* head: bytes of the head that were read */
    char text[4096];             /* the head */
    bool ended;
    void (*take)(struct slow *r, const char *p, size_t n); /* bytes of the body; or NULL */
    void *user;
};

/* A scan of the first case of uat-1, or of the house while there is none: a file of the store; its address.
 */
const char *slow_document(struct desk_rig *rig, const char *type, const char *sha256, int len);
/* path with GET, or with the JSON text that is posted to it. */
void slow_ask(struct slow *r, struct browser *b, const char *path, const char *post);
/* Until it has so many bytes of the body, or the connection ends. */
void slow_take(struct slow *r, size_t want);
/* Files of the store that registryd holds open; -1: this machine does not let us look. */
int slow_open_files(struct desk_rig *rig);
bool slow_wait_open(struct desk_rig *rig, int n);
/* The most memory since the last look began, in KB. */
void slow_peak_begin(struct desk_rig *rig);
long slow_peak_kb(struct desk_rig *rig);

#if defined(__SANITIZE_ADDRESS__)
enum { KEPT_BACK_MB = 300 }; /* by the sanitizer, of what was freed */
#else
enum { KEPT_BACK_MB = 0 };
#endif

#endif
