/* Security objects: never valid for files that the key behind the folder's certificates did not sign. */
#include "drivers/card/trust_priv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

/* The enclosed certificates as those of the folder: the way upwards is walked, too. */
static void chains(struct arena *a, const struct cms *m, const struct trust_question *q)
{
    struct source source = {.name = "enclosed"};
    struct trust t = {.sources = &source, .n_sources = 1, .version = "", .folder = ""};
    struct der list = der_in(m->certificates);
    struct der_item it;
    struct trust_verdict v;
    struct cert c;
    BUF_SCOPE(out);
    while (t.n_anchors < 4 && der_next(&list, &it, NULL) == RC_OK)
        if (cert_read(it.raw, &c, NULL) == RC_OK)
            anchor_add(a, &t, &c, 0, ANCHOR_UNTRIED);
    /* the file that the seeds are about: behind the hashes there is more to walk */
    const struct trust_group group = {1, BYTES("data group one", 14)};
    struct trust_question known = {q->sod, &group, 1, q->now};
    trust_check(&t, a, &known, &v);
    trust_json(&v, &out);
    struct chain up;
    for (size_t i = 0; i < t.n_anchors; i++) {
        anchor_cert(&t.anchors[i], &c);
        chain_up(&t, &c, q->now, 0, &up);
    }
    buf_reset(&out);
    trust_report(&t, a, q->now, &out);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    ARENA_SCOPE(a);
    const struct trust_group group = {1, BYTES("no file of any state", 20)};
    struct trust_question q = {BYTES(p, len), &group, 1, 1795000000};
    struct trust_verdict v;
    struct security_object o;
    struct cms m;
    BUF_SCOPE(out);
    trust_check(NULL, a, &q, &v);
    if (v.word == TRUST_VALID)
        abort();
    trust_json(&v, &out);
    (void)!security_object_read(q.sod, &o, NULL);
    struct der d = der_in(q.sod);
    struct der_item it = {.v = q.sod};
    (void)!der_take(&d, 0x77, &it, NULL);
    if (cms_read(a, it.v, &m, NULL) == RC_OK && m.n_signers) {
        struct cert c;
        int64_t at;
        if (cms_certificate(&m, &m.signer[0], &c, NULL) == RC_OK)
            (void)!cms_verify(&m, &m.signer[0], &c, &at, NULL);
        (void)!security_object_read(m.content, &o, NULL);
        chains(a, &m, &q);
    }
    return 0;
}
