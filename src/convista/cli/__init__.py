"""The command line: each command is a short function that parses, calls a public verb and prints.

entry      the program `convista`: its commands, its exit codes
filtering  apply, kernels, plan
learning   train, rate, predict, report
exporting  export
explaining explain
answering  what predict prints and writes
datasets   data list, data get, data check, data cache
benching   bench
arguments  what was typed to what is meant: 5,7 and 4096x4096
job        the kernel and the options of `apply`, and what it does with an image
large      the same for an image larger than memory
picture    numbers to a file, and the sentence that says how
watching   a training run on the terminal
printing   JSON and tables
"""

from convista.cli.entry import main

__all__ = ["main"]
