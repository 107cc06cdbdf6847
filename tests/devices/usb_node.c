/* The device appears and goes: sysfs entries, the node behind a pty, hot-plug events. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <umockdev.h>
#include <unistd.h>

#include "tests/devices/usb_int.h"

/* usbfs says "something to reap" as POLLOUT; a plain file would always say so. A pty slave says it only while
 * its output is not stopped, and closing the master gives the POLLHUP of a lost device. */
void usb_gate(struct usbdev *u)
{
    bool want = false;
    for (guint i = 0; i < u->reap->len && !want; i++)
        want = !((struct usb_urb *)g_ptr_array_index(u->reap, i))->c->stale;
    if (u->gate_peer < 0 || want == u->gate_open)
        return;
    tcflow(u->gate_peer, want ? TCOON : TCOOFF);
    u->gate_open = want;
}

static bool gate_make(struct usbdev *u, const char *node)
{
    char name[64];
    struct termios raw;
    if (openpty(&u->gate, &u->gate_peer, name, NULL, NULL) != 0)
        return false;
    fcntl(u->gate, F_SETFD, FD_CLOEXEC);
    fcntl(u->gate_peer, F_SETFD, FD_CLOEXEC);
    tcgetattr(u->gate_peer, &raw);
    cfmakeraw(&raw);
    tcsetattr(u->gate_peer, TCSANOW, &raw);
    tcflow(u->gate_peer, TCOOFF);
    u->gate_open = false;
    unlink(node);
    return symlink(name, node) == 0;
}

static void gate_drop(struct usbdev *u)
{
    if (u->gate_peer >= 0) {
        tcflow(u->gate_peer, TCOON);
        close(u->gate_peer);
    }
    if (u->gate >= 0)
        close(u->gate);
    u->gate = u->gate_peer = -1;
}

static unsigned le16(const uint8_t *p)
{
    return (unsigned)(p[0] | p[1] << 8);
}

static void hex(GString *s, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        g_string_append_printf(s, "%02X", p[i]);
}

/* sysfs shows the strings, too; lsusb reads them there. */
static void string_attributes(GString *s, const struct usb_desc *d)
{
    static const char *const names[] = {"manufacturer", "product", "serial"};
    for (int i = 0; i < 3; i++) {
        uint8_t index = d->descriptors[14 + i];
        const char *const *text = d->strings;
        for (uint8_t k = 1; text && *text && k < index; k++)
            text++;
        if (index > 0 && text && *text)
            g_string_append_printf(s, "A: %s=%s\\n\n", names[i], *text);
    }
}

/* Without DEVTYPE: libusb passes over such a device, so nobody opens it before the gate and the socket stand.
 */
static char *device_text(struct usbdev *u)
{
    const struct usb_desc *d = u->desc;
    const uint8_t *b = d->descriptors;
    GString *s = g_string_new(NULL);
    g_string_append_printf(s, "P: %s\nN: bus/usb/%03d/%03d=", u->syspath, d->bus, u->address);
    hex(s, b, d->len);
    g_string_append_printf(s, "\nE: DEVNAME=/dev/bus/usb/%03d/%03d\nE: SUBSYSTEM=usb\nE: DRIVER=usb\n",
                           d->bus, u->address);
    g_string_append_printf(s, "E: MAJOR=189\nE: MINOR=%d\nE: BUSNUM=%03d\nE: DEVNUM=%03d\n",
                           (d->bus - 1) * 128 + u->address - 1, d->bus, u->address);
    g_string_append_printf(s, "E: PRODUCT=%x/%x/%x\nE: ID_BUS=usb\n", le16(b + 8), le16(b + 10),
                           le16(b + 12));
    g_string_append_printf(s, "A: dev=189:%d\\n\nA: busnum=%d\\n\nA: devnum=%d\\n\nA: devpath=%s\\n\n",
                           (d->bus - 1) * 128 + u->address - 1, d->bus, u->address, strchr(d->port, '-') + 1);
    g_string_append_printf(s, "A: speed=%d\\n\nA: version= %x.%02x\\n\nA: bConfigurationValue=1\\n\n",
                           d->mbit, b[3], b[2]);
    g_string_append_printf(s, "A: idVendor=%04x\\n\nA: idProduct=%04x\\n\nA: bcdDevice=%04x\\n\n",
                           le16(b + 8), le16(b + 10), le16(b + 12));
    string_attributes(s, d);
    g_string_append_printf(s, "A: bDeviceClass=%02x\\n\nA: bNumConfigurations=%x\\n\nH: descriptors=", b[4],
                           b[17]);
    hex(s, b, d->len);
    g_string_append(s, "\n");
    return g_string_free(s, FALSE);
}

static char *interface_path(struct usbdev *u, const uint8_t *i)
{
    return g_strdup_printf("%s/%s:1.%d", u->syspath, u->desc->port, i[2]);
}

static char *interface_text(struct usbdev *u, const uint8_t *i)
{
    const uint8_t *b = u->desc->descriptors;
    g_autofree char *path = interface_path(u, i);
    return g_strdup_printf(
        "P: %s\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\nE: INTERFACE=%d/%d/%d\n"
        "E: PRODUCT=%x/%x/%x\nA: bInterfaceNumber=%02x\\n\nA: bAlternateSetting=%2d\\n\n"
        "A: bNumEndpoints=%02x\\n\nA: bInterfaceClass=%02x\\n\nA: bInterfaceSubClass=%02x\\n\n"
        "A: bInterfaceProtocol=%02x\\n\n",
        path, i[5], i[6], i[7], le16(b + 8), le16(b + 10), le16(b + 12), i[2], i[3], i[4], i[5], i[6], i[7]);
}

/* Calls fn for each interface descriptor (first alternate setting). */
static void each_interface(struct usbdev *u, void (*fn)(struct usbdev *u, const uint8_t *i))
{
    const uint8_t *b = u->desc->descriptors;
    for (size_t at = 0; at + 9 <= u->desc->len && b[at] >= 2; at += b[at])
        if (b[at + 1] == 4 && b[at + 3] == 0)
            fn(u, b + at);
}

/* pcscd looks for these children; libusb does not. */
static void interface_add(struct usbdev *u, const uint8_t *i)
{
    g_autofree char *text = interface_text(u, i);
    g_autoptr(GError) e = NULL;
    if (!umockdev_testbed_add_from_string(u->testbed, text, &e))
        fprintf(stderr, "vdev: interface %d: %s\n", i[2], e ? e->message : "refused");
}

static void interface_remove(struct usbdev *u, const uint8_t *i)
{
    g_autofree char *path = interface_path(u, i);
    g_autofree char *sys = g_strconcat("/sys", path, NULL);
    umockdev_testbed_uevent(u->testbed, sys, "remove");
    umockdev_testbed_remove_device(u->testbed, sys);
}

struct usbdev *usb_new(const struct usb_desc *d, const struct usb_model *m, void *user)
{
    struct usbdev *u = g_new0(struct usbdev, 1);
    u->desc = d;
    u->model = m;
    u->user = user;
    u->gate = u->gate_peer = u->listener = -1;
    u->address = 1;
    u->clients = g_ptr_array_new();
    u->urbs = g_ptr_array_new();
    u->reap = g_ptr_array_new();
    u->later = g_ptr_array_new();
    g_queue_init(&u->msgs);
    u->testbed = umockdev_testbed_new();
    /* Asked only now: the first answer is kept for ever, and before the testbed exists it is always no. */
    if (!umockdev_in_mock_environment()) {
        fprintf(stderr, "vdev: not under umockdev's preload library\n");
        usb_free(u);
        return NULL;
    }
    u->root = umockdev_testbed_get_root_dir(u->testbed);
    usb_sweep(u->root);
    return u;
}

void usb_free(struct usbdev *u)
{
    if (!u)
        return;
    usb_unplug(u);
    usb_clients_free(u);
    usb_urb_clear(u);
    g_ptr_array_free(u->clients, TRUE);
    g_ptr_array_free(u->urbs, TRUE);
    g_ptr_array_free(u->reap, TRUE);
    g_ptr_array_free(u->later, TRUE);
    g_object_unref(u->testbed);
    g_free(u->root);
    g_free(u);
}

void usb_set_user(struct usbdev *u, void *user)
{
    u->user = user;
}

const char *usb_root(const struct usbdev *u)
{
    return u->root;
}

bool usb_plugged(const struct usbdev *u)
{
    return u->plugged;
}

bool usb_plug(struct usbdev *u)
{
    if (u->plugged)
        return false;
    u->address = u->address >= 126 ? 2 : u->address + 1;
    u->bound = u->desc->driver != NULL;
    u->syspath = g_strdup_printf("/devices/pci0000:00/0000:00:14.0/usb%d/%s", u->desc->bus, u->desc->port);
    g_autofree char *text = device_text(u);
    g_autoptr(GError) e = NULL;
    if (!umockdev_testbed_add_from_string(u->testbed, text, &e)) {
        fprintf(stderr, "vdev: device: %s\n", e ? e->message : "refused");
        return false;
    }
    g_autofree char *node = g_strdup_printf("%s/dev/bus/usb/%03d/%03d", u->root, u->desc->bus, u->address);
    if (!gate_make(u, node) || !usb_listen(u)) {
        fprintf(stderr, "vdev: node %s: %s\n", node, strerror(errno));
        return false;
    }
    u->plugged = true;
    g_autofree char *sys = g_strconcat("/sys", u->syspath, NULL);
    umockdev_testbed_set_property(u->testbed, sys, "DEVTYPE", "usb_device");
    umockdev_testbed_uevent(u->testbed, sys, "add");
    each_interface(u, interface_add);
    return true;
}

bool usb_unplug(struct usbdev *u)
{
    if (!u->plugged)
        return false;
    u->plugged = false;
    usb_urb_shutdown(u);
    gate_drop(u);
    usb_unlisten(u);
    each_interface(u, interface_remove);
    /* "remove" needs the sysfs folder, so it is sent before the folder goes. */
    g_autofree char *sys = g_strconcat("/sys", u->syspath, NULL);
    umockdev_testbed_uevent(u->testbed, sys, "remove");
    umockdev_testbed_remove_device(u->testbed, sys);
    g_free(u->syspath);
    u->syspath = NULL;
    return true;
}
