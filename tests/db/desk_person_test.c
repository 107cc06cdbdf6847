/* What the desk does with the data of one person: seen, copied, erased, each by who may, with its reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/zip.h"
#include "tests/db/desk_rig.h"

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

    assert_int_equal(desk_post(&registrar, "/api/person/export/look", ASK, &body), 200);
    assert_has(body, "Gard căzut");
    assert_has(body, "Lampă stinsă");
    assert_has(body, "\"due\":0");
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM audit WHERE act = 'person looked up' AND actor = "
                                      "'registru' AND detail LIKE '%Cerere 12%'"),
                     1);
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
    pgcluster_query(&rig.s.pg, "UPDATE casefile SET closed_at = now() - interval '5 years', dispose_after = "
                               "current_date - 1 WHERE n = 1");
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
    assert_int_equal(desk_post(&archivist, "/api/person/erase", ASK, NULL), 409);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM audit WHERE detail LIKE '%" CNP "%'"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(seen), cmocka_unit_test(copied),
                                       cmocka_unit_test(erased)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
