"""Each peer that is installed computes what its cells ask for."""

from dataclasses import replace

import pytest

from convista.bench.catalogue import cells
from convista.bench.cell import Cell
from convista.bench.contender import UnfitError
from convista.bench.data import make
from convista.bench.exact import error, tolerance
from convista.bench.peers import PEERS
from convista.bench.peers.ours import ours

INSTALLED = {name for name, peer in PEERS.items() if peer.is_there and not peer.place.startswith("roofs")}


def small(cell):
    images, channels, rows, cols = cell.image
    return replace(cell, image=(min(images, 3), min(channels, 8), min(rows, 70), min(cols, 90)),
                   kernel=(cell.kernel[0], min(cell.kernel[1], 8), *cell.kernel[2:]))  # fmt: skip


def kinds():
    """One cell for each peer and kind of work."""
    seen = {}
    for cell in cells():
        if isinstance(cell, Cell):
            kind = (cell.layout, cell.weights, cell.result, cell.mode, cell.stride, cell.out)
            for peer in cell.peers:
                seen.setdefault((peer, *kind), (peer, cell))
    return [pair for pair in seen.values() if pair[0] in INSTALLED]


@pytest.mark.parametrize(("peer", "cell"), kinds(), ids=lambda each: getattr(each, "name", each))
def test_a_peer_computes_the_cell(peer, cell):
    cell = small(cell)
    data = make(cell)
    contender = built(peer, cell, data)
    if contender is None:
        assert cell.mode in ("symmetric", "circular")  # borders that some libraries lack
    else:
        assert error(cell, data, contender, contender.nchw(contender.run())) <= tolerance(cell)


def built(peer, cell, data):
    try:
        return PEERS[peer].builder()(cell, data, 1)
    except UnfitError:
        return None


def our_kinds():
    """One cell for each kind of work that this release can do."""
    known = [cell for cell in cells() if isinstance(cell, Cell) and cell.precision == "standard"]
    seen = {(cell.layout, cell.weights, cell.result, cell.mode, cell.stride, cell.out): cell for cell in known}
    return list(seen.values())


@pytest.mark.parametrize("cell", our_kinds(), ids=lambda cell: cell.name)
def test_so_do_we(cell):
    cell = small(cell)
    data = make(cell)
    contender = ours(cell, data, 1)
    result = contender.nchw(contender.run())
    assert error(cell, data, contender, result) <= tolerance(cell)
    assert result.dtype == cell.result


def test_no_two_cells_have_one_name():
    names = [cell.name for cell in cells()]
    assert len(names) == len(set(names))


def test_every_peer_is_known_and_asked_for():
    asked = {peer for cell in cells() if isinstance(cell, Cell) for peer in cell.peers} - {"engines"}
    assert asked == set(PEERS)
