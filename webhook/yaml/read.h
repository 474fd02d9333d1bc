/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_YAML_READ_H
#define PN_YAML_READ_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/node.h"

/*
 * YAML as Kubernetes' strict decoder reads it: sigs.k8s.io/yaml, UnmarshalStrict (YAML 1.1 as
 * go.yaml.in/yaml/v2 has it, then JSON): `yes` and `on` are booleans, keys become strings,
 * duplicate keys are faults. JSON is read too, being YAML.
 */

/* Something in the source is wrong; all that was found is in `diags`. */
#define PN_YAML_E_INVALID 1

/*
 * Reads every document of `source`; documents are separated by lines that start with `---`. *ret
 * (in the arena) holds *ret_n documents; an empty document (nothing between two `---`) is left out.
 * Nodes borrow nothing from the source but positions. Limits: PN_YAML_MAX_DEPTH, PN_YAML_MAX_NODES
 * (after aliases are expanded) and kubectl's own on the share of aliases, PN_SOURCE_MAX_BYTES.
 * Returns 0, PN_YAML_E_INVALID (diagnostics with ids yaml-syntax, yaml-duplicate-key, yaml-limit
 * were added; documents before the fault are in *ret all the same), or -ENOMEM.
 *
 * Where kubectl drops something without a word, so do we, with a warning in `diags`: text behind
 * the end of a document (yaml-syntax), and one of two keys that JSON makes equal, such as 1 and "1"
 * (yaml-duplicate-key). Warnings alone return 0.
 */
int pn_yaml_read(struct pn_document **ret, size_t *ret_n, const struct pn_source *source,
                 struct pn_arena *a, struct pn_diags *diags) PN_MUST_CHECK;

#endif
