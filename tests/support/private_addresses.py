"""Spellings of the addresses that open something by themselves; `SECRET` may be in no log line."""

SECRET = "SecretToken_0-9"
SPELLINGS = (
    f"/receipts/{SECRET}",
    f"/receipts/{SECRET}.json",
    f"/moderation/{SECRET}.atom?x=1",
    f"/below/moderation/{SECRET}.atom",
    f"/%72eceipts/{SECRET}",
    f"/receipts%2F{SECRET}",
    f"/receipts%2f{SECRET}",
    f"/receipts%252F{SECRET}",
    f"/%2572eceipts/{SECRET}",
    f"/receipts%5C{SECRET}",
    f"//receipts//{SECRET}",
    f"/receipts/./{SECRET}",
    f"/receipts/x/../{SECRET}",
    f"/receipts/%2e%2e/receipts/{SECRET}",
    f"/receipts/a.json/{SECRET}",
    f"/Receipts/{SECRET}",
    f"/MODERATION/{SECRET}.atom",
    f"/receipts;x/{SECRET}",
    f"/receipts/%20{SECRET}",
    f"/receipts/%3F{SECRET}",
    f"/?next=/receipts/{SECRET}",
    f"/?next=http%3A%2F%2Fblog.example%2Freceipts%2F{SECRET}",
    f"/?next=%2F%72eceipts%2F{SECRET}",
    f"/?next=%252Freceipts%252F{SECRET}",
)
