"""Image files in and out; PIL images, tensors and nested lists to one array form.

An image is an array ``(rows, cols)``, grey, or ``(rows, cols, 3)``, red, green, blue. Files (PNG, JPEG, WebP, TIFF,
BMP, GIF; the first frame of several) and PIL images become one by this rule:

==============================  ==========================================================================
stored as                       becomes
==============================  ==========================================================================
1-bit                           uint8, 0 or 255
grey 8-bit or less              uint8
grey 16-bit                     uint16
grey float                      float32
other whole numbers             float64, which holds every 32-bit number
palette                         uint8, its colours; grey if each entry of the palette is grey
red, green, blue                uint8 (rows, cols, 3)
CMYK, YCbCr, Lab                uint8 (rows, cols, 3), converted by Pillow without a colour profile
alpha or a transparent colour   laid over white
16-bit colour, 16-bit alpha     uint8, the high byte of each number: Pillow reads no more
but TIFF beyond Pillow          by tifffile, with the channels that are stored: 16-bit colour stays uint16,
                                float stays float32 or float64 (float16 becomes float32)
.npy                            2-D or 3-D; bool, whole numbers and floats as above
==============================  ==========================================================================

Files are turned upright as their EXIF orientation says; a PIL image is taken as it lies in memory.
"""

from convista.image.arrays import as_array
from convista.image.fitting import eight_bit, fitted, resized, with_channels, without_colour
from convista.image.guards import MAX_PIXELS
from convista.image.reading import IMAGE_ENDINGS, ImageFileError, read_image, read_stored, shown
from convista.image.writing import write_image

__all__ = [
    "IMAGE_ENDINGS",
    "MAX_PIXELS",
    "ImageFileError",
    "as_array",
    "eight_bit",
    "fitted",
    "read_image",
    "read_stored",
    "resized",
    "shown",
    "with_channels",
    "without_colour",
    "write_image",
]
