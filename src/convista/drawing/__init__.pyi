from .drawing import draw as draw
