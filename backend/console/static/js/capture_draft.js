// What is being typed, kept in this browser until it is filed: one draft a user, for a week.

const PREFIX = "captura:";
const LIFE = 7 * 24 * 3600 * 1000;
//: Never kept: they are the page's own.
const OURS = new Set(["csrf_token"]);

/** Forgets drafts that are too old, whoever's they are. */
function sweep() {
  for (const name of Object.keys(localStorage)) {
    if (!name.startsWith(PREFIX)) continue;
    let savedAt = 0;
    try {
      savedAt = JSON.parse(localStorage.getItem(name)).savedAt;
    } catch {
      savedAt = 0;
    }
    if (!(Date.now() - savedAt < LIFE)) localStorage.removeItem(name);
  }
}

/** The draft of `user`: `save`, `load` and `forget`. A browser without storage keeps nothing, and says nothing. */
export function draftOf(user) {
  const name = PREFIX + user;
  const quietly = (work) => {
    try {
      return work();
    } catch {
      return null; // storage is full or forbidden: the form itself still holds everything
    }
  };
  quietly(sweep);
  return {
    save(form, documents) {
      const fields = Object.fromEntries([...new FormData(form)].filter(([key, value]) => typeof value === "string" && !OURS.has(key)));
      quietly(() => localStorage.setItem(name, JSON.stringify({ savedAt: Date.now(), fields, documents })));
    },
    load: () => quietly(() => JSON.parse(localStorage.getItem(name))),
    forget: () => quietly(() => localStorage.removeItem(name)),
  };
}
