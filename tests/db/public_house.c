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

static void tell(const char *name, const struct body *b, bool last)
{
    printf("{\"name\":\"%s\",\"code\":\"%s\",\"pin\":\"%s\"}%s", name, b->code, b->pin, last ? "" : ",");
}

static void scenes(void)
{
    struct body fresh, work, back, done, gone;
    const char *id;

    house_file(&fresh);
    house_file(&work);
    house_file(&back);
    house_file(&done);
    house_file(&gone);
    (void)house_case(&fresh, "registered");
    id = house_case(&work, "in_work");
    house_event(id, "take", "in_work", "", true);
    house_event(id, "extend", "in_work", "actul se caută în arhiva județului", true);
    note(id,
         "Am scris la Arhivele Naționale. Vă anunțăm când avem răspunsul.\nNu trebuie să veniți la ghișeu.");
    house_ask("UPDATE casefile SET email = 'ana.muresan@example.ro', phone = '0740123456' WHERE id = '%s'",
              id);
    message(id, "email", "ana.muresan@example.ro", "sent");
    message(id, "sms", "0740123456", "failed");
    id = house_case(&back, "in_work");
    house_event(id, "take", "in_work", "", true);
    house_event(id, "return", "returned", "Data nașterii nu se potrivește cu actul.", true);
    house_return(id, "{act.birth_date,act.birth_place,reason,file.mandate}",
                 "Data nașterii nu se potrivește cu actul. Verificați și motivul.", token);
    id = house_case(&done, "in_work");
    house_event(id, "take", "in_work", "", true);
    house_event(id, "approve", "decided", "", true);
    house_event(id, "issue", "issued", "", true);
    house_ask("UPDATE casefile SET state = 'issued' WHERE id = '%s'", id);
    house_ask("UPDATE case_term SET ended_on = current_date WHERE case_id = '%s'", id);
    answer(id, "Certificat de naștere, duplicat");
    id = house_case(&gone, "withdrawn");
    house_event(id, "withdraw", "withdrawn", "", true);
    house_ask("UPDATE case_term SET ended_on = current_date WHERE case_id = '%s'", id);
    printf("{\"port\":%d,\"link\":\"%s\",\"cases\":[", house.public_port, token);
    tell("registered", &fresh, false);
    tell("in_work", &work, false);
    tell("returned", &back, false);
    tell("issued", &done, false);
    tell("withdrawn", &gone, true);
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
