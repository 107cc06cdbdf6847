/* How long an SMS is: the GSM 7-bit alphabet of 3GPP TS 23.038 (6.2.1), otherwise UCS-2. */
#include <string.h>

#include "backend/outbox_priv.h"
#include "common/base/text.h"

static const char basic[] = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
                            "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
static const char extension[] = "\f^{}\\[~]|€"; /* two septets each */

static const struct {
    const char *from, *to;
} folds[] = {
    {"ă", "a"},  {"â", "a"}, {"î", "i"}, {"ș", "s"}, {"ț", "t"},   {"Ă", "A"},      {"Â", "A"},  {"Î", "I"},
    {"Ș", "S"},  {"Ț", "T"}, {"á", "a"}, {"í", "i"}, {"ó", "o"},   {"ő", "ö"},      {"ú", "u"},  {"ű", "ü"},
    {"Á", "A"},  {"Í", "I"}, {"Ó", "O"}, {"Ő", "Ö"}, {"Ú", "U"},   {"Ű", "Ü"},      {"„", "\""}, {"”", "\""},
    {"“", "\""}, {"’", "'"}, {"–", "-"}, {"—", "-"}, {"…", "..."}, {"\u00a0", " "},
};

static size_t width(const char *p)
{
    uint8_t c = (uint8_t)*p;
    return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

static bool among(const char *set, const char *p, size_t n)
{
    for (const char *s = set; *s; s += width(s))
        if (width(s) == n && memcmp(s, p, n) == 0)
            return true;
    return false;
}

/* A character of two units never stands across two parts, so a part may stay one unit short. */
static unsigned parts(const char *s, bool ucs2, unsigned one, unsigned many, unsigned *units)
{
    unsigned n = 1, used = 0;

    *units = 0;
    for (const char *p = s; *p; p += width(p)) {
        unsigned w = ucs2 ? (width(p) == 4 ? 2 : 1) : (among(extension, p, width(p)) ? 2 : 1);
        if (used + w > many) {
            n++;
            used = 0;
        }
        used += w;
        *units += w;
    }
    return *units <= one ? 1 : n;
}

struct sms_size sms_size(const char *s)
{
    struct sms_size out = {0};

    for (const char *p = s; *p; p += width(p))
        out.ucs2 = out.ucs2 || (!among(basic, p, width(p)) && !among(extension, p, width(p)));
    out.parts = out.ucs2 ? parts(s, true, 70, 67, &out.units) : parts(s, false, 160, 153, &out.units);
    return out;
}

const char *sms_fold(struct arena *a, const char *s)
{
    BUF_SCOPE(out);

    for (const char *p = s; *p; p += width(p)) {
        size_t n = width(p), i = 0;
        while (i < COUNT(folds) && !(strlen(folds[i].from) == n && memcmp(folds[i].from, p, n) == 0))
            i++;
        if (i < COUNT(folds))
            buf_str(&out, folds[i].to);
        else
            buf_add(&out, p, n);
    }
    return arena_strn(a, out.p ? out.p : "", out.len);
}
