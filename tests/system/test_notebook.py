"""What a person sees in a notebook: run by a real kernel, looked at cell by cell."""

import warnings

import nbclient
import pytest
from nbformat import v4

SETUP = """
import lapwing
from lapwing import RunEngine
from lapwing.callbacks import BestEffort, LivePlot, Progress
from lapwing.devices.soft import SoftDetector, SoftMotor
from lapwing.plan_stubs import mv, sleep
from lapwing.plans import scan

x = SoftMotor("x", velocity=12.0)
det = SoftDetector("det", lambda: 100 / (1 + x.position**2))
RE = RunEngine()
"""
SLOW = "scan([det], x, -3, 3, 13)"  # about 1 s: bar and plot have time to change

# Each cell, and what a test asks of its output.
CELLS = {
    "set up": SETUP,
    "nothing but the run": f"RE({SLOW})",
    "best effort": f"""
best = BestEffort(live_plot=True)
token = RE.subscribe(best)
RE.waiting_hook = best.waiting_hook
RE({SLOW})
""",
    "in another cell": f"RE({SLOW})\nprint('after')",
    "awaited": f"result = await RE.engine.run({SLOW})\nresult.exit_status",
    "quiet moves": """
RE(mv(x, 3.1))
RE(mv(x, 3))
""",
    "a long wait": "RE(mv(x, -12))",
    "live plot": f"""
RE.unsubscribe(token)
RE.waiting_hook = None
plot = LivePlot("det", "x")
RE({SLOW}, plot)
""",
    "axes of one's own": f"""
from matplotlib import pyplot as plt
figure, axes = plt.subplots()
live = LivePlot("det", "x", ax=axes)
RE({SLOW}, live)
RE({SLOW}, live)
""",
    "nested": f"""
from lapwing.plan_stubs import close_run, open_run
from lapwing.preprocessors import set_run_key_wrapper

def outer():
    yield from open_run(dict(num_points=2, plan_name="outer"))
    yield from set_run_key_wrapper({SLOW}, "inner")
    yield from close_run()

token = RE.subscribe(Progress())
RE(outer())
RE.unsubscribe(token)
""",
    "session": f"""
import tempfile
session = lapwing.session(tempfile.mkdtemp())
uids = session.RE({SLOW})
session.close()
""",
    "again without error": "RE.state",
}


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """Run all cells once; returns, cell by cell, messages as they were sent."""
    place = tmp_path_factory.mktemp("notebook")
    cells = [v4.new_code_cell(code) for code in CELLS.values()]
    client = Watched(
        v4.new_notebook(cells=cells),
        timeout=30,
        kernel_name="python3",
        resources={"metadata": {"path": str(place)}},
    )
    with warnings.catch_warnings():
        # Of Jupyter's own: they are no business of ours.
        warnings.simplefilter("ignore")
        client.execute()
    return dict(zip(CELLS, cells, strict=True)), client.updates


class Watched(nbclient.NotebookClient):
    """Keeps each update of a display, of which a notebook keeps only the last."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.updates = {}

    def process_message(self, msg, cell, cell_index):
        if msg["msg_type"] in ("display_data", "update_display_data"):
            name = list(CELLS)[cell_index]
            self.updates.setdefault(name, []).append(msg["content"]["data"])
        return super().process_message(msg, cell, cell_index)


def text_of(cell):
    return "".join(out["text"] for out in cell.outputs if out.output_type == "stream")


def pictures_of(cell):
    return [out for out in cell.outputs if "image/png" in out.get("data", {})]


def table_lines(text):
    return [line for line in text.splitlines() if line.lstrip()[:2].strip().isdigit()]


def test_without_subscribers_a_run_shows_its_uid_only(notebook):
    cells, _ = notebook
    (out,) = cells["nothing but the run"].outputs
    assert out.output_type == "execute_result"
    assert out.data["text/plain"].startswith("('")


@pytest.mark.parametrize("name", ["best effort", "in another cell", "awaited"])
def test_a_run_shows_table_peak_and_plot_once_in_its_own_cell(notebook, name):
    cells, _ = notebook
    text = text_of(cells[name])
    assert len(table_lines(text)) == 13
    assert text.count("peak of det at x = 0.") == 1
    assert text.count(": success, 13 points") == 1
    assert len(pictures_of(cells[name])) == 1
    errors = [out for out in cells[name].outputs if out.get("name") == "stderr"]
    assert errors == []


def test_the_plot_and_the_bar_follow_the_run(notebook):
    _, updates = notebook
    assert len({d["image/png"] for d in updates["best effort"] if len(d) == 2}) >= 2
    bars = [d["text/plain"] for d in updates["best effort"] if "━" in d["text/plain"]]
    assert len(set(bars)) >= 2
    assert any("/13 " in bar and "left" in bar for bar in bars)


def test_the_bar_is_gone_at_the_end(notebook):
    cells, _ = notebook
    for cell in cells.values():
        for out in cell.outputs:
            assert "━" not in out.get("data", {}).get("text/plain", "")


def test_moves_that_are_over_soon_leave_nothing_in_the_cell(notebook):
    cells, _ = notebook
    assert cells["quiet moves"].outputs[:-1] == []


def test_a_long_wait_says_what_it_waits_for(notebook):
    _, updates = notebook
    shown = [data["text/plain"] for data in updates["a long wait"]]
    assert any(text.strip().startswith("x waiting for 1.") for text in shown)


def test_a_live_plot_is_one_picture_that_changes(notebook):
    cells, updates = notebook
    assert len(pictures_of(cells["live plot"])) == 1
    assert len({data["image/png"] for data in updates["live plot"]}) >= 2


def test_a_figure_of_ones_own_is_shown_once_with_both_runs(notebook):
    cells, _ = notebook
    assert len(pictures_of(cells["axes of one's own"])) == 1


def test_runs_within_runs_have_a_bar_each(notebook):
    _, updates = notebook
    shown = [data["text/plain"].splitlines() for data in updates["nested"]]
    assert ["outer", "scan"] in [[bar.split()[0] for bar in bars] for bars in shown]


def test_a_session_shows_table_bar_and_where_the_data_are(notebook):
    cells, updates = notebook
    text = text_of(cells["session"])
    assert len(table_lines(text)) == 13
    assert text.count("data: ") == 1
    assert any("/13 " in data["text/plain"] for data in updates["session"])


def test_all_that_leaves_the_engine_idle(notebook):
    cells, _ = notebook
    (out,) = cells["again without error"].outputs
    assert out.data["text/plain"] in ("'idle'", "<State.IDLE: 'idle'>")
