// What an agent sent and the server has not stored yet, kept in this tab: no other conversation, reload or session that
// ended loses it. A file lasts as long as the page, since no storage takes one.

export class Unsent {
  constructor(agent) {
    this.storageKey = `consola-por-enviar-${agent}`;
    const kept = JSON.parse(sessionStorage.getItem(this.storageKey) ?? "[]");
    this.messages = new Map(kept.map((message) => [message.key, { ...message, problem: "No se envió." }]));
  }

  /** Those of a conversation, the oldest first. */
  of(conversation) {
    return [...this.messages.values()].filter((message) => message.conversation === conversation);
  }

  add(message) {
    this.messages.set(message.key, message);
    this.keep();
  }

  forget(key) {
    if (this.messages.delete(key)) this.keep();
  }

  keep() {
    const kept = [...this.messages.values()].map(({ key, text, fileName, isNote, conversation }) => ({ key, text, fileName, isNote, conversation }));
    sessionStorage.setItem(this.storageKey, JSON.stringify(kept));
  }
}
