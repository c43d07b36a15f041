"""IndieAuth (living standard of 2024-07): apps get tokens for Micropub from the author, without seeing a password."""
