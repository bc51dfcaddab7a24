import { basename, extname } from 'node:path'
import { isObject, type Millis } from '@chaosproxy/history'
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

interface Answer {
  readonly effects?: unknown
  readonly status?: unknown
  /** In a reply to `init`: the process may be initialised again, as another node. */
  readonly reusable?: unknown
}

const UNKNOWN: NodeStatus = { role: 'node', leads: false, ready: true }

/**
 * Returns a protocol whose nodes are processes of a user's program, one for each life. Every event is a line of JSON on
 * stdin, with the node's clocks. The program replies with one line, `{"effects":[…],"status":{…}}`. Virtual time stands
 * still until the reply, so a run is reproducible if the program always replies the same. A program that replies to
 * `init` with `"reusable":true` forgets everything at each `init`, so its process can serve several lives.
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

/** Returns the name of the program's file: `node` for `python3 ./node.py`. */
function nameOf(words: readonly string[]): string {
  const file = words.findLast((word) => !word.startsWith('-')) ?? 'binary'
  return basename(file, extname(file)) || 'binary'
}

function machineOf(words: readonly string[]) {
  const processes = processesOf(JSON.stringify(words))

  function requested(state: Running, line: object): Step {
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
      return requested(state, { type: 'init', id, peers, seed, journal, now })
    },
    step: (state: Running, event: MachineEvent<unknown>, now: Millis, steady: Millis): Step =>
      requested(state, { ...event, now, steady }),
    status: ({ status }: Running): NodeStatus => status,
  }
}

function parsed(text: string): Answer {
  try {
    const answer: unknown = JSON.parse(text)
    if (isObject(answer)) return answer
  } catch {
    // A text that is not JSON is reported below.
  }
  throw new Error(
    `the program answered ${JSON.stringify(text.slice(0, 200))}: it must reply to each line with one line, such as {"effects":[]}, and log to stderr`,
  )
}
