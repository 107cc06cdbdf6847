/* A kioskd with real drivers on virtual devices, and one place for a driver that behaves badly. */
#ifndef PRIDVOR_TESTS_LAYER_RIG_H
#define PRIDVOR_TESTS_LAYER_RIG_H

#include "common/base/buf.h"
#include "tests/devices/harness.h"
#include "tests/unit/base_certs.h"

struct layer {
    char dir[64], key[80], token[80];
    struct certs certs;
    struct vdev_proc card, print, pad;
    int port;
    pid_t pid;
};

/* bad: mode of fake_kdrv for the driver "scan", NULL: none. known: content of devices.json, NULL: none. */
bool layer_up(struct layer *l, const char *bad, const char *known);
void layer_down(struct layer *l);
/* kioskctl with these words (NULL-terminated); its output; exit code. */
int layer_ctl(const struct layer *l, const char *const *words, struct buf *out);
pid_t layer_ctl_start(const struct layer *l, const char *const *words, int *out);
/* A command by hand in a process of its own: exit code 0 when it was "ok". */
pid_t layer_by_hand(const struct layer *l, const char *driver, const char *verb, const char *args);
/* Waits until `kioskctl devices --json` says so of a device. */
bool layer_public(const struct layer *l, const char *device, const char *state, int ms);
/* A number of that device's row ("restarts", "pid"); -1. */
long layer_number(const struct layer *l, const char *device, const char *name);
/* POST to the page's API with a token; status code. */
int layer_post(struct layer *l, const char *path, const char *body);
/* One command to a driver through kioskd; milliseconds until its completion, -1 when it was not "ok". */
double layer_command(const struct layer *l, const char *driver, const char *verb, const char *args);

#endif
