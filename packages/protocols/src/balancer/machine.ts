import { type Completion, millis } from '@chaosproxy/history'
import { defineMachine, type MachineMaker, supported } from '../define-machine.ts'
import { inOrder } from '../members.ts'
import { isRead, refused, unavailable, unsupported } from '../objects/object.ts'
import { REQUEST_LIMIT } from '../routing/routing.ts'
import { createStation } from '../station.ts'
import { balancingMessages, checkHealth, checkJobs } from './balancing.ts'
import { rememberDone, serveNext, serverMessages } from './server.ts'
import type { Balancer, BalancerTurn } from './state.ts'

const TICK_MS = millis(10)

/**
 * Servers behind a load balancer, which is the first node. Either each server has its own copy of the same files, or
 * all servers share a store on the second node. The requester, the balancer, the server and the server's queue each
 * have a timeout, and any of them may be the first to time out.
 */
export const createBalancer: MachineMaker<Balancer> = defineMachine<Balancer>({
  initial({ id, peers, seed }, { object }) {
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
  },
  redo(turn, { request, attempt, command }) {
    rememberDone(turn, { request, attempt }, turn.config.object.apply(turn.state.held, command.input))
  },
  begin(turn) {
    if (turn.state.id === turn.state.balancer) turn.setTimer('health', turn.config.checkMs)
  },
  request: supported((turn, requestId, command) => {
    const { state, config } = turn
    if (config.backend === 'files' && !isRead(config, command)) turn.reply(requestId, unsupported)
    else if (state.requests.size >= REQUEST_LIMIT) turn.reply(requestId, unavailable)
    else {
      const request = `${state.id}-${state.life}-${requestId}`
      state.requests.set(request, { requestId, command, dueAt: turn.steady + config.requesterTimeoutMs })
      turn.send(state.balancer, { type: 'ask', request, command })
    }
  }),
  messages: {
    ...balancingMessages,
    told: (turn, { request, result }) => end(turn, request, result),
    ...serverMessages,
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

function tick(turn: BalancerTurn): void {
  const { state } = turn
  if (state.ticking || state.requests.size + state.jobs.size === 0) return
  state.ticking = true
  turn.setTimer('tick', TICK_MS)
}

function end(turn: BalancerTurn, request: string, result: Completion): void {
  const { requests } = turn.state
  const pending = requests.get(request)
  if (pending === undefined) return
  requests.delete(request)
  turn.reply(pending.requestId, result)
}

function checkRequests(turn: BalancerTurn): void {
  const { state, config } = turn
  for (const [request, { command, dueAt }] of [...state.requests]) {
    if (dueAt > turn.steady) continue
    const error = `requester: no answer from the balancer within ${config.requesterTimeoutMs} ms`
    end(turn, request, isRead(config, command) ? refused(error) : { type: 'info', error })
  }
}
