// The sound of the class that is heard, repeated until somebody mutes or acknowledges; and, when the page has lost the
// console, the sound of that, for then nobody else can say so. Browsers allow sound only after a first click or key on
// the page: until then a button says that the sound is off.
export default {
  props: { patterns: String, sound: String, volume: Number, words: String },
  data: () => ({ allowed: false }),
  computed: {
    parsed() {
      return JSON.parse(this.patterns);
    },
  },
  mounted() {
    this.events = ["pointerdown", "keydown"];
    this.events.forEach((name) => document.addEventListener(name, this.allow, true));
    this.allowed = Boolean(navigator.userActivation?.hasBeenActive);
    this.next();
  },
  unmounted() {
    this.events.forEach((name) => document.removeEventListener(name, this.allow, true));
    clearTimeout(this.timer);
    if (this.audio) this.audio.close();
  },
  methods: {
    allow() {
      setTimeout(() => {
        this.allowed = Boolean(navigator.userActivation?.hasBeenActive);
        if (this.allowed && this.context().state === "suspended") this.audio.resume();
      }, 0);
    },
    context() {
      this.audio ??= new AudioContext();
      return this.audio;
    },
    next() {
      clearTimeout(this.timer);
      const name = window.fengsuiAway ? "away" : this.sound;
      const pattern = this.parsed[name];
      if (pattern && this.allowed) this.play(pattern, window.fengsuiAway ? 40 : this.volume);
      this.timer = setTimeout(this.next, 1000 * (pattern ? pattern.period : 1));
    },
    attempt(name, volume) {
      if (this.allowed) this.play(this.parsed[name], volume);
    },
    play(pattern, volume) {
      const now = this.context().currentTime;
      pattern.tones.forEach(([pitch, begins, lasts]) => this.tone(pitch, now + begins, lasts, volume));
    },
    tone(pitch, at, lasts, volume) {
      const tone = new OscillatorNode(this.audio, { frequency: pitch, type: "triangle" });
      const loud = new GainNode(this.audio, { gain: 0 });
      const gain = (0.4 * volume) / 100;
      loud.gain.setValueAtTime(0, at);
      loud.gain.linearRampToValueAtTime(gain, at + 0.02);
      loud.gain.setValueAtTime(gain, at + lasts - 0.02);
      loud.gain.linearRampToValueAtTime(0, at + lasts);
      tone.connect(loud).connect(this.audio.destination);
      tone.start(at);
      tone.stop(at + lasts);
    },
  },
  watch: {
    sound() {
      this.next();
    },
  },
  render() {
    return Vue.h(
      "button",
      {
        type: "button",
        class: "sound-off",
        hidden: this.allowed,
        "data-part": "sound-off",
        "data-ringing": String(Boolean(this.sound)),
        "data-sound": this.sound,
      },
      this.words,
    );
  },
};
