/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/protected.h"

#include <errno.h>
#include <stdlib.h>

#include "kube/names.h"
#include "sys/file.h"

/* Where kubelet mounts it, unless automountServiceAccountToken is false. */
static const char own_file[] = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/* A namespace has a few bytes; the file is Kubernetes' own. */
enum { OWN_FILE_MAX_BYTES = 256 };

/* Appends the namespace that we run in. */
static void add_own(struct pn_buf *out)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf file = PN_BUF_INIT;
    struct pn_str own = pn_str_of(getenv("POD_NAMESPACE"));
    if (!pn_name_is_dns_label(own) && pn_file_read(&file, own_file, OWN_FILE_MAX_BYTES) == 0)
        own = pn_str_trim(pn_buf_view(&file));
    if (!pn_name_is_dns_label(own))
        own = PN_STR("pannier-system");
    pn_buf_str(out, own);
}

static int split(struct pn_protected *p, struct pn_err *err)
{
    struct pn_str rest = pn_buf_view(&p->text);
    size_t n = 0;
    p->names = calloc(rest.n + 1, sizeof *p->names);
    if (p->names == NULL)
        return -ENOMEM;
    while (rest.n > 0) {
        struct pn_str name = pn_str_trim(pn_str_split(&rest, ','));
        if (!pn_name_is_dns_label(name))
            return pn_err_set(err, PN_PROTECTED_E_NAME,
                              "--protected-namespaces: \"%.*s\" is not the name of a namespace",
                              PN_STR_ARG(name));
        p->names[n++] = name;
    }
    return 0;
}

int pn_protected_read(struct pn_protected *ret, const char *list, struct pn_err *err)
{
    *ret = (struct pn_protected){.text = PN_BUF_INIT};
    if (list != NULL) {
        pn_buf_cstr(&ret->text, list);
    } else {
        pn_buf_cstr(&ret->text, "kube-system,kube-public,kube-node-lease,");
        add_own(&ret->text);
    }
    return ret->text.failed ? -ENOMEM : split(ret, err);
}

void pn_protected_deinit(struct pn_protected *protected)
{
    pn_buf_deinit(&protected->text);
    free(protected->names);
}
