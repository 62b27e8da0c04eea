"""A classifier that needs no model, and the command line over it."""

from __future__ import annotations

import types

from typer.testing import CliRunner

from conflict_nlp.cli import app
from conflict_nlp.results import (
    DocumentResult,
    EventPrediction,
    Result,
    SentenceResult,
    StancePrediction,
    TargetStance,
)


class FakeClassifier:
    """Answers like a classifier and remembers what it was asked."""

    name = "fake"
    calls: list
    interrupt_after: int | None = None

    def __init__(self, folder):
        self.info = {
            "path": str(folder),
            "name": "tiny-model",
            "base": "tiny-encoder",
            "runtime": "onnxruntime",
            "codebook": "1",
            "size_bytes": 2_500_000,
        }
        self.settings = types.SimpleNamespace(codebook="1")
        self.calls = []

    def classify(self, text, target=None, *, threshold=None, extras=()):
        self.calls.append((text, target, threshold, extras))
        bad = not isinstance(text, str)
        named = () if target is None else (target,)
        return Result(
            text=text,
            events=None if bad else (EventPrediction("shelling", 0.97),),
            primary_event=None if bad else "shelling",
            stance=None if bad else StancePrediction("none", 0.9),
            targets=None
            if bad
            else tuple(
                TargetStance(t, None, None, None, StancePrediction("against", 0.8)) for t in named
            ),
            abstain=None,
            truncated=False,
            error="not a text" if bad else None,
            model=self.name,
            codebook="1",
            quad=None if bad or "quad" not in extras else ("MC",),
            extras=extras,
        )

    def stream(self, texts, target=None, *, threshold=None, extras=()):
        # Reads ahead by one, as a classifier with several threads does.
        ahead = []
        for number, text in enumerate(texts):
            if number == self.interrupt_after:
                raise KeyboardInterrupt
            ahead.append(text)
            if len(ahead) > 1:
                yield self.classify(ahead.pop(0), target, threshold=threshold, extras=extras)
        for text in ahead:
            yield self.classify(text, target, threshold=threshold, extras=extras)

    def classify_document(self, text, target=None, *, threshold=None, extras=()):
        sentences, start = [], 0
        for line in text.splitlines(keepends=True):
            result = self.classify(line.strip(), target, threshold=threshold, extras=extras)
            sentences.append(SentenceResult(start, start + len(line.strip()), result))
            start += len(line)
        return DocumentResult(tuple(sentences))


def run(*arguments, code=0, **options):
    # Where messages wrap must not hang on the terminal that the tests run in.
    env = {"COLUMNS": "300"} | options.pop("env", {})
    outcome = CliRunner().invoke(app, list(map(str, arguments)), env=env, **options)
    assert outcome.exit_code == code, outcome.output
    return outcome
