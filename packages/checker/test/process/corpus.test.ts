import { join } from 'node:path'
import type { Level } from '@chaosproxy/checker'
import { readHistory } from '@chaosproxy/history/files'
import { describe, expect, test } from 'vitest'
import { checkHistory, resultOf } from '../checking.ts'
import { corpus, corpusIsHere, labelledRegisters, readingOf } from '../labelled.ts'

/** By name of a level in the labels of the corpus (see `Labelled.expect`): the checker's name of the level. */
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

describe.runIf(corpusIsHere)('register histories labelled with verdicts', () => {
  test('the verdict of check on each level agrees with the label of the register history', {
    timeout: 60_000,
  }, async () => {
    const files = labelledRegisters()
    expect(files.length).toBeGreaterThan(300)
    const wrong: string[] = []
    for (const entry of files) {
      const { file, expect: labels } = entry
      const history = await readHistory(join(corpus, file))
      const labelled = Object.entries(labelNames).filter(([label]) => labels[label] !== undefined)
      const report = checkHistory(history, {
        levels: labelled.map(([, level]) => level),
        ...readingOf(entry),
      })
      if (history.operations.length === 0) {
        // The label says that these histories are valid. The checker instead reports that there is nothing to judge.
        for (const [, level] of labelled)
          expect(report.levels[level]).toMatchObject({ reason: { text: expect.stringContaining('no operations') } })
        continue
      }
      for (const [name, level] of labelled) {
        const label = labels[name]
        // Skips levels without a label. Tests on random histories cover them.
        if (typeof label !== 'boolean') continue
        const result = resultOf(report, level)
        if (result !== (label ? 'met' : 'violated')) wrong.push(`${file}: ${level} is labelled ${label}, but ${result}`)
      }
    }
    expect(wrong).toEqual([])
  })
})
