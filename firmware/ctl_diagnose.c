/* What the machine does to our devices: rights on the node, who else holds it, the power saver. Every finding
 * names its fix. Reads /sys, /dev and /run below $PRIDVOR_SYSROOT (tests), as kioskd's own user: that is
 * whose rights count. Source: facts of the device layer, recovery and the pains 6, 8, 10, 11. */
#include <dirent.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fs.h"
#include "firmware/ctl_diagnose.h"

#define GROUP "pridvor"

struct unit {
    char name[32]; /* "1-1.2" */
    int vid, pid, bus, dev;
};

static const char *root(void)
{
    const char *r = getenv("PRIDVOR_SYSROOT");
    return r ? r : "";
}

static int sys_number(const char *device, const char *file, int base)
{
    char path[400], text[32] = "";
    snprintf(path, sizeof(path), "%s/sys/bus/usb/devices/%s/%s", root(), device, file);
    FILE *f = fopen(path, "re");
    bool got = f && fgets(text, sizeof(text), f);
    if (f)
        fclose(f);
    return got ? (int)strtol(text, NULL, base) : -1;
}

static void sys_word(const char *device, const char *file, char out[32])
{
    char path[400];
    snprintf(path, sizeof(path), "%s/sys/bus/usb/devices/%s/%s", root(), device, file);
    FILE *f = fopen(path, "re");
    out[0] = 0;
    if (f && fgets(out, 32, f))
        out[strcspn(out, "\n")] = 0;
    if (f)
        fclose(f);
}

/* The kernel driver bound to an interface: the last part of a link. */
static void bound(const char *interface, char out[32])
{
    char path[400], to[400];
    snprintf(path, sizeof(path), "%s/sys/bus/usb/devices/%s/driver", root(), interface);
    ssize_t n = readlink(path, to, sizeof(to) - 1);
    to[n > 0 ? n : 0] = 0;
    const char *last = strrchr(to, '/');
    snprintf(out, 32, "%.31s", last ? last + 1 : to);
}

static bool is_number(const struct jval *v, int n)
{
    return !v || (v->kind == JV_INT && v->i == n);
}

/* Does a match row mean this device, or this interface of it (three numbers)? */
static bool row_means(const struct jval *m, const struct unit *u, const int face[3])
{
    const char *vid = jval_str(m, "vid", ""), *pid = jval_str(m, "pid", "");
    bool any_class = !jval_get(m, "class");
    if (vid[0] && strtol(vid, NULL, 16) != u->vid)
        return false;
    if (pid[0] && strtol(pid, NULL, 16) != u->pid)
        return false;
    if (any_class)
        return vid[0] != 0;
    return is_number(jval_get(m, "class"), face[0]) && is_number(jval_get(m, "subclass"), face[1]) &&
           is_number(jval_get(m, "protocol"), face[2]);
}

struct ours {
    struct arena *a;
    struct jval *files[128]; /* configs/devices, as trees */
    size_t n;
};

static void load_rows(struct ours *o, const char *configs)
{
    char folder[600];
    struct err e = {0};
    snprintf(folder, sizeof(folder), "%s/devices", configs);
    DIR *d = opendir(folder);
    for (struct dirent *f; d && o->n < COUNT(o->files) && (f = readdir(d));) {
        size_t len = strlen(f->d_name);
        if (len > 7 && strcmp(f->d_name + len - 7, ".device") == 0 &&
            jval_load(o->a, arena_fmt(o->a, "%s/%s", folder, f->d_name), &o->files[o->n], &e) == RC_OK)
            o->n++;
    }
    if (d)
        closedir(d);
}

/* "card", "print", "pad" ... or NULL. */
static const char *driver_for(const struct ours *o, const struct unit *u, const int face[3])
{
    for (size_t i = 0; i < o->n; i++) {
        const struct jval *match = jval_get(o->files[i], "match");
        for (size_t k = 0; match && k < match->n; k++)
            if (row_means(&match->items[k], u, face))
                return jval_str(o->files[i], "driver", NULL);
    }
    return NULL;
}

struct finding {
    void (*say)(void *user, const char *name, bool ok, const char *text);
    void *user;
    struct arena *a;
};

static void check_rights(const struct finding *f, const struct unit *u, const char *driver)
{
    char node[400];
    snprintf(node, sizeof(node), "%s/dev/bus/usb/%03d/%03d", root(), u->bus, u->dev);
    const char *who =
        arena_fmt(f->a, "%s on port %s (%04x:%04x)", driver, u->name, (unsigned)u->vid, (unsigned)u->pid);
    if (access(node, R_OK | W_OK) == 0)
        f->say(f->user, "rights", true, who);
    else
        f->say(
            f->user, "rights", false,
            arena_fmt(f->a,
                      "%s: kioskd may not open %s: install packaging/udev/70-pridvor.rules, put its user "
                      "into the group %s (usermod -aG %s), then: udevadm control --reload && udevadm trigger",
                      who, node, GROUP, GROUP));
    char power[32];
    sys_word(u->name, "power/control", power);
    if (strcmp(power, "auto") == 0)
        f->say(f->user, "autosuspend", false,
               arena_fmt(f->a,
                         "%s: the kernel may put it to sleep: the udev rule sets power/control to on; now: "
                         "echo on > /sys/bus/usb/devices/%s/power/control",
                         who, u->name));
}

static bool runs(const char *socket)
{
    return fs_exists(socket);
}

static void check_holders(const struct finding *f, const struct unit *u, const char *driver, const char *by)
{
    char pcscd[300], ipp[300];
    snprintf(pcscd, sizeof(pcscd), "%s/run/pcscd/pcscd.comm", root());
    snprintf(ipp, sizeof(ipp), "%s/run/ipp-usb/ctrl", root());
    if (strcmp(driver, "card") == 0 && runs(pcscd))
        f->say(f->user, "pcscd", false,
               arena_fmt(f->a,
                         "pcscd runs and takes the reader on port %s: systemctl disable --now pcscd.socket "
                         "pcscd.service, or let us go through it: \"transport\": \"pcsc\" in kiosk.conf",
                         u->name));
    if (strcmp(driver, "print") == 0 && strcmp(by, "usblp") == 0)
        f->say(f->user, "usblp", false,
               arena_fmt(f->a,
                         "the kernel's usblp holds the receipt printer on port %s until we take it: "
                         "echo blacklist usblp > /etc/modprobe.d/pridvor.conf; rmmod usblp",
                         u->name));
    if (strcmp(driver, "print") == 0 && runs(ipp))
        f->say(f->user, "ipp-usb", false, "ipp-usb takes USB printers: systemctl mask --now ipp-usb");
}

static void check_unit(const struct finding *f, const struct ours *o, const struct unit *u)
{
    char folder[400];
    const char *driver = NULL;
    snprintf(folder, sizeof(folder), "%s/sys/bus/usb/devices", root());
    DIR *d = opendir(folder);
    for (struct dirent *x; d && (x = readdir(d));) {
        size_t n = strlen(u->name);
        if (strncmp(x->d_name, u->name, n) != 0 || x->d_name[n] != ':')
            continue;
        int face[3] = {sys_number(x->d_name, "bInterfaceClass", 16),
                       sys_number(x->d_name, "bInterfaceSubClass", 16),
                       sys_number(x->d_name, "bInterfaceProtocol", 16)};
        const char *is = driver_for(o, u, face);
        char by[32];
        if (!is)
            continue;
        bound(x->d_name, by);
        if (!driver)
            check_rights(f, u, is);
        driver = is;
        check_holders(f, u, is, by);
    }
    if (d)
        closedir(d);
}

void ctl_diagnose(struct arena *a, const char *configs,
                  void (*say)(void *user, const char *name, bool ok, const char *text), void *user)
{
    struct finding f = {say, user, a};
    struct ours *o = ARENA_NEW(a, struct ours);
    char folder[400];
    size_t units = 0;
    o->a = a;
    load_rows(o, configs);
    snprintf(folder, sizeof(folder), "%s/sys/bus/usb/devices", root());
    DIR *d = opendir(folder);
    if (!d)
        say(user, "usb", false, "this machine shows no USB: is /sys/bus/usb there?");
    for (struct dirent *x; d && (x = readdir(d));) {
        struct unit u = {.vid = sys_number(x->d_name, "idVendor", 16)};
        if (x->d_name[0] == '.' || strchr(x->d_name, ':') || u.vid < 0 || strlen(x->d_name) >= sizeof(u.name))
            continue;
        snprintf(u.name, sizeof(u.name), "%.31s", x->d_name);
        u.pid = sys_number(x->d_name, "idProduct", 16);
        u.bus = sys_number(x->d_name, "busnum", 10);
        u.dev = sys_number(x->d_name, "devnum", 10);
        check_unit(&f, o, &u);
        units++;
    }
    if (d) {
        closedir(d);
        say(user, "usb", true, arena_fmt(a, "%zu devices on the bus", units));
    }
    if (!getgrnam(GROUP) && !root()[0])
        say(user, "group", false, "there is no group " GROUP ": groupadd --system " GROUP);
}
