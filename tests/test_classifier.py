"""A network as a scikit-learn classifier, held to scikit-learn's own checks."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from shapes import CLASSES, split
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from convista.classifier import ImageClassifier, _image_shape

QUICK = {"network": "5x5/2 8, 3x3 8, mean", "epochs": 6, "batch": 16}
IMAGES, LABELS = split(96, 0).images[:, 0], np.array(CLASSES)[split(96, 0).labels]
OTHERS, TRUTH = split(32, 1).images[:, 0], np.array(CLASSES)[split(32, 1).labels]


@parametrize_with_checks([ImageClassifier("1x3 16, 1x1 16, mean", epochs=12, rate=0.05, batch=64)])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def model():
    return ImageClassifier(**QUICK).fit(IMAGES, LABELS)


def test_it_learns_and_answers_in_the_labels_it_was_given(model):
    assert model.classes_.tolist() == ["cross", "ring"]
    assert model.score(OTHERS, TRUTH) >= 0.9
    chances = model.predict_proba(OTHERS)
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-12)
    assert (model.predict(OTHERS) == model.classes_[chances.argmax(axis=1)]).all()
    assert len(model.loss_curve_) == 6
    assert model.loss_curve_[-1] < model.loss_curve_[0]


def test_every_form_of_the_same_images_is_the_same(model):
    flat = OTHERS.reshape(len(OTHERS), -1)
    expected = model.predict_proba(OTHERS)
    for form in (flat, flat.tolist(), OTHERS.tolist()):
        assert (clone(model).fit(IMAGES, LABELS).predict_proba(form) == expected).all()
    for last in (True, False):
        axis = -1 if last else 1
        again = ImageClassifier(**QUICK, channels_last=last).fit(np.expand_dims(IMAGES, axis), LABELS)
        assert again.image_shape_ == (16, 16, 1)
        assert (again.predict_proba(np.expand_dims(OTHERS, axis)) == expected).all()


def test_colour_has_its_channels_where_they_are_said_to_be():
    random = np.random.default_rng(0)
    images = random.integers(0, 60, (64, 6, 5, 3), np.uint8)
    labels = np.arange(64) % 3
    images[np.arange(64), :, :, labels] += 150  # red, green, blue
    model = ImageClassifier("3x3 8, mean", epochs=8, batch=8, channels_last=True).fit(images, labels)
    assert model.image_shape_ == (6, 5, 3)
    assert model.score(images, labels) == 1
    turned = clone(model).set_params(channels_last=False).fit(np.moveaxis(images, -1, 1), labels)
    assert (turned.predict_proba(np.moveaxis(images, -1, 1)) == model.predict_proba(images)).all()
    flat = clone(model).set_params(image_shape=(6, 5, 3)).fit(images.reshape(64, -1), labels)
    assert (flat.predict_proba(images.reshape(64, -1)) == model.predict_proba(images)).all()


def test_the_same_random_state_gives_the_same_network_and_another_another(model):
    again, other = (clone(model).set_params(random_state=seed).fit(IMAGES, LABELS) for seed in (0, 1))
    assert (again.predict_proba(OTHERS) == model.predict_proba(OTHERS)).all()
    assert (other.predict_proba(OTHERS) != model.predict_proba(OTHERS)).any()
    drawn = [clone(model).set_params(random_state=np.random.RandomState(3), epochs=1).fit(IMAGES, LABELS) for _ in "ab"]
    assert (drawn[0].predict_proba(OTHERS) == drawn[1].predict_proba(OTHERS)).all()


def test_numbers_of_another_range_are_scaled_and_cut_where_they_lie_beyond(model):
    scaled = clone(model).fit(IMAGES / 255 - 0.5, LABELS)
    low, high = scaled.pixels_
    assert (low, high) == (IMAGES.min() / 255 - 0.5, IMAGES.max() / 255 - 0.5)
    seen = scaled._pixels(np.array([[low - 9.3, low, high, high + 9.3] * 64]))
    assert seen.reshape(-1)[:4].tolist() == [0, 0, 255, 255]
    assert model.pixels_ == (0.0, 255.0)
    assert model._pixels(IMAGES[:1].reshape(1, -1)).reshape(-1).tolist() == IMAGES[0].reshape(-1).tolist()


def test_the_rules_for_what_is_left_open():
    def settings(images, rows, **terms):
        model = ImageClassifier(**terms)
        model.image_shape_ = (rows, 30, 1)
        return model._settings(images)

    assert [(s.batch, s.epochs) for s in (settings(n, 28) for n in (20, 400, 12_396))] == [(8, 67), (50, 25), (256, 10)]
    assert [settings(400, rows).rotation for rows in (15, 16)] == [0, 10]
    assert [settings(400, 15, augment=True).shift, settings(400, 99, augment=False).shift] == [2, 0]
    assert settings(400, 28, recipe={"average": 0.9, "shift": 1}).average == 0.9


def test_it_works_in_a_pipeline_in_cross_validation_and_in_a_search():
    images, digits = load_digits(n_class=4, return_X_y=True)
    model = make_pipeline(FunctionTransformer(), ImageClassifier("3x3 8, 3x3/2 16, mean", epochs=8))
    assert cross_val_score(model, images[:400], digits[:400], cv=3).min() > 0.85
    search = GridSearchCV(model, {"imageclassifier__epochs": [1, 4]}, cv=2).fit(images[:300], digits[:300])
    assert search.best_params_ == {"imageclassifier__epochs": 4}
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert (again.predict_proba(images) == search.predict_proba(images)).all()


REFUSED = [
    (dict(), (4, 3, 3, 3), "X (shape (4, 3, 3, 3)) can be read as (samples, rows, cols, channels) or (samples, channels, rows, cols); say channels_last=True or channels_last=False"),
    (dict(image_shape=(2, 5)), (4, 9), "image_shape (=(2, 5)) makes 10 numbers an image; X has 9"),
    (dict(image_shape=9), (4, 9), "image_shape (=9) must be (rows, cols) or (rows, cols, channels)"),
    (dict(image_shape=(3, 0)), (4, 9), "image_shape (=(3, 0)) must be (rows, cols) or (rows, cols, channels)"),
    (dict(image_shape=(9, 1)), (4, 3, 3), "image_shape (=(9, 1)) must be what X holds, images (3, 3, 1); for such X it can be left out"),
    (dict(epochs=-1), (4, 9), "epochs (=-1) must be a whole number from 1 to 100000"),
]  # fmt: skip


@pytest.mark.parametrize(("terms", "shape", "sentence"), REFUSED, ids=[sentence[:30] for *_, sentence in REFUSED])
def test_bad_parameters_are_refused_by_fit_with_a_sentence(terms, shape, sentence):
    with pytest.raises(ValueError) as caught:
        ImageClassifier(**terms).fit(np.random.default_rng(0).random(shape), [0, 1, 0, 1])
    assert str(caught.value) == sentence


def test_images_of_another_shape_are_refused(model):
    with pytest.raises(ValueError) as caught:
        model.predict(OTHERS[:, :, :8])
    assert str(caught.value) == "X holds images (16, 8, 1), but ImageClassifier was fitted on images (16, 16, 1)"


def test_a_flat_row_is_a_square_or_a_line():
    assert _image_shape(None, None, 49) == (7, 7, 1)
    assert _image_shape(None, None, 50) == (1, 50, 1)
    assert _image_shape([5, 10], None, 50) == (5, 10, 1)


@pytest.mark.parametrize(("package", "extra"), [("sklearn", "sklearn"), ("torch", "train")])
def test_without_its_packages_the_extra_is_named(package, extra):
    code = f"import sys; sys.modules['{package}'] = None; import convista as cx; cx.conv2d; cx.ImageClassifier"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.stderr.splitlines()[-1] == (
        f'convista.errors.MissingExtraError: ImageClassifier needs {package}; type: pip install "convista[{extra}]"'
    )
