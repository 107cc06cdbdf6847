/* Names as they are written and as they are typed; numbers in any writing; receipts; CNPs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/book_find.h"
#include "backend/book_fold.h"
#include "tests/db/book_rig.h"

static struct book_rig rig;

static const struct {
    const char *person, *institution, *department, *reg, *cnp;
} people[] = {
    {"Câmpean Ion-Vasile", "hall-1", "urbanism", "general", "1900517123457"},
    {"Cîmpean Ileana", "hall-1", "urbanism", "general", NULL},
    {"Mureșan Ana-Ștefania", "hall-1", "urbanism", "civil_status", NULL},
    {"Mureşan Ştefan", "hall-1", "mediu", "civil_status", NULL},
    {"Szőcs Erzsébet", "hall-1", "mediu", "general", NULL},
    {"Kovács-Nagy Ödön", "hall-1", "mediu", "petitions", NULL},
    {"Țăranu Gheorghe", "hall-2", "mediu", "general", "1900517123457"},
    {"Popa Dan", "hall-1", "mediu", "general", NULL},
    {"Popescu Dănuț", "hall-2", "mediu", "general", NULL},
    {"Înălțaru Mărioara", "hall-1", "mediu", "general", NULL},
    {"O'Brien \"Pat\" %_\\", "hall-1", "mediu", "general", NULL},
    {"Șerban'); DROP TABLE casefile; --", "hall-1", "mediu", "general", NULL},
};

static void add(struct work *w, size_t i)
{
    char sql[1600], hex[65] = "";
    uint8_t hash[SHA256_LEN];
    struct err e = {0};
    struct db_result *r SCOPED(db_result_freep) = NULL;

    if (people[i].cnp) {
        case_cnp_hash(&rig.house, people[i].cnp, hash);
        hex_encode(hex, hash, sizeof(hash));
    }
    book_request(&rig, people[i].institution, people[i].reg, "2026-05-05T08:00:00Z");
    const char *subject = "Cerere de certificat";
    struct db_param p[] = {DB_STR(people[i].person), DB_STR(subject),
                           DB_STR(book_fold(w->a, arena_fmt(w->a, "%s %s", people[i].person, subject))),
                           DB_STR(people[i].department)};
    snprintf(
        sql, sizeof(sql),
        "INSERT INTO casefile (id, request_id, registered_at, entered_at, n, service_version, "
        "workflow_version, year, filed_on, institution, register, service, workflow, state, department, "
        "channel, lang, person, subject, folded, cnp_hash) SELECT gen_random_uuid(), request_id, "
        "registered_at, registered_at, n, 1, 1, year, filed_on, institution, register, 'petition.general', "
        "'simple', 'registered', $4::text, 'kiosk', 'ro', $1::text, $2::text, $3::text, "
        "nullif(decode('%s', 'hex'), '') FROM request WHERE NOT EXISTS (SELECT FROM casefile f WHERE "
        "f.request_id = request.request_id)",
        hex);
    if (db_sync_query(w->db, sql, p, COUNT(p), &r, &e) != RC_OK)
        fail_msg("%s", e.text);
}

static int setup(void **state)
{
    (void)state;
    if (!book_rig_make(&rig))
        exit(77);
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    for (size_t i = 0; i < COUNT(people); i++)
        add(&w, i);
    db_sync_close(w.db);
    book_now = book_ms("2026-11-22T08:00:00.000Z");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    book_rig_free(&rig);
    return 0;
}

static const struct rights_place hall1[] = {{.institution = "hall-1", .department = ""}};
static const struct rights_place urban[] = {{.institution = "hall-1", .department = "urbanism"}};
static const struct rights_place all[] = {{.institution = "hall-1", .department = ""},
                                          {.institution = "hall-2", .department = ""}};

/* Who is found, sorted by name, "; " between. */
static const char *found(struct work *w, const struct book_find *f, enum book_find_kind *kind)
{
    struct book_found out;
    struct err e = {0};
    const char *text = "";

    if (book_find(w, f, &out, &e) != RC_OK)
        return arena_fmt(w->a, "%s: %s", rc_name(e.rc), e.text);
    if (kind)
        *kind = out.kind;
    for (size_t k = 0; k < COUNT(people); k++)
        for (size_t i = 0; i < out.n; i++)
            if (strcmp(out.items[i].person, people[k].person) == 0)
                text = arena_fmt(w->a, "%s%s%zu", text, *text ? " " : "", k);
    return text;
}

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *q, *hall1, *all, *urban;
    } rows[] = {
        {"Câmpean", "0 1", "0 1", "0 1"},
        {"Cîmpean", "0 1", "0 1", "0 1"},
        {"campean", "0 1", "0 1", "0 1"},
        {"CIMPEAN", "0 1", "0 1", "0 1"},
        {"cîmp ion", "0", "0", "0"},
        {"vasile campean", "0", "0", "0"},
        {"Câmpeana", "", "", ""},
        {"mpean", "", "", ""},
        {"muresan", "2 3", "2 3", "2"},
        {"Mureşan", "2 3", "2 3", "2"},
        {"MUREȘAN ștef", "2 3", "2 3", "2"},
        {"stefania", "2", "2", "2"},
        {"szocs", "4", "4", ""},
        {"Szőcs Erzsebet", "4", "4", ""},
        {"Szöcs", "4", "4", ""},
        {"nagy", "5", "5", ""},
        {"kovács-nagy", "5", "5", ""},
        {"odon kovacs", "5", "5", ""},
        {"Taranu", "", "6", ""},
        {"ţăranu", "", "6", ""},
        {"pop", "7", "7 8", ""},
        {"popa", "7", "7", ""},
        {"pop dan", "7", "7 8", ""},
        {"inaltaru", "9", "9", ""},
        {"înălțaru mărioara", "9", "9", ""},
        {"analtaru", "", "", ""},
        {"o'brien", "10", "10", ""},
        {"pat", "10", "10", ""},
        {"serban drop", "11", "11", ""},
        {"certificat campean", "0 1", "0 1", "0 1"},
        {"nu există", "", "", ""},
        {"a b c d e f g h i j k l m n o p pop", "", "", ""},
        {"pop:*", "7", "7 8", ""},
        {"pop & dan", "7", "7 8", ""},
        {"pop | zzz", "", "", ""},
        {"'pop'", "7", "7 8", ""},
        {"!pop", "7", "7 8", ""},
        {"po%", "7", "7 8", ""},
    };
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct book_find one = {.q = rows[i].q, .places = hall1, .n_places = 1};
        const struct book_find both = {.q = rows[i].q, .places = all, .n_places = 2};
        const struct book_find part = {.q = rows[i].q, .places = urban, .n_places = 1};
        const char *x = found(&w, &one, NULL), *y = found(&w, &both, NULL), *z = found(&w, &part, NULL);
        if (strcmp(x, rows[i].hall1) != 0 || strcmp(y, rows[i].all) != 0 || strcmp(z, rows[i].urban) != 0)
            fail_msg("%s: hall-1 \"%s\", both \"%s\", urbanism \"%s\"", rows[i].q, x, y, z);
    }
    const struct book_find nowhere = {.q = "pop"};
    assert_string_equal(found(&w, &nowhere, NULL), "");
    db_sync_close(w.db);
}

/* That there is a restricted case of somebody is not told to who asks by name. */
static void restricted(void **state)
{
    static const struct book_find by_name = {.q = "popa dan", .places = hall1, .n_places = 1};
    static const struct book_find by_word = {.q = "dan", .places = all, .n_places = 2};
    (void)state;
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);

    assert_string_equal(found(&w, &by_name, NULL), "7");
    book_script(&rig, "UPDATE casefile SET sealed = true WHERE person = 'Popa Dan'");
    assert_string_equal(found(&w, &by_name, NULL), "");
    assert_string_equal(found(&w, &by_word, NULL), "8");
    book_script(&rig, "UPDATE casefile SET sealed = false WHERE person = 'Popa Dan'");
    db_sync_close(w.db);
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        const char *q, *all;
    } rows[] = {
        {"1", "0 2 5 6"},
        {" 1 ", "0 2 5 6"},
        {"1/2026", "0 2 5 6"},
        {"1 / 2026", "0 2 5 6"},
        {"1/05.05.2026", "0 2 5 6"},
        {"nr. 1/2026", "0 2 5 6"},
        {"Nr 1 din 05.05.2026", "0 2 5 6"},
        {"număr 1", "0 2 5 6"},
        {"CS 1/2026", "2"},
        {"cs1", "2"},
        {"CS-1/2026", "2"},
        {"PET 1/05.05.2026", "5"},
        {"1/2025", ""},
        {"1/1999", ""},
        {"999", ""},
        {"000000001", "0 2 5 6"},
    };
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    struct actor rodica = book_actor(&w, "rodica");
    enum book_find_kind kind = FIND_NAME;
    struct book_line line;
    struct err e = {0};

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct book_find both = {.q = rows[i].q, .places = all, .n_places = 2};
        const char *y = found(&w, &both, &kind);
        if (strcmp(y, rows[i].all) != 0 || kind != FIND_NUMBER)
            fail_msg("%s: \"%s\", %s", rows[i].q, y, book_find_kinds[kind]);
    }
    /* The number of an answer leads to the case that it answers. */
    const struct book_entry out = {
        .institution = "hall-1",
        .reg = "general",
        .direction = BOOK_OUT,
        .subject = "Răspuns",
        .case_id = arena_str(a, pgcluster_query(&rig.pg, "SELECT id FROM casefile WHERE person LIKE 'Sz%'"))};
    assert_int_equal(book_enter(&w, &rodica, &out, &line, &e), RC_OK);
    const struct book_find f = {
        .q = arena_fmt(a, "%lld/2026", (long long)line.n), .places = hall1, .n_places = 1};
    assert_string_equal(found(&w, &f, NULL), "4");
    db_sync_close(w.db);
}

static void receipts_and_cnps(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    enum book_find_kind kind = FIND_NAME;

    pgcluster_query(&rig.pg,
                    "UPDATE request SET receipt_code = 'ABCDE12345' WHERE request_id = (SELECT request_id "
                    "FROM casefile WHERE person = 'Popa Dan')");
    struct book_find f = {.q = "abcde-12345", .places = hall1, .n_places = 1};
    const char *x = found(&w, &f, &kind);
    if (strcmp(x, "7") != 0 || kind != FIND_RECEIPT)
        fail_msg("%s %s", x, book_find_kinds[kind]);
    f.places = urban;
    assert_string_equal(found(&w, &f, NULL), "");
    f = (struct book_find){.q = "1900517123457", .places = all, .n_places = 2};
    assert_string_equal(found(&w, &f, NULL), "RC_DENIED: a search by CNP without case.search_cnp");
    assert_string_equal(w.say.t[LANG_RO], "Nu aveți dreptul să căutați după CNP.");
    f.cnp_places = hall1;
    f.n_cnp_places = 1;
    assert_string_equal(found(&w, &f, &kind), "0");
    assert_int_equal(kind, FIND_CNP);
    f.cnp_places = all;
    f.n_cnp_places = 2;
    f.q = "1 900517 123457";
    assert_string_equal(found(&w, &f, NULL), "0 6");
    f.q = "1900517123450";
    assert_string_equal(found(&w, &f, NULL), "");
    db_sync_close(w.db);
}

static void refused(void **state)
{
    (void)state;
    static const char long_one[] = {[0 ... 200] = 'x', 0};
    static const struct {
        const char *q, *after, *says;
    } rows[] = {
        {NULL, NULL, "q: nothing to look for"},
        {"", NULL, "q: nothing to look for"},
        {"  ", NULL, "q: nothing to look for"},
        {"a", NULL, "q: nothing to look for"},
        {"ș", NULL, "q: nothing to look for"},
        {"%_'\\", NULL, "q: nothing to look for"},
        {"a b", NULL, "q: nothing to look for"},
        {"p_p", NULL, "q: nothing to look for"},
        {"\xff\xfe", NULL, "q: nothing to look for"},
        {"a\x01", NULL, "q: nothing to look for"},
        {long_one, NULL, "q: longer than 200 characters"},
        {"pop", "1", "after: not the end of a page"},
        {"pop", "x.01890000-0000-7000-8000-000000000001", "after: not the end of a page"},
        {"pop", "1.01890000-0000-7000-8000-00000000000", "after: not the end of a page"},
        {"pop", "123456789012345678.01890000-0000-7000-8000-000000000001", "after: not the end of a page"},
    };
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct book_find f = {.q = rows[i].q, .places = hall1, .n_places = 1, .after = rows[i].after};
        const char *x = found(&w, &f, NULL);
        if (!strstr(x, rows[i].says))
            fail_msg("row %zu: %s", i, x);
    }
    db_sync_close(w.db);
}

/* Page after page gives each once, in one order, whichever way the rows were read. */
static void pages(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct work w = book_job(&rig, a);
    static const struct {
        const struct rights_place *places;
        size_t n;
        int64_t all;
    } rows[] = {{hall1, 1, 10}, {all, 2, 12}};

    for (size_t i = 0; i < COUNT(rows); i++)
        for (int limit = 1; limit <= 5; limit += 2) {
            struct book_find f = {
                .q = "certificat", .places = rows[i].places, .n_places = rows[i].n, .limit = limit};
            struct book_found out;
            struct err e = {0};
            const char *last = "~";
            int64_t n = 0;
            do {
                if (book_find(&w, &f, &out, &e) != RC_OK)
                    fail_msg("%s", e.text);
                for (size_t k = 0; k < out.n; k++) {
                    assert_true(strcmp(out.items[k].id, last) < 0);
                    last = out.items[k].id;
                }
                n += (int64_t)out.n;
                f.after = out.next;
            } while (out.next && n < 100);
            assert_int_equal(n, rows[i].all);
        }
    db_sync_close(w.db);
}

static void folds(void **state)
{
    (void)state;
    static const struct {
        const char *text, *folded;
    } rows[] = {
        {"", ""},
        {"Câmpean Ion", "campean cimpean ion"},
        {"CÎMPEAN", "campean cimpean"},
        {"Ca\xcc\x82mpean", "campean cimpean"},
        {"Întâmplător", "intamplator intimplator"},
        {"În câmp", "in camp cimp"},
        {"Ștefan-Țăran", "stefan taran"},
        {"  ő  Ű ", "o u"},
        {"l'Âme", "l ame"},
        {"\xff", ""},
        {"--", ""},
    };
    ARENA_SCOPE(a);
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(book_fold(a, rows[i].text), rows[i].folded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(folds),
                                       cmocka_unit_test(names),
                                       cmocka_unit_test(numbers),
                                       cmocka_unit_test(restricted),
                                       cmocka_unit_test(receipts_and_cnps),
                                       cmocka_unit_test(refused),
                                       cmocka_unit_test(pages)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
