#include "tests/unit/paper_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "common/base/fs.h"

static char dir[] = "/tmp/pridvor-paper-XXXXXX";

const char *paper_save(struct arena *a, const char *name, const struct buf *pdf)
{
    struct err e = {0};
    const char *folder = getenv("PRIDVOR_PAPERS");
    static bool made;

    if (!folder && !made) {
        assert_non_null(mkdtemp(dir));
        made = true;
    }
    const char *path = arena_fmt(a, "%s/%s.pdf", folder ? folder : dir, name);
    assert_int_equal(fs_write(path, pdf->p, pdf->len, 0600, &e), RC_OK);
    return path;
}

const char *paper_ask(struct arena *a, const char *cmd, const char *file)
{
    BUF_SCOPE(b);
    BUF_SCOPE(line);
    char piece[4096];
    size_t n;
    const char *hole = strstr(cmd, "%s");

    assert_non_null(hole);
    buf_add(&line, cmd, (size_t)(hole - cmd));
    buf_str(&line, file);
    buf_str(&line, hole + 2);
    FILE *f = popen(line.p, "r");
    assert_non_null(f);
    while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
        buf_add(&b, piece, n);
    buf_chr(&b, '\0');
    int rc = pclose(f);
    if (rc != 0)
        fail_msg("%s: exit %d: %s", line.p, WEXITSTATUS(rc), b.p);
    return arena_str(a, b.p);
}

static const char *const to_ro[] = {"Doamna Ana-Mărioara Pop-Țîrlea", "Str. Morii nr. 125, ap. 3",
                                    "407580 Sic, jud. Cluj"};
static const char *const to_hu[] = {"Özvegy Kőszegi-Ördög Tünde Gyöngyvér", "Malom utca 125.", "407580 Szék"};
static const char *const to_en[] = {"Ms Mary O’Neill", "125 Mill Street", "407580 Sic, Cluj county"};
static const struct paper_block blocks[LANG_COUNT][5] = {
    {{PAPER_P, .text = "Stimată doamnă,"},
     {PAPER_P, .text = "Am analizat petiția dumneavoastră. Vă comunicăm următoarele:"},
     {PAPER_ITEM, .text = "umplerea gropilor, până la 5 decembrie 2026;"},
     {PAPER_ITEM, .text = "așezarea unui indicator."},
     {PAPER_NOTE, .text = "Temei legal: art. 8 alin. (1) din OG nr. 27/2002."}},
    {{PAPER_P, .text = "Tisztelt Asszonyom!"},
     {PAPER_P, .text = "Megvizsgáltuk az Ön beadványát. Az alábbiakat közöljük:"},
     {PAPER_ITEM, .text = "a gödrök feltöltése 2026. december 5-ig;"},
     {PAPER_ITEM, .text = "egy tábla kihelyezése."},
     {PAPER_NOTE, .text = "Jogalap: a 27/2002-es kormányrendelet 8. cikke."}},
    {{PAPER_P, .text = "Dear Madam,"},
     {PAPER_P, .text = "We looked at your petition. We tell you the following:"},
     {PAPER_ITEM, .text = "the holes are filled by 5 December 2026;"},
     {PAPER_ITEM, .text = "a sign is put up."},
     {PAPER_NOTE, .text = "Legal basis: art. 8 (1) of Government Ordinance 27/2002."}},
};
static const struct paper_sign signs[LANG_COUNT] = {
    {"Primar", "Ioan Mureșan"}, {"Polgármester", "Mureșan János"}, {"Mayor", "Ioan Mureșan"}};

const struct paper *paper_sample(enum lang lang, struct paper *out)
{
    static const char *const title[] = {"Răspuns la petiția 45/2026", "Válasz a 45/2026 beadványra",
                                        "Answer to petition 45/2026"};
    static const char *const label[] = {"Către", "Címzett", "To"};

    *out = (struct paper){
        .lang = lang,
        .title = title[lang],
        .made_ms = INT64_C(1795337100000),
        .county = "ROMÂNIA  ·  JUDEȚUL CLUJ",
        .institution = "Primăria Comunei Sic",
        .institution_second = lang == LANG_HU ? "Szék község Polgármesteri Hivatala" : NULL,
        .contact = "Str. Bisericii nr. 6, 407580 Sic  ·  primariasic.ro",
        .place = "Sic",
        .number = "Nr. 123 / 22.11.2026",
        .to_label = label[lang],
        .to = lang == LANG_RO   ? to_ro
              : lang == LANG_HU ? to_hu
                                : to_en,
        .n_to = COUNT(to_ro),
        .heading = title[lang],
        .blocks = blocks[lang],
        .n_blocks = COUNT(blocks[lang]),
        .signs = &signs[lang],
        .n_signs = 1,
        .qr = "https://sic.ro/c/7K3M9X2QPD",
        .qr_text = "sic.ro/c",
        .foot = "Primăria Comunei Sic  ·  Nr. 123 / 22.11.2026",
    };
    return out;
}

void paper_make(const struct paper *p, struct buf *out, size_t *pages)
{
    struct err e = {0};
    if (paper_pdf(p, out, pages, &e) != RC_OK)
        fail_msg("%s", e.text);
}
