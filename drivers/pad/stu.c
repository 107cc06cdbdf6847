#include "drivers/pad/stu.h"

#include <string.h>

static int be16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

static void le16(uint8_t *p, int v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static enum rc head(const uint8_t *p, size_t len, uint8_t id, size_t want, struct err *e)
{
    if (len < want)
        return err_set(e, RC_PROTOCOL, "pad report %02x: %zu bytes instead of %zu", id, len, want);
    if (p[0] != id)
        return err_set(e, RC_PROTOCOL, "pad report %02x: the answer is report %02x", id, p[0]);
    return RC_OK;
}

enum rc stu_capability_read(const uint8_t *p, size_t len, struct stu_capability *out, struct err *e)
{
    TRY(head(p, len, STU_CAPABILITY, 15, e));
    struct stu_capability c = {be16(p + 1), be16(p + 3), be16(p + 5),  be16(p + 7),
                               be16(p + 9), p[11],       be16(p + 12), p[14]};
    if (c.max_x < 100 || c.max_y < 100 || c.max_pressure < 1 || c.width < 16 || c.height < 16 ||
        c.width > 4096 || c.height > 4096)
        return err_set(e, RC_PROTOCOL, "pad report 09: %d x %d units and %d x %d dots cannot be", c.max_x,
                       c.max_y, c.width, c.height);
    *out = c;
    return RC_OK;
}

enum rc stu_status_read(const uint8_t *p, size_t len, struct stu_status *out, struct err *e)
{
    TRY(head(p, len, STU_STATUS, 3, e));
    *out = (struct stu_status){p[1], p[2]};
    return RC_OK;
}

enum rc stu_sample_read(const uint8_t *p, size_t len, struct stu_sample *out, struct err *e)
{
    bool timed = len && p[0] == STU_PEN_TIMED;
    TRY(head(p, len, timed ? STU_PEN_TIMED : STU_PEN, timed ? 11 : 7, e));
    struct stu_sample s = {.x = be16(p + 3),
                           .y = be16(p + 5),
                           .pressure = be16(p + 1) & 0x0fff,
                           .near = p[1] & 0x80,
                           .timed = timed};
    s.down = (p[1] & 0x70) != 0;
    if (timed) {
        s.time = (uint16_t)be16(p + 7);
        s.sequence = (uint16_t)be16(p + 9);
    }
    *out = s;
    return RC_OK;
}

void stu_model_read(const uint8_t *p, size_t len, char out[8])
{
    size_t n = 0;
    for (size_t i = 1; i < len && n < 7 && p[i] > 0x20 && p[i] < 0x7f; i++)
        out[n++] = (char)p[i];
    out[n] = '\0';
}

size_t stu_start(uint8_t out[5], uint32_t session)
{
    out[0] = STU_START;
    for (int i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(session >> (24 - 8 * i));
    return 5;
}

size_t stu_area(uint8_t out[11], int left, int top, int right, int bottom)
{
    memset(out, 0, 11);
    out[0] = STU_AREA;
    le16(out + 1, left);
    le16(out + 3, top);
    le16(out + 5, right);
    le16(out + 7, bottom);
    return 11;
}

size_t stu_block(uint8_t out[256], const uint8_t *p, size_t len)
{
    memset(out, 0, 256);
    out[0] = STU_BLOCK;
    le16(out + 1, (int)len);
    memcpy(out + 3, p, len);
    return 256;
}
