/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fix.h"

/* Where the comment at the end of the line that ends at `end` begins; `end` when there is none. A
 * quoted text with " #" in it counts as one: then a word less is seen. */
static size_t before_comment(struct pn_str bytes, size_t end)
{
    size_t line = end;
    while (line > 0 && bytes.s[line - 1] != '\n')
        line--;
    for (size_t i = line; i < end; i++) {
        if (bytes.s[i] == '#' && (i == line || bytes.s[i - 1] == ' ' || bytes.s[i - 1] == '\t'))
            return i;
    }
    return end;
}

/* Where the word before byte `at` begins, over blanks, line breaks and comments. */
static size_t word_before(struct pn_str bytes, size_t at)
{
    while (at > 0 && (bytes.s[at - 1] == ' ' || bytes.s[at - 1] == '\t' ||
                      bytes.s[at - 1] == '\r' || bytes.s[at - 1] == '\n')) {
        at--;
        if (bytes.s[at] == '\n')
            at = before_comment(bytes, at);
    }
    while (at > 0 && (unsigned char)bytes.s[at - 1] > ' ' &&
           strchr(",[]{}", bytes.s[at - 1]) == NULL)
        at--;
    return at;
}

/* The bytes of a scalar, s == NULL when it is not to be touched: behind "!!int" or "&port". */
static struct pn_str bytes_of(const struct pn_source *source, const struct pn_node *node)
{
    struct pn_str bytes = source->bytes;
    if (node->span.end > bytes.n || node->span.end <= node->span.start)
        return PN_STR_NULL;
    size_t at = word_before(bytes, node->span.start);
    if (at < node->span.start && (bytes.s[at] == '!' || bytes.s[at] == '&'))
        return PN_STR_NULL;
    return (struct pn_str){bytes.s + node->span.start, node->span.end - node->span.start};
}

static bool is_quoted(struct pn_str bytes)
{
    return bytes.n >= 2 && (bytes.s[0] == '"' || bytes.s[0] == '\'') &&
           bytes.s[bytes.n - 1] == bytes.s[0];
}

/* Where the text stands, without its quotes; false when it is not written as it is. */
static bool find_text(size_t *ret_start, const struct pn_source *source, const struct pn_node *node)
{
    struct pn_str bytes = bytes_of(source, node);
    size_t quote = is_quoted(bytes) ? 1 : 0;
    if (bytes.s == NULL || node->kind != PN_NODE_STRING ||
        !pn_str_eq(node->s, (struct pn_str){bytes.s + quote, bytes.n - 2 * quote}))
        return false;
    *ret_start = node->span.start + quote;
    return true;
}

void pn_fix_word(struct pn_diags *diags, const struct pn_source *source, const struct pn_node *node,
                 struct pn_str word)
{
    size_t start;
    if (find_text(&start, source, node))
        pn_diags_edit(diags, start, start + node->s.n, word);
}

void pn_fix_misspelt(struct pn_diags *diags, const struct pn_source *source,
                     const struct pn_node *node, const char *const *words)
{
    const char *meant = pn_str_meant(pn_node_str(node), words);
    if (meant != NULL)
        pn_fix_word(diags, source, node, pn_str_of(meant));
}

void pn_fix_quote(struct pn_diags *diags, const struct pn_source *source,
                  const struct pn_node *node)
{
    struct pn_str bytes = bytes_of(source, node);
    bool is_scalar = node->kind == PN_NODE_BOOL || node->kind == PN_NODE_INT ||
                     node->kind == PN_NODE_REAL || node->kind == PN_NODE_RAW;
    if (!is_scalar || !node->plain || bytes.s == NULL)
        return;
    pn_diags_edit(diags, node->span.start, node->span.start, PN_STR("\""));
    pn_diags_edit(diags, node->span.end, node->span.end, PN_STR("\""));
}

/* What YAML reads as it is written: "010" and "0x10" would be other numbers. */
static bool is_plain(struct pn_str text)
{
    size_t sign = text.n > 0 && text.s[0] == '-' ? 1 : 0;
    if (pn_str_is(text, "true") || pn_str_is(text, "false") || pn_str_is(text, "0"))
        return true;
    for (size_t i = sign; i < text.n; i++) {
        if (text.s[i] < (i == sign ? '1' : '0') || text.s[i] > '9')
            return false;
    }
    return text.n > sign;
}

void pn_fix_unquote(struct pn_diags *diags, const struct pn_source *source,
                    const struct pn_node *node)
{
    size_t start;
    if (find_text(&start, source, node) && start > node->span.start && is_plain(node->s))
        pn_diags_edit(diags, node->span.start, node->span.end, node->s);
}
