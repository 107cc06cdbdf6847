#include "common/base/sockpath.h"
#include "tests/devices/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void nap(long ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

const char *vdev_path(const struct vdev_proc *v, const char *file)
{
    static char path[4][256];
    static int n;
    n = (n + 1) % 4;
    snprintf(path[n], sizeof path[n], "%s/%s", v->dir, file);
    return path[n];
}

/* ---- commands ---- */

static int talk(int fd, const char *line, char *reply, size_t cap)
{
    size_t len = strlen(line);
    if (send(fd, line, len, MSG_NOSIGNAL) != (ssize_t)len || send(fd, "\n", 1, MSG_NOSIGNAL) != 1)
        return -1;
    long until = now_ms() + 10000;
    size_t at = 0;
    while (at + 1 < cap) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        long left = until - now_ms();
        if (left <= 0 || poll(&p, 1, (int)left) <= 0)
            return -1;
        ssize_t n = recv(fd, reply + at, cap - 1 - at, 0);
        if (n <= 0)
            return -1;
        at += (size_t)n;
        reply[at] = '\0';
        char *nl = strchr(reply, '\n');
        if (nl) {
            *nl = '\0';
            return strncmp(reply, "{\"ok\":true", 10) == 0 ? 0 : 1;
        }
    }
    return -1;
}

int vdev_cmd_at(const char *dir, const char *line, char *reply, size_t cap)
{
    char own[8192];
    struct sockaddr_un sa;
    char path[4096];
    snprintf(path, sizeof path, "%s/ctl.sock", dir);
    int folder = sock_address(path, &sa);
    if (folder < 0)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int rc = -1;
    if (connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0)
        rc = reply ? talk(fd, line, reply, cap) : talk(fd, line, own, sizeof own);
    close(fd);
    if (folder > 0)
        close(folder);
    return rc;
}

int vdev_cmd(const struct vdev_proc *v, const char *line, char *reply, size_t cap)
{
    return vdev_cmd_at(v->dir, line, reply, cap);
}

int vdev_patience(int ms)
{
    const char *slow = getenv("PRIDVOR_SLOW");
    long times = slow ? strtol(slow, NULL, 10) : 1;
    return times > 1 && times <= 100 ? ms * (int)times : ms;
}

bool vdev_until(const struct vdev_proc *v, const char *text, int ms)
{
    char reply[8192];
    for (long until = now_ms() + vdev_patience(ms);; nap(5)) {
        if (vdev_cmd(v, "state", reply, sizeof reply) == 0 && strstr(reply, text))
            return true;
        if (now_ms() >= until)
            return false;
    }
}

double vdev_num(const struct vdev_proc *v, const char *name)
{
    char reply[8192], key[64];
    snprintf(key, sizeof key, "\"%s\":", name);
    if (vdev_cmd(v, "state", reply, sizeof reply) != 0)
        return -1;
    const char *at = strstr(reply, key);
    return at ? strtod(at + strlen(key), NULL) : -1;
}

/* ---- processes ---- */

int vdev_wait(pid_t pid, int ms)
{
    int status;
    for (long until = now_ms() + ms;; nap(2)) {
        pid_t got = waitpid(pid, &status, WNOHANG);
        if (got == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (got < 0)
            return -1;
        if (now_ms() >= until)
            break;
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return -1;
}

static bool read_env(struct vdev_proc *v)
{
    FILE *f = fopen(vdev_path(v, "env"), "re");
    if (!f)
        return false;
    v->nenv = 0;
    while (v->nenv < 8 && fgets(v->env[v->nenv], sizeof v->env[0], f)) {
        char *line = v->env[v->nenv];
        line[strcspn(line, "\n")] = '\0';
        const char *own = getenv("ASAN_OPTIONS"); /* keep the test's own wishes */
        if (strncmp(line, "ASAN_OPTIONS=", 13) == 0 && own) {
            char more[100];
            snprintf(more, sizeof more, "%s", line + 13);
            snprintf(line, sizeof v->env[0], "ASAN_OPTIONS=%.100s:%s", own, more);
        }
        v->nenv++;
    }
    fclose(f);
    return v->nenv > 0;
}

static bool put_script(const struct vdev_proc *v, const char *text)
{
    FILE *f = fopen(vdev_path(v, "script"), "we");
    if (!f)
        return false;
    bool ok = fputs(text, f) >= 0;
    return fclose(f) == 0 && ok;
}

static void run_vdev(struct vdev_proc *v, const char *model, bool script, const char *const *args)
{
    char exe[512], text[256];
    const char *build = getenv("PRIDVOR_BUILD");
    snprintf(exe, sizeof exe, "%s/tests/vdev", build ? build : ".");
    snprintf(text, sizeof text, "%s/script", v->dir);
    const char *argv[32] = {exe, model, "--dir", v->dir};
    int n = 4;
    if (script) {
        argv[n++] = "--script";
        argv[n++] = text;
    }
    for (; args && *args && n < 31; args++)
        argv[n++] = *args;
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that dies takes its device along */
    execv(exe, (char *const *)(uintptr_t)argv);
    fprintf(stderr, "%s: %s (set PRIDVOR_BUILD)\n", exe, strerror(errno));
    _exit(127);
}

bool vdev_start_args(struct vdev_proc *v, const char *model, const char *script, const char *const *args)
{
    memset(v, 0, sizeof *v);
    snprintf(v->dir, sizeof v->dir, "/tmp/pridvor-vdev.XXXXXX");
    if (!mkdtemp(v->dir) || (script && !put_script(v, script)))
        return false;
    v->pid = fork();
    if (v->pid == 0)
        run_vdev(v, model, script != NULL, args);
    for (long until = now_ms() + 20000; v->pid > 0 && now_ms() < until; nap(2)) {
        if (read_env(v))
            return true;
        if (waitpid(v->pid, NULL, WNOHANG) == v->pid) {
            v->pid = 0;
            break;
        }
    }
    fprintf(stderr, "vdev %s did not start\n", model);
    vdev_stop(v);
    return false;
}

bool vdev_start(struct vdev_proc *v, const char *model, const char *script)
{
    return vdev_start_args(v, model, script, NULL);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void vdev_stop(struct vdev_proc *v)
{
    if (v->pid > 0) {
        kill(v->pid, SIGTERM);
        vdev_wait(v->pid, 10000);
    }
    v->pid = 0;
    if (v->dir[0])
        nftw(v->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    v->dir[0] = '\0';
}

static void run_program(const struct vdev_proc *v, const char *const *argv, const int *in, const int *out)
{
    for (int i = 0; i < v->nenv; i++) {
        char pair[256];
        snprintf(pair, sizeof pair, "%s", v->env[i]);
        char *eq = strchr(pair, '=');
        if (!eq)
            continue;
        *eq = '\0';
        setenv(pair, eq + 1, 1);
    }
    if (in)
        dup2(in[0], 0);
    if (out)
        dup2(out[1], 1);
    signal(SIGPIPE, SIG_DFL);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

pid_t vdev_spawn(const struct vdev_proc *v, const char *const *argv, int *in, int *out)
{
    int pin[2] = {-1, -1}, pout[2] = {-1, -1};
    if ((in && pipe2(pin, O_CLOEXEC) != 0) || (out && pipe2(pout, O_CLOEXEC) != 0))
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        run_program(v, argv, in ? pin : NULL, out ? pout : NULL);
    if (in) {
        close(pin[0]);
        *in = pin[1];
    }
    if (out) {
        close(pout[1]);
        *out = pout[0];
    }
    return pid;
}

const char *vdev_self(const char *model, char **argv)
{
    const char *dir = getenv("PRIDVOR_VDEV_DIR");
    if (dir)
        return dir;
    struct vdev_proc v;
    if (!vdev_start(&v, model, NULL))
        exit(1);
    setenv("PRIDVOR_VDEV_DIR", v.dir, 1);
    const char *again[] = {"/proc/self/exe", argv[1], NULL};
    pid_t pid = vdev_spawn(&v, again, NULL, NULL);
    int rc = vdev_wait(pid, 600000);
    vdev_stop(&v);
    exit(rc < 0 ? 1 : rc);
}
