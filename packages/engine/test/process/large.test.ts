import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type CheckOptions, check, levels, models } from '@chaosproxy/checker'
import {
  CannotPack,
  historyOfPlace,
  joinStretches,
  millis,
  printJsonLine,
  tallyOf,
  UserError,
  type ValueId,
} from '@chaosproxy/history'
import {
  type Dealing,
  type MemoryLimitError,
  type PackedRecording,
  readHistory,
  readPacked,
  readStretch,
  stretchesOf,
} from '@chaosproxy/history/files'
import { afterAll, expect, inject, test } from 'vitest'
import { randomEvents, randomFrom } from '../../../testing/src/random-history.ts'
import { judgePlaces } from '../../src/check/apart.ts'
import { checkFile } from '../../src/check/check-file.ts'
import { checkLarge } from '../../src/check/check-large.ts'
import { dealingOf } from '../../src/check/dealing.ts'
import { USUAL_CHECK } from '../../src/check/judged.ts'
import { canBeApart, isForWhole, type Known, resultOfKnown } from '../../src/check/large.ts'
import type { CheckSpec } from '../../src/check/options.ts'
import type { CheckPool } from '../../src/check/pool.ts'
import type { CheckResult, CheckTask } from '../../src/check/result.ts'
import { createStopwatch } from '../../src/check/stopwatch.ts'
import { doneOf } from '../../src/jobs/job.ts'
import { thisThread } from '../../src/jobs/this-thread.ts'

const seed = inject('seed')
const directory = mkdtempSync(join(tmpdir(), 'large-'))
afterAll(() => rmSync(directory, { recursive: true }))

const options = (initial: null | 'unknown'): CheckOptions => ({
  ...{ model: 'register', initial, levels, failedCas: 'drop', staleness: true },
  ...{ deadlineMs: millis(20_000), memoryBytes: 1e9, now: () => millis(0) },
})

const stores = ['atomic', 'atomic', 'stale', 'replicas'] as const

function recordingOf(random: () => number): string {
  const below = (n: number): number => Math.floor(random() * n)
  const events = randomEvents(
    {
      processes: 2 + below(4),
      operations: 8 + below(50),
      keys: 2 + below(6),
      values: below(2) * 3,
      cas: random() < 0.3,
      append: random() < 0.2,
      store: stores[below(stores.length)] ?? 'atomic',
      unknown: random() < 0.5 ? 0.1 : 0,
      failed: random() < 0.3 ? 0.1 : 0,
      mutated: 0,
      finals: random() < 0.5,
    },
    random,
  )
  const isTimed = random() < 0.8
  const lines = events.map((event, n) => printJsonLine(isTimed ? { ...event, time: 10 * n } : event))
  if (random() < 0.1) lines.splice(below(lines.length), 0, markOf(`k${below(3)}`))
  return random() < 0.5 ? written('recording.jsonl', lines) : inParts(lines, below)
}

const markOf = (key: string): string =>
  JSON.stringify({ process: 'recorder', type: 'info', f: 'touched', key, value: { what: 'EVAL', why: 'a script' } })

const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')

function written(name: string, lines: readonly string[]): string {
  const file = join(directory, name)
  writeFileSync(file, textOf(lines))
  return file
}

/**
 * Writes the recording to a directory as three files, some of them compressed. The cuts are at random lines, so the
 * events of an operation may be in different files.
 */
function inParts(lines: readonly string[], below: (n: number) => number): string {
  const parts = mkdtempSync(join(directory, 'parts-'))
  const [first = 0, second = 0] = [below(lines.length), below(lines.length)].toSorted((a, b) => a - b)
  for (const [n, [from, to]] of [
    [0, first],
    [first, second],
    [second, lines.length],
  ].entries()) {
    const text = textOf(lines.slice(from, to))
    if (below(2) === 0) writeFileSync(join(parts, `part-${n + 1}.jsonl`), text)
    else writeFileSync(join(parts, `part-${n + 1}.jsonl.gz`), gzipSync(text))
  }
  return parts
}

const spec: CheckSpec = { ...USUAL_CHECK, timeoutMs: millis(20_000), memoryBytes: 1e9 }

const taskOf = (file: string, settings: Partial<CheckSpec> = {}): CheckTask => ({
  ...{ file, settings: { ...spec, ...settings }, alone: true, again: '' },
  output: {
    reporters: [{ name: 'json', file: undefined, isOwn: false }],
    screen: { colours: false, terminal: { width: 80, unicode: true } },
  },
})

/** Returns the JSON result for a file, without the time of its check. */
function resultJson(result: CheckResult): ResultJson {
  if (!('part' in result)) throw new Error(JSON.stringify(result))
  const [text] = result.part.texts
  if (text === undefined || !('content' in text)) throw new Error(JSON.stringify(text))
  const { timing: _, exitCode: __, ...rest } = JSON.parse(text.content)
  return { ...rest, exitCode: result.exitCode }
}

type ResultJson = {
  readonly levels: { readonly [level: string]: { readonly result: string } }
  readonly [member: string]: unknown
}

let stretched = 0

/** Reads a recording in stretches, as several threads do. Undefined if the recording cannot be divided. */
async function byStretches(file: string, count: number, dealing: Dealing): Promise<PackedRecording | undefined> {
  try {
    const stretches = stretchesOf(file, count) ?? []
    if (stretches.length < 2) return undefined
    const joined = joinStretches(await Promise.all(stretches.map((each) => readStretch(each, dealing))), dealing)
    stretched++
    return joined
  } catch (error) {
    if (error instanceof CannotPack) return undefined
    throw error
  }
}

/** The result for a recording whose keys are judged separately; `whole` if it can only be checked as a whole. */
async function knownOf(task: CheckTask, random: () => number): Promise<Known | 'whole'> {
  const places = 1 + Math.floor(random() * 4)
  const { rest, packed } =
    (await byStretches(task.file, 1 + Math.floor(random() * 6), dealingOf(places))) ??
    (await readPacked(task.file, dealingOf(places)))
  const leftMs = () => 20_000
  const shown = judgePlaces({ rest, packed }, [...Array(places).keys()], { ...task, leftMs })
  const tally = tallyOf(packed.map(({ counted }) => counted))
  const known: Known = { task, rest, tally, apart: shown, parseMs: 0, checkMs: 0 }
  return isForWhole(known) ? 'whole' : known
}

test('the verdict on a recording read key by key agrees with the verdict on the whole recording in memory', async () => {
  const seen = { met: 0, violated: 0, whole: 0 }
  for (let n = 0; n < 40; n++) {
    const random = randomFrom(seed + n)
    const task = taskOf(recordingOf(random), { initial: random() < 0.2 ? 'unknown' : undefined })
    const known = await knownOf(task, random)
    if (known === 'whole') {
      seen.whole++
      continue
    }
    const [own, whole] = [resultJson(await resultOfKnown(known)), resultJson(await checkFile(task))]
    const { result } = known.apart.answer
    expect(whole.levels['linearizable']?.result, `${seed + n}`).toBe(result)
    if (result === 'met') {
      seen.met++
      expect(own, `${seed + n}`).toEqual(whole)
    } else {
      seen.violated++
      const { operations, availability, latency, exitCode, file, model, record, warnings, expected } = whole
      const same = { operations, availability, latency, exitCode, file, model, record, warnings, expected }
      expect(own, `${seed + n}`).toMatchObject(JSON.parse(JSON.stringify(same)))
      expect(own.levels['linearizable'], `${seed + n}`).toEqual(whole.levels['linearizable'])
      // If some keys violate a level, so does the whole recording, although a check of the whole may not find this.
      for (const [level, verdict] of Object.entries(own.levels))
        if (verdict.result === 'violated') expect(whole.levels[level]?.result, `${seed + n} ${level}`).not.toBe('met')
        else expect(verdict.result, `${seed + n} ${level}`).toBe('unknown')
    }
  }
  expect(Math.min(seen.met, seen.violated, seen.whole, stretched)).toBeGreaterThan(3)
})

const mutations: readonly ((lines: string[], at: number, other: number) => void)[] = [
  (lines, at) => void lines.splice(at, 1),
  (lines, at) => void lines.splice(at, 0, lines[at]!),
  (lines, at, other) => void lines.splice(at, 1, lines[other]!),
  (lines, at) => void lines.splice(at, 1, lines[at]!.replace(/"time":\d+/, '"time":7')),
  (lines, at) => void lines.splice(at, 1, lines[at]!.replace(/"index":\d+/, '"index":2')),
  (lines, at) => void lines.splice(at, 1, lines[at]!.replace(/"key":"k\d"/, '"key":"k9"')),
  (lines, at) => void lines.splice(at, 1, lines[at]!.replace(/"key":"k(\d)"/, '"key":$1')),
  (lines, at) => void lines.splice(at, 1, lines[at]!.replace(/"type":"ok"/, '"type":"info"')),
  (lines, at) => void lines.splice(at, 1, lines[at]!.replace('}', ',"session":"s"}')),
  (lines, at) => void lines.splice(at, 0, '{"process":"nemesis","type":"info","f":"start-partition"}'),
  (lines, at) => void lines.splice(at, 0, '{"chaos":1,"model":"register"}'),
  (lines, at) => void lines.splice(at, 1, `\uFEFF${lines[at]}`),
  () => {},
]

/** Returns the content of a packed recording, regardless of where its rows are stored. */
function contentOf({ rest, packed }: PackedRecording) {
  const { functions, operations, keys, values } = historyOfPlace(rest, packed, 0)
  const { f, key, input, output, outcome, callEvent, returnEvent, flags, length } = operations
  const { warnings, cutOff, nodes, processNames, eventCount } = rest
  return {
    ...{ warnings, cutOff, nodes, processNames, eventCount, names: rest.keys, keys },
    tally: tallyOf(packed.map(({ counted }) => counted)),
    rows: Array.from({ length }, (_, row) => [
      ...[functions[f[row]!], keys[key[row]!], outcome[row], callEvent[row], returnEvent[row], flags[row]],
      ...[values.json(input[row] as ValueId), values.json(output[row] as ValueId)],
    ]),
  }
}

test('threads that read parts of a history return the same result or error as a single reader', async () => {
  const seen = { same: 0, left: 0, mistakes: 0 }
  for (let n = 0; n < 130; n++) {
    const random = randomFrom(seed + n)
    const below = (most: number): number => Math.floor(random() * most)
    const shape = { processes: 3, operations: 20, keys: 3, values: 0, cas: true, store: 'atomic', mutated: 0 } as const
    const events = randomEvents({ ...shape, unknown: 0.1, failed: 0.1, goesOn: random() < 0.1 }, random)
    const lines = events.map((event, at) => printJsonLine({ ...event, time: 10 * at, index: 3 * at }))
    mutations[n % mutations.length]!(lines, 1 + below(lines.length - 1), below(lines.length))
    const file = written('mutated.jsonl', lines)
    const whole = await readPacked(file, dealingOf(1)).catch((error) => error)
    const joined = await byStretches(file, 2 + below(5), dealingOf(1)).catch((error) => error)
    if (whole instanceof Error) {
      seen.mistakes++
      expect(joined === undefined || joined instanceof UserError, `${seed + n}: ${whole.message}`).toBe(true)
    } else if (joined === undefined || joined instanceof UserError) seen.left++
    else {
      seen.same++
      expect(contentOf(joined), `${seed + n}`).toEqual(contentOf(whole))
    }
  }
  expect(Math.min(seen.same, seen.left, seen.mistakes)).toBeGreaterThan(10)
})

test('reading stops early if the packed operations of a recording would exceed the memory limit', async () => {
  const lines = Array.from({ length: 200_000 }, (_, at) => {
    const n = Math.floor(at / 2)
    const type = at % 2 === 0 ? 'invoke' : 'ok'
    return printJsonLine({ index: at, time: at, process: 0, type, f: 'write', key: `k${n % 10}`, value: n })
  })
  const file = written('packed.jsonl', lines)
  const packed = await readPacked(file, dealingOf(1))
  const bytes = packed.packed[0]!.rows[0]!.pages.reduce((sum, { byteLength }) => sum + byteLength, 0)
  const [stretch] = stretchesOf(file, 1)!
  const readWith = (memoryBytes: number) =>
    Promise.all(
      [readStretch(stretch!, dealingOf(1), { memoryBytes }), readPacked(file, dealingOf(1), { memoryBytes })].map(
        (read) =>
          read.then(
            () => 'read',
            (error: MemoryLimitError) => error.events,
          ),
      ),
    )
  expect(await readWith(bytes + 4_000_000)).toEqual(['read', 'read'])
  const [first, whole] = await readWith(bytes / 2)
  expect(first).toBeLessThan(60_000)
  expect(whole).toBeLessThan(100_000)
}, 60_000)

test.each(models.map(({ name }) => name))(
  'the keys of a large recording are checked separately only with the model register (model: %s)',
  async (model) => {
    const file = join(directory, 'model.jsonl')
    writeFileSync(file, `{"chaos":1,"model":"${model}"}\n{"process":0,"type":"invoke","f":"read"}\n`)
    expect(await canBeApart(taskOf(file))).toBe(model === 'register')
    writeFileSync(file, '{"process":0,"type":"invoke","f":"read"}\n')
    expect(await canBeApart(taskOf(file, { model }))).toBe(model === 'register')
  },
)

test('packed operations get the right verdict even if the history builder forgets their texts', async () => {
  const file = join(directory, 'texts.jsonl')
  const lines: string[] = []
  for (let n = 0; n < 700; n++) {
    const value = `${n} ${'text '.repeat(10_000)}`
    for (const type of ['invoke', 'ok'])
      lines.push(
        JSON.stringify({
          process: n % 3,
          type,
          f: n % 2 === 0 ? 'write' : 'read',
          key: n % 2 === 0 ? `k${n % 7}` : `r${n}`,
          value: n % 2 === 0 ? value : null,
        }),
      )
  }
  writeFileSync(file, `${lines.join('\n')}\n`)
  const [packed, whole] = [await readPacked(file, dealingOf(3)), await readHistory(file)]
  const settings = { initial: null, failedCas: 'drop', memoryBytes: 1e9 } as never
  const { answer } = judgePlaces(packed, [0, 1, 2], { file, settings, leftMs: () => 20_000 })
  expect(answer.result).toBe(check(whole, options(null)).levels.linearizable.result)
})

test('readPacked refuses a recording with request ids', async () => {
  const file = join(directory, 'ids.jsonl')
  const event = { process: 0, f: 'write', key: 'x', value: 1 }
  writeFileSync(
    file,
    [
      { ...event, type: 'invoke', requestId: 'r' },
      { ...event, type: 'ok' },
    ]
      .map((each) => JSON.stringify(each))
      .join('\n'),
  )
  await expect(readPacked(file, dealingOf(1))).rejects.toThrow('requests')
})

/** Replaces a pool: runs every job on this thread. */
const onThisThread: CheckPool['run'] = async (job, _, input) =>
  doneOf(await thisThread.do(job, { input, stopwatch: createStopwatch() }), job.kind)

const poolHere = (run: CheckPool['run']): CheckPool => ({ threads: 2, run, check: checkFile, close: async () => {} })

const READ = '{"process":0,"type":"invoke","f":"read","key":"x","value":null}'
const WRITE = '{"process":1,"type":"invoke","f":"write","key":"x","value":1}'

test('an error in a later part of a large recording is reported with its line', async () => {
  const parts = inParts([READ, WRITE, 'no event'], () => 1)
  const known = await checkLarge(poolHere(onThisThread), taskOf(parts), () => {})
  expect(known).toMatchObject({ trouble: { code: 'input', message: expect.stringContaining(':3:') } })
})

test('jobs that judge a large recording receive the operations of their keys', async () => {
  const lines = [WRITE, WRITE.replace('invoke', 'ok'), READ, READ.replace('invoke', 'ok').replace('null', '1')]
  const task = taskOf(written('small.jsonl', [...lines, ...lines.map((line) => line.replace('"x"', '"y"'))]))
  const given: number[] = []
  const pool = poolHere((job, of, input) => {
    const { recording } = input as { recording?: PackedRecording }
    for (const { rows } of recording?.packed ?? []) given.push(rows.reduce((sum, { count }) => sum + count, 0))
    return onThisThread(job, of, input)
  })
  const known = await checkLarge(pool, task, () => {})
  if (known === undefined) throw new Error('it can be judged by its keys')
  expect(resultJson(known)).toEqual(resultJson(await checkFile(task)))
  expect(given).toEqual([4])
})
