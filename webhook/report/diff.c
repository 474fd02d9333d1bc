/* SPDX-License-Identifier: Apache-2.0 */
#include "report/diff.h"

#include <errno.h>
#include <stdlib.h>

/* ---- lines to numbers ------------------------------------------------------------------ */

static size_t count_lines(struct pn_str text)
{
    size_t n = 0;
    while (text.n > 0) {
        const char *end = memchr(text.s, '\n', text.n);
        size_t step = end != NULL ? (size_t)(end - text.s) + 1 : text.n;
        text.s += step;
        text.n -= step;
        n++;
    }
    return n;
}

static int split_lines(struct pn_diff_side *side, struct pn_str text)
{
    size_t n = count_lines(text);
    struct pn_str *lines = calloc(n + 1, sizeof *lines);
    bool *changed = calloc(n + 1, sizeof *changed);
    if (lines == NULL || changed == NULL) {
        free(lines);
        free(changed);
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        const char *end = memchr(text.s, '\n', text.n);
        size_t step = end != NULL ? (size_t)(end - text.s) + 1 : text.n;
        lines[i] = (struct pn_str){text.s, step};
        text.s += step;
        text.n -= step;
    }
    *side = (struct pn_diff_side){lines, n, changed};
    return 0;
}

/* Equal lines get equal numbers, so that the search compares integers. Open addressing. */
struct numbering {
    struct pn_str *line_of; /* by number */
    uint32_t *slots;        /* number + 1; 0: free */
    size_t mask;
    uint32_t count;
};

static uint32_t number_of(struct numbering *numbering, struct pn_str line)
{
    size_t at = (size_t)pn_str_hash(PN_HASH_BASIS, line);
    for (;; at++) {
        uint32_t *slot = &numbering->slots[at & numbering->mask];
        if (*slot == 0) {
            numbering->line_of[numbering->count] = line;
            *slot = ++numbering->count;
            return *slot - 1;
        }
        if (pn_str_eq(numbering->line_of[*slot - 1], line))
            return *slot - 1;
    }
}

static void numbering_deinit(struct numbering *numbering)
{
    free(numbering->line_of);
    free(numbering->slots);
}

static int numbering_init(struct numbering *ret, size_t lines)
{
    size_t size = 16;
    while (size < 2 * lines)
        size *= 2;
    ret->line_of = calloc(lines + 1, sizeof *ret->line_of);
    ret->slots = calloc(size, sizeof *ret->slots);
    ret->mask = size - 1;
    return ret->line_of == NULL || ret->slots == NULL || lines > UINT32_MAX - 1 ? -ENOMEM : 0;
}

/* ---- Myers ----------------------------------------------------------------------------- */

/*
 * A path through the edit graph goes right (delete a line of a), down (add a line of b) or along a
 * diagonal (keep). Diagonal k holds the points x - y = k.
 */
struct sequence {
    uint32_t *numbers; /* lines that both texts have */
    size_t *line;      /* their places among all lines */
    size_t count;
    bool *changed; /* of the whole side */
};

struct search {
    struct sequence a, b;
    ptrdiff_t *forward;  /* by diagonal: the furthest x reached from the start; -1: none */
    ptrdiff_t *backward; /* by diagonal: the least x reached from the end; NONE: none */
};

#define NONE PTRDIFF_MAX

/*
 * Edits after which a search settles for what it has. Its cost grows with the square: this is some
 * milliseconds, and no preview shows so many changes in a row that also keep lines in common.
 */
enum { SEARCH_MAX_EDITS = 2048 };

struct box {
    ptrdiff_t a_start, a_end, b_start, b_end;
};

struct point {
    ptrdiff_t x, y;
};

/* The furthest x on diagonal k with one more edit, -1 when nothing leads there. */
static ptrdiff_t step_forward(const struct search *s, const struct box *box, ptrdiff_t k)
{
    ptrdiff_t width = box->a_end - box->a_start, height = box->b_end - box->b_start;
    ptrdiff_t left = s->forward[k - 1], above = s->forward[k + 1];
    ptrdiff_t x = -1;
    if (left >= 0 && left < width)
        x = left + 1;
    if (above > x && above - k <= height)
        x = above;
    if (x < 0)
        return -1;
    const uint32_t *a = s->a.numbers + box->a_start, *b = s->b.numbers + box->b_start;
    while (x < width && x - k < height && a[x] == b[x - k])
        x++;
    return x;
}

static ptrdiff_t step_backward(const struct search *s, const struct box *box, ptrdiff_t k)
{
    ptrdiff_t right = s->backward[k + 1], below = s->backward[k - 1];
    ptrdiff_t x = NONE;
    if (right != NONE && right > 0)
        x = right - 1;
    if (below < x && below - k >= 0)
        x = below;
    if (x == NONE)
        return NONE;
    const uint32_t *a = s->a.numbers + box->a_start, *b = s->b.numbers + box->b_start;
    while (x > 0 && x - k > 0 && a[x - 1] == b[x - 1 - k])
        x--;
    return x;
}

/* The first diagonal from `low` on with the parity of `k`, not below -height. */
static ptrdiff_t first_diagonal(ptrdiff_t low, ptrdiff_t height)
{
    return low >= -height ? low : -height + ((low + height) & 1);
}

/*
 * One more edit from the start, on every diagonal. True when the paths from both ends meet: *ret is
 * then a point of a shortest path. The bounds beyond the outermost diagonals are set anew each
 * time, so nothing of an earlier search is read.
 */
static bool advance_forward(struct point *ret, struct search *s, const struct box *box,
                            ptrdiff_t edits)
{
    ptrdiff_t width = box->a_end - box->a_start, height = box->b_end - box->b_start;
    ptrdiff_t corner = width - height, last = edits < width ? edits : width;
    if (edits <= width)
        s->forward[edits + 1] = -1;
    if (edits <= height)
        s->forward[-edits - 1] = -1;
    for (ptrdiff_t k = first_diagonal(-edits, height); k <= last; k += 2) {
        ptrdiff_t x = step_forward(s, box, k);
        s->forward[k] = x;
        bool is_reached = (corner & 1) != 0 && k > corner - edits && k < corner + edits;
        if (is_reached && x >= s->backward[k]) {
            *ret = (struct point){x, x - k};
            return true;
        }
    }
    return false;
}

static bool advance_backward(struct point *ret, struct search *s, const struct box *box,
                             ptrdiff_t edits)
{
    ptrdiff_t width = box->a_end - box->a_start, height = box->b_end - box->b_start;
    ptrdiff_t corner = width - height, last = corner + edits < width ? corner + edits : width;
    if (corner + edits <= width)
        s->backward[corner + edits + 1] = NONE;
    if (corner - edits >= -height)
        s->backward[corner - edits - 1] = NONE;
    for (ptrdiff_t k = first_diagonal(corner - edits, height); k <= last; k += 2) {
        ptrdiff_t x = step_backward(s, box, k);
        s->backward[k] = x;
        bool is_reached = (corner & 1) == 0 && k >= -edits && k <= edits;
        if (is_reached && s->forward[k] >= x) {
            *ret = (struct point){x, x - k};
            return true;
        }
    }
    return false;
}

/* The point that one end's search has come furthest to: not the best split, but a good one. */
static struct point settle(const struct search *s, const struct box *box, ptrdiff_t edits)
{
    ptrdiff_t width = box->a_end - box->a_start, height = box->b_end - box->b_start;
    ptrdiff_t corner = width - height, gained = -1;
    struct point best = {0, 0};
    for (ptrdiff_t k = first_diagonal(-edits, height); k <= edits && k <= width; k += 2) {
        ptrdiff_t x = s->forward[k];
        if (x >= 0 && 2 * x - k > gained) {
            gained = 2 * x - k;
            best = (struct point){x, x - k};
        }
    }
    ptrdiff_t last = corner + edits < width ? corner + edits : width;
    for (ptrdiff_t k = first_diagonal(corner - edits, height); k <= last; k += 2) {
        ptrdiff_t x = s->backward[k];
        if (x != NONE && width + height - (2 * x - k) > gained) {
            gained = width + height - (2 * x - k);
            best = (struct point){x, x - k};
        }
    }
    return best;
}

/* A point strictly inside the box, whose first and last lines differ and which has both sides. */
static struct point find_split(struct search *s, const struct box *box)
{
    ptrdiff_t width = box->a_end - box->a_start, height = box->b_end - box->b_start;
    struct point at;
    s->forward[0] = 0;
    s->backward[width - height] = width;
    for (ptrdiff_t edits = 1;; edits++) {
        if (advance_forward(&at, s, box, edits) || advance_backward(&at, s, box, edits))
            return at;
        if (edits >= SEARCH_MAX_EDITS)
            return settle(s, box, edits);
    }
}

static void mark(const struct sequence *sequence, ptrdiff_t start, ptrdiff_t end)
{
    for (ptrdiff_t i = start; i < end; i++)
        sequence->changed[sequence->line[i]] = true;
}

static void compare(struct search *s, struct box box)
{
    for (;;) {
        const uint32_t *a = s->a.numbers, *b = s->b.numbers;
        while (box.a_start < box.a_end && box.b_start < box.b_end &&
               a[box.a_start] == b[box.b_start]) {
            box.a_start++;
            box.b_start++;
        }
        while (box.a_start < box.a_end && box.b_start < box.b_end &&
               a[box.a_end - 1] == b[box.b_end - 1]) {
            box.a_end--;
            box.b_end--;
        }
        if (box.a_start == box.a_end || box.b_start == box.b_end) {
            mark(&s->a, box.a_start, box.a_end);
            mark(&s->b, box.b_start, box.b_end);
            return;
        }
        struct point at = find_split(s, &box);
        struct box first = {box.a_start, box.a_start + at.x, box.b_start, box.b_start + at.y};
        struct box second = {first.a_end, box.a_end, first.b_end, box.b_end};
        /* The smaller half recurses, so the depth stays below the logarithm of the lines. */
        bool first_is_smaller = at.x + at.y <
                                second.a_end - second.a_start + second.b_end - second.b_start;
        compare(s, first_is_smaller ? first : second);
        box = first_is_smaller ? second : first;
    }
}

/* ---- both together --------------------------------------------------------------------- */

static void sequence_deinit(struct sequence *sequence)
{
    free(sequence->numbers);
    free(sequence->line);
}

/* Numbers the lines of `side`; `seen` counts each number. */
static int sequence_init(struct sequence *ret, const struct pn_diff_side *side,
                         struct numbering *numbering, uint32_t *seen)
{
    ret->numbers = calloc(side->count + 1, sizeof *ret->numbers);
    ret->line = calloc(side->count + 1, sizeof *ret->line);
    ret->count = side->count;
    ret->changed = side->changed;
    if (ret->numbers == NULL || ret->line == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < side->count; i++) {
        ret->numbers[i] = number_of(numbering, side->lines[i]);
        seen[ret->numbers[i]]++;
    }
    return 0;
}

/* Keeps the lines that the other side has too; the others are changed for certain. */
static void keep_shared(struct sequence *sequence, const uint32_t *seen_on_other_side)
{
    size_t kept = 0;
    for (size_t i = 0; i < sequence->count; i++) {
        if (seen_on_other_side[sequence->numbers[i]] == 0) {
            sequence->changed[i] = true;
            continue;
        }
        sequence->numbers[kept] = sequence->numbers[i];
        sequence->line[kept++] = i;
    }
    sequence->count = kept;
}

static int run_search(struct search *s)
{
    size_t diagonals = s->a.count + s->b.count + 3;
    ptrdiff_t *memory = calloc(diagonals, 2 * sizeof *memory);
    if (memory == NULL)
        return -ENOMEM;
    s->forward = memory + s->b.count + 1;
    s->backward = s->forward + diagonals;
    compare(s, (struct box){0, (ptrdiff_t)s->a.count, 0, (ptrdiff_t)s->b.count});
    free(memory);
    return 0;
}

static int search_changes(struct pn_diff *diff)
{
    size_t lines = diff->before.count + diff->after.count;
    PN_CLEANUP(numbering_deinit) struct numbering numbering = {NULL, NULL, 0, 0};
    PN_CLEANUP(pn_free_pointer) uint32_t *seen_a = calloc(lines + 1, sizeof *seen_a);
    PN_CLEANUP(pn_free_pointer) uint32_t *seen_b = calloc(lines + 1, sizeof *seen_b);
    struct search s = {0};
    int r = seen_a != NULL && seen_b != NULL ? numbering_init(&numbering, lines) : -ENOMEM;
    if (r == 0)
        r = sequence_init(&s.a, &diff->before, &numbering, seen_a);
    if (r == 0)
        r = sequence_init(&s.b, &diff->after, &numbering, seen_b);
    if (r == 0) {
        keep_shared(&s.a, seen_b);
        keep_shared(&s.b, seen_a);
        r = run_search(&s);
    }
    sequence_deinit(&s.a);
    sequence_deinit(&s.b);
    return r;
}

/*
 * A run of changed lines may slide down over lines equal to its first ones: the text is the same.
 * At the bottom, an added list item begins with its own first line and not with its neighbour's.
 */
static void slide_down(struct pn_diff_side *side)
{
    for (size_t start = 0; start < side->count;) {
        if (!side->changed[start]) {
            start++;
            continue;
        }
        size_t end = start;
        while (end < side->count && side->changed[end])
            end++;
        while (end < side->count && !side->changed[end] &&
               pn_str_eq(side->lines[start], side->lines[end])) {
            side->changed[start++] = false;
            side->changed[end++] = true;
        }
        start = end;
    }
}

int pn_diff_init(struct pn_diff *ret, struct pn_str before, struct pn_str after)
{
    struct pn_diff diff = {0};
    int r = split_lines(&diff.before, before);
    if (r == 0)
        r = split_lines(&diff.after, after);
    if (r == 0)
        r = search_changes(&diff);
    if (r != 0) {
        pn_diff_deinit(&diff);
        return r;
    }
    slide_down(&diff.before);
    slide_down(&diff.after);
    *ret = diff;
    return 0;
}

static void side_deinit(struct pn_diff_side *side)
{
    free(side->lines);
    free(side->changed);
}

void pn_diff_deinit(struct pn_diff *diff)
{
    side_deinit(&diff->before);
    side_deinit(&diff->after);
    *diff = (struct pn_diff){0};
}
