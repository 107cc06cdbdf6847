/* IPP through libcups: the only user of that library. A printer is a queue of cupsd ("birou") or a printer
 * that speaks IPP by itself ("ipp://192.0.2.7/ipp/print"); both take the same requests (RFC 8011, PWG
 * 5100.14), so the rest of this driver knows no difference. Every call blocks, at most CALL_MS without a
 * byte; the process may be killed in any. */
#ifndef PRIDVOR_OFFICE_CUPS_H
#define PRIDVOR_OFFICE_CUPS_H

#include "common/base/arena.h"
#include "common/base/err.h"

#define REASONS_MAX 16

/* RFC 8011, 5.4.11 and 5.3.7. */
enum { PRINTER_IDLE = 3, PRINTER_PROCESSING = 4, PRINTER_STOPPED = 5 };
enum { JOB_PENDING = 3, JOB_HELD, JOB_PROCESSING, JOB_STOPPED, JOB_CANCELED, JOB_ABORTED, JOB_COMPLETED };

struct office_printer {
    const char *uri, *name, *model, *uuid;
    const char *device; /* of a queue: the address behind it; else "" */
    int state;
    bool accepting;
    const char *reasons[REASONS_MAX]; /* printer-state-reasons without "none" */
    size_t n_reasons;
    int64_t impressions; /* what it has printed in its life; -1: it does not say */
    const char **formats, **sides, **colors, **media;
    size_t n_formats, n_sides, n_colors, n_media;
    int64_t copies_max; /* 1 when it does not say */
};
struct office_job {
    int state;
    const char *reasons[REASONS_MAX];
    size_t n_reasons;
    int64_t impressions, total; /* job-impressions-completed, job-impressions; -1: not said */
};
/* What is asked of a job; NULL and 0: the printer's default. Only what the printer says it can is sent. */
struct office_wish {
    const char *title;
    const char *sides; /* one-sided two-sided-long-edge two-sided-short-edge */
    const char *color; /* color monochrome auto */
    const char *media; /* iso_a4_210x297mm */
    int64_t copies;
};

struct cups;
/* pin: a queue's name, an ipp: or ipps: address, or NULL: the default queue, else the only one. RC_NO_DEVICE:
 * no cupsd, no such queue, or several and none is the default. */
MUST enum rc cups_open(const char *pin, struct cups **out, struct err *e);
/* A printer behind a queue, for its own word on pages and paper. RC_UNSUPPORTED: it does not speak IPP. */
MUST enum rc cups_device(const char *uri, struct cups **out, struct err *e);
void cups_close(struct cups *c);
void cups_closep(struct cups **c);
const char *cups_uri(const struct cups *c);

MUST enum rc cups_printer(struct cups *c, struct arena *a, struct office_printer *out, struct err *e);
/* All queues of cupsd; at most cap. */
MUST enum rc cups_list(struct arena *a, struct office_printer *out, size_t cap, size_t *n, struct err *e);
/* Hands the document over; id is the job's. RC_UNSUPPORTED: the format. A failure after Create-Job cancels
 * that job; *id is then set, 0 before. */
MUST enum rc cups_send(struct cups *c, const struct office_wish *w, const char *format, struct bytes doc,
                       int *id, struct err *e);
MUST enum rc cups_job(struct cups *c, struct arena *a, int id, struct office_job *out, struct err *e);
/* The youngest job of that name at a printer behind a queue. RC_NOT_FOUND: none yet. */
MUST enum rc cups_job_named(struct cups *c, struct arena *a, const char *name, struct office_job *out,
                            struct err *e);
MUST enum rc cups_cancel(struct cups *c, int id, struct err *e);
MUST enum rc cups_resume(struct cups *c, struct err *e); /* Resume-Printer and Accept-Jobs; RC_DENIED */

#endif
