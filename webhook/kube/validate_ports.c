/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/names.h"
#include "kube/validate_walk.h"

enum {
    NAME,
    HOST_PORT,
    CONTAINER_PORT,
    PROTOCOL,
    HOST_IP,
    FIELDS,
};

static const struct pn_field port_fields[FIELDS] = {
    [NAME] = PN_FIELD("name", STRING),
    [HOST_PORT] = PN_FIELD("hostPort", INT32),
    [CONTAINER_PORT] = PN_FIELD("containerPort", INT32),
    [PROTOCOL] = PN_FIELD("protocol", STRING),
    [HOST_IP] = PN_FIELD("hostIP", STRING),
};

enum { PORT_MAX = 65535 };

/* The key by which host ports conflict, as AccumulateUniqueHostPorts writes it. */
static void add_host_port(struct pn_validate *v, struct pn_names *keys, int64_t port,
                          struct pn_str protocol, struct pn_str ip)
{
    struct pn_buf key = PN_BUF_IN_ARENA(v->arena);
    pn_buf_str(&key, protocol);
    pn_buf_char(&key, '/');
    pn_buf_str(&key, ip);
    pn_buf_char(&key, '/');
    pn_buf_int(&key, port);
    if (key.failed)
        v->failed = v->done = true;
    else
        pn_names_add(v, keys, pn_buf_view(&key));
}

/* On the host's network, a port of the container is the same port of the host
 * (defaultHostNetworkPorts), but for ephemeral containers. */
static int64_t host_port_of(const struct pn_validate *v, const struct pn_value *f,
                            enum pn_container_list which)
{
    int64_t port = pn_field_int(f[HOST_PORT]);
    bool given = v->host_network && which != PN_EPHEMERAL_CONTAINERS;
    return port == 0 && given ? pn_field_int(f[CONTAINER_PORT]) : port;
}

/* validateContainerPorts of one port, but for repeated names. */
static void walk_port(struct pn_validate *v, const struct pn_at *at, const struct pn_value *f,
                      int64_t host_port, enum pn_container_list which)
{
    struct pn_str name = pn_value_str(f[NAME]), protocol = pn_value_str(f[PROTOCOL]);
    int64_t port = pn_field_int(f[CONTAINER_PORT]);
    if (name.n > 0 && !pn_name_is_port(name))
        pn_validate_add(v, PN_AT(at, "name"), PN_VALIDATE_INVALID, "must be %s", PN_NAME_PORT_RULE);
    if (port == 0)
        pn_validate_add(v, PN_AT(at, "containerPort"), PN_VALIDATE_REQUIRED, "must be given");
    else
        pn_validate_range(v, PN_AT(at, "containerPort"), port, 1, PORT_MAX);
    if (host_port != 0)
        pn_validate_range(v, PN_AT(at, "hostPort"), host_port, 1, PORT_MAX);
    if (v->host_network && which == PN_CONTAINERS && host_port != port)
        pn_validate_add(v, PN_AT(at, "hostPort"), PN_VALIDATE_INVALID,
                        "must be equal to containerPort on the host's network");
    if (protocol.n > 0)
        pn_validate_choice(v, PN_AT(at, "protocol"), protocol, "TCP,UDP,SCTP");
}

/* Illegal names are told of as such and stand as empty ones here. */
static void walk_repeated_names(struct pn_validate *v, const struct pn_at *at,
                                struct pn_names *names)
{
    pn_names_sort(v, names);
    for (uint32_t i = 0; i < names->count && !v->done; i++) {
        struct pn_str name = names->items[i];
        if (name.n > 0 && pn_names_first(names, name) < i)
            pn_validate_add(v, PN_AT(PN_AT_ITEM(at, i), "name"), PN_VALIDATE_DUPLICATE,
                            "another port of the container is named \"%.*s\" too",
                            PN_STR_ARG(name));
    }
}

/* ---- conflicts ------------------------------------------------------------------------- */

/* The host ports of one container, which are keys from *next on. */
static void walk_conflicts(struct pn_validate *v, const struct pn_at *at, struct pn_value list,
                           enum pn_container_list which, const struct pn_names *keys,
                           uint32_t *next)
{
    for (uint32_t i = 0; i < pn_value_count(list) && *next < keys->count && !v->done; i++) {
        struct pn_value f[FIELDS] = {{0}};
        const struct pn_at *item = PN_AT_ITEM(at, i);
        PN_PICK(v, item, pn_value_at(list, i), port_fields, f);
        if (host_port_of(v, f, which) == 0)
            continue;
        struct pn_str key = keys->items[*next];
        if (pn_names_first(keys, key) < *next)
            pn_validate_add(v, PN_AT(item, "hostPort"), PN_VALIDATE_DUPLICATE,
                            "%.*s is taken already", PN_STR_ARG(key));
        (*next)++;
    }
}

static bool has_conflict(struct pn_validate *v, struct pn_names *keys)
{
    pn_names_sort(v, keys);
    for (uint32_t i = 0; i < keys->count && !v->done; i++) {
        if (pn_names_first(keys, keys->items[i]) < i)
            return true;
    }
    return false;
}

void pn_validate_host_ports(struct pn_validate *v, const struct pn_at *at)
{
    struct pn_value list = v->spec[PN_S_CONTAINERS];
    uint32_t next = 0;
    if (!has_conflict(v, &v->host_ports))
        return;
    for (uint32_t i = 0; i < pn_value_count(list) && !v->done; i++)
        walk_conflicts(v, PN_AT(PN_AT_ITEM(at, i), "ports"), PN_GET(pn_value_at(list, i), "ports"),
                       PN_CONTAINERS, &v->host_ports, &next);
}

/* Init containers share no time, so each conflicts with itself alone. It is told of the first of
 * them, as they have it. */
static void walk_init_conflicts(struct pn_validate *v, struct pn_value list, struct pn_names *keys)
{
    const struct pn_at *containers = PN_AT(PN_AT(NULL, "spec"), "initContainers");
    uint32_t next = 0;
    if (has_conflict(v, keys))
        walk_conflicts(v, PN_AT(PN_AT_ITEM(containers, 0), "ports"), list, PN_INIT_CONTAINERS, keys,
                       &next);
}

void pn_validate_ports(struct pn_validate *v, const struct pn_at *at, struct pn_value list,
                       enum pn_container_list which)
{
    struct pn_names names = pn_names_start(v, PN_NAMES_SCRATCH);
    struct pn_names own_keys = pn_names_start(v, PN_NAMES_SCRATCH + 1);
    struct pn_names *keys = which == PN_CONTAINERS ? &v->host_ports : &own_keys;
    for (uint32_t i = 0; i < pn_value_count(list) && !v->done; i++) {
        struct pn_value f[FIELDS] = {{0}};
        const struct pn_at *item = PN_AT_ITEM(at, i);
        PN_PICK(v, item, pn_value_at(list, i), port_fields, f);
        struct pn_str name = pn_value_str(f[NAME]), protocol = pn_value_str(f[PROTOCOL]);
        int64_t host_port = host_port_of(v, f, which);
        walk_port(v, item, f, host_port, which);
        pn_names_add(v, &names, name.n > 0 && pn_name_is_port(name) ? name : PN_STR_NULL);
        if (host_port != 0 && which != PN_EPHEMERAL_CONTAINERS)
            add_host_port(v, keys, host_port, protocol.n > 0 ? protocol : PN_STR("TCP"),
                          pn_value_str(f[HOST_IP]));
    }
    walk_repeated_names(v, at, &names);
    if (which == PN_INIT_CONTAINERS)
        walk_init_conflicts(v, list, keys);
}
