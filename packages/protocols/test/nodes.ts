import type { Completion, Input } from '@chaosproxy/history'
import { type Millis, millis } from '@chaosproxy/history'
import type { AnyMachine, Effect, MachineEvent, NodeStatus } from '../src/index.ts'

interface Letter {
  readonly from: string
  readonly to: string
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the messages of its own protocol.
  readonly message: any
}

/** Nodes of one protocol whose messages, timers and restarts a test controls. */
export function createNodes(machine: AnyMachine, ids: readonly string[]) {
  const states = new Map<string, unknown>()
  const journals = new Map<string, unknown[]>(ids.map((id) => [id, []]))
  const timers = new Map<string, Map<string, number>>(ids.map((id) => [id, new Map()]))
  const replies = new Map<string, Completion>()
  const clocks = new Map<string, number>(ids.map((id) => [id, 1_000]))
  let letters: Letter[] = []
  let requests = 0
  let lives = 0
  let marks = 0

  const steady = new Map<string, number>(ids.map((id) => [id, 5_000]))

  const now = (id: string): Millis => millis(clocks.get(id)!)

  function run(id: string, effects: readonly Effect<unknown, unknown>[]): void {
    for (const effect of structuredClone(effects))
      if (effect.type === 'send') letters.push({ from: id, to: effect.to, message: effect.message })
      else if (effect.type === 'reply') replies.set(effect.requestId, effect.result)
      else if (effect.type === 'persist') journals.get(id)!.push(effect.record)
      else if (effect.type === 'setTimer') timers.get(id)!.set(effect.timer, effect.afterMs)
      else if (effect.type === 'cancelTimer') timers.get(id)!.delete(effect.timer)
      else if (effect.type === 'mark') marks++
  }

  function start(id: string): void {
    timers.get(id)!.clear()
    const setting = { id, peers: ids.filter((other) => other !== id), seed: ++lives }
    const { state, effects } = machine.start(setting, structuredClone(journals.get(id)!), now(id))
    states.set(id, state)
    run(id, effects)
  }

  function step(id: string, event: MachineEvent<unknown>): void {
    const { state, effects } = machine.step(states.get(id), event, now(id), millis(steady.get(id)!))
    states.set(id, state)
    run(id, effects)
  }

  const nodes = {
    /** Gives a node a request; returns its id. */
    ask(id: string, input: Input): string {
      const requestId = `r${++requests}`
      step(id, { type: 'request', requestId, input })
      return requestId
    },
    reply: (requestId: string): Completion | undefined => replies.get(requestId),
    /** Sends a request and delivers all messages. */
    answer(id: string, input: Input): Completion | undefined {
      const requestId = nodes.ask(id, input)
      nodes.deliver()
      return replies.get(requestId)
    },
    /** Delivers the selected messages in order, and then those that they cause. Other messages wait. */
    deliver(which: (letter: Letter) => boolean = () => true): void {
      for (let next = letters.find(which); next !== undefined; next = letters.find(which)) {
        const { from, to, message } = next
        letters = letters.filter((letter) => letter !== next)
        if (states.has(to)) step(to, { type: 'message', from, message })
      }
    },
    lose(which: (letter: Letter) => boolean = () => true): readonly Letter[] {
      const lost = letters.filter(which)
      letters = letters.filter((letter) => !which(letter))
      return lost
    },
    /** Delivers a message that is not in flight, such as one that `lose` removed. */
    hand: (letter: Letter): void => step(letter.to, { type: 'message', from: letter.from, message: letter.message }),
    ring(id: string, timer: string): void {
      if (timers.get(id)!.delete(timer)) step(id, { type: 'timer', timer })
    },
    isSet: (id: string, timer: string): boolean => timers.get(id)!.has(timer),
    kill: (id: string): void => void states.delete(id),
    restart(id: string): void {
      start(id)
    },
    /** Advances all clocks of these nodes. */
    pass(ms: number, which: readonly string[] = ids): void {
      for (const id of which) steady.set(id, steady.get(id)! + ms)
      nodes.jump(ms, which)
    },
    /** Changes only the wall clocks of these nodes. */
    jump(ms: number, which: readonly string[]): void {
      for (const id of which) clocks.set(id, clocks.get(id)! + ms)
    },
    state: (id: string): unknown => states.get(id),
    status: (id: string): NodeStatus => machine.status(states.get(id)),
    marks: (): number => marks,
  }
  for (const id of ids) start(id)
  return nodes
}

export const write = (key: string, value: number): Input => ({ f: 'write', key, value })
export const read = (key: string): Input => ({ f: 'read', key, value: null })
export const ok = (value: unknown): Completion => ({ type: 'ok', value }) as Completion
