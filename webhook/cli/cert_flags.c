/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cert_flags.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/out.h"
#include "kube/names.h"

void pn_cert_names_deinit(struct pn_cert_names *names)
{
    free(names->items);
    pn_buf_deinit(&names->text);
}

static bool is_label(const char *flag, const char *value)
{
    if (pn_name_is_dns_label(pn_str_of(value)))
        return true;
    pn_out_error("--%s: \"%s\" must be " PN_NAME_DNS_LABEL_RULE, flag, value);
    return false;
}

bool pn_cert_names_check_service(const char *service, const char *namespace)
{
    if ((service == NULL) != (namespace == NULL)) {
        pn_out_error("--service and --namespace are given together; --%s is missing",
                     service == NULL ? "service" : "namespace");
        return false;
    }
    return service == NULL || (is_label("service", service) && is_label("namespace", namespace));
}

bool pn_cert_names_fill(struct pn_cert_names *ret, const char *service, const char *namespace,
                        const char *domain, const struct pn_flag_list *more)
{
    if (!pn_cert_names_check_service(service, namespace))
        return false;
    ret->items = calloc(more->count + 3, sizeof *ret->items);
    if (service != NULL) {
        pn_buf_printf(&ret->text, "%s.%s.svc", service, namespace);
        if (domain != NULL)
            pn_buf_printf(&ret->text, "\n%s.%s", service, namespace);
        if (domain != NULL && domain[0] != '\0')
            pn_buf_printf(&ret->text, "\n%s.%s.svc.%s", service, namespace, domain);
    }
    if (ret->items == NULL || ret->text.failed) {
        pn_out_error("%s", strerror(ENOMEM));
        return false;
    }
    for (struct pn_str rest = pn_buf_view(&ret->text); rest.s != NULL;)
        ret->items[ret->count++] = pn_str_split(&rest, '\n');
    for (size_t i = 0; i < more->count; i++)
        ret->items[ret->count++] = pn_str_of(more->items[i]);
    return true;
}
