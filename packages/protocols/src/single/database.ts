import type { NodeId } from '@chaosproxy/faults'
import type { Completion } from '@chaosproxy/history'
import { forgetOldest, remember } from '../memory.ts'
import { takeTicket } from '../routing/forwarding.ts'
import { arrive, finish, paceOf, serve } from '../station.ts'
import type { Attempt, SingleRecord, SingleTurn } from './state.ts'

// The database: one node with a disk. The effect of a request and the record of its idempotency key are one
// transaction, so a repeated request finds both or neither (Helland, "Idempotence Is Not a Medical Condition", ACM
// Queue 10(4), 2012).

export function handleDo(turn: SingleTurn, job: Attempt, from: NodeId): void {
  const { state, config } = turn
  if (!takeTicket(state.receiving, from, job.ticket)) return
  if (config.serviceMs === 0) {
    carryOut(turn, from, job)
    return
  }
  const arrival = arrive(state.station, { from, job }, config.queueLimit, paceOf(turn))
  if (arrival.type === 'full') turn.send(from, { type: 'busy', request: job.request, attempt: job.attempt })
  else if (arrival.type === 'begins') serve(turn, arrival.afterMs)
}

export function handleServed(turn: SingleTurn): void {
  const { done, nextAfterMs } = finish(turn.state.station, paceOf(turn))
  if (done !== undefined) carryOut(turn, done.from, done.job)
  if (nextAfterMs !== undefined) serve(turn, nextAfterMs)
}

function carryOut(turn: SingleTurn, from: NodeId, job: Attempt): void {
  const { request, attempt } = job
  turn.send(from, { type: 'did', request, attempt, result: resultOf(turn, from, job) })
}

function resultOf(turn: SingleTurn, from: NodeId, job: Attempt): Completion {
  const { state, config } = turn
  const { object } = config
  const { key, command, request } = job
  if (object.reads.includes(command.input.f)) return object.apply(state.held, command.input)
  const known = key === undefined ? undefined : state.keys.get(key)
  if (known !== undefined) {
    if (known.type === 'ok' && !state.effects.has(request)) {
      turn.mark()
      state.wrong = `${request} was answered ok, and its effect is not there`
    }
    return known
  }
  if (key !== undefined && state.effects.has(request)) {
    if (config.bug !== 'key-per-attempt') turn.mark()
    state.wrong = `${request} took effect a second time`
  }
  const result = object.apply(state.held, command.input)
  commit(turn, { kind: 'effect', from, ticket: job.ticket, request, key, command }, result)
  return result
}

type EffectRecord = Extract<SingleRecord, { readonly kind: 'effect' }>

function commit(turn: SingleTurn, record: EffectRecord, result: Completion): void {
  const { state, config } = turn
  const { key, ...withoutKey } = record
  noteEffect(turn, record, result)
  if (key === undefined) {
    turn.persist(withoutKey)
    return
  }
  remember(state.keys, key, result)
  const ofKey: SingleRecord = { kind: 'key', key, result }
  switch (config.bug) {
    case 'key-after-effect':
      // The bug: the effect is written before its key, in a separate transaction. A crash between the transactions
      // loses the key.
      turn.persist(withoutKey)
      turn.persist(ofKey)
      return
    case 'key-before-effect':
      // The bug: the key is written before its effect, in a separate transaction. A crash between the transactions
      // loses the effect.
      turn.persist(ofKey)
      turn.persist(withoutKey)
      return
    case 'key-in-memory':
      // The bug: a restart loses all keys.
      turn.persist(withoutKey)
      return
    default:
      turn.persist(record)
  }
}

function noteEffect({ state }: SingleTurn, { request }: EffectRecord, result: Completion): void {
  if (result.type !== 'ok') return
  state.effects.add(request)
  forgetOldest(state.effects)
}

export function redo(turn: SingleTurn, record: SingleRecord): void {
  const { state, config } = turn
  if (record.kind === 'key') {
    remember(state.keys, record.key, record.result)
    return
  }
  const { from, ticket, key, command } = record
  const result = config.object.apply(state.held, command.input)
  takeTicket(state.receiving, from, ticket)
  noteEffect(turn, record, result)
  if (key === undefined) return
  remember(state.keys, key, result)
}
