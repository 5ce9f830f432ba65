"""Trees and proofs against the published vectors and against the RFC's recursive definitions.

Vectors: the eight leaves and the roots of Certificate Transparency's reference tests (google/certificate-
transparency, merkletree tests; repeated in transparency-dev/merkle and in RFC 6962 implementations since).
The reference here is RFC 6962, 2.1, word for word over whole lists, and shares nothing with merkle.py.
"""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.ledger.merkle import (
    EMPTY_ROOT,
    STRIDE,
    Frontier,
    consistency_proof,
    frontier,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, over data."""
    n = len(leaves)
    if n == 0:
        return hashlib.sha256(b"").digest()
    if n == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = split(n)
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1."""
    n = len(leaves)
    if n == 1:
        return []
    k = split(n)
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def proof(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.2."""
    return subproof(m, leaves, True)


def subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    n = len(leaves)
    if m == n:
        return [] if whole else [mth(leaves)]
    k = split(n)
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


class MemoryNodes:
    """Perfect subtrees by the reference."""

    def __init__(self, leaves: list[bytes]) -> None:
        self._leaves = leaves

    def node(self, level: int, number: int) -> bytes:
        part = self._leaves[number << level : (number + 1) << level]
        assert len(part) == 1 << level, "asked for a subtree that is not perfect"
        return mth(part)


def numbered(count: int) -> list[bytes]:
    return [str(i).encode() for i in range(count)]


def test_roots_of_the_certificate_transparency_leaves() -> None:
    tree = Frontier()
    assert tree.root() == EMPTY_ROOT
    for leaf, expected in zip(CT_LEAVES, CT_ROOTS, strict=True):
        tree.append(leaf_hash(leaf))
        assert tree.root().hex() == expected


def test_the_certificate_transparency_inclusion_vector() -> None:
    """Path of leaf 0 among 8, from the same tests."""
    expected = [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [h.hex() for h in inclusion_proof(MemoryNodes(CT_LEAVES), 0, 8)] == expected


def test_the_certificate_transparency_consistency_vector() -> None:
    """From 6 to 8 leaves, from the same tests."""
    expected = [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [h.hex() for h in consistency_proof(MemoryNodes(CT_LEAVES), 6, 8)] == expected


@pytest.mark.parametrize("size", range(70))
def test_every_small_tree_agrees_with_the_reference(size: int) -> None:
    leaves = numbered(size)
    nodes = MemoryNodes(leaves)
    assert root(nodes, size) == mth(leaves)
    for index in range(size):
        made = inclusion_proof(nodes, index, size)
        assert made == path(index, leaves)
        assert verify_inclusion(leaf_hash(leaves[index]), index, size, made, mth(leaves))
    for first in range(1, size + 1):
        made = consistency_proof(nodes, first, size)
        assert made == proof(first, leaves)
        assert verify_consistency(first, size, mth(leaves[:first]), mth(leaves), made)


@given(st.integers(0, 400))
def test_a_frontier_grown_leaf_by_leaf_is_the_one_read_from_nodes(size: int) -> None:
    leaves = numbered(size)
    grown = Frontier()
    stored = [node for leaf in leaves for node in grown.append(leaf_hash(leaf))]
    read = frontier(MemoryNodes(leaves), size)
    assert (grown.size, grown.hashes) == (read.size, read.hashes)
    for node in stored:
        assert node.level % STRIDE == 0
        assert node.hash == MemoryNodes(leaves).node(node.level, node.number)
    assert len(stored) == sum(size >> level for level in range(STRIDE, 12, STRIDE))


@given(st.integers(1, 120), st.data())
def test_a_proof_that_was_touched_is_refused(size: int, data: st.DataObject) -> None:
    leaves = numbered(size)
    nodes, whole = MemoryNodes(leaves), mth(leaves)
    index = data.draw(st.integers(0, size - 1))
    leaf, made = leaf_hash(leaves[index]), inclusion_proof(nodes, index, size)
    other = data.draw(st.integers(0, size).filter(lambda i: i != index))
    assert not verify_inclusion(leaf, other, size, made, whole)
    assert not verify_inclusion(leaf_hash(b"another"), index, size, made, whole)
    assert not verify_inclusion(leaf, index, size, [*made, whole], whole)
    if made:
        at = data.draw(st.integers(0, len(made) - 1))
        bent = [*made[:at], bytes(32), *made[at + 1 :]]
        assert not verify_inclusion(leaf, index, size, bent, whole)
        assert not verify_inclusion(leaf, index, size, made[:-1], whole)


@given(st.integers(2, 120), st.data())
def test_a_consistency_proof_of_another_history_is_refused(size: int, data: st.DataObject) -> None:
    leaves = numbered(size)
    first = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, first - 1))
    rewritten = [b"rewritten" if i == changed else leaf for i, leaf in enumerate(leaves)]
    made = consistency_proof(MemoryNodes(rewritten), first, size)
    assert not verify_consistency(first, size, mth(leaves[:first]), mth(rewritten), made)
    assert not verify_consistency(first, size, mth(leaves[:first]), mth(leaves), [*made, bytes(32)])


def test_the_edges_of_consistency() -> None:
    assert verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert verify_consistency(0, 5, EMPTY_ROOT, mth(numbered(5)), [])
    assert not verify_consistency(0, 5, bytes(32), mth(numbered(5)), [])
    assert verify_consistency(5, 5, bytes(32), bytes(32), [])
    assert not verify_consistency(5, 5, bytes(32), EMPTY_ROOT, [])
    assert not verify_consistency(6, 5, bytes(32), bytes(32), [])
    assert not verify_consistency(3, 5, bytes(32), bytes(32), [])
    assert not verify_inclusion(bytes(32), 0, 0, [], EMPTY_ROOT)


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0)])
def test_a_proof_beyond_the_tree_is_an_error(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="index must be"):
        inclusion_proof(MemoryNodes(numbered(size)), index, size)
