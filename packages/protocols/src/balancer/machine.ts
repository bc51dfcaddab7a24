import { millis } from '@chaosproxy/history'
import { commandOf } from '../command.ts'
import { defineMachine, type MachineMaker } from '../define-machine.ts'
import type { NodeSetting } from '../machine.ts'
import { inOrder } from '../owner.ts'
import { createStation } from '../station.ts'
import { checkHealth, checkJobs, handleAsk, handleServed, handleWell } from './balancing.ts'
import { checkRequests, end, handleRequest } from './requester.ts'
import { handleCheck, handleDo, handleDone, handleServe, remember, serveNext } from './server.ts'
import type { Balancer, BalancerConfig, BalancerState, BalancerTurn } from './state.ts'

/** How often requests are checked for timeouts. */
const TICK_MS = millis(10)

/**
 * Servers behind a load balancer, which is the first node. Either each server has the same files, so nothing can be
 * lost, or all of them share a store on the second node. A client waits for its requester, the requester for the
 * balancer, the balancer for a server, and the server for its queue; each of them may time out first.
 */
export const createBalancer: MachineMaker<Balancer> = defineMachine<Balancer>({
  initial,
  redo(turn, { request, attempt, command }) {
    remember(turn, { request, attempt }, turn.config.object.apply(turn.state.held, command.input))
  },
  begin(turn) {
    if (turn.state.id === turn.state.balancer) turn.setTimer('health', turn.config.checkMs)
  },
  request: (turn, asked) => handleRequest(turn, asked.requestId, commandOf(asked)),
  messages: {
    ask: handleAsk,
    told: (turn, { request, result }) => end(turn, request, result),
    serve: handleServe,
    served: handleServed,
    check: handleCheck,
    well: handleWell,
    do: handleDo,
    done: handleDone,
  },
  timers: {
    served: serveNext,
    health: checkHealth,
    tick(turn) {
      turn.state.ticking = false
      checkRequests(turn)
      checkJobs(turn)
    },
  },
  after: tick,
  status: ({ id, balancer, store }) => ({
    role: id === balancer ? 'balancer' : id === store ? 'store' : 'server',
    leads: id === balancer,
    leader: balancer,
    ready: true,
  }),
})

function initial({ id, peers, seed }: NodeSetting, { object }: BalancerConfig): BalancerState {
  const [balancer, ...others] = inOrder(id, peers)
  const servers = others.length > 0 ? others : [balancer]
  return {
    id,
    balancer,
    servers,
    store: servers[0] ?? balancer,
    life: seed,
    requests: new Map(),
    jobs: new Map(),
    health: new Map(),
    turns: 0,
    round: 0,
    station: createStation(),
    held: object.initial(),
    done: new Map(),
    ticking: false,
  }
}

function tick(turn: BalancerTurn): void {
  const { state } = turn
  if (state.ticking || state.requests.size + state.jobs.size === 0) return
  state.ticking = true
  turn.setTimer('tick', TICK_MS)
}
