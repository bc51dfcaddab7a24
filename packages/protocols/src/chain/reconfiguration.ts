import { millis } from '@chaosproxy/history'
import { lastIndex, replaceAfter } from '../log.ts'
import { majorityOf, nextNumber } from '../members.ts'
import { offerRequests } from '../routing/requests.ts'
import { resetRounds } from '../routing/routing.ts'
import { awaitLeader, broadcast, resign } from '../routing/succession.ts'
import type { Handler } from '../turn.ts'
import { type Chain, type ChainTurn, type Configuration, isActive, isHead, successorOf } from './state.ts'
import { executeAtTail, historyFor, sendAgain } from './updates.ts'

// In this file, the nodes reconfigure the chain themselves, without the paper's master (§3.1, coping with server
// failures). A node that no longer hears from another node seals the epoch, and asks the others to seal it. Once a
// majority has sealed the epoch, the remaining nodes are too few for a chain, because every chain is a majority. At
// least one node that sealed the epoch has every update that the tail may have answered: "Update Propagation Invariant"
// (§3.1).

const GATHER_MS = millis(20)

/** Ends all earlier epochs on this node durably, before any message is sent. */
export function seal(turn: ChainTurn, epoch: number): Configuration {
  const { state } = turn
  retire(turn)
  state.promised = epoch
  turn.persist({ kind: 'sealed', epoch })
  return { epoch: state.epoch, chain: state.chain, entries: [...state.log.entries] }
}

function retire(turn: ChainTurn): void {
  const { state } = turn
  resign(turn)
  state.sealed = undefined
  state.leader = undefined
  turn.cancelTimer('heartbeat')
  turn.cancelTimer('check')
  turn.cancelTimer('gather')
  awaitLeader(turn)
}

export function reconfigure(turn: ChainTurn): void {
  const { state } = turn
  const epoch = nextNumber(state, state.promised)
  const own = seal(turn, epoch)
  state.sealed = new Map([[state.id, own]])
  turn.log(`seals all epochs before ${epoch}`)
  broadcast(turn, { type: 'seal', epoch })
  gatherIfMajority(turn)
}

export const handleSealed: Handler<Chain, 'sealed'> = (turn, { epoch, last }, from) => {
  const { state } = turn
  if (state.sealed === undefined || epoch !== state.promised) return
  state.sealed.set(from, last)
  gatherIfMajority(turn)
}

function gatherIfMajority(turn: ChainTurn): void {
  const { sealed, nodes } = turn.state
  const majority = majorityOf(nodes.length)
  if (sealed === undefined || sealed.size < majority) return
  if (sealed.size === nodes.length) beginChain(turn)
  else if (sealed.size === majority) turn.setTimer('gather', GATHER_MS)
}

/**
 * Begins a new chain with this node as its head. The chain continues the longest history of the latest epoch, so no
 * update in process is lost. The other nodes keep their order, and new nodes come last: "a new server is added to the
 * end of the chain" (§3.1, extending a chain).
 */
export function beginChain(turn: ChainTurn): void {
  const { state } = turn
  const { sealed, id, promised } = state
  if (sealed === undefined) return
  const latest = [...sealed.values()].reduce((one, two) =>
    one.epoch !== two.epoch
      ? one.epoch > two.epoch
        ? one
        : two
      : one.entries.length >= two.entries.length
        ? one
        : two,
  )
  const present = [...sealed.keys()].filter((node) => node !== id).sort()
  const stayed = latest.chain.filter((node) => present.includes(node))
  const joined = present.filter((node) => !stayed.includes(node))
  begin(turn, { epoch: promised, chain: [id, ...stayed, ...joined], entries: latest.entries })
}

/**
 * Begins an epoch on this node. Each node begins the epoch before its successor does. So once the tail has begun it,
 * all nodes have.
 */
export function begin(turn: ChainTurn, { epoch, chain, entries }: Configuration): void {
  const { state, config } = turn
  retire(turn)
  const fresh = replaceAfter(state.log, 0, entries)
  state.promised = epoch
  state.epoch = epoch
  state.chain = chain
  state.acked = Math.min(state.applied, lastIndex(state.log))
  state.begun = false
  resetRounds(state)
  state.rounds = new Map()
  turn.persist({ kind: 'begun', epoch, chain, ...fresh })
  turn.log(`begins epoch ${epoch} with the chain ${chain.join(' > ')}`)
  passOn(turn)
  turn.setTimer('heartbeat', config.heartbeatMs)
  if (!isHead(state)) return
  state.leader = state.id
  state.heard = [...chain]
  turn.cancelTimer('silence')
  turn.setTimer('check', config.silenceMaxMs)
  broadcast(turn, { type: 'alive', epoch })
  offerRequests(turn)
}

function passOn(turn: ChainTurn): void {
  const { state } = turn
  const { epoch, chain } = state
  const successor = successorOf(state)
  if (successor === undefined) executeAtTail(turn)
  else turn.send(successor, { type: 'begin', epoch, chain, entries: historyFor(turn) })
}

export function heartbeat(turn: ChainTurn): void {
  const { state, config } = turn
  if (!isActive(state)) return
  if (isHead(state)) broadcast(turn, { type: 'alive', epoch: state.epoch })
  sendAgain(turn)
  turn.setTimer('heartbeat', config.heartbeatMs)
}

/** Checks the chain at the head: removes a silent node, and adds a node that has returned. */
export function checkChain(turn: ChainTurn): void {
  const { state, config } = turn
  if (!isHead(state)) return
  const heard = new Set([...state.heard, state.id])
  const asExpected = state.nodes.every((node) => heard.has(node) === state.chain.includes(node))
  state.heard = []
  if (asExpected) turn.setTimer('check', config.silenceMaxMs)
  else reconfigure(turn)
}
