"""Scenario files made by the program itself: drawn clips whose truth is known exactly."""
