#include "tests/devices/kdrv_client.h"

#include "common/base/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool kdrv_start(struct kdrv *k, const struct vdev_proc *v, const char *driver, const char *devices)
{
    char binary[512];
    const char *own = getenv("PRIDVOR_KDRV"), *build = getenv("PRIDVOR_BUILD");
    snprintf(binary, sizeof binary, "%s%s", own ? own : build ? build : ".", own ? "" : "/drivers/kdrv");
    *k = (struct kdrv){.arena = arena_new(), .next_id = 100};
    const char *argv[8] = {binary, driver, "serve"}, *transport = getenv("PRIDVOR_KDRV_TRANSPORT");
    int n = 3;
    if (transport) {
        argv[n++] = "--transport";
        argv[n++] = transport;
    }
    if (devices) {
        argv[n++] = "--devices";
        argv[n++] = devices;
    }
    k->pid = vdev_spawn(v, argv, &k->in, &k->out);
    return k->pid > 0;
}

void kdrv_line(struct kdrv *k, const char *line)
{
    size_t len = strlen(line);
    if (write(k->in, line, len) != (ssize_t)len || write(k->in, "\n", 1) != 1)
        fprintf(stderr, "kdrv does not read\n");
}

int64_t kdrv_send(struct kdrv *k, const char *verb, const char *args, int deadline_ms)
{
    BUF_SCOPE(b);
    int64_t id = k->next_id++;
    arena_reset(k->arena);
    k->completions = k->events = k->progress = k->identities = k->acks = 0;
    buf_fmt(&b, "{\"id\":%lld,\"verb\":\"%s\"", (long long)id, verb);
    if (deadline_ms)
        buf_fmt(&b, ",\"deadline_ms\":%d", deadline_ms);
    buf_fmt(&b, ",\"args\":%s}", args ? args : "{}");
    kdrv_line(k, b.p);
    return id;
}

static void copy(char *out, size_t cap, const char *s)
{
    snprintf(out, cap, "%s", s ? s : "");
}

static void note(struct kdrv *k, const struct frame *f)
{
    k->acks += strcmp(f->kind, "ack") == 0;
    k->completions += strcmp(f->kind, "completion") == 0;
    if (strcmp(f->kind, "event") == 0) {
        k->events++;
        k->progress += strcmp(f->event, "progress") == 0;
        k->identities += strcmp(f->event, "identity") == 0;
    }
    if (strcmp(f->kind, "unsolicited") == 0) {
        k->inserted += strcmp(f->event, "card_inserted") == 0;
        k->removed += strcmp(f->event, "card_removed") == 0;
    }
    if (strcmp(f->kind, "state") == 0) {
        copy(k->link, sizeof k->link, f->link);
        copy(k->activity, sizeof k->activity, f->activity);
        copy(k->condition, sizeof k->condition, f->condition);
        copy(k->text, sizeof k->text, f->text);
    }
}

bool kdrv_frame(struct kdrv *k, struct frame *f, int ms)
{
    int64_t until = mono_ms() + vdev_patience(ms);
    char *end;
    while (!k->lines.len || !(end = memchr(k->lines.p, '\n', k->lines.len))) {
        struct pollfd p = {.fd = k->out, .events = POLLIN};
        int64_t left = until - mono_ms();
        char chunk[4096];
        if (left <= 0 || poll(&p, 1, (int)left) <= 0)
            return false;
        ssize_t n = read(k->out, chunk, sizeof chunk);
        if (n <= 0)
            return false;
        buf_add(&k->lines, chunk, (size_t)n);
    }
    struct err e = {0};
    size_t len = (size_t)(end - k->lines.p);
    enum rc rc = frame_read(k->arena, k->lines.p, len, f, &e);
    if (rc != RC_OK)
        fprintf(stderr, "bad frame: %s %s: %.*s\n", e.path, e.text, (int)len, k->lines.p);
    buf_cut(&k->lines, len + 1);
    if (rc != RC_OK)
        return false;
    note(k, f);
    return true;
}

bool kdrv_completion(struct kdrv *k, int64_t id, struct frame *f, int ms)
{
    int64_t until = mono_ms() + vdev_patience(ms);
    while (mono_ms() < until && kdrv_frame(k, f, (int)(until - mono_ms())))
        if (strcmp(f->kind, "completion") == 0 && f->id == id)
            return true;
    return false;
}

bool kdrv_link(struct kdrv *k, const char *link, int ms)
{
    struct frame f;
    int64_t until = mono_ms() + vdev_patience(ms);
    while (mono_ms() < until) {
        kdrv_line(k, "{\"id\":1,\"verb\":\"ping\"}");
        int64_t step = mono_ms() + 300;
        while (mono_ms() < step && kdrv_frame(k, &f, 300))
            if (strcmp(f.kind, "state") == 0 && strcmp(f.link, link) == 0)
                return true;
    }
    return false;
}

void kdrv_drain(struct kdrv *k, int ms)
{
    struct frame f;
    int64_t until = mono_ms() + ms;
    while (mono_ms() < until && kdrv_frame(k, &f, (int)(until - mono_ms())))
        ;
}

const char *kdrv_do(struct kdrv *k, const char *verb, const char *args, int deadline_ms, struct frame *f)
{
    int64_t id = kdrv_send(k, verb, args, deadline_ms);
    return kdrv_completion(k, id, f, deadline_ms + 20000) ? f->completion : "?";
}

int kdrv_stop(struct kdrv *k)
{
    close(k->in);
    int rc = vdev_wait(k->pid, 10000);
    close(k->out);
    buf_free(&k->lines);
    arena_free(k->arena);
    k->pid = 0;
    return rc;
}

static int count(int mem, unsigned long from, unsigned long to, const char *needle)
{
    enum { PIECE = 1 << 20 };
    static char piece[PIECE + 64];
    int found = 0;
    size_t len = strlen(needle);
    for (unsigned long at = from; at < to; at += PIECE) {
        size_t want = to - at < PIECE + len ? to - at : PIECE + len;
        ssize_t n = pread(mem, piece, want, (off_t)at);
        for (ssize_t i = 0; n > 0 && i + (ssize_t)len <= n && i < PIECE; i++)
            found += piece[i] == needle[0] && memcmp(piece + i, needle, len) == 0;
    }
    return found;
}

int kdrv_memory(const struct kdrv *k, const char *needle)
{
    char path[64], line[512], mode[8];
    int found = 0;
    snprintf(path, sizeof path, "/proc/%d/maps", k->pid);
    FILE *maps = fopen(path, "re");
    snprintf(path, sizeof path, "/proc/%d/mem", k->pid);
    int mem = open(path, O_RDONLY | O_CLOEXEC);
    if (!maps || mem < 0) {
        if (maps)
            fclose(maps);
        return -1;
    }
    for (unsigned long from, to; fgets(line, sizeof line, maps);)
        if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 && mode[0] == 'r' && mode[1] == 'w' &&
            to - from < (64ul << 20) && /* not the reserves of a sanitizer */
            !strstr(line, "[v"))
            found += count(mem, from, to, needle);
    fclose(maps);
    close(mem);
    return found;
}

long kdrv_rss_kb(const struct kdrv *k)
{
    char path[64], line[256];
    long kb = -1;
    snprintf(path, sizeof path, "/proc/%d/status", k->pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %ld", &kb) == 1)
            break;
    if (f)
        fclose(f);
    return kb;
}
