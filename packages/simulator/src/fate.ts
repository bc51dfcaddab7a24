/**
 * A source of random numbers. Each number is a function of the stream's name and an index, instead of the next number
 * of a sequence. An additional fault or operation therefore does not change the random numbers of others.
 */
export type Stream = number

/** Returns the stream of a name: the mixed FNV-1a hash of the seed and the name. */
export function streamOf(seed: number, name: string): Stream {
  let h = mix(seed ^ 0x811c9dc5)
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193)
  return mix(h)
}

/** Derives a separate stream of random numbers for one question, such as whether a message is lost. */
export const substream = (stream: Stream, question: number): Stream => mix(stream + Math.imul(question + 1, 0x632be5ab))

/** Returns the n-th number of a stream: 32 bits. */
export const fateBits = (stream: Stream, n: number): number => mix(stream ^ mix(Math.imul(n + 1, 0x9e3779b1)))

/** Returns the n-th number of a stream, uniform in [0, 1). */
export const fate = (stream: Stream, n: number): number => (fateBits(stream, n) >>> 0) / 4294967296

/** The finalizer of MurmurHash3. */
function mix(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
