#include "tests/db/body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

enum { STROKES = 3, POINTS = 18 };

static const char answers_birth[] =
    "{\"who.last_name\":\"Mureșan\",\"who.first_name\":\"Ana-Ștefania\",\"who.id_doc\":\"XX123456\","
    "\"who.address\":\"Cluj-Napoca, str. Observatorului nr. 12, bl. C3, ap. "
    "7\","
    "\"who.email\":\"ana.muresan@example.ro\",\"delivery.how\":\"pickup\",\"lang.answer\":\"ro\","
    "\"act.who\":\"self\",\"act.last_name\":\"Mureșan\",\"act.first_name\":\"%s\","
    "\"act.birth_date\":\"1990-05-17\",\"act.birth_place\":\"Turda\",\"reason\":\"lost\",\"format\":"
    "\"paper\","
    "\"abroad\":\"no\",\"consent.data_read\":true}";
static const char answers_car[] =
    "{\"place.landmark\":\"%s\",\"land\":\"public\",\"car.since\":\"over6\",\"danger\":\"no\","
    "\"car.state\":[\"rust\",\"wheels\"],\"who.wants_answer\":\"no\",\"consent.data_read\":true}";

static void must(enum rc rc, const struct err *e)
{
    if (rc == RC_OK)
        return;
    fprintf(stderr, "body: %s\n", e->text);
    exit(1);
}

void body_init(struct body *b, const char *terminal, const char *institution)
{
    struct err e = {0};
    memset(b, 0, sizeof(*b));
    must(uuid7(b->id, &e), &e);
    must(receipt_code_new(b->code, &e), &e);
    must(pin_new(b->pin, &e), &e);
    b->terminal = terminal;
    b->institution = institution;
}

const char *body_request(struct arena *a, const struct body *b)
{
    const char *note = b->note ? b->note : "Ana-Ștefania";
    struct request r = {
        .v = 1,
        .request_id = b->id,
        .terminal = b->terminal,
        .institution = b->institution,
        .service = b->service ? b->service : "cs.birth_certificate",
        .service_version = b->version ? b->version : 1,
        .channel = "kiosk",
        .lang = b->lang ? b->lang : "ro",
        .created_at = "2026-11-22T08:15:00.000Z",
        .identity = {"card_read", "PACE", "XX123456",
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    };
    if (b->answers)
        return request_text(a, &r, b->answers);
    return request_text(a, &r,
                        b->service ? arena_fmt(a, answers_car, note) : arena_fmt(a, answers_birth, note));
}

/* Three strokes that look like a hand: places, pressure, milliseconds. */
static void strokes_json(struct buf *out)
{
    buf_chr(out, '[');
    for (int s = 0; s < STROKES; s++) {
        buf_str(out, s ? ",[" : "[");
        for (int p = 0; p < POINTS; p++)
            buf_fmt(out, "%s[%d,%d,%d,%d]", p ? "," : "", 1200 + s * 2400 + p * 71,
                    2200 + (p * p * 37 + s * 91) % 1400, 300 + (p * 53) % 500, s * 400 + p * 5);
        buf_chr(out, ']');
    }
    buf_chr(out, ']');
}

const char *body_text(struct arena *a, const struct body *b)
{
    const char *text = body_request(a, b);
    uint8_t hash[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1], now[25];
    BUF_SCOPE(out);

    sha256(hash, text, strlen(text));
    hex_encode(hex, hash, sizeof(hash));
    iso_utc(now, unix_ms());
    buf_str(&out, "{\"request\":");
    json_quote(&out, text);
    buf_fmt(&out, ",\"signature\":{\"kind\":\"pad\",\"sha256\":\"%s\",\"width\":9600,\"height\":6000,", hex);
    buf_str(&out, "\"max_pressure\":1023,\"strokes\":");
    strokes_json(&out);
    buf_fmt(&out, "},\"receipt\":{\"code\":\"%s\",\"pin\":\"%s\"},\"filed_at\":\"%s\",\"offline\":%s}",
            b->code, b->pin, b->filed_at ? b->filed_at : now, b->offline ? "true" : "false");
    return arena_str(a, out.p);
}

const char *body_headers(struct arena *a, const struct body *b)
{
    return arena_fmt(a, "Content-Type: application/json\r\nIdempotency-Key: %s\r\n", b->id);
}
