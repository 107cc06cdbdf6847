/* Papers: the scanner's pages, their tray, and the PDF they become. A page is the citizen's until the
 * question is answered; only what was filed stays, and only in the queue. */
#include <stdio.h>
#include <string.h>

#include "common/base/g4.h"
#include "common/base/pdf.h"
#include "common/base/text.h"
#include "firmware/flow_int.h"

#define PAGE_BYTES_MAX (4u << 20)
#define STATUS_MS 5000

static bool is_file(const struct field *f)
{
    return f->type == FT_FILE;
}

size_t scan_count(const struct session *s, const struct field *field)
{
    size_t n = 0;
    for (size_t i = 0; i < s->scan.n; i++)
        n += s->scan.pages[i].field == field;
    return n;
}

static size_t bytes_of(const struct session *s, const struct field *field)
{
    size_t n = 0;
    for (size_t i = 0; i < s->scan.n; i++)
        n += !field || s->scan.pages[i].field == field ? s->scan.pages[i].jpeg.len : 0;
    return n;
}

/* The pages changed: the answer that was made of them is none any more. */
static void unsettle(struct session *s, const struct field *field)
{
    struct scan_part *p = &s->scan;
    for (size_t i = 0; i < p->n_files; i++) {
        if (p->files[i].field != field)
            continue;
        arena_free(p->files[i].arena);
        p->files[i].arena = NULL;
    }
    if (answers_get(&s->answers, field->id))
        answers_put(&s->answers, field->id, NULL, 0, "scan");
}

static void drop_coming(struct scan_part *p)
{
    arena_free(p->coming.arena);
    p->coming = (struct scan_page){0};
    p->got = 0;
}

static void remove_at(struct scan_part *p, size_t at)
{
    arena_free(p->pages[at].arena);
    memmove(&p->pages[at], &p->pages[at + 1], (p->n - at - 1) * sizeof(*p->pages));
    p->n--;
}

void scan_wipe(struct session *s)
{
    struct scan_part *p = &s->scan;
    drop_coming(p);
    while (p->n)
        remove_at(p, p->n - 1);
    for (size_t i = 0; i < p->n_files; i++)
        arena_free(p->files[i].arena);
    *p = (struct scan_part){.error.code = ""};
}

static void fail(struct flow *f, const char *code)
{
    struct scan_part *p = &f->s->scan;
    p->phase = SCAN_ERROR;
    p->error = (struct trouble){arena_str(f->s->arena, code), -1};
}

void scan_stop(struct flow *f)
{
    struct scan_part *p = &f->s->scan;
    struct driver *d = drivers_find(f->env.drivers, "scan");
    if (p->cmd && d) {
        driver_cancel(d, p->cmd);
        driver_forget(d, p->cmd);
    }
    p->cmd = 0;
    p->held = NULL;
    p->phase = SCAN_READY;
    p->again = 0;
    drop_coming(p);
}

/* Frames. */
static void on_scan(const struct frame *fr, void *user);

static void send_scan(struct flow *f, const char *args)
{
    f->s->scan.held = NULL;
    f->s->scan.cmd = driver_send(drivers_find(f->env.drivers, "scan"), "scan", SCAN_MS, args, on_scan, f);
}

static void on_status(const struct frame *fr, void *user)
{
    struct flow *f = user;
    if (!f->s || fr->id != f->s->scan.ask || strcmp(fr->kind, "completion") != 0)
        return;
    struct scan_part *p = &f->s->scan;
    const struct jval *sources = jval_get(fr->data, "sources");
    p->ask = 0;
    p->feeder = p->flatbed = false;
    for (size_t i = 0; sources && sources->kind == JV_ARR && i < sources->n; i++) {
        const char *name = sources->items[i].kind == JV_STR ? sources->items[i].s : "";
        p->feeder |= strcmp(name, "feeder") == 0;
        p->flatbed |= strcmp(name, "flatbed") == 0;
    }
    p->loaded = strcmp(jval_str(fr->data, "feeder", ""), "loaded") == 0;
    if (p->held)
        send_scan(f, p->held);
    flow_changed(f);
}

void scan_enter(struct flow *f, const struct field *field)
{
    struct scan_part *p = &f->s->scan;
    struct driver *d = drivers_find(f->env.drivers, "scan");
    p->field = field;
    if (p->phase == SCAN_ERROR)
        p->phase = SCAN_READY;
    if (d && !p->cmd && !p->ask && flow_usable(f, "scan"))
        p->ask = driver_send(d, "status", STATUS_MS, "{}", on_status, f);
}

static const char *hint_word(const char *s)
{
    static const char *const words[] = {"blank", "blur", "skew", "cut_off", "dark", "light"};
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(words[i], s) == 0)
            return words[i];
    return NULL;
}

static void take_quality(struct scan_page *c, const struct jval *q)
{
    const struct jval *hints = jval_get(q, "hints");
    c->poor = strcmp(jval_str(q, "verdict", "good"), "poor") == 0;
    for (size_t i = 0; hints && hints->kind == JV_ARR && i < hints->n && c->n_hints < COUNT(c->hints); i++) {
        const char *word = hint_word(hints->items[i].kind == JV_STR ? hints->items[i].s : "");
        if (word)
            c->hints[c->n_hints++] = word;
    }
}

/* "page": what comes next, and how many bytes of it. NULL when it may come, else the code. */
static const char *page_begins(struct flow *f, const struct jval *v)
{
    struct session *s = f->s;
    struct scan_part *p = &s->scan;
    int64_t n = jval_int(v, "bytes", 0);
    const char *hash = jval_str(v, "sha256", "");
    drop_coming(p);
    if (n > PAGE_BYTES_MAX)
        return "SCAN_FULL";
    if (n < 1 || strlen(hash) != 64)
        return "SCAN_DATA";
    size_t here = bytes_of(s, p->field) + (size_t)n, all = bytes_of(s, NULL) + (size_t)n;
    bool full = !p->again && (scan_count(s, p->field) >= SCAN_PAGES_MAX || p->n >= SCAN_ALL_MAX);
    if (full || here > SCAN_FILE_BYTES - 65536 || all > SCAN_ALL_BYTES)
        return "SCAN_FULL";
    struct scan_page *c = &p->coming;
    c->arena = arena_new();
    c->field = p->field;
    c->jpeg = BYTES(arena_alloc(c->arena, (size_t)n), (size_t)n);
    c->dpi = jval_int(v, "dpi", 0);
    c->text = jval_bool(v, "text", false);
    memcpy(c->sha256, hash, 64);
    take_quality(c, jval_get(v, "quality"));
    p->at_page = jval_int(v, "n", 0);
    return NULL;
}

static size_t index_of(const struct scan_part *p, int64_t id)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->pages[i].id == id)
            return i;
    return p->n;
}

/* The new page takes its place: at the end, or where the page was that is taken anew. */
static void put_page(struct session *s)
{
    struct scan_part *p = &s->scan;
    size_t at = p->again ? index_of(p, p->again) : p->n;
    if (!p->pages)
        p->pages = ARENA_ARRAY(s->arena, struct scan_page, SCAN_ALL_MAX);
    if (at < p->n)
        arena_free(p->pages[at].arena);
    else
        at = p->n++;
    p->coming.id = ++p->last_id;
    p->pages[at] = p->coming;
    p->coming = (struct scan_page){0};
    p->got = 0;
    p->again = 0;
    unsettle(s, p->pages[at].field);
}

static const char *page_ends(struct flow *f)
{
    struct scan_page *c = &f->s->scan.coming;
    struct err e = {0};
    uint8_t hash[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1];
    sha256(hash, c->jpeg.p, c->jpeg.len);
    hex_encode(hex, hash, sizeof(hash));
    if (strcmp(hex, c->sha256) != 0)
        return "SCAN_DATA";
    if (jpeg_head(c->jpeg, &c->info, &e) != RC_OK ||
        jpeg_thumb(c->arena, c->jpeg, 420, &c->thumb, &e) != RC_OK) {
        log_err(&e, "event=scan_page");
        return "SCAN_DATA";
    }
    put_page(f->s);
    return NULL;
}

static const char *page_grows(struct flow *f, const struct jval *v)
{
    struct scan_part *p = &f->s->scan;
    struct err e;
    uint8_t *raw;
    size_t n;
    ARENA_SCOPE(a);
    if (!p->coming.arena || jval_int(v, "offset", -1) != (int64_t)p->got)
        return "SCAN_DATA";
    if (base64_decode(a, jval_str(v, "b64", ""), &raw, &n, &e) != RC_OK || n > p->coming.jpeg.len - p->got)
        return "SCAN_DATA";
    memcpy((uint8_t *)p->coming.jpeg.p + p->got, raw, n);
    p->got += n;
    return p->got < p->coming.jpeg.len ? NULL : page_ends(f);
}

static void on_event(struct flow *f, const struct frame *fr)
{
    struct scan_part *p = &f->s->scan;
    const char *code = NULL;
    if (strcmp(fr->event, "progress") == 0) {
        static const char *const steps[] = {"warmup", "scanning", "checking"};
        const char *step = jval_str(fr->data, "step", "");
        for (size_t i = 0; i < COUNT(steps); i++)
            p->doing = strcmp(step, steps[i]) == 0 ? steps[i] : p->doing;
        int64_t n = jval_int(fr->data, "percent", 0);
        p->percent = n < 0 ? 0 : n > 100 ? 100 : n;
        p->at_page = jval_int(fr->data, "page", p->at_page);
    } else if (strcmp(fr->event, "page") == 0)
        code = page_begins(f, fr->data);
    else if (strcmp(fr->event, "page_data") == 0)
        code = page_grows(f, fr->data);
    if (code) {
        log_warn("event=scan_stopped code=%s", code);
        scan_stop(f);
        fail(f, code);
    }
    flow_changed(f);
}

static void on_scan(const struct frame *fr, void *user)
{
    struct flow *f = user;
    if (!f->s || fr->id != f->s->scan.cmd)
        return;
    struct scan_part *p = &f->s->scan;
    flow_touch(f);
    if (strcmp(fr->kind, "event") == 0) {
        on_event(f, fr);
        return;
    }
    if (strcmp(fr->kind, "completion") != 0)
        return;
    p->cmd = 0;
    p->again = 0;
    drop_coming(p);
    if (strcmp(fr->completion, "ok") == 0 || strcmp(fr->completion, "cancelled") == 0)
        p->phase = SCAN_READY;
    else
        fail(f, fr->code && fr->code[0]               ? fr->code
                : strcmp(fr->completion, "busy") == 0 ? "SCAN_BUSY"
                                                      : "LINK_LOST");
    log_info("event=scanned completion=%s code=%s pages=%zu", fr->completion, fr->code ? fr->code : "",
             scan_count(f->s, p->field));
    flow_changed(f);
}

/* Commands. */
static const struct field *asked_now(struct flow *f)
{
    struct form_page pages[PAGES_MAX];
    if (form_now(f, pages) == 0)
        return NULL;
    const struct form_page *p = &pages[f->s->page];
    for (size_t i = 0; i < p->n; i++)
        if (is_file(p->fields[i]))
            return p->fields[i];
    return NULL;
}

static enum rc begin(struct flow_call *c, const char *source, int pages, struct err *e)
{
    struct scan_part *p = &c->s->scan;
    struct driver *d = drivers_find(c->f->env.drivers, "scan");
    if (!d || !flow_usable(c->f, "scan"))
        return err_set(e, RC_NO_DEVICE, "no scanner");
    if (scan_runs(p))
        return err_set(e, RC_BUSY, "a scan is running");
    if (!queue_has_room(c->f->env.queue, bytes_of(c->s, NULL) + SCAN_FILE_BYTES))
        return err_set(e, RC_NO_SPACE, "no room for pages");
    p->phase = SCAN_RUNNING;
    p->error = (struct trouble){"", -1};
    p->doing = "warmup";
    p->percent = p->at_page = 0;
    p->held = arena_fmt(
        c->s->arena,
        "{\"source\":\"%s\",\"dpi\":300,\"mode\":\"gray\",\"max_pages\":%d,\"purpose\":\"document\"}", source,
        pages);
    if (!p->ask)
        send_scan(c->f, p->held);
    c->out->json = arena_fmt(c->a, "{\"requestId\":%lld}", (long long)p->cmd);
    return RC_OK;
}

enum rc scan_start(struct flow_call *c, struct err *e)
{
    const struct in_scan *in = c->in;
    const struct field *now = asked_now(c->f);
    if (!now || strcmp(now->id, in->field) != 0)
        return err_at(e, RC_BAD_FIELD, "field", "not the question on the screen");
    size_t left = SCAN_PAGES_MAX - scan_count(c->s, now);
    if (left == 0)
        return err_set(e, RC_LIMIT, "the question has all the pages it may have");
    c->s->scan.field = now;
    return begin(c, in->source, strcmp(in->source, "flatbed") == 0 ? 1 : (int)left, e);
}

/* The page of this question with that id. */
static enum rc find(struct flow_call *c, int64_t id, size_t *at, struct err *e)
{
    struct scan_part *p = &c->s->scan;
    *at = index_of(p, id);
    if (*at == p->n || p->pages[*at].field != asked_now(c->f))
        return err_at(e, RC_BAD_FIELD, "page", "no such page");
    return scan_runs(p) ? err_set(e, RC_BUSY, "a scan is running") : RC_OK;
}

enum rc scan_again(struct flow_call *c, struct err *e)
{
    const struct in_page *in = c->in;
    struct scan_part *p = &c->s->scan;
    size_t at;
    TRY(find(c, in->page, &at, e));
    p->field = p->pages[at].field;
    TRY(begin(c, p->flatbed ? "flatbed" : "auto", 1, e));
    p->again = in->page;
    return RC_OK;
}

enum rc scan_cancel(struct flow_call *c, struct err *e)
{
    struct driver *d = drivers_find(c->f->env.drivers, "scan");
    if (!scan_runs(&c->s->scan) || !d)
        return err_set(e, RC_STATE, "no scan is running");
    if (c->s->scan.held) {
        scan_stop(c->f);
        return RC_OK;
    }
    driver_cancel(d, c->s->scan.cmd); /* its completion does the rest: pages that came stay */
    return RC_OK;
}

enum rc scan_move(struct flow_call *c, struct err *e)
{
    const struct in_move *in = c->in;
    struct scan_part *p = &c->s->scan;
    size_t at, to = p->n, seen = 0;
    TRY(find(c, in->page, &at, e));
    for (size_t i = 0; i < p->n; i++)
        if (p->pages[i].field == p->pages[at].field && (int64_t)++seen == in->to)
            to = i;
    if (to == p->n)
        return err_at(e, RC_BAD_FIELD, "to", "no such place");
    struct scan_page moved = p->pages[at];
    if (to > at)
        memmove(&p->pages[at], &p->pages[at + 1], (to - at) * sizeof(moved));
    else
        memmove(&p->pages[to + 1], &p->pages[to], (at - to) * sizeof(moved));
    p->pages[to] = moved;
    unsettle(c->s, moved.field);
    return RC_OK;
}

enum rc scan_rotate(struct flow_call *c, struct err *e)
{
    const struct in_page *in = c->in;
    size_t at;
    TRY(find(c, in->page, &at, e));
    struct scan_page *p = &c->s->scan.pages[at];
    p->turns = (p->turns + 1) % 4;
    unsettle(c->s, p->field);
    return RC_OK;
}

enum rc scan_delete(struct flow_call *c, struct err *e)
{
    const struct in_page *in = c->in;
    size_t at;
    TRY(find(c, in->page, &at, e));
    const struct field *field = c->s->scan.pages[at].field;
    remove_at(&c->s->scan, at);
    unsettle(c->s, field);
    return RC_OK;
}

enum rc scan_keep(struct flow_call *c, struct err *e)
{
    const struct in_page *in = c->in;
    size_t at;
    TRY(find(c, in->page, &at, e));
    c->s->scan.pages[at].kept = true;
    return RC_OK;
}

static void drop_pages(struct session *s, const struct field *field)
{
    for (size_t i = s->scan.n; i-- > 0;)
        if (s->scan.pages[i].field == field)
            remove_at(&s->scan, i);
    unsettle(s, field);
}

enum rc scan_skip(struct flow_call *c, struct err *e)
{
    static const char *const counter[] = {FILE_AT_COUNTER};
    const struct field *now = asked_now(c->f);
    if (!now)
        return err_set(e, RC_STATE, "no paper is asked for now");
    if (now->required && !now->at_counter)
        return err_set(e, RC_STATE, "this paper has to be scanned");
    scan_stop(c->f);
    drop_pages(c->s, now);
    answers_put(&c->s->answers, now->id, counter, 1, "applicant");
    return form_proceed(c, e);
}

/* From pages to the answer. */
static enum rc as_pdf_page(struct arena *a, const struct scan_page *s, struct pdf_page *out, struct err *e)
{
    *out = (struct pdf_page){.data = s->jpeg,
                             .width = s->info.width,
                             .height = s->info.height,
                             .channels = s->info.channels,
                             .dpi = s->dpi > 0 && s->dpi < 5000 ? (int)s->dpi : s->info.dpi,
                             .turns = s->turns};
    if (!s->text)
        return RC_OK;
    struct bilevel bits;
    BUF_SCOPE(g4);
    TRY(jpeg_bilevel(a, s->jpeg, &bits, e));
    g4_encode(&bits, &g4);
    out->data = BYTES(arena_dup(a, g4.p, g4.len), g4.len);
    out->g4 = true;
    return RC_OK;
}

static struct scan_file *file_of(struct scan_part *p, const struct field *field)
{
    for (size_t i = 0; i < p->n_files; i++)
        if (p->files[i].field == field)
            return &p->files[i];
    if (p->n_files == SCAN_FILES_MAX)
        return NULL;
    p->files[p->n_files] = (struct scan_file){.field = field};
    return &p->files[p->n_files++];
}

static enum rc make_pdf(struct flow *f, struct scan_file *to, struct err *e)
{
    const struct session *s = f->s;
    struct pdf_page pages[SCAN_PAGES_MAX];
    size_t n = 0;
    ARENA_SCOPE(a);
    BUF_SCOPE(out);
    for (size_t i = 0; i < s->scan.n && n < SCAN_PAGES_MAX; i++)
        if (s->scan.pages[i].field == to->field)
            TRY(as_pdf_page(a, &s->scan.pages[i], &pages[n++], e));
    const char *title =
        arena_fmt(a, "%s – %s", tr_get(&to->field->label, s->lang), tr_get(&s->service->name, s->lang));
    const struct pdf_doc doc = {title, lang_codes[s->lang], unix_ms(), pages, n};
    TRY(pdf_write(&doc, &out, e));
    if (out.len > SCAN_FILE_BYTES)
        return err_set(e, RC_TOO_BIG, "a file of %zu bytes", out.len);
    uint8_t hash[SHA256_LEN];
    sha256(hash, out.p, out.len);
    hex_encode(to->sha256, hash, sizeof(hash));
    to->arena = arena_new();
    to->pdf = BYTES(arena_dup(to->arena, out.p, out.len), out.len);
    log_info("event=file pages=%zu bytes=%zu", n, out.len);
    return RC_OK;
}

enum rc scan_settle(struct flow *f, const struct field *field, const char **wrong, struct err *e)
{
    struct scan_part *p = &f->s->scan;
    *wrong = NULL;
    if (scan_runs(p))
        return err_set(e, RC_BUSY, "a scan is running");
    for (size_t i = 0; i < p->n; i++)
        if (p->pages[i].field == field && p->pages[i].poor && !p->pages[i].kept)
            *wrong = "err.scan_poor";
    if (*wrong || scan_count(f->s, field) == 0)
        return RC_OK;
    struct scan_file *file = file_of(p, field);
    if (!file)
        return err_set(e, RC_LIMIT, "too many files");
    if (!file->arena)
        TRY(make_pdf(f, file, e));
    char name[8 + 2 * SHA256_LEN];
    snprintf(name, sizeof(name), "sha256:%s", file->sha256);
    const char *const values[] = {name};
    answers_put(&f->s->answers, field->id, values, 1, "scan");
    return RC_OK;
}

/* The file that answers this question of the request, or NULL. */
static const struct scan_file *answering(struct flow *f, const struct field *field)
{
    struct form_ctx ctx = flow_form(f);
    const char *x = is_file(field) ? answers_one(&f->s->answers, field->id) : NULL;
    if (!x || !form_asked(&ctx, field) || !form_visible(&ctx, &f->s->answers, field))
        return NULL;
    for (size_t i = 0; i < f->s->scan.n_files; i++) {
        const struct scan_file *file = &f->s->scan.files[i];
        if (file->field == field && file->arena && strncmp(x, "sha256:", 7) == 0 &&
            strcmp(x + 7, file->sha256) == 0)
            return file;
    }
    return NULL;
}

size_t scan_originals(struct flow *f, struct arena *a, struct original **out)
{
    const struct session *s = f->s;
    size_t n = 0;
    *out = ARENA_ARRAY(a, struct original, s->scan.n + 1);
    for (size_t i = 0; i < s->service->n_fields; i++) {
        if (!answering(f, &s->service->fields[i]))
            continue;
        int64_t page = 0;
        for (size_t k = 0; k < s->scan.n; k++)
            if (s->scan.pages[k].field == &s->service->fields[i])
                (*out)[n++] = (struct original){s->service->fields[i].id, s->scan.pages[k].sha256, ++page};
    }
    return n;
}

size_t scan_blobs(struct flow *f, struct arena *a, struct queue_blob **out)
{
    const struct service *service = f->s->service;
    size_t n = 0;
    *out = ARENA_ARRAY(a, struct queue_blob, SCAN_FILES_MAX);
    for (size_t i = 0; i < service->n_fields; i++) {
        const struct scan_file *file = answering(f, &service->fields[i]);
        if (!file)
            continue;
        (*out)[n].data = file->pdf;
        memcpy((*out)[n++].sha256, file->sha256, sizeof(file->sha256));
    }
    return n;
}

struct bytes flow_scan_image(const struct flow *f, int64_t id, bool whole)
{
    size_t at = f->s ? index_of(&f->s->scan, id) : 0;
    if (!f->s || at == f->s->scan.n)
        return BYTES(NULL, 0);
    const struct scan_page *p = &f->s->scan.pages[at];
    return whole ? p->jpeg : p->thumb;
}
