"""Comity, an airspace coordination exchange.

Several organisations that do not fully trust each other tell one exchange what they are willing to
tell, see what was released to them and nothing more, and leave a record that nobody can change
unseen. The architecture is on one page in ``docs/architecture.md``.
"""

__version__ = "0.1.0"
