import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type UserError, usageError } from '@chaosproxy/history'
import { startTimeOf } from '@chaosproxy/targets'

/**
 * Marks a recording as being written, in a file next to it; the returned function removes the mark. The mark of a
 * killed process has no effect.
 *
 * @throws UserError (usage) if another process is writing the recording.
 */
export function lockRecording(path: string): () => void {
  const there = statSync(path, { throwIfNoEntry: false })
  if (there !== undefined && !there.isFile() && !there.isDirectory()) return () => {}
  const mark = `${path.replace(/\/+$/, '')}.lock`
  const owner = ownerOf(mark)
  if (owner !== undefined) throw inUse(path, owner)
  try {
    rmSync(mark, { force: true })
    writeFileSync(mark, `${process.pid} ${startTimeOf(process.pid) ?? ''}\n`, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw inUse(path, ownerOf(mark))
    // If the lock file cannot be written beside the recording, opening the recording will fail for the same reason, and
    // report it.
    return () => {}
  }
  return () => rmSync(mark, { force: true })
}

const inUse = (path: string, pid: number | undefined): UserError =>
  usageError(
    `--out ${path}: process ${pid ?? 'unknown'} is recording to this path. Name another path, or end that process first.`,
  )

/** The process that wrote the mark, if it is still running. */
function ownerOf(mark: string): number | undefined {
  let text: string
  try {
    text = readFileSync(mark, 'utf8')
  } catch {
    return undefined
  }
  const [pid = 0, startTime] = text.trim().split(' ').map(Number)
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
  return startTime === undefined ? running(pid) : startTimeOf(pid) === startTime ? pid : undefined
}

/** Returns the id if its process is running. Without /proc, a reused id cannot be detected. */
function running(pid: number): number | undefined {
  try {
    process.kill(pid, 0)
    return pid
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : undefined
  }
}
