/* Fault scripts: "at 40mm paper_end; wait 3s; cover open; cover close; paper ok". */
#include <string.h>

#include "tests/devices/vdev_int.h"

enum when { NOW, AT, AFTER };

static const char *const units[] = {"s", "mm", "apdu", "reports", "transfers", "blocks"};
enum { UNIT_S, UNITS = G_N_ELEMENTS(units) };

struct statement {
    enum when when;
    unsigned unit; /* index of units */
    double amount;
    char *command; /* NULL: only waits */
};

struct vscript {
    struct vdev *v;
    GPtrArray *list; /* struct statement */
    guint next;
    double counted[UNITS];        /* since the script was loaded */
    double at_step[UNITS];        /* the same when the present statement became the present one */
    gint64 loaded_us, stepped_us; /* monotonic */
    guint timer;
    bool running; /* inside run(): commands may count again */
};

static void statement_free(void *p)
{
    struct statement *st = p;
    g_free(st->command);
    g_free(st);
}

struct vscript *script_new(struct vdev *v)
{
    struct vscript *s = g_new0(struct vscript, 1);
    s->v = v;
    s->list = g_ptr_array_new_with_free_func(statement_free);
    return s;
}

void script_free(struct vscript *s)
{
    g_clear_handle_id(&s->timer, g_source_remove);
    g_ptr_array_free(s->list, TRUE);
    g_free(s);
}

/* "40mm", "2s", "250ms", or a number with the unit as the next word. Returns words used, 0: not understood.
 */
static unsigned amount(struct statement *st, char **w)
{
    if (!w[0] || !g_ascii_isdigit(w[0][0]))
        return 0;
    char *end;
    st->amount = g_ascii_strtod(w[0], &end);
    const char *unit = *end ? end : w[1];
    if (!unit || st->amount < 0 || st->amount > 1e9)
        return 0;
    if (strcmp(unit, "ms") == 0) {
        st->amount /= 1000;
        unit = "s";
    }
    for (unsigned i = 0; i < UNITS; i++)
        if (strcmp(unit, units[i]) == 0) {
            st->unit = i;
            return *end ? 1 : 2;
        }
    return 0;
}

static struct statement *parse_one(const char *text)
{
    g_auto(GStrv) raw = g_strsplit_set(text, " \t\r", -1);
    g_autofree char **w = g_new0(char *, g_strv_length(raw) + 1);
    guint n = 0;
    for (char **p = raw; *p; p++)
        if (**p)
            w[n++] = *p;
    struct statement *st = g_new0(struct statement, 1);
    bool wait = strcmp(w[0], "wait") == 0;
    st->when = wait || strcmp(w[0], "after") == 0 ? AFTER : strcmp(w[0], "at") == 0 ? AT : NOW;
    unsigned used = 0;
    if (st->when != NOW) {
        used = amount(st, w + 1);
        bool good = used > 0 && (wait ? st->unit == UNIT_S && !w[1 + used] : w[1 + used] != NULL);
        if (!good) {
            statement_free(st);
            return NULL;
        }
        used++;
    }
    if (!wait)
        st->command = g_strjoinv(" ", w + used);
    return st;
}

static double value(const struct vscript *s, const struct statement *st)
{
    if (st->unit == UNIT_S)
        return (double)(g_get_monotonic_time() - (st->when == AT ? s->loaded_us : s->stepped_us)) / 1e6;
    return s->counted[st->unit] - (st->when == AT ? 0 : s->at_step[st->unit]);
}

static void step(struct vscript *s)
{
    memcpy(s->at_step, s->counted, sizeof s->at_step);
    s->stepped_us = g_get_monotonic_time();
}

static gboolean on_timer(gpointer user);

/* Runs every statement that is due; a script may load another, so nothing is kept across a command. */
static void run(struct vscript *s)
{
    if (s->running)
        return;
    s->running = true;
    while (s->next < s->list->len) {
        struct statement *st = g_ptr_array_index(s->list, s->next);
        double left = st->when == NOW ? 0 : st->amount - value(s, st);
        if (left > 1e-9) {
            if (st->unit == UNIT_S && !s->timer)
                s->timer = g_timeout_add((guint)(left * 1000) + 1, on_timer, s);
            break;
        }
        g_autofree char *command = g_strdup(st->command);
        s->next++;
        step(s);
        if (!command)
            continue;
        g_autoptr(GString) answer = g_string_new(NULL);
        vdev_line(s->v, command, answer);
        g_printerr("vdev: script: %s: %s\n", command, answer->str);
    }
    s->running = false;
}

static gboolean on_timer(gpointer user)
{
    struct vscript *s = user;
    s->timer = 0;
    run(s);
    return G_SOURCE_REMOVE;
}

bool script_load(struct vscript *s, const char *text, GString *why)
{
    g_auto(GStrv) parts = g_strsplit_set(text, ";\n", -1);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(statement_free);
    for (char **p = parts; *p; p++) {
        char *hash = strchr(*p, '#');
        if (hash)
            *hash = '\0';
        g_strstrip(*p);
        if (!**p)
            continue;
        struct statement *st = parse_one(*p);
        if (!st) {
            g_string_append_printf(why, "not understood: %s", *p);
            return false;
        }
        g_ptr_array_add(list, st);
    }
    g_ptr_array_free(s->list, TRUE);
    s->list = g_steal_pointer(&list);
    s->next = 0;
    g_clear_handle_id(&s->timer, g_source_remove);
    memset(s->counted, 0, sizeof s->counted);
    s->loaded_us = g_get_monotonic_time();
    step(s);
    run(s);
    return true;
}

void script_count(struct vscript *s, const char *unit, double by)
{
    for (unsigned i = 0; i < UNITS; i++)
        if (strcmp(unit, units[i]) == 0)
            s->counted[i] += by;
    run(s);
}

void script_state(const struct vscript *s, GString *members)
{
    g_string_append_printf(members, ",\"script_done\":%u,\"script_left\":%u", s->next,
                           s->list->len - s->next);
}
