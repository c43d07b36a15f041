"""Pictures and files of the site: what they become, where they are stored, who shows them, how they are served."""
