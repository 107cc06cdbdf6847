/* The printed zone of a TD1 card (9303-5), from the person: transliteration, fields, check digits. */
#include "tests/devices/card_priv.h"

#include <stdio.h>
#include <string.h>

/* Letters of Romanian and Hungarian names; 9303-3 section 6 leaves the choice between O and OE to the state.
 */
static const struct {
    const char *utf8;
    char ascii;
} letters[] = {{"Ă", 'A'}, {"Â", 'A'}, {"Á", 'A'}, {"Î", 'I'}, {"Í", 'I'}, {"Ș", 'S'},
               {"Ş", 'S'}, {"Ț", 'T'}, {"Ţ", 'T'}, {"É", 'E'}, {"Ó", 'O'}, {"Ö", 'O'},
               {"Ő", 'O'}, {"Ú", 'U'}, {"Ü", 'U'}, {"Ű", 'U'}, {" ", '<'}, {"-", '<'}};

static char check_digit(const char *s, size_t n)
{
    static const int weight[] = {7, 3, 1};
    int sum = 0;
    for (size_t i = 0; i < n; i++) {
        int v = s[i] == '<' ? 0 : s[i] <= '9' ? s[i] - '0' : s[i] - 'A' + 10;
        sum += v * weight[i % 3];
    }
    return (char)('0' + sum % 10);
}

/* Appends to a zone of `room` characters; what does not fit is cut off, as on the card. */
static void put(char *zone, size_t room, size_t *at, const char *text)
{
    while (*text && *at < room) {
        size_t len = 1;
        char c = *text;
        for (size_t i = 0; i < COUNT(letters); i++)
            if (strncmp(text, letters[i].utf8, strlen(letters[i].utf8)) == 0) {
                len = strlen(letters[i].utf8);
                c = letters[i].ascii;
            }
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '<')
            zone[(*at)++] = c;
        text += len;
    }
}

static void field(char *zone, size_t room, const char *text)
{
    size_t at = 0;
    put(zone, room, &at, text);
}

static bool date6(char out[6], const char *iso)
{
    if (strlen(iso) != 10)
        return false;
    const int from[] = {2, 3, 5, 6, 8, 9};
    for (size_t i = 0; i < 6; i++)
        out[i] = iso[from[i]];
    return true;
}

enum rc card_mrz_make(const struct person *p, char mrz[91], char info[64], struct err *e)
{
    char *l1 = mrz, *l2 = mrz + 30, *l3 = mrz + 60;
    memset(mrz, '<', 90);
    mrz[90] = 0;
    field(l1, 2, p->document_code);
    field(l1 + 2, 3, p->issuing_state);
    field(l1 + 5, 9, p->document_number);
    l1[14] = check_digit(l1 + 5, 9);
    field(l1 + 15, 15, p->cnp);
    if (!date6(l2, p->birth_date) || !date6(l2 + 8, p->expiry_date))
        return err_set(e, RC_BAD_FIELD, "card: a date is not YYYY-MM-DD");
    l2[6] = check_digit(l2, 6);
    l2[7] = p->sex[0];
    l2[14] = check_digit(l2 + 8, 6);
    field(l2 + 15, 3, p->nationality);
    size_t at = 0;
    put(l3, 30, &at, p->last_name);
    put(l3, 30, &at, "<<");
    put(l3, 30, &at, p->first_name);

    char composite[50]; /* 9303-5: line 1 from 6 to 30, line 2 from 1 to 7, 9 to 15, 19 to 29 */
    memcpy(composite, l1 + 5, 25);
    memcpy(composite + 25, l2, 7);
    memcpy(composite + 32, l2 + 8, 7);
    memcpy(composite + 39, l2 + 18, 11);
    l2[29] = check_digit(composite, sizeof composite);
    snprintf(info, 64, "%.10s%.7s%.7s", l1 + 5, l2, l2 + 8);
    return RC_OK;
}
