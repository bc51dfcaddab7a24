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
import { wordsOf } from '../command/words.ts'
import { LineProcess } from './line-process.ts'
import { EXECUTED } from './reference.ts'

interface Running {
  readonly process: LineProcess
  status: NodeStatus
}

type Step = Transition<Running, unknown, unknown>

/** One line of the program's: what is to be done, and its status if that has changed. */
interface Answer {
  readonly effects?: unknown
  readonly status?: unknown
  /** With its answer to `init`: the process can be initialised again, as another node. */
  readonly reusable?: unknown
}

const UNKNOWN: NodeStatus = { role: 'node', leads: false, ready: true }

/**
 * A protocol whose nodes are processes of a user's program, one for each life of a node. Every event is a line of JSON on
 * its stdin, with the node's clocks; it answers each with one line, `{"effects":[…],"status":{…}}`. Time stands still
 * until it has: a run repeats as far as the program gives the same answers to the same lines. A program that answers
 * `init` with `"reusable":true` forgets everything at each `init`: its processes then serve many lives.
 */
export function binaryProtocol(reference: string): ProtocolModule {
  const words = wordsOf(reference.slice(EXECUTED.length), '--binary')
  return {
    name: nameOf(words),
    summary: `the program ${words.join(' ')}`,
    // Only the program knows what it can be asked.
    objects: objects.map(({ name }) => name),
    create: () => machineOf(words),
  }
}

/** Derived from the last word that may be a file: `node` for `python3 ./node.py`. */
function nameOf(words: readonly string[]): string {
  const file = words.findLast((word) => !word.startsWith('-')) ?? 'binary'
  return basename(file, extname(file)) || 'binary'
}

/** The processes of the latest machine: a simulated cluster does not say when it is done, so the next one takes over. */
let running: Map<string, LineProcess> = new Map()
/** Waiting to be initialised again, all with this command. */
let idle: { readonly command: string; readonly processes: LineProcess[] } = { command: '', processes: [] }
const reusable = new WeakSet<LineProcess>()

function release(process: LineProcess): void {
  if (reusable.has(process)) idle.processes.push(process)
  else process.end()
}

function machineOf(words: readonly string[]) {
  const command = JSON.stringify(words)
  for (const process of running.values()) release(process)
  if (idle.command !== command) {
    for (const process of idle.processes) process.end()
    idle = { command, processes: [] }
  }
  const byNode = new Map<string, LineProcess>()
  running = byNode

  function launched(id: string): LineProcess {
    const before = byNode.get(id)
    if (before !== undefined) release(before)
    const process = idle.processes.pop() ?? new LineProcess(words)
    byNode.set(id, process)
    return process
  }

  function asked(state: Running, line: object): Step {
    const { process } = state
    try {
      const answer = parsed(process.ask(JSON.stringify(line)))
      if (answer.reusable === true) reusable.add(process)
      if (answer.status !== undefined) state.status = answer.status as NodeStatus
      return { state, effects: (answer.effects ?? []) as Step['effects'] }
    } catch (error) {
      reusable.delete(process)
      throw error
    }
  }

  return {
    start({ id, peers, seed }: NodeSetting, journal: readonly unknown[], now: Millis): Step {
      const state = { process: launched(id), status: UNKNOWN }
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
    // Told below, like any other line that is no answer.
  }
  throw new Error(
    `the program answered ${JSON.stringify(text.slice(0, 200))}: each line it is given is answered by one line, such as {"effects":[]}; what is for people goes to stderr`,
  )
}
