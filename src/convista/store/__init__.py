"""Images on the disk that are larger than memory: a kernel over all of one, chunk by chunk, into a Zarr array.

Reading order: `source` (what can be read: Zarr arrays, TIFF files), `cache` (chunks that several windows see),
`job` (what is to be done, and one chunk of it), `journal` (which chunks are done), `folder` (the unfinished result
beside its place, until it is whole), `work` (the verb).
"""

from convista.store.work import Done, convolve

__all__ = ["Done", "convolve"]
