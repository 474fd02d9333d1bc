/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A Pod in JSON, hostile or not. The two ways of validating it must agree on whether it is legal,
 * each error must have its parts, and judging its security must not change its mind.
 */

#include <assert.h>
#include <errno.h>

#include "base/limits.h"
#include "engine/json.h"
#include "kube/security.h"
#include "kube/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* More than any small input needs; a hostile Pod ends here and not with the machine's memory. */
enum { MEMORY_BYTES = 256 << 20 };

static void check_errors(const struct pn_validate_errors *errors)
{
    assert(errors->count <= PN_VALIDATE_ERRORS_MAX);
    assert(errors->more == 0 || errors->count == PN_VALIDATE_ERRORS_MAX);
    for (uint32_t i = 0; i < errors->count; i++) {
        const struct pn_validate_error *error = &errors->items[i];
        assert(pn_str_is(error->field, "[]") || pn_str_has_prefix(error->field, PN_STR("spec")) ||
               pn_str_has_prefix(error->field, PN_STR("metadata")));
        assert(pn_validate_type_name(error->type)[0] != '\0');
        assert(error->detail.n > 0);
    }
}

static void check_pod(struct pn_value metadata, struct pn_value spec, struct pn_arena *a)
{
    struct pn_validate_errors all, first;
    struct pn_security once, again;
    if (pn_validate_pod(&all, metadata, spec, PN_VALIDATE_ALL, a) == 0 &&
        pn_validate_pod(&first, metadata, spec, PN_VALIDATE_FIRST, a) == 0) {
        check_errors(&all);
        check_errors(&first);
        assert(first.count == (all.count > 0 ? 1 : 0) && first.more == 0);
    }
    pn_security_judge(&once, metadata, spec);
    pn_security_judge(&again, metadata, spec);
    assert(once.failed == again.failed && once.failed >> PN_SECURITY_CHECKS == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned flags[] = {0, PN_JSON_NUMBERS_RAW};
    struct pn_arena *a = NULL;
    struct pn_value pod;
    struct pn_err err = PN_ERR_INIT;
    struct pn_str text = {(const char *)data, size};
    if (pn_arena_new(&a, 1 << 16) != 0)
        return 0;
    for (size_t i = 0; i < PN_COUNT_OF(flags); i++) {
        pn_arena_reset(a, MEMORY_BYTES);
        if (pn_json_read(&pod, text, flags[i], a, &err) == 0)
            check_pod(PN_GET(pod, "metadata"), PN_GET(pod, "spec"), a);
    }
    pn_arena_free(a);
    return 0;
}
