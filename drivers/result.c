#include "drivers/driver.h"

#include <string.h>

const char *completion_word(enum completion c)
{
    static const char *const words[] = {
#define X(name, word) [name] = word,
        COMPLETIONS(X)
#undef X
    };
    return words[c];
}

const char *outcome_word(enum outcome o)
{
    static const char *const words[] = {"done", "not-done", "partial", "unknown"};
    return words[o];
}

static const struct {
    enum rc rc;
    enum completion completion;
} completions[] = {
    {RC_CANCELLED, C_CANCELLED},     {RC_TIMEOUT, C_TIMEOUT},       {RC_BUSY, C_BUSY},
    {RC_NO_DEVICE, C_NO_DEVICE},     {RC_LINK_LOST, C_LINK_LOST},   {RC_DEVICE, C_DEVICE_ERROR},
    {RC_IO, C_DEVICE_ERROR},         {RC_USER, C_USER_NEEDED},      {RC_UNSUPPORTED, C_UNSUPPORTED},
    {RC_BAD_REQUEST, C_BAD_REQUEST}, {RC_BAD_FIELD, C_BAD_REQUEST}, {RC_BAD_JSON, C_BAD_REQUEST},
    {RC_DENIED, C_DENIED},           {RC_STATE, C_BAD_SEQUENCE},    {RC_PROTOCOL, C_PROTOCOL},
    {RC_NO_SPACE, C_NO_SPACE},       {RC_UNAVAILABLE, C_NOT_READY}, {RC_NOT_FOUND, C_PROTOCOL},
    {RC_TOO_BIG, C_BAD_REQUEST},
};

void result_fail(struct arena *a, struct result *r, enum outcome o, const struct err *e)
{
    r->completion = C_INTERNAL;
    for (size_t i = 0; i < COUNT(completions); i++)
        if (completions[i].rc == e->rc)
            r->completion = completions[i].completion;
    r->outcome = o;
    r->code = e->code ? e->code : "";
    r->detail = e->detail;
    r->text = arena_str(a, e->text);
}

void result_ok(struct result *r)
{
    r->completion = C_OK;
    r->outcome = O_DONE;
}

bool row_has(const struct device_row *row, const char *quirk)
{
    for (size_t i = 0; row && i < row->quirks_n; i++)
        if (strcmp(row->quirks[i], quirk) == 0)
            return true;
    return false;
}
