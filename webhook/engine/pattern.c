/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/pattern.h"

#include "base/limits.h"

/* ---- how large it is --------------------------------------------------------------------- */

struct measure {
    struct pn_str text;
    size_t at;
    const char *fault; /* the first one */
};

/* Of a part: the characters, classes and anchors in it, and whether it matches the empty text. */
struct extent {
    uint32_t places;
    bool empty;
};

static struct extent measure_alternatives(struct measure *m, unsigned depth);

static bool is_at(const struct measure *m, char c)
{
    return m->at < m->text.n && m->text.s[m->at] == c;
}

static void fail(struct measure *m, const char *fault)
{
    if (m->fault == NULL)
        m->fault = fault;
}

/* Behind a bracket expression: `]` is an ordinary character at its start and within [. .], [= =]
 * and [: :]. */
static void skip_brackets(struct measure *m)
{
    m->at++;
    m->at += is_at(m, '^');
    m->at += is_at(m, ']');
    while (m->at < m->text.n && !is_at(m, ']')) {
        char kind = m->at + 1 < m->text.n ? m->text.s[m->at + 1] : '\0';
        bool named = is_at(m, '[') && (kind == '.' || kind == '=' || kind == ':');
        m->at += named ? 2 : 1;
        while (named && m->at < m->text.n &&
               !(is_at(m, kind) && m->at + 1 < m->text.n && m->text.s[m->at + 1] == ']'))
            m->at++;
        m->at += named ? 2 : 0;
    }
    m->at++;
}

/* A backslash and what follows: of GNU's additions, some match a place between characters. */
static struct extent measure_escape(struct measure *m)
{
    char c = m->at + 1 < m->text.n ? m->text.s[m->at + 1] : '\0';
    if (c >= '1' && c <= '9')
        fail(m, "a reference back (\\1) can take for ever to match");
    m->at += 2;
    return (struct extent){1, c != '\0' && strchr("bB<>`'", c) != NULL};
}

static struct extent measure_atom(struct measure *m, unsigned depth)
{
    struct extent inner;
    switch (m->text.s[m->at]) {
    case '(':
        m->at++;
        inner = measure_alternatives(m, depth + 1);
        m->at += is_at(m, ')');
        return inner;
    case '[':
        skip_brackets(m);
        return (struct extent){1, false};
    case '\\':
        return measure_escape(m);
    case ')': /* depth 0: libc takes it for a character, which would end our own bracket */
        fail(m, "a `)` closes nothing; the character is \\)");
        m->at++;
        return (struct extent){1, false};
    default: {
        bool anchor = is_at(m, '^') || is_at(m, '$');
        m->at++;
        return (struct extent){1, anchor};
    }
    }
}

/* The digits from here on; `none` where there are none. */
static uint32_t read_count(struct measure *m, uint32_t none)
{
    uint32_t n = 0;
    size_t start = m->at;
    for (; m->at < m->text.n && m->text.s[m->at] >= '0' && m->text.s[m->at] <= '9'; m->at++)
        n = n > PN_PATTERN_MAX_PLACES ? n : n * 10 + (uint32_t)(m->text.s[m->at] - '0');
    return m->at > start ? n : none;
}

/* What libc makes of {m}, {m,} and {m,n}: so many copies of the part, the last of {m,} in a loop.
 */
static bool read_interval(struct measure *m, uint32_t *ret_least, uint32_t *ret_copies)
{
    size_t start = m->at++;
    uint32_t least = read_count(m, 0), most = least;
    if (is_at(m, ',')) {
        m->at++;
        most = read_count(m, least > 0 ? least + 1 : 2);
    }
    if (!is_at(m, '}')) {
        m->at = start;
        return false; /* libc will refuse it */
    }
    m->at++;
    *ret_least = least;
    *ret_copies = most;
    return true;
}

static struct extent repeat(struct measure *m, struct extent part, uint32_t least, uint32_t copies)
{
    uint64_t places = (uint64_t)part.places * copies;
    if (places > PN_PATTERN_MAX_PLACES)
        fail(m, "with its repeats written out it is too large; maxLength bounds a length");
    return (struct extent){places > PN_PATTERN_MAX_PLACES ? PN_PATTERN_MAX_PLACES + 1
                                                          : (uint32_t)places,
                           least == 0 || part.empty};
}

/* An atom with its repeats; + is two copies to libc. */
static struct extent measure_repeated(struct measure *m, unsigned depth)
{
    struct extent part = measure_atom(m, depth);
    while (m->at < m->text.n) {
        uint32_t least = 0, copies = 1;
        char c = m->text.s[m->at];
        if (c == '{' ? !read_interval(m, &least, &copies) : strchr("*+?", c) == NULL)
            return part;
        if (c == '+')
            least = 1, copies = 2;
        m->at += c != '{';
        if (part.empty && (copies > 1 || c == '*'))
            fail(m, "it repeats what may be empty, which can take for ever to compile");
        part = repeat(m, part, least, copies);
    }
    return part;
}

static struct extent measure_sequence(struct measure *m, unsigned depth)
{
    struct extent all = {0, true};
    while (m->at < m->text.n && !is_at(m, '|') && !(is_at(m, ')') && depth > 0)) {
        struct extent part = measure_repeated(m, depth);
        all.places += part.places;
        all.empty = all.empty && part.empty;
    }
    return all;
}

static struct extent measure_alternatives(struct measure *m, unsigned depth)
{
    struct extent all = measure_sequence(m, depth);
    while (is_at(m, '|')) {
        m->at++;
        struct extent other = measure_sequence(m, depth);
        all.places += other.places;
        all.empty = all.empty || other.empty;
    }
    return all;
}

const char pn_pattern_out_of_memory[] = "out of memory";

const char *pn_pattern_fault(struct pn_str raw, char *buffer, size_t size)
{
    char copy[PN_PATTERN_MAX_BYTES + 1];
    struct measure m = {.text = raw};
    regex_t regex;
    if (raw.n == 0)
        return NULL;
    if (raw.n > PN_PATTERN_MAX_BYTES || memchr(raw.s, '\0', raw.n) != NULL)
        return "it is too long, or holds a NUL";
    struct extent all = measure_alternatives(&m, 0);
    repeat(&m, all, 1, 1);
    if (m.fault != NULL)
        return m.fault;
    memcpy(copy, raw.s, raw.n);
    copy[raw.n] = '\0';
    int r = regcomp(&regex, copy, REG_EXTENDED | REG_NOSUB);
    if (r == 0) {
        regfree(&regex);
        return NULL;
    }
    if (r == REG_ESPACE)
        return pn_pattern_out_of_memory;
    regerror(r, &regex, buffer, size);
    return buffer;
}

/* ---- at work ------------------------------------------------------------------------------ */

void pn_pattern_deinit(struct pn_pattern *pattern)
{
    if (pattern->compiled)
        regfree(&pattern->regex);
    pn_buf_deinit(&pattern->text);
}

static bool compile(struct pn_pattern *p)
{
    if (p->compiled || p->failed)
        return p->compiled;
    p->text.len = 0;
    pn_buf_printf(&p->text, "^(%.*s)$", PN_STR_ARG(p->raw));
    pn_buf_char(&p->text, '\0');
    p->compiled = !p->text.failed &&
                  regcomp(&p->regex, p->text.data, REG_EXTENDED | REG_NOSUB) == 0;
    p->failed = !p->compiled;
    return p->compiled;
}

bool pn_pattern_matches(struct pn_pattern *p, struct pn_str text)
{
    int r = REG_ESPACE;
    if (p->raw.s == NULL)
        return true;
    if ((text.n > 0 && memchr(text.s, '\0', text.n) != NULL) || !compile(p))
        return false;
    p->text.len = 0;
    pn_buf_str(&p->text, text);
    pn_buf_char(&p->text, '\0');
    if (!p->text.failed)
        r = regexec(&p->regex, p->text.data, 0, NULL, 0);
    p->failed = p->failed || r == REG_ESPACE;
    return r == 0;
}
