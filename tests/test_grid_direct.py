"""The compiled engines against the plain one, on images wide enough for vectors, and their edges, threads and memory."""

import os
import platform
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convista as cx
from convista.grid import compiling, outputs, recall, threads
from convista.grid.border import MODES
from convista.grid.memory import address
from convista.grid.threads import share_out

sizes = st.tuples(st.integers(1, 60), st.sampled_from([7, 16, 17, 31, 64, 83, 130, 600, 1100]))
kernels = st.tuples(st.integers(1, 9), st.integers(1, 9))


def image_of(shape, dtype, seed):
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=shape) * 50
    return numbers.clip(0, 255).astype(dtype) if np.dtype(dtype).kind == "u" else numbers.astype(dtype)


def check(image, kernel, **terms):
    """The engine's answer is the oracle's: exact for integers, else within the rounding of so many terms."""
    result = cx.conv2d(image, kernel, **terms)
    expected = cx.conv2d(image, kernel, **(terms | {"engine": "plain"}))
    assert result.dtype == expected.dtype
    if result.dtype.kind == "f":
        scale = kernel.size * np.finfo(result.dtype).eps * np.abs(np.asarray(kernel, float)).max()
        finite = np.isfinite(expected)
        assert np.array_equal(np.isnan(result), np.isnan(expected))
        assert np.array_equal(result[~finite & ~np.isnan(result)], expected[~finite & ~np.isnan(expected)])
        largest = np.abs(np.where(np.isfinite(image), image, 0).astype(float)).max(initial=0) + abs(
            terms.get("fill", 0)
        )
        np.testing.assert_allclose(result[finite], expected[finite], rtol=0, atol=2 * scale * largest + 1e-30)
    elif "f" in (np.asarray(kernel).dtype.kind, image.dtype.kind):
        assert np.abs(result.astype(float) - expected).max(initial=0) <= 1  # a sum beside a half may round either way
        assert (result != expected).mean() < 0.01
    else:
        assert np.array_equal(result, expected)


@given(
    size=sizes, kernel=kernels, mode=st.sampled_from(MODES), fill=st.sampled_from([0, 0, 3, -2]),
    padding=st.sampled_from(["same", "valid", "full", (3, 0), ((0, 2), (5, 1))]), stride=st.sampled_from([1, 1, 1, 2, (1, 3)]),
    dilation=st.sampled_from([1, 1, 1, 2, (1, 2), (3, 1)]), dtype=st.sampled_from(["float32", "float64", "uint8"]),
    result=st.sampled_from([None, None, "uint8"]), whole=st.booleans(),
    special=st.booleans(), high=st.booleans(), seed=st.integers(0, 9999),
)  # fmt: skip
@settings(max_examples=250)
def test_the_direct_engine_is_the_oracle_at_every_place(
    size, kernel, mode, fill, padding, stride, dilation, dtype, result, whole, special, high, seed
):
    rng = np.random.default_rng(seed)
    image = image_of(size, dtype, seed)
    weights = rng.integers(-4, 5, kernel) if whole else rng.normal(size=kernel).astype("float32")
    if special and image.dtype.kind == "f":
        image[tuple(rng.integers(0, n) for n in size)], image[0, -1] = np.nan, np.inf
    high = high and result is None  # float64 to bytes is compiled for images of float64, which takes seconds enough
    terms = dict(
        padding=padding if stride == 1 or padding != "same" else "valid", stride=stride, dilation=dilation, dtype=result,
        padding_mode=mode, fill=fill if mode == "zeros" else 0, precision="high" if high else "standard",
    )  # fmt: skip
    try:
        cx.plan(image, weights, **terms)
    except ValueError:  # the kernel doesn't fit
        return
    check(image, weights, engine="direct", **terms)


@given(
    size=sizes, kernel=kernels, mode=st.sampled_from(MODES), fill=st.sampled_from([0, 3]),
    padding=st.sampled_from(["same", "full", (3, 0), ((0, 2), (5, 1))]), dilation=st.sampled_from([1, 1, 2, (3, 1)]),
    dtype=st.sampled_from(["float32", "float64", "uint8"]), result=st.sampled_from([None, None, "uint8"]),
    whole=st.booleans(), special=st.booleans(), seed=st.integers(0, 9999),
)  # fmt: skip
@settings(max_examples=150)
def test_the_separable_engine_is_the_oracle_at_every_place(
    size, kernel, mode, fill, padding, dilation, dtype, result, whole, special, seed
):
    rng = np.random.default_rng(seed)
    image = image_of(size, dtype, seed)
    column, row = (rng.integers(-3, 4, n) if whole else rng.uniform(0.1, 1, n) for n in kernel)
    if special and image.dtype.kind == "f":
        image[tuple(rng.integers(0, n) for n in size)] = np.nan
    terms = dict(
        padding=padding, dilation=dilation, dtype=result, padding_mode=mode, fill=fill if mode == "zeros" else 0
    )
    try:
        cx.plan(image, np.outer(column, row), **terms)
    except ValueError:
        return
    if not whole:
        image = image.astype("float64")  # so that four units in the last place are the bound
    check(image, np.outer(column, row), engine="separable", **terms)


@pytest.mark.parametrize("engine", ["direct", "separable"])
@pytest.mark.parametrize("size", [(9, 40, 3), (33, 200, 4), (5, 7, 3)])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
@pytest.mark.parametrize("mode", MODES)
def test_channels_side_by_side_are_one_long_row(engine, size, dtype, mode):
    image, kernel = image_of(size, dtype, 1), np.outer([1, 2, 1], [1, 0, -2, 0, 3])
    check(image, kernel, engine=engine, channels_last=True, padding=((1, 1), (2, 2)), padding_mode=mode)


@pytest.mark.parametrize("shape", [(3, 2, 20, 90), (2, 4, 37, 33), (5, 1, 28, 28)])
def test_banks_groups_and_stacks_give_what_the_oracle_gives(shape):
    rng = np.random.default_rng(0)
    image = rng.normal(size=shape).astype("float32")
    for groups in {1, shape[1]}:
        kernel = rng.normal(size=(4, shape[1] // groups, 3, 3)).astype("float32")
        check(image, kernel, bias=rng.normal(size=4).astype("float32"), groups=groups, engine="direct", padding=1)
        check(image, kernel, groups=groups, engine="direct", stride=2)


def test_a_result_that_goes_past_the_cache_is_the_same():
    image = image_of((1500, 1600), "float32", 0)
    kernel = np.random.default_rng(1).normal(size=(3, 3)).astype("float32")
    check(image, kernel, engine="direct", padding="same", padding_mode="reflect")
    check(image, np.outer(kernel[0], kernel[1]), engine="separable", padding="same")


def test_large_numbers_saturate_also_where_float32_holds_no_end_of_the_range():
    image = np.array([[3e38, -3e38, np.nan, 1.5, 2.5] + [7.0] * 60], "float32")
    for dtype in ("int32", "uint8", "int16", "uint16"):
        check(image, np.array([[1.0]], "float32"), engine="direct", dtype=dtype)


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "uint16", "int32", "uint32"])
def test_halves_go_to_the_even_neighbour_and_both_ends_hold(kind, dtype):
    ends = [float(end) for end in (np.iinfo(dtype).min, np.iinfo(dtype).max)]
    halves = np.concatenate([np.arange(-300, 300, 0.5), *(np.arange(end - 3, end + 3, 0.5) for end in ends)])
    image = np.concatenate([halves, [np.nan, np.inf, -np.inf, -0.0]]).astype(kind)
    image = np.stack([image, np.nextafter(image, np.inf), np.nextafter(image, -np.inf)])
    terms = dict(kernel=np.ones((1, 1), kind), dtype=dtype)
    assert np.array_equal(cx.conv2d(image, engine="direct", **terms), cx.conv2d(image, engine="plain", **terms))


def test_high_precision_sums_in_float64():
    rng = np.random.default_rng(0)
    image = (rng.normal(size=(64, 80)) + 1e4).astype("float32")
    kernel = rng.normal(size=(9, 9)).astype("float32")
    exact = cx.conv2d(image.astype("float64"), kernel.astype("float64"), engine="plain")
    errors = {
        precision: np.abs(cx.conv2d(image, kernel, precision=precision, engine="direct") - exact).max()
        for precision in ("standard", "high")
    }
    assert errors["high"] <= np.abs(exact).max() * 2.0**-24 < errors["standard"]
    with pytest.raises(
        ValueError, match=r'^precision \(="hihg"\) must be one of standard, high; did you mean "high"\?$'
    ):
        cx.conv2d(image, kernel, precision="hihg")


def test_a_two_dimensional_kernel_never_wraps():
    result = cx.conv2d(np.full((3, 3), 65535, "uint16"), np.full((3, 3), 10_000))
    assert (result.item(), result.dtype) == (65535 * 90_000, np.int64)


def test_the_same_question_with_other_numbers_gets_another_answer():
    kernel = np.ones((3, 3), "float32")
    image = image_of((40, 50), "float32", 0)
    one = cx.conv2d(image, kernel)
    kernel[1, 1] = 5
    assert not np.allclose(cx.conv2d(image, kernel), one)
    assert np.allclose(cx.conv2d(image + 1, kernel), cx.conv2d(image, kernel) + kernel.sum(), atol=1e-2)
    assert cx.conv2d(image, kernel, stride=[2, 2]).shape == (19, 24)  # a list has no hash


@pytest.mark.parametrize(("where", "first"), [(0, 0), (-1, 4)])
def test_a_large_kernel_is_remembered_and_noticed_when_any_of_its_numbers_changes(where, first):
    recall.forget()
    image, kernel = image_of((64, 12, 12), "float32", 0), np.ones((64, 64, 5, 5), "float32")
    assert kernel.nbytes > recall.LOOKED_AT
    one = cx.conv2d(image, kernel, engine="direct")
    cx.conv2d(image, kernel.copy(), engine="direct")
    assert len(recall._known) == 1
    kernel.flat[where] = 5
    changed = cx.conv2d(image, kernel, engine="direct")[where] - one[where]
    np.testing.assert_allclose(changed, 4 * image[where, first : first + 8, first : first + 8], atol=1e-2)


def test_so_many_bytes_of_kernels_are_remembered_the_latest_ones(monkeypatch):
    recall.forget()
    kernels = [np.full((8, 64, 5, 5), number, "float32") for number in range(5)]
    monkeypatch.setattr(recall, "MOST_BYTES", 3 * kernels[0].nbytes)
    for kernel in kernels:
        cx.conv2d(image_of((64, 12, 12), "float32", 0), kernel, engine="direct")
    assert [key[3].data for key in recall._known] == [kernel.tobytes() for kernel in kernels[2:]]


def test_spectra_of_many_kernels_are_not_kept():
    recall.forget()
    image, kernels = image_of((64, 12, 12), "float32", 0), np.ones((64, 64, 5, 5), "float32")
    cx.conv2d(image, kernels, engine="fourier")
    assert not recall._known
    cx.conv2d(image, kernels[:8], engine="fourier")
    assert len(recall._known) == 1


def test_work_is_done_once_whoever_does_it_and_errors_arrive():
    for lines, count in ((1, 2), (7, 3), (1000, 4)):
        seen = np.zeros(lines, int)
        share_out(
            lambda first, last, seen=seen: seen.__setitem__(slice(first, last), seen[first:last] + 1),
            lines,
            10**9,
            count,
        )
        assert (seen == 1).all()

    def fail(first, last):
        if last == 100:
            raise RuntimeError("the last part")

    with pytest.raises(RuntimeError, match="the last part"):
        share_out(fail, 100, 10**9, 2)


def test_callers_on_many_threads_get_their_own_results_and_start_no_more_threads():
    image = image_of((800, 900), "float32", 0)
    kernels_ = [np.full((5, 5), i, "float32") for i in range(8)]
    alone = [cx.conv2d(image, kernel, threads=1) for kernel in kernels_]
    before = threading.active_count()
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda kernel: cx.conv2d(image, kernel, threads=2), kernels_))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))
    assert threading.active_count() <= before + 1


FORKS = """
import multiprocessing, warnings
import numpy as np, convista as cx
from convista.grid import threads

def child(queue):
    queue.put((cx.conv2d(image, kernel, threads=2).sum(), threads.thread_count(None), threads.forked()))

warnings.simplefilter("ignore", DeprecationWarning)  # that a fork of several threads is risky is the point
image, kernel = np.arange(810_000, dtype="float32").reshape(900, 900) % 99, np.ones((7, 7), "float32") + np.eye(7, dtype="float32")
here = cx.conv2d(image, kernel, threads=2).sum()
context = multiprocessing.get_context("fork")
queue = context.SimpleQueue()
children = [context.Process(target=child, args=(queue,)) for _ in range(2)]
for each in children:
    each.start()
answers = [queue.get() for _ in children]
for each in children:
    each.join(60)
print(answers == [(here, 1, True)] * 2, [each.exitcode for each in children])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_computes_after_its_parent_did():
    assert run_alone(FORKS) == "True [0, 0]\n"  # alone: other libraries in this process may mind a fork


@pytest.mark.parametrize(("name", "value"), [("NUMBA_NUM_THREADS", "1"), ("OMP_NUM_THREADS", "1")])
def test_the_number_of_threads_is_what_the_environment_says(monkeypatch, name, value):
    for each in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(name, value)
    assert threads.thread_count(None) == 1
    assert threads.thread_count(3) == 3


def test_large_results_use_memory_again_once_nobody_holds_it(monkeypatch):
    monkeypatch.delenv("CONVISTA_POOL", raising=False)
    first = outputs.empty((1200, 1200), np.dtype("float32"))
    place, part = address(first), first[3:5]
    del first
    other = outputs.empty((1200, 1200), np.dtype("float32"))
    assert address(other) != place  # a view is held
    del part
    again = outputs.empty((1200, 1200), np.dtype("float32"))
    assert address(again) == place
    assert again.flags.writeable
    assert again.flags.c_contiguous
    assert place % 64 == 0
    monkeypatch.setenv("CONVISTA_POOL", "0")
    del again, other
    outputs._free.clear()
    outputs.empty((1200, 1200), np.dtype("float32"))
    assert outputs._free == []


def test_addresses_are_numpys():
    array = np.arange(30.0).reshape(5, 6)
    for view in (array, array[1:, 2:], array[::-1, ::-1], array.T):
        assert address(view) == view.ctypes.data


def run_alone(code, **environment):
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ | environment
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


COMPILES = "import numpy as np, convista as cx; print(cx.conv2d(np.ones((40, 50), 'float32'), np.ones((2, 2), 'float32'), engine='direct').sum())"


def test_two_processes_compile_into_one_folder_at_the_same_time(tmp_path):
    places = {"XDG_CACHE_HOME": str(tmp_path)}
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: run_alone(COMPILES, **places), range(2)))
    assert answers == ["7644.0\n"] * 2
    kept = list(tmp_path.rglob("*.nbc"))
    assert kept
    assert run_alone(COMPILES, **places) == "7644.0\n"
    assert sorted(tmp_path.rglob("*.nbc")) == sorted(kept)  # all was found again


def test_without_a_folder_that_can_be_written_code_is_compiled_anyway():
    blocked = f"{COMPILES.partition(';')[0]}\nimport tempfile\ntempfile.TemporaryFile = lambda **_: open('/proc/nowhere/file')\n{COMPILES}"
    assert run_alone(blocked, XDG_CACHE_HOME="/proc/nowhere", HOME="/proc/nowhere").endswith("7644.0\n")


def test_the_folder_of_compiled_code_changes_with_the_engine():
    assert compiling.folder().parent.name == "compiled"
    assert compiling.folder().name.startswith(cx.__version__)


@pytest.mark.parametrize("engine", ["direct", "separable"])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
@pytest.mark.parametrize("offset", [0, 1, 4, 15, 16])
def test_large_results_go_where_they_belong_however_they_lie_to_the_cache(engine, dtype, offset):
    kernel = np.outer([1, 2, 1, 3, 1, 0, 2], [2, 1, 1, 0, 1, 2, 1]).astype("float32") / 64
    image = image_of((1100, 2048), dtype, 0)
    memory = np.full(4500 * 2048 + 64, 7, "float32")
    start = -address(memory) % 64 // 4 + offset
    out = memory[start : start + image.size].reshape(image.shape)
    cx.conv2d(image, kernel, padding="same", engine=engine, out=out, threads=1)
    assert np.allclose(out, cx.conv2d(image, kernel, padding="same", engine="torch"), atol=1e-2)
    assert (memory[:start] == 7).all()
    assert (memory[start + image.size :] == 7).all()


SCRATCH = """
import numpy as np, convista as cx
image = np.random.default_rng(0).normal(size=(2, 50, 700)).astype("float32")
for kernel in (np.outer(np.arange(31), np.arange(31)).astype("float32"), np.eye(9, dtype="float32")):
    for stride in (1, 2):
        terms = {"padding": (kernel.shape[0] // 2,) * 2, "stride": stride, "batch": True, "threads": 1}
        for engine in ["direct"] + ["separable"] * (len(kernel) == 31 and stride == 1):
            result = cx.conv2d(image, kernel, engine=engine, **terms)
            expected = cx.conv2d(image.astype("float64"), kernel, engine="torch", **terms)
            print(np.abs(result - expected).max() < 1e-4 * np.abs(expected).max())
"""


def test_scratch_memory_is_held_while_it_is_used():
    """With such settings the C library gives memory back to the system at once, and soils it when it is freed."""
    said = run_alone(SCRATCH, MALLOC_MMAP_THRESHOLD_="40000", MALLOC_PERTURB_="85")
    assert said.split() == ["True"] * 5


def test_a_large_result_lies_to_the_cache_as_the_image_does():
    memory = np.zeros(1200 * 1200 + 64, "float32")
    for offset in (1, 4, 11):
        start = -address(memory) % 64 // 4 + offset
        image = memory[start : start + 1200 * 1200].reshape(1200, 1200)
        assert address(outputs.empty(image.shape, image.dtype, image)) % 64 == address(image) % 64


NARROWER = """
import numpy as np, convista as cx
from convista.grid.lanes import vector_bytes
image = np.random.default_rng(0).normal(size=(70, 150)).astype("float32")
kernel = np.outer([1, 2, 3, 1, 1], [2, 1, 0, 1, 2]).astype("float32")
for engine in ("direct", "separable"):
    for one in (kernel, kernel[:3, :3]):
        result = cx.conv2d(image, one, padding="same", engine=engine)
        print(vector_bytes(), np.allclose(result, cx.conv2d(image, one, padding="same", engine="plain"), atol=1e-3))
"""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="asks for x86 processors")
@pytest.mark.parametrize(("features", "width"), [("+avx,+avx2,+fma", 32), ("+sse4.2", 16)])
def test_processors_with_narrower_vectors_get_the_same_sums(tmp_path, features, width):
    places = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": features, "XDG_CACHE_HOME": str(tmp_path)}
    assert run_alone(NARROWER, **places).split() == [str(width), "True"] * 4


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity") or os.cpu_count() == 1, reason="one processor, or not Linux")
def test_a_helper_keeps_off_the_callers_processor():
    where = min(os.sched_getaffinity(0))
    helper = threads._Helper()
    helper.start(threads._Shared(lambda first, last: None, 1, 1), where)
    helper.wait()
    assert os.sched_getaffinity(helper._thread.native_id) == os.sched_getaffinity(0) - {where}
