"""A training run on its way: its weights, optimizer, random numbers and notes; and all of these as a state."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict

import torch
from torch import Tensor
from torch.nn import functional

from convista.dataset import Dataset, Split
from convista.network import Network
from convista.training.augmentation import Affine
from convista.training.checkpoint import State
from convista.training.facts import Epoch, Steps
from convista.training.judgement import judge
from convista.training.mixing import Mixing
from convista.training.optimizing import Average, optimizer_for, set_moment
from convista.training.probe import Glance, Probe
from convista.training.schedule import Moment, constant, one_cycle
from convista.training.settings import Settings
from convista.training.sizes import resized, side_at
from convista.training.start import batch_for, class_weights, tensors
from convista.training.workers import ALONE, Workers

GENTLER = 1 / 3
"""What the learning rate is multiplied by after a loss that is no number."""


class DivergedError(RuntimeError):
    """Training went wrong: the loss is no longer a number."""

    def __init__(self, fault: str, advice: str) -> None:
        super().__init__(f"training diverged: {fault}; {advice}")
        self.fault = fault


class Course:
    """A run between its first and its last step; `step` and `epoch` move it on."""

    def __init__(self, network: Network, dataset: Dataset, settings: Settings, workers: Workers = ALONE) -> None:
        # The faster order of the numbers in memory, on a CPU too.
        self.network: Network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.valid, self.settings, self.workers = _share(dataset.valid, workers), settings, workers
        self.images, self.labels = tensors(dataset.train)
        self.generator = torch.Generator().manual_seed(settings.seed)
        mirrored = settings.flip in ("horizontal", "both"), settings.flip == "both"
        self.affine = Affine(settings.rotation, settings.zoom, settings.shear, settings.shift, mirrored)
        self.mixing = Mixing(settings.colour, settings.erase, settings.mixup, settings.cutmix)
        self.optimizer = optimizer_for(network, settings)
        self.average = Average(network, settings.average) if settings.average else None
        self.weights = class_weights(self.labels, len(network.classes)) if settings.weighted else None
        self.batches = math.ceil(len(self.labels) / batch_for(settings, len(self.labels)))
        self.total = self.batches * settings.rounds
        self.probe = Probe(network, self.total) if settings.statistics else None
        self.losses: list[float] = []
        self.moments: list[Moment] = []
        self.history: list[Epoch] = []
        self.gentler = 1.0
        self._order_state = self.generator.get_state()
        self._seconds = 0.0
        """That the present epoch has taken so far."""
        self._good = self.state()
        """At the begin of this epoch."""

    @property
    def done(self) -> int:
        """Steps that are done."""
        return len(self.losses)

    @property
    def over(self) -> bool:
        """Whether all epochs are passed, or the patience is at its end."""
        losses, patience = [epoch.valid_loss for epoch in self.history], self.settings.patience
        since = len(losses) - 1 - losses.index(min(losses)) if losses else 0
        return len(losses) >= self.settings.rounds or bool(patience and since >= patience)

    @property
    def result(self) -> Network:
        """What is judged and saved: the moving average where there is one."""
        averaged: Network = self.average.network if self.average else self.network  # type: ignore[assignment]
        return averaged

    def moment(self) -> Moment:
        """Return the learning rate and the momentum of the next step."""
        peak = self.settings.peak * self.gentler
        if self.settings.schedule == "constant":
            return constant(peak, self.settings.momentum)
        return one_cycle(self.done / self.total, peak)

    def epoch(self, heard: Callable[[Course, float], None]) -> Epoch:
        """Pass over what is left of this epoch's training images, in batches of nearly one size, and judge.

        `heard` is called after each step, with the course and the loss.
        """
        began = time.perf_counter() - self._seconds
        order = self._order()
        for chosen in order.tensor_split(self.batches)[self.done - len(self.history) * self.batches :]:
            loss = self.step(chosen)
            self._seconds = time.perf_counter() - began
            heard(self, loss)
        valid_loss, accuracy = self._judged()
        train_loss = math.fsum(self.losses[-self.batches :]) / self.batches
        seconds = time.perf_counter() - began
        self.history.append(Epoch(len(self.history) + 1, train_loss, valid_loss, accuracy, seconds))
        self._order_state, self._seconds = self.generator.get_state(), 0.0
        self._good = self.state()
        return self.history[-1]

    def step(self, chosen: Tensor, moment: Moment | None = None) -> float:
        """Move the weights once, by the images of these numbers, and return the loss; `moment` is the schedule's."""
        moment = moment or self.moment()
        with self.probe.at(self.done) if self.probe else nullcontext(Glance()) as glance:
            return self._step(chosen, moment, glance)

    def _step(self, chosen: Tensor, moment: Moment, glance: Glance) -> float:
        set_moment(self.optimizer, moment)
        self.optimizer.zero_grad()
        loss = self.loss(chosen)
        loss.backward()  # type: ignore[no-untyped-call]
        number = self.workers.sum(self.network, loss.item())
        if not math.isfinite(number):
            raise DivergedError(
                f"the loss was {number} at step {self.done + 1} of {self.total}, where the learning rate was "
                f"{moment.rate:.3g}",
                f"try a lower peak, such as rate={self.settings.peak / 10:.3g}",
            )
        self.losses.append(number)
        self.moments.append(moment)
        glance.gradients()
        if self.settings.clip:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip)
        self.optimizer.step()
        glance.moved()
        if self.average:
            self.average.follow(self.network, self.done)
        return number

    def loss(self, chosen: Tensor) -> Tensor:
        """Return the loss of a batch of changed images; of several workers' the part that this one adds."""
        mine, generator = self.workers.share(chosen), self.workers.generator(self.generator)
        images = self.affine(self.images[mine].float(), generator)  # (batch, channels, rows, cols)
        targets = self.labels[mine]
        if self.mixing.mixes_labels:
            targets = functional.one_hot(targets, len(self.network.classes)).float()  # (batch, classes)
        images, targets = self.mixing(images, targets, generator)
        if self.settings.sides:
            images = resized(images, side_at(self.settings.sides, len(self.history), self.settings.rounds))
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.precision == "bfloat16"):
            logits = self.network(images.contiguous(memory_format=torch.channels_last))  # (batch, classes)
        smoothing = self.settings.label_smoothing
        loss = functional.cross_entropy(logits.float(), targets, self.weights, label_smoothing=smoothing)
        return loss if len(mine) == len(chosen) else loss * (self._count(mine) / self._count(chosen))

    def _count(self, chosen: Tensor) -> float:
        """Return what these images count in a mean over a batch, as torch takes it."""
        if self.weights is None or self.mixing.mixes_labels:
            return len(chosen)
        return float(self.weights[self.labels[chosen]].sum())

    def _judged(self) -> tuple[float, float]:
        """Return the loss and the accuracy on the validation images, which the workers share."""
        count = len(self.valid.labels)
        judged = judge(self.result, self.valid, self.settings.label_smoothing) if count else None
        loss, accuracy = self.workers.mean((judged.loss, judged.accuracy) if judged else (0.0, 0.0), count)
        return loss, accuracy

    def steps(self) -> Steps:
        """Return the numbers of all steps."""
        rates, momenta = zip(*self.moments, strict=True) if self.moments else ((), ())
        return Steps(tuple(self.losses), rates, momenta)

    # To go on later --------------------------------------------------------------------------------------------------

    def state(self) -> State:
        """Return all that makes the next step what it will be, copied."""
        held = {f"network.{name}": tensor for name, tensor in self.network.state_dict().items()}
        if self.average:
            held |= {f"average.{name}": tensor for name, tensor in self.average.network.state_dict().items()}
        for number, parameter in enumerate(self.network.parameters()):
            for name, tensor in self.optimizer.state.get(parameter, {}).items():
                held[f"optimizer.{number}.{name}"] = tensor
        if self.probe:
            held |= {f"probe.{name}": tensor for name, tensor in self.probe.state().items()}
        held |= {"generator": self.generator.get_state(), "order": self._order_state, "torch": torch.get_rng_state()}
        held["losses"] = torch.tensor(self.losses, dtype=torch.float64)
        held["moments"] = torch.tensor(self.moments, dtype=torch.float64).reshape(-1, 2)
        facts = {
            "history": [asdict(epoch) for epoch in self.history],
            "seconds": self._seconds,
            "gentler": self.gentler,
        }
        return State({name: tensor.clone() for name, tensor in held.items()}, facts)

    def whole_state(self) -> State:
        """Return the state, within an epoch with that of its begin, to which the run may have to go back."""
        state = self.state()
        if self.done == len(self.history) * self.batches:
            return state
        begin = {f"begin.{name}": tensor for name, tensor in self._good.tensors.items()}
        return State(state.tensors | begin, state.facts | {"begin": self._good.facts})

    def go_on(self, state: State) -> None:
        """Stand where the run stood whose whole state this is."""
        begin = _part(state.tensors, "begin.")
        self.restore(state)
        self._good = State(begin, state.facts["begin"]) if begin else self.state()

    def restore(self, state: State) -> None:
        """Stand where the run stood whose state this is."""
        held, facts = state.tensors, state.facts
        self.network.load_state_dict(_part(held, "network."))
        if self.average:
            self.average.network.load_state_dict(_part(held, "average."))
        self.optimizer.state.clear()
        for number, parameter in enumerate(self.network.parameters()):
            for name, tensor in _part(held, f"optimizer.{number}.").items():
                self.optimizer.state[parameter][name] = _laid_like(tensor, parameter)
        if self.probe:
            self.probe.restore(_part(held, "probe."))
        self.generator.set_state(held["generator"])
        torch.set_rng_state(held["torch"])
        self._order_state = held["order"].clone()
        self.losses = held["losses"].tolist()
        self.moments = [Moment(*pair) for pair in held["moments"].tolist()]
        self.history = [Epoch(**epoch) for epoch in facts["history"]]
        self._seconds, self.gentler = facts["seconds"], facts["gentler"]

    def go_back(self) -> str:
        """Stand at the begin of this epoch again, with a lower learning rate; return what was done, in a sentence."""
        self.restore(self._good)
        self.gentler *= GENTLER
        self._good = self.state()
        return (
            f"went back to the begin of epoch {len(self.history) + 1} and goes on with a learning rate of at most "
            f"{self.settings.peak * self.gentler:.3g}"
        )

    def _order(self) -> Tensor:
        """Return the order of the images in this epoch, which a run that goes on within it draws again."""
        drawn = torch.Generator()
        drawn.set_state(self._order_state)
        order = torch.randperm(len(self.labels), generator=drawn)
        if self.done == len(self.history) * self.batches:
            self.generator.set_state(drawn.get_state())
        return order


def _share(split: Split, workers: Workers) -> Split:
    """Return this worker's part of a split, without its paths."""
    if workers.size == 1:
        return split
    mine = workers.share(torch.arange(len(split.labels))).tolist()
    part = slice(mine[0], mine[-1] + 1) if mine else slice(0)
    return Split(split.images[part], split.labels[part], ())


def _part(held: dict[str, Tensor], begin: str) -> dict[str, Tensor]:
    """Return the tensors whose names begin so, without that."""
    return {name.removeprefix(begin): tensor for name, tensor in held.items() if name.startswith(begin)}


def _laid_like(tensor: Tensor, parameter: Tensor) -> Tensor:
    """Return a tensor in the order of memory that the parameter has."""
    return torch.empty_like(parameter).copy_(tensor) if tensor.shape == parameter.shape else tensor.clone()
