"""Speed as a claim that anyone can check: the cells, the peers, the clock, the goals and how they are told.

Reading order: `cell` (one convolution to be measured), `goals` (what each group of cells must reach), `catalogue`
(all cells), `data` (the numbers of a cell), `exact` (the float64 sum, and how far a result is from it), `contender`
(one side of a comparison), `peers` (who is measured, each at its best settings), `measuring` (interleaved rounds),
`trial` (one cell from the check to the ratios), `scripts` (what needs a fresh process: first calls and memory),
`worker` (the process that measures, one for each number of threads), `session` (its parent: progress, resuming),
`record` (the file), `machine` (where), `report` (the terminal), `chart` (the picture).

Nothing here is loaded by other rooms but the command line.
"""
