/* A killed vdev leaves its testbed's folder in /tmp: the next one that starts removes it. Ours are known by a
 * mark that names the process. */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/devices/usb_int.h"

#define MARK "pridvor-vdev.pid"

static int drop(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static long owner(const char *folder)
{
    long pid = 0;
    g_autofree char *path = g_build_filename(folder, MARK, NULL);
    FILE *f = fopen(path, "re");
    if (f && fscanf(f, "%ld", &pid) != 1)
        pid = 0;
    if (f)
        fclose(f);
    return pid;
}

void usb_sweep(const char *root)
{
    g_autofree char *mark = g_build_filename(root, MARK, NULL), *pid = g_strdup_printf("%d\n", getpid());
    g_autofree char *where = g_path_get_dirname(root);
    g_file_set_contents(mark, pid, -1, NULL);
    GDir *d = g_dir_open(where, 0, NULL);
    for (const char *name; d && (name = g_dir_read_name(d));) {
        if (strncmp(name, "umockdev.", 9) != 0)
            continue;
        g_autofree char *folder = g_build_filename(where, name, NULL);
        long who = owner(folder);
        if (who > 1 && kill((pid_t)who, 0) != 0 && errno == ESRCH)
            nftw(folder, drop, 16, FTW_DEPTH | FTW_PHYS);
    }
    if (d)
        g_dir_close(d);
}
