"""The worker's end of the road: commands of the center are taken, done and answered beside the
looks, never before them."""
