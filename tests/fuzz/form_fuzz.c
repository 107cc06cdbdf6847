/* What a terminal sends, or somebody who has its key. The first byte says what the rest is: the answers
 * inside a good request, the request text under a good signature, or the whole body. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/model/submission.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct catalog catalog;
static struct i18n *i18n;
static struct arena *kept; /* of both, to the end */

static void load(void)
{
    struct err e = {0};
    char path[512];
    const char *root = getenv("PRIDVOR_SOURCE");
    kept = arena_new();
    snprintf(path, sizeof path, "%s/configs", root ? root : ".");
    enum rc rc = catalog_load(kept, path, &catalog, &e);
    if (rc == RC_OK)
        rc = i18n_load(kept, arena_fmt(kept, "%s/i18n", path), &i18n, &e);
    if (rc != RC_OK) {
        fprintf(stderr, "%s\n", e.text);
        abort();
    }
}

static const char *around(struct arena *a, const char *answers, unsigned service)
{
    const struct service *s = &catalog.services[service % catalog.n];
    struct request r = {.v = 1,
                        .request_id = "0193512e-8a00-7000-8000-0123456789ab",
                        .terminal = "K07",
                        .institution = "uat-55259",
                        .service = s->id,
                        .service_version = s->version,
                        .channel = "kiosk",
                        .lang = "ro",
                        .created_at = "2026-11-22T08:15:00.000Z",
                        .identity = {"typed", "", "", ""}};
    return request_text(a, &r, answers);
}

static struct bytes signed_body(const char *text, struct buf *out)
{
    uint8_t hash[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1];
    sha256(hash, text, strlen(text));
    hex_encode(hex, hash, sizeof hash);
    struct submission s = {.request = text,
                           .signature = {.kind = "none", .sha256 = hex},
                           .receipt = {"7K3Q9ZT24M", "0421"},
                           .filed_at = "2026-11-22T08:16:00.000Z"};
    json_encode(&submission_desc, &s, out);
    return BYTES(out->p, out->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct submission s;
    struct request r;
    struct err e = {0};
    BUF_SCOPE(body);
    ARENA_SCOPE(a);
    if (!i18n)
        load();
    if (size < 1)
        return 0;
    const char *text = arena_fmt(a, "%.*s", (int)size - 1, (const char *)data + 1);
    struct bytes in = BYTES(data + 1, size - 1);
    if (data[0] < 0xC0)
        in = signed_body(around(a, text, data[0]), &body);
    else if (data[0] < 0xE0)
        in = signed_body(text, &body);
    enum rc rc = submission_read(a, &(struct rulebook){&catalog, i18n}, in, &s, &r, &e);
    if (rc != RC_OK && (!e.text[0] || !utf8_valid(e.text, strlen(e.text))))
        abort();
    if (rc == RC_OK && (!r.service[0] || r.answers->kind != JV_OBJ || strlen(s.request) > REQUEST_MAX))
        abort();
    return 0;
}
