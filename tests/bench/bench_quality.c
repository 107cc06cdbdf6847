/* A4, grey, 300 dpi: what a page costs between its last line and the citizen's screen.
 * Budget (facts of the scanner): quality check 300 ms, everything 500 ms. */
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "drivers/scan/pack.h"
#include "drivers/scan/quality.h"
#include "tests/devices/scan_pages.h"

enum { ROUNDS = 5 };

int main(void)
{
    int64_t worst = 0, worst_all = 0;
    for (int kind = 0; kind < PAGE_KINDS; kind++) {
        ARENA_SCOPE(a);
        struct page_ask ask = {.kind = (enum page_kind)kind, .noise = 4, .blur = 0.7, .turn = 1};
        struct picture page = page_draw(a, &ask);
        int64_t check = 0, pack = 0;
        size_t bytes = 0;
        for (int i = 0; i < ROUNDS; i++) {
            ARENA_SCOPE(scratch);
            BUF_SCOPE(out);
            struct err e = {0};
            struct quality q;
            struct picture p = page;
            p.px = arena_dup(scratch, page.px, picture_bytes(&page));
            int64_t from = mono_us();
            quality_check(&p, scratch, &q);
            int64_t checked = mono_us();
            struct pack_fit_rule rule = {300000, false, q.paper};
            if (pack_fit(&p, &rule, &out, &e) != RC_OK)
                return 1;
            int64_t packed = mono_us();
            check += checked - from;
            pack += packed - checked;
            bytes = out.len;
        }
        printf("%-7s check %5.1f ms   JPEG %6.1f ms   %6zu bytes\n", page_kind_names[kind],
               (double)check / ROUNDS / 1e3, (double)pack / ROUNDS / 1e3, bytes);
        worst = check / ROUNDS > worst ? check / ROUNDS : worst;
        worst_all = (check + pack) / ROUNDS > worst_all ? (check + pack) / ROUNDS : worst_all;
    }
    printf("quality check of an A4 page, grey, 300 dpi: at most %.0f ms (budget 300), %.1f pages a second; "
           "with its JPEG "
           "at most %.0f ms\n",
           (double)worst / 1e3, 1e6 / (double)worst, (double)worst_all / 1e3);
    return worst > 300 * 1000;
}
