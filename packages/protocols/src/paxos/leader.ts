import type { NodeId } from '@chaosproxy/faults'
import type { Command } from '../command.ts'
import { majorityOf, nextNumber } from '../members.ts'
import { offerRequests } from '../routing/requests.ts'
import { createRounds, type Rounds } from '../routing/rounds.ts'
import { resetRounds } from '../routing/routing.ts'
import { awaitLeader, broadcast, resign } from '../routing/succession.ts'
import type { Handlers } from '../turn.ts'
import { accept, promise } from './acceptor.ts'
import { answerReadyReads, applyChosen } from './learner.ts'
import { isMajority, type Paxos, type PaxosTurn, type Proposal, type SlotProposal } from './state.ts'

const BATCH = 64

/** Makes this node a follower of `leader`, or of no node if `leader` is undefined because it is not known who leads. */
export function follow(turn: PaxosTurn, leader: NodeId | undefined): void {
  const { state } = turn
  if (state.role !== 'follower') {
    turn.cancelTimer('heartbeat')
    turn.cancelTimer('reach')
    resign(turn)
    state.votes = new Map()
    state.promises = new Map()
  }
  const isNew = state.leader !== leader && leader !== undefined
  state.role = 'follower'
  state.leader = leader
  awaitLeader(turn)
  if (isNew) offerRequests(turn)
}

/** Phase 1a: "A proposer selects a proposal number n and sends a prepare request with number n" (§2.2). */
export function campaign(turn: PaxosTurn): void {
  const { state } = turn
  if (state.role === 'leader') return
  const from = state.applied + 1
  state.ballot = nextNumber(state, Math.max(state.promised, state.ballot))
  state.role = 'candidate'
  state.leader = undefined
  turn.log(`prepares ballot ${state.ballot}`)
  state.promises = new Map([[state.id, promise(turn, state.ballot, from)]])
  broadcast(turn, { type: 'prepare', ballot: state.ballot, from })
  awaitLeader(turn)
  leadIfPromised(turn)
}

export const leaderMessages: Handlers<Paxos, 'promise' | 'accepted' | 'alive'> = {
  promise(turn, message, from) {
    const { state } = turn
    if (state.role !== 'candidate' || message.ballot !== state.ballot) return
    state.promises.set(from, message.accepted)
    leadIfPromised(turn)
  },
  accepted(turn, message, acceptor) {
    const { state } = turn
    if (state.role !== 'leader' || message.ballot !== state.ballot) return
    hear(turn, acceptor)
    for (let slot = message.from; slot < message.from + message.count; slot++) {
      const votes = state.votes.get(slot)
      if (votes !== undefined && !votes.includes(acceptor)) votes.push(acceptor)
    }
    choose(turn)
  },
  alive(turn, message, from) {
    const { state } = turn
    if (state.role !== 'leader' || message.ballot !== state.ballot) return
    hear(turn, from)
    state.rounds.set(from, Math.max(state.rounds.get(from) ?? 0, message.round))
    rounds.confirmRound(turn)
  },
}

/**
 * Phase 2a: "v is the value of the highest-numbered proposal among the responses, or is any value if the responses
 * reported no proposals" (§2.2). The leader "fills the gap by proposing a special no-op command" (§3).
 */
function leadIfPromised(turn: PaxosTurn): void {
  const { state, config } = turn
  if (!isMajority(turn, state.promises.size)) return
  const { reported, last } = highestReported(turn)
  state.role = 'leader'
  state.leader = state.id
  state.next = last + 1
  state.inherited = last
  state.votes = new Map()
  state.origins = new Map()
  resetRounds(state)
  state.rounds = new Map()
  state.heard = [...state.promises.keys()]
  turn.cancelTimer('silence')
  turn.log(`leads with ballot ${state.ballot}`)
  const first = state.applied + 1
  const commands = Array.from({ length: last - first + 1 }, (_, i) => reported.get(first + i)?.command ?? null)
  if (commands.length > 0) proposeAll(turn, first, commands)
  heartbeat(turn)
  turn.setTimer('reach', config.silenceMaxMs)
  offerRequests(turn)
}

interface Reported {
  readonly reported: ReadonlyMap<number, Proposal>
  readonly last: number
}

function highestReported(turn: PaxosTurn): Reported {
  const { state, config } = turn
  const highest = highestOf(state.applied, [...state.promises.values()].flat())
  if (config.bug !== 'ignore-highest-accepted') return highest
  // The bug: a new leader uses only the proposals that it has accepted itself.
  const own = highestOf(state.applied, state.promises.get(state.id) ?? [])
  if ([...highest.reported].some(([slot, { ballot }]) => own.reported.get(slot)?.ballot !== ballot)) turn.mark()
  return own
}

function highestOf(applied: number, proposals: readonly SlotProposal[]): Reported {
  const reported = new Map<number, Proposal>()
  let last = applied
  for (const [slot, proposal] of proposals) {
    last = Math.max(last, slot)
    const known = reported.get(slot)
    if (known === undefined || proposal.ballot > known.ballot) reported.set(slot, proposal)
  }
  return { reported, last }
}

export function propose(turn: PaxosTurn, command: Command): void {
  const slot = turn.state.next
  turn.state.next++
  proposeAll(turn, slot, [command])
}

/** Proposes commands. The leader is an acceptor too; its own vote counts once it is on disk. */
function proposeAll(turn: PaxosTurn, from: number, commands: readonly (Command | null)[]): void {
  const { state } = turn
  const { ballot, applied: chosen } = state
  accept(turn, ballot, { from, commands })
  for (let i = 0; i < commands.length; i++) state.votes.set(from + i, [state.id])
  broadcast(turn, { type: 'accept', ballot, from, commands, chosen })
  choose(turn)
}

/** Chooses and applies values. A value is chosen once a majority has accepted it (§2.1). Slots are applied in order. */
function choose(turn: PaxosTurn): void {
  const { state } = turn
  for (;;) {
    const votes = state.votes.get(state.applied + 1)
    if (votes === undefined || !isMajority(turn, votes.length)) break
    applyChosen(turn)
  }
  answerReadyReads(turn)
}

/** Shows that the leader is alive, and repeats proposals. */
export function heartbeat(turn: PaxosTurn): void {
  const { state, config } = turn
  sendHeartbeat(turn)
  for (const node of state.nodes) if (node !== state.id) repeatProposals(turn, node)
  state.proposedBefore = state.next
  turn.setTimer('heartbeat', config.heartbeatMs)
}

function sendHeartbeat(turn: PaxosTurn): void {
  const { ballot, roundStarted: round, applied: chosen } = turn.state
  broadcast(turn, { type: 'heartbeat', ballot, round, chosen })
}

function repeatProposals(turn: PaxosTurn, node: NodeId): void {
  const { ballot, votes, accepted, applied: chosen, proposedBefore } = turn.state
  const lacking = [...votes].filter(([slot, voters]) => slot < proposedBefore && !voters.includes(node))
  for (const [slot] of lacking.slice(0, BATCH)) {
    const commands = [accepted.get(slot)?.command ?? null]
    turn.send(node, { type: 'accept', ballot, from: slot, commands, chosen })
  }
}

/**
 * The rounds in which a majority confirms the leader. When such a round began, a majority had promised no higher
 * ballot. So no other leader had chosen anything.
 */
export const rounds: Rounds<PaxosTurn> = createRounds<PaxosTurn, number>({
  send: sendHeartbeat,
  isEnough: isMajority,
  peers: ({ state }: PaxosTurn) => state.rounds.values(),
  roundOf: (round) => round,
})

function hear({ state }: PaxosTurn, node: NodeId): void {
  if (!state.heard.includes(node)) state.heard.push(node)
}

/** Makes a leader step down if no majority answers, since none of its proposals could be chosen. */
export function checkReach(turn: PaxosTurn): void {
  const { state, config } = turn
  if (state.role !== 'leader') return
  const { heard } = state
  state.heard = [state.id]
  if (new Set([...heard, state.id]).size < majorityOf(state.nodes.length)) follow(turn, undefined)
  else turn.setTimer('reach', config.silenceMaxMs)
}
