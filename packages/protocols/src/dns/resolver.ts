import type { NodeId } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { ok, unavailable } from '../objects/object.ts'
import type { Handlers } from '../turn.ts'
import type { Answer, CacheEntry, Dns, DnsTurn, Question } from './state.ts'
import { authoritative, isLater } from './zone.ts'

// Resolves a name from the cache, or by asking servers in turn (RFC 1034 §5.3.3).

/** The number of times that every server is asked. */
const ROUNDS = 4
const QUESTION_LIMIT = 10_000

export function resolve(turn: DnsTurn, requestId: string, name: string): void {
  const { state, steady } = turn
  const cached = fromCache(turn, name)
  if (cached !== undefined) {
    turn.reply(requestId, ok(cached.value))
    return
  }
  const open = state.questions.get(name)
  if (open !== undefined) {
    state.questions.set(name, { ...open, requestIds: [...open.requestIds, requestId] })
    return
  }
  if (state.questions.size >= QUESTION_LIMIT) {
    turn.reply(requestId, unavailable)
    return
  }
  ask(turn, name, { id: ++state.questionsAsked, sentAt: steady, attempt: 0, requestIds: [requestId] })
}

function serversOf({ config, state }: DnsTurn): readonly NodeId[] {
  const { id, resolvers, secondaries, primary } = state
  const neighbour = resolvers[(resolvers.indexOf(id) + 1) % resolvers.length]
  const isAlone = neighbour === undefined || neighbour === id || !config.forwarding
  return [...(isAlone ? [] : [neighbour]), ...secondaries, primary]
}

function ask(turn: DnsTurn, name: string, question: Question): void {
  const servers = serversOf(turn)
  const server = servers[question.attempt % servers.length]
  if (server === undefined || question.attempt >= ROUNDS * servers.length) {
    turn.state.questions.delete(name)
    for (const requestId of question.requestIds) turn.reply(requestId, unavailable)
    return
  }
  turn.state.questions.set(name, { ...question, sentAt: turn.steady })
  turn.send(server, { type: 'query', name, id: question.id })
}

const askNext = (turn: DnsTurn, name: string, question: Question): void =>
  ask(turn, name, { ...question, attempt: question.attempt + 1 })

export function askAgain(turn: DnsTurn): void {
  const { state, config, steady } = turn
  for (const [name, question] of [...state.questions])
    if (steady - question.sentAt >= config.retransmitMs) askNext(turn, name, question)
}

export const resolverMessages: Handlers<Dns, 'query' | 'answer' | 'flush'> = {
  query(turn, { name, id }, from) {
    const answer = turn.state.role === 'resolver' ? fromCache(turn, name) : authoritative(turn, name)
    turn.send(from, { type: 'answer', name, id, ...(answer === undefined ? {} : { answer }) })
  },
  answer(turn, { name, id, answer }) {
    const { state } = turn
    const question = state.questions.get(name)
    // RFC 5452 §4.2 and 9.1: an answer must match an open question.
    if (question?.id !== id) return
    if (answer === undefined || !mayUse(turn, name, answer)) {
      askNext(turn, name, question)
      return
    }
    state.questions.delete(name)
    state.cache.set(name, entryOf(turn, answer))
    for (const requestId of question.requestIds) turn.reply(requestId, ok(answer.value))
  },
  flush(turn, { name, serial }) {
    const { cache, flushed } = turn.state
    const known = flushed.get(name)
    if (known !== undefined && !isLater(serial, known)) return
    flushed.set(name, serial)
    const entry = cache.get(name)
    if (entry !== undefined && isLater(serial, entry.serial)) cache.delete(name)
  },
}

/** Returns an answer from the cache, with its age: its time to live counts down (RFC 2308 §5). */
function fromCache(turn: DnsTurn, name: string): Answer | undefined {
  const { state, steady } = turn
  const entry = state.cache.get(name)
  if (entry === undefined) return undefined
  if (steady >= entry.until) {
    state.cache.delete(name)
    return undefined
  }
  const ageMs = entry.ageMs + (steady - entry.at)
  if (ageMs > lifeOf(turn, entry))
    state.late = `${state.id} answered for ${name} from what was ${ageMs.toFixed()} ms old`
  return { value: entry.value, serial: entry.serial, ageMs }
}

const lifeOf = ({ config }: DnsTurn, { value }: Answer): number =>
  value === null ? config.negativeTtlMs : config.ttlMs

/**
 * Whether an answer may be used. A server that lacks an update must not refill the cache that the update has emptied
 * (the stale sets of Nishtala et al., "Scaling Memcache at Facebook", 2013, §3.2.1).
 */
function mayUse(turn: DnsTurn, name: string, { serial }: Answer): boolean {
  const flushed = turn.state.flushed.get(name)
  if (flushed === undefined || !isLater(flushed, serial)) return true
  // The bug: every answer that arrives is cached.
  return turn.suffers('refill-from-stale')
}

function entryOf(turn: DnsTurn, answer: Answer): CacheEntry {
  const { steady } = turn
  let leftMs = lifeOf(turn, answer) - answer.ageMs
  // The bug: an answer from another cache gets its full time to live again.
  if (answer.ageMs > 0 && turn.suffers('ttl-anew')) {
    leftMs = lifeOf(turn, answer)
  }
  // The bug: the answer that a name does not exist is cached for ever (RFC 2308 §5 bounds its time).
  if (answer.value === null && turn.suffers('keep-negative')) {
    leftMs = Number.MAX_SAFE_INTEGER
  }
  return { ...answer, at: steady, until: millis(steady + leftMs) }
}
