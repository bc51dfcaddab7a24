import type { NodeId } from '@chaosproxy/faults'
import { type Completion, millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { remember } from '../memory.ts'
import { ok, UNKEYED, unavailable, unsupported } from '../objects/object.ts'
import type { Handlers } from '../turn.ts'
import {
  type Operation,
  preferenceList,
  type Quorum,
  type QuorumMessage,
  type QuorumState,
  type QuorumTurn,
  replicasOf,
} from './state.ts'
import { compareTags, type Version } from './tag.ts'

/** The interval at which operations are checked for age, and silent replicas are asked again. */
const SWEEP_MS = millis(50)
const OPERATION_LIMIT = 10_000

export const FUNCTIONS: readonly string[] = ['read', 'write']

export function handleRequest(turn: QuorumTurn, requestId: string, command: Command): void {
  const { state, config } = turn
  const { input, session } = command
  const refusal = !FUNCTIONS.includes(input.f)
    ? unsupported
    : state.operations.size >= OPERATION_LIMIT
      ? unavailable
      : undefined
  if (refusal !== undefined) {
    turn.reply(requestId, refusal)
    return
  }
  if (session !== undefined && answerAgain(turn, requestId, session)) return
  state.begun++
  const key = input.key ?? UNKEYED
  const operation: Operation = {
    id: `${state.id}.${state.life}.${state.begun}`,
    requestIds: [requestId],
    client: session?.client,
    input,
    key,
    replicas: replicasOf(state, key),
    standIns: new Map(),
    phase: 'query',
    answered: [],
    version: undefined,
    holders: [],
    age: 0,
  }
  if (state.operations.size === 0) turn.setTimer('sweep', SWEEP_MS)
  state.operations.set(operation.id, operation)
  if (session !== undefined) rememberRequest(state, session, operation.id)
  if (input.f === 'write' && config.tags === 'clock') write(turn, operation, Math.round(turn.now * 1_000))
  else ask(turn, operation)
}

/** Answers a repeated request. Applying a write twice would overwrite the writes in between. */
function answerAgain(
  turn: QuorumTurn,
  requestId: string,
  { client, sequence }: NonNullable<Command['session']>,
): boolean {
  const { lastRequests, operations } = turn.state
  const last = lastRequests.get(client)
  if (last === undefined || sequence > last.sequence) return false
  const running = sequence === last.sequence ? operations.get(last.operation) : undefined
  const superseded: Completion = { type: 'info', error: 'superseded by a later request of the same session' }
  if (running !== undefined) running.requestIds.push(requestId)
  else turn.reply(requestId, sequence === last.sequence ? (last.result ?? superseded) : superseded)
  return true
}

function rememberRequest(
  { lastRequests }: QuorumState,
  { client, sequence }: NonNullable<Command['session']>,
  operation: string,
): void {
  lastRequests.delete(client)
  remember(lastRequests, client, { sequence, operation, result: undefined })
}

/**
 * Sends the message of the current phase to replicas that have not answered it. This node comes last, because its own
 * answer may end the phase.
 */
function ask(turn: QuorumTurn, operation: Operation): void {
  const { state } = turn
  const { answered, replicas, standIns } = operation
  const silent = [...replicas, ...standIns.keys()].filter((node) => !answered.includes(node))
  for (const node of silent) if (node !== state.id) turn.send(node, messageFor(operation, node))
  if (silent.includes(state.id)) turn.send(state.id, messageFor(operation, state.id))
}

function messageFor({ id, phase, key, version, standIns }: Operation, node: NodeId): QuorumMessage {
  if (phase === 'query' || version === undefined) return { type: 'query', operation: id, key }
  return { type: 'put', operation: id, version, owner: standIns.get(node) ?? null }
}

export const operationMessages: Handlers<Quorum, 'queried' | 'stored'> = {
  queried(turn, { operation: id, version }, from) {
    const operation = turn.state.operations.get(id)
    if (operation === undefined || operation.phase !== 'query' || operation.answered.includes(from)) return
    operation.answered.push(from)
    const order = compareVersions(turn, version ?? undefined, operation.version)
    if (order > 0) {
      operation.version = version ?? undefined
      operation.holders = [from]
    } else if (order === 0) operation.holders.push(from)
    if (operation.answered.length < turn.state.sizes.r) return
    if (operation.input.f === 'read') finishQuery(turn, operation)
    else write(turn, operation, (operation.version?.tag.counter ?? 0) + 1)
  },
  stored(turn, { operation: id }, from) {
    const { state } = turn
    const operation = state.operations.get(id)
    if (operation === undefined || operation.phase !== 'put' || operation.answered.includes(from)) return
    operation.answered.push(from)
    if (operation.answered.length < writeSize(turn)) return
    if (operation.answered.length < state.sizes.w) turn.mark()
    finish(turn, operation)
  },
}

function compareVersions({ config }: QuorumTurn, one: Version | undefined, other: Version | undefined): number {
  if (one === undefined || other === undefined) return (one === undefined ? 0 : 1) - (other === undefined ? 0 : 1)
  // The bug: tags with the same counter are equal, even if different nodes wrote them.
  if (config.bug === 'no-tie-break') return one.tag.counter - other.tag.counter
  return compareTags(one.tag, other.tag)
}

/**
 * Begins the second phase of a write. The tag of the write is higher than the tags of all acknowledged writes, because
 * R replicas were asked for their tags (Lynch & Shvartsman 1997). If tags come from clocks, the clocks must agree.
 */
function write(turn: QuorumTurn, operation: Operation, counter: number): void {
  const { key, input, id } = operation
  operation.version = { key, value: input.value, tag: { counter, writer: id } }
  operation.holders = []
  store(turn, operation)
}

/**
 * Answers with the latest of R versions. "Reads must write": W replicas must have the version before the answer, or a
 * later read may return an older one (ABD).
 */
function finishQuery(turn: QuorumTurn, operation: Operation): void {
  const { config, state } = turn
  const { version, holders } = operation
  if (version === undefined || holders.length >= state.sizes.w) finish(turn, operation)
  else if (!config.writeBack || config.bug === 'no-write-back') {
    if (config.writeBack) turn.mark()
    repair(turn, operation, version)
    finish(turn, operation)
  } else store(turn, operation)
}

/** Read repair: "updates those nodes with the latest version" (Dynamo §5). */
function repair(turn: QuorumTurn, { answered, holders }: Operation, version: Version): void {
  if (!turn.config.readRepair) return
  for (const node of answered)
    if (node !== turn.state.id && !holders.includes(node)) turn.send(node, { type: 'versions', versions: [version] })
}

function store(turn: QuorumTurn, operation: Operation): void {
  operation.phase = 'put'
  operation.answered = [...operation.holders]
  ask(turn, operation)
}

/** The bug: W is too small by one, so that R + W = N and a read can miss the write. */
const writeSize = ({ state: { sizes }, config }: QuorumTurn): number =>
  config.bug === 'quorum-off-by-one' ? Math.max(1, sizes.n - sizes.r) : sizes.w

function finish(turn: QuorumTurn, operation: Operation): void {
  const { version, input, replicas } = operation
  const { writeBack, sloppy } = turn.config
  if (version !== undefined && writeBack && !sloppy) turn.state.vouched = { version, replicas }
  end(turn, operation, ok(input.f === 'read' ? (version?.value ?? null) : input.value))
}

function end(turn: QuorumTurn, { id, requestIds, client }: Operation, result: Completion): void {
  const { operations, lastRequests } = turn.state
  operations.delete(id)
  const last = client === undefined ? undefined : lastRequests.get(client)
  if (last !== undefined && last.operation === id) last.result = result
  for (const requestId of requestIds) turn.reply(requestId, result)
}

/** Asks silent replicas again, and ends operations that have waited too long for replicas. */
export function sweep(turn: QuorumTurn): void {
  const { state, config } = turn
  for (const operation of state.operations.values()) {
    operation.age++
    // A write that has not been sent to any replica certainly has no effect.
    if (operation.age * SWEEP_MS > config.requestTimeoutMs)
      end(
        turn,
        operation,
        operation.input.f === 'read' || operation.phase === 'query'
          ? unavailable
          : { type: 'info', error: 'too few replicas confirmed the write' },
      )
    else {
      if (config.sloppy) callStandIns(state, operation)
      ask(turn, operation)
    }
  }
  if (state.operations.size > 0) turn.setTimer('sweep', SWEEP_MS)
}

/**
 * Adds stand-ins for replicas that do not answer in time: "all read and write operations are performed on the first N
 * healthy nodes from the preference list, which may not always be the first N nodes encountered" (Dynamo §4.6).
 */
function callStandIns(state: QuorumState, { key, replicas, standIns, answered }: Operation): void {
  const owners = [...standIns.values()]
  const spare = preferenceList(state, key).filter((node) => !replicas.includes(node) && !standIns.has(node))
  const silent = replicas.filter((node) => !answered.includes(node) && !owners.includes(node))
  for (const [i, owner] of silent.entries()) {
    const standIn = spare[i]
    if (standIn !== undefined) standIns.set(standIn, owner)
  }
}
