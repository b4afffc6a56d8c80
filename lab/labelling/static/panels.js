// What stands beside the picture: the case, the classes, the boxes, how far one has come.
export const byId = (id) => document.getElementById(id);

export function tag(name, cls, ...inside) {
  const made = document.createElement(name);
  if (cls) made.className = cls;
  made.append(...inside);
  return made;
}

// New children in the place of the old ones; whoever had the keyboard's focus keeps it.
function refill(id, children) {
  const parent = byId(id);
  const buttons = () => [...parent.querySelectorAll("button")];
  const place = buttons().indexOf(document.activeElement);
  parent.replaceChildren(...children);
  buttons()[place]?.focus({ preventScroll: true });
}

const both = ({ zh, en }) => (zh === en ? [zh] : [`${zh} `, tag("small", "", en)]);
const STATUS = {
  open: { zh: "未标", en: "open" }, draft: { zh: "草稿", en: "draft" }, done: { zh: "有框", en: "boxes" },
  nothing: { zh: "什么也没有", en: "nothing" }, skipped: { zh: "跳过", en: "skipped" },
};
const TONES = { open: "grey", draft: "amber", done: "green", nothing: "green", skipped: "grey" };
const TIME = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/;

export function showFacts(work) {
  const { picture, at, pictures } = work;
  const status = picture.now.status;
  const start = picture.shown ? ["属实, 先看检测框", "start: the detector's boxes"] : ["误报, 先当负样本", "start: a negative"];
  const lines = [
    tag("p", "", tag("b", "", `${at + 1} / ${pictures.length}`), " ", tag("span", `chip tone-${TONES[status]}`, ...both(STATUS[status]))),
    tag("p", "", `${picture.case_no} · ${picture.camera}`),
    tag("p", "", picture.at.replace(TIME, "$1-$2-$3 $4:$5:$6")),
    tag("p", "", ...both(picture.kind), " · ", picture.rule),
    tag("p", "", ...both(picture.verdict), ...(picture.reason ? [" · ", ...both(picture.reason)] : [])),
    tag("p", "muted", `${start[0]} `, tag("small", "", start[1])),
    tag("p", "muted", ...both(picture.why)),
  ];
  if (picture.shown && picture.seen === null) {
    lines.push(tag("p", "notice", "这张图片没有留下检测框, 请自己画 No detector's boxes were kept of this picture: draw them"));
  }
  byId("facts").replaceChildren(...lines);
}

export function showClasses(work, choose) {
  const current = work.box ? work.box.label : work.className;
  refill("classes", work.names.map(({ name, words }, index) => {
    const button = tag("button", `class hue-${index % 8}`, ...(index < 9 ? [tag("kbd", "", String(index + 1))] : []), ...both(words));
    button.type = "button";
    button.dataset.class = name;
    button.setAttribute("aria-pressed", name === current);
    button.addEventListener("click", () => choose(name));
    return button;
  }));
}

export function showBoxes(work, choose) {
  refill("boxes", work.boxes.map((box, index) => {
    const place = work.names.findIndex(({ name }) => name === box.label);
    const words = place < 0 ? { zh: "类别?", en: "which class?" } : work.names[place].words;
    const button = tag("button", `hue-${place < 0 ? "none" : place % 8}`, `${index + 1} `, ...both(words));
    button.type = "button";
    button.setAttribute("aria-pressed", index === work.chosen);
    button.addEventListener("click", () => choose(index));
    return tag("li", "", button);
  }));
}

export function showCounts(work) {
  const counts = { open: 0, draft: 0, done: 0, nothing: 0, skipped: 0 };
  for (const picture of work.pictures) counts[picture.now.status] += 1;
  byId("counts").replaceChildren(...Object.entries(counts).map(([status, count]) =>
    tag("span", `count tone-${TONES[status]}`, ...both(STATUS[status]), " ", tag("b", "", String(count)))));
  byId("progress").max = work.pictures.length;
  byId("progress").value = work.pictures.length - counts.open - counts.draft;
}

export function showSaved(tone, words) {
  byId("saved").className = `saved tone-${tone}`;
  byId("saved").textContent = words;
}

export function showBanner(words) {
  byId("banner").hidden = !words;
  byId("banner").textContent = words;
}
