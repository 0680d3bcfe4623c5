"""Style: the colours of figures, and what all panels have in common.

Owns colours and the dress of axes.
Must not know runs.
Test: through the figures that use it.
"""

from matplotlib.axes import Axes

LINE = "#1b5e92"
MARK = "#c2410c"
FAINT = "#6b7280"
NOTHING = "#e5e7eb"


def dress(axes: Axes) -> None:
    """Give a panel light lines and full numbers."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(color=FAINT, labelsize=10)
    axes.grid(visible=True, color=NOTHING, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.ticklabel_format(useOffset=False)


def plain(text: str) -> str:
    """Return a text that matplotlib does not take for a formula."""
    return text.replace("$", r"\$")
