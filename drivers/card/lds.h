/* The files of an electronic document (ICAO 9303-10, LDS1). Pure. Pointers in the results point into the
 * input. */
#ifndef PRIDVOR_CARD_LDS_H
#define PRIDVOR_CARD_LDS_H

#include "drivers/card/mrz.h"
#include "drivers/card/tlv.h"

#define LDS_FILE_MAX (96u * 1024) /* no file of a kiosk's interest is bigger */
#define LDS_AID "\xA0\x00\x00\x02\x47\x10\x01"
#define LDS_AID_LEN 7

struct lds_file {
    const char *name; /* "DG1", "SOD" ... */
    uint16_t fid;
    uint32_t tag;
    unsigned group; /* n of DGn; 0: none */
};
const struct lds_file *lds_by_name(const char *name); /* NULL: unknown */
const struct lds_file *lds_by_tag(uint32_t tag);

/* Length of the whole file from its first bytes (6 are enough); its tag must be the file's own. FILE_BAD
 * else. */
MUST enum rc lds_length(const struct lds_file *f, const uint8_t *p, size_t len, size_t *total, struct err *e);

struct lds_com {
    char version[5];
    uint32_t groups; /* bit n: DGn is listed. Unsigned, so a hint only */
};
MUST enum rc lds_com(const uint8_t *p, size_t len, struct lds_com *out, struct err *e);
MUST enum rc lds_dg1(const uint8_t *p, size_t len, struct mrz *out, struct err *e);

enum picture { PICTURE_JPEG, PICTURE_JPEG2000 };
struct lds_picture {
    enum picture kind;
    const uint8_t *p;
    size_t len, offset; /* from the start of the file */
    unsigned width, height, faces;
};
/* Kind and size by the picture's own first bytes: JPEG, JP2 file, bare JPEG 2000 codestream. */
struct lds_size {
    enum picture kind;
    unsigned width, height;
};
MUST enum rc lds_picture_size(const uint8_t *p, size_t len, struct lds_size *out, struct err *e);
/* First face of DG2. The picture's own word about kind and size counts where it can be read, else the
 * record's: 75 > 7F61 > 7F60 > 5F2E or 7F2E > ISO 19794-5 "FAC". */
MUST enum rc lds_dg2(const uint8_t *p, size_t len, struct lds_picture *out, struct err *e);

MUST enum rc lds_dg7(const uint8_t *p, size_t len, struct lds_picture *out, struct err *e); /* signature */

/* lds_holder.c. Texts as they stand (mostly UTF-8, '<' between parts), len 0: not there; dates YYYYMMDD, ""
 * not there. */
struct lds_holder { /* DG11 */
    struct bytes full_name, personal_number, birth_place, address, telephone, profession, title, summary,
        custody;
    char birth_date[9];
};
struct lds_issue { /* DG12 */
    struct bytes authority, endorsements, exit_tax, system;
    char date[9], made[15];
};
MUST enum rc lds_dg11(const uint8_t *p, size_t len, struct lds_holder *out, struct err *e);
MUST enum rc lds_dg12(const uint8_t *p, size_t len, struct lds_issue *out, struct err *e);

/* SecurityInfos: SET OF SEQUENCE { OID, ... }, in EF.CardAccess as such, in DG14 inside 6E. */
struct security_info {
    const uint8_t *oid; /* content bytes */
    size_t oid_len;
    const uint8_t *rest; /* what follows the OID in the SEQUENCE */
    size_t rest_len;
};
#define SECURITY_INFOS_MAX 24
struct security_infos {
    size_t n;
    struct security_info info[SECURITY_INFOS_MAX];
};
MUST enum rc lds_security_infos(const uint8_t *p, size_t len, struct security_infos *out, struct err *e);
MUST enum rc lds_dg14(const uint8_t *p, size_t len, struct security_infos *out, struct err *e);

#endif
