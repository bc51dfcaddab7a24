import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Level } from '@chaos/checker'
import type { Json } from '@chaos/history'
import { readHistory } from '@chaos/history/files'
import { describe, expect, test } from 'vitest'
import { checkHistory, resultOf } from './checking.ts'

// Labelled histories live beside the repository where the project is developed; elsewhere there is nothing to compare with.

const corpus = join(dirname(fileURLToPath(import.meta.url)), '../../../../shared/corpus')

interface Labelled {
  readonly file: string
  readonly format: string
  readonly model: string
  readonly initial: Json
  readonly semantics?: string
  readonly expect: { readonly [level: string]: boolean | null }
}

const manifest = (): Labelled[] =>
  readFileSync(join(corpus, 'MANIFEST.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Labelled)

/** What the labels call our levels. */
const labelNames: { readonly [label: string]: Level } = {
  linearizable: 'linearizable',
  sequential: 'sequential',
  'causal-cc': 'causal',
  'causal-cm': 'causal-memory',
  'causal-ccv': 'causal-convergence',
  pram: 'pram',
  'ryw+mr+mw+wfr': 'session',
  ryw: 'read-your-writes',
  mr: 'monotonic-reads',
  mw: 'monotonic-writes',
  wfr: 'writes-follow-reads',
}

const inScope = ({ file, model }: Labelled): boolean =>
  /^(brute|classic|porcupine-jsonl|porcupine|knossos)\//.test(file) && model !== 'mutex'

describe.runIf(existsSync(corpus))('labelled histories', () => {
  test('every register history of the corpus gets its labels', { timeout: 60_000 }, async () => {
    const files = manifest().filter(inScope)
    expect(files.length).toBeGreaterThan(300)
    const wrong: string[] = []
    for (const { file, format, initial, semantics, expect: labels } of files) {
      const history = await readHistory(join(corpus, file))
      const labelled = Object.entries(labelNames).filter(([label]) => labels[label] !== undefined)
      const report = checkHistory(history, {
        levels: labelled.map(([, level]) => level),
        initial: format === 'porcupine-kv' ? '' : initial,
        failedCas: semantics?.includes('a failed cas IS an operation') ? 'observes' : 'drop',
      })
      for (const [name, level] of labelled) {
        const label = labels[name]
        // Whether there is an answer where nobody gave a label is tested on random histories.
        if (typeof label !== 'boolean') continue
        const result = resultOf(report, level)
        if (result !== (label ? 'met' : 'violated')) wrong.push(`${file}: ${level} is labelled ${label}, but ${result}`)
      }
    }
    expect(wrong).toEqual([])
  })
})
