"""How the first look is learned: a small network that tells where fire or smoke may be."""
