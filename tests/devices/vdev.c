/* vdev reader|printer|pad --dir DIR [--model NAME] [--card A|B|C | --vpcd PORT] [--script FILE] [--unplugged]
 *
 * One virtual USB device. DIR/env appears when it is ready and names what a program needs to see it;
 * DIR/ctl.sock takes commands. */
#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/devices/vdev_int.h"

#define PRELOAD "libumockdev-preload.so.0"

static const struct vmodel *find_model(const char *name)
{
    const struct vmodel *rows[] = {&reader_model, &printer_model, &pad_model, &probe_model};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i]->name, name) == 0)
            return rows[i];
    return NULL;
}

struct usbdev *vdev_usb(struct vdev *v)
{
    return v->usb;
}

void vdev_count(struct vdev *v, const char *unit, double by)
{
    if (v->script)
        script_count(v->script, unit, by);
}

static void on_transfer(void *user)
{
    vdev_count(user, "transfers", 1);
}

void vdev_quote(GString *out, const char *text)
{
    g_autofree char *clean = g_utf8_make_valid(text, -1);
    g_string_append_c(out, '"');
    for (const char *p = clean; *p; p++) {
        unsigned char b = (unsigned char)*p;
        if (b == '"' || b == '\\')
            g_string_append_printf(out, "\\%c", b);
        else if (b < 0x20 || b == 0x7f)
            g_string_append_printf(out, "\\u%04x", b);
        else
            g_string_append_c(out, (char)b);
    }
    g_string_append_c(out, '"');
}

/* ---- commands every device knows ---- */

static bool unplug(struct vdev *v)
{
    if (!usb_plugged(v->usb))
        return false;
    if (v->model->power)
        v->model->power(v->user, false);
    return usb_unplug(v->usb);
}

static bool plug(struct vdev *v)
{
    if (!usb_plug(v->usb))
        return false;
    if (v->model->power)
        v->model->power(v->user, true);
    return true;
}

static void state(struct vdev *v, GString *reply)
{
    g_string_append_printf(reply, "\"device\":\"%s\",\"plugged\":%s,\"transfers\":%" G_GUINT64_FORMAT,
                           v->model->name, usb_plugged(v->usb) ? "true" : "false", usb_transfers(v->usb));
    script_state(v->script, reply);
    if (v->model->state) {
        g_string_append_c(reply, ',');
        v->model->state(v->user, reply);
    }
}

static bool command(struct vdev *v, const char *line, int n, char **w, GString *reply)
{
    if (strcmp(w[0], "state") == 0) {
        state(v, reply);
        return true;
    }
    if (strcmp(w[0], "unplug") == 0 || strcmp(w[0], "plug") == 0) {
        if (w[0][0] == 'u' ? unplug(v) : plug(v))
            return true;
        g_string_assign(reply, w[0][0] == 'u' ? "not plugged" : "already plugged");
        return false;
    }
    if (strcmp(w[0], "script") == 0)
        return script_load(v->script, strstr(line, "script") + 6, reply);
    if (strcmp(w[0], "silence") == 0 && n == 2) {
        usb_silence(v->usb, strcmp(w[1], "on") == 0);
        return true;
    }
    if (strcmp(w[0], "fault") == 0 && n == 3)
        return usb_fault(v->usb, w[1], (unsigned)strtoul(w[2], NULL, 10));
    return v->model->command(v->user, n, w, reply);
}

void vdev_line(struct vdev *v, const char *line, GString *answer)
{
    g_auto(GStrv) raw = g_strsplit_set(line, " \t\r", -1);
    g_autofree char **w = g_new0(char *, g_strv_length(raw) + 1);
    int n = 0;
    for (char **p = raw; *p; p++)
        if (**p)
            w[n++] = *p;
    g_autoptr(GString) reply = g_string_new(NULL);
    bool ok = n > 0 && command(v, line, n, w, reply);
    g_string_append_printf(answer, "{\"ok\":%s", ok ? "true" : "false");
    if (ok && reply->len > 0)
        g_string_append_printf(answer, ",%s", reply->str);
    if (!ok) {
        g_string_append(answer, ",\"text\":");
        vdev_quote(answer, reply->len > 0 ? reply->str : n > 0 ? "unknown command" : "empty line");
    }
    g_string_append_c(answer, '}');
}

/* ---- start ---- */

struct args {
    const char *model, *script;
    bool unplugged;
    struct vdev_opts opts;
};

static int usage(void)
{
    fprintf(stderr, "usage: vdev reader|printer|pad --dir DIR [--model NAME] [--card A|B|C | --vpcd PORT] "
                    "[--script FILE] [--unplugged]\n");
    return 2;
}

static bool parse(int argc, char **argv, struct args *a)
{
    if (argc < 2)
        return false;
    a->model = argv[1];
    for (int i = 2; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--unplugged") == 0) {
            a->unplugged = true;
            continue;
        }
        if (!value)
            return false;
        if (strcmp(argv[i], "--dir") == 0)
            a->opts.dir = value;
        else if (strcmp(argv[i], "--card") == 0)
            a->opts.card = value;
        else if (strcmp(argv[i], "--model") == 0)
            a->opts.variant = value;
        else if (strcmp(argv[i], "--vpcd") == 0)
            a->opts.vpcd_port = (int)strtol(value, NULL, 10);
        else if (strcmp(argv[i], "--script") == 0)
            a->script = value;
        else
            return false;
        i++;
    }
    return a->opts.dir != NULL;
}

/* The testbed process needs the trapped /sys too: start again below the preload library. */
static void under_preload(char **argv)
{
    const char *now = g_getenv("LD_PRELOAD");
    if (now && strstr(now, "libumockdev-preload"))
        return;
    g_autofree char *preload = g_strconcat(PRELOAD, now ? ":" : "", now ? now : "", NULL);
    const char *asan = g_getenv("ASAN_OPTIONS");
    g_autofree char *options =
        g_strconcat(asan ? asan : "", asan ? ":" : "", "verify_asan_link_order=0", NULL);
    g_setenv("LD_PRELOAD", preload, TRUE);
    g_setenv("ASAN_OPTIONS", options, TRUE);
    execv("/proc/self/exe", argv);
    fprintf(stderr, "vdev: %s\n", strerror(errno));
    exit(1);
}

static bool write_env(struct vdev *v, const char *path)
{
    /* a model with documents brings the certificate that signed them */
    g_autofree char *csca = g_build_filename(v->opts.dir, "csca", NULL);
    bool trust = !g_getenv("PRIDVOR_CSCA") && g_file_test(csca, G_FILE_TEST_IS_DIR);
    g_autofree char *text =
        g_strdup_printf("UMOCKDEV_DIR=%s\nLD_PRELOAD=" PRELOAD "\n"
                        "ASAN_OPTIONS=verify_asan_link_order=0\n%s%s%s",
                        usb_root(v->usb), trust ? "PRIDVOR_CSCA=" : "", trust ? csca : "", trust ? "\n" : "");
    g_autoptr(GError) e = NULL;
    if (g_file_set_contents(path, text, -1, &e))
        return true;
    fprintf(stderr, "vdev: %s\n", e->message);
    return false;
}

static gboolean on_signal(gpointer user)
{
    g_main_loop_quit(user);
    return G_SOURCE_CONTINUE;
}

static bool load_script(struct vdev *v, const char *file)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) e = NULL;
    g_autoptr(GString) why = g_string_new(NULL);
    if (!g_file_get_contents(file, &text, NULL, &e))
        fprintf(stderr, "vdev: %s\n", e->message);
    else if (!script_load(v->script, text, why))
        fprintf(stderr, "vdev: %s: %s\n", file, why->str);
    else
        return true;
    return false;
}

static bool start(struct vdev *v, const struct args *a, const char *sock, const char *env)
{
    v->opts = a->opts;
    /* The carrier hands the model its own state; the model wants the carrier at start: so the pointer goes
     * last. */
    const struct usb_desc *desc = v->model->variant ? v->model->variant(v->opts.variant) : v->model->desc;
    if (!desc) {
        fprintf(stderr, "vdev: no %s is called %s\n", v->model->name, v->opts.variant);
        return false;
    }
    v->usb = usb_new(desc, v->model->usb, NULL);
    if (!v->usb)
        return false;
    usb_on_transfer(v->usb, on_transfer, v);
    v->script = script_new(v);
    v->user = v->model->start(v, &v->opts);
    if (!v->user)
        return false;
    usb_set_user(v->usb, v->user);
    if (!a->unplugged && !plug(v))
        return false;
    return (!a->script || load_script(v, a->script)) && ctl_open(v, sock) && write_env(v, env);
}

int main(int argc, char **argv)
{
    struct args a = {0};
    if (!parse(argc, argv, &a))
        return usage();
    struct vdev v = {.model = find_model(a.model)};
    if (!v.model)
        return usage();
    under_preload(argv);
    if (g_mkdir_with_parents(a.opts.dir, 0755) != 0) {
        fprintf(stderr, "vdev: %s: %s\n", a.opts.dir, strerror(errno));
        return 1;
    }
    g_autofree char *sock = g_build_filename(a.opts.dir, "ctl.sock", NULL);
    g_autofree char *env = g_build_filename(a.opts.dir, "env", NULL);
    unlink(env);
    v.loop = g_main_loop_new(NULL, FALSE);
    g_unix_signal_add(SIGTERM, on_signal, v.loop);
    g_unix_signal_add(SIGINT, on_signal, v.loop);
    bool ok = start(&v, &a, sock, env);
    if (ok)
        g_main_loop_run(v.loop);
    unlink(env);
    ctl_close(sock);
    if (v.user)
        v.model->stop(v.user);
    if (v.script)
        script_free(v.script);
    v.script = NULL;
    usb_free(v.usb);
    g_main_loop_unref(v.loop);
    return ok ? 0 : 1;
}
