/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pods.h"

#include <errno.h>
#include <stdarg.h>

#include "base/limits.h"
#include "cli/input.h"
#include "cli/json_items.h"
#include "cli/object.h"
#include "engine/json.h"

void pn_pods_fault(struct pn_diags *diags, const struct pn_pods_place *place, const char *id,
                   const char *format, ...)
{
    struct pn_err err = PN_ERR_INIT;
    va_list args;
    va_start(args, format);
    pn_err_setv(&err, 0, format, args);
    va_end(args);
    pn_diags_add(diags, PN_SEVERITY_ERROR, id, place->source,
                 pn_source_span(place->source, place->at, place->at), "%s", err.text);
}

/* ---- objects ---------------------------------------------------------------------------- */

/* The recursion is as deep as lists nest, which the parsers limit. */
static int take(struct pn_pods_reader *reader, const struct pn_pods_place *place,
                const struct pn_node *node, struct pn_value value,
                struct pn_object_header from_list)
{
    struct pn_err err = PN_ERR_INIT;
    struct pn_object_header header = pn_object_header(value, from_list);
    struct pn_pods_place here = {place->source, node != NULL ? node->span.start : place->at};
    if (pn_object_check(value, header, &err) != 0) {
        pn_pods_fault(reader->diags, &here, "not-an-object", "%s", err.text);
        return 0;
    }
    if (pn_object_is_list(header.kind, value)) {
        struct pn_value items = PN_GET(value, "items");
        const struct pn_node *nodes = pn_node_get(node, "items");
        int r = 0;
        for (uint32_t i = 0; i < pn_value_count(items) && r == 0; i++)
            r = take(reader, &here, nodes != NULL ? nodes->sequence.items[i] : NULL,
                     pn_value_at(items, i), pn_object_header_of_items(header));
        return r;
    }
    if (pn_str_is(header.kind, "Pod") && pn_str_is(header.api_version, "v1"))
        return reader->each(reader->context, &here, value);
    reader->other++;
    return 0;
}

/* ---- a JSON list, item by item ---------------------------------------------------------- */

static int read_items(struct pn_pods_reader *reader, const struct pn_source *source,
                      const struct pn_json_items *items, struct pn_object_header header)
{
    int r = 0;
    for (size_t i = 0; i < items->count && r >= 0; i++) {
        struct pn_pods_place place = {source, (size_t)(items->texts[i].s - source->bytes.s)};
        struct pn_err err = PN_ERR_INIT;
        struct pn_value value;
        pn_arena_reset(reader->values, 0);
        r = pn_json_read(&value, items->texts[i], PN_JSON_NUMBERS_RAW, reader->values, &err);
        if (r > 0)
            pn_pods_fault(reader->diags, &place, "invalid-json",
                          "item %zu of the list, counted from its own start: %s", i + 1, err.text);
        else if (r == 0)
            r = take(reader, &place, NULL, value, pn_object_header_of_items(header));
    }
    return r < 0 ? r : 0;
}

/* Returns 0 (all was read), PN_JSON_ITEMS_E_OTHER (it is no list as JSON) or -ENOMEM, ... */
static int read_list(struct pn_pods_reader *reader, const struct pn_source *source)
{
    PN_CLEANUP(pn_json_items_deinit) struct pn_json_items items;
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *a = NULL;
    struct pn_str text = source->bytes;
    const struct pn_str mark = PN_STR("\xef\xbb\xbf");
    struct pn_value rest;
    if (pn_str_has_prefix(text, mark))
        text = (struct pn_str){text.s + mark.n, text.n - mark.n};
    int r = pn_json_items_split(&items, text);
    if (r == 0)
        r = pn_arena_new(&a, 0);
    if (r == 0)
        r = pn_json_read(&rest, pn_buf_view(&items.rest), PN_JSON_NUMBERS_RAW, a, NULL);
    if (r != 0)
        return r > 0 ? PN_JSON_ITEMS_E_OTHER : r;
    struct pn_object_header header = pn_object_header(rest, PN_OBJECT_HEADER_NONE);
    return pn_object_is_list(header.kind, rest) && header.api_version.n > 0
               ? read_items(reader, source, &items, header)
               : PN_JSON_ITEMS_E_OTHER;
}

/* ---- files ------------------------------------------------------------------------------ */

static int read_documents(struct pn_pods_reader *reader, struct pn_input_file *file)
{
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *a = NULL;
    if (file->bytes.len > PN_SOURCE_MAX_BYTES) {
        pn_diags_add(reader->diags, PN_SEVERITY_ERROR, "file-too-large", &file->source,
                     (struct pn_span){0}, "larger than 64 MiB, and no JSON list");
        pn_diags_help(reader->diags, "kubectl get pods -o json writes one");
        return 0;
    }
    int r = pn_arena_new(&a, 0);
    if (r == 0)
        r = pn_input_read_documents(file, a, reader->diags);
    for (size_t i = 0; i < file->doc_count && r == 0; i++) {
        const struct pn_document *doc = &file->docs[i];
        struct pn_value value;
        pn_arena_reset(reader->values, 0);
        r = pn_input_value(&value, file, i, reader->values);
        if (r == 0)
            r = take(reader, &(struct pn_pods_place){doc->source, doc->span.start}, doc->root,
                     value, PN_OBJECT_HEADER_NONE);
    }
    return r;
}

static int read_file(struct pn_pods_reader *reader, const char *path)
{
    struct pn_input_file file = {.bytes = PN_BUF_INIT};
    int r = pn_input_read_bytes(&file, path, PN_PODS_MAX_BYTES, reader->diags);
    if (r == 0 && !file.is_faulty) {
        r = read_list(reader, &file.source);
        if (r == PN_JSON_ITEMS_E_OTHER)
            r = read_documents(reader, &file);
    }
    pn_buf_deinit(&file.bytes);
    return r;
}

int pn_pods_read(struct pn_pods_reader *reader)
{
    struct pn_paths paths = PN_PATHS_INIT;
    int r = pn_input_find_paths(&paths, reader->names, reader->recursive, reader->diags);
    for (size_t i = 0; i < paths.count && r == 0; i++)
        r = read_file(reader, paths.items[i]);
    pn_paths_deinit(&paths);
    return r;
}
