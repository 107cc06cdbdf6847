#include "common/model/institution.h"

#include <string.h>

enum rc institutions_load(struct arena *a, const char *file, struct institutions *out, struct err *e)
{
    struct jval *v = NULL;
    TRY(jval_load(a, file, &v, e));
    const struct jval *list = jval_get(v, "institutions");
    if (!list || list->kind != JV_ARR || list->n == 0)
        return err_at(e, RC_BAD_FIELD, "institutions", "%s: institutions: missing or empty", file);
    struct institution *items = ARENA_ARRAY(a, struct institution, list->n);
    for (size_t i = 0; i < list->n; i++) {
        const struct jval *x = &list->items[i];
        const char *name = jval_str(x, "name", ""), *hu = jval_str(x, "name_hu", name);
        const char *en = jval_str(x, "name_en", name);
        bool hall = strcmp(jval_str(x, "kind", ""), "town_hall") == 0;
        items[i] = (struct institution){
            .id = jval_str(x, "id", ""),
            .kind = jval_str(x, "kind", ""),
            .parent = jval_str(x, "parent", ""),
            .siruta = jval_int(x, "siruta", 0),
            .place = {{name, hu, en}},
            .name = {{jval_str(x, "institution_ro", name), jval_str(x, "institution_hu", hu),
                      hall ? arena_fmt(a, "%s Town Hall", en) : en}},
        };
        if (!*items[i].id || !*items[i].kind ||
            institution_find(&(struct institutions){items, i}, items[i].id))
            return err_at(e, RC_BAD_FIELD, "institutions.id", "%s: an id or kind is missing or given twice",
                          file);
    }
    *out = (struct institutions){items, list->n};
    return RC_OK;
}

const struct institution *institution_find(const struct institutions *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->items[i].id, id) == 0)
            return &s->items[i];
    }
    return NULL;
}
