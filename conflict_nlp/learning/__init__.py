"""Labelled data, the torch model, training and export. Needs the ``train`` extra."""

from __future__ import annotations
