"""How often something happens at most, by how often it was seen."""

import math

CONFIDENCE = 0.95


def upper_bound(count: int, *, confidence: float = CONFIDENCE) -> float:
    """The mean of a Poisson count below which it lies with this confidence, after `count` were
    seen: 3.0 after none."""
    low, high = float(count), 10.0 + 3.0 * count
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(count, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _at_most(count: int, mean: float) -> float:
    """How likely at most `count` are seen of a Poisson mean."""
    terms = (n * math.log(mean) - math.lgamma(n + 1) for n in range(count + 1))
    return math.fsum(math.exp(term - mean) for term in terms) if mean > 0 else 1.0
