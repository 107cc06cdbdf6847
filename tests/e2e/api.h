/* The kiosk's local API as the page uses it, in blocking steps; and the control sockets of the virtual
 * devices. For the demo and the end-to-end tests. */
#ifndef PRIDVOR_E2E_API_H
#define PRIDVOR_E2E_API_H

#include "common/base/json.h"

struct api {
    int port;
    const char *vdev; /* folder of the control sockets */
    char key[80], token[80];
    struct arena *arena;     /* of the last answer */
    int status;              /* of the last answer; 0: none came */
    struct jval *body;       /* of the last answer, or NULL */
    int calls;               /* POSTs so far */
    void (*hook)(int calls); /* before each POST leaves; for tests that kill at every step */
    char line[1024];         /* the last answer of a device */
    char error[300];         /* why the last call returned false */
};

/* url_file: run/kiosk.url. Waits until kioskd answers. */
bool api_open(struct api *c, const char *url_file, const char *vdev, int wait_ms);
void api_close(struct api *c);
/* One request; true when an answer with a 2xx status came. body NULL: GET. */
bool api_call(struct api *c, const char *path, const char *body);
bool api_hello(struct api *c); /* fetches a token for the coming session */
/* GET /v1/state into c->body. */
bool api_state(struct api *c);
/* Until path ("done.print.phase") has one of the words, '|' between them; false after the time or when the
 * answer stops. */
bool api_wait(struct api *c, const char *path, const char *words, int ms);
/* A member by its path in the last body; NULL when absent. Text of numbers and booleans too. */
const char *api_get(struct api *c, const char *path);
int64_t api_int(struct api *c, const char *path);

/* One command line to a device (reader, printer, pad); its answer, one JSON line, goes to c->line. */
bool vdev_command(struct api *c, const char *device, const char *line);

/* One raw HTTP exchange on loopback; the body lives in a. Returns the status, 0 when none came. */
int http_once(struct arena *a, int port, const char *request, size_t len, char **body, size_t *body_len);

#endif
