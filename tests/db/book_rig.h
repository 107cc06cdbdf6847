/* A register with people in it, for tests of books, search and persons' data. */
#ifndef PRIDVOR_TEST_BOOK_RIG_H
#define PRIDVOR_TEST_BOOK_RIG_H

#include "backend/book.h"
#include "tests/db/pgcluster.h"

struct book_rig {
    struct pgcluster pg;
    struct arena *a; /* of the house */
    struct registry_conf conf;
    struct work_house house;
    char key[300], conf_path[300];
};
/* Database "book" at its newest version; town halls hall-1, hall-2 under county; accounts rodica (registrar
 * of hall-1), ana (clerk of department urbanism there), dan (registrar of hall-2), arhiva (archivist of
 * hall-1), vera (head of hall-1). False: no PostgreSQL here. */
bool book_rig_make(struct book_rig *rig);
void book_rig_free(struct book_rig *rig);
/* A job of its own: connection and arena. */
struct work book_job(struct book_rig *rig, struct arena *a);
struct actor book_actor(struct work *w, const char *account);
extern int64_t book_now; /* what book_clock says; 0: the real time */
int64_t book_clock(void);
int64_t book_ms(const char *iso); /* "2026-12-31T21:59:59.000Z" */
/* A request in the database as the intake would have left it, with its number. */
void book_request(struct book_rig *rig, const char *institution, const char *reg, const char *at);
/* Statements without an answer. */
void book_script(struct book_rig *rig, const char *sql);
/* Runs registryctl with the rig's configuration; its exit code, what it says in book_said. */
extern char book_said[65536];
int book_ctl(struct book_rig *rig, const char *words);

#endif
