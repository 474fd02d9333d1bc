/* SPDX-License-Identifier: Apache-2.0 */
#include "server/monitor.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/number.h"
#include "server/http.h"
#include "server/listen.h"
#include "server/routes.h"

struct pn_monitor {
    struct pn_listener *listener;
    struct pn_conns *conns;
    struct pn_http *http;
};

/* ---- start and stop -------------------------------------------------------------------- */

/* Splits ADDRESS:PORT. *ret_address is without brackets, and empty for all addresses. */
static bool split_address(struct pn_str *ret_address, uint16_t *ret_port, struct pn_str text)
{
    int64_t port = 0;
    size_t colon = text.n;
    while (colon > 0 && text.s[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return false;
    struct pn_str host = {text.s, colon - 1};
    struct pn_str digits = {text.s + colon, text.n - colon};
    bool bracketed = host.n >= 2 && host.s[0] == '[' && host.s[host.n - 1] == ']';
    if (!pn_number_read_int(&port, digits) || port < 0 || port > UINT16_MAX ||
        (!bracketed && memchr(host.s, ':', host.n) != NULL))
        return false;
    *ret_address = bracketed ? (struct pn_str){host.s + 1, host.n - 2} : host;
    *ret_port = (uint16_t)port;
    return true;
}

int pn_monitor_open(struct pn_monitor **ret, const char *address, struct pn_err *err)
{
    struct pn_str host;
    uint16_t port = 0;
    char text[INET6_ADDRSTRLEN] = "";
    *ret = NULL;
    if (address == NULL || address[0] == '\0' || strcmp(address, "0") == 0)
        return 0;
    if (!split_address(&host, &port, pn_str_of(address)) || host.n >= sizeof text)
        return pn_err_set(
            err, -EINVAL,
            "the metrics' address is '%s'; expected ADDRESS:PORT, :PORT, or 0 for none", address);
    memcpy(text, host.s, host.n);
    struct pn_monitor *monitor = calloc(1, sizeof *monitor);
    if (monitor == NULL)
        return pn_err_set(err, -ENOMEM, "out of memory");
    int r = pn_listener_open(&monitor->listener, host.n > 0 ? text : NULL, port, err);
    if (r != 0) {
        free(monitor);
        return pn_err_wrap(err, r, "metrics on %s", address);
    }
    *ret = monitor;
    return 0;
}

int pn_monitor_start(struct pn_monitor *monitor, struct pn_service *service, struct pn_err *err)
{
    if (monitor == NULL)
        return 0;
    if (pn_conns_new(&monitor->conns, PN_MONITOR_CONNECTIONS_MAX) < 0)
        return pn_err_set(err, -ENOMEM, "out of memory");
    struct pn_http_options http = {.service = service,
                                   .routes = &pn_routes_monitor,
                                   .conns = monitor->conns,
                                   .workers = 1,
                                   .connections_max = PN_MONITOR_CONNECTIONS_MAX};
    int r = pn_http_start(&monitor->http, &http, err);
    if (r != 0)
        return r;
    r = pn_listener_start(monitor->listener, monitor->http, service->log);
    return r == 0 ? 0 : pn_err_set(err, r, "cannot start a thread: %s", strerror(-r));
}

void pn_monitor_write_address(struct pn_buf *out, const struct pn_monitor *monitor)
{
    char text[INET6_ADDRSTRLEN];
    if (monitor == NULL)
        return;
    uint16_t port = pn_listener_address(monitor->listener, text);
    bool v6 = strchr(text, ':') != NULL;
    pn_buf_printf(out, "%s%s%s:%u", v6 ? "[" : "", text, v6 ? "]" : "", port);
}

void pn_monitor_sweep(struct pn_monitor *monitor, int64_t now_ms)
{
    if (monitor != NULL)
        pn_conns_sweep(monitor->conns, now_ms);
}

void pn_monitor_free(struct pn_monitor *monitor)
{
    if (monitor == NULL)
        return;
    pn_listener_stop(monitor->listener);
    pn_http_stop(monitor->http);
    pn_listener_free(monitor->listener);
    pn_conns_free(monitor->conns);
    free(monitor);
}

/* ---- GET /metrics ---------------------------------------------------------------------- */

void pn_monitor_metrics(struct pn_service *service, struct pn_exchange *ex)
{
    struct pn_reload_state policies;
    pn_reload_read(service->reload, &policies);
    struct pn_metrics_facts facts = {
        .version = service->version,
        .set_hash = policies.hash,
        .policies = policies.policies,
        .templates = policies.templates,
        .budgets = policies.budgets,
        .namespaces = policies.namespaces,
        .policy_loads = policies.loads,
        .policy_load_failures = policies.failures,
        .policy_load_failed = policies.failed,
        .policies_loaded_s = policies.published_at,
        .certificate_expires_s = pn_keeper_not_after(service->keeper),
        .certificate_failed = pn_keeper_has_failed(service->keeper),
        .connections = pn_conns_open(service->conns),
        .connections_max = service->connections_max,
        .in_flight = pn_conns_in_flight(service->conns),
        .log_lines_dropped = service->log != NULL ? pn_log_dropped(service->log) : 0,
        .ready = pn_routes_not_ready(service) == NULL,
    };
    ex->status = 200;
    ex->content_type = "text/plain; version=0.0.4; charset=utf-8";
    pn_metrics_write(&ex->out, service->metrics, &facts);
}
