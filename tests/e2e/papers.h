/* The acts at a question for papers: scan, look at the tray, turn, scan a page again. Pages are counted from
 * 0 in the order of the tray. */
#ifndef PRIDVOR_E2E_PAPERS_H
#define PRIDVOR_E2E_PAPERS_H

#include "common/base/base.h"
#include "tests/e2e/api.h"

/* These pages into the feeder of the virtual scanner ("cert text"); every fault of it ends. */
bool papers_load(struct api *c, const char *pages);
/* Scans for the question on the screen until the scanner rests. false: c->error names the code. */
bool papers_scan(struct api *c, const char *source);
bool papers_scan_again(struct api *c, size_t at);
bool papers_act(struct api *c, const char *act, size_t at); /* "rotate", "delete", "keep" */
size_t papers_count(struct api *c);                         /* pages in the tray of the last state */
int64_t papers_id(struct api *c, size_t at);
/* The page as the scanner made it, in a. */
bool papers_page(struct api *c, struct arena *a, size_t at, struct bytes *out);

#endif
