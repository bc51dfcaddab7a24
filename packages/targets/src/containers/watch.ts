import { type CommandProcess, startCommand } from '../command/command-process.ts'
import type { Keeper } from '../command/keeper.ts'
import type { EngineProgram } from './engine.ts'

/** What happened to a container. */
export interface ContainerEvent {
  readonly id: string
  readonly what: 'start' | 'die'
}

const FORMATS: { readonly [program in EngineProgram]: string } = {
  docker: '{{.Action}} {{.ID}}',
  podman: '{{.Status}} {{.ID}}',
}

/** Tells of containers that start and end, of whatever project, until it is ended. */
export function watchContainers(
  engine: EngineProgram,
  {
    keeper,
    logPath,
    happened,
  }: { readonly keeper: Keeper; readonly logPath: string; readonly happened: (event: ContainerEvent) => void },
): Promise<CommandProcess> {
  const filters = ['type=container', 'event=start', 'event=die', ...(engine === 'podman' ? ['event=died'] : [])]
  const words = [engine, 'events', '--format', FORMATS[engine], ...filters.flatMap((each) => ['--filter', each])]
  return startCommand({
    name: `${engine} events`,
    command: { words: words as [string, ...string[]] },
    keeper,
    logPath,
    line(text) {
      const [action = '', id = ''] = text.trim().split(' ')
      if (id !== '') happened({ id, what: action.startsWith('start') ? 'start' : 'die' })
    },
  })
}
