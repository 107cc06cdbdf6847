/* Terminals that file as fast as they are answered: one thread, kept TLS connections, bodies made beforehand.
 */
#ifndef PRIDVOR_BENCH_LOAD_H
#define PRIDVOR_BENCH_LOAD_H

#include "tests/db/body.h"
#include "tests/db/server.h"

struct load_conf {
    const struct server *server;
    int port, conns;
    int institutions; /* 1: all speak for uat-1; else connection i for uat-(i+1) */
    double seconds;
};
/* cpu: of the server, PostgreSQL and this program while filing; handshakes are over by then. */
struct load_result {
    uint64_t done, failed;
    double seconds, p50_ms, p99_ms, client_cpu_s, server_cpu_s, postgres_cpu_s;
    double batch, commit_ms; /* means: requests per transaction, its time; of registryd only */
    double idle, others;     /* shares of the machine's cores: nobody's, and of programs that are not ours */
};

struct load_result load_run(const struct load_conf *conf);
/* Opens n connections that only wait; returns how much the server's memory grew, in KB per connection. */
double load_idle_kb(const struct load_conf *conf, int n);

#endif
