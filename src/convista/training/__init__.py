"""The loop, its schedule, its augmentation, and what a run knows about itself.

settings       what a run is told to do
start          the data checked, the first weights, the threads
schedule       one cycle of the learning rate
sizes          small images first, larger ones later
augmentation   every batch a little different
course         a run on its way, and its state
checkpoint     where the state is kept
loop           the course led to its end
stopping       asked to stop, it does so after a batch
launch         which of several processes this is
workers        processes that train one network together
sweep          what a sweep over learning rates found
finder         that sweep
probe          activations and gradients, watched on the way
statistics     what was seen of them
diagnosis      what went wrong, in sentences
views          an image seen in several ways
calibration    whether it is right as often as it says
judgement      how a network does on the validation images
anatomy        what a network is made of
machine        what a run was computed on
log            the course of a run as lines of text
facts          the records that the report is made from
gathering      all facts of a run

The names are loaded on first use, so that records and settings can be read without torch.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
