/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/read.h"

#include <errno.h>

#include "yaml/compose.h"
#include "yaml/split.h"

/* The documents found so far. */
struct found {
    struct pn_document *documents;
    size_t count, cap;
};

static int push_document(struct found *found, struct pn_arena *a, struct pn_document document)
{
    if (found->count == found->cap) {
        size_t cap = found->cap > 0 ? found->cap * 2 : 8;
        struct pn_document *documents = pn_arena_grow(
            a, found->documents, found->cap * sizeof *documents, cap * sizeof *documents);
        if (documents == NULL)
            return -ENOMEM;
        found->documents = documents;
        found->cap = cap;
    }
    found->documents[found->count++] = document;
    return 0;
}

static int refuse(struct pn_diags *diags, const char *id, const struct pn_source *source,
                  const char *message, const char *help)
{
    pn_diags_add(diags, PN_SEVERITY_ERROR, id, source, (struct pn_span){0}, "%s", message);
    pn_diags_help(diags, "%s", help);
    return PN_YAML_E_INVALID;
}

/* So many bytes are looked at to tell a program or an archive from text. */
enum { LOOK_BYTES = 1024 };

static bool is_binary(struct pn_str bytes)
{
    size_t n = bytes.n < LOOK_BYTES ? bytes.n : LOOK_BYTES, odd = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)bytes.s[i];
        odd += (c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
    }
    return odd > 3 && odd > n / 10;
}

/* Turns away what is not worth a parser. */
static int check_source(const struct pn_source *source, struct pn_diags *diags)
{
    struct pn_str bytes = source->bytes;
    if (bytes.n > PN_SOURCE_MAX_BYTES)
        return refuse(diags, "yaml-limit", source, "this file is larger than 64 MiB",
                      "split it into smaller files");
    if (pn_str_has_prefix(bytes, PN_STR("\xff\xfe")) ||
        pn_str_has_prefix(bytes, PN_STR("\xfe\xff")))
        return refuse(diags, "yaml-syntax", source, "this file is UTF-16 text",
                      "save the file as UTF-8");
    if (pn_str_has_prefix(bytes, PN_STR("\x1f\x8b")))
        return refuse(diags, "yaml-syntax", source, "this file is compressed", "unpack it first");
    if (is_binary(bytes))
        return refuse(diags, "yaml-syntax", source, "this is no text: a program, an archive or so",
                      "leave it out, or give it a name that does not end in .yaml, .yml or .json");
    return 0;
}

/*
 * Reads all stretches of a source. Those behind a fault are read for their own faults only: what
 * is returned ends before the first one.
 */
static int read_stretches(struct found *found, struct pn_compose *c, struct pn_cursor next)
{
    bool sound = true;
    struct pn_stretch stretch;
    while (!c->exhausted && pn_split_next(&stretch, &next)) {
        const struct pn_node *root = NULL;
        struct pn_str text = {next.bytes.s + stretch.start.byte, stretch.end - stretch.start.byte};
        int r = pn_compose_document(&root, c, text, stretch.start);
        if (r < 0)
            return r;
        sound = sound && r == 0 && c->faults == 0;
        if (!sound || root == NULL)
            continue;
        struct pn_document document = {
            .source = c->source,
            .root = root,
            .span = pn_cursor_span(&stretch.text_start, stretch.text_end),
        };
        r = push_document(found, c->arena, document);
        if (r != 0)
            return r;
    }
    return sound ? 0 : PN_YAML_E_INVALID;
}

int pn_yaml_read(struct pn_document **ret, size_t *ret_n, const struct pn_source *source,
                 struct pn_arena *a, struct pn_diags *diags)
{
    struct found found = {0};
    int r = check_source(source, diags);
    if (r == 0) {
        PN_CLEANUP(pn_compose_deinit)
        struct pn_compose c = {.source = source, .arena = a, .diags = diags};
        struct pn_cursor start = {.bytes = source->bytes, .line = 1, .column = 1};
        pn_split_skip_mark(&start);
        r = read_stretches(&found, &c, start);
    }
    if (r < 0)
        return r;
    *ret = found.documents;
    *ret_n = found.count;
    return r;
}
