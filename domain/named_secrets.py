"""Where a secret stands behind its name, or behind a word that announces one: ``password=…`` in a
query, a line of YAML, a tag of XML, a header, an option of a command line.

Each pattern holds one group ``secret``. All of them are linear: a name is looked for where a word
begins or, for those that mean nothing else, wherever it stands.
"""

import re

_KEY = r"(?:secret|private|api|access|signing)(?:[_-]?access)?[_-]?key"
_PASSWORD = r"(?:pass(?:w[a-z]{1,4}|phrase)|userpwd|loginpas)"
_LONG = rf"(?:{_PASSWORD}|secret|{_KEY})"
"""Names that mean a secret wherever they stand, as in ``userPassword`` or ``db-secret``."""
_SHORT = r"(?:(?:pg)?(?:pass|pwd|psw|pw))"
"""Names that may be part of another word: they must begin one."""
_NAME = rf"(?:{_LONG}|(?<![a-z0-9]){_SHORT})"
_OPEN = r"[bu]?(?=['\"])"
"""What Python writes before a quote."""
_QUOTED = r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\""
_VALUE, _END = r"(?!\\[\"'])[^&\s\"]*?", r"[:,;.)']{0,3}(?:[&\s\"]|\Z)"
_IN_QUERY = rf"(?:[\w-]{{0,30}}(?:{_LONG}|auth|authbasic|token|signature)|(?:ssl_)?{_SHORT})="


def _pattern(words: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    return re.compile(words, re.IGNORECASE | flags)


BEHIND_NAMES = (
    # ?user=admin&password=secret
    _pattern(rf"[?&/;#]{_IN_QUERY}(?P<secret>{_VALUE})(?={_END})"),
    # https://host/send?key=secret&sign=secret
    _pattern(rf"[?&](?:key|sign|sig|jwt)=(?P<secret>{_VALUE})(?={_END})"),
    # user=admin_password=secret_channel=1_stream=0.sdp, and CAMERA_PASSWORD=secret
    _pattern(
        rf"_(?:{_LONG}|{_SHORT}|auth|token)\s*=\s*"
        rf"(?P<secret>{_QUOTED}|{_VALUE}(?=_[a-z]+=|\?|{_END}))"
    ),
    # host=db password='secret word' user=patrol
    _pattern(
        rf"(?:(?<!_){_NAME}|(?<![a-z0-9_])token)\s*=\s*"
        rf"(?P<secret>{_QUOTED}|{_VALUE}(?={_END}))"
    ),
    # {"password": "secret"}
    _pattern(
        rf"(?P<quote>[\"'])(?:[\w-]{{0,40}}{_LONG}|(?:[\w-]{{0,40}}_)?(?:{_SHORT}|token))(?P=quote)"
        rf"\s*:\s*(?:{_OPEN})?(?P<secret>{_QUOTED}|[^,}}\s\"']+)"
    ),
    # a line of YAML
    _pattern(
        rf"(?:^|[\"'(\[{{])[ \t]*(?:-[ \t]+)?"
        rf"(?:[\w-]{{0,40}}{_LONG}|(?:\w{{0,40}}_)?(?:{_SHORT}|token))[ \t]*:[ \t]+"
        rf"(?P<secret>[|>][-+\d]{{0,2}}[ \t]*(?:\n[ \t]+\S.*)+|\S.*$)",
        re.MULTILINE,
    ),
    # {user: admin, password: secret}, and password:secret
    # but not "wrong password: rtsp://…", which names a camera
    _pattern(
        rf"(?:(?<=, )|(?<=,)|(?<=\{{)|(?<=^)|(?<=\s)){_NAME}\s?:\s?"
        rf"(?P<secret>(?!\w[\w+.-]{{0,30}}://)[^\s,}}]+)"
    ),
    # <password>secret</password>
    _pattern(rf"<(?:\w{{1,20}}:)?(?:{_LONG}|{_SHORT}|token)\b[^<>]{{0,200}}>(?P<secret>[^<]+)"),
    # ${CAMERA_PASSWORD:-secret}
    _pattern(rf"\$\{{(?:\w{{0,40}}{_LONG}|(?:\w{{0,40}}_)?{_SHORT}):?-(?P<secret>[^}}]+)\}}"),
    # --password secret
    _pattern(
        rf"(?:--(?:\w+-)*(?:{_LONG}|{_SHORT}|auth|token)|\b(?:requirepass|masterauth))"
        rf"(?:=|\s+)(?P<secret>\S+)"
    ),
    # curl -u admin:secret
    _pattern(r"(?:(?<=\s)-u|--user)[ =][^\s:]{1,80}:(?P<secret>\S+)"),
    # Authorization: Basic c2VjcmV0, as header, pair or mapping
    _pattern(
        r"authorization[\"']?\s*[:=,]\s*b?[\"']?(?:basic|bearer)\s+(?P<secret>[^\"'\r\n\s]\S*?)"
        r"(?=[\"'\s]|\Z)"
    ),
    _pattern(r"authorization[\"']?\s*[:=,]\s*b?[\"']?digest\s+(?P<secret>\S[^\r\n]*)"),
    _pattern(r"\b(?:basic|bearer)\s+(?P<secret>(?=\S{0,200}[\d=])[\w+/.~-]{8,}=*)"),
    # Cookie: name=secret
    _pattern(r"cookie[\"']?\s*[:,]\s*b?[\"']?[^\s=;\"']{1,80}=(?P<secret>[^\r\n\"']+)"),
    re.compile(r"(?:密码|口令)\s*(?:[:=]|为|是)\s*(?P<secret>\S+)"),
)
"""A secret behind its name, by the place where such names stand."""
