"""Pure patrol logic: zones, schedules, tracks, rules, incidents, picture diagnosis.

Time comes in with each look; nothing here reads a clock, a file or a socket, or starts a thread.
"""
