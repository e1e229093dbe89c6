"""The picture of a learning-rate finder: the loss against the rate, and the rate that is suggested."""

from __future__ import annotations

from collections.abc import Sequence

from convista.picture.curves import Line, line_chart

ENGLISH = ("Learning-rate finder", "learning rate", "loss", "smoothed", "each step", "suggestion")


def rate_chart(
    rates: Sequence[float],
    losses: Sequence[float],
    smoothed: Sequence[float],
    suggestion: float,
    *,
    words: Sequence[str] = ENGLISH,
    width: int = 640,
    height: int = 320,
    alone: bool = False,
) -> str:
    """Return the chart as SVG; see `line_chart`.

    Parameters
    ----------
    rates, losses, smoothed
        Of each step.
    suggestion
        Shown as a point on the smoothed line, and in the title.
    words
        The title, which the suggestion follows, the names of the axes and of the three lines.
    width, height, alone
        As those of `line_chart`.

    Examples
    --------
    >>> svg = rate_chart([0.001, 0.01, 0.1], [2.3, 2.0, 3.0], [2.3, 2.1, 2.6], 0.001)
    >>> "suggestion" in svg, "0.01" in svg
    (True, True)
    """
    title, x_label, y_label, mean, each, point = words
    place = min(range(len(rates)), key=lambda i: abs(rates[i] - suggestion))
    lines = (
        Line(mean, smoothed, rates),
        Line(each, losses, rates),
        Line(point, [smoothed[place]], [rates[place]]),
    )
    return line_chart(
        lines,
        title=f"{title}: {suggestion:g}",
        x_label=x_label,
        y_label=y_label,
        log_x=True,
        width=width,
        height=height,
        alone=alone,
    )
