/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/names.h"
#include "kube/validate_walk.h"

/* ---- handlers -------------------------------------------------------------------------- */

enum {
    EXEC,
    HTTP_GET,
    TCP_SOCKET,
    LAST, /* grpc of probes, sleep of lifecycles */
    HANDLERS,
};

typedef void walk_action(struct pn_validate *v, const struct pn_at *at, struct pn_value action);

enum { PORT_MAX = 65535 };

/* ValidatePortNumOrName; no port at all is port 0. */
static void walk_port(struct pn_validate *v, const struct pn_at *at, struct pn_value port)
{
    if (port.kind != PN_STRING)
        pn_validate_range(v, at, pn_field_int(port), 1, PORT_MAX);
    else if (!pn_name_is_port(pn_value_str(port)))
        pn_validate_add(v, at, PN_VALIDATE_INVALID, "must be %s", PN_NAME_PORT_RULE);
}

static bool is_header_name(struct pn_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.s[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            c != '-')
            return false;
    }
    return name.n > 0;
}

static void walk_http_get(struct pn_validate *v, const struct pn_at *at, struct pn_value action)
{
    static const struct pn_field rows[] = {
        PN_FIELD("path", STRING),
        PN_FIELD("port", INT_OR_STRING),
        PN_FIELD("scheme", STRING),
        PN_FIELD("httpHeaders", LIST),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, action, rows, f);
    const struct pn_at *headers = PN_AT(at, "httpHeaders");
    walk_port(v, PN_AT(at, "port"), f[1]);
    if (pn_value_str(f[2]).n > 0)
        pn_validate_choice(v, PN_AT(at, "scheme"), pn_value_str(f[2]), "HTTP,HTTPS");
    for (uint32_t i = 0; i < pn_value_count(f[3]) && !v->done; i++) {
        struct pn_value name = pn_validate_one(v, PN_AT_ITEM(headers, i), pn_value_at(f[3], i),
                                               "name", PN_FIELD_STRING);
        if (!is_header_name(pn_value_str(name)))
            pn_validate_add(v, headers, PN_VALIDATE_INVALID,
                            "name of item %u must be letters, digits and '-'", i);
    }
}

static void walk_exec(struct pn_validate *v, const struct pn_at *at, struct pn_value action)
{
    struct pn_value command = pn_validate_one(v, at, action, "command", PN_FIELD_LIST);
    if (pn_value_count(command) == 0)
        pn_validate_add(v, PN_AT(at, "command"), PN_VALIDATE_REQUIRED, "must be given");
}

static void walk_tcp_socket(struct pn_validate *v, const struct pn_at *at, struct pn_value action)
{
    walk_port(v, PN_AT(at, "port"), pn_validate_one(v, at, action, "port", PN_FIELD_INT_OR_STRING));
}

static void walk_grpc(struct pn_validate *v, const struct pn_at *at, struct pn_value action)
{
    walk_port(v, PN_AT(at, "port"), pn_validate_one(v, at, action, "port", PN_FIELD_INT32));
}

static void walk_sleep(struct pn_validate *v, const struct pn_at *at, struct pn_value action)
{
    struct pn_value seconds = pn_validate_one(v, at, action, "seconds", PN_FIELD_INT64);
    if (pn_field_int(seconds) < 0 || pn_field_int(seconds) > v->grace_seconds)
        pn_validate_add(v, at, PN_VALIDATE_INVALID,
                        "must be between 0 and terminationGracePeriodSeconds (%lld)",
                        (long long)v->grace_seconds);
}

/* validateHandler: the first is judged, others are too many. */
static void walk_handlers(struct pn_validate *v, const struct pn_at *at,
                          const struct pn_field *rows, const struct pn_value *f, walk_action *last)
{
    walk_action *const actions[HANDLERS] = {walk_exec, walk_http_get, walk_tcp_socket, last};
    bool found = false;
    for (unsigned i = EXEC; i < HANDLERS; i++) {
        if (f[i].kind != PN_OBJECT)
            continue;
        if (found)
            pn_validate_add(v, PN_AT(at, rows[i].name), PN_VALIDATE_FORBIDDEN,
                            "must be the only handler");
        else
            actions[i](v, PN_AT(at, rows[i].name), f[i]);
        found = true;
    }
    if (!found)
        pn_validate_add(v, at, PN_VALIDATE_REQUIRED, "must have a handler");
}

/* ---- probes ---------------------------------------------------------------------------- */

enum {
    INITIAL_DELAY = HANDLERS,
    TIMEOUT,
    PERIOD,
    SUCCESS,
    FAILURE,
    GRACE,
    PROBE_FIELDS,
};

static const struct pn_field probe_fields[PROBE_FIELDS] = {
    [EXEC] = PN_FIELD("exec", OBJECT),
    [HTTP_GET] = PN_FIELD("httpGet", OBJECT),
    [TCP_SOCKET] = PN_FIELD("tcpSocket", OBJECT),
    [LAST] = PN_FIELD("grpc", OBJECT),
    [INITIAL_DELAY] = PN_FIELD("initialDelaySeconds", INT32),
    [TIMEOUT] = PN_FIELD("timeoutSeconds", INT32),
    [PERIOD] = PN_FIELD("periodSeconds", INT32),
    [SUCCESS] = PN_FIELD("successThreshold", INT32),
    [FAILURE] = PN_FIELD("failureThreshold", INT32),
    [GRACE] = PN_FIELD("terminationGracePeriodSeconds", INT64),
};

static void walk_probe(struct pn_validate *v, const struct pn_at *at, struct pn_value probe,
                       bool readiness)
{
    struct pn_value f[PROBE_FIELDS] = {{0}};
    PN_PICK(v, at, probe, probe_fields, f);
    int64_t success = pn_field_int(f[SUCCESS]); /* 0 is defaulted, to 1 */
    walk_handlers(v, at, probe_fields, f, walk_grpc);
    for (unsigned i = INITIAL_DELAY; i <= FAILURE; i++) {
        if (pn_field_int(f[i]) < 0)
            pn_validate_add(v, PN_AT(at, probe_fields[i].name), PN_VALIDATE_INVALID,
                            "must not be negative");
    }
    if (!readiness && success != 0 && success != 1)
        pn_validate_add(v, PN_AT(at, "successThreshold"), PN_VALIDATE_INVALID, "must be 1");
    if (f[GRACE].kind == PN_INT && (readiness || f[GRACE].i <= 0))
        pn_validate_add(v, PN_AT(at, "terminationGracePeriodSeconds"), PN_VALIDATE_INVALID,
                        readiness ? "must not be set for a readinessProbe" : "must be more than 0");
}

/* ---- lifecycle ------------------------------------------------------------------------- */

static const char windows_signals[] = "SIGKILL,SIGTERM";
static const char linux_signals[] =
    "SIGABRT,SIGALRM,SIGBUS,SIGCHLD,SIGCLD,SIGCONT,SIGFPE,SIGHUP,SIGILL,SIGINT,SIGIO,SIGIOT,"
    "SIGKILL,SIGPIPE,SIGPOLL,SIGPROF,SIGPWR,SIGQUIT,SIGSEGV,SIGSTKFLT,SIGSTOP,SIGSYS,SIGTERM,"
    "SIGTRAP,SIGTSTP,SIGTTIN,SIGTTOU,SIGURG,SIGUSR1,SIGUSR2,SIGVTALRM,SIGWINCH,SIGXCPU,SIGXFSZ,"
    "SIGRTMIN,SIGRTMIN+1,SIGRTMIN+2,SIGRTMIN+3,SIGRTMIN+4,SIGRTMIN+5,SIGRTMIN+6,SIGRTMIN+7,"
    "SIGRTMIN+8,SIGRTMIN+9,SIGRTMIN+10,SIGRTMIN+11,SIGRTMIN+12,SIGRTMIN+13,SIGRTMIN+14,"
    "SIGRTMIN+15,SIGRTMAX-14,SIGRTMAX-13,SIGRTMAX-12,SIGRTMAX-11,SIGRTMAX-10,SIGRTMAX-9,"
    "SIGRTMAX-8,SIGRTMAX-7,SIGRTMAX-6,SIGRTMAX-5,SIGRTMAX-4,SIGRTMAX-3,SIGRTMAX-2,SIGRTMAX-1,"
    "SIGRTMAX";

static void walk_stop_signal(struct pn_validate *v, const struct pn_at *at, struct pn_str signal)
{
    if (v->spec[PN_S_OS].kind == PN_ABSENT)
        pn_validate_add(v, at, PN_VALIDATE_FORBIDDEN, "must not be set without spec.os.name");
    else if (v->windows_os)
        pn_validate_choice(v, at, signal, windows_signals);
    else if (v->linux_os)
        pn_validate_choice(v, at, signal, linux_signals);
}

static void walk_handler(struct pn_validate *v, const struct pn_at *at, struct pn_value handler)
{
    static const struct pn_field rows[HANDLERS] = {
        [EXEC] = PN_FIELD("exec", OBJECT),
        [HTTP_GET] = PN_FIELD("httpGet", OBJECT),
        [TCP_SOCKET] = PN_FIELD("tcpSocket", OBJECT),
        [LAST] = PN_FIELD("sleep", OBJECT),
    };
    struct pn_value f[HANDLERS] = {{0}};
    if (handler.kind != PN_OBJECT)
        return;
    PN_PICK(v, at, handler, rows, f);
    walk_handlers(v, at, rows, f, walk_sleep);
}

static void walk_lifecycle(struct pn_validate *v, const struct pn_at *at, struct pn_value lifecycle)
{
    static const struct pn_field rows[] = {
        PN_FIELD("postStart", OBJECT),
        PN_FIELD("preStop", OBJECT),
        PN_FIELD("stopSignal", STRING),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, lifecycle, rows, f);
    walk_handler(v, PN_AT(at, "postStart"), f[0]);
    walk_handler(v, PN_AT(at, "preStop"), f[1]);
    if (f[2].kind == PN_STRING)
        walk_stop_signal(v, PN_AT(at, "stopSignal"), pn_value_str(f[2]));
}

void pn_validate_probes(struct pn_validate *v, const struct pn_at *container,
                        const struct pn_value *fields)
{
    if (fields[PN_C_LIVENESS].kind == PN_OBJECT)
        walk_probe(v, PN_AT(container, "livenessProbe"), fields[PN_C_LIVENESS], false);
    if (fields[PN_C_READINESS].kind == PN_OBJECT)
        walk_probe(v, PN_AT(container, "readinessProbe"), fields[PN_C_READINESS], true);
    if (fields[PN_C_STARTUP].kind == PN_OBJECT)
        walk_probe(v, PN_AT(container, "startupProbe"), fields[PN_C_STARTUP], false);
    if (fields[PN_C_LIFECYCLE].kind == PN_OBJECT)
        walk_lifecycle(v, PN_AT(container, "lifecycle"), fields[PN_C_LIFECYCLE]);
}
