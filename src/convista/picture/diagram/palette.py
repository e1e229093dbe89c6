"""The colours of diagrams by their role, on light and on dark paper.

Blue, orange and purple after Okabe and Ito: told apart by any kind of colour vision, and no red beside a green.
"""

from __future__ import annotations

from collections.abc import Iterable

ROLES: dict[str, tuple[str, str]] = {
    "paper": ("#ffffff", "#0d1117"),
    "ink": ("#1f2328", "#e6edf3"),
    "faint": ("#59636e", "#9ea7b3"),
    "line": ("#a3adb8", "#4c5560"),
    "input": ("#cde4f5", "#143f63"),
    "input_line": ("#0072b2", "#58a6ff"),
    "padding": ("#ffffff", "#0d1117"),
    "zero": ("#eceff2", "#23292f"),
    "window": ("#fbd9a0", "#8a5200"),
    "window_line": ("#c05000", "#ffa657"),
    "output": ("#dfb0cf", "#77476b"),
    "output_line": ("#8f2f6d", "#f3c4e0"),
    "current": ("#b4689a", "#b56a9b"),
    "white": ("#ffffff", "#ffffff"),
    "black": ("#000000", "#000000"),
    "group_1": ("#cde4f5", "#143f63"),
    "group_2": ("#fbd9a0", "#8a5200"),
    "group_3": ("#dfb0cf", "#77476b"),
    "group_4": ("#f7efa0", "#5c5700"),
}
"""On light, on dark paper."""

GROUPS = ("group_1", "group_2", "group_3", "group_4")


def colour(role: str, *, dark: bool = False) -> str:
    """Return a role's colour; a colour is its own.

    >>> colour("ink"), colour("ink", dark=True), colour("#123456")
    ('#1f2328', '#e6edf3', '#123456')
    """
    return role if role.startswith("#") else ROLES[role][dark]


def style(fills: Iterable[str], edges: Iterable[str]) -> str:
    """Return the CSS of the roles that are filled and of those that are drawn, light and dark.

    >>> print(style(["paper"], []))
    .cvf-paper{fill:#ffffff}
    @media(prefers-color-scheme:dark){.cvf-paper{fill:#0d1117}}
    """
    looks = [("f", "fill", role) for role in sorted(set(fills))] + [
        ("s", "stroke", role) for role in sorted(set(edges))
    ]
    light, dark = (
        "".join(f".cv{a}-{role}{{{part}:{ROLES[role][shade]}}}" for a, part, role in looks) for shade in (0, 1)
    )
    return f"{light}\n@media(prefers-color-scheme:dark){{{dark}}}"
