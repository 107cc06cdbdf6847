/* Inside of sane*.c: libsane as a table of functions, loaded when a scanning process begins, so that the
 * other drivers do without the library's memory. */
#ifndef PRIDVOR_SCAN_SANE_IMPL_H
#define PRIDVOR_SCAN_SANE_IMPL_H

#include "drivers/scan/talk.h"

#include <sane/sane.h>
#include <sane/saneopts.h>

struct sane_calls {
    SANE_Status (*init)(SANE_Int *version, SANE_Auth_Callback auth);
    SANE_Status (*get_devices)(const SANE_Device ***list, SANE_Bool local);
    SANE_Status (*open)(SANE_String_Const name, SANE_Handle *h);
    void (*close)(SANE_Handle h);
    const SANE_Option_Descriptor *(*descriptor)(SANE_Handle h, SANE_Int option);
    SANE_Status (*control)(SANE_Handle h, SANE_Int option, SANE_Action a, void *v, SANE_Int *info);
    SANE_Status (*parameters)(SANE_Handle h, SANE_Parameters *p);
    SANE_Status (*start)(SANE_Handle h);
    SANE_Status (*read)(SANE_Handle h, SANE_Byte *data, SANE_Int max, SANE_Int *len);
    void (*cancel)(SANE_Handle h);
};

struct scanner {
    const struct sane_calls *sane;
    const struct talk_rows *rows;
    const struct device_row *row;
    int fd; /* to scan.c */
    char name[256], model[128], type[64];
    SANE_Handle h; /* NULL: closed */
    bool begun;    /* the scanner took this scan */
};

extern volatile bool sane_stop; /* SIGUSR1 came: what runs is to end */

/* sane_lib.c */
MUST enum rc sane_load(const struct sane_calls **out, struct err *e);
/* Words of ours for a status: rc, device code, text. */
enum rc sane_err(struct err *e, SANE_Status s, const char *doing);
MUST enum rc sane_find(struct scanner *x, const char *want, struct talk_found *out, struct err *e);
MUST enum rc sane_reopen(struct scanner *x, struct err *e); /* closes and opens: is it there? */
void sane_shut(struct scanner *x);

/* sane_opt.c: options by their descriptor, never assumed. */
struct sane_option {
    SANE_Int at;
    const SANE_Option_Descriptor *d;
};
/* false: there is none of that name, or it may not be used now. */
bool opt_find(const struct scanner *x, const char *name, struct sane_option *out);
bool opt_bool(const struct scanner *x, const char *name, bool *value); /* a sensor or a switch */
/* Sets what is there; a scanner that refuses is RC_DEVICE, a scanner without the option is fine. */
MUST enum rc opt_configure(struct scanner *x, const struct talk_scan *ask, enum talk_source source, int *dpi,
                           struct err *e);
bool opt_has_source(const struct scanner *x, enum talk_source source);
/* 1 loaded, 0 empty, -1 the scanner does not say. */
int opt_feeder_loaded(const struct scanner *x);
bool opt_cover_open(const struct scanner *x);
void opt_about(const struct scanner *x, struct buf *json);

/* sane_scan.c */
MUST enum rc sane_pages(struct scanner *x, const struct talk_scan *ask, int *pages, struct err *e);

#endif
