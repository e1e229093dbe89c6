"""Labelled images: the built-in sample, folders, IDX files, downloads.

records    what labelled images are: Dataset, Split
loading    the name of a data set, or a folder, to a Dataset
inspection what a folder holds, before anything is learned from it
folder     an image folder to a Dataset
listing    which files a folder holds
layout     which class and split the place of each names
labels     or a CSV
splitting  which are kept to judge by, where nothing says it
checking   all of this together, and what is wrong with it
decoding   image files to 8-bit arrays of one size, in parallel
likeness   which of them are equal
decoded    the cache of such arrays, mapped where they are too many for memory
memory     how much memory there is
idx        MNIST's format
remarks    what was odd about the files, a sentence each
reasons    why a file isn't used, in Chinese
known      data sets that have a name: where they are, by which hashes they are known, their licences
sample     the built-in one
download   a data set's name to its image folder: the built-in sample, or downloaded and checked
cache      where data sets lie; a folder that is whole or absent, also with two processes at once
unpack     arrays to image files
"""

from convista.dataset.download import untar_data
from convista.dataset.folder import LeftOutError
from convista.dataset.idx import read_idx
from convista.dataset.inspection import Scan, scan
from convista.dataset.loading import load_dataset
from convista.dataset.records import Dataset, Split

__all__ = ["Dataset", "LeftOutError", "Scan", "Split", "load_dataset", "read_idx", "scan", "untar_data"]
