"""A QuickBooks Web Connector server: customers and items from QuickBooks Desktop to a website."""

__version__ = "0.1.0"
