/* What a file is, by its bytes: PDF (ISO 32000-1, 7.5), JPEG, PNG (ISO/IEC 15948, 5). */
#include <stdlib.h>
#include <string.h>

#include "backend/store.h"
#include "backend/zip.h"
#include "common/base/jpeg.h"

enum { PNG_SIDE_MAX = 14400, PNG_DOTS_MAX = 24000000, PDF_TAIL = 1024 };

static const char *find(struct bytes b, const char *word)
{
    return memmem(b.p, b.len, word, strlen(word));
}

static const char *find_last(struct bytes b, const char *word)
{
    const char *found = NULL, *at = b.p;
    size_t n = strlen(word);
    for (const char *end = at + b.len; (at = memmem(at, (size_t)(end - at), word, n)); at += n)
        found = at;
    return found;
}

static bool starts(struct bytes b, const char *magic, size_t n)
{
    return b.len >= n && memcmp(b.p, magic, n) == 0;
}

/* "/Type /Page" that is not "/Type /Pages"; pages packed into object streams are not seen: 0. */
static int pdf_pages(struct bytes b)
{
    const char *at = b.p, *end = at + b.len;
    int n = 0;
    while ((at = memmem(at, (size_t)(end - at), "/Type", 5))) {
        at += 5;
        while (at < end && (*at == ' ' || *at == '\r' || *at == '\n'))
            at++;
        if (end - at > 5 && memcmp(at, "/Page", 5) == 0 && at[5] != 's')
            n++;
    }
    return n;
}

/* The end of the file names where its table begins, and there it begins. */
static enum rc pdf(struct bytes b, struct store_kind *out, struct err *e)
{
    size_t tail = b.len < PDF_TAIL ? b.len : PDF_TAIL;
    struct bytes end = BYTES((const char *)b.p + b.len - tail, tail);
    const char *start = find_last(end, "startxref");
    char number[24] = "";

    if (!start || !find(end, "%%EOF"))
        return err_set(e, RC_BAD_FIELD, "the PDF is not whole: its end is missing");
    size_t left = (size_t)((const char *)b.p + b.len - start) - 9;
    memcpy(number, start + 9, left < sizeof number - 1 ? left : sizeof number - 1);
    char *stop;
    unsigned long at = strtoul(number, &stop, 10);
    if (stop == number || at >= b.len - 8)
        return err_set(e, RC_BAD_FIELD, "the PDF is not whole: its table is missing");
    const char *table = (const char *)b.p + at;
    while (table < start && (*table == '\n' || *table == '\r' || *table == ' '))
        table++;
    size_t room = table < start ? (size_t)(start - table) : 0;
    bool stream =
        room >= 8 && *table >= '1' && *table <= '9' && memmem(table, room < 24 ? room : 24, " obj", 4);
    if (room < 8 || (memcmp(table, "xref", 4) != 0 && !stream))
        return err_set(e, RC_BAD_FIELD, "the PDF is not whole: its table is not where it says");
    if (find(b, "/Encrypt"))
        return err_code(e, RC_BAD_FIELD, "LOCKED", 0, "the PDF is locked by a password");
    out->type = "application/pdf";
    out->suffix = ".pdf";
    out->pages = pdf_pages(b);
    out->has_signature = find(b, "/ByteRange") != NULL;
    return RC_OK;
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Every part whole, IHDR first, IEND last. */
static enum rc png(struct bytes b, struct store_kind *out, struct err *e)
{
    const uint8_t *p = b.p;
    size_t at = 8;
    bool data = false;

    while (b.len - at >= 12) {
        size_t n = be32(p + at);
        if (n > b.len - at - 12)
            break;
        if (crc32_of(p + at + 4, n + 4) != be32(p + at + 8 + n))
            return err_set(e, RC_BAD_FIELD, "the PNG is damaged");
        bool head = memcmp(p + at + 4, "IHDR", 4) == 0;
        if (head != (at == 8) || (head && n != 13))
            break;
        if (head) {
            uint32_t w = be32(p + at + 8), h = be32(p + at + 12);
            if (!w || !h || w > PNG_SIDE_MAX || h > PNG_SIDE_MAX || (uint64_t)w * h > PNG_DOTS_MAX)
                return err_set(e, RC_BAD_FIELD, "a PNG of %u by %u dots", w, h);
            *out = (struct store_kind){"image/png", ".png", 1, (int)w, (int)h, false};
        }
        data |= memcmp(p + at + 4, "IDAT", 4) == 0;
        if (memcmp(p + at + 4, "IEND", 4) == 0)
            return data && at + 12 + n == b.len ? RC_OK : err_set(e, RC_BAD_FIELD, "the PNG is not whole");
        at += 12 + n;
    }
    return err_set(e, RC_BAD_FIELD, "the PNG is not whole");
}

static enum rc jpeg(struct bytes b, struct store_kind *out, struct err *e)
{
    struct jpeg_info info;
    const uint8_t *p = b.p;

    TRY(jpeg_head(b, &info, e));
    size_t n = b.len;
    while (n > 2 && p[n - 1] == 0) /* some cameras fill up */
        n--;
    if (p[n - 2] != 0xFF || p[n - 1] != 0xD9)
        return err_set(e, RC_BAD_FIELD, "the JPEG is not whole");
    *out = (struct store_kind){"image/jpeg", ".jpg", 1, info.width, info.height, false};
    return RC_OK;
}

/* TIFF is a family, and no browser shows it: who scans can save the same pages as a PDF, which everybody
 * reads. */
enum rc store_kind(struct bytes b, struct store_kind *out, struct err *e)
{
    *out = (struct store_kind){0};
    if (starts(b, "%PDF-1.", 7) || starts(b, "%PDF-2.", 7))
        return pdf(b, out, e);
    if (starts(b, "\xFF\xD8\xFF", 3))
        return jpeg(b, out, e);
    if (starts(b, "\x89PNG\r\n\x1A\n", 8))
        return png(b, out, e);
    if (starts(b, "II*\0", 4) || starts(b, "MM\0*", 4))
        return err_code(e, RC_BAD_FIELD, "TIFF", 0, "a TIFF: the scanner's program can save it as a PDF");
    return err_code(e, RC_BAD_FIELD, "TYPE", 0, "not a PDF, JPEG or PNG");
}
