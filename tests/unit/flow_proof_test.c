/* What the card driver found out about a chip, from its completion to the request as it rests in the queue.
 */
#include "tests/unit/flow_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char birth[] = "cs.birth_certificate";

static void filed_with(const char *can, const char *source, const char *passive, const char *chip)
{
    static struct rig r;
    struct err e = {0};
    struct queue_item item;
    struct submission sub;
    struct request req;
    ARENA_SCOPE(a);
    rig_open(&r, "inserted", "good", "good");
    rig_to(&r, STEP_CARD, birth);
    rig_until(&r, "\"reader\":\"ready\"");
    rig_must(&r, "/v1/card/read", arena_fmt(a, "{\"can\":\"%s\"}", can));
    rig_until(&r, "\"step\":\"form\"");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proven),
        cmocka_unit_test(changed),
        cmocka_unit_test(copied),
        cmocka_unit_test(swapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
