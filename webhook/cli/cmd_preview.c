/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/preview.h"
#include "config/load.h"
#include "config/namespaces.h"

/* In the order of enum pn_preview_format. */
static const char *const formats[] = {
    "diff", "patch", "yaml", "json", "name", "table", "admission-review", "admission-request", NULL,
};

#define AT(field) offsetof(struct pn_preview_options, field)

static const struct pn_flag flags[] = {
    {"filename", 'f', PN_FLAG_LIST, AT(files), "FILE",
     "Manifests: a file, a directory (*.yaml, *.yml, *.json), or - for standard input; may be "
     "repeated"},
    {"policies", 'p', PN_FLAG_LIST, AT(policies), "PATH",
     "File or directory of templates and policies; may be repeated. Policies among the manifests "
     "are used as well"},
    {"namespace", 'n', PN_FLAG_TEXT, AT(namespace), "NAMESPACE",
     "Namespace of objects that name none; an object that names another one is an error"},
    {"namespaces", 0, PN_FLAG_TEXT, AT(namespaces), "FILE",
     "Namespaces with their labels, as 'kubectl get namespaces -o json' prints them"},
    {"namespace-labels", 0, PN_FLAG_TEXT, AT(namespace_labels), "KEY=VALUE,...",
     "Labels of the objects' namespaces, where nothing else tells them"},
    {"operation", 0, PN_FLAG_CHOICE, AT(operation), "OPERATION", "What is done to the Pods",
     "CREATE", .choices = pn_operation_words},
    {"as", 0, PN_FLAG_TEXT, AT(user), "USER",
     "User of the requests. No policy sees it: it is in the reviews that -o admission-request "
     "prints"},
    {"as-group", 0, PN_FLAG_LIST, AT(groups), "GROUP", "Group of that user; may be repeated"},
    {"output", 'o', PN_FLAG_CHOICE, AT(format), "FORMAT", "Format", "diff", .choices = formats},
    {"explain", 0, PN_FLAG_BOOL, AT(explain), NULL, "Give the reason of each policy"},
    {"color", 0, PN_FLAG_CHOICE, AT(color), "WHEN", "Colour", "auto", .choices = pn_color_words},
    {"error-unchanged", 0, PN_FLAG_BOOL, AT(error_unchanged), NULL,
     "Exit with 3 when all is well and nothing was injected"},
    {"recursive", 'R', PN_FLAG_BOOL, AT(recursive), NULL, "Read subdirectories of -f too"},
    {0},
};

/* ---- policies -------------------------------------------------------------------------- */

/* True when -p names the file, or the directory it is in: its policies are loaded from there. */
static bool is_among_policies(const struct pn_preview_options *o, const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    PN_CLEANUP(pn_free_pointer) char *directory = NULL;
    if (path == NULL)
        return false;
    directory = slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    for (size_t i = 0; i < o->policies.count; i++) {
        if (pn_file_is_same(path, o->policies.items[i]) ||
            (directory != NULL && pn_file_is_same(directory, o->policies.items[i])))
            return true;
    }
    return false;
}

/* The policy documents among the manifests; the array is the caller's. */
static int collect_policies(struct pn_document **ret, size_t *ret_n,
                            const struct pn_preview_options *o, const struct pn_input *input)
{
    size_t n = 0, all = 0;
    for (size_t i = 0; i < input->file_count; i++)
        all += input->files[i].doc_count;
    struct pn_document *docs = calloc(all + 1, sizeof *docs);
    if (docs == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < input->file_count; i++) {
        const struct pn_input_file *file = &input->files[i];
        bool is_loaded = is_among_policies(o, file->path);
        for (size_t j = 0; j < file->doc_count && !is_loaded; j++) {
            if (pn_policy_is_ours(&file->docs[j]))
                docs[n++] = file->docs[j];
        }
    }
    *ret = docs;
    *ret_n = n;
    return 0;
}

/* Says what is wrong. PN_EXIT_OK: *ret holds at least one policy. */
static enum pn_exit load_policies(struct pn_policy_set **ret, const struct pn_preview_options *o,
                                  const struct pn_input *input, bool color)
{
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = NULL;
    PN_CLEANUP(pn_free_pointer) struct pn_document *docs = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    size_t n = 0;
    int r = collect_policies(&docs, &n, o, input);
    if (r == 0)
        r = pn_load_policies_and(&set, o->policies.items, o->policies.count, docs, n, &diags);
    pn_out_diags(&diags, color);
    if (r < 0)
        pn_out_error("cannot load policies: %s", strerror(-r));
    else if (r == 0 && pn_policy_set_policy_count(set) == 0)
        pn_out_error(o->policies.count > 0 ? "no policies in what -p names"
                                           : "no policies: name their files with -p");
    if (r != 0 || pn_policy_set_policy_count(set) == 0)
        return PN_EXIT_FAILED;
    *ret = PN_TAKE(set);
    return PN_EXIT_OK;
}

/* ---- labels of namespaces -------------------------------------------------------------- */

/* Members by name; the last Namespace of a name counts, as it would when applied in order. */
struct namespaces {
    struct pn_member *members; /* in the input's arena */
    size_t count;
};

static int add_namespace(struct namespaces *all, struct pn_value object, struct pn_arena *a)
{
    struct pn_value metadata = PN_GET(object, "metadata");
    struct pn_str name = pn_value_str(PN_GET(metadata, "name"));
    struct pn_value labels = PN_GET(metadata, "labels");
    if (pn_value_is_unset(labels)) {
        int r = pn_object_new(&labels, a, NULL, 0);
        if (r != 0)
            return r;
    }
    if (name.n == 0 || labels.kind != PN_OBJECT)
        return 0; /* the API server would refuse it */
    for (size_t i = 0; i < all->count; i++) {
        if (pn_str_eq(all->members[i].key, name)) {
            all->members[i].value = labels;
            return 0;
        }
    }
    size_t bytes = all->count * sizeof *all->members;
    struct pn_member *grown = pn_arena_grow(a, all->members, bytes, bytes + sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    grown[all->count++] = (struct pn_member){name, labels};
    all->members = grown;
    return 0;
}

static int find_namespaces(struct namespaces *all, struct pn_value v, struct pn_arena *a)
{
    struct pn_str kind = pn_value_str(PN_GET(v, "kind"));
    struct pn_value items = PN_GET(v, "items");
    if (pn_str_is(kind, "Namespace") && pn_value_is_string(PN_GET(v, "apiVersion"), "v1"))
        return add_namespace(all, v, a);
    int r = 0;
    if (pn_str_has_suffix(kind, PN_STR("List")) && items.kind == PN_ARRAY) {
        for (uint32_t i = 0; i < pn_value_count(items) && r == 0; i++)
            r = find_namespaces(all, pn_value_at(items, i), a);
    }
    return r;
}

/* Whether a document may hold a Namespace: the others are not worth the conversion. */
static bool may_hold_namespace(const struct pn_document *doc)
{
    struct pn_str kind = pn_node_str(pn_node_get(doc->root, "kind"));
    return doc->root == NULL || pn_str_is(kind, "Namespace") ||
           pn_str_has_suffix(kind, PN_STR("List"));
}

/* Labels of namespaces, for namespaceSelector: of the Namespaces among the manifests, and for
 * others as --namespaces has them. *ret_own: how many are among the manifests. */
static int collect_namespaces(struct pn_value *ret, size_t *ret_own, struct pn_input *input,
                              const struct pn_namespaces *known)
{
    struct namespaces all = {NULL, 0};
    for (size_t i = 0; i < input->file_count; i++) {
        const struct pn_input_file *file = &input->files[i];
        for (size_t j = 0; j < file->doc_count; j++) {
            struct pn_value v;
            if (!may_hold_namespace(&file->docs[j]))
                continue;
            int r = pn_input_value(&v, file, j, input->arena);
            if (r == 0)
                r = find_namespaces(&all, v, input->arena);
            if (r != 0)
                return r;
        }
    }
    *ret_own = all.count;
    *ret = known != NULL ? *pn_namespaces_labels(known) : PN_VALUE_ABSENT;
    if (known == NULL)
        return pn_object_new(ret, input->arena, all.members, all.count);
    int r = 0;
    for (size_t i = 0; i < all.count && r == 0; i++)
        r = pn_object_with(ret, input->arena, *ret, all.members[i].key, all.members[i].value);
    return r;
}

/* Reads --namespaces. Says what is wrong. */
static enum pn_exit load_namespaces(struct pn_namespaces **ret, const struct pn_preview_options *o,
                                    bool color)
{
    struct pn_diags diags = PN_DIAGS_INIT;
    int r = o->namespaces != NULL ? pn_namespaces_load(ret, o->namespaces, &diags) : 0;
    pn_out_diags(&diags, color);
    if (r < 0)
        pn_out_error("cannot load namespaces: %s", strerror(-r));
    return r == 0 ? PN_EXIT_OK : PN_EXIT_FAILED;
}

/* ---- the run --------------------------------------------------------------------------- */

static int preview_document(struct pn_preview_run *run, const struct pn_input_file *file, size_t i)
{
    const struct pn_document *doc = &file->docs[i];
    struct pn_value value, after;
    bool changed = false;
    if (pn_policy_is_ours(doc))
        return 0;
    pn_arena_reset(run->values, 0);
    int r = pn_input_value(&value, file, i, run->values);
    if (r == 0)
        r = pn_preview_walk(&after, &changed, run, file, doc, value);
    if (r == 0 && changed && run->o->format == PN_PREVIEW_YAML)
        r = pn_preview_yaml_document(run, doc, after);
    return r;
}

static int preview_all(struct pn_preview_run *run, const struct pn_input *input)
{
    int r = 0;
    pn_preview_print_start(run);
    for (size_t i = 0; i < input->file_count && r == 0 && run->out.error == 0; i++) {
        const struct pn_input_file *file = &input->files[i];
        bool is_yaml = run->o->format == PN_PREVIEW_YAML && !file->is_faulty;
        if (is_yaml)
            pn_preview_yaml_start(run, file, input->file_count == 1);
        for (size_t j = 0; j < file->doc_count && r == 0 && run->out.error == 0; j++)
            r = preview_document(run, file, j);
        if (is_yaml && r == 0)
            pn_preview_yaml_end(run, file);
    }
    return r == 0 ? pn_preview_print_end(run) : r;
}

static void say_nothing_found(const struct pn_preview_options *o)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf names = PN_BUF_INIT;
    for (size_t i = 0; i < o->files.count; i++) {
        const char *name = strcmp(o->files.items[i], "-") == 0 ? "<stdin>" : o->files.items[i];
        pn_buf_printf(&names, "%s%s", i == 0 ? "" : ", ", name);
    }
    pn_out_error("no objects found in %.*s", PN_STR_ARG(pn_buf_view(&names)));
}

static enum pn_exit run_on(struct pn_preview_run *run, struct pn_input *input,
                           const struct pn_namespaces *known)
{
    size_t own = 0;
    struct pn_err err = PN_ERR_INIT;
    int r = collect_namespaces(&run->by_namespace, &own, input, known);
    if (r == 0 && run->o->namespace_labels != NULL)
        r = pn_preview_labels_read(&run->given_labels, run->o->namespace_labels, input->arena,
                                   &err);
    if (r == PN_PREVIEW_E_LABELS) {
        pn_out_error("--namespace-labels: %s", err.text);
        return PN_EXIT_FAILED;
    }
    if (r == 0)
        r = pn_preview_user_make(&run->decider.user_info, run->o, input->arena, &err);
    if (r == PN_PREVIEW_E_USER) {
        pn_out_error("%s", err.text);
        return PN_EXIT_FAILED;
    }
    if (r == 0)
        r = pn_arena_new(&run->values, PN_ARENA_KEEP_BYTES);
    if (r == 0)
        r = pn_arena_new(&run->decider.arena, PN_ARENA_KEEP_BYTES);
    if (r == 0) {
        if (own > 0)
            pn_out_note(
                PN_STR("note: labels of namespaces are taken from the manifests; the webhook "
                       "knows those of its --namespaces\n"));
        else if (run->given_labels.kind == PN_OBJECT)
            pn_out_note(PN_STR("note: labels of namespaces are those of --namespace-labels; the "
                               "webhook knows those of its --namespaces\n"));
        r = preview_all(run, input);
    }
    bool is_written = pn_out_finish(&run->out);
    pn_table_deinit(&run->table);
    pn_arena_free(run->values);
    pn_arena_free(run->decider.arena);
    pn_buf_deinit(&run->decider.body);
    if (r < 0)
        pn_out_error("%s", strerror(-r));
    if (r != 0 || !is_written || run->counts.invalid > 0)
        return PN_EXIT_FAILED;
    if (run->counts.outcomes[PN_OUTCOME_DENIED] > 0)
        return PN_EXIT_DENIED;
    return run->o->error_unchanged && run->counts.outcomes[PN_OUTCOME_INJECTED] == 0
               ? PN_EXIT_UNCHANGED
               : PN_EXIT_OK;
}

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    const struct pn_preview_options *o = options;
    PN_CLEANUP(pn_input_deinit) struct pn_input input = {0};
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = NULL;
    PN_CLEANUP(pn_namespaces_unref_pointer) struct pn_namespaces *known = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    bool color_err = pn_color_wanted(o->color, STDERR_FILENO);
    bool explains = o->explain || o->format == PN_PREVIEW_JSON;
    (void)operands;
    (void)n;
    if (o->files.count == 0) {
        pn_out_error("no manifests: name them with -f");
        pn_out_note(PN_STR("See 'pannier preview --help' for usage.\n"));
        return PN_EXIT_FAILED;
    }
    int r = pn_input_read(&input, &o->files, o->recursive, &diags);
    bool is_faulty = diags.errors > 0;
    pn_out_diags(&diags, color_err);
    if (r < 0) {
        pn_out_error("%s", strerror(-r));
        return PN_EXIT_FAILED;
    }
    if (load_policies(&set, o, &input, color_err) != PN_EXIT_OK ||
        load_namespaces(&known, o, color_err) != PN_EXIT_OK)
        return PN_EXIT_FAILED;
    struct pn_preview_run preview = {
        .o = o,
        .decider = {.set = set,
                    .flags = explains ? PN_DECIDE_ALL_REASONS : 0,
                    .operation = (enum pn_operation)o->operation},
        .out = PN_OUT_INIT,
        .color_out = pn_color_wanted(o->color, STDOUT_FILENO),
        .color_err = color_err,
    };
    enum pn_exit exit_code = run_on(&preview, &input, known);
    if (is_faulty)
        return PN_EXIT_FAILED;
    if (!pn_preview_has_seen_any(&preview.counts) && exit_code != PN_EXIT_FAILED) {
        say_nothing_found(o);
        return PN_EXIT_FAILED;
    }
    return exit_code;
}

const struct pn_cmd pn_cmd_preview = {
    .name = "preview",
    .summary = "Show what injection does to manifests",
    .about =
        "Asks the policies about the Pod of each object, as the webhook would, and shows the "
        "object before and after. Pods, all kinds with a Pod template, lists, and recorded "
        "AdmissionReviews are examined; other documents pass through. Namespaces among the "
        "manifests tell their labels.\n"
        "Exit code: 0 when all is well, 1 when an object was denied, 2 when something could "
        "not be read or decided, or there was nothing to examine; 3 with --error-unchanged when "
        "all is well and nothing was injected.",
    .usage = "-f FILE... [-p PATH]... [flags]",
    .examples = "  # What the policies change, as a diff\n"
                "  pannier preview -f web.yaml -p policies\n"
                "\n"
                "  # Why, for each policy\n"
                "  pannier preview -f web.yaml -p policies --explain\n"
                "\n"
                "  # Apply a chart with its sidecars, without a webhook in the cluster\n"
                "  helm template . | pannier preview -f - -p policies -o yaml | \\\n"
                "    kubectl apply -f -\n",
    .flags = flags,
    .options_size = sizeof(struct pn_preview_options),
    .run = run,
};
