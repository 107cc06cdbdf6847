/* Wacom STU reports, bytes <-> structs, no I/O. Written from observed behaviour: the maker's interface
 * specification is not public; what is still to be seen on hardware stands in docs/DRIVERS.md. Which reports
 * a pad has, and their lengths, is said by its HID report descriptor (hid.h). Lengths count the id. */
#ifndef PRIDVOR_STU_H
#define PRIDVOR_STU_H

#include "common/base/err.h"

enum stu_report {
    STU_PEN = 0x01,           /* in, 7 */
    STU_STATUS = 0x03,        /* 5 */
    STU_RESET = 0x04,         /* 2: 0 soft */
    STU_INFORMATION = 0x08,   /* 17 */
    STU_CAPABILITY = 0x09,    /* 17, old ones 11 */
    STU_SERIAL = 0x0F,        /* 14 */
    STU_PEN_SECRET = 0x10,    /* in, 17: session id, two samples; AES */
    STU_HOST_KEY = 0x13,      /* 17 */
    STU_PAD_KEY = 0x14,       /* 17 */
    STU_START = 0x15,         /* 5: session id, big-endian */
    STU_END = 0x16,           /* 2 */
    STU_DH_PRIME = 0x1A,      /* 17 */
    STU_DH_BASE = 0x1B,       /* 3 */
    STU_CLEAR = 0x20,         /* 2 */
    STU_INKING = 0x21,        /* 2 */
    STU_AREA = 0x24,          /* 11: starts a picture of a part: encoding, 1, rectangle */
    STU_IMAGE = 0x25,         /* 2: starts a picture of the whole: encoding */
    STU_BLOCK = 0x26,         /* 256: length LE, at most 253 bytes */
    STU_IMAGE_END = 0x27,     /* 2: 0 commit, 1 abandon */
    STU_WRITING = 0x2A,       /* 9: rectangle where ink shows */
    STU_BACKLIGHT = 0x2B,     /* 3 */
    STU_CONTRAST = 0x2C,      /* 3 */
    STU_BOOT = 0x2F,          /* 2 */
    STU_PEN_OPTION = 0x30,    /* in, 9: a sample and one number */
    STU_SECRET_OPTION = 0x31, /* in, 21: as 10, then two numbers in clear */
    STU_OPTION = 0x32,        /* 2: 0 none, 1 time, 2 sequence, 3 both */
    STU_SECRET_TIMED = 0x33,  /* in, 17: sample, time, sequence, two bytes, session id; AES */
    STU_PEN_TIMED = 0x34,     /* in, 11 */
    STU_CIPHER = 0x40,        /* 68: command, parameter, length or index, 64 bytes */
    STU_CIPHER_STATUS = 0x50, /* 17 */
};
#define STU_BLOCK_MAX 253
#define STU_BULK_MAX 2557
#define STU_SESSION_MAX 0xffffffffu

/* Encoding of a picture. */
#define STU_ENC_MONO 0x00  /* one bit, 1 is white */
#define STU_ENC_ZLIB 0x01  /* the same, packed (RFC 1950) */
#define STU_ENC_RGB16 0x02 /* 5-6-5, little-endian */
#define STU_ENC_BGR24 0x04
#define STU_ENC_BULK 0x10 /* one bit more: blocks go to the OUT endpoint */
/* What the capability report says of them. */
#define STU_CAN_ZLIB 0x01
#define STU_CAN_MONO 0x02
#define STU_CAN_RGB16 0x04
#define STU_CAN_BGR24 0x08

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
    bool timed;      /* time is there */
    uint16_t time, sequence;
    bool numbered; /* sequence is there */
};
struct stu_rect {
    int left, top, right, bottom; /* dots, inclusive */
};

/* RC_PROTOCOL with what is wrong: length, id, or figures that cannot be. */
MUST enum rc stu_capability_read(const uint8_t *p, size_t len, struct stu_capability *out, struct err *e);
MUST enum rc stu_status_read(const uint8_t *p, size_t len, struct stu_status *out, struct err *e);
bool stu_is_plain(uint8_t id);  /* an input report with a sample in clear */
bool stu_is_secret(uint8_t id); /* with AES */
/* An input report in clear: 01, 30, 34. option: what report 32 was set to; it names the number of report 30.
 */
MUST enum rc stu_sample_read(const uint8_t *p, size_t len, int option, struct stu_sample *out, struct err *e);
/* The same for 10, 31, 33: p and len are the report as it came, block its bytes 1 to 16 decrypted. 1 or 2
 * samples. Code PAD_CRYPTO: another session id, so another key or another capture. */
struct stu_secret {
    const uint8_t *p;
    size_t len;
    const uint8_t *block;
    uint32_t session;
    int option;
};
MUST enum rc stu_secret_read(const struct stu_secret *s, struct stu_sample out[2], size_t *n, struct err *e);
/* The name in report 08, printable; out has 10 bytes. */
void stu_model_read(const uint8_t *p, size_t len, char out[10]);
/* Printable text after the id: the serial of report 0F. */
void stu_text_read(const uint8_t *p, size_t len, char *out, size_t cap);
size_t stu_start(uint8_t out[5], uint32_t session);
size_t stu_area(uint8_t out[11], uint8_t encoding, const struct stu_rect *r);
size_t stu_writing(uint8_t out[9], const struct stu_rect *r);
size_t stu_block(uint8_t out[256], const uint8_t *p, size_t len); /* len <= STU_BLOCK_MAX; always 256 bytes */

/* ---- encryption of the second generation: report 40 and 50 ---- */

enum stu_cipher { STU_SET_TYPE = 1, STU_SET_BLOCK, STU_GET_STATUS, STU_GET_BLOCK, STU_MAKE_KEY };
enum stu_param { STU_RSA_E, STU_RSA_N, STU_RSA_C };
#define STU_PARAM_READY 0x00
#define STU_PARAM_BUSY 0xFA
#define STU_PARAM_MAX 64

/* AES 128, 192, 256; RSA 1024, 1536, 2048; padding 0 none, 1 PKCS#1, 2 OAEP. */
struct stu_suite {
    int aes, rsa, padding;
};
/* "AES-256/RSA-2048/OAEP" */
MUST bool stu_suite_parse(const char *word, struct stu_suite *out);
struct stu_cipher_status {
    int aes, rsa, padding; /* as in stu_suite */
    int e, n, c;           /* STU_PARAM_READY, STU_PARAM_BUSY, or why not */
    int result;            /* of the last command, 0: fine */
};
size_t stu_cipher_type(uint8_t out[68], const struct stu_suite *s);
size_t stu_cipher_block(uint8_t out[68], enum stu_param what, struct bytes data); /* <= STU_PARAM_MAX */
size_t stu_cipher_command(uint8_t out[68], enum stu_cipher command, uint8_t param, uint8_t index);
MUST enum rc stu_cipher_status_read(const uint8_t *p, size_t len, struct stu_cipher_status *out,
                                    struct err *e);
/* The answer to STU_GET_BLOCK: up to 64 bytes appended to out at *at, cap in all. */
MUST enum rc stu_cipher_read(struct bytes report, enum stu_param what, uint8_t *out, size_t cap, size_t *at,
                             struct err *e);

#endif
