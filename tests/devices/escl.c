#include "tests/devices/escl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "drivers/scan/pack.h"

#define NS                                                                                                   \
    "xmlns:scan=\"http://schemas.hp.com/imaging/escl/2011/05/03\" "                                          \
    "xmlns:pwg=\"http://www.pwg.org/schemas/2010/12/sm\""

/* ---- answers ---------------------------------------------------------------------------------------------
 */

/* How the answer of this thread's request is spoiled. */
static _Thread_local enum { WHOLE, GARBLED, NOISE } spoil;

static bool send_all(GSocketConnection *c, const void *p, gsize n)
{
    GOutputStream *o = g_io_stream_get_output_stream(G_IO_STREAM(c));
    if (spoil == WHOLE)
        return g_output_stream_write_all(o, p, n, NULL, NULL, NULL);
    g_autofree char *bad = g_memdup2(p, n);
    const char *end = g_strstr_len(bad, (gssize)n, "\r\n\r\n");
    gsize from = spoil == GARBLED && end && g_str_has_prefix(bad, "HTTP/") ? (gsize)(end + 4 - bad) : 0;
    for (gsize i = from; i < n; i += spoil == NOISE ? 1 : 13)
        bad[i] ^= (char)(i * 2654435761u >> 24 | 1);
    return g_output_stream_write_all(o, bad, n, NULL, NULL, NULL);
}

static bool answer(GSocketConnection *c, const char *status, const char *more, const char *type,
                   const char *body)
{
    g_autofree char *head =
        g_strdup_printf("HTTP/1.1 %s\r\nServer: Pridvor-model\r\n%s%s%s%sContent-Length: %zu\r\n\r\n%s",
                        status, more, type ? "Content-Type: " : "", type ? type : "", type ? "\r\n" : "",
                        body ? strlen(body) : 0, body ? body : "");
    return send_all(c, head, strlen(head));
}

static void input_caps(GString *x, const char *name)
{
    static const int dpis[] = {75, 100, 150, 200, 300, 600};
    g_string_append_printf(
        x,
        "<scan:%s><scan:MinWidth>16</scan:MinWidth><scan:MaxWidth>2550</scan:MaxWidth>"
        "<scan:MinHeight>16</scan:MinHeight><scan:MaxHeight>3508</scan:MaxHeight>"
        "<scan:MaxScanRegions>1</scan:MaxScanRegions><scan:SettingProfiles><scan:SettingProfile>"
        "<scan:ColorModes><scan:ColorMode>Grayscale8</scan:ColorMode><scan:ColorMode>RGB24"
        "</scan:ColorMode></scan:ColorModes><scan:DocumentFormats><pwg:DocumentFormat>image/jpeg"
        "</pwg:DocumentFormat><scan:DocumentFormatExt>image/jpeg</scan:DocumentFormatExt>"
        "</scan:DocumentFormats><scan:SupportedResolutions><scan:DiscreteResolutions>",
        name);
    for (gsize i = 0; i < G_N_ELEMENTS(dpis); i++)
        g_string_append_printf(
            x,
            "<scan:DiscreteResolution><scan:XResolution>%d</scan:XResolution><scan:YResolution>%d"
            "</scan:YResolution></scan:DiscreteResolution>",
            dpis[i], dpis[i]);
    g_string_append_printf(x,
                           "</scan:DiscreteResolutions></scan:SupportedResolutions></scan:SettingProfile>"
                           "</scan:SettingProfiles></scan:%s>",
                           name);
}

static bool capabilities(struct escl *s, GSocketConnection *c)
{
    g_autoptr(GString) x = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    g_string_append_printf(x,
                           "<scan:ScannerCapabilities " NS
                           "><pwg:Version>2.63</pwg:Version><pwg:MakeAndModel>%s"
                           "</pwg:MakeAndModel><pwg:SerialNumber>PV0001</pwg:SerialNumber><scan:Platen>",
                           s->model);
    input_caps(x, "PlatenInputCaps");
    g_string_append(x, "</scan:Platen><scan:Adf>");
    input_caps(x, "AdfSimplexInputCaps");
    g_string_append(
        x, "<scan:FeederCapacity>50</scan:FeederCapacity><scan:AdfOptions><scan:AdfOption>"
           "DetectPaperLoaded</scan:AdfOption></scan:AdfOptions></scan:Adf></scan:ScannerCapabilities>");
    return answer(c, "200 OK", "", "text/xml", x->str);
}

static bool empty(const struct escl *s)
{
    return s->feed_at >= s->feed_n;
}

static bool status(struct escl *s, GSocketConnection *c)
{
    const char *adf = s->cover                        ? "ScannerAdfDoorOpen"
                      : s->jammed                     ? "ScannerAdfJam"
                      : empty(s) && s->jam_when_empty ? "ScannerAdfJam"
                      : empty(s)                      ? "ScannerAdfEmpty"
                      : s->job.id && s->job.feeder    ? "ScannerAdfProcessing"
                                                      : "ScannerAdfLoaded";
    bool busy = s->job.id || g_get_monotonic_time() < s->busy_until;
    g_autofree char *x =
        g_strdup_printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?><scan:ScannerStatus " NS
                        "><pwg:Version>2.63</pwg:Version><pwg:State>%s</pwg:State><scan:AdfState>%s"
                        "</scan:AdfState></scan:ScannerStatus>",
                        busy ? "Processing" : "Idle", adf);
    return answer(c, "200 OK", "", "text/xml", x);
}

/* ---- a job -----------------------------------------------------------------------------------------------
 */

static int number(const char *xml, const char *name, int otherwise)
{
    const char *p = strstr(xml, name);
    p = p ? strchr(p, '>') : NULL;
    return p ? (int)strtol(p + 1, NULL, 10) : otherwise;
}

static bool scan_jobs(struct escl *s, GSocketConnection *c, const char *xml)
{
    bool feeder = strstr(xml, ">Feeder<") != NULL;
    if (s->job.id || g_get_monotonic_time() < s->busy_until)
        return answer(c, "503 Service Unavailable", "", NULL, NULL);
    if (feeder && (empty(s) || s->jammed || s->cover))
        return answer(c, "409 Conflict", "", NULL, NULL);
    int dpi = number(xml, "XResolution", 300);
    s->job = (struct escl_job){.id = (int)++s->jobs,
                               .feeder = feeder,
                               .color = strstr(xml, ">RGB24<") != NULL,
                               .dpi = dpi,
                               .width = number(xml, "pwg:Width", 2480) * dpi / 300,
                               .height = number(xml, "pwg:Height", 3508) * dpi / 300};
    g_autofree char *place =
        s->wrong_place
            ? g_strdup_printf("Location: http://CN26F178X605SZ.local:%d/eSCL/ScanJobs/%d\r\n", s->port,
                              s->job.id)
            : g_strdup_printf("Location: http://127.0.0.1:%d/eSCL/ScanJobs/%d\r\n", s->port, s->job.id);
    return answer(c, "201 Created", place, NULL, NULL);
}

/* The page as it lies under the lamp, cut to the region that was asked for. */
static void expose(const struct escl *s, enum page_kind kind, const struct escl_job *j, struct buf *out)
{
    struct arena *a = arena_new();
    struct page_ask ask = s->look;
    struct err e = {0};
    ask.kind = kind;
    ask.dpi = j->dpi;
    ask.color = j->color;
    ask.seed = s->seed + (unsigned)j->page;
    struct picture p = page_draw(a, &ask), cut = p;
    cut.w = j->width < p.w ? j->width : p.w;
    cut.h = j->height < p.h ? j->height : p.h;
    gsize row = (gsize)cut.w * (gsize)p.channels;
    for (int y = 0; y < cut.h; y++)
        memmove(cut.px + (gsize)y * row, p.px + (gsize)y * (gsize)p.w * (gsize)p.channels, row);
    if (pack_jpeg(&cut, 92, out, &e) != RC_OK)
        abort();
    arena_free(a);
}

static bool next_document(struct escl *s, GSocketConnection *c)
{
    struct escl_job *j = &s->job;
    bool fed = j->feeder ? !empty(s) : j->page == 0;
    int at = s->feed_at + 1;
    if (j->feeder && fed && s->jam_at == at)
        s->jammed = true;
    if (s->cover || s->jammed) {
        j->id = 0;
        return answer(c, "409 Conflict", "", NULL, NULL);
    }
    if (!fed) {
        j->id = 0;
        return answer(c, "404 Not Found", "", NULL, NULL);
    }
    enum page_kind kind = j->feeder ? s->feed[s->feed_at++] : s->glass;
    struct buf jpeg = {0};
    int wait = s->delay_ms;
    struct escl_job job = *j;
    j->page++;
    g_mutex_unlock(&s->lock); /* drawing takes its time */
    if (wait)
        g_usleep((gulong)wait * 1000);
    expose(s, kind, &job, &jpeg);
    g_mutex_lock(&s->lock);
    bool cut = s->cut_at == (job.feeder ? at : 1);
    g_autofree char *head = g_strdup_printf(
        "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %zu\r\n\r\n", jpeg.len);
    g_mutex_unlock(&s->lock);
    bool ok = send_all(c, head, strlen(head)) && send_all(c, jpeg.p, cut ? jpeg.len / 2 : jpeg.len) && !cut;
    g_mutex_lock(&s->lock);
    buf_free(&jpeg);
    s->pages += ok;
    if (j->id == job.id && cut)
        j->id = 0;
    return ok;
}

/* ---- HTTP ------------------------------------------------------------------------------------------------
 */

/* The faults that count requests. false: the connection ends without an answer. */
static bool lives(struct escl *s)
{
    s->requests++;
    bool dies = s->die_from == 1;
    if (s->die_at > 0 && --s->die_at == 0)
        dies = true;
    if (s->die_from > 1)
        s->die_from--;
    if (s->stall_at > 0 && --s->stall_at == 0) {
        s->stall = true;
        g_cond_broadcast(&s->change);
    }
    bool garbled = s->garble_at > 0 && --s->garble_at == 0, noise = s->noise_at > 0 && --s->noise_at == 0;
    spoil = garbled ? GARBLED : noise ? NOISE : WHOLE;
    bool stalled = s->stall;
    while (s->stall)
        g_cond_wait(&s->change, &s->lock);
    return !dies && !stalled; /* whoever waited that long is gone */
}

static bool route(struct escl *s, GSocketConnection *c, const char *method, const char *path,
                  const char *body)
{
    char job[64];
    snprintf(job, sizeof job, "/eSCL/ScanJobs/%d", s->job.id);
    bool get = strcmp(method, "GET") == 0;
    if (get && strcmp(path, "/eSCL/ScannerCapabilities") == 0)
        return capabilities(s, c);
    if (get && strcmp(path, "/eSCL/ScannerStatus") == 0)
        return status(s, c);
    if (strcmp(method, "POST") == 0 && strcmp(path, "/eSCL/ScanJobs") == 0)
        return scan_jobs(s, c, body);
    if (s->job.id && strncmp(path, job, strlen(job)) == 0) {
        if (get && strcmp(path + strlen(job), "/NextDocument") == 0)
            return next_document(s, c);
        if (strcmp(method, "DELETE") == 0) {
            s->deletes++;
            s->job.id = 0;
            return answer(c, "200 OK", "", NULL, NULL);
        }
    }
    return answer(c, "404 Not Found", "", NULL, NULL);
}

static bool one_request(struct escl *s, GSocketConnection *c, GDataInputStream *in)
{
    g_autofree char *first = g_data_input_stream_read_line(in, NULL, NULL, NULL);
    if (!first)
        return false;
    g_auto(GStrv) w = g_strsplit(first, " ", 3);
    gsize length = 0;
    for (;;) {
        g_autofree char *line = g_data_input_stream_read_line(in, NULL, NULL, NULL);
        if (!line)
            return false;
        g_strchomp(line);
        if (!*line)
            break;
        if (g_ascii_strncasecmp(line, "content-length:", 15) == 0)
            length = (gsize)g_ascii_strtoull(line + 15, NULL, 10);
    }
    if (length > 1 << 20 || g_strv_length(w) < 2)
        return false;
    g_autofree char *body = g_malloc0(length + 1);
    gsize got = 0;
    if (length && !g_input_stream_read_all(G_INPUT_STREAM(in), body, length, &got, NULL, NULL))
        return false;
    g_mutex_lock(&s->lock);
    bool ok = lives(s) && route(s, c, w[0], w[1], body) && spoil == WHOLE; /* else the line ends, too */
    g_mutex_unlock(&s->lock);
    return ok;
}

void escl_http(struct escl *s, GSocketConnection *c)
{
    g_autoptr(GDataInputStream) in = g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(c)));
    g_data_input_stream_set_newline_type(in, G_DATA_STREAM_NEWLINE_TYPE_ANY);
    while (one_request(s, c, in))
        ;
    g_io_stream_close(G_IO_STREAM(c), NULL, NULL);
}

/* ---- control ---------------------------------------------------------------------------------------------
 */

static bool kind_of(const char *word, enum page_kind *out)
{
    for (int i = 0; i < PAGE_KINDS; i++)
        if (strcmp(page_kind_names[i], word) == 0) {
            *out = (enum page_kind)i;
            return true;
        }
    return false;
}

/* "load cert text text": these pages into the feeder, instead of what was there. */
static bool load(struct escl *s, char **w)
{
    s->feed_n = s->feed_at = 0;
    for (; *w; w++)
        if (s->feed_n == ESCL_FEED_MAX || !kind_of(*w, &s->feed[s->feed_n++]))
            return false;
    return true;
}

static bool number_word(struct escl *s, const char *name, double v)
{
    const struct {
        const char *name;
        int *to;
    } rows[] = {{"jam_at", &s->jam_at},       {"cut_at", &s->cut_at},     {"die_at", &s->die_at},
                {"die_from", &s->die_from},   {"stall_at", &s->stall_at}, {"delay", &s->delay_ms},
                {"garble_at", &s->garble_at}, {"noise_at", &s->noise_at}};
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i].name, name) == 0) {
            *rows[i].to = (int)v;
            return true;
        }
    if (strcmp(name, "busy") == 0)
        s->busy_until = g_get_monotonic_time() + (gint64)(v * 1e6);
    else if (strcmp(name, "turn") == 0)
        s->look.turn = v;
    else if (strcmp(name, "blur") == 0)
        s->look.blur = v;
    else if (strcmp(name, "noise") == 0)
        s->look.noise = v;
    else if (strcmp(name, "seed") == 0)
        s->seed = (unsigned)v;
    else
        return false;
    return true;
}

static bool switch_word(struct escl *s, const char *name, bool on)
{
    const struct {
        const char *name;
        bool *to;
    } rows[] = {
        {"jam_when_empty", &s->jam_when_empty}, {"wrong_location", &s->wrong_place}, {"cover", &s->cover}};
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i].name, name) == 0) {
            *rows[i].to = on;
            return true;
        }
    return false;
}

static bool command(struct escl *s, char **w)
{
    if (strcmp(w[0], "state") == 0)
        return true;
    if (strcmp(w[0], "load") == 0)
        return load(s, w + 1);
    if (strcmp(w[0], "clear") == 0) { /* the jam is out; the page that was torn stays out, too */
        s->jammed = false;
        s->jam_at = 0;
        return true;
    }
    if (strcmp(w[0], "calm") == 0) { /* every fault ends */
        s->jam_at = s->cut_at = s->die_at = s->die_from = s->stall_at = s->delay_ms = 0;
        s->garble_at = s->noise_at = 0;
        s->jammed = s->cover = s->jam_when_empty = s->wrong_place = s->stall = false;
        s->busy_until = 0;
        s->job.id = 0;
        g_cond_broadcast(&s->change);
        return true;
    }
    if (!w[1])
        return false;
    if (strcmp(w[0], "glass") == 0)
        return kind_of(w[1], &s->glass);
    if (strcmp(w[1], "on") == 0 || strcmp(w[1], "off") == 0)
        return switch_word(s, w[0], w[1][1] == 'n');
    if (strcmp(w[0], "cover") == 0)
        return switch_word(s, w[0], strcmp(w[1], "open") == 0);
    return number_word(s, w[0], g_ascii_strtod(w[1], NULL));
}

void escl_command(struct escl *s, const char *line, GString *out)
{
    g_auto(GStrv) raw = g_strsplit_set(line, " \t\r\n", -1);
    g_autofree char **w = g_new0(char *, g_strv_length(raw) + 1);
    int n = 0;
    for (char **p = raw; *p; p++)
        if (**p)
            w[n++] = *p;
    g_mutex_lock(&s->lock);
    bool ok = n > 0 && command(s, w);
    if (ok)
        g_string_printf(
            out,
            "{\"ok\":true,\"device\":\"scanner\",\"plugged\":true,\"feeder\":%d,\"jammed\":%s,\"cover\":%s,"
            "\"glass\":\"%s\",\"requests\":%u,\"jobs\":%u,\"pages\":%u,\"deletes\":%u,\"job\":%d,"
            "\"stalled\":%s}",
            s->feed_n - s->feed_at, s->jammed ? "true" : "false", s->cover ? "true" : "false",
            page_kind_names[s->glass], s->requests, s->jobs, s->pages, s->deletes, s->job.id,
            s->stall ? "true" : "false");
    else
        g_string_assign(out, "{\"ok\":false,\"text\":\"unknown command\"}");
    g_mutex_unlock(&s->lock);
}
