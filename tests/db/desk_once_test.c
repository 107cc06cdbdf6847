/* Sent again because the answer was lost: entered once, answered the same. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/work.h"
#include "common/base/text.h"
#include "tests/db/desk_rig.h"

static struct desk_rig rig;
static struct browser registrar, ana, head;
static char id[40]; /* of a case, from the first petition on */

static int setup(void **state)
{
    (void)state;
    if (!desk_rig_make(&rig))
        exit(77);
    desk_hand(&rig, &registrar, "registru", "registrar", "uat-1");
    desk_hand(&rig, &ana, "ana", "clerk", "uat-1");
    desk_hand(&rig, &head, "cora", "head", "uat-1");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    struct browser *all[] = {&registrar, &ana, &head};
    for (size_t i = 0; i < COUNT(all); i++)
        desk_leave(all[i]);
    desk_rig_free(&rig);
    return 0;
}

static int keyed(struct browser *b, const char *path, const char *key, const char *text, struct buf *body)
{
    char more[300];

    snprintf(more, sizeof(more),
             "X-Pridvor: 1\r\nSec-Fetch-Site: same-origin\r\nOrigin: https://localhost:%d\r\n"
             "Content-Type: application/json\r\nIdempotency-Key: %s\r\n",
             rig.s.desk_port, key);
    if (body)
        buf_reset(body);
    return desk_send(b, &(struct desk_ask){"POST", path, text, more}, NULL, body);
}

#define KEY "11111111-2222-4333-8444-55555555555"
#define ENTRIES "/api/register/entries"
#define LETTER                                                                                               \
    "{\"direction\":\"in\",\"register\":\"general\",\"subject\":\"%s\",\"correspondent\":\"Școala\"}"
#define PETITION "{\"direction\":\"in\",\"service\":\"petition.general\",\"correspondent\":\"Pop\"}"

/* The answer was lost on the way: the same sending is answered the same, and stands in the book once. */
static void sent_twice(void **state)
{
    (void)state;
    BUF_SCOPE(first);
    BUF_SCOPE(again);
    char letter[300], other[300];
    long rows = desk_count(&rig, "SELECT count(*) FROM register_entry");
    long cases = desk_count(&rig, "SELECT count(*) FROM casefile");

    snprintf(letter, sizeof(letter), LETTER, "Invitație");
    snprintf(other, sizeof(other), LETTER, "Altceva");
    assert_status(422, keyed(&registrar, ENTRIES, "x", letter, &again), again);
    assert_status(
        422, keyed(&registrar, ENTRIES, KEY "a", "{\"direction\":\"in\",\"register\":\"general\"}", &again),
        again); /* a refusal takes no key */
    assert_status(200, keyed(&registrar, ENTRIES, KEY "a", letter, &first), first);
    assert_status(200, keyed(&registrar, ENTRIES, KEY "a", letter, &again), again);
    assert_int_equal(first.len, again.len);
    assert_memory_equal(first.p, again.p, first.len);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM register_entry"), rows + 1);
    assert_status(409, keyed(&registrar, ENTRIES, KEY "a", other, &again), again);
    assert_has(again, "cu alt conținut");
    assert_int_equal(keyed(&ana, ENTRIES, KEY "a", letter, NULL), 409); /* another's key */
    assert_status(200, keyed(&ana, ENTRIES, KEY "b", PETITION, &first), first);
    assert_has(first, "\"case\":");
    snprintf(id, sizeof(id), "%.36s", strstr(first.p, "\"case\":\"") + 8);
    assert_status(200, keyed(&ana, ENTRIES, KEY "b", PETITION, &again), again);
    assert_memory_equal(first.p, again.p, first.len);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM casefile"), cases + 1);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM register_entry"), rows + 2);
}

static void corrected_twice(void **state)
{
    (void)state;
    BUF_SCOPE(first);
    BUF_SCOPE(again);
    char text[200];

    snprintf(text, sizeof(text),
             "{\"register\":\"general\",\"year\":%ld,\"n\":1,\"text\":\"Corect\",\"reason\":\"Greșit\"}",
             desk_count(&rig, "SELECT max(year) FROM register_entry"));
    for (int i = 0; i < 2; i++)
        assert_status(200, keyed(&registrar, "/api/register/correct", KEY "c", text, i ? &again : &first),
                      first);
    assert_memory_equal(first.p, again.p, first.len);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM register_entry WHERE direction = 'correction'"),
                     1);
}

struct press {
    pthread_t thread;
    struct browser b;
    int status;
    struct buf body;
};
static void *press(void *arg)
{
    struct press *p = arg;
    char letter[300];

    snprintf(letter, sizeof(letter), LETTER, "Deodată");
    p->status = keyed(&p->b, ENTRIES, KEY "d", letter, &p->body);
    return NULL;
}

static void twice_at_once(void **state)
{
    (void)state;
    struct press all[4] = {0};

    for (size_t i = 0; i < COUNT(all); i++) {
        all[i].b = (struct browser){.rig = &rig, .ctx = server_client(&rig.s, NULL)};
        assert_int_equal(desk_enter_as(&all[i].b, "registru", desk_secret), 200);
    }
    for (size_t i = 0; i < COUNT(all); i++)
        assert_int_equal(pthread_create(&all[i].thread, NULL, press, &all[i]), 0);
    for (size_t i = 0; i < COUNT(all); i++)
        pthread_join(all[i].thread, NULL);
    for (size_t i = 0; i < COUNT(all); i++) {
        assert_int_equal(all[i].status, 200);
        assert_memory_equal(all[i].body.p, all[0].body.p, all[0].body.len);
    }
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM register_entry WHERE subject = 'Deodată'"), 1);
    for (size_t i = 0; i < COUNT(all); i++) {
        buf_free(&all[i].body);
        desk_leave(&all[i].b);
        tls_ctx_free(all[i].b.ctx);
    }
}

static int keyed_file(struct browser *b, const char *path, const char *key, const char *name)
{
    char more[300];

    snprintf(more, sizeof(more),
             "X-Pridvor: 1\r\nContent-Type: image/png\r\nX-Kind: scan\r\nX-Name: %s\r\n"
             "Idempotency-Key: %s\r\n",
             name, key);
    return desk_send(b, &(struct desk_ask){"POST", path, (const char *)desk_dot.p, more, desk_dot.len}, NULL,
                     NULL);
}

/* A note of a case, inside or for the applicant: entered once, and the second answer is the case, too. */
static void note_twice(void **state)
{
    (void)state;
    BUF_SCOPE(body);
    char path[100];
    static const char *const texts[] = {"{\"text\":\"De două ori?\",\"public\":false}",
                                        "{\"text\":\"Vă așteptăm.\",\"public\":true}"};
    static const char *const keys[] = {KEY "e", KEY "f"};

    snprintf(path, sizeof(path), "/api/cases/%s/note", id);
    long notes = desk_count(&rig, "SELECT count(*) FROM case_note");
    for (int i = 0; i < 4; i++) {
        assert_status(200, keyed(&ana, path, keys[i / 2], texts[i / 2], &body), body);
        assert_has(body, i < 2 ? "De două ori?" : "Vă așteptăm.");
        assert_has(body, "\"version\":");
    }
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM case_note"), notes + 2);
    assert_status(409, keyed(&ana, path, KEY "e", texts[1], &body), body);
    assert_has(body, "Vedeți în dosar ce s-a păstrat");
    assert_int_equal(keyed(&head, path, KEY "e", texts[0], NULL), 409); /* another's key */
    assert_int_equal(keyed(&ana, "/api/cases/" KEY "0/note", KEY "e", texts[0], NULL),
                     409); /* another case */
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM case_note"), notes + 2);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM desk_once WHERE answer LIKE '%De dou%'"), 0);
}

static void file_twice(void **state)
{
    (void)state;
    char path[100];

    snprintf(path, sizeof(path), "/api/cases/%s/documents", id);
    long papers = desk_count(&rig, "SELECT count(*) FROM document");
    for (int i = 0; i < 2; i++)
        assert_int_equal(keyed_file(&ana, path, KEY "7", "a.png"), 200);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM document"), papers + 1);
    assert_int_equal(keyed_file(&ana, path, KEY "7", "b.png"), 409);
    assert_int_equal(keyed_file(&ana, path, KEY "8", "a.png"), 200); /* meant as another one */
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM document"), papers + 2);
}

struct remark {
    pthread_t thread;
    struct browser b;
    int status;
};
static void *remark(void *arg)
{
    struct remark *m = arg;
    char path[100];

    snprintf(path, sizeof(path), "/api/cases/%s/note", id);
    m->status = keyed(&m->b, path, KEY "9", "{\"text\":\"Deodată\",\"public\":true}", NULL);
    return NULL;
}

static void note_at_once(void **state)
{
    (void)state;
    struct remark all[4] = {0};

    for (size_t i = 0; i < COUNT(all); i++) {
        all[i].b = (struct browser){.rig = &rig, .ctx = server_client(&rig.s, NULL)};
        assert_int_equal(desk_enter_as(&all[i].b, "ana", desk_secret), 200);
    }
    long notes = desk_count(&rig, "SELECT count(*) FROM case_note");
    for (size_t i = 0; i < COUNT(all); i++)
        assert_int_equal(pthread_create(&all[i].thread, NULL, remark, &all[i]), 0);
    for (size_t i = 0; i < COUNT(all); i++) {
        pthread_join(all[i].thread, NULL);
        assert_int_equal(all[i].status, 200);
        desk_leave(&all[i].b);
        tls_ctx_free(all[i].b.ctx);
    }
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM case_note"), notes + 1);
}

/* What no page sends again is taken away by the next act; what one may, is kept, and an old key that comes
 * all the same is not done twice. */
static void answers_age(void **state)
{
    (void)state;
    BUF_SCOPE(first);
    BUF_SCOPE(again);
    char letter[300], path[100];

    snprintf(path, sizeof(path), "/api/cases/%s/note", id);
    snprintf(letter, sizeof(letter), LETTER, "Veche");
    assert_status(200, keyed(&registrar, ENTRIES, KEY "1", letter, &first), first);
    desk_count(&rig, "UPDATE desk_once SET at = at - interval '61 days' WHERE account = 'registru'");
    desk_count(&rig, "UPDATE desk_once SET at = at - interval '59 days' WHERE account <> 'registru'");
    long young = desk_count(&rig, "SELECT count(*) FROM desk_once WHERE account <> 'registru'");
    assert_status(200, keyed(&registrar, ENTRIES, KEY "1", letter, &again), again);
    assert_memory_equal(first.p, again.p, first.len);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM desk_once WHERE account = 'registru'"), 1);
    assert_status(200, keyed(&ana, path, KEY "2", "{\"text\":\"Nouă\",\"public\":false}", &again), again);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM desk_once WHERE account = 'registru'"), 0);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM desk_once"), young + 1);
}

/* What is kept of the sending is under a key of its own: that of the CNPs stays with the CNPs. */
static void own_key(void **state)
{
    (void)state;
    struct work_house h = {0};
    struct err e = {0};
    char key[300], sum[2 * SHA256_LEN + 1], text[600], letter[300], sql[300];
    uint8_t hash[SHA256_LEN];

    snprintf(letter, sizeof(letter), LETTER, "Cheie");
    assert_int_equal(keyed(&registrar, ENTRIES, KEY "3", letter, NULL), 200);
    snprintf(key, sizeof(key), "%s/pin.key", rig.s.dir);
    assert_int_equal(pin_key_load(key, false, h.master, &e), RC_OK);
    assert_int_equal(work_house_keys(&h, &e), RC_OK);
    snprintf(text, sizeof(text), KEY "3\nregistru\n" ENTRIES "\n%s", letter);
    assert_memory_not_equal(h.once_key, h.cnp_key, sizeof(h.cnp_key));
    hmac_sha256(hash, h.once_key, sizeof(h.once_key), text, strlen(text));
    hex_encode(sum, hash, sizeof(hash));
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM desk_once WHERE sent = '\\x%s'", sum);
    assert_int_equal(desk_count(&rig, sql), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sent_twice),  cmocka_unit_test(corrected_twice), cmocka_unit_test(twice_at_once),
        cmocka_unit_test(note_twice),  cmocka_unit_test(file_twice),      cmocka_unit_test(note_at_once),
        cmocka_unit_test(answers_age), cmocka_unit_test(own_key),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
