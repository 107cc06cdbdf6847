/* The whole house for a test: ./pridvor up in a folder and on ports of its own; parts are killed, stopped and
 * started for real. */
#ifndef PRIDVOR_E2E_HOUSE_H
#define PRIDVOR_E2E_HOUSE_H

#include <sys/types.h>

#include "tests/e2e/citizen.h"
#include "tests/e2e/papers.h"

struct house {
    char var[200];
    int ports;
    struct api api;
    char error[300];
};

/* name: folder below build/.../house-<name>; an old one is stopped and emptied. */
bool house_up(struct house *h, const char *name, int ports);
int house_setup(struct house *h, const char *name, int ports); /* the same as a group's setup; says why not */
void house_down(struct house *h);
/* Between two tests: no session is left, paper in, network open, empty slot, nothing is said. */
void house_between(struct house *h);
pid_t house_pid(struct house *h, const char *part); /* 0: does not run */
bool house_kill(struct house *h, const char *part); /* kill -9 and wait until it is gone */
bool house_start(struct house *h, const char *part);
bool house_stop(struct house *h, const char *part);
bool house_net(struct house *h, bool open); /* the relay between terminal and register */
/* One value from the register's database; "" when there is none. */
const char *house_sql(struct house *h, struct arena *a, const char *sql);
/* The text that was signed; "" when the register has no such receipt. */
const char *house_request(struct house *h, struct arena *a, const char *code);
int64_t house_count(struct house *h, const char *sql);
/* Until the statement gives this number. */
bool house_until(struct house *h, int64_t want, const char *sql, int ms);
/* For cmocka tests with a `static struct house house`: fails with the sentence of whoever failed. */
#define API (&house.api)
#define HOLDS(call)                                                                                          \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s", #call, house.error[0] ? house.error : house.api.error);                       \
    } while (0)
/* Opens the API again after kioskd was started again. */
bool house_api(struct house *h);
/* Searches the memory of a process for the text; number of places, -1 when it cannot be read. */
int memory_search(pid_t pid, const char *text);
int memory_search_bytes(pid_t pid, struct bytes text);
/* pids of the children of pid, at most max. */
size_t children_of(pid_t pid, pid_t *out, size_t max);
/* The file of the register with this SHA-256, as a path; NULL and house.error when it is not there. */
const char *house_blob(struct house *h, struct arena *a, const char *sha256);
/* registryctl verify with the files; true when the register is sound. */
bool house_sound(struct house *h);

#endif
