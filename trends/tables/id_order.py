"""Do ids follow one another, so that none stands twice and each is plainly written?

A file that was numbered row by row is proved so by comparing neighbours, eight letters at a time,
in half the time of asking SQL what each id begins with, ends with and comes after. What is not
proved here is not refused: it is looked at in another way.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow

#: The first letter of ASCII that is seen, and the first that is none of ASCII.
_SEEN, _PAST_ASCII = ord("!"), 128

#: Only what begins with less can be a number, and only with one of these letters one that a
#: spreadsheet has cut (`pushdown` asks more exactly).
_AFTER_DIGITS, _MAY_BE_CUT = ord(":"), b"+."

#: Lengths that ids of one part of a file have in turn; more than that are in no order.
_MOST_RUNS = 64


def follow_one_another(parts: Iterable[pyarrow.Array], *, rising: bool = True) -> bool:
    """Tell whether ids are plain and each comes after the one before it.

    Shorter ones come first, those of one length in the order of their bytes: that of numbers behind
    the same letters. No id comes after itself, so that none stands twice.

    Parameters
    ----------
    parts : iterable of Array
        Ids as text or as integers, in any number of parts.
    rising : bool
        False to ask whether each comes before the one before it.

    Examples
    --------
    >>> follow_one_another([pyarrow.array(["a8", "a9"]), pyarrow.array(["a10"])])
    True
    >>> follow_one_another([pyarrow.array(["a8", "a9"]), pyarrow.array(["a9"])])
    False
    """
    # Numbers by themselves, words by their length first.
    last: tuple[int, bytes] | None = None
    for ids in parts:
        if ids.null_count:
            return False
        if not len(ids):
            continue
        if pyarrow.types.is_integer(ids.type):
            numbers = ids.to_numpy()
            first, end = ((int(number), b"") for number in (numbers[0], numbers[-1]))
            holds = _all_after(numbers, rising)
        elif pyarrow.types.is_string(ids.type) or pyarrow.types.is_large_string(ids.type):
            words = (ids[place].as_py().encode() for place in (0, -1))
            first, end = ((len(word), word) for word in words)
            holds = _texts_follow(*_letters(ids), rising=rising)
        else:
            return False
        if not holds or (last is not None and not (first > last if rising else first < last)):
            return False
        last = end
    return True


def _letters(ids: pyarrow.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes of all ids, and where each begins among them and the last ends."""
    _, places, text = ids.buffers()
    kind = np.int64 if pyarrow.types.is_large_string(ids.type) else np.int32
    ends = np.frombuffer(places, dtype=kind)[ids.offset : ids.offset + len(ids) + 1]
    return np.frombuffer(b"" if text is None else text, dtype=np.uint8), ends


def _texts_follow(letters: np.ndarray, ends: np.ndarray, *, rising: bool) -> bool:
    """Tell of one part whether its ids are plain and in order."""
    lengths = np.diff(ends)
    turns = np.flatnonzero(lengths[1:] != lengths[:-1]) + 1
    if turns.size > _MOST_RUNS or not lengths.all():
        return False
    begins = np.concatenate([[0], turns])
    if not _all_after(lengths[begins], rising):
        return False
    return all(
        _run_follows(letters[ends[begin] : ends[end]], int(lengths[begin]), rising)
        for begin, end in zip(begins, [*turns, lengths.size], strict=True)
    )


def _run_follows(letters: np.ndarray, length: int, rising: bool) -> bool:
    """Tell of ids of one length whether they are plain and in order."""
    n_ids = letters.size // length
    rows = letters.reshape(n_ids, length)
    if letters.max() >= _PAST_ASCII or min(rows[:, 0].min(), rows[:, -1].min()) < _SEEN:
        return False
    if rows[:, 0].min() < _AFTER_DIGITS and any(
        (letters == letter).any() for letter in _MAY_BE_CUT
    ):
        return False
    # The last word may begin within the one before it: what both hold is equal wherever it counts.
    width = next(width for width in (8, 4, 2, 1) if width <= length)
    after = np.zeros(n_ids - 1, dtype=bool)
    for place in reversed([*range(0, length - width, width), length - width]):
        stored = np.ndarray((n_ids,), f">u{width}", letters, offset=place, strides=(length,))
        words = stored.astype(f"=u{width}")
        one, next_one = (words[:-1], words[1:]) if rising else (words[1:], words[:-1])
        after = (next_one > one) | ((next_one == one) & after)
    return bool(after.all())


def _all_after(numbers: np.ndarray, rising: bool) -> bool:
    """Tell whether each number is larger than the one before it, or each smaller."""
    one, next_one = (numbers[:-1], numbers[1:]) if rising else (numbers[1:], numbers[:-1])
    return bool((next_one > one).all())
