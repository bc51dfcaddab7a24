import { type Completion, millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { UNKEYED } from '../objects/object.ts'
import { takeTicket } from '../routing/forwarding.ts'
import type { Handlers } from '../turn.ts'
import type { Answer, Dns, DnsTurn, Zone } from './state.ts'

// This file implements the authoritative servers: the primary, and the secondaries that copy its zone (RFC 1034
// §4.3.5).

export function update(turn: DnsTurn, { input }: Command): Completion {
  const { state, config } = turn
  const zone = zoneOfPrimary(turn)
  const result = config.object.apply(zone.held, input)
  if (result.type !== 'ok') return result
  zone.serial = nextSerial(zone.serial)
  turn.persist({ input, serial: zone.serial })
  state.current.clear()
  oweAnswers(turn)
  // RFC 1996: a notification, so that secondaries need not wait for their next refresh.
  for (const secondary of state.secondaries) turn.send(secondary, { type: 'notify' })
  if (config.flush) {
    const { key: name = UNKEYED } = input
    for (const resolver of state.resolvers) turn.send(resolver, { type: 'flush', name, serial: zone.serial })
  }
  return result
}

const zoneOfPrimary = ({ state }: DnsTurn): Zone => {
  if (state.zone === undefined) throw new Error('the primary has no zone')
  return state.zone
}

/**
 * Waits until no node can have an old answer: one time to live after all secondaries are current, times 1.5 because
 * clocks may differ.
 */
export function oweAnswers(turn: DnsTurn): void {
  const { state, config } = turn
  state.owes = true
  if (state.current.size < state.secondaries.length) return
  const longestMs = Math.max(config.ttlMs, config.negativeTtlMs)
  turn.setTimer('settled', millis(1.5 * longestMs + config.retransmitMs))
}

/**
 * Returns this server's authoritative answer; undefined if its zone is missing or has expired (RFC 1035 §3.3.13,
 * EXPIRE).
 */
export function authoritative({ state, config, steady }: DnsTurn, name: string): Answer | undefined {
  const { zone, role, heardAt } = state
  if (zone === undefined || (role === 'secondary' && steady - heardAt > config.expireMs)) return undefined
  const read = config.object.apply(zone.held, { f: 'read', key: name, value: null })
  return read.type === 'ok' ? { value: read.value ?? null, serial: zone.serial, ageMs: 0 } : undefined
}

export const zoneMessages: Handlers<Dns, 'refresh' | 'soa' | 'zone' | 'update' | 'transfer'> = {
  refresh(turn, { serial }, from) {
    const { state } = turn
    const { serial: current } = zoneOfPrimary(turn)
    turn.send(from, { type: 'soa', serial: current })
    if (serial !== current || state.current.has(from)) return
    state.current.add(from)
    oweAnswers(turn)
  },
  soa(turn, { serial }) {
    const { state, steady } = turn
    if (isNews(turn, serial)) turn.send(state.primary, { type: 'transfer' })
    else state.heardAt = steady
  },
  zone(turn, { serial, content }) {
    const { state, config, steady } = turn
    if (!isNews(turn, serial)) return
    state.zone = { serial, held: config.object.load(content) }
    state.heardAt = steady
    refresh(turn)
  },
  update(turn, { requestId, command, ticket }, from) {
    if (!takeTicket(turn.state.forwarding, from, ticket)) return
    turn.send(from, { type: 'updated', requestId, result: update(turn, command) })
  },
  transfer(turn, _, from) {
    const { serial, held } = zoneOfPrimary(turn)
    turn.send(from, { type: 'zone', serial, content: turn.config.object.save(held) })
  },
}

/** Asks the primary for its serial. Called at each refresh interval, and after each notification. */
export function refresh(turn: DnsTurn): void {
  const { zone, primary } = turn.state
  turn.send(primary, zone === undefined ? { type: 'refresh' } : { type: 'refresh', serial: zone.serial })
}

function isNews(turn: DnsTurn, serial: number): boolean {
  const { zone } = turn.state
  if (zone === undefined) return true
  const later = isLater(serial, zone.serial)
  if (turn.config.bug !== 'serial-as-integer') return later
  // The bug: serials are compared as integers, so after they wrap around, the copy seems newer than the original.
  if (later !== serial > zone.serial) turn.mark()
  return serial > zone.serial
}

// "Serial Number Arithmetic", RFC 1982: numbers of 32 bits that wrap.

const SERIALS = 2 ** 32
const HALF = 2 ** 31

/** §3.1: addition, modulo 2^32. */
export const nextSerial = (serial: number): number => (serial + 1) % SERIALS

/**
 * RFC 1982 §3.2: whether the serial number `one` is later than `other`. The answer is correct only if the two are less
 * than 2^31 updates apart.
 */
export const isLater = (one: number, other: number): boolean =>
  (one > other && one - other < HALF) || (one < other && other - one > HALF)
