import { join } from 'node:path'
import { check, levelsOf } from '@chaosproxy/checker'
import { type EventInput, historyFromEvents, type Json, millis } from '@chaosproxy/history'
import { readEvents } from '@chaosproxy/history/files'
import { describe, expect, test } from 'vitest'
import { corpus, corpusIsHere, type Labelled, labels, readingOf } from '../../checker/test/labelled.ts'
import { entriesOfLevel, textOfEvents, verified } from './maker.ts'

/** The model by which a history is judged, by what its label calls it. */
function modelOf({ file, model }: Labelled): string {
  if (file.startsWith('elle/')) return model.includes('list-append') ? 'list-append' : 'rw-register'
  if (file.includes('set-')) return 'set'
  if (file.includes('queue-')) return 'bag'
  if (file.includes('counter-')) return 'counter'
  if (file.includes('unique-ids-')) return 'unique-ids'
  return model === 'mutex' ? 'lock' : 'register'
}

const levels = ['linearizable', 'sequential', 'strict-serializable', 'strong-session-serializable', 'serializable']

describe.runIf(corpusIsHere)('the labelled histories', () => {
  test('have most of their verdicts proved by the witnesses and counterexamples of the checker as they are', {
    timeout: 120_000,
  }, async () => {
    const counts = new Map<string, number>()
    const add = (verdict: string): unknown => counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
    for (const label of labels<Labelled>()) {
      if (/causal_reverse|long_fork|huge-scc/.test(label.file)) continue
      const events: EventInput[] = []
      const open = new Set<unknown>()
      for await (const event of readEvents(join(corpus, label.file))) {
        const line = { ...event, time: undefined, index: undefined }
        // Some of Elle's have completions only.
        if (line.type !== 'invoke' && !open.delete(line.process)) events.push({ ...line, type: 'invoke' })
        else if (line.type === 'invoke') open.add(line.process)
        events.push(line)
      }
      const history = historyFromEvents(events)
      const model = modelOf(label)
      // Four files are empty.
      if (events.length === 0) continue
      const { initial, failedCas } = readingOf(label)
      const head = { model, initial: (model === 'register' ? initial : null) as Json, failedCas }
      const known = levelsOf(model, history).filter(
        (level) =>
          levels.includes(level) && (level !== 'sequential' || typeof label.expect['sequential'] === 'boolean'),
      )
      const options = { deadlineMs: millis(20_000), memoryBytes: 1e9, now: () => millis(performance.now()) }
      const report = check(history, { ...head, levels: known, ...options })
      const text = textOfEvents(events)
      const entries = known.flatMap((level) => entriesOfLevel(history, level, report.levels[level]!))
      const findings = entries.length === 0 ? [] : verified(text, head, entries).findings
      for (const { result, verdict } of findings) add(`${result} ${verdict}`)
      for (const level of known) {
        const { result } = report.levels[level]!
        if (result !== 'unknown' && !findings.some((each) => each.level === level)) add(`${result} without evidence`)
      }
    }
    const count = (verdict: string): number => counts.get(verdict) ?? 0
    expect(count('met accepted')).toBeGreaterThanOrEqual(240)
    expect(count('violated accepted')).toBeGreaterThanOrEqual(495)
    expect(count('met refused') + count('met without evidence')).toBe(0)
    // Six histories of etcd, in two formats each, and a mutex show fewer operations than a proof needs; of Elle's, two of
    // three levels each show no reader that proves which append came first, or no possible writer.
    expect(count('violated refused')).toBeLessThanOrEqual(19)
  })
})
