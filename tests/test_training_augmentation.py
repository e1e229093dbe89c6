"""Every batch a little different."""

import math

import pytest
import torch

from convista.training.augmentation import Affine

STILL = Affine(rotation=0, zoom=0, shear=0, shift=0)
LIVELY = Affine(rotation=20, zoom=0.2, shear=0.2, shift=2)


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


def blob(rows, cols, at):
    """A small bright spot `at` (x, y), in pixels from the middle."""
    y, x = torch.meshgrid(torch.arange(rows) - (rows - 1) / 2, torch.arange(cols) - (cols - 1) / 2, indexing="ij")
    return torch.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / 8)


def centre(image):
    rows, cols = image.shape
    y, x = torch.meshgrid(torch.arange(rows) - (rows - 1) / 2, torch.arange(cols) - (cols - 1) / 2, indexing="ij")
    return torch.stack([(x * image).sum(), (y * image).sum()]) / image.sum()


def test_ranges_of_nothing_change_nothing():
    images = torch.rand(5, 3, 9, 12)
    torch.testing.assert_close(STILL(images, drawn()), images, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("rows", "cols"), [(41, 41), (31, 61)])
def test_a_spot_goes_where_its_matrix_says(rows, cols):
    spot = torch.tensor([4.0, -3.0])
    images = blob(rows, cols, spot).expand(20, 1, -1, -1)
    moved, matrices = LIVELY(images, drawn()), LIVELY.matrices(20, drawn())
    for image, matrix in zip(moved[:, 0], matrices, strict=True):
        torch.testing.assert_close(matrix[:, :2] @ centre(image) + matrix[:, 2], spot, atol=0.1, rtol=0)


def test_each_range_bounds_its_own_move():
    turned = Affine(rotation=30, zoom=0, shear=0, shift=0).matrices(4000, drawn())
    angles = torch.atan2(turned[:, 1, 0], turned[:, 0, 0]).abs()
    assert math.radians(29.5) < angles.max() <= math.radians(30) + 1e-6
    torch.testing.assert_close(turned[:, :, :2] @ turned[:, :, :2].mT, torch.eye(2).expand(4000, 2, 2))  # no stretching
    zoomed = Affine(rotation=0, zoom=0.2, shear=0, shift=0).matrices(4000, drawn()).log()[:, [0, 1], [0, 1]]
    assert 0.19 < zoomed.abs().max() <= 0.2 + 1e-6
    assert not torch.equal(zoomed[:, 0], zoomed[:, 1])
    slanted = Affine(rotation=0, zoom=0, shear=0.3, shift=0).matrices(4000, drawn())[:, 0, 1]
    assert 0.29 < slanted.abs().max() <= 0.3 + 1e-6
    shifted = Affine(rotation=0, zoom=0, shear=0, shift=5).matrices(4000, drawn())[:, :, 2]
    assert shifted.abs().amax(dim=0).tolist() == pytest.approx([5, 5], abs=0.1)


def test_what_comes_in_continues_the_edge():
    images = torch.full((10, 1, 6, 6), 7.0)
    torch.testing.assert_close(LIVELY(images, drawn()), images)


def test_draws_come_from_the_generator_alone():
    images, before = torch.rand(4, 1, 8, 8), torch.get_rng_state()
    assert torch.equal(LIVELY(images, drawn(1)), LIVELY(images, drawn(1)))
    assert not torch.equal(LIVELY(images, drawn(1)), LIVELY(images, drawn(2)))
    assert torch.equal(before, torch.get_rng_state())


def test_mirrored_images_are_mirrored_and_each_way_half_of_them():
    images = torch.rand(1, 2, 8, 6, generator=drawn()).expand(400, -1, -1, -1)
    for mirrored, flips in (((True, False), [[], [3]]), ((True, True), [[], [2], [3], [2, 3]])):
        moved = Affine(rotation=0, zoom=0, shear=0, shift=0, mirrored=mirrored)(images, drawn())
        kinds = [torch.isclose(moved, images.flip(axes), atol=1e-4).flatten(1).all(1) for axes in flips]
        assert torch.stack(kinds).sum(0).eq(1).all()
        assert all(abs(kind.float().mean() - 1 / len(flips)) < 0.08 for kind in kinds)
