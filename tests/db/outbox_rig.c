#include "tests/db/outbox_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"

void rig_make(struct server *s, struct posthouse *p)
{
    if (!posthouse_make(p, true) || !server_make(s, 1))
        exit(77);
    posthouse_mail_start(p);
    posthouse_sms_start(p);
    server_conf(s, posthouse_conf(p, s->public_port));
    server_start(s);
}

/* what: way, address, fallback. */
static void owe(struct server *s, int from, int to, const char *const what[3])
{
    ARENA_SCOPE(a);
    pgcluster_query(
        &s->pg,
        arena_fmt(
            a,
            "WITH r AS (INSERT INTO request (request_id, registered_at, filed_at, n, service_version, "
            "filed_on,"
            " due, year, offline, institution, register, receipt_code, terminal, service, channel, lang,"
            " pin_verifier, sha256, request, signature) SELECT ('00000000-0000-7000-8000-' || lpad(g::text,"
            " 12, '0'))::uuid, now(), now(), g, 1, " SQL_TODAY ", " SQL_TODAY " + 30, 2026, false, 'uat-1',"
            " 'general', 'R' || g, 'K01', 'cs.birth_certificate', 'kiosk', (ARRAY['ro','hu','en'])[1 + g %% "
            "3],"
            " '', '', '{}', '{}' FROM generate_series(%d, %d) g ON CONFLICT DO NOTHING RETURNING request_id)"
            ", all_r AS (SELECT ('00000000-0000-7000-8000-' || lpad(g::text, 12, '0'))::uuid AS request_id, g"
            " FROM generate_series(%d, %d) g LEFT JOIN r ON false)"
            " INSERT INTO owed_message (created_at, due_at, request_id, way, message, lang, recipient, "
            "fallback)"
            " SELECT now(), now(), request_id, '%s', 'received', (ARRAY['ro','hu','en'])[1 + g %% 3],"
            " replace('%s', '%%d', g::text), nullif('%s', '') FROM all_r",
            from, to, from, to, what[0], what[1], what[2]));
}

void rig_owe(struct server *s, int from, int to, const char *way, const char *address)
{
    owe(s, from, to, (const char *[]){way, address, ""});
}

void rig_owe_or(struct server *s, int n, const char *way, const char *address, const char *fallback)
{
    owe(s, n, n, (const char *[]){way, address, fallback});
}

long rig_count(struct server *s, const char *where)
{
    ARENA_SCOPE(a);
    return strtol(pgcluster_query(&s->pg, arena_fmt(a, "SELECT count(*) FROM owed_message WHERE %s", where)),
                  NULL, 10);
}

long rig_drain(struct server *s, int64_t ms)
{
    int64_t end = mono_ms() + ms;
    long left;

    while ((left = rig_count(s, "closed_at IS NULL")) > 0 && mono_ms() < end)
        usleep(50000);
    return left;
}
