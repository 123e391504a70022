"""How fast `badhop diagnose` is, against tcptrace and tshark, on captures made by code."""
