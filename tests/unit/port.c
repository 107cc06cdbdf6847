#include "tests/unit/port.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"

/* Below the range from which the kernel gives ports to whoever asks. */
enum { FIRST = 20000, PORTS = 12000 };

static int bound(int type, int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Chosen free is not yet taken: the server needs seconds until it listens, and another test looks for ports
 * beside us. The number's UDP socket, which nobody needs, says that it is ours, and ends with us. */
int test_port(void)
{
    static unsigned last;

    if (!last)
        last = (unsigned)getpid() * 37 + (unsigned)(mono_us() % 997);
    for (int i = 0; i < PORTS; i++) {
        int port = FIRST + (int)(++last % PORTS), ours = bound(SOCK_DGRAM, port);
        int fd = ours < 0 ? -1 : bound(SOCK_STREAM, port);
        if (fd >= 0) {
            close(fd);
            return port;
        }
        if (ours >= 0)
            close(ours);
    }
    fprintf(stderr, "no free port\n");
    exit(1);
}
