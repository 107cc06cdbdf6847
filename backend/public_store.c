/* The form of a repair with its files. Whoever has no cookie of ours does not get a byte onto the disk. */
#include "backend/public_store.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/multipart.h"

enum { TEXTS_MAX = 256 << 10, TEXT_MAX = 16 << 10, FORMS_MAX = 32 };

struct public_form {
    struct registry *g;
    struct arena *arena;
    struct multipart *parts;
    struct err err;
    struct public_value values[PUBLIC_FIELDS_MAX];
    struct public_upload uploads[PUBLIC_FILES_MAX];
    size_t n_values, n_uploads, texts;
    struct buf text;
    const char *name;             /* of the field that comes in */
    struct public_upload *upload; /* or the file; NULL: passed over */
    bool is_file;
};

static unsigned forms_open; /* of the loop */

static void on_part(const char *name, const char *file, void *user)
{
    struct public_form *f = user;

    f->name = arena_str(f->arena, name);
    f->is_file = file != NULL;
    f->upload = NULL;
    buf_reset(&f->text);
    if (!file || !*file || f->n_uploads == PUBLIC_FILES_MAX)
        return;
    const struct store_place place = {f->g->conf.blobs, f->g->conf.blobs_free_mb};
    f->upload = &f->uploads[f->n_uploads++];
    *f->upload = (struct public_upload){.field = f->name, .file = store_begin(&place, STORE_FILE_MAX)};
}

static void on_data(const void *p, size_t n, void *user)
{
    struct public_form *f = user;

    if (f->upload) {
        store_add(f->upload->file, p, n);
        f->upload->size += n;
        return;
    }
    if (f->is_file)
        return;
    f->texts += n;
    if (f->texts > TEXTS_MAX || f->text.len + n > TEXT_MAX)
        err_at(&f->err, RC_TOO_BIG, "body", "too much text");
    else
        buf_add(&f->text, p, n);
}

static void on_end(void *user)
{
    struct public_form *f = user;

    if (f->is_file)
        return;
    if (f->n_values == PUBLIC_FIELDS_MAX || !utf8_valid(f->text.p ? f->text.p : "", f->text.len)) {
        err_at(&f->err, RC_BAD_REQUEST, "body", "too many fields, or not text");
        return;
    }
    f->values[f->n_values++] =
        (struct public_value){f->name, arena_strn(f->arena, f->text.p ? f->text.p : "", f->text.len)};
}

void form_drop(void *form)
{
    struct public_form *f = form;

    if (!f)
        return;
    for (size_t i = 0; i < f->n_uploads; i++)
        store_drop(f->uploads[i].file);
    multipart_free(f->parts);
    buf_free(&f->text);
    arena_free(f->arena);
    free(f);
    forms_open--;
}

static void *form_open(struct http_req *r, void *user)
{
    const struct multipart_events ev = {on_part, on_data, on_end, NULL};
    struct registry *g = user;

    if (forms_open == FORMS_MAX || !visit_token_good(&g->house, public_cookie(r), unix_ms()))
        return NULL;
    struct public_form *f = calloc(1, sizeof(*f));
    if (!f)
        abort();
    forms_open++;
    f->g = g;
    f->arena = arena_new();
    struct multipart_events mine = ev;
    mine.user = f;
    if (multipart_new(http_header(r, "content-type"), &mine, &f->parts, &f->err) != RC_OK)
        f->parts = NULL;
    return f;
}

static void form_piece(void *state, const void *p, size_t n)
{
    struct public_form *f = state;
    struct err e = {0};

    if (f->err.rc == RC_OK && multipart_feed(f->parts, p, n, &e) != RC_OK)
        f->err = e;
}

const struct http_sink repair_sink = {form_open, form_piece, form_drop};

enum rc form_done(struct public_form *f, struct public_ask *ask, struct err *e)
{
    if (f->err.rc == RC_OK)
        TRY(multipart_done(f->parts, e));
    if (f->err.rc != RC_OK) {
        *e = f->err;
        return e->rc;
    }
    ask->values = f->values;
    ask->n_values = f->n_values;
    ask->uploads = f->uploads;
    ask->n_uploads = f->n_uploads;
    return RC_OK;
}

/* Whoever sends much fills the room of the own case, and all together no more than a terminal may bring. */
static enum rc room_for(struct work *w, const char *case_id, size_t size, struct err *e)
{
    const struct allowance a[] = {{.key = "files",
                                   .amount = (int64_t)size,
                                   .most = w->house->conf->blobs_day_mb << 20,
                                   .window_s = 86400},
                                  {.key = arena_fmt(w->a, "files:%s", case_id),
                                   .amount = (int64_t)size,
                                   .most = PUBLIC_MB_RECEIPT << 20,
                                   .window_s = 86400}};
    return public_use(w, a, COUNT(a), e);
}

enum rc public_store(struct work *w, const char *case_id, struct public_upload *u, struct err *e)
{
    struct store_kind kind = {0};
    struct err why = {0};

    enum rc rc = store_sum(u->file, u->sha256, &u->size, &why);
    if (rc == RC_TOO_BIG)
        return err_code(e, RC_BAD_FIELD, "TOO_BIG", 0, "a file that is too big");
    if (rc == RC_OK)
        rc = store_look(u->file, &kind, &why);
    if (rc == RC_BAD_FIELD || (rc == RC_OK && strcmp(kind.type, "image/png") == 0))
        return err_code(e, RC_BAD_FIELD, "TYPE", 0, "neither PDF nor JPEG");
    struct db_param coming[] = {DB_STR("public"), DB_STR(u->sha256)};
    if (rc == RC_OK)
        rc = work_sql(w, SQL_BLOB_COMING, coming, NULL, &why);
    if (rc == RC_OK)
        rc = room_for(w, case_id, u->size, &why);
    if (rc == RC_OK)
        rc = store_keep(u->file, &why);
    if (rc != RC_OK) {
        *e = why;
        return rc;
    }
    struct db_param p[] = {DB_STR(u->sha256), DB_STR(arena_fmt(w->a, "%zu", u->size)), DB_STR(kind.type),
                           DB_STR("public")};
    return work_sql(w, SQL_BLOB_PUT, p, NULL, e);
}
