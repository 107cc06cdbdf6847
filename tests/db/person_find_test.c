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

/* ---- lines of the book that have no case ---- */

static int64_t line_of(struct work *w, const char *at, const char *reg, enum book_direction dir,
                       const char *who, const char *subject)
{
    struct actor rodica = book_actor(w, "rodica");
    const struct book_entry in = {
        .institution = "hall-1", .reg = reg, .direction = dir, .correspondent = who, .subject = subject};
    struct book_line line;
    struct err e = {0};

    book_now = book_ms(at);
    must(book_add(w, &rodica, &in, &line, &e), &e);
    book_now = 0;
    return line.n;
}

static const char *shown_at(struct arena *a, const char *path)
{
    struct err e = {0};
    char *text;
    size_t len;

    must(fs_read(a, path, 1 << 20, &text, &len, &e), &e);
    return text;
}

struct radu {
    long long old, inner, last, fresh, ever, fixed; /* numbers; the last puts right the first */
    int now;
    const char *mine;
};
static void radus(struct arena *a, struct radu *r)
{
    struct work w = book_job(&rig, a);
    struct actor rodica = book_actor(&w, "rodica");
    struct err e = {0};
    struct book_line fixed;
    const int now = date_of_ms(unix_ms()).y, due = now - 11, last_year = now - 10,
              new = now - 1; /* kept for ten */
#define AT(y, rest) arena_fmt(a, "%d" rest, y)

    r->old = line_of(&w, AT(due, "-03-02T08:00:00.000Z"), "general", BOOK_IN, "Zamfirescu Radu", "Mulțumire");
    r->inner = line_of(&w, AT(due, "-03-02T09:00:00.000Z"), "internal", BOOK_INTERNAL, "",
                       "Concediul lui Radu "
                       "Zamfirescu");
    r->last = line_of(&w, AT(last_year, "-12-31T09:00:00.000Z"), "general", BOOK_IN, "Zamfirescu Radu",
                      "Felicitare");
    r->fresh =
        line_of(&w, AT(new, "-03-02T08:00:00.000Z"), "general", BOOK_IN, "Zamfirescu Radu", "Invitație");
    r->ever =
        line_of(&w, AT(due, "-03-02T10:00:00.000Z"), "civil_status", BOOK_OUT, "Zamfirescu Radu", "Extras");
    book_now = book_ms(AT(due, "-03-03T08:00:00.000Z"));
    const struct book_fix fix = {"hall-1",     "general", due, r->old, "Se va citi Zamfirescu Radu-Ion",
                                 "Radu a spus"};
    must(book_correct(&w, &rodica, &fix, &fixed, &e), &e);
    book_now = 0;
    db_sync_close(w.db);
    r->fixed = fixed.n;
    r->now = now;
    r->mine = arena_fmt(a, "hall-1/general/%d/%lld,hall-1/internal/%d/%lld", due, r->old, due, r->inner);
}

static struct radu radu;
static struct arena *radu_arena;

#define NAMED " --name 'Radu ZAMFIRESCU'"
static void entries_refused(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    const struct radu *r = &radu;
    radu_arena = arena_new();
    radus(radu_arena, &radu);
    const int due = r->now - 11, new = r->now - 1;
    const struct said rows[] = {
        {arena_fmt(a, "person erase --entries hall-1/general/%d/%lld" BY "arhiva", due, r->old), 2,
         "--name is missing"},
        {"person erase --entries ', '" NAMED BY "arhiva", 2, "--entries names no number"},
        {arena_fmt(a, "person erase 1900517123453 --entries %s" NAMED BY "arhiva", r->mine), 2,
         "person export"},
        {"person erase --entries 12" NAMED BY "arhiva", 1, "12 is not a number with its year"},
        {"person erase --entries hall-1/general/2014/999" NAMED BY "arhiva", 1,
         "There is no entry with the number"},
        {arena_fmt(a, "person erase --entries %s --name Zamfira" BY "arhiva", r->mine), 1,
         "does not bear this name"},
        {arena_fmt(a, "person erase --entries %s" NAMED " --reason 'cere Zamfirescu' --by arhiva", r->mine),
         1, "The reason cannot bear"},
        {arena_fmt(a, "person erase --entries %s" NAMED BY "rodica", r->mine), 1, "denied"},
        {arena_fmt(a, "person export --entries %s" NAMED BY "dan --out %s/none", r->mine, rig.pg.dir), 1,
         "denied"},
        {arena_fmt(a, "person erase --entries %s --name Petrova" BY "arhiva", olga[1]), 1,
         "belongs to a case"},
        {arena_fmt(a, "person erase --cases %s" NAMED BY "arhiva", r->mine), 1,
         "There is no case with the number"},
        {arena_fmt(a, "person erase --entries hall-1/general/%d/%lld" NAMED BY "arhiva", due, r->fixed), 1,
         "is a correction: give the number that it puts right"},
        {arena_fmt(a, "person erase --entries '%s,hall-1/general/%d/%lld'" NAMED BY "arhiva", r->mine, new,
                   r->fresh),
         1, "Nothing was erased: entries still within their term"},
        {arena_fmt(a, "person erase --entries hall-1/general/%d/%lld" NAMED BY "arhiva", new, r->fresh), 1,
         arena_fmt(a, "(until 31 December %d)", r->now + 9)},
        {arena_fmt(a, "person erase --entries hall-1/general/%d/%lld" NAMED BY "arhiva", r->now - 10,
                   r->last),
         1, arena_fmt(a, "(until 31 December %d)", r->now)},
        {arena_fmt(a, "person erase --entries hall-1/civil_status/%d/%lld" NAMED BY "arhiva", due, r->ever),
         1, "(kept for ever)"},
    };
    said_each(rows, COUNT(rows), ctl, book_said);
}

/* A letter that was answered at once, an internal line and what was put right in it: copied, and erased when
 * the term of their register is over; under the same conditions as cases. */
static void by_entries(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    const struct radu *r = &radu;
    const int due = r->now - 11, new = r->now - 1;
    const struct said rows[] = {
        {"person find 'radu zamfirescu'" BY "rodica", 0, "0 cases, 5 entries\n"},
        {"person find Zamfirescu --institution hall-1" BY "rodica", 0,
         arena_fmt(a,
                   "hall-1/internal/%d/%lld\tINT %lld/02.03.%d\tentry without a case\tConcediul lui Radu "
                   "Zamfirescu\tdue\n",
                   due, r->inner, r->inner, due)},
        {"person find Zamfirescu --mark felicitare" BY "rodica", 0, "0 cases, 1 entries\n"},
        {"person find 'Radu-Ion'" BY "rodica", 0, "0 cases, 1 entries\n"},
        {"person find Zamfirescu" BY "dan", 0, "0 cases\n"},
        {"person find Zamfirescu --reason 'cere Zamfirescu' --by rodica", 1, "The reason cannot bear"},
        {arena_fmt(a,
                   "person export --entries '%s, %lld/02.03.%d' --institution hall-1" NAMED BY
                   "rodica --out %s/radu",
                   r->mine, r->fresh, new, rig.pg.dir),
         0, "0 cases, 3 entries, 2 files"},
        {arena_fmt(a,
                   "person export --entries 'INT %lld/02.03.%d' --cases %s --institution hall-1 --name "
                   "Zamfirescu" BY "rodica --out %s/both",
                   r->inner, due, olga[1], rig.pg.dir),
         1, "does not bear this name"},
        {arena_fmt(a, "person erase --entries '%s,%s'" NAMED BY "arhiva", r->mine, r->mine), 0,
         "0 cases erased, 2 entries, 0 files; minutes "},
        {"person find Zamfirescu" BY "rodica", 0, "0 cases, 3 entries\n"},
        {arena_fmt(a, "person erase --entries %s" NAMED BY "arhiva", r->mine), 1, "was erased already"},
        {"register seal", 0, ""},
        {"register verify", 0, "findings 0"},
    };
    said_each(rows, COUNT(rows), ctl, book_said);
    const char *copy = shown_at(a, arena_fmt(a, "%s/radu/register.json", rig.pg.dir));
    assert_non_null(strstr(copy, "Mulțumire"));
    assert_non_null(strstr(copy, "Radu-Ion"));
    assert_non_null(strstr(shown_at(a, arena_fmt(a, "%s/radu/index.json", rig.pg.dir)), "register.json"));
    const char *left =
        arena_str(a, pgcluster_query(&rig.pg, "SELECT string_agg(register || ' ' || subject, "
                                              "'; ' ORDER BY year, register, n) FROM register_entry WHERE "
                                              "concat_ws(' ', correspondent, subject, reason) ~ "
                                              "'Radu|Zamf'"));
    assert_string_equal(left, "civil_status Extras; general Felicitare; general Invitație");
    if (!strstr(minutes_now(a), "0dosareși2pozițiifărădosar") || strstr(minutes_now(a), "Zamfirescu"))
        fail_msg("%s", minutes_now(a));
    assert_string_equal(
        pgcluster_query(&rig.pg, "SELECT count(*) || ' ' || (SELECT count(*) FROM audit WHERE detail ~* "
                                 "'zamfirescu') FROM audit WHERE act = 'register line erased' AND detail "
                                 "~ '^(general|internal)/'"),
        "3 0");
    arena_free(radu_arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(looked_for), cmocka_unit_test(by_numbers),
                                       cmocka_unit_test(entries_refused), cmocka_unit_test(by_entries),
                                       cmocka_unit_test(old_page)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
