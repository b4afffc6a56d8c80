"""What this machine can run models on, in words."""

from models.sessions.runtime import abilities
from patrol.commands.output import console


def say_abilities() -> None:
    """One line for each provider, with what would help where it cannot be used."""
    console.print("本机可用 this machine runs models on:", markup=False)
    for ability in abilities():
        mark = "+" if ability.can else "-"
        detail = f": {ability.detail}" if ability.detail else ""
        console.print(f"  {mark} {ability.provider}{detail}", markup=False, soft_wrap=True)
