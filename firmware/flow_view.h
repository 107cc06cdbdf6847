/* Shapes of the local API's state (GET /v1/state) with their descriptors in flow_view.c. */
#ifndef PRIDVOR_FLOW_VIEW_H
#define PRIDVOR_FLOW_VIEW_H

#include "firmware/flow_int.h"

struct v_idle {
    bool warn;
    int64_t left_s;
    const char *why; /* "card": it was taken out */
};
struct v_page {
    int64_t id, turns;
    bool poor, kept;
    const char **hints;
    size_t n_hints;
};
struct v_scan {
    const char *field, *phase, *doing; /* phase: absent ready scanning error */
    int64_t page, percent, max;
    bool feeder, flatbed, loaded, counter,
        chosen; /* counter: may be brought there; chosen: so it was decided */
    struct v_error *error;
    struct v_page *pages;
    size_t n_pages;
};
struct v_service {
    const char *id, *name, *legal_name, *intro, *why_not, *fee; /* fee: "" none is due */
    int64_t minutes;
    const char **before;
    size_t n_before;
    bool available;
};
struct v_chosen {
    const char *id, *name, *legal_name, *after, *fee;
    int64_t minutes;
};
struct v_error {
    const char *code, *text;
    int64_t tries_left;
};
struct v_identity {
    const char *last_name, *first_name, *document_number, *cnp_last4;
};
struct v_card {
    const char *reader, *phase, *access; /* PACE, BAC or "" */
    const char *scan;                    /* may the printed card be scanned: ready or absent */
    bool present;
    int64_t progress, attempts, ms;
    struct v_error *error;
    struct v_identity *identity;
};
struct v_option {
    const char *id, *label;
};
struct v_field {
    const char *id, *type, *label, *help, *why, *source, *error, *keyboard, *tone;
    bool required;
    struct v_option *options;
    size_t n_options;
    struct jval *value;
    int64_t max;
};
struct v_address {             /* what the card can do for the address question */
    const char *field, *phase; /* offer reading taken closed */
    int64_t progress, attempts;
    struct v_error *error;
};
struct v_form {
    int64_t page, pages;
    const char *title;
    struct v_field *fields;
    size_t n_fields;
    struct v_address *address;
};
struct v_row {
    const char *field, *label, *value;
};
struct v_section {
    const char *title;
    struct v_row *rows;
    size_t n_rows;
};
struct v_review {
    struct v_section *sections;
    size_t n_sections;
    struct v_field *consents;
    size_t n_consents;
    bool sign; /* a signature comes next; false: submit */
};
struct v_sign {
    const char *phase, *title, *hash;
    bool skipped;
    int64_t samples, strokes, width, height; /* of the pad, in its units; 0: not said */
    struct v_error *error;
};
struct v_filing {
    const char *phase;
};
struct v_print {
    const char *phase, *proof, *text;
};
struct v_done {
    bool provisional, papers; /* papers: something was scanned and may still lie there */
    const char *corrected;    /* what was put right; "": a first filing */
    const char *number, *date, *time, *due, *due_why, *after, *receipt_code, *pin, *url;
    const char *request_id, *registered_at, *institution; /* registered_at: "" while provisional */
    struct v_print *print;
};
struct v_mine {
    const char *phase, *problem; /* enter asking shown sending */
    struct jval *view;           /* as the register says it */
    bool repairable;             /* its form is known here */
};
struct v_device {
    const char *public_; /* JSON member "public" */
};
struct v_devices {
    struct v_device card, print, pad, reg;
    struct v_device *scan; /* NULL: this terminal has none by design */
};
struct v_state {
    int64_t seq;
    const char *step, *mode, *lang, *notice; /* mode: service, maintenance */
    struct v_idle idle;
    struct v_service *services;
    size_t n_services;
    struct v_chosen *service;
    struct v_card *card;
    struct v_form *form;
    struct v_scan *scan;
    struct v_review *review;
    struct v_sign *sign;
    struct v_filing *filing;
    struct v_done *done;
    struct v_mine *mine;
    struct v_devices devices;
};
extern const struct jdesc v_state_desc;

#endif
