"""Stand-ins for programs of Ascend's toolkit.

They check their arguments as those do, note them, and write files of the documented names.

STANDIN_NOTES: a file to which each adds its arguments, a JSON list a line.
STANDIN_FAULT: what goes wrong, by the names in each program.
"""
