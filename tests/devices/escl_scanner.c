/* escl_scanner --dir DIR [--port N] [--model NAME] [--feeder cert,text] [--glass card]
 *
 * A network scanner on loopback. DIR/env says what a program needs to see it (a private SANE configuration
 * with sane-airscan and this one device); DIR/ctl.sock takes commands: load cert text, glass card, jam_at 2,
 * clear, busy 5, cover open, cut_at 1, die_at 3, die_from 3, stall_at 2, noise_at 2, delay 800,
 * wrong_location on, calm, state ... */
#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

#include <gio/gunixsocketaddress.h>

#include "tests/devices/escl.h"

static gboolean on_http(GThreadedSocketService *v, GSocketConnection *c, GObject *source, gpointer user)
{
    (void)v;
    (void)source;
    escl_http(user, c);
    return TRUE;
}

static gboolean on_control(GThreadedSocketService *v, GSocketConnection *c, GObject *source, gpointer user)
{
    (void)v;
    (void)source;
    g_autoptr(GDataInputStream) in = g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(c)));
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(c));
    for (char *line; (line = g_data_input_stream_read_line(in, NULL, NULL, NULL)) != NULL; g_free(line)) {
        g_autoptr(GString) answer = g_string_new(NULL);
        escl_command(user, line, answer);
        g_string_append_c(answer, '\n');
        if (!g_output_stream_write_all(out, answer->str, answer->len, NULL, NULL, NULL))
            break;
    }
    return TRUE;
}

static bool write_file(const char *dir, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autoptr(GError) e = NULL;
    if (g_file_set_contents(path, text, -1, &e))
        return true;
    fprintf(stderr, "escl_scanner: %s\n", e->message);
    return false;
}

static bool write_config(const char *dir, const struct escl *s)
{
    g_autofree char *sane = g_build_filename(dir, "sane", NULL), *full = realpath(dir, NULL);
    g_mkdir_with_parents(sane, 0755);
    g_autofree char *air = g_strdup_printf("[devices]\n\"%s\" = http://127.0.0.1:%d/eSCL/, eSCL\n[options]\n"
                                           "discovery = disable\nmodel = hardware\nws-discovery = off\n",
                                           s->model, s->port);
    g_autofree char *env = g_strdup_printf("SANE_CONFIG_DIR=%s/sane\n", full ? full : dir);
    return write_file(sane, "dll.conf", "airscan\n") && write_file(sane, "airscan.conf", air) &&
           write_file(dir, "env", env);
}

static int listen_http(GSocketService *http, int port)
{
    g_autoptr(GInetAddress) local = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) at = g_inet_socket_address_new(local, (guint16)port), real = NULL;
    if (!g_socket_listener_add_address(G_SOCKET_LISTENER(http), at, G_SOCKET_TYPE_STREAM,
                                       G_SOCKET_PROTOCOL_TCP, NULL, &real, NULL))
        return -1;
    return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(real));
}

static bool listen_control(GSocketService *control, const char *dir)
{
    g_autofree char *path = g_build_filename(dir, "ctl.sock", NULL);
    unlink(path);
    g_autoptr(GSocketAddress) at = g_unix_socket_address_new(path);
    return g_socket_listener_add_address(G_SOCKET_LISTENER(control), at, G_SOCKET_TYPE_STREAM,
                                         G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, NULL);
}

static gboolean on_signal(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
    static struct escl s = {.model = "Pridvor eSCL model", .glass = PAGE_CARD};
    static char *dir, *model, *feeder, *glass;
    static int port, stay;
    const GOptionEntry rows[] = {{"dir", 0, 0, G_OPTION_ARG_FILENAME, &dir, "folder", NULL},
                                 {"port", 0, 0, G_OPTION_ARG_INT, &port, "0: any", NULL},
                                 {"model", 0, 0, G_OPTION_ARG_STRING, &model, "maker and model", NULL},
                                 {"feeder", 0, 0, G_OPTION_ARG_STRING, &feeder, "pages, with commas", NULL},
                                 {"glass", 0, 0, G_OPTION_ARG_STRING, &glass, "page", NULL},
                                 {"stay", 0, 0, G_OPTION_ARG_NONE, &stay, "outlive who started it", NULL},
                                 {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) o = g_option_context_new("- a network scanner on loopback");
    g_option_context_add_main_entries(o, rows, NULL);
    if (!g_option_context_parse(o, &argc, &argv, NULL) || !dir || g_mkdir_with_parents(dir, 0755) != 0) {
        fprintf(
            stderr,
            "usage: escl_scanner --dir DIR [--port N] [--model NAME] [--feeder cert,text] [--glass card]\n");
        return 2;
    }
    if (!stay)
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that fails leaves nothing behind */
    s.model = model ? model : s.model;
    g_autofree char *load = g_strdelimit(g_strconcat("load ", feeder ? feeder : "cert", NULL), ",", ' ');
    g_autofree char *lay = g_strconcat("glass ", glass ? glass : "card", NULL);
    g_autoptr(GString) said = g_string_new(NULL);
    escl_command(&s, load, said);
    escl_command(&s, lay, said);
    GSocketService *http = g_threaded_socket_service_new(32), *control = g_threaded_socket_service_new(8);
    g_signal_connect(http, "run", G_CALLBACK(on_http), &s);
    g_signal_connect(control, "run", G_CALLBACK(on_control), &s);
    s.port = listen_http(http, port);
    if (s.port < 0 || !listen_control(control, dir) || !write_config(dir, &s)) {
        fprintf(stderr, "escl_scanner: cannot listen on port %d or in %s\n", port, dir);
        return 1;
    }
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    g_unix_signal_add(SIGTERM, on_signal, loop);
    g_unix_signal_add(SIGINT, on_signal, loop);
    g_main_loop_run(loop);
    g_autofree char *env = g_build_filename(dir, "env", NULL);
    unlink(env);
    _exit(0); /* threads may sit in a stalled answer */
}
