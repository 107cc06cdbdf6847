/* A flow on real parts: service definitions, a queue in a new folder, driver processes of fake_kdrv. */
#ifndef PRIDVOR_TESTS_FLOW_RIG_H
#define PRIDVOR_TESTS_FLOW_RIG_H

#include "firmware/flow_int.h"

struct rig {
    uv_loop_t loop;
    struct arena *arena;
    struct kiosk_conf conf;
    struct catalog catalog;
    struct institutions institutions;
    struct i18n *i18n;
    struct terms *terms;
    struct receipt_texts *receipts;
    struct queue *queue;
    struct drivers *drivers;
    struct flow *flow;
    char dir[64];
    struct driver_conf drv[4];
    const char *argv[4][2];
    bool online;
    int helped; /* calls for help that reached the register's link */
    int filed, ended, changed, devices;
    char filed_id[UUID_LEN];
    int asks; /* to the register while the person waits: the last one */
    char ask_path[120], ask_body[4096];
    enum rc rc; /* of the last command */
    int status;
    struct err err;
    char reply[4096];
};

/* Modes of fake_kdrv for card, print and pad; NULL: no driver. */
void rig_open(struct rig *r, const char *card, const char *print, const char *pad);
void rig_open_scan(struct rig *r, const char *card, const char *scan); /* the same with a scanner */
void rig_close(struct rig *r);
/* Runs a command; the outcome is in rc, status, err and reply. */
void rig_do(struct rig *r, const char *path, const char *body);
void rig_must(struct rig *r, const char *path, const char *body); /* and fails the test when it is refused */
/* Turns the loop until the state has this text, or fails after five seconds. */
void rig_until(struct rig *r, const char *text);
bool rig_state_has(struct rig *r, const char *text);
void rig_fill(struct rig *r); /* answers the form until the review */
void rig_next(struct rig *r); /* the page on the screen */
void rig_to(struct rig *r, enum step step,
            const char *service);                   /* by the usual way, with what devices there are */
void rig_answer(struct rig *r, const char *number); /* the register's answer to what was filed */

#endif
