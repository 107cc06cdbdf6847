#include "tests/db/form_fill.h"

#include <string.h>

enum { WALKS = 60, GUESSES = 8 };

static unsigned dice(unsigned long long *luck, unsigned n)
{
    *luck = *luck * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(*luck >> 33) % n;
}

static const char *own(const struct fill *f, const struct field *x)
{
    const char *dot = strrchr(x->id, '.');

    if (x->type == FT_EMAIL)
        return f->email ? f->email : "";
    return x->type == FT_PHONE && dot && strcmp(dot, ".phone") == 0 ? f->phone ? f->phone : "" : NULL;
}

static const char *guess(struct arena *a, const struct fill *f, const struct field *x,
                         unsigned long long *luck)
{
    static const char *const words[FT_COUNT][4] = {
        [FT_TEXT] = {"Ștefan Mureșan", "Őri Kovács", "12", "Strada Mică nr. 3"},
        [FT_AREA] = {"Nu este lumină.\nDe o lună.", "Groapă în drum.", "Kérem a választ.", "Zgomot."},
        [FT_DATE] = {"1990-05-17", "2031-03-01", "2026-11-20", "2026-12-20"},
        [FT_TIME] = {"08:30", "10:00", "12:00", "18:00"},
        [FT_CNP] = {"2900101120015", "1960523125783", "2900101120015", "1960523125783"},
        [FT_CUI] = {"RO14399840", "RO14399840", "RO14399840", "RO14399840"},
        [FT_PLATE] = {"CJ07ABC", "CJ08ABD", "B100XYZ", "BH07KAT"},
        [FT_PHONE] = {"0722123456", "0722123457", "0722123458", "0722123459"},
        [FT_DECIMAL] = {"12,5", "3", "1", "20"},
        [FT_ADDRESS] = {"Turda, str. Mihai 3", "Dej", "Cluj-Napoca, str. Horea 1", "Huedin"},
        [FT_LOCALITY] = {"Turda", "Dej", "Huedin", "Gherla"},
        [FT_BOOL] = {"true", "true", "true", "false"},
        [FT_FILE] = {FILE_AT_COUNTER, FILE_AT_COUNTER, FILE_AT_COUNTER, FILE_AT_COUNTER},
    };
    const char *v = own(f, x);

    if (v)
        return v;
    if (x->n_options)
        return x->options[dice(luck, (unsigned)x->n_options)].id;
    if (!x->required && dice(luck, 3) == 0)
        return "";
    if (x->type == FT_INT)
        return arena_fmt(a, "%lld", (long long)(x->min ? x->min : 1) + dice(luck, 3));
    v = words[x->type][dice(luck, 4)];
    return v ? v : "";
}

static void answer(const struct form_ctx *c, struct answers *s, const struct field *x, const struct fill *f,
                   unsigned long long *luck)
{
    for (int i = 0; i < GUESSES; i++) {
        const char *v = guess(s->arena, f, x, luck);
        answers_put(s, x->id, &v, *v ? 1 : 0, "applicant");
        if (!form_judge(c, s, x))
            return;
    }
}

const char *fill_form(struct arena *a, const struct fill *f)
{
    const struct form_ctx c = {.service = f->service,
                               .i18n = f->i18n,
                               .lang = LANG_RO,
                               .today = date_of_ms(unix_ms()),
                               .channel = CH_KIOSK};
    unsigned long long luck = f->luck * 2654435761ULL + 1;

    for (int walk = 0; walk < WALKS; walk++) {
        struct answers s;
        struct form_error wrong;
        BUF_SCOPE(out);
        answers_init(&s, a);
        for (size_t i = 0; i < f->service->n_fields; i++) {
            const struct field *x = &f->service->fields[i];
            if (x->type != FT_NOTE && form_asked(&c, x) && form_visible(&c, &s, x))
                answer(&c, &s, x, f, &luck);
        }
        if (form_check(&c, &s, &wrong, 1) == 0) {
            answers_encode(&c, &s, &out);
            return arena_strn(a, out.p, out.len);
        }
    }
    return NULL;
}
