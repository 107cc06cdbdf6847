/* Groups for key agreement, the chip's side: curves and primes of 9303-11 9.5.1, both mappings of the nonce
 * (9303-11 4.4.3.3, appendix B). */
#include "tests/devices/card_priv.h"

#include <string.h>

/* RFC 5114 2.1 and 2.3: prime, generator, order. */
static const struct {
    const char *name, *p, *g, *q;
} primes[] = {
    {"MODP1024-160",
     "B10B8F96A080E01DDE92DE5EAE5D54EC52C99FBCFB06A3C69A6A9DCA52D23B616073E28675A23D189838EF1E2E"
     "E652C013ECB4AEA906112324975C3CD49B83BFACCBDD7D90C4BD7098488E9C219A73724EFFD6FAE5644738FAA3"
     "1A4FF55BCCC0A151AF5F0DC8B4BD45BF37DF365C1A65E68CFDA76D4DA708DF1FB2BC2E4A4371",
     "A4D1CBD5C3FD34126765A442EFB99905F8104DD258AC507FD6406CFF14266D31266FEA1E5C41564B777E690F55"
     "04F213160217B4B01B886A5E91547F9E2749F4D7FBD7D3B9A92EE1909D0D2263F80A76A6A24C087A091F531DBF"
     "0A0169B6A28AD662A4D18E73AFA32D779D5918D08BC8858F4DCEF97C2A24855E6EEB22B3B2E5",
     "F518AA8781A8DF278ABA4E7D64B7CB9D49462353"},
    {"MODP2048-256",
     "87A8E61DB4B6663CFFBBD19C651959998CEEF608660DD0F25D2CEED4435E3B00E00DF8F1D61957D4FAF7DF4561"
     "B2AA3016C3D91134096FAA3BF4296D830E9A7C209E0C6497517ABD5A8A9D306BCF67ED91F9E6725B4758C022E0"
     "B1EF4275BF7B6C5BFC11D45F9088B941F54EB1E59BB8BC39A0BF12307F5C4FDB70C581B23F76B63ACAE1CAA6B7"
     "902D52526735488A0EF13C6D9A51BFA4AB3AD8347796524D8EF6A167B5A41825D967E144E5140564251CCACB83"
     "E6B486F6B3CA3F7971506026C0B857F689962856DED4010ABD0BE621C3A3960A54E710C375F26375D7014103A4"
     "B54330C198AF126116D2276E11715F693877FAD7EF09CADB094AE91E1A1597",
     "3FB32C9B73134D0B2E77506660EDBD484CA7B18F21EF205407F4793A1A0BA12510DBC15077BE463FFF4FED4AAC"
     "0BB555BE3A6C1B0C6B47B1BC3773BF7E8C6F62901228F8C28CBB18A55AE31341000A650196F931C77A57F2DDF4"
     "63E5E9EC144B777DE62AAAB8A8628AC376D282D6ED3864E67982428EBC831D14348F6F2F9193B5045AF2767164"
     "E1DFC967C1FB3F2E55A4BD1BFFE83B9C80D052B985D182EA0ADB2A3B7313D3FE14C8484B1E052588B9B7D2BBD2"
     "DF016199ECD06E1557CD0915B3353BBB64E0EC377FD028370DF92B52C7891428CDC67EB6184B523D1DB246C32F"
     "63078490F00EF8D647D148D47954515E2327CFEF98C582664B4C0F6CC41659",
     "8CF83642A709A097B447997640129DA299B1A47D1EB3750BA308B0FE64F5FBD3"},
};

void group_init(struct group *x)
{
    memset(x, 0, sizeof *x);
    mbedtls_ecp_group_init(&x->ec);
    mbedtls_mpi_init(&x->p);
    mbedtls_mpi_init(&x->g);
    mbedtls_mpi_init(&x->q);
}

void group_free(struct group *x)
{
    mbedtls_ecp_group_free(&x->ec);
    mbedtls_mpi_free(&x->p);
    mbedtls_mpi_free(&x->g);
    mbedtls_mpi_free(&x->q);
}

void elem_init(struct elem *e)
{
    mbedtls_ecp_point_init(&e->pt);
    mbedtls_mpi_init(&e->n);
}

void elem_free(struct elem *e)
{
    mbedtls_ecp_point_free(&e->pt);
    mbedtls_mpi_free(&e->n);
}

void group_load(struct group *x, const struct curve *cv)
{
    x->cv = cv;
    if (!cv->prime) {
        must(mbedtls_ecp_group_load(&x->ec, cv->gid));
        x->len = (x->ec.pbits + 7) / 8;
        return;
    }
    size_t i = 0;
    while (strcmp(primes[i].name, cv->name) != 0)
        i++;
    must(mbedtls_mpi_read_string(&x->p, 16, primes[i].p));
    must(mbedtls_mpi_read_string(&x->g, 16, primes[i].g));
    must(mbedtls_mpi_read_string(&x->q, 16, primes[i].q));
    x->len = mbedtls_mpi_size(&x->p);
}

static const mbedtls_mpi *order(const struct group *x)
{
    return x->cv->prime ? &x->q : &x->ec.N;
}

void group_private(struct card *c, const struct group *x, mbedtls_mpi *d)
{
    uint8_t raw[66];
    size_t n = mbedtls_mpi_size(order(x));
    do {
        c->rnd(c->rnd_ctx, raw, n);
        must(mbedtls_mpi_read_binary(d, raw, n));
    } while (mbedtls_mpi_cmp_int(d, 1) < 0 || mbedtls_mpi_cmp_mpi(d, order(x)) >= 0);
}

/* base NULL: the standard generator. */
void group_mul(struct group *x, const struct elem *base, const mbedtls_mpi *d, struct elem *out)
{
    if (x->cv->prime)
        must(mbedtls_mpi_exp_mod(&out->n, base ? &base->n : &x->g, d, &x->p, NULL));
    else
        must(mbedtls_ecp_mul(&x->ec, &out->pt, d, base ? &base->pt : &x->ec.G, noise, NULL));
}

void elem_write(struct group *x, const struct elem *e, uint8_t out[PUBLIC_MAX], size_t *n)
{
    if (x->cv->prime) {
        must(mbedtls_mpi_write_binary(&e->n, out, x->len));
        *n = x->len;
        return;
    }
    must(mbedtls_ecp_point_write_binary(&x->ec, &e->pt, MBEDTLS_ECP_PF_UNCOMPRESSED, n, out, PUBLIC_MAX));
}

/* What is outside the group is refused. */
bool elem_read(struct group *x, const uint8_t *p, size_t n, struct elem *out)
{
    if (!x->cv->prime)
        return n == 1 + 2 * x->len && p[0] == 4 &&
               mbedtls_ecp_point_read_binary(&x->ec, &out->pt, p, n) == 0 &&
               mbedtls_ecp_check_pubkey(&x->ec, &out->pt) == 0;
    mbedtls_mpi one;
    mbedtls_mpi_init(&one);
    bool good = n == x->len && mbedtls_mpi_read_binary(&out->n, p, n) == 0 &&
                mbedtls_mpi_cmp_int(&out->n, 1) > 0 && mbedtls_mpi_cmp_mpi(&out->n, &x->p) < 0 &&
                mbedtls_mpi_exp_mod(&one, &out->n, &x->q, &x->p, NULL) == 0 &&
                mbedtls_mpi_cmp_int(&one, 1) == 0;
    mbedtls_mpi_free(&one);
    return good;
}

/* x coordinate or number, at full length. */
size_t group_secret(struct group *x, const struct elem *theirs, const mbedtls_mpi *d, uint8_t out[PUBLIC_MAX])
{
    uint8_t raw[PUBLIC_MAX];
    size_t n;
    struct elem k;
    elem_init(&k);
    group_mul(x, theirs, d, &k);
    elem_write(x, &k, raw, &n);
    memcpy(out, x->cv->prime ? raw : raw + 1, x->len);
    elem_free(&k);
    wipe(raw, sizeof raw);
    return x->len;
}

/* s * G + d * theirs */
bool map_generic(struct group *x, const uint8_t s[16], const mbedtls_mpi *d, const struct elem *theirs,
                 struct elem *gen)
{
    mbedtls_mpi m, one;
    struct elem h;
    mbedtls_mpi_init(&m);
    mbedtls_mpi_init(&one);
    elem_init(&h);
    must(mbedtls_mpi_read_binary(&m, s, 16));
    must(mbedtls_mpi_lset(&one, 1));
    group_mul(x, theirs, d, &h);
    bool good = true;
    if (x->cv->prime) {
        must(mbedtls_mpi_exp_mod(&gen->n, &x->g, &m, &x->p, NULL));
        must(mbedtls_mpi_mul_mpi(&gen->n, &gen->n, &h.n));
        must(mbedtls_mpi_mod_mpi(&gen->n, &gen->n, &x->p));
        good = mbedtls_mpi_cmp_int(&gen->n, 1) > 0;
    } else {
        good = mbedtls_ecp_muladd(&x->ec, &gen->pt, &m, &x->ec.G, &one, &h.pt) == 0 &&
               !mbedtls_ecp_is_zero(&gen->pt);
    }
    elem_free(&h);
    mbedtls_mpi_free(&m);
    mbedtls_mpi_free(&one);
    return good;
}

/* R(s, t): k = E(t, s), then x = E(k, c1) and k = E(k, c0), n times; both nonces as long as the key of the
 * cipher asks. */
size_t map_random(const struct cipher *c, const uint8_t *s, const uint8_t *t, size_t bits, uint8_t *out)
{
    uint8_t c0[32], c1[32], k[32];
    bool two = c->key > 16;
    size_t l = two ? 32 : 16, n = 0;
    hexbytes(two ? "d463d65234124ef7897054986dca0a174e28df758cbaa03f240616414d5a1676"
                 : "a668892a7c41e3ca739f40b057d85904",
             c0, l);
    hexbytes(two ? "54bd7255f0aaf831bec3423fcf39d69b6cbf066677d0faae5aadd99df8e53517"
                 : "a4e136ac725f738b01c1f60217c188ad",
             c1, l);
    cbc(&(struct cbc){c, t, NULL}, true, s, l, k);
    while (8 * n < bits + 64) {
        cbc(&(struct cbc){c, k, NULL}, true, c1, l, out + n);
        cbc(&(struct cbc){c, k, NULL}, true, c0, l, k);
        n += l;
    }
    return n;
}

struct field {
    const mbedtls_mpi *p;
    mbedtls_mpi a, t, t2, x2, h, w, v, x, y;
};

static void mulmod(struct field *f, mbedtls_mpi *r, const mbedtls_mpi *x, const mbedtls_mpi *y)
{
    must(mbedtls_mpi_mul_mpi(r, x, y));
    must(mbedtls_mpi_mod_mpi(r, r, f->p));
}

/* x2 = -b/a * (1 + 1 / (t^4 - t^2)); h = x2^3 + a x2 + b; w = h^((p + 1) / 4), p = 3 mod 4.
 * w^2 = h: (x2, w). Else (-t^2 x2, -t^3 w). */
static void encode(struct field *f, const mbedtls_mpi *b)
{
    mulmod(f, &f->t2, &f->t, &f->t);
    mulmod(f, &f->v, &f->t2, &f->t2);
    must(mbedtls_mpi_sub_mpi(&f->v, &f->v, &f->t2));
    must(mbedtls_mpi_mod_mpi(&f->v, &f->v, f->p));
    must(mbedtls_mpi_inv_mod(&f->v, &f->v, f->p));
    must(mbedtls_mpi_add_int(&f->v, &f->v, 1));
    must(mbedtls_mpi_inv_mod(&f->w, &f->a, f->p));
    mulmod(f, &f->w, &f->w, b);
    mulmod(f, &f->x2, &f->w, &f->v);
    must(mbedtls_mpi_sub_mpi(&f->x2, f->p, &f->x2));
    mulmod(f, &f->h, &f->x2, &f->x2);
    must(mbedtls_mpi_add_mpi(&f->h, &f->h, &f->a));
    mulmod(f, &f->h, &f->h, &f->x2);
    must(mbedtls_mpi_add_mpi(&f->h, &f->h, b));
    must(mbedtls_mpi_mod_mpi(&f->h, &f->h, f->p));
    must(mbedtls_mpi_add_int(&f->v, f->p, 1));
    must(mbedtls_mpi_shift_r(&f->v, 2));
    must(mbedtls_mpi_exp_mod(&f->w, &f->h, &f->v, f->p, NULL));
    mulmod(f, &f->v, &f->w, &f->w);
    if (mbedtls_mpi_cmp_mpi(&f->v, &f->h) == 0) {
        must(mbedtls_mpi_copy(&f->x, &f->x2));
        must(mbedtls_mpi_copy(&f->y, &f->w));
        return;
    }
    mulmod(f, &f->v, &f->t2, &f->x2);
    must(mbedtls_mpi_sub_mpi(&f->x, f->p, &f->v));
    mulmod(f, &f->w, &f->w, &f->t2);
    mulmod(f, &f->w, &f->w, &f->t);
    must(mbedtls_mpi_sub_mpi(&f->y, f->p, &f->w));
}

bool map_integrated(struct group *x, const uint8_t *random, size_t n, struct elem *gen)
{
    struct field f = {.p = &x->ec.P};
    uint8_t raw[PUBLIC_MAX];
    mbedtls_mpi *const all[] = {&f.a, &f.t, &f.t2, &f.x2, &f.h, &f.w, &f.v, &f.x, &f.y};
    for (size_t i = 0; i < COUNT(all); i++)
        mbedtls_mpi_init(all[i]);
    must(mbedtls_mpi_read_binary(&f.t, random, n));
    if (x->cv->prime) {
        must(mbedtls_mpi_sub_int(&f.v, &x->p, 1));
        must(mbedtls_mpi_div_mpi(&f.v, NULL, &f.v, &x->q));
        must(mbedtls_mpi_mod_mpi(&f.t, &f.t, &x->p));
        must(mbedtls_mpi_exp_mod(&gen->n, &f.t, &f.v, &x->p, NULL));
    } else {
        if (mbedtls_mpi_cmp_int(&x->ec.A, 0) != 0) /* empty where it is -3 */
            must(mbedtls_mpi_copy(&f.a, &x->ec.A));
        else
            must(mbedtls_mpi_sub_int(&f.a, &x->ec.P, 3));
        must(mbedtls_mpi_mod_mpi(&f.t, &f.t, f.p));
        encode(&f, &x->ec.B);
        raw[0] = 4;
        must(mbedtls_mpi_write_binary(&f.x, raw + 1, x->len));
        must(mbedtls_mpi_write_binary(&f.y, raw + 1 + x->len, x->len));
    }
    for (size_t i = 0; i < COUNT(all); i++)
        mbedtls_mpi_free(all[i]);
    return x->cv->prime ? mbedtls_mpi_cmp_int(&gen->n, 1) > 0 : elem_read(x, raw, 1 + 2 * x->len, gen);
}
