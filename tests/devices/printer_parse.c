/* ESC/POS as the mechanism sees it: bytes leave the buffer only as fast as paper moves. Any bytes may come.
 */
#include <string.h>

#include "tests/devices/printer.h"

enum { LF = 0x0A, DLE = 0x10, ESC = 0x1B, FS = 0x1C, GS = 0x1D };

struct escpos_cmd {
    uint8_t lead, op;
    size_t params;                                              /* bytes after op that are always there */
    size_t (*more)(const uint8_t *a);                           /* further bytes, from those; NULL: none */
    void (*run)(struct printer *p, const uint8_t *a, size_t n); /* NULL: accepted, without effect here */
};

/* ---- sizes ---- */

static size_t more_paren(const uint8_t *a)
{
    return (size_t)(a[1] | a[2] << 8);
}

static size_t more_gs8(const uint8_t *a)
{
    size_t n = (size_t)a[1] | (size_t)a[2] << 8 | (size_t)a[3] << 16 | (size_t)a[4] << 24;
    return MIN(n, (size_t)PR_STORE_MAX);
}

static size_t more_cut(const uint8_t *a)
{
    return a[0] >= 65 ? 1 : 0;
}

static size_t more_bit_image(const uint8_t *a)
{
    return (size_t)(a[1] | a[2] << 8) * (a[0] >= 32 ? 3 : 1);
}

/* ---- acts ---- */

static void do_init(struct printer *p, const uint8_t *a, size_t n)
{
    (void)a;
    (void)n;
    p->spacing = 30;
    p->column = 0;
    memset(p->line, 0, sizeof p->line);
    p->resets++;
    p->asb_mask = 0; /* some printers keep it; the strict ones do not, and drivers must live with them */
}

static void do_spacing(struct printer *p, const uint8_t *a, size_t n)
{
    p->spacing = n > 0 ? a[0] : 30;
}

/* Text has no glyphs here (only raster is right for ș and ț): a frame per character shows that somebody
 * tried. */
static void glyph(struct printer *p)
{
    if (p->column + 12 > p->kind->dots)
        return;
    for (int y = 2; y < 22; y++)
        for (int x = 1; x < 11; x++)
            if (y == 2 || y == 21 || x == 1 || x == 10)
                p->line[y * (int)p->paper.row + (p->column + x) / 8] |=
                    (uint8_t)(0x80 >> (p->column + x) % 8);
    p->column += 12;
}

/* Hands the text line to the raster part, then the rest of the line as feed. */
static void end_line(struct printer *p, int feed)
{
    if (p->column > 0) {
        g_byte_array_set_size(p->store, 0);
        g_byte_array_append(p->store, p->line, 24 * p->paper.row);
        p->store_bytes = (int)p->paper.row;
        p->store_rows = 24;
        p->raster_rows = 24;
        p->raster_bytes = 0; /* from the store */
        p->raster_mode = 0;
        feed = MAX(feed - 24, 0);
        memset(p->line, 0, sizeof p->line);
        p->column = 0;
    }
    p->feed = feed;
}

static void do_feed_dots(struct printer *p, const uint8_t *a, size_t n)
{
    (void)n;
    end_line(p, a[0]);
}

static void do_feed_lines(struct printer *p, const uint8_t *a, size_t n)
{
    (void)n;
    end_line(p, a[0] * p->spacing);
}

static void do_cut(struct printer *p, const uint8_t *a, size_t n)
{
    if (!p->kind->cutter) {
        p->unknown++;
        return;
    }
    end_line(p, n > 1 ? (int)paper_blade(&p->paper) + a[1]
                      : 0); /* functions B to D first bring the last line above the blade */
    p->cut = true;
}

static void do_raster(struct printer *p, const uint8_t *a, size_t n)
{
    (void)n;
    int bytes = a[2] | a[3] << 8, rows = a[4] | a[5] << 8;
    if (!p->kind->raster || a[0] != '0' || bytes == 0 || bytes > 4096 || rows > 2303) {
        p->bad++;
        return;
    }
    p->raster_mode = a[1] & 3;
    p->raster_bytes = bytes;
    p->raster_rows = rows;
}

static void do_asb(struct printer *p, const uint8_t *a, size_t n)
{
    (void)n;
    if (!p->kind->asb)
        return;
    p->asb_mask = a[0];
    printer_status(p, p->asb_last);
    if (a[0] && !p->asb_broken)
        printer_answer(p, p->asb_last, 4);
}

static void do_info(struct printer *p, const uint8_t *a, size_t n)
{
    (void)n;
    const struct {
        uint8_t n;
        const char *text;
    } info[] = {
        {65, "1.05 ESC/POS"}, {66, p->kind->maker}, {67, p->kind->model}, {68, "PRDV000042"}, {69, ""}};
    static const uint8_t bytes[] = {0x20, 0x02, 0x01};
    uint8_t k = a[0] >= '1' && a[0] <= '3' ? (uint8_t)(a[0] - '0') : a[0];
    if (!p->kind->says_name)
        return;
    if (k >= 1 && k <= 3) {
        printer_answer(p, &bytes[k - 1], 1);
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(info); i++)
        if (info[i].n == a[0]) {
            g_autofree char *s = g_strconcat("_", info[i].text, NULL);
            printer_answer(p, s, strlen(s) + 1);
        }
}

/* GS ( H: fn 48 asks for the four characters back when all before it is on paper. */
static void process_id(struct printer *p, const uint8_t *d, size_t n)
{
    if (!p->kind->process_id || n < 6 || d[1] != 48 || (d[0] != 48 && d[0] != 49)) {
        p->bad++;
        return;
    }
    uint8_t out[7] = {0x37, 0x22, d[2], d[3], d[4], d[5], 0};
    if (d[0] == 49) /* what to say when offline: accepted only */
        return;
    for (int i = 0; i < 4; i++)
        if (d[2 + i] < 0x20 || d[2 + i] > 0x7E) {
            p->bad++;
            return;
        }
    memcpy(p->last_id, d + 2, 4);
    p->ids++;
    if (!p->id_broken)
        printer_answer(p, out, sizeof out);
}

/* GS ( L and GS 8 L: 112 stores a raster picture, 2 or 50 prints it. */
static void graphics(struct printer *p, const uint8_t *d, size_t n)
{
    if (!p->kind->graphics) {
        p->unknown++;
        return;
    }
    if (n >= 2 && (d[1] == 50 || d[1] == 2)) {
        p->raster_mode = 0;
        p->raster_bytes = 0;
        p->raster_rows = p->store_rows;
        return;
    }
    if (n < 10 || d[1] != 112) {
        p->bad++;
        return;
    }
    int dots = d[6] | d[7] << 8, rows = d[8] | d[9] << 8;
    int bytes = (dots + 7) / 8;
    if (bytes == 0 || (size_t)bytes * (size_t)rows != n - 10) {
        p->bad++;
        return;
    }
    g_byte_array_set_size(p->store, 0);
    g_byte_array_append(p->store, d + 10, (guint)(n - 10));
    p->store_bytes = bytes;
    p->store_rows = rows;
}

static void do_paren(struct printer *p, const uint8_t *a, size_t n)
{
    if (a[0] == 'H')
        process_id(p, a + 3, n - 3);
    else if (a[0] == 'L')
        graphics(p, a + 3, n - 3);
    else
        p->unknown++;
}

static void do_gs8(struct printer *p, const uint8_t *a, size_t n)
{
    if (a[0] == 'L')
        graphics(p, a + 5, n - 5);
    else
        p->unknown++;
}

static void do_status(struct printer *p, const uint8_t *a, size_t n)
{
    (void)n;
    uint8_t b = (uint8_t)((printer_near(p) ? 0x03 : 0) | (printer_end(p) ? 0x0C : 0));
    if (a[0] == 1 || a[0] == 49)
        printer_answer(p, &b, 1);
}

static size_t more_eject(const uint8_t *a)
{
    return a[0] == 3 ? 1 : 0;
}

/* GS e: 2 back into the bin, 3 out to where it can be taken, 5 thrown out. */
static void do_eject(struct printer *p, const uint8_t *a, size_t n)
{
    (void)n;
    if (!p->kind->custom) {
        p->unknown++;
        return;
    }
    if (a[0] == 2 && p->mouth != MOUTH_EMPTY && !p->mouth_stuck) {
        p->mouth = MOUTH_EMPTY;
        p->retracted++;
    } else if (a[0] == 3 && p->mouth == MOUTH_INSIDE) {
        p->mouth = MOUTH_OFFERED;
    } else if (a[0] == 5) {
        p->mouth = MOUTH_EMPTY;
    }
}

static void do_roll(struct printer *p, const uint8_t *a, size_t n)
{
    (void)a;
    (void)n;
    char text[24];
    int len = g_snprintf(text, sizeof text, "%dcm", MAX((int)(p->paper.left / 10), 0));
    if (p->kind->custom)
        printer_answer(p, text, (size_t)len);
    else
        p->unknown++;
}

static const struct escpos_cmd cmds[] = {
    {ESC, '@', 0, NULL, do_init},
    {ESC, '2', 0, NULL, do_spacing},
    {ESC, '3', 1, NULL, do_spacing},
    {ESC, 'J', 1, NULL, do_feed_dots},
    {ESC, 'd', 1, NULL, do_feed_lines},
    {ESC, 'i', 0, NULL, do_cut},
    {ESC, 'm', 0, NULL, do_cut},
    {ESC, '!', 1, NULL, NULL},
    {ESC, 'a', 1, NULL, NULL},
    {ESC, 'E', 1, NULL, NULL},
    {ESC, 'M', 1, NULL, NULL},
    {ESC, 'R', 1, NULL, NULL},
    {ESC, 't', 1, NULL, NULL},
    {ESC, '-', 1, NULL, NULL},
    {ESC, 'G', 1, NULL, NULL},
    {ESC, 'V', 1, NULL, NULL},
    {ESC, '{', 1, NULL, NULL},
    {ESC, '=', 1, NULL, NULL},
    {ESC, '%', 1, NULL, NULL},
    {ESC, ' ', 1, NULL, NULL},
    {ESC, 'S', 0, NULL, NULL},
    {ESC, '$', 2, NULL, NULL},
    {ESC, '\\', 2, NULL, NULL},
    {ESC, 'c', 2, NULL, NULL},
    {ESC, 'p', 3, NULL, NULL},
    {ESC, '*', 3, more_bit_image, NULL},
    {FS, '.', 0, NULL, NULL},
    {FS, '&', 0, NULL, NULL},
    {FS, '(', 3, more_paren, NULL},
    {GS, 'a', 1, NULL, do_asb},
    {GS, 'I', 1, NULL, do_info},
    {GS, 'r', 1, NULL, do_status},
    {GS, 'V', 1, more_cut, do_cut},
    {GS, 'v', 6, NULL, do_raster},
    {GS, '(', 3, more_paren, do_paren},
    {GS, '8', 5, more_gs8, do_gs8},
    {GS, '!', 1, NULL, NULL},
    {GS, 'B', 1, NULL, NULL},
    {GS, 'H', 1, NULL, NULL},
    {GS, 'f', 1, NULL, NULL},
    {GS, 'h', 1, NULL, NULL},
    {GS, 'w', 1, NULL, NULL},
    {GS, 'b', 1, NULL, NULL},
    {GS, 'L', 2, NULL, NULL},
    {GS, 'W', 2, NULL, NULL},
    {GS, 'P', 2, NULL, NULL},
    {GS, 'e', 1, more_eject, do_eject},
    {GS, 0xE1, 0, NULL, do_roll},
    /* executed on arrival already; here they are only passed over */
    {DLE, 0x04, 1, NULL, NULL},
    {DLE, 0x05, 1, NULL, NULL},
    {DLE, 0x14, 3, NULL, NULL},
};

/* ---- one act at a time ---- */

void escpos_reset(struct printer *p)
{
    g_byte_array_set_size(p->rx, 0);
    g_byte_array_set_size(p->args, 0);
    g_byte_array_set_size(p->store, 0);
    p->store_rows = 0;
    p->cmd = NULL;
    p->need = 0;
    p->raster_rows = p->raster_bytes = p->feed = p->column = 0;
    p->cut = false;
    p->rt_n = 0;
    memset(p->line, 0, sizeof p->line);
}

static void eat(struct printer *p, size_t n)
{
    g_byte_array_remove_range(p->rx, 0, (guint)n);
}

/* Stretches one row of `bytes` bytes to the paper's width. */
static void widen(const struct printer *p, uint8_t out[PR_ROW_MAX], const uint8_t *in, int bytes)
{
    int dots = p->kind->dots;
    bool twice = p->raster_mode & 1;
    memset(out, 0, PR_ROW_MAX);
    if (!twice) {
        memcpy(out, in, (size_t)MIN(bytes, dots / 8));
        return;
    }
    for (int x = 0; x < dots && x / 2 < bytes * 8; x++)
        if (in[x / 16] & 0x80 >> x / 2 % 8)
            out[x / 8] |= (uint8_t)(0x80 >> x % 8);
}

/* One row of a picture: from the stream, or (raster_bytes 0) from the store. */
static bool raster_row(struct printer *p)
{
    bool stored = p->raster_bytes == 0;
    int bytes = stored ? p->store_bytes : p->raster_bytes;
    size_t at = stored ? (size_t)(p->store_rows - p->raster_rows) * (size_t)bytes : 0;
    const GByteArray *from = stored ? p->store : p->rx;
    if (from->len < at + (size_t)bytes) {
        if (stored)
            p->raster_rows = 0;
        return stored;
    }
    uint8_t row[PR_ROW_MAX];
    widen(p, row, from->data + at, bytes);
    bool ok = printer_row(p, row);
    if (!ok)
        return false;
    if (p->raster_mode & 2)
        printer_row(p, row);
    if (!stored && p->rx->len >= (guint)bytes) /* a script inside printer_row may have cleared everything */
        eat(p, (size_t)bytes);
    if (p->raster_rows > 0)
        p->raster_rows--;
    return true;
}

static bool cut_now(struct printer *p)
{
    p->cut = false;
    if (p->cutter_jam) {
        p->cutter_error = true;
        p->recover = true;
        p->cut = true; /* DLE ENQ 1 tries again */
        printer_changed(p);
        return false;
    }
    p->free_us += 300 * 1000;
    int before = p->paper.tickets;
    paper_cut(&p->paper);
    if (p->kind->custom && p->paper.tickets != before)
        p->mouth = MOUTH_INSIDE;
    p->jobs++;
    return true;
}

static bool start_command(struct printer *p)
{
    const uint8_t *d = p->rx->data;
    if (d[0] == LF || d[0] == 0x0D) {
        if (d[0] == LF)
            end_line(p, p->spacing);
        eat(p, 1);
        return true;
    }
    if (d[0] != ESC && d[0] != GS && d[0] != FS && d[0] != DLE) {
        if (d[0] >= 0x20) {
            p->text_bytes++;
            glyph(p);
        } else {
            p->unknown++;
        }
        eat(p, 1);
        return true;
    }
    if (p->rx->len < 2)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(cmds) && !p->cmd; i++)
        if (cmds[i].lead == d[0] && cmds[i].op == d[1])
            p->cmd = &cmds[i];
    if (!p->cmd)
        p->unknown++;
    else
        p->need = p->cmd->params;
    g_byte_array_set_size(p->args, 0);
    eat(p, 2);
    return true;
}

static bool collect(struct printer *p)
{
    const struct escpos_cmd *c = p->cmd;
    size_t n = MIN(p->need, (size_t)p->rx->len);
    g_byte_array_append(p->args, p->rx->data, (guint)n);
    eat(p, n);
    p->need -= n;
    if (p->need > 0)
        return false;
    if (c->more && p->args->len == c->params) {
        p->need = c->more(p->args->data);
        if (p->need > 0)
            return true;
    }
    p->cmd = NULL;
    if (c->run)
        c->run(p, p->args->data, p->args->len);
    return true;
}

bool escpos_step(struct printer *p)
{
    if (p->raster_rows > 0)
        return raster_row(p);
    if (p->feed > 0) {
        if (!printer_row(p, NULL))
            return false;
        p->feed = MAX(p->feed - 1, 0);
        return true;
    }
    if (p->cut)
        return cut_now(p);
    if (p->cmd)
        return collect(p);
    return p->rx->len > 0 && start_command(p);
}

/* ---- real-time commands ---- */

/* CUSTOM: 10 0F paper user recoverable unrecoverable. */
static void full_status(struct printer *p)
{
    uint8_t b[6] = {0x10, 0x0F};
    b[2] = (uint8_t)((printer_end(p) ? 0x01 : 0) | (printer_near(p) ? 0x04 : 0) |
                     (p->mouth == MOUTH_OFFERED ? 0x20 : 0));
    b[3] = (uint8_t)(p->cover_open ? 0x02 : 0);
    b[5] = (uint8_t)(p->cutter_error ? 0x01 : 0);
    p->realtime++;
    printer_answer(p, b, sizeof b);
}

static void dle_eot(struct printer *p, uint8_t n)
{
    uint8_t s[4];
    printer_status(p, s);
    bool offline = s[0] & 0x08;
    uint8_t b = 0x12;
    if (!p->kind->status)
        return;
    switch (n) {
    case 1:
        b |= (uint8_t)((offline ? 0x08 : 0) | (p->recover ? 0x20 : 0));
        break;
    case 2:
        b |= (uint8_t)((p->cover_open ? 0x04 : 0) | (printer_end(p) ? 0x20 : 0) |
                       (p->cutter_error ? 0x40 : 0));
        break;
    case 3:
        b |= (uint8_t)(p->cutter_error ? 0x08 : 0);
        break;
    case 4:
        b |= (uint8_t)((printer_near(p) ? 0x0C : 0) | (printer_end(p) ? 0x60 : 0));
        break;
    case 17:
        if (!p->kind->custom)
            return;
        b |= (uint8_t)(printer_end(p) ? 0x20 : 0);
        break;
    case 20:
        if (p->kind->custom)
            full_status(p);
        return;
    default:
        return;
    }
    p->realtime++;
    printer_answer(p, &b, 1);
}

/* Looks at the raw stream: inside pictures too, as the real ones do. */
void escpos_realtime(struct printer *p, const uint8_t *d, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p->rt_n == 2) {
            if (p->rt[1] == 0x04) {
                dle_eot(p, d[i]);
            } else if (d[i] == 1 || d[i] == 2) {
                p->realtime++;
                printer_recover(p, d[i] == 2);
            }
            p->rt_n = 0;
            continue;
        }
        if (p->rt_n == 1 && (d[i] == 0x04 || d[i] == 0x05)) {
            p->rt[1] = d[i];
            p->rt_n = 2;
            continue;
        }
        p->rt_n = d[i] == DLE ? 1 : 0;
    }
}
