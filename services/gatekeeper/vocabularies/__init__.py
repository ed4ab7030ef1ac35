"""Names, English and Chinese, of the codes that Holdgate reads and writes: data and look-ups, nothing decided here."""
