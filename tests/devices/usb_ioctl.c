/* The usbfs ioctls of the clients.
 *
 * The preload library in each client connects to <root>/ioctl/<node> and sends three words per call: kind,
 * request, argument. While it waits for "done" it reads and writes its own memory for us. We speak that
 * protocol ourselves instead of through UMockdevIoctlBase: a client killed inside a call is then seen at once
 * (its claims must not outlive it), and everything stays in one thread. */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/devices/usb_int.h"

/* Words of umockdev's protocol, unchanged from 0.16 to 0.19. */
enum { REQ_IOCTL = 1, RES_DONE = 3, RES_READ_MEM = 5, RES_WRITE_MEM = 6, REQ_READ = 7, REQ_WRITE = 8 };
#define UNHANDLED (-100L) /* the preload library then makes the call itself */

static bool put(int fd, const void *p, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = send(fd, (const char *)p + at, len - at, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static bool get(int fd, void *p, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = recv(fd, (char *)p + at, len - at, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

bool usb_mem_read(struct usb_client *c, uint64_t addr, void *p, size_t len)
{
    unsigned long w[3] = {RES_READ_MEM, addr, len};
    return len == 0 || (addr != 0 && put(c->fd, w, sizeof w) && get(c->fd, p, len));
}

bool usb_mem_write(struct usb_client *c, uint64_t addr, const void *p, size_t len)
{
    unsigned long w[3] = {RES_WRITE_MEM, addr, len};
    return len == 0 || (addr != 0 && put(c->fd, w, sizeof w) && put(c->fd, p, len));
}

/* ---- claims ---- */

static void tell_claimed(struct usbdev *u, int interface, bool yes)
{
    if (u->model->claimed)
        u->model->claimed(u->user, interface, yes);
}

static bool has_interface(const struct usbdev *u, unsigned n)
{
    const uint8_t *b = u->desc->descriptors;
    for (size_t at = 0; at + 9 <= u->desc->len && b[at] >= 2; at += b[at])
        if (b[at + 1] == 4 && b[at + 2] == n)
            return true;
    return false;
}

static int claim(struct usb_client *c, unsigned n, bool unbind)
{
    struct usbdev *u = c->u;
    if (n >= 32 || !has_interface(u, n))
        return ENOENT;
    if (c->claims & 1u << n)
        return 0;
    for (guint i = 0; i < u->clients->len; i++)
        if (((struct usb_client *)g_ptr_array_index(u->clients, i))->claims & 1u << n)
            return EBUSY;
    if (n == 0 && u->bound && !unbind)
        return EBUSY;
    if (n == 0)
        u->bound = false;
    c->claims |= 1u << n;
    tell_claimed(u, (int)n, true);
    return 0;
}

static int release(struct usb_client *c, unsigned n)
{
    if (n >= 32 || !(c->claims & 1u << n))
        return EINVAL;
    c->claims &= ~(1u << n);
    tell_claimed(c->u, (int)n, false);
    return 0;
}

/* ---- one function per ioctl: >= 0 result, or -errno ---- */

static long do_caps(struct usb_client *c, uint64_t arg)
{
    uint32_t caps = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_BULK_CONTINUATION |
                    USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_BULK_SCATTER_GATHER |
                    USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
    return usb_mem_write(c, arg, &caps, sizeof caps) ? 0 : -EFAULT;
}

static long do_claim(struct usb_client *c, uint64_t arg)
{
    unsigned n;
    return usb_mem_read(c, arg, &n, sizeof n) ? -claim(c, n, false) : -EFAULT;
}

static long do_release(struct usb_client *c, uint64_t arg)
{
    unsigned n;
    return usb_mem_read(c, arg, &n, sizeof n) ? -release(c, n) : -EFAULT;
}

static long do_disconnect_claim(struct usb_client *c, uint64_t arg)
{
    struct usbdevfs_disconnect_claim d;
    if (!usb_mem_read(c, arg, &d, sizeof d))
        return -EFAULT;
    bool keep = c->u->bound && c->u->desc->driver && (d.flags & USBDEVFS_DISCONNECT_CLAIM_EXCEPT_DRIVER) &&
                strncmp(d.driver, c->u->desc->driver, sizeof d.driver) == 0;
    return -claim(c, d.interface, !keep);
}

static long do_getdriver(struct usb_client *c, uint64_t arg)
{
    struct usbdevfs_getdriver d;
    if (!usb_mem_read(c, arg, &d, sizeof d))
        return -EFAULT;
    bool own = d.interface < 32 && c->claims & 1u << d.interface;
    if (!own && (d.interface != 0 || !c->u->bound))
        return -ENODATA;
    memset(d.driver, 0, sizeof d.driver);
    g_strlcpy(d.driver, own ? "usbfs" : c->u->desc->driver, sizeof d.driver);
    return usb_mem_write(c, arg, &d, sizeof d) ? 0 : -EFAULT;
}

static long do_ioctl(struct usb_client *c, uint64_t arg)
{
    struct usbdevfs_ioctl d;
    struct usbdev *u = c->u;
    if (!usb_mem_read(c, arg, &d, sizeof d))
        return -EFAULT;
    if ((unsigned long)d.ioctl_code == USBDEVFS_DISCONNECT) {
        if (d.ifno != 0 || !u->bound)
            return -ENODATA;
        u->bound = false;
        return 0;
    }
    if ((unsigned long)d.ioctl_code == USBDEVFS_CONNECT) {
        if (d.ifno != 0 || u->bound || !u->desc->driver)
            return 0;
        u->bound = true;
        return 1; /* "one driver bound": libusb takes 0 for NOT_FOUND */
    }
    return -ENOTTY;
}

static long do_nothing(struct usb_client *c, uint64_t arg)
{
    (void)c;
    (void)arg;
    return 0;
}

static long do_clear_halt(struct usb_client *c, uint64_t arg)
{
    unsigned ep;
    if (!usb_mem_read(c, arg, &ep, sizeof ep))
        return -EFAULT;
    if (c->u->model->halt_cleared)
        c->u->model->halt_cleared(c->u->user, (uint8_t)ep);
    return 0;
}

static long do_reset(struct usb_client *c, uint64_t arg)
{
    (void)arg;
    if (c->u->model->reset)
        c->u->model->reset(c->u->user);
    return 0;
}

static long do_submit(struct usb_client *c, uint64_t arg)
{
    return -usb_urb_submit(c, arg);
}

static long do_discard(struct usb_client *c, uint64_t arg)
{
    return -usb_urb_discard(c, arg);
}

static long do_reap(struct usb_client *c, uint64_t arg)
{
    return -usb_urb_reap(c, arg);
}

static const struct row {
    unsigned long request;
    bool gone_ok; /* still answered after the device went away */
    long (*fn)(struct usb_client *c, uint64_t arg);
} rows[] = {
    {USBDEVFS_GET_CAPABILITIES, true, do_caps},
    {USBDEVFS_CLAIMINTERFACE, false, do_claim},
    {USBDEVFS_RELEASEINTERFACE, true, do_release},
    {USBDEVFS_DISCONNECT_CLAIM, false, do_disconnect_claim},
    {USBDEVFS_GETDRIVER, false, do_getdriver},
    {USBDEVFS_IOCTL, false, do_ioctl},
    {USBDEVFS_SETCONFIGURATION, false, do_nothing},
    {USBDEVFS_SETINTERFACE, false, do_nothing},
    {USBDEVFS_RESETEP, false, do_nothing},
    {USBDEVFS_CLEAR_HALT, false, do_clear_halt},
    {USBDEVFS_RESET, false, do_reset},
    {USBDEVFS_SUBMITURB, false, do_submit},
    {USBDEVFS_DISCARDURB, true, do_discard},
    {USBDEVFS_REAPURB, true, do_reap},
    {USBDEVFS_REAPURBNDELAY, true, do_reap},
};

static long answer(struct usb_client *c, unsigned long request, uint64_t arg)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].request != request)
            continue;
        if (!rows[i].gone_ok && (c->stale || !c->u->plugged))
            return -ENODEV;
        return rows[i].fn(c, arg);
    }
    fprintf(stderr, "vdev: unknown ioctl %#lx\n", request);
    return -ENOTTY;
}

/* ---- clients ---- */

static void release_all(struct usb_client *c)
{
    for (unsigned n = 0; n < 32; n++)
        if (c->claims & 1u << n)
            release(c, n);
}

static void client_free(struct usb_client *c)
{
    usb_urb_drop_client(c);
    release_all(c);
    g_ptr_array_remove(c->u->clients, c);
    g_clear_handle_id(&c->watch, g_source_remove);
    close(c->fd);
    g_free(c);
}

static gboolean on_client(gint fd, GIOCondition cond, gpointer user)
{
    (void)cond;
    struct usb_client *c = user;
    unsigned long w[3];
    bool ok = get(fd, w, sizeof w);
    if (ok && w[0] == REQ_IOCTL) {
        long r = answer(c, w[1], w[2]);
        unsigned long done[3] = {RES_DONE, (unsigned long)(r < 0 ? -1L : r), (unsigned long)(r < 0 ? -r : 0)};
        ok = put(fd, done, sizeof done);
    } else if (ok && (w[0] == REQ_READ || w[0] == REQ_WRITE)) {
        unsigned long done[3] = {RES_DONE, (unsigned long)UNHANDLED, 0};
        ok = put(fd, done, sizeof done);
    } else if (ok) {
        fprintf(stderr, "vdev: unknown word %lu from umockdev's preload library\n", w[0]);
        ok = false;
    }
    if (ok)
        return G_SOURCE_CONTINUE;
    c->watch = 0; /* this source ends by the return value */
    client_free(c);
    return G_SOURCE_REMOVE;
}

static gboolean on_listen(gint fd, GIOCondition cond, gpointer user)
{
    (void)cond;
    struct usbdev *u = user;
    int s = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (s < 0)
        return G_SOURCE_CONTINUE;
    /* A stopped client must not stop the device for ever. */
    struct timeval limit = {.tv_sec = 20};
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    struct usb_client *c = g_new0(struct usb_client, 1);
    c->u = u;
    c->fd = s;
    c->watch = g_unix_fd_add(s, G_IO_IN | G_IO_HUP | G_IO_ERR, on_client, c);
    g_ptr_array_add(u->clients, c);
    return G_SOURCE_CONTINUE;
}

bool usb_listen(struct usbdev *u)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    u->sockpath = g_strdup_printf("%s/ioctl/dev/bus/usb/%03d/%03d", u->root, u->desc->bus, u->address);
    if (g_strlcpy(sa.sun_path, u->sockpath, sizeof sa.sun_path) >= sizeof sa.sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    g_autofree char *dir = g_path_get_dirname(u->sockpath);
    g_mkdir_with_parents(dir, 0755);
    u->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (u->listener < 0 || bind(u->listener, (struct sockaddr *)&sa, sizeof sa) != 0 ||
        listen(u->listener, 64) != 0)
        return false;
    u->listen_watch = g_unix_fd_add(u->listener, G_IO_IN, on_listen, u);
    return true;
}

void usb_unlisten(struct usbdev *u)
{
    g_clear_handle_id(&u->listen_watch, g_source_remove);
    if (u->listener >= 0)
        close(u->listener);
    u->listener = -1;
    if (u->sockpath)
        unlink(u->sockpath);
    g_clear_pointer(&u->sockpath, g_free);
    for (guint i = 0; i < u->clients->len; i++) {
        struct usb_client *c = g_ptr_array_index(u->clients, i);
        release_all(c);
        c->stale = true;
    }
}

void usb_clients_free(struct usbdev *u)
{
    while (u->clients->len > 0)
        client_free(g_ptr_array_index(u->clients, 0));
}
