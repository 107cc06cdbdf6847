/* What a technician reads. */
#include <stdio.h>
#include <string.h>

#include "firmware/kioskctl.h"

static void print_value(const struct jval *v)
{
    BUF_SCOPE(b);
    if (v->kind == JV_STR)
        printf("%s", v->s[0] ? v->s : "-");
    else {
        jval_encode(v, &b);
        printf("%s", b.p);
    }
}

static enum exit_code show_object(const struct jval *v)
{
    for (size_t i = 0; i < v->n; i++) {
        printf("%-20s ", v->names[i]);
        print_value(&v->items[i]);
        printf("\n");
    }
    return EXIT_FINE;
}

static enum exit_code show_queue(const struct jval *data)
{
    const struct jval *list = jval_get(data, "items");
    printf("%-38s%-14s%-26s%-8s%s\n", "id", "state", "made at", "tries", "why");
    for (size_t i = 0; list && i < list->n; i++) {
        const struct jval *x = &list->items[i];
        printf("%-38s%-14s%-26s%-8lld%s\n", jval_str(x, "id", ""), jval_str(x, "state", ""),
               jval_str(x, "made_at", ""), (long long)jval_int(x, "tries", 0), jval_str(x, "why", ""));
    }
    return EXIT_FINE;
}

/* The public state, in words, and who is to act. */
static const char *words(const char *state)
{
    static const struct {
        const char *state, *words;
    } rows[] = {{"ready", "ready"},
                {"busy", "at work"},
                {"needs-citizen", "waits for the citizen"},
                {"needs-staff", "waits for the counter: paper, cover, feeder"},
                {"needs-technician", "needs you"},
                {"absent", "not plugged in"},
                {"retrying", "being looked for"}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].state, state) == 0)
            return rows[i].words;
    return state;
}

static void show_counters(const struct jval *d)
{
    const struct jval *c = jval_get(d, "counters");
    bool any = false;
    static const char *const own[] = {"restarts", "killed", "bad_frames", "doubled"};
    for (size_t i = 0; c && i < c->n; i++)
        if (c->items[i].kind == JV_INT && c->items[i].i > 0) {
            printf("%s%s %lld", any ? ", " : "  counters    ", c->names[i], (long long)c->items[i].i);
            any = true;
        }
    for (size_t i = 0; i < COUNT(own); i++)
        if (jval_int(d, own[i], 0) > 0) {
            printf("%s%s %lld", any ? ", " : "  counters    ", own[i], (long long)jval_int(d, own[i], 0));
            any = true;
        }
    if (any)
        printf("\n");
}

static void show_member(const struct jval *d, const char *name, const char *label)
{
    const char *s = jval_str(d, name, "");
    if (s[0])
        printf("  %-11s %s\n", label, s);
}

static enum exit_code show_devices(const struct jval *data)
{
    static const char *const members[][2] = {{"model", "model"},       {"serial", "serial"},
                                             {"port", "port"},         {"firmware", "firmware"},
                                             {"maturity", "maturity"}, {"since", "since"}};
    const struct jval *list = jval_get(data, "drivers");
    for (size_t i = 0; list && i < list->n; i++) {
        const struct jval *d = &list->items[i], *media = jval_get(d, "media");
        const char *detail = jval_str(d, "detail", "");
        printf("%-8s %s%s%s\n", jval_str(d, "name", ""), words(jval_str(d, "public", "")),
               detail[0] ? ": " : "", detail);
        for (size_t k = 0; k < COUNT(members); k++)
            show_member(d, members[k][0], members[k][1]);
        if (jval_int(d, "paper_left_mm", 0) > 0)
            printf("  %-11s %.1f m\n", "paper left", (double)jval_int(d, "paper_left_mm", 0) / 1000);
        for (size_t k = 0; media && k < media->n; k++)
            printf("  %-11s %s\n", "media", media->items[k].s);
        show_counters(d);
        if (jval_str(d, "was", "")[0])
            printf(
                "  CHANGED     stood here before: %s\n              if that is right: kioskctl accept %s\n",
                jval_str(d, "was", ""), jval_str(d, "name", ""));
    }
    return EXIT_FINE;
}

static enum exit_code show_checks(const struct jval *data)
{
    const struct jval *list = jval_get(data, "checks");
    int bad = 0;
    for (size_t i = 0; list && i < list->n; i++) {
        bool ok = jval_bool(&list->items[i], "ok", false);
        bad += !ok;
        printf("%-4s %-14s %s\n", ok ? "ok" : "BAD", jval_str(&list->items[i], "name", ""),
               jval_str(&list->items[i], "text", ""));
    }
    return bad ? EXIT_FAILED : EXIT_FINE;
}

enum exit_code ctl_show(const char *verb, const struct jval *data)
{
    static const struct {
        const char *verb;
        enum exit_code (*fn)(const struct jval *data);
    } rows[] = {{"devices", show_devices},
                {"queue", show_queue},
                {"doctor", show_checks},
                {"diagnose", show_checks},
                {"status", show_object}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].verb, verb) == 0)
            return rows[i].fn(data);
    return show_object(data);
}
