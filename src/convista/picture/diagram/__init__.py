"""Diagrams of convolution: scenes of few kinds of shapes, written as SVG and painted as PNG and GIF.

shapes      what a diagram is made of
palette     colours by role, on light and on dark paper
words       what diagrams say, in English and Chinese
landing     where a kernel's weights land; integers only
reading     a convolution from whole numbers
formula     the arithmetic with its numbers put in
view        how much of a large one is drawn
grid        where cells and panels are
values      numbers as texts and colours
terms       a sum written out
numbers     image, kernel and output of one convolution
stage       the panels of one convolution
cells       what stands in them
stops       a kernel at all its places
sum         one stop written out
matrix      a convolution as a matrix
cone        the receptive field through several layers
channels    which channels are read
strip       a whole network
maps        feature maps
conventions what several libraries make of one kernel
arithmetic  pictures from whole numbers alone
vector      SVG, still or moving
lettering   the letters of PNG and GIF
painter     PNG and GIF
page        an HTML page
picture     what is handed over
"""
