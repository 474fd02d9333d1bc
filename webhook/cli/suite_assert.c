/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/suite_judge.h"
#include "engine/json.h"
#include "yaml/emit.h"
#include "yaml/read.h"

/* ---- assertions ------------------------------------------------------------------------ */

/* A list holds a value, a text a part of it, a mapping the members of another one. */
static bool contains(struct pn_value v, struct pn_value part)
{
    if (v.kind == PN_STRING && part.kind == PN_STRING)
        return pn_str_contains(pn_value_str(v), pn_value_str(part));
    for (uint32_t i = 0; v.kind == PN_ARRAY && i < pn_value_count(v); i++) {
        struct pn_value item = pn_value_at(v, i);
        if (pn_value_equal(item, part) ||
            (item.kind == PN_OBJECT && part.kind == PN_OBJECT && contains(item, part)))
            return true;
    }
    if (v.kind != PN_OBJECT || part.kind != PN_OBJECT)
        return false;
    for (uint32_t i = 0; i < pn_value_count(part); i++) {
        const struct pn_member *m = pn_value_member(part, i);
        if (!pn_value_equal(pn_value_get(v, m->key), m->value))
            return false;
    }
    return true;
}

static bool any_contains(struct pn_value found, struct pn_value part)
{
    for (uint32_t i = 0; i < pn_value_count(found); i++) {
        if (contains(pn_value_at(found, i), part))
            return true;
    }
    return false;
}

static int check_equals(struct pn_judge *j, const struct pn_expect_assert *assert,
                        struct pn_str what, struct pn_value found)
{
    struct pn_value expected, got = found;
    int r = pn_value_from_node(&expected, assert->equals, j->run->values);
    if (r != 0)
        return r;
    if (!assert->path.is_many && pn_value_count(found) != 1)
        return pn_judge_fail(j, assert->node->span, what, "%.*s: %s", PN_STR_ARG(assert->node->s),
                             pn_value_count(found) == 0 ? "is not there" : "there are several");
    if (!assert->path.is_many)
        got = pn_value_at(found, 0);
    return pn_value_equal(expected, got)
               ? 0
               : pn_judge_fail_with(j, assert->equals->span, what, expected, got);
}

static int check_assert(struct pn_judge *j, const struct pn_expect_assert *assert, size_t i)
{
    struct pn_value found, part;
    struct pn_str what = pn_arena_format(j->run->values, "assert[%zu]", i);
    int r = pn_value_path_find(&found, &assert->path, j->after, j->run->values);
    if (r == 0 && assert->exists != NULL && assert->exists->b != (pn_value_count(found) > 0))
        r = pn_judge_fail(j, assert->exists->span, what, "%.*s: %s", PN_STR_ARG(assert->node->s),
                          assert->exists->b ? "is not there" : "is there");
    if (r == 0 && assert->equals != NULL)
        r = check_equals(j, assert, what, found);
    if (r != 0 || assert->contains == NULL)
        return r;
    r = pn_value_from_node(&part, assert->contains, j->run->values);
    if (r != 0 || any_contains(found, part))
        return r;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    pn_json_write(&text, found);
    return pn_judge_fail(j, assert->contains->span, what, "%.*s does not contain it; found %.*s",
                         PN_STR_ARG(assert->node->s), PN_STR_ARG(pn_buf_view(&text)));
}

int pn_judge_asserts(struct pn_judge *j)
{
    const struct pn_expect *e = &j->c->expect;
    int r = 0;
    for (size_t i = 0; i < e->assert_count && r == 0; i++)
        r = check_assert(j, &e->asserts[i], i);
    return r;
}

/* ---- golden files ---------------------------------------------------------------------- */

/*
 * The patch with a word in place of each hash of a policy in the status annotation: it changes with
 * every change of the policy, also where the Pod is the same.
 */
static struct pn_str without_revisions(const struct pn_judge *j)
{
    static const char member[] = "\\\"rev\\\":\\\"", word[] = "REVISION";
    struct pn_str patch = j->decision->patch;
    const size_t skip = sizeof member - 1, n = sizeof word - 1;
    struct pn_buf out = PN_BUF_IN_ARENA(j->run->values);
    while (patch.n > 0) {
        bool is_member = pn_str_has_prefix(patch, PN_STR(member)) && patch.n >= skip + n;
        pn_buf_append(&out, patch.s, is_member ? skip : 1);
        pn_buf_cstr(&out, is_member ? word : "");
        size_t taken = is_member ? skip + n : 1;
        patch.s += taken;
        patch.n -= taken;
    }
    return out.failed ? PN_STR_NULL : pn_buf_view(&out);
}

static int read_patch(struct pn_value *ret, struct pn_judge *j)
{
    struct pn_err err = PN_ERR_INIT;
    if (j->decision->patch.n == 0)
        return pn_array_new(ret, j->run->values, NULL, 0);
    struct pn_str patch = without_revisions(j);
    if (patch.s == NULL)
        return -ENOMEM;
    int r = pn_json_read(ret, patch, PN_JSON_NUMBERS_RAW, j->run->values, &err);
    return r > 0 ? -EINVAL : r; /* the engine wrote it */
}

/* The golden file's value. Returns 0, 1 when it is not there or none (*ret_why says so), or
 * -ENOMEM. */
static int read_golden(struct pn_value *ret, const char **ret_why, struct pn_judge *j,
                       struct pn_buf *bytes)
{
    PN_CLEANUP(pn_diags_deinit) struct pn_diags unused = PN_DIAGS_INIT;
    struct pn_str path = j->c->expect.golden;
    struct pn_source *source = pn_arena_zalloc(j->run->values, 1, sizeof *source);
    struct pn_document *docs = NULL;
    size_t n = 0;
    int r = source != NULL ? pn_file_read(bytes, path.s, PN_SOURCE_MAX_BYTES) : -ENOMEM;
    if (r == -ENOMEM)
        return r;
    *ret_why = r == -ENOENT ? "is not there" : "cannot be read";
    if (r != 0)
        return 1;
    *source = (struct pn_source){path, pn_buf_view(bytes)};
    r = pn_yaml_read(&docs, &n, source, j->run->values, &unused);
    *ret_why = "is no YAML document";
    if (r != 0 || n != 1)
        return r < 0 ? r : 1;
    return pn_value_from_node(ret, docs[0].root, j->run->values);
}

/* What --update may write over: nothing, or a list, as a patch is. */
static bool may_be_golden(const char *path, int r, struct pn_value golden)
{
    return r == 0 ? golden.kind == PN_ARRAY : access(path, F_OK) < 0;
}

/* Makes the folder of a golden file, the last one only. */
static void make_folder(struct pn_str path, struct pn_arena *a)
{
    struct pn_str folder = pn_arena_dup(a, pn_input_directory(path));
    /* When it cannot be made, or is there, the write tells. */
    if (folder.n > 1 && mkdir(folder.s, 0777) < 0)
        errno = 0;
}

static int write_golden(struct pn_judge *j, struct pn_value patch)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    const struct pn_expect *e = &j->c->expect;
    int r = pn_yaml_write(&text, patch);
    if (r != 0 || text.failed)
        return -ENOMEM;
    make_folder(e->golden, j->run->values);
    r = pn_file_replace(e->golden.s, pn_buf_view(&text));
    return r == 0
               ? 0
               : pn_judge_fail(j, e->golden_node->span, PN_STR("golden"),
                               "%.*s cannot be written: %s", PN_STR_ARG(e->golden), strerror(-r));
}

int pn_judge_golden(struct pn_judge *j)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf bytes = PN_BUF_INIT;
    const struct pn_expect *e = &j->c->expect;
    struct pn_value patch, golden;
    const char *why = NULL;
    if (e->golden.n == 0)
        return 0;
    int r = read_patch(&patch, j);
    if (r == 0)
        r = read_golden(&golden, &why, j, &bytes);
    if (r < 0 || (r == 0 && pn_value_equal(golden, patch)))
        return r;
    if (j->run->updates && !may_be_golden(e->golden.s, r, golden))
        return pn_judge_fail(j, e->golden_node->span, PN_STR("golden"),
                             "%.*s is there and holds no patch; --update leaves it alone",
                             PN_STR_ARG(e->golden));
    if (j->run->updates)
        return write_golden(j, patch);
    if (r > 0)
        return pn_judge_fail(j, e->golden_node->span, PN_STR("golden"),
                             "%.*s %s; --update writes it", PN_STR_ARG(e->golden), why);
    return pn_judge_fail_with(j, e->golden_node->span, PN_STR("golden"), golden, patch);
}
