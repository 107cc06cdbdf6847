#include "drivers/office/cups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cups/cups.h>

#define CONNECT_MS 5000
#define CALL_S 5.0
#define LIST_MAX 64

struct cups {
    http_t *http;
    char uri[1024], path[512];
};

static const char *const printer_attributes[] = {"printer-name",
                                                 "printer-make-and-model",
                                                 "printer-uuid",
                                                 "device-uri",
                                                 "printer-state",
                                                 "printer-is-accepting-jobs",
                                                 "printer-state-reasons",
                                                 "printer-impressions-completed",
                                                 "document-format-supported",
                                                 "sides-supported",
                                                 "print-color-mode-supported",
                                                 "media-supported",
                                                 "copies-supported",
                                                 "printer-uri-supported"};
static const char *const job_attributes[] = {"job-state", "job-state-reasons", "job-impressions-completed",
                                             "job-impressions"};

static const char *const found_attributes[] = {
    "job-id", "job-name", "job-state", "job-state-reasons", "job-impressions-completed", "job-impressions"};

/* ---- the connection ---- */

static int late(http_t *http, void *user)
{
    (void)http;
    (void)user;
    return 0; /* no more waiting */
}

/* Nobody is there to type one. */
static const char *no_password(const char *prompt, http_t *http, const char *method, const char *resource,
                               void *user)
{
    (void)prompt;
    (void)http;
    (void)method;
    (void)resource;
    (void)user;
    return NULL;
}

static enum rc connect_to(struct cups *c, const char *host, int port, http_encryption_t crypt, struct err *e)
{
    cupsSetPasswordCB2(no_password, NULL);
    c->http = httpConnect2(host, port, NULL, AF_UNSPEC, crypt, 1, CONNECT_MS, NULL);
    if (!c->http)
        return err_set(e, RC_NO_DEVICE, "%s does not answer: %s", host[0] == '/' ? "cupsd" : host,
                       cupsLastErrorString());
    httpSetTimeout(c->http, CALL_S, late, NULL);
    return RC_OK;
}

static enum rc connect_uri(struct cups *c, const char *uri, struct err *e)
{
    char scheme[16], user[64], host[256];
    int port = 0;

    if (httpSeparateURI(HTTP_URI_CODING_ALL, uri, scheme, sizeof scheme, user, sizeof user, host, sizeof host,
                        &port, c->path, sizeof c->path) < HTTP_URI_STATUS_OK)
        return err_set(e, RC_BAD_REQUEST, "not an address: %.100s", uri);
    bool tls = strcmp(scheme, "ipps") == 0;
    if (!tls && strcmp(scheme, "ipp") != 0)
        return err_set(e, RC_UNSUPPORTED, "%s: only ipp and ipps speak back", scheme);
    snprintf(c->uri, sizeof c->uri, "%s", uri);
    return connect_to(c, host, port, tls ? HTTP_ENCRYPTION_ALWAYS : HTTP_ENCRYPTION_IF_REQUESTED, e);
}

static enum rc connect_server(struct cups *c, struct err *e)
{
    return connect_to(c, cupsServer(), ippPort(), cupsEncryption(), e);
}

void cups_close(struct cups *c)
{
    if (!c)
        return;
    httpClose(c->http);
    free(c);
}

void cups_closep(struct cups **c)
{
    cups_close(*c);
    *c = NULL;
}

const char *cups_uri(const struct cups *c)
{
    return c->uri;
}

/* ---- requests ---- */

static ipp_t *request_new(ipp_op_t op, const char *uri)
{
    ipp_t *r = ippNewRequest(op);
    if (uri)
        ippAddString(r, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL, uri);
    ippAddString(r, IPP_TAG_OPERATION, IPP_TAG_NAME, "requesting-user-name", NULL, cupsUser());
    return r;
}

static void want(ipp_t *r, const char *const *names, size_t n)
{
    ippAddStrings(r, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "requested-attributes", (int)n, NULL, names);
}

/* RFC 8011, appendix B. */
static enum rc status_rc(ipp_status_t s)
{
    switch (s) {
    case IPP_STATUS_ERROR_NOT_AUTHENTICATED:
    case IPP_STATUS_ERROR_NOT_AUTHORIZED:
    case IPP_STATUS_ERROR_FORBIDDEN:
    case IPP_STATUS_ERROR_CUPS_AUTHENTICATION_CANCELED:
        return RC_DENIED;
    case IPP_STATUS_ERROR_NOT_FOUND:
    case IPP_STATUS_ERROR_GONE:
        return RC_NO_DEVICE;
    case IPP_STATUS_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED:
    case IPP_STATUS_ERROR_OPERATION_NOT_SUPPORTED:
    case IPP_STATUS_ERROR_ATTRIBUTES_OR_VALUES:
        return RC_UNSUPPORTED;
    case IPP_STATUS_ERROR_BUSY:
    case IPP_STATUS_ERROR_TOO_MANY_JOBS:
        return RC_BUSY;
    case IPP_STATUS_ERROR_NOT_ACCEPTING_JOBS:
    case IPP_STATUS_ERROR_SERVICE_UNAVAILABLE:
        return RC_UNAVAILABLE;
    case IPP_STATUS_ERROR_REQUEST_ENTITY:
        return RC_TOO_BIG;
    default:
        return RC_LINK_LOST;
    }
}

static enum rc verdict(const char *what, struct err *e)
{
    ipp_status_t s = cupsLastError();
    if (s < IPP_STATUS_REDIRECTION_OTHER_SITE)
        return RC_OK;
    enum rc rc = status_rc(s);
    return err_code(e, rc, rc == RC_LINK_LOST ? "LINK_LOST" : NULL, s, "%s: %.150s", what,
                    cupsLastErrorString());
}

/* The answer, which the caller deletes; NULL with an error. */
static ipp_t *ask(struct cups *c, ipp_t *request, const char *what, struct err *e)
{
    ipp_t *answer = cupsDoRequest(c->http, request, c->path);
    if (verdict(what, e) == RC_OK && answer)
        return answer;
    if (answer)
        ippDelete(answer);
    else if (e && e->rc == RC_OK)
        err_code(e, RC_LINK_LOST, "LINK_LOST", 0, "%s: no answer", what);
    return NULL;
}

/* ---- answers: anything may be missing or of another kind ---- */

static const char *text(struct arena *a, ipp_t *r, const char *name)
{
    ipp_attribute_t *at = ippFindAttribute(r, name, IPP_TAG_ZERO);
    const char *s = at ? ippGetString(at, 0, NULL) : NULL;
    return s ? arena_str(a, s) : "";
}

static int64_t number(ipp_t *r, const char *name, int64_t none)
{
    ipp_attribute_t *at = ippFindAttribute(r, name, IPP_TAG_ZERO);
    ipp_tag_t tag = at ? ippGetValueTag(at) : IPP_TAG_ZERO;
    if (tag == IPP_TAG_INTEGER || tag == IPP_TAG_ENUM)
        return ippGetInteger(at, 0);
    if (tag == IPP_TAG_BOOLEAN)
        return ippGetBoolean(at, 0);
    if (tag == IPP_TAG_RANGE) {
        int upper = 0;
        ippGetRange(at, 0, &upper);
        return upper;
    }
    return none;
}

static const char **words(struct arena *a, ipp_t *r, const char *name, size_t *n)
{
    ipp_attribute_t *at = ippFindAttribute(r, name, IPP_TAG_ZERO);
    int count = at ? ippGetCount(at) : 0;
    const char **out = ARENA_ARRAY(a, const char *, (size_t)count + 1);

    *n = 0;
    for (int i = 0; i < count; i++) {
        const char *s = ippGetString(at, i, NULL);
        if (s)
            out[(*n)++] = arena_str(a, s);
    }
    return out;
}

static void reasons(struct arena *a, ipp_t *r, const char *name, const char **out, size_t *n)
{
    size_t all;
    const char **list = words(a, r, name, &all);

    *n = 0;
    for (size_t i = 0; i < all && *n < REASONS_MAX; i++)
        if (strcmp(list[i], "none") != 0)
            out[(*n)++] = list[i];
}

static void printer_take(struct arena *a, ipp_t *r, struct office_printer *p)
{
    *p = (struct office_printer){
        .uri = text(a, r, "printer-uri-supported"),
        .name = text(a, r, "printer-name"),
        .model = text(a, r, "printer-make-and-model"),
        .uuid = text(a, r, "printer-uuid"),
        .device = text(a, r, "device-uri"),
        .state = (int)number(r, "printer-state", 0),
        .accepting = number(r, "printer-is-accepting-jobs", 1) != 0,
        .impressions = number(r, "printer-impressions-completed", -1),
        .copies_max = number(r, "copies-supported", 1),
    };
    reasons(a, r, "printer-state-reasons", p->reasons, &p->n_reasons);
    p->formats = words(a, r, "document-format-supported", &p->n_formats);
    p->sides = words(a, r, "sides-supported", &p->n_sides);
    p->colors = words(a, r, "print-color-mode-supported", &p->n_colors);
    p->media = words(a, r, "media-supported", &p->n_media);
}

enum rc cups_printer(struct cups *c, struct arena *a, struct office_printer *out, struct err *e)
{
    ipp_t *r = request_new(IPP_OP_GET_PRINTER_ATTRIBUTES, c->uri);
    struct err why = {0};

    want(r, printer_attributes, COUNT(printer_attributes));
    ipp_t *answer = ask(c, r, "the printer's state", &why);
    if (!answer) {
        if (e)
            *e = why;
        return why.rc;
    }
    printer_take(a, answer, out);
    if (!out->uri[0])
        out->uri = arena_str(a, c->uri);
    ippDelete(answer);
    return RC_OK;
}

/* One answer holds many things, a group of attributes each: copied apart, so that one reader serves both. */
static void each(ipp_t *answer, ipp_tag_t group, void (*fn)(ipp_t *one, void *user), void *user)
{
    ipp_t *one = NULL;

    for (ipp_attribute_t *at = ippFirstAttribute(answer);; at = ippNextAttribute(answer)) {
        bool inside = at && ippGetGroupTag(at) == group && ippGetName(at);
        if (inside && !one)
            one = ippNew();
        if (inside)
            ippCopyAttribute(one, at, 0);
        if (!inside && one) {
            fn(one, user);
            ippDelete(one);
            one = NULL;
        }
        if (!at)
            return;
    }
}

struct listing {
    struct arena *a;
    struct office_printer *out;
    size_t cap, n;
};

static void list_one(ipp_t *one, void *user)
{
    struct listing *l = user;
    if (l->n < l->cap)
        printer_take(l->a, one, &l->out[l->n++]);
}

enum rc cups_list(struct arena *a, struct office_printer *out, size_t cap, size_t *n, struct err *e)
{
    struct cups *c SCOPED(cups_closep) = calloc(1, sizeof *c);
    struct err why = {0};

    if (!c)
        return err_set(e, RC_INTERNAL, "no memory");
    snprintf(c->path, sizeof c->path, "/");
    TRY(connect_server(c, e));
    ipp_t *r = request_new(IPP_OP_CUPS_GET_PRINTERS, NULL);
    want(r, printer_attributes, COUNT(printer_attributes));
    ipp_t *answer = ask(c, r, "the list of queues", &why);
    *n = 0;
    if (!answer && why.rc == RC_NO_DEVICE)
        return RC_OK; /* cupsd says so when there is none */
    if (!answer) {
        if (e)
            *e = why;
        return why.rc;
    }
    struct listing l = {a, out, cap, 0};
    each(answer, IPP_TAG_PRINTER, list_one, &l);
    *n = l.n;
    ippDelete(answer);
    return RC_OK;
}

/* ---- which printer ---- */

static enum rc only_queue(char *name, size_t cap, struct err *e)
{
    ARENA_SCOPE(a);
    struct office_printer *list = ARENA_ARRAY(a, struct office_printer, LIST_MAX);
    size_t n = 0;

    TRY(cups_list(a, list, LIST_MAX, &n, e));
    if (n == 0)
        return err_set(e, RC_NO_DEVICE, "cupsd has no queue: add one with lpadmin");
    if (n > 1)
        return err_set(e, RC_NO_DEVICE, "cupsd has %zu queues and none is the default: name one with --match",
                       n);
    snprintf(name, cap, "%s", list[0].name);
    return RC_OK;
}

static enum rc queue_name(struct cups *c, const char *pin, char *name, size_t cap, struct err *e)
{
    if (pin) {
        snprintf(name, cap, "%s", pin);
        return RC_OK;
    }
    ipp_t *r = request_new(IPP_OP_CUPS_GET_DEFAULT, NULL);
    struct err none = {0};
    snprintf(c->path, sizeof c->path, "/");
    ipp_t *answer = ask(c, r, "the default queue", &none);
    ipp_attribute_t *at = answer ? ippFindAttribute(answer, "printer-name", IPP_TAG_NAME) : NULL;
    snprintf(name, cap, "%s", at ? ippGetString(at, 0, NULL) : "");
    if (answer)
        ippDelete(answer);
    return name[0] ? RC_OK : only_queue(name, cap, e);
}

static enum rc open_queue(struct cups *c, const char *pin, struct err *e)
{
    char name[256];

    TRY(connect_server(c, e));
    TRY(queue_name(c, pin, name, sizeof name, e));
    snprintf(c->path, sizeof c->path, "/printers/%.200s", name);
    httpAssembleURIf(HTTP_URI_CODING_ALL, c->uri, sizeof c->uri, "ipp", NULL, "localhost", 0, "/printers/%s",
                     name);
    ARENA_SCOPE(a);
    struct office_printer p;
    enum rc rc = cups_printer(c, a, &p, e);
    if (rc == RC_NO_DEVICE)
        err_set(e, RC_NO_DEVICE, "cupsd has no queue \"%.100s\"", name);
    return rc;
}

enum rc cups_open(const char *pin, struct cups **out, struct err *e)
{
    struct cups *c SCOPED(cups_closep) = calloc(1, sizeof *c);

    if (!c)
        return err_set(e, RC_INTERNAL, "no memory");
    if (pin && strstr(pin, "://"))
        TRY(connect_uri(c, pin, e));
    else
        TRY(open_queue(c, pin, e));
    *out = c;
    c = NULL;
    return RC_OK;
}

enum rc cups_device(const char *uri, struct cups **out, struct err *e)
{
    struct cups *c SCOPED(cups_closep) = calloc(1, sizeof *c);

    if (!c)
        return err_set(e, RC_INTERNAL, "no memory");
    TRY(connect_uri(c, uri, e));
    *out = c;
    c = NULL;
    return RC_OK;
}

/* ---- jobs ---- */

static enum rc job_create(struct cups *c, const struct office_wish *w, int *id, struct err *e)
{
    ipp_t *r = request_new(IPP_OP_CREATE_JOB, c->uri);
    struct err why = {0};
    const struct {
        const char *name, *value;
    } keywords[] = {{"sides", w->sides}, {"print-color-mode", w->color}, {"media", w->media}};

    ippAddString(r, IPP_TAG_OPERATION, IPP_TAG_NAME, "job-name", NULL,
                 w->title && w->title[0] ? w->title : "Pridvor");
    for (size_t i = 0; i < COUNT(keywords); i++)
        if (keywords[i].value)
            ippAddString(r, IPP_TAG_JOB, IPP_TAG_KEYWORD, keywords[i].name, NULL, keywords[i].value);
    if (w->copies > 1)
        ippAddInteger(r, IPP_TAG_JOB, IPP_TAG_INTEGER, "copies", (int)w->copies);
    ipp_t *answer = ask(c, r, "a job", &why);
    if (!answer) {
        if (e)
            *e = why;
        return why.rc;
    }
    *id = (int)number(answer, "job-id", 0);
    ippDelete(answer);
    return *id > 0 ? RC_OK : err_set(e, RC_PROTOCOL, "the queue gave the job no number");
}

static enum rc job_document(struct cups *c, int id, const char *format, struct bytes doc, struct err *e)
{
    ipp_t *r = request_new(IPP_OP_SEND_DOCUMENT, c->uri);

    ippAddInteger(r, IPP_TAG_OPERATION, IPP_TAG_INTEGER, "job-id", id);
    ippAddString(r, IPP_TAG_OPERATION, IPP_TAG_MIMETYPE, "document-format", NULL, format);
    ippAddBoolean(r, IPP_TAG_OPERATION, "last-document", 1);
    http_status_t s = cupsSendRequest(c->http, r, c->path, ippLength(r) + doc.len);
    ippDelete(r);
    for (size_t at = 0; s == HTTP_STATUS_CONTINUE && at < doc.len; at += 65536)
        s = cupsWriteRequestData(c->http, (const char *)doc.p + at,
                                 doc.len - at < 65536 ? doc.len - at : 65536);
    ipp_t *answer = cupsGetResponse(c->http, c->path);
    bool got = answer != NULL;
    if (answer)
        ippDelete(answer);
    TRY(verdict("the document", e));
    return got ? RC_OK : err_code(e, RC_LINK_LOST, "LINK_LOST", 0, "the document: no answer");
}

enum rc cups_send(struct cups *c, const struct office_wish *w, const char *format, struct bytes doc, int *id,
                  struct err *e)
{
    *id = 0;
    TRY(job_create(c, w, id, e));
    enum rc rc = job_document(c, *id, format, doc, e);
    if (rc != RC_OK)
        (void)!cups_cancel(c, *id, NULL);
    return rc;
}

static void job_take(struct arena *a, ipp_t *r, struct office_job *out)
{
    *out = (struct office_job){.state = (int)number(r, "job-state", 0),
                               .impressions = number(r, "job-impressions-completed", -1),
                               .total = number(r, "job-impressions", -1)};
    reasons(a, r, "job-state-reasons", out->reasons, &out->n_reasons);
}

enum rc cups_job(struct cups *c, struct arena *a, int id, struct office_job *out, struct err *e)
{
    ipp_t *r = request_new(IPP_OP_GET_JOB_ATTRIBUTES, c->uri);
    struct err why = {0};

    ippAddInteger(r, IPP_TAG_OPERATION, IPP_TAG_INTEGER, "job-id", id);
    want(r, job_attributes, COUNT(job_attributes));
    ipp_t *answer = ask(c, r, "the job's state", &why);
    if (!answer) {
        if (e)
            *e = why;
        return why.rc;
    }
    job_take(a, answer, out);
    ippDelete(answer);
    return RC_OK;
}

struct search {
    struct arena *a;
    const char *name;
    struct office_job *out;
    int64_t id; /* of the youngest found */
};

static void search_one(ipp_t *one, void *user)
{
    struct search *s = user;
    int64_t id = number(one, "job-id", 0);
    if (id > s->id && strcmp(text(s->a, one, "job-name"), s->name) == 0) {
        s->id = id;
        job_take(s->a, one, s->out);
    }
}

enum rc cups_job_named(struct cups *c, struct arena *a, const char *name, struct office_job *out,
                       struct err *e)
{
    static const char *const which[] = {"not-completed", "completed"};
    struct search s = {a, name, out, 0};

    for (size_t i = 0; i < COUNT(which); i++) {
        ipp_t *r = request_new(IPP_OP_GET_JOBS, c->uri);
        struct err why = {0};
        ippAddString(r, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "which-jobs", NULL, which[i]);
        want(r, found_attributes, COUNT(found_attributes));
        ipp_t *answer = ask(c, r, "the printer's jobs", &why);
        if (!answer) {
            if (e)
                *e = why;
            return why.rc;
        }
        each(answer, IPP_TAG_JOB, search_one, &s);
        ippDelete(answer);
    }
    return s.id ? RC_OK : err_set(e, RC_NOT_FOUND, "the printer has no such job");
}

static enum rc order(struct cups *c, ipp_op_t op, int id, const char *what, struct err *e)
{
    ipp_t *r = request_new(op, c->uri);
    struct err why = {0};

    if (id)
        ippAddInteger(r, IPP_TAG_OPERATION, IPP_TAG_INTEGER, "job-id", id);
    ipp_t *answer = ask(c, r, what, &why);
    if (answer)
        ippDelete(answer);
    else if (e)
        *e = why;
    return answer ? RC_OK : why.rc;
}

enum rc cups_cancel(struct cups *c, int id, struct err *e)
{
    return order(c, IPP_OP_CANCEL_JOB, id, "cancelling", e);
}

/* cupsd takes orders about a queue at /admin/. */
enum rc cups_resume(struct cups *c, struct err *e)
{
    char path[sizeof c->path];
    bool queue = strncmp(c->path, "/printers/", 10) == 0;

    snprintf(path, sizeof path, "%s", c->path);
    if (queue)
        snprintf(c->path, sizeof c->path, "/admin/");
    enum rc rc = order(c, IPP_OP_RESUME_PRINTER, 0, "resuming the queue", e);
    if (rc == RC_OK && queue)
        rc = order(c, IPP_OP_CUPS_ACCEPT_JOBS, 0, "opening the queue", e);
    snprintf(c->path, sizeof c->path, "%s", path);
    return rc;
}
