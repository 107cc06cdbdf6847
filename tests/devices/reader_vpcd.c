/* An external card simulator: the vpcd protocol of vsmartcard. We listen on 127.0.0.1, the card connects;
 * each message is a 16-bit big-endian length and the bytes. To the card, one byte alone is a control: 0 off,
 * 1 on, 2 reset, 4 "your ATR"; only 4 and APDUs are answered, in order. The card may come late, be slow, go
 * and come again. */
#include "tests/devices/reader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OFF = 0, ON = 1, RESET = 2, ATR = 4 };
enum wait { FOR_NOTHING, FOR_ATR, FOR_APDU };

struct vpcd {
    struct reader *r;
    int listener, fd;
    unsigned listen_src, read_src, write_src;
    struct buf in, out;
    enum wait wait;
    unsigned stale; /* answers under way that nobody waits for any more */
    bool on;
    struct buf apdu;     /* the command, for 6Cxx */
    struct buf gathered; /* T=0: data that came with 61xx so far */
};

bool vpcd_connected(const struct vpcd *p)
{
    return p && p->fd >= 0;
}

static void drop_source(unsigned *id)
{
    if (*id)
        g_source_remove(*id);
    *id = 0;
}

static void hang_up(struct vpcd *p)
{
    drop_source(&p->read_src);
    drop_source(&p->write_src);
    close(p->fd);
    p->fd = -1;
    buf_reset(&p->in);
    buf_reset(&p->out);
    p->wait = FOR_NOTHING;
    p->stale = 0;
    p->on = false;
    slot_vpcd_change(p->r, false);
}

/* ---- to the card ---- */

static gboolean on_writable(int fd, GIOCondition c, gpointer user)
{
    struct vpcd *p = user;
    (void)c;
    ssize_t n = send(fd, p->out.p, p->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0)
        buf_cut(&p->out, (size_t)n);
    if (p->out.len && (n > 0 || errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    p->write_src = 0; /* a broken connection is seen by the reading side */
    return G_SOURCE_REMOVE;
}

static void put(struct vpcd *p, const uint8_t *data, size_t len)
{
    if (p->fd < 0 || len > 0xFFFF)
        return;
    buf_add(&p->out, (const uint8_t[]){(uint8_t)(len >> 8), (uint8_t)len}, 2);
    buf_add(&p->out, data, len);
    if (!p->write_src)
        p->write_src = g_unix_fd_add(p->fd, G_IO_OUT, on_writable, p);
}

static void control(struct vpcd *p, uint8_t what)
{
    put(p, &what, 1);
}

void vpcd_cancel(struct vpcd *p)
{
    if (p->wait != FOR_NOTHING)
        p->stale++;
    p->wait = FOR_NOTHING;
}

void vpcd_power(struct vpcd *p, bool on)
{
    vpcd_cancel(p);
    control(p, !on ? OFF : p->on ? RESET : ON);
    p->on = on;
    if (!on)
        return;
    control(p, ATR);
    p->wait = FOR_ATR;
}

void vpcd_transmit(struct vpcd *p, const uint8_t *apdu, size_t len)
{
    if (len < 4) { /* one byte alone would be a control; the protocol has no way to say it */
        slot_vpcd_answer(p->r, (const uint8_t[]){0x67, 0x00}, 2);
        return;
    }
    buf_reset(&p->apdu);
    buf_add(&p->apdu, apdu, len);
    buf_reset(&p->gathered);
    p->wait = FOR_APDU;
    put(p, apdu, len);
}

/* ---- from the card ---- */

/* A T=0 card cannot give data and take data in one exchange, nor say how much before it is asked. A reader at
 * APDU level does the rest itself: GET RESPONSE after 61xx, the same again with the right Le after 6Cxx. */
static bool t0_goes_on(struct vpcd *p, const uint8_t *m, size_t len)
{
    if (p->r->protocol != 0 || len < 2)
        return false;
    uint8_t sw1 = m[len - 2], sw2 = m[len - 1];
    if (sw1 == 0x61) {
        buf_add(&p->gathered, m, len - 2);
        put(p, (const uint8_t[]){(uint8_t)p->apdu.p[0] & 0x03, 0xC0, 0, 0, sw2}, 5);
        return true;
    }
    if (sw1 == 0x6C && len == 2 && p->apdu.len == 5 && p->gathered.len == 0) {
        p->apdu.p[4] = (char)sw2;
        put(p, (const uint8_t *)p->apdu.p, p->apdu.len);
        p->apdu.len = 4; /* once */
        return true;
    }
    return false;
}

static void message(struct vpcd *p, const uint8_t *m, size_t len)
{
    if (p->stale) {
        p->stale--;
        return;
    }
    enum wait w = p->wait;
    if (w == FOR_APDU && t0_goes_on(p, m, len))
        return;
    p->wait = FOR_NOTHING;
    if (w == FOR_ATR) {
        slot_vpcd_atr(p->r, m, len);
    } else if (w == FOR_APDU) {
        buf_add(&p->gathered, m, len);
        slot_vpcd_answer(p->r, (const uint8_t *)p->gathered.p, p->gathered.len);
    }
}

static gboolean on_readable(int fd, GIOCondition c, gpointer user)
{
    struct vpcd *p = user;
    uint8_t part[4096];
    (void)c;
    ssize_t n = recv(fd, part, sizeof part, MSG_DONTWAIT);
    /* Simulators send length and bytes apart: without a quick acknowledgement each answer costs 40 ms. */
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &(int){1}, sizeof(int));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (n <= 0) {
        p->read_src = 0;
        hang_up(p);
        return G_SOURCE_REMOVE;
    }
    buf_add(&p->in, part, (size_t)n);
    while (p->in.len >= 2) {
        size_t len = (size_t)((uint8_t)p->in.p[0] << 8 | (uint8_t)p->in.p[1]);
        if (p->in.len < 2 + len)
            break;
        BUF_SCOPE(one);
        buf_add(&one, p->in.p + 2, len);
        buf_cut(&p->in, 2 + len);
        message(p, (const uint8_t *)one.p, one.len);
    }
    return G_SOURCE_CONTINUE;
}

static gboolean on_connect(int listener, GIOCondition c, gpointer user)
{
    struct vpcd *p = user;
    (void)c;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return G_SOURCE_CONTINUE;
    if (p->fd >= 0) { /* one slot, one card */
        close(fd);
        return G_SOURCE_CONTINUE;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    p->fd = fd;
    p->read_src = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, p);
    slot_vpcd_change(p->r, true);
    return G_SOURCE_CONTINUE;
}

struct vpcd *vpcd_new(struct reader *r, int port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return NULL;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 4) != 0) {
        fprintf(stderr, "vdev: 127.0.0.1:%d: %s\n", port, strerror(errno));
        close(fd);
        return NULL;
    }
    struct vpcd *p = calloc(1, sizeof *p);
    p->r = r;
    p->fd = -1;
    p->listener = fd;
    p->listen_src = g_unix_fd_add(fd, G_IO_IN, on_connect, p);
    return p;
}

void vpcd_free(struct vpcd *p)
{
    if (!p)
        return;
    drop_source(&p->listen_src);
    close(p->listener);
    if (p->fd >= 0) {
        drop_source(&p->read_src);
        drop_source(&p->write_src);
        close(p->fd);
    }
    buf_free(&p->in);
    buf_free(&p->out);
    buf_free(&p->apdu);
    buf_free(&p->gathered);
    free(p);
}
