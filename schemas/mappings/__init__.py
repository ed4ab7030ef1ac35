"""What the codes of public standards mean here: milestones on the way in, holds and releases on the way out."""
