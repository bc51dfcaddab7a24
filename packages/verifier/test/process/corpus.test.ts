import { join } from 'node:path'
import { check, levelsOf } from '@chaosproxy/checker'
import { type EventInput, historyFromEvents, type Json, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { prove } from '../../../checker/src/proof/prove.ts'
import { corpus, corpusIsHere, type Labelled, labels, readingOf } from '../../../checker/test/labelled.ts'
import { readEvents } from '../../../history/src/files/read.ts'
import { verify } from '../../src/index.ts'
import { hashOf, textOfEvents } from '../maker.ts'

/** Returns the verifier's model for a labelled history. It follows from the file's name and the label's model. */
function modelOf({ file, model }: Labelled): string {
  if (file.startsWith('elle/')) return model.includes('list-append') ? 'list-append' : 'rw-register'
  if (file.includes('set-')) return 'set'
  if (file.includes('queue-')) return 'bag'
  if (file.includes('counter-')) return 'counter'
  if (file.includes('unique-ids-')) return 'unique-ids'
  return model === 'mutex' ? 'lock' : 'register'
}

const levels = ['linearizable', 'sequential', 'strict-serializable', 'strong-session-serializable', 'serializable']

describe.runIf(corpusIsHere)('the verdicts of the labelled histories', () => {
  test('verify accepts the proofs of at least 765 verdicts on the labelled histories, and refuses none', {
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
        // Some histories of Elle contain only completions.
        if (line.type !== 'invoke' && !open.delete(line.process)) events.push({ ...line, type: 'invoke' })
        else if (line.type === 'invoke') open.add(line.process)
        events.push(line)
      }
      const isEdn = label.file.endsWith('.edn')
      const history = { ...historyFromEvents(events), ...(isEdn ? { format: 'edn' as const } : {}) }
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
      const proof = prove(history, report, head, { text: isEdn ? undefined : textOfEvents(events), sha256: hashOf })
      for (const { level, result, verdict, why } of proof.levels)
        if (known.includes(level)) add(`${result} ${verdict}`)
        else if (verdict === 'refused') expect.fail(`${label.file}: ${level}: ${why}`)
      if (proof.proof === undefined) continue
      const text = proof.history ?? textOfEvents(events)
      const { findings } = verify({ history: [text], sha256: hashOf(text), proof: proof.proof })
      expect(findings.filter(({ verdict }) => verdict !== 'accepted')).toEqual([])
    }
    const count = (verdict: string): number => counts.get(verdict) ?? 0
    expect(count('met accepted')).toBeGreaterThanOrEqual(250)
    expect(count('violated accepted')).toBeGreaterThanOrEqual(515)
    // Four violations would need larger cores than the verifier searches.
    expect(count('violated undecided')).toBeLessThanOrEqual(4)
    expect(count('met refused') + count('violated refused') + count('met undecided')).toBe(0)
  })
})
