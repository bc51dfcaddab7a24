import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createOnlineChecker, measureStaleness } from '@chaos/checker'
import type { Json } from '@chaos/history'
import { readEvents, readHistory } from '@chaos/history/files'
import { describe, expect, test } from 'vitest'

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

const registers = (): Labelled[] =>
  readFileSync(join(corpus, 'MANIFEST.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Labelled)
    .filter(
      ({ file, model, expect: labels }) =>
        /^(brute|classic|porcupine-jsonl|porcupine|knossos)\//.test(file) &&
        model !== 'mutex' &&
        typeof labels['linearizable'] === 'boolean',
    )

const readingOf = ({ format, initial, semantics }: Labelled) =>
  ({
    initial: format === 'porcupine-kv' ? '' : initial,
    failedCas: semantics?.includes('a failed cas IS an operation') ? 'observes' : 'drop',
  }) as const

describe.runIf(existsSync(corpus))('labelled histories', () => {
  test('fed event by event: never violated where the label says linearizable, never certain where it does not', async () => {
    const wrong: string[] = []
    const count = { linearizable: 0, 'not linearizable': 0, 'not certain': 0 }
    for (const labelled of registers()) {
      const checker = createOnlineChecker({ model: 'register', ...readingOf(labelled) })
      for await (const event of readEvents(join(corpus, labelled.file))) checker.push(event)
      const soFar = checker.soFar()
      count[soFar]++
      const contradicts = labelled.expect['linearizable'] ? 'not linearizable' : 'linearizable'
      if (soFar === contradicts) wrong.push(`${labelled.file}: ${soFar}`)
    }
    expect(wrong).toEqual([])
    expect(count.linearizable).toBeGreaterThan(20)
    expect(count['not linearizable']).toBeGreaterThan(20)
  })

  test('measured: 1-atomic exactly where linearizable, and so with Δ', async () => {
    const wrong: string[] = []
    let known = 0
    for (const labelled of registers()) {
      const history = await readHistory(join(corpus, labelled.file))
      const staleness = measureStaleness(history, readingOf(labelled))
      if (staleness?.k.atMost === undefined) continue
      known++
      const linearizable = labelled.expect['linearizable'] === true
      if ((staleness.k.atMost === 1) !== linearizable) wrong.push(`${labelled.file}: k ${JSON.stringify(staleness.k)}`)
      if (linearizable && staleness.reads.stale > 0)
        wrong.push(`${labelled.file}: ${staleness.reads.stale} stale reads`)
    }
    expect(wrong).toEqual([])
    expect(known).toBeGreaterThan(20)
  })
})
