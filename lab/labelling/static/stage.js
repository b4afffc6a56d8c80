// The picture with its boxes, and what mouse, pen and finger do to them.
import { MOVES, clipped, moved, resized } from "./boxes.js";

const SVG = "http://www.w3.org/2000/svg";
const DRAWN_PX = 5; // less is a slip of the finger
const DOT_PX = 5;
const ROOM_PX = { fine: 11, coarse: 22 };
const LABEL_PX = 14;

function element(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent?.append(made);
  return made;
}

export class Stage {
  constructor(svg, work, tell) {
    this.svg = svg;
    this.work = work;
    this.tell = tell; // {choose(index), add(xyxy), change(index, xyxy)}
    this.size = [1, 1];
    this.drag = null;
    svg.addEventListener("pointerdown", (event) => this.#down(event));
    svg.addEventListener("pointermove", (event) => this.#move(event));
    svg.addEventListener("pointerup", (event) => this.#up(event));
    svg.addEventListener("pointercancel", () => this.stop());
    new ResizeObserver(() => this.draw()).observe(svg);
  }

  // Load the picture on show; its own shape decides.
  show(picture, failed) {
    const image = new Image();
    this.stem = picture.stem;
    this.image = null;
    image.addEventListener("load", () => {
      if (this.stem !== picture.stem) return;
      this.size = [image.naturalWidth, image.naturalHeight];
      this.image = image.src;
      this.draw();
    });
    image.addEventListener("error", () => this.stem === picture.stem && failed());
    image.src = `/pictures/${encodeURIComponent(picture.stem)}`;
    this.draw();
  }

  // Pixels of the picture in one pixel of the screen.
  get scale() {
    const { width, height } = this.svg.getBoundingClientRect();
    return Math.max(this.size[0] / (width || 1), this.size[1] / (height || 1));
  }

  draw() {
    const [width, height] = this.size;
    const focused = this.svg.contains(document.activeElement);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.replaceChildren();
    if (!this.image) return;
    element("image", { href: this.image, width, height }, this.svg);
    for (const seen of this.work.picture.seen ?? []) this.#rect("seen", seen.xyxy, this.svg);
    const boxes = this.work.boxes.map((box, index) => ({ box, index, xyxy: this.#shown(box, index) }));
    const area = ({ xyxy }) => (xyxy[2] - xyxy[0]) * (xyxy[3] - xyxy[1]);
    boxes.sort((a, b) => area(b) - area(a)); // a small one lies on a large one, in reach
    for (const each of boxes) this.#drawBox(each);
    const chosen = boxes.find(({ index }) => index === this.work.chosen);
    if (chosen) this.#drawHandles(chosen);
    if (this.drag?.kind === "new" && this.drag.xyxy) this.#rect("box-line", this.drag.xyxy, element("g", { class: "box hue-none" }, this.svg));
    if (focused) this.svg.querySelector(".chosen")?.focus({ preventScroll: true });
  }

  // Give up what is being dragged.
  stop() {
    const was = this.drag;
    this.drag = null;
    if (was) this.draw();
    return Boolean(was);
  }

  #shown(box, index) { return this.drag?.index === index ? this.drag.xyxy : box.xyxy; }

  #rect(cls, [x1, y1, x2, y2], parent) {
    const [width, height] = this.size;
    return element("rect", { class: cls, x: x1 * width, y: y1 * height, width: (x2 - x1) * width, height: (y2 - y1) * height }, parent);
  }

  #drawBox({ box, index, xyxy }) {
    const place = this.work.names.findIndex(({ name }) => name === box.label);
    const words = place < 0 ? "?" : this.work.names[place].words.zh;
    const chosen = index === this.work.chosen;
    const group = element("g", {
      class: `box hue-${place < 0 ? "none" : place % 8}${chosen ? " chosen" : ""}`,
      tabindex: 0, role: "button", "aria-pressed": chosen, "aria-label": `框 box ${index + 1}: ${words}`, "data-box": index,
    }, this.svg);
    group.addEventListener("focus", () => this.work.chosen !== index && this.tell.choose(index));
    this.#rect("box-under", xyxy, group);
    this.#rect("box-line", xyxy, group);
    const size = LABEL_PX * this.scale;
    const y = xyxy[1] * this.size[1] - size * 0.4;
    const label = element("text", { x: xyxy[0] * this.size[0], y: y < size ? xyxy[1] * this.size[1] + size * 1.2 : y, "font-size": size }, group);
    label.textContent = `${index + 1} ${words}`;
  }

  #drawHandles({ xyxy }) {
    const [width, height] = this.size;
    const room = matchMedia("(pointer: coarse)").matches ? ROOM_PX.coarse : ROOM_PX.fine;
    for (const [name, [x, y]] of Object.entries(MOVES)) {
      const cx = (xyxy[0] + (xyxy[2] - xyxy[0]) * (x + 1) / 2) * width;
      const cy = (xyxy[1] + (xyxy[3] - xyxy[1]) * (y + 1) / 2) * height;
      element("circle", { class: "handle-dot", cx, cy, r: DOT_PX * this.scale }, this.svg);
      const grip = element("circle", { class: "handle-room", cx, cy, r: room * this.scale, "data-handle": name }, this.svg);
      grip.style.cursor = `${name}-resize`;
    }
  }

  // Where a pointer is, in frame units.
  #place(event) {
    const matrix = this.svg.getScreenCTM();
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    return [point.x / this.size[0], point.y / this.size[1]];
  }

  #down(event) {
    if (this.drag || event.button !== 0 || !this.image) return;
    event.preventDefault(); // no selecting of text, no dragging of the picture
    const handle = event.target.dataset?.handle;
    const group = event.target.closest?.("[data-box]");
    const from = this.#place(event);
    if (handle) this.drag = { kind: handle, index: this.work.chosen };
    else if (group) this.drag = { kind: "move", index: Number(group.dataset.box) };
    else this.drag = { kind: "new", index: -1 };
    const start = this.work.boxes[this.drag.index]?.xyxy;
    Object.assign(this.drag, { from, start, xyxy: start, id: event.pointerId, began: [event.clientX, event.clientY] });
    this.svg.setPointerCapture(event.pointerId);
    this.tell.choose(this.drag.index);
    if (group) this.svg.querySelector(".chosen")?.focus({ preventScroll: true });
  }

  #move(event) {
    if (this.drag?.id !== event.pointerId) return;
    const [x, y] = this.#place(event);
    const { kind, from, start } = this.drag;
    if (kind === "new") this.drag.xyxy = clipped([from[0], from[1], x, y]);
    else if (kind === "move") this.drag.xyxy = moved(start, x - from[0], y - from[1]);
    else this.drag.xyxy = resized(start, MOVES[kind], x - from[0], y - from[1]);
    this.draw();
  }

  #up(event) {
    if (this.drag?.id !== event.pointerId) return;
    this.#move(event);
    const { kind, index, xyxy, began } = this.drag;
    const far = Math.hypot(event.clientX - began[0], event.clientY - began[1]) >= DRAWN_PX;
    this.drag = null;
    if (far && kind === "new") this.tell.add(xyxy);
    else if (far) this.tell.change(index, xyxy);
    else this.draw();
  }
}
