import type { NodeId } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { commandOf } from '../command.ts'
import type { NodeSetting, StateMachine } from '../machine.ts'
import { inOrder } from '../owner.ts'
import { createStation } from '../station.ts'
import { checkHealth, checkJobs, handleAsk, handleServed, handleWell } from './balancing.ts'
import { checkRequests, handleRequest, handleTold } from './requester.ts'
import { handleCheck, handleDo, handleDone, handleServe, remember, serveNext } from './server.ts'
import type { BalancerConfig, BalancerMessage, BalancerRecord, BalancerState, Turn } from './state.ts'

export type BalancerMachine = StateMachine<BalancerState, BalancerMessage, BalancerRecord>

/** How often requests are checked for their time. */
const TICK_MS = millis(10)

/**
 * Servers behind a load balancer, the first node. Each has the same files, so that nothing can be lost, or all of them share
 * a store on the second node. A client waits for its requester, the requester for the balancer, the balancer for a server
 * and the server for its turn, and each of them may give up first.
 */
export function createBalancer(config: BalancerConfig): BalancerMachine {
  return {
    start(node, journal) {
      const state = createState(config, node)
      const turn: Turn = { config, state, effects: [], steady: ZERO, receive }
      for (const { request, attempt, command } of journal)
        remember(turn, { request, attempt }, config.object.apply(state.held, command.input))
      if (state.id === state.balancer) turn.effects.push({ type: 'setTimer', timer: 'health', afterMs: config.checkMs })
      return turn
    },
    step(state, event, _now, steady) {
      const turn: Turn = { config, state, effects: [], steady, receive }
      switch (event.type) {
        case 'request':
          handleRequest(turn, event.requestId, commandOf(event))
          break
        case 'message':
          receive(turn, event.from, event.message)
          break
        case 'timer':
          ring(turn, event.timer)
          break
        default:
          event satisfies never
      }
      tick(turn)
      return turn
    },
    status: ({ id, balancer, store }) => ({
      role: id === balancer ? 'balancer' : id === store ? 'store' : 'server',
      leads: id === balancer,
      leader: balancer,
      ready: true,
    }),
  }
}

const ZERO = 0 as Turn['steady']

function createState({ object }: BalancerConfig, { id, peers, seed }: NodeSetting): BalancerState {
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

function ring(turn: Turn, timer: string): void {
  if (timer === 'served') serveNext(turn)
  else if (timer === 'health') checkHealth(turn)
  else {
    turn.state.ticking = false
    checkRequests(turn)
    checkJobs(turn)
  }
}

function tick({ state, effects }: Turn): void {
  if (state.ticking || state.requests.size + state.jobs.size === 0) return
  state.ticking = true
  effects.push({ type: 'setTimer', timer: 'tick', afterMs: TICK_MS })
}

function receive(turn: Turn, from: NodeId, message: BalancerMessage): void {
  switch (message.type) {
    case 'ask':
      handleAsk(turn, from, message)
      return
    case 'told':
      handleTold(turn, message)
      return
    case 'serve':
      handleServe(turn, message)
      return
    case 'served':
      handleServed(turn, message)
      return
    case 'check':
      handleCheck(turn, message)
      return
    case 'well':
      handleWell(turn, from, message)
      return
    case 'do':
      handleDo(turn, from, message)
      return
    case 'done':
      handleDone(turn, message)
      return
    default:
      message satisfies never
  }
}
