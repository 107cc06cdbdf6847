/* Paper that comes out of the printer, as pictures: exact dots, black on white. */
#include <cairo.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "tests/devices/printer.h"

static void blank_to_blade(struct paper *p)
{
    guint n = p->rows->len;
    g_byte_array_set_size(p->rows, n + (guint)p->kind->blade * p->row);
    memset(p->rows->data + n, 0, (guint)p->kind->blade * p->row);
}

guint paper_blade(const struct paper *p)
{
    return (guint)p->kind->blade;
}

void paper_init(struct paper *p, const struct printer_kind *kind, const char *dir)
{
    p->kind = kind;
    p->row = (guint)kind->dots / 8;
    p->dir = dir;
    p->rows = g_byte_array_new();
    p->left = PR_ROLL_MM;
    blank_to_blade(p);
}

void paper_free(struct paper *p)
{
    g_byte_array_free(p->rows, TRUE);
}

/* A picture with one bit per dot; in cairo's A1 a set bit becomes white. */
static bool draw(const struct paper *p, guint rows, const char *path)
{
    if (!p->dir)
        return true;
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_A1, p->kind->dots, (int)rows);
    if (cairo_surface_status(s) != CAIRO_STATUS_SUCCESS) {
        cairo_surface_destroy(s);
        return false;
    }
    cairo_surface_flush(s);
    unsigned char *px = cairo_image_surface_get_data(s);
    int stride = cairo_image_surface_get_stride(s);
    for (guint y = 0; y < rows; y++)
        for (int x = 0; x < p->kind->dots; x++) {
            bool black = p->rows->data[y * p->row + (guint)x / 8] & 0x80 >> x % 8;
            uint32_t *word = (uint32_t *)(void *)(px + (size_t)y * (size_t)stride) + x / 32;
            uint32_t bit = G_BYTE_ORDER == G_LITTLE_ENDIAN ? 1u << x % 32 : 0x80000000u >> x % 32;
            if (!black)
                *word |= bit;
        }
    cairo_surface_mark_dirty(s);
    g_autofree char *tmp = g_strconcat(path, ".tmp", NULL);
    bool ok = cairo_surface_write_to_png(s, tmp) == CAIRO_STATUS_SUCCESS && g_rename(tmp, path) == 0;
    cairo_surface_destroy(s);
    return ok;
}

static char *ticket_path(const struct paper *p, int n)
{
    return n > 0 ? g_strdup_printf("%s/paper-%d.png", p->dir, n) : g_strdup_printf("%s/paper.png", p->dir);
}

static void copy_last(const struct paper *p)
{
    if (!p->dir)
        return;
    g_autofree char *from = ticket_path(p, p->tickets), *to = ticket_path(p, 0), *data = NULL;
    gsize len;
    if (g_file_get_contents(from, &data, &len, NULL))
        g_file_set_contents(to, data, (gssize)len, NULL);
}

void paper_cut(struct paper *p)
{
    guint rows = p->rows->len / p->row - paper_blade(p);
    if (rows == 0)
        return;
    p->tickets++;
    uint64_t *ink = &p->inks[p->tickets % G_N_ELEMENTS(p->inks)];
    *ink = 0;
    for (guint i = 0; i < rows * p->row; i++)
        *ink += (guint)__builtin_popcount(p->rows->data[i]);
    p->last_mm = (double)rows / p->kind->per_mm;
    g_autofree char *path = ticket_path(p, p->tickets);
    if (!draw(p, rows, path))
        fprintf(stderr, "vdev: cannot write %s\n", path);
    copy_last(p);
    g_autofree char *old = ticket_path(p, p->tickets - PR_TICKETS_KEPT);
    if (p->dir && p->tickets > PR_TICKETS_KEPT)
        g_unlink(old);
    g_byte_array_remove_range(p->rows, 0, rows * p->row);
    p->inked = false;
    for (guint i = 0; i < p->rows->len && !p->inked; i++)
        p->inked = p->rows->data[i] != 0;
}

void paper_tear(struct paper *p)
{
    paper_cut(p);
}

void paper_feed(struct paper *p, const uint8_t *row)
{
    static const uint8_t zero[PR_ROW_MAX];
    if (p->rows->len / p->row >= PR_ROWS_MAX)
        paper_cut(p);
    g_byte_array_append(p->rows, row ? row : zero, p->row);
    for (int i = 0; row && i < (int)p->row && !p->inked; i++)
        p->inked = row[i] != 0;
    p->left -= 1.0 / p->kind->per_mm;
    p->total += 1.0 / p->kind->per_mm;
}

bool paper_picture(struct paper *p)
{
    g_autofree char *path = ticket_path(p, 0);
    if (p->inked || p->rows->len / p->row > paper_blade(p))
        return draw(p, p->rows->len / p->row, path);
    if (p->tickets == 0)
        return false;
    copy_last(p);
    return true;
}
