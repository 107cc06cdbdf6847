#include "tests/e2e/house.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fs.h"

/* Runs ./pridvor with the folder and the ports of this house; its output goes to var/log/house.log. */
static bool pridvor(struct house *h, const char *const *args)
{
    pid_t pid = fork();
    if (pid == 0) {
        char ports[16], log[300];
        const char *argv[12] = {"./pridvor"};
        for (int i = 0; args[i] && i < 10; i++)
            argv[i + 1] = args[i];
        snprintf(ports, sizeof(ports), "%d", h->ports);
        snprintf(log, sizeof(log), "%s.log", h->var);
        setenv("PRIDVOR_VAR", h->var, 1);
        setenv("PRIDVOR_PORTS", ports, 1);
        setenv("PRIDVOR_BUILT", "1", 1);
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        dup2(fd, 1);
        dup2(fd, 2);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        snprintf(h->error, sizeof(h->error), "./pridvor %s failed; see %.180s.log", args[0], h->var);
        return false;
    }
    return true;
}

static bool remove_tree(const char *path)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", path, NULL);
        _exit(127);
    }
    int status = 0;
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

bool house_up(struct house *h, const char *name, int ports)
{
    const char *base = getenv("PRIDVOR_BUILD");
    *h = (struct house){.ports = ports};
    snprintf(h->var, sizeof(h->var), "%s/house-%s", base ? base : "build", name);
    if (fs_exists(h->var)) {
        house_down(h);
        remove_tree(h->var);
    }
    return pridvor(h, (const char *const[]){"up", NULL}) && house_api(h);
}

int house_setup(struct house *h, const char *name, int ports)
{
    if (house_up(h, name, ports))
        return 0;
    fprintf(stderr, "%s\n", h->error);
    return -1;
}

void house_between(struct house *h)
{
    if (h->api.token[0])
        api_call(&h->api, "/v1/session/end", "{}");
    house_net(h, true);
    vdev_command(&h->api, "reader", "remove");
    vdev_command(&h->api, "printer", "paper ok");
    vdev_command(&h->api, "printer", "cover close");
    vdev_command(&h->api, "printer", "cutter ok");
    h->error[0] = '\0';
}

void house_down(struct house *h)
{
    api_close(&h->api);
    if (!pridvor(h, (const char *const[]){"down", NULL}))
        fprintf(stderr, "%s\n", h->error);
}

bool house_api(struct house *h)
{
    char url[300], vdev[300];
    snprintf(url, sizeof(url), "%s/run/kiosk.url", h->var);
    snprintf(vdev, sizeof(vdev), "%s/run/vdev", h->var);
    api_close(&h->api);
    static char kept[300]; /* one house a test program */
    snprintf(kept, sizeof(kept), "%s", vdev);
    if (api_open(&h->api, url, kept, 15000))
        return true;
    snprintf(h->error, sizeof(h->error), "%s", h->api.error);
    return false;
}

pid_t house_pid(struct house *h, const char *part)
{
    ARENA_SCOPE(a);
    char *text = NULL;
    size_t len = 0;
    struct err e = {0};
    if (fs_read(a, arena_fmt(a, "%s/run/%s.pid", h->var, part), 100, &text, &len, &e) != RC_OK)
        return 0;
    pid_t pid = (pid_t)strtol(text, NULL, 10);
    return pid > 1 && kill(pid, 0) == 0 ? pid : 0;
}

/* A killed process is gone for us when it is a zombie too: its parent was a shell that has ended. */
static bool gone(pid_t pid)
{
    char path[64], stat[200] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    int fd SCOPED(fd_closep) = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, stat, sizeof(stat) - 1) <= 0)
        return true;
    const char *state = strrchr(stat, ')');
    return state && state[1] == ' ' && state[2] == 'Z';
}

bool house_kill(struct house *h, const char *part)
{
    pid_t pid = house_pid(h, part);
    if (pid == 0)
        return true;
    kill(pid, SIGKILL);
    for (int64_t end = mono_ms() + 5000; mono_ms() < end; usleep(1000)) {
        if (gone(pid))
            return true;
    }
    snprintf(h->error, sizeof(h->error), "%s does not die", part);
    return false;
}

bool house_start(struct house *h, const char *part)
{
    return pridvor(h, (const char *const[]){"start", part, NULL});
}

bool house_stop(struct house *h, const char *part)
{
    return pridvor(h, (const char *const[]){"stop", part, NULL});
}

bool house_net(struct house *h, bool open)
{
    ARENA_SCOPE(a);
    const char *word = open ? "open" : "cut";
    const char *request = arena_fmt(a,
                                    "POST /ctl/net HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n"
                                    "Origin: http://127.0.0.1:%d\r\nContent-Length: %zu\r\n\r\n%s",
                                    h->ports + 1, h->ports + 1, strlen(word), word);
    char *body = NULL;
    size_t len = 0;
    int status = http_once(a, h->ports + 1, request, strlen(request), &body, &len);
    if (status == 200)
        return true;
    snprintf(h->error, sizeof(h->error), "the panel answers %d to net %s", status, word);
    return false;
}

/* What ./pridvor with these words says, without the last line's end. */
static const char *said(struct house *h, struct arena *a, const char *words)
{
    char part[4096];
    size_t n;
    BUF_SCOPE(out);
    FILE *p = popen(
        arena_fmt(a, "PRIDVOR_VAR='%s' PRIDVOR_PORTS=%d ./pridvor %s 2>/dev/null", h->var, h->ports, words),
        "r");
    while (p && (n = fread(part, 1, sizeof(part), p)) > 0)
        buf_add(&out, part, n);
    if (p)
        pclose(p);
    while (out.len && out.p[out.len - 1] == '\n')
        out.p[--out.len] = '\0';
    return out.len ? arena_str(a, out.p) : "";
}

const char *house_sql(struct house *h, struct arena *a, const char *sql)
{
    return said(h, a, arena_fmt(a, "sql \"%s\"", sql));
}

const char *house_request(struct house *h, struct arena *a, const char *code)
{
    return said(h, a, arena_fmt(a, "registryctl request %s", code));
}

int64_t house_count(struct house *h, const char *sql)
{
    ARENA_SCOPE(a);
    return strtoll(house_sql(h, a, sql), NULL, 10);
}

const char *house_blob(struct house *h, struct arena *a, const char *sha256)
{
    const char *path = arena_fmt(a, "%s/blobs/%.2s/%s", h->var, sha256, sha256);
    if (fs_exists(path))
        return path;
    snprintf(h->error, sizeof(h->error), "the register has no file %s", sha256);
    return NULL;
}

bool house_sound(struct house *h)
{
    char blobs[240];
    snprintf(blobs, sizeof(blobs), "%s/blobs", h->var);
    return pridvor(h, (const char *const[]){"registryctl", "verify", "--blobs", blobs, NULL});
}

bool house_until(struct house *h, int64_t want, const char *sql, int ms)
{
    for (int64_t end = mono_ms() + ms; mono_ms() < end; usleep(100000)) {
        if (house_count(h, sql) == want)
            return true;
    }
    return false;
}

static int search_range(int fd, unsigned long from, unsigned long to, struct bytes text)
{
    size_t n = text.len, chunk = 1 << 20, keep = n - 1;
    int found = 0;
    char *p = malloc(chunk + keep);
    size_t have = 0;
    for (unsigned long at = from; at < to;) {
        size_t want = to - at < chunk ? to - at : chunk;
        ssize_t got = pread(fd, p + have, want, (off_t)at);
        if (got <= 0)
            break;
        at += (size_t)got;
        have += (size_t)got;
        for (char *hit = p; (hit = memmem(hit, have - (size_t)(hit - p), text.p, n)); hit++)
            found++;
        size_t tail = have < keep ? have : keep;
        memmove(p, p + have - tail, tail);
        have = tail;
    }
    free(p);
    return found;
}

int memory_search(pid_t pid, const char *text)
{
    return memory_search_bytes(pid, BYTES(text, strlen(text)));
}

int memory_search_bytes(pid_t pid, struct bytes text)
{
    char path[64], line[512];
    int found = 0;
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
    int fd SCOPED(fd_closep) = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    if (fd < 0 || !maps) {
        if (maps)
            fclose(maps);
        return -1;
    }
    while (fgets(line, sizeof(line), maps)) {
        unsigned long from, to;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3 && rights[0] == 'r' &&
            !strstr(line, "[vvar]"))
            found += search_range(fd, from, to, text);
    }
    fclose(maps);
    return found;
}

size_t children_of(pid_t pid, pid_t *out, size_t max)
{
    char path[64], text[1024] = "";
    size_t n = 0;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
    int fd SCOPED(fd_closep) = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
        return 0;
    for (char *p = text; *p && n < max;) {
        long child = strtol(p, &p, 10);
        if (child > 0)
            out[n++] = (pid_t)child;
        while (*p == ' ')
            p++;
    }
    return n;
}
