/* First byte: what the rest is. Reports and samples that become strokes; HID report descriptors and the
 * values they name; the blocks in which a pad hands over its key; strokes as JSON. */
#include "common/model/signature.h"
#include "drivers/pad/digitizer.h"
#include "drivers/pad/stroke.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stroke_point points[STROKE_SAMPLES_MAX];

static void reports(const uint8_t *p, size_t n)
{
    struct strokes s = {.points = points};
    struct stu_capability cap = {9600, 6000, 1023, 320, 200, 200, 2540, 0}, read;
    struct stu_status status;
    struct stu_sample sample[2];
    struct err e = {0};
    BUF_SCOPE(json);
    char model[10], serial[16];
    if (stu_capability_read(p, n, &read, &e) == RC_OK)
        cap = read;
    if (stu_status_read(p, n, &status, &e) == RC_OK && status.state > 255)
        abort();
    stu_model_read(p, n, model);
    stu_text_read(p, n, serial, sizeof serial);
    int64_t now = 0;
    for (size_t at = 0; at + 21 <= n; now += p[at] * 10, at += 21) {
        const struct stu_secret secret = {p + at, 21, p + at + 1, 0, p[at] % 4};
        size_t k = 0;
        if (stu_sample_read(p + at, 21, p[at] % 4, sample, &e) == RC_OK)
            k = 1;
        else if (stu_secret_read(&secret, sample, &k, &e) != RC_OK)
            k = 0;
        for (size_t i = 0; i < k; i++)
            strokes_add(&s, &sample[i], now, &cap);
    }
    if (strokes_judge(&s, &e) == RC_OK && s.n < STROKE_SAMPLES_MIN)
        abort();
    strokes_json(&s, &json);
    strokes_clear(&s);
}

static void descriptor(const uint8_t *p, size_t n)
{
    static struct hid_map m;
    struct digitizer d;
    struct stu_capability cap;
    struct stu_sample s;
    struct err e = {0};
    size_t len = n / 2;
    if (hid_parse(p, len, &m, &e) != RC_OK)
        return;
    for (unsigned id = 0; id < 256; id++)
        if (hid_length(&m, HID_INPUT, (uint8_t)id) > 8193 || hid_length(&m, HID_FEATURE, (uint8_t)id) > 8193)
            abort();
    for (size_t i = 0; i < m.n_fields; i++) {
        int32_t v = 0;
        if (hid_value(&m, &m.field[i], BYTES(p + len, n - len), &v) && m.field[i].size < 31 &&
            (v >= 1 << 30 || v < -(1 << 30)))
            abort();
    }
    if (digitizer_find(&m, &d, &cap, &e) != RC_OK)
        return;
    if (digitizer_sample(&m, &d, BYTES(p + len, n - len), &s) &&
        (s.x < 0 || s.x > cap.max_x || s.y < 0 || s.y > cap.max_y || s.pressure > cap.max_pressure))
        abort();
}

static void key(const uint8_t *p, size_t n)
{
    struct stu_cipher_status status;
    struct stu_suite suite;
    struct err e = {0};
    uint8_t out[256], command[68];
    size_t at = 0;
    char word[32];
    if (stu_cipher_status_read(p, n, &status, &e) == RC_OK && status.padding > 3)
        abort();
    for (size_t i = 0; i + 68 <= n; i += 68)
        if (stu_cipher_read(BYTES(p + i, 68), STU_RSA_C, out, sizeof out, &at, &e) != RC_OK)
            break;
    if (at > sizeof out)
        abort();
    size_t len = n < sizeof word - 1 ? n : sizeof word - 1;
    memcpy(word, p, len);
    word[len] = 0;
    if (stu_suite_parse(word, &suite) && stu_cipher_type(command, &suite) != 68)
        abort();
}

static void picture(const uint8_t *p, size_t n)
{
    ARENA_SCOPE(a);
    BUF_SCOPE(svg);
    BUF_SCOPE(bytes);
    struct jval *v = NULL;
    struct err e = {0};
    if (jval_parse(a, (const char *)p, n, &v, &e) != RC_OK)
        return;
    const struct ink ink = {9600, 6000, 1023, v};
    enum rc rc = signature_bytes(&ink, &bytes, &e);
    if (signature_svg(&ink, &svg, &e) == RC_OK && rc != RC_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const parts[])(const uint8_t *, size_t) = {reports, descriptor, key, picture};
    if (size < 1 || size > 4096)
        return 0;
    parts[data[0] % COUNT(parts)](data + 1, size - 1);
    return 0;
}
