/* The page's files, under the policy that the desk needs. */
#include <string.h>

#include "backend/desk_priv.h"

/* Documents are shown beside the data, in a frame of this origin. */
static const char page_csp[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; "
    "font-src 'self'; frame-src 'self'; object-src 'self'; form-action 'none'; frame-ancestors 'none'; "
    "base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

void desk_pages_get(const struct assets *pages, struct http_req *r)
{
    const struct asset *page = assets_find(pages, http_path(r));
    const char *has = http_header(r, "if-none-match");
    struct err e = {0};

    if (!page) {
        http_set(r, "Cache-Control", "no-store");
        err_set(&e, RC_NOT_FOUND, "nothing here");
        http_fail(r, &e);
        return;
    }
    http_set(r, "Content-Security-Policy", page_csp);
    http_set(r, "Cache-Control", "no-cache");
    http_set(r, "ETag", page->etag);
    if (has && strcmp(has, page->etag) == 0)
        http_reply(r, 304, NULL, NULL, 0);
    else
        http_reply(r, 200, page->type, page->body, page->len);
}
