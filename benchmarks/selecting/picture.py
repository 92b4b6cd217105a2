"""The risk-coverage curves as an SVG file, written out by hand: axes, grid, one line a setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 760, 440, 70, 60, 30, 210
COLOURS = ("#1b6ca8", "#d1495b", "#2e8b57", "#8e6c8a", "#e0a030", "#555555")
TICKS = 5

Curve = Sequence[tuple[float, float]]


def risk_coverage(curves: Mapping[str, Curve]) -> str:
    """Share accepted to the right, share of the accepted that is wrong upwards."""
    top = max((risk for curve in curves.values() for _, risk in curve), default=0.0)
    top = max(ceil(top * 20) / 20, 0.05)
    parts = [_axes(top)]
    for number, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(f"{_x(share):.1f},{_y(risk, top):.1f}" for share, risk in curve)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        row = TOP + 20 + 22 * number
        parts.append(f'<rect x="{WIDTH - RIGHT + 20}" y="{row - 9}" width="14" height="4" fill="{colour}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 40}" y="{row}">{name}</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
    body = "\n".join(parts)
    return f'{head}font-size="13">\n<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'


def _axes(top: float) -> str:
    lines = []
    for tick in range(TICKS + 1):
        share = tick / TICKS
        x, y = _x(share), _y(share * top, top)
        lines.append(f'<path d="M{x:.1f} {TOP} V{HEIGHT - BOTTOM} M{LEFT} {y:.1f} H{WIDTH - RIGHT}" stroke="#ddd"/>')
        lines.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{share:.1f}</text>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{share * top:.2f}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    lines.append(f'<text x="{middle}" y="{HEIGHT - 15}" text-anchor="middle">share of tasks accepted</text>')
    lines.append(f'<text x="{LEFT - 55}" y="{TOP - 12}">share of the accepted that is wrong (HumanEval+)</text>')
    return "\n".join(lines)


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(risk: float, top: float) -> float:
    return HEIGHT - BOTTOM - risk / top * (HEIGHT - BOTTOM - TOP)
