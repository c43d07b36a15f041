"""What apps ask of the weblog itself: whose it is, what it is called, what it can do."""

from feedserver import __version__
from feedserver.authoring.xmlrpc_apps.calls import AppCall
from feedserver.authoring.xmlrpc_apps.structs import BLOG_ID, MARKDOWN, USER_ID, Struct
from feedserver.authoring.xmlrpc_apps.values import Members, texts
from feedserver.xmlrpc import Value


def users_blogs(call: AppCall) -> Value:
    urls = call.weblog.urls
    blog: Struct = {
        "isAdmin": True,
        "url": urls.home(),
        "blogid": BLOG_ID,
        "blogName": call.weblog.settings.title,
        "xmlrpc": urls.xmlrpc(),
    }
    return [blog]


def user_info(call: AppCall) -> Value:
    return {
        "nickname": call.app.account,
        "userid": int(USER_ID),
        "url": call.weblog.urls.home(),
        "lastname": "",
        "firstname": "",
    }


def authors(call: AppCall) -> Value:
    return [{"user_id": USER_ID, "user_login": call.app.account, "display_name": call.app.account}]


def options(call: AppCall) -> Value:
    """`wp.getOptions`: all, or those of the names in the fourth parameter; none of them can be set."""
    known = _options(call)
    wanted = texts(call.param(3) or []) or known
    return {name: known[name] for name in wanted if name in known}


def _options(call: AppCall) -> dict[str, Struct]:
    urls, settings = call.weblog.urls, call.weblog.settings
    said = {
        "software_name": ("Software Name", "feedserver"),
        "software_version": ("Software Version", __version__),
        "blog_url": ("Site URL", urls.home()),
        "home_url": ("Home URL", urls.home()),
        "login_url": ("Login Address (URL)", urls.at("/desk/sign-in")),
        "admin_url": ("The URL to the admin area", urls.at("/desk")),
        "blog_title": ("Site Title", settings.title),
        "blog_tagline": ("Site Tagline", settings.description or ""),
        "blog_public": ("Privacy access", "1"),
        "time_zone": ("Time Zone", _hours_from_utc(call)),
        "date_format": ("Date Format", "Y-m-d"),
        "time_format": ("Time Format", "H:i"),
        "default_comment_status": ("Allow people to submit comments on new posts.", "open"),
        "default_ping_status": ("Allow link notifications from other blogs on new posts.", "open"),
    }
    return {name: {"desc": desc, "readonly": True, "value": value} for name, (desc, value) in said.items()}


def _hours_from_utc(call: AppCall) -> str:
    """The offset of the site's time zone now, as WordPress writes it: `2`, `5.5`, `-3`."""
    offset = call.now.astimezone(call.weblog.settings.zone).utcoffset()
    return f"{offset.total_seconds() / 3600:g}" if offset else "0"


def post_formats(call: AppCall) -> Value:
    """One there is. An app may ask which of all are supported."""
    named = {"standard": "Standard"}
    is_asked = "show-supported" in Members(call.param(3) if isinstance(call.param(3), dict) else None)
    return {"all": named, "supported": ["standard"]} if is_asked else named


def page_list(_: AppCall) -> Value:
    """The answer of `wp.getPageList`: apps cannot write pages, and would mix them with posts."""
    return []


def text_filters() -> Value:
    return [{"key": MARKDOWN, "label": "Markdown"}]
