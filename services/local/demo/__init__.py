"""A simulated trading day on real parts: what `holdgate demo` shows, and how it checks its own outcome."""
