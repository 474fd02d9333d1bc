/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_BASE_NUMBER_H
#define PN_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Numbers to text and back. The program never calls setlocale, so the C locale is in force here;
 * this file alone uses the C library's conversions.
 */

/*
 * Writes a finite double as Go's encoding/json and JavaScript do: the shortest digits that read
 * back, in plain notation from 1e-6 up to below 1e21, else with an exponent ("1e+21", "5e-324").
 * A double that is not finite is written as null.
 */
void pn_number_write_real(struct pn_buf *out, double r);

/* The double that the whole `text` stands for: decimal, as JSON, YAML and C write it (".5" and
 * "+1." too). False when it is none, overflows, or has 512 bytes or more. */
bool pn_number_read_real(double *ret, struct pn_str text);

/* The integer that `text` stands for: an optional minus and decimal digits within int64. */
bool pn_number_read_int(int64_t *ret, struct pn_str text);

#endif
