#include "tests/db/server.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/conf.h"
#include "common/base/clock.h"
#include "common/base/fs.h"
#include "tests/db/tclient.h"
#include "tests/unit/port.h"

enum { READY_MS = 60000, WORDS_MAX = 16 };

static void die(const char *what)
{
    fprintf(stderr, "server: %s\n", what);
    exit(1);
}

static void program(char out[400], const char *name)
{
    const char *build = getenv("PRIDVOR_BUILD");
    snprintf(out, 400, "%s/backend/%s", build ? build : "build/release", name);
}

static pid_t spawn(const struct server *s, const char *const argv[])
{
    char path[400];
    pid_t parent = getpid(), pid = fork();

    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    int fd = open(s->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0)
        _exit(126);
    dup2(fd, 1);
    dup2(fd, 2);
    program(path, argv[0]);
    execv(path, (char *const *)(uintptr_t)argv);
    _exit(127);
}

int server_ctl(struct server *s, const char *const words[])
{
    const char *argv[WORDS_MAX + 4] = {"registryctl"};
    char conf[300];
    int n = 1, status = 0;

    for (; words[n - 1] && n <= WORDS_MAX; n++)
        argv[n] = words[n - 1];
    snprintf(conf, sizeof(conf), "%s/registry.conf", s->dir);
    argv[n] = "--config";
    argv[n + 1] = conf;
    waitpid(spawn(s, argv), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void write_conf(const struct server *s)
{
    struct err e = {0};
    ARENA_SCOPE(a);
    const char *desk =
        s->desk ? arena_fmt(a,
                            "\"desk\":{\"host\":\"127.0.0.1\",\"port\":%d,\"pages\":\"%s\"},"
                            "\"login\":{\"memory_kib\":256,\"passes\":1},",
                            s->desk_port, s->desk_pages ? s->desk_pages : arena_fmt(a, "%s/pages", s->dir))
                : "";
    const char *text = arena_fmt(
        a,
        "{%s\"db\":\"%s\",\"configs\":\"configs\",\"pin_key\":\"%s/pin.key\",\"blobs\":\"%s/blobs\","
        "\"terminals\":{\"host\":\"127.0.0.1\",\"port\":%d},\"public\":{\"host\":\"127.0.0.1\",\"port\":%d},"
        "\"tls\":{\"ca\":\"%s/ca.pem\",\"cert\":\"%s/server.pem\",\"key\":\"%s/"
        "server.key\"},\"intake_connections\":%d}",
        desk, s->pg.conninfo, s->dir, s->dir, s->port, s->public_port, s->dir, s->dir, s->dir, s->shards);
    if (fs_write(arena_fmt(a, "%s/registry.conf", s->dir), text, strlen(text), 0600, &e) != RC_OK)
        die(e.text);
}

void server_conf(const struct server *s, const char *more)
{
    char *text, path[300];
    size_t len;
    struct err e = {0};
    ARENA_SCOPE(a);

    snprintf(path, sizeof(path), "%s/registry.conf", s->dir);
    if (fs_read(a, path, 65536, &text, &len, &e) != RC_OK)
        die(e.text);
    char *end = strstr(text, ",\"public_url\"");
    *(end ? end : strrchr(text, '}')) = 0;
    text = arena_fmt(a, "%s%s}", text, more);
    if (fs_write(path, text, strlen(text), 0600, &e) != RC_OK)
        die(e.text);
}

void server_terminal(struct server *s, int i)
{
    ARENA_SCOPE(a);
    const char *name = arena_fmt(a, "K%02d", i);

    if (server_ctl(s, (const char *[]){"terminal", "add", name, "--institution", arena_fmt(a, "uat-%d", i),
                                       "--out", arena_fmt(a, "%s/%s", s->dir, name), "--ca", s->dir, NULL}) !=
        0)
        die("registryctl terminal add failed; see its log");
}

static void enrol(struct server *s)
{
    if (server_ctl(s, (const char *[]){"migrate", NULL}) != 0 ||
        server_ctl(s, (const char *[]){"ca", "init", s->dir, NULL}) != 0 ||
        server_ctl(s, (const char *[]){"server-cert", s->dir, NULL}) != 0)
        die("registryctl failed; see its log");
    pgcluster_query(&s->pg,
                    "INSERT INTO institution (id, kind, name_ro, name_hu, name_en) SELECT 'uat-' || g, "
                    "'town_hall', 'Primăria ' || g, g || '. Polgármesteri Hivatal', 'Town hall ' || g "
                    "FROM generate_series(1, 100) g");
    for (int i = 1; i <= s->terminals; i++)
        server_terminal(s, i);
}

bool server_make(struct server *s, int terminals)
{
    struct server wish = {.shards = s->shards, .desk = s->desk, .desk_pages = s->desk_pages};
    *s = wish;
    if (!pgcluster_make(&s->pg))
        return false;
    s->terminals = terminals;
    snprintf(s->dir, sizeof(s->dir), "%s/registry", s->pg.dir);
    snprintf(s->log, sizeof(s->log), "%s/registryd.log", s->dir);
    if (mkdir(s->dir, 0700) != 0)
        die("cannot make a folder");
    s->port = test_port();
    s->public_port = test_port();
    s->desk_port = test_port();
    pgcluster_database(&s->pg, "pridvor");
    write_conf(s);
    enrol(s);
    return true;
}

bool server_ready(const struct server *s)
{
    struct tclient c;
    struct err e = {0};

    if (tclient_open(&c, s->public_port, NULL, &e) != RC_OK)
        return false;
    int status = tclient_request(&c, "GET", "/healthz", "", "", NULL, &e);
    tclient_close(&c);
    return status == 200;
}

void server_start(struct server *s)
{
    char conf[300];
    int64_t deadline = mono_ms() + READY_MS;

    snprintf(conf, sizeof(conf), "%s/registry.conf", s->dir);
    const char *argv[] = {"registryd", "--config", conf, NULL};
    s->pid = spawn(s, argv);
    while (!server_ready(s)) {
        if (mono_ms() > deadline || waitpid(s->pid, NULL, WNOHANG) != 0) {
            char tail[4000] = "";
            int fd = open(s->log, O_RDONLY | O_CLOEXEC);
            lseek(fd, -(off_t)sizeof(tail) + 1, SEEK_END);
            if (read(fd, tail, sizeof(tail) - 1) < 0)
                tail[0] = 0;
            fprintf(stderr, "%s\n", tail);
            die("registryd did not start");
        }
        usleep(5000);
    }
}

void server_kill(struct server *s, int signal)
{
    if (s->pid > 0) {
        kill(s->pid, signal);
        waitpid(s->pid, &s->exit_status, 0);
    }
    s->pid = 0;
}

void server_free(struct server *s)
{
    server_kill(s, SIGTERM);
    pgcluster_free(&s->pg);
}

struct tls_ctx *server_client(const struct server *s, const char *name)
{
    char ca[300], cert[300], key[300];
    struct tls_ctx *ctx = NULL;
    struct err e = {0};

    snprintf(ca, sizeof(ca), "%s/ca.pem", s->dir);
    snprintf(cert, sizeof(cert), "%s/%s/terminal.pem", s->dir, name ? name : "");
    snprintf(key, sizeof(key), "%s/%s/terminal.key", s->dir, name ? name : "");
    struct tls_conf conf = {.ca = ca, .cert = name ? cert : NULL, .key = name ? key : NULL};
    if (tls_ctx_new(&conf, &ctx, &e) != RC_OK)
        die(e.text);
    return ctx;
}

long server_rss_kb(const struct server *s)
{
    char path[64], line[256];
    long kb = 0;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)s->pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "VmRSS: %ld kB", &kb) == 1)
            break;
    if (f)
        fclose(f);
    return kb;
}

/* User and system time; with children: also of those that ended. */
static double cpu_of(pid_t pid, bool children, pid_t *parent)
{
    char path[64], line[1024] = "";
    unsigned long user = 0, sys = 0, cuser = 0, csys = 0;
    int ppid = 0;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    if (f && fgets(line, sizeof(line), f)) {
        char *after = strrchr(line, ')');
        if (after)
            sscanf(after + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu", &ppid, &user,
                   &sys, &cuser, &csys);
    }
    if (f)
        fclose(f);
    if (parent)
        *parent = ppid;
    return (double)(user + sys + (children ? cuser + csys : 0)) / (double)sysconf(_SC_CLK_TCK);
}

double server_cpu_s(const struct server *s)
{
    return cpu_of(s->pid, false, NULL);
}

double server_postgres_cpu_s(const struct server *s)
{
    double sum = cpu_of(s->pg.pid, true, NULL);
    DIR *d = opendir("/proc");

    for (struct dirent *e; d && (e = readdir(d));) {
        pid_t parent = 0, pid = (pid_t)strtol(e->d_name, NULL, 10);
        double cpu = pid > 0 ? cpu_of(pid, false, &parent) : 0;
        sum += parent == s->pg.pid ? cpu : 0;
    }
    if (d)
        closedir(d);
    return sum;
}

struct seal_key server_request_key(const struct server *s)
{
    char path[300];
    uint8_t master[32];
    struct seal_key key = {0};
    struct err e = {0};

    snprintf(path, sizeof(path), "%s/pin.key", s->dir);
    if (pin_key_load(path, false, master, &e) != RC_OK || sealed_key(master, &key, &e) != RC_OK)
        die(e.text);
    return key;
}

struct bytes server_opened(struct server *s, struct arena *a, const char *id, const char *column)
{
    struct seal_key key = server_request_key(s);
    struct bytes text;
    struct err e = {0};
    const char *hex =
        pgcluster_query(&s->pg, arena_fmt(a, "SELECT %s FROM request WHERE request_id = '%s'", column, id));

    if (sealed_request_open(a, &key, &(struct sealed_at){id, column}, hex, &text, &e) != RC_OK)
        die(e.text);
    return text;
}
