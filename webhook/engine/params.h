/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_PARAMS_H
#define PN_ENGINE_PARAMS_H

#include "engine/decode.h"
#include "engine/pod.h"
#include "engine/reason.h"

/*
 * Parameters of a template: declared with a type and bounds, given by the policy, overridden by a
 * Pod's author where the policy says so. What a Pod's author writes never enters a template
 * unchecked.
 */
enum pn_parameter_type {
    PN_PARAMETER_STRING,
    PN_PARAMETER_INTEGER,
    PN_PARAMETER_NUMBER,
    PN_PARAMETER_BOOLEAN,
    PN_PARAMETER_QUANTITY, /* a string in Kubernetes' notation */
    PN_PARAMETER_ARRAY,
    PN_PARAMETER_OBJECT,
    PN_PARAMETER_MAP, /* an object of strings; pattern and enum hold for each value, keyPattern for
                         each key */
};

struct pn_parameter {
    struct pn_str name;
    struct pn_str description; /* s == NULL: none */
    enum pn_parameter_type type;
    struct pn_value default_value;      /* PN_ABSENT: none */
    struct pn_value allowed;            /* enum: a list, or PN_ABSENT */
    struct pn_str pattern, key_pattern; /* of a text, of the keys of a map (pattern.h); or NULL */
    struct pn_value minimum, maximum;   /* numbers or quantities; PN_ABSENT: none */
    uint32_t max_length; /* bytes of a text, or of each value of a map; 0: not said */
};

struct pn_parameters {
    const struct pn_parameter *items;
    size_t count;
};

/* Where a Pod's author gives a value. */
enum pn_override_source {
    PN_OVERRIDE_LABEL,
    PN_OVERRIDE_ANNOTATION,
    PN_OVERRIDE_ANNOTATION_PREFIX, /* a map: what follows the prefix is the key */
};

struct pn_override {
    const struct pn_parameter *parameter;
    enum pn_override_source source;
    struct pn_str key;
};

struct pn_overrides {
    const struct pn_override *items; /* labels before annotations: the later one wins */
    size_t count;
};

/* Decodes spec.parameters of a template (NULL: none). Faults go to d->diags. */
void pn_parameters_decode(struct pn_parameters *ret, struct pn_decoder *d,
                          const struct pn_node *list);

/*
 * The values that a policy gives (`given`: a mapping, or NULL) over the defaults: an object in the
 * order of declaration. A parameter without value is left out; unless `overrides` can give one,
 * that is a fault about `at`.
 */
void pn_parameters_bind(struct pn_value *ret, struct pn_decoder *d,
                        const struct pn_parameters *parameters, const struct pn_node *given,
                        const struct pn_overrides *overrides, const struct pn_node *at);

/* Decodes the overrides of an item of spec.inject (NULL: none). */
void pn_overrides_decode(struct pn_overrides *ret, struct pn_decoder *d,
                         const struct pn_parameters *parameters, const struct pn_node *list);

/* A parameter cannot be had: *ret_reason is parameter-missing or parameter-invalid. */
#define PN_PARAMETERS_E_REASON 1

/*
 * The values for one Pod: `bound` with what the Pod's labels and annotations override. Returns 0,
 * PN_PARAMETERS_E_REASON, or -ENOMEM.
 */
int pn_parameters_resolve(struct pn_value *ret, const struct pn_parameters *parameters,
                          struct pn_value bound, const struct pn_overrides *overrides,
                          const struct pn_pod *pod, struct pn_arena *a,
                          struct pn_reason *ret_reason) PN_MUST_CHECK;

#endif
