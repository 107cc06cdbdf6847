/* The printed zone of a scanned identity card or passport, by its letters. */
#ifndef PRIDVOR_SCAN_OCR_H
#define PRIDVOR_SCAN_OCR_H

#include "drivers/scan/frame.h"

/* Body of a child process (child.h): arg is a struct bytes, a JPEG. Answers TALK_ABOUT with
 * {"format":"TD2","identity":{...},"repaired":n} and TALK_END (MRZ_NONE: no zone on the page; MRZ_CHECK: a
 * zone whose check digits do not agree with what was read: never guessed). */
int ocr_body(int fd, const void *jpeg);
/* The same in this process, for tests. json: an object. */
MUST enum rc ocr_zone(const struct picture *grey, struct buf *json, struct err *e);

#endif
