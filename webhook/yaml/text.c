/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/text.h"

#include <float.h>
#include <math.h>

#include "base/number.h"

/* "d.ddde+xx" with the fewest digits that read back as the same float32. */
static void format_shortest(struct pn_buf *out, float f)
{
    for (int precision = 0; precision < FLT_DECIMAL_DIG; precision++) {
        double back;
        pn_buf_reset(out, SIZE_MAX);
        pn_buf_printf(out, "%.*e", precision, (double)f);
        if (pn_number_read_real(&back, pn_buf_view(out)) && (float)back == f)
            return;
    }
}

void pn_text_write_real_key(struct pn_buf *out, double r)
{
    float f = (float)r;
    if (isnan(f) || isinf(f)) {
        pn_buf_cstr(out, isnan(f) ? ".nan" : f < 0 ? "-.inf" : ".inf");
        return;
    }
    PN_CLEANUP(pn_buf_deinit) struct pn_buf shortest = PN_BUF_INIT;
    format_shortest(&shortest, f);
    struct pn_str exponent_text = pn_buf_view(&shortest);
    struct pn_str mantissa = pn_str_split(&exponent_text, 'e');
    int64_t exponent = 0;
    if (pn_str_has_prefix(exponent_text, PN_STR("+")))
        exponent_text = (struct pn_str){exponent_text.s + 1, exponent_text.n - 1};
    if (shortest.failed || !pn_number_read_int(&exponent, exponent_text)) {
        out->failed = true;
        return;
    }
    /* Below 1e-4 and from 1e6 on, 'g' keeps the exponent. */
    if (exponent < -4 || exponent >= 6) {
        pn_buf_str(out, pn_buf_view(&shortest));
        return;
    }
    int decimals = -(int)exponent;
    for (size_t i = 0; i < mantissa.n; i++) {
        if (mantissa.s[i] == '.')
            decimals += (int)(mantissa.n - i - 1);
    }
    pn_buf_printf(out, "%.*f", decimals > 0 ? decimals : 0, (double)f);
}

void pn_text_append_utf8(struct pn_buf *out, struct pn_str bytes)
{
    while (bytes.n > 0) {
        size_t n = pn_str_utf8_next(bytes);
        if (n > 0)
            pn_buf_append(out, bytes.s, n);
        else
            pn_buf_cstr(out, "\xef\xbf\xbd");
        n = n > 0 ? n : 1;
        bytes = (struct pn_str){bytes.s + n, bytes.n - n};
    }
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool pn_text_decode_base64(struct pn_buf *out, struct pn_str text)
{
    uint32_t group = 0;
    unsigned filled = 0, padding = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.s[i];
        int bits = sextet(c);
        if (c == '\n' || c == '\r')
            continue;
        if (c == '=' && filled >= 2 && filled + padding < 4) {
            padding++;
            continue;
        }
        if (bits < 0 || padding > 0)
            return false;
        group = group << 6 | (uint32_t)bits;
        if (++filled < 4)
            continue;
        char decoded[3] = {(char)(group >> 16), (char)(group >> 8), (char)group};
        pn_buf_append(out, decoded, sizeof decoded);
        group = 0;
        filled = 0;
    }
    if (filled == 0)
        return padding == 0;
    if (filled + padding != 4)
        return false;
    group <<= 6 * padding;
    char decoded[2] = {(char)(group >> 16), (char)(group >> 8)};
    pn_buf_append(out, decoded, filled - 1);
    return true;
}
