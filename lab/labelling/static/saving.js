// Every change goes to the disk at once. One request a picture at a time; the newest state waits.
const AGAIN_MS = 2000;

export class Saving {
  constructor({ saved, refused, away }) {
    this.told = { saved, refused, away };
    this.waiting = new Map(); // stem → picture whose newest state is to be sent
    this.busy = new Set();
    addEventListener("beforeunload", (event) => {
      if (this.pending) event.preventDefault();
    });
  }

  get pending() { return this.waiting.size + this.busy.size; }

  keep(picture) {
    this.waiting.set(picture.stem, picture);
    if (!this.busy.has(picture.stem)) this.#send(picture);
  }

  async #send(picture) {
    this.waiting.delete(picture.stem);
    this.busy.add(picture.stem);
    const again = await this.#put(picture).catch(() => true);
    this.busy.delete(picture.stem);
    if (again) this.waiting.set(picture.stem, picture);
    if (again) setTimeout(() => this.#resend(picture), AGAIN_MS);
    else this.#resend(picture);
  }

  #resend(picture) {
    if (this.waiting.has(picture.stem) && !this.busy.has(picture.stem)) this.#send(picture);
  }

  // True if it has to be tried again.
  async #put(picture) {
    const { status, boxes } = picture.now;
    const body = JSON.stringify({ status, boxes, revision: picture.revision });
    const headers = { "Content-Type": "application/json" };
    let answer;
    try {
      answer = await fetch(`/marks/${encodeURIComponent(picture.stem)}`, { method: "PUT", headers, body });
    } catch {
      this.told.away();
      return true;
    }
    const told = await answer.json();
    if (answer.ok) {
      picture.revision = told.mark.revision;
      this.told.saved(told);
    } else {
      this.told.refused(`${told.detail_zh} ${told.detail_en}`, answer.status);
    }
    return false;
  }
}
