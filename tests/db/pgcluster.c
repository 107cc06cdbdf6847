#include "tests/db/pgcluster.h"

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/db.h"
#include "common/base/clock.h"

enum { READY_MS = 60000 };

static void die(const char *what)
{
    fprintf(stderr, "pgcluster: %s\n", what);
    exit(1);
}

static const struct passwd *other_user(void)
{
    return geteuid() == 0 ? getpwnam("postgres") : NULL;
}

static pid_t spawn(const struct pgcluster *c, const char *const argv[])
{
    const struct passwd *pw = other_user();
    pid_t parent = getpid(), pid = fork();
    char path[300], log[300];
    const char *own[16] = {path}; /* a program of PostgreSQL finds the others by its full name */

    if (pid != 0)
        return pid;
    if (pw && (setgroups(0, NULL) != 0 || setgid(pw->pw_gid) != 0 || setuid(pw->pw_uid) != 0))
        _exit(126);
    /* A test that is killed takes its cluster with it. */
    prctl(PR_SET_PDEATHSIG, SIGINT);
    if (getppid() != parent)
        _exit(0);
    snprintf(log, sizeof(log), "%s/log", c->dir);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || chdir(c->dir) != 0)
        _exit(126);
    dup2(fd, 1);
    dup2(fd, 2);
    unsetenv("LD_PRELOAD");
    snprintf(path, sizeof(path), "%s/%s", c->bin, argv[0]);
    for (int i = 1; argv[i] && i < 15; i++)
        own[i] = argv[i];
    execv(path, (char *const *)(uintptr_t)own);
    _exit(127);
}

static bool find_bin(struct pgcluster *c)
{
    glob_t g = {0};
    bool found = glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &g) == 0 && g.gl_pathc > 0;
    if (found) {
        snprintf(c->bin, sizeof(c->bin), "%s", g.gl_pathv[g.gl_pathc - 1]);
        *strrchr(c->bin, '/') = 0;
    }
    globfree(&g);
    return found && (geteuid() != 0 || other_user());
}

bool pgcluster_make(struct pgcluster *c)
{
    const struct passwd *pw = other_user();
    int status;

    memset(c, 0, sizeof(*c));
    if (!find_bin(c))
        return false;
    /* Not below the build folder: every parent must be open to the user postgres, and a socket path is short.
     */
    const char *tmp = getenv("TMPDIR");
    snprintf(c->dir, sizeof(c->dir), "%s/pridvor-pg-XXXXXX", tmp && strlen(tmp) < 60 ? tmp : "/tmp");
    if (!mkdtemp(c->dir) || chmod(c->dir, 0700) != 0 || (pw && chown(c->dir, pw->pw_uid, pw->pw_gid) != 0))
        die("cannot make a folder in /tmp");
    snprintf(c->data, sizeof(c->data), "%s/data", c->dir);
    const char *argv[] = {"initdb",           "-D", c->data,   "-A", "trust", "-E", "UTF8",
                          "--locale=C.UTF-8", "-U", "pridvor", "-N", NULL};
    pid_t pid = spawn(c, argv);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        die("initdb failed");
    snprintf(c->conninfo, sizeof(c->conninfo), "host=%s user=pridvor dbname=postgres", c->dir);
    pgcluster_start(c);
    return true;
}

void pgcluster_start(struct pgcluster *c)
{
    int64_t deadline = mono_ms() + READY_MS;
    struct err e = {0};

    const char *argv[] = {"postgres",         "-D", c->data, "-k", c->dir, "-c", "listen_addresses=", "-c",
                          "max_wal_size=4GB", NULL};
    c->pid = spawn(c, argv);
    while (mono_ms() < deadline) {
        if (waitpid(c->pid, NULL, WNOHANG) == c->pid)
            c->pid = spawn(c, argv);
        struct db_sync *s = NULL;
        if (db_sync_open(c->conninfo, &s, &e) == RC_OK) {
            db_sync_close(s);
            return;
        }
        usleep(20000);
    }
    die("postgres did not start");
}

/* After SIGKILL of the postmaster its children notice and end by themselves; a new one waits for their
 * memory. */
void pgcluster_stop(struct pgcluster *c, int signal)
{
    if (c->pid > 0) {
        kill(c->pid, signal);
        waitpid(c->pid, NULL, 0);
    }
    c->pid = 0;
}

static void remove_tree(const char *path)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", path, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

void pgcluster_free(struct pgcluster *c)
{
    pgcluster_stop(c, SIGQUIT);
    if (c->dir[0])
        remove_tree(c->dir);
}

const char *pgcluster_query(struct pgcluster *c, const char *sql)
{
    static char cell[65536];
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct err e = {0};

    if (db_sync_open(c->conninfo, &s, &e) != RC_OK || db_sync_query(s, sql, NULL, 0, &r, &e) != RC_OK) {
        fprintf(stderr, "pgcluster: %s\n  %s\n", sql, e.text);
        exit(1);
    }
    snprintf(cell, sizeof(cell), "%s", db_rows(r) && !db_is_null(r, 0, 0) ? db_text(r, 0, 0) : "");
    return cell;
}

bool pgcluster_waiting(struct pgcluster *c, int n)
{
    static const char sql[] = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";

    for (int i = 0; i < 4000 && atoi(pgcluster_query(c, sql)) < n; i++)
        usleep(5000);
    return atoi(pgcluster_query(c, sql)) == n;
}

void pgcluster_database(struct pgcluster *c, const char *name)
{
    char sql[128];
    snprintf(c->conninfo, sizeof(c->conninfo), "host=%s user=pridvor dbname=postgres", c->dir);
    snprintf(sql, sizeof(sql), "CREATE DATABASE %s", name);
    pgcluster_query(c, sql);
    snprintf(c->conninfo, sizeof(c->conninfo), "host=%s user=pridvor dbname=%s", c->dir, name);
}

void pgcluster_setting(struct pgcluster *c, const char *name, const char *value)
{
    char sql[256];
    snprintf(sql, sizeof(sql), "ALTER SYSTEM SET %s = '%s'", name, value);
    pgcluster_query(c, sql);
    pgcluster_query(c, "SELECT pg_reload_conf()");
}
