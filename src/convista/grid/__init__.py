"""A kernel at one place, and at every place at once; which engine, and why.

Reading order: `stop` (one window's sum, written out), `layout` (what each axis of an array means), `precision`
(which numbers go in and come out), `border` (what stands beyond the edge), `problem` (a convolution with
everything decided), `work` (and with its weights), `scale` (what makes results of a box's sums).

The engines: `plain` (NumPy, the oracle); `direct` (every product, in registers); `separable` (down the columns, then
along the rows); `fourier` (large kernels as spectra); `by_torch`. What they share: `vectors`, `memory` and `lanes` (the
machine's own words), `ready`, `threads`, `compiling`.

`engines` (what each can do, and how long it would take), `rates` and `calibration` (how fast this machine is),
`planner` (which of them), `recall` (what was asked before), `outputs` (memory for results), `convolution` and
`transposed` (the verbs), `kinds` (array in, same kind out), `gradient` (tensors that only torch can serve),
`footprint` and `blocks` (Dask arrays, chunk by chunk).
"""

from convista.grid.convolution import conv2d, plan
from convista.grid.planner import Plan
from convista.grid.stop import Stop, apply_kernel
from convista.grid.transposed import conv_transpose2d

__all__ = ["Plan", "Stop", "apply_kernel", "conv2d", "conv_transpose2d", "plan"]
