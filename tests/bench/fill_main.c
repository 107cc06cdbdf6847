/* fill --config registry.conf [--n 1000000] [--mark]: fills a demo database; refuses any other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "tests/bench/fill.h"

int main(int argc, char **argv)
{
    ARENA_SCOPE(a);
    const char *config = NULL;
    struct registry_conf conf = {0};
    struct work_house house = {0};
    struct fill f = {.house = &house, .n = 1000000, .say = true};
    struct err e = {0};

    log_open("fill");
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--mark") == 0)
            f.mark = true;
        else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            config = argv[++i];
        else if (strcmp(argv[i], "--n") == 0 && i + 1 < argc)
            f.n = strtoll(argv[++i], NULL, 10);
        else
            config = NULL, argc = 0;
    }
    if (!config || f.n < 1 || f.n > 10000000) {
        fprintf(stderr, "usage: fill --config registry.conf [--n 1000000] [--mark]\n");
        return 2;
    }
    if (registry_conf_load(a, config, &conf, &e) == RC_OK && work_house_load(a, &conf, &house, &e) == RC_OK) {
        f.conninfo = conf.db;
        if (fill_database(&f, &e) == RC_OK)
            return 0;
    }
    fprintf(stderr, "fill: %s\n", e.text);
    return 1;
}
