/* Machine readable zones: TD1, TD2, TD3 and the two visa forms (ICAO 9303-3 to -7), and where Romanian
 * documents keep the personal number (facts/emrtd.md sections 7, 8). Pure. */
#ifndef PRIDVOR_CARD_MRZ_H
#define PRIDVOR_CARD_MRZ_H

#include "common/base/buf.h"
#include "common/base/clock.h"

enum mrz_format { MRZ_TD1, MRZ_TD2, MRZ_TD3, MRZ_MRV_A, MRZ_MRV_B };

#define MRZ_MAX 90

/* What may be wrong; several at once for check digits. */
enum mrz_fault {
    MRZ_LENGTH = 1,
    MRZ_CHARACTER = 2,
    MRZ_NUMBER_CD = 4,
    MRZ_BIRTH_CD = 8,
    MRZ_EXPIRY_CD = 16,
    MRZ_OPTIONAL_CD = 32,
    MRZ_COMPOSITE_CD = 64,
};

struct mrz {
    enum mrz_format format;
    char code[3], state[4], nationality[4]; /* fillers removed */
    char surname[40], given[40];            /* fillers as blanks */
    char number[24];                        /* long numbers joined */
    bool long_number;
    char birth[7], expiry[7]; /* YYMMDD as they stand; an unknown day is "<<" */
    char sex;                 /* M F < */
    char optional[16], optional2[12];
};

char mrz_digit(const char *p, size_t len); /* weights 7 3 1; p is checked */
const char *mrz_format_name(enum mrz_format f);
/* The lines one after the other, no line ends. *faults is set on failure too (0 on success); may be NULL.
 * RC_BAD_FIELD, code MRZ_CHECK, and a sentence about the first fault. */
MUST enum rc mrz_parse(const char *text, size_t len, struct mrz *out, unsigned *faults, struct err *e);

/* A birth date lies in the last 100 years, an expiry date between 60 years ago and 40 years ahead.
 * false: impossible or unknown date. */
MUST bool mrz_birth(const struct mrz *m, struct date today, struct date *out);
MUST bool mrz_expiry(const struct mrz *m, struct date today, struct date *out);

/* The CNP of a Romanian document: whole in the optional data (TD1, TD3), or first digit and last six around
 * the birth date (old 2x36 card). "" when there is none, when its check digit fails, or when its birth date
 * is another one. */
void mrz_cnp(const struct mrz *m, char out[14]);

/* Finds the zone in the text that character recognition made of a scanned page: lines by '\n', other lines
 * among them, blanks, fillers seen as other marks, fillers too many or too few at the end of a line. Letters
 * become figures only where nothing but figures can stand, and the check digits judge the result; names and
 * document numbers are never guessed. *repaired (may be NULL): characters changed. All formats.
 * RC_NOT_FOUND MRZ_NONE: no zone here. RC_BAD_FIELD MRZ_CHECK: a zone that was not read right; scan again or
 * type. This call and mrz_identity() are what the scanner driver uses; they stay as they are. */
MUST enum rc mrz_find(const char *text, size_t len, struct mrz *out, unsigned *repaired, struct err *e);
/* {"document_type":...}: struct identity of the model, as event and completion of read carry it. */
void mrz_identity(const struct mrz *m, struct date today, struct buf *out);

/* number || check || birth || check || expiry || check: the key to BAC and to PACE with the MRZ.
 * The number is filled up to 9 places. RC_BAD_FIELD names the member that cannot be. */
#define MRZ_INFO_MAX 48
struct mrz_key {
    const char *number, *birth, *expiry; /* dates YYMMDD */
};
MUST enum rc mrz_info(const struct mrz_key *k, char out[MRZ_INFO_MAX], struct err *e);

#endif
