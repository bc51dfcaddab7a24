import { type Fault, linksBetween, type NodeId } from '@chaosproxy/faults'
import { type Input, type Json, millis } from '@chaosproxy/history'
import type { Asking, Beat, Ending, ExpectedGoodput, Load, Mishap, Remark, Tale } from './story.ts'

/** Three nodes with a register workload. */
export const threeNodes: Pick<Tale, 'nodes' | 'workload'> = { nodes: 3, workload: 'register' }
/** Three nodes with a register workload, with n1 as the leader when the story begins. */
export const ledByN1: typeof threeNodes & Pick<Tale, 'leader'> = { ...threeNodes, leader: 'n1' }

/**
 * Parses beats, one per line:
 *
 * ```
 * 100 Ana n1 write seat "row 8" -- At 100 ms Ana asks n1 to write; the write must be confirmed.
 * 200 Ben n2 read seat = null -- The read must return this.
 * 300 Ben n2 cas seat null Ben refused "conflict" -- It must fail; a stated reason must begin like this.
 * 400 Ana n1 add visits 1 unanswered -- No answer may come in time.
 * 500 -- A remark.
 * ```
 *
 * A value is JSON, or a word if it is not valid JSON. If an object stands where a key is expected, the operation has no
 * key, and the object is its value. An interpolated text becomes part of its line. Interpolated beats are inserted at
 * their place. Any other interpolated value is inserted as JSON.
 *
 * @throws Error for a line in another format.
 */
export function beats(
  texts: TemplateStringsArray,
  ...values: readonly (Beat | readonly Beat[] | Json)[]
): readonly Beat[] {
  const inserted: (readonly Beat[])[] = []
  const place = (value: Beat | readonly Beat[] | Json): string => {
    if (typeof value === 'string') return value
    const found = Array.isArray(value) ? value : [value]
    return found.length > 0 && found.every(isBeat) ? `${INSERTED}${inserted.push(found) - 1}` : JSON.stringify(value)
  }
  const whole = texts.map((text, at) => (at < values.length ? text + place(values[at] ?? null) : text)).join('')
  const lines = whole.split('\n').map((line) => line.trim())
  return lines
    .filter((line) => line !== '')
    .flatMap((line) => (line.startsWith(INSERTED) ? inserted[Number(line.slice(1))] : undefined) ?? [beatIn(line)])
}

/**
 * Begins a line that is a placeholder for interpolated beats. The rest of the line is the index of these beats in
 * `inserted`. No other line begins with this character.
 */
const INSERTED = '@'

const isBeat = (value: unknown): value is Beat =>
  typeof value === 'object' && value !== null && 'atMs' in value && 'says' in value

const LINE = /^(\d+)(?: (\S+) (\S+) (.+?))? -- (.+)$/
const WORD = /"(?:[^"\\]|\\.)*"|\{.*?\}(?= |$)|\[.*?\](?= |$)|\S+/g

function beatIn(line: string): Asking | Remark {
  const [, time, who, node, exchange, says] = LINE.exec(line) ?? []
  if (says === undefined)
    throw new Error(
      `cannot read this line of the story: ${line}. Write TIME WHO NODE OPERATION -- TEXT, or TIME -- TEXT`,
    )
  const atMs = millis(Number(time))
  if (who === undefined || node === undefined || exchange === undefined) return { type: 'remark', atMs, says }
  return { type: 'asking', atMs, who, node, ...exchangeIn(exchange), says }
}

function exchangeIn(text: string): Pick<Asking, 'input' | 'answer'> {
  const [f = '', ...words] = text.match(WORD) ?? []
  const end = words.findIndex((word) => word === '=' || word === 'refused' || word === 'unanswered')
  const input = inputOf(f, words.slice(0, end === -1 ? undefined : end).map(valueIn))
  const [how, result] = end === -1 ? [] : words.slice(end)
  if (how === 'unanswered') return { input, answer: { type: 'info' } }
  if (how === 'refused') return { input, answer: { type: 'fail', ...(result && { because: String(valueIn(result)) }) } }
  if (result === undefined && f === 'read') throw new Error(`a read returns a value, as in "read KEY = VALUE": ${text}`)
  return { input, answer: { type: 'ok', value: result === undefined ? input.value : valueIn(result) } }
}

function inputOf(f: string, request: readonly Json[]): Input {
  const [key = null, ...rest] = request
  if (typeof key !== 'string') return { f, value: key }
  return { f, key, value: rest.length > 1 ? rest : (rest[0] ?? null) }
}

function valueIn(word: string): Json {
  try {
    return JSON.parse(word)
  } catch {
    return word
  }
}

export const during = (
  [fromMs, toMs]: readonly [fromMs: number, toMs: number],
  fault: Fault,
  says: string,
): Mishap => ({ type: 'mishap', atMs: millis(fromMs), untilMs: millis(toMs), fault, says })

/** Expects that at least the share `least` of the requests in an interval is answered. */
export const mostAnswered = (
  fromMs: number,
  untilMs: number,
  least = 0.9,
  leastOnProcesses: number = least,
): ExpectedGoodput => ({
  fromMs: millis(fromMs),
  untilMs: millis(untilMs),
  least,
  leastOnProcesses,
  most: 2,
})

/** Expects that at most the share `most` of the requests in an interval is answered. */
export const fewAnswered = (fromMs: number, untilMs: number, most = 0.1): ExpectedGoodput => ({
  fromMs: millis(fromMs),
  untilMs: millis(untilMs),
  least: 0,
  most,
})

/**
 * Returns the ending of a story about load. Such a story sets bounds on the answered requests, but no history is
 * judged.
 */
export const served = (goodput: readonly ExpectedGoodput[], says: string): Ending => ({
  verdicts: {},
  finally: {},
  goodput,
  says,
})

/** A load balancer, n1, before four servers. All requests of the load arrive at n1. */
export const balanced = (
  load: Omit<Load, 'nodes'>,
): Pick<Tale, 'target' | 'nodes' | 'workload' | 'timeoutMs' | 'cast' | 'load'> => ({
  ...{ target: 'balancer', nodes: 5, workload: 'register', timeoutMs: millis(1_000), cast: [] },
  load: { ...load, nodes: ['n1'] },
})

export const read = (key: string): Input => ({ f: 'read', key, value: null })
export const write = (key: string, value: Json): Input => ({ f: 'write', key, value })
/** Cuts the groups off from each other. Messages sent during the fault arrive after it ends. */
export const cut = (...groups: readonly (readonly NodeId[])[]): Fault => ({
  kind: 'partition',
  mode: 'hold',
  links: linksBetween(groups),
})

/** Sets the clock of a node ahead of the others by `offsetMs` until the fault ends. */
export const clockAhead = (node: NodeId, offsetMs: number): Fault => ({
  kind: 'clock',
  nodes: [node],
  offsetMs: millis(offsetMs),
  driftPpm: 0,
})

const toClients = (nodes: readonly NodeId[]) => nodes.map((to) => ({ from: 'clients', to }))

/** Loses requests before they arrive, so that their clients time out. */
export const loseRequest = (...nodes: readonly NodeId[]): Fault => ({
  kind: 'lose-request',
  silence: 'hang',
  links: toClients(nodes),
})

/** Loses the replies to executed requests, so that the clients time out. */
export const loseReply = (...nodes: readonly NodeId[]): Fault => ({
  kind: 'lose-reply',
  silence: 'hang',
  links: toClients(nodes),
})

/** Delays all messages from one node to another until the fault ends. */
export const stall = (from: NodeId, to: NodeId): Fault => ({ kind: 'partition', mode: 'hold', links: [{ from, to }] })

/** Delays all messages to a node from the given others until the fault ends. */
export const deaf = (node: NodeId, ...others: readonly NodeId[]): Fault => ({
  kind: 'partition',
  mode: 'hold',
  links: others.map((from) => ({ from, to: node })),
})

/** Delays all messages from one node to another by `latencyMs`. */
export const late = (from: NodeId, to: NodeId, latencyMs: number): Fault => ({
  kind: 'latency',
  latencyMs: millis(latencyMs),
  jitterMs: millis(0),
  distribution: 'uniform',
  links: [{ from, to }],
})

/** Stops nodes, and resumes them when the fault ends. */
export const paused = (...nodes: readonly NodeId[]): Fault => ({ kind: 'pause', nodes })

/** Kills nodes, and restarts them on the same disk when the fault ends. */
export const down = (...nodes: readonly NodeId[]): Fault => ({ kind: 'kill', nodes })
