/* What the card driver found out about a chip, from its completion to the request as it rests in the queue.
 */
#include "tests/unit/flow_rig.h"

#include "common/base/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char birth[] = "cs.birth_certificate";

/* The terminal's "card_proof". */
static const char **policy;
static size_t policy_n;

static void filed_with(const char *can, const char *source, const char *passive, const char *chip)
{
    static struct rig r;
    struct err e = {0};
    struct queue_item item;
    struct submission sub;
    struct request req;
    ARENA_SCOPE(a);
    rig_open(&r, "inserted", "good", "good");
    r.conf.card_proof = policy;
    r.conf.n_card_proof = policy_n;
    rig_to(&r, STEP_CARD, birth);
    rig_until(&r, "\"reader\":\"ready\"");
    rig_must(&r, "/v1/card/read", arena_fmt(a, "{\"can\":\"%s\"}", can));
    rig_until(&r, "\"step\":\"form\"");
    rig_until(&r, "\"phase\":\"ok\"");
    bool kind = strcmp(source, "typed") == 0;
    if (kind) /* said at once, and no word of forgery */
        rig_until(&r, "un coleg de la ghișeu");
    rig_to(&r, STEP_FILING, birth);
    assert_int_equal(queue_get(r.queue, a, r.filed_id, &item, &e), RC_OK);
    if (submission_read(a, &(struct rulebook){&r.catalog, r.i18n}, BYTES(item.body, item.len), &sub, &req,
                        &e) != RC_OK)
        fail_msg("the register would refuse it: %s", e.text);
    assert_string_equal(req.identity.source, source);
    assert_string_equal(req.identity.passive, passive);
    assert_string_equal(req.identity.chip, chip);
    assert_string_equal(req.identity.csca, "a.ml");
    assert_string_equal(req.identity.passive_reason, "why");
    assert_int_equal(strlen(req.identity.document_number), kind ? 0 : 8);
    rig_close(&r);
}

static void proven(void **state)
{
    (void)state;
    filed_with("123456", "card_read", "valid", "genuine");
}

static void changed(void **state)
{
    (void)state;
    filed_with("000004", "typed", "hash_differs", "genuine");
}

static void copied(void **state)
{
    (void)state;
    filed_with("000005", "typed", "valid", "failed");
}

static void swapped(void **state)
{
    (void)state;
    filed_with("000006", "typed", "valid", "genuine");
}

/* Nobody we know signed it: the terminal's list of words decides whether it counts as read. */
static void by_policy(void **state)
{
    (void)state;
    static const char *strict[] = {"valid"}, *wide[] = {"valid", "signer_unknown"};
    filed_with("000007", "card_read", "signer_unknown", "genuine"); /* no list: as ever */
    policy = strict;
    policy_n = 1;
    filed_with("000007", "typed", "signer_unknown", "genuine");
    filed_with("123456", "card_read", "valid", "genuine");
    policy = wide;
    policy_n = 2;
    filed_with("000007", "card_read", "signer_unknown", "genuine");
    filed_with("000004", "typed", "hash_differs", "genuine");
    policy = NULL;
    policy_n = 0;
}

static enum rc conf_with(struct arena *a, const char *words, struct kiosk_conf *out, struct err *e)
{
    char *text = NULL, path[] = "/tmp/pridvor-conf-XXXXXX";
    const char *source = getenv("PRIDVOR_SOURCE");
    size_t n = 0;
    const char *whole = arena_fmt(a, "%s/configs/kiosk.conf", source ? source : ".");
    assert_int_equal(fs_read(a, whole, 1 << 16, &text, &n, e), RC_OK);
    int fd = mkstemp(path);
    dprintf(fd, "{\"card_proof\":%s,%.*s", words, (int)n - 1, text + 1);
    close(fd);
    enum rc rc = config_load(a, path, out, e);
    unlink(path);
    return rc;
}

/* A slip in a word, or a word that no proof may have, stops the terminal at its start. */
static void policy_words(void **state)
{
    (void)state;
    static const char *const bad[] = {"[\"valit\"]", "[\"valid\",\"hash_differs\"]", "[\"signature_wrong\"]",
                                      "[\"\"]"};
    ARENA_SCOPE(a);
    struct kiosk_conf c;
    struct err e = {0};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(conf_with(a, bad[i], &c, &e), RC_BAD_FIELD);
        assert_string_equal(e.path, "card_proof");
    }
    if (conf_with(a, "[\"valid\",\"expired\"]", &c, &e) != RC_OK)
        fail_msg("%s", e.text);
    assert_int_equal(c.n_card_proof, 2);
    assert_int_equal(conf_with(a, "[]", &c, &e), RC_OK);
    assert_int_equal(c.n_card_proof, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proven),  cmocka_unit_test(changed),   cmocka_unit_test(copied),
        cmocka_unit_test(swapped), cmocka_unit_test(by_policy), cmocka_unit_test(policy_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
