import { readdirSync, readFileSync } from 'node:fs'
import { setImmediate, setTimeout as wait } from 'node:timers/promises'

/**
 * The root of a process tree, a session leader. The tree is found by descent, by session, or by a mark in the
 * environment, which daemons inherit, too.
 */
export interface TreeRoot {
  readonly pid: number
  /** The start time in clock ticks since boot. It distinguishes the process from a later one with the same pid. */
  readonly startTime: number | undefined
  /** The value of `CHAOS_NODE` in the root's environment. */
  readonly mark: string
  /** Whether the root starts other processes. If not, signals need no search through all processes. */
  readonly forks: boolean
}

export const MARK = 'CHAOS_NODE'

interface ProcessStat {
  readonly pid: number
  readonly state: string
  readonly parent: number
  readonly group: number
  readonly session: number
  readonly startTime: number
}

/** Fields of /proc/PID/stat after the command's name, which may contain any character (proc(5)). */
const FIELD = { state: 0, parent: 1, group: 2, session: 3, startTime: 19 } as const

/** Returns the start time of a process, if it exists and the system has /proc. */
export const startTimeOf = (pid: number): number | undefined => statOf(pid)?.startTime

export const sessionOf = (pid: number): number | undefined => statOf(pid)?.session

/** Returns the start time of a process that has not ended. */
export function livingSince(pid: number): number | undefined {
  const stat = statOf(pid)
  return stat === undefined || stat.state === 'Z' ? undefined : stat.startTime
}

/** Returns whether a process is stopped, for example by SIGSTOP. */
export function isStopped(pid: number): boolean | undefined {
  const stat = statOf(pid)
  return stat && halted(stat)
}

const halted = ({ state }: ProcessStat): boolean => state === 'T' || state === 't'

/** Stops the tree, and waits for it. Stopped processes cannot fork, so the tree stays stopped. */
export async function stopTree(root: TreeRoot): Promise<void> {
  await untilNone(root, 'SIGSTOP', (stat) => !halted(stat))
}

export function resumeTree(root: TreeRoot): void {
  if (!existsProc()) signalGroup(root.pid, 'SIGCONT')
  else for (const { pid } of livingMembers(root)) signal(pid, 'SIGCONT')
}

/** Kills the tree, and waits until all its processes have ended, even if the root ended earlier. */
export async function killTree(root: TreeRoot): Promise<void> {
  // A process that forks during the search could escape, so all are stopped first. A process in a system call that
  // cannot be interrupted, for example on a slow disk, stops when the call ends.
  const signalled = new Set<number>()
  const mayFork = (stat: ProcessStat) => {
    const isSignalled = signalled.has(stat.pid)
    signalled.add(stat.pid)
    return !halted(stat) && !(isSignalled && stat.state === 'D')
  }
  if (root.forks) await untilNone(root, 'SIGSTOP', mayFork)
  await untilNone(root, 'SIGKILL', () => true)
}

/** The maximum time from the start of a process until its environment contains its mark (`TreeRoot.mark`). */
const SPAWN_MS = 1_000

/** Kills every process with this mark, even if it gets the mark a moment later. Does nothing without /proc. */
export async function killMarked(mark: string): Promise<void> {
  for (const begun = performance.now(); existsProc() && performance.now() - begun < SPAWN_MS; await wait(10))
    for (const { pid } of allProcesses()) if (isMarked(pid, mark)) signal(pid, 'SIGKILL')
}

export const isTreeAlive = (root: TreeRoot): boolean => existsProc() && livingMembers(root).length > 0

/** Returns the pids of the tree's remaining processes; none without /proc. */
export const membersOf = (root: TreeRoot): readonly number[] =>
  existsProc() ? livingMembers(root).map(({ pid }) => pid) : []

/** The longest wait for a process in an uninterruptible system call, for example on a disk that does not respond. */
const LONGEST_WAIT_MS = 5_000
const QUICK_ROUNDS = 50

/** Sends a signal repeatedly until `remains` selects no process, or the time is over. */
async function untilNone(root: TreeRoot, name: NodeJS.Signals, remains: (stat: ProcessStat) => boolean): Promise<void> {
  if (!existsProc()) {
    signalGroup(root.pid, name)
    return
  }
  const begun = performance.now()
  for (let round = 0; performance.now() - begun < LONGEST_WAIT_MS; round++) {
    const members = livingMembers(root)
    const left = members.filter(remains)
    if (left.length === 0) return
    for (const { pid } of left) signal(pid, name)
    if (name === 'SIGSTOP') for (const { pid } of stoppedBeforeExec(members)) signal(pid, 'SIGCONT')
    await (root.forks || round > QUICK_ROUNDS ? wait(1) : setImmediate())
  }
}

/**
 * Returns the stopped children of processes that wait in the kernel, for example in vfork(2). Such a parent can stop
 * only once its child has called exec.
 */
function stoppedBeforeExec(members: readonly ProcessStat[]): ProcessStat[] {
  const waiting = new Set(members.filter(({ state }) => state === 'D').map(({ pid }) => pid))
  return members.filter((stat) => halted(stat) && waiting.has(stat.parent))
}

function livingMembers(root: TreeRoot): ProcessStat[] {
  const own = statOf(root.pid)
  const isOwn = own !== undefined && own.startTime === root.startTime
  if (!root.forks) return isOwn && own.state !== 'Z' ? [own] : []
  const all = allProcesses().filter(({ startTime }) => startTime >= (root.startTime ?? 0))
  const found = new Set<number>()
  // If the root's PID was reused, the root's session is empty: the kernel does not reuse a leader's PID earlier.
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

/** Without /proc, only the process group is known. A daemon leaves it, and escapes. */
const signalGroup = (pid: number, name: NodeJS.Signals): void => signal(-pid, name)

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // The process ended between the search and the signal.
  }
}
