/* What the desk does with the data of one person: seen, copied, erased, each by who may, with its reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/zip.h"
#include "common/base/fs.h"
#include "common/base/text.h"
#include "tests/db/slow.h"

static struct desk_rig rig;
static struct browser clerk, registrar, archivist;

#define CNP "1900517123453"
#define ASK "{\"cnp\":\"" CNP "\",\"reason\":\"Cerere 12 din 20.11\"}"
#define PAPER                                                                                                \
    "{\"direction\":\"in\",\"service\":\"petition.general\",\"correspondent\":\"Câmpean "                   \
    "Ion\",\"cnp\":\"" CNP "\",\"subject\":\"%s\"}"

static int setup(void **state)
{
    (void)state;
    char text[300];

    if (!desk_rig_make(&rig))
        exit(77);
    desk_hand(&rig, &clerk, "ana", "clerk", "uat-1");
    desk_hand(&rig, &registrar, "registru", "registrar", "uat-1");
    desk_hand(&rig, &archivist, "arhiva", "archivist", "uat-1");
    snprintf(text, sizeof(text), PAPER, "Gard căzut");
    assert_int_equal(desk_post(&clerk, "/api/register/entries", text, NULL), 200);
    snprintf(text, sizeof(text), PAPER, "Lampă stinsă");
    assert_int_equal(desk_post(&clerk, "/api/register/entries", text, NULL), 200);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    desk_leave(&clerk);
    desk_leave(&registrar);
    desk_leave(&archivist);
    desk_rig_free(&rig);
    return 0;
}

static void seen(void **state)
{
    (void)state;
    BUF_SCOPE(body);
    BUF_SCOPE(odd);
    BUF_SCOPE(none);
    BUF_SCOPE(named);

    assert_int_equal(desk_post(&registrar, "/api/person/export/look", ASK, &body), 200);
    assert_has(body, "Gard căzut");
    assert_has(body, "Lampă stinsă");
    assert_has(body, "\"due\":0");
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM audit WHERE act = 'person looked up' AND actor = "
                                      "'registru' AND detail LIKE '%Cerere 12%'"),
                     1);
    assert_int_equal(desk_post(&registrar, "/api/person/export/look",
                               "{\"cnp\":\"" CNP "\",\"reason\":\"Cere Ion Campean\"}", &named),
                     422);
    assert_has(named, "Motivul nu poate conține numele");
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM audit WHERE detail LIKE '%Campean%'"), 0);
    assert_int_equal(desk_post(&clerk, "/api/person/export/look", ASK, NULL), 403);
    assert_int_equal(desk_post(&registrar, "/api/person/erase/look", ASK, NULL), 403);
    assert_int_equal(desk_post(&archivist, "/api/person/export", ASK, NULL), 403);
    assert_int_equal(
        desk_post(&registrar, "/api/person/export/look", "{\"cnp\":\"123\",\"reason\":\"x\"}", &odd), 422);
    assert_has(odd, "Acesta nu este un CNP.");
    assert_int_equal(desk_post(&registrar, "/api/person/export/look",
                               "{\"cnp\":\"1960101410019\",\"reason\":\"x\"}", &none),
                     404);
    assert_has(none, "Nu există niciun dosar");
}

#define PAPER_OF                                                                                             \
    "{\"direction\":\"in\",\"service\":\"petition.general\",\"correspondent\":\"Petrova "                    \
    "Olga\",\"subject\":\"%s\",\"contact\":{\"email\":\"%s\"}}"

/* Who has no CNP: by name and one more thing, then by the numbers that were chosen. */
static void without_a_cnp(void **state)
{
    (void)state;
    BUF_SCOPE(alone);
    BUF_SCOPE(found);
    BUF_SCOPE(mixed);
    BUF_SCOPE(zip);
    char text[400], key[2][60];

    snprintf(text, sizeof(text), PAPER_OF, "Cetățenie", "olga@example.org");
    assert_status(200, desk_post(&clerk, "/api/register/entries", text, &mixed), mixed);
    buf_reset(&mixed);
    snprintf(text, sizeof(text), PAPER_OF, "Altcineva", "alta@example.org");
    assert_int_equal(desk_post(&clerk, "/api/register/entries", text, NULL), 200);
    for (int i = 0; i < 2; i++)
        snprintf(key[i], sizeof(key[i]), "%s",
                 pgcluster_query(&rig.s.pg,
                                 i ? "SELECT concat_ws('/', institution, register, year, n) FROM casefile "
                                     "WHERE email = 'alta@example.org'"
                                   : "SELECT concat_ws('/', institution, register, year, n) FROM casefile "
                                     "WHERE email = 'olga@example.org'"));
#define LOOK "/api/person/export/look"
    assert_int_equal(desk_post(&registrar, LOOK, "{\"name\":\"Petrova\",\"reason\":\"Cerere 14\"}", &alone),
                     422);
    assert_has(alone, "Numele singur nu ajunge");
    assert_int_equal(desk_post(&clerk, LOOK, "{\"name\":\"Petrova\",\"mark\":\"x\",\"reason\":\"y\"}", NULL),
                     403);
    assert_int_equal(
        desk_post(&registrar, LOOK,
                  "{\"name\":\"petrova olga\",\"mark\":\"OLGA@example.org\",\"reason\":\"Cerere 14\"}",
                  &found),
        200);
    assert_has(found, key[0]);
    assert_has(found, "\"choose\":true");
    assert_has(found, "\"papers\":0");
    assert_null(strstr(found.p, key[1]));
    snprintf(text, sizeof(text), "{\"name\":\"Ionescu\",\"numbers\":[\"%s\"],\"reason\":\"Cerere 14\"}",
             key[0]);
    assert_int_equal(desk_post(&registrar, "/api/person/export", text, &mixed), 422);
    assert_has(mixed, "nu poartă acest nume");
    snprintf(text, sizeof(text), "{\"name\":\"Petrova Olga\",\"numbers\":[\"%s\"],\"reason\":\"Cerere 14\"}",
             key[0]);
    assert_int_equal(desk_post(&registrar, "/api/person/export", text, &zip), 200);
    assert_has(zip, "Cetățenie");
    assert_null(memmem(zip.p, zip.len, "Altcineva", strlen("Altcineva")));
    assert_int_equal(desk_post(&archivist, "/api/person/erase", text, NULL), 409);
    assert_int_equal(desk_count(&rig,
                                "SELECT count(*) FROM audit WHERE detail ILIKE '%petrova%' OR detail ILIKE "
                                "'%olga@%'"),
                     0);
}

/* The central directory names each file, and each is whole. */
static void whole(const struct buf *zip)
{
    size_t files = 0;

    assert_memory_equal(zip->p, "PK\3\4", 4);
    for (size_t at = 0; at + 30 < zip->len && memcmp(zip->p + at, "PK\3\4", 4) == 0; files++) {
        const uint8_t *h = (const uint8_t *)zip->p + at;
        uint32_t sum = h[14] | h[15] << 8 | h[16] << 16 | (uint32_t)h[17] << 24;
        size_t len = h[18] | h[19] << 8 | h[20] << 16 | (size_t)h[21] << 24, name = h[26] | h[27] << 8;
        assert_int_equal(crc32_of(h + 30 + name, len), sum);
        at += 30 + name + len;
    }
    const uint8_t *end = (const uint8_t *)zip->p + zip->len - 22;
    assert_memory_equal(end, "PK\5\6", 4);
    assert_int_equal(end[10] | end[11] << 8, files);
    assert_true(files >= 4);
}

static void copied(void **state)
{
    (void)state;
    BUF_SCOPE(zip);
    BUF_SCOPE(head);
    struct desk_ask ask = {
        "POST", "/api/person/export", ASK,
        "X-Pridvor: 1\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n"};

    assert_int_equal(desk_send(&registrar, &ask, &head, &zip), 200);
    assert_has(head, "Content-Type: application/zip\r\n");
    assert_has(head, "attachment");
    whole(&zip);
    assert_has(zip, "index.json");
    assert_has(zip, "proces-verbal-1.pdf");
    assert_has(zip, "Gard căzut");
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM audit WHERE act = 'person exported'"), 1);
}

/* ---- 60 MB of papers ---- */

enum {
    PAPERS = 15,
    PAPER_LEN = 4 << 20,
    BUSY_KB = 6 << 10, /* of registryd while two such copies go out */
};
static char paper_hash[STORE_HEX]; /* of the last */

static const char *blobs(void)
{
    static char dir[300];
    snprintf(dir, sizeof dir, "%s/blobs", rig.s.dir);
    return dir;
}

static void papers(void)
{
    const struct store_place place = {blobs(), 1};
    uint8_t *b = malloc(PAPER_LEN);
    struct err e = {0};

    for (int k = 0; k < PAPERS; k++) {
        for (uint32_t i = 0; i < PAPER_LEN; i++)
            b[i] = (uint8_t)(((i + (uint32_t)k * 77777) * 2654435761U) >> 13);
        assert_int_equal(store_put(&place, BYTES(b, PAPER_LEN), paper_hash, &e), RC_OK);
        slow_document(&rig, "image/png", paper_hash, PAPER_LEN);
    }
    free(b);
}

static void gather(struct slow *r, const char *p, size_t n)
{
    buf_add(r->user, p, n);
}

static void copy_ask(struct slow *r, struct buf *into)
{
    *r = (struct slow){.take = into ? gather : NULL, .user = into};
    slow_ask(r, &registrar, "/api/person/export", ASK);
    slow_take(r, 1);
    if (strncmp(r->text, "HTTP/1.1 200", 12) != 0)
        fail_msg("%s", r->text);
    assert_true(r->announced > (size_t)PAPERS * PAPER_LEN);
}

/* The sum of index.json is in the minutes that lie beside it. */
static void minutes_agree(const struct buf *zip)
{
    const uint8_t *at = memmem(zip->p, zip->len, "index.json", 10);
    uint8_t sum[SHA256_LEN];
    char hex[STORE_HEX], name[320], cmd[400], said[9000] = "";

    assert_non_null(at);
    sha256(sum, at + 10, at[-12] | at[-11] << 8 | at[-10] << 16 | (size_t)at[-9] << 24);
    hex_encode(hex, sum, sizeof sum);
    const char *minutes = memmem(zip->p, zip->len, "proces-verbal-1.pdf", 19);
    const uint8_t *head = (const uint8_t *)minutes - 30;
    snprintf(name, sizeof name, "%s/minutes.pdf", rig.s.dir);
    FILE *f = fopen(name, "w");
    fwrite(minutes + 19, 1, head[18] | head[19] << 8 | (size_t)head[20] << 16, f);
    fclose(f);
    snprintf(cmd, sizeof cmd, "pdftotext %s - | tr -d '\\n '", name);
    f = popen(cmd, "r");
    assert_true(fread(said, 1, sizeof said - 1, f) > 0);
    pclose(f);
    if (!strstr(said, hex))
        fail_msg("no %s in %s", hex, said);
}

static void two_large_copies_at_once(void **state)
{
    struct slow r[2];
    BUF_SCOPE(one);
    BUF_SCOPE(two);

    (void)state;
    papers();
    copy_ask(&r[0], NULL); /* what one costs once is paid */
    slow_take(&r[0], 8 << 20);
    tclient_close(&r[0].c);
    assert_true(slow_wait_open(&rig, 0));
    long before = server_rss_kb(&rig.s);
    slow_peak_begin(&rig);
    copy_ask(&r[0], &one);
    copy_ask(&r[1], &two);
    assert_int_equal(desk_get(&clerk, "/api/me", NULL), 200); /* neither holds a seat */
    for (size_t at = 0; !r[0].ended && at < r[0].announced; at += 1 << 20) {
        slow_take(&r[0], at + (1 << 20));
        slow_take(&r[1], at + (1 << 20));
    }
    slow_take(&r[1], r[1].announced);
    long most = slow_peak_kb(&rig);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(r[i].got, r[i].announced);
        tclient_close(&r[i].c);
    }
    whole(&one);
    whole(&two);
    minutes_agree(&one);
    assert_true(slow_wait_open(&rig, 0));
    print_message("registryd: %ld KB before, %ld KB at most with two copies of %zu MB\n", before, most,
                  one.len >> 20);
    assert_true(most - before < BUSY_KB + KEPT_BACK_MB * 1024);
}

/* Who goes away leaves nothing open; a paper that changes while the copy goes out is never passed as whole.
 */
static void a_copy_is_broken_off(void **state)
{
    char name[400];
    struct slow r;

    (void)state;
    copy_ask(&r, NULL);
    slow_take(&r, 10 << 20);
    tclient_close(&r.c);
    assert_true(slow_wait_open(&rig, 0));
    copy_ask(&r, NULL);
    slow_take(&r, 10 << 20);
    snprintf(name, sizeof name, "%s/%.2s/%s", blobs(), paper_hash, paper_hash);
    FILE *f = fopen(name, "r+");
    assert_non_null(f);
    fputc('x', f);
    fclose(f);
    slow_take(&r, SIZE_MAX - 1);
    tclient_close(&r.c);
    assert_true(r.ended && r.got < r.announced);
    BUF_SCOPE(said);
    assert_int_equal(desk_post(&registrar, "/api/person/export", ASK, &said), 409);
    assert_has(said, "error");
    assert_true(slow_wait_open(&rig, 0));
    assert_int_equal(desk_get(&clerk, "/api/me", NULL), 200);
    pgcluster_query(&rig.s.pg, "DELETE FROM document WHERE kind = 'scan' AND title = 'adus'");
}

/* The book of the day as it is printed. */
static void printed(void)
{
    char path[160], name[320], cmd[400], said[9000] = "";
    BUF_SCOPE(pdf);

    snprintf(path, sizeof path, "/api/register/day.pdf?institution=uat-1&register=petitions&date=%s",
             pgcluster_query(&rig.s.pg,
                             "SELECT (at AT TIME ZONE 'Europe/Bucharest')::date FROM register_entry "
                             "WHERE register = 'petitions' AND n = 1"));
    assert_status(200, desk_get(&registrar, path, &pdf), pdf);
    snprintf(name, sizeof name, "%s/day.pdf", rig.s.dir);
    FILE *f = fopen(name, "w");
    fwrite(pdf.p, 1, pdf.len, f);
    fclose(f);
    snprintf(cmd, sizeof cmd, "pdftotext %s - | tr -d '\\n '", name);
    f = popen(cmd, "r");
    assert_true(fread(said, 1, sizeof said - 1, f) > 0);
    pclose(f);
    if (!strstr(said, "ștersla") || !strstr(said, "protocol1") || strstr(said, "Gard") ||
        !strstr(said, "Lampă"))
        fail_msg("%s", said);
}

/* What is within its term stays and says why; what is over goes, with minutes. */
static void erased(void **state)
{
    (void)state;
    BUF_SCOPE(early);
    BUF_SCOPE(look);
    BUF_SCOPE(done);
    BUF_SCOPE(pdf);
    char path[80];

    assert_int_equal(desk_post(&archivist, "/api/person/erase", ASK, &early), 409);
    assert_has(early, "în lucru");
    pgcluster_query(&rig.s.pg,
                    "UPDATE casefile SET closed_at = now() - interval '5 years', dispose_after = " SQL_TODAY
                    " - 1 WHERE n = 1");
    pgcluster_query(&rig.s.pg,
                    "UPDATE casefile SET closed_at = now(), dispose_after = '2090-12-31' WHERE n = 2");
    assert_int_equal(desk_post(&archivist, "/api/person/erase/look", ASK, &look), 200);
    assert_has(look, "\"due\":1");
    assert_has(look, "\"kept\":true,\"why\":{\"ro\":\"Termenul de păstrare este până la 31.12.2090.\"");
    assert_int_equal(desk_post(&archivist, "/api/person/erase", ASK, &done), 200);
    assert_has(done, "\"cases\":1");
    assert_int_equal(
        desk_count(&rig, "SELECT count(*) FROM casefile WHERE erased_at IS NOT NULL AND person = ''"), 1);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM casefile WHERE person = 'Câmpean Ion'"), 1);
    snprintf(path, sizeof(path), "/api/documents/%.36s", strstr(done.p, "\"id\":\"") + 6);
    assert_int_equal(desk_get(&archivist, path, &pdf), 200);
    assert_memory_equal(pdf.p, "%PDF-", 5);
    printed();
    assert_int_equal(desk_post(&archivist, "/api/person/erase", ASK, NULL), 409);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM audit WHERE detail LIKE '%" CNP "%'"), 0);
}

/* After all that: registryd's log has nobody in it, and the metrics have no label that is a person's. */
static void nobody_in_the_log(void **state)
{
    (void)state;
    static const char *const names[] = {CNP,       "mpean", "CAMPEAN",   "Petrova",
                                        "petrova", "olga@", "Cetățenie", "Gard căzut"};
    ARENA_SCOPE(a);
    struct err e = {0};
    char *log;
    size_t len;

    assert_int_equal(fs_read(a, rig.s.log, 8 << 20, &log, &len, &e), RC_OK);
    assert_non_null(strstr(log, "event=start"));
    for (size_t i = 0; i < COUNT(names); i++)
        if (strstr(log, names[i]))
            fail_msg("%s stands in the log: %.300s", names[i],
                     strstr(log, names[i]) - (strstr(log, names[i]) - log > 100 ? 100 : 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(seen),
                                       cmocka_unit_test(copied),
                                       cmocka_unit_test(two_large_copies_at_once),
                                       cmocka_unit_test(a_copy_is_broken_off),
                                       cmocka_unit_test(erased),
                                       cmocka_unit_test(without_a_cnp),
                                       cmocka_unit_test(nobody_in_the_log)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
