"""The command ``lapwing``.

Owns what a person types and reads at the terminal.
Must not hold anything that a program would want: that stands in the rooms below.
Test: run the command as a process, or its functions with click's runner.
"""
