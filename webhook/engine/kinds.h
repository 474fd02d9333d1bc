/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_KINDS_H
#define PN_ENGINE_KINDS_H

#include "engine/decode.h"

/* The documents that make a policy set, by the tables that decode them. */
extern const struct pn_document_kind pn_template_kind, pn_policy_kind, pn_budget_kind;

#endif
