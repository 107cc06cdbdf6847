/* Services, form rules, validators and legal terms against the worked examples in tests/golden/romania.json.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fs.h"
#include "common/base/text.h"
#include "common/model/form.h"
#include "common/model/institution.h"
#include "common/model/receipt.h"
#include "common/model/term.h"
#include "common/model/valid.h"

static struct arena *arena;
static struct catalog catalog;
static struct i18n *i18n;
static struct jval *golden;
static const struct date today = {2026, 11, 22};

static int setup(void **state)
{
    struct err e = {0};
    (void)state;
    arena = arena_new();
    if (catalog_load(arena, "configs", &catalog, &e) != RC_OK ||
        i18n_load(arena, "configs/i18n", &i18n, &e) != RC_OK ||
        jval_load(arena, "tests/golden/romania.json", &golden, &e) != RC_OK) {
        fprintf(stderr, "%s\n", e.text);
        return -1;
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void services_load(void **state)
{
    (void)state;
    assert_int_equal(catalog.n, 24);
    const struct service *s = catalog_find(&catalog, "cs.birth_certificate");
    assert_non_null(s);
    assert_string_equal(tr_get(&s->name, LANG_HU), "Születési bizonyítvány");
    assert_non_null(service_field(s, "who.cnp"));
    assert_true(service_field(s, "who.last_name")->from_card);
    assert_null(catalog_find(&catalog, "cs.nothing"));
    assert_string_equal(tr_get(catalog_department(&catalog, "stare_civila"), LANG_EN), "Civil status");
}

static struct date date_at(const struct jval *v, const char *name)
{
    struct date d;
    assert_true(date_parse(jval_str(v, name, ""), &d));
    return d;
}

static void cnp_examples(void **state)
{
    (void)state;
    const struct jval *valid = jval_get(golden, "cnp_valid"), *invalid = jval_get(golden, "cnp_invalid");
    assert_true(valid->n > 10 && invalid->n > 20);
    for (size_t i = 0; i < valid->n; i++) {
        struct cnp_facts f;
        const struct jval *x = &valid->items[i];
        const char *cnp = jval_str(x, "cnp", "");
        if (check_cnp(cnp, today) || !cnp_read(cnp, &f))
            fail_msg("%s was refused", cnp);
        assert_int_equal(f.sex, jval_str(x, "sex", "?")[0]);
        if (*jval_str(x, "birth", ""))
            assert_int_equal(date_cmp(f.birth, date_at(x, "birth")), 0);
    }
    for (size_t i = 0; i < invalid->n; i++) {
        if (!check_cnp(jval_str(&invalid->items[i], "cnp", ""), today))
            fail_msg("%s was accepted", jval_str(&invalid->items[i], "cnp", ""));
    }
    assert_string_equal(check_cnp("180010140012", today), "err.cnp_length");
    assert_string_equal(check_cnp("1630615123458", today), "err.cnp_control");
    assert_string_equal(check_cnp("5991231120015", today), "err.cnp_date");
}

static void judge_list(const char *name, const char *(*norm)(struct arena *, const char *),
                       const char *(*check)(const char *), bool want)
{
    const struct jval *list = jval_get(golden, name);
    assert_true(list && list->n > 5);
    for (size_t i = 0; i < list->n; i++) {
        const char *s = list->items[i].s;
        if ((check(norm(arena, s)) == NULL) != want)
            fail_msg("%s: \"%s\" was %s", name, s, want ? "refused" : "accepted");
    }
}

static void cui_and_plate_examples(void **state)
{
    (void)state;
    judge_list("cui_valid", norm_digits, check_cui, true);
    judge_list("cui_invalid", norm_digits, check_cui, false);
    judge_list("plate_valid", norm_plate, check_plate, true);
    judge_list("plate_invalid", norm_plate, check_plate, false);
}

static void phones_and_mails(void **state)
{
    (void)state;
    assert_null(check_phone(norm_phone(arena, "0740 123 456")));
    assert_string_equal(norm_phone(arena, "0040-740.123.456"), "+40740123456");
    assert_null(check_phone(norm_phone(arena, "+36 1 234 5678")));
    assert_non_null(check_phone(norm_phone(arena, "0640123456")));
    assert_non_null(check_phone(norm_phone(arena, "074012345")));
    const char *good[] = {"a@b.ro", "ana.pop+x@primaria-turda.ro", "o'neil@x.co"};
    const char *bad[] = {"",        "a",         "a@b",     "@b.ro", "a@@b.ro", "a b@c.ro",
                         ".a@b.ro", "a..b@c.ro", "a@-b.ro", "a@b.r", "ă@b.ro"};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_null(check_email(good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_non_null(check_email(bad[i]));
}

/* "2026-12-01T18:00" or a day alone. */
static struct moment moment_of(const char *text)
{
    struct moment m = {.minute = -1};
    char day[11];
    snprintf(day, sizeof(day), "%.10s", text);
    assert_true(date_parse(day, &m.day));
    if (strlen(text) == 16)
        m.minute = (int)strtol(text + 11, NULL, 10) * 60 + (int)strtol(text + 14, NULL, 10);
    return m;
}

static void term_examples(void **state)
{
    (void)state;
    struct err e = {0};
    struct terms *terms = NULL;
    assert_int_equal(terms_load(arena, "configs", &terms, &e), RC_OK);
    const struct jval *list = jval_get(golden, "terms");
    for (size_t i = 0; i < list->n; i++) {
        const struct jval *x = &list->items[i];
        struct term t;
        struct moment nominal = moment_of(jval_str(x, "nominal", "")),
                      due = moment_of(jval_str(x, "due", ""));
        struct term_ask ask = {.rule = jval_str(x, "rule", ""),
                               .start = moment_of(jval_str(x, "start", "")),
                               .n = jval_int(x, "n", 0)};
        const char *late = jval_str(x, "late_after", NULL);
        if (term_judge(arena, terms, &ask, &t, &e) != RC_OK)
            fail_msg("%s: %s", jval_str(x, "id", ""), e.text);
        if (date_cmp(t.due, due.day) || date_cmp(t.nominal, nominal.day) || t.minute != nominal.minute)
            fail_msg("%s: another moment than the example", jval_str(x, "id", ""));
        if (date_cmp(t.late_after, late ? moment_of(late).day : due.day))
            fail_msg("%s: late after another day", jval_str(x, "id", ""));
    }
    print_message("%zu term examples\n", list->n);
    assert_true(list->n >= 34);
    struct term t;
    assert_int_equal(term_compute(arena, terms, "og27.answer", (struct date){2026, 11, 25}, &t, &e), RC_OK);
    assert_string_equal(
        t.why.t[LANG_RO],
        "Legea dă 30 de zile de la înregistrare. 25.12.2026 este zi liberă. Termenul trece pe 28.12.2026.");
    assert_string_equal(
        t.calc.t[LANG_EN],
        "Day of registration: 25 November 2026. The law gives 30 days from registration. 25 December 2026 is "
        "a day off. The date moves to 28 December 2026. The day of registration is not counted. Result: "
        "28 December 2026.");
    assert_string_equal(t.calc.t[LANG_HU] + strlen(t.calc.t[LANG_HU]) -
                            strlen("Eredmény: 2026. december 28."),
                        "Eredmény: 2026. december 28.");
    assert_int_equal(term_compute(arena, terms, "no.rule", today, &t, &e), RC_NOT_FOUND);
}

static void days_said(void **state)
{
    static const struct {
        struct date day;
        const char *says[LANG_COUNT];
    } rows[] = {
        {{2026, 11, 22}, {"22.11.2026", "2026. november 22.", "22 November 2026"}},
        {{2027, 3, 4}, {"04.03.2027", "2027. március 4.", "4 March 2027"}},
        {{2028, 2, 29}, {"29.02.2028", "2028. február 29.", "29 February 2028"}},
        {{2026, 2, 29}, {"", "", ""}},
    };
    (void)state;
    ARENA_SCOPE(a);
    for (size_t i = 0; i < COUNT(rows); i++)
        for (int l = 0; l < LANG_COUNT; l++)
            assert_string_equal(date_said(a, rows[i].day, (enum lang)l), rows[i].says[l]);
}

/* Sums are set each year by each council: a service tells who sets the fee and where it is told, never how
 * much. */
static void fees_promise_nothing(void **state)
{
    struct err e = {0};
    struct catalog c;

    (void)state;
    assert_int_equal(catalog_load(arena, "configs", &c, &e), RC_OK);
    for (size_t i = 0; i < c.n; i++)
        for (int k = 0; k < LANG_COUNT; k++) {
            const char *note = c.services[i].fee_note.t[k];
            if (!note || !*note || strstr(note, " lei") || strstr(note, " lej"))
                fail_msg("%s, %s: \"%s\"", c.services[i].id, lang_codes[k], note ? note : "");
        }
}

struct fill {
    const char *id, *value;
};

static struct form_ctx context(const char *service)
{
    return (struct form_ctx){.service = catalog_find(&catalog, service),
                             .i18n = i18n,
                             .lang = LANG_RO,
                             .today = today,
                             .channel = CH_KIOSK};
}

static void put(struct answers *s, const char *id, const char *value)
{
    answers_put(s, id, &value, 1, "applicant");
}

static const struct fill birth[] = {{"who.last_name", " Ţăranu  "},
                                    {"who.first_name", "Ana"},
                                    {"who.id_doc", "CJ123456"},
                                    {"who.cnp", "2900101120014"},
                                    {"who.address", "Turda, str. Mihai Viteazul 3"},
                                    {"who.email", "ana@exemplu.ro"},
                                    {"delivery.how", "email"},
                                    {"act.who", "self"},
                                    {"act.last_name", "Țăranu"},
                                    {"act.first_name", "Ana"},
                                    {"act.birth_date", "1990-01-01"},
                                    {"act.birth_place", "Turda"},
                                    {"reason", "lost"},
                                    {"format", "paper"},
                                    {"consent.data_read", "true"}};

static void form_of_birth(void **state)
{
    (void)state;
    struct form_ctx c = context("cs.birth_certificate");
    struct answers s;
    struct form_error errors[8];
    answers_init(&s, arena);
    assert_true(form_check(&c, &s, errors, COUNT(errors)) > 8);
    for (size_t i = 0; i < COUNT(birth); i++)
        put(&s, birth[i].id, birth[i].value);
    put(&s, "who.cnp", "2900101120016");
    size_t wrong = form_check(&c, &s, errors, COUNT(errors));
    assert_int_equal(wrong, 1);
    assert_string_equal(errors[0].field, "who.cnp");
    assert_string_equal(errors[0].text, "O cifră din CNP nu se potrivește. Verificați-l pe act.");
    put(&s, "who.cnp", "290010112");
    form_check(&c, &s, errors, COUNT(errors));
    assert_string_equal(errors[0].text, "CNP-ul are 13 cifre. Ați scris 9.");
    answers_put(&s, "who.cnp", NULL, 0, "applicant");
    wrong = form_check(&c, &s, errors, COUNT(errors));
    for (size_t i = 0; i < wrong && i < COUNT(errors); i++)
        print_message("%s: %s\n", errors[i].field, errors[i].text);
    assert_int_equal(wrong, 0);
    assert_string_equal(answers_one(&s, "who.last_name"), "Țăranu"); /* cedilla and blanks mended */

    answers_put(&s, "who.email", NULL, 0, "applicant");
    assert_int_equal(form_check(&c, &s, errors, COUNT(errors)), 1);
    assert_string_equal(errors[0].text, "Pentru e-mail avem nevoie de adresa dumneavoastră.");
}

static void hidden_fields_do_not_count(void **state)
{
    (void)state;
    struct form_ctx c = context("cs.birth_certificate");
    struct answers s;
    BUF_SCOPE(out);
    answers_init(&s, arena);
    put(&s, "act.who", "child");
    put(&s, "act.mother", "Maria");
    assert_true(form_visible(&c, &s, service_field(c.service, "act.mother")));
    put(&s, "act.who", "self");
    assert_false(form_visible(&c, &s, service_field(c.service, "act.mother")));
    answers_encode(&c, &s, &out);
    assert_string_equal(out.p, "{\"act.who\":\"self\"}");
}

static void pages_of_every_service(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalog.n; i++) {
        struct form_ctx c = context(catalog.services[i].id);
        struct answers s;
        struct form_page pages[128];
        answers_init(&s, arena);
        size_t n = form_pages(&c, &s, pages, COUNT(pages));
        for (size_t k = 0; k < n; k++)
            assert_true(pages[k].n >= 1 && pages[k].n <= 2);
        assert_true(n >= 1);
    }
}

static void conditions(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"a ==", "condition \"a ==\": a value or a name is missing at column 5"},
        {"a == 'b", "condition \"a == 'b\": text without its closing quote at column 7"},
        {"(a", "condition \"(a\": a closing bracket is missing at column 3"},
        {"a in b", "condition \"a in b\": a list is missing at column 6"},
        {"a in [b]", "condition \"a in [b]\": a list holds values only at column 8"},
        {"a b", "condition \"a b\": more than one condition at column 3"},
        {"", "condition \"\": a value or a name is missing at column 1"},
    };
    struct expr *x = NULL;
    struct err e = {0};
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(expr_parse(arena, rows[i].text, &x, &e), RC_BAD_FIELD);
        assert_string_equal(e.text, rows[i].error);
    }
    assert_int_equal(expr_parse(arena, "not not a.b == null and (x in ['1', null] or y)", &x, &e), RC_OK);
}

static void county_and_receipt(void **state)
{
    (void)state;
    struct err e = {0};
    struct institutions all;
    struct receipt_texts *texts = NULL;
    assert_int_equal(institutions_load(arena, "configs/institutions/cluj.json", &all, &e), RC_OK);
    size_t halls = 0;
    for (size_t i = 0; i < all.n; i++)
        halls += strcmp(all.items[i].kind, "town_hall") == 0;
    assert_int_equal(halls, 81);
    assert_int_equal(receipt_texts_load(arena, "configs", &texts, &e), RC_OK);
    const struct receipt_var vars[] = {
        RECEIPT_VAR("institution", "Primăria Turda"),
        RECEIPT_VAR("number", "15/22.11.2026"),
        RECEIPT_VAR("pin", "4821"),
        RECEIPT_VAR("code", "7K3Q9ZT24M"),
        {"service", {{"Mașină abandonată", "Elhagyott jármű", "Abandoned car"}}}};
    struct receipt_facts facts = {.vars = vars, .n_vars = COUNT(vars), .qr = "http://x/s/7K3Q9ZT24M"};
    struct receipt r;
    bool number = false, code = false, both = false;
    receipt_make(arena, texts, LANG_HU, &facts, &r);
    for (size_t i = 0; i < r.n; i++) {
        assert_null(strchr(r.lines[i].text, '{'));
        number = number || strcmp(r.lines[i].text, "15/22.11.2026") == 0;
        code = code || strstr(r.lines[i].text, "7K3Q9ZT24M");
        both = both || strcmp(r.lines[i].text, "Cererea: Mașină abandonată") == 0;
    }
    assert_true(number && code && both);
    const struct receipt_var fixed[] = {
        RECEIPT_VAR("number", "15/22.11.2026"),
        RECEIPT_VAR("date", "24.11.2026"),
        RECEIPT_VAR("time", "10:31"),
        {"corrected", {{"Data nașterii", "Születési dátum", "Date of birth"}}}};
    facts = (struct receipt_facts){.corrected = true, .vars = fixed, .n_vars = COUNT(fixed)};
    receipt_make(arena, texts, LANG_HU, &facts, &r);
    static const char *const says[] = {"JAVÍTÁSI BIZONYLAT",
                                       "DOVADA CORECTURII",
                                       "15/22.11.2026",
                                       "Javítva: 24.11.2026, 10:31",
                                       "Ön javította: Születési dátum",
                                       "Ați corectat: Data nașterii"};
    size_t found = 0;
    for (size_t i = 0; i < r.n; i++) {
        assert_string_not_equal(r.lines[i].style, "qr");
        assert_null(strstr(r.lines[i].text, "DOVADA ÎNREGISTRĂRII"));
        if (found < COUNT(says) && strcmp(r.lines[i].text, says[found]) == 0)
            found++;
    }
    assert_int_equal(found, COUNT(says));
    facts.qr = "http://x/n";
    facts.by_number = true;
    receipt_make(arena, texts, LANG_EN, &facts, &r);
    size_t at = 0;
    while (at < r.n && strcmp(r.lines[at].style, "qr") != 0)
        at++;
    assert_true(at + 1 < r.n);
    assert_string_equal(r.lines[at].text, "http://x/n");
    assert_string_equal(r.lines[at + 1].text, "Scan the code, then type the number and the PIN.");
}

/* A service of n fields in a folder of its own. */
static enum rc load_big(int n, struct err *e)
{
    struct catalog c;
    char dir[] = "/tmp/pridvor-model-XXXXXX", here[4096];
    assert_non_null(mkdtemp(dir));
    assert_non_null(getcwd(here, sizeof(here)));
    ARENA_SCOPE(a);
    const char *services = arena_fmt(a, "%s/services", dir), *big = arena_fmt(a, "%s/big.json", services);
    const char *shared = arena_fmt(a, "%s/_shared.json", services);
    const char *lookups = arena_fmt(a, "%s/lookups.json", dir);
    assert_int_equal(fs_mkdirs(services, 0700, e), RC_OK);
    assert_int_equal(symlink(arena_fmt(a, "%s/configs/services/_shared.json", here), shared), 0);
    assert_int_equal(symlink(arena_fmt(a, "%s/configs/lookups.json", here), lookups), 0);
    BUF_SCOPE(b);
    buf_str(&b, "{\"id\":\"big\",\"version\":1,\"name\":{\"ro\":\"Mare\"},\"fields\":[");
    for (int i = 0; i < n; i++)
        buf_fmt(&b, "%s{\"id\":\"f%d\",\"type\":\"text\",\"label\":{\"ro\":\"F\"}}", i ? "," : "", i);
    buf_str(&b, "]}");
    assert_int_equal(fs_write(big, b.p, b.len, 0600, e), RC_OK);
    enum rc rc = catalog_load(a, dir, &c, e);
    unlink(big);
    unlink(shared);
    unlink(lookups);
    rmdir(services);
    rmdir(dir);
    return rc;
}

static void too_many_fields(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(load_big(128, &e), RC_OK);
    assert_int_equal(load_big(129, &e), RC_BAD_FIELD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_load),
        cmocka_unit_test(cnp_examples),
        cmocka_unit_test(cui_and_plate_examples),
        cmocka_unit_test(phones_and_mails),
        cmocka_unit_test(term_examples),
        cmocka_unit_test(days_said),
        cmocka_unit_test(fees_promise_nothing),
        cmocka_unit_test(form_of_birth),
        cmocka_unit_test(hidden_fields_do_not_count),
        cmocka_unit_test(pages_of_every_service),
        cmocka_unit_test(conditions),
        cmocka_unit_test(county_and_receipt),
        cmocka_unit_test(too_many_fields),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
