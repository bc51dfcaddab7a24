import type { NodeId } from '@chaosproxy/faults'
import { type Completion, millis } from '@chaosproxy/history'
import { draw } from '../generator.ts'
import type { Handler } from '../turn.ts'
import type { Battle, Decision, Generals, GeneralsState, GeneralsTurn, Order, Signature } from './state.ts'

// This file implements OM(1) (§3) and SM(1) (§4), the algorithms for one traitor, of Lamport, Shostak & Pease, "The
// Byzantine Generals Problem", 1982.

/** Step 1 of OM: "The commander sends his value to every lieutenant". In step 1 of SM, he also signs it. */
export function command(turn: GeneralsTurn, order: Order): void {
  const { state } = turn
  const battle = state.decided.length
  for (const lieutenant of othersOf(state)) sendOrder(turn, lieutenant, battle, order, [])
  decide(turn, battle, order)
}

const othersOf = ({ id, generals }: GeneralsState): readonly NodeId[] => generals.filter((general) => general !== id)

/**
 * Sends an order to a general. A traitor changes the order for some generals, but cannot forge the signature of
 * another.
 */
function sendOrder(turn: GeneralsTurn, to: NodeId, battle: number, order: Order, before: readonly Signature[]): void {
  const { state, config } = turn
  const sent = !state.isLoyal && draw(state.generator) < LIES ? altered(order) : order
  const signatures = config.messages === 'signed' ? [...before, { by: state.id, under: textOf(sent) }] : []
  turn.send(to, { type: 'order', battle, order: sent, signatures })
}

const LIES = 0.5

function altered(order: Order): Order {
  const { value } = order.input
  return { ...order, input: { ...order.input, value: typeof value === 'number' ? -value : null } }
}

export const handleOrder: Handler<Generals, 'order'> = (turn, { battle: number, order, signatures }, from) => {
  const { state, config } = turn
  if (!state.generals.includes(from) || !state.generals.includes(state.id)) return
  openUpTo(turn, number)
  const battle = state.battles.get(number)
  if (battle === undefined) return
  if (config.messages === 'signed') hearSigned(turn, number, battle, order, signatures)
  else hearOral(turn, from, number, battle, order)
}

/**
 * Opens all battles up to the battle numbered `last`, because a message about a battle shows that all earlier battles
 * have begun. A general waits at most two rounds for the messages of a battle.
 */
function openUpTo(turn: GeneralsTurn, last: number): void {
  const { state, config } = turn
  for (let number = state.decided.length; number <= last; number++) {
    state.decided.push(undefined)
    state.battles.set(number, { own: null, heard: new Map(), signed: new Map() })
    turn.setTimer(`battle ${number}`, millis(2 * config.roundMs))
  }
}

/** "Lieutenant i acts as the commander … to send the value v_i to each of the n - 2 other lieutenants" (OM, step 2). */
function hearOral(turn: GeneralsTurn, from: NodeId, number: number, battle: Battle, order: Order): void {
  const { state } = turn
  if (from !== commanderOf(state)) {
    if (!battle.heard.has(from)) battle.heard.set(from, order)
  } else if (battle.own === null) {
    battle.own = order
    // The bug: the general trusts the commander alone. This is OM(0), which tolerates no traitor.
    if (turn.suffers('trust-commander')) {
      decide(turn, number, order)
      return
    }
    for (const lieutenant of peersOf(state)) sendOrder(turn, lieutenant, number, order, [])
  }
  if (battle.own !== null && peersOf(state).every((peer) => battle.heard.has(peer))) conclude(turn, number)
}

const peersOf = (state: GeneralsState): readonly NodeId[] =>
  othersOf(state).filter((general) => general !== commanderOf(state))

/**
 * "If Lieutenant i receives a message of the form v:0:j1:…:jk … and v is not in the set V_i, then … he adds v to V_i; if
 * k < m, then he sends the message v:0:j1:…:jk:i to every lieutenant other than j1, …, jk" (SM, step 2; here m = 1).
 */
function hearSigned(
  turn: GeneralsTurn,
  number: number,
  battle: Battle,
  order: Order,
  signatures: readonly Signature[],
): void {
  const { state } = turn
  const text = textOf(order)
  if (battle.signed.has(text)) return
  // The bug: a general can change an order that the commander has signed.
  if (!areGood(state, signatures, text) && !turn.suffers('unverified-signatures')) return
  battle.signed.set(text, order)
  if (signatures.length === 1) for (const peer of peersOf(state)) sendOrder(turn, peer, number, order, signatures)
}

/** "A loyal general's signature cannot be forged, and any alteration of the contents … can be detected" (A4). */
const areGood = (state: GeneralsState, signatures: readonly Signature[], text: string): boolean =>
  signatures[0]?.by === commanderOf(state) && signatures.every(({ under }) => under === text)

/** Decides a battle. A message that has not arrived by this time is absent (assumption A3). */
export function conclude(turn: GeneralsTurn, number: number): void {
  const { state, config } = turn
  const battle = state.battles.get(number)
  if (battle === undefined) return
  const decision = config.messages === 'signed' ? choice(battle) : majority(state, battle)
  if (config.bug === 'three-generals' && decision === null) turn.mark()
  decide(turn, number, decision)
}

/** choice(V): the order in V if there is exactly one, otherwise a retreat (§4). */
function choice({ signed }: Battle): Decision {
  const [only = null, ...more] = signed.values()
  return more.length === 0 ? only : null
}

/** majority(v_1, …, v_n-1), where a missing value counts as a retreat (OM, step 3). */
function majority(state: GeneralsState, { own, heard }: Battle): Decision {
  const values = [own, ...peersOf(state).map((peer) => heard.get(peer) ?? null)]
  const texts = values.map(textOf)
  const most = texts.find((text) => texts.filter((other) => other === text).length * 2 > texts.length)
  return most === undefined ? null : (values[texts.indexOf(most)] ?? null)
}

function decide(turn: GeneralsTurn, number: number, decision: Decision): void {
  const { state } = turn
  state.battles.delete(number)
  state.decided[number] = decision
  turn.cancelTimer(`battle ${number}`)
  turn.persist({ battle: number, decision })
  carryOut(turn, ({ node, requestId }, result) => {
    if (node === state.id) turn.reply(requestId, result)
  })
}

export function carryOut(
  { state, config }: GeneralsTurn,
  done: (origin: Order['origin'], result: Completion) => void = () => {},
): void {
  for (;;) {
    const decision = state.decided[state.applied]
    if (decision === undefined) return
    state.applied++
    if (decision === null) continue
    const { input, origin } = decision
    done(origin, config.object.apply(state.held, input))
  }
}

export const commanderOf = ({ generals, id }: GeneralsState): NodeId => generals[0] ?? id

export const textOf = (decision: Decision): string => JSON.stringify(decision)
