import { LineProcess } from './line-process.ts'

interface Processes {
  /** Returns a process for the next life of this node. */
  launched(node: string, words: readonly string[]): LineProcess
  /** Sets whether a later call of `launched` may return this process again. */
  reusable(process: LineProcess, may: boolean): void
}

/**
 * The processes of the latest machine, by node. A simulated cluster does not report its end, so the next cluster takes
 * over its processes.
 */
let running: Map<string, LineProcess> = new Map()
/** Processes of `command` that wait to be initialised again. */
let idle: { readonly command: string; readonly processes: LineProcess[] } = { command: '', processes: [] }
const reusable = new WeakSet<LineProcess>()

function release(process: LineProcess): void {
  if (reusable.has(process)) idle.processes.push(process)
  else process.end()
}

export function processesOf(command: string): Processes {
  for (const process of running.values()) release(process)
  if (idle.command !== command) {
    for (const process of idle.processes) process.end()
    idle = { command, processes: [] }
  }
  const byNode = new Map<string, LineProcess>()
  running = byNode
  return {
    launched(node, words) {
      const before = byNode.get(node)
      if (before !== undefined) release(before)
      const process = idle.processes.pop() ?? new LineProcess(words)
      byNode.set(node, process)
      return process
    },
    reusable(process, may) {
      if (may) reusable.add(process)
      else reusable.delete(process)
    },
  }
}
