/* What the two files of the HTTP client share; nobody else includes this. */
#ifndef PRIDVOR_HTTPC_PRIV_H
#define PRIDVOR_HTTPC_PRIV_H

#include <llhttp.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/httpc.h"
#include "common/base/pool.h"

struct hlink;

/* What the owner of a link hears; none of these after hlink_close. */
struct hlink_events {
    void (*up)(void *owner);                                 /* connected, TLS done */
    void (*bytes)(void *owner, const char *p, size_t n);     /* decrypted */
    void (*down)(void *owner, enum rc rc, const char *text); /* the last call; the link is closed behind it */
};

struct hlink_conf {
    uv_loop_t *loop;
    const struct sockaddr *addr; /* or a Unix socket: */
    const char *unix_path;
    struct tls_ctx *tls;
    const char *server_name;
    const struct hlink_events *on;
    void *owner;
};

struct hlink *hlink_open(const struct hlink_conf *conf);    /* failures arrive as down, from the loop */
bool hlink_write(struct hlink *l, const void *p, size_t n); /* false: nothing went out */
void hlink_close(struct hlink *l); /* memory goes when the loop has run; NULL is fine */

#endif
