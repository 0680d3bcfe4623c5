"""The same consumers on documents that Bluesky's own engine makes."""

import io

import pytest

from lapwing.callbacks import BestEffort


@pytest.fixture(scope="module")
def documents():
    """Documents by plan name, of ophyd's simulated devices."""
    from bluesky import RunEngine
    from bluesky.plans import count, grid_scan, scan, spiral
    from ophyd.sim import SynGauss, hw

    sim = hw()
    engine = RunEngine({}, call_returns_result=False)
    det = SynGauss("det", sim.motor, "motor", center=0.3, Imax=1000, sigma=0.5)
    noisy = sim.noisy_det
    plans = {
        "scan": scan([det], sim.motor, -2, 2, 41),
        "two": scan([det], sim.motor, -2, 2, sim.motor2, 0, 1, 11),
        "grid": grid_scan([sim.det4], sim.motor1, 0, 3, 4, sim.motor2, -1, 1, 5, True),
        "count": count([noisy, sim.rand], 5),
        "spiral": spiral([sim.det4], sim.motor1, sim.motor2, 0, 0, 1, 1, 0.3, 8),
    }
    found = {}
    for name, plan in plans.items():
        found[name] = stream = []
        engine(plan, lambda n, d, stream=stream: stream.append((n, d)))
    yield found
    loop, thread = engine._loop, engine._th
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.mark.parametrize("name", ["scan", "two", "grid", "count", "spiral"])
def test_table_and_picture_of_each_plan(documents, name, tmp_path):
    file = io.StringIO()
    best = BestEffort(file, plot_dir=tmp_path)
    for kind, doc in documents[name]:
        best(kind, doc)
    num = sum(kind == "event" for kind, _ in documents[name])
    lines = file.getvalue().splitlines()
    assert sum(line.lstrip()[:1].isdigit() for line in lines) == num > 0
    assert f"success, {num} points" in file.getvalue()
    assert max(map(len, lines[:-1])) <= 80
    assert len(list(tmp_path.iterdir())) == 1


def test_the_peak_of_a_real_scan(documents):
    best = BestEffort(io.StringIO())
    for kind, doc in documents["scan"]:
        best(kind, doc)
    assert best.peaks["det"].centre == pytest.approx(0.3, abs=0.005)
    assert best.peaks["det"].fwhm == pytest.approx(2.3548 * 0.5, rel=0.02)


def test_a_real_snaked_grid_lies_right(documents):
    best = BestEffort(io.StringIO(), table=False)
    for kind, doc in documents["grid"]:
        best(kind, doc)
    data = best.plot.data()
    assert data.grid == (4, 5)
    rows, columns = data.cells()
    slow, fast = (data.column(axis) for axis in data.axes)
    assert rows.tolist() == slow.round().astype(int).tolist()
    assert columns.tolist() == ((fast + 1) / 0.5).round().astype(int).tolist()
