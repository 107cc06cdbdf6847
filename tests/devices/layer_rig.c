#include "tests/devices/layer_rig.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "common/base/json.h"
#include "tests/unit/base_rig.h"

static const char *env(const char *name, const char *def)
{
    const char *v = getenv(name);
    return v && *v ? v : def;
}

static bool put(const struct layer *l, const char *name, const char *text)
{
    char path[200];
    struct err e = {0};
    snprintf(path, sizeof(path), "%s/%s", l->dir, name);
    return fs_write(path, text, strlen(text), 0600, &e) == RC_OK;
}

static void driver_row(struct buf *b, const char *name, const struct vdev_proc *v)
{
    buf_fmt(b,
            "{\"name\":\"%s\",\"argv\":[\"%s/drivers/kdrv\",\"%s\",\"serve\",\"--devices\",\"%s/configs/"
            "devices\"]",
            name, env("PRIDVOR_BUILD", "build/dev"), name, env("PRIDVOR_SOURCE", "."));
    buf_fmt(b, ",\"env_file\":\"%s/env\"},", v->dir);
}

static bool write_conf(struct layer *l, const char *bad)
{
    const char *source = env("PRIDVOR_SOURCE", "."), *build = env("PRIDVOR_BUILD", "build/dev");
    BUF_SCOPE(b);
    buf_fmt(&b, "{\"terminal\":\"K07\",\"institution\":\"uat-54975\",\"port\":0,\"ui_dir\":\"%s\",", l->dir);
    buf_fmt(&b, "\"configs\":\"%s/configs\",\"institutions\":\"%s/configs/institutions/cluj.json\",", source,
            source);
    buf_fmt(&b, "\"run_dir\":\"%s/run\",\"queue\":\"%s/queue.db\",\"queue_key\":\"%s/queue.key\",", l->dir,
            l->dir, l->dir);
    buf_str(&b, "\"services\":[\"cs.birth_certificate\"],\"status_url\":\"http://127.0.0.1:7082/s/\",");
    buf_fmt(&b,
            "\"register\":{\"host\":\"127.0.0.1\",\"port\":9,\"server_name\":\"localhost\",\"ca\":\"%s\",",
            certs_path(&l->certs, "ca.pem"));
    buf_fmt(&b, "\"cert\":\"%s\",\"key\":\"%s\"},\"drivers\":[", certs_path(&l->certs, "client.pem"),
            certs_path(&l->certs, "client.key"));
    driver_row(&b, "card", &l->card);
    driver_row(&b, "print", &l->print);
    driver_row(&b, "pad", &l->pad);
    if (bad)
        buf_fmt(&b, "{\"name\":\"scan\",\"argv\":[\"%s/tests/fake_kdrv\",\"%s\"]}", build, bad);
    else
        b.len--; /* the comma */
    buf_str(&b, "]}");
    return put(l, "kiosk.conf", b.p);
}

static bool start(struct layer *l)
{
    char program[300], url[200], conf[200], log[200];
    snprintf(program, sizeof(program), "%s/firmware/kioskd", env("PRIDVOR_BUILD", "build/dev"));
    snprintf(url, sizeof(url), "%s/run/kiosk.url", l->dir);
    snprintf(conf, sizeof(conf), "%s/kiosk.conf", l->dir);
    snprintf(log, sizeof(log), "%s/kioskd.log", l->dir);
    l->pid = fork();
    if (l->pid == 0) {
        int fd = open(log, O_CREAT | O_WRONLY | O_APPEND, 0600);
        dup2(fd, 2);
        execl(program, program, "--config", conf, (char *)NULL);
        _exit(127);
    }
    for (int64_t until = mono_ms() + 30000; !fs_exists(url) && mono_ms() < until;)
        poll(NULL, 0, 20);
    FILE *f = fopen(url, "re");
    bool ok = f && fscanf(f, "http://127.0.0.1:%d/#k=%79[0-9a-f]", &l->port, l->key) == 2;
    if (f)
        fclose(f);
    return ok;
}

bool layer_up(struct layer *l, const char *bad, const char *known)
{
    memset(l, 0, sizeof(*l));
    signal(SIGPIPE, SIG_IGN);
    snprintf(l->dir, sizeof(l->dir), "/tmp/pridvor-layer-XXXXXX");
    if (!mkdtemp(l->dir))
        return false;
    certs_make(&l->certs);
    return vdev_start_args(&l->card, "reader", NULL, (const char *const[]){"--card", "A", NULL}) &&
           vdev_start(&l->print, "printer", NULL) && vdev_start(&l->pad, "pad", NULL) &&
           (!known || put(l, "devices.json", known)) && write_conf(l, bad) && start(l) &&
           layer_public(l, "card", "ready", 30000) && layer_public(l, "print", "ready", 30000) &&
           layer_public(l, "pad", "ready", 30000);
}

void layer_down(struct layer *l)
{
    int status;
    kill(l->pid, SIGTERM);
    waitpid(l->pid, &status, 0);
    vdev_stop(&l->card);
    vdev_stop(&l->print);
    vdev_stop(&l->pad);
    certs_remove(&l->certs);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", l->dir, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, &status, 0);
}

/* ---- kioskctl --------------------------------------------------------------------------------------------
 */

pid_t layer_ctl_start(const struct layer *l, const char *const *words, int *out)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        char program[300], run[100];
        const char *argv[16] = {"kioskctl"};
        for (int i = 0; words[i] && i < 14; i++)
            argv[i + 1] = words[i];
        snprintf(program, sizeof(program), "%s/firmware/kioskctl", env("PRIDVOR_BUILD", "build/dev"));
        snprintf(run, sizeof(run), "%s/run", l->dir);
        setenv("PRIDVOR_RUN", run, 1);
        dup2(fds[1], 1);
        execv(program, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(fds[1]);
    *out = fds[0];
    return pid;
}

int layer_ctl(const struct layer *l, const char *const *words, struct buf *out)
{
    int fd, status;
    char piece[4096];
    pid_t pid = layer_ctl_start(l, words, &fd);
    buf_reset(out);
    for (ssize_t n; (n = read(fd, piece, sizeof(piece))) > 0;)
        buf_add(out, piece, (size_t)n);
    close(fd);
    buf_chr(out, 0);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const struct jval *row(const struct layer *l, struct arena *a, const char *device)
{
    BUF_SCOPE(b);
    struct jval *v = NULL;
    struct err e = {0};
    if (layer_ctl(l, (const char *const[]){"devices", "--json", NULL}, &b) != 0 ||
        jval_parse(a, b.p, strlen(b.p), &v, &e) != RC_OK)
        return NULL;
    const struct jval *list = jval_get(v, "drivers");
    for (size_t i = 0; list && i < list->n; i++)
        if (strcmp(jval_str(&list->items[i], "name", ""), device) == 0)
            return &list->items[i];
    return NULL;
}

bool layer_public(const struct layer *l, const char *device, const char *state, int ms)
{
    for (int64_t until = mono_ms() + ms;; poll(NULL, 0, 50)) {
        ARENA_SCOPE(a);
        const struct jval *d = row(l, a, device);
        if (d && strcmp(jval_str(d, "public", ""), state) == 0)
            return true;
        if (mono_ms() >= until) {
            fprintf(stderr, "%s is %s, not %s\n", device, d ? jval_str(d, "public", "?") : "unknown", state);
            return false;
        }
    }
}

long layer_number(const struct layer *l, const char *device, const char *name)
{
    ARENA_SCOPE(a);
    const struct jval *d = row(l, a, device);
    return d ? (long)jval_int(d, name, -1) : -1;
}

/* ---- the page, and the socket ----------------------------------------------------------------------------
 */

int layer_post(struct layer *l, const char *path, const char *body)
{
    BUF_SCOPE(b);
    int status = 0;
    buf_fmt(&b, "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nOrigin: http://127.0.0.1:%d\r\n", path, l->port,
            l->port);
    if (l->token[0])
        buf_fmt(&b, "X-Pridvor-Token: %s\r\n", l->token);
    buf_fmt(&b, "Content-Type: application/json\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
            strlen(body));
    buf_str(&b, body);
    char *answer = raw_talk(l->port, b.p, b.len, 0);
    if (answer)
        sscanf(answer, "HTTP/1.1 %d", &status);
    const char *token = answer ? strstr(answer, "{\"token\":\"") : NULL;
    if (token)
        sscanf(token, "{\"token\":\"%79[0-9a-f]\"", l->token);
    free(answer);
    return status;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

double layer_command(const struct layer *l, const char *driver, const char *verb, const char *args)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    char line[512], in[65536];
    size_t got = 0;
    snprintf(to.sun_path, sizeof(to.sun_path), "%s/run/kioskd.sock", l->dir);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    double begun = now(), took = -1;
    int n = snprintf(line, sizeof(line),
                     "{\"driver\":\"%s\",\"verb\":\"%s\",\"deadline_ms\":60000,\"args\":%s}\n", driver, verb,
                     args);
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 && write(fd, line, (size_t)n) == n)
        while (got + 1 < sizeof(in)) {
            struct pollfd p = {.fd = fd, .events = POLLIN};
            ssize_t more = poll(&p, 1, 70000) == 1 ? read(fd, in + got, sizeof(in) - 1 - got) : -1;
            if (more <= 0)
                break;
            got += (size_t)more;
            in[got] = 0;
            if (strstr(in, "\"completion\":\"")) {
                took = strstr(in, "\"completion\":\"ok\"") ? now() - begun : -1;
                break;
            }
        }
    close(fd);
    return took;
}

pid_t layer_by_hand(const struct layer *l, const char *driver, const char *verb, const char *args)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(layer_command(l, driver, verb, args) >= 0 ? 0 : 1);
    return pid;
}
