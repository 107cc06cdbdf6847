#include <stdio.h>
#include <string.h>

#include "backend/desk_priv.h"

const struct desk_route desk_routes[] = {
    DESK_SLOW("POST", "/api/login", DESK_OPEN, &desk_login_in, desk_login),
    DESK_SLOW("POST", "/api/redeem", DESK_OPEN, &desk_redeem_in, desk_redeem),
    DESK_SLOW("POST", "/api/password", DESK_SESSION, &desk_password_in, desk_password),
    DESK_ROUTE("POST", "/api/logout", DESK_SESSION, NULL, desk_logout),
    DESK_ROUTE("GET", "/api/me", DESK_SESSION, NULL, desk_me),
    DESK_ROUTE("GET", "/api/counts", "case.list", NULL, desk_counts),
    DESK_ROUTE("GET", "/api/queue", "case.list", &desk_queue_in, desk_queue),
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
