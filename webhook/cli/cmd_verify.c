/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "cli/commands.h"
#include "cli/input.h"
#include "cli/out.h"
#include "cli/pods.h"
#include "cli/policies.h"
#include "cli/protected.h"
#include "config/load.h"
#include "config/namespaces.h"
#include "engine/decide.h"
#include "report/fleet.h"
#include "report/term.h"

enum format { FORMAT_TABLE, FORMAT_JSON, FORMAT_NAME };
static const char *const formats[] = {"table", "json", "name", NULL};

struct options {
    struct pn_flag_list files, policies;
    const char *namespace;  /* NULL: all */
    const char *namespaces; /* file of labels; NULL: none */
    const char *protected_namespaces;
    int format; /* enum format */
    bool all, recursive;
    int color; /* enum pn_color */
};

#define AT(field) offsetof(struct options, field)

static const struct pn_flag flags[] = {
    {"filename", 'f', PN_FLAG_LIST, AT(files), "FILE",
     "Running Pods, as 'kubectl get pods -A -o json' prints them: a file, a directory (*.yaml, "
     "*.yml, *.json), or - for standard input; may be repeated"},
    {"policies", 'p', PN_FLAG_LIST, AT(policies), "PATH",
     "File or directory of templates and policies; may be repeated"},
    {"namespace", 'n', PN_FLAG_TEXT, AT(namespace), "NAMESPACE", "Only Pods of this namespace"},
    {"namespaces", 0, PN_FLAG_TEXT, AT(namespaces), "FILE",
     "Namespaces with their labels, as 'kubectl get namespaces -o json' prints them"},
    {"protected-namespaces", 0, PN_FLAG_TEXT, AT(protected_namespaces), "LIST",
     "Namespaces that no policy reaches, separated by commas, as the server was told (default "
     "kube-system, kube-public, kube-node-lease and pannier-system)"},
    {"output", 'o', PN_FLAG_CHOICE, AT(format), "FORMAT", "Format", "table", .choices = formats},
    {"all", 0, PN_FLAG_BOOL, AT(all), NULL,
     "Print what is as it should be too: Current, and LeftOut with its reason"},
    {"color", 0, PN_FLAG_CHOICE, AT(color), "WHEN", "Colour", "auto", .choices = pn_color_words},
    {"recursive", 'R', PN_FLAG_BOOL, AT(recursive), NULL, "Read subdirectories of -f too"},
    {0},
};

struct session {
    const struct options *o;
    struct pn_decider decider;
    struct pn_arena *values; /* of one Pod */
    const struct pn_running_known *known;
    struct pn_fleet fleet;
    bool lacks_labels; /* a Pod could not be decided for want of its namespace's labels */
    struct pn_diags diags;
    struct pn_out out;
};

/* ---- one Pod ---------------------------------------------------------------------------- */

/* Reads what the Pod says of its controller. */
static void find_owner(struct pn_fleet_pod *inout, struct pn_value metadata)
{
    struct pn_value owners = PN_GET(metadata, "ownerReferences");
    for (uint32_t i = 0; i < pn_value_count(owners); i++) {
        struct pn_value owner = pn_value_at(owners, i), is_one = PN_GET(owner, "controller");
        if (is_one.kind != PN_BOOL || !is_one.b)
            continue;
        inout->owner_kind = pn_value_str(PN_GET(owner, "kind"));
        inout->owner_name = pn_value_str(PN_GET(owner, "name"));
    }
}

/* Why the Pod itself is not looked at; PN_FLEET_SKIP_COUNT: it is. */
static enum pn_fleet_skip skip_of(const struct session *s, struct pn_value pod,
                                  struct pn_str namespace)
{
    struct pn_value phase = PN_GET(PN_GET(pod, "status"), "phase");
    if (s->o->namespace != NULL && !pn_str_is(namespace, s->o->namespace))
        return PN_FLEET_FILTERED;
    if (pn_value_is_string(phase, "Succeeded") || pn_value_is_string(phase, "Failed"))
        return PN_FLEET_COMPLETED;
    if (!pn_value_is_unset(PN_GET(PN_GET(pod, "metadata"), "deletionTimestamp")))
        return PN_FLEET_DELETING;
    return PN_FLEET_SKIP_COUNT;
}

static int judge(struct pn_running *ret, struct session *s, const struct pn_decision **ret_decision,
                 struct pn_value pod, struct pn_str namespace, struct pn_err *err)
{
    struct pn_decision *decision = NULL;
    s->decider.flags = PN_DECIDE_VALIDATE;
    int r = pn_decide_pod(&decision, &s->decider, pod, namespace, err);
    if (r == 0)
        r = pn_running_judge(ret, decision, s->known, pod, s->values, err);
    if (r == 0 && ret->lacks_reasons) {
        s->decider.flags |= PN_DECIDE_ALL_REASONS;
        r = pn_decide_pod(&decision, &s->decider, pod, namespace, err);
        if (r == 0)
            r = pn_running_judge(ret, decision, s->known, pod, s->values, err);
    }
    *ret_decision = decision;
    return r;
}

static void print_name(struct session *s, const struct pn_fleet_pod *pod)
{
    if (!s->o->all && !pn_fleet_is_finding(pod->running->standing))
        return;
    pn_buf_cstr(&s->out.buf, "pod/");
    pn_term_write(&s->out.buf, pod->name);
    pn_buf_cstr(&s->out.buf, " --namespace=");
    pn_term_write(&s->out.buf, pod->namespace);
    pn_buf_char(&s->out.buf, '\n');
}

static int print(struct session *s, const struct pn_fleet_pod *pod)
{
    const struct pn_running *running = pod->running;
    int r = pn_fleet_add(&s->fleet, pod);
    for (size_t i = 0; i < running->policy_count; i++)
        s->lacks_labels = s->lacks_labels ||
                          running->policies[i].reason.id == PN_REASON_NAMESPACE_LABELS_UNKNOWN;
    if (r == 0 && s->o->format == FORMAT_JSON)
        r = pn_fleet_json_pod(&s->out.buf, pod, s->fleet.pods == 1);
    else if (r == 0 && s->o->format == FORMAT_NAME)
        print_name(s, pod);
    pn_out_step(&s->out);
    return r;
}

/* What the engine has against the Pod, in terms of the Pod. */
static void fault(struct session *s, const struct pn_pods_place *place, struct pn_str name,
                  const char *message)
{
    static const char prefix[] = "request.object";
    if (strncmp(message, prefix, sizeof prefix - 1) == 0)
        message += sizeof prefix - 1 + (message[sizeof prefix - 1] == '.');
    pn_pods_fault(&s->diags, place, "invalid-object", "Pod%s%.*s: %s", name.n > 0 ? "/" : "",
                  PN_STR_ARG(name), message);
    s->fleet.invalid++;
}

static int verify_pod(void *context, const struct pn_pods_place *place, struct pn_value pod)
{
    struct session *s = context;
    struct pn_value metadata = PN_GET(pod, "metadata");
    struct pn_str namespace = pn_value_str(PN_GET(metadata, "namespace"));
    struct pn_running running;
    struct pn_err err = PN_ERR_INIT;
    const struct pn_decision *decision = NULL;
    struct pn_fleet_pod told = {
        .file = place->source->name,
        .namespace = namespace.n > 0 ? namespace : PN_STR("default"),
        .name = pn_value_str(PN_GET(metadata, "name")),
        .running = &running,
    };
    enum pn_fleet_skip skip = skip_of(s, pod, told.namespace);
    if (skip != PN_FLEET_SKIP_COUNT) {
        s->fleet.skipped[skip]++;
        return 0;
    }
    int r = judge(&running, s, &decision, pod, told.namespace, &err);
    if (r > 0) {
        fault(s, place, told.name, err.text);
        return 0;
    }
    if (r < 0)
        return r;
    if (decision->review.id == PN_REASON_MIRROR_POD ||
        decision->review.id == PN_REASON_PROTECTED_NAMESPACE) {
        s->fleet.skipped[decision->review.id == PN_REASON_MIRROR_POD ? PN_FLEET_STATIC
                                                                     : PN_FLEET_PROTECTED]++;
        return 0;
    }
    find_owner(&told, metadata);
    told.workload = decision->workload;
    return print(s, &told);
}

/* ---- the run ---------------------------------------------------------------------------- */

/* Says what is wrong. */
static bool load(struct pn_policy_set **ret, struct pn_namespaces **ret_namespaces,
                 const struct options *o, bool color)
{
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    int r = pn_load_policies(&set, o->policies.items, o->policies.count, &diags);
    if (r == 0 && o->namespaces != NULL)
        r = pn_namespaces_load(ret_namespaces, o->namespaces, &diags);
    if (!pn_policies_end_load(r, "policies", &diags, color) ||
        !pn_policies_check_any(set, &o->policies))
        return false;
    *ret = PN_TAKE(set);
    return true;
}

static int verify_all(struct session *s)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf summary = PN_BUF_INIT;
    struct pn_pods_reader reader = {
        .names = &s->o->files,
        .recursive = s->o->recursive,
        .values = s->values,
        .diags = &s->diags,
        .each = verify_pod,
        .context = s,
    };
    if (s->o->format == FORMAT_JSON)
        pn_fleet_json_begin(&s->out.buf);
    int r = pn_pods_read(&reader);
    s->fleet.other = reader.other;
    if (r == 0 && s->o->format == FORMAT_JSON)
        r = pn_fleet_json_end(&s->out.buf, &s->fleet);
    else if (r == 0 && s->o->format == FORMAT_TABLE)
        r = pn_fleet_write_table(&s->out.buf, &s->fleet,
                                 pn_color_wanted(s->o->color, STDOUT_FILENO));
    if (r == 0)
        r = pn_fleet_write_summary(&summary, &s->fleet);
    if (r == 0)
        pn_out_summarise(&s->out, &summary);
    return r;
}

/* True when there was a Pod that was asked about, looked at or not. */
static bool has_seen_any(const struct pn_fleet *fleet)
{
    size_t n = fleet->pods + fleet->invalid;
    for (unsigned i = 0; i < PN_FLEET_SKIP_COUNT; i++)
        n += i != PN_FLEET_FILTERED ? fleet->skipped[i] : 0;
    return n > 0;
}

static void say_nothing_found(const struct options *o)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf names = PN_BUF_INIT;
    pn_input_write_names(&names, &o->files);
    pn_out_error("no Pods%s%s found in %.*s", o->namespace != NULL ? " of namespace " : "",
                 o->namespace != NULL ? o->namespace : "", PN_STR_ARG(pn_buf_view(&names)));
}

static enum pn_exit exit_of(const struct session *s, bool is_faulty)
{
    const struct pn_fleet *fleet = &s->fleet;
    size_t findings = 0;
    size_t unknown = fleet->standings[PN_STANDING_UNKNOWN];
    if (unknown > 0)
        pn_out_error("%zu Pod%s cannot be decided%s", unknown, unknown == 1 ? "" : "s",
                     s->lacks_labels ? "; --namespaces gives the labels of namespaces" : "");
    if (!has_seen_any(fleet) && !is_faulty)
        say_nothing_found(s->o);
    if (is_faulty || !has_seen_any(fleet) || unknown > 0)
        return PN_EXIT_FAILED;
    for (unsigned i = 0; i < PN_STANDING_COUNT; i++)
        findings += pn_fleet_is_finding((enum pn_standing)i) ? fleet->standings[i] : 0;
    return findings > 0 ? PN_EXIT_FOUND : PN_EXIT_OK;
}

static enum pn_exit run_on(struct session *s, const struct pn_namespaces *namespaces, bool color)
{
    s->decider.env.namespace_labels = namespaces != NULL ? pn_namespaces_labels(namespaces) : NULL;
    int r = pn_arena_new(&s->values, PN_ARENA_KEEP_BYTES);
    if (r == 0)
        r = pn_arena_new(&s->decider.arena, PN_ARENA_KEEP_BYTES);
    if (r == 0)
        r = pn_arena_new(&s->fleet.arena, 0);
    if (r == 0)
        r = pn_running_known_new(&s->known, s->decider.set, s->fleet.arena);
    if (r == 0)
        r = verify_all(s);
    bool is_written = pn_out_finish(&s->out);
    bool is_faulty = s->diags.errors > 0;
    pn_out_diags(&s->diags, color);
    if (r < 0)
        pn_out_error("%s", strerror(-r));
    enum pn_exit exit_code = r == 0 && is_written ? exit_of(s, is_faulty) : PN_EXIT_FAILED;
    pn_arena_free(s->fleet.arena);
    pn_arena_free(s->decider.arena);
    pn_arena_free(s->values);
    pn_buf_deinit(&s->decider.body);
    return exit_code;
}

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    const struct options *o = options;
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = NULL;
    PN_CLEANUP(pn_namespaces_unref_pointer) struct pn_namespaces *namespaces = NULL;
    PN_CLEANUP(pn_protected_deinit) struct pn_protected protected = {0};
    struct pn_err err = PN_ERR_INIT;
    bool color = pn_color_wanted(o->color, STDERR_FILENO);
    (void)operands;
    (void)n;
    if (o->files.count == 0) {
        pn_out_error("no Pods: name their files with -f");
        return pn_program_refuse("verify");
    }
    int r = pn_protected_read(&protected, o->protected_namespaces, &err);
    if (r != 0)
        pn_out_error("%s", r > 0 ? err.text : strerror(-r));
    if (r != 0 || !load(&set, &namespaces, o, color))
        return PN_EXIT_FAILED;
    struct session s = {
        .o = o,
        .decider = {.set = set, .env = {.protected_namespaces = protected.names}},
        .fleet = {.keeps_rows = o->format == FORMAT_TABLE, .keeps_all = o->all},
        .diags = PN_DIAGS_INIT,
        .out = PN_OUT_INIT,
    };
    return run_on(&s, namespaces, color);
}

const struct pn_cmd pn_cmd_verify = {
    .name = "verify",
    .summary = "Compare running Pods with the policies",
    .about =
        "Asks the policies about each Pod as it runs, as POST /validate would, and compares the "
        "answer with what the Pod's status annotation says was added when it was made. A policy "
        "is Current when what is there is what it renders today, Stale when it was added by "
        "another revision of the policy or its templates, Missing when it selects the Pod and is "
        "not there, Tampered when this revision added it and it was changed since, and "
        "Unexpected when the status names it and it would not be added today. Pods that have "
        "ended or are being deleted, static Pods, and those of protected namespaces are counted "
        "and not looked at.\n"
        "Exit code: 0 when all is as it should be, 1 when something is Stale, Missing, Tampered "
        "or Unexpected, 2 when something could not be read or decided, or there were no Pods.",
    .usage = "-f FILE... -p PATH... [flags]",
    .examples = "  # Which Pods of a cluster need a restart, and why\n"
                "  kubectl get pods -A -o json | pannier verify -f - -p policies\n"
                "\n"
                "  # Have their controllers make new ones; a Pod that has none is gone then\n"
                "  pannier verify -f pods.json -p policies -o name | \\\n"
                "    xargs -L1 kubectl delete\n",
    .flags = flags,
    .options_size = sizeof(struct options),
    .run = run,
};
