// The sound of an unacknowledged alarm: two tones every two seconds until muted or acknowledged.
// Browsers allow sound only after the first click or key on the page; the operator's first click is that.
export default {
  props: { ringing: Boolean },
  mounted() {
    this.timer = setInterval(this.sound, 2000);
  },
  unmounted() {
    clearInterval(this.timer);
    if (this.audio) this.audio.close();
  },
  methods: {
    sound() {
      if (!this.ringing || !navigator.userActivation?.hasBeenActive) return;
      this.audio ??= new AudioContext();
      [880, 660].forEach((pitch, nth) => this.tone(pitch, this.audio.currentTime + nth * 0.25));
    },
    tone(pitch, at) {
      const tone = new OscillatorNode(this.audio, { frequency: pitch });
      const volume = new GainNode(this.audio, { gain: 0.15 });
      tone.connect(volume).connect(this.audio.destination);
      tone.start(at);
      tone.stop(at + 0.22);
    },
  },
  render() {
    return Vue.h("span", { hidden: true, "data-ringing": String(this.ringing) });
  },
};
