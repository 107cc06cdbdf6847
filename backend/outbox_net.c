/* libcurl's multi interface on the event loop. SMTP connections are opened by libcurl (name, TCP, STARTTLS,
 * EHLO, AUTH; CONNECT_ONLY) and then spoken to from here through it: its own upload waits for the answer to
 * the final dot inside one call, which would stop the whole loop, and does not say where a failed one stood.
 */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "backend/outbox_priv.h"

struct watch {
    uv_poll_t h;
    struct net *n;
    curl_socket_t fd;
};
struct net_job {
    struct net *n;
    struct net_job *next, **link;
    CURL *easy;
    struct curl_slist *headers;
    net_cb cb;
    void *user;
    bool mail, closed, in_cb;
    char error[CURL_ERROR_SIZE];
};
struct net {
    CURLM *multi;
    uv_loop_t *loop;
    uv_timer_t timer;
    struct net_job *jobs;
    bool freeing;
};

/* ---- glue ---- */

static void reap(struct net *n);

static void act(struct net *n, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(n->multi, fd, events, &running);
    reap(n);
}

static void on_poll(uv_poll_t *h, int status, int events)
{
    struct watch *w = h->data;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;

    flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    act(w->n, w->fd, flags);
}

static void watch_closed(uv_handle_t *h)
{
    free(h->data);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *mine)
{
    struct net *n = user;
    struct watch *w = mine;
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w) {
            curl_multi_assign(n->multi, fd, NULL);
            uv_poll_stop(&w->h);
            uv_close((uv_handle_t *)&w->h, watch_closed);
        }
        return 0;
    }
    if (!w) {
        w = calloc(1, sizeof(*w));
        if (!w || uv_poll_init(n->loop, &w->h, fd) != 0) {
            free(w);
            return -1;
        }
        w->n = n;
        w->fd = fd;
        w->h.data = w;
        curl_multi_assign(n->multi, fd, w);
    }
    uv_poll_start(&w->h, events, on_poll);
    return 0;
}

static void on_timeout(uv_timer_t *t)
{
    act(t->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer(CURLM *multi, long ms, void *user)
{
    struct net *n = user;
    (void)multi;
    if (n->freeing)
        return 0;
    if (ms < 0)
        uv_timer_stop(&n->timer);
    else
        uv_timer_start(&n->timer, on_timeout, (uint64_t)ms, 0);
    return 0;
}

/* ---- the end of a job ---- */

static void job_free(struct net_job *j)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (j->mail && curl_easy_getinfo(j->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK &&
        fd != CURL_SOCKET_BAD)
        shutdown(fd, SHUT_RDWR); /* libcurl would say QUIT and wait for the answer */
    curl_multi_remove_handle(j->n->multi, j->easy);
    curl_easy_cleanup(j->easy);
    curl_slist_free_all(j->headers);
    *j->link = j->next;
    if (j->next)
        j->next->link = j->link;
    free(j);
}

void net_close(struct net_job *j)
{
    if (!j)
        return;
    j->cb = NULL;
    if (j->in_cb)
        j->closed = true;
    else
        job_free(j);
}

static void done(struct net_job *j, CURLcode code)
{
    struct net_reply r = {.rc = RC_OK, .text = ""};
    long status = 0, sent = 0, connect_us = 0;
    curl_off_t t = 0;
    net_cb cb = j->cb;

    curl_easy_getinfo(j->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(j->easy, CURLINFO_REQUEST_SIZE, &sent);
    curl_easy_getinfo(j->easy, CURLINFO_PRETRANSFER_TIME_T, &t);
    connect_us = (long)t;
    r.status = (int)status;
    r.left = sent > 0 || connect_us > 0;
    if (code != CURLE_OK) {
        bool tls = code == CURLE_USE_SSL_FAILED || code == CURLE_PEER_FAILED_VERIFICATION ||
                   code == CURLE_SSL_CONNECT_ERROR || code == CURLE_SSL_CACERT_BADFILE;
        r.rc = tls ? RC_TLS : RC_UNAVAILABLE;
        r.text = curl_easy_strerror(code); /* the detailed text may hold addresses or secrets */
    }
    j->cb = NULL;
    j->in_cb = true;
    if (cb)
        cb(j, &r, j->user);
    j->in_cb = false;
    if (j->closed)
        job_free(j);
}

static void reap(struct net *n)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(n->multi, &left))) {
        struct net_job *j = NULL;
        CURLcode code = m->data.result;
        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)(void *)&j);
        if (j)
            done(j, code);
    }
}

/* ---- beginning ---- */

static size_t ignore(char *p, size_t size, size_t n, void *user)
{
    (void)p;
    (void)user;
    return size * n;
}

static struct net_job *job_new(struct net *n, const char *url, net_cb cb, void *user)
{
    struct net_job *j = calloc(1, sizeof(*j));
    CURL *c = curl_easy_init();

    if (!j || !c)
        abort();
    j->n = n;
    j->easy = c;
    j->cb = cb;
    j->user = user;
    j->link = &n->jobs;
    j->next = n->jobs;
    if (j->next)
        j->next->link = &j->next;
    n->jobs = j;
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PRIVATE, j);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    return j;
}

struct net_job *net_mail(struct net *n, const struct net_mail_conf *c, net_cb cb, void *user)
{
    struct net_job *j = job_new(n, c->url, cb, user);

    j->mail = true;
    curl_easy_setopt(j->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(j->easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(j->easy, CURLOPT_USE_SSL, (long)(c->plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    curl_easy_setopt(j->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)c->timeout_ms);
    curl_easy_setopt(j->easy, CURLOPT_TIMEOUT_MS, (long)c->timeout_ms);
    curl_easy_setopt(j->easy, CURLOPT_WRITEFUNCTION, ignore);
    if (c->ca)
        curl_easy_setopt(j->easy, CURLOPT_CAINFO, c->ca);
    if (c->user) {
        curl_easy_setopt(j->easy, CURLOPT_USERNAME, c->user);
        curl_easy_setopt(j->easy, CURLOPT_PASSWORD, c->password ? c->password : "");
    }
    curl_multi_add_handle(n->multi, j->easy);
    return j;
}

struct net_job *net_http(struct net *n, const struct net_http_conf *c, net_cb cb, void *user)
{
    struct net_job *j = job_new(n, c->url, cb, user);
    char key[96], type[96];

    curl_easy_setopt(j->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    /* On a kept connection that breaks libcurl sends the request again by itself: never twice is our matter.
     */
    curl_easy_setopt(j->easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(j->easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(j->easy, CURLOPT_TIMEOUT_MS, (long)c->timeout_ms);
    curl_easy_setopt(j->easy, CURLOPT_WRITEFUNCTION, ignore);
    if (c->ca)
        curl_easy_setopt(j->easy, CURLOPT_CAINFO, c->ca);
    snprintf(key, sizeof(key), "Idempotency-Key: %s", c->key);
    j->headers = curl_slist_append(NULL, key);
    if (c->body) {
        snprintf(type, sizeof(type), "Content-Type: %s", c->type);
        j->headers = curl_slist_append(j->headers, type);
        j->headers = curl_slist_append(j->headers, "Expect:");
        curl_easy_setopt(j->easy, CURLOPT_COPYPOSTFIELDS, c->body);
    }
    curl_easy_setopt(j->easy, CURLOPT_HTTPHEADER, j->headers);
    curl_multi_add_handle(n->multi, j->easy);
    return j;
}

/* ---- an open SMTP connection ---- */

int net_send(struct net_job *j, const char *p, size_t len)
{
    size_t n = 0;
    CURLcode rc = curl_easy_send(j->easy, p, len, &n);
    return rc == CURLE_OK ? (int)n : rc == CURLE_AGAIN ? 0 : -1;
}

int net_recv(struct net_job *j, char *p, size_t cap)
{
    size_t n = 0;
    CURLcode rc = curl_easy_recv(j->easy, p, cap, &n);
    return rc == CURLE_OK && n > 0 ? (int)n : rc == CURLE_AGAIN ? 0 : -1;
}

int net_fd(struct net_job *j)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    return curl_easy_getinfo(j->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK ? fd : -1;
}

char *net_escape(struct arena *a, const char *s)
{
    char *text = curl_easy_escape(NULL, s, 0);
    char *out = arena_str(a, text ? text : "");
    curl_free(text);
    return out;
}

/* ---- life ---- */

struct net *net_new(uv_loop_t *loop)
{
    struct net *n = calloc(1, sizeof(*n));

    if (!n || curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || !(n->multi = curl_multi_init()))
        abort();
    n->loop = loop;
    uv_timer_init(loop, &n->timer);
    n->timer.data = n;
    curl_multi_setopt(n->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(n->multi, CURLMOPT_SOCKETDATA, n);
    curl_multi_setopt(n->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(n->multi, CURLMOPT_TIMERDATA, n);
    return n;
}

static void timer_closed(uv_handle_t *h)
{
    free(h->data);
}

void net_free(struct net *n)
{
    if (!n)
        return;
    while (n->jobs)
        job_free(n->jobs);
    n->freeing = true;
    curl_multi_cleanup(n->multi);
    uv_close((uv_handle_t *)&n->timer, timer_closed);
}
