/* Readers through the PC/SC service (pcscd), for places where it owns them already. The same port as a CCID
 * link. One process uses either this or the USB bus, never both on one reader. */
#ifndef PRIDVOR_CARD_PCSC_H
#define PRIDVOR_CARD_PCSC_H

#include "drivers/card/port.h"

struct pcsc;

/* Finds the service and its readers. RC_NO_DEVICE: no reader; RC_UNAVAILABLE: the service does not run;
 * RC_DENIED: it does not let us in; each with a sentence that names the fix. */
MUST enum rc pcsc_open(struct pcsc **out, struct err *e);
void pcsc_close(struct pcsc *p); /* card off; NULL is fine */
struct port *pcsc_port(struct pcsc *p);
const char *pcsc_reader(const struct pcsc *p); /* name of the reader in use */
/* Waits for a change in any reader, at most ms. RC_LINK_LOST: the service or the last reader is gone. */
MUST enum rc pcsc_watch(struct pcsc *p, int ms, struct err *e);
/* Asked before each APDU: true ends the command (cancel). */
void pcsc_breathe(struct pcsc *p, bool (*stop)(void *user), void *user);

#endif
