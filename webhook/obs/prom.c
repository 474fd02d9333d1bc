/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/prom.h"

void pn_prom_head(struct pn_buf *out, const char *name, enum pn_prom_type type, const char *help)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    pn_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
}

void pn_prom_label(struct pn_buf *out, bool first, const char *name, struct pn_str value)
{
    pn_buf_printf(out, "%c%s=\"", first ? '{' : ',', name);
    while (value.n > 0) {
        size_t n = pn_str_utf8_next(value);
        if (n == 0) {
            pn_buf_cstr(out, "\xef\xbf\xbd");
            n = 1;
        } else if (value.s[0] == '\n') {
            pn_buf_cstr(out, "\\n");
        } else {
            if (value.s[0] == '"' || value.s[0] == '\\')
                pn_buf_char(out, '\\');
            pn_buf_append(out, value.s, n);
        }
        value.s += n;
        value.n -= n;
    }
    pn_buf_char(out, '"');
}

void pn_prom_seconds(struct pn_buf *out, const char *name, const char *labels, int64_t thousandths)
{
    pn_buf_printf(out, "%s%s %lld.%03lld\n", name, labels, (long long)(thousandths / 1000),
                  (long long)(thousandths % 1000));
}
