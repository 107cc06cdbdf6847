/* Certificates made on the spot: a root, a server, clients good and bad. */
#ifndef PRIDVOR_TESTS_BASE_CERTS_H
#define PRIDVOR_TESTS_BASE_CERTS_H

#include "common/base/base.h"

struct certs {
    char dir[64];
};

/* Files in a new folder: ca.pem, server.pem/.key (localhost), client.pem/.key (CN K07, serial 42),
 * expired.pem/.key, revoked.pem/.key (serial 13), foreign.pem/.key with foreign-ca.pem, crl.pem. */
void certs_make(struct certs *c);
void certs_remove(struct certs *c);
/* Path of a file in it; valid until the fourth next call. */
const char *certs_path(const struct certs *c, const char *name);

#endif
