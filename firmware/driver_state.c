/* Axes -> public state (devices.md, section 2). First row that fits. */
#include <string.h>

#include "common/base/log.h"
#include "firmware/driver_run.h"

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

void drivers_known(struct drivers *ds, const char *path)
{
    ds->known = known_load(path);
}

bool driver_accept(struct driver *d)
{
    return known_accept(d->owner->known, d->conf->name);
}

void driver_learn(struct driver *d)
{
    if (strcmp(d->link, "up") != 0 || !d->model[0])
        return;
    const struct known now = {.name = d->conf->name, .model = d->model, .serial = d->serial, .port = d->port};
    enum known_news news = known_seen(d->owner->known, &now);
    if (news == KNOWN_SWAPPED)
        log_warn("event=device_swapped name=%s model=\"%s\" serial=%s port=%s was=\"%s\"", now.name,
                 now.model, now.serial, now.port, known_of(d->owner->known, now.name)->was);
    else if (news != KNOWN_SAME)
        log_info("event=device_%s name=%s model=\"%s\" serial=%s port=%s",
                 news == KNOWN_NEW ? "new" : "moved", now.name, now.model, now.serial, now.port);
}

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
