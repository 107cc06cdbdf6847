/* A running register with a few cases in it, for tests in a browser: says where as one line of JSON, and ends
 * with its input. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fs.h"
#include "common/base/text.h"
#include "tests/db/public_rig.h"

static const char token[] = "0123456789abcdef0123456789abcdef";

static void note(const char *id, const char *text)
{
    house_ask(
        "INSERT INTO case_note (case_id, at, author, public, text) VALUES ('%s', now(), 'ana', true, '%s')",
        id, text);
}

static void message(const char *id, const char *way, const char *to, const char *state)
{
    house_ask("INSERT INTO owed_message (created_at, due_at, request_id, way, message, lang, recipient, "
              "state, closed_at) "
              "VALUES (now(), now(), '%s', '%s', 'x%s', 'ro', '%s', '%s', now())",
              id, way, state, to, state);
}

static void answer(const char *id, const char *title)
{
    struct err e = {0};
    char hex[2 * SHA256_LEN + 1], path[400];
    uint8_t hash[SHA256_LEN];
    BUF_SCOPE(pdf);

    pdf_small(&pdf, title);
    sha256(hash, pdf.p, pdf.len);
    hex_encode(hex, hash, sizeof(hash));
    snprintf(path, sizeof(path), "%s/blobs/%.2s", house.dir, hex);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/blobs/%.2s/%s", house.dir, hex, hex);
    if (fs_write(path, pdf.p, pdf.len, 0600, &e) != RC_OK)
        exit(1);
    house_ask(
        "INSERT INTO document (id, case_id, institution, kind, title, lang, sha256, size, type, pages, "
        "made_at, "
        "made_by, signed_at, signed_name) VALUES (gen_random_uuid(), '%s', 'uat-1', 'answer', '%s', 'ro', "
        "'\\x%s', %zu, 'application/pdf', 1, now(), 'ion', now(), 'Ioana Mărginean-Székely')",
        id, title, hex, pdf.len);
}

static void tell(const char *name, const struct body *b)
{
    static bool more;
    const char *n = house_ask("SELECT n || '/' || year FROM request WHERE request_id = '%s'", b->id);
    printf("%s{\"name\":\"%s\",\"code\":\"%s\",\"pin\":\"%s\",\"number\":\"%s\"}", more ? "," : "", name,
           b->code, b->pin, n);
    more = true;
}

static void ended(const char *id)
{
    house_ask("UPDATE case_term SET ended_on = " SQL_TODAY " WHERE case_id = '%s'", id);
}

/* It lies at the counter for 30 days. */
static void waits_there(const char *id)
{
    house_ask(
        "INSERT INTO case_term (case_id, rule, main, began_on, n, due, late_after, why, calc, computed_at) "
        "SELECT '%s', 'policy.pickup', false, d, 0, d + 30, d + 30, t, t, now() FROM (SELECT " SQL_TODAY
        " AS d, '{\"ro\": \"Documentul se păstrează la ghișeu 30 de zile.\", \"hu\": \"Az okiratot 30 napig "
        "az "
        "ügyfélablaknál őrzik.\", \"en\": \"The document is kept at the counter for 30 days.\"}'::jsonb AS "
        "t) x",
        id);
}

static void working(void)
{
    struct body work;
    house_file(&work);
    const char *id = house_case(&work, "in_work");

    house_event(id, "take", "in_work", "", true);
    house_event(id, "extend", "in_work", "actul se caută în arhiva județului", true);
    note(id,
         "Am scris la Arhivele Naționale. Vă anunțăm când avem răspunsul.\nNu trebuie să veniți la ghișeu.");
    house_ask("UPDATE casefile SET email = 'ana.muresan@example.ro', phone = '0740123456' WHERE id = '%s'",
              id);
    message(id, "email", "ana.muresan@example.ro", "sent");
    message(id, "sms", "0740123456", "failed");
    tell("in_work", &work);
}

static void returned(void)
{
    struct body back;
    house_file(&back);
    const char *id = house_case(&back, "in_work");

    house_event(id, "take", "in_work", "", true);
    house_event(id, "return", "returned", "Data nașterii nu se potrivește cu actul.", true);
    house_return(id, "{act.birth_date,act.birth_place,reason,file.mandate}",
                 "Data nașterii nu se potrivește cu actul. Verificați și motivul.", token);
    tell("returned", &back);
}

/* Ways to an end. */
static void finished(const char *name, const char *act, const char *state, const char *reason,
                     const char *letter)
{
    struct body b;
    house_file(&b);
    const char *id = house_case(&b, "in_work");

    house_event(id, "take", "in_work", "", true);
    house_event(id, act, state, reason, true);
    house_ask("UPDATE casefile SET state = '%s' WHERE id = '%s'", state, id);
    ended(id);
    if (strcmp(state, "issued") == 0)
        waits_there(id);
    if (letter)
        answer(id, letter);
    tell(name, &b);
}

static void forwarded(void)
{
    struct body b;
    house_file(&b);
    const char *id = house_case(&b, "in_work");

    house_event(id, "forward", "forwarded", "actul este la altă primărie", true);
    house_ask("UPDATE casefile SET state = 'forwarded' WHERE id = '%s'", id);
    ended(id);
    house_ask(
        "INSERT INTO casefile SELECT (c).* FROM (SELECT jsonb_populate_record(x, jsonb_build_object('id', "
        "'00000000-0000-7000-8000-0000000000f2', 'institution', 'uat-2', 'n', 318, 'state', 'in_work', "
        "'registered_at', now())) AS c FROM casefile x WHERE id = '%s') AS y",
        id);
    house_event("00000000-0000-7000-8000-0000000000f2", "take", "in_work", "", true);
    tell("forwarded", &b);
}

static void scenes(void)
{
    struct body fresh;

    printf("{\"port\":%d,\"link\":\"%s\",\"cases\":[", house.public_port, token);
    house_file(&fresh);
    (void)house_case(&fresh, "registered");
    tell("registered", &fresh);
    working();
    returned();
    finished("issued", "issue", "issued", "", "Certificat de naștere, duplicat");
    finished("answered", "answer", "answered", "", "Răspuns");
    finished("refused", "refuse", "answered", "", "Refuz, cu motivele și calea de atac");
    finished("withdrawn", "withdraw", "withdrawn", "", NULL);
    forwarded();
    house_ask(
        "INSERT INTO notice (case_id, institution, service, from_day, to_day, posted_at, posted_by) SELECT "
        "gen_random_uuid(), i, s, " SQL_TODAY ", " SQL_TODAY " + 10, now(), 'x' FROM (VALUES ('uat-1', "
        "'cs.marriage_declaration'), ('uat-1', 'public.gathering'), ('uat-2', 'cs.marriage_declaration')) v "
        "(i, s)");
    printf("]}\n");
    fflush(stdout);
}

int main(void)
{
    char rest[64];

    signal(SIGPIPE, SIG_IGN);
    if (!house_open())
        return 77;
    scenes();
    while (read(0, rest, sizeof(rest)) > 0)
        ;
    house_close();
    return 0;
}
