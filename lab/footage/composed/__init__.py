"""Composed pictures: flames, smoke and what is mistaken for them, put into pictures of streets."""
