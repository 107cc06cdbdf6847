/* A signature as a hand would leave it: an initial with a loop, a running name, a stroke below. */
#include <math.h>

#include "tests/devices/pad.h"

struct knot {
    short x, y; /* thousandths of the writing surface */
};

/* Each stroke is a smooth curve through its knots. */
static const struct knot initial[] = {{150, 640}, {178, 520}, {214, 330}, {246, 216}, {262, 230}, {252, 380},
                                      {236, 560}, {226, 690}, {219, 742}, {210, 700}, {208, 520}, {222, 320},
                                      {270, 214}, {330, 220}, {352, 300}, {326, 392}, {268, 440}, {236, 438}};
static const struct knot name[] = {
    {318, 560}, {336, 500}, {358, 480}, {350, 530}, {340, 580}, {362, 590}, {388, 520},
    {404, 490}, {396, 560}, {390, 690}, {382, 760}, {374, 720}, {392, 600}, {420, 500},
    {446, 496}, {448, 550}, {424, 584}, {440, 590}, {470, 540}, {492, 500}, {478, 490},
    {468, 545}, {484, 588}, {512, 560}, {534, 500}, {546, 490}, {540, 540}, {556, 584},
    {536, 596}, {572, 560}, {600, 500}, {588, 492}, {578, 548}, {600, 586}, {630, 556},
    {652, 502}, {640, 494}, {630, 550}, {650, 588}, {684, 548}, {700, 500}, {700, 560},
    {718, 586}, {742, 530}, {752, 500}, {754, 566}, {780, 590}, {824, 560}, {872, 520}};
static const struct knot below[] = {{842, 640}, {720, 668}, {560, 700}, {430, 740},
                                    {386, 772}, {430, 776}, {560, 748}, {690, 726}};

struct stroke {
    const struct knot *k;
    int n;
    int ms;
};
static const struct stroke strokes[] = {
    {initial, (int)G_N_ELEMENTS(initial), 330},
    {name, (int)G_N_ELEMENTS(name), 620},
    {below, (int)G_N_ELEMENTS(below), 150},
};

static double spline(double a, double b, double c, double d, double t)
{
    return 0.5 *
           (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t);
}

static void at(const struct stroke *s, double u, double *x, double *y)
{
    int i = CLAMP((int)u, 0, s->n - 2);
    const struct knot *a = &s->k[MAX(i - 1, 0)], *b = &s->k[i], *c = &s->k[i + 1],
                      *d = &s->k[MIN(i + 2, s->n - 1)];
    *x = spline(a->x, b->x, c->x, d->x, u - i) / 1000;
    *y = spline(a->y, b->y, c->y, d->y, u - i) / 1000;
}

static const struct pad_kind *fit;

/* Drawn for 10800 x 6480 units and 1023 levels, then fitted. */
enum { X = 10800, Y = 6480, P = 1023 };

static void put(GArray *q, double x, double y, double p, bool near)
{
    const struct pad_kind *k = fit;
    struct pad_sample s = {.x = CLAMP((int)lround(x * k->x / X), 0, k->x),
                           .y = CLAMP((int)lround(y * k->y / Y), 0, k->y),
                           .p = CLAMP((int)lround(p * k->p / P), p > 0 ? 1 : 0, k->p),
                           .near = near};
    g_array_append_val(q, s);
}

static void draw_stroke(GArray *q, const struct stroke *s)
{
    int n = s->ms * PAD_HZ / 1000;
    double x, y, px, py;
    at(s, 0, &px, &py);
    px *= X;
    py *= Y;
    for (int i = 0; i < n; i++) {
        double f = (double)i / (n - 1);
        at(s, f * (s->n - 1), &x, &y);
        x *= X;
        y *= Y;
        double speed = hypot(x - px, y - py); /* units per 5 ms: a fast pen presses less */
        double edge = fmin(1, fmin(f, 1 - f) * 9 + 0.18);
        double shake = sin(i * 2.3) * 2.0;
        double press = (640 - fmin(speed, 300) * 0.9 + sin(i * 0.7) * 28) * edge;
        put(q, x + shake, y + cos(i * 1.9) * 2.0, fmax(press, 40), true);
        px = x;
        py = y;
    }
}

void pad_sign(GArray *q, const struct pad_kind *k)
{
    fit = k;
    for (size_t i = 0; i < G_N_ELEMENTS(strokes); i++) {
        double x, y;
        at(&strokes[i], 0, &x, &y);
        x *= X;
        y *= Y;
        for (int near = 4; near > 0; near--) /* the pen comes near */
            put(q, x - 30 * near, y - 40 * near, 0, true);
        draw_stroke(q, &strokes[i]);
        struct pad_sample *l = &g_array_index(q, struct pad_sample, q->len - 1);
        double ex = (double)l->x * X / k->x, ey = (double)l->y * Y / k->y;
        for (int far = 1; far <= 3; far++)
            put(q, ex + 20 * far, ey - 30 * far, 0, true);
    }
    put(q, 0, 0, 0, false);
}
