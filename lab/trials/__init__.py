"""Trials 试验: the pipeline, judged by clips whose truth is known and by hours without incident."""
