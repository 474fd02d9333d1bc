/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/complete.h"

#include <string.h>

#include "cli/commands.h"
#include "cli/explain.h"
#include "lint/rules.h"

enum { NO_BLANK = 2, NO_FILES = 4, DIRECTORIES = 16 };

struct asked {
    struct pn_buf *out;
    struct pn_str prefix; /* what of the word stays as it is: "--output=" */
    struct pn_str word;   /* the rest, to be completed */
    int directive;
};

/* Of help, what comes before its details. */
static struct pn_str gist(const char *help)
{
    struct pn_str text = pn_str_of(help);
    for (size_t i = 0; i + 1 < text.n; i++) {
        if (strchr(".:;", text.s[i]) != NULL && text.s[i + 1] == ' ')
            text.n = i;
    }
    return text;
}

static void offer(struct asked *a, struct pn_str word, const char *what)
{
    if (!pn_str_has_prefix(word, a->word))
        return;
    pn_buf_printf(a->out, "%.*s%.*s", PN_STR_ARG(a->prefix), PN_STR_ARG(word));
    if (what != NULL && what[0] != '\0')
        pn_buf_printf(a->out, "\t%.*s", PN_STR_ARG(gist(what)));
    pn_buf_char(a->out, '\n');
}

static void offer_files(struct asked *a, int directive)
{
    a->directive = directive;
    if (a->prefix.n > 0)
        pn_buf_printf(a->out, ":=%.*s\n", PN_STR_ARG(a->prefix));
}

/* The first n bytes of the word stay as they are. */
static void keep(struct asked *a, size_t n)
{
    a->prefix.n += n;
    a->word.s += n;
    a->word.n -= n;
}

static const char *find_char(struct pn_str text, char c)
{
    return text.n > 0 ? memchr(text.s, c, text.n) : NULL;
}

/* ---- values ---------------------------------------------------------------------------- */

static void offer_words(struct asked *a, const char *const *words)
{
    for (; words != NULL && *words != NULL; words++)
        offer(a, pn_str_of(*words), NULL);
}

/* Codes of rules, or names for whoever begins with a small letter; `suffix` belongs to each. */
static void offer_rules(struct asked *a, const char *suffix)
{
    bool by_name = a->word.n > 0 && a->word.s[0] >= 'a' && a->word.s[0] <= 'z';
    for (size_t i = 0; i < pn_rule_count(); i++) {
        const struct pn_rule *rule = pn_rule_at(i);
        PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
        pn_buf_printf(&text, "%s%s", by_name ? rule->name : rule->code, suffix);
        offer(a, pn_buf_view(&text), by_name ? rule->summary : rule->name);
        a->out->failed = a->out->failed || text.failed;
    }
}

/* PN06 stands for all rules whose codes begin so. */
static void offer_groups(struct asked *a)
{
    const struct pn_str all = PN_STR("ALL"), defaults = PN_STR("DEFAULT");
    struct pn_str group = PN_STR_NULL;
    for (size_t i = 0; i < pn_rule_count(); i++) {
        struct pn_str code = pn_str_of(pn_rule_at(i)->code);
        code.n = PN_STR("PN06").n;
        if (!pn_str_eq(code, group))
            offer(a, code, "all of this group");
        group = code;
    }
    offer(a, all, "all rules");
    offer(a, defaults, "those that are on by default");
}

static void offer_rule_list(struct asked *a)
{
    for (const char *comma; (comma = find_char(a->word, ',')) != NULL;)
        keep(a, (size_t)(comma - a->word.s) + 1);
    a->directive = NO_BLANK | NO_FILES;
    offer_rules(a, "");
    offer_groups(a);
}

static void offer_rule_level(struct asked *a)
{
    const char *sign = find_char(a->word, '=');
    if (sign == NULL) {
        a->directive = NO_BLANK | NO_FILES;
        offer_rules(a, "=");
        return;
    }
    keep(a, (size_t)(sign - a->word.s) + 1);
    offer_words(a, pn_severity_words);
}

static void offer_format(struct asked *a, const struct pn_flag *flag)
{
    const char *sign = find_char(a->word, '=');
    if (sign == NULL) {
        offer_words(a, flag->words);
        return;
    }
    keep(a, (size_t)(sign - a->word.s) + 1);
    offer_files(a, 0);
}

static void offer_pages(struct asked *a)
{
    const char *alias = "", *name;
    for (size_t i = 0; (name = pn_explain_name(i, &alias)) != NULL; i++)
        offer(a, pn_str_of(name), alias);
}

/* "bash|zsh|fish": the words themselves. */
static void offer_alternatives(struct asked *a, struct pn_str words)
{
    bool are_words = find_char(words, '|') != NULL;
    while (are_words && words.s != NULL)
        offer(a, pn_str_split(&words, '|'), NULL);
}

/* By the word that help has for the value; `flag`: NULL for an operand. */
static void offer_value(struct asked *a, struct pn_str value, const struct pn_flag *flag)
{
    if (pn_str_is(value, "FILE") || pn_str_is(value, "PATH"))
        offer_files(a, 0);
    else if (pn_str_is(value, "DIR"))
        offer_files(a, DIRECTORIES);
    else if (pn_str_is(value, "RULES"))
        offer_rule_list(a);
    else if (pn_str_is(value, "RULE=LEVEL"))
        offer_rule_level(a);
    else if (pn_str_is(value, "REASON|RULE"))
        offer_pages(a);
    else if (flag == NULL)
        offer_alternatives(a, value);
    else if (flag->type == PN_FLAG_CHOICE)
        offer_words(a, flag->choices);
    else if (pn_str_is(value, "FORMAT[=FILE]"))
        offer_format(a, flag);
    else
        offer_words(a, flag->words);
}

/* ---- flags ----------------------------------------------------------------------------- */

/* What the words before the last one have settled. */
struct seen {
    const struct pn_flag *wants_value; /* the last word is its value; NULL: none */
    bool is_over;                      /* "--" stood there: no more flags */
    size_t operands;
};

static const struct pn_flag *flag_by_name(const struct pn_cmd *cmd, struct pn_str name)
{
    for (const struct pn_flag *f = cmd->flags; f != NULL && f->name != NULL; f++) {
        if (pn_str_is(name, f->name))
            return f;
    }
    return NULL;
}

static const struct pn_flag *flag_by_letter(const struct pn_cmd *cmd, char letter)
{
    for (const struct pn_flag *f = cmd->flags; f != NULL && f->name != NULL; f++) {
        if (f->letter == letter)
            return f;
    }
    return NULL;
}

/* The flag in "--name" or "--name=value"; *ret_value is NULL without a value. */
static const struct pn_flag *long_flag(const struct pn_cmd *cmd, struct pn_str word,
                                       struct pn_str *ret_value)
{
    struct pn_str rest = {word.s + 2, word.n - 2};
    struct pn_str name = pn_str_split(&rest, '=');
    *ret_value = rest;
    return flag_by_name(cmd, name);
}

/* The flag of "-Rf" that takes a value, or NULL; *ret_value is what stands behind it. */
static const struct pn_flag *short_flag(const struct pn_cmd *cmd, struct pn_str word,
                                        struct pn_str *ret_value)
{
    for (size_t i = 1; i < word.n; i++) {
        const struct pn_flag *f = flag_by_letter(cmd, word.s[i]);
        if (f == NULL)
            return NULL;
        *ret_value = (struct pn_str){word.s + i + 1, word.n - i - 1};
        if (f->type != PN_FLAG_BOOL)
            return f;
    }
    return NULL;
}

static bool is_flag(struct pn_str word)
{
    return word.n > 1 && word.s[0] == '-';
}

static void look(struct seen *seen, const struct pn_cmd *cmd, char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct pn_str word = pn_str_of(words[i]), value = PN_STR_NULL;
        const struct pn_flag *f;
        if (seen->wants_value != NULL) {
            seen->wants_value = NULL;
        } else if (seen->is_over || !is_flag(word)) {
            seen->operands++;
        } else if (pn_str_is(word, "--")) {
            seen->is_over = true;
        } else if (word.s[1] == '-') {
            f = long_flag(cmd, word, &value);
            seen->wants_value = f != NULL && f->type != PN_FLAG_BOOL && value.s == NULL ? f : NULL;
        } else {
            f = short_flag(cmd, word, &value);
            seen->wants_value = value.n == 0 ? f : NULL;
        }
    }
}

/* A flag that is not repeated need not be offered again. */
static bool is_given(const struct pn_flag *flag, const struct pn_cmd *cmd, char *const *words,
                     size_t n)
{
    for (size_t i = 0; i < n && flag->type != PN_FLAG_LIST; i++) {
        struct pn_str word = pn_str_of(words[i]), value;
        if (is_flag(word) &&
            (word.s[1] == '-' ? long_flag(cmd, word, &value) == flag : word.s[1] == flag->letter))
            return true;
    }
    return false;
}

static void offer_flag(struct asked *a, const char *name, char letter, const char *help)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    if (letter != 0) {
        const char word[] = {'-', letter, '\0'};
        offer(a, pn_str_of(word), help);
    }
    pn_buf_printf(&text, "--%s", name);
    offer(a, pn_buf_view(&text), help);
    a->out->failed = a->out->failed || text.failed;
}

static void offer_flags(struct asked *a, const struct pn_cmd *cmd, char *const *words, size_t n)
{
    struct pn_str value = PN_STR_NULL;
    bool is_long = a->word.n > 1 && a->word.s[1] == '-';
    const struct pn_flag *f = is_long ? long_flag(cmd, a->word, &value)
                                      : short_flag(cmd, a->word, &value);
    if (f != NULL && f->type != PN_FLAG_BOOL && (is_long ? value.s != NULL : value.n > 0)) {
        keep(a, a->word.n - value.n);
        offer_value(a, pn_str_of(f->value), f);
        return;
    }
    for (f = cmd->flags; f != NULL && f->name != NULL; f++) {
        if (!is_given(f, cmd, words, n))
            offer_flag(a, f->name, f->letter, f->help);
    }
    offer_flag(a, "help", 'h', "Print this help");
}

/* ---- operands -------------------------------------------------------------------------- */

/* "PATH" of the usage "[PATH...] [flags]"; empty where a flag comes first. */
static struct pn_str operand_of(const struct pn_cmd *cmd)
{
    struct pn_str rest = pn_str_of(cmd->usage);
    struct pn_str word = pn_str_split(&rest, ' ');
    if (word.n > 0 && word.s[0] == '[') {
        word.s++;
        word.n--;
    }
    while (word.n > 0 && strchr("].", word.s[word.n - 1]) != NULL)
        word.n--;
    return word.n > 0 && word.s[0] == '-' ? PN_STR("") : word;
}

/* First words, once each, or the second words of commands with the first. */
static void offer_commands(struct asked *a, char *const *words, size_t n)
{
    struct pn_str last = PN_STR_NULL;
    for (size_t i = 0; pn_commands[i] != NULL; i++) {
        struct pn_str second = pn_str_of(pn_commands[i]->name);
        struct pn_str first = pn_str_split(&second, ' ');
        if (n > 0 && second.s != NULL && pn_str_is(first, words[0]))
            offer(a, second, pn_commands[i]->summary);
        else if (n == 0 && !pn_str_eq(first, last))
            offer(a, first, second.s == NULL ? pn_commands[i]->summary : NULL);
        last = first;
    }
}

static void offer_operand(struct asked *a, const struct pn_cmd *cmd, char *const *words, size_t n,
                          size_t operands)
{
    struct pn_str kind = operand_of(cmd);
    if (operands >= cmd->operands_max)
        return;
    if (pn_str_is(kind, "COMMAND"))
        offer_commands(a, words + n - operands, operands);
    else if (kind.n > 0)
        offer_value(a, kind, NULL);
}

static void complete(struct asked *a, char *const *words, size_t n)
{
    size_t name = 0;
    const struct pn_cmd *cmd = pn_commands_find(words, n, &name);
    if (cmd == NULL && (n == 0 || (n == 1 && pn_commands_is_group(pn_str_of(words[0]))))) {
        offer_commands(a, words, n);
        if (n == 0 && a->word.n > 0) {
            offer(a, PN_STR("--help"), "Print the commands");
            offer(a, PN_STR("--version"), pn_cmd_version.summary);
        }
    }
    if (cmd == NULL)
        return;
    struct seen seen = {0};
    words += name;
    n -= name;
    look(&seen, cmd, words, n);
    if (seen.wants_value != NULL)
        offer_value(a, pn_str_of(seen.wants_value->value), seen.wants_value);
    else if (!seen.is_over && a->word.n > 0 && a->word.s[0] == '-')
        offer_flags(a, cmd, words, n);
    else
        offer_operand(a, cmd, words, n, seen.operands);
}

void pn_complete_write(struct pn_buf *out, char *const *words, size_t n)
{
    struct pn_str word = n > 0 ? pn_str_of(words[n - 1]) : PN_STR("");
    struct asked asked = {out, {word.s, 0}, word, NO_FILES};
    complete(&asked, words, n > 0 ? n - 1 : 0);
    pn_buf_printf(out, ":%d\n", asked.directive);
}
