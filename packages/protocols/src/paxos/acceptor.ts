import type { Handler } from '../turn.ts'
import type { Paxos, PaxosTurn, SlotProposal, Slots } from './state.ts'

// "An acceptor records its intended response in stable storage before actually sending the response" (§2.5): each
// `persist` comes before its message.

/**
 * "If an acceptor receives a prepare request with number n greater than that of any prepare request to which it has
 * already responded, then it responds to the request with a promise not to accept any more proposals numbered less than
 * n and with the highest-numbered proposal (if any) that it has accepted" (§2.2, phase 1b), here one for each slot.
 */
export function promise(turn: PaxosTurn, ballot: number, from: number): readonly SlotProposal[] {
  const { state } = turn
  setPromise(turn, ballot)
  return [...state.accepted].filter(([slot]) => slot >= from).sort(([one], [other]) => one - other)
}

/** The bug: the promise is kept only in memory, so a restart loses it. */
function setPromise(turn: PaxosTurn, ballot: number): void {
  turn.state.promised = ballot
  turn.persistUnless('forget-promise', { kind: 'promise', ballot })
}

/**
 * "If an acceptor receives an accept request for a proposal numbered n, it accepts the proposal unless it has already
 * responded to a prepare request having a number greater than n" (§2.2, phase 2b).
 */
export const handleAccept: Handler<Paxos, 'accept'> = (turn, message, from) => {
  const { ballot, commands } = message
  accept(turn, ballot, message)
  turn.send(from, { type: 'accepted', ballot, from: message.from, count: commands.length })
}

/**
 * Stores proposals of one ballot as accepted. A node that learns which proposals were chosen stores them in the same
 * way.
 */
export function accept(turn: PaxosTurn, ballot: number, { from, commands }: Slots): void {
  const { state } = turn
  const fresh = commands
    .map((command, i): SlotProposal => [from + i, { ballot, command }])
    .filter(([slot]) => state.accepted.get(slot)?.ballot !== ballot)
  if (fresh.length === 0) return
  for (const [slot, proposal] of fresh) state.accepted.set(slot, proposal)
  turn.persist({ kind: 'accepted', proposals: fresh, chosen: state.applied })
}
