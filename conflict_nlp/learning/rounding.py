"""Rounding a layer's weights so that their errors cancel in what the layer gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
_DAMPING = 0.1  # of the mean square of a column: how little the sentences seen are trusted
_BLOCK = 128


def rounded(weights: Floats, products: Floats, scale: Floats, largest: int) -> npt.NDArray[np.int8]:
    """Weights in steps of a scale, one input column after another (GPTQ, Frantar et al. 2023).

    What rounding a weight does to the outputs is made good by the weights that are not yet
    rounded, as far as their inputs vary together.

    Args:
        weights: ``[inputs, outputs]``.
        products: sum over tokens of the products of two inputs, ``[inputs, inputs]``.
        scale: size of a step for each output, ``[outputs]``.
        largest: greatest absolute value of a rounded weight.

    Returns:
        Whole numbers ``[inputs, outputs]``.

    Example:
        >>> rounded(np.array([[0.4], [0.4]]), np.ones((2, 2)), np.array([1.0]), 64).T
        array([[0, 1]], dtype=int8)
    """
    inputs = len(weights)
    damped = products.astype(np.float64)
    damped[np.diag_indices(inputs)] += _DAMPING * (np.trace(damped) / inputs or 1.0)
    # The inputs that matter most are rounded first, while most others can still make it good.
    order = np.argsort(-np.diag(damped), kind="stable")
    left = weights[order].astype(np.float64)
    upper = np.linalg.cholesky(np.linalg.inv(damped[np.ix_(order, order)])).T
    found = np.zeros(left.shape, np.int8)
    for start in range(0, inputs, _BLOCK):
        end = min(start + _BLOCK, inputs)
        errors = np.zeros((end - start, left.shape[1]))
        for row in range(start, end):
            whole = np.clip(np.round(left[row] / scale), -largest, largest)
            found[row] = whole
            error = (left[row] - whole * scale) / upper[row, row]
            left[row + 1 : end] -= np.outer(upper[row, row + 1 : end], error)
            errors[row - start] = error
        left[end:] -= upper[start:end, end:].T @ errors
    return found[np.argsort(order)]
