/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "yaml/compose.h"
#include "yaml/fault.h"
#include "yaml/scalar.h"
#include "yaml/text.h"

/* Up to here a scan over the keys is as fast as a hash table. */
enum { SCAN_MAX_ENTRIES = 16 };

static int push_entry(struct pn_compose *c, struct pn_entry entry)
{
    if (c->entry_count == c->entry_cap) {
        size_t cap = c->entry_cap > 0 ? c->entry_cap * 2 : 64;
        struct pn_entry *entries = realloc(c->entries, cap * sizeof *entries);
        if (entries == NULL)
            return -ENOMEM;
        c->entries = entries;
        c->entry_cap = cap;
    }
    c->entries[c->entry_count++] = entry;
    return 0;
}

/* ---- keys ------------------------------------------------------------------------------ */

/* The text of a number or boolean as a key; s is NULL when refused. */
static struct pn_str key_text(struct pn_compose *c, const struct pn_node *key)
{
    if (key->kind == PN_NODE_BOOL)
        return key->b ? PN_STR("true") : PN_STR("false");
    if (key->kind == PN_NODE_INT)
        return pn_arena_format(c->arena, "%" PRId64, key->i);
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    pn_text_write_real_key(&text, key->r);
    return text.failed ? PN_STR_NULL : pn_arena_dup(c->arena, pn_buf_view(&text));
}

/* Tells why a node cannot be a key; true when it cannot. */
static bool refuse_key(struct pn_compose *c, const struct pn_part *key)
{
    switch (key->node->kind) {
    case PN_NODE_SEQUENCE:
    case PN_NODE_MAPPING:
        pn_fault_add(c, PN_FAULT_SYNTAX, key->place, "%s cannot be a key",
                     key->node->kind == PN_NODE_SEQUENCE ? "a list" : "a mapping");
        return true;
    case PN_NODE_NULL:
        pn_fault_add(c, PN_FAULT_SYNTAX, key->place, "null cannot be a key");
        pn_fault_help(c, "quote it if a string is meant");
        return true;
    case PN_NODE_RAW:
        pn_fault_add(c, PN_FAULT_SYNTAX, key->place, "the number %.*s is too large for a key",
                     PN_STR_ARG(key->node->s));
        pn_fault_help(c, "quote it");
        return true;
    default:
        return false;
    }
}

/* Fills in the key of an entry: the string that JSON has, at the place where it is written. */
static int set_key(struct pn_entry *entry, struct pn_compose *c, const struct pn_part *key)
{
    entry->kind = key->node->kind;
    entry->place = key->place;
    entry->key = key->node;
    if (entry->kind == PN_NODE_STRING && !key->is_alias)
        return 0;
    struct pn_node *string = pn_arena_alloc(c->arena, sizeof *string);
    if (string == NULL)
        return -ENOMEM;
    *string = *key->node;
    string->kind = PN_NODE_STRING;
    string->span = key->place;
    if (entry->kind == PN_NODE_REAL)
        entry->real = key->node->r;
    if (entry->kind != PN_NODE_STRING)
        string->s = key_text(c, key->node);
    entry->key = string;
    return string->s.s != NULL ? 0 : -ENOMEM;
}

/* ---- merges ---------------------------------------------------------------------------- */

static bool is_merge_key(const yaml_event_t *event)
{
    if (event->type != YAML_SCALAR_EVENT ||
        !pn_str_eq(
            (struct pn_str){(const char *)event->data.scalar.value, event->data.scalar.length},
            PN_STR("<<")))
        return false;
    return event->data.scalar.plain_implicit ||
           pn_str_is(pn_str_of((const char *)event->data.scalar.tag), PN_SCALAR_TAG_PREFIX "merge");
}

/* What the key of a merged entry was before it became a string: a plain key is looked at again. */
static void set_kind_of_merged(struct pn_compose *c, struct pn_entry *entry)
{
    const struct pn_node *key = entry->key;
    struct pn_scalar scalar = {.kind = PN_SCALAR_STRING};
    if (key->plain)
        scalar = pn_scalar_resolve(
            (struct pn_str){c->source->bytes.s + key->span.start, key->span.end - key->span.start});
    entry->kind = PN_NODE_STRING;
    if (scalar.kind == PN_SCALAR_BOOL)
        entry->kind = PN_NODE_BOOL;
    if (scalar.kind == PN_SCALAR_INT)
        entry->kind = PN_NODE_INT;
    if (scalar.kind == PN_SCALAR_REAL) {
        entry->kind = PN_NODE_REAL;
        entry->real = scalar.r;
    }
}

static int merge_mapping(struct pn_compose *c, const struct pn_node *from, struct pn_span place)
{
    for (uint32_t i = 0; i < from->mapping.count; i++) {
        struct pn_entry entry = {
            .key = from->mapping.entries[i].key,
            .value = from->mapping.entries[i].value,
            .place = place,
            .is_merged = true,
        };
        set_kind_of_merged(c, &entry);
        int r = push_entry(c, entry);
        if (r != 0)
            return r;
    }
    return 0;
}

/* Follows `<<`: a mapping, an alias of one, or a list of these. */
static int merge(struct pn_compose *c, struct pn_span place, const struct pn_part *value)
{
    const struct pn_node *node = value->node;
    bool mappings = node->kind == PN_NODE_MAPPING;
    if (node->kind == PN_NODE_SEQUENCE && !value->is_alias) {
        mappings = true;
        for (uint32_t i = 0; i < node->sequence.count; i++)
            mappings = mappings && node->sequence.items[i]->kind == PN_NODE_MAPPING;
    }
    if (!mappings) {
        pn_fault_add(c, PN_FAULT_SYNTAX, value->place,
                     "a merge (<<) takes a mapping or a list of mappings");
        return 0;
    }
    if (node->kind == PN_NODE_MAPPING)
        return merge_mapping(c, node, place);
    int r = 0;
    for (uint32_t i = 0; i < node->sequence.count && r == 0; i++)
        r = merge_mapping(c, node->sequence.items[i], place);
    return r;
}

/* ---- duplicates ------------------------------------------------------------------------ */

/* Two keys of one JSON text that YAML takes for different ones: 1 and "1". */
static bool differ_in_yaml(const struct pn_entry *a, const struct pn_entry *b)
{
    return a->kind != b->kind || (a->kind == PN_NODE_REAL && !(a->real == b->real));
}

/* The key for a message; `y` is shown as it is written, since people do not take it for true. */
static const char *show_key(struct pn_compose *c, const struct pn_entry *entry)
{
    const char *name = pn_fault_quote(c, entry->key->s);
    if (entry->kind != PN_NODE_BOOL)
        return name;
    struct pn_span place = entry->key->span;
    struct pn_str text = pn_arena_format(c->arena, "%.*s (%s to YAML)",
                                         (int)(place.end - place.start),
                                         c->source->bytes.s + place.start, name);
    return text.s != NULL ? text.s : name;
}

/* Tells of `again`, which has the JSON key of `first`, and settles which of them stays. */
static void settle_duplicate(struct pn_compose *c, struct pn_entry *first,
                             const struct pn_entry *again)
{
    const char *name = show_key(c, again);
    if (differ_in_yaml(first, again)) {
        /* kubectl keeps any of the two, by Go's random order of maps. */
        pn_diags_add(c->diags, PN_SEVERITY_WARNING, PN_FAULT_DUPLICATE_KEY, c->source, again->place,
                     "this key and the one at line %u become the same key %s in JSON",
                     first->place.line, name);
        pn_diags_help(c->diags, "kubectl keeps either of them; remove one");
        first->value = again->value;
    } else if (again->is_merged) {
        pn_fault_add(c, PN_FAULT_DUPLICATE_KEY, again->place,
                     "this merge sets the key %s, which is already set at line %u", name,
                     first->place.line);
        pn_fault_help(c, "leave one of them out: not all programs take the same one");
    } else if (first->is_merged) {
        pn_fault_add(c, PN_FAULT_DUPLICATE_KEY, again->place,
                     "the key %s is already set by the merge (<<) at line %u", name,
                     first->place.line);
        pn_fault_help(c, "leave one of them out: not all programs take the same one");
    } else {
        pn_fault_add(c, PN_FAULT_DUPLICATE_KEY, again->place,
                     "the key %s is already set at line %u of this mapping", name,
                     first->place.line);
    }
}

static struct pn_entry *scan_for(struct pn_entry *entries, size_t n, struct pn_str key)
{
    for (size_t i = 0; i < n; i++) {
        if (pn_str_eq(entries[i].key->s, key))
            return &entries[i];
    }
    return NULL;
}

/* The entry of that key before entry `n`, or NULL after noting that entry n has it now. */
static struct pn_entry *hash_for(struct pn_compose *c, size_t mask, struct pn_entry *entries,
                                 size_t n, struct pn_str key)
{
    size_t at = (size_t)pn_str_hash(PN_HASH_BASIS, key) & mask;
    for (; c->slots[at] != 0; at = (at + 1) & mask) {
        if (pn_str_eq(entries[c->slots[at] - 1].key->s, key))
            return &entries[c->slots[at] - 1];
    }
    c->slots[at] = (uint32_t)n + 1;
    return NULL;
}

/* Clears a hash table for `n` keys; *ret_mask is its size less one. */
static int prepare_slots(size_t *ret_mask, struct pn_compose *c, size_t n)
{
    size_t size = 64;
    while (size < 2 * n)
        size *= 2;
    if (size > c->slot_cap) {
        uint32_t *slots = realloc(c->slots, size * sizeof *slots);
        if (slots == NULL)
            return -ENOMEM;
        c->slots = slots;
        c->slot_cap = size;
    }
    memset(c->slots, 0, size * sizeof *c->slots);
    *ret_mask = size - 1;
    return 0;
}

/* Leaves one entry for each key; *n is how many there are. */
static int settle_duplicates(size_t *n, struct pn_compose *c, struct pn_entry *entries)
{
    size_t kept = 0, mask = 0;
    bool hashed = *n > SCAN_MAX_ENTRIES;
    int r = hashed ? prepare_slots(&mask, c, *n) : 0;
    if (r != 0)
        return r;
    for (size_t i = 0; i < *n; i++) {
        struct pn_str key = entries[i].key->s;
        entries[kept] = entries[i];
        struct pn_entry *first = hashed ? hash_for(c, mask, entries, kept, key)
                                        : scan_for(entries, kept, key);
        if (first != NULL)
            settle_duplicate(c, first, &entries[kept]);
        else
            kept++;
    }
    *n = kept;
    return 0;
}

/* ---- mappings -------------------------------------------------------------------------- */

/* Moves the entries from `first` on into the node. */
static int finish(struct pn_node *node, struct pn_compose *c, size_t first)
{
    size_t n = c->entry_count - first;
    struct pn_entry *entries = n > 0 ? c->entries + first : NULL;
    int r = settle_duplicates(&n, c, entries);
    if (r != 0)
        return r;
    struct pn_node_entry *copy = pn_arena_alloc(c->arena, n * sizeof *copy);
    if (copy == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        copy[i] = (struct pn_node_entry){entries[i].key, entries[i].value};
    c->entry_count = first;
    node->mapping.entries = copy;
    node->mapping.count = (uint32_t)n;
    return 0;
}

/* Reads a key, whose event is at hand, and its value. */
static int read_entry(unsigned *height, struct pn_compose *c, unsigned depth)
{
    struct pn_part key, value;
    struct pn_entry entry = {0};
    bool merges = is_merge_key(&c->event);
    int r = pn_compose_node(&key, c, depth);
    if (r == 0)
        r = pn_compose_next(c);
    if (r == 0)
        r = pn_compose_node(&value, c, depth);
    if (r != 0)
        return r;
    *height = value.height > *height ? value.height : *height;
    if (merges)
        return merge(c, key.place, &value);
    pn_compose_check_value(c, &value);
    if (refuse_key(c, &key))
        return 0;
    entry.value = value.node;
    r = set_key(&entry, c, &key);
    return r == 0 ? push_entry(c, entry) : r;
}

int pn_mapping_read(unsigned *ret_height, struct pn_node *node, struct pn_compose *c,
                    unsigned depth)
{
    size_t first = c->entry_count;
    unsigned height = 0;
    for (;;) {
        int r = pn_compose_next(c);
        if (r == 0 && c->event.type == YAML_MAPPING_END_EVENT)
            break;
        if (r == 0)
            r = read_entry(&height, c, depth);
        if (r != 0)
            return r;
    }
    *ret_height = height;
    return finish(node, c, first);
}
