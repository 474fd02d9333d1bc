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

/* The next word of *rest, which moves behind it; s == NULL at the end. */
static struct pn_str next_word(struct pn_str *rest)
{
    size_t start = 0, end;
    while (start < rest->n && is_blank(rest->s[start]))
        start++;
    if (start == rest->n)
        return PN_STR_NULL;
    for (end = start; end < rest->n && !is_blank(rest->s[end]);)
        end++;
    struct pn_str word = {rest->s + start, end - start};
    *rest = (struct pn_str){rest->s + end, rest->n - end};
    return word;
}

/* The program's name without its directory. */
static struct pn_str base_of(struct pn_str word)
{
    size_t at = word.n;
    while (at > 0 && word.s[at - 1] != '/')
        at--;
    return (struct pn_str){word.s + at, word.n - at};
}

bool pn_words_run(struct pn_str text, const char *program, const char *verb)
{
    struct pn_str word;
    while ((word = next_word(&text)).s != NULL) {
        if (!pn_str_is(base_of(word), program))
            continue;
        struct pn_str rest = text;
        do
            word = next_word(&rest);
        while (word.n > 0 && word.s[0] == '-');
        if (pn_str_is(word, verb))
            return true;
    }
    return false;
}

/* What only starts the next word, and options. */
static bool is_in_front(struct pn_str word)
{
    const struct pn_str words = PN_STR(
        "sh, bash, ash, dash, exec, sudo, tini, dumb-init, env, nohup");
    return word.s[0] == '-' || pn_str_lists(words, base_of(word));
}

bool pn_words_start(struct pn_str text, const char *program)
{
    while (text.n > 0) {
        size_t end = 0;
        while (end < text.n && strchr(";&|()\n", text.s[end]) == NULL)
            end++;
        struct pn_str command = {text.s, end}, word = next_word(&command);
        while (word.s != NULL && is_in_front(word))
            word = next_word(&command);
        if (word.s != NULL && pn_str_is(base_of(word), program))
            return true;
        end += end < text.n;
        text = (struct pn_str){text.s + end, text.n - end};
    }
    return false;
}

static bool is_shell(struct pn_str word)
{
    return pn_str_lists(PN_STR("sh, bash, ash, dash, python, python3"), base_of(word));
}

/* Behind the fetch: a pipe into a shell, before the next command. */
static bool is_piped(struct pn_str rest)
{
    for (size_t i = 0; i < rest.n && rest.s[i] != ';' && rest.s[i] != '\n' && rest.s[i] != '&';
         i++) {
        if (rest.s[i] != '|')
            continue;
        struct pn_str behind = {rest.s + i + 1, rest.n - i - 1};
        struct pn_str word = next_word(&behind);
        if (pn_str_is(word, "sudo"))
            word = next_word(&behind);
        if (is_shell(word))
            return true;
    }
    return false;
}

bool pn_words_run_download(struct pn_str text)
{
    static const char *const fetches[] = {"curl", "wget"};
    for (size_t k = 0; k < sizeof fetches / sizeof *fetches; k++) {
        struct pn_str name = pn_str_of(fetches[k]);
        for (size_t i = 0; i + name.n <= text.n; i++) {
            struct pn_str rest = {text.s + i, text.n - i};
            bool starts = i == 0 || is_blank(text.s[i - 1]) || text.s[i - 1] == '/';
            if (!starts || !pn_str_has_prefix(rest, name) ||
                (rest.n > name.n && !is_blank(rest.s[name.n])))
                continue;
            /* "$(curl ...)" and "<(curl ...)" right behind a shell and its options. */
            struct pn_str before = {text.s, i}, word, last = PN_STR_NULL;
            bool is_inner = i >= 2 && text.s[i - 1] == '(' &&
                            (text.s[i - 2] == '$' || text.s[i - 2] == '<');
            while ((word = next_word(&before)).s != NULL) {
                if (word.s[0] != '-' && word.s[0] != '$' && word.s[0] != '<')
                    last = word;
            }
            if ((is_inner && is_shell(last)) || is_piped(rest))
                return true;
        }
    }
    return false;
}
