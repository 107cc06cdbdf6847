/* Papers on the whole line: scanner, tray, PDF, sealed queue, the register's folder. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/crypto.h"
#include "common/base/fs.h"
#include "common/base/text.h"
#include "tests/e2e/house.h"

#define MARK 48 /* bytes of a page that stand nowhere else; a multiple of 3, as base64 takes them */

static struct house house;

static int setup(void **state)
{
    (void)state;
    setenv("PRIDVOR_ANSWER_MS", "10000", 1); /* a number, not a provisional receipt, on a busy machine too */
    return house_setup(&house, "papers", 17380);
}

static int teardown(void **state)
{
    (void)state;
    house_down(&house);
    return 0;
}

static int fresh(void **state)
{
    (void)state;
    house_between(&house);
    papers_load(API, "photo cert");
    vdev_command(API, "scanner", "glass letter");
    return 0;
}

/* A certificate for somebody else: the mandate is the paper. */
static const struct person_answer mandate[] = {{"who.address", "\"Turda, str. Mihai Viteazul 3\""},
                                               {"act.who", "\"other\""},
                                               {"act.last_name", "\"Moldovan\""},
                                               {"act.first_name", "\"Ilinca\""},
                                               {"act.birth_date", "\"1948-03-12\""},
                                               {"act.birth_place", "\"Turda\""},
                                               {"delivery.how", "\"pickup\""},
                                               {"reason", "\"lost\""},
                                               {"format", "\"paper\""}};

static void to_the_papers(void)
{
    HOLDS(citizen_start(API, "ro", "cs.birth_certificate"));
    HOLDS(citizen_card_in(API, "A"));
    HOLDS(citizen_read_can(API, "123456"));
    HOLDS(citizen_to_papers(API, mandate, COUNT(mandate)));
    HOLDS(api_wait(API, "scan.phase", "ready", 20000));
}

static void file_it(const char *provisional)
{
    HOLDS(citizen_answer(API, mandate, COUNT(mandate)));
    HOLDS(citizen_no_signature(API));
    HOLDS(citizen_submit(API));
    assert_string_equal(api_get(API, "done.provisional"), provisional);
}

static bool runs_well(const char *program, const char *path, char *out, size_t cap)
{
    char line[400];
    snprintf(line, sizeof(line), "%s '%s' 2>&1", program, path);
    FILE *p = popen(line, "r");
    if (!p)
        return false;
    size_t n = fread(out, 1, cap - 1, p);
    out[n] = '\0';
    return pclose(p) == 0;
}

/* The one file of the request: in the register's folder under the hash the request names, a PDF in the eyes
 * of others, with so many pages. */
static const char *filed_pdf(struct arena *a, const char *code, int pages)
{
    char said[4000], want[40];
    const char *named = strstr(house_request(&house, a, code), "sha256:");
    assert_non_null(named);
    const char *sha = arena_strn(a, named + 7, 64);
    const char *path = house_blob(&house, a, sha);
    HOLDS(path != NULL);
    struct err e = {0};
    char *bytes, hex[2 * SHA256_LEN + 1];
    uint8_t sum[SHA256_LEN];
    size_t len;
    assert_int_equal(fs_read(a, path, 8 << 20, &bytes, &len, &e), RC_OK);
    sha256(sum, bytes, len);
    hex_encode(hex, sum, sizeof(sum));
    assert_string_equal(hex, sha);
    snprintf(want, sizeof(want), "Pages:           %d\n", pages);
    if (!runs_well("pdfinfo", path, said, sizeof(said)) || !strstr(said, want))
        fail_msg("pdfinfo: %s", said);
    if (!runs_well("qpdf --check", path, said, sizeof(said)))
        fail_msg("qpdf: %s", said);
    HOLDS(house_sound(&house));
    return path;
}

struct mark {
    struct bytes raw, b64;
};

static struct mark mark_of(struct arena *a, struct bytes page)
{
    size_t at = page.len / 6 * 3;
    if (at > 90000)
        at = 90000; /* in the first piece that the driver sends: there base64 begins with the page */
    assert_true(at + MARK < page.len);
    const uint8_t *from = (const uint8_t *)page.p + at;
    char *text = base64_encode(a, from, MARK);
    return (struct mark){BYTES(from, MARK), BYTES(text, strlen(text))};
}

static size_t family(pid_t *pids, size_t max)
{
    size_t n = 1;
    pids[0] = house_pid(&house, "kioskd");
    for (size_t i = 0; i < n && n < max; i++)
        n += children_of(pids[i], pids + n, max - n);
    return n;
}

static int places(pid_t pid, const struct mark *marks, size_t n)
{
    static const char *const words[] = {"2900314120112", "POPESCU", "Moldovan", "XX204815"};
    int found = 0;
    for (size_t i = 0; i < n; i++)
        found += memory_search_bytes(pid, marks[i].raw) + memory_search_bytes(pid, marks[i].b64);
    for (size_t i = 0; i < COUNT(words); i++)
        found += memory_search(pid, words[i]);
    return found;
}

/* Nothing of the person in any process of the terminal, a moment after the end. */
static void forgotten(const struct mark *marks, size_t n)
{
    pid_t pids[32];
    size_t count = family(pids, COUNT(pids)), left = 0;
    assert_true(count >= 5); /* kioskd, four drivers */
    for (int64_t end = mono_ms() + 20000; mono_ms() < end; usleep(200000)) {
        left = 0;
        count = family(pids, COUNT(pids));
        for (size_t i = 0; i < count; i++)
            left += places(pids[i], marks, n) > 0;
        if (left == 0)
            break;
    }
    for (size_t i = 0; left && i < count; i++)
        print_message("process %d: %d places\n", (int)pids[i], places(pids[i], marks, n));
    assert_int_equal(left, 0);
    print_message("memory of %zu processes searched: nothing of person and papers left\n", count);
}

static void two_papers_one_turned_one_anew(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct bytes page[3];
    struct mark marks[3];
    to_the_papers();
    HOLDS(papers_scan(API, "feeder"));
    assert_int_equal(papers_count(API), 2);
    HOLDS(papers_page(API, a, 0, &page[0]));
    HOLDS(papers_page(API, a, 1, &page[1]));
    int64_t before = papers_id(API, 1);
    HOLDS(papers_act(API, "rotate", 0));
    HOLDS(papers_scan_again(API, 1));
    assert_int_equal(papers_count(API), 2);
    assert_true(papers_id(API, 1) != before);
    HOLDS(papers_page(API, a, 1, &page[2]));
    for (size_t i = 0; i < COUNT(page); i++)
        marks[i] = mark_of(a, page[i]);
    assert_true(memory_search_bytes(house_pid(&house, "kioskd"), marks[2].raw) > 0); /* the control */
    HOLDS(citizen_answer(API, mandate, COUNT(mandate)));
    HOLDS(citizen_sign(API, true));
    HOLDS(citizen_submit(API));
    assert_string_equal(api_get(API, "done.provisional"), "false");
    const char *code = arena_str(a, api_get(API, "done.receipt_code"));
    HOLDS(citizen_printed(API, "printed", 20000));
    HOLDS(citizen_end(API));
    forgotten(marks, COUNT(marks));

    char said[4000], hex[2 * SHA256_LEN + 1];
    uint8_t sum[SHA256_LEN];
    const char *path = filed_pdf(a, code, 2);
    assert_true(runs_well("pdfinfo -f 1 -l 2", path, said, sizeof(said)));
    assert_non_null(strstr(said, "Page    1 size:  841.89 x 595.2")); /* the turned one lies */
    assert_non_null(strstr(said, "Page    2 size:  595.2"));
    struct err e = {0};
    char *pdf;
    size_t len;
    assert_int_equal(fs_read(a, path, 8 << 20, &pdf, &len, &e), RC_OK);
    assert_non_null(memmem(pdf, len, page[0].p, page[0].len)); /* a photograph stays bit for bit */
    /* The request names the pages as the scanner made them: the first, and the second one anew. */
    for (size_t i = 0; i < COUNT(page); i++) {
        sha256(sum, page[i].p, page[i].len);
        hex_encode(hex, sum, sizeof(sum));
        assert_int_equal(strstr(house_request(&house, a, code), hex) != NULL, i != 1);
    }
}

static void jam_keeps_the_first_page(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    to_the_papers();
    HOLDS(vdev_command(API, "scanner", "jam_at 2"));
    assert_false(papers_scan(API, "feeder"));
    HOLDS(api_wait(API, "scan.error.code", "ADF_JAM", 20000));
    assert_int_equal(papers_count(API), 1);
    HOLDS(vdev_command(API, "scanner", "clear"));
    HOLDS(papers_scan(API, "feeder"));
    assert_int_equal(papers_count(API), 2);
    file_it("false");
    const char *code = arena_str(a, api_get(API, "done.receipt_code"));
    HOLDS(citizen_end(API));
    filed_pdf(a, code, 2);
}

/* The scanner dies under the lamp: said at once, and the paper comes to the counter. */
static void scanner_unplugged_in_mid_scan(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    to_the_papers();
    int64_t end = mono_ms() + 20000;
    HOLDS(vdev_command(API, "scanner", "delay 60000"));
    HOLDS(api_call(API, "/v1/scan/start", "{\"field\":\"file.mandate\",\"source\":\"feeder\"}"));
    do
        HOLDS(vdev_command(API, "scanner", "state"));
    while (strstr(API->line, "\"job\":0") && (usleep(50000), mono_ms() < end));
    HOLDS(house_kill(&house, "scanner"));
    HOLDS(api_wait(API, "scan.phase", "error|absent", 30000));
    assert_string_equal(api_get(API, "scan.counter"), "true");
    HOLDS(api_call(API, "/v1/scan/skip", "{}"));
    file_it("false");
    const char *code = arena_str(a, api_get(API, "done.receipt_code"));
    HOLDS(citizen_end(API));
    assert_non_null(strstr(house_request(&house, a, code), "\"counter\""));
    HOLDS(house_start(&house, "scanner"));
    HOLDS(citizen_start(API, "ro", "cs.birth_certificate"));
    HOLDS(api_wait(API, "devices.scan.public", "ready", 30000));
    HOLDS(api_call(API, "/v1/session/end", "{}"));
}

/* Sealed on the terminal, both papers with it; afterwards one registration that has them. */
static void network_cut_with_papers(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    char sql[160];
    HOLDS(house_net(&house, false));
    to_the_papers();
    HOLDS(papers_scan(API, "feeder"));
    HOLDS(papers_scan(API, "flatbed"));
    assert_int_equal(papers_count(API), 3);
    file_it("true");
    const char *code = arena_str(a, api_get(API, "done.receipt_code"));
    HOLDS(citizen_printed(API, "printed", 20000));
    HOLDS(citizen_end(API));
    snprintf(sql, sizeof(sql), "select count(*) from request where receipt_code = '%s'", code);
    assert_int_equal(house_count(&house, sql), 0);
    HOLDS(house_net(&house, true));
    assert_true(house_until(&house, 1, sql, 70000));
    filed_pdf(a, code, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(two_papers_one_turned_one_anew, fresh),
        cmocka_unit_test_setup(jam_keeps_the_first_page, fresh),
        cmocka_unit_test_setup(scanner_unplugged_in_mid_scan, fresh),
        cmocka_unit_test_setup(network_cut_with_papers, fresh),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
