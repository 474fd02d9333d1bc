# SPDX-License-Identifier: Apache-2.0
"""A plot of lines over two logarithmic axes, as SVG."""

import math

WIDTH, HEIGHT = 760, 460
LEFT, RIGHT, TOP, BOTTOM = 70, 200, 46, 52
COLORS = ["#1b6ca8", "#c8553d", "#3c8d5a", "#8a5a9e", "#8c6d1f", "#4d4d4d"]


def decades(low, high):
    return range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)


def power(exponent):
    return f"{10 ** exponent:,.0f}" if exponent >= 0 else f"{10.0 ** exponent:g}"


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


class Axis:
    def __init__(self, numbers, start, end):
        self.decades = decades(min(numbers), max(numbers))
        self.start, self.end = start, end

    def at(self, number):
        low, high = self.decades[0], self.decades[-1]
        return self.start + (math.log10(number) - low) / max(high - low, 1) * (self.end - self.start)


def draw(title, x_title, y_title, series):
    """`series`: {name: [(x, y), ...]}."""
    x = Axis([p[0] for points in series.values() for p in points], LEFT, WIDTH - RIGHT)
    y = Axis([p[1] for points in series.values() for p in points], HEIGHT - BOTTOM, TOP)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
           'font-size="12" fill="#222">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
           f'<text x="{LEFT}" y="24" font-size="15">{escape(title)}</text>']
    for exponent in x.decades:
        at = x.at(10.0 ** exponent)
        out.append(f'<path d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        out.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{power(exponent)}</text>')
    for exponent in y.decades:
        at = y.at(10.0 ** exponent)
        out.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{power(exponent)}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(x_title)}</text>')
    middle = (TOP + HEIGHT - BOTTOM) / 2
    out.append(f'<text transform="translate(16 {middle}) rotate(-90)" text-anchor="middle">{escape(y_title)}</text>')
    for i, (name, points) in enumerate(series.items()):
        color = COLORS[i % len(COLORS)]
        places = " ".join(f"{x.at(px):.1f},{y.at(py):.1f}" for px, py in points)
        out.append(f'<polyline points="{places}" fill="none" stroke="{color}" stroke-width="2"/>')
        out += [f'<circle cx="{x.at(px):.1f}" cy="{y.at(py):.1f}" r="3" fill="{color}"/>' for px, py in points]
        row = TOP + 14 + 22 * i
        out.append(f'<path d="M{WIDTH - RIGHT + 16} {row}h22" stroke="{color}" stroke-width="3"/>')
        out.append(f'<text x="{WIDTH - RIGHT + 44}" y="{row + 4}">{escape(name)}</text>')
    return "\n".join(out + ["</svg>", ""])
