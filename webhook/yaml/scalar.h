/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_YAML_SCALAR_H
#define PN_YAML_SCALAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * What a scalar means: YAML 1.1 as go.yaml.in/yaml/v2 resolves it (resolve.go). `yes` and `on` are
 * booleans, 012 and 0o12 are ten, 1_000 is a thousand; 1:30 is a string.
 */
enum pn_scalar_kind {
    PN_SCALAR_NULL,
    PN_SCALAR_BOOL,
    PN_SCALAR_INT,
    PN_SCALAR_UINT,      /* from 2^63 to below 2^64 */
    PN_SCALAR_REAL,      /* may be infinite or not a number */
    PN_SCALAR_TIMESTAMP, /* becomes a string; quoted when written */
    PN_SCALAR_STRING,
};

struct pn_scalar {
    enum pn_scalar_kind kind;
    union {
        bool b;
        int64_t i;
        uint64_t u;
        double r;
    };
};

/* The text is not what its tag says. */
#define PN_SCALAR_E_MISMATCH 1

/* The prefix of `!!`, as the parser expands it. */
#define PN_SCALAR_TAG_PREFIX "tag:yaml.org,2002:"

/* The meaning of a plain scalar without a tag. */
struct pn_scalar pn_scalar_resolve(struct pn_str text);

/*
 * The meaning of a scalar under a full tag. Tags that are not YAML's own leave the text a string;
 * so does !!binary, which the caller decodes. Returns 0 or PN_SCALAR_E_MISMATCH.
 */
int pn_scalar_resolve_tagged(struct pn_scalar *ret, struct pn_str tag, struct pn_str text);

/* True for what YAML 1.1 reads as a sexagesimal number (1:30); other parsers still do. */
bool pn_scalar_is_sexagesimal(struct pn_str text);

#endif
