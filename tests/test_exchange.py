"""Export: the same network in onnxruntime, said so only after it was scored there."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from shapes import dataset
from torch import nn

from convista import run as room
from convista.exchange import export_onnx, exporting, scoring
from convista.exchange.exporting import ExportError
from convista.network import Network
from convista.run import RunFolderError, train

onnx = pytest.importorskip("onnx", reason="onnx is of the onnx extra")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is of the onnx extra")


def shapes(name, size=None, **_):
    return dataset(train=48, valid=24)


@pytest.fixture(autouse=True)
def data(monkeypatch):
    for place in (room, room.reading):
        monkeypatch.setattr(place, "load_dataset", shapes)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "load_dataset", shapes)
        folder = tmp_path_factory.mktemp("runs") / "a"
        return train("shapes", out=folder, network="5x5/2 8, res 3x3, 3x3/2 16, mean", epochs=4, batch=8)


def answer(path, images):
    session = onnxruntime.InferenceSession(path)
    return session.run(["logits", "probabilities"], {"pixels": images})


def test_the_file_answers_as_the_run_does_for_any_number_of_images(run, tmp_path):
    done = export_onnx(run.folder, tmp_path / "model.onnx")
    assert (done.score.images, done.score.other, done.score.right_after) == (24, 0, round(run.accuracy * 24))
    assert done.score.difference < 1e-5
    assert done.bytes == done.path.stat().st_size
    for count in (1, 7):
        images = shapes("").valid.images[:count]
        logits, probabilities = answer(done.path, images)
        np.testing.assert_allclose(logits, run.model(torch.from_numpy(images)).detach(), atol=1e-5)
        np.testing.assert_allclose(probabilities, run.model.probabilities(images), atol=1e-6)


def test_the_metadata_say_how_to_use_it(run, tmp_path):
    path = export_onnx(run.folder, tmp_path / "model.onnx").path
    told = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert json.loads(told["convista.classes"]) == ["cross", "ring"]
    assert json.loads(told["convista.image_shape"]) == [1, 16, 16]
    assert told["convista.network"] == run.model.text
    assert told["convista.input"].startswith("uint8 pixels 0..255, (images, channels, rows, cols)")


@pytest.mark.parametrize("text", ["simple", "small", "resnet", "3x3 4, 1x1 classes, mean"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_kind_of_network_can_be_exported(text, channels, tmp_path):
    from convista.exchange.graph import onnx_bytes

    torch.manual_seed(0)
    net = Network(
        text, classes=("a", "b"), image_shape=(channels, 32, 24), mean=[9] * channels, std=[7] * channels
    ).eval()
    images = np.random.default_rng(0).integers(0, 256, (3, channels, 32, 24), np.uint8)
    (tmp_path / "a.onnx").write_bytes(onnx_bytes(net))
    np.testing.assert_allclose(answer(tmp_path / "a.onnx", images)[1], net.probabilities(images), atol=1e-4)


def test_int8_is_small_and_nearly_as_good(run, tmp_path):
    small = export_onnx(run.folder, tmp_path / "b.onnx", int8=True)
    assert small.int8
    assert abs(small.score.right_after - small.score.right_before) <= 0.01 * 24
    graph = onnx.load(small.path).graph
    assert {"QuantizeLinear", "DequantizeLinear"} <= {node.op_type for node in graph.node}
    kernels = [tensor for tensor in graph.initializer if len(tensor.dims) == 4]
    assert {tensor.data_type for tensor in kernels} == {onnx.TensorProto.INT8}
    assert (
        answer(small.path, shapes("").valid.images)[1].argmax(1) == shapes("").valid.labels
    ).sum() == small.score.right_after


def test_other_answers_are_not_called_done(run, tmp_path, monkeypatch):
    real = scoring.answers
    monkeypatch.setattr(exporting, "answers", lambda *given: real(*given)[::-1])
    with pytest.raises(ExportError, match=r"^onnxruntime gives other answers than torch: \d+ of 24 predictions differ"):
        export_onnx(run.folder, tmp_path / "model.onnx")
    monkeypatch.setattr(exporting, "answers", lambda *given: real(*given) * np.nan)
    with pytest.raises(ExportError, match="a probability by nan"):
        export_onnx(run.folder, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_eight_bits_that_lose_too_much_are_refused(run, tmp_path, monkeypatch):
    real = scoring.answers
    monkeypatch.setattr(
        exporting, "answers", lambda file, split: 1 - real(file, split) if "int8" in file.name else real(file, split)
    )
    with pytest.raises(ExportError, match="with 8 bits .* of the 24 validation images are lost, more than 1%"):
        export_onnx(run.folder, tmp_path / "model.onnx", int8=True)
    assert list(tmp_path.iterdir()) == []


def test_what_can_not_be_exported_gets_a_sentence(run, tmp_path):
    with pytest.raises(RunFolderError, match="is a file; give the folder of its run"):
        export_onnx(run.folder / "model.safetensors", tmp_path / "a.onnx")
    with pytest.raises(FileNotFoundError, match="is in a folder that is not there; make it, or give another place"):
        export_onnx(run.folder, tmp_path / "no" / "a.onnx")


def test_the_network_is_left_as_it_was(run):
    from convista.exchange.graph import onnx_bytes

    run.model.train()
    try:
        before = [tensor.clone() for tensor in run.model.state_dict().values()]
        onnx_bytes(run.model)
        assert run.model.training
        assert all(module.training for module in run.model.modules() if isinstance(module, nn.BatchNorm2d))
        assert all((one == other).all() for one, other in zip(before, run.model.state_dict().values(), strict=True))
    finally:
        run.model.eval()


def test_without_onnx_the_extra_is_named(run):
    code = "import sys; sys.modules['onnx'] = None; import convista as cx; cx.export_onnx('nowhere', 'a.onnx')"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.stderr.splitlines()[-1] == (
        'convista.errors.MissingExtraError: export to ONNX needs onnx; type: pip install "convista[onnx]"'
    )
