"""Draw the engine's states, and list them in docs/explanation/engine.md.

Owns where each state stands in the picture; the arrows are those of the table in
lapwing/engine/states.py.
Must not know what the engine does in a state.
Test: `python tools/state_diagram.py --check`, or tests/architecture/test_tools.py.

States with the same followers share a box. What may happen in every state (to
panic) is said in words, for its arrows would hide the others.
"""

import sys
from math import hypot
from pathlib import Path

from lapwing.engine.states import TRANSITIONS, State

DOCS = Path(__file__).parents[1] / "docs"
PICTURE = DOCS / "images" / "states.svg"
PAGE = DOCS / "explanation" / "engine.md"
COMMAND = "python tools/state_diagram.py"
BEGIN, END = "<!-- states: made by tools/state_diagram.py -->", "<!-- end of states -->"

WIDTH, HEIGHT, BOX_HEIGHT = 900, 440, 40
PLACES: dict[str, tuple[float, float]] = {
    "idle": (90, 240),
    "running": (320, 240),
    "suspending": (320, 140),
    "pausing": (560, 240),
    "paused": (800, 240),
    "halting": (560, 390),
}
"""Middle of each box, by the first of its states in the table."""

BENDS: dict[tuple[str, str], tuple[float, float]] = {
    ("paused", "idle"): (445, -130),
    ("paused", "running"): (560, 110),
    ("pausing", "idle"): (325, 345),
    ("halting", "idle"): (130, 400),
}
"""Points towards which arrows are bent, where a straight one would hit a box."""

Point = tuple[float, float]
Groups = dict[str, list[State]]


def groups() -> Groups:
    """Return the states by box: those with the same followers stand together.

    What every other state may become is left out.
    """
    found: Groups = {}
    for state, after in TRANSITIONS.items():
        if state in everywhere():
            continue
        same = (key for key, box in found.items() if TRANSITIONS[box[0]] == after)
        found.setdefault(next(same, str(state)), []).append(state)
    return found


def everywhere() -> list[State]:
    """Return the states that all others may become."""
    return [
        state
        for state in State
        if all(state in after for old, after in TRANSITIONS.items() if old != state)
    ]


def arrows(boxes: Groups) -> list[tuple[str, str, str]]:
    """Return box, box, and which states of the second, if not all."""
    found = []
    for one, olds in boxes.items():
        for other, news in boxes.items():
            reached = [s for s in news if any(s in TRANSITIONS[old] for old in olds)]
            if reached and one != other:
                label = "" if len(reached) == len(news) else ", ".join(reached)
                found.append((one, other, label))
    return found


# ---------------------------------------------------------------- the picture


def picture() -> str:
    """Return the text of the SVG file."""
    boxes = groups()
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="15">',
        "<title>The states of the engine</title>",
        '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" '
        'markerWidth="9" markerHeight="9" orient="auto">'
        '<path d="M0,1 L10,5 L0,9 z" fill="#1f5a89"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    made = arrows(boxes)
    both = {(one, other) for one, other, _ in made}
    partial = sorted({label for _, _, label in made if label})
    for one, other, label in made:
        lane = 7 if (other, one) in both and (one, other) not in BENDS else 0
        dash = _dash(partial.index(label)) if label else ""
        lines.append(_arrow(one, other, dash, boxes, lane))
    lines += _legend(partial)
    for key, states in boxes.items():
        lines += _box(key, states)
    return "\n".join([*lines, "</svg>", ""])


def _box(key: str, states: list[State]) -> list[str]:
    (x, y), width = PLACES[key], _width(states)
    return [
        f'<rect x="{x - width / 2:g}" y="{y - BOX_HEIGHT / 2:g}" width="{width:g}" '
        f'height="{BOX_HEIGHT}" rx="9" fill="#eaf1f7" stroke="#1f5a89"/>',
        f'<text x="{x:g}" y="{y + 5:g}" text-anchor="middle">{_text(states)}</text>',
    ]


def _text(states: list[State]) -> str:
    return " · ".join(states)


def _width(states: list[State]) -> float:
    return 30 + 8 * len(_text(states))


def _arrow(one: str, other: str, dash: str, boxes: Groups, lane: float) -> str:
    (x0, y0), (x1, y1) = PLACES[one], PLACES[other]
    length = hypot(x1 - x0, y1 - y0)
    # Arrows there and back lie side by side.
    aside = (lane * (y0 - y1) / length, lane * (x1 - x0) / length)
    first, last = _add((x0, y0), aside), _add((x1, y1), aside)
    bend = BENDS.get((one, other), ((first[0] + last[0]) / 2, (first[1] + last[1]) / 2))
    start = _edge(first, bend, PLACES[one], _width(boxes[one]))
    end = _edge(last, bend, PLACES[other], _width(boxes[other]))
    dash = f' stroke-dasharray="{dash}"' if dash else ""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (bend, end))
    return (
        f'<path d="M{start[0]:.1f},{start[1]:.1f} Q{path}" fill="none" '
        f'stroke="#1f5a89" stroke-width="1.5" marker-end="url(#head)"{dash}/>'
    )


def _legend(labels: list[str]) -> list[str]:
    """Say what dashed arrows mean."""
    lines = []
    for i, label in enumerate(labels):
        y = HEIGHT - 15 - 20 * i
        lines += [
            f'<path d="M640,{y - 5} L680,{y - 5}" stroke="#1f5a89" stroke-width="1.5" '
            f'stroke-dasharray="{_dash(i)}"/>',
            f'<text x="688" y="{y}" font-size="13">to {label} only</text>',
        ]
    return lines


def _dash(number: int) -> str:
    return f"{6 - 3 * number} 4"


def _add(point: Point, other: Point) -> Point:
    return point[0] + other[0], point[1] + other[1]


def _edge(inside: Point, outside: Point, middle: Point, width: float) -> Point:
    """Return where the way from a point in a box to one outside leaves the box."""
    (x, y), (dx, dy) = inside, (outside[0] - inside[0], outside[1] - inside[1])
    shares = [1.0]
    for at, step, centre, size in (
        (x, dx, middle[0], width),
        (y, dy, middle[1], BOX_HEIGHT),
    ):
        if step:
            border = centre + (size / 2 if step > 0 else -size / 2)
            shares.append((border - at) / step)
    share = min(shares)
    return x + share * dx, y + share * dy


# ---------------------------------------------------------------- the page


def section() -> str:
    """Return what stands between the marks in the page."""
    rows = [("state", "may become"), ("---", "---")]
    for state, after in TRANSITIONS.items():
        rows.append((f"`{state}`", ", ".join(f"`{s}`" for s in State if s in after)))
    table = "\n".join(f"| {state} | {after or 'nothing'} |" for state, after in rows)
    words = " and ".join(f"`{state}`" for state in everywhere())
    return (
        f"{BEGIN}\n\n![The states of the engine](../images/{PICTURE.name})\n\n"
        f"Every state may also become {words}; the picture leaves that out.\n\n"
        f"{table}\n\n{END}"
    )


def with_section(page: str) -> str:
    """Return the page with the present section.

    Raises:
        ValueError: The marks are not there.
    """
    before, mark, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"the page has no lines {BEGIN!r} and {END!r}")
    return before + section() + after


def main(arguments: list[str]) -> int:
    """Write picture and section; with ``--check``, say whether they are up to date."""
    if missing := set(groups()) ^ set(PLACES):
        print(f"say in PLACES where these stand: {sorted(missing)}", file=sys.stderr)
        return 1
    page = PAGE.read_text(encoding="utf-8")
    wanted = {PICTURE: picture(), PAGE: with_section(page)}
    if "--check" not in arguments:
        for path, text in wanted.items():
            path.write_text(text, encoding="utf-8")
        return 0
    stale = [
        path
        for path, text in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        print(
            f"{path.name} is not what states.py says; run: {COMMAND}", file=sys.stderr
        )
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
