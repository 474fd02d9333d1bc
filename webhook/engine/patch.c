/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/patch.h"

#include <errno.h>

#include "engine/planned.h"

/* A patch that is being written: '[' and commas come by themselves. */
struct writer {
    struct pn_buf *out;
    const struct pn_plan *plan;
    bool started;
};

/* RFC 6901: `~` is written ~0, then `/` is written ~1; then JSON's own escapes. */
static void write_pointer_key(struct pn_buf *out, struct pn_str key)
{
    struct pn_str part = key;
    for (size_t i = 0; i < key.n; i++) {
        if (key.s[i] != '~' && key.s[i] != '/')
            continue;
        part.n = (size_t)(key.s + i - part.s);
        pn_json_write_text(out, part);
        pn_buf_cstr(out, key.s[i] == '~' ? "~0" : "~1");
        part = (struct pn_str){key.s + i + 1, key.n - i - 1};
    }
    pn_json_write_text(out, part);
}

/* Opens an `add` up to where its path begins. */
static void open_add(struct writer *w)
{
    pn_buf_cstr(w->out,
                w->started ? ",{\"op\":\"add\",\"path\":\"" : "[{\"op\":\"add\",\"path\":\"");
    w->started = true;
}

/* Closes the path and opens the value. */
static void open_value(struct writer *w)
{
    pn_buf_cstr(w->out, "\",\"value\":");
}

static void close_add(struct writer *w)
{
    pn_buf_char(w->out, '}');
}

static const char *list_name(bool init)
{
    return init ? "initContainers" : "containers";
}

/* ---- received containers
 * ------------------------------------------------------------------------- */

/* The edits of one received container that change it, oldest first. */
struct chain {
    const struct pn_edit **items;
    uint32_t count;
};

static int chain_of(struct chain *ret, const struct pn_plan *plan, bool init, uint32_t at)
{
    uint32_t n = 0, first = plan->last_edit[init][at];
    for (uint32_t e = first; e != 0; e = plan->edits[e - 1].previous)
        n += !plan->edits[e - 1].present;
    const struct pn_edit **items = pn_arena_alloc(plan->arena, n * sizeof(*items));
    if (items == NULL)
        return -ENOMEM;
    *ret = (struct chain){items, n};
    for (uint32_t e = first; e != 0; e = plan->edits[e - 1].previous) {
        if (!plan->edits[e - 1].present)
            items[--n] = &plan->edits[e - 1];
    }
    return 0;
}

static void open_container_path(struct writer *w, bool init, uint32_t at, struct pn_str field)
{
    open_add(w);
    pn_buf_cstr(w->out, "/spec/");
    pn_buf_cstr(w->out, list_name(init));
    pn_buf_char(w->out, '/');
    pn_buf_int(w->out, at);
    pn_buf_char(w->out, '/');
    write_pointer_key(w->out, field);
}

static bool is_item_of(const struct pn_edit *edit, struct pn_str field)
{
    return edit->kind == PN_EDIT_ITEM && pn_str_eq(edit->key, field);
}

/* All new items of one list: appended one by one, or as a new list where there is none. */
static void write_items(struct writer *w, const struct chain *chain, uint32_t first, bool init,
                        uint32_t at)
{
    struct pn_str field = chain->items[first]->key;
    struct pn_value list = pn_value_get(pn_plan_list(w->plan, init)->items[at].value, field);
    bool append = pn_value_count(list) > 0;
    if (!append) {
        open_container_path(w, init, at, field);
        open_value(w);
        pn_buf_char(w->out, '[');
    }
    for (uint32_t i = first; i < chain->count; i++) {
        if (!is_item_of(chain->items[i], field))
            continue;
        if (append) {
            open_container_path(w, init, at, field);
            pn_buf_cstr(w->out, "/-");
            open_value(w);
        } else if (i > first) {
            pn_buf_char(w->out, ',');
        }
        pn_json_write(w->out, chain->items[i]->value);
        if (append)
            close_add(w);
    }
    if (!append) {
        pn_buf_char(w->out, ']');
        close_add(w);
    }
}

static bool is_first_of_its_list(const struct chain *chain, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++) {
        if (is_item_of(chain->items[k], chain->items[i]->key))
            return false;
    }
    return true;
}

static int write_received(struct writer *w, bool init)
{
    for (uint32_t at = 0; at < pn_plan_list(w->plan, init)->count; at++) {
        struct chain chain;
        int r = chain_of(&chain, w->plan, init, at);
        if (r != 0)
            return r;
        for (uint32_t i = 0; i < chain.count; i++) {
            const struct pn_edit *edit = chain.items[i];
            if (edit->kind == PN_EDIT_ITEM) {
                if (is_first_of_its_list(&chain, i))
                    write_items(w, &chain, i, init, at);
                continue;
            }
            open_container_path(w, init, at, edit->key);
            open_value(w);
            pn_json_write(w->out, edit->value);
            close_add(w);
        }
    }
    return 0;
}

/* ---- lists of the spec
 * ---------------------------------------------------------------------------- */

/*
 * New items of list /spec/NAME. Where it has items, each is added at its index in the final list
 * (received index of its place, plus what was inserted before); where it is absent, null or empty,
 * the whole list is added at once.
 */
static int write_spec_list(struct writer *w, const char *name, struct pn_value received,
                           enum pn_edit_kind kind, bool init)
{
    struct pn_edits new;
    bool by_index = kind == PN_EDIT_CONTAINER, insert = pn_value_count(received) > 0;
    int r = pn_planned_edits(&new, w->plan, kind, init);
    if (r != 0 || new.count == 0)
        return r;
    for (uint32_t i = 0; i < new.count; i++) {
        if (insert || i == 0) {
            open_add(w);
            pn_buf_cstr(w->out, "/spec/");
            pn_buf_cstr(w->out, name);
        }
        if (insert)
            pn_buf_char(w->out, '/');
        if (insert && by_index)
            pn_buf_int(w->out, new.items[i]->at + i);
        else if (insert)
            pn_buf_char(w->out, '-');
        if (insert || i == 0)
            open_value(w);
        if (!insert)
            pn_buf_char(w->out, i == 0 ? '[' : ',');
        pn_json_write(w->out, new.items[i]->value);
        if (insert)
            close_add(w);
    }
    if (!insert) {
        pn_buf_char(w->out, ']');
        close_add(w);
    }
    return 0;
}

/* ---- annotations
 * ------------------------------------------------------------------------------------ */

static void write_annotations(struct writer *w)
{
    const struct pn_plan *plan = w->plan;
    bool have = plan->pod->annotations.kind == PN_OBJECT, open = false;
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct pn_edit *edit = &plan->edits[i];
        if (edit->kind != PN_EDIT_ANNOTATION || edit->present ||
            pn_plan_find_annotation(plan, edit->key) != edit)
            continue; /* there already, or replaced by a later edit */
        if (have) {
            open_add(w);
            pn_buf_cstr(w->out, "/metadata/annotations/");
            write_pointer_key(w->out, edit->key);
            open_value(w);
            pn_json_write(w->out, edit->value);
            close_add(w);
            continue;
        }
        if (!open) {
            open_add(w);
            pn_buf_cstr(w->out, "/metadata/annotations");
            open_value(w);
        }
        pn_buf_char(w->out, open ? ',' : '{');
        open = true;
        pn_json_write_str(w->out, edit->key);
        pn_buf_char(w->out, ':');
        pn_json_write(w->out, edit->value);
    }
    if (open) {
        pn_buf_char(w->out, '}');
        close_add(w);
    }
}

/* The requests of the Pod's own that were raised; everything beside them stays as it is spelled. */
static void write_raised(struct writer *w, struct pn_value requests)
{
    struct pn_value received = w->plan->pod->requests;
    bool whole = pn_value_count(received) == 0;
    if (whole) {
        open_add(w);
        pn_buf_cstr(w->out, "/spec/resources/requests");
        open_value(w);
        pn_json_write(w->out, requests);
        close_add(w);
    }
    for (uint32_t i = 0; !whole && i < pn_value_count(requests); i++) {
        const struct pn_member *m = pn_value_member(requests, i);
        if (pn_value_equal(pn_value_get(received, m->key), m->value))
            continue;
        open_add(w);
        pn_buf_cstr(w->out, "/spec/resources/requests/");
        write_pointer_key(w->out, m->key);
        open_value(w);
        pn_json_write(w->out, m->value);
        close_add(w);
    }
}

/* The last one holds all that earlier ones had. */
static void write_resources(struct writer *w)
{
    uint32_t i = w->plan->count;
    while (i > 0 && w->plan->edits[i - 1].kind != PN_EDIT_RESOURCES)
        i--;
    if (i > 0)
        write_raised(w, PN_GET(w->plan->edits[i - 1].value, "requests"));
}

int pn_patch_write(struct pn_buf *out, const struct pn_plan *plan)
{
    struct writer w = {.out = out, .plan = plan};
    /* Received containers first: their indices hold until something is inserted. */
    int r = write_received(&w, true);
    if (r == 0)
        r = write_received(&w, false);
    if (r == 0)
        r = write_spec_list(&w, "initContainers", plan->pod->init_containers.list,
                            PN_EDIT_CONTAINER, true);
    if (r == 0)
        r = write_spec_list(&w, "containers", plan->pod->containers.list, PN_EDIT_CONTAINER, false);
    if (r == 0)
        r = write_spec_list(&w, "volumes", plan->pod->volumes, PN_EDIT_VOLUME, false);
    if (r == 0)
        r = write_spec_list(&w, "imagePullSecrets", plan->pod->image_pull_secrets,
                            PN_EDIT_PULL_SECRET, false);
    if (r != 0)
        return r;
    write_resources(&w);
    write_annotations(&w);
    if (w.started)
        pn_buf_char(out, ']');
    return out->failed ? -ENOMEM : 0;
}
