/* Papers that clerks bring: judged by their bytes, certified without being touched, gone only after their
 * term.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jpeglib.h>

#include "common/base/fs.h"
#include "common/base/g4.h"
#include "common/base/pdf.h"
#include "tests/db/doc_rig.h"

static struct bytes jpeg(int width, int height)
{
    struct jpeg_compress_struct c = {0};
    struct jpeg_error_mgr err;
    unsigned char *out = NULL;
    unsigned long len = 0;
    uint8_t *row = arena_alloc(rig.a, (size_t)width);

    c.err = jpeg_std_error(&err);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &out, &len);
    c.image_width = (unsigned)width;
    c.image_height = (unsigned)height;
    c.input_components = 1;
    c.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&c);
    jpeg_start_compress(&c, TRUE);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++)
            row[x] = (uint8_t)(x * 255 / width);
        JSAMPROW at = row;
        jpeg_write_scanlines(&c, &at, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    struct bytes kept = BYTES(arena_dup(rig.a, out, len), len);
    free(out);
    return kept;
}

/* As the kiosk's scanner files it: a grey page, a text page lying on its side. */
static struct bytes scan_pdf(void)
{
    uint8_t *bits = arena_alloc(rig.a, 155 * 1754);
    const struct bilevel text = {1240, 1754, 155, bits};
    struct err e = {0};
    BUF_SCOPE(g4);
    BUF_SCOPE(out);

    for (int y = 200; y < 400; y++)
        memset(bits + y * 155 + 20, 0xFF, 60);
    g4_encode(&text, &g4);
    struct bytes grey = jpeg(826, 1168);
    const struct pdf_page pages[] = {
        {.data = grey, .width = 826, .height = 1168, .channels = 1, .dpi = 100},
        {.data = BYTES(g4.p, g4.len),
         .width = 1240,
         .height = 1754,
         .channels = 1,
         .dpi = 150,
         .turns = 1,
         .g4 = true},
    };
    const struct pdf_doc doc = {"Hârtie", "ro", 1795334400000, pages, 2};
    assert_int_equal(pdf_write(&doc, &out, &e), RC_OK);
    return BYTES(arena_dup(rig.a, out.p, out.len), out.len);
}

static const char foreign[] = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
                              "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
                              "3 0 obj<</Type /Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
                              "xref\n0 4\ntrailer<</Root 1 0 R>>\nstartxref\n161\n%%EOF\n";

static enum rc add(const struct actor *who, const struct doc_upload *what, struct bytes b, struct document *d,
                   struct err *e)
{
    struct doc_upload up = *what;
    struct store_file *f SCOPED(store_dropp) = doc_file(&rig, b.p, b.len);
    up.file = f;
    return doc_add(&rig.w, who, &up, d, e);
}

static int half_received(void)
{
    FILE *f = popen(arena_fmt(rig.a, "ls %s/new | wc -l", rig.book.conf.blobs), "r");
    int n = -1;
    assert_int_equal(fscanf(f, "%d", &n), 1);
    pclose(f);
    return n;
}

static void hostile_papers(void **state)
{
    const char *id = doc_case(&rig, "petition.general", "in_work");
    static char big[STORE_FILE_MAX + 2] = "%PDF-1.7";
    const struct bytes good = jpeg(20, 20);

    (void)state;
    const struct {
        struct doc_upload up;
        struct bytes b;
        const struct actor *who;
        enum rc rc;
        const char *code;
    } rows[] = {
        {{id, "scan", "a.jpg", "image/jpeg"}, BYTES("", 0), &rig.ana, RC_BAD_FIELD},
        {{id, "scan", "a.jpg", "image/jpeg"}, BYTES("\xFF\xD8\xFF\xE0", 4), &rig.ana, RC_BAD_FIELD},
        {{id, "scan", "a.jpg", "image/jpeg"}, BYTES(good.p, good.len - 9), &rig.ana, RC_BAD_FIELD},
        {{id, "scan", "a.pdf", "application/pdf"}, good, &rig.ana, RC_BAD_FIELD},
        {{id, "scan", "a.html", "text/html"}, BYTES("<script>alert(1)</script>", 25), &rig.ana, RC_BAD_FIELD},
        {{id, "scan", "a.svg", NULL}, BYTES("<svg onload=x>", 14), &rig.ana, RC_BAD_FIELD},
        {{id, "scan", "a.pdf", NULL}, BYTES("%PDF-1.7\nGIF89a", 15), &rig.ana, RC_BAD_FIELD},
        {{id, "scan", "a.pdf", NULL}, BYTES(big, sizeof big), &rig.ana, RC_TOO_BIG},
        {{id, "scan", "a.tif", NULL}, BYTES("II*\0\x08\0\0\0", 8), &rig.ana, RC_BAD_FIELD, "TIFF"},
        {{id, "scan", "a.tif", "image/tiff"}, BYTES("MM\0*\0\0\0\x08", 8), &rig.ana, RC_BAD_FIELD, "TIFF"},
        {{id, "scan", "a.doc", NULL}, BYTES("\xD0\xCF\x11\xE0 word", 9), &rig.ana, RC_BAD_FIELD, "TYPE"},
        {{id, "scan", "a.pdf", NULL}, BYTES(foreign, sizeof foreign - 9), &rig.ana, RC_BAD_FIELD, "BROKEN"},
        {{id, "answer", "a.jpg", NULL}, good, &rig.ana, RC_BAD_FIELD},
        {{id, "'; DROP TABLE document; --", "a.jpg", NULL}, good, &rig.ana, RC_BAD_FIELD},
        {{id, "scan",
          "a\x01"
          "b",
          NULL},
         good,
         &rig.ana,
         RC_BAD_FIELD},
        {{id, "scan", "\xFF\xFE", NULL}, good, &rig.ana, RC_BAD_FIELD},
        {{"no-such-case", "scan", "a.jpg", NULL}, good, &rig.ana, RC_NOT_FOUND},
        {{"00000000-0000-7000-8000-000000000000", "scan", "a.jpg", NULL}, good, &rig.ana, RC_NOT_FOUND},
        {{id, "scan", "a.jpg", NULL}, good, &rig.dan, RC_DENIED},
        {{id, "scan", "a.jpg", NULL}, good, &rig.primar, RC_DENIED},
        {{id, "scan", "a.jpg", NULL}, good, &actor_citizen, RC_DENIED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err e = {0};
        struct document d;
        enum rc rc = add(rows[i].who, &rows[i].up, rows[i].b, &d, &e);
        if (rc != rows[i].rc || (rows[i].code && strcmp(e.code, rows[i].code) != 0))
            fail_msg("row %zu: %s, %s %s", i, rc_name(rc), e.code, e.text);
    }
    assert_string_equal(doc_sql(&rig, "SELECT count(*) FROM document WHERE case_id = '%s'", id), "0");
    assert_string_equal(doc_sql(&rig, "SELECT count(*) FROM audit WHERE request_id = '%s'", id), "0");
    assert_int_equal(half_received(), 0);
}

static void a_good_paper_is_kept_bit_for_bit(void **state)
{
    const char *id = doc_case(&rig, "petition.general", "in_work");
    const struct bytes b = jpeg(60, 40);
    struct doc_upload up = {id, "scan", "C:\\Users\\ana\\foaie <1>.jpg", "image/jpeg", NULL, NULL};
    struct document d, again, seen;
    struct bytes back;

    (void)state;
    DOC_OK(add(&rig.ana, &up, b, &d, &doc_err));
    assert_string_equal(d.title, "foaie <1>.jpg");
    assert_string_equal(d.type, "image/jpeg");
    const struct doc_ask ask = {d.id, NULL};
    DOC_OK(doc_whole(&rig, &rig.ana, &ask, &seen, &back, &doc_err));
    assert_int_equal(back.len, b.len);
    assert_memory_equal(back.p, b.p, b.len);
    /* the same bytes at another case: one file, two documents */
    struct doc_upload other = {
        doc_case(&rig, "petition.general", "in_work"), "attachment", "x", NULL, NULL, NULL};
    DOC_OK(add(&rig.ana, &other, b, &again, &doc_err));
    assert_string_equal(again.sha256, d.sha256);
    assert_string_not_equal(again.id, d.id);
    assert_string_equal(
        doc_sql(&rig, "SELECT count(*) FROM blob WHERE sha256 = decode('%s', 'hex')", d.sha256), "1");
    assert_string_equal(doc_sql(&rig,
                                "SELECT act || (SELECT ' ' || actor FROM case_event WHERE case_id = '%s') "
                                "FROM audit WHERE request_id = '%s'",
                                id, id),
                        "document added ana");
    BUF_SCOPE(json);
    doc_json(&d, &json);
    struct jval *v;
    DOC_OK(jval_parse(rig.a, json.p, json.len, &v, &doc_err));
    assert_string_equal(jval_str(v, "title", ""), "foaie <1>.jpg");
}

static void the_day_has_a_limit(void **state)
{
    const char *id = doc_case(&rig, "petition.general", "in_work");
    struct doc_upload up = {id, "scan", "a.jpg", NULL, NULL, NULL};
    struct document d;
    struct err e = {0};

    (void)state;
    doc_sql(&rig, "INSERT INTO blob VALUES (sha256('full'), 2147483000, 'image/jpeg', 'account:ana', now())");
    assert_int_equal(add(&rig.ana, &up, jpeg(61, 41), &d, &e), RC_LIMIT);
    assert_int_equal(half_received(), 0);
    doc_sql(&rig, "UPDATE blob SET received_at = now() - interval '25 hours' WHERE sha256 = sha256('full')");
    DOC_OK(add(&rig.ana, &up, jpeg(61, 41), &d, &doc_err));
    doc_sql(&rig, "DELETE FROM blob WHERE sha256 = sha256('full')");
}

static void certified_pages_carry_the_band(void **state)
{
    const char *id = doc_case(&rig, "petition.general", "in_work");
    struct doc_upload up = {id, "scan", "Act de proprietate", NULL, NULL, NULL};
    struct document parent, copy, again;
    struct bytes pdf, untouched;
    const struct bytes scan = scan_pdf();

    (void)state;
    DOC_OK(add(&rig.ana, &up, scan, &parent, &doc_err));
    DOC_OK(doc_certify(&rig.w, &rig.ana, parent.id, NULL, &copy, &doc_err));
    assert_string_equal(copy.kind, "certified");
    assert_string_equal(copy.parent, parent.id);
    assert_string_equal(copy.certified_by, "ana");
    assert_int_equal(copy.pages, 3);
    const struct doc_ask ask = {copy.id, NULL}, ask_parent = {parent.id, NULL};
    DOC_OK(doc_whole(&rig, &rig.ana, &ask, &again, &pdf, &doc_err));
    for (int page = 1; page <= 3; page++) {
        const char *text =
            doc_ask(&rig, pdf, "certified", arena_fmt(rig.a, "pdftotext -f %d -l %d %%s -", page, page));
        holds(text, "Conform cu originalul");
        holds(text, "Ana Pop");
        holds(text, parent.sha256);
        holds(text, arena_fmt(rig.a, "%d/3", page));
    }
    const char *images = doc_ask(&rig, pdf, "certified", "pdfimages -list %s");
    holds(images, "jpeg");
    holds(images, "ccitt");
    const char *tree = doc_ask(&rig, pdf, "certified", "pdfinfo -struct %s"),
               *second = strstr(tree, "Figure");
    assert_true(second && strstr(second + 1, "Figure")); /* each page has its words */
    holds(doc_ask(&rig, pdf, "certified", "pdfinfo %s"), "Tagged:          yes");
    holds(doc_ask(&rig, pdf, "certified", "qpdf --check %s"), "No syntax");
    /* the parent: not one bit */
    DOC_OK(doc_whole(&rig, &rig.ana, &ask_parent, &again, &untouched, &doc_err));
    assert_int_equal(untouched.len, scan.len);
    assert_memory_equal(untouched.p, scan.p, scan.len);
    /* a second click gives the same paper */
    DOC_OK(doc_certify(&rig.w, &rig.ana, parent.id, NULL, &again, &doc_err));
    assert_string_equal(again.id, copy.id);
    /* a copy of a copy is none */
    struct err e = {0};
    assert_int_equal(doc_certify(&rig.w, &rig.ana, copy.id, NULL, &again, &e), RC_STATE);
    assert_int_equal(doc_certify(&rig.w, &rig.primar, parent.id, NULL, &again, &e), RC_DENIED);
    assert_int_equal(doc_certify(&rig.w, &rig.dan, parent.id, NULL, &again, &e), RC_DENIED);
}

static void a_foreign_pdf_lies_inside(void **state)
{
    const char *id = doc_case(&rig, "petition.general", "in_work");
    struct doc_upload up = {id, "attachment", "semnat.pdf", NULL, NULL, NULL};
    struct document parent, copy, seen;
    struct bytes pdf;

    (void)state;
    DOC_OK(add(&rig.ana, &up, BYTES(foreign, sizeof foreign - 1), &parent, &doc_err));
    DOC_OK(doc_certify(&rig.w, &rig.ana, parent.id, NULL, &copy, &doc_err));
    const struct doc_ask ask = {copy.id, NULL};
    DOC_OK(doc_whole(&rig, &rig.ana, &ask, &seen, &pdf, &doc_err));
    holds(doc_ask(&rig, pdf, "inside", "qpdf --check %s"), "No syntax");
    holds(doc_ask(&rig, pdf, "inside", "pdftotext %s -"), parent.sha256);
    const char *back = doc_ask(&rig, pdf, "inside", "qpdf --show-attachment=original.pdf %s");
    assert_string_equal(back, foreign);
}

static void pictures_are_certified_too(void **state)
{
    const char *id = doc_case(&rig, "petition.general", "in_work");
    struct doc_upload up = {id, "scan", "Fotografie", NULL, NULL, NULL};
    struct document parent, copy, seen;
    struct bytes pdf;

    (void)state;
    DOC_OK(add(&rig.ana, &up, jpeg(300, 200), &parent, &doc_err));
    DOC_OK(doc_certify(&rig.w, &rig.ana, parent.id, NULL, &copy, &doc_err));
    const struct doc_ask ask = {copy.id, NULL};
    DOC_OK(doc_whole(&rig, &rig.ana, &ask, &seen, &pdf, &doc_err));
    holds(doc_ask(&rig, pdf, "picture", "pdfimages -list %s"), "jpeg");
    holds(doc_ask(&rig, pdf, "picture", "qpdf --check %s"), "No syntax");
    assert_int_equal(copy.pages, 2);
    const struct bytes came = jpeg(300, 200); /* the picture in it is the one that came, byte for byte */
    assert_non_null(memmem(pdf.p, pdf.len, came.p, came.len));
}

/* Killed at some line between the first byte and the row: a file may be there without its row, never a row
 * without its file. */
static void killed_in_between(void **state)
{
    const char *id = doc_case(&rig, "petition.general", "in_work");

    (void)state;
    for (int i = 0; i < 24; i++) {
        const struct bytes b = jpeg(100 + i, 90);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            ARENA_SCOPE(a);
            struct work w = book_job(&rig.book, a);
            struct doc_upload up = {id, "scan", "x", NULL, NULL, doc_file(&rig, b.p, b.len)};
            struct document d;
            struct err e = {0};
            for (;;)
                if (doc_add(&w, &rig.ana, &up, &d, &e) != RC_OK)
                    pause();
        }
        usleep((useconds_t)(i < 23 ? 4000 + 6000 * i : 900000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    const char *hashes =
        doc_sql(&rig, "SELECT string_agg(encode(sha256, 'hex'), ' ') FROM document WHERE case_id = '%s'", id);
    int rows = 0;
    for (const char *at = hashes; strlen(at) >= 64; at += at[64] == ' ' ? 65 : 64, rows++) {
        const char *path = arena_fmt(rig.a, "%s/%.2s/%.64s", rig.book.conf.blobs, at, at);
        assert_true(fs_exists(path));
    }
    print_message("%d of 24 were stored\n", rows);
    assert_true(rows > 0);
    assert_string_equal(doc_sql(&rig, "SELECT count(*) FROM document d WHERE NOT EXISTS (SELECT FROM blob b "
                                      "WHERE b.sha256 = d.sha256)"),
                        "0");
    assert_string_equal(doc_sql(&rig,
                                "SELECT count(*) FROM document d WHERE case_id = '%s' AND NOT EXISTS (SELECT "
                                "FROM audit a WHERE a.detail LIKE d.id || '%%')",
                                id),
                        "0");
}

/* ---- retention ---- */

static const char *closed(const char *service, const char *on)
{
    const char *id = doc_case(&rig, service, "closed");
    doc_sql(&rig, "UPDATE casefile SET closed_at = '%s 12:00Z' WHERE id = '%s'", on, id);
    return id;
}

/* What the citizen's terminal sent with this case goes, too; what another case names stays. */
static void files_of_requests(const char *old, const char *open, char mine[STORE_HEX], char shared[STORE_HEX])
{
    const struct store_place place = {rig.book.conf.blobs, 1};
    DOC_OK(store_put(&place, BYTES("%PDF-1.7 mine", 13), mine, &doc_err));
    DOC_OK(store_put(&place, BYTES("%PDF-1.7 shared", 15), shared, &doc_err));
    doc_sql(&rig,
            "WITH b AS (INSERT INTO blob (sha256, size, type, terminal) VALUES (decode('%s', 'hex'), 13, "
            "'application/pdf', 'K01'), (decode('%s', 'hex'), 15, 'application/pdf', 'K01') RETURNING "
            "sha256), o AS "
            "(SELECT c.id, b.sha256 FROM casefile c, b WHERE c.id = '%s' OR (c.id = '%s' AND b.sha256 = "
            "decode('%s', "
            "'hex'))) INSERT INTO document (id, case_id, institution, kind, title, lang, sha256, size, type, "
            "made_at, "
            "made_by) SELECT gen_random_uuid(), id, 'hall-1', 'attachment', 'x', 'ro', sha256, 13, "
            "'application/pdf', "
            "now(), 'citizen' FROM o",
            mine, shared, old, open, shared);
    doc_sql(&rig, "UPDATE blob SET received_at = now() - interval '10 years'");
}

static void refused_lists(const struct doc_class *pet)
{
    const struct doc_class ever = {"hall-1", "SC-P"}, wrong = {"hall-1", "X"}, far = {"hall-2", "PET-10"};
    struct document d;
    const char *id;
    struct err e = {0};

    assert_int_equal(doc_dispose_list(&rig.w, &rig.ana, pet, &id, &d, &e), RC_DENIED);
    assert_int_equal(doc_dispose_list(&rig.w, &rig.arhiva, &far, &id, &d, &e), RC_DENIED);
    assert_int_equal(doc_dispose_list(&rig.w, &rig.arhiva, &ever, &id, &d, &e), RC_STATE);
    assert_int_equal(doc_dispose_list(&rig.w, &rig.arhiva, &wrong, &id, &d, &e), RC_BAD_FIELD);
}

static const char *const inventoried[] = {
    "Petiții și sesizări",
    "Inventarul nr. 1 ",
    "PET-10",
    "de Ilie Arhiva",
    "Dosare: 1. Documente: 1. Închise între 30.12.2015 și 30.12.2015.",
};
/* What the terminal sent came after the list. */
static const char *const minuted[] = {
    "Ioan Mureșan",
    "Ilie Arhiva",
    "10 ani",
    "Proces-verbal de selecționare nr. 1",
    "inventarul nr. 1, întocmit la 01.01.2026 de Ilie Arhiva",
    "Dosare: 1. Documente: 3.",
};

static void two_persons_and_the_whole_term(void **state)
{
    const char *old = closed("petition.general", "2015-12-30"),
               *edge = closed("petition.general", "2016-01-02");
    const char *open = doc_case(&rig, "petition.general", "in_work"),
               *civil = closed("cs.birth_declaration", "1950-01-01");
    struct doc_upload up = {old, "scan", "veche.jpg", NULL, NULL, NULL};
    struct document paper, inventory, minutes, seen;
    struct bytes pdf;
    const char *id, *none;
    struct err e = {0};

    (void)state;
    book_now = book_ms("2026-01-01T09:00:00.000Z");
    DOC_OK(add(&rig.ana, &up, jpeg(77, 55), &paper, &doc_err));
    const struct doc_class pet = {"hall-1", "PET-10"};
    refused_lists(&pet);
    /* 30.12.2015 and ten whole years from January 2016: over on 1.1.2026; 2.1.2016: a year more */
    DOC_OK(doc_dispose_list(&rig.w, &rig.arhiva, &pet, &id, &inventory, &doc_err));
    assert_string_equal(
        doc_sql(&rig, "SELECT cases = ARRAY['%s']::uuid[] FROM disposal WHERE id = '%s'", old, id), "t");
    assert_int_equal(doc_dispose_list(&rig.w, &rig.arhiva, &pet, &none, &seen, &e), RC_STATE);
    const struct doc_ask ask = {inventory.id, NULL};
    DOC_OK(doc_whole(&rig, &rig.arhiva, &ask, &seen, &pdf, &doc_err));
    const char *text = doc_ask(&rig, pdf, "inventory", "pdftotext -layout %s -");
    for (size_t i = 0; i < COUNT(inventoried); i++)
        holds(text, inventoried[i]);
    assert_null(strstr(text, "Țîrlea")); /* no names */
    char mine[STORE_HEX], shared[STORE_HEX];
    files_of_requests(old, open, mine, shared);
    /* not by the same hand, not by just anybody */
    assert_int_equal(doc_dispose(&rig.w, &rig.arhiva, id, &minutes, &e), RC_DENIED);
    assert_int_equal(doc_dispose(&rig.w, &rig.ana, id, &minutes, &e), RC_DENIED);
    assert_int_equal(doc_dispose(&rig.w, &rig.dan, id, &minutes, &e), RC_DENIED);
    const char *path = arena_fmt(rig.a, "%s/%.2s/%s", rig.book.conf.blobs, paper.sha256, paper.sha256);
    assert_true(fs_exists(path));
    /* opened again in between: nothing goes */
    doc_sql(&rig, "UPDATE casefile SET closed_at = NULL WHERE id = '%s'", old);
    assert_int_equal(doc_dispose(&rig.w, &rig.primar, id, &minutes, &e), RC_STATE);
    doc_sql(&rig, "UPDATE casefile SET closed_at = '2015-12-30 12:00Z' WHERE id = '%s'", old);
    assert_true(fs_exists(path));
    DOC_OK(doc_dispose(&rig.w, &rig.primar, id, &minutes, &doc_err));
    assert_false(fs_exists(path));
    assert_false(fs_exists(arena_fmt(rig.a, "%s/%.2s/%s", rig.book.conf.blobs, mine, mine)));
    assert_true(fs_exists(arena_fmt(rig.a, "%s/%.2s/%s", rig.book.conf.blobs, shared, shared)));
    const struct doc_ask ask2 = {minutes.id, NULL}, gone = {paper.id, NULL};
    DOC_OK(doc_whole(&rig, &rig.arhiva, &ask2, &seen, &pdf, &doc_err));
    text = doc_ask(&rig, pdf, "minutes", "pdftotext -layout %s -");
    for (size_t i = 0; i < COUNT(minuted); i++)
        holds(text, minuted[i]);
    assert_int_equal(doc_whole(&rig, &rig.ana, &gone, &seen, &pdf, &e), RC_NOT_FOUND);
    assert_int_equal(doc_dispose(&rig.w, &rig.primar, id, &minutes, &e), RC_STATE);
    /* every row is still there */
    assert_string_equal(doc_sql(&rig, "SELECT count(*) FROM casefile WHERE id IN ('%s', '%s', '%s', '%s')",
                                old, edge, open, civil),
                        "4");
    assert_string_equal(doc_sql(&rig, "SELECT count(*) FROM document WHERE id = '%s'", paper.id), "1");
    assert_string_equal(
        doc_sql(&rig, "SELECT count(*) FROM blob WHERE sha256 = decode('%s', 'hex') AND gone_at IS NOT NULL",
                paper.sha256),
        "1");
    book_now = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_papers),
        cmocka_unit_test(a_good_paper_is_kept_bit_for_bit),
        cmocka_unit_test(the_day_has_a_limit),
        cmocka_unit_test(certified_pages_carry_the_band),
        cmocka_unit_test(a_foreign_pdf_lies_inside),
        cmocka_unit_test(pictures_are_certified_too),
        cmocka_unit_test(killed_in_between),
        cmocka_unit_test(two_persons_and_the_whole_term),
    };
    return cmocka_run_group_tests(tests, doc_setup, doc_teardown);
}
