#include <stdio.h>
#include <string.h>

#include "backend/desk_priv.h"

const struct desk_route desk_routes[] = {
    DESK_SLOW("POST", "/api/login", DESK_OPEN, &desk_login_in, desk_login),
    DESK_SLOW("POST", "/api/redeem", DESK_OPEN, &desk_redeem_in, desk_redeem),
    DESK_SLOW("POST", "/api/password", DESK_SESSION, &desk_password_in, desk_password),
    DESK_SLOW("POST", "/api/pin", DESK_SESSION, &desk_pin_in, desk_pin),
    DESK_ROUTE("POST", "/api/lock", DESK_SESSION, NULL, desk_lock),
    DESK_SLOW("POST", "/api/unlock", DESK_OPEN, &desk_unlock_in, desk_unlock),
    DESK_ROUTE("POST", "/api/logout", DESK_OPEN, NULL, desk_logout), /* of a locked screen, too */
    DESK_ROUTE("GET", "/api/me", DESK_SESSION, NULL, desk_me),
    DESK_READ("/api/counts", "case.list", NULL, desk_counts),
    DESK_READ("/api/queue", "case.list", &desk_queue_in, desk_queue),
    DESK_READ("/api/cases/{id}", "case.view", NULL, desk_case),
    DESK_READ("/api/cases/{id}/refused", "case.view", NULL, desk_case_refused),
    DESK_ROUTE("POST", "/api/cases/{id}/act", "case.view", &desk_act_in, desk_act),
    DESK_ROUTE("POST", "/api/cases/{id}/assign", "case.assign", &desk_assign_in, desk_assign),
    DESK_AGAIN("/api/cases/{id}/note", "case.note", &desk_note_in, desk_note, desk_case),
    DESK_ROUTE("POST", "/api/cases/{id}/seal", "case.seal", &desk_seal_in, desk_seal),
    DESK_ROUTE("POST", "/api/cases/{id}/opinion", "case.view", &desk_opinion_in, desk_opinion),
    DESK_ROUTE("POST", "/api/cases/{id}/fact", "case.view", &desk_fact_in, desk_fact),
    DESK_ROUTE("GET", "/api/cases/{id}/return", "case.return_fields", NULL, desk_return),
    DESK_AGAIN("/api/cases/{id}/return", "case.return_fields", &desk_put_right_in, desk_put_right, desk_case),
    DESK_ROUTE("POST", "/api/cases/{id}/presence", "case.view", NULL, desk_presence),
    DESK_ROUTE("PUT", "/api/cases/{id}/draft", "answer.draft", &desk_draft_in, desk_draft),
    DESK_FILE("GET", "/api/cases/{id}/preview.pdf", "case.view", NULL, desk_preview),
    DESK_FILE("GET", "/api/cases/{id}/request.pdf", "case.view", NULL, desk_request),
    DESK_AGAIN("/api/cases/{id}/documents", "document.add", NULL, desk_upload, desk_uploaded),
    DESK_FILE("GET", "/api/documents/{id}", "document.view", NULL, desk_document),
    DESK_SLOW("POST", "/api/documents/{id}/certify", "document.certify", NULL, desk_certify),
    DESK_ROUTE("POST", "/api/documents/{id}/printed", "document.certify", NULL, desk_printed),
    DESK_ROUTE("GET", "/api/templates", "answer.draft", &desk_templates_in, desk_templates),
    DESK_LOOK("/api/search", "case.search", &desk_search_in, desk_search),
    DESK_ROUTE("GET", "/api/registers", "register.view", &desk_registers_in, desk_registers),
    DESK_READ("/api/register", "register.view", &desk_page_in, desk_page),
    DESK_FILE("GET", "/api/register/day.pdf", "register.view", &desk_day_in, desk_day),
    DESK_ROUTE("POST", "/api/documents", "register.enter", NULL, desk_scan),
    DESK_ROUTE("POST", "/api/form", "register.enter", &desk_form_in, desk_form),
    DESK_ONCE("/api/register/entries", "register.enter", &desk_entry_in, desk_entry),
    DESK_ONCE("/api/register/correct", "register.correct", &desk_correct_in, desk_correct),
    DESK_ROUTE("POST", "/api/register/year", "register.year", &desk_year_in, desk_year),
    DESK_ROUTE("POST", "/api/person/export/look", "person.export", &desk_person_in, desk_person_seen),
    DESK_ROUTE("POST", "/api/person/export", "person.export", &desk_person_in, desk_person_copy),
    DESK_ROUTE("POST", "/api/person/erase/look", "person.erase", &desk_person_in, desk_person_due),
    DESK_ROUTE("POST", "/api/person/erase", "person.erase", &desk_person_in, desk_person_erase),
    DESK_ROUTE("GET", "/api/team", "team.view", &desk_team_in, desk_team),
    DESK_ROUTE("GET", "/api/team/late", "team.view", &desk_team_in, desk_team_late),
    DESK_ROUTE("GET", "/api/delegations", DESK_SESSION, NULL, desk_delegations),
    DESK_ROUTE("POST", "/api/delegations", DESK_SESSION, &desk_delegate_in, desk_delegate),
    DESK_ROUTE("POST", "/api/delegations/{id}/end", DESK_SESSION, NULL, desk_delegate_end),
    DESK_ROUTE("GET", "/api/users", "user.view", NULL, desk_users),
    DESK_ROUTE("POST", "/api/users", "user.manage", &desk_user_in, desk_user_add),
    DESK_ROUTE("POST", "/api/users/{id}", "user.manage", &desk_user_act_in, desk_user_act),
    DESK_ROUTE("POST", "/api/roles", "role.grant", &desk_role_in, desk_role),
    DESK_ROUTE("GET", "/api/institutions", DESK_SESSION, NULL, desk_institutions),
    DESK_ROUTE("GET", "/api/services", DESK_SESSION, NULL, desk_services),
    DESK_ROUTE("GET", "/api/holidays", DESK_SESSION, NULL, desk_holidays),
    DESK_ROUTE("POST", "/api/holidays", "holiday.manage", &desk_holiday_in, desk_holiday_add),
    DESK_ROUTE("POST", "/api/holidays/withdraw", "holiday.manage", &desk_holiday_day, desk_holiday_withdraw),
    DESK_ROUTE("GET", "/api/audit", "audit.view", &desk_audit_in, desk_audit),
    DESK_ROUTE("GET", "/api/messages", "message.view", NULL, desk_messages),
    DESK_ROUTE("POST", "/api/messages/{id}/retry", "message.retry", NULL, desk_message_retry),
    DESK_ROUTE("GET", "/api/why", DESK_SESSION, &desk_why_in, desk_why),
};
const size_t n_desk_routes = COUNT(desk_routes);

enum rc desk_routes_check(const struct desk_route *routes, size_t n, const struct rights *r, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        const struct desk_route *t = &routes[i];
        if (!t->right || !*t->right)
            return err_set(e, RC_STATE, "route %s %s does not say who may call it", t->method, t->path);
        bool known = strcmp(t->right, DESK_OPEN) == 0 || strcmp(t->right, DESK_SESSION) == 0;
        if (!known && !rights_action(r, t->right))
            return err_set(e, RC_STATE, "route %s %s: configs/roles.json has no action %s", t->method,
                           t->path, t->right);
        if (!t->fn)
            return err_set(e, RC_STATE, "route %s %s does nothing", t->method, t->path);
    }
    return RC_OK;
}

static bool name_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.';
}

static bool matches(const char *pattern, const char *path, char *id)
{
    static const char hole[] = "{id}";
    const char *at = strstr(pattern, hole);
    size_t head = at ? (size_t)(at - pattern) : strlen(pattern), n = 0;

    *id = 0;
    if (!at)
        return strcmp(pattern, path) == 0;
    if (strncmp(pattern, path, head) != 0)
        return false;
    while (name_char(path[head + n]))
        n++;
    if (n == 0 || n > DESK_ID_MAX || strcmp(path + head + n, at + sizeof hole - 1) != 0)
        return false;
    snprintf(id, DESK_ID_MAX + 1, "%.*s", (int)n, path + head);
    return true;
}

enum rc desk_route_find(const char *method, const char *path, const struct desk_route **out, char *id,
                        struct err *e)
{
    bool head = strcmp(method, "HEAD") == 0, there = false;

    for (size_t i = 0; i < n_desk_routes; i++) {
        if (!matches(desk_routes[i].path, path, id))
            continue;
        there = true;
        *out = &desk_routes[i];
        if (strcmp(desk_routes[i].method, head ? "GET" : method) == 0)
            return RC_OK;
    }
    return there ? err_set(e, RC_METHOD, "not with this method") : err_set(e, RC_NOT_FOUND, "nothing here");
}
