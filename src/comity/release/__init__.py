"""The one door out: who may have what of whom, in which form.

``policy`` decides levels, ``coarsen`` makes level 0, ``forms`` builds what a recipient gets, ``view`` keeps
each recipient's own copy and its own feed of changes. Nothing in here sends anything anywhere.
"""
