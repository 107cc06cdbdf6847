/* ESC/POS, bytes <-> structs, no I/O. Sources: Epson ESC/POS reference (DLE EOT, ASB, GS v 0, GS V, GS ( H fn
 * 48), Bixolon, Citizen and Xprinter manuals; CUSTOM KPM150/300 for the full status. */
#ifndef PRIDVOR_ESCPOS_H
#define PRIDVOR_ESCPOS_H

#include "common/base/base.h"
#include "common/base/buf.h"

#define ESCPOS_ID_LEN 4       /* process id, printable 0x20..0x7E */
#define ESCPOS_SLICE 255      /* lines per GS v 0 */
#define ESCPOS_BLOCK_MAX 80   /* longest block answer with header and NUL */
#define ESCPOS_OPEN_MAX 8     /* DLE EOT questions under way */
#define ESCPOS_ASB_ALL 0x0e   /* online/offline, error, paper; not the drawer, not the panel switch */
#define ESCPOS_CUSTOM_FULL 20 /* DLE EOT 20 (decimal), CUSTOM only */
#define ESCPOS_CUSTOM_ROLL                                                                                   \
    0xe1 /* GS E1: not a DLE EOT, but its answer has no head and needs an open question */

/* ---- printer -> host: one IN stream carries pushed, answered and echoed bytes ---- */

enum escpos_kind {
    ESCPOS_ASB,    /* 4 bytes in data */
    ESCPOS_STATUS, /* 1 byte; n = the question it answers, 0 = unasked (image data may hold 10 04 01) */
    ESCPOS_ID,     /* data = the process id as sent back, len 4 */
    ESCPOS_INFO,   /* GS I block, text without 5F and NUL */
    ESCPOS_CUSTOM, /* CUSTOM full status, 6 bytes */
    ESCPOS_ROLL,   /* CUSTOM virtual paper: the digits, in cm */
};
struct escpos_event {
    enum escpos_kind kind;
    uint8_t n;
    uint8_t len;
    uint8_t data[ESCPOS_BLOCK_MAX];
};
/* All zero is the start. The events depend on the bytes only, never on how they were split. */
struct escpos_demux {
    uint8_t hold[ESCPOS_BLOCK_MAX];
    size_t len;
    uint8_t open[ESCPOS_OPEN_MAX]; /* questions in the order asked */
    size_t nopen;
    uint32_t noise; /* bytes dropped */
    bool custom;    /* a CUSTOM printer without GS a: 10 0F is always a full status, asked for or not */
};

/* Notes that DLE EOT n leaves now. */
void escpos_asked(struct escpos_demux *d, uint8_t n);
/* Forgets questions that were never answered (clones stay mute). */
void escpos_forget(struct escpos_demux *d);
/* Takes one byte; then take events out until there is none (a failed block may hold several). */
void escpos_put(struct escpos_demux *d, uint8_t b);
MUST bool escpos_next(struct escpos_demux *d, struct escpos_event *ev);

/* What is known about the printer, merged from DLE EOT answers and ASB blocks. */
struct escpos_status {
    bool offline, cover, feeding, paper_end, near_end;
    bool stopped; /* printing stopped by paper end (DLE EOT 2) */
    bool error;   /* some error (DLE EOT 2); the cause in the next three */
    bool cutter, unrecoverable, recoverable;
    bool ticket;   /* one lies in the presenter's mouth */
    unsigned seen; /* bit n: DLE EOT n answered; bit 0: an ASB block came; bit 5: CUSTOM full status */
};
#define ESCPOS_SEEN_CUSTOM (1u << 5)
void escpos_merge(struct escpos_status *s, const struct escpos_event *ev);
bool escpos_paper_out(const struct escpos_status *s);
bool escpos_failed(const struct escpos_status *s); /* an error other than the cutter's */

/* ---- host -> printer ---- */

/* ESC @ and no more. FS . (leave Chinese mode) is not sent: nothing here is text, and a printer that does not
 * know FS would put the dot into its line buffer, where GS v 0 is refused until the line is out. */
void escpos_init(struct buf *b);
void escpos_asb(struct buf *b, uint8_t mask); /* GS a; after every ESC @, which switches it off on Bixolon */
void escpos_ask(struct buf *b, uint8_t n);    /* DLE EOT n */
void escpos_recover(struct buf *b, uint8_t how); /* DLE ENQ: 1 from the failed line, 2 clear the buffers */
/* How a picture travels. GRAPHICS: GS ( L fn 112 and fn 50 (GS 8 L where a slice is too long for it), for
 * printers without GS v 0. */
enum escpos_raster { ESCPOS_RASTER, ESCPOS_GRAPHICS };
struct escpos_picture {
    const uint8_t *bits; /* MSB first, 1 = black */
    int width, rows;     /* stride = ceil(width / 8) */
    enum escpos_raster how;
};
/* In slices of at most 255 lines, one right below the other. */
void escpos_image(struct buf *b, const struct escpos_picture *p);
/* GS V m n: brings the last line above the blade, n motion units more, and cuts: m 66 leaves one point, m 65
 * (full) none. */
void escpos_feed_cut(struct buf *b, bool full, uint8_t units);
void escpos_cut_here(struct buf *b, bool full);  /* GS V 1, GS V 0: cuts where the paper stands */
void escpos_feed_only(struct buf *b, int units); /* ESC J in steps of at most 255 */
void escpos_process_id(struct buf *b, const char id[ESCPOS_ID_LEN]);
void escpos_info(struct buf *b, uint8_t n); /* GS I: 65 firmware, 66 maker, 67 model, 68 serial */
/* CUSTOM presenters. GS e 3 steps: the ticket comes out as far and is held; GS e 2: back into the bin. */
void escpos_present(struct buf *b, uint8_t steps);
void escpos_retract(struct buf *b);
void escpos_ask_roll(struct buf *b); /* GS E1 */
bool escpos_id_ok(const char *id);   /* exactly four characters 0x20..0x7E */
/* Image bytes that look like real-time commands (10 04 n, 10 05 n, 10 14 n) would be executed in the middle
 * of the picture: a DLE ENQ 2 clears the buffer. One dot beside the black one makes them harmless. Returns
 * how many. */
size_t escpos_defuse(uint8_t *bits, size_t len);

#endif
