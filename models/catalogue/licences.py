"""What the licence of a model means to those who run it, in plain words. Not legal advice."""

from domain.base import Text

MEANINGS = {
    "AGPL-3.0": Text(
        zh="本镇内部使用免费;修改后提供给他人,或让他人通过网络使用,就须公开完整源代码"
        "(本产品自身即如此),否则须向权利人购买商业许可",
        en="free to run; whoever passes it on, or lets others use it over a network, must offer "
        "them the whole source (as this product does with its own), or buy a commercial licence "
        "from its makers",
    ),
    "Apache-2.0": Text(
        zh="可免费使用、修改、转交,包括商业用途;须保留许可与版权声明",
        en="free to run, change and pass on, also in closed products; keep its licence and notices",
    ),
    "MIT": Text(
        zh="可免费使用、修改、转交,包括商业用途;须保留许可声明",
        en="free to run, change and pass on, also in closed products; keep its licence text",
    ),
}
UNKNOWN = Text(
    zh="许可不明:使用前请向来源方询问",
    en="its terms are not known here: ask where it comes from before you use it",
)


def meaning(licence: str) -> Text:
    """The plain words for a licence's short name, as SPDX writes it."""
    return MEANINGS.get(licence.removesuffix("-only").removesuffix("-or-later"), UNKNOWN)
