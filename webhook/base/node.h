/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_BASE_NODE_H
#define PN_BASE_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/source.h"
#include "base/str.h"

/*
 * A document with positions, as a parser read it: for decoding, lint and edits. Lives in the arena
 * that the parser was given. An alias is the anchored node itself, so a document is a graph
 * without cycles; each node's place is where its content stands.
 */
enum pn_node_kind {
    PN_NODE_NULL,
    PN_NODE_BOOL,
    PN_NODE_INT,
    PN_NODE_REAL,
    PN_NODE_RAW, /* a number beyond int64, as JSON writes it */
    PN_NODE_STRING,
    PN_NODE_SEQUENCE,
    PN_NODE_MAPPING,
};

struct pn_node;

/* One entry of a mapping. The key is a PN_NODE_STRING, as JSON has it; its span is the file's. */
struct pn_node_entry {
    const struct pn_node *key;
    const struct pn_node *value;
};

struct pn_node {
    enum pn_node_kind kind;
    bool plain;          /* scalar written without quotes or block indicator */
    struct pn_span span; /* of the content, without anchor and tag */
    union {
        bool b;
        int64_t i;
        double r;
        struct pn_str s; /* PN_NODE_STRING, PN_NODE_RAW */
        struct {
            const struct pn_node *const *items;
            uint32_t count;
        } sequence;
        struct {
            const struct pn_node_entry *entries;
            uint32_t count;
        } mapping;
    };
};

/* One document of a source. `root` is a PN_NODE_NULL for an empty document. */
struct pn_document {
    const struct pn_source *source;
    const struct pn_node *root;
    struct pn_span span; /* of the document's text, for passing it through unchanged */
};

/* The value of `key` in a mapping, or NULL (also when `node` is NULL or no mapping). */
const struct pn_node *pn_node_get(const struct pn_node *node, const char *key);

/* The text of a string node, or a str with s == NULL. */
struct pn_str pn_node_str(const struct pn_node *node);

/* Words for messages: "a mapping", "a string", "null". */
const char *pn_node_kind_name(const struct pn_node *node);

#endif
