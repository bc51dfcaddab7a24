import { join } from 'node:path'
import { type Completion, canonical, type Input, type Json, millis, readsWhole } from '@chaosproxy/history'
import type { AskedOperations, Client, Rehearsal } from '@chaosproxy/runner'
import { keyNames } from '@chaosproxy/workloads'
import { type Exchange, type ExchangeWatch, exchangeText } from './exchange.ts'
import type { NodeAddress } from './planned-clients.ts'
import {
  type Answered,
  isAnswered,
  judgeRead,
  judgeWrites,
  REFUSED_VALUES,
  type ReadJudgement,
  type Tried,
} from './rehearsal.ts'
import { refusedError, unreadError } from './rehearsal-error.ts'

export interface RehearseOptions {
  readonly asked: AskedOperations
  /** The start of every message: the route table. */
  readonly at: string
  /** The directory with the log of every node. */
  readonly logDir: string
  /** Every node, bypassing the proxy, which would record the operations. */
  readonly nodes: readonly NodeAddress[]
  /** Whether requests contain no key, because there is only one object. */
  readonly isOfOne: boolean
  readonly connect: (address: NodeAddress, watch: ExchangeWatch) => Client
  readonly signal?: AbortSignal | undefined
}

export interface Rehearsed extends Rehearsal {
  /** Whether clients must write texts for numbers. */
  readonly isOfTexts: boolean
}

/** For so long a replica may be behind, a cluster without a leader, or a service without its database. */
const PATIENCE_MS = 3_000
/** For so long a single node may refuse a request that it takes later. */
const SINGLE_PATIENCE_MS = 1_000
const PAUSE_MS = 50
const ASK_MS = millis(1_000)
/** A number as few services have elsewhere in their answers. */
const NUMBER = 7

const NOTHING: Rehearsed = { exchanges: [], isOfTexts: false }

/**
 * Writes one value and reads it back, at an object that no client uses: a write to another, given up without an answer, could
 * take effect during the run. Cases that are not clear pass.
 *
 * @throws UserError: input for a set-up that does not fit the service, environment for a service that fails.
 */
export async function rehearse(options: RehearseOptions): Promise<Rehearsed> {
  const { asked, isOfOne } = options
  const [read] = asked.before ?? []
  const sample = asked.sampleWrite?.()
  if (read === undefined || sample === undefined || !readsWhole(read.f)) return NOTHING
  const stage: Stage = { ...options, read, write: sample.f, ask: createAsk(options) }
  const unused = isOfOne ? undefined : unusedKey(asked)
  const values = valuesLike(sample.value)
  if (unused !== undefined && (await isLikeOthers(stage, unused, values))) return rehearseAt(stage, unused, values)
  return NOTHING
}

/** The values to try, in this order. */
const valuesLike = (value: Json): readonly [Json, ...Json[]] =>
  typeof value === 'number' ? [NUMBER, String(NUMBER)] : [value]

/** A name like those that clients use, which none of them uses; undefined if they are named by other rules. */
function unusedKey({ before = [] }: AskedOperations): string | undefined {
  const used = before.map(({ key }) => key ?? null)
  const isUsual = canonical(keyNames(used.length)) === canonical(used)
  return isUsual ? keyNames(used.length + 1).at(-1) : undefined
}

interface Stage extends RehearseOptions {
  /** The read of an object that clients use. */
  readonly read: Input
  /** The function that writes. */
  readonly write: string
  readonly ask: (address: NodeAddress, input: Input) => Promise<Tried>
}

/** Every operation has a connection of its own. */
function createAsk({ connect }: RehearseOptions): Stage['ask'] {
  let sequence = 0
  return (address, input) =>
    new Promise((resolve) => {
      let exchange: Exchange | undefined
      const client = connect(address, {
        asked: (_, request) => (answer) => {
          exchange = { request, answer }
        },
      })
      const ended = (completion: Completion): void => {
        client.close()
        resolve({ address, input, exchange, completion })
      }
      const session = { client: 'rehearsal', sequence: sequence++ }
      client.invoke({ input, session, harmless: readsWhole(input.f) }, ASK_MS, ended)
    })
}

async function rehearseAt(
  stage: Stage,
  key: string | undefined,
  values: readonly [Json, ...Json[]],
): Promise<Rehearsed> {
  const { at, logDir } = stage
  const logOf = ({ address }: Tried): string => join(logDir, `${address.node}.log`)
  const written = await writePatiently(stage, key, values)
  const write = written.find(hasWorked)
  if (write === undefined) {
    const judged = judgeWrites(written)
    if (judged.type === 'unclear') return NOTHING
    throw refusedError(at, 'write', judged.shown, logOf(judged.shown))
  }
  const { read, judged } = await readBack(stage, write)
  if (!isAnswered(read) || write.completion.type !== 'ok') return NOTHING
  const exchanges = [write, read].map(({ address, exchange }) => `${address.node}: ${exchangeText(exchange)}`)
  switch (judged.type) {
    case 'fits':
      return write.input.value === values[0]
        ? { exchanges, isOfTexts: false }
        : { exchanges, isOfTexts: true, remark: 'the service refuses numbers, so clients write strings' }
    case 'unclear':
      return NOTHING
    case 'refused':
      throw refusedError(at, 'read', read, logOf(read))
    case 'text':
      if ((await writeAtAny(stage, key, [String(write.completion.value)])).some(hasWorked))
        return {
          exchanges,
          isOfTexts: true,
          remark: 'the service answers the string "7" for the number 7, so clients write strings',
        }
      throw unreadError(at, { write, read, judged })
    default:
      throw unreadError(at, { write, read, judged })
  }
}

/** Done as far as the status says; the table may not understand it. */
const hasWorked = (tried: Tried): tried is Answered => statusOf(tried) >= 200 && statusOf(tried) < 300

/** 0 without an answer. */
const statusOf = ({ exchange }: Tried): number => exchange?.answer.status ?? 0

/** Asks one node after the other until a write works, which is the last of those returned. */
async function writeAtAny(
  { nodes, ask, write, signal }: Stage,
  key: string | undefined,
  values: readonly Json[],
): Promise<readonly Tried[]> {
  const all: Tried[] = []
  for (const address of nodes)
    for (const value of values) {
      signal?.throwIfAborted()
      const tried = await ask(address, inputOf(write, key, value))
      all.push(tried)
      if (hasWorked(tried)) return all
      if (!REFUSED_VALUES.has(statusOf(tried))) break
    }
  return all
}

/** The same again and again, for as long as that may help. */
async function writePatiently(
  stage: Stage,
  key: string | undefined,
  values: readonly Json[],
): Promise<readonly Tried[]> {
  const startedAt = performance.now()
  for (;;) {
    const all = await writeAtAny(stage, key, values)
    const isSurelyRefused = stage.nodes.length === 1 && all.every((tried) => statusOf(tried) !== 500)
    const patienceMs = isSurelyRefused ? SINGLE_PATIENCE_MS : PATIENCE_MS
    if (all.some(hasWorked) || performance.now() - startedAt >= patienceMs) return all
    await pause(stage.signal)
  }
}

interface ReadBack {
  readonly read: Tried
  readonly judged: ReadJudgement
}

/** Reads at the node that took the write, until it has it. */
async function readBack({ ask, read, signal }: Stage, write: Tried): Promise<ReadBack> {
  const { completion, input, address } = write
  const written = completion.type === 'ok' ? completion.value : input.value
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const isLast = performance.now() >= deadline
    const tried = await ask(address, inputOf(read.f, input.key, null))
    const judged = judgeRead(written, tried)
    if (isLast || AT_ONCE.includes(judged.type)) return { read: tried, judged }
    await pause(signal)
  }
}

/** No later read says anything else. */
const AT_ONCE: readonly ReadJudgement['type'][] = ['fits', 'text']

/**
 * Whether the service takes a write of this object or, if it does not yet, answers a read of it like one of an object that
 * clients use, which has no number.
 */
async function isLikeOthers(stage: Stage, key: string, values: readonly Json[]): Promise<boolean> {
  const { ask, read } = stage
  const written = await writeAtAny(stage, key, values)
  if (written.some(hasWorked)) return true
  for (const { address } of written.filter(isAnswered)) {
    const used = await ask(address, read)
    if (numberIn(used) !== undefined) return false
    if (statusOf(used) !== statusOf(await ask(address, inputOf(read.f, key, null)))) return false
  }
  return true
}

const numberIn = ({ completion }: Tried): number | undefined =>
  completion.type === 'ok' && typeof completion.value === 'number' ? completion.value : undefined

const inputOf = (f: string, key: string | undefined, value: Json): Input =>
  key === undefined ? { f, value } : { f, key, value }

async function pause(signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
}
