/* Answers from a hostile chip, in the channel and in the steps of PACE and BAC. No forged answer is ever
 * accepted. */
#include "drivers/card/bac.h"
#include "drivers/card/pace.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static void channel(enum cipher cipher, const struct answer *a)
{
    struct sm sm = {0};
    struct answer copy = *a;
    sm_start(&sm, cipher, (const uint8_t *)"0123456789abcdef", 16, NULL);
    enum rc rc = sm_unwrap(&sm, &copy, NULL);
    if (rc == RC_OK && sm.open)
        abort(); /* a MAC was guessed */
    if (copy.len > a->len)
        abort();
}

static void steps(const struct answer *a)
{
    static const struct pace_info info = {.cipher = CIPHER_AES128, .parameter_id = 12};
    struct pace p SCOPED(pace_wipe) = {0};
    struct sm sm = {0};
    uint8_t out[PACE_DATA_MAX];
    size_t len = 0;
    if (pace_start(&p, &info, PACE_CAN, "123456", NULL) != RC_OK)
        abort();
    if (pace_map(&p, a, out, &len, NULL) == RC_OK && pace_agree(&p, a, out, &len, NULL) == RC_OK &&
        pace_token(&p, a, out, &len, NULL) == RC_OK && pace_finish(&p, a, &sm, NULL) == RC_OK)
        abort();
    struct bac b;
    if (bac_start(&b, "L898902C<369080619406236", NULL, NULL) != RC_OK || a->len < 8)
        return;
    uint8_t token[BAC_TOKEN];
    if (bac_command(&b, a->data, token, NULL) == RC_OK && bac_finish(&b, a->data, a->len, &sm, NULL) == RC_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    static struct answer a;
    if (answer_decode(p, len, &a, NULL) != RC_OK)
        return 0;
    (void)sw_row(a.sw);
    channel(CIPHER_3DES, &a);
    channel(CIPHER_AES128, &a);
    channel(CIPHER_AES256, &a);
    if (len < 200)
        steps(&a);
    return 0;
}
