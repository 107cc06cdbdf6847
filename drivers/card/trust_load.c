/* The folder of CSCA data. */
#include "drivers/card/trust_priv.h"

#include "common/base/clock.h"
#include "common/base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 2000
#define FILE_MAX (16u << 20)
#define CERT_MAX (64u << 10)
#define TOTAL_MAX (48u << 20)

struct pending { /* lists wait for the certificates that vouch for their signers */
    struct cms cms;
    uint16_t source;
};
struct loader {
    struct arena *arena;
    struct trust *t;
    struct pending *lists;
    size_t n_lists;
};

static bool ends(const char *name, const char *end)
{
    size_t n = strlen(name), k = strlen(end);
    return n > k && strcasecmp(name + n - k, end) == 0;
}

static enum source_kind kind_of(const char *name, bool *known)
{
    static const struct {
        const char *end;
        enum source_kind kind;
    } rows[] = {{".cer", SOURCE_CERT}, {".crt", SOURCE_CERT}, {".der", SOURCE_CERT},
                {".pem", SOURCE_CERT}, {".ml", SOURCE_LIST},  {".crl", SOURCE_CRL}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (ends(name, rows[i].end)) {
            *known = true;
            return rows[i].kind;
        }
    *known = false;
    return SOURCE_CERT;
}

static int wanted(const struct dirent *d)
{
    bool known;
    kind_of(d->d_name, &known);
    return known && d->d_name[0] != '.';
}

/* DER as it is, or every block of a PEM file. */
static enum rc blocks(struct loader *l, struct bytes file, size_t *at, const char *label, struct bytes *out,
                      struct err *e)
{
    bool pem = file.len > 10 && memmem(file.p, file.len, "-----BEGIN ", 11);
    if (pem)
        return pem_next(l->arena, file, at, label, out, e);
    if (*at)
        return err_set(e, RC_NOT_FOUND, "nothing follows");
    *at = 1;
    *out = file;
    return RC_OK;
}

static enum rc load_certs(struct loader *l, struct bytes file, size_t source, struct err *e)
{
    struct bytes raw;
    struct cert c;
    enum rc rc;
    size_t at = 0, n = 0;
    while ((rc = blocks(l, file, &at, "CERTIFICATE", &raw, e)) == RC_OK) {
        struct pub_key key;
        TRY(cert_read(raw, &c, e));
        TRY(key_read(c.spki, &key, e));
        anchor_add(l->arena, l->t, &c, source, ANCHOR_UNTRIED);
        n++;
    }
    if (rc != RC_NOT_FOUND || !n)
        return rc;
    l->t->sources[source].n = n;
    l->t->sources[source].signer = name_text(l->arena, c.subject);
    return RC_OK;
}

static enum rc load_crls(struct loader *l, struct bytes file, size_t source, struct err *e)
{
    struct source *s = &l->t->sources[source];
    struct bytes raw;
    enum rc rc;
    size_t at = 0, n = 0;
    while ((rc = blocks(l, file, &at, "X509 CRL", &raw, e)) == RC_OK) {
        struct trust *t = l->t;
        struct crl crl;
        TRY(crl_read(raw, &crl, e));
        if (t->n_crls == t->cap_crls) {
            size_t cap = t->cap_crls ? t->cap_crls * 2 : 8;
            struct revoking *more = ARENA_ARRAY(l->arena, struct revoking, cap);
            if (t->n_crls)
                memcpy(more, t->crls, t->n_crls * sizeof *more);
            t->crls = more;
            t->cap_crls = cap;
        }
        t->crls[t->n_crls++] = (struct revoking){crl, (uint16_t)source, 0};
        s->n += crl.count;
        s->signed_at = crl.this_update;
        s->signer = name_text(l->arena, crl.issuer);
        n++;
    }
    return n && rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc load_list(struct loader *l, struct bytes file, size_t source, struct err *e)
{
    struct pending *p = &l->lists[l->n_lists];
    TRY(cms_read(l->arena, file, &p->cms, e));
    if (!DER_IS(p->cms.type, OID_MASTER_LIST))
        return err_set(e, RC_PROTOCOL, "signed, but not a master list");
    p->source = (uint16_t)source;
    l->n_lists++;
    return RC_OK;
}

/* One of its signers is certified by a certificate of the folder, and for this purpose. */
static enum rc list_signed(struct loader *l, const struct cms *m, struct source *s, struct err *e)
{
    enum rc rc = RC_DENIED;
    err_set(e, rc, "its signer is certified by no certificate of this folder");
    for (size_t i = 0; i < m->n_signers; i++) {
        struct cert c;
        struct chain up;
        int64_t at;
        if (cms_certificate(m, &m->signer[i], &c, e) != RC_OK)
            continue;
        s->signer = name_text(l->arena, c.subject);
        if (!c.ca && !cert_has_eku(&c, OID_EKU_MASTER_LIST, 6)) {
            rc = err_set(e, RC_DENIED, "its signer may not sign master lists");
            continue;
        }
        chain_up(l->t, &c, 0, 0, &up);
        if (up.word != CHAIN_OK) {
            rc = err_set(e, RC_DENIED, "its signer is certified by no certificate of this folder%s%s",
                         up.why[0] ? ": " : "", up.why);
            continue;
        }
        rc = cms_verify(m, &m->signer[i], &c, &at, e);
        if (rc == RC_OK) {
            s->signed_at = at;
            return RC_OK;
        }
    }
    return rc;
}

static enum rc list_certs(struct loader *l, const struct pending *p, struct err *e)
{
    struct source *s = &l->t->sources[p->source];
    struct der d;
    struct der_item it;
    TRY(list_signed(l, &p->cms, s, e));
    TRY(master_list_open(p->cms.content, &d, e));
    while (d.len > 0) {
        struct cert c;
        TRY(der_take(&d, DER_SEQUENCE, &it, e));
        if (cert_read(it.raw, &c, e) != RC_OK)
            continue; /* one certificate that is odd does not spoil the list */
        anchor_add(l->arena, l->t, &c, p->source, ANCHOR_TRUSTED);
        s->n++;
    }
    return RC_OK;
}

static void load_file(struct loader *l, const char *name)
{
    struct trust *t = l->t;
    bool known;
    struct err e = {0};
    size_t i = t->n_sources++, len = 0;
    char *p = NULL;
    t->sources[i] = (struct source){.name = arena_str(l->arena, name), .kind = kind_of(name, &known)};
    size_t max = t->sources[i].kind == SOURCE_CERT ? CERT_MAX : FILE_MAX;
    enum rc rc = fs_read(l->arena, arena_fmt(l->arena, "%s/%s", t->folder, name), max, &p, &len, &e);
    if (rc == RC_OK && t->bytes + len > TOTAL_MAX)
        rc = err_set(&e, RC_TOO_BIG, "the folder has more than %u MB", TOTAL_MAX >> 20);
    t->bytes += len;
    static enum rc (*const readers[])(struct loader *, struct bytes, size_t, struct err *) = {
        [SOURCE_CERT] = load_certs, [SOURCE_LIST] = load_list, [SOURCE_CRL] = load_crls};
    if (rc == RC_OK)
        rc = readers[t->sources[i].kind](l, BYTES(p, len), i, &e);
    if (rc != RC_OK)
        t->sources[i].refused = arena_str(l->arena, e.text);
}

/* Lists that vouch for the signer of another list come first: as long as one is accepted, try again. */
static void open_lists(struct loader *l)
{
    BUF_SCOPE(names);
    bool done[FILES_MAX] = {false};
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < l->n_lists; i++) {
            struct source *s = &l->t->sources[l->lists[i].source];
            struct err e = {0};
            if (done[i])
                continue;
            s->refused = NULL;
            if (list_certs(l, &l->lists[i], &e) != RC_OK) {
                s->refused = arena_str(l->arena, e.text);
                continue;
            }
            done[i] = more = true;
            buf_fmt(&names, "%s%s", names.len ? " " : "", s->name);
        }
    }
    l->t->version = names.len ? arena_strn(l->arena, names.p, names.len < 160 ? names.len : 160) : "";
}

enum rc trust_load(struct arena *a, const char *folder, struct trust **out, struct err *e)
{
    struct dirent **list = NULL;
    struct trust *t = ARENA_NEW(a, struct trust);
    int64_t start = mono_us();
    t->folder = arena_str(a, folder);
    t->version = "";
    int n = scandir(folder, &list, wanted, alphasort);
    if (n < 0 && errno != ENOENT)
        return err_set(e, RC_IO, "%s: %s", folder, strerror(errno));
    ARENA_SCOPE(scratch);
    struct loader l = {a, t, NULL, 0};
    size_t room = n > 0 ? (size_t)n : 1;
    t->sources = ARENA_ARRAY(a, struct source, room < FILES_MAX ? room : FILES_MAX);
    l.lists = ARENA_ARRAY(scratch, struct pending, room < FILES_MAX ? room : FILES_MAX);
    for (int i = 0; i < n; i++) {
        if (i < FILES_MAX)
            load_file(&l, list[i]->d_name);
        free(list[i]);
    }
    free(list);
    open_lists(&l);
    t->us = mono_us() - start;
    *out = t;
    return RC_OK;
}

size_t trust_size(const struct trust *t)
{
    return t ? t->n_anchors : 0;
}
