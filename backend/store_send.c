/* From the disk to a reader, however slow: between two pieces nothing is held but the open file. */
#include "backend/store.h"
#include "common/base/http.h"
#include "common/base/log.h"

static enum rc next(void *state, void *p, size_t n, struct err *e)
{
    return store_next(state, p, n, e);
}

void store_cut(const struct err *e)
{
    if (e->rc != RC_OK && e->rc != RC_LINK_LOST)
        log_err(e, "event=file_cut");
}

static void end(void *state, const struct err *e)
{
    store_cut(e);
    store_close(state);
}

void store_send(struct store_reader *file, struct http_req *r, const char *type)
{
    const struct http_source from = {next, end, file, store_size(file)};
    http_reply_from(r, 200, type, &from);
}
