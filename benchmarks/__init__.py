"""What the platform costs: its build against a floor and two peers, over the same deliveries."""
