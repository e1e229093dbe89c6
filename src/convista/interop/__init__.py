"""Other libraries' signatures, defaults and results, on convista's engine: change an import and nothing else.

ndimage     `scipy.ndimage.correlate` and `convolve`
cv2         `cv2.filter2D`, without OpenCV
functional  `torch.nn.functional.conv2d` and `conv_transpose2d`

Each module is loaded when it is imported, so none brings the packages of the others:

>>> from convista.interop import cv2, ndimage
>>> import numpy as np
>>> image, mean = np.array([[0, 8], [8, 16]], np.uint8), np.full((1, 2), 0.5)
>>> cv2.filter2D(image, -1, mean).tolist(), ndimage.correlate(image, mean).tolist()
([[4, 4], [12, 12]], [[0, 4], [8, 12]])

The same call twice, and each is right by its own library: beyond the edge OpenCV repeats the pixel before the last
one, SciPy the last one. The modules say where the borders, the rounding and the number types part.
"""
