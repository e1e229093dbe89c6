"""Labelled images: the built-in sample, folders, IDX files, downloads.

records    what labelled images are: Dataset, Split
loading    the name of a data set, or a folder, to a Dataset
folder     an image folder train|valid/<class>/... to a Dataset
scan       which files such a folder holds
decoding   image files to 8-bit arrays of one size, in parallel
idx        MNIST's format
remarks    what was odd about the files, a sentence each
known      data sets that have a name: where they are, by which hashes they are known, their licences
sample     the built-in one
download   a data set's name to its image folder: the built-in sample, or downloaded and checked
cache      where data sets lie; a folder that is whole or absent, also with two processes at once
unpack     arrays to image files
"""

from convista.dataset.download import untar_data
from convista.dataset.idx import read_idx
from convista.dataset.loading import load_dataset
from convista.dataset.records import Dataset, Split

__all__ = ["Dataset", "Split", "load_dataset", "read_idx", "untar_data"]
