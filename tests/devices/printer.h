/* The receipt printer model: ESC/POS; makes of it in printer_kinds.c. */
#ifndef PRIDVOR_TESTS_PRINTER_H
#define PRIDVOR_TESTS_PRINTER_H

#include "tests/devices/model.h"

enum {
    PR_ROW_MAX = 832 / 8, /* bytes of the widest head */
    PR_RX = 16384,        /* receive buffer */
    PR_ROLL_MM = 80000,
    PR_NEAR_MM = 4000,
    PR_TICKETS_KEPT = 50,
    PR_ROWS_MAX = 32000, /* 4 m in one piece; then it is as if torn off */
    PR_STORE_MAX = 1 << 20,
};

struct printer_kind {
    const char *name, *maker, *model; /* maker and model: strings, IEEE 1284 id, GS I 66 and 67 */
    const char *strings[4];
    uint8_t descriptors[50];
    struct usb_desc desc;
    int dots;
    double per_mm;   /* rows */
    int blade;       /* rows between head and blade */
    bool says_name;  /* answers GS I */
    bool status;     /* answers DLE EOT */
    bool asb;        /* knows GS a */
    bool process_id; /* knows GS ( H fn 48 */
    bool custom;     /* DLE EOT 17 and 20, GS e, GS E1, and a presenter */
    bool raster, graphics, cutter;
};
const struct printer_kind *printer_kind(const char *name); /* NULL: the usual one */
const struct usb_desc *printer_variant(const char *name);

/* The paper from the blade down to the head, one bit per dot, 1 = black, most significant bit left. */
struct paper {
    const struct printer_kind *kind;
    guint row;       /* bytes */
    const char *dir; /* NULL: no pictures */
    GByteArray *rows;
    bool inked;        /* anything black since the last cut */
    int tickets;       /* paper-N.png of the last one */
    uint64_t inks[64]; /* black dots of ticket n, at n % 64 */
    double left;       /* mm on the roll */
    double total;      /* mm fed since start */
    double last_mm;
};

void paper_init(struct paper *p, const struct printer_kind *kind, const char *dir);
void paper_free(struct paper *p);
void paper_feed(struct paper *p, const uint8_t *row); /* one row; NULL: blank */
void paper_cut(struct paper *p);                      /* at the blade; the ticket is drawn */
guint paper_blade(const struct paper *p);             /* rows that hang between blade and head */
void paper_tear(struct paper *p);                     /* at the blade, by hand; nothing out: no ticket */
/* Draws what hangs out (down to the head), or the last ticket, as DIR/paper.png. false: nothing yet or not
 * written. */
bool paper_picture(struct paper *p);

struct escpos_cmd;

struct printer {
    struct vdev *v;
    const struct printer_kind *kind;
    struct paper paper;
    /* receive side */
    GByteArray *rx;
    uint8_t rt[3]; /* last bytes seen, for real-time commands */
    unsigned rt_n;
    /* parser */
    const struct escpos_cmd *cmd; /* collecting its arguments */
    GByteArray *args;
    size_t need;
    int raster_bytes, raster_rows, raster_mode;
    int feed;
    bool cut;
    int spacing; /* rows per line */
    int column;  /* text: dots used in the line */
    uint8_t line[24 * PR_ROW_MAX];
    GByteArray *store; /* GS ( L fn 112 */
    int store_bytes, store_rows;
    /* mechanism */
    gint64 free_us; /* monotonic time when head and blade are free again */
    double mm_s;
    guint tick;
    bool cover_open, cutter_jam, cutter_error, recover;
    /* the mouth of a presenter */
    enum { MOUTH_EMPTY, MOUTH_INSIDE, MOUTH_OFFERED } mouth; /* a cut ticket waits inside, then outside */
    bool mouth_stuck;
    int retracted, taken;
    /* status back */
    uint8_t asb_mask, asb_last[4];
    bool asb_broken, id_broken, mute; /* mute: nothing is ever sent */
    char last_id[5];
    /* figures */
    uint64_t bytes, unknown, bad, realtime, resets, ids, text_bytes, jobs;
};

/* printer_parse.c */
void escpos_reset(struct printer *p); /* forgets everything between two bytes */
bool escpos_step(struct printer *p);  /* one act of the mechanism; false: nothing to do or not enough bytes */
void escpos_realtime(struct printer *p, const uint8_t *d, size_t n); /* on arrival, before the buffer */
/* printer.c */
void printer_answer(struct printer *p, const void *d, size_t n);
void printer_changed(struct printer *p); /* automatic status, if something it covers changed */
void printer_status(const struct printer *p, uint8_t asb[4]);
bool printer_blocked(const struct printer *p);
bool printer_near(const struct printer *p);
bool printer_end(const struct printer *p);
void printer_recover(struct printer *p, bool clear);     /* DLE ENQ 1 and 2 */
bool printer_row(struct printer *p, const uint8_t *row); /* false: no paper, row not taken */
void printer_wake(struct printer *p);

#endif
