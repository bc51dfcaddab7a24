import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

/** Command lines of live processes that mention a path: the nodes of a run are told where their files are. */
export async function processesMentioning(path: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    if (`${commandLine}\0${environment}`.includes(path) && Number(pid) !== process.pid)
      found.push(`${pid} ${commandLine.replaceAll('\0', ' ')}`)
  }
  return found
}

/** Resolves when the condition holds; rejects when it does not within the time given. */
export async function until(condition: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`did not come true within ${withinMs} ms: ${condition}`)
    await pause(20)
  }
}
