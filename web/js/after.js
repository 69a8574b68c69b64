// Hooks that leave what was there in place and never take a node with them when they fail.

// Let `also` run after what an object does already.
export function after(owner, method, also) {
  const before = owner[method];
  owner[method] = function (...given) {
    const result = before?.apply(this, given);
    softly(() => also(...given));
    return result;
  };
}

export function softly(work) {
  try {
    work();
  } catch (error) {
    console.warn("Talking Avatar: a preview does not work on this page:", error);
  }
}
