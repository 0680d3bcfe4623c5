"""``lapwing sim``: the simulated beamline in the foreground.

Owns the command and the text that says how to reach the beamline.
Must not know how the beamline works.
Test: start it as a process, read a PV, interrupt it.
"""

import click

from lapwing.sim.beamline import Beamline


@click.command("sim")
@click.option(
    "--port",
    type=click.IntRange(5001, 65535),
    help="TCP port on 127.0.0.1; a free one if not given.",
)
@click.option(
    "--velocity",
    type=click.FloatRange(0.001, 1000.0),
    default=50.0,
    show_default=True,
    help="Speed of the motors, in mm/s.",
)
@click.option(
    "--noise/--quiet", default=True, show_default=True, help="Whether counts are noisy."
)
def command(port: int | None, velocity: float, noise: bool) -> None:
    """Run the simulated beamline until Ctrl-C, and say how to reach it."""
    with Beamline.start(velocity=velocity, noise=noise, port=port) as beamline:
        click.echo("The beamline runs; Ctrl-C ends it. To reach it from a terminal:\n")
        for name, value in beamline.environment.items():
            click.echo(f"  export {name}={value or chr(34) * 2}")
        click.echo(
            "\nMotors SIM:X and SIM:Y (mm), counter SIM:DET. Then, for instance:\n\n"
            "  caget SIM:X:RBV\n"
            "  lapwing run examples/peak.py"
        )
        try:
            status = beamline.wait()
        except KeyboardInterrupt:
            click.echo("\nThe beamline is stopped.")
        else:
            raise click.ClickException(f"the beamline ended by itself, status {status}")
