/* Texts in three languages. Romanian is the legal one and stands in when another is missing. */
#ifndef PRIDVOR_LANG_H
#define PRIDVOR_LANG_H

#include "common/base/clock.h"
#include "common/base/json.h"

enum lang { LANG_RO, LANG_HU, LANG_EN, LANG_COUNT };

struct tr {
    const char *t[LANG_COUNT];
};

extern const struct jdesc tr_desc;                   /* {"ro","hu","en"}, all required */
extern const char *const lang_codes[LANG_COUNT + 1]; /* "ro" "hu" "en" NULL */
MUST bool lang_parse(const char *code, enum lang *out);
const char *tr_get(const struct tr *tr, enum lang lang); /* never NULL */
struct tr tr_of(const struct jval *v, const char *name); /* member {ro,hu,en}; "" where missing */
bool tr_given(const struct tr *tr);
/* A day as people write it: 22.11.2026, 2026. november 22., 22 November 2026; "" when there is none. */
const char *date_said(struct arena *a, struct date d, enum lang lang);
struct tr date_tr(struct arena *a, struct date d);

/* Sentences by key: configs/i18n/{ro,hu,en}.json, flat "key": "text". */
struct i18n;
MUST enum rc i18n_load(struct arena *a, const char *dir, struct i18n **out, struct err *e);
const char *i18n_text(const struct i18n *t, enum lang lang,
                      const char *key); /* the key itself when unknown */

#endif
