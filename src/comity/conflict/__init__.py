"""What comes too close to what: pure functions over arrays and numbers, compiled, callable with nothing
running.

``pairs.find_pairs`` searches all pairs of many aircraft; ``cylinder``, ``well_clear`` and ``alerting`` judge
one pair or arrays of relative states; ``reference`` says all of it again slowly. ``warm.warm`` compiles what
would else be compiled by the first call.
"""
