/* The SMS gateway's reports, and the outbox's figures. */
#include <stdio.h>
#include <string.h>

#include "backend/outbox_priv.h"
#include "common/base/text.h"

void sms_seal(const struct registry *g, const char *id, char out[17])
{
    char text[64];
    uint8_t mac[SHA256_LEN];

    snprintf(text, sizeof(text), "sms:%s", id);
    hmac_sha256(mac, g->pin_key, sizeof(g->pin_key), text, strlen(text));
    hex_encode(out, mac, 8);
}

/* Kannel's masks, and words that others use. Only the last word decides over a fallback. */
static const struct {
    const char *word;
    bool good, arrived;
} report_words[] = {
    {"1", true, true},          {"delivered", true, true},     {"4", true, false},
    {"8", true, false},         {"sent", true, false},         {"accepted", true, false},
    {"2", false, false},        {"16", false, false},          {"failed", false, false},
    {"rejected", false, false}, {"undelivered", false, false},
};

static void on_report(const struct db_reply *r, void *user)
{
    struct http_req *http = user;
    http_json(http, r->err.rc == RC_OK ? 200 : 503, r->err.rc == RC_OK ? "{\"ok\":true}" : "{\"ok\":false}");
}

void outbox_report(struct http_req *r, void *user)
{
    struct registry *g = user;
    struct outbox *o = g->outbox;
    struct err e = {0};
    char id[20] = "", seal[17] = "", word[16] = "", want[17];
    size_t i = 0;

    if (o && sscanf(http_path(r), "/sms/%19[0-9]/%16[0-9a-f]/%15[a-z0-9]", id, seal, word) == 3)
        sms_seal(g, id, want);
    if (!*word || strlen(seal) != 16 || !equal_ct(seal, want, 16) || strlen(id) > 18) {
        err_set(&e, RC_NOT_FOUND, "no such report");
        http_fail(r, &e);
        return;
    }
    while (i < COUNT(report_words) && strcmp(report_words[i].word, word) != 0)
        i++;
    if (i == COUNT(report_words)) {
        err_set(&e, RC_BAD_REQUEST, "unknown word in a report");
        http_fail(r, &e);
        return;
    }
    if (!o->db) { /* still migrating: the gateway comes again */
        err_set(&e, RC_UNAVAILABLE, "the register is not ready");
        http_fail(r, &e);
        return;
    }
    o->stats.reports++;
    struct db_param good[] = {DB_STR(id), DB_STR(report_words[i].arrived ? "t" : "f")};
    struct db_param bad[] = {DB_STR(id), DB_STR("0"), DB_STR("reported as not delivered"), DB_STR(NULL)};
    enum rc rc = report_words[i].good
                     ? db_send(o->db, STMT(SQL_OUTBOX_REPORT), good, OUTBOX_DEADLINE_MS, on_report, r, &e)
                     : db_send(o->db, STMT(SQL_OUTBOX_FAIL), bad, OUTBOX_DEADLINE_MS, on_report, r, &e);
    if (rc != RC_OK)
        http_fail(r, &e);
}

void outbox_metrics(struct buf *out, const struct outbox *o)
{
    if (!o)
        return;
    const struct outbox_stats *s = &o->stats;
    const struct {
        const char *result;
        const uint64_t *n;
    } rows[] = {{"sent", s->sent},
                {"again", s->again},
                {"failed", s->failed},
                {"unknown", s->unknown},
                {"fell_back", s->fell_back}};

    buf_str(out, "# HELP pridvor_messages_total Messages to citizens by what became of them.\n"
                 "# TYPE pridvor_messages_total counter\n");
    for (size_t i = 0; i < COUNT(rows); i++)
        for (int way = 0; way < WAY_COUNT; way++)
            buf_fmt(out, "pridvor_messages_total{way=\"%s\",result=\"%s\"} %llu\n", way_names[way],
                    rows[i].result, (unsigned long long)rows[i].n[way]);
    buf_fmt(out,
            "# HELP pridvor_messages_open Messages not yet sent.\n# TYPE pridvor_messages_open gauge\n"
            "pridvor_messages_open %lld\n"
            "# HELP pridvor_messages_attention Messages that a clerk has to look at.\n"
            "# TYPE pridvor_messages_attention gauge\npridvor_messages_attention %lld\n"
            "# HELP pridvor_messages_recovered_total Messages of processes that ended.\n"
            "# TYPE pridvor_messages_recovered_total counter\npridvor_messages_recovered_total %llu\n",
            (long long)s->open, (long long)s->attention, (unsigned long long)s->recovered);
}
