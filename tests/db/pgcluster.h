/* A private PostgreSQL cluster for one test: own folder, own socket, gone afterwards. PostgreSQL refuses
 * root, so as root its processes run as the user postgres. */
#ifndef PRIDVOR_TEST_PGCLUSTER_H
#define PRIDVOR_TEST_PGCLUSTER_H

#include <stdbool.h>
#include <sys/types.h>

/* The day in Romania: for two or three hours each night not the day of a server that counts in UTC. */
#define SQL_TODAY "(now() AT TIME ZONE 'Europe/Bucharest')::date"

struct pgcluster {
    char dir[160], data[200], bin[200], conninfo[400];
    pid_t pid; /* of the postmaster, 0 when stopped */
};

/* False: no PostgreSQL on this machine (the test is skipped). Everything else that fails ends the program. */
bool pgcluster_make(struct pgcluster *c);
void pgcluster_start(struct pgcluster *c);
void pgcluster_stop(struct pgcluster *c,
                    int signal); /* SIGINT: fast; SIGQUIT: at once, with recovery afterwards */
void pgcluster_free(struct pgcluster *c);
/* An empty database; conninfo points to it from now on. */
void pgcluster_database(struct pgcluster *c, const char *name);
void pgcluster_setting(struct pgcluster *c, const char *name,
                       const char *value); /* ALTER SYSTEM and reload */
/* First cell of the answer, or "" for none; in a static buffer. A failing statement ends the program. */
const char *pgcluster_query(struct pgcluster *c, const char *sql);
/* Until so many wait for somebody's lock; false: not within a while, or more. */
bool pgcluster_waiting(struct pgcluster *c, int n);

#endif
