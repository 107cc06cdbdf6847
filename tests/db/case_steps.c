#include "tests/db/case_steps.h"

struct rig rig;
struct err e;

const char petition[] =
    "{\"who.kind\":\"person\",\"who.last_name\":\"Kovács\",\"who.first_name\":\"Ștefan\",\"who.email\":"
    "\"stefan@example.ro\",\"who.phone\":\"0722123456\",\"pet.kind\":\"request\",\"pet.how\":\"type\",\"pet."
    "subject\":\"Iluminat pe "
    "strada Mică\","
    "\"pet.text\":\"Nu este lumină.\",\"lang.answer\":\"hu\",\"consent.data_read\":true}";

int steps_setup(void **state)
{
    (void)state;
    if (!rig_make(&rig))
        exit(77);
    rig_user(&rig, "clerk", "clerk", "hall-1", "");
    rig_user(&rig, "clerk2", "clerk", "hall-1", "");
    rig_user(&rig, "registrar", "registrar", "hall-1", "");
    rig_user(&rig, "head", "head", "hall-1", "");
    rig_user(&rig, "mayor", "approver", "hall-1", "");
    rig_user(&rig, "officer", "officer", "hall-1", "");
    rig_user(&rig, "field", "field", "hall-1", "");
    rig_user(&rig, "police", "expert", "hall-1", "politia_locala");
    rig_user(&rig, "roads", "expert", "hall-1", "drumuri");
    rig_user(&rig, "other", "clerk", "hall-2", "");
    rig_user(&rig, "otherreg", "registrar", "hall-2", "");
    rig_user(&rig, "county", "county", "county", "");
    return 0;
}

int steps_teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

/* A case that waits in `registered`; its id in a static buffer. */
const char *new_case(const char *institution, const char *service, const char *answers)
{
    static char id[8][37];
    static int next;
    char *mine = id[next++ % 8];
    struct rig_request q = {.institution = institution, .service = service, .answers = answers};
    rig_request(&rig, &q, mine);
    assert_int_equal(rig_open(&rig), 1);
    return mine;
}

char sentence[600];

/* The newest version unless another is asked for. */
enum rc step_at(const char *who, const char *id, int64_t version, const char *action,
                const struct workflow_given *given, size_t n)
{
    struct work w = rig_begin(&rig);
    bool system = strcmp(who, "system") == 0;
    struct actor a = system ? actor_system : actor_citizen;
    struct casefile c, now;

    memset(&e, 0, sizeof(e));
    if (!system && strcmp(who, "citizen") != 0)
        rig_actor(&w, who, &a);
    if (version == 0) {
        assert_int_equal(case_get(&w, id, false, &c, &e), RC_OK);
        version = c.version;
    }
    struct case_act act = {.id = id, .action = action, .version = version, .given = given, .n_given = n};
    enum rc rc = case_act(&w, &a, &act, &now, &e);
    snprintf(sentence, sizeof(sentence), "%s", w.say.t[LANG_EN] ? w.say.t[LANG_EN] : "");
    rig_end(&w);
    return rc;
}

enum rc step(const char *who, const char *id, const char *action, const struct workflow_given *given,
             size_t n)
{
    return step_at(who, id, 0, action, given, n);
}

const char *of_case(const char *id, const char *column)
{
    char sql[300];
    snprintf(sql, sizeof(sql), "SELECT %s FROM casefile c WHERE id = '%s'", column, id);
    return Q(sql);
}

void draft_of(const char *id, const char *author)
{
    char sql[300];
    snprintf(sql, sizeof(sql),
             "INSERT INTO draft VALUES ('%s', 1, now(), '%s', 'answer.petition', 'ro', 'Răspuns', 'Vă "
             "răspundem.')",
             id, author);
    Q(sql);
}

int ring(void)
{
    struct work w = rig_begin(&rig);
    int done = 0;
    assert_int_equal(case_timers(&w, 500, &done, &e), RC_OK);
    rig_end(&w);
    return done;
}
