#include "tests/db/case_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const flows[] = {"simple", "search", "opinions", "field", "timed", "auto"};

static const struct jval *file(struct model *m, const char *path)
{
    struct jval *v = NULL;
    struct err e = {0};
    if (jval_load(m->a, path, &v, &e) != RC_OK) {
        fprintf(stderr, "model: %s\n", e.text);
        exit(1);
    }
    return v;
}

/* Thousands of lives ask the same few things: planned once, not each time. */
static const struct db_stmt *ask_of(struct model *m, const char *sql, int n)
{
    static char names[MODEL_ASKS][8];
    size_t i = 0;

    while (i < m->n_asks && m->asks[i].sql != sql)
        i++;
    if (i == COUNT(m->asks)) {
        fprintf(stderr, "model: too many statements\n");
        exit(1);
    }
    if (i < m->n_asks)
        return &m->asks[i];
    snprintf(names[i], sizeof(names[i]), "m%zu", i);
    m->asks[m->n_asks++] = (struct db_stmt){names[i], sql, n};
    return &m->asks[i];
}

struct db_result *model_ask(struct model *m, const char *sql, const char *const *p, int n)
{
    struct db_param params[8];
    struct db_result *r = NULL;
    struct err e = {0};

    for (int i = 0; i < n; i++)
        params[i] = (struct db_param)DB_STR(p[i + 1]);
    if (db_sync_run(m->rig->db, ask_of(m, sql, n), params, &r, &e) != RC_OK) {
        fprintf(stderr, "model: %s: %s\n", sql, e.text);
        exit(1);
    }
    return r;
}

const char *model_cell(struct model *m, const char *sql, const char *const *p, int n)
{
    static char cell[4][600];
    static int next;
    struct db_result *r SCOPED(db_result_freep) = model_ask(m, sql, p, n);
    char *out = cell[next++ % 4];

    snprintf(out, sizeof(cell[0]), "%s", db_rows(r) && !db_is_null(r, 0, 0) ? db_text(r, 0, 0) : "");
    return out;
}

const char *model_day(void)
{
    static char text[11];
    date_iso(text, date_of_ms(rig_now));
    return text;
}

const char *model_now(int64_t less_ms)
{
    static char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)(rig_now - less_ms));
    return text;
}

static void read_days_off(struct model *m)
{
    const struct jval *years = jval_get(file(m, "configs/holidays.json"), "years");

    for (size_t i = 0; years && i < years->n; i++) {
        const struct jval *list = jval_get(&years->items[i], "days");
        for (size_t k = 0; list && k < list->n && m->n_off < COUNT(m->off); k++) {
            struct date d;
            if (date_parse(jval_str(&list->items[k], "date", ""), &d))
                m->off[m->n_off++] = date_days(d);
        }
    }
    if (m->n_off < 30) {
        fprintf(stderr, "model: no holidays read\n");
        exit(1);
    }
}

void model_make(struct model *m, struct rig *r, size_t cap)
{
    struct jval *all;

    memset(m, 0, sizeof(*m));
    m->rig = r;
    m->a = arena_new();
    all = ARENA_ARRAY(m->a, struct jval, COUNT(flows));
    for (size_t i = 0; i < COUNT(flows); i++)
        all[i] = *file(m, arena_fmt(m->a, "configs/workflow/%s.json", flows[i]));
    m->flows = all;
    const struct jval *shared = file(m, "configs/workflow/_shared.json");
    m->facts = jval_get(shared, "guard_context");
    m->states = jval_get(shared, "states");
    m->flags = jval_get(file(m, "configs/lookups.json"), "flags");
    m->terms = jval_get(file(m, "configs/terms.json"), "rules");
    m->roles = jval_get(file(m, "configs/roles.json"), "actions");
    m->cases = ARENA_ARRAY(m->a, struct model_case, cap);
    m->cap = cap;
    read_days_off(m);
}

bool model_word(const struct jval *list, const char *word)
{
    for (size_t i = 0; list && i < list->n; i++)
        if (list->items[i].kind == JV_STR && strcmp(list->items[i].s, word) == 0)
            return true;
    return false;
}

uint64_t model_flag(const struct model *m, const char *id)
{
    for (size_t i = 0; i < m->flags->n; i++)
        if (strcmp(jval_str(&m->flags->items[i], "id", ""), id) == 0)
            return UINT64_C(1) << i;
    return 0;
}

/* ---- roles ---- */

/* What guards ask of the database, in one question as long as nothing changes. */
static const char *const facts[MODEL_FACTS] = {"case.opinions_open",   "case.opinions_negative",
                                               "case.document_ready",  "case.before_due",
                                               "case.correction_done", "case.wait_over"};

static const char *seen(struct model *m, const struct model_case *c)
{
    static const char sql[] =
        "SELECT concat(EXISTS (SELECT FROM case_task WHERE case_id = $1::uuid AND kind = 'opinion' AND "
        "done_at IS NULL AND due >= $2::date), EXISTS (SELECT FROM case_task WHERE case_id = $1::uuid AND "
        "binding AND result = 'negative'), EXISTS (SELECT FROM document WHERE case_id = $1::uuid AND "
        "voided_at IS NULL AND source IS NOT NULL AND kind <> 'certified'), coalesce((SELECT due >= $2::date "
        "FROM casefile WHERE id = $1::uuid), false), EXISTS (SELECT FROM (SELECT answers FROM case_return "
        "WHERE case_id = $1::uuid ORDER BY id DESC LIMIT 1) x WHERE answers IS NOT NULL), EXISTS (SELECT "
        "FROM case_term WHERE case_id = $1::uuid AND ended_on IS NULL AND NOT main AND CASE WHEN rule = "
        "'policy.contest' THEN due < $2::date ELSE rule LIKE 'cc.%' AND due <= $2::date END), (SELECT "
        "string_agg(' ' || institution || '/' || department || ' ', '') FROM case_task WHERE case_id = "
        "$1::uuid AND kind = 'opinion' AND done_at IS NULL))";

    if (m->seen.c != c || m->seen.stamp != m->stamp) {
        m->seen.c = c;
        m->seen.stamp = m->stamp;
        snprintf(m->seen.text, sizeof(m->seen.text), "%s", model_sql(m, sql, c->id, model_day()));
    }
    return m->seen.text;
}

static bool asked(struct model *m, const struct model_user *u, const struct model_case *c)
{
    char place[80];

    if (strcmp(u->role, "expert") != 0)
        return false;
    snprintf(place, sizeof(place), " %s/%s%s", u->institution, u->department, *u->department ? " " : "");
    return strstr(seen(m, c) + MODEL_FACTS, place) != NULL;
}

/* ---- guards: read from left to right, as the README has the grammar ---- */

struct guard {
    struct model *m;
    const struct model_user *u;
    const struct model_case *c;
    const char *p;
};

static const char *yes(bool b)
{
    return b ? "true" : "false";
}

static const char *asked_of_db(struct guard *g, const char *path)
{
    for (size_t i = 0; i < COUNT(facts); i++)
        if (strcmp(facts[i], path) == 0)
            return yes(seen(g->m, g->c)[i] == 't');
    return NULL;
}

/* Counted where the institution has said how many there are; then who came first is first. */
static const char *place(struct model *m, const struct model_case *c)
{
    static const char sql[] =
        "SELECT coalesce(c.facts->>'case.place_free', CASE WHEN (SELECT count(*) FILTER (WHERE o.state <> "
        "'waiting' OR o.facts->>'case.place_free' = 'true') < s.n AND count(*) FILTER (WHERE o.state = "
        "'waiting' AND (c.state <> 'waiting' OR (o.registered_at, o.id) < (c.registered_at, c.id))) = 0 FROM "
        "casefile o WHERE (o.institution, o.service) = (c.institution, c.service) AND o.id <> c.id AND "
        "o.closed_at IS NULL AND o.state IN ('decided', 'issued', 'waiting')) THEN 'true' ELSE 'false' END) "
        "FROM casefile c JOIN place_stock s ON (s.institution, s.service) = (c.institution, c.service) WHERE "
        "c.id = $1::uuid";
    const char *said = c->place ? model_sql(m, sql, c->id) : "false";
    return *said ? said : "true";
}

static const char *value_of(struct guard *g, const char *path)
{
    const struct model_case *c = g->c;
    if (strcmp(path, "case.place_free") == 0)
        return place(g->m, c);
    if (strncmp(path, "flags.", 6) == 0)
        return yes(c->flags & model_flag(g->m, path + 6));
    const struct {
        const char *path;
        bool v;
    } own[] = {{"case.fee_due", c->fee_due},
               {"case.fee_paid", c->fee_paid},
               {"case.confirmed", c->confirmed},
               {"case.has_wait", c->has_wait},
               {"case.both_present", c->both},
               {"case.approvals_open", c->approvals},
               {"case.evidence", c->evidence},
               {"case.delivered", c->delivered},
               {"case.contest_used", (c->flags & model_flag(g->m, "contested")) != 0},
               {"actor.in_area", true}};
    for (size_t i = 0; i < COUNT(own); i++)
        if (strcmp(own[i].path, path) == 0)
            return yes(own[i].v);
    if (strcmp(path, "case.found") == 0)
        return *c->found ? c->found : NULL;
    if (strcmp(path, "case.rule_result") == 0)
        return c->passes ? "pass" : "review";
    if (strcmp(path, "actor.is_author") == 0) {
        const char *author = *c->author ? c->author : c->draft_by;
        return yes(g->u && strcmp(author, g->u->name) == 0);
    }
    const char *v = asked_of_db(g, path);
    if (!v) {
        fprintf(stderr, "model: nobody knows %s\n", path);
        exit(1);
    }
    return v;
}

static bool any_of(struct guard *g);

static void blanks(struct guard *g)
{
    g->p += strspn(g->p, " ");
}

static bool word_is(struct guard *g, const char *w)
{
    size_t n = strlen(w);
    blanks(g);
    if (strncmp(g->p, w, n) != 0 || (g->p[n] >= 'a' && g->p[n] <= 'z'))
        return false;
    g->p += n;
    return true;
}

static void text_at(struct guard *g, char out[64])
{
    blanks(g);
    size_t n = strcspn(g->p + 1, "'");
    snprintf(out, 64, "%.*s", (int)n, g->p + 1);
    g->p += n + 2;
}

static bool compare(struct guard *g)
{
    char path[64], text[64];
    bool hit = false;

    blanks(g);
    if (*g->p == '(') {
        g->p++;
        bool v = any_of(g);
        blanks(g);
        g->p++;
        return v;
    }
    size_t n = strspn(g->p, "abcdefghijklmnopqrstuvwxyz0123456789_.");
    snprintf(path, sizeof(path), "%.*s", (int)n, g->p);
    g->p += n;
    const char *v = value_of(g, path);
    blanks(g);
    if (strncmp(g->p, "==", 2) == 0 || strncmp(g->p, "!=", 2) == 0) {
        bool not = *g->p == '!';
        g->p += 2;
        text_at(g, text);
        return (v && strcmp(v, text) == 0) != not ;
    }
    if (!word_is(g, "in"))
        return v && strcmp(v, "true") == 0;
    blanks(g);
    do {
        g->p++;
        text_at(g, text);
        hit |= v && strcmp(v, text) == 0;
        blanks(g);
    } while (*g->p == ',');
    g->p++;
    return hit;
}

static bool not_of(struct guard *g)
{
    return word_is(g, "not") ? !not_of(g) : compare(g);
}

static bool all_of(struct guard *g)
{
    bool v = not_of(g);
    while (word_is(g, "and")) {
        bool w = not_of(g);
        v = v && w;
    }
    return v;
}

static bool any_of(struct guard *g)
{
    bool v = all_of(g);
    while (word_is(g, "or")) {
        bool w = all_of(g);
        v = v || w;
    }
    return v;
}

enum rc model_judge(struct model *m, const struct model_user *u, const struct model_case *c,
                    const struct jval *action, bool stale)
{
    struct guard g = {m, u, c, jval_str(action, "guard", "")};
    const struct jval *roles = jval_get(action, "roles");
    bool may = !u                                  ? model_word(roles, "system")
               : strcmp(u->role, "applicant") == 0 ? model_word(roles, "applicant")
                                                   : false;
    const struct model_user *as;

    for (size_t i = 0; u && !may && (as = model_self(m, u, i)) != NULL; i++)
        may = model_word(roles, as->role) && (model_reaches(as, c) || asked(m, as, c));
    if (!may)
        return RC_DENIED;
    if (stale)
        return RC_CONFLICT;
    if (!model_word(jval_get(action, "from"), c->state))
        return RC_STATE;
    return !*g.p || any_of(&g) ? RC_OK : RC_STATE;
}

/* ---- what follows ---- */

static void bits(const struct model *m, const struct jval *list, uint64_t *flags, bool on)
{
    for (size_t i = 0; list && i < list->n; i++) {
        uint64_t b = model_flag(m, list->items[i].s);
        *flags = on ? *flags | b : *flags & ~b;
    }
}

static size_t index_of(const struct model_case *c, const struct jval *action)
{
    return (size_t)(action - jval_get(c->flow, "actions")->items);
}

void model_done(struct model *m, struct model_case *c, const struct model_user *u, const struct jval *action,
                const char *found)
{
    const struct jval *effects = jval_get(action, "effects");
    bool prepares = strcmp(jval_str(action, "to", ""), "decided") == 0 ||
                    model_word(jval_get(action, "needs"), "search_result");

    snprintf(c->state, sizeof(c->state), "%s", jval_str(action, "to", ""));
    bits(m, jval_get(action, "set_flags"), &c->flags, true);
    bits(m, jval_get(action, "clear_flags"), &c->flags, false);
    if (model_word(effects, "settle_fee"))
        c->fee_paid = true;
    if (model_word(effects, "settle_confirm"))
        c->confirmed = true;
    if (found && model_word(jval_get(action, "needs"), "search_result"))
        snprintf(c->found, sizeof(c->found), "%s", found);
    if (u && strcmp(u->role, "applicant") != 0 && prepares &&
        !strstr(jval_str(action, "guard", ""), "is_author"))
        snprintf(c->author, sizeof(c->author), "%s", u->name);
    c->did[index_of(c, action)] = true;
    c->ended = model_ended(m, c->state);
}

bool model_drive(struct model *m, struct model_case *c)
{
    const struct jval *list = jval_get(c->flow, "actions");
    bool any = false, again = true;

    while (again) {
        again = false;
        for (size_t i = 0; !again && i < list->n; i++) {
            const struct jval *x = &list->items[i];
            if (!jval_bool(x, "by_itself", false) || c->did[i] || model_judge(m, NULL, c, x, false) != RC_OK)
                continue;
            model_done(m, c, NULL, x, NULL);
            any = again = true;
        }
    }
    return any;
}

bool model_ended(const struct model *m, const char *state)
{
    for (size_t i = 0; i < m->states->n; i++)
        if (strcmp(jval_str(&m->states->items[i], "id", ""), state) == 0)
            return strcmp(jval_str(&m->states->items[i], "kind", ""), "end") == 0;
    return false;
}

int model_distance(const struct model *m, const struct jval *flow, const char *state)
{
    const struct jval *list = jval_get(flow, "actions");
    const char *at[16] = {state};
    int far[16] = {0}, n = 1;

    for (int i = 0; i < n; i++) {
        if (model_ended(m, at[i]))
            return far[i];
        for (size_t k = 0; k < list->n; k++) {
            const char *to = jval_str(&list->items[k], "to", "");
            bool seen = !model_word(jval_get(&list->items[k], "from"), at[i]);
            for (int j = 0; j < n; j++)
                seen |= strcmp(at[j], to) == 0;
            if (!seen && n < 16) {
                at[n] = to;
                far[n++] = far[i] + 1;
            }
        }
    }
    return 99;
}

/* ---- days ---- */

static bool day_off(const struct model *m, struct date d)
{
    int64_t n = date_days(d);
    if (date_weekday(d) > 5)
        return true;
    for (size_t i = 0; i < m->n_off; i++)
        if (m->off[i] == n)
            return true;
    return false;
}

static const struct jval *rule_of(const struct model *m, const char *id)
{
    for (size_t i = 0; i < m->terms->n; i++)
        if (strcmp(jval_str(&m->terms->items[i], "id", ""), id) == 0)
            return &m->terms->items[i];
    return NULL;
}

bool model_due(struct model *m, const char *rule, struct date start, bool extended, struct date *due)
{
    const struct jval *r = rule_of(m, rule);
    if (r && extended)
        r = rule_of(m, jval_str(jval_get(r, "extension"), "rule", rule));
    if (!r)
        return false;
    const char *count = jval_str(r, "count", "");
    int64_t n = jval_int(r, "n", 0);
    struct date d = start;
    if (strcmp(count, "working_days") == 0) {
        for (int64_t left = n; left > 0;) {
            d = date_add(d, 1);
            left -= !day_off(m, d);
        }
    } else if (strcmp(count, "day_after") == 0)
        d = date_add(d, n);
    else if (strcmp(count, "free_days") == 0)
        d = date_add(d, n + 1);
    else if (strcmp(count, "both_counted") == 0)
        d = date_add(d, n - 1);
    else
        return false;
    if (strcmp(jval_str(r, "roll", ""), "next_working") == 0)
        while (day_off(m, d))
            d = date_add(d, 1);
    *due = d;
    return true;
}

bool model_extends(struct model *m, const struct model_case *c)
{
    const struct jval *r = rule_of(
        m, model_sql(m, "SELECT rule FROM case_term WHERE case_id = $1::uuid AND main AND ended_on IS NULL",
                     c->id));
    return !r || jval_get(r, "extension");
}

/* ---- from the database ---- */

/* Cuts "a|b|c" in place. */
static void cut(char *line, char *part[], int n)
{
    part[0] = line;
    for (int i = 1; i < n; i++) {
        part[i] = strchr(part[i - 1], '|');
        *part[i]++ = 0;
    }
}

/* "state|department|version|flag,flag|attention|author of the draft|" */
void model_take(struct model *m, struct model_case *c, const char *text)
{
    char line[600], *part[7];

    snprintf(line, sizeof(line), "%s||||||", text);
    cut(line, part, COUNT(part));
    snprintf(c->state, sizeof(c->state), "%.15s", part[0]);
    snprintf(c->department, sizeof(c->department), "%.31s", part[1]);
    c->version = atoll(part[2]);
    snprintf(c->attention, sizeof(c->attention), "%.15s", part[4]);
    snprintf(c->draft_by, sizeof(c->draft_by), "%.19s", part[5]);
    c->flags = 0;
    for (char *p = part[3]; p && *p;) {
        char *word = strsep(&p, ",");
        c->flags |= model_flag(m, word);
    }
    c->ended = model_ended(m, c->state);
}

void model_read(struct model *m, struct model_case *c)
{
    m->stamp++;
    model_take(m, c, model_sql(m, "SELECT " MODEL_ROW " FROM casefile c WHERE c.id = $1::uuid", c->id));
}

struct model_case *model_add(struct model *m, const char *id)
{
    struct model_case *c = &m->cases[m->n++];
    char line[600], did[600], *part[6];

    if (m->n > m->cap) {
        fprintf(stderr, "model: too many cases\n");
        exit(1);
    }
    snprintf(c->id, sizeof(c->id), "%s", id);
    snprintf(
        line, sizeof(line), "%s|||||",
        model_sql(m,
                  "SELECT concat_ws('|', institution, service, workflow, coalesce(facts->>'case.fee_due', "
                  "''), coalesce(facts->>'case.has_wait', ''), coalesce(facts->>'case.confirmed', '')) "
                  "FROM casefile WHERE id = $1::uuid",
                  c->id));
    cut(line, part, COUNT(part));
    snprintf(c->institution, sizeof(c->institution), "%.15s", part[0]);
    c->service = arena_str(m->a, part[1]);
    for (size_t i = 0; i < COUNT(flows); i++)
        if (strcmp(flows[i], part[2]) == 0)
            c->flow = &m->flows[i];
    c->fee_due = strcmp(part[3], "true") == 0;
    c->has_wait = strcmp(part[4], "true") == 0;
    part[5][strcspn(part[5], "|")] = 0;
    c->confirmed = strcmp(part[5], "true") == 0;
    model_read(m, c);
    c->passes = strcmp(c->service, "info.newsletter") == 0;
    c->place = strcmp(part[2], "auto") == 0; /* nobody counts them */
    snprintf(did, sizeof(did), "%s",
             model_sql(m,
                       "SELECT concat(' ', string_agg(DISTINCT act, ' '), ' ') FROM case_event WHERE "
                       "case_id = $1::uuid",
                       c->id));
    const struct jval *list = c->flow ? jval_get(c->flow, "actions") : NULL;
    for (size_t i = 0; list && i < list->n; i++) {
        char act[64];
        snprintf(act, sizeof(act), " %s ", jval_str(&list->items[i], "id", ""));
        c->did[i] = strstr(did, act) != NULL;
    }
    return c;
}
