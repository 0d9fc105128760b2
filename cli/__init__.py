"""The command `fengsui`: reads files, wires processes, talks to people at terminals.

Input: arguments, a site folder, the environment.
Output: running processes, tables, JSON, exit codes that mean something.
"""
