/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/compose.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "yaml/dialect.h"
#include "yaml/fault.h"
#include "yaml/place.h"
#include "yaml/read.h"
#include "yaml/scalar.h"
#include "yaml/text.h"

void pn_compose_deinit(struct pn_compose *c)
{
    pn_anchor_deinit(&c->anchors);
    free(c->items);
    free(c->entries);
    free(c->slots);
}

int pn_compose_next(struct pn_compose *c)
{
    yaml_event_delete(&c->event);
    if (yaml_parser_parse(c->parser, &c->event))
        return 0;
    if (c->parser->error == YAML_MEMORY_ERROR)
        return -ENOMEM;
    pn_fault_syntax(c);
    return PN_YAML_E_INVALID;
}

/* ---- limits ---------------------------------------------------------------------------- */

/*
 * The share of nodes that may come from aliases: go-yaml refuses a document beyond it
 * (decode.go, allowedAliasRatio), so kubectl does.
 */
static double allowed_alias_share(uint64_t decoded)
{
    const double low = 400000, high = 4000000;
    double n = (double)decoded;
    if (n <= low)
        return 0.99;
    return n >= high ? 0.10 : 0.99 - 0.89 * (n - low) / (high - low);
}

/* Counts `n` more nodes, of which the latest event is the cause. */
static int count_nodes(struct pn_compose *c, uint64_t n, bool aliased)
{
    c->nodes += n;
    c->decoded += n;
    c->aliased += aliased ? n : 0;
    bool excessive = c->aliased > 100 && c->decoded > 1000 &&
                     (double)c->aliased / (double)c->decoded > allowed_alias_share(c->decoded);
    if (c->nodes <= PN_YAML_MAX_NODES && !excessive)
        return 0;
    struct pn_span place = pn_cursor_span(&c->at, c->at.byte);
    if (excessive) {
        pn_fault_add(c, PN_FAULT_LIMIT, place,
                     "aliases stand for %" PRIu64 " of the %" PRIu64
                     " values up to here, more than kubectl accepts",
                     c->aliased, c->decoded);
        pn_fault_help(c, "repeat less, or write the repeated parts out");
    } else {
        c->exhausted = true;
        pn_fault_add(c, PN_FAULT_LIMIT, place, "this file holds more than %d values",
                     PN_YAML_MAX_NODES);
        pn_fault_help(c, "split it into smaller files");
    }
    return PN_YAML_E_INVALID;
}

static int check_depth(struct pn_compose *c, unsigned depth)
{
    if (depth <= PN_YAML_MAX_DEPTH)
        return 0;
    pn_fault_add(c, PN_FAULT_LIMIT, pn_cursor_span(&c->at, c->at.byte),
                 "lists and mappings are nested more than %d deep here", PN_YAML_MAX_DEPTH);
    pn_fault_help(c, "no object of Kubernetes needs that: look for a bracket too many");
    return PN_YAML_E_INVALID;
}

/* ---- scalars --------------------------------------------------------------------------- */

static int set_string(struct pn_compose *c, struct pn_node *node, struct pn_str text)
{
    node->kind = PN_NODE_STRING;
    node->s = pn_arena_dup(c->arena, text);
    return node->s.s != NULL ? 0 : -ENOMEM;
}

static int set_binary(struct pn_compose *c, struct pn_node *node, struct pn_str text)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf bytes = PN_BUF_INIT;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf utf8 = PN_BUF_INIT;
    if (!pn_text_decode_base64(&bytes, text))
        pn_fault_add(c, PN_FAULT_SYNTAX, node->span, "the text under !!binary is not base64");
    pn_text_append_utf8(&utf8, pn_buf_view(&bytes));
    if (bytes.failed || utf8.failed)
        return -ENOMEM;
    return set_string(c, node, pn_buf_view(&utf8));
}

static int set_resolved(struct pn_compose *c, struct pn_node *node, struct pn_scalar scalar,
                        struct pn_str text)
{
    switch (scalar.kind) {
    case PN_SCALAR_NULL:
        node->kind = PN_NODE_NULL;
        return 0;
    case PN_SCALAR_BOOL:
        node->kind = PN_NODE_BOOL;
        node->b = scalar.b;
        return 0;
    case PN_SCALAR_INT:
        node->kind = PN_NODE_INT;
        node->i = scalar.i;
        return 0;
    case PN_SCALAR_UINT:
        node->kind = PN_NODE_RAW;
        node->s = pn_arena_format(c->arena, "%" PRIu64, scalar.u);
        return node->s.s != NULL ? 0 : -ENOMEM;
    case PN_SCALAR_REAL:
        node->kind = PN_NODE_REAL;
        node->r = scalar.r;
        return 0;
    case PN_SCALAR_TIMESTAMP:
    case PN_SCALAR_STRING:
        break;
    }
    return set_string(c, node, text);
}

static int set_scalar(struct pn_compose *c, struct pn_node *node)
{
    struct pn_str text = {(const char *)c->event.data.scalar.value, c->event.data.scalar.length};
    struct pn_str tag = pn_str_of((const char *)c->event.data.scalar.tag);
    struct pn_scalar scalar = {.kind = PN_SCALAR_STRING};
    if (pn_str_is(tag, PN_SCALAR_TAG_PREFIX "binary"))
        return set_binary(c, node, text);
    if (tag.s == NULL && c->event.data.scalar.plain_implicit)
        scalar = pn_scalar_resolve(text);
    if (tag.s != NULL && pn_scalar_resolve_tagged(&scalar, tag, text) != 0)
        pn_fault_add(c, PN_FAULT_SYNTAX, node->span, "%s is not what its tag !!%s says",
                     pn_fault_quote(c, text), tag.s + sizeof PN_SCALAR_TAG_PREFIX - 1);
    return set_resolved(c, node, scalar, text);
}

/* ---- nodes ----------------------------------------------------------------------------- */

static int new_node(struct pn_compose *c, struct pn_node **ret)
{
    struct pn_node *node = pn_arena_zalloc(c->arena, 1, sizeof *node);
    if (node == NULL)
        return -ENOMEM;
    *ret = node;
    return 0;
}

/* Gives an anchor the node that was read since it was declared. */
static void close_anchor(struct pn_compose *c, size_t anchor, const struct pn_part *part,
                         uint64_t decoded_before)
{
    c->anchors.items[anchor].node = part->node;
    c->anchors.items[anchor].height = part->height;
    c->anchors.items[anchor].cost = c->decoded - decoded_before;
}

static int read_scalar(struct pn_part *ret, struct pn_compose *c)
{
    struct pn_node *node = NULL;
    size_t anchor;
    struct pn_str name = pn_str_of((const char *)c->event.data.scalar.anchor);
    int r = new_node(c, &node);
    if (r != 0)
        return r;
    node->span = pn_place_scalar(c);
    node->plain = c->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    pn_dialect_settle(c, node->span);
    r = set_scalar(c, node);
    if (r != 0)
        return r;
    *ret = (struct pn_part){.node = node, .place = node->span};
    if (name.s == NULL)
        return 0;
    r = pn_anchor_declare(&anchor, &c->anchors, name, c->arena);
    if (r == 0)
        close_anchor(c, anchor, ret, c->decoded - 1);
    return r;
}

static int read_alias(struct pn_part *ret, struct pn_compose *c, unsigned depth)
{
    static const struct pn_node null_node = {.kind = PN_NODE_NULL};
    struct pn_str name = pn_str_of((const char *)c->event.data.alias.anchor);
    pn_place_seek(c, c->event.start_mark);
    struct pn_cursor start = c->at;
    pn_cursor_to_index(&c->at, c->event.end_mark.index);
    c->last = c->at;
    c->end = c->at.byte;
    *ret = (struct pn_part){
        .node = &null_node, .place = pn_cursor_span(&start, c->end), .is_alias = true};
    const struct pn_anchor *anchor = pn_anchor_find(&c->anchors, name);
    if (anchor == NULL) {
        pn_fault_add(c, PN_FAULT_SYNTAX, ret->place, "no anchor &%.*s stands before this alias",
                     PN_STR_ARG(name));
        pn_fault_help(c, "a text that starts with '*' must be quoted");
        return 0;
    }
    if (anchor->node == NULL) {
        pn_fault_add(c, PN_FAULT_SYNTAX, ret->place, "the value of the anchor &%.*s holds itself",
                     PN_STR_ARG(name));
        return 0;
    }
    ret->node = anchor->node;
    ret->height = anchor->height;
    int r = check_depth(c, depth + anchor->height);
    return r != 0 ? r : count_nodes(c, anchor->cost, true);
}

static int push_item(struct pn_compose *c, const struct pn_node *item)
{
    if (c->item_count == c->item_cap) {
        size_t cap = c->item_cap > 0 ? c->item_cap * 2 : 256;
        const struct pn_node **items = realloc(c->items, cap * sizeof(struct pn_node *));
        if (items == NULL)
            return -ENOMEM;
        c->items = items;
        c->item_cap = cap;
    }
    c->items[c->item_count++] = item;
    return 0;
}

static int read_items(unsigned *ret_height, struct pn_node *node, struct pn_compose *c,
                      unsigned depth)
{
    size_t first = c->item_count;
    unsigned height = 0;
    for (;;) {
        struct pn_part part;
        int r = pn_compose_next(c);
        if (r == 0 && c->event.type == YAML_SEQUENCE_END_EVENT)
            break;
        if (r == 0)
            r = pn_compose_node(&part, c, depth);
        if (r != 0)
            return r;
        pn_compose_check_value(c, &part);
        height = part.height > height ? part.height : height;
        r = push_item(c, part.node);
        if (r != 0)
            return r;
    }
    size_t count = c->item_count - first;
    const struct pn_node **items = pn_arena_alloc(c->arena, count * sizeof(struct pn_node *));
    if (items == NULL)
        return -ENOMEM;
    if (count > 0)
        memcpy(items, c->items + first, count * sizeof(struct pn_node *));
    c->item_count = first;
    node->sequence.items = items;
    node->sequence.count = (uint32_t)count;
    *ret_height = height;
    return 0;
}

static int read_collection(struct pn_part *ret, struct pn_compose *c, unsigned depth)
{
    bool list = c->event.type == YAML_SEQUENCE_START_EVENT;
    struct pn_str name = pn_str_of((const char *)(list ? c->event.data.sequence_start.anchor
                                                       : c->event.data.mapping_start.anchor));
    bool tagged = (list ? c->event.data.sequence_start.tag : c->event.data.mapping_start.tag) !=
                  NULL;
    bool flow = list ? c->event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE
                     : c->event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
    uint64_t decoded_before = c->decoded - 1;
    struct pn_cursor outer = c->open;
    struct pn_node *node = NULL;
    unsigned height = 0;
    size_t anchor = 0;
    int r = new_node(c, &node);
    if (r == 0 && name.s != NULL)
        r = pn_anchor_declare(&anchor, &c->anchors, name, c->arena);
    if (r != 0)
        return r;
    node->kind = list ? PN_NODE_SEQUENCE : PN_NODE_MAPPING;
    node->span = pn_place_collection(c, tagged || name.s != NULL, flow);
    r = check_depth(c, depth + 1);
    if (r != 0)
        return r;
    c->flow += flow;
    c->open = flow ? c->at : outer;
    r = list ? read_items(&height, node, c, depth + 1)
             : pn_mapping_read(&height, node, c, depth + 1);
    if (r != 0)
        return r;
    c->flow -= flow;
    c->open = outer;
    pn_place_end(c, node);
    *ret = (struct pn_part){.node = node, .place = node->span, .height = height + 1};
    if (name.s != NULL)
        close_anchor(c, anchor, ret, decoded_before);
    return 0;
}

int pn_compose_node(struct pn_part *ret, struct pn_compose *c, unsigned depth)
{
    int r = count_nodes(c, 1, false);
    if (r != 0)
        return r;
    if (c->event.type == YAML_SCALAR_EVENT)
        return read_scalar(ret, c);
    if (c->event.type == YAML_ALIAS_EVENT)
        return read_alias(ret, c, depth);
    return read_collection(ret, c, depth);
}

void pn_compose_check_value(struct pn_compose *c, const struct pn_part *part)
{
    if (part->node->kind != PN_NODE_REAL || isfinite(part->node->r))
        return;
    pn_fault_add(c, PN_FAULT_SYNTAX, part->place, "%s cannot be a value: JSON has no such number",
                 isnan(part->node->r) ? ".nan"
                 : part->node->r < 0  ? "-.inf"
                                      : ".inf");
    pn_fault_help(c, "quote it if a string is meant");
}

/* ---- documents ------------------------------------------------------------------------- */

/* True when the event stands for an empty document: no node is written. */
static bool is_nothing(const yaml_event_t *event)
{
    return event->type == YAML_SCALAR_EVENT && event->data.scalar.length == 0 &&
           event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           event->data.scalar.anchor == NULL && event->data.scalar.tag == NULL;
}

/*
 * Looks at what follows the document at hand, up to the next `---`. kubectl parses no further, so
 * whatever it is, it is left out; but nobody writes it on purpose.
 */
static int check_end(struct pn_compose *c)
{
    pn_place_seek(c, c->event.start_mark);
    pn_cursor_to_index(&c->at, c->event.end_mark.index);
    yaml_event_delete(&c->event);
    bool read = yaml_parser_parse(c->parser, &c->event) != 0;
    if (!read && c->parser->error == YAML_MEMORY_ERROR)
        return -ENOMEM;
    if (read && c->event.type == YAML_STREAM_END_EVENT)
        return 0;
    pn_diags_add(c->diags, PN_SEVERITY_WARNING, PN_FAULT_SYNTAX, c->source,
                 pn_cursor_span(&c->at, c->origin.byte + c->text.n),
                 "the document ends here: what follows is ignored, as kubectl does");
    pn_diags_help(c->diags, "check the indentation and the brackets before this place, or begin "
                            "another document with \"---\"");
    return 0;
}

static int read_root(const struct pn_node **ret, struct pn_compose *c)
{
    struct pn_part root = {0};
    const yaml_version_directive_t *version = c->event.data.document_start.version_directive;
    pn_place_seek(c, c->event.start_mark);
    if (version != NULL && (version->major != 1 || version->minor != 1))
        pn_fault_add(c, PN_FAULT_SYNTAX, pn_cursor_span(&c->at, c->at.byte),
                     "this document asks for YAML %d.%d; kubectl reads YAML 1.1", version->major,
                     version->minor);
    int r = pn_compose_next(c);
    if (r == 0 && !is_nothing(&c->event)) {
        r = pn_compose_node(&root, c, 0);
        if (r == 0)
            pn_compose_check_value(c, &root);
    }
    if (r == 0)
        r = pn_compose_next(c); /* the end of the document */
    if (r == 0)
        r = check_end(c);
    if (r == 0)
        *ret = root.node;
    return r;
}

static int read_document(const struct pn_node **ret, struct pn_compose *c)
{
    int r = pn_compose_next(c); /* the stream */
    if (r == 0)
        r = pn_compose_next(c);
    if (r != 0)
        return r;
    if (c->event.type == YAML_DOCUMENT_START_EVENT)
        return read_root(ret, c);
    *ret = NULL;
    return 0;
}

/* Forgets the document before, and keeps its memory. */
static void begin(struct pn_compose *c, struct pn_str text, struct pn_cursor origin)
{
    c->text = text;
    c->origin = c->at = c->last = origin;
    c->end = origin.byte;
    c->flow = 0;
    c->item_count = c->entry_count = 0;
    c->decoded = 1; /* go-yaml counts the document as a node */
    c->aliased = 0;
    c->faults = 0;
    pn_anchor_clear(&c->anchors);
}

int pn_compose_document(const struct pn_node **ret_root, struct pn_compose *c, struct pn_str text,
                        struct pn_cursor origin)
{
    yaml_parser_t parser;
    begin(c, text, origin);
    int r = pn_dialect_prepare(c);
    if (r != 0)
        return r;
    if (!yaml_parser_initialize(&parser))
        return -ENOMEM;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)c->text.s, c->text.n);
    c->parser = &parser;
    r = read_document(ret_root, c);
    yaml_event_delete(&c->event);
    yaml_parser_delete(&parser);
    c->parser = NULL;
    return r;
}
