/* The local API: the page, its commands and one event stream, on 127.0.0.1 only. Who may speak is decided
 * before any handler runs: Host, Origin, Sec-Fetch-Site, token. One token per citizen session, handed out
 * against the launch key. */
#ifndef PRIDVOR_API_H
#define PRIDVOR_API_H

#include "common/base/http.h"
#include "firmware/flow.h"

struct api;
struct api_conf {
    const struct kiosk_conf *conf;
    const struct institution *institution;
    struct queue *queue;
    bool (*online)(void *user);
    void *user;
};

MUST enum rc api_start(uv_loop_t *loop, const struct api_conf *conf, struct api **out, struct err *e);
void api_flow(struct api *a, struct flow *f); /* before the loop runs */
void api_stop(struct api *a);                 /* closes; the loop must run out before api_free */
void api_free(struct api *a);
int api_port(const struct api *a);
const char *api_key(const struct api *a); /* launch key, hex */
size_t api_assets(const struct api *a);
bool api_has_page(const struct api *a);
/* From the flow. */
void api_changed(struct api *a);
void api_device(struct api *a, const char *json);
void api_ended(struct api *a);

#endif
