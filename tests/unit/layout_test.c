/* The look of the receipt. Goldens in tests/golden/receipt compare dots: the size must be equal and at most 2
 * % of the dots may differ, so that another release of the font or of the rasteriser passes and another
 * layout does not; single letters are judged by their own test. PRIDVOR_GOLDEN_WRITE=1 writes the goldens
 * anew: look at them. */
#include "drivers/print/layout.h"

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "common/base/qr.h"

#include <cairo.h>
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define URL "https://cereri.cjcluj.ro/s/7KQ2M9XA4T"

static unsigned cases;
static const struct paper p203 = {576, 203}, p180 = {512, 180}, p58 = {384, 203}, p112 = {832, 203};

static const struct receipt_line ro[] = {
    {"title", "Consiliul Județean Cluj"},
    {"rule", ""},
    {"big", "DOVADA ÎNREGISTRĂRII"},
    {"number", "15/22.11.2026"},
    {"text", "Data: 22.11.2026, ora 10:15"},
    {"rule", ""},
    {"text", "Cererea: Copie de pe certificatul de naștere"},
    {"text", "Solicitant: Ștefania-Țuța Î."},
    {"text", "Biroul: Starea civilă"},
    {"big", "Răspundem până la 22.12.2026"},
    {"small", "30 de zile de la înregistrare (OG 27/2002, art. 8)"},
    {"text", "Vă anunțăm când certificatul este gata; îl ridicați de la ghișeul 3."},
    {"rule", ""},
    {"qr", URL},
    {"small", "Scanați codul ca să vedeți unde este cererea."},
    {"text", "Bon: 7KQ2M9XA4T"},
    {"text", "Cod: 4821"},
    {"small", "Păstrați bonul. Nu arătați codul altora."},
    {"small", "Aveți nevoie de ajutor? Întrebați la ghișeu."},
    {"small", "Terminal K07"},
};
static const struct receipt_line hu[] = {
    {"title", "Consiliul Județean Cluj"},
    {"rule", ""},
    {"big", "IKTATÁSI BIZONYLAT"},
    {"small", "DOVADA ÎNREGISTRĂRII"},
    {"number", "15/22.11.2026"},
    {"text", "Dátum: 2026. november 22., 10:15"},
    {"rule", ""},
    {"text", "Kérelem: Születési anyakönyvi kivonat másolata"},
    {"small", "Cererea: Copie de pe certificatul de naștere"},
    {"text", "Kérelmező: Szőcs Tünde-Gyöngyvér Ű."},
    {"text", "Iroda: Anyakönyvi hivatal"},
    {"big", "Válasz legkésőbb: 2026. december 22."},
    {"small", "Az iktatástól számított 30 nap (OG 27/2002, 8. cikk)"},
    {"text", "Értesítjük, amikor a kivonat elkészült; a 3-as ablaknál veheti át."},
    {"rule", ""},
    {"qr", URL},
    {"small", "Olvassa be a kódot, és látja, hol tart a kérelem."},
    {"text", "Bizonylat: 7KQ2M9XA4T"},
    {"text", "Kód: 4821"},
    {"small", "Őrizze meg a bizonylatot. A kódot ne mutassa másnak."},
    {"small", "Segítségre van szüksége? Kérdezzen az ügyfélablaknál."},
    {"small", "Terminál: K07"},
};
static const struct receipt_line en[] = {
    {"title", "Primăria Municipiului Cluj-Napoca"},
    {"rule", ""},
    {"big", "PROVISIONAL PROOF"},
    {"small", "DOVADĂ PROVIZORIE"},
    {"number", "K07-000123"},
    {"text", "Date: 22 November 2026, 10:15"},
    {"rule", ""},
    {"text", "Request: Abandoned vehicle on a public road"},
    {"text", "Applicant: Ana Maria P."},
    {"text", "Office: Local police"},
    {"big", "We answer by 22 December 2026"},
    {"small", "30 days from registration (OG 27/2002, art. 8)"},
    {"text", "The network is down. Today stays the day of filing."},
    {"rule", ""},
    {"qr", URL},
    {"small", "Scan the code to see where your request is."},
    {"text", "Slip: 7KQ2M9XA4T"},
    {"text", "Code: 4821"},
    {"small", "Keep this slip. Do not show the code to others."},
    {"small", "Need help? Ask at the counter."},
    {"small", "Terminal K07"},
};
static const struct receipt_line longest[] = {
    {"title", "Direcția Generală de Asistență Socială și Protecția Copilului Cluj"},
    {"rule", ""},
    {"big", "DOVADĂ PROVIZORIE"},
    {"number", "K07-000123"},
    {"text", "Data: 22.11.2026, ora 10:15"},
    {"rule", ""},
    {"text", "Cererea: Acordarea indemnizației pentru creșterea copilului cu handicap"},
    {"text", "Solicitant: Ștefania-Alexandra-Constantina Ț."},
    {"text", "Biroul: Serviciul prestații sociale și evaluarea persoanelor adulte"},
    {"big", "Răspundem până la 22.12.2026"},
    {"small",
     "30 de zile de la înregistrare (OG 27/2002, art. 8); ziua a 30-a cade duminică, se mută pe luni"},
    {"text", "Rețeaua nu merge. Data de azi rămâne data depunerii."},
    {"rule", ""},
    {"qr", URL},
    {"small", "Scanați codul ca să vedeți unde este cererea."},
    {"text", "Bon: 7KQ2M9XA4T"},
    {"text", "Cod: 4821"},
    {"small", "Păstrați bonul. Nu arătați codul altora."},
    {"small", "Aveți nevoie de ajutor? Întrebați la ghișeu."},
    {"small", "Terminal K07"},
};
static const struct {
    const char *lang;
    const struct receipt_line *lines;
    size_t n;
} receipts[] = {{"ro", ro, COUNT(ro)}, {"hu", hu, COUNT(hu)}, {"en", en, COUNT(en)}};

static struct bitmap *make(struct arena *a, const struct layout *l, const struct paper *p)
{
    struct bitmap *b = NULL;
    struct err e = {0};
    if (layout_make(a, l, p, &b, &e) != RC_OK)
        fail_msg("%s %s", e.path, e.text);
    return b;
}

static struct bitmap *one(struct arena *a, const char *style, const char *text, const struct paper *p)
{
    const struct receipt_line line = {style, text};
    const struct layout l = {&line, 1, "ro", false};
    return make(a, &l, p);
}

static size_t ink(const struct bitmap *b)
{
    size_t n = 0;
    for (int y = 0; y < b->h; y++)
        for (int x = 0; x < b->w; x++)
            n += bitmap_get(b, x, y);
    return n;
}

static size_t differing(const struct bitmap *x, const struct bitmap *y)
{
    size_t n = 0;
    int h = x->h > y->h ? x->h : y->h, w = x->w > y->w ? x->w : y->w;
    for (int j = 0; j < h; j++)
        for (int i = 0; i < w; i++)
            n += bitmap_get(x, i, j) != bitmap_get(y, i, j);
    return n;
}

/* ---- goldens ---- */

static struct bitmap *load(struct arena *a, const char *path)
{
    cairo_surface_t *s = cairo_image_surface_create_from_png(path);
    if (cairo_surface_status(s) != CAIRO_STATUS_SUCCESS)
        fail_msg("%s: %s", path, cairo_status_to_string(cairo_surface_status(s)));
    struct bitmap *b = bitmap_new(a, cairo_image_surface_get_width(s), cairo_image_surface_get_height(s));
    const uint8_t *p = cairo_image_surface_get_data(s);
    for (int y = 0; y < b->h; y++)
        for (int x = 0; x < b->w; x++)
            if (p[y * cairo_image_surface_get_stride(s) + 4 * x] < 128)
                bitmap_rect(b, x, y, 1, 1);
    cairo_surface_destroy(s);
    return b;
}

static void save(const struct bitmap *b, const char *path)
{
    BUF_SCOPE(png);
    struct err e = {0};
    assert_int_equal(raster_png(b, &png, &e), RC_OK);
    assert_int_equal(fs_write(path, png.p, png.len, 0644, &e), RC_OK);
}

static void golden(const struct layout *l, const struct paper *p, const char *kind)
{
    ARENA_SCOPE(a);
    const char *root = getenv("PRIDVOR_SOURCE");
    const char *path =
        arena_fmt(a, "%s/tests/golden/receipt/%s-%s%d.png", root ? root : ".", l->lang, kind, p->dpi);
    struct bitmap *b = make(a, l, p);
    if (getenv("PRIDVOR_GOLDEN_WRITE"))
        save(b, path);
    struct bitmap *want = load(a, path);
    size_t n = differing(b, want), all = (size_t)b->w * (size_t)b->h;
    if (b->w != want->w || b->h != want->h || n * 50 > all)
        fail_msg("%s: %d x %d instead of %d x %d, %zu of %zu dots differ", path, b->w, b->h, want->w, want->h,
                 n, all);
    print_message("  %s-%s%d: %d x %d dots, %.0f mm, %zu dots differ, %.1f %% black\n", l->lang, kind, p->dpi,
                  b->w, b->h, layout_mm(b, p), n, 100.0 * (double)ink(b) / (double)all);
    assert_true(ink(b) * 4 < all); /* black slows the head down */
    cases++;
}

static void goldens(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(receipts); i++) {
        struct layout l = {receipts[i].lines, receipts[i].n, receipts[i].lang, false};
        golden(&l, &p203, "");
        golden(&l, &p180, "");
        golden(&l, &p58, "narrow-");
        l.copy = true;
        golden(&l, &p203, "copy-");
    }
    const struct layout l = {longest, COUNT(longest), "ro", false};
    golden(&l, &p203, "long-");
    golden(&l, &p180, "long-");
    golden(&l, &p58, "long-narrow-");
    golden(&l, &p112, "long-wide-");
}

/* ---- the code, read by somebody else ---- */

/* What is used of libzbar, by name: the library alone is enough, and where it is not there the rest still
 * runs. */
struct zbar {
    void *lib;
    void *(*scanner)(void), *(*image)(void);
    const void *(*first)(const void *image);
    const char *(*data)(const void *symbol);
    void (*format)(void *image, unsigned long fourcc), (*size)(void *image, unsigned w, unsigned h);
    void (*pixels)(void *image, const void *p, unsigned long n, void (*cleanup)(void *));
    int (*scan)(void *scanner, void *image);
    void (*image_free)(void *), (*scanner_free)(void *);
};

static bool zbar_open(struct zbar *z)
{
    *z = (struct zbar){.lib = dlopen("libzbar.so.0", RTLD_NOW)};
    const struct {
        void *to;
        const char *name;
    } all[] = {{&z->scanner, "zbar_image_scanner_create"}, {&z->image, "zbar_image_create"},
               {&z->first, "zbar_image_first_symbol"},     {&z->data, "zbar_symbol_get_data"},
               {&z->format, "zbar_image_set_format"},      {&z->size, "zbar_image_set_size"},
               {&z->pixels, "zbar_image_set_data"},        {&z->scan, "zbar_scan_image"},
               {&z->image_free, "zbar_image_destroy"},     {&z->scanner_free, "zbar_image_scanner_destroy"}};
    for (size_t i = 0; z->lib && i < COUNT(all); i++) {
        void *f = dlsym(z->lib, all[i].name);
        memcpy(all[i].to, &f, sizeof f);
        assert_non_null(f);
    }
    return z->lib;
}

/* Paper lies on the table with some white around it. */
static void reads(const struct zbar *z, const struct bitmap *b, const char *want)
{
    const int edge = 40, w = b->w + 2 * edge, h = b->h + 2 * edge;
    uint8_t *grey = malloc((size_t)w * (size_t)h);
    assert_non_null(grey);
    memset(grey, 255, (size_t)w * (size_t)h);
    for (int y = 0; y < b->h; y++)
        for (int x = 0; x < b->w; x++)
            if (bitmap_get(b, x, y))
                grey[(size_t)(y + edge) * (size_t)w + (size_t)(x + edge)] = 0;
    void *scanner = z->scanner(), *image = z->image();
    z->format(image, 0x30303859); /* "Y800" */
    z->size(image, (unsigned)w, (unsigned)h);
    z->pixels(image, grey, (unsigned long)w * (unsigned long)h, NULL);
    int n = z->scan(scanner, image);
    const void *symbol = n > 0 ? z->first(image) : NULL;
    if (!symbol || strcmp(z->data(symbol), want) != 0)
        fail_msg("%d x %d: %d codes, '%s'", b->w, b->h, n, symbol ? z->data(symbol) : "");
    z->image_free(image);
    z->scanner_free(scanner);
    free(grey);
    cases++;
}

static void codes_are_read(void **state)
{
    (void)state;
    static const struct paper papers[] = {{576, 203}, {512, 180}, {384, 203},
                                          {832, 203}, {640, 203}, {420, 180}};
    struct zbar z;
    if (!zbar_open(&z)) {
        print_message("no libzbar here\n");
        skip();
    }
    for (size_t i = 0; i < COUNT(receipts); i++)
        for (size_t k = 0; k < COUNT(papers); k++) {
            ARENA_SCOPE(a);
            struct layout l = {receipts[i].lines, receipts[i].n, receipts[i].lang, k & 1};
            reads(&z, make(a, &l, &papers[k]), URL);
        }
    dlclose(z.lib);
}

/* ---- letters ---- */

static int last_row(const struct bitmap *b)
{
    for (int y = b->h - 1; y >= 0; y--)
        for (int x = 0; x < b->w; x++)
            if (bitmap_get(b, x, y))
                return y;
    return -1;
}

static struct bitmap *letter(struct arena *a, const char *text, double px, int weight)
{
    const struct raster_face f = {.px = px, .weight = weight};
    struct bitmap *b = NULL;
    struct err e = {0};
    assert_int_equal(raster_text(a, text, &f, 100, &b, &e), RC_OK);
    return b;
}

static void letters(void **state)
{
    (void)state;
    static const struct {
        const char *letter, *bare;
        bool below;
    } all[] = {
        {"ș", "s", true},  {"Ș", "S", true},  {"ț", "t", true},  {"Ț", "T", true},  {"ă", "a", false},
        {"Ă", "A", false}, {"â", "a", false}, {"Â", "A", false}, {"î", "ı", false}, {"Î", "I", false},
        {"ő", "o", false}, {"Ő", "O", false}, {"ű", "u", false}, {"Ű", "U", false}, {"á", "a", false},
        {"é", "e", false}, {"í", "ı", false}, {"ó", "o", false}, {"ö", "o", false}, {"ú", "u", false},
        {"ü", "u", false}, {"Á", "A", false}, {"É", "E", false}, {"Ü", "U", false},
    };
    static const double sizes[] = {20, 22, 23, 26, 36};
    for (size_t i = 0; i < COUNT(all); i++) {
        assert_int_equal(raster_missing(all[i].letter), 0);
        for (size_t k = 0; k < COUNT(sizes); k++, cases++) {
            ARENA_SCOPE(a);
            struct bitmap *x = letter(a, all[i].letter, sizes[k], 400);
            struct bitmap *y = letter(a, all[i].bare, sizes[k], 400);
            size_t more = differing(x, y);
            bool below = last_row(x) >= last_row(y) + 3;
            if (more < 5 || below != all[i].below)
                fail_msg("%s at %.0f dots: %zu dots beside %s, %s the line", all[i].letter, sizes[k], more,
                         all[i].bare, below ? "below" : "not below");
        }
    }
    assert_true(raster_missing("\xf3\xb0\x80\x80") > 0); /* a private letter: the check can fail */
}

/* What comes as cedilla or in two pieces prints as the one right letter. */
static void spelling(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    static const struct {
        const char *in, *same;
    } pairs[] = {{"Şoşea ţărăncuţă Ţ", "Șoșea țărăncuță Ț"},
                 {"S\xcc\xa6oseaua a\xcc\x82nta\xcc\x82i a\xcc\x86", "Șoseaua ântâi ă"},
                 {"  două   vorbe ", "două vorbe"}};
    for (size_t i = 0; i < COUNT(pairs); i++, cases++)
        assert_int_equal(differing(one(a, "text", pairs[i].in, &p203), one(a, "text", pairs[i].same, &p203)),
                         0);
    assert_true(differing(one(a, "text", "ș", &p203), one(a, "text", "s", &p203)) > 5);
}

/* ---- code ---- */

static void code(void **state)
{
    (void)state;
    static const struct paper *const papers[] = {&p203, &p180, &p58};
    for (size_t i = 0; i < COUNT(papers); i++, cases++) {
        ARENA_SCOPE(a);
        struct qr q;
        struct err e = {0};
        assert_int_equal(qr_encode(a, URL, &q, &e), RC_OK);
        struct bitmap *b = one(a, "qr", URL, papers[i]);
        int x0 = b->w, y0 = b->h, x1 = 0;
        for (int y = 0; y < b->h; y++)
            for (int x = 0; x < b->w; x++)
                if (bitmap_get(b, x, y)) {
                    x0 = x < x0 ? x : x0;
                    x1 = x > x1 ? x : x1;
                    y0 = y < y0 ? y : y0;
                }
        int side = x1 - x0 + 1, m = side / q.size;
        assert_int_equal(side % q.size, 0);
        assert_true(m >= 4 &&
                    m * 25.4 / papers[i]->dpi >= 0.5);      /* half a millimetre: any telephone reads it */
        assert_true(x0 >= 4 * m && b->w - 1 - x1 >= 4 * m); /* quiet zone */
        for (int y = 0; y < side; y++)
            for (int x = 0; x < side; x++)
                if (bitmap_get(b, x0 + x, y0 + y) != (q.modules[y / m * q.size + x / m] == 1))
                    fail_msg("dot %d,%d of the code", x, y);
        print_message("  %d dots: %d modules of %d dots\n", papers[i]->dots, q.size, m);
    }
}

/* ---- limits ---- */

static void names(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    char name[260] = "Solicitant: ";
    while (strlen(name) < 230)
        strncat(name, "Ștefănescu-Înălțărețu ", sizeof name - strlen(name) - 1);
    struct bitmap *few = one(a, "text", "Solicitant: Pop", &p203), *many = one(a, "text", name, &p203);
    assert_true(many->h > few->h + 100 && ink(many) > 8 * ink(few));
    char word[240];
    memset(word, 'W', sizeof word - 1);
    word[sizeof word - 1] = 0;
    static const char *const styles[] = {"title", "big", "number", "text", "small"};
    for (size_t i = 0; i < COUNT(styles); i++, cases++) { /* one word of 239 letters: broken, not lost */
        struct bitmap *b = one(a, styles[i], word, &p58), *half = one(a, styles[i], word + 120, &p58);
        assert_true(ink(b) > ink(half) * 17 / 10);
        for (int y = 0; y < b->h; y++)
            assert_false(bitmap_get(b, 0, y) || bitmap_get(b, b->w - 1, y));
    }
}

static void papers(void **state)
{
    (void)state;
    static const struct paper all[] = {{833, 203}, {640, 203}, {576, 203}, {546, 180}, {512, 180},
                                       {504, 180}, {432, 203}, {416, 203}, {400, 203}, {384, 180},
                                       {240, 180}, {576, 300}, {1100, 600}};
    for (size_t i = 0; i < COUNT(all); i++)
        for (size_t r = 0; r < COUNT(receipts); r++, cases++) {
            ARENA_SCOPE(a);
            struct layout l = {receipts[r].lines, receipts[r].n, receipts[r].lang, true};
            struct bitmap *b = make(a, &l, &all[i]);
            assert_int_equal(b->w, all[i].dots);
            assert_true(layout_mm(b, &all[i]) < 400 && ink(b) > 2000);
            for (size_t k = 0; k + 1 < b->stride * (size_t)b->h;
                 k++) /* no real-time command in the picture */
                assert_false(b->bits[k] == 0x10 &&
                             (b->bits[k + 1] == 4 || b->bits[k + 1] == 5 || b->bits[k + 1] == 20));
        }
}

static void refusals(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    static struct receipt_line many[LAYOUT_LINES_MAX + 1];
    char big[LAYOUT_TEXT_MAX + 2];
    memset(big, 'a', sizeof big - 1);
    big[sizeof big - 1] = 0;
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = (struct receipt_line){"space", ""};
    static const struct receipt_line style = {"blink", "x"}, control = {"text", "a\x07"},
                                     utf8 = {"text", "a\xff"};
    const struct receipt_line longer = {"text", big}, *const lines[] = {&style, &control, &utf8, &longer};
    struct bitmap *b = NULL;
    for (size_t i = 0; i < COUNT(lines); i++, cases++) {
        struct err e = {0};
        const struct layout l = {lines[i], 1, "ro", false};
        assert_int_equal(layout_make(a, &l, &p203, &b, &e), RC_BAD_FIELD);
    }
    struct err e = {0};
    struct layout l = {many, COUNT(many), "ro", false};
    assert_int_equal(layout_make(a, &l, &p203, &b, &e), RC_BAD_FIELD);
    l.n = 0;
    assert_int_equal(layout_make(a, &l, &p203, &b, &e), RC_BAD_FIELD);
    big[LAYOUT_TEXT_MAX] = 0;
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = (struct receipt_line){"title", big};
    l.n = LAYOUT_LINES_MAX;
    assert_int_equal(layout_make(a, &l, &p203, &b, &e), RC_TOO_BIG);
    assert_null(b);
    const struct paper odd[] = {{0, 203}, {576, 0}, {100000, 203}, {-1, -1}};
    l = (struct layout){&ro[0], 1, "ro", false};
    for (size_t i = 0; i < COUNT(odd); i++, cases++)
        assert_int_equal(layout_make(a, &l, &odd[i], &b, &e), RC_BAD_REQUEST);
}

/* The receipt below the banner is the receipt. */
static void copies(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    for (size_t i = 0; i < COUNT(receipts); i++, cases++) {
        struct layout l = {receipts[i].lines, receipts[i].n, receipts[i].lang, false};
        struct bitmap *plain = make(a, &l, &p203);
        l.copy = true;
        struct bitmap *copy = make(a, &l, &p203);
        int more = copy->h - plain->h;
        size_t n = 0;
        assert_true(more > 50);
        for (int y = 20; y < plain->h; y++)
            for (int x = 0; x < plain->w; x++)
                n += bitmap_get(plain, x, y) != bitmap_get(copy, x, y + more);
        assert_true(n < 10); /* dots of escpos_defuse() */
    }
    int64_t t = mono_us();
    struct layout l = {ro, COUNT(ro), "ro", false};
    for (int i = 0; i < 5; i++)
        make(a, &l, &p203);
    print_message("  one layout: %.1f ms\n", (double)(mono_us() - t) / 5000);
}

static int finish(void **state)
{
    (void)state;
    print_message("layout: %u cases\n", cases);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goldens),  cmocka_unit_test(codes_are_read), cmocka_unit_test(letters),
        cmocka_unit_test(spelling), cmocka_unit_test(code),           cmocka_unit_test(names),
        cmocka_unit_test(papers),   cmocka_unit_test(refusals),       cmocka_unit_test(copies),
    };
    return cmocka_run_group_tests(tests, NULL, finish);
}
