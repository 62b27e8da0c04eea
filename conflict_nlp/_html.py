"""The card that a notebook shows for a result.

Colours are translucent over the page's own, so that the card reads on light and dark themes; the
stance is also in the tooltip and in the list below, because colour alone does not reach everybody.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conflict_nlp.results import Result, StancePrediction, TargetStance

_BORDER = "1px solid rgba(128,128,128,.45)"
_CARD = f"direction:rtl;text-align:right;border:{_BORDER};border-radius:8px;padding:.7em 1em"
_LINE = "margin:0 0 .5em 0;line-height:1.9;white-space:pre-wrap"
_CHIP = f"display:inline-block;border:{_BORDER};border-radius:1em;padding:0 .7em;margin:.15em"
_TINTS = {"favor": "rgba(46,160,67,.30)", "against": "rgba(218,54,51,.30)"}
_NEUTRAL = "rgba(128,128,128,.22)"


def card(result: Result) -> str:
    """Draw a result as self-contained HTML, right to left, with everything escaped.

    Args:
        result: the result to show, an unusable row's included.

    Returns:
        One ``<div>`` with inline styles and no script.
    """
    lines = [_line(_text(result))]
    if result.error is not None:
        lines.append(_line(f"<b>error</b> {_bdi(result.error)}"))
    if result.abstain is not None:
        lines.append(_line(f"<b>abstains</b> {_bdi(result.abstain)}"))
    if result.truncated:
        lines.append(_line("<b>truncated</b> <bdi>the model saw only the beginning</bdi>"))
    if result.events is not None:
        chips = [_chip(event.type, event.probability) for event in result.events]
        lines.append(_line("".join(chips) or _chip("no_event")))
    if result.stance is not None:
        lines.append(_line(_stance_chip("stance", result.stance)))
    if result.targets:
        lines.append(_line("".join(_stance_chip(t.text, t.stance) for t in result.targets)))
    return f'<div style="{_CARD}">{"".join(lines)}</div>'


def _text(result: Result) -> str:
    if not isinstance(result.text, str):
        return f"<i>not a text:</i> {_bdi(repr(result.text))}"
    return "".join(_marked(result.text, result.targets or ()))


def _marked(text: str, targets: tuple[TargetStance, ...]) -> Iterator[str]:
    done = 0
    for target in sorted(targets, key=lambda target: target.start or 0):
        # A target inside another one, or named nowhere, is in the list below the text only.
        if target.start is None or target.end is None or target.start < done:
            continue
        yield _escape(text[done : target.start])
        label = target.stance.label if target.stance else ""
        tint = _TINTS.get(label, _NEUTRAL)
        style = f"background:{tint};color:inherit;border-radius:3px;padding:0 .15em"
        named = _escape(text[target.start : target.end])
        words = _escape(_stance_words(target.stance))
        yield f'<mark style="{style}" title="{words}">{named}</mark>'
        done = target.end
    yield _escape(text[done:])


def _line(content: str) -> str:
    return f'<div style="{_LINE}">{content}</div>'


def _chip(label: str, probability: float | None = None, tint: str = "transparent") -> str:
    share = "" if probability is None else f" <small>{probability:.0%}</small>"
    return f'<span style="{_CHIP};background:{tint}">{_bdi(label)}{share}</span>'


def _stance_chip(name: str, stance: StancePrediction | None) -> str:
    if stance is None:
        return _chip(name)
    return _chip(f"{name}: {stance.label}", stance.probability, _TINTS.get(stance.label, _NEUTRAL))


def _stance_words(stance: StancePrediction | None) -> str:
    return f"{stance.label} {stance.probability:.0%}" if stance else ""


def _bdi(content: str) -> str:
    """Keep a Latin name from being reordered by the Arabic around it."""
    return f"<bdi>{_escape(content)}</bdi>"


def _escape(content: str) -> str:
    # A lone surrogate would keep the whole notebook from being saved.
    return html.escape(content.encode("utf-8", "replace").decode("utf-8"))
