"""How good a model is: scores with intervals, on the same footing for every variant."""

from __future__ import annotations
