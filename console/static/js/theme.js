// Dark for the control room, light for office and phone; remembered for a year.
import { byId } from "./page.js";

const YEAR_S = 31536000;

export function startTheme() {
  byId("theme").addEventListener("click", () => {
    const theme = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    document.documentElement.dataset.bsTheme = theme;
    document.cookie = `theme=${theme}; path=/; max-age=${YEAR_S}; samesite=lax`;
    const symbol = byId("theme").querySelector("use");
    const file = symbol.getAttribute("href").split("#")[0];
    symbol.setAttribute("href", `${file}#${theme === "dark" ? "sun" : "moon"}`);
  });
}
