/* Whatever the parser takes, another parser takes too, and what is written again reads the same. */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "common/base/json.h"
#include "common/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct jval *v, const cJSON *c)
{
    static const int types[] = {cJSON_NULL,   cJSON_True,  cJSON_Number,
                                cJSON_String, cJSON_Array, cJSON_Object};
    int type = v->kind == JV_BOOL && !v->b ? cJSON_False : types[v->kind];
    if ((c->type & 0xFF) != type || (v->kind == JV_STR && strcmp(v->s, c->valuestring) != 0) ||
        (v->kind == JV_INT && (double)v->i != c->valuedouble))
        abort();
    const cJSON *child = c->child;
    for (size_t i = 0; i < v->n; i++, child = child->next) {
        if (child == NULL || (v->kind == JV_OBJ && strcmp(v->names[i], child->string) != 0))
            abort();
        same(&v->items[i], child);
    }
    if (child != NULL && v->n > 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_SCOPE(a);
    BUF_SCOPE(once);
    BUF_SCOPE(twice);
    struct jval *v;
    struct err e = {0};
    if (jval_parse(a, (const char *)data, size, &v, &e) != RC_OK) {
        if (!utf8_valid(e.text, strlen(e.text)) || e.text[0] == '\0')
            abort();
        return 0;
    }
    cJSON *c = cJSON_ParseWithLength((const char *)data, size);
    if (c == NULL)
        abort();
    same(v, c);
    cJSON_Delete(c);
    jval_encode(v, &once);
    if (jval_parse(a, once.p, once.len, &v, &e) != RC_OK)
        abort();
    jval_encode(v, &twice);
    if (once.len != twice.len || memcmp(once.p, twice.p, once.len) != 0)
        abort();
    return 0;
}
