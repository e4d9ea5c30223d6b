"""The flags of each job, a module a job: all that `--help` and shell completion need, and nothing heavy."""
