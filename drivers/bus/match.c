#include "drivers/bus/match.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool word(int want, int is)
{
    return want < 0 || want == is;
}

bool match_row(const struct bus_match *m, const struct bus_id *id, const struct bus_interface *i)
{
    return (m->vid == 0 || m->vid == id->vid) && (m->pid == 0 || m->pid == id->pid) && id->bcd >= m->bcd_lo &&
           (m->bcd_hi == 0 || id->bcd <= m->bcd_hi) && word(m->cls, i->cls) && word(m->sub, i->sub) &&
           word(m->proto, i->proto);
}

static bool hex4(const char *s, uint16_t *out)
{
    if (strspn(s, "0123456789abcdefABCDEF") < 4)
        return false;
    char four[5] = {s[0], s[1], s[2], s[3], 0};
    *out = (uint16_t)strtoul(four, NULL, 16);
    return true;
}

enum rc pin_parse(const char *text, struct bus_pin *out, struct err *e)
{
    struct bus_pin p = {.any = text == NULL};
    if (text && strncmp(text, "usb:", 4) == 0) {
        const char *s = text + 4;
        if (!hex4(s, &p.vid) || s[4] != ':' || !hex4(s + 5, &p.pid) || (s[9] != 0 && s[9] != ':'))
            return err_set(e, RC_BAD_REQUEST, "'%s' is not usb:VID:PID or usb:VID:PID:SERIAL", text);
        snprintf(p.serial, sizeof p.serial, "%s", s[9] ? s + 10 : "");
    } else if (text && strncmp(text, "serial:", 7) == 0 && text[7]) {
        p.any = true;
        snprintf(p.serial, sizeof p.serial, "%s", text + 7);
    } else if (text) {
        if (strlen(text) >= sizeof p.port || strspn(text, "0123456789-.") != strlen(text) || !text[0])
            return err_set(e, RC_BAD_REQUEST,
                           "'%s' is neither usb:VID:PID[:SERIAL], serial:TEXT nor a port like 1-1.2", text);
        snprintf(p.port, sizeof p.port, "%s", text);
    }
    *out = p;
    return RC_OK;
}

bool pin_may(const struct bus_pin *p, const struct bus_id *id)
{
    return p->any || (p->port[0] ? strcmp(p->port, id->port) == 0 : p->vid == id->vid && p->pid == id->pid);
}

bool pin_takes(const struct bus_pin *p, const struct bus_id *id)
{
    return pin_may(p, id) && (!p->serial[0] || strcmp(p->serial, id->serial) == 0);
}

enum rc denied_error(struct err *e, const struct bus_id *id)
{
    return err_set(
        e, RC_DENIED,
        "no permission for %04x:%04x (/dev/bus/usb/%03u/%03u): install the udev rule of packaging/udev, "
        "put this user into the group pridvor, then plug the device again",
        id->vid, id->pid, id->number, id->address);
}

static bool holds(const char *fd_dir, const char *node)
{
    DIR *d = opendir(fd_dir);
    if (!d)
        return false;
    bool found = false;
    for (struct dirent *f; !found && (f = readdir(d));) {
        char to[64];
        ssize_t n = readlinkat(dirfd(d), f->d_name, to, sizeof to - 1);
        to[n > 0 ? n : 0] = 0;
        found = strcmp(to, node) == 0;
    }
    closedir(d);
    return found;
}

/* Name and pid of another process that has the node open. */
static bool holder(const struct bus_id *id, char name[32], int *pid)
{
    char node[40], path[320];
    snprintf(node, sizeof node, "/dev/bus/usb/%03u/%03u", id->number, id->address);
    DIR *d = opendir("/proc");
    if (!d)
        return false;
    *pid = 0;
    for (struct dirent *p; *pid == 0 && (p = readdir(d));) {
        int n = (int)strtol(p->d_name, NULL, 10);
        snprintf(path, sizeof path, "/proc/%s/fd", p->d_name);
        if (n > 0 && n != getpid() && holds(path, node))
            *pid = n;
    }
    closedir(d);
    snprintf(path, sizeof path, "/proc/%d/comm", *pid);
    FILE *f = *pid ? fopen(path, "re") : NULL;
    if (!f)
        return false;
    bool ok = fgets(name, 32, f) != NULL;
    fclose(f);
    name[strcspn(name, "\n")] = 0;
    return ok;
}

enum rc busy_error(struct err *e, const struct bus_id *id)
{
    char name[32] = "";
    int pid = 0;
    if (!holder(id, name, &pid))
        return err_set(e, RC_BUSY,
                       "%04x:%04x on port %s is held by another program (often pcscd: stop pcscd.service and "
                       "pcscd.socket)",
                       id->vid, id->pid, id->port);
    if (strcmp(name, "pcscd") == 0)
        return err_set(
            e, RC_BUSY,
            "%04x:%04x on port %s is held by pcscd (pid %d): stop pcscd.service and pcscd.socket, a "
            "reader has one owner",
            id->vid, id->pid, id->port, pid);
    return err_set(e, RC_BUSY, "%04x:%04x on port %s is held by %s (pid %d): end it, a device has one owner",
                   id->vid, id->pid, id->port, name, pid);
}
