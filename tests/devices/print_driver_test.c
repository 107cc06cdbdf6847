/* The print driver as a process, over the printer model below the unmodified libusb. Every scenario: exactly
 * one completion, the outcome that is true, and the next receipt is whole again. */
#include "tests/devices/kdrv_client.h"

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "common/base/text.h"

#include <cairo.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define NAME "Ștefania Țăndărescu-Kőszegi"
#define LINES                                                                                                \
    "\"lines\":[{\"style\":\"title\",\"text\":\"Primăria Municipiului Cluj-Napoca\"},"                      \
    "{\"style\":\"big\",\"text\":\"DOVADA "                                                                  \
    "ÎNREGISTRĂRII\"},{\"style\":\"number\",\"text\":\"15/22.11.2026\"},"                                  \
    "{\"style\":\"rule\",\"text\":\"\"},{\"style\":\"text\",\"text\":\"Solicitant: " NAME "\"},"             \
    "{\"style\":\"text\",\"text\":\"Kérelem: Árvíztűrő tükörfúrógép\"},"                           \
    "{\"style\":\"big\",\"text\":\"Răspundem până la 22.12.2026\"},"                                      \
    "{\"style\":\"small\",\"text\":\"30 de zile de la înregistrare\"},"                                     \
    "{\"style\":\"qr\",\"text\":\"https://cereri.cjcluj.ro/s/7KQ2M9XA4T\"},"                                 \
    "{\"style\":\"small\",\"text\":\"Scanați codul.\"},{\"style\":\"text\",\"text\":\"Cod: 4821\"},"        \
    "{\"style\":\"small\",\"text\":\"Păstrați bonul.\"}]"
#define PRINT "{\"job\":\"0\",\"process_id\":\"A1b2\",\"lang\":\"ro\"," LINES "}"
#define COPY "{\"job\":\"0\",\"process_id\":\"A1b3\",\"lang\":\"hu\",\"copy\":true," LINES "}"

static struct vdev_proc v;
static struct kdrv k;
static unsigned cases;
static char rows[128]; /* a row without process id */

static const char *vcmd(const char *line)
{
    static char reply[4096];
    if (vdev_cmd(&v, line, reply, sizeof reply) != 0)
        fail_msg("vdev: %s: %s", line, reply);
    return reply;
}

static void up_with(const char *script, const char *devices)
{
    assert_true(vdev_start(&v, "printer", script));
    assert_true(kdrv_start(&k, &v, "print", devices));
    assert_true(kdrv_link(&k, "up", 30000));
}

static void up(void)
{
    up_with(NULL, NULL);
}

static void down(void)
{
    assert_int_equal(kdrv_stop(&k), 0);
    vdev_stop(&v);
}

static struct frame print(const char *args, const char *completion, const char *code, const char *outcome)
{
    struct frame f = {0};
    const char *is = kdrv_do(&k, "print", args, 0, &f);
    cases++;
    if (strcmp(is, completion) != 0 || strcmp(f.code, code) != 0 || strcmp(f.outcome, outcome) != 0)
        fail_msg("%s %s %s (%s), expected %s %s %s", is, f.code, f.outcome, f.text, completion, code,
                 outcome);
    assert_int_equal(k.completions, 1);
    assert_int_equal(k.acks, 1);
    return f;
}

static struct frame good(void)
{
    struct frame f = print(PRINT, "ok", "", "done");
    assert_string_equal(jval_str(f.data, "proof", ""), "L2");
    assert_true(jval_bool(f.data, "cut", false));
    return f;
}

/* ---- pictures --------------------------------------------------------------------------------------------
 */

/* Whatever the file's format, as 8 bits of red on white. */
static cairo_surface_t *flat(cairo_surface_t *s)
{
    assert_int_equal(cairo_surface_status(s), CAIRO_STATUS_SUCCESS);
    int w = cairo_image_surface_get_width(s), h = cairo_image_surface_get_height(s);
    cairo_surface_t *out = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
    cairo_t *c = cairo_create(out);
    cairo_set_source_rgb(c, 1, 1, 1);
    cairo_paint(c);
    cairo_set_source_surface(c, s, 0, 0);
    cairo_paint(c);
    cairo_destroy(c);
    cairo_surface_destroy(s);
    cairo_surface_flush(out);
    return out;
}

static bool dark(cairo_surface_t *s, int x, int y)
{
    const uint8_t *p = cairo_image_surface_get_data(s) + (ptrdiff_t)y * cairo_image_surface_get_stride(s);
    return p[4 * x] < 128;
}

struct piece {
    const uint8_t *p;
    size_t left;
};

static cairo_status_t from_bytes(void *user, unsigned char *out, unsigned n)
{
    struct piece *b = user;
    if (n > b->left)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(out, b->p, n);
    b->p += n;
    b->left -= n;
    return CAIRO_STATUS_SUCCESS;
}

static cairo_surface_t *preview(const char *args)
{
    ARENA_SCOPE(a);
    struct frame f = {0};
    struct err e = {0};
    struct piece b = {0};
    uint8_t *png = NULL;
    assert_string_equal(kdrv_do(&k, "render", args, 0, &f), "ok");
    assert_int_equal(base64_decode(a, jval_str(f.data, "png", ""), &png, &b.left, &e), RC_OK);
    b.p = png;
    return flat(cairo_image_surface_create_from_png_stream(from_bytes, &b));
}

/* The ticket ends with the preview, dot by dot, and is blank above it. */
static int blade_rows = 120; /* between head and blade: blank at the head of every ticket */
static void same_dots(const char *args, int ticket)
{

    char name[32];
    snprintf(name, sizeof name, "paper-%d.png", ticket);
    cairo_surface_t *paper = flat(cairo_image_surface_create_from_png(vdev_path(&v, name)));
    cairo_surface_t *want = preview(args);
    int w = cairo_image_surface_get_width(want), h = cairo_image_surface_get_height(want), black = 0;
    assert_int_equal(cairo_image_surface_get_width(paper), w);
    assert_int_equal(cairo_image_surface_get_height(paper), h + blade_rows);
    for (int y = 0; y < h + blade_rows; y++)
        for (int x = 0; x < w; x++) {
            bool is = dark(paper, x, y), should = y >= blade_rows && dark(want, x, y - blade_rows);
            black += is;
            if (is != should)
                fail_msg("dot %d,%d of ticket %d is %s", x, y, ticket, is ? "black" : "white");
        }
    assert_true(black > 10000);
    cairo_surface_destroy(paper);
    cairo_surface_destroy(want);
}

/* ---- scenarios -------------------------------------------------------------------------------------------
 */

static void proved(void **state)
{
    (void)state;
    up();
    struct frame f = good();
    int64_t mm = jval_int(f.data, "mm", 0);
    print_message("one receipt: %lld mm, %lld bytes, first byte after %lld ms\n", (long long)mm,
                  (long long)jval_int(f.data, "bytes", 0), (long long)jval_int(f.data, "first_byte_ms", -1));
    assert_true(k.progress >= 2);
    assert_true(vdev_num(&v, "ticket_mm") >= (double)mm - 1 && vdev_num(&v, "ticket_mm") <= (double)mm + 1);
    same_dots(PRINT, 1);
    print(COPY, "ok", "", "done");
    same_dots(COPY, 2);
    assert_int_equal(vdev_num(&v, "bad"), 0);
    assert_int_equal(vdev_num(&v, "unknown"), 0);
    assert_int_equal(vdev_num(&v, "text_bytes"), 0);
    assert_string_equal(kdrv_do(&k, "test", "{}", 0, &f), "ok");
    assert_int_equal(vdev_num(&v, "tickets"), 3);
    assert_string_equal(kdrv_do(&k, "status", "{}", 0, &f), "ok");
    assert_string_equal(jval_str(f.data, "proof", ""), "L2");
    down();
}

/* Heads of other widths and resolutions: preview and paper are the same dots there, too. */
static void other_makes(void **state)
{
    (void)state;
    static const struct {
        const char *make, *proof;
        int dots, blade;
    } makes[] = {{"tm-t88v", "L2", 512, 106},
                 {"112mm", "L1", 832, 112},
                 {"graphics", "L1", 576, 120},
                 {"clone-no-status", "L0", 576, 96}};
    for (size_t i = 0; i < COUNT(makes); i++) {
        assert_true(
            vdev_start_args(&v, "printer", NULL, (const char *const[]){"--model", makes[i].make, NULL}));
        vcmd("speed 600");
        assert_true(kdrv_start(&k, &v, "print", NULL));
        assert_true(kdrv_link(&k, "up", 30000));
        struct frame f = print(PRINT, "ok", "", "done");
        assert_string_equal(jval_str(f.data, "proof", ""), makes[i].proof);
        assert_true(vdev_until(&v, "\"tickets\":1,", 30000));
        blade_rows = makes[i].blade;
        same_dots(PRINT, 1);
        blade_rows = 120;
        struct frame s = {0};
        assert_string_equal(kdrv_do(&k, "status", "{}", 0, &s), "ok");
        assert_int_equal(jval_int(s.data, "dots", 0), makes[i].dots);
        assert_int_equal(vdev_num(&v, "bad") + vdev_num(&v, "unknown") + vdev_num(&v, "text_bytes"), 0);
        down();
    }
}

static void refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{}",
        "{\"process_id\":\"A1b2\",\"lines\":[]}",
        "{\"process_id\":\"A1b2\",\"lines\":7}",
        "{\"process_id\":\"A1b\"," LINES "}",
        "{\"process_id\":\"A1b23\"," LINES "}",
        "{\"process_id\":\"A1b\\u0007\"," LINES "}",
        "{\"process_id\":\"A1b2\",\"lines\":[{\"style\":\"blink\",\"text\":\"x\"}]}",
        "{\"process_id\":\"A1b2\",\"lines\":[{\"text\":\"x\"}]}",
        "{\"process_id\":\"A1b2\",\"lines\":[{\"style\":\"text\",\"text\":\"a\\u0001b\"}]}",
        "{\"process_id\":\"A1b2\",\"lines\":[{\"style\":\"text\",\"text\":\"x\",\"more\":1}]}",
    };
    up();
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct frame f = {0};
        cases++;
        if (strcmp(kdrv_do(&k, "print", bad[i], 0, &f), "bad-request") != 0)
            fail_msg("%s: %s %s", bad[i], f.completion, f.text);
        assert_string_equal(f.outcome, "not-done");
    }
    print("{\"process_id\":\"A1b2\",\"roll_left_mm\":100," LINES "}", "not-ready", "PAPER_SHORT", "not-done");
    vcmd("paper_end");
    print(PRINT, "not-ready", "PAPER_END", "not-done");
    kdrv_link(&k, "up", 1000);
    assert_string_equal(k.condition, "staff");
    vcmd("paper ok");
    vcmd("cover open");
    print(PRINT, "user-needed", "COVER_OPEN", "not-done");
    assert_int_equal(vdev_num(&v, "tickets"), 0);
    assert_true(vdev_num(&v, "printed_mm") == 0);
    vcmd("cover close");
    vcmd("paper_near_end");
    good();
    kdrv_link(&k, "up", 1000);
    assert_string_equal(k.condition, "warn");
    down();
}

/* Stopped in the middle: partial. What hangs out is cut off, then the whole receipt is printed, by itself. */
static void interrupted(void **state)
{
    (void)state;
    static const struct {
        const char *fault, *cure, *completion, *code;
    } rows_of[] = {
        {"script at 40mm paper_end", "paper ok", "device-error", "PAPER_END"},
        {"script at 40mm cover open", "cover close", "user-needed", "COVER_OPEN"},
        {"script at 5mm paper_end", "paper ok", "device-error", "PAPER_END"},
        {"script at 5mm cover open", "cover close", "user-needed", "COVER_OPEN"},
    };
    for (size_t i = 0; i < COUNT(rows_of) * 2; i++) {
        const bool silent = i >= COUNT(rows_of); /* without automatic status the driver asks */
        size_t r = i % COUNT(rows_of);
        up();
        vcmd("speed 500");
        if (silent)
            vcmd("asb off");
        vcmd(rows_of[r].fault);
        struct frame f = print(PRINT, rows_of[r].completion, rows_of[r].code, "partial");
        assert_string_equal(jval_str(f.data, "proof", ""), "L0");
        vcmd(rows_of[r].cure);
        good();
        assert_int_equal(vdev_num(&v, "tickets"), 2);
        same_dots(PRINT, 2);
        down();
    }
}

static void blade(void **state)
{
    (void)state;
    up();
    vcmd("cutter jam");
    struct frame f = print(PRINT, "device-error", "CUTTER", "done");
    assert_false(jval_bool(f.data, "cut", true));
    kdrv_link(&k, "up", 1000);
    assert_string_equal(k.condition, "technician");
    vcmd("cutter ok");
    vcmd("tear");
    good();
    kdrv_link(&k, "up", 1000);
    assert_string_equal(k.condition, "ok");
    /* the jam is over when the driver homes the blade: proved after all */
    vcmd("cutter jam");
    int64_t id = kdrv_send(&k, "print", PRINT, 0);
    assert_true(vdev_until(&v, "\"cutter\":\"error\"", 8000));
    vcmd("cutter ok");
    assert_true(kdrv_completion(&k, id, &f, 20000));
    print_message("blade freed in time: %s %s %s\n", f.completion, f.code, f.outcome);
    assert_string_equal(f.outcome, "done");
    cases++;
    down();
}

static void without_proof(void **state)
{
    (void)state;
    up();
    vcmd("process_id off");
    struct frame f = print(PRINT, "timeout", "PROCESS_ID_MISSING", "unknown");
    assert_string_equal(jval_str(f.data, "proof", ""), "L1");
    down();
    up_with(NULL, rows);
    vcmd("speed 500");
    f = print(PRINT, "ok", "", "done");
    assert_string_equal(jval_str(f.data, "proof", ""), "L1");
    same_dots(PRINT, 1);
    vcmd("script at 40mm paper_end");
    print(PRINT, "device-error", "PAPER_END", "partial");
    vcmd("paper ok");
    vcmd("asb off");
    f = print(PRINT, "ok", "", "done");
    assert_string_equal(jval_str(f.data, "proof", ""), "L1");
    down();
}

/* ---- link and process ------------------------------------------------------------------------------------
 */

/* Unplugged after every transfer of a job: not done before the first byte, unknown after it, and nothing is
 * ever printed without a command. */
static void unplugged(void **state)
{
    (void)state;
    char script[64];
    unsigned not_done = 0, unknown = 0, done = 0;
    up();
    vcmd("speed 2000");
    good();
    double before = vdev_num(&v, "transfers");
    good();
    unsigned n = (unsigned)(vdev_num(&v, "transfers") - before);
    for (unsigned i = 1; i <= n; i++) {
        double jobs = vdev_num(&v, "tickets");
        snprintf(script, sizeof script, "script after %u transfers unplug", i);
        vcmd(script);
        struct frame f = {0};
        const char *is = kdrv_do(&k, "print", PRINT, 0, &f);
        bool sent = jval_int(f.data, "bytes", 0) > 0;
        if (strcmp(is, "ok") == 0 || strcmp(is, "no-device") == 0) { /* the last ones: an idle printer went */
            done++;
        } else if (strcmp(is, "link-lost") != 0 || strcmp(f.outcome, sent ? "unknown" : "not-done") != 0) {
            fail_msg("after %u transfers: %s %s %s (%s)", i, is, f.code, f.outcome, f.text);
        } else {
            unknown += sent;
            not_done += !sent;
        }
        assert_int_equal(k.completions, 1);
        cases++;
        assert_true(kdrv_link(&k, "absent", 30000));
        vcmd("plug");
        if (!kdrv_link(&k, "up", 30000))
            fail_msg("not up again after %u transfers: %s", i, k.text);
        assert_true(vdev_num(&v, "tickets") - jobs <= 1);
    }
    print_message("unplugged after each of %u transfers: %u not done, %u unknown, %u done\n", n, not_done,
                  unknown, done);
    assert_true(unknown >= 5 && not_done >= 1);
    good();
    down();
}

static void killed(void **state)
{
    (void)state;
    static const int at_mm[] = {2, 20, 60, 100};
    up();
    for (size_t i = 0; i < COUNT(at_mm); i++, cases++) {
        double start = vdev_num(&v, "printed_mm");
        kdrv_send(&k, "print", PRINT, 0);
        for (int64_t end = mono_ms() + 8000;
             vdev_num(&v, "printed_mm") < start + at_mm[i] && mono_ms() < end;)
            usleep(2000);
        kill(k.pid, SIGKILL);
        kdrv_stop(&k);
        assert_true(kdrv_start(&k, &v, "print", NULL));
        assert_true(kdrv_link(&k, "up", 30000));
        assert_true(vdev_until(&v, "\"busy\":", 100));
        vcmd("tear");
        double tickets = vdev_num(&v, "tickets");
        good();
        assert_true(vdev_num(&v, "tickets") >= tickets + 1);
        assert_int_equal(vdev_num(&v, "text_bytes"), 0);
    }
    down();
}

/* Paper on its way cannot be called back: a cancel comes too late, and the truth is told. */
static void cancelled(void **state)
{
    (void)state;
    char line[96];
    struct frame f;
    up();
    int64_t id = kdrv_send(&k, "print", PRINT, 0);
    while (!k.progress && kdrv_frame(&k, &f, 5000))
        ;
    snprintf(line, sizeof line, "{\"id\":90,\"verb\":\"cancel\",\"args\":{\"target\":%lld}}", (long long)id);
    kdrv_line(&k, line);
    assert_true(kdrv_completion(&k, id, &f, 20000));
    assert_string_equal(f.outcome, "done");
    assert_string_equal(jval_str(f.data, "proof", ""), "L2");
    cases++;
    id = kdrv_send(&k, "print", PRINT, 0);
    while (!k.progress && kdrv_frame(&k, &f, 5000))
        ;
    kdrv_line(&k, "{\"id\":91,\"verb\":\"print\",\"args\":{}}");
    assert_true(kdrv_completion(&k, 91, &f, 5000));
    assert_string_equal(f.completion, "busy");
    kdrv_line(&k, "{\"id\":1,\"verb\":\"ping\"}");
    int64_t asked = mono_ms();
    do
        assert_true(kdrv_frame(&k, &f, 20000));
    while (strcmp(f.kind, "state") != 0);
    print_message("ping while printing: %lld ms\n", (long long)(mono_ms() - asked));
    assert_true(kdrv_completion(&k, id, &f, 20000));
    assert_string_equal(f.completion, "ok");
    assert_int_equal(vdev_num(&v, "tickets"), 2);
    cases += 2;
    down();
}

static void memory(void **state)
{
    (void)state;
    static const char *const needles[] = {"Țăndărescu", NAME, "Árvíztűrő", "Scanați codul"};
    struct frame f;
    int seen = 0;
    up();
    int64_t id = kdrv_send(&k, "print", PRINT, 0);
    while (!k.progress && kdrv_frame(&k, &f, 5000))
        ;
    for (size_t i = 0; i < COUNT(needles); i++)
        seen += kdrv_memory(&k, needles[i]) > 0;
    assert_true(kdrv_completion(&k, id, &f, 20000));
    if (seen == 0) {
        print_message("memory may not be read here\n");
        down();
        skip();
    }
    assert_string_equal(kdrv_do(&k, "wipe", "{}", 0, &f), "ok");
    for (size_t i = 0; i < COUNT(needles); i++, cases++) {
        int n = kdrv_memory(&k, needles[i]);
        if (n != 0)
            fail_msg("'%s' stands %d times in memory after wipe", needles[i], n);
    }
    print_message("control: %d needles found while printing, none after wipe; resident %ld kB\n", seen,
                  kdrv_rss_kb(&k));
    down();
}

static int by_hand(const char *const *argv)
{
    int fd = -1;
    char out[4096];
    pid_t pid = vdev_spawn(&v, argv, NULL, &fd);
    while (read(fd, out, sizeof out) > 0)
        ;
    close(fd);
    cases++;
    return vdev_wait(pid, 20000);
}

static void hands(void **state)
{
    (void)state;
    char kdrv[512];
    const char *own = getenv("PRIDVOR_KDRV"), *build = getenv("PRIDVOR_BUILD");
    snprintf(kdrv, sizeof kdrv, "%s%s", own ? own : build ? build : ".", own ? "" : "/drivers/kdrv");
    setenv("PRIDVOR_RUN", rows, 1); /* no kioskd there */
    assert_true(vdev_start(&v, "printer", NULL));
#define HAND(...) by_hand((const char *const[]){kdrv, "print", __VA_ARGS__, NULL})
    assert_int_equal(HAND("status"), 0);
    assert_int_equal(HAND("test"), 0);
    assert_int_equal(vdev_num(&v, "tickets"), 1);
    vcmd("cover open");
    assert_int_equal(HAND("test", "--json"), 4);
    vcmd("cover close");
    vcmd("paper_end");
    assert_int_equal(HAND("test"), 1);
    vcmd("paper ok");
    vcmd("unplug");
    assert_int_equal(HAND("test"), 3);
    vdev_stop(&v);
    unsetenv("PRIDVOR_RUN");
}

static int begin(void **state)
{
    (void)state;
    static const char row[] =
        "{\"name\":\"test printer\",\"driver\":\"print\",\"maturity\":\"beta\",\"match\":[{\"class\":7}],"
        "\"quirks\":[\"no_info\"],\"profile\":{\"dots\":576,\"dpi\":203,\"blade_mm\":15,\"mm_s\":150,"
        "\"process_id\":false,\"asb\":true}}";
    char path[160];
    snprintf(rows, sizeof rows, "/tmp/pridvor-rows-%d", getpid());
    snprintf(path, sizeof path, "%s/test.device", rows);
    struct err e = {0};
    if (fs_mkdirs(rows, 0700, &e) != RC_OK || fs_write(path, row, sizeof row - 1, 0600, &e) != RC_OK)
        fail_msg("%s", e.text);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    char path[160];
    snprintf(path, sizeof path, "%s/test.device", rows);
    unlink(path);
    rmdir(rows);
    print_message("print driver: %u cases\n", cases);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proved),      cmocka_unit_test(other_makes), cmocka_unit_test(refused),
        cmocka_unit_test(interrupted), cmocka_unit_test(blade),       cmocka_unit_test(without_proof),
        cmocka_unit_test(unplugged),   cmocka_unit_test(killed),      cmocka_unit_test(cancelled),
        cmocka_unit_test(memory),      cmocka_unit_test(hands),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, begin, finish);
}
