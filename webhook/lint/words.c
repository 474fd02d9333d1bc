/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/words.h"

void pn_words_join(struct pn_buf *out, const struct pn_trace *list)
{
    for (uint32_t i = 0; i < pn_trace_count(list); i++) {
        struct pn_str word = pn_trace_str(pn_trace_item(list, i));
        if (word.n == 0)
            continue;
        if (out->len > 0)
            pn_buf_char(out, ' ');
        pn_buf_str(out, word);
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == ';' || c == '&' || c == '|' || c == '(' ||
           c == ')' || c == '"' || c == '\'';
}

/* Length of `words` at the start of `text` (any blanks for one), or 0. */
static size_t match_words(struct pn_str text, const char *words)
{
    size_t at = 0;
    for (; *words != '\0'; words++) {
        if (*words == ' ') {
            if (at >= text.n || (text.s[at] != ' ' && text.s[at] != '\t'))
                return 0;
            while (at < text.n && (text.s[at] == ' ' || text.s[at] == '\t'))
                at++;
        } else if (at < text.n && text.s[at] == *words) {
            at++;
        } else {
            return 0;
        }
    }
    return at;
}

bool pn_words_hold(struct pn_str text, const char *words)
{
    for (size_t i = 0; i < text.n; i++) {
        if (i > 0 && !is_blank(text.s[i - 1]) && text.s[i - 1] != '/')
            continue;
        size_t n = match_words((struct pn_str){text.s + i, text.n - i}, words);
        if (n > 0 && (i + n == text.n || is_blank(text.s[i + n])))
            return true;
    }
    return false;
}
