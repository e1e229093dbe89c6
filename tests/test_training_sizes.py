"""Progressive resizing: small images first, and the last epochs at full size."""

from dataclasses import replace

import pytest
import torch
from shapes import dataset
from test_training_loop import QUICK, Killed, Notes, fingerprint
from torch.nn import functional

from convista.network import Network
from convista.training import Checkpoint, Settings, fit
from convista.training.sizes import resized, side_at, sizes_for
from convista.training.start import new_network


@pytest.fixture(scope="module")
def shapes():
    return dataset()


@pytest.mark.parametrize("sides", [(8,), (8, 16), (8, 12, 16)])
@pytest.mark.parametrize("epochs", [1, 2, 3, 5, 10, 31])
def test_the_epochs_are_divided_evenly_and_end_with_the_last_size(sides, epochs):
    order = [side_at(sides, epoch, epochs) for epoch in range(epochs)]
    assert order[-1] == sides[-1]
    assert order == sorted(order)
    counts = [order.count(side) for side in sides]
    assert max(counts) - min(counts) <= 1
    assert counts == sorted(counts)


def test_the_form_of_an_image_stays():
    images = torch.rand(2, 3, 40, 60)
    assert resized(images, 60) is images
    small = resized(images, 30)
    assert small.shape == (2, 3, 20, 30)
    assert (small - functional.avg_pool2d(images, 2)).abs().mean() < 0.1
    spread = resized(images, 10).std() / images.std()
    assert spread < 0.25  # of 36 neighbours each, mixed and not left out
    assert resized(torch.rand(1, 1, 1, 50), 4).shape == (1, 1, 1, 4)


def test_each_epoch_sees_images_of_its_size(shapes, monkeypatch):
    seen, forward = [], Network.forward

    def note(network, images):
        seen.append((network.training, images.shape[2]))
        return forward(network, images)

    monkeypatch.setattr(Network, "forward", note)
    fit(shapes, replace(QUICK, epochs=3, sizes="8,16"))
    assert [side for training, side in seen if training] == [8] * 6 + [16] * 12
    assert {side for training, side in seen[-16:] if not training} == {16}  # judged as they are


@pytest.mark.parametrize("at", [3, 6, 8])
def test_a_run_goes_on_at_its_size(shapes, tmp_path, at):
    settings = replace(QUICK, epochs=2, sizes="8,16")
    watcher = Notes()
    watcher.batch = lambda done, total, loss: (_ for _ in ()).throw(Killed) if done == at else None
    with pytest.raises(Killed):
        fit(shapes, settings, watcher=watcher, checkpoint=Checkpoint(tmp_path, every=0))
    gone_on = fit(shapes, settings, checkpoint=Checkpoint(tmp_path))
    assert fingerprint(gone_on.network) == fingerprint(fit(shapes, settings).network)
    assert fingerprint(gone_on.network) != fingerprint(fit(shapes, replace(settings, sizes="")).network)


@pytest.mark.parametrize(
    ("sizes", "network", "sentence"),
    [
        ("8,24", QUICK.network, "sizes (=8,24) must not exceed the images' 16 pixels; give a larger size, too"),
        (
            "8,16",
            "own_networks:fixed",
            'sizes (=8,16): the network (="own_networks:fixed") does not give one number a class for images of 8 pixels; '
            'end it with "mean", or leave that size out',
        ),
    ],
)
def test_sizes_that_do_not_fit_are_a_sentence(shapes, sizes, network, sentence):
    with pytest.raises(ValueError, match="sizes") as caught:
        fit(shapes, replace(QUICK, sizes=sizes, network=network))
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("size", "network", "told", "wanted"),
    [
        (96, "5x5/2 4, mean", "auto", "64,96"),
        (64, "5x5/2 4, mean", "auto", "none"),
        (96, "5x5/2 4, mean", "none", "none"),
        (96, "5x5/2 4, mean", "48", "48"),
        (65, "5x5/13 4, 3x3/5 classes", "auto", "43,65"),
        (96, "own_networks:lazy", "auto", "none"),
    ],
)
def test_large_images_begin_small_if_the_network_takes_them(size, network, told, wanted):
    data = dataset(train=8, valid=4, size=size)
    settings = Settings(network=network, sizes=told)
    assert sizes_for(settings, new_network(data, settings)) == wanted
