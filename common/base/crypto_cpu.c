#include "common/base/crypto_cpu.h"

#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>

#include "common/base/arena.h"

#define SHA_CODE __attribute__((target("sha,ssse3,sse4.1")))
#define GCM_CODE __attribute__((target("aes,pclmul,ssse3,sse4.1")))

/* CPUID leaf 1 ecx: 1 PCLMULQDQ, 9 SSSE3, 19 SSE4.1, 25 AES; leaf 7 ebx: 29 SHA. */
static bool cpu_says(unsigned first, unsigned seventh)
{
    unsigned a, b, c, d, a7, b7 = 0, c7, d7;
    if (!__get_cpuid(1, &a, &b, &c, &d))
        return false;
    (void)__get_cpuid_count(7, 0, &a7, &b7, &c7, &d7);
    return (c & first) == first && (b7 & seventh) == seventh;
}

bool cpu_has_sha256(void)
{
    static int has = -1;
    if (has < 0)
        has = cpu_says(1u << 9 | 1u << 19, 1u << 29);
    return has;
}

bool cpu_has_gcm(void)
{
    static int has = -1;
    if (has < 0)
        has = cpu_says(1u << 1 | 1u << 9 | 1u << 19 | 1u << 25, 0);
    return has;
}

static const uint32_t round_words[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/* The instructions want the eight words as ABEF and CDGH. Each step is four rounds; from the fifth on its
 * four words come out of the four steps before. */
SHA_CODE void cpu_sha256(uint32_t h[8], const uint8_t *p, size_t blocks)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i ab = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)h), 0xB1);
    __m128i ef = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)h + 1), 0x1B);
    __m128i abef = _mm_alignr_epi8(ab, ef, 8), cdgh = _mm_blend_epi16(ef, ab, 0xF0);

    for (; blocks > 0; blocks--, p += 64) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i w[4];
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            __m128i *now = &w[i & 3], last = w[(i + 3) & 3];
            if (i < 4) {
                *now = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)p + i), swap);
            } else {
                __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(*now, w[(i + 1) & 3]),
                                            _mm_alignr_epi8(last, w[(i + 2) & 3], 4));
                *now = _mm_sha256msg2_epu32(sum, last);
            }
            __m128i k = _mm_add_epi32(*now, _mm_loadu_si128((const __m128i *)round_words + i));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, k);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(k, 0x0E));
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    ab = _mm_shuffle_epi32(abef, 0x1B); /* FEBA */
    ef = _mm_shuffle_epi32(cdgh, 0xB1); /* DCHG */
    _mm_storeu_si128((__m128i *)h, _mm_blend_epi16(ab, ef, 0xF0));
    _mm_storeu_si128((__m128i *)h + 1, _mm_alignr_epi8(ef, ab, 8));
}

/* ---- AES-256-GCM ---- */

enum { ROUNDS = 14, AT_ONCE = 8 };

struct gcm_state {
    __m128i rk[ROUNDS + 1];
    __m128i power[AT_ONCE]; /* H^1..H^8, each times x */
    __m128i sum;            /* GHASH so far */
    __m128i counter;        /* big end first, as it is encrypted */
};

/* a ^ a<<32 ^ a<<64 ^ a<<96, then the word from the other half of the key. */
GCM_CODE static inline __m128i key_step(__m128i a, __m128i word)
{
    a = _mm_xor_si128(a, _mm_slli_si128(a, 4));
    a = _mm_xor_si128(a, _mm_slli_si128(a, 8));
    return _mm_xor_si128(a, word);
}

/* FIPS 197, 5.2 for eight words. The last step of an encryption is SubBytes and a sum; with four equal
 * columns its ShiftRows moves nothing, so it is SubWord with the round constant. */
GCM_CODE static void key_expand(__m128i rk[ROUNDS + 1], const uint8_t key[32])
{
    const __m128i last = _mm_set1_epi32(0x0f0e0d0c), last_turned = _mm_set1_epi32(0x0c0f0e0d);
    rk[0] = _mm_loadu_si128((const __m128i *)key);
    rk[1] = _mm_loadu_si128((const __m128i *)key + 1);
    for (int i = 2; i <= ROUNDS; i++) {
        __m128i from = _mm_shuffle_epi8(rk[i - 1], i % 2 == 0 ? last_turned : last);
        __m128i constant = i % 2 == 0 ? _mm_set1_epi32(1 << (i / 2 - 1)) : _mm_setzero_si128();
        rk[i] = key_step(rk[i - 2], _mm_aesenclast_si128(from, constant));
    }
}

GCM_CODE static inline __m128i reversed(__m128i v)
{
    return _mm_shuffle_epi8(v, _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f));
}

/* The next counters, encrypted. */
GCM_CODE static inline void key_stream(struct gcm_state *s, __m128i out[AT_ONCE], size_t n)
{
    const __m128i one = _mm_set_epi32(0, 0, 0, 1);
    __m128i c = reversed(s->counter);
    for (size_t i = 0; i < n; i++) {
        out[i] = _mm_xor_si128(reversed(c), s->rk[0]);
        c = _mm_add_epi32(c, one);
    }
    s->counter = reversed(c);
    for (int r = 1; r < ROUNDS; r++)
        for (size_t i = 0; i < n; i++)
            out[i] = _mm_aesenc_si128(out[i], s->rk[r]);
    for (size_t i = 0; i < n; i++)
        out[i] = _mm_aesenclast_si128(out[i], s->rk[ROUNDS]);
}

/* A product of 256 bits, not yet reduced; sums of such are reduced once. */
struct wide {
    __m128i low, mid, high;
};

GCM_CODE static inline void add_product(struct wide *w, __m128i a, __m128i b)
{
    w->low = _mm_xor_si128(w->low, _mm_clmulepi64_si128(a, b, 0x00));
    w->high = _mm_xor_si128(w->high, _mm_clmulepi64_si128(a, b, 0x11));
    w->mid = _mm_xor_si128(w->mid, _mm_clmulepi64_si128(a, b, 0x10));
    w->mid = _mm_xor_si128(w->mid, _mm_clmulepi64_si128(a, b, 0x01));
}

/* Modulo x^128 + x^7 + x^2 + x + 1 with the bits in GCM's mirrored order: twice the low half is folded away.
 * The mirror costs a factor x, which the powers of H carry already. */
GCM_CODE static inline __m128i reduce(const struct wide *w)
{
    const __m128i poly = _mm_set_epi64x(0, (long long)0xC200000000000000);
    __m128i low = _mm_xor_si128(w->low, _mm_slli_si128(w->mid, 8));
    __m128i high = _mm_xor_si128(w->high, _mm_srli_si128(w->mid, 8));
    for (int i = 0; i < 2; i++)
        low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4E), _mm_clmulepi64_si128(low, poly, 0x00));
    return _mm_xor_si128(high, low);
}

/* v times x, mirrored: a shift to the left, and the polynomial for the bit that falls out. */
GCM_CODE static inline __m128i times_x(__m128i v)
{
    __m128i carry = _mm_srli_epi64(v, 63);
    __m128i out = _mm_or_si128(_mm_slli_epi64(v, 1), _mm_slli_si128(carry, 8));
    __m128i mask = _mm_sub_epi64(_mm_setzero_si128(), _mm_unpackhi_epi64(carry, carry));
    return _mm_xor_si128(out, _mm_and_si128(mask, _mm_set_epi64x((long long)0xC200000000000000, 1)));
}

GCM_CODE static inline void hash_blocks(struct gcm_state *s, const __m128i *blocks, size_t n)
{
    struct wide w = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
    for (size_t i = 0; i < n; i++) {
        __m128i b = reversed(blocks[i]);
        add_product(&w, i == 0 ? _mm_xor_si128(b, s->sum) : b, s->power[n - 1 - i]);
    }
    s->sum = reduce(&w);
}

GCM_CODE static void gcm_start(struct gcm_state *s, const struct cpu_gcm *g, __m128i *tag_mask)
{
    uint8_t first[16] = {0};
    __m128i stream[AT_ONCE];

    key_expand(s->rk, g->key);
    s->counter = _mm_setzero_si128();
    key_stream(s, stream, 1); /* H is zero, encrypted */
    s->power[0] = times_x(reversed(stream[0]));
    for (int i = 1; i < AT_ONCE; i++) {
        struct wide w = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
        add_product(&w, s->power[i - 1], s->power[0]);
        s->power[i] = reduce(&w);
    }
    s->sum = _mm_setzero_si128();
    memcpy(first, g->nonce, 12);
    first[15] = 1;
    s->counter = _mm_loadu_si128((const __m128i *)first);
    key_stream(s, stream, 1);
    *tag_mask = stream[0];
}

/* Whole blocks up to AT_ONCE; what is short is filled up with zeros in a place of its own. */
GCM_CODE static void hash_bytes(struct gcm_state *s, const uint8_t *p, size_t len)
{
    while (len > 0) {
        uint8_t part[AT_ONCE * 16] = {0};
        __m128i b[AT_ONCE];
        size_t n = len < sizeof(part) ? len : sizeof(part), blocks = (n + 15) / 16;
        memcpy(part, p, n);
        for (size_t i = 0; i < blocks; i++)
            b[i] = _mm_loadu_si128((const __m128i *)part + i);
        hash_blocks(s, b, blocks);
        p += n;
        len -= n;
    }
}

GCM_CODE static void crypt_full(struct gcm_state *s, const uint8_t *in, uint8_t *out, bool open)
{
    __m128i stream[AT_ONCE], ciphered[AT_ONCE];
    key_stream(s, stream, AT_ONCE);
    for (int i = 0; i < AT_ONCE; i++) {
        __m128i from = _mm_loadu_si128((const __m128i *)in + i), to = _mm_xor_si128(from, stream[i]);
        _mm_storeu_si128((__m128i *)out + i, to);
        ciphered[i] = open ? from : to;
    }
    hash_blocks(s, ciphered, AT_ONCE);
}

GCM_CODE static void crypt_rest(struct gcm_state *s, const uint8_t *in, uint8_t *out, size_t len, bool open)
{
    __m128i stream[AT_ONCE];
    uint8_t pad[sizeof(stream)];
    if (open)
        hash_bytes(s, in, len);
    key_stream(s, stream, (len + 15) / 16);
    memcpy(pad, stream, sizeof(pad));
    for (size_t i = 0; i < len; i++)
        out[i] = in[i] ^ pad[i];
    wipe(pad, sizeof(pad));
    if (!open)
        hash_bytes(s, out, len);
}

GCM_CODE void cpu_gcm(const struct cpu_gcm *g, uint8_t tag[16])
{
    struct gcm_state s;
    __m128i tag_mask;
    size_t at = 0;

    gcm_start(&s, g, &tag_mask);
    hash_bytes(&s, g->aad, g->aadlen);
    for (; g->len - at >= 16 * AT_ONCE; at += 16 * AT_ONCE)
        crypt_full(&s, g->in + at, g->out + at, g->open);
    if (at < g->len)
        crypt_rest(&s, g->in + at, g->out + at, g->len - at, g->open);
    __m128i lengths = reversed(_mm_set_epi64x((long long)g->aadlen * 8, (long long)g->len * 8));
    hash_blocks(&s, &lengths, 1);
    _mm_storeu_si128((__m128i *)tag, _mm_xor_si128(reversed(s.sum), tag_mask));
    wipe(&s, sizeof(s));
}

#else

bool cpu_has_sha256(void)
{
    return false;
}

bool cpu_has_gcm(void)
{
    return false;
}

void cpu_sha256(uint32_t h[8], const uint8_t *p, size_t blocks)
{
    (void)h;
    (void)p;
    (void)blocks;
    abort();
}

void cpu_gcm(const struct cpu_gcm *g, uint8_t tag[16])
{
    (void)g;
    (void)tag;
    abort();
}

#endif
