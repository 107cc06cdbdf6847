/* The technician's command line: asks the running kioskd. */
#include "firmware/kioskctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"

static int usage(void)
{
    fprintf(stderr,
            "usage: kioskctl COMMAND [--json]\n"
            "  status                      terminal, register, queue, mode\n"
            "  devices                     every device: model, serial, port, state, since when, counters, "
            "paper\n"
            "  queue                       what waits for the register\n"
            "  diagnose                    what is wrong with this machine, each with its fix\n"
            "  test DEVICE [--can N] [--seconds N] [--yes]\n"
            "                              card, print, pad, scan, office: guided; --yes asks nothing\n"
            "  trace DEVICE [--seconds N] [--personal]\n"
            "                              bytes on its bus, in maintenance only; personal data hidden\n"
            "  maintenance on|off [--minutes N]\n"
            "                              no citizen can begin; ends by itself after 15 minutes\n"
            "  accept DEVICE               the unit that stands there now is the right one\n"
            "exit: 0 ok, 1 failed, 2 usage, 3 no device, 4 a person must do something, 5 outcome unknown\n"
            "asks the kioskd whose socket is in $PRIDVOR_RUN, ./var/run or /run/pridvor\n");
    return EXIT_USAGE;
}

/* One question to kioskd itself, shown as it is or as a table. */
static enum exit_code plain(const struct ctl_options *o, const char *verb, const char *args)
{
    ARENA_SCOPE(a);
    struct frame f = {0};
    struct err e = {0};
    const struct ctl_ask ask = {.driver = "*", .verb = verb, .args = args};
    if (ctl_talk(a, &ask, &f, &e) != RC_OK) {
        fprintf(stderr, "kioskctl: %s\n", e.text);
        return EXIT_FAILED;
    }
    enum exit_code code = ctl_exit(&f);
    if (o->json) {
        BUF_SCOPE(b);
        if (f.data)
            jval_encode(f.data, &b);
        else
            buf_fmt(&b, "{\"completion\":\"%s\"}", f.completion);
        json_show(b.p);
        return code;
    }
    if (code != EXIT_FINE || !f.data) {
        fprintf(code == EXIT_FINE ? stdout : stderr, "%s: %s\n", f.completion, f.text ? f.text : "");
        return code;
    }
    return ctl_show(verb, f.data);
}

static enum exit_code report(const struct ctl_options *o)
{
    return plain(o, o->word[0], NULL);
}

static enum exit_code maintenance(const struct ctl_options *o)
{
    bool on = strcmp(o->word[1], "on") == 0;
    char args[64];
    if (!on && strcmp(o->word[1], "off") != 0)
        return usage();
    snprintf(args, sizeof(args), "{\"on\":%s,\"minutes\":%ld}", on ? "true" : "false",
             o->minutes ? o->minutes : 15);
    return plain(o, "maintenance", args);
}

static enum exit_code accept_unit(const struct ctl_options *o)
{
    BUF_SCOPE(args);
    buf_str(&args, "{\"device\":");
    json_quote(&args, o->word[1]);
    buf_chr(&args, '}');
    return plain(o, "accept", args.p);
}

static const struct command_row {
    const char *name;
    bool device; /* a second word is needed */
    enum exit_code (*fn)(const struct ctl_options *o);
} commands[] = {
    {"status", false, report},  {"devices", false, report},         {"queue", false, report},
    {"doctor", false, report},  {"diagnose", false, report},        {"test", true, ctl_test},
    {"trace", true, ctl_watch}, {"maintenance", true, maintenance}, {"accept", true, accept_unit},
};

static bool number(const char *text, long *out)
{
    char *end;
    *out = strtol(text, &end, 10);
    return *text && !*end && *out > 0 && *out < 100000;
}

static bool options(int argc, char **argv, struct ctl_options *o)
{
    size_t words = 0;
    for (int i = 1; i < argc; i++) {
        const char *p = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(p, "--json") == 0)
            o->json = true;
        else if (strcmp(p, "--yes") == 0)
            o->yes = true;
        else if (strcmp(p, "--personal") == 0)
            o->personal = true;
        else if (strcmp(p, "--can") == 0 && strlen(value) == 6 && strspn(value, "0123456789") == 6)
            o->can = argv[++i];
        else if (strcmp(p, "--seconds") == 0 && number(value, &o->seconds))
            i++;
        else if (strcmp(p, "--minutes") == 0 && number(value, &o->minutes))
            i++;
        else if (p[0] == '-' || words == COUNT(o->word))
            return false;
        else
            o->word[words++] = p;
    }
    return words > 0;
}

int main(int argc, char **argv)
{
    struct ctl_options o = {0};
    if (!options(argc, argv, &o))
        return usage();
    for (size_t i = 0; i < COUNT(commands); i++)
        if (strcmp(commands[i].name, o.word[0]) == 0 && commands[i].device == (o.word[1] != NULL))
            return (int)commands[i].fn(&o);
    return usage();
}
