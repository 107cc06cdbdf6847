/* The mouth of a kiosk printer: the ticket is held there until somebody takes it, and goes back into the bin
 * when nobody does. A sensor says whether one lies there (CUSTOM full status, paper byte, bit 5). */
#ifndef PRIDVOR_PRINT_PRESENTER_H
#define PRIDVOR_PRINT_PRESENTER_H

#include "drivers/print/printer.h"

/* Until the sensor says so, at most ms (RC_TIMEOUT). watch: trouble of the printer ends it, too. */
MUST enum rc presenter_until(struct printer *p, bool ticket, int64_t ms, bool watch, struct err *e);
/* Takes back what lies there; RC_OK when the mouth is empty afterwards, RC_USER (TICKET_IN_THROAT) when not.
 */
MUST enum rc presenter_retract(struct printer *p, struct err *e);

#endif
