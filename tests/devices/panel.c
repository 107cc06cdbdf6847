/* vpanel --dir var/run/vdev --port 7081 --relay 7444:7443 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/fs.h"
#include "common/base/log.h"
#include "tests/devices/panel.h"
#include "panel_html.h"

static const char *const devices[] = {"reader", "printer", "pad", "scanner"};
enum { DEVICES = COUNT(devices), PICTURE_MAX = 16 << 20 };

struct panel {
    uv_loop_t loop;
    const char *dir;
    int port, from, to;
    struct http_server *http;
    struct relay *relay;
    uv_signal_t term, interrupt;
};

/* ---- answers ---- */

static void refuse(struct http_req *r, enum rc rc, const char *text)
{
    struct err e = {0};
    (void)err_set(&e, rc, "%s", text);
    http_fail(r, &e);
}

static void get_page(struct http_req *r, void *user)
{
    (void)user;
    http_reply(r, 200, "text/html; charset=utf-8", embed_panel_html, sizeof embed_panel_html - 1);
}

/* What is printed on the three cards, so that a person can type it. */
static void get_cards(struct http_req *r, void *user)
{
    (void)user;
    BUF_SCOPE(all);
    buf_fmt(&all, "[%s,%s,%s]", embed_A_json, embed_B_json, embed_C_json);
    http_json(r, 200, all.p);
}

/* The three states and the cable in one object; a device that does not answer is null. */
struct gather {
    struct panel *p;
    struct http_req *r;
    struct buf part[DEVICES];
    int left;
};
struct asked {
    struct gather *g;
    int i;
};

static const char *cable_word(const struct panel *p)
{
    static const char *const words[] = {"open", "cut", "hole"};
    return p->relay ? words[relay_get(p->relay)] : "none";
}

static void on_state(const char *json, void *user)
{
    struct asked *a = user;
    struct gather *g = a->g;
    buf_str(&g->part[a->i], json ? json : "null");
    free(a);
    if (--g->left > 0)
        return;
    BUF_SCOPE(all);
    for (int i = 0; i < (int)DEVICES; i++) {
        buf_fmt(&all, "%s\"%s\":%s", i ? "," : "{", devices[i], g->part[i].p);
        buf_free(&g->part[i]);
    }
    buf_fmt(&all, ",\"net\":{\"cable\":\"%s\",\"links\":%u}}", cable_word(g->p),
            g->p->relay ? relay_links(g->p->relay) : 0);
    http_json(g->r, 200, all.p);
    free(g);
}

static void get_state(struct http_req *r, void *user)
{
    struct panel *p = user;
    struct gather *g = calloc(1, sizeof *g);
    if (!g)
        abort();
    g->p = p;
    g->r = r;
    g->left = DEVICES;
    for (int i = 0; i < (int)DEVICES; i++) {
        struct asked *a = calloc(1, sizeof *a);
        if (!a)
            abort();
        a->g = g;
        a->i = i;
        ctl_send(&p->loop, p->dir, devices[i], "state", on_state, a);
    }
}

static void on_command(const char *json, void *user)
{
    struct http_req *r = user;
    if (json)
        http_json(r, 200, json);
    else
        refuse(r, RC_NO_DEVICE, "the virtual device does not answer");
}

static void post_net(struct panel *p, struct http_req *r, const char *word)
{
    static const char *const words[] = {"open", "cut", "hole"};
    for (unsigned i = 0; i < COUNT(words); i++)
        if (p->relay && strcmp(word, words[i]) == 0) {
            relay_set(p->relay, (enum cable)i);
            http_json(r, 200, "{\"ok\":true}");
            return;
        }
    http_json(r, 200, "{\"ok\":false,\"text\":\"cut | open | hole\"}");
}

static void post_ctl(struct http_req *r, void *user)
{
    struct panel *p = user;
    size_t len;
    const char *body = http_body(r, &len);
    const char *name = strrchr(http_path(r), '/') + 1;
    char *line = arena_strn(http_arena(r), body, len);
    line[strcspn(line, "\r\n")] = '\0';
    if (strcmp(name, "net") == 0) {
        post_net(p, r, line);
        return;
    }
    for (size_t i = 0; i < DEVICES; i++)
        if (strcmp(name, devices[i]) == 0) {
            ctl_send(&p->loop, p->dir, name, line, on_command, r);
            return;
        }
    refuse(r, RC_NOT_FOUND, "no such device");
}

/* ---- pictures ---- */

struct picture {
    struct panel *p;
    struct http_req *r;
    const char *path;
};

static void send_picture(struct http_req *r, const char *path)
{
    char *data;
    size_t len;
    struct err e = {0};
    if (fs_read(http_arena(r), path, PICTURE_MAX, &data, &len, &e) == RC_OK)
        http_reply(r, 200, "image/png", data, len);
    else
        refuse(r, RC_NOT_FOUND, "no picture yet");
}

static void on_drawn(const char *json, void *user)
{
    struct picture *k = user;
    (void)json; /* without an answer the last picture still counts */
    send_picture(k->r, k->path);
    free(k);
}

static void get_picture(struct http_req *r, struct panel *p, const char *device, const char *file)
{
    struct picture *k = calloc(1, sizeof *k);
    if (!k)
        abort();
    k->p = p;
    k->r = r;
    k->path = arena_fmt(http_arena(r), "%s/%s/%s", p->dir, device, file);
    ctl_send(&p->loop, p->dir, device, "picture", on_drawn, k);
}

static void get_paper(struct http_req *r, void *user)
{
    get_picture(r, user, "printer", "paper.png");
}

static void get_screen(struct http_req *r, void *user)
{
    get_picture(r, user, "pad", "screen.png");
}

/* GET /ticket/7.png: an older one. */
static void get_ticket(struct http_req *r, void *user)
{
    const struct panel *p = user;
    const char *name = http_path(r) + strlen("/ticket/");
    size_t digits = strspn(name, "0123456789");
    if (digits == 0 || digits > 6 || strcmp(name + digits, ".png") != 0)
        refuse(r, RC_NOT_FOUND, "no such ticket");
    else
        send_picture(r, arena_fmt(http_arena(r), "%s/printer/paper-%s", p->dir, name));
}

/* A page of another origin must not push the buttons. */
static bool gate(struct http_req *r, unsigned flags, void *user)
{
    (void)flags;
    (void)user;
    const char *origin = http_header(r, "Origin"), *host = http_header(r, "Host");
    if (!origin || (host && strncmp(origin, "http://", 7) == 0 && strcmp(origin + 7, host) == 0))
        return true;
    refuse(r, RC_DENIED, "another origin");
    return false;
}

static const struct http_route routes[] = {
    {"GET", "/", get_page, 0},
    {"GET", "/cards", get_cards, 0},
    {"GET", "/state", get_state, 0},
    {"GET", "/paper.png", get_paper, 0},
    {"GET", "/screen.png", get_screen, 0},
    {"GET", "/ticket/*", get_ticket, 0},
    {"POST", "/ctl/*", post_ctl, 0},
};
static const char *const headers[] = {
    "Cache-Control: no-store", "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer",
    "Content-Security-Policy: default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action "
    "'none'",
    NULL};

/* ---- start ---- */

static void on_signal(uv_signal_t *s, int number)
{
    struct panel *p = s->data;
    (void)number;
    http_close(p->http);
    if (p->relay)
        relay_close(p->relay);
    uv_close((uv_handle_t *)&p->term, NULL);
    uv_close((uv_handle_t *)&p->interrupt, NULL);
}

static bool parse(int argc, char **argv, struct panel *p)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        char *end;
        if (strcmp(argv[i], "--dir") == 0) {
            p->dir = argv[i + 1];
        } else if (strcmp(argv[i], "--port") == 0) {
            p->port = (int)strtol(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--relay") == 0) {
            p->from = (int)strtol(argv[i + 1], &end, 10);
            if (*end != ':')
                return false;
            p->to = (int)strtol(end + 1, NULL, 10);
        } else {
            return false;
        }
    }
    return argc % 2 == 1 && p->dir;
}

int main(int argc, char **argv)
{
    static struct panel p = {.port = 7081};
    if (!parse(argc, argv, &p)) {
        fprintf(stderr, "usage: vpanel --dir DIR [--port 7081] [--relay FROM:TO]\n");
        return 2;
    }
    log_open("vpanel");
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&p.loop);
    const struct http_conf conf = {.host = "127.0.0.1",
                                   .port = p.port,
                                   .routes = routes,
                                   .nroutes = COUNT(routes),
                                   .gate = gate,
                                   .headers = headers,
                                   .user = &p};
    struct err e = {0};
    if (http_listen(&p.loop, &conf, &p.http, &e) != RC_OK) {
        log_err(&e, "event=listen port=%d", p.port);
        return 1;
    }
    if (p.from && !(p.relay = relay_new(&p.loop, p.from, p.to)))
        return 1;
    uv_signal_init(&p.loop, &p.term);
    uv_signal_init(&p.loop, &p.interrupt);
    p.term.data = p.interrupt.data = &p;
    uv_signal_start(&p.term, on_signal, SIGTERM);
    uv_signal_start(&p.interrupt, on_signal, SIGINT);
    log_info("event=start port=%d relay=%d:%d", http_port(p.http), p.from, p.to);
    uv_run(&p.loop, UV_RUN_DEFAULT);
    uv_loop_close(&p.loop);
    return 0;
}
