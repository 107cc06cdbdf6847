/* Cases as the desk's programs read them. */
#include "backend/case_priv.h"

#include <string.h>

/* Of the table of members below: nothing in a name needs a change. */
static void name_of(struct buf *out, const char *name)
{
    buf_add(out, ",\"", 2);
    buf_str(out, name);
    buf_add(out, "\":", 2);
}

static void member(struct buf *out, const char *name, const char *value)
{
    name_of(out, name);
    if (value)
        json_quote(out, value);
    else
        buf_str(out, "null");
}

static void number(struct buf *out, const char *name, int64_t n)
{
    name_of(out, name);
    buf_fmt(out, "%lld", (long long)n);
}

static void text3(struct buf *out, const char *name, const struct tr *t)
{
    name_of(out, name);
    for (int i = 0; i < LANG_COUNT; i++) {
        buf_str(out, i ? ",\"" : "{\"");
        buf_str(out, lang_codes[i]);
        buf_str(out, "\":");
        json_quote(out, t && t->t[i] ? t->t[i] : "");
    }
    buf_chr(out, '}');
}

static void moment(struct buf *out, const char *name, int64_t ms)
{
    char iso[25];

    if (ms)
        iso_utc(iso, ms);
    member(out, name, ms ? iso : NULL);
}

static void flags(struct work *w, const struct casefile *c, struct buf *out)
{
    const struct wf_words *all = &w->house->workflows.flags;
    bool first = true;

    buf_str(out, ",\"flags\":[");
    for (size_t i = 0; i < all->n; i++) {
        if (!(c->bits & UINT64_C(1) << i))
            continue;
        if (!first)
            buf_chr(out, ',');
        json_quote(out, all->items[i].id);
        first = false;
    }
    buf_chr(out, ']');
}

/* Services, states, flags and departments by their ids: their names are the same in every row, and said
 * once, with the person (desk_me). */
void case_json(struct work *w, const struct casefile *c, bool opened, struct buf *out)
{
    bool shown = opened || !c->sealed;

    buf_str(out, "{\"id\":");
    json_quote(out, c->id);
    member(out, "number", c->number);
    member(out, "register", c->reg);
    number(out, "year", c->year);
    number(out, "n", c->n);
    member(out, "institution", c->institution);
    member(out, "service", c->service);
    member(out, "person", shown ? c->person : "");
    member(out, "subject", shown ? c->subject : "");
    member(out, "state", c->state);
    flags(w, c, out);
    member(out, "assignee", c->assignee);
    member(out, "assignee_name", c->assignee_name);
    member(out, "department", c->department);
    moment(out, "registered_at", c->registered_ms);
    member(out, "filed_on", case_day(w->a, c->filed_on));
    member(out, "due", case_day(w->a, c->due));
    number(out, "days_left", c->days_left);
    buf_fmt(out, ",\"late\":%s,\"sealed\":%s", c->late ? "true" : "false", c->sealed ? "true" : "false");
    member(out, "attention", c->attention);
    number(out, "escalated", c->escalated);
    number(out, "version", c->version);
    member(out, "channel", c->channel);
    member(out, "lang", lang_codes[c->lang]);
    buf_chr(out, '}');
}

/* ---- events ---- */

/* Acts that are no steps of the workflow. */
static const struct {
    const char *act;
    struct tr label;
} labels[] = {
    {"registered", {{"Înregistrată", "Iktatva", "Registered"}}},
    {"forwarded_here",
     {{"Primită de la altă instituție", "Más intézménytől érkezett", "Came from another body"}}},
    {"assign", {{"Repartizată", "Kiosztva", "Assigned"}}},
    {"note", {{"Notă", "Feljegyzés", "Note"}}},
    {"fact", {{"Confirmare", "Igazolás", "Confirmed"}}},
    {"seal", {{"Acces restrâns", "Hozzáférés korlátozva", "Access restricted"}}},
    {"unseal", {{"Acces deschis", "Hozzáférés feloldva", "Access opened"}}},
    {"opinion", {{"Aviz primit", "Vélemény érkezett", "Opinion given"}}},
    {"escalated",
     {{"Întârziere anunțată mai sus", "Késés felsőbb szinten jelezve", "Delay reported upwards"}}},
    {"late_lifted",
     {{"Nu mai este întârziată: termenul s-a mutat", "Már nem késik: a határidő módosult",
       "No longer late: the date has moved"}}},
    {"terms_moved", {{"Termen recalculat", "Határidő újraszámítva", "Date computed anew"}}},
    {"answered_with",
     {{"Răspuns dat împreună cu alt dosar", "Másik üggyel együtt megválaszolva",
       "Answered together with another case"}}},
    {"unheld",
     {{"Cine răspunde de dosar nu poate lucra acum", "Az ügy felelőse most nem tud rajta dolgozni",
       "Who answers for the case cannot work on it now"}}},
    {"own_answer",
     {{"Nu a primit răspunsul dosarului conexat: are răspunsul său, care așteaptă semnătura",
       "Nem kapta meg az összevont ügy válaszát: saját, aláírásra váró válasza van",
       "Not answered with the connexed case: its own answer waits for its signature"}}},
    {"draft_kept",
     {{"Ciorna proprie a rămas la documente: s-a răspuns împreună cu alt dosar",
       "A saját piszkozat az iratok között maradt: másik ügyhöz kapcsolt válasz ment ki",
       "Its own draft stays among the documents: it was answered with another case"}}},
    {"return_over",
     {{"Corectura nu mai este cerută", "A javításra már nincs szükség",
       "The correction is not needed any more"}}},
    {"timer_stuck",
     {{"Un pas automat nu a mers", "Egy önműködő lépés nem sikerült", "A step of the system did not work"}}},
    {"terms_stuck",
     {{"Termenul nu a putut fi recalculat", "A határidőt nem lehetett újraszámítani",
       "The date could not be computed anew"}}},
    {"printed", {{"Tipărită", "Kinyomtatva", "Printed"}}},
    {"connexed", {{"Conexată", "Összevonva", "Connexed"}}},
    {"merged", {{"Unită cu alt dosar", "Másik üggyel egyesítve", "Merged"}}},
};

static struct tr label_of(const struct casefile *c, const char *act)
{
    const struct wf_action *x = workflow_action(c->flow, act);

    for (size_t i = 0; !x && i < COUNT(labels); i++)
        if (strcmp(labels[i].act, act) == 0)
            return labels[i].label;
    return x ? x->label : (struct tr){{act, act, act}};
}

static void one_event(struct work *w, const struct casefile *c, const struct db_result *r, int i,
                      struct buf *out)
{
    const char *act = db_text(r, i, 3), *given = db_text(r, i, 6);
    struct tr label = label_of(c, act);
    struct jval *v = NULL;
    bool ok = jval_parse(w->a, given, strlen(given), &v, NULL) == RC_OK;
    char at[25];

    iso_utc(at, db_int(r, i, 0));
    buf_str(out, i ? ",{\"at\":" : "{\"at\":");
    json_quote(out, at);
    member(out, "actor", db_text(r, i, 1));
    member(out, "actor_name", db_text(r, i, 2));
    member(out, "act", act);
    text3(out, "label", &label);
    member(out, "from", db_text(r, i, 4));
    member(out, "to", db_text(r, i, 5));
    member(out, "reason", ok ? jval_str(v, "reason", NULL) : NULL);
    buf_fmt(out, ",\"given\":%s,\"public\":%s,\"version\":%s}", given,
            db_text(r, i, 7)[0] == 't' ? "true" : "false", db_text(r, i, 8));
}

enum rc case_events_json(struct work *w, const struct casefile *c, int64_t after_version, struct buf *out,
                         struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->id), DB_STR(case_int(w->a, after_version))};

    TRY(work_sql(w, SQL_CASE_EVENTS, p, &r, e));
    buf_chr(out, '[');
    for (int i = 0; i < db_rows(r); i++)
        one_event(w, c, r, i, out);
    buf_chr(out, ']');
    return RC_OK;
}
