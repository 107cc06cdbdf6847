#include "tests/db/slow.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/text.h"

const char *slow_document(struct desk_rig *rig, const char *type, const char *sha256, int len)
{
    char sql[900], id[UUID_LEN];
    struct err e = {0};

    assert_int_equal(uuid7(id, &e), RC_OK);
    snprintf(sql, sizeof sql,
             "INSERT INTO blob (sha256, size, type, terminal) VALUES (decode('%s', 'hex'), %d, '%s', 'x')",
             sha256, len, type);
    pgcluster_query(&rig->s.pg, sql);
    snprintf(
        sql, sizeof sql,
        "INSERT INTO document (id, case_id, institution, kind, title, lang, sha256, size, type, made_at, "
        "made_by) VALUES ('%s', (SELECT id FROM casefile WHERE n = 1), 'uat-1', 'scan', 'adus', 'ro', "
        "decode('%s', 'hex'), %d, '%s', now(), 'ana')",
        id, sha256, len, type);
    pgcluster_query(&rig->s.pg, sql);
    return arena_fmt(rig->a, "/api/documents/%s", id);
}

void slow_ask(struct slow *r, struct browser *b, const char *path, const char *post)
{
    struct err e = {0};
    int window = 32 << 10;
    BUF_SCOPE(out);

    r->announced = SIZE_MAX;
    assert_int_equal(tclient_open(&r->c, b->rig->s.desk_port, b->rig->ctx, &e), RC_OK);
    setsockopt(r->c.fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    buf_fmt(&out, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s", post ? "POST" : "GET", path, b->cookie);
    if (post)
        buf_fmt(&out,
                "X-Pridvor: 1\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n"
                "Content-Length: %zu\r\n",
                strlen(post));
    buf_fmt(&out, "\r\n%s", post ? post : "");
    assert_int_equal(tclient_send(&r->c, out.p, out.len, &e), RC_OK);
}

static void take_bytes(struct slow *r, const char *p, size_t n)
{
    for (; n > 0 && r->announced == SIZE_MAX; p++, n--) {
        assert_true(r->head < sizeof r->text - 1);
        r->text[r->head++] = *p;
        const char *len = strstr(r->text, "Content-Length: ");
        if (r->head >= 4 && strcmp(r->text + r->head - 4, "\r\n\r\n") == 0)
            r->announced = len ? strtoul(len + 16, NULL, 10) : 0;
    }
    if (n > 0 && r->take)
        r->take(r, p, n);
    r->got += n;
}

void slow_take(struct slow *r, size_t want)
{
    char raw[16384], clear[16384];
    struct err e = {0};

    while (!r->ended && r->got < want && r->got < r->announced) {
        int n = tls_read(r->c.tls, clear, sizeof clear, &e);
        if (n > 0) {
            take_bytes(r, clear, (size_t)n);
            continue;
        }
        ssize_t k = n == 0 ? recv(r->c.fd, raw, sizeof raw, 0) : 0;
        r->ended = k <= 0;
        if (k > 0)
            tls_feed(r->c.tls, raw, (size_t)k);
    }
}

int slow_open_files(struct desk_rig *rig)
{
    char dir[60], name[400], to[600];
    int n = 0;

    snprintf(dir, sizeof dir, "/proc/%d/fd", rig->s.pid);
    DIR *d = opendir(dir);
    for (struct dirent *f; d && (f = readdir(d));) {
        snprintf(name, sizeof name, "%s/%s", dir, f->d_name);
        ssize_t k = readlink(name, to, sizeof to - 1);
        to[k > 0 ? k : 0] = 0;
        const char *at = strstr(to, "/blobs/"); /* "/blobs/3f/3fa9..." */
        n += at && strlen(at) > 7 + 3 + 60 && at[9] == '/';
    }
    if (d)
        closedir(d);
    return d ? n : -1;
}

bool slow_wait_open(struct desk_rig *rig, int n)
{
    for (int64_t end = mono_ms() + 10000; mono_ms() < end; usleep(5000))
        if (slow_open_files(rig) == n || slow_open_files(rig) < 0)
            return true;
    return false;
}

void slow_peak_begin(struct desk_rig *rig)
{
    char name[60];
    snprintf(name, sizeof name, "/proc/%d/clear_refs", rig->s.pid);
    FILE *f = fopen(name, "w");
    if (f) {
        fputs("5", f); /* proc(5): the peak begins anew */
        fclose(f);
    }
}

long slow_peak_kb(struct desk_rig *rig)
{
    char name[60], line[200];
    long kb = -1;

    snprintf(name, sizeof name, "/proc/%d/status", rig->s.pid);
    FILE *f = fopen(name, "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kb = strtol(line + 6, NULL, 10);
    if (f)
        fclose(f);
    return kb;
}
