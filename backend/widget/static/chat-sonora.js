/* Chat Sonora: <script src="https://…/widget/chat-sonora.js" async></script> is all a site needs. */
(() => {
  const script = document.currentScript;
  const source = script ? script.src : new URL("/widget/chat-sonora.js", location.href).href;
  import(new URL("element.js", source).href)
    .then(({ register }) => register(new URL("..", source).href))
    .catch((error) => console.error("Chat Sonora no pudo cargarse.", error));
})();
