"""Why a verdict was given: evidence maps and their pictures."""
