"""Sessions: an opened graph, by whichever library runs it. Nobody else imports one."""
