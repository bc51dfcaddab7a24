import { join } from 'node:path'
import { millis } from '@chaosproxy/history'
import { readHistory } from '@chaosproxy/history/files'
import { describe, expect, test } from 'vitest'
import { levelsOf } from '../../../src/index.ts'
import { corpus, corpusIsHere, labels } from '../../labelled.ts'
import { checkProved } from '../../proof/proving.ts'

interface Label {
  readonly file: string
  readonly model: string
  readonly expect: {
    readonly perOptions?: readonly { readonly anomalies: readonly string[] | null; readonly not: readonly string[] }[]
    readonly strictSerializableDefault?: {
      readonly anomalies: readonly string[]
      readonly not: readonly string[]
    } | null
  }
}

/** Elle's names of levels, where ours differ. */
const names: { readonly [elle: string]: string } = {
  'strong-serializable': 'strict-serializable',
  'consistent-view': 'parallel-snapshot-isolation',
}

/** Reports of Elle about its own search, which are not anomalies. */
const ofSearch = ['empty-transaction-graph', 'strong-PL-2-cycle-exists']

/**
 * Returns the names under which the checker may report an anomaly of Elle. Elle may name a cycle by edges of real time
 * or of sessions (`-realtime`, `-process`) although the checker finds a cycle without them.
 */
const weakerForms = (anomaly: string): readonly string[] => {
  const name = anomaly.replace(/-(process|realtime)$/, '')
  return anomaly.endsWith('-realtime') ? [anomaly, `${name}-process`, name] : [anomaly, name]
}

if (!corpusIsHere)
  test("Elle's test histories of lists have their labelled anomalies", (context) =>
    context.skip('the shared corpus of labelled histories is not here'))

describe.runIf(corpusIsHere)("Elle's test histories of lists", () => {
  const ofLists = labels<Label>().filter(
    ({ file, model }) => model === 'elle list-append' && !file.includes('huge-scc'),
  )

  test.each(ofLists)('the history $file has the anomalies that its label states', async ({ file, expect: label }) => {
    const history = await readHistory(join(corpus, file))
    const report = checkProved(history, {
      model: 'list-append',
      initial: null,
      levels: levelsOf('list-append', history),
      failedCas: 'drop',
      deadlineMs: millis(60_000),
      memoryBytes: 1e9,
      now: () => millis(0),
    })
    const found = Object.keys(report.transactions?.anomalies ?? {})
    const all = [
      ...(label.perOptions ?? []),
      ...(label.strictSerializableDefault ? [label.strictSerializableDefault] : []),
    ]
    for (const { anomalies, not } of all) {
      for (const anomaly of anomalies ?? [])
        if (!ofSearch.includes(anomaly))
          expect(
            found.some((name) => weakerForms(anomaly).includes(name)),
            `${anomaly} among ${found}`,
          ).toBe(true)
      for (const level of not) expect(report.levels[names[level] ?? level]?.result, level).toBe('violated')
    }
  })
})
