/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_YAML_COMPOSE_H
#define PN_YAML_COMPOSE_H

#include <yaml.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/limits.h"
#include "base/node.h"
#include "yaml/anchor.h"
#include "yaml/cursor.h"

/*
 * The parser's events become nodes here, one document at a time. Inside webhook/yaml only.
 *
 * Functions return 0, PN_YAML_E_INVALID (told in `diags`; the document cannot be read any
 * further) or -ENOMEM. A fault that leaves the rest readable is told and counted in `faults`.
 */

/* What one node is in its parent. */
struct pn_part {
    const struct pn_node *node;
    struct pn_span place; /* where it is written: for an alias, the alias */
    bool is_alias;
    unsigned height; /* nested collections: 0 for a scalar */
};

/* One entry of a mapping that is being read. */
struct pn_entry {
    const struct pn_node *key; /* the string that JSON has */
    const struct pn_node *value;
    struct pn_span place;   /* of the key, or of the `<<` that brought it */
    enum pn_node_kind kind; /* of the key as written: 1 and "1" are two keys to YAML */
    double real;            /* the key as written, for PN_NODE_REAL */
    bool is_merged;
};

struct pn_compose {
    const struct pn_source *source;
    struct pn_arena *arena;
    struct pn_diags *diags;

    yaml_parser_t *parser;
    yaml_event_t event;      /* the one at hand */
    struct pn_str text;      /* what the parser reads: the source from `origin` on */
    struct pn_cursor origin; /* where the parser began */
    struct pn_cursor at;     /* the place of the latest event */
    struct pn_cursor last;   /* behind the latest content */
    size_t end;              /* the same, without the blank lines of a block scalar */
    unsigned flow;           /* open flow collections */
    struct pn_cursor open;   /* the bracket of the innermost one */

    struct pn_anchors anchors;
    const struct pn_node **items; /* items of the sequences that are open */
    size_t item_count, item_cap;
    struct pn_entry *entries; /* entries of the mappings that are open */
    size_t entry_count, entry_cap;
    uint32_t *slots; /* hash table over the keys of one large mapping */
    size_t slot_cap;

    uint64_t decoded, aliased; /* nodes of this document; those that aliases stand for */
    uint64_t nodes;            /* nodes of the file */
    bool exhausted;            /* the file has too many */
    bool is_template;          /* a fault in a line with "{{" was told: there are more */
    bool wants_help;           /* the fault added last can be explained */
    size_t faults;             /* of this document */
};

void pn_compose_deinit(struct pn_compose *c);

/*
 * Reads the one document in `text`, which begins at `origin`. *ret_root is NULL when nothing but
 * comments is written there. `c->faults` says whether it is sound.
 */
int pn_compose_document(const struct pn_node **ret_root, struct pn_compose *c, struct pn_str text,
                        struct pn_cursor origin) PN_MUST_CHECK;

/* Reads the node that begins with the event at hand, `depth` collections deep. */
int pn_compose_node(struct pn_part *ret, struct pn_compose *c, unsigned depth) PN_MUST_CHECK;

/* Gets the next event. */
int pn_compose_next(struct pn_compose *c) PN_MUST_CHECK;

/* Tells when a node cannot be a JSON value: .inf and .nan can only be keys. */
void pn_compose_check_value(struct pn_compose *c, const struct pn_part *part);

/*
 * Reads the entries of a mapping up to its end event, and completes `node`: keys become strings,
 * `<<` is followed, duplicates are told. (mapping.c)
 */
int pn_mapping_read(unsigned *ret_height, struct pn_node *node, struct pn_compose *c,
                    unsigned depth) PN_MUST_CHECK;

#endif
