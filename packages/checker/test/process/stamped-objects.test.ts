import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check, findModel } from '@chaosproxy/checker'
import { type EventInput, type History, millis, printJsonLine } from '@chaosproxy/history'
import { readHistory } from '@chaosproxy/history/files'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { many } from '../many.ts'
import { hasStaleRead, modelOfKind, type StampedShape, stampedEvents, stampedKinds } from '../stamped-objects.ts'

// Correct histories stamped in whole milliseconds. None may be found violated, however short its operations are.

const directory = mkdtempSync(join(tmpdir(), 'chaos-stamped-'))
afterAll(() => rmSync(directory, { recursive: true }))

const LATENCIES_MS = [0.5, 1, 2.5, 5, 25]
const CLIENTS = [5, 20, 100]
/**
 * No search can refute histories of these models in time if the histories have many clients and few values. More
 * precise timestamps would not help.
 */
const HARD = ['multi-register', 'log', 'bank']
/** The number of files. A file for each client would take longer to write than to judge. */
const FILES = 4

const randomFrom = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

let files = 0

function write(events: readonly EventInput[]): string {
  const path = join(directory, `h-${files++}.jsonl`)
  writeFileSync(path, events.map((event) => `${printJsonLine(event)}\n`).join(''))
  return path
}

/** Groups events by client, so that only stamps show the order of different clients. */
const byClient = (events: readonly EventInput[]): EventInput[] => {
  const clients = [...new Set(events.map(({ process }) => process))]
  return clients.flatMap((client) => events.filter(({ process }) => process === client))
}

const numberOf = ({ process }: EventInput): number =>
  typeof process === 'number' ? process : Number(process.replace(/\D/g, ''))

async function read(events: readonly EventInput[], isMerged: boolean): Promise<History> {
  const grouped = byClient(events)
  if (!isMerged) return readHistory(write(grouped), { ordering: { by: 'time' } })
  mkdirSync(directory, { recursive: true })
  const parts = Array.from({ length: FILES }, (_, n) => grouped.filter((event) => numberOf(event) % FILES === n))
  return readHistory('merged', { merged: parts.filter(({ length }) => length > 0).map(write) })
}

/** Returns the results for the strongest levels of a model, at most `most` of them. */
function resultsOf(
  name: string,
  history: History,
  { deadlineMs, most }: { readonly deadlineMs: number; readonly most?: number },
): { readonly [level: string]: string } {
  const model = modelOfKind(name)
  const entry = findModel(model)!
  const { judge } = name.includes('transactions') || name === 'rw-register' ? (entry.ofTransactions ?? entry) : entry
  const levels = judge.ladder.levels.filter((level) => !judge.ladder.apart.includes(level)).slice(0, most)
  const report = check(history, {
    ...{ model, levels, initial: name === 'bank' ? { a: 3, b: 0 } : null, failedCas: 'drop', memoryBytes: 1e9 },
    ...{ deadlineMs: millis(deadlineMs), now: () => millis(performance.now()) },
  })
  const verdicts = report.levels as { readonly [level: string]: { readonly result: string } }
  return Object.fromEntries(levels.map((level) => [level, verdicts[level]!.result]))
}

describe.each(Object.keys(stampedKinds))('a history of a %s with timestamps in milliseconds', (name) => {
  const shapes = CLIENTS.flatMap((clients) =>
    LATENCIES_MS.map(
      (latencyMs): Omit<StampedShape, 'isStale'> => ({ clients, latencyMs, operations: 40 + 2 * clients }),
    ),
  )

  test('millisecond timestamps cause no violation of an atomic object, in one file or in several files', async () => {
    const random = randomFrom(inject('seed') + name.length)
    for (let trial = 0; trial < many(150); trial++) {
      const shape = shapes[trial % shapes.length]!
      const events = stampedEvents(name, { ...shape, isStale: false }, random)
      const results = resultsOf(name, await read(events, trial % 2 === 1), { deadlineMs: 400 })
      const violated = Object.entries(results).filter(([, result]) => result === 'violated')
      expect({ violated, shape }).toEqual({ violated: [], shape })
    }
  })

  test.runIf(hasStaleRead(name))(
    'a read that is 20 ms too old is a violation, even if timestamps are in milliseconds',
    async () => {
      const random = randomFrom(inject('seed') + 7 * name.length)
      for (let trial = 0; trial < many(150); trial++) {
        const some = HARD.includes(name) ? shapes.filter(({ clients }) => clients <= 5) : shapes
        const shape = some[trial % some.length]!
        const events = stampedEvents(name, { ...shape, isStale: true }, random)
        const history = await read(events, trial % 2 === 1)
        const [[level, result] = []] = Object.entries(resultsOf(name, history, { deadlineMs: 20_000, most: 1 }))
        expect({ level, result, shape }).toEqual({ level, result: 'violated', shape })
      }
    },
  )
})
