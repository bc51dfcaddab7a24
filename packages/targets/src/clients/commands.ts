import { type CommandSpec, type CommandTable, commandTables } from '@chaosproxy/recorder/redis'

export const tableNames: readonly string[] = Object.keys(commandTables)
export const isTableName = (commands: string | OwnCommands): commands is string =>
  typeof commands === 'string' && tableNames.includes(commands)

export const tableFunctions: readonly string[] = [...new Set(Object.values(commandTables).flatMap(Object.keys))]

export interface OwnCommands {
  readonly [f: string]: CommandSpec | readonly CommandSpec[]
}

/** @param commands the name of a built-in table, or a user's table. */
export function commandsOf(commands: string | OwnCommands): CommandTable {
  if (typeof commands === 'string') return commandTables[commands] ?? {}
  return Object.fromEntries(
    Object.entries(commands).map(([f, spec]) => [
      f,
      Array.isArray(spec) ? (spec as readonly CommandSpec[]) : [spec as CommandSpec],
    ]),
  )
}
