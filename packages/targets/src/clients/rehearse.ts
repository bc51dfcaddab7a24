import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { type Completion, canonical, type Input, type Json, millis, readsWhole } from '@chaosproxy/history'
import type { Client, Rehearsal, RequestedOperations } from '@chaosproxy/runner'
import { keyNames } from '@chaosproxy/workloads'
import { type Exchange, type ExchangeWatch, exchangeText, requestTextOf, type WrittenRequest } from './exchange.ts'
import type { NodeAddress } from './planned-clients.ts'
import {
  type Answered,
  isAnswered,
  isUnmapped,
  judgeRead,
  judgeWrites,
  REFUSED_VALUES,
  type ReadJudgement,
  type Tried,
} from './rehearsal.ts'
import { type Named, OF_OBJECTS, refusedError, unmappedAnswerError, unreadError } from './rehearsal-error.ts'

interface RehearseOptions {
  readonly operations: RequestedOperations
  readonly at: string
  readonly logDir: string
  /** The addresses of all nodes, bypassing the proxy, which would record the operations. */
  readonly nodes: readonly NodeAddress[]
  /** Whether there is only one object, so that requests contain no key. */
  readonly isOfOne: boolean
  /** Returns whether this status leaves the outcome unknown, according to the route table. */
  readonly leavesOpen: (status: number) => boolean
  /** @param name the object's name in the service, in place of the declared name */
  readonly connect: (address: NodeAddress, watch: ExchangeWatch, name: string | undefined) => Client
  readonly signal?: AbortSignal | undefined
}

interface Rehearsed extends Rehearsal {
  readonly isOfTexts: boolean
}

/** The time for which a replica may be behind, or a service may lack its leader or database. */
const PATIENCE_MS = 3_000
/**
 * The time for which the only node of a cluster may refuse a write that it accepts later. Also the time for which any
 * node may refuse a read, or answer it in an unexpected form.
 */
const SINGLE_PATIENCE_MS = 1_000
const PAUSE_MS = 50
const ASK_MS = millis(1_000)
/** The time for which a single node may be behind, or lack its database. */
const SINGLE_BEHIND_MS = 2_000
/** The number that the rehearsal writes, and then looks for in answers. Few answers contain it by coincidence. */
const NUMBER = 7
/**
 * Forms of names to try if the service rejects the usual names: the placeholder for `keys`, and a function that creates
 * a sample name. Hardly any service has an object with the number 900000007.
 */
const OTHER_NAMES = { '{number}': () => '900000007', '{uuid}': () => randomUUID() } as const

const NOTHING: Rehearsed = { exchanges: [], isOfTexts: false }

/**
 * Writes one value and reads it back. Uses an object that no client uses, because an unanswered write could take effect
 * during the run. A rehearsal with an unclear result passes.
 *
 * @throws UserError: input for a declaration that does not fit the service, environment for a service that fails.
 */
export async function rehearse(options: RehearseOptions): Promise<Rehearsed> {
  const { operations, isOfOne } = options
  const [read] = operations.before ?? []
  const sample = operations.sampleWrite?.()
  if (read === undefined || sample === undefined || !readsWhole(read.f)) return NOTHING
  const unused = isOfOne ? undefined : unusedKey(operations)
  if (unused === undefined) return NOTHING
  const values = valuesLike(sample.value)
  const stage: Stage = { ...options, read, write: sample.f, key: unused, values, ask: createAsk(options) }
  const startedAt = performance.now()
  const first = await writeAtAny(stage)
  return (await isLikeOthers(stage, first)) ? rehearseFrom(stage, { first, startedAt }) : NOTHING
}

/** Returns the values to try, in order. A number is also tried as text. */
const valuesLike = (value: Json): Values => (typeof value === 'number' ? [NUMBER, String(NUMBER)] : [value])

/**
 * Returns a key that no client uses, named like the clients' keys. Undefined if the clients' keys have unusual names.
 */
function unusedKey({ before = [] }: RequestedOperations): string | undefined {
  const used = before.map(({ key }) => key ?? null)
  const isUsual = canonical(keyNames(used.length)) === canonical(used)
  return isUsual ? keyNames(used.length + 1).at(-1) : undefined
}

interface Stage extends RehearseOptions {
  /** A read of an object that clients use. With `key` in place of its key, it reads the object that no client uses. */
  readonly read: Input
  readonly write: string
  /** The key of an object that no client uses. */
  readonly key: string
  readonly values: Values
  readonly ask: (address: NodeAddress, input: Input, name?: string) => Promise<Tried>
}

type Values = readonly [Json, ...Json[]]

/** Returns a function that performs one operation over a connection of its own. */
function createAsk({ connect }: RehearseOptions): Stage['ask'] {
  let sequence = 0
  return (address, input, name) =>
    new Promise((resolve) => {
      let request: WrittenRequest | undefined
      let exchange: Exchange | undefined
      const watch: ExchangeWatch = {
        requested(_, made) {
          request = made
          return (answer) => {
            exchange = { request: made, answer }
          }
        },
      }
      const client = connect(address, watch, name)
      const ended = (completion: Completion) => {
        client.close()
        resolve({ address, input, request, exchange, completion })
      }
      const session = { client: 'rehearsal', sequence: sequence++ }
      client.invoke({ input, session, harmless: readsWhole(input.f) }, ASK_MS, ended)
    })
}

interface Begun {
  /** The first attempt of a write, at each node. */
  readonly first: readonly Tried[]
  readonly startedAt: number
}

async function rehearseFrom(stage: Stage, begun: Begun): Promise<Rehearsed> {
  const { at, logDir, values } = stage
  const logOf = ({ address }: Tried) => join(logDir, `${address.node}.log`)
  const written = await writePatiently(stage, begun)
  const write = written.find(hasWorked)
  if (write === undefined) {
    const judged = judgeWrites(written)
    if (judged.type === 'unclear')
      return {
        ...NOTHING,
        remark: `no write has worked so far: ${[...new Map(written.map((tried) => [tried.address.node, triedText(tried)])).values()].slice(0, 2).join('; ')}`,
      }
    const { refusal, besides } = judged
    const named = OF_OBJECTS.has(statusOf(refusal)) ? await writeNamed(stage) : undefined
    throw refusedError(at, 'write', { refused: refusal, besides, named, logPath: logOf(refusal) })
  }
  if (write.completion.type === 'info') {
    if (stage.leavesOpen(statusOf(write))) return NOTHING
    throw unmappedAnswerError(at, 'write', write)
  }
  const { read, judged } = await readBack(stage, write)
  if (!isAnswered(read) || write.completion.type !== 'ok') return NOTHING
  const exchanges = [write, read].map(triedText)
  switch (judged.type) {
    case 'unclear':
      return NOTHING
    case 'refused':
      throw refusedError(at, 'read', { refused: read, logPath: logOf(read) })
    case 'text':
      if ((await writeAtAny({ ...stage, values: [String(write.completion.value)] })).some(hasWorked)) break
      throw unreadError(at, { write, read, judged })
    case 'elsewhere':
    case 'absent':
    case 'other-type':
      throw unreadError(at, { write, read, judged })
    case 'fits':
      break
    default:
      return judged satisfies never
  }
  // Clients will also read objects that have no value yet. The route table must explain the reply to such a read.
  const empty = await stage.ask(write.address, stage.read)
  if (isUnmapped(empty)) throw unmappedAnswerError(at, 'read', empty)
  if (judged.type === 'text')
    return {
      exchanges,
      isOfTexts: true,
      remark: 'the service answers the string "7" for the number 7, so clients write strings',
    }
  return write.input.value === values[0]
    ? { exchanges, isOfTexts: false }
    : { exchanges, isOfTexts: true, remark: 'the service refuses numbers, so clients write strings' }
}

const triedText = ({ address, request, exchange, completion }: Tried): string =>
  `${address.node}: ${exchange === undefined ? `${request === undefined ? 'a request' : requestTextOf(request)} had no answer (${completion.type === 'ok' ? 'ok' : completion.error})` : exchangeText(exchange)}`

/** Returns whether the status is 2xx, even if the route table does not declare it as a success. */
const hasWorked = (tried: Tried): tried is Answered => statusOf(tried) >= 200 && statusOf(tried) < 300

const statusOf = ({ exchange }: Tried): number => exchange?.answer.status ?? 0

/**
 * Sends the write to all nodes at once. If none accepts it, sends the next value to the nodes that refused the value.
 */
async function writeAtAny({ nodes, ask, write, key, values, signal }: Stage, name?: string): Promise<readonly Tried[]> {
  const all: Tried[] = []
  let addresses = nodes
  for (const value of values) {
    signal?.throwIfAborted()
    const tried = await untilOneWorks(addresses.map((address) => ask(address, { f: write, key, value }, name)))
    all.push(...tried)
    if (tried.some(hasWorked)) return all
    addresses = tried.filter((each) => REFUSED_VALUES.has(statusOf(each))).map(({ address }) => address)
  }
  return all
}

/** Resolves with the ended writes, once one has worked or all have ended. */
async function untilOneWorks(attempts: readonly Promise<Tried>[]): Promise<readonly Tried[]> {
  const ended: Tried[] = []
  const one = attempts.map(async (each) => {
    const tried = await each
    ended.push(tried)
    if (!hasWorked(tried)) throw new Error('it did not work')
  })
  await Promise.any(one).catch(() => {})
  return [...ended]
}

/** Repeats a write for as long as it may still succeed. */
async function writePatiently(stage: Stage, { first, startedAt }: Begun): Promise<readonly Tried[]> {
  let all = first
  for (;;) {
    const fails = all.some((tried) => statusOf(tried) === 500)
    const patienceMs = stage.nodes.length > 1 ? PATIENCE_MS : fails ? SINGLE_BEHIND_MS : SINGLE_PATIENCE_MS
    if (all.some(hasWorked) || performance.now() - startedAt >= patienceMs) return all
    await pause(stage.signal)
    all = await writeAtAny(stage)
  }
}

/** Tries other kinds of names until a write works. */
async function writeNamed(stage: Stage): Promise<Named | undefined> {
  for (const [keys, nameOf] of Object.entries(OTHER_NAMES)) {
    const write = (await writeAtAny(stage, nameOf())).find(hasWorked)
    if (write !== undefined) return { keys, write }
  }
  return undefined
}

interface ReadBack {
  readonly read: Tried
  readonly judged: ReadJudgement
}

/** Reads from the node that accepted the write. Repeats the read as long as its result may still change. */
async function readBack({ nodes, ask, read, key, signal }: Stage, write: Tried): Promise<ReadBack> {
  const { completion, input, address } = write
  const written = completion.type === 'ok' ? completion.value : input.value
  const startedAt = performance.now()
  for (;;) {
    const tried = await ask(address, { ...read, key })
    const judged = judgeRead(written, tried)
    if (performance.now() - startedAt >= patienceFor(judged, nodes.length)) return { read: tried, judged }
    await pause(signal)
  }
}

/**
 * Returns for how many milliseconds a read with this judgement is repeated, because a later read may return another
 * result.
 */
function patienceFor({ type }: ReadJudgement, nodes: number): number {
  switch (type) {
    case 'fits':
    case 'text':
      return 0
    case 'elsewhere':
    case 'other-type':
    case 'refused':
      return SINGLE_PATIENCE_MS
    case 'absent':
    case 'unclear':
      return nodes === 1 ? SINGLE_BEHIND_MS : PATIENCE_MS
  }
}

/**
 * Returns whether the service treats an object that no client uses (`key`) like the clients' objects. True if the
 * service accepted a write of `key`. Otherwise, reads both objects at every node that answered the write. The result is
 * then true if, at each of these nodes, both reads have the same status, and the clients' object holds no number.
 */
async function isLikeOthers({ ask, read, key }: Stage, written: readonly Tried[]): Promise<boolean> {
  if (written.some(hasWorked)) return true
  for (const { address } of written.filter(isAnswered)) {
    const used = await ask(address, read)
    if (numberIn(used) !== undefined) return false
    if (statusOf(used) !== statusOf(await ask(address, { ...read, key }))) return false
  }
  return true
}

const numberIn = ({ completion }: Tried): number | undefined =>
  completion.type === 'ok' && typeof completion.value === 'number' ? completion.value : undefined

async function pause(signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
}
