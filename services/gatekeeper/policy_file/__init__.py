"""The policy file: one versioned, validated YAML file (domain.md §9), read into a Policy and written from one."""
