const CSS = `
:host { --wine: #7a1737; --on-wine: #fff; --paper: #fff; --ink: #1d1d1f; --soft: #f3f0f1; --dim: #5c5659; --line: #d9d2d5; --link: #7a1737; --bad: #a3122a;
  all: initial; color-scheme: light dark; font: 1rem/1.45 system-ui, "Segoe UI", Roboto, sans-serif; }
@media (prefers-color-scheme: dark) { :host { --wine: #8d2346; --paper: #1b181a; --ink: #f2eef0; --soft: #2a2528; --dim: #bdb3b8; --line: #4a4246; --link: #ff9dbb; --bad: #ff9c9c; } }
@media (prefers-contrast: more) { :host { --dim: var(--ink); --line: var(--ink); } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
button, textarea { font: inherit; color: inherit; }
button { cursor: pointer; }
button:disabled { cursor: default; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.header :focus-visible { outline-color: #fff; }
p, h2, h3 { margin: 0; }
svg { width: 1.5rem; height: 1.5rem; fill: currentColor; display: block; }
a { color: var(--link); overflow-wrap: anywhere; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.launcher { position: fixed; right: max(1rem, env(safe-area-inset-right)); bottom: max(1rem, env(safe-area-inset-bottom)); z-index: 2147483000; width: 3.75rem; height: 3.75rem; border-radius: 50%; border: 2px solid #fff; background: var(--wine); color: var(--on-wine); display: grid; place-items: center; box-shadow: 0 4px 14px #0005; }
.badge { position: absolute; top: -.3rem; right: -.3rem; min-width: 1.5rem; padding: 0 .3rem; border-radius: 1rem; background: #fff; color: #7a1737; border: 2px solid #7a1737; font-size: .8rem; font-weight: 700; }
.panel { display: flex; flex-direction: column; background: var(--paper); color: var(--ink); overflow: hidden; position: relative; }
.panel[data-mode=floating] { position: fixed; right: 1rem; bottom: 5.5rem; z-index: 2147483001; width: min(24rem, calc(100vw - 2rem)); height: min(40rem, calc(100dvh - 7rem)); border: 1px solid var(--line); border-radius: .9rem; box-shadow: 0 10px 40px #0005; }
.panel[data-mode=inline] { height: 100%; min-height: 26rem; border: 1px solid var(--line); }
:host([mode=inline]) { display: block; height: 36rem; }
.header { display: flex; align-items: center; gap: .15rem; padding: .7rem .6rem .7rem 1rem; background: var(--wine); color: var(--on-wine); }
.title { flex: 1; min-width: 0; } h2 { font-size: 1.1rem; } .title p { font-size: .8rem; }
.tool { background: none; border: 0; border-radius: .4rem; min-width: 2.5rem; height: 2.5rem; display: grid; place-items: center; color: inherit; }
.tool:hover { background: #fff3; }
.banner, .note, .state { padding: .5rem 1rem; font-size: .9rem; background: var(--soft); border-block: 1px solid var(--line); }
.banner { background: #fff1c9; color: #4d3a00; } .note { color: var(--bad); font-weight: 600; overflow-wrap: anywhere; }
.log { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: .8rem; outline-offset: -3px; }
.list { display: flex; flex-direction: column; gap: .6rem; }
.day { align-self: center; font-size: .8rem; color: var(--dim); } .day::first-letter { text-transform: uppercase; }
.message { max-width: 88%; align-self: flex-start; } .message.citizen { align-self: flex-end; }
.message.system { align-self: center; text-align: center; }
.bubble { padding: .5rem .8rem; border-radius: .9rem; border-bottom-left-radius: .2rem; background: var(--soft); border: 1px solid transparent; }
.citizen .bubble { background: var(--wine); color: var(--on-wine); border-radius: .9rem .9rem .2rem; } .citizen .bubble a { color: inherit; }
.agent .bubble { border-color: var(--link); } .system .bubble { background: none; border: 1px dashed var(--line); border-radius: .6rem; font-size: .92rem; }
.author { display: block; font-size: .8rem; font-weight: 700; } .citizen .author { display: none; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
.meta { font-size: .75rem; color: var(--dim); display: flex; gap: .5rem; margin-top: .15rem; } .citizen .meta { justify-content: flex-end; text-align: right; }
.problem, [data-state=failed] .mark { color: var(--bad); }
.small, .copy { margin-left: .35rem; padding: .1rem .5rem; min-height: 1.5rem; border: 1px solid currentColor; border-radius: .4rem; background: transparent; font-size: .8rem; }
.folio { display: inline-flex; align-items: center; flex-wrap: wrap; padding: .1rem .35rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--paper); color: var(--ink); }
.choices { display: flex; flex-wrap: wrap; gap: .45rem; margin: .5rem 0 .2rem; }
.choice { padding: .45rem .8rem; min-height: 2.6rem; border: 1.5px solid var(--link); border-radius: 1.3rem; background: var(--paper); color: var(--link); text-align: left; overflow-wrap: anywhere; }
.choice:hover:enabled { background: var(--soft); } .choice:disabled { border: 1px dashed var(--line); color: var(--dim); }
.number { font-size: .8rem; margin-right: .4rem; font-weight: 700; }
.welcome { display: grid; gap: .6rem; padding: .4rem; } .urgent { font-size: .9rem; font-weight: 600; }
.file { display: grid; gap: .2rem; max-width: 100%; margin-top: .3rem; padding: .4rem .6rem; border: 1px solid currentColor; border-radius: .5rem; background: transparent; text-align: left; overflow-wrap: anywhere; }
.file img { max-width: 100%; max-height: 14rem; border-radius: .3rem; }
.typing { display: flex; gap: .5rem; align-items: center; padding: .5rem .2rem; font-size: .85rem; color: var(--dim); }
.dots { display: flex; gap: .2rem; } .dots i { width: .45rem; height: .45rem; border-radius: 50%; background: currentColor; animation: blink 1.2s infinite; } .dots i:nth-child(2) { animation-delay: .2s } .dots i:nth-child(3) { animation-delay: .4s }
@keyframes blink { 50% { opacity: .25; } }
.composer { display: flex; flex-wrap: wrap; align-items: end; gap: .4rem; padding: .6rem .6rem max(.6rem, env(safe-area-inset-bottom)); border-top: 1px solid var(--line); }
textarea { flex: 1; min-width: 0; resize: none; padding: .5rem .7rem; line-height: 1.4; border: 1px solid var(--dim); border-radius: .7rem; background: var(--paper); color: var(--ink); }
textarea::placeholder { color: var(--dim); opacity: 1; }
.round { width: 2.75rem; height: 2.75rem; border: 0; border-radius: 50%; display: grid; place-items: center; background: transparent; color: var(--link); }
.send { background: var(--wine); color: var(--on-wine); } .send:disabled { background: var(--soft); color: var(--dim); }
.left { flex-basis: 100%; font-size: .8rem; color: var(--dim); text-align: right; } .left.over { color: var(--bad); font-weight: 700; }
.drop { display: none; } [data-dragging] .drop { position: absolute; inset: .5rem; display: grid; place-items: center; border: 3px dashed var(--link); border-radius: .8rem; background: var(--paper); font-weight: 700; pointer-events: none; }
@media (max-width: 480px), (max-height: 480px) { .panel[data-mode=floating] { inset: 0; width: 100%; height: var(--visible, 100dvh); border: 0; border-radius: 0; padding: env(safe-area-inset-top) env(safe-area-inset-right) 0 env(safe-area-inset-left); } }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; } }
@media (forced-colors: active) { .launcher, .choice, .bubble, .round, .panel, .header, .tool { border: 1px solid ButtonBorder; } .dots i { background: CanvasText; } }
`;

export const sheet = new CSSStyleSheet();
sheet.replaceSync(CSS);
