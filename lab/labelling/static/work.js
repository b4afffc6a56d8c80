// The pictures, what is said of each, and the way back: every change can be undone and redone.
const MERGE_MS = 900; // moves by the same key in a row are one change
const OPEN = "open";

const copyOf = (state) => ({ status: state.status, boxes: state.boxes.map((box) => ({ ...box, xyxy: [...box.xyxy] })) });

export class Work {
  constructor(data, changed) {
    this.names = data.names;
    this.pictures = data.pictures;
    this.changed = changed;
    this.chosen = -1; // a box, or none
    this.className = this.names[0].name;
    for (const picture of this.pictures) {
      picture.past = [];
      picture.future = [];
      picture.revision = picture.mark?.revision ?? 0;
      const checked = picture.mark?.checked;
      picture.now = copyOf(checked ? picture.mark : { status: OPEN, boxes: picture.mark?.boxes ?? picture.starts });
    }
    this.at = Math.max(this.nextOpen(-1), 0);
  }

  get picture() { return this.pictures[this.at]; }
  get boxes() { return this.picture.now.boxes; }
  get box() { return this.boxes[this.chosen]; }

  isOpen(picture) { return picture.now.status === OPEN || picture.now.status === "draft"; }

  // The next picture that nobody has finished, after `from` and round; -1 if there is none.
  nextOpen(from) {
    const count = this.pictures.length;
    for (let step = 1; step <= count; step += 1) {
      const index = (from + step + count) % count;
      if (this.isOpen(this.pictures[index])) return index;
    }
    return -1;
  }

  go(index) {
    this.at = Math.min(Math.max(index, 0), this.pictures.length - 1);
    this.chosen = -1;
  }

  // Change the picture's boxes; `kind` names what is done again and again, such as moving by keys.
  edit(change, kind = "") {
    const next = copyOf(this.picture.now);
    change(next.boxes);
    next.status = next.status === "done" && next.boxes.length ? "done" : "draft";
    this.#set(next, kind);
  }

  settle(status, boxes = this.boxes) {
    this.#set(copyOf({ status, boxes }), "");
  }

  #set(next, kind) {
    const picture = this.picture;
    const now = performance.now();
    const same = kind && kind === picture.lastKind && now - picture.lastAt < MERGE_MS;
    if (!same) picture.past.push(picture.now);
    picture.future = [];
    picture.now = next;
    picture.lastKind = kind;
    picture.lastAt = now;
    this.changed(picture);
  }

  undo() { return this.#step("past", "future"); }
  redo() { return this.#step("future", "past"); }

  #step(from, to) {
    const picture = this.picture;
    if (!picture[from].length) return false;
    picture[to].push(picture.now);
    picture.now = picture[from].pop();
    if (picture.now.status === OPEN) picture.now.status = "draft"; // it is saved as it was
    picture.lastKind = "";
    this.chosen = Math.min(this.chosen, this.boxes.length - 1);
    this.changed(picture);
    return true;
  }
}
