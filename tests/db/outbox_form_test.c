/* Letters as bytes: MIME, SMS lengths, texts and what people type into them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/outbox_priv.h"

static struct arena *arena;
static struct registry reg;

static void addresses(void **state)
{
    static const char *const good[] = {"a@b.ro", "ana.pop+x@primaria-cluj.ro", "o'neil@x.example"};
    static const char *const bad[] = {"",
                                      "a",
                                      "@b.ro",
                                      "a@",
                                      "a@b@c",
                                      "a b@c.ro",
                                      "a@b.ro\r\nRCPT TO:<x@y>",
                                      "a@b.ro>",
                                      "<a@b.ro>",
                                      ".a@b.ro",
                                      "a..b@c.ro",
                                      "a.@c.ro",
                                      "a@.ro",
                                      "a@b..ro",
                                      "a@b.ro.",
                                      "a@-b.ro",
                                      "a@b-",
                                      "ș@b.ro",
                                      "\"a\"@b.ro",
                                      "a@[127.0.0.1]",
                                      "a@b.ro,c@d.ro"};
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(mail_address_valid(good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        if (mail_address_valid(bad[i]))
            fail_msg("taken: %s", bad[i]);
}

static void lengths(void **state)
{
    static const struct {
        const char *unit;
        int n;
        bool ucs2;
        unsigned parts;
    } rows[] = {
        {"a", 160, false, 1}, {"a", 161, false, 2}, {"a", 306, false, 2}, {"a", 307, false, 3},
        {"€", 80, false, 1},  {"€", 81, false, 2},  {"€", 152, false, 2}, {"€", 153, false, 3},
        {"ș", 70, true, 1},   {"ș", 71, true, 2},   {"ș", 134, true, 2},  {"ș", 135, true, 3},
        {"😀", 35, true, 1},   {"😀", 36, true, 2},   {"😀", 66, true, 2},   {"😀", 67, true, 3},
        {"ö", 160, false, 1}, {"ő", 1, true, 1},    {"[", 80, false, 1},  {"`", 1, true, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        BUF_SCOPE(text);
        for (int k = 0; k < rows[i].n; k++)
            buf_str(&text, rows[i].unit);
        struct sms_size s = sms_size(text.p);
        if (s.ucs2 != rows[i].ucs2 || s.parts != rows[i].parts)
            fail_msg("%d times %s: ucs2 %d parts %u", rows[i].n, rows[i].unit, s.ucs2, s.parts);
    }
    assert_string_equal(sms_fold(arena, "Șțefan ăâî ŐŰ őű áíóú €„x”"), "Stefan aai ÖÜ öü aiou €\"x\"");
    assert_false(
        sms_size(sms_fold(arena, "Cererea dumneavoastră este înregistrată la Primăria Târgu Mureș")).ucs2);
}

static void mail_lines(void **state)
{
    BUF_SCOPE(out);
    struct mail m = {
        "a@b.ro",
        "Primăria Municipiului Cluj-Napoca, Ștefan \"x\"",
        "c@d.ro",
        "id.1@b.ro",
        "Am primit cererea dumneavoastră cu numărul 15/22.11.2026 și răspundem până la termen",
        ".dot\nFrom here, 100 % = sure: ăâîșț and a line that is so long that it has to be broken softly "
        "somewhere, perhaps. twice\ntrailing \n\nend",
        LANG_RO,
        1795339200000};
    (void)state;

    mail_write(&out, &m);
    for (const char *p = out.p; *p;) {
        const char *end = strstr(p, "\r\n");
        assert_non_null(end);
        assert_true(end - p <= 78 && p[0] != '.');
        for (const char *c = p; c < end; c++)
            assert_true((uint8_t)*c >= ' ' && (uint8_t)*c < 127);
        p = end + 2;
    }
    assert_non_null(strstr(out.p, "\r\nSubject: =?UTF-8?B?"));
    assert_non_null(strstr(out.p, "Auto-Submitted: auto-generated\r\n"));
    assert_non_null(strstr(out.p, "\r\n\r\n=2Edot\r\n"));
    assert_non_null(strstr(out.p, "trailing=20\r\n"));
    assert_non_null(strstr(out.p, "=C8=99"));
    assert_non_null(strstr(out.p, "Date: Sun, 22 Nov 2026 "));
}

static enum rc text(const char *message, const char *vars, enum way way, struct letter_text *out,
                    struct err *e)
{
    struct letter_facts f = {.message = message,
                             .vars = vars,
                             .service = "cs.birth_certificate",
                             .service_version = 1,
                             .receipt_code = "ABCDEFGHJK",
                             .lang = LANG_RO,
                             .n = 15,
                             .registered_ms = 1795339200000,
                             .filed_on = {2026, 11, 22},
                             .due = {2026, 12, 22}};
    return outbox_text(&reg, arena, &f, way, out, e);
}

static void texts(void **state)
{
    struct letter_text t;
    struct err e = {0};
    (void)state;

    assert_int_equal(text("received", "{\"institution\":\"Primăria\\r\\nBcc: x@y.ro\"}", WAY_EMAIL, &t, &e),
                     RC_OK);
    assert_string_equal(t.subject, "Am primit cererea 15/22.11.2026");
    assert_non_null(strstr(t.body, "Răspundem până la: 22.12.2026\n"));
    assert_non_null(strstr(t.body, "https://x.example/s/ABCDEFGHJK"));
    assert_null(strstr(t.body, "{"));
    assert_null(strstr(t.body, "\nBcc"));
    assert_null(strchr(t.from_name, '\n'));
    assert_string_equal(t.from_name, "Primăria  Bcc: x@y.ro");
    BUF_SCOPE(out);
    struct mail m = {"a@b.ro", t.from_name, "c@d.ro", "1@b.ro", t.subject, t.body, LANG_RO, 0};
    mail_write(&out, &m);
    assert_null(strstr(out.p, "\nBcc"));
    assert_int_equal(text("question", "{\"reason\":\"{number}\",\"fields\":\"x\"}", WAY_EMAIL, &t, &e),
                     RC_OK);
    assert_non_null(strstr(t.body, "Motivul: {number}\n")); /* a value is no template */
    assert_null(strstr(t.body, "{until}"));                 /* its line is left out */
    assert_int_equal(text("question", NULL, WAY_SMS, &t, &e), RC_BAD_FIELD);
    assert_int_equal(text("no such", NULL, WAY_EMAIL, &t, &e), RC_BAD_FIELD);
    assert_int_equal(text("staff_late", NULL, WAY_SMS, &t, &e), RC_BAD_FIELD);
    assert_int_equal(text("received", "[1]", WAY_EMAIL, &t, &e), RC_OK);
}

/* What a step can say of a case that came on paper (backend/case_notice.c): no code, no link, no page. */
static void every_message_in_every_language(void **state)
{
    static const char vars[] =
        "{\"number\":\"PET 15/22.11.2026\",\"institution\":\"Primăria Câmpia "
        "Turzii\",\"service\":\"Petiție\","
        "\"department\":\"Registratură\",\"place\":\"Registratură\",\"date\":\"22.11.2026\",\"due\":"
        "\"22.12.2026\",\"slot\":\"22.12.2026\",\"until\":\"02.12.2026\",\"reason\":\"lipsă\",\"fields\":"
        "\"numele\",\"fee\":\"28 lei\",\"rank\":\"14\",\"code\":\"739215\",\"to_institution\":\"Garda de "
        "Mediu\"}";
    static const char *const own[] = {"provisional", "unsubscribed"}; /* said without a case */
    struct jval *v = NULL;
    struct err e = {0};
    size_t n = 0;

    (void)state;
    assert_int_equal(jval_load(arena, "configs/messages.json", &v, &e), RC_OK);
    const struct jval *list = jval_get(v, "messages");
    for (size_t i = 0; i < list->n; i++)
        for (int lang = 0; lang < LANG_COUNT; lang++)
            for (int way = WAY_EMAIL; way <= WAY_SMS; way++) {
                const char *id = jval_str(&list->items[i], "id", "");
                struct letter_facts f = {.message = id, .vars = vars, .lang = (enum lang)lang};
                struct letter_text t = {0};
                if (strncmp(id, "staff_", 6) == 0 || strcmp(id, own[0]) == 0 || strcmp(id, own[1]) == 0)
                    continue;
                if (outbox_text(&reg, arena, &f, (enum way)way, &t, &e) != RC_OK || strchr(t.body, '{') ||
                    !*t.body || (way == WAY_EMAIL && strchr(t.subject, '{')))
                    fail_msg("%s, %s: %s %s", id, lang_codes[lang], e.text, t.body ? t.body : "");
                n++;
            }
    assert_true(n >= 26 * 6);
}

static int setup(void **state)
{
    struct err e = {0};
    static struct smtp_conf smtp = {.from = "a@b.ro"};
    (void)state;

    arena = arena_new();
    reg.arena = arena;
    reg.conf.configs = "configs";
    reg.conf.public_url = "https://x.example";
    reg.conf.smtp = &smtp;
    if (catalog_load(arena, "configs", &reg.catalog, &e) != RC_OK ||
        terms_load(arena, "configs", &reg.terms, &e) != RC_OK ||
        outbox_load(&reg, &reg.outbox, &e) != RC_OK) {
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(lengths),
        cmocka_unit_test(mail_lines),
        cmocka_unit_test(texts),
        cmocka_unit_test(every_message_in_every_language),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
