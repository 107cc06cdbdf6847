/* A small country made by openssl for the tests of passive authentication, and DER written by hand for what
 * openssl refuses to write. */
#ifndef PRIDVOR_TESTS_CARD_TRUST_RIG_H
#define PRIDVOR_TESTS_CARD_TRUST_RIG_H

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "drivers/card/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define DG1 "data group one"
#define DG2 "data group two"

struct arena *rig_arena(void);
int rig_begin(void **state); /* makes the country; skips when there is no openssl */
int rig_end(void **state);
struct bytes rig_file(const char *name);
void rig_write(const char *name, struct bytes b);
void rig_run(const char *line);             /* a shell command in the folder of the country */
struct bytes rig_sod(struct bytes cms);     /* inside tag 77 */
struct trust *rig_trust(const char *files); /* "csca.cer csca.crl": a folder with these */
int64_t rig_day(int y, int m, int d);
/* The verdict about a CMS file with both data groups, on 22.11.2026. */
enum trust_word rig_verdict(const struct trust *t, struct bytes sod, const char **why);
/* openssl dgst -DIGEST -sign NAME.key */
struct bytes rig_sign(const char *key, const char *digest, struct bytes data);

/* DER */
struct bytes tlv(uint8_t tag, struct bytes v);
struct bytes join(size_t n, ...); /* of struct bytes */
struct bytes num(int v);
#define TEXT(s) BYTES((s), sizeof(s) - 1)

#endif
