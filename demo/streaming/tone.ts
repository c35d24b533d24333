const RATE = 8000;
const SECONDS_PER_NOTE = 0.4;
const C_MAJOR = [261.63, 293.66, 329.63, 349.23, 392, 440, 493.88, 523.25];
const HEADER = 44;
const BYTES_PER_SAMPLE = 2;

/** A scale as a WAV file: one channel, 16 bits, 8 kHz. */
export function makeWav(): Buffer {
  const samples = C_MAJOR.flatMap(note);
  const wav = Buffer.alloc(HEADER + samples.length * BYTES_PER_SAMPLE);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16); // the length of what follows, up to 'data'
  wav.writeUInt16LE(1, 20); // uncompressed
  wav.writeUInt16LE(1, 22); // channels
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(RATE * BYTES_PER_SAMPLE, 28);
  wav.writeUInt16LE(BYTES_PER_SAMPLE, 32);
  wav.writeUInt16LE(BYTES_PER_SAMPLE * 8, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(wav.length - HEADER, 40);
  samples.forEach((sample, index) => {
    wav.writeInt16LE(Math.round(sample * 0x3fff), HEADER + index * BYTES_PER_SAMPLE);
  });
  return wav;
}

/** Fades out, as a string does. */
function note(frequency: number): number[] {
  const length = RATE * SECONDS_PER_NOTE;
  return Array.from(
    { length },
    (_, index) => Math.sin((2 * Math.PI * frequency * index) / RATE) * (1 - index / length),
  );
}
