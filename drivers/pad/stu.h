/* Wacom STU reports, bytes <-> structs, no I/O. Written from observed behaviour : the maker's interface
 * specification is not public. Report lengths count the id. */
#ifndef PRIDVOR_STU_H
#define PRIDVOR_STU_H

#include "common/base/err.h"

enum stu_report {
    STU_PEN = 0x01,         /* in, 7 */
    STU_STATUS = 0x03,      /* 5 */
    STU_INFORMATION = 0x08, /* 17 */
    STU_CAPABILITY = 0x09,  /* 17 */
    STU_SERIAL = 0x0F,      /* 14 */
    STU_START = 0x15,       /* 5: session id, big-endian */
    STU_END = 0x16,         /* 2 */
    STU_CLEAR = 0x20,       /* 2 */
    STU_INKING = 0x21,      /* 2 */
    STU_AREA = 0x24,        /* 11: left, top, right, bottom, little-endian, inclusive */
    STU_IMAGE = 0x25,       /* 2: encoding */
    STU_BLOCK = 0x26,       /* 256: length LE, at most 253 bytes */
    STU_IMAGE_END = 0x27,   /* 2: 0 commit, 1 abandon */
    STU_OPTION = 0x32,      /* 2: 0 none, 1 time, 2 sequence, 3 both */
    STU_PEN_TIMED = 0x34,   /* in, 11 */
};
#define STU_BLOCK_MAX 253
#define STU_ENC_MONO 0x00  /* one bit, 1 is white */
#define STU_ENC_RGB16 0x02 /* 5-6-5, little-endian */

enum stu_state { STU_READY, STU_IMAGING, STU_CAPTURING, STU_CALCULATING, STU_BOOT_IMAGE, STU_ROM_BUSY };

struct stu_capability {
    int max_x, max_y, max_pressure, width, height, rate, resolution, encodings;
};
struct stu_status {
    int state, error; /* 1 wrong report, 2 wrong state, 10-15 graphics, 33-35 ROM */
};
struct stu_sample {
    int x, y, pressure;
    bool near, down; /* pen over the pad; tip pressed */
    bool timed;      /* time and sequence are there */
    uint16_t time, sequence;
};

/* RC_PROTOCOL with what is wrong: length, id, or figures that cannot be. */
MUST enum rc stu_capability_read(const uint8_t *p, size_t len, struct stu_capability *out, struct err *e);
MUST enum rc stu_status_read(const uint8_t *p, size_t len, struct stu_status *out, struct err *e);
/* An input report 01 or 34. */
MUST enum rc stu_sample_read(const uint8_t *p, size_t len, struct stu_sample *out, struct err *e);
/* The name in report 08, printable; out has 8 bytes. */
void stu_model_read(const uint8_t *p, size_t len, char out[8]);
size_t stu_start(uint8_t out[5], uint32_t session);
size_t stu_area(uint8_t out[11], int left, int top, int right, int bottom);
size_t stu_block(uint8_t out[256], const uint8_t *p, size_t len); /* len <= STU_BLOCK_MAX; always 256 bytes */

#endif
