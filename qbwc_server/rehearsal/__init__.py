"""The rehearsal: a simulated Web Connector and a simulated QuickBooks, sharing no code with the server they try."""
