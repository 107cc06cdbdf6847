/* A small CCID host over libusb for the reader's own test: one command, one answer, nothing clever. */
#ifndef PRIDVOR_TESTS_READER_HOST_H
#define PRIDVOR_TESTS_READER_HOST_H

#include <libusb.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/devices/card_terminal.h"

#define CHECK(cond)                                                                                          \
    do {                                                                                                     \
        if (!(cond)) {                                                                                       \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                                       \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

struct host {
    libusb_context *ctx;
    libusb_device_handle *h;
    uint8_t seq;
    size_t max; /* dwMaxCCIDMessageLength */
    uint32_t features;
    unsigned extensions; /* time extensions seen */
    /* the last frame */
    uint8_t frame[66000];
    size_t len;
};

void host_open(struct host *h); /* exits the process when there is no reader */
void host_close(struct host *h);
/* Sends one command; returns libusb's result. */
int host_send(struct host *h, uint8_t type, unsigned level, const void *data, size_t len);
/* Reads one transfer into frame; libusb's result. */
int host_receive(struct host *h, int ms);
/* Sends, then reads frames until one that is no time extension. */
void host_do(struct host *h, uint8_t type, unsigned level, const void *data, size_t len);
bool host_is(const struct host *h, uint8_t type, uint8_t status, uint8_t error); /* the last frame */
/* One APDU by the rules of the announced level; 0 when the reader refused. A terminal's transport. */
size_t host_apdu(void *host, const uint8_t *in, size_t len, uint8_t *out, size_t cap);
/* The next message of the interrupt endpoint; its length, 0 when none came in time. */
int host_interrupt(struct host *h, uint8_t out[8], int ms);
size_t host_power(struct host *h, uint8_t atr[33]); /* 0: no card answered */
bool host_abort(struct host *h);                    /* of the last command */

#endif
