/* Between the files of the card applet. */
#ifndef PRIDVOR_TESTS_CARD_PRIV_H
#define PRIDVOR_TESTS_CARD_PRIV_H

#include "tests/devices/card.h"

#include "common/base/arena.h"
#include "common/base/buf.h"

#include <mbedtls/ecp.h>
#include <mbedtls/md.h>

#define POINT_MAX 133  /* uncompressed, secp521r1 */
#define PUBLIC_MAX 256 /* DH with 2048 bits */
#define FILES_MAX 20

/* ---- primitives (card_prim.c) ---- */

struct cipher {
    const char *name; /* "AES-128" */
    uint8_t c;        /* last arc of the PACE and CA object identifiers: 1 3DES, 2..4 AES */
    size_t key, block;
    mbedtls_md_type_t md;
};
const struct cipher *cipher_named(const char *name);
void hash(mbedtls_md_type_t md, uint8_t *out, const void *p, size_t len);
/* 9303-11 9.7.1. counter: 1 encryption, 2 MAC, 3 password. */
void kdf(const struct cipher *c, const uint8_t *secret, size_t len, uint8_t counter, uint8_t out[32]);
struct cbc {
    const struct cipher *c;
    const uint8_t *key, *iv; /* iv NULL: zero */
};
void cbc(const struct cbc *k, bool enc, const uint8_t *in, size_t len, uint8_t *out); /* in == out is fine */
void ecb_block(const struct cipher *c, const uint8_t *key, const uint8_t *in, uint8_t *out);
void mac8(const struct cipher *c, const uint8_t *key, const uint8_t *p, size_t len, uint8_t out[8]);
void pad(struct buf *b, size_t block); /* ISO 9797-1 method 2 */
bool unpad(const uint8_t *p, size_t *len);
int noise(void *ctx, unsigned char *p, size_t n); /* blinding for mbedTLS: the kernel's */
void must(int rc); /* primitives with right sizes cannot fail; if one does, the model is wrong: abort */

struct curve {
    const char *name;
    int id; /* 9303-11 table of standardized domain parameters */
    mbedtls_ecp_group_id gid;
    const char *oid;      /* hex, without tag and length */
    const char *a, *seed; /* explicit parameters: a as hex where the group structure hides it */
    bool prime;           /* no curve: DH, RFC 5114 */
};
const struct curve *curve_named(const char *name);

/* ---- groups for key agreement (card_group.c) ---- */

struct card;
struct group {
    const struct curve *cv;
    mbedtls_ecp_group ec;
    mbedtls_mpi p, g, q; /* DH */
    size_t len;          /* bytes of the field */
};
struct elem {
    mbedtls_ecp_point pt;
    mbedtls_mpi n;
};
void group_init(struct group *x);
void group_free(struct group *x);
void group_load(struct group *x, const struct curve *cv);
void group_private(struct card *c, const struct group *x, mbedtls_mpi *d);
void group_mul(struct group *x, const struct elem *base, const mbedtls_mpi *d, struct elem *out);
size_t group_secret(struct group *x, const struct elem *theirs, const mbedtls_mpi *d,
                    uint8_t out[PUBLIC_MAX]);
void elem_init(struct elem *e);
void elem_free(struct elem *e);
void elem_write(struct group *x, const struct elem *e, uint8_t out[PUBLIC_MAX], size_t *n);
bool elem_read(struct group *x, const uint8_t *p, size_t n, struct elem *out);
bool map_generic(struct group *x, const uint8_t s[16], const mbedtls_mpi *d, const struct elem *theirs,
                 struct elem *gen);
bool map_integrated(struct group *x, const uint8_t *random, size_t n, struct elem *gen);
size_t map_random(const struct cipher *c, const uint8_t *s, const uint8_t *t, size_t bits, uint8_t *out);

/* ---- TLV and DER (card_tlv.c) ---- */

void tlv(struct buf *b, unsigned tag, const void *p, size_t len);
void tlv_buf(struct buf *b, unsigned tag, const struct buf *in);
void tlv_hex(struct buf *b, unsigned tag, const char *hex);
void tlv_int(struct buf *b, unsigned n);                    /* small INTEGER */
void tlv_uint(struct buf *b, const uint8_t *p, size_t len); /* unsigned big-endian INTEGER */
void put_be(struct buf *b, uint32_t v, size_t n);
struct tlv {
    unsigned tag;
    const uint8_t *p, *raw; /* value; and the whole object */
    size_t len, rawlen;
};
bool tlv_next(const uint8_t **p, size_t *len, struct tlv *out); /* false: end or broken */
bool tlv_find(const uint8_t *p, size_t len, unsigned tag, struct tlv *out);
size_t hexbytes(const char *hex, uint8_t *out, size_t cap);

/* ---- the chip ---- */

struct person {
    const char *document_code, *issuing_state, *nationality, *document_number, *cnp;
    const char *last_name, *first_name, *sex, *birth_date, *expiry_date; /* dates YYYY-MM-DD */
};
struct conf { /* the JSON file */
    const char *about;
    struct person person;
    const char *mrz, *can, *curve, *cipher, *atr, *signer;
    const char *mapping;            /* of PACE: GM (default), IM, CAM */
    const char *security;           /* EF.CardSecurity with CAM: "own" (default) none broken forged */
    const char *signed_pace;        /* PACE in DG14 and EF.CardSecurity: "same" (default) more other none */
    const char *ca, *ca_curve, *aa; /* chip authentication: cipher or "none"; "RSA", "ECDSA", "none" */
    const char *pin, *address;      /* the national application behind a PIN */
    bool clone;                     /* all files copied, no private key: neither CA nor AA can succeed */
    bool unlisted;                  /* EF.COM hides the files with keys, and they are not there either */
    bool extras;                    /* DG7, DG11, DG12 */
    bool jp2;                       /* the picture is JPEG 2000 */
    bool ca_id;                     /* chip authentication wants the key's id */
    int64_t dg2;                    /* bytes of DG2, filled up; 0: as the portrait gives */
    int64_t offers; /* that many more PACEInfos before the real one: EF.CardAccess gets long */
    bool pace, bac, explicit_ec;
    int64_t can_tries;    /* 0: wrong CANs are not counted (answer 6300); n: blocked after n */
    int64_t can_delay_ms; /* after each wrong CAN in a row so much longer */
    int64_t busy_ms;      /* each answer */
    int64_t extended;     /* longest extended answer; 0: only short APDUs */
    int64_t look;         /* which portrait */
};

enum app { APP_MF, APP_LDS, APP_NATIONAL, APP_EDATA };
struct file {
    uint16_t fid;
    uint8_t sfi;
    int app;   /* enum app */
    bool open; /* readable without PACE or BAC */
    uint8_t *p;
    size_t len;
};

struct sm {
    bool on;
    const struct cipher *c;
    uint8_t enc[32], mac[32], ssc[16];
};

enum pace_step { PACE_IDLE, PACE_SET, PACE_NONCE, PACE_MAPPED, PACE_AGREED };
struct pace {
    enum pace_step step;
    bool can;
    uint8_t kpi[32], s[32], enc[32], mac[32];
    struct elem gen;
    mbedtls_mpi mapping; /* private mapping key: chip authentication mapping needs it */
    uint8_t chip[PUBLIC_MAX], term[PUBLIC_MAX];
    size_t n; /* length of the public keys */
};

struct card {
    struct arena *a;
    struct manners odd;
    struct conf conf;
    char mrz[91];
    char mrz_info[64]; /* document number, birth, expiry, each with its check digit */
    const struct curve *curve;
    const struct cipher *cipher;
    struct group grp, ca_grp; /* PACE; chip authentication */
    const struct cipher *ca;  /* NULL: none */
    mbedtls_mpi ca_key;
    struct file files[FILES_MAX];
    size_t nfiles;
    uint8_t *csca;
    size_t csca_len;
    unsigned wrong_cans, wrong_pins, busy_ms;
    void (*rnd)(void *ctx, void *p, size_t n);
    void *rnd_ctx;
    uint64_t seed;
    /* gone with a reset */
    int app;
    bool access, ca_set, sm_next_ready, pin_right;
    const struct file *ef;
    bool challenged;
    uint8_t challenge[8];
    struct sm sm, sm_next;
    struct pace pace;
};

struct apdu {
    uint8_t cla, ins, p1, p2;
    const uint8_t *data;
    size_t lc, le; /* le 0: no answer data wanted */
    bool le_any;   /* Le was 00 or 0000: as much as there is */
    bool ext;
    size_t room; /* answer bytes that fit into the transport, secure messaging included */
};

/* Each command appends its data to out and returns the status word. */
uint16_t pace_set_at(struct card *c, const struct apdu *a, struct buf *out);
uint16_t ca_set_at(struct card *c, const struct apdu *a, struct buf *out);
uint16_t general_authenticate(struct card *c, const struct apdu *a, struct buf *out);
uint16_t ca_set_kat(struct card *c, const struct apdu *a, struct buf *out);
uint16_t ca_agree(struct card *c, const struct tlv *body, struct buf *out);
uint16_t internal_authenticate(struct card *c, const struct apdu *a, struct buf *out);
uint16_t verify_pin(struct card *c, const struct apdu *a, struct buf *out);
uint16_t get_challenge(struct card *c, const struct apdu *a, struct buf *out);
uint16_t external_authenticate(struct card *c, const struct apdu *a, struct buf *out);
void pace_forget(struct card *c);
void bac_keys(const char *mrz_info, uint8_t enc[16], uint8_t mac[16]);

/* Secure messaging (card_sm.c). sm_open: 0, or the status word that ends the session; plain points into
 * store. */
uint16_t sm_open(struct card *c, const struct apdu *a, struct apdu *plain, struct buf *store);
void sm_close(struct card *c, const struct apdu *a, const struct buf *data, uint16_t sw, struct buf *out);
size_t sm_room(const struct sm *sm, bool odd,
               size_t room); /* plain bytes that fit into room protected ones */
void sm_drop(struct card *c);
void sm_start(struct sm *sm, const struct cipher *c, const uint8_t *enc, const uint8_t *mac);

void session_keys(const struct cipher *c, const uint8_t *secret, size_t n, uint8_t enc[32], uint8_t mac[32]);
/* 0.4.0.127.0.7.2.2 . family (4 PACE, 3 CA) . kind . cipher */
void protocol_oid(const struct card *c, uint8_t family, uint8_t oid[10]);
/* The keys of the chip, computed at personalisation and not kept where the chip is a clone. */
void chip_keys(struct card *c);
void chip_infos(struct card *c,
                struct buf *set); /* ChipAuthenticationInfo and keys, ActiveAuthenticationInfo */
void chip_dg15(struct card *c, struct buf *key); /* SubjectPublicKeyInfo */

/* Personalisation. */
MUST enum rc card_mrz_make(const struct person *p, char mrz[91], char info[64], struct err *e);
void card_add_file(struct card *c, uint16_t fid, int app, const struct buf *content);
void lds_build(struct card *c);
void lds_extras(struct card *c); /* DG7, DG11, DG12; EDATA */
void face_jp2(struct buf *out, unsigned *width, unsigned *height);
/* Two fixed RSA keys: 0 document signer, 1 active authentication. out as long as the modulus. */
#define RSA_LEN 256
void rsa_modulus(int which, uint8_t n[RSA_LEN]);
void rsa_private(int which, const uint8_t in[RSA_LEN], uint8_t out[RSA_LEN]);
void rsa_spki(struct buf *out, int which);
void rsa_pss(const struct buf *message, uint8_t out[RSA_LEN]); /* by the document signer */
void face_jpeg(struct buf *out, int look, unsigned *width, unsigned *height);
void sod_build(struct card *c, struct buf *sod);
void card_security_build(struct card *c, struct buf *file);
bool security_is(const struct card *c, const char *kind);
void chip_static_info(struct card *c, bool forged, struct buf *set); /* ChipAuthenticationPublicKeyInfo */
void card_access_infos(struct card *c, struct buf *set);             /* PACEInfo */
void card_signed_infos(struct card *c, struct buf *set);             /* the copy of it that is signed */
/* SubjectPublicKeyInfo; named curve or explicit parameters (9303-12 asks for explicit ones). */
void spki(struct buf *out, const struct curve *cv, const mbedtls_ecp_point *q, bool explicit_ec);
/* A fixed key pair of the invented country, from a word. */
void fixed_key(const char *word, const struct curve *cv, mbedtls_ecp_group *g, mbedtls_mpi *d,
               mbedtls_ecp_point *q);

#endif
