import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Accounted,
  type Accounting,
  check,
  findModel,
  type Level,
  type ModelName,
  type Report,
} from '@chaosproxy/checker'
import { type History, type Json, millis } from '@chaosproxy/history'
import { readHistory } from '@chaosproxy/history/files'
import { describe, expect, test } from 'vitest'
import { nameOf } from '../../../../history/src/codecs/edn-values.ts'
import { root } from '../../../../testing/src/chaos.ts'

// Histories labelled by others: by their authors' tests, by Knossos, by Porcupine and by exhaustive search.
const corpus = join(root, '..', 'shared', 'corpus')

interface Labelled {
  readonly file: string
  readonly format: string
  readonly model: string
  readonly initial?: Json
  readonly expect: {
    readonly [level: string]: Json
    /** A checker's verdict and its whole result in Clojure's notation. */
    readonly valid?: boolean | 'unknown'
    readonly resultEdn?: string
  }
}

const decided: readonly Level[] = ['linearizable', 'sequential']

/** Returns our model for a labelled history; undefined if there is none yet. */
function modelOf(model: string): ModelName | undefined {
  if (model.startsWith('kv-append')) return 'register'
  if (model.startsWith('jepsen checker/queue')) return 'bag'
  return findModel(model.replace('jepsen checker/', ''))?.name
}

const manifest: readonly Labelled[] = existsSync(corpus)
  ? readFileSync(join(corpus, 'MANIFEST.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Labelled)
  : []

interface Translation {
  readonly model: ModelName
  readonly level: string
  readonly edn: (text: string) => string
}

/**
 * Maps a model of Jepsen's tests to the checker's model that judges its histories, and to the level that Jepsen
 * requires.
 */
const translated: { readonly [model: string]: Translation } = {
  'jepsen.tests.long-fork': { model: 'rw-register', level: 'snapshot-isolation', edn: (text) => text },
  'jepsen.tests.causal-reverse': {
    ...{ model: 'set', level: 'linearizable' },
    edn: (text) => text.replaceAll(':f :write', ':f :add'),
  },
}
const translationOf = (model: string): Translation | undefined => translated[model.replace(/\/.*/, '')]

const inScope = manifest.filter(({ model }) => modelOf(model) !== undefined)
const byLevel = inScope.filter(({ expect: labels }) => labels.valid === undefined)
const byChecker = inScope.filter(({ expect: labels }) => labels.valid !== undefined)
const later = new Map<string, string[]>()
// Leaves out Elle's histories of transactions. The tests of the checker judge each of these with its own options.
for (const { model, file } of manifest)
  if (modelOf(model) === undefined && translationOf(model) === undefined && !model.startsWith('elle '))
    later.set(model, [...(later.get(model) ?? []), file])

const limits = { deadlineMs: millis(20_000), memoryBytes: 2e9, now: () => millis(performance.now()) }

const judge = (labelled: Labelled, history: History, levels: readonly Level[]): Report =>
  check(history, {
    model: modelOf(labelled.model) ?? 'register',
    // The corpus writes the initial value of a lock as `unlocked`, and our model as null.
    initial: labelled.initial === 'unlocked' ? null : (labelled.initial ?? null),
    levels,
    failedCas: labelled.format === 'porcupine-jepsen-log' ? 'observes' : 'drop',
    ...limits,
  })

if (!existsSync(corpus)) test.skip('the labelled histories get their verdicts (needs the corpus beside the project)')

describe.skipIf(manifest.length === 0)('labelled histories', () => {
  test.each(byLevel.map((labelled) => [labelled.file, labelled] as const))(
    '%s gets the verdicts that its labels state',
    async (_, labelled) => {
      const labels = decided.filter((level) => typeof labelled.expect[level] === 'boolean')
      const history = await readHistory(join(corpus, labelled.file))
      const report = judge(labelled, history, labels)
      const found: { [level: string]: string } = {}
      const expected: { [level: string]: string } = {}
      for (const level of labels) {
        found[level] = report.levels[level].result
        // The corpus labels an empty history as met. The checker's verdict is unknown, because an empty history is no
        // evidence.
        if (history.operations.length === 0) expected[level] = 'unknown'
        else expected[level] = labelled.expect[level] === true ? 'met' : 'violated'
      }
      expect(found).toEqual(expected)
    },
  )

  test.each(byChecker.map((labelled) => [labelled.file, labelled] as const))(
    '%s gets the verdict and the counts (such as lost elements) that its label contains',
    async (_, labelled) => {
      const history = await readHistory(join(corpus, labelled.file))
      const report = judge(labelled, history, ['linearizable', 'eventual'])
      if (history.operations.length === 0) {
        expect(report.levels.linearizable).toMatchObject({ result: 'unknown' })
        return
      }
      const { valid, resultEdn } = labelled.expect
      const label = valid === 'unknown' ? 'unknown' : valid === true ? 'met' : 'violated'
      const { accounting } = report
      if (accounting === undefined) throw new Error('there is no accounting')
      expect(accounting.result).toBe(label)
      // Jepsen's checkers test for a weaker property than linearizability. A history that violates this property is
      // therefore not linearizable.
      if (label === 'violated') expect(report.levels.linearizable.result).toBe('violated')
      else expect(report.levels.linearizable.result).toBe('met')
      const said = countsOfChecker(resultEdn ?? '')
      const ours = Object.fromEntries(Object.keys(said).map((name) => [name, counted(accounting)[name]]))
      expect(ours).toEqual(said)
    },
  )

  test.each(
    manifest.flatMap(({ file, model, expect: { valid } }) => {
      const translation = translationOf(model)
      return translation === undefined ? [] : [[file, translation, valid] as const]
    }),
  )('%s gets its labelled verdict if translated to another model', async (file, { model, level, edn }, valid) => {
    const path = join(mkdtempSync(join(tmpdir(), 'chaos-corpus-')), 'history.edn')
    writeFileSync(path, edn(readFileSync(join(corpus, file), 'utf8')))
    const history = await readHistory(path)
    const report = check(history, { model, initial: null, levels: [level], failedCas: 'drop', ...limits })
    expect(report.levels[level]?.result).toBe(valid === true ? 'met' : 'violated')
  })

  for (const [model, files] of later)
    test(`the model ${model} is not supported yet: ${files.join(', ')}`, (context) => {
      context.skip('its model comes later')
    })
})

const values = (list: readonly Accounted[]): string =>
  list
    // Values that are keywords in EDN begin with a colon, which the labels of the corpus omit.
    .map(({ value }) => (typeof value === 'string' ? nameOf(value) : String(value)))
    .sort()
    .join(' ')

/**
 * Returns the counts of acknowledged, lost, duplicated and other elements, under the names that Jepsen's checkers use.
 */
const counted = (accounting: Accounting): { readonly [name: string]: number | string } => ({
  'attempt-count': accounting.attempted,
  'attempted-count': accounting.attempted,
  'acknowledged-count': accounting.acknowledged,
  'ok-count': accounting.ok,
  'stable-count': accounting.ok,
  'lost-count': accounting.lost.length,
  'recovered-count': accounting.recovered.length,
  'unexpected-count': accounting.unexpected.length,
  'duplicated-count': accounting.duplicated.length,
  'never-read-count': accounting.neverRead.length,
  'stale-count': accounting.stale.length,
  lost: values(accounting.lost),
  recovered: values(accounting.recovered),
  unexpected: values(accounting.unexpected),
  'never-read': values(accounting.neverRead),
  stale: values(accounting.stale),
  duplicated: values(accounting.duplicated),
  errors: accounting.unexpected.map(({ bounds, value }) => `${bounds?.[0]} ${String(value)} ${bounds?.[1]}`).join(' '),
  'lost-latencies': latencies(accounting.lost),
})

/** Formats percentiles of `late` of the lost elements in milliseconds, rounded down as in Jepsen's checker. */
function latencies(lost: readonly Accounted[]): string {
  const sorted = lost.map(({ late = 0 }) => Math.floor(late / 1e6)).sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return [0, 0.5, 0.95, 0.99, 1].map((share) => `${share} ${at(share)}`).join(' ')
}

/** Returns the checker's results that `counted` also has: counts as numbers, collections as their joined items. */
function countsOfChecker(edn: string): { readonly [name: string]: number | string } {
  const known = new Set(Object.keys(counted(empty)))
  const said: { [name: string]: number | string } = {}
  for (const match of edn.matchAll(/:([a-z-]+) ("?#?[{([](?:[^{}()[\]]|\[[^\]]*\])*[)}\]]"?|\d+)/g)) {
    const [, name = '', value = ''] = match
    if (!known.has(name)) continue
    if (/^\d+$/.test(value)) said[name] = Number(value)
    else if (name === 'errors' || name === 'lost-latencies') said[name] = itemsOf(value).join(' ')
    // The checker may report the duplicated elements as a map from element to count. Only the elements are compared.
    else if (name === 'duplicated' && value.startsWith('{'))
      said[name] = itemsOf(value)
        .filter((_, at) => at % 2 === 0)
        .sort()
        .join(' ')
    else said[name] = itemsOf(value).sort().join(' ')
  }
  return said
}

const itemsOf = (value: string): string[] => value.match(/[^\s#"{}()[\],:]+/g) ?? []

const empty: Accounting = {
  noun: 'element',
  okAre: 'seen',
  result: 'met',
  reason: '',
  attempted: 0,
  acknowledged: 0,
  ok: 0,
  lost: [],
  recovered: [],
  unexpected: [],
  duplicated: [],
  neverRead: [],
  stale: [],
  surelyLost: 0,
}
