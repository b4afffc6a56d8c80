"""The grid loop: incidents become cases, cases go to their grid, and people move them on."""
