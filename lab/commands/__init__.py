"""The commands of the laboratory, a noun a file; `patrol.laboratory` knows them by name."""
