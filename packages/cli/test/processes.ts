import { readdir, readFile, readlink } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * Returns the live processes that have a file open under a path, or have the path in their command line or environment.
 */
export async function processesMentioning(path: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
    const open = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
    if ([commandLine, ...open].some((text) => text.includes(path)))
      found.push(`${pid} ${commandLine.replaceAll('\0', ' ')}`)
  }
  return found
}

/** Resolves when the condition holds. Rejects if it does not hold within the given time. */
export async function until(condition: () => boolean | Promise<boolean>, withinMs = 100_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`did not come true within ${withinMs} ms: ${condition}`)
    await pause(20)
  }
}
