"""Merkle trees of RFC 6962 (section 2.1; RFC 9162, section 2.1 is the same tree).

``MTH({}) = SHA-256()``, a leaf is ``SHA-256(0x00 || data)``, an inner node is
``SHA-256(0x01 || left || right)``; the left subtree of n leaves holds the largest power of two below n.

Three parts: the frontier, which takes appends in O(1) amortised and gives the root at any moment;
roots and proofs from a :class:`Nodes` source that answers for perfect subtrees, in O(log n) nodes;
and the two verifications, written from RFC 9162, 2.1.3.2 and 2.1.4.2. Everything is pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol, Self

EMPTY_ROOT: Final = hashlib.sha256().digest()
HASH_BYTES: Final = 32
STRIDE: Final = 4
"""Of the inner nodes those at levels 4, 8, 12, ... are stored: one row for 15 leaves. Larger stores
less and makes a proof read more leaves (2^4 at each level now)."""

_sha256 = hashlib.sha256


def leaf_hash(data: bytes) -> bytes:
    return _sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return _sha256(b"\x01" + left + right).digest()


class Node(NamedTuple):
    """A perfect subtree: ``number`` counts those of its level from the left, level 0 being leaves."""

    level: int
    number: int
    hash: bytes


class Nodes(Protocol):
    """Where hashes of perfect subtrees come from."""

    def node(self, level: int, number: int) -> bytes: ...


class Frontier:
    """The roots of the perfect subtrees that a tree of ``size`` leaves consists of, left to right."""

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count():
            raise ValueError("a frontier has one hash for each bit set in its size")

    def copy(self) -> Self:
        return type(self)(self.size, self.hashes)

    def append(self, leaf: bytes) -> list[Node]:
        """Adds a leaf hash; returns the stored nodes (see ``STRIDE``) that it completed."""
        done: list[Node] = []
        node, level, number, hashes = leaf, 0, self.size, self.hashes
        while number & 1:
            node = _sha256(b"\x01" + hashes.pop() + node).digest()
            number >>= 1
            level += 1
            if not level % STRIDE:
                done.append(Node(level, number, node))
        hashes.append(node)
        self.size += 1
        return done

    def root(self) -> bytes:
        if not self.hashes:
            return EMPTY_ROOT
        node = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            node = node_hash(left, node)
        return node


def frontier(nodes: Nodes, size: int) -> Frontier:
    """The frontier of the first ``size`` leaves."""
    hashes: list[bytes] = []
    start = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            hashes.append(nodes.node(level, start >> level))
            start += 1 << level
    return Frontier(size, hashes)


def root(nodes: Nodes, size: int) -> bytes:
    return frontier(nodes, size).root()


def subtree(nodes: Nodes, start: int, stop: int) -> bytes:
    """MTH(D[start:stop]) for a subtree of the RFC's tree: ``start`` is aligned to its left part."""
    count = stop - start
    if count & (count - 1) == 0:
        return nodes.node(count.bit_length() - 1, start // count)
    split = start + _left_count(count)
    return node_hash(subtree(nodes, start, split), subtree(nodes, split, stop))


def inclusion_proof(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]), the lowest node first (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"index must be in [0, {size})")
    path: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        split = start + _left_count(stop - start)
        if index < split:
            path.append(subtree(nodes, split, stop))
            stop = split
        else:
            path.append(subtree(nodes, start, split))
            start = split
    path.reverse()
    return path


def consistency_proof(nodes: Nodes, first: int, second: int) -> list[bytes]:
    """PROOF(first, D[second]) (RFC 6962, 2.1.2); empty for equal sizes and for first = 0."""
    if not 0 <= first <= second:
        raise ValueError("sizes must satisfy 0 <= first <= second")
    if first in (0, second):
        return []
    path: list[bytes] = []
    start, stop = 0, second
    whole = True
    while stop != first:
        split = start + _left_count(stop - start)
        if first <= split:
            path.append(subtree(nodes, split, stop))
            stop = split
        else:
            path.append(subtree(nodes, start, split))
            start, whole = split, False
    if not whole:
        path.append(subtree(nodes, start, stop))
    path.reverse()
    return path


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root_: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            r = node_hash(r, p)
        fn >>= 1
        sn >>= 1
    return sn == 0 and r == root_


def verify_consistency(
    first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """RFC 9162, 2.1.4.2; for first = 0 every tree is consistent, and the proof is empty."""
    if first == 0 or first >= second:
        trivial = first == 0 <= second and first_root == EMPTY_ROOT
        return not proof and (trivial or (first == second and first_root == second_root))
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr = node_hash(c, fr)
            sr = node_hash(c, sr)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            sr = node_hash(sr, c)
        fn >>= 1
        sn >>= 1
    return fr == first_root and sr == second_root and sn == 0


def _left_count(count: int) -> int:
    """The largest power of two below ``count`` (which is at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)
