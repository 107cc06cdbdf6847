#include "tests/e2e/papers.h"

#include <stdio.h>
#include <string.h>

#define SCAN_MS 90000

static bool wrong(struct api *c, const char *what)
{
    snprintf(c->error, sizeof(c->error), "%s", what);
    return false;
}

bool papers_load(struct api *c, const char *pages)
{
    char line[120];
    snprintf(line, sizeof(line), "load %s", pages);
    return vdev_command(c, "scanner", "calm") && vdev_command(c, "scanner", line);
}

size_t papers_count(struct api *c)
{
    const struct jval *pages = jval_get(jval_get(c->body, "scan"), "pages");
    return pages && pages->kind == JV_ARR ? pages->n : 0;
}

int64_t papers_id(struct api *c, size_t at)
{
    const struct jval *pages = jval_get(jval_get(c->body, "scan"), "pages");
    return at < papers_count(c) ? jval_int(&pages->items[at], "id", 0) : 0;
}

static bool rests(struct api *c)
{
    if (!api_wait(c, "scan.phase", "ready|error|absent", SCAN_MS))
        return false;
    if (strcmp(api_get(c, "scan.phase"), "ready") == 0)
        return true;
    const char *code = api_get(c, "scan.error.code"), *text = api_get(c, "scan.error.text");
    char why[256];
    snprintf(why, sizeof(why), "the scan ended with %s: %s", code ? code : "no scanner", text ? text : "");
    return wrong(c, why);
}

bool papers_scan(struct api *c, const char *source)
{
    char body[160];
    if (!api_state(c))
        return false;
    const char *field = api_get(c, "scan.field");
    if (!field)
        return wrong(c, "the question on the screen asks for no papers");
    snprintf(body, sizeof(body), "{\"field\":\"%s\",\"source\":\"%s\"}", field, source);
    return api_call(c, "/v1/scan/start", body) && rests(c);
}

static bool with_page(struct api *c, const char *path, size_t at)
{
    char body[60];
    if (!api_state(c))
        return false;
    snprintf(body, sizeof(body), "{\"page\":%lld}", (long long)papers_id(c, at));
    return api_call(c, path, body);
}

bool papers_scan_again(struct api *c, size_t at)
{
    return with_page(c, "/v1/scan/again", at) && rests(c);
}

bool papers_act(struct api *c, const char *act, size_t at)
{
    char path[60];
    snprintf(path, sizeof(path), "/v1/scan/page/%s", act);
    return with_page(c, path, at) && api_state(c);
}

bool papers_page(struct api *c, struct arena *a, size_t at, struct bytes *out)
{
    BUF_SCOPE(request);
    char *body = NULL;
    size_t len = 0;
    buf_fmt(&request,
            "GET /v1/scan/page/%lld HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n"
            "Sec-Fetch-Site: same-origin\r\nX-Pridvor-Token: %s\r\n\r\n",
            (long long)papers_id(c, at), c->port, c->token);
    int status = http_once(a, c->port, request.p, request.len, &body, &len);
    if (status != 200)
        return wrong(c, "the page does not come from kioskd");
    *out = BYTES(body, len);
    return true;
}
