"""Make the feed-forward parts of a trained model narrower, before it is trained onward.

    python training/narrow.py models/default --intermediate 896 --output artifacts/narrow

Of each layer those units go whose loss the others make good best: leaving out unit i, with the
weights of the others fitted anew, costs ``|w_i|^2 / [H^-1]_ii``, where H is the second moment of
the units' activations (the "optimal brain surgeon" of Hassibi and Stork 1993, for a whole column of
weights at a time). The weights that stay are then fitted by least squares, so that the layer says
what it said before. No label is read.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random
from typing import Any

import torch
from torch import nn

from conflict_nlp._model_files import TRAINING_FILE
from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.learning.checkpoint import (
    load_encoder,
    load_weights,
    read_tokenizer,
    save_checkpoint,
)
from conflict_nlp.learning.examples import LabelScheme
from conflict_nlp.learning.predict import predict_torch
from conflict_nlp.learning.read import read_labelled

DAMPING = 1e-3  # of the mean activation: units that always fire together make H singular


def narrow(layer: Any, moment: torch.Tensor, units: int) -> None:
    """Keep so many units of a layer's feed-forward part, and fit their weights anew, in place."""
    weight = layer.output.dense.weight.data.double()
    damped = moment + DAMPING * moment.diagonal().mean() * torch.eye(len(moment)).double()
    cost = weight.square().sum(0) / torch.linalg.inv(damped).diagonal()
    kept = cost.topk(units).indices.sort().values
    fitted = torch.linalg.solve(damped[kept][:, kept], (weight @ damped[:, kept]).T).T
    layer.output.dense = _linear(fitted.float(), layer.output.dense.bias.data)
    inner = layer.intermediate.dense
    layer.intermediate.dense = _linear(inner.weight.data[kept], inner.bias.data[kept])


def _linear(weight: torch.Tensor, bias: torch.Tensor) -> nn.Linear:
    linear = nn.Linear(weight.shape[1], weight.shape[0])
    linear.weight.data, linear.bias.data = weight.contiguous(), bias.clone()
    return linear


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=pathlib.Path, help="directory of a checkpoint or model")
    parser.add_argument("--intermediate", type=int, required=True, help="units kept a layer")
    parser.add_argument("--data", default="../shared/data/labels/train.jsonl")
    parser.add_argument("--rows", type=int, default=1000, help="sentences that activate the units")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    args = parser.parse_args()
    about = provenance([args.data, args.model / TRAINING_FILE], {"rows": args.seed})
    model, settings = load_weights(args.model)
    config, layers = model.encoder.config, model.encoder.encoder.layer
    if not 0 < args.intermediate <= config.intermediate_size:
        parser.error(f"--intermediate: from 1 to {config.intermediate_size} units in {args.model}")
    moments: list[Any] = [0.0] * len(layers)

    def remember(place: int) -> Any:
        def hook(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            units = inputs[0].flatten(0, -2).double()
            moments[place] = moments[place] + units.T @ units

        return hook

    hooks = [
        layer.output.dense.register_forward_pre_hook(remember(i)) for i, layer in enumerate(layers)
    ]
    sentences = read_labelled(args.data)
    rows = random.Random(args.seed).sample(sentences, min(args.rows, len(sentences)))
    encoder = load_encoder(settings, args.model)
    predict_torch(model, LabelScheme.of_model(settings), encoder, rows)
    for hook in hooks:
        hook.remove()
    for layer, moment in zip(layers, moments, strict=True):
        narrow(layer, moment, args.intermediate)
    config.intermediate_size = args.intermediate
    save_checkpoint(model, settings, read_tokenizer(args.model), args.output)
    # How the model was trained, and what was done to it since, for whoever averages it.
    record = json.loads((args.model / TRAINING_FILE).read_text("utf-8"))
    record |= {"minutes": 0.0, "narrowed": {"units": args.intermediate, "provenance": about}}
    (args.output / TRAINING_FILE).write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print(f"{len(layers)} layers with {args.intermediate} units each: {args.output}")


if __name__ == "__main__":
    main()
