/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_OBS_PROM_H
#define PN_OBS_PROM_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Prometheus' text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */

enum pn_prom_type { PN_PROM_COUNTER, PN_PROM_GAUGE, PN_PROM_HISTOGRAM };

/* The HELP and TYPE lines of a metric; `help` is a literal without backslash and line break. */
void pn_prom_head(struct pn_buf *out, const char *name, enum pn_prom_type type, const char *help);

/* One label, with the separator that stands before it: {name="value" for the first, then ,name=...
 * The value's backslashes, quotes and line breaks are escaped; what is no UTF-8 is replaced. */
void pn_prom_label(struct pn_buf *out, bool first, const char *name, struct pn_str value);

/* A sample whose value is in thousandths. `labels` is "" or in braces. */
void pn_prom_seconds(struct pn_buf *out, const char *name, const char *labels, int64_t thousandths);

#endif
