import { existsSync, readFileSync } from 'node:fs'

/** Fields of /proc/PID/stat behind the command's name, which is in parentheses and may hold anything (proc(5)). */
const STATE = 0
const START_TIME = 19

/** Tells a process from a later one with the same number. Undefined where there is no such process, or no /proc. */
export const startTimeOf = (pid: number): string | undefined => statOf(pid)?.[START_TIME]

/** Whether it is stopped, as by SIGSTOP; undefined where that cannot be known. */
export function isStopped(pid: number): boolean | undefined {
  const state = statOf(pid)?.[STATE]
  return state === undefined ? undefined : state === 'T'
}

/** Whether the process that had this number at that start time still has it. Without /proc, the number decides. */
export function isRunning(pid: number, startTime: string | undefined): boolean {
  if (!existsSync('/proc/self/stat')) return true
  return startTime !== undefined && startTimeOf(pid) === startTime
}

function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
