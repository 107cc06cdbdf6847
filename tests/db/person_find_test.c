/* People without a CNP: looked for by name, told apart, exported and erased by the numbers of what they
 * filed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/book_page.h"
#include "backend/book_paper.h"
#include "common/base/fs.h"
#include "common/base/text.h"
#include "tests/db/book_rig.h"
#include "tests/db/said.h"

static struct book_rig rig;

static void must(enum rc rc, const struct err *e)
{
    if (rc != RC_OK)
        fail_msg("%s %s", rc_name(rc), e->text);
}

static int setup(void **state)
{
    (void)state;
    if (!book_rig_make(&rig))
        exit(77);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    book_rig_free(&rig);
    return 0;
}

/* Two people of one name: the first with two papers, one of them in work; the second with one. */
static void olgas(struct work *w, int64_t n[3])
{
    static const char *const mails[] = {"olga@a.example", "olga@a.example", "olga@b.example"};
    struct actor rodica = book_actor(w, "rodica");
    struct err e = {0};

    book_now = book_ms("2026-11-22T09:00:00.000Z");
    for (size_t i = 0; i < 3; i++) {
        struct book_paper_done done;
        const struct book_paper in = {.entry = {.institution = "hall-1",
                                                .direction = BOOK_IN,
                                                .subject = "Cetățenie",
                                                .correspondent = "Petrova Olga-Maria"},
                                      .service = "petition.general",
                                      .email = mails[i],
                                      .phone = i ? NULL : "0745 123 456"};
        must(book_paper(w, &rodica, &in, &done, &e), &e);
        n[i] = done.line.n;
    }
    book_now = 0;
    pgcluster_query(&rig.pg, arena_fmt(w->a,
                                       "UPDATE casefile SET closed_at = '2015-06-01', dispose_after = "
                                       "'2026-01-01' WHERE person LIKE 'Petrova%%' AND n <> %lld",
                                       (long long)n[1]));
}

static char olga[3][40];
static int64_t olga_n[3];
#define BY " --reason 'cererea persoanei' --by "

static int ctl(const char *words)
{
    return book_ctl(&rig, words);
}

static void looked_for(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct err e = {0};

    olgas(&w, olga_n);
    for (size_t i = 0; i < 3; i++)
        snprintf(olga[i], sizeof(olga[i]), "hall-1/petitions/2026/%lld", (long long)olga_n[i]);
    const char *file = arena_fmt(a, "%s/name", rig.pg.dir);
    must(fs_write(file, "petrova OLGA\n", 13, 0600, &e), &e);
    const struct said rows[] = {
        {"person find 'Petrova Olga'" BY "rodica", 0, "3 cases\n"},
        {arena_fmt(a, "person find - --reason cerere --by arhiva <%s", file), 0, "3 cases\n"},
        {"person find 'Petrova' --mark olga@a.example" BY "rodica", 0, "2 cases\n"},
        {"person find 'Petrova' --mark '+40 745-123456'" BY "rodica", 0,
         arena_fmt(a, "%s\tPET %lld/22.11.2026\tpetition.general\tPetrova Olga-Maria\tolga@a.example\t",
                   olga[0], (long long)olga_n[0])},
        {"person find 'Petrova' --mark 0722000000" BY "rodica", 0, "0 cases\n"},
        {"person find 'Petrova'" BY "dan", 0, "0 cases\n"},
        {"person find 'Petrova' --institution hall-1" BY "dan", 1, "denied"},
        {"person find 'Petrova'" BY "ana", 1, "denied"},
        {"person find 'Petrova' --by rodica", 2, "--reason is missing"},
        {"person find 12/2026" BY "rodica", 1, "Type a name"},
        {"person find 'Petrova Olga' --reason 'cere Olga Petrova' --by rodica", 1, "The reason cannot bear"},
    };
    said_each(rows, COUNT(rows), ctl, book_said);
    db_sync_close(w.db);
}

static void by_numbers(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    const struct said rows[] = {
        {arena_fmt(a, "person export 1900517123453 --cases %s --name Olga --out x" BY "rodica", olga[0]), 2,
         "person export"},
        {arena_fmt(a, "person export --cases %s --out x" BY "rodica", olga[0]), 2, "--name is missing"},
        {arena_fmt(a, "person erase --cases %s --name ' '" BY "arhiva", olga[0]), 1,
         "Give the person's name"},
        {"person erase --cases ', ' --name Olga" BY "arhiva", 2, "names no number"},
        {"person erase --cases 12 --name Olga --institution hall-1" BY "arhiva", 1,
         "12 is not a number with its year"},
        {"person erase --cases 12/2026 --name Olga" BY "arhiva", 1, "12/2026 is not a number with its year"},
        {"person erase --cases hall-1/petitions/2026/999 --name Olga" BY "arhiva", 1,
         "There is no case with the number hall-1/petitions/2026/999"},
        {arena_fmt(a, "person erase --cases %s --name 'Petrova Elena'" BY "arhiva", olga[0]), 1,
         "does not bear this name"},
        {arena_fmt(a, "person erase --cases %s,%s --name 'Petrova Olga'" BY "arhiva", olga[0], olga[1]), 1,
         "Nothing was erased: cases still within their term"},
        {arena_fmt(a, "person erase --cases %s --name 'Petrova Olga'" BY "rodica", olga[0]), 1, "denied"},
        {arena_fmt(a, "person erase --cases %s --name Petrova --reason 'Petrova Olga' --by arhiva", olga[0]),
         1, "The reason cannot bear"},
        {arena_fmt(a, "person erase --cases %s --name Petrova --reason 'cere Petrova' --by arhiva", olga[0]),
         1, "The reason cannot bear"},
        {arena_fmt(a, "person export --cases %s --name Olga" BY "dan --out %s/none", olga[0], rig.pg.dir), 1,
         "denied"},
        {arena_fmt(
             a,
             "person export --cases '%s, PET %lld/22.11.2026' --institution hall-1 --name 'Olga Petrova'" BY
             "rodica --out %s/olga",
             olga[0], (long long)olga_n[1], rig.pg.dir),
         0, "2 cases, "},
        {arena_fmt(a, "person erase --cases %s --name 'Olga PETROVA'" BY "arhiva", olga[0]), 0,
         "1 cases erased, "},
        {arena_fmt(a, "person erase --cases %s --name 'Olga PETROVA'" BY "arhiva", olga[0]), 1,
         "was erased already"},
        {"person find 'Petrova'" BY "rodica", 0, "2 cases\n"},
        {"register seal", 0, ""},
        {"register verify", 0, "findings 0"},
    };
    said_each(rows, COUNT(rows), ctl, book_said);
    assert_string_equal(
        pgcluster_query(&rig.pg,
                        "SELECT string_agg((subject = '')::text || (erasure IS NOT NULL)::text, ' ' ORDER "
                        "BY n) FROM register_entry WHERE at::date = '2026-11-22'"),
        "truetrue falsefalse falsefalse");
    assert_string_equal(pgcluster_query(&rig.pg, "SELECT count(*) FROM audit WHERE detail ILIKE '%petrova%'"),
                        "0");
    assert_string_equal(pgcluster_query(&rig.pg, "SELECT count(*) FROM audit WHERE act = 'person looked up'"),
                        "7");
}

/* What the desk shows of the day, and the minutes of the last erasure, without blanks. */
static const char *page_now(struct work *w)
{
    const struct book_ask ask = {"hall-1", "petitions", 2026, "2026-11-22", 0, 0};
    struct actor rodica = book_actor(w, "rodica");
    struct err e = {0};
    BUF_SCOPE(out);

    must(book_page_json(w, &rodica, &ask, &out, &e), &e);
    return arena_strn(w->a, out.p, out.len);
}

static const char *minutes_now(struct arena *a)
{
    const char *sum =
        arena_str(a, pgcluster_query(&rig.pg, "SELECT encode(sha256, 'hex') FROM document WHERE template = "
                                              "'person.erase' ORDER BY made_at DESC LIMIT 1"));
    const char *line =
        arena_fmt(a, "pdftotext '%s/%.2s/%s' - | tr -d '\n '", rig.house.conf->blobs, sum, sum);
    char text[4000];
    FILE *f = popen(line, "r");

    assert_non_null(f);
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    pclose(f);
    return arena_strn(a, text, n);
}

/* A page from before lines had salts: its words stay, the minutes say so, and it holds. */
static void old_page(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    const char *erase =
        arena_fmt(a, "person erase --cases %s --name Olga --reason termen --by arhiva", olga[2]);
    const char *stays = arena_fmt(a, "rămânetextulpozițiilorPET%lld/2026", (long long)olga_n[2]);

    assert_null(strstr(minutes_now(a), "rămânetextul"));
    assert_non_null(strstr(page_now(&w), "\"erasure\":1"));
    assert_null(strstr(page_now(&w), "\"erasure\":2"));
    book_script(&rig,
                arena_fmt(a,
                          "SET session_replication_role = replica; UPDATE register_entry SET salt = NULL "
                          "WHERE n = %lld; DELETE FROM register_day",
                          (long long)olga_n[2]));
    const struct said rows[] = {
        {"register seal", 0, "pages "},
        {erase, 0, "1 cases erased, "},
        {"register verify", 0, "findings 0"},
        {"register page hall-1 petitions 2026-11-22", 0, "petition.general\tCetățenie\npage "},
        {"person find 'Petrova' --reason cerere --by rodica", 0, "1 cases\n"},
    };
    said_each(rows, COUNT(rows), ctl, book_said);
    if (!strstr(minutes_now(a), stays))
        fail_msg("%s\nwanted: %s", minutes_now(a), stays);
    assert_null(strstr(page_now(&w), "\"erasure\":2"));
    db_sync_close(w.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(looked_for), cmocka_unit_test(by_numbers),
                                       cmocka_unit_test(old_page)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
