/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "report/diff.h"
#include "report/term.h"

/* Where both sides stand: lines already passed. */
struct place {
    size_t before, after;
};

static bool is_changed_at(const struct pn_diff *diff, struct place at)
{
    return (at.before < diff->before.count && diff->before.changed[at.before]) ||
           (at.after < diff->after.count && diff->after.changed[at.after]);
}

static bool is_end(const struct pn_diff *diff, struct place at)
{
    return at.before >= diff->before.count && at.after >= diff->after.count;
}

/* Behind all changed lines from `at` on. */
static struct place skip_changes(const struct pn_diff *diff, struct place at)
{
    while (at.before < diff->before.count && diff->before.changed[at.before])
        at.before++;
    while (at.after < diff->after.count && diff->after.changed[at.after])
        at.after++;
    return at;
}

/* The next place with a change, or the end. `at` is where both sides are alike or at the end. */
static struct place skip_equal(const struct pn_diff *diff, struct place at)
{
    while (!is_end(diff, at) && !is_changed_at(diff, at)) {
        at.before++;
        at.after++;
    }
    return at;
}

static void write_line(struct pn_buf *out, char sign, struct pn_str line, bool color)
{
    bool has_break = line.n > 0 && line.s[line.n - 1] == '\n';
    const char *paint = !color || sign == ' ' ? NULL : sign == '-' ? PN_TERM_RED : PN_TERM_GREEN;
    if (paint != NULL)
        pn_buf_cstr(out, paint);
    pn_buf_char(out, sign);
    pn_buf_append(out, line.s, has_break ? line.n - 1 : line.n);
    if (paint != NULL)
        pn_buf_cstr(out, PN_TERM_RESET);
    pn_buf_char(out, '\n');
    if (!has_break)
        pn_buf_cstr(out, "\\ No newline at end of file\n");
}

/* "3,7": first line and number of lines; "3" for one line; "2,0" stands behind line 2. */
static void write_range(struct pn_buf *out, char sign, size_t start, size_t end)
{
    pn_buf_printf(out, "%c%zu", sign, end > start ? start + 1 : start);
    if (end - start != 1)
        pn_buf_printf(out, ",%zu", end - start);
}

static void write_hunk(struct pn_buf *out, const struct pn_diff *diff, struct place at,
                       struct place end, bool color)
{
    pn_buf_cstr(out, color ? PN_TERM_CYAN "@@ " : "@@ ");
    write_range(out, '-', at.before, end.before);
    pn_buf_char(out, ' ');
    write_range(out, '+', at.after, end.after);
    pn_buf_cstr(out, color ? " @@" PN_TERM_RESET "\n" : " @@\n");
    while (at.before < end.before || at.after < end.after) {
        while (at.before < end.before && diff->before.changed[at.before])
            write_line(out, '-', diff->before.lines[at.before++], color);
        while (at.after < end.after && diff->after.changed[at.after])
            write_line(out, '+', diff->after.lines[at.after++], color);
        if (at.before < end.before && at.after < end.after) {
            write_line(out, ' ', diff->before.lines[at.before], color);
            at.before++;
            at.after++;
        }
    }
}

static void write_header(struct pn_buf *out, const char *sign, struct pn_str name, bool color)
{
    pn_buf_cstr(out, color ? PN_TERM_BOLD : "");
    pn_buf_cstr(out, sign);
    pn_buf_str(out, name);
    pn_buf_cstr(out, color ? PN_TERM_RESET "\n" : "\n");
}

/* The end of a hunk whose first change is at `change`; *ret_next is the change after it. */
static struct place find_hunk_end(const struct pn_diff *diff, struct place change,
                                  struct place *ret_next)
{
    for (;;) {
        struct place end = skip_changes(diff, change);
        struct place next = skip_equal(diff, end);
        /* Changes share a hunk when their context lines touch. */
        if (!is_end(diff, next) && next.before - end.before <= 2 * PN_DIFF_CONTEXT_LINES) {
            change = next;
            continue;
        }
        size_t context = next.before - end.before;
        context = context < PN_DIFF_CONTEXT_LINES ? context : PN_DIFF_CONTEXT_LINES;
        *ret_next = next;
        return (struct place){end.before + context, end.after + context};
    }
}

int pn_diff_write(struct pn_buf *out, struct pn_str old_name, struct pn_str before,
                  struct pn_str new_name, struct pn_str after, bool color)
{
    PN_CLEANUP(pn_diff_deinit) struct pn_diff diff = {0};
    if (pn_str_eq(before, after))
        return 0;
    int r = pn_diff_init(&diff, before, after);
    if (r != 0)
        return r;
    write_header(out, "--- ", old_name, color);
    write_header(out, "+++ ", new_name, color);
    struct place next, change = skip_equal(&diff, (struct place){0, 0});
    while (!is_end(&diff, change)) {
        size_t context = change.before < PN_DIFF_CONTEXT_LINES ? change.before
                                                               : PN_DIFF_CONTEXT_LINES;
        struct place start = {change.before - context, change.after - context};
        struct place end = find_hunk_end(&diff, change, &next);
        write_hunk(out, &diff, start, end, color);
        change = next;
    }
    return out->failed ? -ENOMEM : 0;
}
