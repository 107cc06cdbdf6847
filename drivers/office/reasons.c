#include "drivers/office/reasons.h"

#include <string.h>

static const struct reason rows[] = {
    {"media-empty", "MEDIA_EMPTY", "paper_end", K_STAFF, true},
    {"media-needed", "MEDIA_NEEDED", "paper_end", K_STAFF, true},
    {"media-low", "MEDIA_LOW", "paper_near_end", K_WARN, false},
    {"media-jam", "MEDIA_JAM", "jam", K_STAFF, true},
    {"cover-open", "DOOR", "cover_open", K_STAFF, true},
    {"door-open", "DOOR", "cover_open", K_STAFF, true},
    {"interlock-open", "DOOR", "cover_open", K_STAFF, true},
    {"input-tray-missing", "TRAY", "tray", K_STAFF, true},
    {"output-tray-missing", "TRAY", "tray", K_STAFF, true},
    {"output-area-full", "OUTPUT_FULL", "output_full", K_STAFF, true},
    {"output-area-almost-full", "OUTPUT_FULL", "output_full", K_WARN, false},
    {"toner-low", "TONER_LOW", "toner_low", K_WARN, false},
    {"toner-empty", "TONER_EMPTY", "toner_end", K_STAFF, true},
    {"marker-supply-low", "TONER_LOW", "toner_low", K_WARN, false},
    {"marker-supply-empty", "TONER_EMPTY", "toner_end", K_STAFF, true},
    {"marker-waste-almost-full", "TONER_LOW", "toner_low", K_WARN, false},
    {"marker-waste-full", "WASTE_FULL", "waste_full", K_STAFF, true},
    {"developer-low", "TONER_LOW", "toner_low", K_WARN, false},
    {"developer-empty", "TONER_EMPTY", "toner_end", K_TECHNICIAN, true},
    {"opc-near-eol", "PRINTER_ERROR", "drum", K_WARN, false},
    {"opc-life-over", "PRINTER_ERROR", "drum", K_TECHNICIAN, true},
    {"fuser-over-temp", "PRINTER_ERROR", "hot", K_TECHNICIAN, true},
    {"fuser-under-temp", "PRINTER_ERROR", "warming_up", K_WARN, false},
    {"spool-area-full", "PRINTER_ERROR", "printer_full", K_TECHNICIAN, true},
    {"paused", "QUEUE_PAUSED", "queue_paused", K_TECHNICIAN, true},
    {"moving-to-paused", "QUEUE_PAUSED", "queue_paused", K_TECHNICIAN, true},
    {"stopping", "QUEUE_PAUSED", "queue_paused", K_TECHNICIAN, true},
    {"stopped-partly", "PRINTER_ERROR", "", K_WARN, false},
    {"shutdown", "LINK_LOST", "offline", K_STAFF, true},
    {"offline", "LINK_LOST", "offline", K_STAFF, true},
    {"timed-out", "LINK_LOST", "offline", K_STAFF, true},
    {"connecting-to-device", "LINK_LOST", "", K_OK, false},
    {"deactivated", "PRINTER_ERROR", "", K_TECHNICIAN, true},
    {"power-down", "LINK_LOST", "offline", K_STAFF, true},
    {"cups-missing-filter", "FILTER_MISSING", "", K_TECHNICIAN, true},
    {"cups-insecure-filter", "FILTER_MISSING", "", K_TECHNICIAN, true},
};
static const struct reason unknown = {"", "PRINTER_ERROR", "", K_TECHNICIAN, false};

static const struct {
    const char *end;
    enum condition most;
} severities[] = {{"-report", K_OK}, {"-warning", K_WARN}, {"-error", K_TECHNICIAN}};

const struct reason *reason_find(const char *keyword, enum condition *severity)
{
    size_t n = strlen(keyword);
    enum condition most = K_TECHNICIAN;
    bool said = false;

    for (size_t i = 0; i < COUNT(severities) && !said; i++) {
        size_t k = strlen(severities[i].end);
        if (n > k && strcmp(keyword + n - k, severities[i].end) == 0) {
            n -= k;
            most = severities[i].most;
            said = true;
        }
    }
    for (size_t i = 0; i < COUNT(rows); i++)
        if (strlen(rows[i].name) == n && strncmp(rows[i].name, keyword, n) == 0) {
            *severity = rows[i].condition < most ? rows[i].condition : most;
            return &rows[i];
        }
    *severity = said ? most : K_OK;
    return said && most == K_TECHNICIAN ? &unknown : NULL;
}

const struct reason *reason_worst(const char *const *keywords, size_t n, enum condition *severity)
{
    const struct reason *worst = NULL;

    *severity = K_OK;
    for (size_t i = 0; i < n; i++) {
        enum condition c;
        const struct reason *r = reason_find(keywords[i], &c);
        if (r && (c > *severity || (c == *severity && worst && r->stops && !worst->stops))) {
            worst = r;
            *severity = c;
        }
    }
    return worst;
}
