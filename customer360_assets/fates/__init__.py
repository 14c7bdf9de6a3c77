"""Where each row of a stage query goes: published, repeated, or into quarantine by its rule."""
