import { type EventInput, type Format, type History, HistoryBuilder, type Json } from '@chaosproxy/history'
import fc from 'fast-check'
import { createReader } from '../src/codecs/formats.ts'

export interface Reading {
  readonly format?: Format
  /** Whether to bypass the scanner, and read every line with JSON.parse. */
  readonly slow?: boolean
  readonly independent?: boolean
}

export const read = (text: string, reading: Reading = {}): History =>
  readInChunks(new TextEncoder().encode(text), [], reading)

/** Reads bytes in chunks of these sizes. The remaining bytes form the last chunk. */
export function readInChunks(bytes: Uint8Array, sizes: readonly number[], reading: Reading = {}): History {
  const format = reading.format ?? 'jsonl'
  const source = format === 'jsonl' ? 'h.jsonl' : 'h.edn'
  const builder = new HistoryBuilder({ source, format, completionsOnly: format === 'edn' })
  const reader = createReader(format, {
    source,
    sink: builder,
    builder: reading.slow === true ? undefined : builder,
    independent: reading.independent,
  })
  let consumed = 0
  let arrived = 0
  for (const size of [...sizes, bytes.length]) {
    arrived = Math.min(arrived + size, bytes.length)
    // The reader receives a copy of these bytes only, so it cannot see bytes that have not arrived.
    const window = bytes.slice(consumed, arrived)
    consumed += reader.read(window, 0, window.length, false)
  }
  const rest = bytes.slice(consumed)
  reader.read(rest, 0, rest.length, true)
  return builder.build()
}

const json = (): fc.Arbitrary<Json> =>
  fc.oneof(
    fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as Json),
    fc.constantFrom<Json>(
      '9007199254740993N',
      '1N',
      ':a',
      'nil',
      1e20,
      -1e300,
      2 ** 53,
      '\ud800',
      '"',
      '\\',
      '\u2028',
      [],
    ),
  )

const text = (): fc.Arbitrary<string> =>
  fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('read', 'a/b', ':x', 'nil', '1', '\ud800'))

/** Generates arbitrary events, with and without each optional member. */
export function events(): fc.Arbitrary<EventInput> {
  return fc.record(
    {
      index: fc.nat(),
      time: fc.oneof(fc.maxSafeInteger(), fc.constant(1.5e19)),
      process: fc.oneof(fc.nat(), fc.constantFrom('nemesis', 'a b', 'n:1')),
      type: fc.constantFrom('invoke' as const, 'ok' as const, 'fail' as const, 'info' as const),
      f: text(),
      key: text(),
      value: json(),
      node: text(),
      error: text(),
      final: fc.boolean(),
      answered: fc.boolean(),
      extra: fc.dictionary(
        text().filter((name) => !known.has(name) && name !== 'chaos'),
        json(),
        { minKeys: 1, maxKeys: 3, noNullPrototype: true },
      ),
    },
    { requiredKeys: ['process', 'type', 'f'] },
  )
}

const known = new Set(['index', 'time', 'process', 'type', 'f', 'key', 'value', 'node', 'error', 'final', 'answered'])
