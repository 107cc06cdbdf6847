/* The bench for tests of the card driver: a reader model, the driver process, and what one expects of it. */
#ifndef PRIDVOR_TESTS_CARD_RIG_H
#define PRIDVOR_TESTS_CARD_RIG_H

#include "tests/devices/kdrv_client.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define CAN_A "{\"can\":\"123456\"}"
#define CAN_B "{\"can\":\"654321\"}"
#define DG1_A "{\"can\":\"123456\",\"want\":[\"DG1\"]}"
#define MRZ_C                                                                                                \
    "{\"mrz\":{\"document_number\":\"XX105533\",\"birth_date\":\"510627\",\"expiry_date\":\"310214\"}}"
#define MRZ_A                                                                                                \
    "{\"mrz\":{\"document_number\":\"XX204815\",\"birth_date\":\"900314\",\"expiry_date\":\"340520\"}}"

extern struct vdev_proc v;
extern struct kdrv k;
extern unsigned cases;
extern char rows[128]; /* folder of the rows the driver starts with */

const char *vcmd(const char *line);
void up_at_level(const char *level, const char *card);
void up(const char *card);
void down(void);
/* Read and expect; exactly one completion, one acknowledgement, the outcome that belongs to it. */
struct frame expect(const char *args, const char *completion, const char *code);
void good(const char *args);
/* The row for the next start: "{}" has the ceilings of every reader. Lower ones are for tests of silence
 * alone, which would else wait half a minute: a model that a busy machine lets wait is no silent one. */
void rig_profile(const char *profile);
int rig_begin(void **state);
int rig_finish(void **state);

#endif
