/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_KUBE_QUANTITY_H
#define PN_KUBE_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/value.h"

/*
 * Kubernetes' resource.Quantity (apimachinery pkg/api/resource): an exact decimal with the family
 * of suffixes it was written in. `1E` is 10^18, `1E3` is 1000, `1Ei` is 2^60.
 */
enum pn_quantity_format {
    PN_QUANTITY_DECIMAL_SI,       /* n u m "" k M G T P E */
    PN_QUANTITY_BINARY_SI,        /* Ki Mi Gi Ti Pi Ei */
    PN_QUANTITY_DECIMAL_EXPONENT, /* e3 */
};

/* The value is mantissa * 10^exp10. Zeroed memory is the quantity 0. */
struct pn_quantity {
    __int128 mantissa; /* without trailing decimal zeros */
    int64_t exp10;     /* -9 or more: nothing is finer than a nano; 0 when the mantissa is 0 */
    enum pn_quantity_format format;
    struct pn_str as_written; /* borrowed text that Kubernetes repeats instead of its canonical
                               * form; s == NULL: none */
};

/* The text is no quantity. */
#define PN_QUANTITY_E_INVALID 1
/* The quantity has more digits than are held exactly (38 always are; 36 behind the point of a
 * binary one). Kubernetes takes such a number; no machine has that much. */
#define PN_QUANTITY_E_RANGE 2

/*
 * Reads `text` as ParseQuantity does: finer than a nano is rounded away from zero, binary ones are
 * capped at 2^63-1 (as Kubernetes caps them), blanks are not allowed. *ret borrows `text`.
 * Returns 0, PN_QUANTITY_E_INVALID or PN_QUANTITY_E_RANGE (err says what is wrong).
 */
int pn_quantity_parse(struct pn_quantity *ret, struct pn_str text,
                      struct pn_err *err) PN_MUST_CHECK;

/*
 * The quantity that a JSON value stands for (Quantity.UnmarshalJSON): a string, blanks around it
 * dropped; a number; null is 0. *ret borrows the value's text.
 * Returns 0, PN_QUANTITY_E_INVALID or PN_QUANTITY_E_RANGE. Takes no memory.
 */
int pn_quantity_from_value(struct pn_quantity *ret, struct pn_value v,
                           struct pn_err *err) PN_MUST_CHECK;

/*
 * Appends the text that Kubernetes shows (Quantity.String): what was written if that looked
 * canonical ("+1", "1.500"), else the canonical form. From 10^21 on Kubernetes knows no decimal
 * suffix and writes none, so "1000000000000000000000" becomes "1"; so do we.
 */
void pn_quantity_write(struct pn_buf *out, const struct pn_quantity *q);

/*
 * Rounds to whole thousandths, away from zero, as the API server's defaulting does with every
 * quantity of a Pod (SetDefaults_ResourceList). The text as written goes if it was finer.
 */
void pn_quantity_round_milli(struct pn_quantity *q);

/* -1, 0 or 1, by value whatever the formats (Quantity.Cmp). */
int pn_quantity_cmp(const struct pn_quantity *a, const struct pn_quantity *b);

/*
 * a + b in the format of the first that is not zero (Quantity.Add). `ret` may be `a` or `b`.
 * Returns 0 or PN_QUANTITY_E_RANGE.
 */
int pn_quantity_add(struct pn_quantity *ret, const struct pn_quantity *a,
                    const struct pn_quantity *b) PN_MUST_CHECK;

/*
 * The value in units or in thousandths, a fraction rounded away from zero (Quantity.Value,
 * MilliValue). False when that does not fit.
 */
bool pn_quantity_value(int64_t *ret, const struct pn_quantity *q);
bool pn_quantity_milli(int64_t *ret, const struct pn_quantity *q);

/* The value in nano-units, exact, for arithmetic. False: out of range, which a budget counts as
 * not fitting. */
bool pn_quantity_nano(__int128 *ret, const struct pn_quantity *q);

#endif
