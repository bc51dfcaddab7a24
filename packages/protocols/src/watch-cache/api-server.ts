import type { Input, Millis } from '@chaosproxy/history'
import { unavailable } from '../objects/object.ts'
import type { Handlers } from '../turn.ts'
import type { Change, WatchCache, WatchCacheTurn } from './state.ts'

// This file is about API servers. An API server lists the store's content, watches the subsequent changes, and answers
// reads from the resulting cache (Kubernetes API concepts, "Efficient detection of changes"; the reflector of
// client-go).

const WAITING_LIMIT = 10_000

/**
 * Requests a list until the server knows a revision to watch from. After that, requests the changes that the server
 * lacks.
 */
export function resync(turn: WatchCacheTurn): void {
  const { state } = turn
  if (state.isListed) turn.send(state.store, { type: 'watch', from: state.revision + 1 })
  else turn.send(state.store, { type: 'list' })
}

export const apiServerMessages: Handlers<WatchCache, 'listed' | 'events' | 'present' | 'compacted'> = {
  listed(turn, { revision, content }) {
    const { state, config } = turn
    // The list is not newer than the state of this server, so the message is a late duplicate.
    if (state.isListed && revision <= state.revision) return
    state.isListed = true
    state.held = config.object.load(content)
    state.revision = revision
    answerWaiting(turn)
    resync(turn)
  },
  events(turn, { from, to, changes }) {
    const { state } = turn
    if (!state.isListed || to <= state.revision) return
    // If an event was lost, the watch resumes after the last event that arrived. The bug: the server continues from the
    // latest revision that it knows of.
    if (from > state.revision + 1 && !turn.suffers('resume-at-latest')) {
      resync(turn)
      return
    }
    for (const change of changes) if (change.revision > state.revision) apply(turn, change)
    state.revision = Math.max(state.revision, to)
    answerWaiting(turn)
    if (changes.length > 1) resync(turn)
  },
  present(turn, { requestId, revision }) {
    const { state } = turn
    const waiting = state.waiting.get(requestId)
    if (waiting === undefined) return
    state.waiting.set(requestId, { ...waiting, atLeast: waiting.atLeast ?? revision })
    answerWaiting(turn)
  },
  /** "410 Gone": the changes since the server's revision are no longer available, so the server needs a new list. */
  compacted(turn) {
    turn.send(turn.state.store, { type: 'list' })
  },
}

function apply({ state, config }: WatchCacheTurn, { revision, input }: Change): void {
  if (revision !== state.revision + 1)
    state.skipped = `${state.id} went from revision ${state.revision} to ${revision} without what lies between`
  config.object.apply(state.held, input)
  state.revision = revision
}

/**
 * A read from the cache may be older than what another API server showed the client earlier (Kubernetes issue 59848). A
 * consistent read waits until the cache has reached the store's current revision (Kubernetes enhancement 2340).
 */
export function read(turn: WatchCacheTurn, requestId: string, input: Input): void {
  const { state, config, steady } = turn
  const isPlain = config.reads === 'cache'
  // The bug: the cache counts as current as long as the watch is open.
  const isTrusting = !isPlain && turn.suffers('trust-cache')
  if (!state.isListed || state.waiting.size >= WAITING_LIMIT) turn.reply(requestId, unavailable)
  else if (isPlain || isTrusting) turn.reply(requestId, config.object.apply(state.held, input))
  else {
    state.waiting.set(requestId, { requestId, input, atLeast: undefined, since: steady })
    turn.send(state.store, { type: 'revision', requestId })
  }
}

function answerWaiting(turn: WatchCacheTurn): void {
  const { state, config } = turn
  for (const { requestId, input, atLeast } of [...state.waiting.values()]) {
    if (atLeast === undefined || state.revision < atLeast) continue
    state.waiting.delete(requestId)
    turn.reply(requestId, config.object.apply(state.held, input))
  }
}

export function giveUpWaiting(turn: WatchCacheTurn, afterMs: Millis): void {
  const { state, steady } = turn
  for (const { requestId, atLeast, since } of [...state.waiting.values()]) {
    if (steady - since > afterMs) {
      state.waiting.delete(requestId)
      turn.reply(requestId, unavailable)
    } else if (atLeast === undefined) turn.send(state.store, { type: 'revision', requestId })
  }
}
