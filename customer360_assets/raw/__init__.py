"""Raw: deliveries archived as they came, and typed into tables record by record."""
