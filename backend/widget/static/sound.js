/** A short soft tone, made here so that nothing is downloaded. */
export function beep() {
  try {
    const audio = new AudioContext();
    const tone = new OscillatorNode(audio, { frequency: 660 });
    const volume = new GainNode(audio, { gain: 0.06 });
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.12);
    tone.onended = () => audio.close();
  } catch {
    // No sound here: the badge tells.
  }
}
