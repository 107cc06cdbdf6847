/* Certificates of a small authority: P-256 keys, SHA-256, serials of 16 random bytes. For demo, tests and
 * counties without an authority of their own. */
#ifndef PRIDVOR_PKI_H
#define PRIDVOR_PKI_H

#include "common/base/err.h"

enum { PKI_SERIAL = 16 };

enum pki_use { PKI_SERVER, PKI_CLIENT };
struct pki_request {
    const char *cn;
    enum pki_use use;
    const char *dns;          /* server: its name, or NULL */
    uint8_t ip[4];            /* server: its address, or 0.0.0.0 */
    int64_t from_ms, till_ms; /* validity, Unix time */
    const char *cert, *key;   /* files to write; the key 0600 */
};

/* ca.pem and ca.key in dir, for twenty years; refuses when they exist (RC_CONFLICT). */
MUST enum rc pki_ca_init(const char *dir, const char *name, struct err *e);
/* Signed with the authority in ca_dir; serial in hex, lower case. */
MUST enum rc pki_issue(const char *ca_dir, const struct pki_request *r, char serial[2 * PKI_SERIAL + 1],
                       struct err *e);

#endif
