/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance.h"

#include "kube/jsonpatch.h"
#include "yaml/read.h"

/* ---- json-patch.jsonl ------------------------------------------------------------------ */

/* Equal, with every number written alike. */
static bool same_as_written(struct pn_value a, struct pn_value b)
{
    if (a.kind != b.kind || pn_value_count(a) != pn_value_count(b))
        return false;
    if (a.kind == PN_RAW)
        return pn_str_eq(pn_value_str(a), pn_value_str(b));
    if (a.kind != PN_ARRAY && a.kind != PN_OBJECT)
        return pn_value_equal(a, b);
    for (uint32_t i = 0; i < pn_value_count(a); i++) {
        const struct pn_member *m = a.kind == PN_OBJECT ? pn_value_member(a, i) : NULL;
        struct pn_value x = m != NULL ? m->value : pn_value_at(a, i);
        struct pn_value y = m != NULL ? pn_value_get(b, m->key) : pn_value_at(b, i);
        if (!same_as_written(x, y))
            return false;
    }
    return true;
}

enum outcome check_jsonpatch(struct run *run)
{
    struct pn_value expected = PN_GET(run->input, "result"), result;
    bool error = PN_GET(run->input, "error").kind != PN_ABSENT;
    struct pn_err err = PN_ERR_INIT;
    if (error == (expected.kind != PN_ABSENT))
        return BROKEN;
    int r = pn_jsonpatch_apply(&result, PN_GET(run->input, "doc"), PN_GET(run->input, "patch"),
                               run->a, &err);
    if (error)
        pn_buf_cstr(&run->expected, "error");
    else
        pn_json_write(&run->expected, expected);
    if (r != 0) {
        pn_buf_printf(&run->got, "error (%s)", err.text);
        return verdict(error && r == PN_JSONPATCH_E_FAILED);
    }
    pn_json_write(&run->got, result);
    return verdict(!error && same_as_written(expected, result));
}

/* ---- yaml.jsonl ------------------------------------------------------------------------ */

enum outcome check_yaml(struct run *run)
{
    struct pn_value expected = PN_GET(run->input, "json"), value = pn_null();
    bool error = PN_GET(run->input, "error").kind != PN_ABSENT;
    struct pn_source source = {PN_STR("case"), pn_value_str(PN_GET(run->input, "yaml"))};
    struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_document *documents = NULL;
    size_t n = 0;
    if (source.bytes.s == NULL || error == (expected.kind != PN_ABSENT))
        return BROKEN;
    int r = pn_yaml_read(&documents, &n, &source, run->a, &diags);
    if (r == 0 && n > 0) /* like kubectl's decoder, the cases are about the first document */
        r = pn_value_from_node(&value, documents[0].root, run->a);
    if (error)
        pn_buf_cstr(&run->expected, "error");
    else
        pn_json_write(&run->expected, expected);
    if (r != 0)
        pn_buf_printf(&run->got, "error (%s)",
                      diags.count > 0 ? diags.items[0].message : "out of memory");
    else
        pn_json_write(&run->got, value);
    pn_diags_deinit(&diags);
    return verdict(error ? r == PN_YAML_E_INVALID : r == 0 && pn_value_equal(expected, value));
}
