"""Kernels as features: a textbook's idea of edges "instead of raw pixels", as a scikit-learn transformer.

Each image meets a bank of kernels; what they answer is rectified, pooled and laid out as one row of numbers, which
any classifier of scikit-learn takes. Nothing is learned: `fit` only finds out what the columns of X are.

transformer  KernelFeatures: what scikit-learn sees
bank         names, texts and arrays to a bank of kernels
recipe       what happens to an image, with everything decided
pooling      rectified and pooled answers
"""

from convista.errors import need

need("sklearn", "sklearn", "convista.features")

from convista.features.transformer import KernelFeatures  # noqa: E402 - after the sentence that says what it needs

__all__ = ["KernelFeatures"]
