/* SPDX-License-Identifier: Apache-2.0 */
/* Reads any bytes as YAML; what can be read is written, and must read as the same value again. */
#include <stdio.h>
#include <stdlib.h>

#include "base/value.h"
#include "yaml/emit.h"
#include "yaml/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "not so: %s\n", what);
    abort();
}

/* Every node lies within the source; keys are strings. */
static void check_places(const struct pn_node *node, size_t n)
{
    require(node->span.start <= node->span.end && node->span.end <= n, "a span is in the source");
    require(node->span.line > 0 && node->span.column > 0, "a place counts from one");
    if (node->kind == PN_NODE_SEQUENCE) {
        for (uint32_t i = 0; i < node->sequence.count; i++)
            check_places(node->sequence.items[i], n);
    }
    if (node->kind == PN_NODE_MAPPING) {
        for (uint32_t i = 0; i < node->mapping.count; i++) {
            require(node->mapping.entries[i].key->kind == PN_NODE_STRING, "a key is a string");
            check_places(node->mapping.entries[i].key, n);
            check_places(node->mapping.entries[i].value, n);
        }
    }
}

static void check_round_trip(struct pn_value v, struct pn_arena *a)
{
    struct pn_buf text = PN_BUF_IN_ARENA(a);
    struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_document *documents = NULL;
    struct pn_value again;
    size_t count = 0;
    require(pn_yaml_write(&text, v) == 0, "a value can be written");
    struct pn_source source = {.name = PN_STR("written"), .bytes = pn_buf_view(&text)};
    int r = pn_yaml_read(&documents, &count, &source, a, &diags);
    require(r == 0 && count == 1, "what was written can be read");
    require(diags.count == 0, "what was written is without fault");
    require(pn_value_from_node(&again, documents[0].root, a) == 0, "it has a value");
    require(pn_value_equal(v, again), "the value is the same");
    pn_diags_deinit(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct pn_arena *a = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_source source = {.name = PN_STR("input"), .bytes = {(const char *)data, n}};
    struct pn_document *documents = NULL;
    size_t count = 0;
    if (pn_arena_new(&a, 0) != 0)
        return 0;
    int r = pn_yaml_read(&documents, &count, &source, a, &diags);
    require(r == 0 || (r == PN_YAML_E_INVALID && diags.errors > 0), "a fault is told");
    for (size_t i = 0; i < count; i++) {
        struct pn_value v;
        check_places(documents[i].root, n);
        require(documents[i].span.end <= n, "a document is in the source");
        require(pn_value_from_node(&v, documents[i].root, a) == 0, "a document has a value");
        check_round_trip(v, a);
    }
    pn_diags_deinit(&diags);
    pn_arena_free(a);
    return 0;
}
