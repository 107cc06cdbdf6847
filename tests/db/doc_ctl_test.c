/* The administrator's commands: every template in every language as a PDF, offices, letterheads, retention.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/fs.h"
#include "tests/db/doc_rig.h"
#include "tests/unit/paper_rig.h"

static void ctl(const char *words, int code, const char *says)
{
    int got = book_ctl(&rig.book, words);
    if (got != code || !strstr(book_said, says))
        fail_msg("%s: %d, %s", words, got, book_said);
}

static void every_template_in_every_language(void **state)
{
    const char *dir = getenv("PRIDVOR_PAPERS") ? getenv("PRIDVOR_PAPERS") : rig.book.pg.dir;
    int made = 0;

    (void)state;
    ctl("template check --configs configs", 0, "templates hold");
    for (size_t i = 0; i < rig.book.house.templates.n; i++) {
        const struct template *t = &rig.book.house.templates.items[i];
        for (int l = 0; l < LANG_COUNT; l++) {
            if (!t->langs[l])
                continue;
            const char *file = arena_fmt(rig.a, "%s/t_%s_%s.pdf", dir, t->id, lang_codes[l]);
            ctl(arena_fmt(rig.a, "template show %s --institution hall-1 --lang %s --out %s", t->id,
                          lang_codes[l], file),
                0, "pages");
            const char *text = paper_ask(rig.a, "pdftotext %s -", file);
            holds(text, "Primăria Comunei Sic");
            if (l == LANG_HU)
                holds(text, "Szék község Polgármesteri Hivatala");
            lacks(text, "{");
            holds(paper_ask(rig.a, "qpdf --check %s", file), "No syntax");
            const char *info = paper_ask(rig.a, "pdfinfo %s", file);
            holds(info, "Tagged:          yes");
            holds(info, "Title:");
            lacks(paper_ask(rig.a, "pdffonts %s", file), " no ");
            made++;
        }
    }
    assert_true(made >= 46);
}

static void commands_and_what_they_refuse(void **state)
{
    struct err e = {0};
    const char *png = arena_fmt(rig.a, "%s/arms.png", rig.book.pg.dir),
               *text = arena_fmt(rig.a, "%s/arms.txt", rig.book.pg.dir);

    (void)state;
    static const uint8_t dot[] = {
        0x89, 'P',  'N',  'G',  '\r', '\n', 0x1A, '\n', 0,    0,    0,    13,  'I',  'H',  'D',  'R',  0,
        0,    0,    1,    0,    0,    0,    1,    8,    0,    0,    0,    0,   0x3A, 0x7E, 0x9B, 0x55, 0,
        0,    0,    10,   'I',  'D',  'A',  'T',  0x78, 0x9C, 0x63, 0x60, 0,   0,    0,    2,    0,    1,
        0x48, 0xAF, 0xA4, 0x71, 0,    0,    0,    0,    'I',  'E',  'N',  'D', 0xAE, 0x42, 0x60, 0x82};
    assert_int_equal(fs_write(png, dot, sizeof dot, 0600, &e), RC_OK);
    assert_int_equal(fs_write(text, "nu", 2, 0600, &e), RC_OK);
    ctl("user office primar --ro 'Viceprimar' --hu 'Alpolgármester'", 0, "signs as Viceprimar");
    ctl("user office nobody --ro X", 1, "no account nobody");
    ctl("user office primar", 2, "--ro is missing");
    ctl("user office primar --ro '\xFF'", 2, "200 bytes");
    ctl("institutions letterhead hall-1 --secretary 'Nagy Éva'", 0, "kept");
    assert_string_equal(doc_sql(&rig, "SELECT secretary || '|' || (address <> '') FROM institution_letter"),
                        "Nagy Éva|true");
    ctl(arena_fmt(rig.a, "institutions letterhead hall-1 --arms %s", png), 0, "kept");
    ctl(arena_fmt(rig.a, "institutions letterhead hall-1 --arms %s", text), 1, "not a PDF, JPEG or PNG");
    ctl("institutions letterhead hall-9 --secretary X", 1, "no institution hall-9");
    ctl("template show nothing --institution hall-1 --out /dev/null", 1, "no template nothing");
    ctl("template show decision --institution hall-9 --out /dev/null", 1, "no institution hall-9");
    ctl("template show decision --institution hall-1 --lang en --out /dev/null", 1,
        "decision is not there in en");
    ctl("template check configs/lookups.json --configs configs", 1, "lookups.json");
    ctl("retention list", 0, "");
    ctl("retention inventory --institution hall-1 --class PET-10", 2, "--by is missing");
    ctl("retention inventory --institution hall-1 --class PET-10 --by ana", 1, "");
    ctl("retention inventory --institution hall-1 --class SC-P --by arhiva", 1, "kept for ever");
    ctl("retention inventory --institution hall-1 --class PET-10 --by arhiva", 1, "nothing of PET-10");
    ctl("retention dispose x --by primar", 1, "not the id");
}

static void from_inventory_to_minutes(void **state)
{
    const char *id = doc_case(&rig, "petition.general", "closed");
    char list[UUID_LEN] = "";

    (void)state;
    doc_sql(&rig,
            "UPDATE casefile SET closed_at = '2010-05-05 12:00Z', person = 'Zgribulea Ion', subject = "
            "'Gardul lui "
            "Zgribulea' WHERE id = '%s'",
            id);
    ctl(arena_fmt(rig.a, "retention inventory --institution hall-1 --class PET-10 --by arhiva --out %s/i.pdf",
                  rig.book.pg.dir),
        0, "list ");
    memcpy(list, strstr(book_said, "list ") + 5, UUID_LEN - 1);
    ctl(arena_fmt(rig.a, "retention dispose %s --by arhiva", list), 1, "who drew up the list");
    ctl("retention list --institution hall-1", 0, "waits for approval");
    ctl(arena_fmt(rig.a, "retention dispose %s --by primar --out %s/m.pdf", list, rig.book.pg.dir), 0,
        "document ");
    holds(paper_ask(rig.a, "pdftotext %s -", arena_fmt(rig.a, "%s/m.pdf", rig.book.pg.dir)), "Viceprimar");
    assert_string_equal(paper_ask(rig.a, "stat -c %a %s", arena_fmt(rig.a, "%s/m.pdf", rig.book.pg.dir)),
                        "600\n");
    for (int i = 0; i < 2; i++) { /* kept for ever, so without anybody's name */
        const char *file = arena_fmt(rig.a, "%s/%c.pdf", rig.book.pg.dir, "im"[i]);
        const char *text = paper_ask(rig.a, "pdftotext %s -", file);
        holds(text, "PET-10");
        if (strstr(text, "Zgribulea") || strstr(text, "Gardul"))
            fail_msg("%s", text);
    }
    assert_string_equal(doc_sql(&rig, "SELECT count(*) FROM document d WHERE d::text ILIKE '%%zgribulea%%' "
                                      "AND d.template LIKE 'archive%%'"),
                        "0");
    ctl("retention list --institution hall-1", 0, "disposed");
    ctl("audit-seal", 0, "");
    ctl("verify-audit", 0, "");
}

static void litter_goes_and_nothing_else(void **state)
{
    const struct store_place place = {rig.book.conf.blobs, 1};
    const char *id = doc_case(&rig, "petition.general", "decided");
    struct casefile c = doc_case_get(&rig, id);
    struct doc_effect f = {&c, "sign_answer", NULL, 0};
    struct document kept;
    char lost[STORE_HEX], young[STORE_HEX];
    struct err e = {0};

    (void)state;
    DOC_OK(doc_sign_case(&rig.w, &rig.primar, &f, &kept, &doc_err));
    DOC_OK(store_put(&place, BYTES("lost", 4), lost, &doc_err));
    DOC_OK(store_put(&place, BYTES("young", 5), young, &doc_err));
    char *age = arena_fmt(rig.a, "touch -d '3 days ago' %s/%.2s/%s %s/%.2s/%s", place.folder, lost, lost,
                          place.folder, kept.sha256, kept.sha256);
    FILE *p = popen(age, "r");
    assert_int_equal(pclose(p), 0);
    ctl("retention litter", 0, lost);
    holds(book_said, "1 files");
    ctl("retention litter --remove yes", 0, "1 files that nothing names, removed");
    struct bytes b;
    assert_int_equal(store_get(&place, rig.a, lost, &b, &e), RC_NOT_FOUND);
    DOC_OK(store_get(&place, rig.a, young, &b, &doc_err));
    DOC_OK(store_get(&place, rig.a, kept.sha256, &b, &doc_err));
    ctl("retention litter", 0, "0 files");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_template_in_every_language),
        cmocka_unit_test(commands_and_what_they_refuse),
        cmocka_unit_test(from_inventory_to_minutes),
        cmocka_unit_test(litter_goes_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, doc_setup, doc_teardown);
}
