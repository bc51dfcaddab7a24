import { readdirSync, readFileSync } from 'node:fs'
import { setImmediate, setTimeout as wait } from 'node:timers/promises'

/**
 * A process that was started here as the leader of a session of its own, and by which all that it started in turn can be
 * found: as its descendants, as members of its session, or by a mark in their environment, which also daemons inherit.
 */
export interface TreeRoot {
  readonly pid: number
  /** In clock ticks since the machine started; tells a process from a later one with the same number. */
  readonly startTime: number | undefined
  /** The value of `CHAOS_NODE` in its environment. */
  readonly mark: string
  /** Whether it starts processes. One that does not is signalled alone, without a search through all processes. */
  readonly forks: boolean
}

/** The variable by which processes find their tree. */
export const MARK = 'CHAOS_NODE'

interface ProcessStat {
  readonly pid: number
  readonly state: string
  readonly parent: number
  readonly group: number
  readonly session: number
  readonly startTime: number
}

/** Fields of /proc/PID/stat behind the command's name, which is in parentheses and may hold anything (proc(5)). */
const FIELD = { state: 0, parent: 1, group: 2, session: 3, startTime: 19 } as const

/** Undefined where there is no such process, or no /proc. */
export const startTimeOf = (pid: number): number | undefined => statOf(pid)?.startTime

/** Whether it is stopped, as by SIGSTOP; undefined where that cannot be known. */
export function isStopped(pid: number): boolean | undefined {
  const stat = statOf(pid)
  return stat && halted(stat)
}

const halted = ({ state }: ProcessStat): boolean => state === 'T' || state === 't'

/** Resolves once no process of the tree runs any more, until it is resumed: a stopped process cannot start another one. */
export async function stopTree(root: TreeRoot): Promise<void> {
  await untilNone(root, 'SIGSTOP', (stat) => !halted(stat))
}

export function resumeTree(root: TreeRoot): void {
  if (!existsProc()) signalGroup(root.pid, 'SIGCONT')
  else for (const { pid } of livingMembers(root)) signal(pid, 'SIGCONT')
}

/** Resolves once all processes of the tree have ended, also where its root had ended before. */
export async function killTree(root: TreeRoot): Promise<void> {
  // Stopped first: what forks while it is looked for could get away.
  if (root.forks) await stopTree(root)
  await untilNone(root, 'SIGKILL', () => true)
}

/** Whether any process of the tree is left. */
export const isTreeAlive = (root: TreeRoot): boolean => existsProc() && livingMembers(root).length > 0

/** A process may be in a system call from which no signal wakes it, such as on a disk that does not answer. */
const LONGEST_WAIT_MS = 5_000
const QUICK_ROUNDS = 50

/** Sends the signal to each process of the tree that is not yet as it is to be, until none is left. */
async function untilNone(root: TreeRoot, name: NodeJS.Signals, remains: (stat: ProcessStat) => boolean): Promise<void> {
  if (!existsProc()) {
    signalGroup(root.pid, name)
    return
  }
  const begun = performance.now()
  for (let round = 0; performance.now() - begun < LONGEST_WAIT_MS; round++) {
    const left = livingMembers(root).filter(remains)
    if (left.length === 0) return
    for (const { pid } of left) signal(pid, name)
    await (root.forks || round > QUICK_ROUNDS ? wait(1) : setImmediate())
  }
}

/** Processes that have ended, and that nobody has waited for yet, do not count. */
function livingMembers(root: TreeRoot): ProcessStat[] {
  const own = statOf(root.pid)
  const isOwn = own !== undefined && own.startTime === root.startTime
  if (!root.forks) return isOwn && own.state !== 'Z' ? [own] : []
  const all = allProcesses().filter(({ startTime }) => startTime >= (root.startTime ?? 0))
  const found = new Set<number>()
  // While anybody is left in its session, no other process gets the number of its leader.
  const numberReused = own !== undefined && !isOwn
  for (const { pid, session, group } of all)
    if ((!numberReused && (session === root.pid || group === root.pid)) || isMarked(pid, root.mark)) found.add(pid)
  for (let before = -1; before < found.size; ) {
    before = found.size
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid)
  }
  return all.filter(({ pid, state }) => found.has(pid) && state !== 'Z')
}

function isMarked(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${MARK}=${mark}`)
  } catch {
    return false
  }
}

function allProcesses(): ProcessStat[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name)
    return (Number.isInteger(pid) ? statOf(pid) : undefined) ?? []
  })
}

function statOf(pid: number): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return {
      pid,
      state: fields[FIELD.state] ?? '',
      parent: Number(fields[FIELD.parent]),
      group: Number(fields[FIELD.group]),
      session: Number(fields[FIELD.session]),
      startTime: Number(fields[FIELD.startTime]),
    }
  } catch {
    return undefined
  }
}

const existsProc = (): boolean => startTimeOf(process.pid) !== undefined

/** Without /proc the group is all that can be known; what leaves it, as daemons do, is not reached. */
const signalGroup = (pid: number, name: NodeJS.Signals): void => signal(-pid, name)

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It ended between the look and the signal.
  }
}
