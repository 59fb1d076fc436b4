"""Taking over from the first system: nobody loses what policy gives, nobody keeps what it does not."""
