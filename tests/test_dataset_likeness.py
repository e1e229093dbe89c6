"""Which images are equal, and photos without an array of all their pixels: the same pixels as by the slow way."""

from pathlib import Path

import numpy as np
import pytest
from image_files import encoded
from PIL import Image
from test_dataset_folder import put

from convista.dataset import decoding, likeness, load_dataset
from convista.dataset.decoding import decode
from convista.image import fitted, read_image


def photo(seed, rows=130, cols=140, channels=3):
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (rows, cols, channels)[: 2 + (channels > 1)], dtype=np.uint8)


def bmp(pixels):
    return encoded(Image.fromarray(pixels), "BMP")


def looked_at(folder, files):
    pictures, left_out = decode(str(put(folder, files)), sorted(files), None, keep=2**30)
    assert left_out == []
    return pictures


def groups(pictures):
    """The numbers of the images that are equal."""
    told = [one.pixels for one in pictures]
    return sorted({tuple(number for number, one in enumerate(told) if one == each) for each in told})


@pytest.mark.parametrize("shape", [(130, 140, 3), (64, 300, 3), (1, 5000, 3), (5000, 1, 3), (130, 140, 1)])
def test_a_band_is_told_alike_whatever_holds_it(shape):
    pixels = photo(1, *shape)
    assert likeness.band(pixels) == likeness.band_of(Image.fromarray(pixels))
    other = pixels.copy()
    other[shape[0] // 2, -1] ^= 1
    assert likeness.band(other) != likeness.band(pixels)


def test_equal_images_are_found_however_they_are_stored(tmp_path):
    a, b = photo(1), photo(2)
    jpeg = encoded(Image.fromarray(b), "JPEG")
    put(tmp_path, {"b.jpg": jpeg})
    decoded = np.asarray(Image.open(tmp_path / "b.jpg"))
    png = encoded(Image.fromarray(decoded), "PNG", compress_level=1)
    files = {"0.bmp": bmp(a), "1.png": encoded(Image.fromarray(a), "PNG"), "2.jpg": jpeg, "3.png": png, "4.bmp": bmp(b)}
    assert groups(looked_at(tmp_path, files)) == [(0, 1), (2, 3), (4,)]


@pytest.mark.parametrize("channels", [1, 3])
def test_images_that_differ_outside_of_their_bands_are_told_apart(tmp_path, channels):
    one = photo(1, channels=channels)
    other = one.copy()
    other[0, 0] ^= 1
    pictures = looked_at(tmp_path, {"0.bmp": bmp(one), "1.bmp": bmp(other), "2.bmp": bmp(one), "3.bmp": bmp(photo(3))})
    assert pictures[0].band == pictures[1].band
    assert groups(pictures) == [(0, 2), (1,), (3,)]


def test_only_images_with_equal_bands_are_decoded_once_more(tmp_path, monkeypatch):
    read, real = [], decoding.read_stored
    monkeypatch.setattr(decoding, "read_stored", lambda path, **o: read.append(Path(path).name) or real(path, **o))
    files = {f"{n}.bmp": bmp(photo(n % 5)) for n in range(6)}
    looked_at(tmp_path, files)
    assert sorted(read) == sorted([*files, "0.bmp", "5.bmp"])


def test_what_vanishes_before_the_second_look_is_said(tmp_path, monkeypatch):
    real, seen = decoding.read_stored, set()

    def once(path, **options):
        if path in seen:
            Path(path).unlink(missing_ok=True)
        seen.add(path)
        return real(path, **options)

    monkeypatch.setattr(decoding, "read_stored", once)
    with pytest.raises(RuntimeError) as caught:
        looked_at(tmp_path, {"0.bmp": bmp(photo(1)), "1.bmp": bmp(photo(1))})
    assert str(caught.value) == '"0.bmp" has changed while the images were being read; start again'


def test_colour_outside_of_a_grey_band_is_seen_and_no_colour_at_all_too(tmp_path):
    grey = np.repeat(photo(1, channels=1)[:, :, None], 3, axis=2)
    coloured = grey.copy()
    coloured[0, 0] = 9, 8, 7
    (found,) = looked_at(tmp_path / "a", {"a.bmp": bmp(coloured)})
    assert (found.grey, found.as_colour, found.image.shape) == (False, False, (130, 140, 3))
    (found,) = looked_at(tmp_path / "b", {"b.bmp": bmp(grey)})
    assert (found.grey, found.as_colour, found.image.shape) == (True, True, (130, 140))


def turned():
    held = Image.Exif()
    held[274] = 6
    return held


@pytest.mark.parametrize("size", [None, 24, (33, 20), (130, 140)])
@pytest.mark.parametrize("channels", [1, 3])
def test_photos_have_the_pixels_of_the_rule_by_the_quick_way(tmp_path, monkeypatch, size, channels):
    names = [f"{split}/{label}/{n}.jpg" for split in ("train", "valid") for label in "ab" for n in range(2)]
    sizes = [(130, 140), (140, 130), (300, 200), (128, 128), (330, 200), (7, 3000), (130, 140), (130, 141)]
    files = {
        name: encoded(Image.fromarray(photo(n, *sizes[n], channels)), "JPEG", **({"exif": turned()} if n == 2 else {}))
        for n, name in enumerate(names)
    }
    put(tmp_path, files)
    expected = {name: read_image(tmp_path / name) for name in names}
    monkeypatch.delattr(decoding, "without_colour")  # the slow way is not taken
    dataset = load_dataset(tmp_path, size=size)
    for split in (dataset.train, dataset.valid):
        for path, image in zip(split.paths, split.images, strict=True):
            np.testing.assert_array_equal(image, fitted(expected[path], image.shape))
