"""The town's 15 duty classes (职责类别), as named in its report of 2022-09-01."""

from enum import StrEnum

from domain.base import Text


class DutyClass(StrEnum):
    PUBLIC_ORDER = "public_order"
    CITY_MANAGEMENT = "city_management"
    TRAFFIC = "traffic"
    MARKET_SUPERVISION = "market_supervision"
    PLANNING_AND_CONSTRUCTION = "planning_and_construction"
    RESIDENTIAL_COMMUNITY = "residential_community"
    FIRE_SAFETY = "fire_safety"
    ENVIRONMENT = "environment"
    WATER = "water"
    LABOUR = "labour"
    CULTURE_AND_PUBLISHING = "culture_and_publishing"
    EDUCATION = "education"
    WORK_SAFETY = "work_safety"
    ORGANISATIONS_AND_VENUES = "organisations_and_venues"
    DISPUTES = "disputes"

    @property
    def words(self) -> Text:
        return _TITLES[self]


_TITLES = {
    DutyClass.PUBLIC_ORDER: Text.of("社会治安", "Public order"),
    DutyClass.CITY_MANAGEMENT: Text.of("城市管理", "City management"),
    DutyClass.TRAFFIC: Text.of("交通管理", "Traffic"),
    DutyClass.MARKET_SUPERVISION: Text.of("市场监管", "Market supervision"),
    DutyClass.PLANNING_AND_CONSTRUCTION: Text.of("规划建设", "Planning and construction"),
    DutyClass.RESIDENTIAL_COMMUNITY: Text.of("小区管理", "Residential communities"),
    DutyClass.FIRE_SAFETY: Text.of("消防安全", "Fire safety"),
    DutyClass.ENVIRONMENT: Text.of("环境保护", "Environment"),
    DutyClass.WATER: Text.of("水务管理", "Water"),
    DutyClass.LABOUR: Text.of("劳动保障", "Labour"),
    DutyClass.CULTURE_AND_PUBLISHING: Text.of("文化出版", "Culture and publishing"),
    DutyClass.EDUCATION: Text.of("教育监管", "Education"),
    DutyClass.WORK_SAFETY: Text.of("安全生产", "Work safety"),
    DutyClass.ORGANISATIONS_AND_VENUES: Text.of("组织场所", "Organisations and venues"),
    DutyClass.DISPUTES: Text.of("矛盾纠纷", "Disputes"),
}
