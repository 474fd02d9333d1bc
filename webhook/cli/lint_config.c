/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lint_config.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/input.h"
#include "cli/lint_settings.h"
#include "sys/file.h"

void pn_lint_config_deinit(struct pn_lint_config *config)
{
    pn_buf_deinit(&config->file.bytes);
    pn_buf_deinit(&config->path);
    pn_arena_free(config->arena);
    *config = (struct pn_lint_config){0};
}

/* ---- which file ------------------------------------------------------------------------ */

/* More directories than anybody stands in. */
enum { MAX_DEPTH = 128 };

/* `name` in the directory `depth` levels up, as a path from here; what `path` held is gone. */
static const char *path_above(struct pn_buf *path, size_t depth, const char *name)
{
    path->len = 0;
    for (size_t i = 0; i < depth; i++)
        pn_buf_cstr(path, "../");
    pn_buf_cstr(path, name);
    pn_buf_char(path, '\0');
    return path->failed ? NULL : path->data;
}

static bool exists(const char *path)
{
    struct stat st;
    return path != NULL && lstat(path, &st) == 0;
}

/* How far up the repository's root is; 0 without one. */
static size_t repository_depth(struct pn_buf *path)
{
    for (size_t depth = 0; depth < MAX_DEPTH; depth++) {
        if (exists(path_above(path, depth, ".git")))
            return depth;
        PN_CLEANUP(pn_buf_deinit) struct pn_buf parent = PN_BUF_INIT;
        const char *here = path_above(path, depth, "."), *above = path_above(&parent, depth, "..");
        if (here == NULL || above == NULL || pn_file_is_same(here, above))
            return 0; /* the root of the file system */
    }
    return 0;
}

/* The path of the nearest one in `path`; false when there is none. */
static bool find_file(struct pn_buf *path)
{
    size_t most = repository_depth(path);
    for (size_t depth = 0; depth <= most; depth++) {
        if (exists(path_above(path, depth, ".pannier.yaml")))
            return true;
    }
    return false;
}

/* ---- what is in it --------------------------------------------------------------------- */

struct section {
    const struct pn_node *select, *ignore, *severity, *per_file;
    struct pn_strs paths;
    struct pn_str baseline;
    int profile, fail_level;
};

static const struct pn_field section_fields[] = {
    {"paths", PN_FIELD_STRING_LIST, offsetof(struct section, paths),
     .help = "What is examined when no path is named, from the directory of this file"},
    {"profile", PN_FIELD_ENUM, offsetof(struct section, profile), .words = pn_lint_profiles,
     .help = "Rules to begin with"},
    {"select", PN_FIELD_NODE, offsetof(struct section, select), .form = PN_FORM_STRING,
     .shape = PN_SCHEMA_LIST, .help = "Rules to look for, in place of those of the profile"},
    {"ignore", PN_FIELD_NODE, offsetof(struct section, ignore), .form = PN_FORM_STRING,
     .shape = PN_SCHEMA_LIST, .help = "Rules to leave out"},
    {"severity", PN_FIELD_NODE, offsetof(struct section, severity), .form = PN_FORM_STRING,
     .shape = PN_SCHEMA_MAP, .words = pn_severity_words,
     .help = "RULE: the level that it counts as"},
    {"failLevel", PN_FIELD_ENUM, offsetof(struct section, fail_level), .words = pn_severity_words,
     .help = "Level from which on findings are an error"},
    {"baseline", PN_FIELD_STRING, offsetof(struct section, baseline),
     .help = "File of findings that are known, from the directory of this file"},
    {"perFile", PN_FIELD_NODE, offsetof(struct section, per_file), .form = PN_FORM_STRINGS,
     .shape = PN_SCHEMA_MAP, .help = "PATTERN: rules to leave out in the files that it names"},
    {0}};

struct top {
    const struct pn_node *lint;
};

static const struct pn_field top_fields[] = {{"lint", PN_FIELD_NODE, offsetof(struct top, lint),
                                              .form = PN_FORM_OBJECT, .fields = section_fields,
                                              .help = "Settings of 'pannier lint'"},
                                             {0}};

const struct pn_document_kind pn_lint_config_kind = {"config", "Settings of a repository",
                                                     top_fields, NULL};

static void unknown_rule(struct pn_decoder *d, const struct pn_node *at, struct pn_str word)
{
    const char *near = pn_rule_nearest(word);
    pn_decode_fault(d, at, "unknown-value", "there is no rule `%.*s`", PN_STR_ARG(word));
    if (near != NULL)
        pn_diags_help(d->diags, "did you mean `%s`?", near);
    else
        pn_diags_help(d->diags, "pannier lint --list-rules has the rules");
}

/* A list of words that mean rules. */
static void decode_rules(struct pn_strs *ret, struct pn_decoder *d, const struct pn_node *node,
                         const char *what)
{
    const struct pn_node *list = node != NULL ? pn_decode_list(d, node, what) : NULL;
    if (list == NULL)
        return;
    struct pn_str *items = pn_arena_zalloc(d->arena, list->sequence.count + 1, sizeof *items);
    if (items == NULL) {
        d->out_of_memory = true;
        return;
    }
    size_t n = 0;
    for (uint32_t i = 0; i < list->sequence.count; i++) {
        const struct pn_node *item = list->sequence.items[i];
        if (item->kind != PN_NODE_STRING)
            pn_decode_fault(d, item, "wrong-type", "%s: expected rules, got %s", what,
                            pn_node_kind_name(item));
        else if (!pn_lint_settings_is_rule(item->s))
            unknown_rule(d, item, item->s);
        else
            items[n++] = item->s;
    }
    *ret = (struct pn_strs){items, n};
}

static void decode_level(struct pn_lint_config *c, struct pn_decoder *d,
                         const struct pn_node_entry *e)
{
    const struct pn_rule *rule = pn_rule_find(e->key->s);
    struct pn_str word = pn_node_str(e->value);
    int level = 0;
    while (pn_severity_words[level] != NULL && !pn_str_is(word, pn_severity_words[level]))
        level++;
    if (rule == NULL) {
        unknown_rule(d, e->key, e->key->s);
    } else if (pn_rule_of_diagnostic(rule->name) == rule) {
        pn_decode_fault(d, e->key, "unknown-value",
                        "%s is an error: what it finds cannot be loaded", rule->code);
    } else if (pn_severity_words[level] == NULL) {
        pn_decode_fault(d, e->value, "unknown-value",
                        "lint.severity: expected a severity for %s, got %s%.*s%s", rule->code,
                        word.s != NULL ? "`" : pn_node_kind_name(e->value), PN_STR_ARG(word),
                        word.s != NULL ? "`" : "");
        pn_decode_help_with_words(d, word, pn_severity_words);
    } else {
        c->levels[c->level_count++] = (struct pn_lint_level){rule, level};
    }
}

static void decode_levels(struct pn_lint_config *c, struct pn_decoder *d,
                          const struct pn_node *node)
{
    if (node == NULL)
        return;
    if (node->kind != PN_NODE_MAPPING) {
        pn_decode_fault(d, node, "wrong-type", "lint.severity: expected a mapping, got %s",
                        pn_node_kind_name(node));
        return;
    }
    c->levels = pn_arena_zalloc(d->arena, node->mapping.count + 1, sizeof *c->levels);
    d->out_of_memory = d->out_of_memory || c->levels == NULL;
    for (uint32_t i = 0; i < node->mapping.count && c->levels != NULL; i++)
        decode_level(c, d, &node->mapping.entries[i]);
}

/* Rules that do not exist, and those that find nothing, are findings: pn_suppress. */
static void check_per_file(struct pn_lint_config *c, struct pn_decoder *d,
                           const struct pn_node *node)
{
    if (node == NULL)
        return;
    if (node->kind != PN_NODE_MAPPING) {
        pn_decode_fault(d, node, "wrong-type",
                        "lint.perFile: expected a mapping of patterns to lists of rules, got %s",
                        pn_node_kind_name(node));
        return;
    }
    for (uint32_t i = 0; i < node->mapping.count; i++) {
        const struct pn_node *list = pn_decode_list(d, node->mapping.entries[i].value,
                                                    "lint.perFile");
        for (uint32_t k = 0; list != NULL && k < list->sequence.count; k++) {
            const struct pn_node *item = list->sequence.items[k];
            if (item->kind != PN_NODE_STRING)
                pn_decode_fault(d, item, "wrong-type", "lint.perFile: expected rules, got %s",
                                pn_node_kind_name(item));
        }
    }
    c->per_file = node;
}

/* A path in the file. */
static struct pn_str resolve(struct pn_decoder *d, struct pn_str path)
{
    struct pn_str resolved = pn_input_path_beside(d->source, path, d->arena);
    d->out_of_memory = d->out_of_memory || resolved.s == NULL;
    return resolved;
}

static void decode_paths(struct pn_lint_config *c, struct pn_decoder *d,
                         const struct pn_strs *paths)
{
    c->paths.items = pn_arena_zalloc(d->arena, paths->count + 1, sizeof *c->paths.items);
    d->out_of_memory = d->out_of_memory || c->paths.items == NULL;
    for (size_t i = 0; i < paths->count && !d->out_of_memory; i++)
        c->paths.items[c->paths.count++] = resolve(d, paths->items[i]).s;
}

static void decode(struct pn_lint_config *c, struct pn_decoder *d, const struct pn_node *root)
{
    struct top top = {0};
    struct section section = {.profile = -1, .fail_level = -1};
    pn_decode_object(d, root, "document", top_fields, &top);
    if (top.lint == NULL)
        return;
    pn_decode_object(d, top.lint, "lint", section_fields, &section);
    c->profile = section.profile;
    c->fail_level = section.fail_level;
    decode_rules(&c->select, d, section.select, "lint.select");
    decode_rules(&c->ignore, d, section.ignore, "lint.ignore");
    decode_levels(c, d, section.severity);
    check_per_file(c, d, section.per_file);
    decode_paths(c, d, &section.paths);
    if (section.baseline.s != NULL)
        c->baseline = resolve(d, section.baseline);
}

int pn_lint_config_read(struct pn_lint_config *ret, const char *path, struct pn_diags *diags)
{
    struct pn_document *docs = NULL;
    size_t n = 0;
    if (path == NULL && !find_file(&ret->path))
        return ret->path.failed ? -ENOMEM : 0;
    int r = pn_arena_new(&ret->arena, 0);
    if (r == 0)
        r = pn_load_file(&docs, &n, &ret->file, path != NULL ? path : ret->path.data, ret->arena,
                         diags);
    if (r < 0 || diags->errors > 0 || n == 0)
        return r;
    struct pn_decoder d = {.source = &ret->file.source, .arena = ret->arena, .diags = diags};
    if (n > 1)
        pn_decode_fault(&d, docs[1].root, "unknown-field", "a configuration is one document");
    else
        decode(ret, &d, docs[0].root);
    return d.out_of_memory || diags->failed ? -ENOMEM : 0;
}

/* ---- rules for files ------------------------------------------------------------------- */

/* The path of `file` from `directory` on, both real; all of it when it stands elsewhere. */
static const char *path_from(const char *directory, const char *file)
{
    size_t n = strlen(directory);
    while (n > 0 && directory[n - 1] == '/')
        n--;
    return strncmp(file, directory, n) == 0 && file[n] == '/' ? file + n + 1 : file;
}

/* A pattern without a slash is one of names. */
static bool is_meant(const char *pattern, const char *path)
{
    if (strchr(pattern, '/') == NULL && strrchr(path, '/') != NULL)
        path = strrchr(path, '/') + 1;
    return fnmatch(pattern, path, 0) == 0;
}

static char *directory_of(const struct pn_lint_config *c)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf path = PN_BUF_INIT;
    pn_buf_str(&path, pn_input_directory(c->file.source.name));
    pn_buf_cstr(&path, ".");
    pn_buf_char(&path, '\0');
    return path.failed ? NULL : realpath(path.data, NULL);
}

/* The real paths of the files, from `directory` on. */
static int find_real(const char ***ret, const char *directory, const struct pn_strs *files,
                     struct pn_arena *a)
{
    const char **paths = pn_arena_zalloc(a, files->count + 1, sizeof *paths);
    if (paths == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < files->count; i++) {
        PN_CLEANUP(pn_free_pointer) char *real = realpath(files->items[i].s, NULL);
        const char *path = path_from(directory, real != NULL ? real : files->items[i].s);
        paths[i] = pn_arena_dup(a, pn_str_of(path)).s;
        if (paths[i] == NULL)
            return -ENOMEM;
    }
    *ret = paths;
    return 0;
}

/* `paths` are those of the files. */
static int select_files(struct pn_lint_exemption *e, const char *pattern, const char *const *paths,
                        const struct pn_strs *files, struct pn_arena *a)
{
    struct pn_str *selected = pn_arena_zalloc(a, files->count + 1, sizeof *selected);
    if (selected == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < files->count; i++) {
        if (is_meant(pattern, paths[i]))
            selected[e->file_count++] = files->items[i];
    }
    e->files = selected;
    return 0;
}

int pn_lint_config_exemptions(struct pn_lint_exemption **ret, size_t *ret_n,
                              const struct pn_lint_config *config, const struct pn_strs *files)
{
    const struct pn_node *node = config->per_file;
    *ret = NULL;
    *ret_n = 0;
    if (node == NULL)
        return 0;
    PN_CLEANUP(pn_free_pointer) char *directory = directory_of(config);
    struct pn_lint_exemption *list = pn_arena_zalloc(config->arena, node->mapping.count + 1,
                                                     sizeof *list);
    struct pn_str reason = pn_arena_format(config->arena, "perFile of %.*s",
                                           PN_STR_ARG(config->file.source.name));
    const char **paths;
    if (directory == NULL || list == NULL || reason.s == NULL ||
        find_real(&paths, directory, files, config->arena) != 0)
        return -ENOMEM;
    for (uint32_t i = 0; i < node->mapping.count; i++) {
        const struct pn_node_entry *e = &node->mapping.entries[i];
        struct pn_str pattern = pn_arena_dup(config->arena, e->key->s);
        list[i] = (struct pn_lint_exemption){
            .source = &config->file.source, .rules = e->value, .reason = reason};
        if (pattern.s == NULL ||
            select_files(&list[i], pattern.s, paths, files, config->arena) != 0)
            return -ENOMEM;
    }
    *ret = list;
    *ret_n = node->mapping.count;
    return 0;
}
