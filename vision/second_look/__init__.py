"""The second look 细看: some seconds of small pictures around a box, judged."""
