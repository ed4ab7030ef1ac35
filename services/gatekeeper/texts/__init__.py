"""What holds tell people, in English and in Chinese: phrases marked in code, worded in gettext catalogues."""
