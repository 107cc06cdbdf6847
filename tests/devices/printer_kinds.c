/* The makes the printer model can be: what each says of itself, how wide it prints, what it answers. */
#include <string.h>

#include "tests/devices/printer.h"

enum { EP_OUT = 0x01, EP_IN = 0x82 };

/* USB 2.0, class by interface, three strings; one interface of the printer class. proto 2: bidirectional. */
#define DESCRIPTORS(vid, pid, proto)                                                                         \
    {                                                                                                        \
        18, 1, 0x00, 0x02, 0, 0, 0, 64, (vid)&0xff, (vid) >> 8, (pid)&0xff, (pid) >> 8, 0x00, 0x01, 1, 2, 3, \
            1, 9, 2, 32, 0, 1, 1, 0, 0xC0, 1, 9, 4, 0, 0, 2, 7, 1, proto, 0, 7, 5, EP_OUT, 2, 64, 0, 0, 7,   \
            5, EP_IN, 2, 64, 0, 0                                                                            \
    }

#define KIND(word, vid, pid, maker_, model_, ...)                                                            \
    {                                                                                                        \
        .name = word, .maker = maker_, .model = model_, .strings = {maker_, model_, "PRDV000042", NULL},     \
        .descriptors = DESCRIPTORS(vid, pid, 2),                                                             \
        .desc = {.port = "1-1", .bus = 1, .mbit = 12, .driver = "usblp"}, __VA_ARGS__                        \
    }

static struct printer_kind kinds[] = {
    KIND("tm-t20iii", 0x04b8, 0x0e28, "EPSON", "TM-T20III", .dots = 576, .per_mm = 8, .blade = 120,
         .says_name = true, .status = true, .asb = true, .process_id = true, .raster = true, .graphics = true,
         .cutter = true),
    KIND("tm-t88v", 0x04b8, 0x0202, "EPSON", "TM-T88V", .dots = 512, .per_mm = 7.087, .blade = 106,
         .says_name = true, .status = true, .asb = true, .process_id = true, .raster = true, .graphics = true,
         .cutter = true),
    KIND("tm-t88iii", 0x04b8, 0x0202, "EPSON", "TM-T88III", .dots = 512, .per_mm = 7.087, .blade = 106,
         .says_name = true, .status = true, .asb = true, .raster = true, .cutter = true),
    KIND("custom-kpm", 0x0dd4, 0x015d, "CUSTOM SPA", "KPM180H", .dots = 640, .per_mm = 8, .blade = 160,
         .says_name = true, .status = true, .custom = true, .raster = true, .cutter = true),
    KIND("star", 0x0519, 0x0003, "Star", "TSP654", .dots = 576, .per_mm = 8, .blade = 112, .status = true,
         .asb = true, .raster = true, .cutter = true),
    KIND("112mm", 0x0519, 0x000b, "Star", "TSP800", .dots = 832, .per_mm = 8, .blade = 112, .status = true,
         .raster = true, .cutter = true),
    KIND("58mm", 0x0416, 0x5011, "STMicroelectronics", "POS58 USB Printer", .dots = 384, .per_mm = 8,
         .blade = 64, .status = true, .raster = true),
    KIND("graphics", 0x0aa7, 0x4304, "Wincor Nixdorf", "TH230+", .dots = 576, .per_mm = 8, .blade = 120,
         .status = true, .graphics = true, .cutter = true),
    KIND("clone-no-status", 0x0483, 0x5743, "USB", "POS80 Printer", .dots = 576, .per_mm = 8, .blade = 96,
         .raster = true, .cutter = true),
};

const struct printer_kind *printer_kind(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        struct printer_kind *k = &kinds[i];
        if (name && strcmp(name, k->name) != 0)
            continue;
        k->desc.descriptors = k->descriptors;
        k->desc.len = sizeof k->descriptors;
        k->desc.strings = k->strings;
        return k;
    }
    return NULL;
}

const struct usb_desc *printer_variant(const char *name)
{
    const struct printer_kind *k = printer_kind(name);
    return k ? &k->desc : NULL;
}
