import type { Completion } from '@chaosproxy/history'
import { isRead, refused } from '../objects/object.ts'
import type { Handlers } from '../turn.ts'
import { changeHealth, choose } from './choosing.ts'
import type { Balancer, BalancerTurn, Job } from './state.ts'

// Handles a request at the balancer. A request without an answer may be repeated only if it has no effects (RFC 9110,
// §9.2.2).

export const balancingMessages: Handlers<Balancer, 'ask' | 'served' | 'well'> = {
  ask(turn, { request, command }, from) {
    if (turn.state.jobs.has(request)) return
    tryNext(
      turn,
      request,
      { from, command, attempt: 0, server: from, tried: [], uncertain: 0, dueAt: 0 },
      'no server is up',
    )
  },
  served(turn, { request, attempt, served }) {
    const job = turn.state.jobs.get(request)
    if (job === undefined) return
    if ('result' in served) {
      release(turn, job)
      reply(turn, request, job, served.result)
      return
    }
    const left = { ...job, uncertain: job.uncertain - 1 }
    turn.state.jobs.set(request, left)
    if (attempt !== job.attempt) return
    release(turn, job)
    if (left.uncertain === 0 || isRead(turn.config, job.command)) tryNext(turn, request, left, served.refusal)
    else end(turn, request, left, served.refusal)
  },
  well(turn, { round }, from) {
    // An answer that arrives after the next check has begun counts as missing.
    if (round !== turn.state.round) return
    if (turn.state.health.get(from)?.up === false) turn.log(`takes ${from} back`)
    changeHealth(turn, from, () => ({ up: true, missed: 0 }))
  },
}

function tryNext(turn: BalancerTurn, request: string, job: Job, why: string): void {
  const { config, state, steady } = turn
  const server = job.attempt < config.attempts ? choose(turn, job.command, job.tried) : undefined
  if (server === undefined) {
    end(turn, request, job, why)
    return
  }
  const attempt = job.attempt + 1
  const dueAt = steady + config.balancerTimeoutMs
  const next: Job = { ...job, attempt, server, tried: [...job.tried, server], uncertain: job.uncertain + 1, dueAt }
  state.jobs.set(request, next)
  changeHealth(turn, server, ({ open }) => ({ open: open + 1 }))
  turn.send(server, { type: 'serve', request, attempt, command: job.command })
}

export function checkJobs(turn: BalancerTurn): void {
  const { state, config } = turn
  for (const [request, job] of [...state.jobs]) {
    if (job.dueAt > turn.steady) continue
    release(turn, job)
    const why = `balancer: no answer from ${job.server} within ${config.balancerTimeoutMs} ms`
    const mayRepeat = isRead(turn.config, job.command)
    // The bug: every request without an answer is sent to another server.
    const isBold = !mayRepeat && config.bug === 'retry-writes'
    if (isBold && job.attempt < config.attempts) turn.mark()
    if (mayRepeat || isBold) tryNext(turn, request, job, why)
    else end(turn, request, job, why)
  }
}

const release = (turn: BalancerTurn, { server }: Job): void =>
  changeHealth(turn, server, ({ open }) => ({ open: Math.max(0, open - 1) }))

function end(turn: BalancerTurn, request: string, job: Job, why: string): void {
  const isSure = job.uncertain === 0 || isRead(turn.config, job.command)
  reply(turn, request, job, isSure ? refused(why) : { type: 'info', error: why })
}

function reply(turn: BalancerTurn, request: string, { from }: Job, result: Completion): void {
  turn.state.jobs.delete(request)
  turn.send(from, { type: 'told', request, result })
}

/** Begins a round of health checks. A server that has not answered the previous one missed a check. */
export function checkHealth(turn: BalancerTurn): void {
  const { state, config } = turn
  state.round++
  for (const server of state.servers) {
    const before = state.health.get(server)
    const missed = (before?.missed ?? 0) + 1
    const up = missed <= config.missedChecks
    if (before?.up !== false && !up) turn.log(`takes ${server} out`)
    // The bug: a server that is down is no longer checked.
    const isForgotten = before?.up === false && turn.suffers('never-back')
    changeHealth(turn, server, ({ unchecked }) => ({ up, missed, unchecked: isForgotten ? unchecked + 1 : 0 }))
    if (!isForgotten) turn.send(server, { type: 'check', round: state.round })
  }
  turn.setTimer('health', config.checkMs)
}
