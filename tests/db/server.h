/* registryd as a child process, with its authority, certificates and configuration in a folder of its own. */
#ifndef PRIDVOR_TEST_SERVER_H
#define PRIDVOR_TEST_SERVER_H

#include "backend/sealed.h"
#include "common/base/tls.h"
#include "tests/db/pgcluster.h"

struct server {
    struct pgcluster pg;
    char dir[200], log[300];
    int port, public_port;
    pid_t pid;
    int terminals;          /* K01 .. of uat-1 .. */
    int exit_status;        /* of the last one, as from waitpid */
    int shards;             /* set before server_make: intake_connections, 0 for the default */
    bool desk;              /* set before server_make: with the desk's listener, its pages in dir/pages */
    const char *desk_pages; /* set before server_make: another folder; or NULL */
    int desk_port;
};

/* Cluster, database, a hundred institutions uat-1 ..., n terminals K01 of uat-1, K02 of uat-2 ...; not
 * started. False: no PostgreSQL here. */
bool server_make(struct server *s, int terminals);
void server_start(struct server *s); /* and waits until it is ready */
void server_kill(struct server *s, int signal);
void server_free(struct server *s);
/* Runs registryctl with these words (NULL-terminated); its exit code. */
int server_ctl(struct server *s, const char *const words[]);
/* Adds members to registry.conf (begins with a comma) before the next start. */
void server_conf(const struct server *s, const char *more);
/* K<i> of uat-<i>, beside those that server_make enrolled. */
void server_terminal(struct server *s, int i);
bool server_ready(const struct server *s);
/* The key of what requests say, and one of them, opened ("request" or "signature"); ends the program on
 * failure. */
struct seal_key server_request_key(const struct server *s);
struct bytes server_opened(struct server *s, struct arena *a, const char *id, const char *column);
/* Client context of a terminal folder below dir ("K01"), or without a certificate when NULL. */
struct tls_ctx *server_client(const struct server *s, const char *name);
long server_rss_kb(const struct server *s);
double server_cpu_s(const struct server *s);          /* user and system time used so far by registryd */
double server_postgres_cpu_s(const struct server *s); /* and by all of PostgreSQL */

#endif
