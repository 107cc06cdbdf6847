/* What scan.c and its scanning process say to each other (child.h carries the records). One request at a
 * time; each ends with exactly one TALK_END. */
#ifndef PRIDVOR_SCAN_TALK_H
#define PRIDVOR_SCAN_TALK_H

#include "drivers/driver.h"
#include "drivers/scan/quality.h"

enum talk {
    TALK_OPEN = 1, /* > char name[]: this SANE device, or "" for the first that is one */
    TALK_LOOK,     /* > is it still there? */
    TALK_STATUS,   /* > */
    TALK_SCAN,     /* > struct talk_scan */
    TALK_FOUND,    /* < struct talk_found, after TALK_OPEN */
    TALK_ABOUT,    /* < a JSON object, after TALK_STATUS */
    TALK_PROGRESS, /* < struct talk_progress */
    TALK_PAGE,     /* < struct talk_page, then its JPEG */
    TALK_END,      /* < struct talk_end */
};

enum talk_source { SOURCE_AUTO, SOURCE_FLATBED, SOURCE_FEEDER };
enum talk_step { STEP_WARMUP, STEP_SCANNING, STEP_CHECKING };

struct talk_scan {
    enum talk_source source;
    int dpi, max_pages;
    bool color, duplex, id; /* id: an identity card: fine detail before small size */
};

struct talk_found {
    char name[256], model[128]; /* SANE's name; maker and model */
    int row;                    /* of configs/devices, -1: none */
    int usb_bus, usb_address;   /* 0: not plain USB */
};

struct talk_progress {
    enum talk_step step;
    int page, percent;
};

struct talk_page {
    int width, height, dpi;
    bool color, text; /* text: black letters on white, two levels are enough */
    enum talk_source source;
    struct quality quality;
};

struct talk_end {
    enum rc rc;
    int pages;
    char code[24], text[160];
};

/* From an error: its code, its text as far as there is room. */
void talk_end_set(struct talk_end *end, enum rc rc, const struct err *e);

/* body() of the scanning process: arg is a struct talk_rows. */
struct talk_rows {
    const struct device_row *row;
    size_t n;
};
int scanner_body(int fd, const void *rows);

#endif
