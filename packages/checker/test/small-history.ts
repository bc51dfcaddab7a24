import {
  type EventInput,
  FAIL,
  FLAG_FINAL,
  type History,
  INFO,
  type Json,
  OK,
  type Operations,
  ValueTable,
} from '@chaos/history'

interface Row {
  readonly call: EventInput
  readonly callAt: number
  completion: EventInput | undefined
  returnAt: number
}

/**
 * The history of a few events, in time and memory that fit tens of thousands of them: `historyFromEvents` makes room for
 * real ones. Events must be valid; every event is a client's.
 */
export function smallHistory(events: readonly EventInput[]): History {
  const rows: Row[] = []
  const open = new Map<number | string, Row>()
  for (const [at, event] of events.entries()) {
    if (event.type === 'invoke') {
      const row: Row = { call: event, callAt: at, completion: undefined, returnAt: -1 }
      rows.push(row)
      open.set(event.process, row)
      continue
    }
    const row = open.get(event.process)
    if (row === undefined) throw new Error(`event ${at} completes nothing`)
    row.completion = event
    row.returnAt = at
    open.delete(event.process)
  }
  const values = new ValueTable()
  const names = { functions: [] as string[], keys: [] as string[], nodes: [] as string[] }
  const number = (list: string[], name: string | undefined): number => {
    if (name === undefined) return -1
    if (!list.includes(name)) list.push(name)
    return list.indexOf(name)
  }
  const ints = (of: (row: Row) => number): Int32Array => Int32Array.from(rows, of)
  const json = (event: EventInput | undefined): Json => event?.value ?? null
  const operations: Operations = {
    length: rows.length,
    process: ints(({ call }) => Number(call.process)),
    f: Uint8Array.from(rows, ({ call }) => number(names.functions, call.f)),
    key: ints(({ call }) => number(names.keys, call.key)),
    input: ints(({ call }) => values.id(json(call))),
    output: ints(({ call, completion }) => values.id(json(completion ?? call))),
    outcome: Uint8Array.from(rows, ({ completion }) =>
      completion?.type === 'ok' ? OK : completion?.type === 'fail' ? FAIL : INFO,
    ),
    callEvent: ints(({ callAt }) => callAt),
    returnEvent: ints(({ returnAt }) => returnAt),
    callTime: Float64Array.from(rows, ({ call, callAt }) => call.time ?? callAt),
    returnTime: Float64Array.from(rows, ({ completion, returnAt }) =>
      completion === undefined ? Number.POSITIVE_INFINITY : (completion.time ?? returnAt),
    ),
    node: ints(({ call, completion }) => number(names.nodes, completion?.node ?? call.node)),
    flags: Uint8Array.from(rows, ({ call }) => (call.final === true ? FLAG_FINAL : 0)),
    callLine: ints(({ callAt }) => callAt + 1),
    returnLine: ints(({ returnAt }) => returnAt + 1),
  }
  return {
    header: undefined,
    operations,
    values,
    ...names,
    processName: String,
    processCount: 1 + Math.max(-1, ...rows.map(({ call }) => Number(call.process))),
    nemesis: [],
    errorOf: (row) => rows[row]?.completion?.error,
    eventCount: events.length,
    warnings: [],
  }
}
