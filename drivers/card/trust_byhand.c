#include "drivers/card/trust_byhand.h"

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "common/base/json.h"
#include "drivers/card/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1u << 20)
#define USAGE_CODE 2

static int usage(const char *why)
{
    fprintf(
        stderr,
        "%s\n"
        "kdrv card verify --sod FILE --dg N=FILE [--dg N=FILE ...]   were these files signed by a state?\n"
        "kdrv card csca                                             which country certificates are here\n"
        "  --csca FOLDER     certificates, master lists, revocation lists (else PRIDVOR_CSCA, configs/csca)\n"
        "  --devices FOLDER  then FOLDER/../csca\n"
        "  --at YYYY-MM-DD   judge by this day instead of today; none: by no day\n"
        "  --json            as JSON\n"
        "exit: 0 valid, 1 anything else, 2 usage\n",
        why);
    return USAGE_CODE;
}

struct job {
    const char *csca, *devices, *sod;
    int64_t now;
    bool json;
    struct trust_group group[32];
    const char *path[32];
    size_t n;
};

bool trust_byhand_knows(const char *verb)
{
    return strcmp(verb, "verify") == 0 || strcmp(verb, "csca") == 0;
}

const char *trust_folder(const char *option, const char *devices, char *out, int cap)
{
    const char *env = getenv("PRIDVOR_CSCA");
    if (option || env)
        snprintf(out, (size_t)cap, "%s", option ? option : env);
    else
        snprintf(out, (size_t)cap, "%s/../csca", devices ? devices : "configs/devices");
    return out;
}

/* "14=FILE", "DG14=FILE" */
static bool group_of(struct job *j, const char *value)
{
    char *end;
    const char *digits = strncasecmp(value, "dg", 2) == 0 ? value + 2 : value;
    long n = strtol(digits, &end, 10);
    if (end == digits || *end != '=' || !end[1] || n < 1 || n > 16 || j->n == COUNT(j->group))
        return false;
    j->group[j->n].n = (unsigned)n;
    j->path[j->n++] = end + 1;
    return true;
}

static bool day_of(struct job *j, const char *value)
{
    struct date d;
    if (strcmp(value, "none") == 0) {
        j->now = 0;
        return true;
    }
    if (!date_parse(value, &d))
        return false;
    j->now = date_days(d) * 86400 + 12 * 3600;
    return true;
}

static const char *read_options(struct job *j, int argc, char **argv)
{
    for (int i = 3; i < argc; i++) {
        const char *name = argv[i];
        if (strcmp(name, "--json") == 0) {
            j->json = true;
            continue;
        }
        if (++i == argc)
            return "an option without its value";
        const char *v = argv[i];
        if (strcmp(name, "--csca") == 0)
            j->csca = v;
        else if (strcmp(name, "--devices") == 0)
            j->devices = v;
        else if (strcmp(name, "--sod") == 0)
            j->sod = v;
        else if (strcmp(name, "--at") == 0 ? !day_of(j, v) : (strcmp(name, "--dg") != 0 || !group_of(j, v)))
            return "an unknown option or value";
    }
    return NULL;
}

static void show_verdict(const struct job *j, const struct trust_verdict *v)
{
    static const char *const match[] = {"not read", "same as signed", "differs", "not listed"};
    printf("verdict   %s\nreason    %s\nsigner    %s\nlist      %s\nhash      %s\n", trust_word(v->word),
           v->reason, v->signer, v->list, v->hash);
    for (size_t i = 0; i < j->n; i++)
        printf("DG%-7u %s\n", j->group[i].n, match[v->group[j->group[i].n]]);
    printf("listed   ");
    for (unsigned n = 1; n <= 16; n++)
        if (v->listed & 1u << n)
            printf(" DG%u", n);
    printf("\n");
}

static enum rc verify(struct job *j, struct arena *a, const struct trust *t, struct trust_verdict *v,
                      struct err *e)
{
    char *p;
    size_t len;
    struct trust_question q = {.now = j->now, .groups = j->group, .n_groups = j->n};
    TRY(fs_read(a, j->sod, FILE_MAX, &p, &len, e));
    q.sod = BYTES(p, len);
    for (size_t i = 0; i < j->n; i++) {
        TRY(fs_read(a, j->path[i], FILE_MAX, &p, &len, e));
        j->group[i].file = BYTES(p, len);
    }
    trust_check(t, a, &q, v);
    return RC_OK;
}

static int show_report(const struct job *j, struct arena *a, const struct trust *t)
{
    BUF_SCOPE(out);
    struct jval *v = NULL;
    trust_report(t, a, j->now, &out);
    if (j->json) {
        printf("%s\n", out.p);
    } else {
        json_show(arena_strn(a, out.p, out.len));
    }
    bool ok = trust_size(t) > 0 && jval_parse(a, out.p, out.len, &v, NULL) == RC_OK;
    static const char *const rows[] = {"files", "lists", "revocation_lists"};
    for (size_t r = 0; ok && r < COUNT(rows); r++) {
        const struct jval *list = jval_get(v, rows[r]);
        for (size_t i = 0; list && i < list->n; i++)
            ok = ok && !jval_bool(&list->items[i], "refused", false);
    }
    return ok ? 0 : 1;
}

int trust_byhand(int argc, char **argv)
{
    ARENA_SCOPE(a);
    BUF_SCOPE(out);
    char folder[512];
    struct err e = {0};
    struct trust *t = NULL;
    struct trust_verdict v;
    struct job j = {.now = unix_ms() / 1000};
    const char *why = read_options(&j, argc, argv);
    bool csca = strcmp(argv[2], "csca") == 0;
    if (!why && !csca && !j.sod)
        why = "verify needs --sod";
    if (why)
        return usage(why);
    if (trust_load(a, trust_folder(j.csca, j.devices, folder, sizeof folder), &t, &e) != RC_OK ||
        (!csca && verify(&j, a, t, &v, &e) != RC_OK)) {
        fprintf(stderr, "kdrv: %s\n", e.text);
        return USAGE_CODE;
    }
    if (csca)
        return show_report(&j, a, t);
    trust_json(&v, &out);
    if (j.json)
        printf("%s\n", out.p);
    else
        show_verdict(&j, &v);
    return v.word == TRUST_VALID ? 0 : 1;
}
