"""Record what scanpointgenerator 3.1 makes of scans that are drawn at random.

It runs on Python 3.8 at the latest, so this is run by hand, in an environment of its
own::

    python3.8 -m venv old && old/bin/pip install "numpy<1.20" scanpointgenerator==3.1
    old/bin/python tests/compat/scripts/record_scanpointgenerator.py

Left out is what the page on paths lists as different: regions that end on the last
point of a line, sectors other than of the unit disc, offsets of points at rest.
"""

import importlib
import json
import random
from math import pi
from pathlib import Path

NUM_SCANS = 72
MOST_POINTS = 60
OUT = Path(__file__).parent.parent / "scanpointgenerator_scans.json"

draw = random.Random(31)


def typed(kind, **arguments):
    return {"typeid": "scanpointgenerator:" + kind + ":1.0", **arguments}


def numbers(num):
    return [round(draw.uniform(-3, 3), draw.choice([1, 3, 15])) for _ in range(num)]


def length():
    return draw.choice([0.5, 1.0, 1.7, 2.3])


def line(axes, size, alternate):
    return typed(
        "generator/LineGenerator",
        axes=axes,
        units=["mm"] * len(axes),
        start=numbers(len(axes)),
        stop=numbers(len(axes)),
        size=size,
        alternate=alternate,
    )


def array(axes, size, alternate):
    points = numbers(max(size, 2))
    return typed(
        "generator/ArrayGenerator",
        axes=axes,
        units=["deg"],
        points=points,
        alternate=alternate,
    )


def static(axes, size, _):
    return typed(
        "generator/StaticPointGenerator", axes=draw.choice([axes, []]), size=size
    )


def spiral(axes, _, alternate):
    return typed(
        "generator/SpiralGenerator",
        axes=axes,
        units=["mm", "mm"],
        centre=numbers(2),
        radius=length(),
        scale=draw.choice([0.7, 1.0]),
        alternate=alternate,
    )


def lissajous(axes, size, alternate):
    return typed(
        "generator/LissajousGenerator",
        axes=axes,
        units=["mm", "um"],
        centre=numbers(2),
        span=[length(), length()],
        lobes=draw.randint(1, 4),
        size=3 * size,
        alternate=alternate,
    )


def ahead(begin, step, num):
    return [position + num * step[axis] for axis, position in enumerate(begin)]


def concatenated(axes, size, alternate):
    begin, parts = numbers(len(axes)), []
    for num in (size, draw.randint(1, 3), draw.randint(1, 3)):
        step = numbers(len(axes))
        part = line(axes, num, alternate=False)
        half = 0 if num == 1 else 0.5
        last = 1 if num == 1 else num - 0.5
        part["start"] = ahead(begin, step, half)
        part["stop"] = ahead(begin, step, last)
        begin = ahead(begin, step, num)
        parts.append(part)
    return typed("generator/ConcatGenerator", generators=parts, alternate=alternate)


def zipped(axes, size, alternate):
    first = draw.choice([line, array])(axes[:1], max(size, 2), alternate=False)
    rest = draw.choice([line, zipped] if len(axes) > 2 else [line])
    parts = [first, rest(axes[1:], max(size, 2), alternate=False)]
    return typed("generator/ZipGenerator", generators=parts, alternate=alternate)


OF_AXES = {
    1: [line, line, array, static, concatenated],
    2: [line, spiral, lissajous, zipped, concatenated],
    3: [line, zipped],
}


def regions():
    corners = draw.randint(3, 6)
    x, y = draw.randint(-1, 1), draw.randint(-1, 1)
    return [
        typed(
            "roi/RectangularROI",
            start=[x - 1.03, y - 1.03],
            width=2 * length(),
            height=2 * length(),
            angle=draw.choice([0, 0.3, -2.0]),
        ),
        typed("roi/CircularROI", centre=[x, y], radius=1.5 * length()),
        typed(
            "roi/EllipticalROI",
            centre=[x, y],
            semiaxes=[2 * length(), length()],
            angle=draw.choice([0, 0.7]),
        ),
        typed("roi/PolygonalROI", points_x=numbers(corners), points_y=numbers(corners)),
        typed("roi/SectorROI", centre=[x, y], radii=[0, 1], angles=numbers(2)),
        typed("roi/LinearROI", start=[x, y], length=2, angle=draw.choice([0, pi / 2])),
        typed("roi/PointROI", point=[x, y]),
    ]


def excluders(axes):
    found = []
    for _ in range(draw.choice([0, 1, 1, 2]) if len(axes) > 1 else 0):
        if draw.random() < 0.75:
            rois = draw.sample(regions(), draw.choice([1, 1, 2]))
            pair = draw.sample(draw.choice([axes, axes[-2:]]), 2)
            found.append(typed("excluder/ROIExcluder", rois=rois, axes=pair))
        else:
            some = draw.sample(axes, draw.randint(1, len(axes)))
            found.append(typed("excluder/SquashingExcluder", axes=some))
    return found


def mutators(axes):
    found = []
    for _ in range(draw.choice([0, 0, 1, 2]) if axes else 0):
        some = draw.sample(axes, draw.randint(1, len(axes)))
        found.append(
            typed(
                "mutator/RandomOffsetMutator",
                seed=draw.randint(0, 9999),
                axes=some,
                max_offset=[length() for _ in some],
            )
        )
    return found


def scan():
    names = ["tx", "ty", "z", "energy", "x", "y"]
    draw.shuffle(names)
    generators, axes = [], []
    alternate = draw.random() < 0.5
    for _ in range(draw.randint(1, 4)):
        taken = names[: draw.choice([1, 1, 1, 2, 3])]
        names = names[len(taken) :]
        if not taken:
            break
        make = draw.choice(OF_AXES[len(taken)])
        generators.append(make(taken, draw.randint(1, 5), alternate))
        axes += generators[-1].get("axes", taken)
        alternate = alternate or draw.random() < 0.5
    moved = mutators(axes)
    return typed(
        "generator/CompoundGenerator",
        generators=generators,
        excluders=excluders(axes),
        mutators=moved,
        duration=draw.choice([-1, 0.1]),
        continuous=bool(moved) or draw.random() < 0.8,
        delay_after=draw.choice([0, 0.2]),
    )


def recorded(description, compound):
    points = [compound.get_point(n) for n in range(compound.size)]

    def table(name):
        return [[float(getattr(p, name)[a]) for a in compound.axes] for p in points]

    return {
        "scan": description,
        "described": compound.to_dict(),
        "shape": compound.shape,
        "positions": table("positions"),
        "lower": table("lower"),
        "upper": table("upper"),
        "indexes": [[int(i) for i in p.indexes] for p in points],
    }


def main():
    library = importlib.import_module("scanpointgenerator")
    kept = []
    while len(kept) < NUM_SCANS:
        description = scan()
        compound = library.CompoundGenerator.from_dict(description)
        try:
            compound.prepare()
        # Regions without a point, and numbers that it cannot take.
        except (ValueError, IndexError, TypeError):
            continue
        has_region = any("rois" in one for one in description["excluders"])
        enough = 4 if has_region else 1
        # Every other one has a region.
        if has_region == bool(len(kept) % 2) and enough <= compound.size <= MOST_POINTS:
            kept.append(recorded(description, compound))
    rows = [json.dumps(one, separators=(",", ":")) for one in kept]
    OUT.write_text("[\n" + ",\n".join(rows) + "\n]\n")


if __name__ == "__main__":
    main()
