/* The transfers of the clients and the queues of the device. */
#include <errno.h>
#include <string.h>

#include "tests/devices/usb_int.h"
#include "tests/devices/usb_standard.h"

#define BUFFER_MAX (16u << 20) /* more than usbfs itself allows */

void usb_urb_free(void *urb)
{
    struct usb_urb *r = urb;
    g_free(r->data);
    g_free(r);
}

enum fault { NO_FAULT, STALL, BABBLE, ERROR, SHORT, ZERO, GARBLE, TIMEOUT, UNPLUG, SUBMIT };
static const struct {
    const char *word;
    enum fault fault;
} faults[] = {{"stall", STALL},   {"babble", BABBLE},   {"error", ERROR},   {"short", SHORT},  {"zero", ZERO},
              {"garble", GARBLE}, {"timeout", TIMEOUT}, {"unplug", UNPLUG}, {"submit", SUBMIT}};

bool usb_fault(struct usbdev *u, const char *kind, unsigned n)
{
    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++)
        if (strcmp(faults[i].word, kind) == 0) {
            u->fault = n ? (int)faults[i].fault : NO_FAULT;
            u->fault_in = n;
            return true;
        }
    return false;
}

/* Is it this one's turn? */
static enum fault due(struct usbdev *u, bool submit)
{
    if (u->fault == NO_FAULT || (u->fault == SUBMIT) != submit || --u->fault_in > 0)
        return NO_FAULT;
    enum fault f = (enum fault)u->fault;
    u->fault = NO_FAULT;
    return f;
}

static bool is_in(const struct usb_urb *r)
{
    return r->urb.type == USBDEVFS_URB_TYPE_CONTROL ? r->data[0] & 0x80 : r->urb.endpoint & 0x80;
}

/* Changes how a transfer ends. false: it does not end now. */
static bool spoil(struct usbdev *u, struct usb_urb *r, int *status, size_t *actual)
{
    uint8_t *data = r->data + (r->urb.type == USBDEVFS_URB_TYPE_CONTROL ? 8 : 0);
    switch (due(u, false)) {
    case STALL:
        *status = -EPIPE;
        *actual = 0;
        return true;
    case BABBLE:
        *status = -EOVERFLOW;
        return true;
    case ERROR:
        *status = -EPROTO;
        *actual = 0;
        return true;
    case SHORT:
        *actual /= 2;
        return true;
    case ZERO:
        *actual = 0;
        return true;
    case GARBLE:
        for (size_t i = 0; is_in(r) && i < *actual; i++)
            data[i] ^= 0xA5;
        return true;
    case TIMEOUT:
        r->held = true;
        return false;
    case UNPLUG:
        usb_unplug(u);
        return false;
    default:
        return true;
    }
}

static void finish(struct usbdev *u, struct usb_urb *r, int status, size_t actual)
{
    if (status == 0 && !spoil(u, r, &status, &actual))
        return;
    r->done = true;
    r->urb.status = status;
    r->urb.actual_length = (int)actual;
    g_ptr_array_remove(u->urbs, r);
    g_ptr_array_add(u->reap, r);
    usb_gate(u);
    if (status != 0 && status != -EPIPE)
        return;
    u->transfers++;
    if (u->on_transfer)
        u->on_transfer(u->on_user);
}

/* ---- endpoint 0 ---- */

static void control(struct usbdev *u, struct usb_urb *r)
{
    const uint8_t *setup = r->data;
    uint8_t *data = r->data + 8;
    size_t want = (size_t)(setup[6] | setup[7] << 8);
    size_t room = (size_t)r->urb.buffer_length - 8;
    want = MIN(want, room);
    uint8_t head[8];
    memcpy(head, setup, 8);
    const struct usb_behind behind = {u->desc, u->model, u->user};
    int n = usb_standard(&behind, head, data, want);
    if (n == -ENOSYS)
        n = u->model->control ? u->model->control(u->user, head, data, want) : -EPIPE;
    if (n == -EINPROGRESS || r->done)
        return;
    if (n < 0)
        finish(u, r, n, 0);
    else
        finish(u, r, 0, MIN((size_t)n, want));
}

/* ---- bulk and interrupt ---- */

/* true: something moved. */
static bool move_out(struct usbdev *u, struct usb_urb *r)
{
    size_t len = (size_t)r->urb.buffer_length;
    r->fresh = false;
    int n =
        u->model->out ? u->model->out(u->user, r->urb.endpoint, r->data + r->moved, len - r->moved) : -EPIPE;
    if (r->done)
        return true;
    if (n < 0) {
        finish(u, r, n, r->moved);
        return true;
    }
    r->moved += MIN((size_t)n, len - r->moved);
    if (r->moved == len)
        finish(u, r, 0, len);
    return n > 0;
}

static bool move_in(struct usbdev *u, struct usb_urb *r)
{
    for (GList *l = u->msgs.head; l; l = l->next) {
        struct usb_msg *m = l->data;
        if (m->ep != r->urb.endpoint)
            continue;
        size_t n = MIN(m->len - m->off, (size_t)r->urb.buffer_length);
        memcpy(r->data, m->data + m->off, n);
        m->off += n;
        int status = m->stall ? -EPIPE : 0;
        if (m->off == m->len) {
            g_queue_delete_link(&u->msgs, l);
            g_free(m);
        }
        finish(u, r, status, n);
        return true;
    }
    return false;
}

static bool earlier_on_endpoint(const struct usbdev *u, guint i, uint8_t ep)
{
    for (guint k = 0; k < i; k++)
        if (((struct usb_urb *)g_ptr_array_index(u->urbs, k))->urb.endpoint == ep)
            return true;
    return false;
}

static bool move_one(struct usbdev *u)
{
    for (guint i = 0; i < u->urbs->len; i++) {
        struct usb_urb *r = g_ptr_array_index(u->urbs, i);
        if (r->held)
            continue;
        if (r->urb.type == USBDEVFS_URB_TYPE_CONTROL) {
            if (!r->fresh)
                continue;
            r->fresh = false;
            control(u, r);
            return true;
        }
        if (earlier_on_endpoint(u, i, r->urb.endpoint))
            continue;
        if (r->urb.endpoint & 0x80) {
            if (move_in(u, r))
                return true;
        } else if ((r->fresh || u->resume) && move_out(u, r)) {
            return true;
        }
    }
    return false;
}

/* Callbacks of the model come back here (usb_in inside out()); then the outer round goes on instead of
 * nesting. */
static void move(struct usbdev *u, bool resume)
{
    u->again = true;
    u->resume |= resume;
    if (u->moving)
        return;
    u->moving = true;
    while (u->again) {
        u->again = false;
        while (u->plugged && !u->silent && move_one(u))
            ;
    }
    u->moving = u->resume = false;
}

int usb_urb_submit(struct usb_client *c, uint64_t addr)
{
    struct usb_urb *r = g_new0(struct usb_urb, 1);
    r->c = c;
    r->addr = addr;
    r->fresh = true;
    int rc = due(c->u, true) == SUBMIT ? ENOMEM : 0;
    if (rc == 0 && !usb_mem_read(c, addr, &r->urb, sizeof r->urb))
        rc = EFAULT;
    else if (rc == 0 && (r->urb.buffer_length < 0 || (unsigned)r->urb.buffer_length > BUFFER_MAX ||
                         r->urb.type == USBDEVFS_URB_TYPE_ISO ||
                         (r->urb.type == USBDEVFS_URB_TYPE_CONTROL && r->urb.buffer_length < 8)))
        rc = EINVAL;
    if (rc == 0) {
        size_t len = (size_t)r->urb.buffer_length;
        r->data = g_malloc0(len + 1);
        bool in = r->urb.type != USBDEVFS_URB_TYPE_CONTROL && r->urb.endpoint & 0x80;
        if (!in && !usb_mem_read(c, (uintptr_t)r->urb.buffer, r->data, len))
            rc = EFAULT;
    }
    if (rc != 0) {
        usb_urb_free(r);
        return rc;
    }
    g_ptr_array_add(c->u->urbs, r);
    move(c->u, false);
    return 0;
}

int usb_urb_discard(struct usb_client *c, uint64_t addr)
{
    struct usbdev *u = c->u;
    for (guint i = 0; i < u->urbs->len; i++) {
        struct usb_urb *r = g_ptr_array_index(u->urbs, i);
        if (r->c != c || r->addr != addr)
            continue;
        finish(u, r, -ENOENT, r->moved);
        move(u, false);
        return 0;
    }
    return EINVAL;
}

static bool give_back(struct usb_client *c, struct usb_urb *r, uint64_t arg)
{
    size_t n = (size_t)r->urb.actual_length;
    if (r->urb.type == USBDEVFS_URB_TYPE_CONTROL) {
        if (r->data[0] & 0x80 && !usb_mem_write(c, (uintptr_t)r->urb.buffer + 8, r->data + 8, n))
            return false;
    } else if (r->urb.endpoint & 0x80 && !usb_mem_write(c, (uintptr_t)r->urb.buffer, r->data, n)) {
        return false;
    }
    void *p = (void *)(uintptr_t)r->addr;
    return usb_mem_write(c, r->addr, &r->urb, sizeof r->urb) && usb_mem_write(c, arg, &p, sizeof p);
}

int usb_urb_reap(struct usb_client *c, uint64_t arg)
{
    struct usbdev *u = c->u;
    for (guint i = 0; i < u->reap->len; i++) {
        struct usb_urb *r = g_ptr_array_index(u->reap, i);
        if (r->c != c)
            continue;
        g_ptr_array_remove_index(u->reap, i);
        bool ok = give_back(c, r, arg);
        usb_urb_free(r);
        usb_gate(u);
        return ok ? 0 : EFAULT;
    }
    return c->stale ? ENODEV : EAGAIN;
}

static void drop_from(GPtrArray *list, const struct usb_client *c)
{
    for (guint i = list->len; i-- > 0;) {
        struct usb_urb *r = g_ptr_array_index(list, i);
        if (c && r->c != c)
            continue;
        g_ptr_array_remove_index(list, i);
        usb_urb_free(r);
    }
}

void usb_urb_drop_client(struct usb_client *c)
{
    drop_from(c->u->urbs, c);
    drop_from(c->u->reap, c);
    usb_gate(c->u);
}

static void later_free(struct usb_later *l)
{
    g_clear_handle_id(&l->source, g_source_remove);
    g_ptr_array_remove(l->u->later, l);
    g_free(l->msg);
    g_free(l);
}

static void drop_msgs(struct usbdev *u, int ep)
{
    for (guint i = u->later->len; i-- > 0;) {
        struct usb_later *l = g_ptr_array_index(u->later, i);
        if (ep < 0 || l->msg->ep == ep)
            later_free(l);
    }
    for (GList *l = u->msgs.head, *next; l; l = next) {
        next = l->next;
        struct usb_msg *m = l->data;
        if (ep >= 0 && m->ep != ep)
            continue;
        g_queue_delete_link(&u->msgs, l);
        g_free(m);
    }
}

void usb_urb_shutdown(struct usbdev *u)
{
    while (u->urbs->len > 0)
        finish(u, g_ptr_array_index(u->urbs, 0), -ESHUTDOWN, 0);
    drop_msgs(u, -1);
}

void usb_urb_clear(struct usbdev *u)
{
    drop_msgs(u, -1);
    drop_from(u->urbs, NULL);
    drop_from(u->reap, NULL);
}

/* ---- the model's side ---- */

static void enqueue(struct usbdev *u, struct usb_msg *m)
{
    if (!u->plugged) {
        g_free(m);
        return;
    }
    g_queue_push_tail(&u->msgs, m);
    move(u, false);
}

static gboolean on_later(gpointer user)
{
    struct usb_later *l = user;
    struct usbdev *u = l->u;
    struct usb_msg *m = l->msg;
    l->msg = NULL;
    l->source = 0;
    later_free(l);
    enqueue(u, m);
    return G_SOURCE_REMOVE;
}

void usb_in(struct usbdev *u, uint8_t ep, const void *data, size_t len, unsigned delay_ms)
{
    struct usb_msg *m = g_malloc0(sizeof *m + len);
    m->ep = ep;
    m->len = len;
    if (len > 0)
        memcpy(m->data, data, len);
    if (delay_ms == 0) {
        enqueue(u, m);
        return;
    }
    struct usb_later *l = g_new0(struct usb_later, 1);
    l->u = u;
    l->msg = m;
    l->source = g_timeout_add(delay_ms, on_later, l);
    g_ptr_array_add(u->later, l);
}

void usb_in_stall(struct usbdev *u, uint8_t ep)
{
    struct usb_msg *m = g_malloc0(sizeof *m);
    m->ep = ep;
    m->stall = true;
    enqueue(u, m);
}

void usb_in_flush(struct usbdev *u, uint8_t ep)
{
    drop_msgs(u, ep);
}

size_t usb_in_waiting(const struct usbdev *u, uint8_t ep)
{
    size_t n = 0;
    for (const GList *l = u->msgs.head; l; l = l->next)
        n += ((const struct usb_msg *)l->data)->ep == ep;
    return n;
}

void usb_resume(struct usbdev *u, uint8_t ep)
{
    (void)ep; /* an endpoint that still has no room takes nothing, and that ends the round */
    move(u, true);
}

void usb_silence(struct usbdev *u, bool on)
{
    u->silent = on;
    if (!on)
        move(u, true);
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
