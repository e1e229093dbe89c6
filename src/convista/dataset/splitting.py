"""Which images are kept to judge by, where no folder says it: a fifth of each class, the same on every machine.

The images of a class are put in the order of a hash of their paths below the folder, and the first fifth is kept. So
the choice rests on no random number and on no order of the files, hardly changes when images are added or removed, and
stays as it is when an image is edited or saved anew. The content would not do: other versions of a JPEG decoder give
other pixels. Images with equal pixels stay together, or the network would be judged by what it has learned from.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence

from convista.dataset.records import Place

SHARE = 0.2
"""Of each class, rounded; one image at least where there are two."""


def kept_to_judge(places: Sequence[Place], pixels: Mapping[str, bytes]) -> frozenset[str]:
    """Return the paths that are kept to judge by; `pixels` gives what tells the pixels of each from all others.

    >>> places = [Place(f"cat/{number}.png", "cat", "") for number in range(10)]
    >>> sorted(kept_to_judge(places, {place.path: place.path.encode() for place in places}))
    ['cat/0.png', 'cat/8.png']
    """
    classes: dict[str, dict[bytes, list[str]]] = defaultdict(lambda: defaultdict(list))
    for place in sorted(places, key=lambda place: _hash(place.path)):
        classes[place.label][pixels[place.path]].append(place.path)
    return frozenset(path for groups in classes.values() for path in _first(list(groups.values())))


def _first(groups: Sequence[Sequence[str]]) -> list[str]:
    """Return about a fifth of the paths: group after group, but for those that would be too many."""
    count = sum(map(len, groups))
    wanted = max(1, round(SHARE * count)) if count > 1 else 0
    kept: list[str] = []
    for group in groups:
        if len(kept) + len(group) <= wanted:
            kept += group
    smallest = min(groups, key=len)
    return kept or (list(smallest) if len(groups) > 1 else [])


def _hash(path: str) -> bytes:
    return hashlib.sha256(os.fsencode(path)).digest()
