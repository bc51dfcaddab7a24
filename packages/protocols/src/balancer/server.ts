import type { Completion } from '@chaosproxy/history'
import { remember } from '../memory.ts'
import { isRead } from '../objects/object.ts'
import { arrive, finish, paceOf, serve } from '../station.ts'
import type { Handlers } from '../turn.ts'
import type { Balancer, BalancerTurn, Message, Served, Task } from './state.ts'

// Handles a request at a server, which serves one request at a time. Rejects a request if the queue is full or the
// request has waited too long.

export const serverMessages: Handlers<Balancer, 'serve' | 'check' | 'do' | 'done'> = {
  serve(turn, { request, attempt, command }) {
    const { id } = turn.state
    const task: Task = { type: 'request', request, attempt, command, arrivedAt: turn.steady }
    if (!queue(turn, task)) answer(turn, task, { refusal: `server: ${id} has too many requests waiting` })
  },
  check(turn, { round }) {
    // A check that finds the queue full gets no answer.
    if (turn.config.deepChecks) queue(turn, { type: 'check', round })
    else turn.send(turn.state.balancer, { type: 'well', round })
  },
  /** In the store. */
  do(turn, { request, attempt, command }, from) {
    const { state, config } = turn
    const known = state.done.get(nameOf({ request, attempt }))
    const result = known ?? config.object.apply(state.held, command.input)
    if (known === undefined && !isRead(config, command)) {
      rememberDone(turn, { request, attempt }, result)
      turn.persist({ request, attempt, command })
    }
    turn.send(from, { type: 'done', request, attempt, result })
  },
  done: (turn, { request, attempt, result }) => answer(turn, { request, attempt }, { result }),
}

function queue(turn: BalancerTurn, task: Task): boolean {
  const { config, state } = turn
  if (config.serviceMs === 0) {
    carryOut(turn, task)
    return true
  }
  const arrival = arrive(state.station, task, config.queueLimit, paceOf(turn))
  if (arrival.type === 'begins') serve(turn, arrival.afterMs)
  return arrival.type !== 'full'
}

export function serveNext(turn: BalancerTurn): void {
  const { done, nextAfterMs } = finish(turn.state.station, paceOf(turn))
  if (done !== undefined) carryOut(turn, done)
  if (nextAfterMs !== undefined) serve(turn, nextAfterMs)
}

function carryOut(turn: BalancerTurn, task: Task): void {
  const { config, state } = turn
  if (task.type === 'check') {
    turn.send(state.balancer, { type: 'well', round: task.round })
    return
  }
  const { request, attempt, command, arrivedAt } = task
  if (turn.steady - arrivedAt > config.serverTimeoutMs)
    answer(turn, task, {
      refusal: `server: ${state.id} kept the request waiting for more than ${config.serverTimeoutMs} ms`,
    })
  // This server's files never change, so every request is applied to the object's initial state.
  else if (config.backend === 'files')
    answer(turn, task, { result: config.object.apply(config.object.initial(), command.input) })
  else turn.send(state.store, { type: 'do', request, attempt, command })
}

type Named = Pick<Message<'done'>, 'request' | 'attempt'>

const answer = (turn: BalancerTurn, { request, attempt }: Named, served: Served): void =>
  turn.send(turn.state.balancer, { type: 'served', request, attempt, served })

/** Remembers the result of an attempt, so that a late duplicate has no effect. */
export const rememberDone = ({ state: { done } }: BalancerTurn, named: Named, result: Completion): void =>
  remember(done, nameOf(named), result)

const nameOf = ({ request, attempt }: Named): string => `${request}/${attempt}`
