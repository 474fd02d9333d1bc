/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/flags.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include "base/number.h"
#include "cli/cmd.h"

/* A command with more flags than this needs another command. */
enum { FLAGS_MAX = 32 };

/* getopt's value for flag i is FIRST_VALUE + i; letters stay below. */
enum { FIRST_VALUE = 256, HELP_VALUE = FIRST_VALUE + FLAGS_MAX };

/* ---- values ---------------------------------------------------------------------------- */

/* Go's units in nanoseconds. */
static const struct {
    const char *name;
    double nanoseconds;
} units[] = {
    /* Longer names before their prefixes. */
    {"ns", 1}, {"us", 1e3}, {"\xc2\xb5s", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9},
};

static double read_unit(struct pn_str *text)
{
    for (size_t i = 0; i < PN_COUNT_OF(units); i++) {
        struct pn_str name = pn_str_of(units[i].name);
        if (pn_str_has_prefix(*text, name)) {
            text->s += name.n;
            text->n -= name.n;
            return units[i].nanoseconds;
        }
    }
    return 0;
}

bool pn_flags_read_duration(uint32_t *ret_seconds, const char *text)
{
    struct pn_str rest = pn_str_of(text);
    double sum = 0;
    if (pn_str_is(rest, "0")) {
        *ret_seconds = 0;
        return true;
    }
    if (rest.n == 0)
        return false;
    while (rest.n > 0) {
        size_t n = 0;
        while (n < rest.n && ((rest.s[n] >= '0' && rest.s[n] <= '9') || rest.s[n] == '.'))
            n++;
        double number = 0;
        if (!pn_number_read_real(&number, (struct pn_str){rest.s, n}))
            return false;
        rest.s += n;
        rest.n -= n;
        double unit = read_unit(&rest);
        if (unit <= 0)
            return false;
        sum += number * unit;
    }
    double seconds = sum / 1e9;
    if (seconds > 100 * 365.0 * 24 * 3600) /* the life of a CA is the longest that is asked for */
        return false;
    *ret_seconds = (uint32_t)seconds;
    if ((double)*ret_seconds < seconds)
        ++*ret_seconds;
    return true;
}

static int set_choice(int *ret, const struct pn_flag *flag, const char *text, struct pn_err *err)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf words = PN_BUF_INIT;
    for (int i = 0; flag->choices[i] != NULL; i++) {
        if (strcmp(text, flag->choices[i]) == 0) {
            *ret = i;
            return 0;
        }
        const char *comma = flag->choices[i + 1] == NULL ? " or " : ", ";
        pn_buf_printf(&words, "%s%s", i == 0 ? "" : comma, flag->choices[i]);
    }
    return pn_err_set(err, PN_FLAGS_E_USAGE, "--%s: unknown value \"%s\"; expected %.*s",
                      flag->name, text, PN_STR_ARG(pn_buf_view(&words)));
}

static int set_number(uint32_t *ret, const struct pn_flag *flag, const char *text,
                      struct pn_err *err)
{
    int64_t number;
    if (!pn_number_read_int(&number, pn_str_of(text)) || number < 0 || number > flag->max)
        return pn_err_set(err, PN_FLAGS_E_USAGE, "--%s: expected a number from 0 to %u, got \"%s\"",
                          flag->name, flag->max, text);
    *ret = (uint32_t)number;
    return 0;
}

static int add_to_list(struct pn_flag_list *list, const char *text)
{
    const char **items = realloc(list->items, (list->count + 1) * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    list->items = items;
    list->items[list->count++] = text;
    return 0;
}

static int set_flag(void *options, const struct pn_flag *flag, const char *text, struct pn_err *err)
{
    void *at = (char *)options + flag->offset;
    switch (flag->type) {
    case PN_FLAG_BOOL:
        *(bool *)at = true;
        return 0;
    case PN_FLAG_TEXT:
        *(const char **)at = text;
        return 0;
    case PN_FLAG_LIST:
        return add_to_list(at, text);
    case PN_FLAG_CHOICE:
        return set_choice(at, flag, text, err);
    case PN_FLAG_NUMBER:
        return set_number(at, flag, text, err);
    case PN_FLAG_DURATION:
        if (pn_flags_read_duration(at, text))
            return 0;
        return pn_err_set(err, PN_FLAGS_E_USAGE,
                          "--%s: expected a duration such as 5s or 1m30s, got \"%s\"", flag->name,
                          text);
    }
    return -EINVAL;
}

/* Lists keep their default only when nothing is given; they are set last. */
static int set_defaults(void *options, const struct pn_cmd *cmd, bool lists, struct pn_err *err)
{
    int r = 0;
    for (const struct pn_flag *f = cmd->flags; f != NULL && f->name != NULL && r == 0; f++) {
        const struct pn_flag_list *list = (const void *)((const char *)options + f->offset);
        bool is_list = f->type == PN_FLAG_LIST;
        if (f->type == PN_FLAG_CHOICE && f->initial == NULL && !lists)
            *(int *)(void *)((char *)options + f->offset) = -1;
        if (f->initial == NULL || is_list != lists || (is_list && list->count > 0))
            continue;
        r = set_flag(options, f, f->initial, err);
    }
    return r;
}

/* ---- arguments ------------------------------------------------------------------------- */

struct parser {
    struct option longs[FLAGS_MAX + 2];
    char letters[2 * FLAGS_MAX + 4];
    size_t count;
};

static void parser_init(struct parser *p, const struct pn_cmd *cmd)
{
    size_t n = 0;
    *p = (struct parser){0};
    p->letters[n++] = ':'; /* a missing value is told apart from an unknown flag */
    p->letters[n++] = 'h';
    for (const struct pn_flag *f = cmd->flags; f != NULL && f->name != NULL && p->count < FLAGS_MAX;
         f++) {
        bool takes_value = f->type != PN_FLAG_BOOL;
        p->longs[p->count] = (struct option){f->name, takes_value ? required_argument : no_argument,
                                             NULL, FIRST_VALUE + (int)p->count};
        p->count++;
        if (f->letter == 0)
            continue;
        p->letters[n++] = f->letter;
        if (takes_value)
            p->letters[n++] = ':';
    }
    p->longs[p->count] = (struct option){"help", no_argument, NULL, HELP_VALUE};
}

static const struct pn_flag *flag_of(const struct pn_cmd *cmd, const struct parser *p, int value)
{
    if (value >= FIRST_VALUE && value < FIRST_VALUE + (int)p->count)
        return &cmd->flags[value - FIRST_VALUE];
    for (size_t i = 0; i < p->count; i++) {
        if (cmd->flags[i].letter == value)
            return &cmd->flags[i];
    }
    return NULL;
}

/* The name in "--name" or "--name=value"; s is NULL for anything else. */
static struct pn_str long_name(const char *argument)
{
    struct pn_str text = pn_str_of(argument);
    if (!pn_str_has_prefix(text, PN_STR("--")))
        return PN_STR_NULL;
    text.s += 2;
    text.n -= 2;
    return pn_str_split(&text, '=');
}

static int unknown_flag(const struct pn_cmd *cmd, const struct parser *p, struct pn_str name,
                        struct pn_err *err)
{
    const char *names[FLAGS_MAX + 2] = {NULL};
    for (size_t i = 0; i <= p->count; i++)
        names[i] = p->longs[i].name;
    const char *near = pn_str_nearest(name, names);
    /* What was typed may also be the beginning of a flag. */
    for (size_t i = 0; near == NULL && name.n > 0 && i <= p->count; i++)
        near = pn_str_has_prefix(pn_str_of(names[i]), name) ? names[i] : NULL;
    if (near != NULL)
        return pn_err_set(err, PN_FLAGS_E_USAGE, "unknown flag --%.*s; did you mean --%s?",
                          PN_STR_ARG(name), near);
    return pn_err_set(err, PN_FLAGS_E_USAGE, "unknown flag --%.*s of \"pannier %s\"",
                      PN_STR_ARG(name), cmd->name);
}

/* What getopt_long did not take: `argument` is where it stood. */
static int bad_flag(const struct pn_cmd *cmd, const struct parser *p, int result,
                    const char *argument, struct pn_err *err)
{
    const struct pn_flag *flag = flag_of(cmd, p, optopt);
    struct pn_str name = long_name(argument);
    if (result == ':' && flag != NULL)
        return pn_err_set(err, PN_FLAGS_E_USAGE, "--%s needs a value: %s", flag->name, flag->value);
    if (optopt >= FIRST_VALUE)
        return pn_err_set(err, PN_FLAGS_E_USAGE, "--%.*s takes no value", PN_STR_ARG(name));
    if (name.s != NULL)
        return unknown_flag(cmd, p, name, err);
    return pn_err_set(err, PN_FLAGS_E_USAGE, "unknown flag -%c of \"pannier %s\"", optopt,
                      cmd->name);
}

/*
 * getopt_long takes the beginning of a long name for the name. That would make each new flag break
 * somebody's script, so only whole names are taken.
 */
static bool is_abbreviated(const char *const *argv, int value, const char *name)
{
    const char *argument = argv[optind - 1];
    if (value < FIRST_VALUE)
        return false;
    if (optarg == argument) /* the value stands alone */
        argument = argv[optind - 2];
    return !pn_str_is(long_name(argument), name);
}

static int parse_arguments(void *options, const struct pn_cmd *cmd, struct parser *p, int argc,
                           char **argv, struct pn_err *err)
{
    opterr = 0;
    optind = 0; /* starts anew, also for permutation */
    for (;;) {
        int value = getopt_long(argc, argv, p->letters, p->longs, NULL);
        if (value == -1)
            return 0;
        if (value == '?' || value == ':')
            return bad_flag(cmd, p, value, argv[optind - 1], err);
        const struct pn_flag *flag = flag_of(cmd, p, value);
        const char *name = flag != NULL ? flag->name : "help";
        if (is_abbreviated((const char *const *)argv, value, name)) {
            const char *given = argv[optind - (optarg == argv[optind - 1] ? 2 : 1)];
            return unknown_flag(cmd, p, long_name(given), err);
        }
        if (flag == NULL)
            return PN_FLAGS_E_HELP;
        int r = set_flag(options, flag, optarg, err);
        if (r != 0)
            return r;
    }
}

int pn_flags_parse(void *options, int *ret_first, const struct pn_cmd *cmd, int argc, char **argv,
                   struct pn_err *err)
{
    struct parser p;
    parser_init(&p, cmd);
    int r = set_defaults(options, cmd, false, err);
    if (r == 0)
        r = parse_arguments(options, cmd, &p, argc, argv, err);
    if (r == 0)
        r = set_defaults(options, cmd, true, err);
    *ret_first = optind;
    return r;
}

void pn_flags_deinit(const struct pn_cmd *cmd, void *options)
{
    for (const struct pn_flag *f = cmd->flags; f != NULL && f->name != NULL; f++) {
        struct pn_flag_list *list = (void *)((char *)options + f->offset);
        if (f->type == PN_FLAG_LIST)
            free(list->items);
    }
}
