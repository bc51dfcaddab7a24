import type { Completion, Json } from '@chaosproxy/history'
import { isRead, unavailable } from '../objects/object.ts'
import type { Handlers } from '../turn.ts'
import type { Lease, LeaseLock, LeaseLockTurn, Pending, Section } from './state.ts'

// This file is about workers. A worker serves its clients' requests under the lock of their key. Only the worker's
// clock tells whether the worker still holds the lock.

const WAITING_LIMIT = 1_000

const NONE: readonly Pending[] = []

export function handleRequest(turn: LeaseLockTurn, key: string, pending: Pending): void {
  const { state } = turn
  const waiting = state.waiting.get(key) ?? NONE
  if (waiting.length >= WAITING_LIMIT) {
    turn.reply(pending.requestId, unavailable)
  } else {
    state.waiting.set(key, [...waiting, pending])
    if (!state.sections.has(key)) begin(turn, key)
  }
}

function begin(turn: LeaseLockTurn, key: string, again: readonly Pending[] = NONE): void {
  const { state } = turn
  const requests = [...again, ...(state.waiting.get(key) ?? NONE)]
  state.waiting.delete(key)
  const name = `${state.id}-${state.life}-${++state.named}`
  acquire(turn, key, { name, requests, phase: { type: 'acquire', attempt: 0, requestedAt: 0 } })
}

/**
 * Releases the lock, and acquires it again for the same requests. Nothing has been stored yet, so this repeats no
 * effect.
 */
function beginAgain(turn: LeaseLockTurn, key: string, { name, requests }: Section): void {
  turn.send(turn.state.service, { type: 'release', key, section: name })
  begin(turn, key, requests)
}

function acquire(turn: LeaseLockTurn, key: string, section: Section): void {
  const { state, steady } = turn
  const attempt = section.phase.type === 'acquire' ? section.phase.attempt + 1 : 1
  state.sections.set(key, { ...section, phase: { type: 'acquire', attempt, requestedAt: steady } })
  turn.send(state.service, { type: 'acquire', key, section: section.name, attempt })
}

export const workerMessages: Handlers<LeaseLock, 'granted' | 'loaded' | 'stored' | 'refused'> = {
  granted(turn, { key, section: name, attempt, token, until }) {
    const { state, config } = turn
    const section = state.sections.get(key)
    if (section?.name !== name) {
      turn.send(state.service, { type: 'release', key, section: name })
      return
    }
    if (section.phase.type !== 'acquire' || section.phase.attempt !== attempt) return
    // The lease began after the request was sent, so a steady clock can safely count from `requestedAt`. With wall
    // clocks, `until` is the end of the lease by the service's clock.
    const safeUntil = section.phase.requestedAt + config.leaseMs / config.clockDrift
    const lease: Lease = { token, until: config.clock === 'wall' ? until : safeUntil }
    state.sections.set(key, { ...section, phase: { type: 'load', lease } })
    turn.send(state.store, { type: 'load', key, section: name, token })
  },
  loaded(turn, { key, section: name, content, version }) {
    const { state, config } = turn
    const { object } = config
    const section = state.sections.get(key)
    if (section?.name !== name || section.phase.type !== 'load') return
    const { lease } = section.phase
    if (!mayHold(turn, lease)) {
      beginAgain(turn, key, section)
      return
    }
    const held = content === null ? object.initial() : object.load(content)
    const results = section.requests.map(({ command }) => object.apply(held, command.input))
    if (section.requests.every(({ command }) => isRead(config, command))) {
      end(turn, key, section, results)
      return
    }
    const next: Json = object.save(held)
    state.sections.set(key, { ...section, phase: { type: 'store', lease, content: next, base: version, results } })
    turn.send(state.store, { type: 'store', key, section: name, token: lease.token, content: next, base: version })
  },
  stored(turn, { key, section: name }) {
    const section = turn.state.sections.get(key)
    if (section?.name === name && section.phase.type === 'store') end(turn, key, section, section.phase.results)
  },
  refused(turn, { key, section: name }) {
    const section = turn.state.sections.get(key)
    if (section?.name !== name) return
    if (section.phase.type === 'load') beginAgain(turn, key, section)
    // An earlier duplicate of this message may have been accepted, so the result is unknown.
    else if (section.phase.type === 'store') giveUp(turn, key, section)
  },
}

/** Whether the worker may assume that it holds the lock. With fencing, the store decides instead. */
const mayHold = ({ config, now, steady }: LeaseLockTurn, { until }: Lease): boolean =>
  config.fencing || (config.clock === 'wall' ? now : steady) < until

function giveUp(turn: LeaseLockTurn, key: string, section: Section): void {
  end(
    turn,
    key,
    section,
    section.requests.map((pending) =>
      isRead(turn.config, pending.command)
        ? unavailable
        : { type: 'info', error: 'the lock was lost while the result was being stored' },
    ),
  )
}

function end(turn: LeaseLockTurn, key: string, section: Section, results: readonly Completion[]): void {
  const { state } = turn
  for (const [i, { requestId }] of section.requests.entries()) turn.reply(requestId, results[i] ?? unavailable)
  state.sections.delete(key)
  turn.send(state.service, { type: 'release', key, section: section.name })
}

export function workAgain(turn: LeaseLockTurn): void {
  const { state } = turn
  for (const [key, section] of [...state.sections]) {
    const { name, phase } = section
    if (phase.type === 'acquire') acquire(turn, key, section)
    else if (!mayHold(turn, phase.lease)) {
      if (phase.type === 'load') beginAgain(turn, key, section)
      else giveUp(turn, key, section)
    } else if (phase.type === 'load')
      turn.send(state.store, { type: 'load', key, section: name, token: phase.lease.token })
    else {
      const { lease, content, base } = phase
      turn.send(state.store, { type: 'store', key, section: name, token: lease.token, content, base })
    }
  }
  for (const key of [...state.waiting.keys()]) if (!state.sections.has(key)) begin(turn, key)
}
