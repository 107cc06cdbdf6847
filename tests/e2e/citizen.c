#include "tests/e2e/citizen.h"

#include <stdio.h>

#include <string.h>
#include <time.h>

#include "common/base/crypto.h"
#include "tests/e2e/papers.h"

static bool wrong(struct api *c, const char *what)
{
    snprintf(c->error, sizeof(c->error), "%s", what);
    return false;
}

bool citizen_start(struct api *c, const char *lang, const char *service)
{
    char body[120];
    snprintf(body, sizeof(body), "{\"lang\":\"%s\"}", lang);
    if (!api_hello(c) || !api_call(c, "/v1/session/start", body) || !api_wait(c, "step", "service", 20000))
        return false;
    snprintf(body, sizeof(body), "{\"service\":\"%s\"}", service);
    return api_call(c, "/v1/session/service", body) && api_wait(c, "step", "card|form", 20000);
}

bool citizen_card_in(struct api *c, const char *card)
{
    char line[32];
    if (card) {
        vdev_command(c, "reader", "remove"); /* refused when the slot is empty */
        if (!api_wait(c, "card.present", "false", 20000))
            return false;
        snprintf(line, sizeof(line), "insert %s", card);
        if (!vdev_command(c, "reader", line))
            return false;
    }
    return api_wait(c, "card.present", "true", card ? 20000 : 60000);
}

static bool read_ended(struct api *c)
{
    if (!api_wait(c, "card.phase", "ok|error|mrz", 40000))
        return false;
    if (strcmp(api_get(c, "card.phase"), "ok") == 0)
        return true;
    const char *code = api_get(c, "card.error.code"), *text = api_get(c, "card.error.text");
    char why[256];
    snprintf(why, sizeof(why), "the card was not read: %s %s", code ? code : "", text ? text : "");
    return wrong(c, why);
}

bool citizen_read_can(struct api *c, const char *can)
{
    char body[64];
    snprintf(body, sizeof(body), "{\"can\":\"%s\"}", can);
    return api_call(c, "/v1/card/read", body) && read_ended(c);
}

bool citizen_read_mrz(struct api *c, const char *document, const char *birth, const char *expiry)
{
    char body[200];
    snprintf(body, sizeof(body), "{\"document_number\":\"%s\",\"birth_date\":\"%s\",\"expiry_date\":\"%s\"}",
             document, birth, expiry);
    return api_call(c, "/v1/card/mrz", body) && read_ended(c);
}

bool citizen_pin(struct api *c, const char *pin)
{
    char body[40];
    snprintf(body, sizeof(body), "{\"pin\":\"%s\"}", pin);
    bool went = api_call(c, "/v1/card/address", body) &&
                api_wait(c, "form.address.phase", "offer|taken|closed", 40000);
    wipe(body, sizeof(body));
    return went;
}

bool citizen_no_card(struct api *c)
{
    return api_call(c, "/v1/card/skip", "{}") && api_wait(c, "step", "form", 20000);
}

/* A plausible answer for a field of this type; choices take their first option. */
static void plausible(const struct jval *f, struct buf *out)
{
    static const struct {
        const char *type, *json;
    } table[] = {
        {"text", "\"Exemplu\""},
        {"area", "\"Un text scurt.\""},
        {"long_text", "\"Un text scurt.\""},
        {"date", "\"1990-01-01\""},
        {"cnp", "\"2900101120014\""},
        {"phone", "\"0740123456\""},
        {"email", "\"ana@exemplu.ro\""},
        {"plate", "\"CJ 12 ABC\""},
        {"address", "\"Turda, str. Mihai Viteazul 3\""},
        {"locality", "\"Turda\""},
        {"bool", "true"},
        {"int", "\"1\""},
    };
    const char *type = jval_str(f, "type", "");
    const struct jval *options = jval_get(f, "options");
    if (options && options->n) {
        bool multi = strcmp(type, "multi") == 0;
        buf_str(out, multi ? "[" : "");
        json_quote(out, jval_str(&options->items[0], "id", ""));
        buf_str(out, multi ? "]" : "");
        return;
    }
    for (size_t i = 0; i < COUNT(table); i++) {
        if (strcmp(table[i].type, type) == 0) {
            buf_str(out, table[i].json);
            return;
        }
    }
    buf_str(out, "null");
}

static bool given(const struct jval *f)
{
    const struct jval *v = jval_get(f, "value");
    return v && ((v->kind == JV_STR && *v->s) || (v->kind == JV_ARR && v->n) || (v->kind == JV_BOOL && v->b));
}

static void answer_field(const struct jval *f, const struct person_answer *own, size_t n, struct buf *out)
{
    const char *id = jval_str(f, "id", "");
    for (size_t i = 0; i < n; i++) {
        if (strcmp(own[i].field, id) == 0) {
            buf_str(out, own[i].value);
            return;
        }
    }
    if (given(f))
        jval_encode(jval_get(f, "value"), out);
    else if (jval_bool(f, "required", false))
        plausible(f, out);
    else
        buf_str(out, "null");
}

static bool answer_page(struct api *c, const struct person_answer *own, size_t n)
{
    const struct jval *fields = jval_get(jval_get(c->body, "form"), "fields");
    BUF_SCOPE(body);
    if (!fields || fields->n == 0)
        return wrong(c, "a form page without fields");
    buf_str(&body, "{\"values\":{");
    for (size_t i = 0, k = 0; i < fields->n; i++) {
        const struct jval *f = &fields->items[i];
        const char *type = jval_str(f, "type", "");
        if (strcmp(type, "file") == 0 && jval_bool(f, "required", false) && !given(f) && papers_count(c) == 0)
            return api_call(c, "/v1/scan/skip", "{}"); /* the paper comes to the counter */
        if (strcmp(type, "note") == 0 || strcmp(type, "file") == 0)
            continue;
        buf_str(&body, k++ ? "," : "");
        json_quote(&body, jval_str(f, "id", ""));
        buf_chr(&body, ':');
        answer_field(f, own, n, &body);
    }
    buf_str(&body, "}}");
    if (api_call(c, "/v1/form/answer", body.p))
        return true;
    const struct jval *errors = jval_get(c->body, "errors");
    if (errors && errors->n)
        snprintf(c->error, sizeof(c->error), "%s: %s", jval_str(&errors->items[0], "field", ""),
                 jval_str(&errors->items[0], "text", ""));
    return false;
}

static bool answer_until(struct api *c, const struct person_answer *own, size_t n, bool papers)
{
    for (int page = 0; page < 60; page++) {
        if (!api_wait(c, "step", "form|review", 20000))
            return false;
        if (papers && jval_get(c->body, "scan"))
            return true;
        if (strcmp(api_get(c, "step"), "review") == 0)
            return papers ? wrong(c, "no question asked for papers") : true;
        if (!answer_page(c, own, n))
            return false;
    }
    return wrong(c, "the form does not end");
}

bool citizen_answer(struct api *c, const struct person_answer *own, size_t n)
{
    return answer_until(c, own, n, false);
}

bool citizen_to_papers(struct api *c, const struct person_answer *own, size_t n)
{
    return answer_until(c, own, n, true);
}

bool citizen_to(struct api *c, const char *field, const struct person_answer *own, size_t n)
{
    for (int page = 0; page < 60; page++) {
        if (!api_wait(c, "step", "form", 20000))
            return false;
        const struct jval *fields = jval_get(jval_get(c->body, "form"), "fields");
        for (size_t i = 0; fields && i < fields->n; i++)
            if (strcmp(jval_str(&fields->items[i], "id", ""), field) == 0)
                return true;
        if (!answer_page(c, own, n))
            return false;
    }
    return wrong(c, "the question does not come");
}

bool citizen_sign(struct api *c, bool by_vdev)
{
    if (!api_call(c, "/v1/sign/start", "{}") || !api_wait(c, "sign.phase", "capturing", 20000))
        return false;
    if (by_vdev && !vdev_command(c, "pad", "sign"))
        return false;
    for (int i = 0; i < 1500; i++) {
        if (!api_wait(c, "sign.phase", "capturing", 1000))
            return false;
        int64_t before = api_int(c, "sign.samples");
        struct timespec pause = {0, 300000000};
        nanosleep(&pause, NULL);
        if (!api_state(c))
            return false;
        if (before > 60 && api_int(c, "sign.samples") == before)
            return api_call(c, "/v1/sign/finish", "{}") && api_wait(c, "sign.phase", "done", 20000);
    }
    return wrong(c, "nobody signed");
}

bool citizen_no_signature(struct api *c)
{
    return api_call(c, "/v1/sign/skip", "{}");
}

bool citizen_submit(struct api *c)
{
    char body[80], key[UUID_LEN];
    struct err e = {0};
    if (uuid7(key, &e) != RC_OK)
        return wrong(c, e.text);
    snprintf(body, sizeof(body), "{\"key\":\"%s\"}", key);
    return api_call(c, "/v1/submit", body) && api_wait(c, "step", "done", 20000);
}

bool citizen_printed(struct api *c, const char *phases, int ms)
{
    return api_wait(c, "done.print.phase", phases, ms);
}

bool citizen_end(struct api *c)
{
    if (!api_call(c, "/v1/session/end", "{}"))
        return false;
    if (api_call(c, "/v1/state", NULL) || c->status != 401)
        return wrong(c, "the token of the ended session still opens the state");
    return true;
}
