import { basename, extname } from 'node:path'
import type { Millis } from '@chaosproxy/history'
import {
  type MachineEvent,
  type NodeSetting,
  type NodeStatus,
  objects,
  type ProtocolModule,
  type Transition,
} from '@chaosproxy/protocols'
import { wordsOf } from '../../command/words.ts'
import type { LineProcess } from './line-process.ts'
import { processesOf } from './processes.ts'
import { EXECUTED } from './reference.ts'

interface Running {
  readonly process: LineProcess
  status: NodeStatus
}

type Step = Transition<Running, unknown, unknown>

/** A line from the program: the effects to carry out, and the node's status if it has changed. */
interface Answer {
  readonly effects?: unknown
  readonly status?: unknown
  /** In a reply to `init`: the process may be initialised again, as another node. */
  readonly reusable?: unknown
}

const UNKNOWN: NodeStatus = { role: 'node', leads: false, ready: true }

/**
 * Returns a protocol whose nodes are processes of a user's program. Each life of a node is one process. Every event is
 * a line of JSON on the process's stdin, with the node's clocks. The program replies to each event with one line,
 * `{"effects":[…],"status":{…}}`. Virtual time stands still until the reply. A run is therefore reproducible if the
 * program always gives the same replies to the same events. A program that replies to `init` with `"reusable":true`
 * forgets everything at each `init`. One process of such a program serves several lives.
 */
export function binaryProtocol(reference: string): ProtocolModule {
  const words = wordsOf(reference.slice(EXECUTED.length), '--binary')
  return {
    name: nameOf(words),
    summary: `the program ${words.join(' ')}`,
    // Only the program knows which objects it supports.
    objects: objects.map(({ name }) => name),
    create: () => machineOf(words),
  }
}

/** Returns the name of the protocol, from the last word that may be a file: `node` for `python3 ./node.py`. */
function nameOf(words: readonly string[]): string {
  const file = words.findLast((word) => !word.startsWith('-')) ?? 'binary'
  return basename(file, extname(file)) || 'binary'
}

function machineOf(words: readonly string[]) {
  const processes = processesOf(JSON.stringify(words))

  function asked(state: Running, line: object): Step {
    const { process } = state
    try {
      const answer = parsed(process.ask(JSON.stringify(line)))
      if (answer.reusable === true) processes.reusable(process, true)
      if (answer.status !== undefined) state.status = answer.status as NodeStatus
      return { state, effects: (answer.effects ?? []) as Step['effects'] }
    } catch (error) {
      processes.reusable(process, false)
      throw error
    }
  }

  return {
    start({ id, peers, seed }: NodeSetting, journal: readonly unknown[], now: Millis): Step {
      const state = { process: processes.launched(id, words), status: UNKNOWN }
      return asked(state, { type: 'init', id, peers, seed, journal, now })
    },
    step: (state: Running, event: MachineEvent<unknown>, now: Millis, steady: Millis): Step =>
      asked(state, { ...event, now, steady }),
    status: ({ status }: Running): NodeStatus => status,
  }
}

function parsed(text: string): Answer {
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) return answer
  } catch {
    // A line that is not JSON is reported below, like any other line that is not a reply.
  }
  throw new Error(
    `the program answered ${JSON.stringify(text.slice(0, 200))}: it must reply to each line with one line, such as {"effects":[]}, and log to stderr`,
  )
}
