import {
  type EventInput,
  FAIL,
  FLAG_FINAL,
  type Header,
  type History,
  INFO,
  keyName,
  OK,
  UNNAMED,
  ValueTable,
} from '@chaosproxy/history'

const ABSENT = -1

/**
 * Creates the history of a few events. Unlike `historyFromEvents`, it takes so little memory that tests can create tens
 * of thousands of histories. The events must be of clients, and calls and returns of each process must alternate.
 */
export function smallHistory(events: readonly EventInput[], header?: Header): History {
  let length = 0
  for (const { type } of events) if (type === 'invoke') length++
  const ints = (): Int32Array => new Int32Array(length)
  const [process, key, input, output, node] = [ints(), ints(), ints(), ints(), ints()]
  const [callEvent, returnEvent, callLine, returnLine] = [ints(), ints(), ints(), ints()]
  const [f, outcome, flags] = [new Uint8Array(length), new Uint8Array(length), new Uint8Array(length)]
  const [callTime, returnTime] = [new Float64Array(length), new Float64Array(length)]
  const values = new ValueTable()
  const names = { functions: [] as string[], keys: [] as string[], nodes: [] as string[] }
  const open = new Map<number | string, number>()
  const sessions: string[] = []
  const sessionOf = new Map<number, number>()
  let processCount = 0
  let rows = 0
  for (let at = 0; at < events.length; at++) {
    const event = events[at]!
    if (event.type === 'invoke') {
      const row = rows++
      open.set(event.process, row)
      process[row] = Number(event.process)
      if (process[row] >= processCount) processCount = process[row] + 1
      if (event.session !== undefined) sessionOf.set(process[row], number(sessions, event.session))
      f[row] = number(names.functions, event.f)
      key[row] = number(names.keys, keyName(event.key))
      node[row] = number(names.nodes, event.node)
      // An operation is open until its completion is found.
      input[row] = output[row] = idOf(values, event)
      outcome[row] = INFO
      flags[row] = event.final === true ? FLAG_FINAL : 0
      callEvent[row] = at
      callLine[row] = at + 1
      callTime[row] = event.time ?? at
      returnEvent[row] = ABSENT
      returnTime[row] = Number.POSITIVE_INFINITY
      continue
    }
    const row = open.get(event.process)
    if (row === undefined) throw new Error(`event ${at} completes nothing`)
    open.delete(event.process)
    output[row] = idOf(values, event)
    outcome[row] = event.type === 'ok' ? OK : event.type === 'fail' ? FAIL : INFO
    if (event.node !== undefined) node[row] = number(names.nodes, event.node)
    returnEvent[row] = at
    returnLine[row] = at + 1
    returnTime[row] = event.time ?? at
  }
  return {
    header,
    operations: {
      length,
      process,
      f,
      key,
      input,
      output,
      outcome,
      callEvent,
      returnEvent,
      callTime,
      returnTime,
      node,
      flags,
      callLine,
      returnLine,
    },
    values,
    ...names,
    processName: String,
    processCount,
    nemesis: [],
    errorOf: (row) => events[returnEvent[row] ?? ABSENT]?.error,
    eventCount: events.length,
    ...(header?.sessions === undefined && sessions.length === 0
      ? { hasSessions: false, sessionOf: (process) => process, sessionName: String }
      : {
          hasSessions: true,
          sessionOf: (process) => sessionOf.get(process) ?? UNNAMED,
          sessionName: (session) => sessions[session] ?? 'unnamed',
        }),
    marks: [],
    passedOn: [],
    warnings: [],
  }
}

const idOf = (values: ValueTable, { f, value }: EventInput): number =>
  f === 'txn' ? values.idOfTransaction(value ?? null) : values.id(value ?? null)

/** Returns the index of a name in the list. A new name is appended to the list. */
function number(list: string[], name: string | undefined): number {
  if (name === undefined) return ABSENT
  const at = list.indexOf(name)
  return at === -1 ? list.push(name) - 1 : at
}
