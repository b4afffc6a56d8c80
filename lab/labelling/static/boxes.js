// Boxes in frame units, [left, top, right, bottom]: always within the frame, never turned inside out.
export const MOVES = { nw: [-1, -1], n: [0, -1], ne: [1, -1], e: [1, 0], se: [1, 1], s: [0, 1], sw: [-1, 1], w: [-1, 0] };

const within = (value) => Math.min(Math.max(value, 0), 1);

// The part in the frame of a box drawn from one corner to another, whichever way.
export function clipped([x1, y1, x2, y2]) {
  return [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)].map(within);
}

export function moved([x1, y1, x2, y2], dx, dy) {
  const right = Math.min(Math.max(dx, -x1), 1 - x2);
  const down = Math.min(Math.max(dy, -y1), 1 - y2);
  return [x1 + right, y1 + down, x2 + right, y2 + down].map(within);
}

// One side or corner pulled; pulled past its opposite, the box is that of both.
export function resized([x1, y1, x2, y2], [x, y], dx, dy) {
  return clipped([x < 0 ? x1 + dx : x1, y < 0 ? y1 + dy : y1, x > 0 ? x2 + dx : x2, y > 0 ? y2 + dy : y2]);
}

export const largeEnough = ([x1, y1, x2, y2], least) => x2 - x1 >= least && y2 - y1 >= least;
