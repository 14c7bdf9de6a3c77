"""What is deleted or ended because nothing needs it any more."""
