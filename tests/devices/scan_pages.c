#include "tests/devices/scan_pages.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pango/pangocairo.h>

const char *const page_kind_names[PAGE_KINDS] = {"text", "letter", "form", "cert", "card", "photo", "blank"};

#define W_MM 210.0
#define H_MM 297.0

static const char *const prose[] = {
    "Subsemnata Popescu Ana Maria, domiciliată în municipiul Turda, str. Mihai Viteazu nr. 3, prin prezenta "
    "solicit eliberarea certificatului de naștere al minorului, în temeiul Legii nr. 119/1996 cu privire la "
    "actele de stare civilă. Declar pe proprie răspundere că datele de mai sus sunt adevărate.",
    "Anexez la prezenta cerere copia actului de identitate, certificatul medical constatator al nașterii și "
    "dovada achitării taxei. Menționez că nu am mai solicitat eliberarea acestui înscris în ultimul an.",
    "Alulírott kérem a szülési anyakönyvi kivonat kiállítását; a mellékelt iratok az eredetivel mindenben "
    "megegyeznek. Kijelentem, hogy az adatok a valóságnak megfelelnek, ő és ű betűkkel is.",
    "Potrivit art. 10 din Ordonanța Guvernului nr. 27/2002, răspunsul se comunică în termen de 30 de zile de "
    "la data înregistrării, indiferent dacă soluția este favorabilă sau nefavorabilă.",
};

static unsigned dice(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16 & 0x7fff;
}

static void text_at(cairo_t *c, double x, double y, double width, const char *font, const char *text)
{
    PangoLayout *l = pango_cairo_create_layout(c);
    PangoFontDescription *f = pango_font_description_from_string(font);
    pango_layout_set_font_description(l, f);
    if (width > 0) {
        pango_layout_set_width(l, (int)(width * PANGO_SCALE));
        pango_layout_set_wrap(l, PANGO_WRAP_WORD);
    }
    pango_layout_set_text(l, text, -1);
    cairo_move_to(c, x, y);
    pango_cairo_show_layout(c, l);
    pango_font_description_free(f);
    g_object_unref(l);
}

/* Millimetres are the unit; a font of N mm in em. */
static const char *font(const char *family, double mm)
{
    static char s[96];
    snprintf(s, sizeof s, "%s %.2fpx", family, mm);
    return s;
}

static void line(cairo_t *c, double x0, double y0, double x1, double y1, double width)
{
    cairo_set_line_width(c, width);
    cairo_move_to(c, x0, y0);
    cairo_line_to(c, x1, y1);
    cairo_stroke(c);
}

static void signature(cairo_t *c, double x, double y, unsigned seed)
{
    cairo_set_line_width(c, 0.5);
    cairo_move_to(c, x, y);
    for (int i = 0; i < 7; i++) {
        double dx = 4 + dice(&seed) % 30 / 10.0, dy = (double)(dice(&seed) % 100) / 10 - 5;
        cairo_rel_curve_to(c, dx / 3, dy, dx / 2, -dy, dx, dy / 3);
    }
    cairo_stroke(c);
}

static void draw_text(cairo_t *c, unsigned seed)
{
    double y = 30;
    text_at(c, 25, 20, 160, font("Inter Bold", 5), "CERERE");
    for (int i = 0; i < 11; i++, y += 22)
        text_at(c, 25, y, 160, font(i % 3 ? "DejaVu Serif" : "DejaVu Sans", 3.6),
                prose[(seed + (unsigned)i) % 4]);
}

static void draw_letter(cairo_t *c, unsigned seed)
{
    text_at(c, 30, 60, 150, font("DejaVu Serif", 4.2), prose[seed % 4]);
    text_at(c, 30, 120, 60, font("DejaVu Serif", 4.2), "Turda, 22.11.2026");
    signature(c, 120, 130, seed);
}

static void draw_form(cairo_t *c, unsigned seed)
{
    static const char *const labels[] = {"Numele", "Prenumele", "CNP", "Domiciliul", "Telefon", "E-mail"};
    text_at(c, 20, 15, 170, font("Inter Bold", 5), "PRIMĂRIA MUNICIPIULUI TURDA · FORMULAR TIP");
    for (int i = 0; i < 14; i++) {
        double y = 35 + 16 * i;
        cairo_set_line_width(c, 0.25);
        cairo_rectangle(c, 20, y, 170, 11);
        cairo_stroke(c);
        line(c, 65, y, 65, y + 11, 0.25);
        text_at(c, 22, y + 3, 42, font("DejaVu Sans", 3), labels[i % 6]);
        if (dice(&seed) % 3)
            text_at(c, 68, y + 2.5, 120, font("DejaVu Sans Mono", 4.5),
                    i % 2 ? "POPESCU ANA MARIA" : "2900101123459");
    }
    signature(c, 130, 275, seed);
}

static void draw_cert(cairo_t *c, unsigned seed)
{
    static const char *const rows[] = {
        "Unitatea sanitară",
        "Spitalul Municipal Turda",
        "Numele mamei",
        "POPESCU ANA MARIA",
        "CNP mamă",
        "2900101123459",
        "Data nașterii",
        "14.11.2026, ora 06:40",
        "Sexul copilului",
        "masculin",
        "Greutate",
        "3.350 g, 51 cm",
        "Locul nașterii",
        "Turda, jud. Cluj",
        "Medic",
        "dr. Ionescu Ștefania",
    };
    text_at(c, 40, 20, 140, font("DejaVu Serif Bold", 6),
            "CERTIFICAT MEDICAL CONSTATATOR\nAL NĂSCUTULUI VIU");
    text_at(c, 75, 40, 100, font("DejaVu Serif", 4), "Seria CN nr. 004821");
    for (int i = 0; i < 16; i += 2) {
        double y = 60 + 12 * i / 2.0 * 1.3;
        text_at(c, 25, y, 60, font("DejaVu Serif", 4), rows[i]);
        text_at(c, 90, y - 0.5, 100, font("DejaVu Sans Mono", 4.4), rows[i + 1]);
        for (double x = 88; x < 185; x += 1.6)
            line(c, x, y + 5.6, x + 0.6, y + 5.6, 0.3);
    }
    text_at(c, 25, 195, 160, font("DejaVu Serif", 3.8), prose[3]);
    cairo_set_source_rgba(c, 0.15, 0.2, 0.6, 0.8);
    cairo_set_line_width(c, 0.8);
    cairo_new_path(c);
    cairo_arc(c, 150, 245, 17, 0, 2 * M_PI);
    cairo_stroke(c);
    text_at(c, 138, 241, 30, font("DejaVu Sans Bold", 4), "SPITAL\nTURDA");
    signature(c, 120, 250, seed);
    cairo_set_source_rgb(c, 0.1, 0.1, 0.1);
    text_at(c, 25, 240, 60, font("DejaVu Serif", 4), "Data: 15.11.2026\nL.S.");
}

bool page_has_ocr_b(void)
{
    PangoFontMap *map = pango_cairo_font_map_get_default();
    PangoFontFamily **f;
    int n = 0;
    bool found = false;
    pango_font_map_list_families(map, &f, &n);
    for (int i = 0; i < n; i++)
        found = found || strcmp(pango_font_family_get_name(f[i]), "OCR B") == 0;
    g_free(f);
    return found;
}

/* Ten letters to the inch, whatever the font's own width. */
static void zone_line(cairo_t *c, double x, double y, const char *text)
{
    PangoFontDescription *f = pango_font_description_from_string(font("OCR B, DejaVu Sans Mono", 4.3));
    PangoLayout *l = pango_cairo_create_layout(c);
    pango_layout_set_font_description(l, f);
    for (int i = 0; text[i]; i++) {
        int w, h;
        pango_layout_set_text(l, text + i, 1);
        pango_layout_get_size(l, &w, &h);
        cairo_move_to(c, x + 2.54 * (i + 0.5) - (double)w / PANGO_SCALE / 2, y);
        pango_cairo_show_layout(c, l);
    }
    g_object_unref(l);
    pango_font_description_free(f);
}

static void face(cairo_t *c, double x, double y, double w, double h)
{
    cairo_pattern_t *p =
        cairo_pattern_create_radial(x + w * 0.45, y + h * 0.4, w * 0.1, x + w / 2, y + h / 2, w * 0.8);
    cairo_pattern_add_color_stop_rgb(p, 0, 0.85, 0.72, 0.62);
    cairo_pattern_add_color_stop_rgb(p, 0.55, 0.55, 0.42, 0.36);
    cairo_pattern_add_color_stop_rgb(p, 1, 0.62, 0.7, 0.78);
    cairo_rectangle(c, x, y, w, h);
    cairo_set_source(c, p);
    cairo_fill(c);
    cairo_pattern_destroy(p);
    cairo_set_source_rgb(c, 0.15, 0.1, 0.1);
    for (int i = 0; i < 2; i++) {
        cairo_arc(c, x + w * (0.36 + 0.26 * i), y + h * 0.42, w * 0.045, 0, 2 * M_PI);
        cairo_fill(c);
    }
    line(c, x + w * 0.38, y + h * 0.66, x + w * 0.62, y + h * 0.66, 0.5);
}

/* 105 x 74 mm, patterned paper, portrait, names, zone of two lines of 36. */
static void draw_card(cairo_t *c, const struct page_ask *ask)
{
    static const char *const own[3] = {"IDROUPOPESCU<<ANA<MARIA<<<<<<<<<<<<<",
                                       "XC123456<8ROU9001011F351231121234592", ""};
    double x = 45, y = 60;
    cairo_set_source_rgb(c, 0.86, 0.9, 0.93);
    cairo_rectangle(c, x, y, 105, 74);
    cairo_fill(c);
    cairo_set_source_rgba(c, 0.55, 0.65, 0.8, 0.55);
    cairo_set_line_width(c, 0.15);
    for (int i = 0; i < 36; i++) { /* waves, as on security paper */
        cairo_move_to(c, x, y + 2 * i + 2);
        for (int k = 0; k < 10; k++)
            cairo_rel_curve_to(c, 3.5, -3, 7, 3, 10.5, 0);
        cairo_stroke(c);
    }
    cairo_set_source_rgb(c, 0.12, 0.12, 0.14);
    text_at(c, x + 22, y + 2, 80, font("DejaVu Sans Bold", 3), "ROUMANIE   ROMÂNIA   ROMANIA");
    text_at(c, x + 38, y + 7, 60, font("DejaVu Sans", 2.6), "CARTE DE IDENTITATE  SERIA XC NR 123456");
    text_at(c, x + 38, y + 14, 60, font("DejaVu Sans", 2.8),
            "POPESCU\nANA-MARIA\nRomână / ROU\nMun. Turda Jud. CJ\nStr. Mihai Viteazu nr. 3");
    face(c, x + 4, y + 12, 28, 36);
    cairo_set_source_rgb(c, 0.08, 0.08, 0.1);
    const char *const *z = ask->zone[0] ? ask->zone : own;
    int lines = z[2] && *z[2] ? 3 : 2;
    double left = x + (105 - 2.54 * (double)strlen(z[0])) / 2;
    for (int i = 0; i < lines; i++)
        zone_line(c, left < 2 ? 2 : left, y + 74 - 6.2 * (lines - i) - 3, z[i]);
}

static void draw_photo(cairo_t *c, unsigned seed)
{
    face(c, 35 + dice(&seed) % 10, 50, 120, 150);
    text_at(c, 40, 215, 120, font("DejaVu Sans", 4),
            "Fig. 1. Vehicul abandonat, str. Fabricii, Turda. Fotografie din 20.11.2026.");
}

static void draw_dust(cairo_t *c, unsigned seed)
{
    for (int i = 0; i < 60; i++) {
        cairo_arc(c, dice(&seed) % 2100 / 10.0, dice(&seed) % 2970 / 10.0, 0.05 + dice(&seed) % 10 / 60.0, 0,
                  2 * M_PI);
        cairo_fill(c);
    }
    double x = dice(&seed) % 1500 / 10.0, y = dice(&seed) % 2500 / 10.0; /* a hair */
    cairo_set_line_width(c, 0.1);
    cairo_move_to(c, x, y);
    cairo_rel_curve_to(c, 2, 3, 5, -2, 7, 1);
    cairo_stroke(c);
}

static void draw(cairo_t *c, const struct page_ask *ask)
{
    unsigned seed = ask->seed * 7919 + 17;
    cairo_set_source_rgb(c, 0.1, 0.1, 0.1);
    if (ask->kind == PAGE_TEXT)
        draw_text(c, ask->seed);
    else if (ask->kind == PAGE_LETTER)
        draw_letter(c, seed);
    else if (ask->kind == PAGE_FORM)
        draw_form(c, seed);
    else if (ask->kind == PAGE_CERT)
        draw_cert(c, seed);
    else if (ask->kind == PAGE_CARD)
        draw_card(c, ask);
    else if (ask->kind == PAGE_PHOTO)
        draw_photo(c, seed);
    else
        draw_dust(c, seed);
}

/* ---- what a scanner does to it ---------------------------------------------------------------------------
 */

/* Three boxes make a bell. */
static void blur_lines(uint8_t *px, size_t n, size_t count, size_t step, size_t next, int r)
{
    uint8_t *copy = malloc(n);
    for (size_t l = 0; l < count; l++) {
        uint8_t *p = px + l * next;
        for (size_t i = 0; i < n; i++)
            copy[i] = p[i * step];
        int sum = 0, width = 2 * r + 1;
        for (int i = -r; i <= r; i++)
            sum += copy[i < 0 ? 0 : (size_t)i < n ? (size_t)i : n - 1];
        for (size_t i = 0; i < n; i++) {
            p[i * step] = (uint8_t)(sum / width);
            size_t in = i + (size_t)r + 1 < n ? i + (size_t)r + 1 : n - 1;
            sum += copy[in] - copy[i >= (size_t)r ? i - (size_t)r : 0];
        }
    }
    free(copy);
}

static void blur(struct picture *p, double sigma)
{
    int r = (int)lround((sqrt(4 * sigma * sigma + 1) - 1) / 2);
    size_t w = (size_t)p->w, h = (size_t)p->h, ch = (size_t)p->channels;
    for (int pass = 0; r > 0 && pass < 3; pass++)
        for (size_t c = 0; c < ch; c++) {
            blur_lines(p->px + c, w, h, ch, w * ch, r);
            blur_lines(p->px + c, h, w, w * ch, ch, r);
        }
}

static void expose(struct picture *p, const struct page_ask *ask)
{
    double paper = ask->paper > 0 ? ask->paper : 246, ink = ask->paper > 0 ? ask->ink : 30;
    unsigned seed = ask->seed + 99;
    size_t n = picture_bytes(p);
    for (size_t i = 0; i < n; i++) {
        double v = ink + (paper - ink) * (p->px[i] - 25) / 230.0;
        if (ask->noise > 0) { /* four dice are nearly a bell */
            int sum = 0;
            for (int k = 0; k < 4; k++)
                sum += (int)(dice(&seed) & 255) - 127;
            v += sum * ask->noise / 148.0;
        }
        p->px[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}

struct picture page_draw(struct arena *a, const struct page_ask *ask)
{
    int dpi = ask->dpi ? ask->dpi : 300, w = (int)(W_MM / 25.4 * dpi), h = (int)(H_MM / 25.4 * dpi);
    struct picture p = {NULL, w, h, ask->color ? 3 : 1, dpi};
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
    cairo_t *c = cairo_create(s);
    cairo_set_source_rgb(c, 1, 1, 1);
    cairo_paint(c);
    cairo_scale(c, dpi / 25.4, dpi / 25.4);
    cairo_translate(c, W_MM / 2 - ask->cut_mm, H_MM / 2 - ask->cut_mm);
    cairo_rotate(c, ask->turn * M_PI / 180);
    cairo_translate(c, -W_MM / 2, -H_MM / 2);
    draw(c, ask);
    cairo_surface_flush(s);
    p.px = arena_alloc(a, picture_bytes(&p));
    int stride = cairo_image_surface_get_stride(s);
    for (int y = 0; y < h; y++) {
        const uint32_t *row =
            (const uint32_t *)(void *)(cairo_image_surface_get_data(s) + (size_t)y * (size_t)stride);
        uint8_t *to = p.px + (size_t)y * (size_t)w * (size_t)p.channels;
        for (int x = 0; x < w; x++) {
            unsigned r = row[x] >> 16 & 255, g = row[x] >> 8 & 255, b = row[x] & 255;
            if (ask->color) {
                to[3 * x] = (uint8_t)r;
                to[3 * x + 1] = (uint8_t)g;
                to[3 * x + 2] = (uint8_t)b;
            } else {
                to[x] = (uint8_t)((77 * r + 150 * g + 29 * b + 128) >> 8);
            }
        }
    }
    cairo_destroy(c);
    cairo_surface_destroy(s);
    blur(&p, ask->blur);
    expose(&p, ask);
    return p;
}
