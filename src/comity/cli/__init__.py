"""The command line. Thin: it reads words, calls the client or the runtime, and prints what comes back.

Exit codes: 0 done; 1 refused, unreachable or found wrong; 2 the call itself was wrong. One line on
standard error says what, and which field it is about. ``--json`` wherever a program may read the answer.
"""
