"""Curves: the measures of which a peak search is made.

Owns background, noise, crossings, centre of mass and the fit of a peak's top.
Must not know what is made of them; all are pure functions of arrays.
Test: through `peaks.find_peak`, on curves whose truth is known.

Everywhere x is ascending, shape (num_points,), and both x and y are of order one.
The fit is of a parabola to ln(height) over the top of the peak, weighted by
height squared, since the error of a logarithm goes as 1/height, and repeated with
the weights of the curve found (H. Guo, IEEE Signal Processing Magazine 28 (5),
134, 2011). On a Gaussian it uses every point of the top; crossings use four.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MIN_POINTS = 3
"""Fewer distinct x than this hold no peak."""

_NOISE_POINTS = 12  # with fewer, noise and signal cannot be told apart
_SIGNIFICANT = 7.0  # a height of so many standard deviations is no accident
_TOP = 0.2  # the fit takes what is higher than this share of the height
_FIT_ROUNDS = 3
# A Gaussian has 4 ln(0.2) = -6.4; above this it is a plateau, whose vertex is noise.
_LEAST_CURVATURE = -2.0


def is_dip(y: Floats) -> bool:
    """Tell whether both ends are high and the lowest part lies between them."""
    n = max(1, y.size // 10)
    soft = smooth(y)
    middle = (soft.max() + soft.min()) / 2
    return bool(min(np.median(y[:n]), np.median(y[-n:])) > middle)


def background(y: Floats) -> float:
    """Return the median of the lowest quarter, or of few points the lowest."""
    if y.size < _NOISE_POINTS:
        return float(y.min())
    return float(np.median(np.sort(y)[: y.size // 4]))


def stands_out(height: Floats) -> bool:
    """Tell whether the peak is more than what the noise does by itself.

    The noise is taken from second differences, to which a curve sampled finely
    enough to be seen contributes little, and from their median, to which a
    narrow peak contributes nothing.
    """
    if height.size < _NOISE_POINTS:
        return True
    noise = 1.4826 * np.median(np.abs(np.diff(height, 2))) / np.sqrt(6)
    if height.max() >= _SIGNIFICANT * noise:
        return True
    soft = smooth(height)
    return bool(soft.max() - background(soft) >= _SIGNIFICANT * noise / np.sqrt(3))


def smooth(y: Floats) -> Floats:
    """Return the mean of each point and its two neighbours."""
    padded = np.concatenate([y[:1], y, y[-1:]])
    return (padded[:-2] + padded[1:-1] + padded[2:]) / 3


def centre_of_mass(x: Floats, height: Floats) -> float | None:
    """Return the centre of mass of what is above the background."""
    # Points that lie far apart stand for more of x than points that are close.
    widths = np.gradient(x)
    mass = np.clip(height, 0.0, None) * widths
    # What is lower than a tenth is noise as often as not, and far away it pulls.
    mass[height < 0.1 * height.max()] = 0.0
    total = mass.sum()
    return float((x * mass).sum() / total) if total > 0 else None


def top_index(x: Floats, height: Floats, com: float | None) -> int:
    """Return the index of the maximum; of equal ones the nearest to ``com``."""
    ties = np.flatnonzero(height == height.max())
    near = x[ties].mean() if com is None else com
    return int(ties[np.argmin(np.abs(x[ties] - near))])


def walk(height: Floats, top: int, level: float, step: int) -> tuple[int, int]:
    """Walk down from the top until two points in a row are below the level.

    One low point alone is noise. Returns the last index above and the first
    below; past the end, the latter lies outside of the array.
    """
    last = top
    i = top + step
    while 0 <= i < height.size:
        if height[i] >= level:
            last = i
        elif abs(i - last) >= 2 or not 0 <= i + step < height.size:
            break
        i += step
    return (last + step, last) if step < 0 else (last, last + step)


def crossing(
    x: Floats, height: Floats, level: float, pair: tuple[int, int]
) -> float | None:
    """Return where the line between two neighbours crosses a level."""
    i, j = pair
    if i < 0 or j >= x.size:
        return None
    share = (level - height[i]) / (height[j] - height[i])
    return float(x[i] + share * (x[j] - x[i]))


def all_crossings(x: Floats, height: Floats, level: float) -> tuple[float, ...]:
    """Return every x at which the curve crosses a level, ascending."""
    above = height >= level
    pairs = np.flatnonzero(above[1:] != above[:-1])
    found = (crossing(x, height, level, (int(i), int(i) + 1)) for i in pairs)
    return tuple(c for c in found if c is not None)


def fit_top(x: Floats, height: Floats, top: int) -> float | None:
    """Return the vertex of the parabola through ln(height) of the peak's top."""
    level = _TOP * height[top]
    left = walk(height, top, level, -1)[1]
    right = walk(height, top, level, +1)[0]
    part = slice(left, right + 1)
    used = height[part] > 0
    xs, ys = x[part][used], height[part][used]
    if xs.size < MIN_POINTS:
        return None
    origin, width = (xs[0] + xs[-1]) / 2, xs[-1] - xs[0]
    if width <= 0:
        return None
    u = (xs - origin) / width
    powers = np.stack([np.ones_like(u), u, u * u], axis=1)
    terms = _fit_terms(powers, np.log(ys), ys)
    for _ in range(_FIT_ROUNDS - 1):
        if terms is not None:
            # This round is weighted by the curve found, which has no noise.
            weights = np.exp(np.clip(powers @ terms, -9.0, 1.0))
            terms = _fit_terms(powers, np.log(ys), weights)
    if terms is None or terms[2] > _LEAST_CURVATURE:
        return None
    return float(origin - width * terms[1] / (2 * terms[2]))


def _fit_terms(powers: Floats, values: Floats, weights: Floats) -> Floats | None:
    """Return the weighted least-squares terms; None if they are not determined."""
    scaled = powers * weights[:, None]
    terms, _, rank, _ = np.linalg.lstsq(scaled, values * weights, rcond=1e-9)
    return np.asarray(terms, np.float64) if rank == powers.shape[1] else None


def is_plateau(height: Floats) -> bool:
    """Tell a step, which stays high, from a peak that is cut off half-way."""
    return height.size >= 4 and bool(
        np.mean(height > 0.8 * np.median(np.sort(height)[-4:])) > 0.75
    )
