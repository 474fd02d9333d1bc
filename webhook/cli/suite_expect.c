/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suite.h"
#include "engine/decode.h"

/* expect of a case: names that do not exist are faults, since they would hold or fail for ever. */

static const char *const result_words[] = {"injected", "annotated",   "unchanged",
                                           "denied",   "notInjected", NULL};

struct container_fields {
    const struct pn_node *added, *init_added;
};

static const struct pn_field container_fields[] = {
    {"added", PN_FIELD_NODE, offsetof(struct container_fields, added), .form = PN_FORM_STRING,
     .shape = PN_SCHEMA_LIST,
     .help = "Names of the containers that were added, all of them, in their order"},
    {"initAdded", PN_FIELD_NODE, offsetof(struct container_fields, init_added),
     .form = PN_FORM_STRING, .shape = PN_SCHEMA_LIST, .help = "The same of init containers"},
    {0}};

struct assert_fields {
    const struct pn_node *path, *equals, *contains, *exists;
};

static const struct pn_field assert_fields[] = {
    {"path", PN_FIELD_NODE, offsetof(struct assert_fields, path), true, .form = PN_FORM_STRING,
     .help = "A JSONPath, such as $.spec.initContainers[0].image"},
    {"equals", PN_FIELD_NODE, offsetof(struct assert_fields, equals),
     .help = "There is exactly one value, and it is this"},
    {"contains", PN_FIELD_NODE, offsetof(struct assert_fields, contains),
     .help = "One of the values is a list with this item, a text with this part, or a mapping with "
             "these members"},
    {"exists", PN_FIELD_NODE, offsetof(struct assert_fields, exists), .form = PN_FORM_BOOL,
     .help = "Whether there is any"},
    {0}};

struct expect_fields {
    int result;
    const struct pn_node *reason, *policies, *reasons, *notes, *golden, *asserts;
    struct container_fields containers;
};

const struct pn_field pn_expect_fields[] = {
    {"result", PN_FIELD_ENUM, offsetof(struct expect_fields, result), .words = result_words,
     .help = "What becomes of the Pod; notInjected is annotated or unchanged"},
    {"reason", PN_FIELD_NODE, offsetof(struct expect_fields, reason), .form = PN_FORM_REVIEW_REASON,
     .help = "Reason of the review as a whole"},
    {"policies", PN_FIELD_NODE, offsetof(struct expect_fields, policies), .form = PN_FORM_STRING,
     .shape = PN_SCHEMA_LIST,
     .help = "The policies whose content is in the Pod, all of them, in their order"},
    {"reasons", PN_FIELD_NODE, offsetof(struct expect_fields, reasons),
     .form = PN_FORM_POLICY_REASON, .shape = PN_SCHEMA_MAP,
     .help = "POLICY: REASON, for those that matter"},
    {"notes", PN_FIELD_NODE, offsetof(struct expect_fields, notes), .form = PN_FORM_NOTE,
     .shape = PN_SCHEMA_LIST, .help = "Reasons that must be told beside others"},
    {"containers", PN_FIELD_OBJECT, offsetof(struct expect_fields, containers),
     .fields = container_fields, .help = "The containers that were added"},
    {"golden", PN_FIELD_NODE, offsetof(struct expect_fields, golden), .form = PN_FORM_STRING,
     .help = "A file with the whole JSON Patch, as YAML, from the directory of this file"},
    {"assert", PN_FIELD_NODE, offsetof(struct expect_fields, asserts), .form = PN_FORM_OBJECT,
     .shape = PN_SCHEMA_LIST, .fields = assert_fields,
     .help = "What is asked about the Pod that comes out"},
    {0}};

/* A list of strings, or NULL after a fault. */
static const struct pn_node *check_strings(struct pn_decoder *d, const struct pn_node *node,
                                           const char *what)
{
    const struct pn_node *list = node != NULL ? pn_decode_list(d, node, what) : NULL;
    for (uint32_t i = 0; list != NULL && i < list->sequence.count; i++) {
        const struct pn_node *item = list->sequence.items[i];
        if (item->kind == PN_NODE_STRING)
            continue;
        pn_decode_fault(d, item, "wrong-type", "%s: expected strings in the list, got %s", what,
                        pn_node_kind_name(item));
        return NULL;
    }
    return list;
}

/* ---- names ----------------------------------------------------------------------------- */

static bool check_policy(struct pn_decoder *d, const struct pn_node *node,
                         const struct pn_policy_set *set)
{
    size_t n = pn_policy_set_policy_count(set);
    const char **names = pn_arena_zalloc(d->arena, n + 1, sizeof *names);
    for (uint32_t i = 0; i < n; i++) {
        struct pn_str name = pn_policy_set_policy_name(set, i);
        if (pn_str_eq(name, node->s))
            return true;
        if (names != NULL)
            names[i] = pn_arena_dup(d->arena, name).s;
        if (names == NULL || names[i] == NULL) {
            d->out_of_memory = true;
            return false;
        }
    }
    pn_decode_fault(d, node, "unknown-value", "unknown policy `%.*s`", PN_STR_ARG(node->s));
    pn_decode_help_with_words(d, node->s, names);
    return false;
}

static enum pn_reason_id find_reason(struct pn_decoder *d, const struct pn_node *node,
                                     const char *what)
{
    const char *names[PN_REASON_COUNT] = {NULL};
    if (node->kind != PN_NODE_STRING) {
        pn_decode_fault(d, node, "wrong-type", "%s: expected a reason, got %s", what,
                        pn_node_kind_name(node));
        return PN_REASON_NONE;
    }
    for (unsigned i = PN_REASON_NONE + 1; i < PN_REASON_COUNT; i++) {
        names[i - 1] = pn_reason_name((enum pn_reason_id)i);
        if (pn_str_is(node->s, names[i - 1]))
            return (enum pn_reason_id)i;
    }
    pn_decode_fault(d, node, "unknown-value", "%s: unknown reason `%.*s`", what,
                    PN_STR_ARG(node->s));
    const char *near = pn_str_nearest(node->s, names);
    if (near != NULL)
        pn_diags_help(d->diags, "did you mean `%s`?", near);
    else
        pn_diags_help(d->diags, "`pannier explain` lists them");
    return PN_REASON_NONE;
}

/* What is no reason of the kind that is asked for there. */
static void misplaced(struct pn_decoder *d, const struct pn_node *node, const char *what,
                      const char *expected, const char *help)
{
    pn_decode_fault(d, node, "unknown-value", "%s: `%.*s` is no reason of %s", what,
                    PN_STR_ARG(node->s), expected);
    pn_diags_help(d->diags, "%s", help);
}

static void decode_reason(struct pn_expect *ret, struct pn_decoder *d, const struct pn_node *node)
{
    enum pn_reason_id id = find_reason(d, node, "expect.reason");
    if (id != PN_REASON_NONE && pn_reason_class_of(id) != PN_CLASS_REVIEW)
        misplaced(d, node, "expect.reason", "the review as a whole",
                  "write `reasons: {POLICY: REASON}`, or `notes: [REASON]` for a note");
    ret->reason = id;
    ret->reason_node = node;
}

static void decode_reasons(struct pn_expect *ret, struct pn_decoder *d, const struct pn_node *node,
                           const struct pn_policy_set *set)
{
    if (node->kind != PN_NODE_MAPPING) {
        pn_decode_fault(d, node, "wrong-type",
                        "expect.reasons: expected a mapping of policies to reasons, got %s",
                        pn_node_kind_name(node));
        return;
    }
    struct pn_expect_reason *items = pn_arena_zalloc(d->arena, node->mapping.count + 1,
                                                     sizeof *items);
    if (items == NULL) {
        d->out_of_memory = true;
        return;
    }
    for (uint32_t i = 0; i < node->mapping.count; i++) {
        const struct pn_node_entry *e = &node->mapping.entries[i];
        check_policy(d, e->key, set);
        enum pn_reason_id id = find_reason(d, e->value, "expect.reasons");
        enum pn_reason_class class = pn_reason_class_of(id);
        if (id != PN_REASON_NONE && class == PN_CLASS_REVIEW)
            misplaced(d, e->value, "expect.reasons", "a policy", "write `reason: REASON`");
        else if (id != PN_REASON_NONE && class == PN_CLASS_NOTE)
            misplaced(d, e->value, "expect.reasons", "a policy", "write `notes: [REASON]`");
        items[i] = (struct pn_expect_reason){e->key->s, id, e->value};
    }
    ret->reasons = items;
    ret->reason_count = node->mapping.count;
}

static void decode_notes(struct pn_expect *ret, struct pn_decoder *d, const struct pn_node *node)
{
    ret->notes = check_strings(d, node, "expect.notes");
    for (uint32_t i = 0; ret->notes != NULL && i < ret->notes->sequence.count; i++) {
        const struct pn_node *item = ret->notes->sequence.items[i];
        enum pn_reason_id id = find_reason(d, item, "expect.notes");
        if (id != PN_REASON_NONE && pn_reason_class_of(id) != PN_CLASS_NOTE)
            misplaced(d, item, "expect.notes", "a note", "write `reasons: {POLICY: REASON}`");
    }
}

/* ---- assertions ------------------------------------------------------------------------ */

static void decode_path(struct pn_value_path *ret, struct pn_decoder *d, const struct pn_node *node)
{
    struct pn_err err = PN_ERR_INIT;
    if (node->kind != PN_NODE_STRING) {
        pn_decode_fault(d, node, "wrong-type", "path: expected a string, got %s",
                        pn_node_kind_name(node));
        return;
    }
    int r = pn_value_path_read(ret, node->s, d->arena, &err);
    if (r == PN_VALUE_PATH_E_SYNTAX) {
        pn_decode_fault(d, node, "invalid-path", "path: %s", err.text);
        pn_diags_help(d->diags, "such as $.spec.initContainers[?(@.name==\"agent\")].image");
    } else if (r != 0) {
        d->out_of_memory = true;
    } else {
        pn_value_path_check(ret, d->source, node->span, d->diags);
    }
}

static void decode_assert(struct pn_expect_assert *ret, struct pn_decoder *d,
                          const struct pn_node *node, const char *what)
{
    struct assert_fields fields = {0};
    pn_decode_object(d, node, what, assert_fields, &fields);
    if (fields.path != NULL)
        decode_path(&ret->path, d, fields.path);
    if (fields.exists != NULL && fields.exists->kind != PN_NODE_BOOL)
        pn_decode_fault(d, fields.exists, "wrong-type", "%s.exists: expected true or false, got %s",
                        what, pn_node_kind_name(fields.exists));
    if (fields.path != NULL && fields.equals == NULL && fields.contains == NULL &&
        fields.exists == NULL)
        pn_decode_fault(d, node, "missing-field", "%s: asks nothing about the path", what);
    ret->node = fields.path;
    ret->equals = fields.equals;
    ret->contains = fields.contains;
    ret->exists = fields.exists;
}

static void decode_asserts(struct pn_expect *ret, struct pn_decoder *d, const struct pn_node *node)
{
    const struct pn_node *list = pn_decode_list(d, node, "expect.assert");
    size_t n = list != NULL ? list->sequence.count : 0;
    struct pn_expect_assert *items = pn_arena_zalloc(d->arena, n + 1, sizeof *items);
    if (items == NULL) {
        d->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct pn_err what = PN_ERR_INIT;
        pn_err_set(&what, 0, "expect.assert[%zu]", i);
        decode_assert(&items[i], d, list->sequence.items[i], what.text);
    }
    ret->asserts = items;
    ret->assert_count = n;
}

/* ---- the whole ------------------------------------------------------------------------- */

static void decode_golden(struct pn_expect *ret, struct pn_decoder *d, const struct pn_node *node)
{
    if (node->kind != PN_NODE_STRING || node->s.n == 0) {
        pn_decode_fault(d, node, "wrong-type", "expect.golden: expected a path, got %s",
                        pn_node_kind_name(node));
        return;
    }
    ret->golden = pn_input_path_beside(d->source, node->s, d->arena);
    ret->golden_node = node;
    if (ret->golden.s == NULL)
        d->out_of_memory = true;
}

void pn_expect_decode(struct pn_expect *ret, struct pn_decoder *d, const struct pn_node *node,
                      const struct pn_policy_set *set)
{
    struct expect_fields fields = {.result = PN_EXPECT_NONE};
    *ret = (struct pn_expect){.result = PN_EXPECT_NONE};
    pn_decode_object(d, node, "expect", pn_expect_fields, &fields);
    if (node->kind == PN_NODE_MAPPING && node->mapping.count == 0)
        pn_decode_fault(d, node, "empty-value", "expect: expects nothing");
    ret->result = fields.result;
    ret->result_node = pn_node_get(node, "result");
    if (fields.reason != NULL)
        decode_reason(ret, d, fields.reason);
    ret->policies = check_strings(d, fields.policies, "expect.policies");
    for (uint32_t i = 0; ret->policies != NULL && i < ret->policies->sequence.count; i++)
        check_policy(d, ret->policies->sequence.items[i], set);
    if (fields.reasons != NULL)
        decode_reasons(ret, d, fields.reasons, set);
    if (fields.notes != NULL)
        decode_notes(ret, d, fields.notes);
    ret->added = check_strings(d, fields.containers.added, "expect.containers.added");
    ret->init_added = check_strings(d, fields.containers.init_added, "expect.containers.initAdded");
    if (fields.golden != NULL)
        decode_golden(ret, d, fields.golden);
    if (fields.asserts != NULL)
        decode_asserts(ret, d, fields.asserts);
}
