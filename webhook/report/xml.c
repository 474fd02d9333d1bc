/* SPDX-License-Identifier: Apache-2.0 */
#include "report/xml.h"

#include "report/term.h"

/* U+FFFE and U+FFFF, which XML 1.0 does not have. */
static bool is_noncharacter(struct pn_str text)
{
    return pn_str_has_prefix(text, PN_STR("\xef\xbf\xbe")) ||
           pn_str_has_prefix(text, PN_STR("\xef\xbf\xbf"));
}

void pn_xml_write(struct pn_buf *out, struct pn_str text)
{
    static const char *const entities[] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\n'] = "\n"};
    while (text.n > 0) {
        unsigned char c = (unsigned char)text.s[0];
        if (c < PN_COUNT_OF(entities) && entities[c] != NULL) {
            pn_buf_cstr(out, entities[c]);
            text.s++;
            text.n--;
        } else if (is_noncharacter(text)) {
            pn_buf_cstr(out, text.s[2] == '\xbe' ? "\\ufffe" : "\\uffff");
            text.s += 3;
            text.n -= 3;
        } else {
            pn_term_put(out, &text);
        }
    }
}

void pn_xml_attribute(struct pn_buf *out, const char *name, struct pn_str text)
{
    pn_buf_printf(out, " %s=\"", name);
    pn_xml_write(out, text);
    pn_buf_char(out, '"');
}
