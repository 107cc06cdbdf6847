#include "drivers/scan/talk.h"

#include <string.h>

void talk_end_set(struct talk_end *end, enum rc rc, const struct err *e)
{
    end->rc = rc;
    if (rc == RC_OK)
        return;
    size_t code = e->code ? strnlen(e->code, sizeof end->code - 1) : 0;
    size_t text = strnlen(e->text, sizeof end->text - 1);
    memcpy(end->code, e->code ? e->code : "", code);
    memcpy(end->text, e->text, text);
    end->code[code] = end->text[text] = 0;
}
