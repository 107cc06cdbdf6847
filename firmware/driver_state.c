/* Axes -> public state (devices.md, section 2). First row that fits. */
#include <string.h>

#include "firmware/driver.h"

struct public_row {
    const char *link, *activity, *condition; /* NULL: any */
    const char *result;
};

static const struct public_row rows[] = {
    {"absent", NULL, NULL, "absent"},     {"opening", NULL, NULL, "retrying"},
    {"retry", NULL, NULL, "retrying"},    {"up", NULL, "technician", "needs-technician"},
    {"up", NULL, "staff", "needs-staff"}, {"up", NULL, "user", "needs-citizen"},
    {"up", "busy", NULL, "busy"},         {"up", "draining", NULL, "busy"},
    {"up", "idle", NULL, "ready"},
};

static bool fits(const char *want, const char *is)
{
    return !want || (is && strcmp(want, is) == 0);
}

const char *driver_public(const struct driver_view *v)
{
    if (!v->running || !v->fresh)
        return "retrying";
    for (size_t i = 0; i < COUNT(rows); i++)
        if (fits(rows[i].link, v->link) && fits(rows[i].activity, v->activity) &&
            fits(rows[i].condition, v->condition))
            return rows[i].result;
    return "retrying";
}
