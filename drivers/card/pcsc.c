#include "drivers/card/pcsc.h"

#include "common/base/arena.h"
#include "common/base/clock.h"
#include "drivers/card/t0.h"

#include <winscard.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READERS 8
#define SOCKET "/run/pcscd/pcscd.comm"

struct pcsc {
    struct port port; /* first: the port is this */
    SCARDCONTEXT context;
    SCARDHANDLE card;
    bool connected;
    DWORD protocol;
    char names[READERS][MAX_READERNAME];
    SCARD_READERSTATE states[READERS];
    size_t n, use; /* which of them */
    bool (*stop)(void *user);
    void *user;
};

/* ---- what went wrong ---- */

static const struct cause {
    LONG code;
    enum rc rc;
    const char *device, *text;
} causes[] = {
    {SCARD_W_REMOVED_CARD, RC_USER, "CARD_REMOVED", "the card was taken out"},
    {SCARD_E_NO_SMARTCARD, RC_USER, "CARD_ABSENT", "no card in the reader"},
    {SCARD_W_RESET_CARD, RC_USER, "CARD_SWAPPED", "somebody else reset the card"},
    {SCARD_W_UNRESPONSIVE_CARD, RC_DEVICE, "CARD_MUTE", "the card does not answer"},
    {SCARD_W_UNPOWERED_CARD, RC_DEVICE, "CARD_MUTE", "the card has no power"},
    {SCARD_W_UNSUPPORTED_CARD, RC_DEVICE, "ATR_BAD", "the card answers nonsense"},
    {SCARD_E_PROTO_MISMATCH, RC_UNSUPPORTED, "PROTOCOL_UNSUPPORTED", "the card's protocol is not supported"},
    {SCARD_E_UNSUPPORTED_FEATURE, RC_UNSUPPORTED, "PROTOCOL_UNSUPPORTED", "the reader cannot do that"},
    {SCARD_E_SHARING_VIOLATION, RC_BUSY, NULL,
     "another program uses the card: end it (pcsc_scan, a browser, a signing program); a card has one user"},
    {SCARD_W_SECURITY_VIOLATION, RC_DENIED, NULL,
     "pcscd refuses this user: install packaging/polkit or put the user where the rule of pcscd allows it"},
    {SCARD_E_NO_SERVICE, RC_UNAVAILABLE, NULL,
     "the service pcscd does not run: systemctl enable --now pcscd.socket, or use the driver without "
     "--transport "
     "pcsc"},
    {SCARD_E_SERVICE_STOPPED, RC_LINK_LOST, "LINK_LOST", "pcscd was stopped"},
    {SCARD_E_NO_READERS_AVAILABLE, RC_NO_DEVICE, NULL,
     "pcscd runs but sees no reader: is it plugged in, is libccid installed, does another program hold it?"},
    {SCARD_E_READER_UNAVAILABLE, RC_LINK_LOST, "LINK_LOST", "the reader is gone"},
    {SCARD_E_UNKNOWN_READER, RC_LINK_LOST, "LINK_LOST", "the reader is gone"},
    {SCARD_E_INVALID_HANDLE, RC_LINK_LOST, "LINK_LOST", "pcscd has forgotten us"},
    {SCARD_F_COMM_ERROR, RC_DEVICE, "READER_HARDWARE", "the reader does not answer pcscd"},
    {SCARD_E_NOT_TRANSACTED, RC_PROTOCOL, NULL, "the exchange with the card failed"},
    {SCARD_E_TIMEOUT, RC_TIMEOUT, NULL, "no answer in time"},
    {SCARD_E_INSUFFICIENT_BUFFER, RC_TOO_BIG, NULL, "the answer is too long"},
    {SCARD_E_CANCELLED, RC_CANCELLED, NULL, "cancelled"},
};

static enum rc fail(struct err *e, LONG code, const char *what)
{
    for (size_t i = 0; i < COUNT(causes); i++)
        if (causes[i].code == code)
            return err_code(e, causes[i].rc, causes[i].device, 0, "%s: %s (%08lX)", what, causes[i].text,
                            (unsigned long)code & 0xFFFFFFFF);
    return err_set(e, RC_PROTOCOL, "%s: PC/SC says %08lX", what, (unsigned long)code & 0xFFFFFFFF);
}

/* The service starts with the first knock on its socket; a socket that is there but shut is a matter of
 * rights. */
static enum rc no_service(struct err *e, LONG code)
{
    const char *path = getenv("PCSCLITE_CSOCK_NAME");
    path = path ? path : SOCKET;
    if (code == SCARD_E_NO_SERVICE && access(path, F_OK) == 0 && access(path, W_OK) != 0)
        return err_set(
            e, RC_DENIED,
            "no permission for %s: this user may not use pcscd; put it into the group of the socket", path);
    return fail(e, code, "PC/SC");
}

/* ---- readers ---- */

static struct pcsc *of(struct port *p)
{
    return (struct pcsc *)p;
}

/* A secure module is no place for citizens. */
static bool for_citizens(const char *name)
{
    return !strstr(name, "SAM");
}

static enum rc list(struct pcsc *p, struct err *e)
{
    char names[READERS * MAX_READERNAME + 1];
    DWORD len = sizeof names;
    LONG code = SCardListReaders(p->context, NULL, names, &len);
    if (code != SCARD_S_SUCCESS)
        return code == SCARD_E_NO_SERVICE ? fail(e, SCARD_E_SERVICE_STOPPED, "readers")
                                          : fail(e, code, "readers");
    p->n = 0;
    for (const char *s = names; s < names + len && *s && p->n < READERS; s += strlen(s) + 1) {
        if (!for_citizens(s))
            continue;
        snprintf(p->names[p->n], sizeof p->names[0], "%.*s", MAX_READERNAME - 1, s);
        p->states[p->n] =
            (SCARD_READERSTATE){.szReader = p->names[p->n], .dwCurrentState = SCARD_STATE_UNAWARE};
        p->n++;
    }
    p->use = 0;
    return p->n ? RC_OK : fail(e, SCARD_E_NO_READERS_AVAILABLE, "readers");
}

/* Counts of insertions stand in the upper half of the state: out and in again between two looks is seen. */
static bool note(struct pcsc *p)
{
    bool changed = false;
    for (size_t i = 0; i < p->n; i++) {
        SCARD_READERSTATE *s = &p->states[i];
        bool is = s->dwEventState & SCARD_STATE_PRESENT, was = s->dwCurrentState & SCARD_STATE_PRESENT;
        bool counted =
            s->dwCurrentState != SCARD_STATE_UNAWARE && s->dwEventState >> 16 != s->dwCurrentState >> 16;
        bool moved = is != was || counted;
        if (i == p->use && moved) {
            p->port.left |= was;
            p->port.came |= is;
        }
        changed |= moved;
        s->dwCurrentState = s->dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
    }
    bool here = p->states[p->use].dwCurrentState & SCARD_STATE_PRESENT;
    for (size_t i = 0; i < p->n && !here && !p->connected; i++)
        if (p->states[i].dwCurrentState & SCARD_STATE_PRESENT) {
            p->use = i;
            here = true;
        }
    if (!p->connected || !here)
        p->port.card = here ? CCID_INACTIVE : CCID_ABSENT;
    return changed;
}

enum rc pcsc_watch(struct pcsc *p, int ms, struct err *e)
{
    LONG code = SCardGetStatusChange(p->context, (DWORD)ms, p->states, (DWORD)p->n);
    if (code == SCARD_E_TIMEOUT || code == SCARD_E_CANCELLED)
        return RC_OK;
    bool gone = false;
    for (size_t i = 0; code == SCARD_S_SUCCESS && i < p->n; i++)
        gone |= (p->states[i].dwEventState & (SCARD_STATE_UNKNOWN | SCARD_STATE_IGNORE)) != 0;
    if (code != SCARD_S_SUCCESS || gone)
        return fail(e,
                    code == SCARD_E_NO_SERVICE ? SCARD_E_SERVICE_STOPPED
                    : gone                     ? SCARD_E_READER_UNAVAILABLE
                                               : code,
                    "presence");
    note(p);
    return RC_OK;
}

/* ---- the port ---- */

static bool notices(struct port *port)
{
    bool before = port->left || port->came;
    if (pcsc_watch(of(port), 0, NULL) != RC_OK)
        return false;
    return !before && (port->left || port->came);
}

static enum rc status(struct port *port, struct err *e)
{
    return pcsc_watch(of(port), 0, e);
}

static void power_off(struct port *port)
{
    struct pcsc *p = of(port);
    if (p->connected)
        SCardDisconnect(p->card, SCARD_UNPOWER_CARD);
    p->connected = port->powered = false;
    port->card = port->card == CCID_ABSENT ? CCID_ABSENT : CCID_INACTIVE;
}

static enum rc power_on(struct port *port, struct err *e)
{
    struct pcsc *p = of(port);
    unsigned char atr[MAX_ATR_SIZE];
    DWORD len = sizeof atr, state = 0;
    power_off(port);
    TRY(status(port, e));
    port->left = port->came = port->hardware = false;
    LONG code = SCardConnect(p->context, p->names[p->use], SCARD_SHARE_EXCLUSIVE,
                             SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &p->card, &p->protocol);
    if (code != SCARD_S_SUCCESS)
        return fail(e, code == SCARD_W_REMOVED_CARD ? SCARD_E_NO_SMARTCARD : code, "power-on");
    p->connected = true;
    code = SCardStatus(p->card, NULL, NULL, &state, NULL, atr, &len);
    enum rc rc = code == SCARD_S_SUCCESS ? atr_parse(atr, len, &port->atr, e) : fail(e, code, "power-on");
    port->powered = rc == RC_OK;
    if (rc == RC_OK)
        port->card = CCID_ACTIVE;
    else
        power_off(port);
    return rc;
}

static enum rc raw(struct pcsc *p, struct bytes cmd, uint8_t *in, size_t *got, struct err *e)
{
    SCARD_IO_REQUEST pci = {.dwProtocol = p->protocol, .cbPciLength = sizeof pci};
    DWORD len = (DWORD)*got;
    if (p->stop && p->stop(p->user))
        return err_set(e, RC_CANCELLED, "cancelled");
    if (mono_ms() >= p->port.deadline)
        return err_set(e, RC_TIMEOUT, "the deadline of the command passed");
    LONG code = SCardTransmit(p->card, &pci, cmd.p, (DWORD)cmd.len, NULL, in, &len);
    p->port.count.exchanges++;
    if (code == SCARD_S_SUCCESS) {
        *got = len;
        return RC_OK;
    }
    struct err why = {0};
    enum rc rc = fail(&why, code == SCARD_E_NO_SMARTCARD ? SCARD_W_REMOVED_CARD : code, "APDU");
    if (rc != RC_USER) /* what the reader could not say, presence may */
        TRY(port_same_card(&p->port, e));
    p->port.left |= rc == RC_USER;
    if (e)
        *e = why;
    return rc;
}

static enum rc t0_tpdu(void *self, const uint8_t *out, size_t len, uint8_t *in, size_t *got, struct err *e)
{
    *got = T0_ANSWER_MAX;
    return raw(self, BYTES(out, len), in, got, e);
}

/* With T=0 the service sends TPDUs only: GET RESPONSE and the exact Le are ours (PC/SC part 5). */
static enum rc exchange(struct port *port, struct bytes cmd, struct buf *answer, struct err *e)
{
    struct pcsc *p = of(port);
    uint8_t out[APDU_MAX];
    size_t got = sizeof out;
    enum rc rc;
    if (p->protocol == SCARD_PROTOCOL_T0) {
        struct t0 t = {.tpdu = t0_tpdu, .self = p};
        struct t0_apdu a = {.cmd = cmd.p, .len = cmd.len, .out = out, .cap = sizeof out};
        rc = t0_exchange(&t, &a, e);
        got = a.got;
    } else {
        rc = raw(p, cmd, out, &got, e);
    }
    if (rc == RC_OK)
        buf_add(answer, out, got);
    wipe(out, sizeof out);
    return rc;
}

static void describe(const struct port *port, struct buf *out)
{
    const struct pcsc *p = (const struct pcsc *)port;
    buf_fmt(out, ",\"transport\":\"pcsc\",\"slots\":%zu,\"protocol\":\"%s\"", p->n,
            !p->connected                      ? ""
            : p->protocol == SCARD_PROTOCOL_T1 ? "T=1"
                                               : "T=0");
}

static void wipe_port(struct port *port)
{
    port_wipe(port);
}

static const struct port_ops ops = {.name = "pcsc",
                                    .notices = notices,
                                    .status = status,
                                    .power_on = power_on,
                                    .power_off = power_off,
                                    .exchange = exchange,
                                    .describe = describe,
                                    .wipe = wipe_port};

enum rc pcsc_open(struct pcsc **out, struct err *e)
{
    struct pcsc *p = calloc(1, sizeof *p);
    if (!p)
        return err_set(e, RC_INTERNAL, "no memory");
    LONG code = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &p->context);
    if (code != SCARD_S_SUCCESS) {
        free(p);
        return no_service(e, code);
    }
    p->port = (struct port){.ops = &ops, .card = CCID_ABSENT, .deadline = INT64_MAX};
    p->port.max_command = APDU_MAX; /* the reader's own limit shows as 6700, and the caller adapts */
    p->port.max_answer = APDU_DATA_MAX;
    enum rc rc = list(p, e);
    if (rc == RC_OK)
        rc = pcsc_watch(p, 0, e);
    if (rc != RC_OK) {
        pcsc_close(p);
        return rc == RC_LINK_LOST ? RC_NO_DEVICE : rc;
    }
    p->port.left = p->port.came = false;
    *out = p;
    return RC_OK;
}

void pcsc_close(struct pcsc *p)
{
    if (!p)
        return;
    power_off(&p->port);
    SCardReleaseContext(p->context);
    port_free(&p->port);
    free(p);
}

struct port *pcsc_port(struct pcsc *p)
{
    return &p->port;
}

const char *pcsc_reader(const struct pcsc *p)
{
    return p->names[p->use];
}

void pcsc_breathe(struct pcsc *p, bool (*stop)(void *user), void *user)
{
    p->stop = stop;
    p->user = user;
}
