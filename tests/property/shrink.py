# SPDX-License-Identifier: Apache-2.0
"""Makes a failing case small: drops whatever it fails without."""

import time

from document import clone


def places(value, path=()):
    """Paths of everything that can be dropped, the largest parts first."""
    found, level = [], [(value, path)]
    while level:
        below = []
        for at, where in level:
            keys = at.keys() if isinstance(at, dict) else range(len(at)) if isinstance(at, list) else ()
            for key in keys:
                if where:  # the parts themselves stay
                    found.append(where + (key,))
                below.append((at[key], where + (key,)))
        level = below
    return found


def without(value, path):
    """A copy without what stands at the path; None when it is gone already."""
    value = clone(value)
    at = value
    try:
        for key in path[:-1]:
            at = at[key]
        del at[path[-1]]
    except (KeyError, IndexError, TypeError):
        return None
    return value


def shrink(parts, still_fails, seconds=60):
    """
    `parts`: any JSON value (documents, Pod, request). `still_fails` says whether a smaller one
    still fails in the same way. Greedy: each part is tried alone, until nothing can go.
    """
    deadline = time.monotonic() + seconds
    progress = True
    while progress:
        progress = False
        # From the end, so that what has been tried keeps its place in its list.
        for path in sorted(places(parts), key=lambda p: (len(p), [-k if isinstance(k, int) else 0 for k in p])):
            if time.monotonic() > deadline:
                return parts
            smaller = without(parts, path)
            if smaller is not None and still_fails(smaller):
                parts, progress = smaller, True
    return parts
