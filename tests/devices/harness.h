/* Virtual devices for C tests: start one, command it, run a program that sees it.
 *
 *   struct vdev_proc v;
 *   assert_true(vdev_start(&v, "printer", "at 40mm paper_end"));
 *   int in, out;
 *   pid_t pid = vdev_spawn(&v, (const char *const[]){kdrv, "print", "serve", NULL}, &in, &out);
 *   ...
 *   assert_int_equal(vdev_cmd(&v, "paper ok", NULL, 0), 0);
 *   assert_true(vdev_until(&v, "\"tickets\":1,", 5000));
 *   vdev_stop(&v);      after the program has ended: a program that loses its emulator inside a call is
 * aborted
 *
 * The program must not become a session leader (setsid): the node is a pty behind a link, and libusb opens
 * without O_NOCTTY, so it would get SIGHUP at unplug. One libusb program per device at a time receives
 * hot-plug events. */
#ifndef PRIDVOR_TESTS_HARNESS_H
#define PRIDVOR_TESTS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct vdev_proc {
    pid_t pid;
    char dir[128];    /* ctl.sock, env, pictures; removed by vdev_stop */
    char env[8][256]; /* KEY=VALUE */
    int nenv;
};

/* model "reader", "printer", "pad" or "probe"; script may be NULL. false: said on stderr. */
bool vdev_start(struct vdev_proc *v, const char *model, const char *script);
/* The same with more arguments for vdev ("--card", "A", NULL). */
bool vdev_start_args(struct vdev_proc *v, const char *model, const char *script, const char *const *args);
/* 0 done, 1 refused, -1 no answer. reply (may be NULL) gets the JSON line without line feed. */
int vdev_cmd(const struct vdev_proc *v, const char *line, char *reply, size_t cap);
/* Asks `state` until it contains the text, at most ms. */
bool vdev_until(const struct vdev_proc *v, const char *text, int ms);
/* A number of `state` ("tickets"); -1 when there is none. */
double vdev_num(const struct vdev_proc *v, const char *name);
/* Path of a file in the device's folder, in a static buffer. */
const char *vdev_path(const struct vdev_proc *v, const char *file);

/* Runs argv with the device's environment. in: write end of its stdin, out: read end of its stdout; NULL
 * leaves that one inherited. stderr is inherited. Pipes are close-on-exec here. Returns the pid, -1 on
 * failure. */
pid_t vdev_spawn(const struct vdev_proc *v, const char *const *argv, int *in, int *out);
/* Waits at most ms for a child; then kills it. Exit code, 128 + signal, or -1 when it had to be killed. */
int vdev_wait(pid_t pid, int ms);
void vdev_stop(struct vdev_proc *v);

/* For a test that is itself the client: starts the device, runs this program again under it and ends with its
 * result. Returns only in that second run, with the device's folder for vdev_cmd_at. */
const char *vdev_self(const char *model, char **argv);

/* A wait of a test, times PRIDVOR_SLOW: under valgrind everything takes many times longer. */
int vdev_patience(int ms);

/* The same by folder, for processes that did not start the device. */
int vdev_cmd_at(const char *dir, const char *line, char *reply, size_t cap);

#endif
