import type { Input } from '@chaosproxy/history'
import { answerReads } from './answers.ts'
import type { Origin, RoutingTurn } from './routing.ts'

/** The leader's rounds of messages. Answers to a round confirm that the leader still led when the round began. */
interface RoundSteps<Turn, Peer> {
  send(turn: Turn): void
  /** Whether answers from this many nodes, counting the leader, confirm the leader. */
  isEnough(turn: Turn, answered: number): boolean
  peers(turn: Turn): Iterable<Peer>
  roundOf(peer: Peer): number
}

export interface Rounds<Turn> {
  /** Answers the reads of a confirmed round. Begins another round if reads wait for one. */
  confirmRound(turn: Turn): void
  /** Answers a read once the entry at `index` is applied and a round that begins after this call is confirmed. */
  read(turn: Turn, origin: Origin, input: Input, index: number): void
}

/** Creates rounds, one at a time. Each serves every read that arrived before it began (Raft thesis, §6.4). */
export function createRounds<Turn extends RoutingTurn, Peer>(steps: RoundSteps<Turn, Peer>): Rounds<Turn> {
  /** Begins a round, unless one is in flight. Returns the number of the first round to begin after this call. */
  function roundFromNow(turn: Turn): number {
    const { state } = turn
    if (state.roundConfirmed < state.roundStarted) return state.roundStarted + 1
    state.roundStarted++
    steps.send(turn)
    confirmRound(turn)
    return state.roundStarted
  }

  function confirmRound(turn: Turn): void {
    const { state } = turn
    if (state.roundConfirmed === state.roundStarted) return
    let answered = 1
    for (const peer of steps.peers(turn)) if (steps.roundOf(peer) >= state.roundStarted) answered++
    if (!steps.isEnough(turn, answered)) return
    state.roundConfirmed = state.roundStarted
    answerReads(turn)
    const lastRead = state.reads.at(-1)
    if (lastRead !== undefined && lastRead.round > state.roundStarted) roundFromNow(turn)
  }

  function read(turn: Turn, origin: Origin, input: Input, index: number): void {
    turn.state.reads.push({ origin, input, index, round: roundFromNow(turn) })
    answerReads(turn)
  }

  return { confirmRound, read }
}
