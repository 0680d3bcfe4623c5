"""Try an installed wheel without extras: import, and a scan on soft devices.

Owns the least that a bare installation must do.
Must not know the checkout: it runs in an environment that has only the wheel.
Test: `.ci/run` runs it; so does ``python tools/wheel_smoke.py`` in any environment.
"""

import sys

HEAVY = {"event_model", "h5py", "matplotlib", "pydantic"}
NUM_POINTS = 5


def main() -> int:
    """Return 0 if all is well; else print what is not and return 1."""
    import lapwing

    print(f"lapwing is in {next(iter(lapwing.__path__))}")
    if loaded := sorted(HEAVY & set(sys.modules)):
        return _fail(f"import lapwing loads {', '.join(loaded)}")
    names = scan_names()
    expected = ["start", "descriptor", *["event"] * NUM_POINTS, "stop"]
    if names != expected:
        return _fail(f"a scan gave the documents {names} instead of {expected}")
    print(f"a scan on soft devices gave {len(names)} documents")
    return 0


def scan_names() -> list[str]:
    """Scan a soft motor and detector; return the names of the documents."""
    from lapwing import RunEngine
    from lapwing.devices.soft import SoftDetector, SoftMotor
    from lapwing.plans import scan

    motor = SoftMotor("motor")
    names: list[str] = []
    engine = RunEngine()
    engine.subscribe(lambda name, _: names.append(name))
    engine(scan([SoftDetector("det")], motor, 0, 1, NUM_POINTS))
    return names


def _fail(problem: str) -> int:
    print(problem, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
