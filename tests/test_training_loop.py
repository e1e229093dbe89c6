"""The loop: it learns, it repeats itself, it says when it can't go on."""

import hashlib
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from shapes import dataset

from convista.dataset import Split
from convista.network import NAMED
from convista.training import Checkpoint, DivergedError, Settings, Stopped, fit, precision
from convista.training import course as course_room
from convista.training.course import Course
from convista.training.judgement import judge
from convista.training.optimizing import optimizer_for
from convista.training.precision import quicker_precision
from convista.training.schedule import one_cycle
from convista.training.start import new_network, resolve

QUICK = Settings(
    network="5x5/2 8, 3x3/2 16, mean", epochs=8, batch=16, rate=0.03, shift=1, rotation=5, precision="float32"
)


@pytest.fixture(scope="module")
def shapes():
    return dataset()


@pytest.fixture(scope="module")
def trained(shapes):
    return fit(shapes, QUICK)


def fingerprint(network):
    return hashlib.sha256(b"".join(t.numpy().tobytes() for t in network.state_dict().values())).hexdigest()


class Notes:
    def __init__(self):
        self.batches, self.epochs, self.said = [], [], []

    def batch(self, done, total, loss):
        self.batches.append((done, total, loss))

    def epoch(self, epoch):
        self.epochs.append(epoch)

    def say(self, sentence):
        self.said.append(sentence)


def test_it_learns(trained):
    assert trained.facts.accuracy >= 0.9
    first, *_, last = trained.facts.history
    assert last.valid_loss < first.valid_loss


def test_the_network_stands_ready_to_judge(trained, shapes):
    assert not trained.network.training
    labels = [prediction.label for prediction in trained.network.predict(shapes.valid.images)]
    right = np.mean([label == shapes.classes[truth] for label, truth in zip(labels, shapes.valid.labels, strict=True)])
    assert right == trained.facts.accuracy


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not(trained, shapes):
    again, other = fit(shapes, QUICK), fit(shapes, replace(QUICK, seed=1))
    assert fingerprint(again.network) == fingerprint(trained.network)
    assert again.facts.steps == trained.facts.steps
    assert fingerprint(other.network) != fingerprint(trained.network)


def test_two_threads_repeat_themselves_too(shapes):
    settings = replace(QUICK, epochs=1, threads=2)
    assert fingerprint(fit(shapes, settings).network) == fingerprint(fit(shapes, settings).network)


def test_another_process_gives_the_same_bits(trained):
    code = "import test_training_loop as t; print(t.fingerprint(t.fit(t.dataset(), t.QUICK).network))"
    paths = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == fingerprint(trained.network)


def test_random_numbers_and_threads_are_left_as_found(shapes):
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002 - the state that users still have
    before = torch.get_rng_state(), np.random.get_state()[1].tolist(), torch.get_num_threads()  # noqa: NPY002
    fit(shapes, replace(QUICK, epochs=1, threads=1))
    after = torch.get_rng_state(), np.random.get_state()[1].tolist(), torch.get_num_threads()  # noqa: NPY002
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]


def test_what_was_drawn_before_does_not_matter(trained, shapes):
    torch.rand(7)
    assert fingerprint(fit(shapes, QUICK).network) == fingerprint(trained.network)


def test_each_step_follows_the_cycle(trained):
    steps = trained.facts.steps
    wanted = [one_cycle(done / 48, QUICK.rate) for done in range(48)]  # 96 images, 6 batches, 8 epochs
    assert list(zip(steps.rate, steps.momentum, strict=True)) == wanted
    assert len(steps.loss) == 48


def test_the_optimizer_is_told_of_the_cycle(shapes):
    course = Course(new_network(shapes, QUICK), shapes, QUICK)
    for done in range(3):
        course.step(torch.arange(16))
        told = [(group["lr"], group["betas"]) for group in course.optimizer.param_groups]
        rate, momentum = one_cycle(done / 48, QUICK.rate)
        assert told == [(rate, (momentum, 0.99))] * 2


def test_the_loss_is_that_of_moved_images_with_smoothed_labels(shapes):
    still = replace(QUICK, rotation=0, zoom=0, shear=0, shift=0, label_smoothing=0.3)
    chosen = torch.arange(16)
    network = new_network(shapes, still)
    logs = network(torch.from_numpy(shapes.train.images[:16])).log_softmax(1)
    truth = logs[chosen, torch.from_numpy(shapes.train.labels[:16])]
    wanted = -(0.7 * truth + 0.3 * logs.mean(dim=1)).mean()
    torch.testing.assert_close(Course(network, shapes, still).loss(chosen), wanted, rtol=1e-4, atol=0)
    moved = Course(network, shapes, replace(still, shift=4)).loss(chosen)
    assert abs(moved - wanted) > 1e-3


def test_validation_is_judged_by_the_same_loss(shapes):
    settings = replace(QUICK, epochs=1, label_smoothing=0.5)
    network, facts = fit(shapes, settings)
    assert facts.history[0].valid_loss == pytest.approx(judge(network, shapes.valid, 0.5).loss, rel=1e-4)


def test_the_watcher_hears_every_batch_and_epoch(shapes):
    notes = Notes()
    facts = fit(shapes, replace(QUICK, epochs=2), watcher=notes).facts
    assert notes.batches == [(i + 1, 12, loss) for i, loss in enumerate(facts.steps.loss)]
    assert tuple(notes.epochs) == facts.history
    assert facts.history[1].train_loss == pytest.approx(math.fsum(facts.steps.loss[6:]) / 6)


def test_every_image_is_seen_once_an_epoch_in_batches_of_nearly_one_size(shapes, monkeypatch):
    seen, step = [], Course.step
    monkeypatch.setattr(Course, "step", lambda self, chosen: (seen.append(chosen), step(self, chosen)))
    fit(shapes, replace(QUICK, batch=50, epochs=2))
    assert [len(chosen) for chosen in seen] == [48, 48, 48, 48]
    epochs = [torch.cat(seen[:2]).tolist(), torch.cat(seen[2:]).tolist()]
    assert [sorted(order) for order in epochs] == [[*range(96)]] * 2
    assert epochs[0] != epochs[1]


@pytest.mark.parametrize(("count", "batch"), [(2, 128), (5, 4), (33, 32), (40, 64), (65, 64)])
def test_few_images_and_odd_batches_train(count, batch):
    few = dataset(train=count, valid=2)
    facts = fit(few, Settings(epochs=2, batch=batch)).facts
    assert len(facts.steps.loss) == 2 * math.ceil(count / batch)
    assert math.isfinite(facts.history[-1].valid_loss)


@pytest.mark.parametrize(("count", "batch"), [(129, 64), (5, 4), (65, 64)])
def test_no_batch_of_one_image_is_left_over(count, batch, monkeypatch):
    """Batch normalisation refuses one image with one number a channel, as the last layers of "simple" have."""
    seen, step = [], Course.step
    monkeypatch.setattr(Course, "step", lambda self, chosen: (seen.append(len(chosen)), step(self, chosen))[1])
    fit(
        dataset(train=count, valid=2),
        Settings(epochs=1, batch=batch, network="3x3/2 8, 3x3/8 8, mean", precision="float32"),
    )
    assert sum(seen) == count
    assert max(seen) - min(seen) <= 1
    assert min(seen) > 1
    assert max(seen) <= batch


def test_colour_and_read_only_arrays_train():
    colour = dataset(train=32, valid=8, channels=3)
    for array in (colour.train.images, colour.train.labels, colour.valid.images, colour.valid.labels):
        array.flags.writeable = False
    assert fit(colour, Settings(epochs=1, batch=16)).network.image_shape == (3, 16, 16)


def lose_at(monkeypatch, *steps):
    """Have the loss be no number when so many steps are done, each time once."""
    left, loss = list(steps), Course.loss

    def spoilt(course, chosen):
        if left and course.done == left[0]:
            left.pop(0)
            return torch.tensor(math.nan, requires_grad=True)
        return loss(course, chosen)

    monkeypatch.setattr(Course, "loss", spoilt)


def test_a_loss_that_is_no_number_goes_back_once_and_says_so(shapes, monkeypatch):
    notes = Notes()
    lose_at(monkeypatch, 8)
    facts = fit(shapes, QUICK, watcher=notes).facts
    rate = one_cycle(8 / 48, QUICK.rate).rate
    assert notes.said == [
        f"the loss was nan at step 9 of 48, where the learning rate was {rate:.3g}; went back to the begin of epoch 2 "
        "and goes on with a learning rate of at most 0.01"
    ]
    wanted = [one_cycle(done / 48, QUICK.rate / (1 if done < 6 else 3)).rate for done in range(48)]
    assert facts.steps.rate == pytest.approx(wanted)
    assert len(facts.history) == QUICK.epochs


def test_a_run_that_went_on_goes_back_as_far_as_one_that_was_never_stopped(shapes, tmp_path, monkeypatch):
    settings = replace(QUICK, epochs=3)
    lose_at(monkeypatch, 10)
    whole = fit(shapes, settings)
    monkeypatch.undo()
    watcher = Notes()
    watcher.batch = lambda done, total, loss: (_ for _ in ()).throw(Killed) if done == 9 else None
    with pytest.raises(Killed):
        fit(shapes, settings, watcher=watcher, checkpoint=Checkpoint(tmp_path, every=0))
    lose_at(monkeypatch, 10)
    notes = Notes()
    gone_on = fit(shapes, settings, watcher=notes, checkpoint=Checkpoint(tmp_path))
    assert notes.said[0] == "goes on after step 8 of 18"
    assert "went back to the begin of epoch 2 " in notes.said[1]
    assert fingerprint(gone_on.network) == fingerprint(whole.network)


def test_a_second_one_stops_with_the_step_and_the_rate(shapes, monkeypatch):
    lose_at(monkeypatch, 8, 7)
    with pytest.raises(DivergedError) as caught:
        fit(shapes, QUICK)
    rate = one_cycle(7 / 48, QUICK.rate / 3).rate
    assert str(caught.value) == (
        f"training diverged: the loss was nan at step 8 of 48, where the learning rate was {rate:.3g}; "
        "try a lower peak, such as rate=0.003"
    )


def test_one_cycle_moves_the_momentum_of_sgd_whatever_a_constant_one_would_be(shapes):
    runs = [fit(shapes, replace(QUICK, optimizer="sgd", momentum=momentum)) for momentum in (0.0, 0.9)]
    assert fingerprint(runs[0].network) == fingerprint(runs[1].network)


RICH = replace(QUICK, epochs=3, average=0.9, clip=1.0, mixup=0.4, cutmix=0.5, erase=0.3, colour=0.2, flip="both")


class Killed(BaseException):
    """As sudden as a kill."""


@pytest.mark.parametrize(
    "settings",
    [
        replace(QUICK, epochs=3),
        RICH,
        replace(RICH, optimizer="sgd", precision="bfloat16"),
        replace(QUICK, epochs=3, network="own_networks:Shared"),  # its dropout draws from torch's own random numbers
    ],
)
def test_a_run_that_was_killed_goes_on_to_the_same_bits(shapes, tmp_path, settings):
    whole = fit(shapes, settings)
    for at in (1, 5, 6, 7, 12, 17):
        watcher = Notes()
        watcher.batch = lambda done, total, loss, at=at: (_ for _ in ()).throw(Killed) if done == at else None
        with pytest.raises(Killed):
            fit(shapes, settings, watcher=watcher, checkpoint=Checkpoint(tmp_path, every=0))
        assert len(watcher.said) == (at > 5)  # the first kill came before anything was kept
    gone_on = fit(shapes, settings, checkpoint=Checkpoint(tmp_path))
    assert fingerprint(gone_on.network) == fingerprint(whole.network)
    assert gone_on.facts.steps == whole.facts.steps
    assert [replace(epoch, seconds=0) for epoch in gone_on.facts.history] == [
        replace(epoch, seconds=0) for epoch in whole.facts.history
    ]


def test_a_damaged_state_falls_back_on_the_one_before(shapes, tmp_path):
    settings = replace(QUICK, epochs=2)
    whole = fit(shapes, settings, checkpoint=Checkpoint(tmp_path, every=0))
    newest, previous = sorted(tmp_path.glob("*.safetensors"), key=lambda path: len(path.name))
    newest.write_bytes(newest.read_bytes()[:-100])
    assert len(Checkpoint(tmp_path).read().tensors["losses"]) == 12
    assert fingerprint(fit(shapes, settings, checkpoint=Checkpoint(tmp_path)).network) == fingerprint(whole.network)
    previous.unlink()
    newest.write_bytes(b"")
    assert Checkpoint(tmp_path).read() is None


def test_a_state_of_other_data_is_refused(shapes, tmp_path):
    fit(shapes, replace(QUICK, epochs=1), checkpoint=Checkpoint(tmp_path))
    other = dataset()
    other.train.images[3, 0, 2, 1] ^= 1
    with pytest.raises(ValueError, match="^data changed since this run was stopped") as caught:
        fit(other, QUICK, checkpoint=Checkpoint(tmp_path))
    assert str(caught.value).endswith("so it can't go on as the same run; give a new folder")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_control_c_stops_after_the_batch_and_keeps_all(shapes, tmp_path, number):
    settings, notes = replace(QUICK, epochs=2), Notes()
    notes.batch = lambda done, total, loss: signal.raise_signal(number) if done == 4 else None
    before = signal.getsignal(number)
    with pytest.raises(Stopped, match="^stopped after step 4 of 12$") as caught:
        fit(shapes, settings, watcher=notes, checkpoint=Checkpoint(tmp_path))
    assert signal.getsignal(number) is before
    assert math.isfinite(judge(caught.value.network, shapes.valid).loss)
    gone_on = fit(shapes, settings, checkpoint=Checkpoint(tmp_path))
    assert fingerprint(gone_on.network) == fingerprint(fit(shapes, settings).network)


def test_the_quicker_precision_is_measured_once_and_then_known(shapes, tmp_path, monkeypatch):
    monkeypatch.setenv("CONVISTA_HOME", str(tmp_path))
    settings = resolve(shapes, QUICK)
    network = new_network(shapes, settings)
    seconds = {"float32": 3.0, "bfloat16": 2.0}
    monkeypatch.setattr(precision, "_measure", lambda _, __, settings: seconds.pop(settings.precision))
    assert [quicker_precision(network, shapes, settings) for _ in range(2)] == ["bfloat16", "bfloat16"]
    seconds |= {"float32": 2.1, "bfloat16": 2.0}
    assert quicker_precision(network, shapes, replace(settings, batch=17)) == "float32"


def test_measuring_leaves_the_network_as_it_was(shapes):
    settings = resolve(shapes, QUICK)
    network = new_network(shapes, settings)
    before = fingerprint(network)
    assert precision._measure(network, shapes, replace(settings, precision="bfloat16")) > 0
    assert fingerprint(network) == before


def test_images_are_mirrored_where_they_are_coloured_and_no_signs(shapes):
    colour = dataset(train=8, valid=4, channels=3)
    assert resolve(colour, QUICK).flip == "horizontal"
    assert resolve(shapes, QUICK).flip == "none"
    assert resolve(replace(colour, classes=("b", "d")), QUICK).flip == "none"
    assert resolve(shapes, replace(QUICK, flip="both")).flip == "both"


def test_the_average_is_what_is_judged_and_returned(shapes):
    settings = replace(QUICK, epochs=2, average=0.9)
    course = Course(new_network(shapes, settings), shapes, settings)
    mean = {name: tensor.clone() for name, tensor in course.network.state_dict().items()}
    for step in range(1, 5):
        course.step(torch.arange(16))
        decay = min(0.9, (1 + step) / (10 + step))
        for name, tensor in course.network.state_dict().items():
            mean[name] = decay * mean[name] + (1 - decay) * tensor if tensor.is_floating_point() else tensor.clone()
    torch.testing.assert_close(dict(course.result.state_dict()), mean)
    network, facts = fit(shapes, settings)
    assert facts.history[-1].valid_loss == pytest.approx(judge(network, shapes.valid, 0.1).loss, rel=1e-4)


def losses_of(monkeypatch, *losses):
    """Have the validation losses be these, epoch after epoch."""
    left = list(losses)
    monkeypatch.setattr(course_room, "judge", lambda *things: replace(judge(*things), loss=left.pop(0)))


@pytest.mark.parametrize(
    ("losses", "patience", "epochs"),
    [
        ((0.5, 0.4, 0.45, 0.41, 0.3), 2, 4),
        ((0.5, 0.4, 0.45, 0.39, 0.4), 2, 5),
        ((0.5, 0.5, 0.5, 0.5, 0.5), 3, 4),  # no new low
        ((0.5, 0.6, 0.7, 0.8, 0.9), 0, 5),
    ],
)
def test_patience_ends_training_without_a_new_low(shapes, monkeypatch, losses, patience, epochs):
    notes = Notes()
    losses_of(monkeypatch, *losses)
    facts = fit(shapes, replace(QUICK, epochs=5, patience=patience), watcher=notes).facts
    assert [epoch.valid_loss for epoch in facts.history] == list(losses[:epochs])
    said = [f"stopped after epoch {epochs}: no new lowest validation loss in {patience} epochs"]
    assert notes.said == (said if epochs < 5 else [])


def test_patience_is_kept_by_a_run_that_goes_on(shapes, tmp_path, monkeypatch):
    settings, losses = replace(QUICK, epochs=6, patience=2), (0.5, 0.3, 0.4, 0.4, 0.4, 0.4)
    losses_of(monkeypatch, *losses)
    whole = fit(shapes, settings)
    assert len(whole.facts.history) == 4
    watcher = Notes()
    watcher.batch = lambda done, total, loss: (_ for _ in ()).throw(Killed) if done == 20 else None
    losses_of(monkeypatch, *losses)
    with pytest.raises(Killed):
        fit(shapes, settings, watcher=watcher, checkpoint=Checkpoint(tmp_path, every=0))
    losses_of(monkeypatch, *losses[3:])
    gone_on = fit(shapes, settings, checkpoint=Checkpoint(tmp_path))
    assert len(gone_on.facts.history) == 4
    assert fingerprint(gone_on.network) == fingerprint(whole.network)
    again = fit(shapes, settings, checkpoint=Checkpoint(tmp_path))  # it is over, and stays so
    assert len(again.facts.history) == 4


@pytest.mark.parametrize("function", ["Shared", "fixed", "lazy", "Bare"])
def test_a_network_of_ones_own_learns_and_repeats_itself(shapes, function):
    settings = replace(QUICK, network=f"own_networks:{function}", epochs=2)
    torch.manual_seed(11)
    first, facts = fit(shapes, settings)
    torch.rand(3)
    before = torch.get_rng_state()
    again = fit(shapes, settings)
    assert torch.equal(torch.get_rng_state(), before)
    assert fingerprint(first) == fingerprint(again.network)
    assert facts.network == f"own_networks:{function}"
    assert facts.history[-1].train_loss < facts.steps.loss[0]
    assert facts.first_kernels.size == (
        0 if function == "fixed" else facts.layers[0].parameters - facts.first_kernels.shape[0]
    )


def test_weights_decay_and_norms_and_biases_do_not(shapes):
    network = new_network(shapes, QUICK)
    kernels, others = optimizer_for(network, QUICK).param_groups
    assert (kernels["weight_decay"], others["weight_decay"]) == (0.05, 0)
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    assert [names[id(parameter)] for parameter in kernels["params"]] == [
        "layers.0.conv.weight",
        "layers.1.conv.weight",
        "layers.linear.weight",
    ]
    assert len(kernels["params"]) + len(others["params"]) == len(names)


@pytest.mark.parametrize(("channels", "size"), [(1, 16), (3, 800)])  # the second is counted in several parts
def test_the_scaling_is_that_of_the_training_images(channels, size):
    data = dataset(train=14, valid=2, channels=channels, size=size)
    data.train.images[:, -1] //= 2
    network = new_network(data, QUICK)
    assert network.mean.flatten().tolist() == pytest.approx(data.train.images.mean(axis=(0, 2, 3)).tolist(), rel=1e-6)
    assert network.std.flatten().tolist() == pytest.approx(data.train.images.std(axis=(0, 2, 3)).tolist(), rel=1e-6)


def test_images_all_alike_are_no_division_by_zero():
    plain = dataset(train=8, valid=4)
    plain.train.images[:] = 7
    assert new_network(plain, QUICK).std.item() == 1


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (
            lambda data: replace(data, valid=Split(data.valid.images[:0], data.valid.labels[:0], ())),
            'data (="shapes") has no validation images; put some into each class of both',
        ),
        (
            lambda data: replace(data, train=replace(data.train, labels=np.ones(8, np.int64))),
            'data (="shapes") has training images of one class only, "ring"; it takes two to tell apart',
        ),
    ],
)  # fmt: skip
def test_data_that_nothing_can_be_learned_from_are_refused(spoil, sentence):
    with pytest.raises(ValueError, match="^data") as caught:
        fit(spoil(dataset(train=8, valid=4)), QUICK)
    assert str(caught.value) == sentence


def test_what_is_left_open_is_decided_by_rule():
    small, large = dataset(train=4, valid=2), dataset(train=4, valid=2, size=40)
    decided = {"network": NAMED["simple"], "threads": 1, "flip": "none", "batch": 128, "epochs": 40, "sizes": "none"}
    assert resolve(small, Settings()) == replace(Settings(), **decided)
    assert resolve(large, Settings()).network == NAMED["small"]
    photos = resolve(dataset(train=4, valid=2, size=96, channels=3), Settings(epochs=3))
    assert (photos.network, photos.sizes, photos.flip, photos.epochs) == (NAMED["resnet"], "64,96", "horizontal", 3)
    assert resolve(large, Settings()).threads == torch.get_num_threads()
    assert resolve(small, Settings(threads=2)).threads == 2


def test_weighted_classes_count_alike(shapes):
    still = {"rotation": 0, "zoom": 0, "shear": 0, "shift": 0, "label_smoothing": 0.0}
    settings = replace(QUICK, **still, weighted=True)
    keep = np.flatnonzero((shapes.train.labels != 1) | (np.arange(len(shapes.train.labels)) < 10))
    few = replace(shapes, train=Split(shapes.train.images[keep], shapes.train.labels[keep], ("",) * len(keep)))
    settings = resolve(few, settings)
    everything = torch.arange(len(keep))
    losses = {}
    for weighted in (True, False):
        course = Course(new_network(few, settings), few, replace(settings, weighted=weighted))
        losses[weighted] = course.loss(everything).item()
    logits = course.network(course.images.float())
    each = torch.nn.functional.cross_entropy(logits, course.labels, reduction="none")
    means = [each[course.labels == label].mean().item() for label in range(len(few.classes))]
    assert losses[True] == pytest.approx(np.mean(means), rel=1e-5)
    assert losses[False] == pytest.approx(each.mean().item(), rel=1e-5)
    assert losses[True] != pytest.approx(losses[False], rel=1e-3)
    mixed = Course(new_network(few, settings), few, replace(settings, mixup=1.0))
    assert math.isfinite(mixed.loss(everything).item())
