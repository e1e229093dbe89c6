"""Light, grey rectangles, and images mixed with their labels."""

import torch

from convista.training.mixing import Mixing


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


IMAGES = torch.rand(40, 2, 9, 12, generator=drawn(9)) * 255
TARGETS = torch.eye(40)


def test_nothing_changes_nothing_and_draws_nothing():
    generator, before = drawn(), drawn().get_state()
    images, targets = Mixing()(IMAGES, TARGETS, generator)
    assert images is IMAGES
    assert targets is TARGETS
    assert torch.equal(generator.get_state(), before)


def test_mixed_images_and_labels_are_mixed_by_the_same_share():
    images, targets = Mixing(mixup=0.7)(IMAGES, TARGETS, drawn())
    torch.testing.assert_close(images, torch.einsum("to,ochw->tchw", targets, IMAGES))
    torch.testing.assert_close(targets.sum(1), torch.ones(40))
    assert 0 < targets[0].max() < 1


def test_the_share_of_a_cut_is_that_of_its_pixels():
    for seed in range(5):
        images, targets = Mixing(cutmix=1.0)(IMAGES, TARGETS, drawn(seed))
        others = (targets * (1 - torch.eye(40))).argmax(1)
        for image, one, other, own in zip(images, IMAGES, IMAGES[others], targets.diagonal(), strict=True):
            kept, put = (image == one).all(0), (image == other).all(0)
            assert (kept | put).all()
            if not torch.equal(one, other):
                rows, cols = (~kept).nonzero().T
                assert len(rows) == (rows.unique().numel() * cols.unique().numel())  # a rectangle
                assert abs(own - kept.float().mean()) < 1e-6


def test_shares_are_drawn_from_beta():
    shares = torch.tensor([Mixing(mixup=0.4)(IMAGES, TARGETS, drawn(seed))[1][0, 0] for seed in range(800)])
    shares = shares[shares < 1]
    assert abs(shares.mean() - 0.5) < 0.05
    assert abs(shares.var() - 1 / (4 * (2 * 0.4 + 1))) < 0.02


def test_an_erased_rectangle_is_as_grey_as_its_image():
    images, _ = Mixing(erase=0.5)(IMAGES, TARGETS, drawn())
    changed = (images != IMAGES).any(1)  # (images, rows, cols)
    touched = changed.flatten(1).any(1)
    assert 8 < touched.sum() < 32
    for image, one, spot in zip(images[touched], IMAGES[touched], changed[touched], strict=True):
        torch.testing.assert_close(image[:, spot], one.mean().expand(2, int(spot.sum())))
        assert 0.02 < spot.float().mean() < 0.4


def test_light_keeps_the_form_and_moves_the_mean_by_up_to_its_share():
    images, _ = Mixing(colour=0.2)(IMAGES, TARGETS, drawn())
    change = images.mean((1, 2, 3)) / IMAGES.mean((1, 2, 3))
    assert 0.8 < change.min() < 0.9
    assert 1.1 < change.max() < 1.2
    spread = (images.std((1, 2, 3)) / IMAGES.std((1, 2, 3))) / change
    assert 0.79 < spread.min() < 0.9
    assert 1.1 < spread.max() < 1.21
