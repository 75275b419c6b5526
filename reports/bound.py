"""An anytime-valid lower bound of a match rate, by betting against it.

A gambler starts with 1 and bets, pair after pair, that the true rate is above `p`. If it is not, the capital is a
nonnegative supermartingale, so by Ville's inequality it ever reaches 1/alpha with probability at most alpha, however
often one looks and whenever one stops. The bound is the greatest `p` against which the capital has got there.
The capital is a mixture over constant bets ("hedged capital", Waudby-Smith and Ramdas, "Estimating means of bounded
random variables by betting", JRSS B 86 (2024), arXiv:2010.09686, §4): part of it is bet whole on every pair, which
is quickest while nothing differs; the rest is spread evenly, which stays quick after a few mismatches.
"""

from __future__ import annotations

import math

_WHOLE = 0.4
_SPREAD = 64
_BETS = ((1.0, _WHOLE), *(((j + 0.5) / _SPREAD, (1 - _WHOLE) / _SPREAD) for j in range(_SPREAD)))
_PRECISION = 1e-9
_MOST = 10**12


def lower_bound(matches: int, trials: int, alpha: float = 0.05) -> float:
    """The match rate that is exceeded with confidence 1 - alpha at every look at once; 0 without trials.

    Raises:
        ValueError: the counts are no counts, or alpha is not inside (0, 1).
    """
    _validate(matches, trials, alpha)
    low, high = 0.0, 1.0
    while high - low > _PRECISION:
        middle = (low + high) / 2
        if _log_capital(middle, matches, trials - matches) >= -math.log(alpha):
            low = middle
        else:
            high = middle
    return low


def pairs_needed(target: float, matches: int, trials: int, alpha: float = 0.05) -> int:
    """How many more pairs, all matching, bring the lower bound to `target`; 0 when it is there.

    Raises:
        ValueError: the target is not inside (0, 1), or the counts are no counts.
    """
    _validate(matches, trials, alpha)
    if not 0 < target < 1:
        raise ValueError(f"a target lies between 0 and 1, and {target!r} does not")
    differing, wanted = trials - matches, -math.log(alpha)
    step = 0 if _log_capital(target, matches, differing) >= wanted else 1
    while step < _MOST and _log_capital(target, matches + step, differing) < wanted:
        step *= 2
    low, high = step // 2, step
    while high - low > 1:
        middle = (low + high) // 2
        if _log_capital(target, matches + middle, differing) >= wanted:
            high = middle
        else:
            low = middle
    return high


def _validate(matches: int, trials: int, alpha: float) -> None:
    if not 0 <= matches <= trials:
        raise ValueError(f"{matches} matches of {trials} trials are no counts")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha lies between 0 and 1, and {alpha!r} does not")


def _log_capital(rate: float, matches: int, differing: int) -> float:
    """The logarithm of the capital bet against `rate`; a bet of 1 is lost whole at the first difference."""
    logs = (
        [
            math.log(weight) + matches * math.log1p(bet * (1 - rate) / rate) + differing * math.log1p(-bet)
            for bet, weight in _BETS
            if bet < 1 or not differing
        ]
        if differing
        else [math.log(weight) + matches * math.log1p(bet * (1 - rate) / rate) for bet, weight in _BETS]
    )
    top = max(logs)
    return top + math.log(sum(math.exp(item - top) for item in logs))
