"""Arrays and records as something to look at.

layout      what a picture's axes mean: one channel, or colour
colours     numbers to colours
table       numbers in aligned columns
figures     images and feature maps by matplotlib
pixels      the pixel table
terminal    half blocks, or numbers
png         PNG files for pages
ticks       nice numbers
svg         the pieces of SVG
axis        where numbers are in a chart
curves      line charts
matrix      counts in a square of coloured cells
raster      charts as PNG files
diagram     convolution drawn: windows, shapes, receptive fields, networks

matplotlib, pandas and Pillow's writers are loaded at use.
"""

from convista.picture.curves import Line as Line
from convista.picture.curves import line_chart as line_chart
from convista.picture.diagram.arithmetic import draw_arithmetic as draw_arithmetic
from convista.picture.diagram.picture import Picture as Picture
from convista.picture.figures import show_grid as show_grid
from convista.picture.figures import show_image as show_image
from convista.picture.matrix import matrix_chart as matrix_chart
from convista.picture.pixels import PixelTable as PixelTable
from convista.picture.pixels import show_pixels as show_pixels
from convista.picture.png import data_uri as data_uri
from convista.picture.png import png_bytes as png_bytes
from convista.picture.raster import svg_png as svg_png
from convista.picture.terminal import terminal_image as terminal_image
