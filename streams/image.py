"""What a picture is once it is decoded."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""A picture of shape (height, width, 3), uint8, BGR as OpenCV has it."""
