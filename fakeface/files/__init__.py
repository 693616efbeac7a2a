"""Which files a scan judges: folders, lists, patterns and object stores."""
