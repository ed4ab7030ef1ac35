"""The rules, pure: facts, references and a time in; holds, draws and directives out. Standard library only."""
