/* The second carrier of the same models: usb-redir, the protocol by which QEMU takes a USB device over a
 * socket. The guest's own kernel then speaks with the model. $VDEV_REDIR is the socket QEMU listens on. */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <usbredirparser.h>

#include "tests/devices/usb_standard.h"

struct msg {
    uint8_t ep;
    bool stall;
    size_t off, len;
    uint8_t data[];
};
struct later {
    struct usbdev *u;
    struct msg *msg;
};
/* A bulk transfer under way. */
struct ask {
    uint64_t id;
    struct usb_redir_bulk_packet_header head;
    size_t len, moved;
    uint8_t *data; /* OUT */
};

struct usbdev {
    struct usb_behind b;
    struct usbredirparser *parser;
    int fd;
    bool hello, plugged, silent, flushing;
    uint16_t receiving; /* interrupt endpoints, as bits */
    uint64_t interrupt_id, transfers;
    GQueue msgs, asks;
    void (*on_transfer)(void *user);
    void *on_user;
};

static void on_log(void *priv, int level, const char *text)
{
    (void)priv;
    if (level <= usbredirparser_warning)
        fprintf(stderr, "redir: %s\n", text);
}

static int on_read(void *priv, uint8_t *data, int count)
{
    struct usbdev *u = priv;
    ssize_t n = recv(u->fd, data, (size_t)count, MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    return n == 0 ? -1 : (int)n;
}

static int on_write(void *priv, uint8_t *data, int count)
{
    struct usbdev *u = priv;
    struct pollfd p = {.fd = u->fd, .events = POLLOUT};
    poll(&p, 1, 5000);
    ssize_t n = send(u->fd, data, (size_t)count, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n < 0 ? (errno == EAGAIN ? 0 : -1) : (int)n;
}

static void flush(struct usbdev *u)
{
    while (u->parser && usbredirparser_has_data_to_write(u->parser) > 0 &&
           usbredirparser_do_write(u->parser) == 0)
        ;
}

static void counted(struct usbdev *u)
{
    u->transfers++;
    if (u->on_transfer)
        u->on_transfer(u->on_user);
}

/* ---- what the device is ---- */

static void describe(struct usbdev *u)
{
    const uint8_t *d = u->b.desc->descriptors;
    struct usb_redir_interface_info_header faces = {0};
    struct usb_redir_ep_info_header eps = {0};
    memset(eps.type, usb_redir_type_invalid, sizeof eps.type);
    eps.type[0] = eps.type[16] = usb_redir_type_control;
    eps.max_packet_size[0] = eps.max_packet_size[16] = d[7];
    uint8_t now = 0;
    for (size_t at = 18; at + 2 <= u->b.desc->len && d[at] >= 2; at += d[at]) {
        const uint8_t *p = d + at;
        if (p[1] == 4 && p[3] == 0) {
            now = p[2];
            faces.interface[faces.interface_count] = p[2];
            faces.interface_class[faces.interface_count] = p[5];
            faces.interface_subclass[faces.interface_count] = p[6];
            faces.interface_protocol[faces.interface_count++] = p[7];
        } else if (p[1] == 5) {
            unsigned i = (p[2] & 0x0F) + (p[2] & 0x80 ? 16 : 0);
            eps.type[i] = p[3] & 3;
            eps.interval[i] = p[6];
            eps.interface[i] = now;
            eps.max_packet_size[i] = (uint16_t)(p[4] | p[5] << 8);
        }
    }
    struct usb_redir_device_connect_header c = {.speed = u->b.desc->mbit >= 480 ? usb_redir_speed_high
                                                                                : usb_redir_speed_full,
                                                .device_class = d[4],
                                                .device_subclass = d[5],
                                                .device_protocol = d[6],
                                                .vendor_id = (uint16_t)(d[8] | d[9] << 8),
                                                .product_id = (uint16_t)(d[10] | d[11] << 8),
                                                .device_version_bcd = (uint16_t)(d[12] | d[13] << 8)};
    usbredirparser_send_interface_info(u->parser, &faces);
    usbredirparser_send_ep_info(u->parser, &eps);
    usbredirparser_send_device_connect(u->parser, &c);
    flush(u);
}

static void on_hello(void *priv, struct usb_redir_hello_header *h)
{
    struct usbdev *u = priv;
    (void)h;
    u->hello = true;
    if (u->plugged)
        describe(u);
}

/* ---- transfers ---- */

static void answer(struct usbdev *u, struct ask *a, int status, const uint8_t *data, size_t len)
{
    a->head.status = (uint8_t)status;
    a->head.length = (uint16_t)len;
    a->head.length_high = (uint16_t)(len >> 16);
    bool in = a->head.endpoint & 0x80;
    usbredirparser_send_bulk_packet(u->parser, a->id, &a->head, in ? (uint8_t *)(uintptr_t)data : NULL,
                                    in ? (int)len : 0);
    g_queue_remove(&u->asks, a);
    g_free(a->data);
    g_free(a);
    counted(u);
}

/* true: something moved. */
static bool move_out(struct usbdev *u, struct ask *a)
{
    int n = u->b.model->out(u->b.user, a->head.endpoint, a->data + a->moved, a->len - a->moved);
    if (n < 0) {
        answer(u, a, usb_redir_stall, NULL, 0);
        return true;
    }
    a->moved += (size_t)n;
    if (a->moved >= a->len)
        answer(u, a, usb_redir_success, NULL, a->len);
    return n > 0;
}

static bool deliver(struct usbdev *u, struct msg *m)
{
    if (u->receiving & 1u << (m->ep & 0x0F)) {
        struct usb_redir_interrupt_packet_header h = {m->ep, m->stall ? usb_redir_stall : usb_redir_success,
                                                      (uint16_t)m->len};
        usbredirparser_send_interrupt_packet(u->parser, u->interrupt_id++, &h, m->data, (int)m->len);
        counted(u);
        m->off = m->len;
        return true;
    }
    for (GList *l = u->asks.head; l; l = l->next) {
        struct ask *a = l->data;
        if (a->head.endpoint != m->ep)
            continue;
        size_t n = MIN(m->len - m->off, a->len);
        m->off += n;
        answer(u, a, m->stall ? usb_redir_stall : usb_redir_success, m->data + m->off - n, n);
        return true;
    }
    return false;
}

static void move(struct usbdev *u)
{
    if (u->flushing || !u->plugged || u->silent)
        return;
    u->flushing = true;
    for (bool again = true; again;) {
        again = false;
        for (GList *l = u->asks.head, *next; l; l = next) {
            next = l->next;
            if (!(((struct ask *)l->data)->head.endpoint & 0x80) && move_out(u, l->data)) {
                again = true;
                break;
            }
        }
        for (GList *l = u->msgs.head; l; l = l->next) {
            struct msg *m = l->data;
            if (!deliver(u, m))
                continue;
            if (m->off >= m->len) {
                g_queue_delete_link(&u->msgs, l);
                g_free(m);
            }
            again = true;
            break;
        }
    }
    u->flushing = false;
    flush(u);
}

static void on_bulk(void *priv, uint64_t id, struct usb_redir_bulk_packet_header *h, uint8_t *data, int len)
{
    struct usbdev *u = priv;
    struct ask *a = g_new0(struct ask, 1);
    a->id = id;
    a->head = *h;
    a->len = h->endpoint & 0x80 ? h->length | (size_t)h->length_high << 16 : (size_t)len;
    a->data = g_memdup2(data, (gsize)len);
    usbredirparser_free_packet_data(u->parser, data);
    g_queue_push_tail(&u->asks, a);
    move(u);
}

static void on_interrupt(void *priv, uint64_t id, struct usb_redir_interrupt_packet_header *h, uint8_t *data,
                         int len)
{
    struct usbdev *u = priv;
    int n = u->b.model->out(u->b.user, h->endpoint, data, (size_t)len);
    h->status = n < 0 ? usb_redir_stall : usb_redir_success;
    usbredirparser_send_interrupt_packet(u->parser, id, h, NULL, 0);
    usbredirparser_free_packet_data(u->parser, data);
    counted(u);
    flush(u);
}

static void on_control(void *priv, uint64_t id, struct usb_redir_control_packet_header *h, uint8_t *data,
                       int len)
{
    struct usbdev *u = priv;
    uint8_t setup[8] = {h->requesttype,     h->request,
                        (uint8_t)h->value,  (uint8_t)(h->value >> 8),
                        (uint8_t)h->index,  (uint8_t)(h->index >> 8),
                        (uint8_t)h->length, (uint8_t)(h->length >> 8)};
    bool in = h->requesttype & 0x80;
    g_autofree uint8_t *room = g_malloc0(h->length + 1u);
    if (!in && len > 0)
        memcpy(room, data, MIN((size_t)len, (size_t)h->length));
    usbredirparser_free_packet_data(u->parser, data);
    int n = usb_standard(&u->b, setup, room, h->length);
    if (n == -ENOSYS)
        n = u->b.model->control ? u->b.model->control(u->b.user, setup, room, h->length) : -EPIPE;
    if (n == -EINPROGRESS)
        return;
    h->status = n < 0 ? usb_redir_stall : usb_redir_success;
    h->length = (uint16_t)(n < 0 ? 0 : n);
    usbredirparser_send_control_packet(u->parser, id, h, in && n > 0 ? room : NULL, in && n > 0 ? n : 0);
    counted(u);
    move(u);
    flush(u);
}

/* ---- the rest of the protocol ---- */

static void on_set_configuration(void *priv, uint64_t id, struct usb_redir_set_configuration_header *h)
{
    struct usbdev *u = priv;
    struct usb_redir_configuration_status_header s = {usb_redir_success, h->configuration};
    usbredirparser_send_configuration_status(u->parser, id, &s);
    if (u->b.model->claimed)
        u->b.model->claimed(u->b.user, 0, true);
    flush(u);
}

static void on_get_configuration(void *priv, uint64_t id)
{
    struct usbdev *u = priv;
    struct usb_redir_configuration_status_header s = {usb_redir_success, 1};
    usbredirparser_send_configuration_status(u->parser, id, &s);
}

static void on_set_alt(void *priv, uint64_t id, struct usb_redir_set_alt_setting_header *h)
{
    struct usbdev *u = priv;
    struct usb_redir_alt_setting_status_header s = {usb_redir_success, h->interface, h->alt};
    usbredirparser_send_alt_setting_status(u->parser, id, &s);
}

static void on_get_alt(void *priv, uint64_t id, struct usb_redir_get_alt_setting_header *h)
{
    struct usbdev *u = priv;
    struct usb_redir_alt_setting_status_header s = {usb_redir_success, h->interface, 0};
    usbredirparser_send_alt_setting_status(u->parser, id, &s);
}

static void receiving(struct usbdev *u, uint64_t id, uint8_t ep, bool on)
{
    uint16_t bit = (uint16_t)(1u << (ep & 0x0F));
    u->receiving = (uint16_t)(on ? u->receiving | bit : u->receiving & ~bit);
    struct usb_redir_interrupt_receiving_status_header s = {usb_redir_success, ep};
    usbredirparser_send_interrupt_receiving_status(u->parser, id, &s);
    move(u);
    flush(u);
}

static void on_start(void *priv, uint64_t id, struct usb_redir_start_interrupt_receiving_header *h)
{
    receiving(priv, id, h->endpoint, true);
}

static void on_stop(void *priv, uint64_t id, struct usb_redir_stop_interrupt_receiving_header *h)
{
    receiving(priv, id, h->endpoint, false);
}

static void on_cancel(void *priv, uint64_t id)
{
    struct usbdev *u = priv;
    for (GList *l = u->asks.head; l; l = l->next)
        if (((struct ask *)l->data)->id == id) {
            struct ask *a = l->data;
            answer(u, a, usb_redir_cancelled, NULL, 0);
            break;
        }
    flush(u);
}

static void on_reset(void *priv)
{
    struct usbdev *u = priv;
    if (u->b.model->reset)
        u->b.model->reset(u->b.user);
}

static void nothing(void *priv)
{
    (void)priv;
}

static gboolean on_ready(gint fd, GIOCondition cond, gpointer user)
{
    struct usbdev *u = user;
    (void)fd;
    (void)cond;
    if (usbredirparser_do_read(u->parser) == usbredirparser_read_io_error) {
        fprintf(stderr, "redir: QEMU is gone\n");
        raise(SIGTERM);
        return G_SOURCE_REMOVE;
    }
    flush(u);
    return G_SOURCE_CONTINUE;
}

static int dial(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    g_strlcpy(to.sun_path, path, sizeof to.sun_path);
    for (int i = 0; i < 600; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
            return fd;
        close(fd);
        poll(NULL, 0, 100);
    }
    return -1;
}

static void start_parser(struct usbdev *u)
{
    static const int caps[] = {usb_redir_cap_connect_device_version, usb_redir_cap_device_disconnect_ack,
                               usb_redir_cap_ep_info_max_packet_size, usb_redir_cap_64bits_ids,
                               usb_redir_cap_32bits_bulk_length};
    uint32_t bits[USB_REDIR_CAPS_SIZE] = {0};
    struct usbredirparser *p = usbredirparser_create();
    for (size_t i = 0; i < G_N_ELEMENTS(caps); i++)
        usbredirparser_caps_set_cap(bits, caps[i]);
    u->parser = p;
    p->priv = u;
    p->log_func = on_log;
    p->read_func = on_read;
    p->write_func = on_write;
    p->hello_func = on_hello;
    p->reset_func = on_reset;
    p->set_configuration_func = on_set_configuration;
    p->get_configuration_func = on_get_configuration;
    p->set_alt_setting_func = on_set_alt;
    p->get_alt_setting_func = on_get_alt;
    p->start_interrupt_receiving_func = on_start;
    p->stop_interrupt_receiving_func = on_stop;
    p->cancel_data_packet_func = on_cancel;
    p->filter_reject_func = nothing;
    p->device_disconnect_ack_func = nothing;
    p->control_packet_func = on_control;
    p->bulk_packet_func = on_bulk;
    p->interrupt_packet_func = on_interrupt;
    usbredirparser_init(p, "pridvor vdev", bits, USB_REDIR_CAPS_SIZE, usbredirparser_fl_usb_host);
}

/* ---- usbdev.h ---- */

struct usbdev *usb_new(const struct usb_desc *d, const struct usb_model *m, void *user)
{
    const char *path = getenv("VDEV_REDIR");
    struct usbdev *u = g_new0(struct usbdev, 1);
    u->b = (struct usb_behind){d, m, user};
    g_queue_init(&u->msgs);
    g_queue_init(&u->asks);
    u->fd = path ? dial(path) : -1;
    if (u->fd < 0) {
        fprintf(stderr, "redir: VDEV_REDIR must name QEMU's socket\n");
        g_free(u);
        return NULL;
    }
    start_parser(u);
    flush(u);
    g_unix_fd_add(u->fd, G_IO_IN | G_IO_HUP, on_ready, u);
    return u;
}

void usb_set_user(struct usbdev *u, void *user)
{
    u->b.user = user;
}

static void forget(struct usbdev *u)
{
    struct ask *a;
    while ((a = g_queue_pop_head(&u->asks))) {
        g_free(a->data);
        g_free(a);
    }
    g_queue_clear_full(&u->msgs, g_free);
    u->receiving = 0;
}

void usb_free(struct usbdev *u)
{
    if (!u)
        return;
    forget(u);
    usbredirparser_destroy(u->parser);
    close(u->fd);
    g_free(u);
}

const char *usb_root(const struct usbdev *u)
{
    (void)u;
    return "";
}

bool usb_plug(struct usbdev *u)
{
    if (u->plugged)
        return false;
    u->plugged = true;
    if (u->hello)
        describe(u);
    return true;
}

bool usb_unplug(struct usbdev *u)
{
    if (!u->plugged)
        return false;
    u->plugged = false;
    forget(u);
    usbredirparser_send_device_disconnect(u->parser);
    flush(u);
    return true;
}

bool usb_plugged(const struct usbdev *u)
{
    return u->plugged;
}

static gboolean on_later(gpointer user)
{
    struct later *l = user;
    if (l->u->plugged)
        g_queue_push_tail(&l->u->msgs, l->msg);
    else
        g_free(l->msg);
    move(l->u);
    g_free(l);
    return G_SOURCE_REMOVE;
}

static void put(struct usbdev *u, struct msg *m, unsigned delay_ms)
{
    struct later *l = g_new0(struct later, 1);
    l->u = u;
    l->msg = m;
    if (delay_ms > 0)
        g_timeout_add(delay_ms, on_later, l);
    else
        on_later(l);
}

void usb_in(struct usbdev *u, uint8_t ep, const void *data, size_t len, unsigned delay_ms)
{
    struct msg *m = g_malloc0(sizeof *m + len);
    m->ep = ep;
    m->len = len;
    if (len > 0)
        memcpy(m->data, data, len);
    put(u, m, delay_ms);
}

void usb_in_stall(struct usbdev *u, uint8_t ep)
{
    struct msg *m = g_malloc0(sizeof *m);
    m->ep = ep;
    m->stall = true;
    put(u, m, 0);
}

void usb_in_flush(struct usbdev *u, uint8_t ep)
{
    for (GList *l = u->msgs.head, *next; l; l = next) {
        next = l->next;
        if (((struct msg *)l->data)->ep != ep)
            continue;
        g_free(l->data);
        g_queue_delete_link(&u->msgs, l);
    }
}

size_t usb_in_waiting(const struct usbdev *u, uint8_t ep)
{
    size_t n = 0;
    for (const GList *l = u->msgs.head; l; l = l->next)
        n += ((const struct msg *)l->data)->ep == ep;
    return n;
}

void usb_resume(struct usbdev *u, uint8_t ep)
{
    (void)ep;
    move(u);
}

void usb_silence(struct usbdev *u, bool on)
{
    u->silent = on;
    move(u);
}

bool usb_fault(struct usbdev *u, const char *kind, unsigned n)
{
    (void)u;
    (void)kind;
    (void)n;
    return false; /* the umockdev carrier's */
}

uint64_t usb_transfers(const struct usbdev *u)
{
    return u->transfers;
}

void usb_on_transfer(struct usbdev *u, void (*fn)(void *user), void *user)
{
    u->on_transfer = fn;
    u->on_user = user;
}
