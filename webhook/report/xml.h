/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_REPORT_XML_H
#define PN_REPORT_XML_H

#include "base/buf.h"
#include "base/str.h"

/* Text in XML 1.0, also within an attribute: what XML cannot hold is escaped as on a terminal. */
void pn_xml_write(struct pn_buf *out, struct pn_str text);

/* ` name="text"` */
void pn_xml_attribute(struct pn_buf *out, const char *name, struct pn_str text);

#endif
