"""A QuickBooks Web Connector server: customers and items from QuickBooks Desktop to a website."""
