import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check, type Level } from '@chaos/checker'
import { type Json, millis } from '@chaos/history'
import { readHistory } from '@chaos/history/files'
import { describe, expect, test } from 'vitest'
import { root } from './chaos.ts'

// Labelled histories by others: the verdicts of their authors' tests, of Knossos, Porcupine and a brute force.
const corpus = join(root, '..', 'shared', 'corpus')

interface Labelled {
  readonly file: string
  readonly format: string
  readonly model: string
  readonly initial?: Json
  readonly expect: { readonly [level: string]: boolean | null }
}

const supported = new Set(['register', 'cas-register', 'kv-register', 'kv-cas-register', 'kv-append'])
const nameOf = (model: string) => (model.startsWith('kv-append') ? 'kv-append' : model)
const decided: readonly Level[] = ['linearizable', 'sequential']

const manifest: readonly Labelled[] = existsSync(corpus)
  ? readFileSync(join(corpus, 'MANIFEST.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Labelled)
  : []

const inScope = manifest.filter(({ model }) => supported.has(nameOf(model)))
const later = new Map<string, string[]>()
for (const { model, file } of manifest)
  if (!supported.has(nameOf(model))) later.set(model, [...(later.get(model) ?? []), file])

test.skipIf(existsSync(corpus))(
  'the labelled histories get their verdicts (needs the corpus beside the project)',
  () => {},
)

describe.skipIf(manifest.length === 0)('labelled histories', () => {
  test.each(inScope.map((labelled) => [labelled.file, labelled] as const))(
    '%s gets its verdicts',
    async (_, labelled) => {
      const history = await readHistory(join(corpus, labelled.file))
      const report = check(history, {
        model: 'register',
        initial: labelled.initial ?? null,
        levels: decided,
        failedCas: labelled.format === 'porcupine-jepsen-log' ? 'observes' : 'drop',
        deadlineMs: millis(20_000),
        memoryBytes: 2e9,
        now: () => millis(performance.now()),
      })
      const found: { [level: string]: string } = {}
      const expected: { [level: string]: string } = {}
      for (const level of decided) {
        const label = labelled.expect[level]
        if (label === undefined || label === null) continue
        found[level] = report.levels[level].result
        expected[level] = label ? 'met' : 'violated'
      }
      expect(found).toEqual(expected)
    },
  )

  for (const [model, files] of later)
    test(`${model}: not yet supported: ${files.join(', ')}`, (context) => {
      context.skip('its model comes later')
    })
})
