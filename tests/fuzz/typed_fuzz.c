/* What people type: search lines with register numbers, names to be folded, titles for a PDF. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/book_find.h"
#include "common/base/pdf.h"
#include "common/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One character of the PDF string; moves p behind it. */
static uint32_t unit(const char **p)
{
    char four[5] = "";
    memcpy(four, *p, 4);
    *p += 4;
    return (uint32_t)strtoul(four, NULL, 16);
}

/* Read back by other means: the same characters. */
static void same_text(const char *s)
{
    BUF_SCOPE(b);
    pdf_text(&b, s);
    const char *p = b.p + 5, *end = b.p + b.len - 1;
    const unsigned char *c = (const unsigned char *)s;
    while (p < end) {
        uint32_t u = unit(&p), v = 0;
        if (u >= 0xD800 && u < 0xDC00)
            u = 0x10000 + ((u - 0xD800) << 10) + (unit(&p) - 0xDC00);
        int n = *c < 0x80 ? 1 : *c < 0xE0 ? 2 : *c < 0xF0 ? 3 : 4;
        static const unsigned char lead[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
        v = *c & lead[n];
        for (int i = 1; i < n; i++)
            v = v << 6 | (c[i] & 0x3F);
        if (u != v)
            abort();
        c += n;
    }
    if (p != end || *c)
        abort();
}

static void query(struct arena *a, const char *s)
{
    static struct register_rule books[] = {{.id = "main", .prefix = ""}, {.id = "civil", .prefix = "SC"}};
    static struct work_house house = {.registers = {books, 2}};
    struct work w = {.a = a, .house = &house};
    struct book_query q = {0};
    struct err e = {0};
    if (book_query(&w, s, &q, &e) != RC_OK) {
        if (!e.text[0])
            abort();
        return;
    }
    if (q.kind == FIND_NUMBER && (q.n < 1 || q.n > 999999999 || (q.year && (q.year < 1900 || q.year > 9999))))
        abort();
    if (q.kind != FIND_NUMBER && (!q.text || !q.text[0]))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_SCOPE(a);
    const char *s = arena_fmt(a, "%.*s", (int)size, (const char *)data), *clean = NULL;
    if (!utf8_valid(s, strlen(s)))
        return 0;
    same_text(s);
    query(a, s);
    const char *folded = text_fold(a, s);
    if (strcmp(text_fold(a, folded), folded) != 0)
        abort(); /* folding once is enough */
    if (text_clean(a, s, &clean, &(struct err){0}) == RC_OK && !utf8_valid(clean, strlen(clean)))
        abort();
    return 0;
}
