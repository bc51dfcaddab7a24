import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'

interface Operation {
  readonly client: number
  readonly f: 'read' | 'write'
  readonly key: 'x' | 'y' | undefined
  readonly value: number | undefined
  readonly outcome: 'ok' | 'fail' | 'info'
  readonly error: boolean
  /** Whether the operation begins before the previous one ends. */
  readonly isOverlapping: boolean
}

interface Line extends Operation {
  readonly type: 'invoke' | 'ok' | 'fail' | 'info'
  readonly time: number
}

const operations = (): fc.Arbitrary<readonly Operation[]> =>
  fc.array(
    fc.record({
      client: fc.nat(2),
      f: fc.constantFrom('read' as const, 'write' as const),
      key: fc.oneof({ weight: 6, arbitrary: fc.constant('x' as const) }, fc.constantFrom('y' as const, undefined)),
      value: fc.oneof({ weight: 9, arbitrary: fc.nat(2) }, fc.constant(undefined)),
      outcome: fc.oneof(
        { weight: 6, arbitrary: fc.constant('ok' as const) },
        fc.constantFrom('fail' as const, 'info' as const),
      ),
      error: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
      isOverlapping: fc.boolean(),
    }),
    { minLength: 2, maxLength: 8 },
  )

/** The events of operations. An operation may overlap the one before. */
function eventsOf(list: readonly Operation[]): readonly Line[] {
  const lines: Line[] = []
  let open: Operation | undefined
  const end = (): void => {
    if (open !== undefined) lines.push({ ...open, type: open.outcome, time: 10 * lines.length })
    open = undefined
  }
  for (const each of list) {
    if (!each.isOverlapping || open?.client === each.client) end()
    lines.push({ ...each, type: 'invoke', time: 10 * lines.length })
    end()
    open = each
  }
  end()
  return lines
}

const isAnswered = ({ f, type }: Line): boolean => (f === 'read' ? type === 'ok' : true)
const heldBy = (line: Line): number | null | undefined =>
  isAnswered(line) ? (line.f === 'write' ? (line.value ?? 0) : line.value) : null
const errorOf = ({ type, error }: Line): { error?: string } => (error && type !== 'invoke' ? { error: 'timeout' } : {})

const jsonLines = (objects: readonly object[]): string => objects.map((each) => `${JSON.stringify(each)}\n`).join('')
const edn = (members: readonly string[]): string => `{${members.join(', ')}}\n`
const nil = (value: number | null | undefined): string => String(value ?? 'nil')

const ednEvent = (line: Line, more: readonly string[] = []): string => {
  const { client, type, f, key, error } = line
  const value = heldBy(line)
  return edn([
    `:process ${client}`,
    `:type :${type}`,
    `:f :${f}`,
    ...(value === undefined ? [] : [`:value ${nil(value)}`]),
    ...(key === undefined ? [] : [`:key :${key}`]),
    ...(error && type !== 'invoke' ? [':error :timeout'] : []),
    ...more,
  ])
}

const microOf = ({ f, key = 'x', value }: Line): string =>
  f === 'write' ? `[[:w :${key} ${value ?? 0}]]` : `[[:r :${key}${value === undefined ? '' : ` ${value}`}]]`

const answered = (list: readonly Operation[]) =>
  list.map(({ client, f, key, value, outcome, error }, n) => {
    const times = { start_ms: 1000 + 10 * n, end_ms: 1000 + 10 * n + 15 }
    const result = f === 'read' && outcome === 'ok' ? { result: value } : {}
    return {
      ...{ client: `c${client}`, op: f, key, ...times, status: outcome },
      ...(f === 'write' ? { value: value ?? 0 } : result),
      ...(error ? { error: 'timeout' } : {}),
    }
  })

/** A table of records. */
function table(rows: readonly { readonly [column: string]: unknown }[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cells = (row: { readonly [column: string]: unknown }): string => names.map((name) => row[name] ?? '').join(',')
  return `${[names.join(','), ...rows.map(cells)].join('\n')}\n`
}

const FORMATS: { readonly [format: string]: (list: readonly Operation[]) => string } = {
  'native events': (list) =>
    jsonLines(
      eventsOf(list).map((line) => ({
        ...{ process: line.client, type: line.type, f: line.f, key: line.key, value: heldBy(line) },
        ...errorOf(line),
      })),
    ),
  'events with other names': (list) =>
    jsonLines(
      eventsOf(list).map((line) => ({
        ...{ client: line.client, event: line.type, op: line.f, sku: line.key, val: heldBy(line) },
        ...errorOf(line),
      })),
    ),
  'operations in JSON': (list) => jsonLines(answered(list)),
  'answers of a key and a value': (list) =>
    jsonLines(
      answered(list).map(({ key, ...line }) =>
        'result' in line ? { ...line, result: { k: key ?? 'x', v: line.result ?? null } } : line,
      ),
    ),
  'operations in CSV': (list) => table(answered(list)),
  'operations in CSV without a known key': (list) =>
    table(answered(list).map(({ key, ...line }) => ({ ...line, sku: key }))),
  'events in CSV': (list) =>
    table(
      eventsOf(list).map((line) => ({
        ...{ process: line.client, type: line.type, f: line.f, key: line.key, value: heldBy(line), time: line.time },
      })),
    ),
  'Jepsen EDN': (list) =>
    eventsOf(list)
      .map((line, index) => ednEvent(line, [`:index ${index}`, `:time ${line.time}`]))
      .join(''),
  'Jepsen EDN with planned calls': (list) =>
    eventsOf(list)
      .map((line, index) =>
        ednEvent(line, [
          `:index ${index}`,
          `:time ${line.type === 'invoke' ? line.time * 1e6 : 1e9 + line.time * 1e6}`,
        ]),
      )
      .join(''),
  'Jepsen EDN of completions only': (list) =>
    eventsOf(list)
      .filter(({ type }) => type !== 'invoke')
      .map((line) => ednEvent(line))
      .join(''),
  'Jepsen EDN of transactions': (list) =>
    eventsOf(list)
      .map((line) => edn([`:process ${line.client}`, `:type :${line.type}`, ':f :txn', `:value ${microOf(line)}`]))
      .join(''),
  'Jepsen logs': (list) =>
    eventsOf(list)
      .map((line) => `INFO  jepsen.util - ${line.client}\t:${line.type}\t:${line.f}\t${nil(heldBy(line))}\n`)
      .join(''),
  'Porcupine key-value logs': (list) =>
    eventsOf(list)
      .filter(({ type }) => type === 'invoke' || type === 'ok')
      .map(({ client, type, f, value = 0, key = 'x' }) =>
        edn([
          ...[`:process ${client}`, `:type :${type}`, `:f :${f === 'read' ? 'get' : 'put'}`, `:key "${key}"`],
          `:value ${f === 'read' && type === 'invoke' ? 'nil' : `"${value}"`}`,
        ]),
      )
      .join(''),
}

describe('chaos convert', () => {
  test.each(Object.keys(FORMATS))(
    'chaos convert keeps the verdicts on %s, and the counts of outcomes',
    async (format) => {
      const directory = temporaryDirectory()
      let compared = 0
      await fc.assert(
        fc.asyncProperty(operations(), async (list) => {
          const [original, converted] = [join(directory, 'original'), join(directory, 'converted.jsonl')]
          writeFileSync(original, FORMATS[format]?.(list) ?? '')
          const judged = async (file: string) => {
            const { exitCode, stdout } = await chaosHere(['check', file, '--json'])
            if (exitCode === 3) return exitCode
            const { levels, operations, anomalies } = JSON.parse(stdout)
            return {
              exitCode,
              levels: Object.entries<{ result: string }>(levels).map(([level, { result }]) => [level, result]),
              operations,
              anomalies: anomalies?.length,
            }
          }
          const before = await judged(original)
          if (before === 3) return
          compared++
          expect(await chaosHere(['convert', original, '--out', converted, '--force'])).toMatchObject({ exitCode: 0 })
          expect(await judged(converted)).toEqual(before)
        }),
        { numRuns: 25 },
      )
      expect(compared).toBeGreaterThan(5)
    },
  )
})
