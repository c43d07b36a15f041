"""The words and dates of public pages in `site.language`.

Words are gettext's: templates and `Message` have them in English, `catalogues/` in other languages. Dates, numbers and
lists are those of the CLDR, by Babel. For English nothing of that is loaded.
"""
