#include "firmware/flow_view.h"

#define S(T, m) JF_STR(T, m, 0, 0, 0)

static const struct jfield idle_fields[] = {JF_BOOL(struct v_idle, warn, 0),
                                            JF_INT(struct v_idle, left_s, 0, 0, 0),
                                            JF_STR(struct v_idle, why, J_OMIT, 0, 0)};
static JDESC(idle_desc, struct v_idle, idle_fields);

static const struct jfield service_fields[] = {
    S(struct v_service, id),
    S(struct v_service, name),
    S(struct v_service, legal_name),
    S(struct v_service, intro),
    JF_INT(struct v_service, minutes, 0, 0, 0),
    JF_STRS(struct v_service, before, n_before, 0, 0),
    JF_BOOL(struct v_service, available, 0),
    S(struct v_service, why_not),
    S(struct v_service, fee),
};
static JDESC(service_desc, struct v_service, service_fields);

static const struct jfield chosen_fields[] = {
    S(struct v_chosen, id),         S(struct v_chosen, name),
    S(struct v_chosen, legal_name), JF_INT(struct v_chosen, minutes, 0, 0, 0),
    S(struct v_chosen, after),      S(struct v_chosen, fee),
};
static JDESC(chosen_desc, struct v_chosen, chosen_fields);

static const struct jfield error_fields[] = {
    S(struct v_error, code),
    S(struct v_error, text),
    JF_INT(struct v_error, tries_left, 0, 0, 0),
};
static JDESC(error_desc, struct v_error, error_fields);

static const struct jfield identity_fields[] = {
    S(struct v_identity, last_name),
    S(struct v_identity, first_name),
    S(struct v_identity, document_number),
    S(struct v_identity, cnp_last4),
};
static JDESC(identity_view_desc, struct v_identity, identity_fields);

static const struct jfield card_fields[] = {
    S(struct v_card, reader),
    JF_BOOL(struct v_card, present, 0),
    S(struct v_card, phase),
    JF_INT(struct v_card, progress, 0, 0, 0),
    JF_OBJP(struct v_card, error, J_OMIT, &error_desc),
    JF_INT(struct v_card, attempts, 0, 0, 0),
    S(struct v_card, access),
    S(struct v_card, scan),
    JF_INT(struct v_card, ms, 0, 0, 0),
    JF_OBJP(struct v_card, identity, J_OMIT, &identity_view_desc),
};
static JDESC(card_desc, struct v_card, card_fields);

static const struct jfield option_fields[] = {S(struct v_option, id), S(struct v_option, label)};
static JDESC(option_desc, struct v_option, option_fields);

static const struct jfield field_fields[] = {
    S(struct v_field, id),
    S(struct v_field, type),
    S(struct v_field, label),
    S(struct v_field, help),
    S(struct v_field, why),
    JF_BOOL(struct v_field, required, 0),
    JF_ARR(struct v_field, options, n_options, 0, 0, &option_desc),
    JF_ANY(struct v_field, value, 0),
    S(struct v_field, source),
    JF_INT(struct v_field, max, 0, 0, 0),
    S(struct v_field, error),
    S(struct v_field, keyboard),
    JF_STR(struct v_field, tone, J_OMIT, 0, 0),
};
static JDESC(field_desc, struct v_field, field_fields);

#define P struct v_page
static const struct jfield page_fields[] = {
    JF_INT(P, id, 0, 0, 0), JF_INT(P, turns, 0, 0, 0),        JF_BOOL(P, poor, 0),
    JF_BOOL(P, kept, 0),    JF_STRS(P, hints, n_hints, 0, 0),
};
static JDESC(page_desc, P, page_fields);
#undef P
#define C struct v_scan
static const struct jfield scan_fields[] = {
    S(C, field),
    S(C, phase),
    S(C, doing),
    JF_INT(C, page, 0, 0, 0),
    JF_INT(C, percent, 0, 0, 0),
    JF_INT(C, max, 0, 0, 0),
    JF_BOOL(C, feeder, 0),
    JF_BOOL(C, flatbed, 0),
    JF_BOOL(C, loaded, 0),
    JF_BOOL(C, counter, 0),
    JF_BOOL(C, chosen, 0),
    JF_OBJP(C, error, J_OMIT, &error_desc),
    JF_ARR(C, pages, n_pages, 0, 0, &page_desc),
};
static JDESC(scan_desc, C, scan_fields);
#undef C

#define A struct v_address
static const struct jfield address_fields[] = {
    S(A, field),
    S(A, phase),
    JF_INT(A, progress, 0, 0, 0),
    JF_INT(A, attempts, 0, 0, 0),
    JF_OBJP(A, error, J_OMIT, &error_desc),
};
static JDESC(address_desc, A, address_fields);
#undef A

static const struct jfield form_fields[] = {
    JF_INT(struct v_form, page, 0, 0, 0),
    JF_INT(struct v_form, pages, 0, 0, 0),
    S(struct v_form, title),
    JF_ARR(struct v_form, fields, n_fields, 0, 0, &field_desc),
    JF_OBJP(struct v_form, address, J_OMIT, &address_desc),
};
static JDESC(form_desc, struct v_form, form_fields);

static const struct jfield row_fields[] = {
    S(struct v_row, field),
    S(struct v_row, label),
    S(struct v_row, value),
};
static JDESC(row_desc, struct v_row, row_fields);

static const struct jfield section_fields[] = {
    S(struct v_section, title),
    JF_ARR(struct v_section, rows, n_rows, 0, 0, &row_desc),
};
static JDESC(section_desc, struct v_section, section_fields);

static const struct jfield review_fields[] = {
    JF_ARR(struct v_review, sections, n_sections, 0, 0, &section_desc),
    JF_ARR(struct v_review, consents, n_consents, 0, 0, &field_desc),
    JF_BOOL(struct v_review, sign, 0),
};
static JDESC(review_desc, struct v_review, review_fields);

static const struct jfield sign_fields[] = {
    S(struct v_sign, phase),
    JF_BOOL(struct v_sign, skipped, 0),
    JF_INT(struct v_sign, samples, 0, 0, 0),
    JF_INT(struct v_sign, strokes, 0, 0, 0),
    JF_INT(struct v_sign, width, J_OMIT, 0, 0),
    JF_INT(struct v_sign, height, J_OMIT, 0, 0),
    JF_OBJP(struct v_sign, error, J_OMIT, &error_desc),
    S(struct v_sign, title),
    S(struct v_sign, hash),
};
static JDESC(sign_desc, struct v_sign, sign_fields);

static const struct jfield filing_fields[] = {S(struct v_filing, phase)};
static JDESC(filing_desc, struct v_filing, filing_fields);

static const struct jfield print_fields[] = {
    S(struct v_print, phase),
    S(struct v_print, proof),
    S(struct v_print, text),
};
static JDESC(print_desc, struct v_print, print_fields);

static const struct jfield done_fields[] = {
    JF_BOOL(struct v_done, provisional, 0),
    JF_BOOL(struct v_done, papers, J_OMIT),
    S(struct v_done, number),
    S(struct v_done, date),
    S(struct v_done, time),
    S(struct v_done, due),
    S(struct v_done, due_why),
    S(struct v_done, after),
    S(struct v_done, receipt_code),
    S(struct v_done, pin),
    S(struct v_done, url),
    S(struct v_done, request_id),
    S(struct v_done, registered_at),
    S(struct v_done, institution),
    S(struct v_done, corrected),
    JF_OBJP(struct v_done, print, J_OMIT, &print_desc),
};
static JDESC(done_desc, struct v_done, done_fields);

static const struct jfield mine_fields[] = {
    S(struct v_mine, phase),
    S(struct v_mine, problem),
    JF_ANY(struct v_mine, view, J_OMIT),
    JF_BOOL(struct v_mine, repairable, 0),
};
static JDESC(mine_desc, struct v_mine, mine_fields);

static const struct jfield device_fields[] = {
    {"public", J_STR, 0, offsetof(struct v_device, public_), 0, 0, 0, NULL, NULL},
};
static JDESC(device_desc, struct v_device, device_fields);

static const struct jfield devices_fields[] = {
    JF_OBJ(struct v_devices, card, 0, &device_desc),
    JF_OBJ(struct v_devices, print, 0, &device_desc),
    JF_OBJ(struct v_devices, pad, 0, &device_desc),
    JF_OBJP(struct v_devices, scan, J_OMIT, &device_desc),
    {"register", J_OBJ, 0, offsetof(struct v_devices, reg), 0, 0, 0, &device_desc, NULL},
};
static JDESC(devices_desc, struct v_devices, devices_fields);

static const struct jfield state_fields[] = {
    JF_INT(struct v_state, seq, 0, 0, 0),
    S(struct v_state, step),
    S(struct v_state, mode),
    S(struct v_state, lang),
    JF_OBJ(struct v_state, idle, 0, &idle_desc),
    JF_ARR(struct v_state, services, n_services, J_OMIT, 0, &service_desc),
    JF_OBJP(struct v_state, service, J_OMIT, &chosen_desc),
    JF_OBJP(struct v_state, card, J_OMIT, &card_desc),
    JF_OBJP(struct v_state, form, J_OMIT, &form_desc),
    JF_OBJP(struct v_state, scan, J_OMIT, &scan_desc),
    JF_OBJP(struct v_state, review, J_OMIT, &review_desc),
    JF_OBJP(struct v_state, sign, J_OMIT, &sign_desc),
    JF_OBJP(struct v_state, filing, J_OMIT, &filing_desc),
    JF_OBJP(struct v_state, done, J_OMIT, &done_desc),
    JF_OBJP(struct v_state, mine, J_OMIT, &mine_desc),
    JF_OBJ(struct v_state, devices, 0, &devices_desc),
    S(struct v_state, notice),
};
JDESC(v_state_desc, struct v_state, state_fields);
