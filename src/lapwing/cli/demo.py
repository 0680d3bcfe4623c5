"""``lapwing demo``: two scans on a simulated beamline.

Owns the story that the demo tells.
Must not do anything that a user could not do with the same few lines.
Test: run it as a process; open the files; compare the centre with the truth.
"""

from pathlib import Path
from typing import Any

import click

from lapwing.callbacks.plots import load_matplotlib
from lapwing.cli.resume import session_of
from lapwing.cli.signals import orderly_end
from lapwing.epics import SIM_FIELDS, EpicsCounter, EpicsMotor, clients
from lapwing.plans import grid_scan, scan
from lapwing.plans.stubs import mv
from lapwing.session.session import Session
from lapwing.sim.beamline import Beamline


@click.command("demo")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where data go.",
)
@click.option(
    "--points",
    type=click.IntRange(3),
    default=51,
    show_default=True,
    help="Points of the scan over the peak.",
)
@click.option(
    "--side",
    type=click.IntRange(1),
    default=21,
    show_default=True,
    help="Points on each side of the grid.",
)
def command(data_dir: Path | None, points: int, side: int) -> None:
    """Scan over a peak, move to its centre, scan a grid round it.

    A simulated beamline is started for it: real EPICS, on this machine only.
    """
    load_matplotlib()
    click.echo("Starting a simulated beamline ...")
    with (
        orderly_end(),
        Beamline.start() as beamline,
        session_of(data_dir) as current,
    ):
        clients.configure(beamline.environment)
        click.echo(
            f"It serves EPICS on 127.0.0.1:{beamline.port} (PVs {beamline.prefix}*)"
        )
        x = EpicsMotor("SIM:X", "x", fields=SIM_FIELDS)
        y = EpicsMotor("SIM:Y", "y", fields=SIM_FIELDS)
        det = EpicsCounter("SIM:DET:", "det", counters={"counts": "COUNTS"})
        current.connect(x, y, det)
        _tell_story(current, x, y, det, points, side)


def _tell_story(
    current: Session,
    x: EpicsMotor,
    y: EpicsMotor,
    det: EpicsCounter,
    points: int,
    side: int,
) -> None:
    RE: Any = current.RE
    best = current.best
    click.echo(f"\n>>> RE(scan([det], x, -5, 5, {points}))")
    (line,) = RE(scan([det], x, -5, 5, points), sample="simulated")
    line_picture = _picture(current, line)
    peak = next(iter(best.peaks.values()), None)
    centre = None if peak is None else peak.centre
    if centre is None:
        raise click.ClickException("no peak was found, so there is no centre to go to")

    click.echo(f"\n>>> RE(mv(x, {centre:.4f}))")
    RE(mv(x, centre))

    half = 2
    click.echo("\n>>> RE(grid_scan([det], y, ..., x, ..., snake_axes=True))")
    (grid,) = RE(
        grid_scan(
            [det],
            y,
            -half,
            half,
            side,
            x,
            centre - half,
            centre + half,
            side,
            snake_axes=True,
        ),
        sample="simulated",
    )
    grid_picture = _picture(current, grid)

    click.secho("\nThat was it:", bold=True)
    click.echo(f"  centre of the peak   x = {centre:.4f} mm")
    for title, uid, picture in (
        ("scan over the peak", line, line_picture),
        ("grid", grid, grid_picture),
    ):
        click.echo(f"  {title:<20} {current.file_of(uid)}")
        click.echo(f"  {'':<20} {picture}")


def _picture(current: Session, uid: str) -> Path:
    """Draw a run, beside its file."""
    return current.best.plot.save(current.file_of(uid).with_suffix(".png"), uid)
