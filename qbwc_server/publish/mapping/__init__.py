"""The owner's mapping: which field of QuickBooks goes to which column of which table of the website."""
