/* Reading a chip through the driver as kioskd runs it, against the reader model: what our own software needs,
 * that is the whole time less the time the reader took to answer, and the processor time of the driver beside
 * it. The card's own time says nothing about real cards: the applet computes on this machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/report.h"
#include "tests/devices/kdrv_client.h"

#define READ_MS 30000
#define CARD_NOTE "card's part, with USB emulation and the applet's own computing"

struct kind {
    const char *name, *card, *args, *what;
    bool cold; /* the first read of a new process */
    double limit;
    struct series software, cpu, whole, card_ms;
    long long apdus, out, in;
};

#define DG1 ",\"want\":[\"DG1\"]}"
#define FILES ",\"want\":[\"COM\",\"SOD\",\"DG1\",\"DG2\"]}"
static struct kind kinds[] = {
    {"a_dg1", "A", "{\"can\":\"123456\"" DG1, "PACE + DG1, brainpoolP256r1, AES-128", false, 50},
    {"b_dg1", "B", "{\"can\":\"654321\"" DG1, "PACE + DG1, P-256, AES-256", false, 50},
    {"a_full", "A", "{\"can\":\"123456\"}", "PACE + COM, DG1, DG2, DG14, SOD, brainpoolP256r1, AES-128"},
    {"b_full", "B", "{\"can\":\"654321\"}", "PACE + COM, DG1, DG2, DG14, SOD, P-256, AES-256"},
    {"16k_extended", "P", "{\"can\":\"999999\"" FILES,
     "PACE + COM, SOD, DG1, DG2 of 16.5 kB, extended length: at most 45"},
    {"16k_short", "Q", "{\"can\":\"999999\"" FILES, "the same with short length: at most 90"},
    {"d_dg1", "D", "{\"can\":\"222222\"" DG1, "PACE + DG1, integrated mapping on brainpoolP384r1, AES-192"},
    {"e_dg1", "E", "{\"can\":\"333333\"" DG1, "PACE + DG1, DH with 2048 bits"},
    {"i_full", "I", "{\"can\":\"666666\"}", "as kioskd reads it, chip and passive authentication with it"},
    {"a_dg1_first", "A", "{\"can\":\"123456\"" DG1, "the same as a_dg1, first read of a new process", true},
};

static void die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

static double cpu_ms(pid_t pid)
{
    clockid_t clock;
    struct timespec t = {0};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        die("the driver is gone");
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void insert(const struct vdev_proc *v, struct kdrv *k, const char *card)
{
    char line[32];
    unsigned seen = k->inserted;
    snprintf(line, sizeof(line), "insert %s", card);
    vdev_cmd(v, "remove", NULL, 0);
    kdrv_drain(k, 50);
    if (vdev_cmd(v, line, NULL, 0) != 0)
        die("the reader takes no card");
    for (int i = 0; i < 100 && k->inserted == seen; i++)
        kdrv_drain(k, 50);
}

static void start(struct kdrv *k, const struct vdev_proc *v, const char *devices)
{
    if (!kdrv_start(k, v, "card", devices) || !kdrv_link(k, "up", 15000))
        die("the card driver does not open its reader");
}

static void read_once(struct kind *kind, const struct vdev_proc *v, struct kdrv *k)
{
    struct frame f;
    insert(v, k, kind->card);
    double cpu = cpu_ms(k->pid);
    if (strcmp(kdrv_do(k, "read", kind->args, READ_MS, &f), "ok") != 0)
        die(f.text ? f.text : "the card was not read");
    series_add(&kind->cpu, cpu_ms(k->pid) - cpu);
    double ms = (double)jval_int(f.data, "ms", 0), card = (double)jval_int(f.data, "card_ms", 0);
    series_add(&kind->software, ms - card);
    series_add(&kind->whole, ms);
    series_add(&kind->card_ms, card);
    kind->apdus = jval_int(f.data, "apdus", 0);
    kind->out = jval_int(f.data, "bytes_out", 0);
    kind->in = jval_int(f.data, "bytes_in", 0);
}

static void report_kind(const struct kind *k)
{
    char name[60], note[200];
#define NAME(suffix) (snprintf(name, sizeof(name), "chip.%s.%s", k->name, suffix), name)
    snprintf(note, sizeof(note), "%s%s", k->limit ? "at most 50; " : "", k->what);
    report_series(NAME("software_ms"), &k->software, "ms", note);
    report_series(NAME("cpu_ms"), &k->cpu, "ms", "processor time of the driver for this read");
    report_series(NAME("card_ms"), &k->card_ms, "ms", CARD_NOTE);
    if (k->cold)
        return;
    snprintf(note, sizeof(note), "%lld bytes to the card, %lld back", k->out, k->in);
    report(NAME("apdus"), (double)k->apdus, "", note);
#undef NAME
}

int main(int argc, char **argv)
{
    struct vdev_proc v;
    struct kdrv k;
    const char *out = NULL;
    char devices[300];
    int rounds = 15;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--out") == 0)
            out = argv[i + 1];
        else if (strcmp(argv[i], "--rounds") == 0)
            rounds = (int)strtol(argv[i + 1], NULL, 10);
    }
    report_open(out);
    snprintf(devices, sizeof(devices), "%s/configs/devices",
             getenv("PRIDVOR_SOURCE") ? getenv("PRIDVOR_SOURCE") : ".");
    if (!vdev_start_args(&v, "reader", NULL, (const char *const[]){"--card", "A", NULL}))
        die("no virtual reader");
    start(&k, &v, devices);
    for (int i = 0; i < rounds; i++)
        for (size_t n = 0; n < COUNT(kinds); n++)
            if (!kinds[n].cold)
                read_once(&kinds[n], &v, &k);
    kdrv_stop(&k);
    for (size_t n = 0; n < COUNT(kinds); n++)
        for (int i = 0; kinds[n].cold && i < rounds; i++) {
            start(&k, &v, devices);
            read_once(&kinds[n], &v, &k);
            kdrv_stop(&k);
        }
    vdev_stop(&v);
    for (size_t n = 0; n < COUNT(kinds); n++)
        report_kind(&kinds[n]);
    return 0;
}
