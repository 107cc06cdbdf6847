/* What was owed, beside what the mail server and the SMS gateway have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/db.h"
#include "tests/db/case_storm.h"

enum { LETTERS = 200000, PHONES = 1000000 };

struct seen_mail {
    char id[24]; /* the mail server's own, of the last one */
    unsigned char n;
};
static struct seen_mail *mails; /* by number of the message */
static unsigned char *asked;    /* of the gateway, by telephone */
static struct storm_post *told;

static void see_mail(const char *text, void *user)
{
    const char *mark = strstr(text, "<pridvor."), *own = strstr(text, "\n\tid ");
    long n = mark ? strtol(mark + strlen("<pridvor."), NULL, 10) : 0;
    char id[24] = "";

    (void)user;
    if (n <= 0 || n >= LETTERS) {
        told->stray++;
        return;
    }
    if (own)
        sscanf(own, "\n\tid %23s", id);
    if (*id && strcmp(mails[n].id, id) == 0) {
        told->server_twice++; /* accepted once, delivered twice: killed before it wrote that down */
        return;
    }
    snprintf(mails[n].id, sizeof(mails[n].id), "%s", id);
    mails[n].n++;
}

static void see_asked(void)
{
    char path[200], line[2000];
    snprintf(path, sizeof(path), "%s/access.log", storm.post.dir);
    FILE *f = fopen(path, "re");

    while (f && fgets(line, sizeof(line), f)) {
        const char *p = strstr(line, "request added") ? strstr(line, "target:+40722") : NULL;
        if (p)
            asked[strtol(p + strlen("target:+40722"), NULL, 10) % PHONES]++;
    }
    if (f)
        fclose(f);
}

static void count(struct storm_post *t, const char *state)
{
    t->owed++;
    t->sent += strcmp(state, "sent") == 0;
    t->unknown += strcmp(state, "unknown") == 0;
    t->failed += strcmp(state, "failed") == 0;
    t->fell_back += strcmp(state, "fell_back") == 0;
    t->open += strstr("queued sending handing", state) != NULL;
}

static struct db_result *rows(const char *sql)
{
    struct db_result *r = NULL;
    struct err e = {0};

    if (db_sync_query(storm.desk.db, sql, NULL, 0, &r, &e) != RC_OK) {
        fprintf(stderr, "%s\n", e.text);
        exit(1);
    }
    return r;
}

static void letters(struct storm_post *mail)
{
    struct db_result *r SCOPED(db_result_freep) =
        rows("SELECT id, state FROM owed_message WHERE way = 'email'");

    told = mail;
    posthouse_mails(&storm.post, see_mail, NULL);
    for (int i = 0; i < db_rows(r); i++) {
        const char *state = db_text(r, i, 1);
        unsigned came = mails[db_int(r, i, 0) % LETTERS].n;
        count(mail, state);
        mail->lost += strcmp(state, "sent") == 0 && came == 0;
        mail->twice += came > 1 || (came && strcmp(state, "sent") != 0 && strcmp(state, "unknown") != 0);
        mail->arrived_unknown += strcmp(state, "unknown") == 0 && came == 1;
    }
}

/* A telephone gets several texts: as many as were sent, and at most those more of which nobody knows. */
static void texts(struct storm_post *sms)
{
    struct db_result *all SCOPED(db_result_freep) = rows("SELECT state FROM owed_message WHERE way = 'sms'");
    struct db_result *r SCOPED(db_result_freep) =
        rows("SELECT right(recipient, 6)::int, count(*) FILTER (WHERE state = 'sent'), count(*) FILTER "
             "(WHERE state = 'unknown') FROM owed_message WHERE way = 'sms' GROUP BY 1");

    see_asked();
    for (int i = 0; i < db_rows(all); i++)
        count(sms, db_text(all, i, 0));
    for (int i = 0; i < db_rows(r); i++) {
        long came = asked[db_int(r, i, 0) % PHONES], sent = db_int(r, i, 1), unknown = db_int(r, i, 2);
        sms->lost += came < sent ? (unsigned)(sent - came) : 0;
        sms->twice += came > sent + unknown ? (unsigned)(came - sent - unknown) : 0;
        sms->arrived_unknown += came > sent ? (unsigned)(came - sent) : 0;
        asked[db_int(r, i, 0) % PHONES] = 0;
    }
    for (int i = 0; i < PHONES; i++)
        sms->stray += asked[i];
}

void storm_post_compare(struct storm_post *mail, struct storm_post *sms)
{
    mails = calloc(LETTERS, sizeof(*mails));
    asked = calloc(PHONES, 1);
    if (!mails || !asked)
        abort();
    letters(mail);
    texts(sms);
    free(mails);
    free(asked);
}
