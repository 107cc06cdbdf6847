/* Lists of waiting requests that remember their end; for intake.c. */
#ifndef PRIDVOR_LINE_H
#define PRIDVOR_LINE_H

#include "backend/intake.h"

struct line {
    struct intake_item *head, **tail;
    unsigned n;
};

static inline void line_init(struct line *l)
{
    l->head = NULL;
    l->tail = &l->head;
    l->n = 0;
}

static inline void line_add(struct line *l, struct intake_item *it)
{
    it->next = NULL;
    *l->tail = it;
    l->tail = &it->next;
    l->n++;
}

/* The first n of from, or fewer. */
static inline struct line line_take(struct line *from, unsigned n)
{
    struct line out;
    line_init(&out);
    while (from->head && out.n < n) {
        struct intake_item *it = from->head;
        from->head = it->next;
        from->n--;
        line_add(&out, it);
    }
    if (!from->head)
        line_init(from);
    return out;
}

/* A copied line's tail may point into the old place. */
static inline void line_move(struct line *to, struct line *from)
{
    *to = *from;
    if (!to->head)
        to->tail = &to->head;
    line_init(from);
}

/* Puts all of from behind to. */
static inline void line_join(struct line *to, struct line *from)
{
    if (!from->head)
        return;
    *to->tail = from->head;
    to->tail = from->tail;
    to->n += from->n;
    line_init(from);
}

#endif
