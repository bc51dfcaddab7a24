import type { Random } from '@chaosproxy/faults'
import { badRequests, badResponses, goodRequests, goodResponses } from './corpus.ts'
import { bytesOf, cutAt, readRequests, readResponses, traceOf } from './feed.ts'

interface Stream {
  readonly name: string
  readonly bytes: Buffer
  trace(pieces: readonly Buffer[]): string
}

const streams: readonly Stream[] = [
  ...Object.entries({ ...goodRequests, ...badRequests }).map(([name, text]) => ({
    name: `request: ${name}`,
    bytes: bytesOf(text),
    trace: (pieces: readonly Buffer[]) => traceOf(readRequests(pieces)),
  })),
  ...Object.entries({ ...goodResponses, ...badResponses }).map(([name, { text, methods }]) => ({
    name: `response: ${name}`,
    bytes: bytesOf(text),
    trace: (pieces: readonly Buffer[]) => traceOf(readResponses(pieces, methods)),
  })),
]

const LONGEST_IN_EVERY_PLACE = 4_000

/**
 * Compares the messages of each stream in the corpus, split at arbitrary places and at every place, with the messages
 * of the whole stream.
 */
export function differencesOverSplits(options: {
  /** Streams up to this length are also split into three chunks, in every possible way. */
  readonly pairsOfStreamsUpTo: number
  readonly random: Random
}): { readonly differences: readonly string[]; readonly splits: number } {
  const differences: string[] = []
  let splits = 0
  for (const { name, bytes, trace } of streams) {
    const whole = trace([bytes])
    const check = (cuts: readonly number[]) => {
      splits++
      if (trace(cutAt(bytes, cuts)) !== whole) differences.push(`${name}, cut at ${cuts.join(', ')}`)
    }
    const length = bytes.length
    if (length > LONGEST_IN_EVERY_PLACE) {
      for (let i = 0; i < 20; i++) check([options.random.integer(length)])
      continue
    }
    check(Array.from({ length: length - 1 }, (_, i) => i + 1))
    for (let first = 1; first < length; first++) {
      check([first])
      if (length > options.pairsOfStreamsUpTo) continue
      for (let second = first + 1; second < length; second++) check([first, second])
    }
  }
  return { differences, splits }
}
