import { setTimeout as wait } from 'node:timers/promises'
import { type CommandProcess, startCommand } from '../command/command-process.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { ContainerEvent } from './container-event.ts'
import type { EngineProgram } from './engine.ts'
import { timeOfDay, watchEventFile } from './event-file.ts'

const FORMATS: { readonly [program in EngineProgram]: string } = {
  docker: '{{.Action}} {{.ID}}',
  podman: '{{.Status}} {{.ID}} {{.Time}}',
}

interface WatchOptions {
  readonly keeper: Keeper
  readonly logPath: string
  readonly happened: (event: ContainerEvent) => void
  /** Called when the engine reports events again after a gap, whose events are unknown. */
  readonly missed: () => void
}

const AGAIN_AFTER_MS = 500

/** Reports containers that start and end, in any project. Resolves with a function that ends the watch. */
export async function watchContainers(
  engine: EngineProgram,
  { keeper, logPath, happened, missed }: WatchOptions,
): Promise<() => Promise<void>> {
  const filters = ['type=container', 'event=start', 'event=die', ...(engine === 'podman' ? ['event=died'] : [])]
  const words = [engine, 'events', '--format', FORMATS[engine], ...filters.flatMap((each) => ['--filter', each])]
  const reported = new Set<string>()
  let over = false
  const begin = async (): Promise<CommandProcess> => {
    const begun = await startCommand({
      name: `${engine} events`,
      command: { words: words as [string, ...string[]] },
      keeper,
      logPath,
      line(text) {
        const [action = '', id = ''] = text.trim().split(' ')
        const event: ContainerEvent = { id, what: action.startsWith('start') ? 'start' : 'die' }
        if (id !== '' && !reported.delete(nameOf(event, timeOfDay(text)))) happened(event)
      },
    })
    void begun.exited.then(again)
    return begun
  }
  /** Restarts the engine's program after a pause, because it exits immediately while the engine is down. */
  async function again(): Promise<void> {
    if (over) return
    await wait(AGAIN_AFTER_MS)
    if (over) return
    try {
      events = await begin()
    } catch {
      return again()
    }
    if (over) await events.kill()
    else missed()
  }
  let events = await begin()
  const unwatch =
    engine === 'podman'
      ? watchEventFile(events.pid, ({ time, ...event }) => {
          reported.add(nameOf(event, time))
          happened(event)
        })
      : () => {}
  return async () => {
    over = true
    unwatch()
    await events.kill()
  }
}

const nameOf = ({ id, what }: ContainerEvent, time: string): string => `${what} ${id} ${time}`
