/* vcard HOST PORT CARD.json: one of our chips as an external card simulator that speaks the vpcd protocol, to
 * try
 * `./pridvor demo --card vpcd:PORT` with. Frames are a 16-bit big-endian length and the bytes; one byte is a
 * control: 0 power off, 1 power on, 2 reset, 4 tell the ATR. Tries to connect for a minute. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "tests/devices/card.h"

enum { POWER_OFF = 0, POWER_ON = 1, RESET = 2, ATR = 4 };

static bool read_all(int fd, uint8_t *p, size_t len)
{
    while (len) {
        ssize_t n = read(fd, p, len);
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static bool answer(int fd, const uint8_t *p, size_t len)
{
    uint8_t head[2] = {(uint8_t)(len >> 8), (uint8_t)len};
    return send(fd, head, 2, MSG_NOSIGNAL) == 2 && send(fd, p, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool one_frame(int fd, struct card *card)
{
    static uint8_t in[65536], out[CARD_RESP_MAX];
    uint8_t head[2];
    if (!read_all(fd, head, 2))
        return false;
    size_t len = (size_t)(head[0] << 8 | head[1]);
    if (!read_all(fd, in, len))
        return false;
    if (len != 1)
        return answer(fd, out, card_apdu(card, in, len, out, sizeof(out)));
    if (in[0] == ATR)
        return answer(fd, out, card_atr(card, out));
    if (in[0] == POWER_OFF || in[0] == POWER_ON || in[0] == RESET)
        card_reset(card);
    return true;
}

static int dial(const char *host, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, host, &to.sin_addr) != 1)
        return -1;
    for (int64_t end = mono_ms() + 60000; mono_ms() < end; usleep(100000)) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
            return fd;
        close(fd);
    }
    return -1;
}

int main(int argc, char **argv)
{
    struct card *card SCOPED(card_freep) = NULL;
    struct err e = {0};
    if (argc != 4) {
        fprintf(stderr, "vcard HOST PORT CARD.json\n");
        return 2;
    }
    if (card_new(argv[3], &card, &e) != RC_OK) {
        fprintf(stderr, "vcard: %s\n", e.text);
        return 1;
    }
    int fd = dial(argv[1], (int)strtol(argv[2], NULL, 10));
    if (fd < 0) {
        fprintf(stderr, "vcard: nobody listens on %s:%s\n", argv[1], argv[2]);
        return 1;
    }
    while (one_frame(fd, card))
        ;
    close(fd);
    return 0;
}
